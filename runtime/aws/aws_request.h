#ifndef SLIPWAY_AWS_AWS_REQUEST_H
#define SLIPWAY_AWS_AWS_REQUEST_H

/*
 * From a call to the request on the wire, by the service's protocol. Pure. Private to runtime/aws.
 */

#include "runtime/aws/aws.h"
#include "runtime/aws/endpoint.h"
#include "runtime/aws/sigv4.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/http/http.h"

#define AWS_REQUEST_HEADERS 2

/* What is the same for every attempt; in the arena. */
struct aws_request {
    const char *method;
    const char *url;
    struct view host;
    struct view path;
    struct view query;
    struct view body;
    struct http_header headers[AWS_REQUEST_HEADERS]; /* Content-Type, X-Amz-Target */
    size_t n_headers;
    struct view region;
};

/* `region` is the client's. Errors of endpoint_resolve(), ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int aws_request_build(const struct aws_call *call, struct view region,
                                   const struct environment *env, struct arena *arena,
                                   struct aws_request *ret_request, struct err *err);

/* Signs the request as of `time_ms`. The signature is wiped by the caller. */
ERR_MUST_USE int aws_request_sign(const struct aws_request *request,
                                  const struct aws_service *service,
                                  const struct aws_credentials *credentials, int64_t time_ms,
                                  struct sigv4_signature *ret_signature, struct err *err);

#endif
