/*
 * AWS's errors in all spellings. An input is a protocol's digit, a status's digit, response headers
 * a line each, an empty line, and the body. Whatever comes, code and request id are tokens that
 * fit, the message is one line, no canonical request gets through, and twice the same is said.
 */

#include "runtime/aws/aws_failure.h"
#include "tests/fuzz/require.h"

#include <string.h>

#define ARENA_BYTES ((size_t)8 * 1024 * 1024)

static const struct aws_service services[] = {
    {.name = "ecs", .signing_name = "ecs", .protocol = AWS_JSON_1_1, .limit_is_quota = true},
    {.name = "ddb", .signing_name = "ddb", .protocol = AWS_JSON_1_0},
    {.name = "sts", .signing_name = "sts", .protocol = AWS_QUERY},
    {.name = "scheduler", .signing_name = "scheduler", .protocol = AWS_REST_JSON},
    {.name = "s3", .signing_name = "s3", .protocol = AWS_REST_XML},
};
static const int statuses[] = {200, 301, 400, 403, 404, 429, 500, 503};

static void require_token(struct view text, size_t size) {
    require(text.len < size);
    for (size_t i = 0; i < text.len; i++) {
        require(text.data[i] > ' ' && text.data[i] < 0x7f && text.data[i] != '#');
    }
}

static void read_headers(struct view text, struct http_exchange *exchange) {
    struct view line;
    while (exchange->n_response_headers < HTTP_MAX_RESPONSE_HEADERS &&
           view_split(&text, '\n', &line)) {
        struct http_header *header = &exchange->response_headers[exchange->n_response_headers];
        if (view_cut(line, ':', &header->name, &header->value)) {
            header->value = view_trim(header->value);
            exchange->n_response_headers++;
        }
    }
}

static void check(const struct aws_service *service, const struct http_exchange *exchange) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    arena_reset(&arena);
    struct aws_failure failure = aws_failure_read(service, exchange, &arena);
    struct aws_failure again = aws_failure_read(service, exchange, &arena);
    struct view id = aws_request_id(exchange);
    require_token(failure.code, AWS_CODE_BYTES);
    require_token(id, AWS_REQUEST_ID_BYTES);
    for (size_t i = 0; i < failure.message.len; i++) {
        unsigned char c = (unsigned char)failure.message.data[i];
        require(c >= ' ' && c != 0x7f);
    }
    require(failure.message.len <= 1024);
    require(failure.retry_after_ms >= -1);
    require(view_equal(failure.code, again.code) && view_equal(failure.message, again.message));
    require(failure.date_ms == again.date_ms && failure.retry_after_ms == again.retry_after_ms);
    struct aws_call call = {
        .service = service, .operation = "Operation", .status = exchange->status, .attempts = 2};
    memcpy(call.code, failure.code.data != NULL ? failure.code.data : "", failure.code.len);
    const struct aws_verdict verdict = {
        .failure = &failure,
        .exchange = exchange,
        .class = retry_classify(service, HTTP_OK, exchange->status, failure.code),
        .region = VIEW("us-east-1"),
    };
    aws_failure_report(&call, &verdict);
    require(err_is_set(&call.err) && call.err.message[0] != '\0' && call.err.remedy[0] != '\0');
    require(strchr(call.err.message, '\n') == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    struct view text = {.data = (const char *)data + 2, .len = size - 2};
    struct view headers = text;
    struct view body = {.data = "", .len = 0};
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.data[i] == '\n' && text.data[i + 1] == '\n') {
            headers.len = i;
            body = view_slice(text, i + 2, text.len);
            break;
        }
    }
    struct http_exchange exchange = {.outcome = HTTP_OK};
    exchange.status = statuses[data[1] % (sizeof(statuses) / sizeof(statuses[0]))];
    buf_init(&exchange.body_in, AWS_RESPONSE_BYTES);
    buf_append(&exchange.body_in, body);
    read_headers(headers, &exchange);
    check(&services[data[0] % (sizeof(services) / sizeof(services[0]))], &exchange);
    buf_release(&exchange.body_in);
    return 0;
}
