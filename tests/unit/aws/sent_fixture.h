#ifndef SLIPWAY_TESTS_UNIT_AWS_SENT_FIXTURE_H
#define SLIPWAY_TESTS_UNIT_AWS_SENT_FIXTURE_H

/* What a call is on the wire, in eu-central-1 if it names no region; and how calls fail. */

#include "runtime/aws/aws_request.h"
#include "tests/unit/aws/answered_fixture.h"
#include "tests/unit/aws/env_table.h"

static inline struct aws_request sent(struct fixture *f) {
    struct aws_request request = {0};
    if (aws_request_build(&f->call, VIEW("eu-central-1"), ENV(), &f->arena, &request, &f->err) <
        0) {
        fail_msg("%s", f->err.message);
    }
    return request;
}

static inline struct view sent_header(const struct aws_request *request, const char *name) {
    for (size_t i = 0; i < request->n_headers; i++) {
        if (view_equal(request->headers[i].name, view_of(name))) {
            return request->headers[i].value;
        }
    }
    return (struct view){0};
}

/* POST / with X-Amz-Target and JSON 1.1. */
#define assert_sent_json(f, host_, target, body_)                                                  \
    do {                                                                                           \
        struct aws_request request_ = sent(f);                                                     \
        assert_string_equal(request_.method, "POST");                                              \
        assert_string_equal(request_.url, "https://" host_ "/");                                   \
        assert_view(request_.host, host_);                                                         \
        assert_view(request_.path, "/");                                                           \
        assert_view(request_.query, "");                                                           \
        assert_view(sent_header(&request_, "X-Amz-Target"), target);                               \
        assert_view(sent_header(&request_, "Content-Type"), "application/x-amz-json-1.1");         \
        assert_int_equal(request_.n_headers, 2);                                                   \
        assert_view(request_.body, body_);                                                         \
    } while (0)

/* Method, path and query, and JSON if there is a body. */
#define assert_sent_rest(f, method_, host_, path_, query_, body_)                                  \
    do {                                                                                           \
        struct aws_request request_ = sent(f);                                                     \
        assert_string_equal(request_.method, method_);                                             \
        assert_string_equal(request_.url, (query_)[0] != '\0' ? "https://" host_ path_ "?" query_  \
                                                              : "https://" host_ path_);           \
        assert_view(request_.path, path_);                                                         \
        assert_view(request_.query, query_);                                                       \
        assert_view(sent_header(&request_, "X-Amz-Target"), "");                                   \
        assert_view(sent_header(&request_, "Content-Type"),                                        \
                    (body_)[0] != '\0' ? "application/json" : "");                                 \
        assert_view(request_.body, body_);                                                         \
    } while (0)

/* A failure as AWS words it, what the client makes of it, and what is to come of it. */
struct failure_row {
    const char *code, *words;
    enum err_code met;
    enum err_code meaning;
    const char *in_message, *in_remedy;
};

#define assert_means(f, row, i)                                                                    \
    do {                                                                                           \
        if ((f)->err.code != (row)->meaning) {                                                     \
            fail_msg("row %zu: %s: %s", (size_t)(i), err_name((f)->err.code), (f)->err.message);   \
        }                                                                                          \
        assert_holds((f)->err.message, (row)->in_message);                                         \
        assert_holds((f)->err.remedy, (row)->in_remedy);                                           \
    } while (0)

#endif
