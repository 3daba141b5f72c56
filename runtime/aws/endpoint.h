#ifndef SLIPWAY_AWS_ENDPOINT_H
#define SLIPWAY_AWS_ENDPOINT_H

/*
 * Which URL a service has in a region: three partitions (aws, aws-cn, aws-us-gov), FIPS and
 * dual-stack variants, and the SDKs' overrides AWS_ENDPOINT_URL_<SERVICE> and AWS_ENDPOINT_URL
 * (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS switches both off). Pure.
 *
 * AWS SDKs and Tools Reference Guide, "Service-specific endpoints"; AWS General Reference, the
 * endpoints page of each service.
 */

#include "runtime/aws/credentials.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

/* How a service is spoken to. One const row per service, in the service's own .c file. */
enum aws_protocol {
    AWS_JSON_1_0,
    AWS_JSON_1_1,
    AWS_QUERY,
    AWS_REST_JSON,
    AWS_REST_XML,
};

struct aws_service {
    const char *name;            /* "ecr": for messages and limits */
    const char *endpoint_prefix; /* "api.ecr": the host is {prefix}.{region}.{suffix} */
    const char *fips_prefix;     /* NULL: {endpoint_prefix}-fips */
    const char *dualstack_host;  /* pattern of {fips}, {region}, {suffix}, {dual}, where {fips} is
                                    "-fips" or nothing; NULL: {name}{fips}.{region}.{dual} */
    const char *signing_name;    /* "ecr" */
    const char *env_name;        /* "ECR": AWS_ENDPOINT_URL_ECR */
    enum aws_protocol protocol;
    const char *target_prefix;  /* X-Amz-Target: {target_prefix}.{operation}; JSON only */
    const char *api_version;    /* Version=; query only */
    bool limit_is_quota;        /* LimitExceededException is a quota, not a throttle */
    bool gov_is_fips;           /* in aws-us-gov the plain host is the FIPS one, as STS's is */
    bool gov_dualstack_is_fips; /* and the dual-stack one too, as EventBridge's is */
    bool is_global; /* one for the partition, as IAM is: the region is the one that it is signed for
                     */
};

struct endpoint {
    struct view url;  /* scheme://host[:port][/path], no trailing slash, NUL-terminated */
    struct view host; /* for the Host header: with the port unless it is the scheme's default */
    struct view path; /* what precedes the operation's path; "" mostly */
};

/* In the arena. -1: ERR_CONFIG_INVALID naming the variable whose value is no http(s) URL, for a
 * FIPS or dual-stack switch that is not true or false, for such a switch together with a URL of
 * one's own (which of the two counts would be anybody's guess; the SDKs refuse it too), and for a
 * region that cannot be part of a host name; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int endpoint_resolve(const struct aws_service *service, struct view region,
                                  const struct environment *env, struct arena *arena,
                                  struct endpoint *ret_endpoint, struct err *err);

/* The parts of an http or https URL; false for anything else, and for one with user information, a
 * query or a fragment. Views borrow the text; a trailing slash of the path is cut off. */
struct endpoint_url {
    bool is_https;
    struct view authority; /* host[:port], as spelt */
    struct view host;      /* without brackets, if it is an IPv6 address */
    struct view port;      /* empty when absent */
    struct view path;      /* "" or "/…" */
};
bool endpoint_url_parse(struct view text, struct endpoint_url *ret_url);

#endif
