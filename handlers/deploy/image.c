#include "handlers/deploy/image.h"

#include "runtime/aws/arn.h"
#include "runtime/base/ascii.h"

#include <string.h>

/* Bytes of host and name together, at most: the Distribution project's own limit, which is also
 * what ECS takes as an image. A tag and a digest come on top of it. */
#define IMAGE_NAME_BYTES 255
#define IMAGE_TAG_BYTES 128
#define REPOSITORY_MIN_BYTES 2
#define REPOSITORY_MAX_BYTES 256
#define SHA256_HEX_BYTES 64
#define SHA512_HEX_BYTES 128

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_lower_alphanumeric(char c) {
    return is_lower(c) || is_digit(c);
}

bool image_tag_is_valid(struct view tag) {
    if (tag.len == 0 || tag.len > IMAGE_TAG_BYTES) {
        return false;
    }
    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.data[i];
        bool word = ascii_is_alphanumeric(c) || c == '_';
        if (!word && (i == 0 || (c != '.' && c != '-'))) {
            return false;
        }
    }
    return true;
}

static bool is_lower_hex(struct view v) {
    for (size_t i = 0; i < v.len; i++) {
        if (!is_digit(v.data[i]) && !(v.data[i] >= 'a' && v.data[i] <= 'f')) {
            return false;
        }
    }
    return true;
}

bool image_digest_is_valid(struct view digest) {
    struct view prefix = VIEW("sha256:");
    struct view hex = view_slice(digest, prefix.len, digest.len);
    return view_starts_with(digest, prefix) && hex.len == SHA256_HEX_BYTES && is_lower_hex(hex);
}

/* algorithm ":" encoded, where the algorithm is [a-z0-9]+ joined by one of "+._-" (OCI Image
 * Specification, "Digests"). The two registered ones have a fixed form. */
static bool reference_digest_is_valid(struct view digest) {
    struct view algorithm, encoded;
    if (!view_cut(digest, ':', &algorithm, &encoded) || encoded.len == 0) {
        return false;
    }
    if (view_equal(algorithm, VIEW("sha256"))) {
        return encoded.len == SHA256_HEX_BYTES && is_lower_hex(encoded);
    }
    if (view_equal(algorithm, VIEW("sha512"))) {
        return encoded.len == SHA512_HEX_BYTES && is_lower_hex(encoded);
    }
    bool after_separator = true;
    for (size_t i = 0; i < algorithm.len; i++) {
        bool separator = view_contains_char(VIEW("+._-"), algorithm.data[i]);
        if (separator ? after_separator : !is_lower_alphanumeric(algorithm.data[i])) {
            return false;
        }
        after_separator = separator;
    }
    for (size_t i = 0; i < encoded.len; i++) {
        if (!ascii_is_alphanumeric(encoded.data[i]) &&
            !view_contains_char(VIEW("=_-"), encoded.data[i])) {
            return false;
        }
    }
    return !after_separator;
}

/* A separator inside a path component: ".", "_", "__" or any number of "-". 0: none. */
static size_t path_separator_len(struct view rest) {
    size_t dashes = 0;
    while (dashes < rest.len && rest.data[dashes] == '-') {
        dashes++;
    }
    if (dashes > 0) {
        return dashes;
    }
    if (view_starts_with(rest, VIEW("__"))) {
        return 2;
    }
    return rest.len > 0 && (rest.data[0] == '.' || rest.data[0] == '_') ? 1 : 0;
}

static bool path_component_is_valid(struct view component) {
    size_t i = 0;
    for (;;) {
        size_t start = i;
        while (i < component.len && is_lower_alphanumeric(component.data[i])) {
            i++;
        }
        if (i == start) {
            return false;
        }
        if (i == component.len) {
            return true;
        }
        size_t separator = path_separator_len(view_slice(component, i, component.len));
        if (separator == 0) {
            return false;
        }
        i += separator;
    }
}

/* Components joined by "/". */
static bool path_is_valid(struct view path) {
    size_t start = 0;
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.data[i] != '/') {
            continue;
        }
        if (!path_component_is_valid(view_slice(path, start, i - start))) {
            return false;
        }
        start = i + 1;
    }
    return true;
}

bool image_repository_is_valid(struct view name) {
    return name.len >= REPOSITORY_MIN_BYTES && name.len <= REPOSITORY_MAX_BYTES &&
           path_is_valid(name);
}

static bool host_name_is_valid(struct view name) {
    size_t start = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && name.data[i] != '.') {
            if (!ascii_is_alphanumeric(name.data[i]) && name.data[i] != '-') {
                return false;
            }
            continue;
        }
        if (i == start || name.data[start] == '-' || name.data[i - 1] == '-') {
            return false;
        }
        start = i + 1;
    }
    return true;
}

static bool port_is_valid(struct view port) {
    for (size_t i = 0; i < port.len; i++) {
        if (!is_digit(port.data[i])) {
            return false;
        }
    }
    return port.len > 0;
}

/* "[" hexadecimal digits and colons "]" [":" port] */
static bool ipv6_host_is_valid(struct view host) {
    struct view address, behind;
    if (!view_cut(view_slice(host, 1, host.len), ']', &address, &behind) || address.len == 0) {
        return false;
    }
    for (size_t i = 0; i < address.len; i++) {
        if (!view_contains_char(VIEW("0123456789abcdefABCDEF:"), address.data[i])) {
            return false;
        }
    }
    return behind.len == 0 ||
           (behind.data[0] == ':' && port_is_valid(view_slice(behind, 1, behind.len)));
}

static bool host_is_valid(struct view host) {
    if (view_starts_with(host, VIEW("["))) {
        return ipv6_host_is_valid(host);
    }
    struct view name, port;
    if (!view_cut(host, ':', &name, &port)) {
        return host_name_is_valid(host);
    }
    return host_name_is_valid(name) && port_is_valid(port);
}

/* Whether what precedes the first "/" is a host and not a namespace of the default registry. */
static bool looks_like_host(struct view component) {
    if (view_equal(component, VIEW("localhost"))) {
        return true;
    }
    for (size_t i = 0; i < component.len; i++) {
        if (component.data[i] == '.' || component.data[i] == ':' || is_upper(component.data[i])) {
            return true;
        }
    }
    return false;
}

static bool is_dualstack_suffix(struct view suffix, struct view region) {
    return view_equal(arn_region_partition(region), VIEW("aws-cn"))
               ? view_equal(suffix, VIEW("on.amazonwebservices.com.cn"))
               : view_equal(suffix, VIEW("on.aws"));
}

/* {account}{infix}{region}.{suffix}, where the suffix is that of the region's partition. */
static void recognize_ecr(struct image_reference *reference) {
    static const struct {
        struct view infix;
        bool dualstack;
    } forms[] = {
        {{".dkr.ecr.", 9}, false},
        {{".dkr.ecr-fips.", 14}, false},
        {{".dkr-ecr.", 9}, true},
        {{".dkr-ecr-fips.", 14}, true},
    };
    const size_t account_bytes = 12;
    struct view host = reference->host;
    struct view account = view_slice(host, 0, account_bytes);
    struct view rest = view_slice(host, account_bytes, host.len);
    if (!arn_is_account_id(account)) {
        return;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct view infix = forms[i].infix, region, suffix;
        if (!view_starts_with(rest, infix) ||
            !view_cut(view_slice(rest, infix.len, rest.len), '.', &region, &suffix) ||
            !arn_is_region(region)) {
            continue;
        }
        if (forms[i].dualstack ? !is_dualstack_suffix(suffix, region)
                               : !view_equal(suffix, arn_region_dns_suffix(region))) {
            continue;
        }
        reference->is_ecr = true;
        reference->account = account;
        reference->region = region;
        return;
    }
}

/* Takes the tag off: what follows a ":" behind the last "/". (A ":" before it is a port's.) */
static bool split_tag(struct view text, struct view *ret_base, struct view *ret_tag) {
    size_t name_start = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '/') {
            name_start = i + 1;
        }
    }
    struct view last = view_slice(text, name_start, text.len);
    struct view before, after;
    *ret_base = text;
    *ret_tag = (struct view){0};
    if (!view_cut(last, ':', &before, &after)) {
        return true;
    }
    *ret_base = view_slice(text, 0, name_start + before.len);
    *ret_tag = after;
    return image_tag_is_valid(after);
}

bool image_reference_parse(struct view text, struct image_reference *ret_reference) {
    struct image_reference reference = {0};
    struct view named = text;
    if (view_cut(text, '@', &named, &reference.digest) &&
        !reference_digest_is_valid(reference.digest)) {
        return false;
    }
    if (!split_tag(named, &reference.base, &reference.tag)) {
        return false;
    }
    if (reference.base.len == 0 || reference.base.len > IMAGE_NAME_BYTES) {
        return false;
    }
    struct view first, rest;
    reference.name = reference.base;
    if (view_cut(reference.base, '/', &first, &rest) && looks_like_host(first)) {
        reference.host = first;
        reference.name = rest;
        if (!host_is_valid(first)) {
            return false;
        }
    }
    if (!path_is_valid(reference.name)) {
        return false;
    }
    recognize_ecr(&reference);
    *ret_reference = reference;
    return true;
}

static struct view account_of(const struct repository *repository, struct view own_account) {
    return repository->registry.account.len > 0 ? repository->registry.account : own_account;
}

bool image_is_in_repository(const struct image_reference *reference,
                            const struct repository *repository, struct view own_account) {
    return reference->is_ecr &&
           view_equal(reference->account, account_of(repository, own_account)) &&
           view_equal(reference->region, repository->registry.region) &&
           view_equal(reference->name, repository->name);
}

struct view image_repository_uri(const struct repository *repository, struct view own_account,
                                 struct arena *arena) {
    struct view account = account_of(repository, own_account);
    struct view region = repository->registry.region;
    struct view suffix = arn_region_dns_suffix(region);
    return arena_printf(arena, VIEW_FMT ".dkr.ecr." VIEW_FMT "." VIEW_FMT "/" VIEW_FMT,
                        VIEW_ARG(account), VIEW_ARG(region), VIEW_ARG(suffix),
                        VIEW_ARG(repository->name));
}
