/* ARNs, regions, URLs of endpoints and AWS's words on a denied access: parts lie in the input and,
 * put together again, are it. */

#include "runtime/aws/arn.h"
#include "runtime/aws/denial.h"
#include "runtime/aws/ecr.h"
#include "tests/fuzz/require.h"

#define INPUT_MAX_BYTES 4096

static const char *nothing(const void *state, const char *name) {
    (void)state;
    (void)name;
    return NULL;
}

static void arns(struct view input) {
    struct arn arn;
    struct buf again BUF_AUTO = BUF_INIT(INPUT_MAX_BYTES);
    if (!arn_parse(input, &arn)) {
        return;
    }
    const struct view parts[] = {arn.partition, arn.service, arn.region, arn.account, arn.resource};
    buf_append_str(&again, "arn");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        require_inside(parts[i], input);
        buf_append_char(&again, ':');
        buf_append(&again, parts[i]);
    }
    require(view_equal(buf_view(&again), input));
    require(arn.resource.len > 0 && !view_contains_char(input, '\0'));
}

/* Whatever the region, the host is AWS's or there is none. */
static void regions(struct view input) {
    static const struct environment env = {.get = nothing, .state = NULL};
    static struct arena arena = {.limit_bytes = INPUT_MAX_BYTES};
    struct endpoint endpoint;
    struct err err;
    err_init(&err);
    arena_reset(&arena);
    bool is_resolved = endpoint_resolve(&ecr_service, input, &env, &arena, &endpoint, &err) == 0;
    require(is_resolved || err.code == ERR_CONFIG_INVALID);
    require(is_resolved || !arn_is_region(input));
    if (is_resolved) {
        struct view host = endpoint.host;
        require(view_starts_with(host, VIEW("api.ecr.")));
        require(view_ends_with(host, arn_region_dns_suffix(input)));
        require(host.len == 8 + input.len + 1 + arn_region_dns_suffix(input).len);
        require(!view_contains_char(host, '/') && !view_contains_char(host, '@'));
    }
}

static void urls(struct view input) {
    struct endpoint_url url;
    if (!endpoint_url_parse(input, &url)) {
        return;
    }
    size_t scheme = url.is_https ? 8 : 7;
    require_inside(url.authority, input);
    require_inside(url.host, url.authority);
    require_inside(url.port, url.authority);
    require_inside(url.path, input);
    require(url.host.len > 0);
    require(view_equal(url.authority, view_slice(input, scheme, url.authority.len)));
    require(view_equal(url.path, view_slice(input, scheme + url.authority.len, url.path.len)));
    require(!view_contains_char(input, '@') && !view_contains_char(input, '\n'));
}

static void denials(struct view input) {
    struct denial denial;
    static struct arena arena = {.limit_bytes = (size_t)4 * INPUT_MAX_BYTES};
    arena_reset(&arena);
    if (!denial_parse(input, &denial)) {
        return;
    }
    require_inside(denial.principal, input);
    require_inside(denial.action, input);
    require_inside(denial.resource, input);
    require_inside(denial.reason, input);
    require(denial.action.len > 0);
    require(denial_who(&denial, &arena).len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view input = {(const char *)data, size};
    if (size > INPUT_MAX_BYTES) {
        return 0;
    }
    arns(input);
    regions(input);
    urls(input);
    denials(input);
    return 0;
}
