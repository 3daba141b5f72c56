/*
 * Whatever headers GET /invocation/next is answered with: what is read of them lies inside them,
 * can be put into a URL, a header and a log line, and the id comes back out of the URL.
 *
 * Input: header lines "Name: value", an empty line, the body.
 */

#include "runtime/lambda/invocation.h"

#include <stdlib.h>
#include <string.h>

#define MONOTONIC_MS INT64_C(5000)
#define WALL_MS INT64_C(1700000000000)

static void require(bool condition) {
    if (!condition) {
        abort();
    }
}

static void require_inside(struct view part, struct view whole) {
    require(part.len == 0 || (part.data >= whole.data && part.len <= whole.len &&
                              part.data - whole.data <= (ptrdiff_t)(whole.len - part.len)));
}

static void require_one_line(struct view value) {
    for (size_t i = 0; i < value.len; i++) {
        require((unsigned char)value.data[i] >= 0x20 && value.data[i] != 0x7f);
    }
}

/* The last path segment but one, decoded, is the id again; nothing else could have been reached. */
static void require_url_holds(struct view url, struct view id) {
    struct view prefix = VIEW("http://h:1/2018-06-01/runtime/invocation/");
    struct view suffix = VIEW("/response");
    require(view_starts_with(url, prefix) && view_ends_with(url, suffix));
    struct view segment = view_slice(url, prefix.len, url.len - prefix.len - suffix.len);
    size_t at = 0;
    for (size_t i = 0; i < segment.len; i++, at++) {
        unsigned char c = (unsigned char)segment.data[i];
        require(c > 0x20 && c < 0x7f && c != '/' && c != '?' && c != '#' && c != '\\');
        if (c == '%') {
            require(i + 2 < segment.len);
            char digits[3] = {segment.data[i + 1], segment.data[i + 2], '\0'};
            c = (unsigned char)strtoul(digits, NULL, 16);
            i += 2;
        }
        require(at < id.len && c == (unsigned char)id.data[at]);
    }
    require(at == id.len && !view_equal(segment, VIEW(".")) && !view_equal(segment, VIEW("..")));
}

static void check(const struct lambda_invocation *invocation, struct view input) {
    const struct view texts[] = {
        invocation->request_id,     invocation->function_arn,     invocation->trace_id,
        invocation->client_context, invocation->cognito_identity, invocation->tenant_id,
        invocation->invocation_id,
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        require_inside(texts[i], input);
        require_one_line(texts[i]);
    }
    require(invocation->deadline_wall_ms >= 0);
    require(invocation->deadline_ms >= MONOTONIC_MS);
    require(invocation->deadline_ms <= MONOTONIC_MS + INVOCATION_MAX_MS);
    struct buf url BUF_AUTO = BUF_INIT(4096);
    invocation_answer_url(&url, VIEW("h:1"), invocation->request_id, "response");
    require(!url.failed);
    require_url_holds(buf_view(&url), invocation->request_id);
}

static struct view read_head(struct http_exchange *exchange, struct view input) {
    struct view line;
    while (view_split(&input, '\n', &line) && line.len > 0) {
        struct http_header header;
        if (exchange->n_response_headers < HTTP_MAX_RESPONSE_HEADERS &&
            view_cut(line, ':', &header.name, &header.value)) {
            exchange->response_headers[exchange->n_response_headers++] = header;
        }
    }
    return input;
}

static bool equal(const struct lambda_invocation *a, const struct lambda_invocation *b) {
    return view_equal(a->request_id, b->request_id) && view_equal(a->trace_id, b->trace_id) &&
           view_equal(a->invocation_id, b->invocation_id) && view_equal(a->payload, b->payload) &&
           a->deadline_ms == b->deadline_ms && a->deadline_wall_ms == b->deadline_wall_ms;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view input = {(const char *)data, size};
    struct http_exchange exchange = {.body_in = BUF_INIT(1024 * 1024)};
    buf_append(&exchange.body_in, read_head(&exchange, input));

    struct lambda_invocation first = {0};
    struct lambda_invocation second = {0};
    struct err err;
    err_init(&err);
    int result = invocation_read(&exchange, WALL_MS, MONOTONIC_MS, &first, &err);
    require((result == 0) == !err_is_set(&err));
    require(invocation_read(&exchange, WALL_MS, MONOTONIC_MS, &second, &err) == result);
    if (result == 0) {
        require(equal(&first, &second));
        check(&first, input);
    }
    buf_release(&exchange.body_in);
    return 0;
}
