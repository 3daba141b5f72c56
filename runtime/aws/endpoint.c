#include "runtime/aws/endpoint.h"

#include "runtime/aws/arn.h"
#include "runtime/base/buf.h"

#include <string.h>

/* A DNS name is 253 bytes at most; the rest is for the path of a configured URL. */
#define URL_MAX_BYTES 2048
/* A label of a DNS name. */
#define LABEL_MAX_BYTES 63
/* AWS_ENDPOINT_URL_ and the longest service name. */
#define VARIABLE_BYTES 64

struct switches {
    bool fips;
    bool dualstack;
};

/* true and false as the SDKs spell them; unset and empty mean false. */
static int switch_get(const struct environment *env, const char *name, bool *ret_value,
                      struct err *err) {
    struct view value = view_trim(environment_get(env, name));
    bool is_true = view_equal_nocase(value, VIEW("true"));
    if (!is_true && value.len > 0 && !view_equal_nocase(value, VIEW("false"))) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "expected true or false in '%s', got '" VIEW_FMT "'", name, VIEW_ARG(value));
    }
    *ret_value = is_true;
    return 0;
}

/* The configured URL and the name of the variable that holds it; the empty view for none. */
static int override_get(const struct aws_service *service, const struct environment *env,
                        char ret_variable[static VARIABLE_BYTES], struct view *ret_url,
                        struct err *err) {
    static const char common[] = "AWS_ENDPOINT_URL";
    bool is_ignored = false;
    if (switch_get(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", &is_ignored, err) < 0) {
        return -1;
    }
    *ret_url = (struct view){0};
    if (is_ignored) {
        return 0;
    }
    size_t len = strlen(service->env_name);
    if (sizeof(common) + 1 + len <= VARIABLE_BYTES) {
        memcpy(ret_variable, common, sizeof(common) - 1);
        ret_variable[sizeof(common) - 1] = '_';
        memcpy(ret_variable + sizeof(common), service->env_name, len + 1);
        *ret_url = view_trim(environment_get(env, ret_variable));
    }
    if (ret_url->len == 0) {
        memcpy(ret_variable, common, sizeof(common));
        *ret_url = view_trim(environment_get(env, common));
    }
    return 0;
}

static bool is_port(struct view text) {
    int64_t port;
    return text.len >= 1 && text.len <= 5 && text.data[0] != '-' && view_to_i64(text, &port) &&
           port >= 1 && port <= 65535;
}

/* Letters, digits, '-', '.' and '_'; for an IPv6 address in brackets hexadecimal digits and ':'. */
static bool is_host(struct view text, bool is_ipv6) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_digit = c >= '0' && c <= '9';
        bool is_hex = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool fits = is_ipv6 ? is_digit || is_hex || c == ':' || c == '.'
                            : is_digit || is_letter || c == '-' || c == '.' || c == '_';
        if (!fits) {
            return false;
        }
    }
    return text.len > 0;
}

/* host, host:port, [address] or [address]:port. */
static bool authority_parse(struct view authority, struct endpoint_url *url) {
    struct view after = {0};
    bool is_ipv6 = view_starts_with(authority, VIEW("["));
    url->authority = authority;
    if (is_ipv6) {
        struct view inside = view_slice(authority, 1, authority.len);
        if (!view_cut(inside, ']', &url->host, &after)) {
            return false;
        }
    } else {
        struct view port;
        if (view_cut(authority, ':', &url->host, &port)) {
            after = view_slice(authority, url->host.len, authority.len);
        } else {
            url->host = authority;
        }
    }
    if (after.len > 0 && after.data[0] != ':') {
        return false;
    }
    url->port = view_slice(after, 1, after.len);
    return is_host(url->host, is_ipv6) && (after.len == 0 || is_port(url->port));
}

bool endpoint_url_parse(struct view text, struct endpoint_url *ret_url) {
    struct endpoint_url url = {0};
    if (text.len > URL_MAX_BYTES) {
        return false;
    }
    if (view_equal_nocase(view_slice(text, 0, 8), VIEW("https://"))) {
        url.is_https = true;
        text = view_slice(text, 8, text.len);
    } else if (view_equal_nocase(view_slice(text, 0, 7), VIEW("http://"))) {
        text = view_slice(text, 7, text.len);
    } else {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c >= 0x7f || strchr("?#@\\\"<>`{}|^", c)) {
            return false;
        }
    }
    struct view authority = text;
    struct view behind;
    if (view_cut(text, '/', &authority, &behind)) {
        url.path = view_slice(text, authority.len, text.len);
    }
    while (view_ends_with(url.path, VIEW("/"))) {
        url.path.len--;
    }
    if (!authority_parse(authority, &url)) {
        return false;
    }
    *ret_url = url;
    return true;
}

/* One DNS label, so that a region from outside cannot lead a signed request to another host. */
static bool is_label(struct view region) {
    if (region.len == 0 || region.len > LABEL_MAX_BYTES || region.data[0] == '-' ||
        region.data[region.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < region.len; i++) {
        char c = region.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return false;
        }
    }
    return true;
}

/* Appends the pattern with its fields filled in. */
static void pattern_append(struct buf *buf, const char *pattern, struct view region, bool fips) {
    const struct {
        const char *name;
        struct view value;
    } fields[] = {
        {"{region}", region},
        {"{suffix}", arn_region_dns_suffix(region)},
        {"{dual}", arn_region_dualstack_suffix(region)},
        {"{fips}", fips ? VIEW("-fips") : VIEW("")},
    };
    struct view rest = view_of(pattern);
    while (rest.len > 0) {
        size_t used = 0;
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
            if (view_starts_with(rest, view_of(fields[i].name))) {
                buf_append(buf, fields[i].value);
                used = strlen(fields[i].name);
                break;
            }
        }
        if (used == 0) {
            buf_append_char(buf, rest.data[0]);
            used = 1;
        }
        rest = view_slice(rest, used, rest.len);
    }
}

/* AWS General Reference, "AWS Identity and Access Management endpoints and quotas". */
static void global_host_append(struct buf *buf, const struct aws_service *service,
                               struct view region, struct switches on) {
    struct view partition = arn_region_partition(region);
    const char *suffix = on.dualstack ? ".{dual}" : ".{suffix}";
    buf_append_str(buf, service->endpoint_prefix);
    if (view_equal(partition, VIEW("aws-us-gov"))) {
        buf_append_str(buf, ".us-gov");
    } else if (view_equal(partition, VIEW("aws"))) {
        pattern_append(buf, on.dualstack ? "{fips}.global" : "{fips}", region, on.fips);
    } else {
        pattern_append(buf, ".{region}", region, on.fips);
    }
    pattern_append(buf, suffix, region, on.fips);
}

/* The host that AWS documents for the service in the region. */
static void host_append(struct buf *buf, const struct aws_service *service, struct view region,
                        struct switches on) {
    bool is_gov = view_equal(arn_region_partition(region), VIEW("aws-us-gov"));
    if (service->is_global) {
        global_host_append(buf, service, region, on);
    } else if (on.dualstack && service->dualstack_host) {
        pattern_append(buf, service->dualstack_host, region, on.fips);
    } else if (on.dualstack) {
        buf_append_str(buf, service->name);
        pattern_append(buf, "{fips}.{region}.{dual}", region,
                       on.fips && !(is_gov && service->gov_dualstack_is_fips));
    } else if (on.fips && service->fips_prefix) {
        buf_append_str(buf, service->fips_prefix);
        pattern_append(buf, ".{region}.{suffix}", region, on.fips);
    } else {
        buf_append_str(buf, service->endpoint_prefix);
        pattern_append(buf, "{fips}.{region}.{suffix}", region,
                       on.fips && !(is_gov && service->gov_is_fips));
    }
}

/* url, host and path of scheme, authority and path, the default port left out as it is left out
 * of the Host header that is sent. */
static int endpoint_build(struct buf *text, struct endpoint_url url, struct arena *arena,
                          struct endpoint *ret_endpoint, struct err *err) {
    struct view scheme = url.is_https ? VIEW("https://") : VIEW("http://");
    if (view_equal(url.port, url.is_https ? VIEW("443") : VIEW("80"))) {
        url.authority.len -= url.port.len + 1;
    }
    buf_append(text, scheme);
    buf_append(text, url.authority);
    buf_append(text, url.path);
    if (buf_check(text, "endpoint", err) < 0) {
        return -1;
    }
    struct view whole = arena_copy(arena, buf_view(text));
    if (!whole.data) {
        return err_out_of_memory(err, "endpoint");
    }
    ret_endpoint->url = whole;
    ret_endpoint->host = view_slice(whole, scheme.len, url.authority.len);
    ret_endpoint->path = view_slice(whole, scheme.len + url.authority.len, url.path.len);
    return 0;
}

static int override_resolve(struct view text, const char *variable, struct switches on,
                            struct arena *arena, struct endpoint *ret_endpoint, struct err *err) {
    struct buf copy BUF_AUTO = BUF_INIT(URL_MAX_BYTES);
    struct endpoint_url url;
    if (!endpoint_url_parse(text, &url)) {
        /* The value stays out of the message: a URL may hold a password. */
        return err_set(err, ERR_CONFIG_INVALID,
                       "expected an http or https URL without user, query or fragment in '%s'",
                       variable);
    }
    if (on.fips || on.dualstack) {
        return err_set(err, ERR_CONFIG_INVALID, "'%s' is set together with '%s'",
                       on.fips ? "AWS_USE_FIPS_ENDPOINT" : "AWS_USE_DUALSTACK_ENDPOINT", variable);
    }
    return endpoint_build(&copy, url, arena, ret_endpoint, err);
}

int endpoint_resolve(const struct aws_service *service, struct view region,
                     const struct environment *env, struct arena *arena,
                     struct endpoint *ret_endpoint, struct err *err) {
    char variable[VARIABLE_BYTES] = "";
    struct view configured;
    struct switches on = {0};
    if (!is_label(region)) {
        return err_set(err, ERR_CONFIG_INVALID, "no endpoint for %s in region '" VIEW_FMT "'",
                       service->name, VIEW_ARG(region));
    }
    if (switch_get(env, "AWS_USE_FIPS_ENDPOINT", &on.fips, err) < 0 ||
        switch_get(env, "AWS_USE_DUALSTACK_ENDPOINT", &on.dualstack, err) < 0 ||
        override_get(service, env, variable, &configured, err) < 0) {
        return -1;
    }
    if (configured.len > 0) {
        return override_resolve(configured, variable, on, arena, ret_endpoint, err);
    }
    struct buf host BUF_AUTO = BUF_INIT(URL_MAX_BYTES);
    struct buf text BUF_AUTO = BUF_INIT(URL_MAX_BYTES);
    host_append(&host, service, region, on);
    if (buf_check(&host, "endpoint", err) < 0) {
        return -1;
    }
    struct endpoint_url url = {.is_https = true, .authority = buf_view(&host)};
    return endpoint_build(&text, url, arena, ret_endpoint, err);
}
