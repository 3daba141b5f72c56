#ifndef SLIPWAY_AWS_AWS_H
#define SLIPWAY_AWS_AWS_H

/*
 * The AWS client. One primitive: aws_call_all() runs any number of signed calls at once, each with
 * its own retries, and returns when all have ended or the deadline has come.
 *
 * A call whose answer is an AWS error, or that could not be made, holds the error and AWS's own
 * code; failures that a 200 hides are the business of the service's own file (ecr.h, ecs.h).
 */

#include "runtime/aws/credentials.h"
#include "runtime/aws/endpoint.h"
#include "runtime/aws/retry.h"
#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"
#include "runtime/http/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aws; /* the client: credentials, endpoints, the retry bucket, the learnt clock skew */

struct aws_options {
    struct http *http; /* borrowed, as all of these */
    const struct clock *clock;
    const struct environment *env;
    struct view region; /* of calls that name none */
};

/* Reads the environment and the shared files; no network. -1: ERR_CONFIG_INVALID, _OUT_OF_MEMORY.
 */
ERR_MUST_USE int aws_new(const struct aws_options *options, struct aws **ret_aws, struct err *err);
void aws_free(struct aws *aws);

/* Ceiling of AWS's own code in a call ("RepositoryNotFoundException"), and of its request id. */
#define AWS_CODE_BYTES 96
#define AWS_REQUEST_ID_BYTES 96
/* Ceiling of a decoded response. A task definition is 64 KB at most; ten services with their
 * events are the largest answer that is asked for. */
#define AWS_RESPONSE_BYTES ((size_t)4 * 1024 * 1024)
/* And of its nesting, as JSON: AWS nests a dozen levels at most. */
#define AWS_RESPONSE_DEPTH 64

struct aws_call {
    /* the question */
    const struct aws_service *service;
    const char *operation;    /* "DescribeImages" */
    struct view body;         /* JSON, or the form without Action and Version for AWS_QUERY */
    struct view region;       /* empty: the client's */
    struct view role_arn;     /* assumed for this call; empty: the client's own credentials */
    struct view session_name; /* of the assumed role; empty: "slipway" */
    bool once;          /* not idempotent: retried only if AWS certainly did not carry it out */
    const char *method; /* REST protocols only; NULL: POST */
    struct view path;   /* REST protocols only; with the query; empty: "/" */

    /* the answer, in the arena */
    int status;                /* 0: no response */
    struct view response;      /* the decoded body */
    struct view message;       /* of a failure, in AWS's words: one line; may be empty */
    char code[AWS_CODE_BYTES]; /* cleaned; "" on success; STS's, with status 0, if it was a role's
                                  credentials that could not be had */
    char request_id[AWS_REQUEST_ID_BYTES];
    int attempts;
    bool ambiguous; /* failed, and AWS may have carried it out all the same (see `once`) */
    struct err err; /* unset: 2xx. ERR_THROTTLED, ERR_ACCESS_DENIED, ERR_AWS_UNAVAILABLE,
                       ERR_DEADLINE_EXCEEDED, ERR_BAD_RESPONSE for any other AWS error,
                       with AWS's message, code and request id in it; the service's file or
                       the handler gives it its meaning by `code` */
};

/* Runs all calls; answers live in `arena`. deadline_ms is on the monotonic clock. Each call ends
 * with its own result; a call still under way at the deadline ends with ERR_DEADLINE_EXCEEDED. */
void aws_call_all(struct aws *aws, struct aws_call *calls, size_t n, int64_t deadline_ms,
                  struct arena *arena);

/* Opens `n` TLS connections to the service in the region (empty: the client's), to have them when
 * a call comes; side by side over all entries. Never fails, and does nothing without credentials
 * in the environment (nothing could be called then). */
struct aws_warm {
    const struct aws_service *service;
    struct view region;
    size_t n;
};
void aws_warm(struct aws *aws, const struct aws_warm *entries, size_t n, int64_t timeout_ms);

const struct clock *aws_clock(const struct aws *aws);
/* The wall clock, put right by what AWS's answers have shown of its error. */
int64_t aws_wall_ms(const struct aws *aws);

/* For credentials.c, which has to ask AWS for credentials itself. credentials_get() is called while
 * other calls may be under way on the same http: these two and http_perform() get on with that,
 * since an exchange that ends in somebody else's wait is marked `ended`. */

/* As aws_call_all(), with this provider's credentials for every call; role_arn is not looked at. */
void aws_call_all_with(struct aws *aws, struct credentials_provider *provider,
                       struct aws_call *calls, size_t n, int64_t deadline_ms, struct arena *arena);
struct http *aws_http(struct aws *aws);

#endif
