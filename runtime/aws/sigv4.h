#ifndef SLIPWAY_AWS_SIGV4_H
#define SLIPWAY_AWS_SIGV4_H

/*
 * AWS Signature Version 4, in the Authorization header. Pure: the time is passed in, nothing is
 * read or sent. IAM User Guide, "Create a signed AWS API request".
 *
 * The caller adds to its request, in this order, the headers that come back. Every header that is
 * given is signed; Host and X-Amz-Date are added by the signer. So a header that something on the
 * way may change (User-Agent, Connection, Expect, X-Amzn-Trace-Id) is not to be given.
 */

#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/secret.h"
#include "runtime/base/view.h"
#include "runtime/http/http.h"

#include <stdbool.h>

struct aws_credentials {
    struct view access_key_id; /* borrowed from their provider */
    const struct secret *secret_access_key;
    const struct secret *session_token; /* NULL or empty: none */
};

struct sigv4_request {
    struct view method;
    struct view host;  /* as it goes into the Host header, with a port unless the default */
    struct view path;  /* as it goes into the request line, before '?'; starts with '/' */
    struct view query; /* behind '?', as sent; may be empty */
    const struct http_header *headers;
    size_t n_headers;
    struct view body;
};

struct sigv4_params {
    const struct aws_credentials *credentials;
    struct view region;
    struct view service; /* the signing name: "ecr", "ecs", "sts" */
    int64_t time_ms;
    bool normalize_path;     /* remove dot segments and double slashes; false for S3 */
    bool double_encode_path; /* true for all but S3 */
    bool sign_body_header;   /* add x-amz-content-sha256 */
    bool omit_session_token; /* the token is sent but not signed */
};

/* Headers to add: X-Amz-Security-Token when there is a token, X-Amz-Date, x-amz-content-sha256
 * when asked for, Authorization. The values point into `storage`, which the caller wipes. */
#define SIGV4_MAX_HEADERS 4
struct sigv4_signature {
    struct http_header headers[SIGV4_MAX_HEADERS];
    size_t n_headers;
    struct buf storage;
};

void sigv4_signature_wipe(struct sigv4_signature *signature);

/* -1: ERR_OUT_OF_MEMORY, or ERR_BAD_RESPONSE for a request that cannot be signed (no host, a path
 * without its slash, a header that is the signer's own to add). */
ERR_MUST_USE int sigv4_sign(const struct sigv4_request *request, const struct sigv4_params *params,
                            struct sigv4_signature *ret_signature, struct err *err);

/* The stages of it, for tests. The first holds the session token: it is to be wiped. */
void sigv4_canonical_request(const struct sigv4_request *request, const struct sigv4_params *params,
                             struct buf *canonical);
void sigv4_string_to_sign(struct view canonical_request, const struct sigv4_params *params,
                          struct buf *string_to_sign);

#endif
