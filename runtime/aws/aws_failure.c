#define _GNU_SOURCE /* memmem */

#include "runtime/aws/aws_failure.h"

#include "runtime/aws/sts.h"
#include "runtime/aws/xml.h"
#include "runtime/base/ascii.h"
#include "runtime/base/json_scan.h"

#include <string.h>

static const struct json_limits limits = {
    .max_bytes = AWS_RESPONSE_BYTES,
    .max_depth = AWS_RESPONSE_DEPTH,
};
/* What is quoted of AWS's words. */
#define MESSAGE_BYTES 800

static bool scan(struct view body, struct json_span *ret_root) {
    struct err ignored;
    err_init(&ignored);
    return json_scan(body, &limits, "answer", ret_root, &ignored) == 0;
}

bool aws_answer_is_sound(const struct aws_service *service, const struct http_exchange *exchange) {
    struct json_span root;
    struct view body = buf_view(&exchange->body_in);
    if (body.len == 0) {
        return true;
    }
    switch (service->protocol) {
    case AWS_JSON_1_0:
    case AWS_JSON_1_1:
    case AWS_REST_JSON:
        return scan(body, &root);
    case AWS_QUERY:
        return xml_is_well_formed(body);
    case AWS_REST_XML:
        break; /* an object of S3 is what it is */
    }
    return true;
}

static bool is_token(struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!(ascii_is_alphanumeric(c) || (c != '\0' && strchr("._-+/=:", c) != NULL))) {
            return false;
        }
    }
    return text.len > 0;
}

/* "com.amazonaws.ecs#ClientException:http://…" is ClientException. */
static struct view clean_code(struct view code) {
    struct view before;
    struct view after;
    if (view_cut(code, ':', &before, &after)) {
        code = before;
    }
    if (view_cut_last(code, '#', &before, &after)) {
        code = after;
    }
    code = view_trim(code);
    return is_token(code) && code.len < AWS_CODE_BYTES ? code : (struct view){0};
}

/* One line, without control characters. What follows the first line of a signature error is the
 * canonical request, session token and all. */
static struct view clean_message(struct view text, struct arena *arena) {
    text = view_trim(text);
    size_t len = 0;
    while (len < text.len && text.data[len] != '\n' && text.data[len] != '\r') {
        len++;
    }
    if (len > MESSAGE_BYTES) {
        len = MESSAGE_BYTES;
        while (len > 0 && ((unsigned char)text.data[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    char *line = arena_alloc(arena, len + 1);
    if (line == NULL) {
        return (struct view){0};
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        line[i] = ' ';
        if (c >= ' ' && c != 0x7f) {
            line[i] = text.data[i];
        }
    }
    return (struct view){.data = line, .len = len};
}

/* The first string member among the names. */
static struct view member(struct json_span root, const char *const names[3], struct arena *arena) {
    for (size_t i = 0; i < 3 && names[i] != NULL; i++) {
        struct view value = {0};
        struct err ignored;
        err_init(&ignored);
        if (json_find_string(root, names[i], arena, &value, &ignored) == 0 && value.len > 0) {
            return value;
        }
    }
    return (struct view){0};
}

static struct view code_of_headers(const struct http_exchange *exchange, const char *name,
                                   char separator) {
    struct view value = http_response_header(exchange, name);
    struct view before;
    struct view after;
    return clean_code(view_cut(value, separator, &before, &after) ? before : value);
}

static void read_json(const struct aws_service *service, const struct http_exchange *exchange,
                      struct json_span root, struct arena *arena, struct aws_failure *failure) {
    static const char *const messages[3] = {"message", "Message", "errorMessage"};
    static const char *const rpc_codes[3] = {"__type", "code", "Code"};
    static const char *const rest_codes[3] = {"code", "Code", "__type"};
    bool is_rest = service->protocol == AWS_REST_JSON;
    failure->message = clean_message(member(root, messages, arena), arena);
    failure->code = clean_code(member(root, is_rest ? rest_codes : rpc_codes, arena));
    struct view header = code_of_headers(exchange, "x-amzn-errortype", ',');
    if (header.len > 0 && (is_rest || failure->code.len == 0)) {
        failure->code = header;
    }
}

static int64_t whole_number(struct view text, int64_t max) {
    int64_t value = 0;
    return text.len > 0 && view_to_i64(text, &value) && value >= 0 && value <= max ? value : -1;
}

/* x-amz-retry-after is in milliseconds, Retry-After in seconds; a day is more than is honoured. */
static int64_t read_retry_after(const struct http_exchange *exchange) {
    const int64_t day_s = INT64_C(24) * 60 * 60;
    int64_t ms = whole_number(http_response_header(exchange, "x-amz-retry-after"), day_s * 1000);
    if (ms >= 0) {
        return ms;
    }
    int64_t seconds = whole_number(http_response_header(exchange, "Retry-After"), day_s);
    return seconds >= 0 ? seconds * 1000 : -1;
}

/* Where those have their code and their words that do not speak the query protocol as STS does. */
static const struct {
    const char *code;
    const char *message;
} xml_errors[] = {
    {"Error/Code", "Error/Message"},                                 /* S3 */
    {"Response/Errors/Error/Code", "Response/Errors/Error/Message"}, /* EC2 */
};

static bool read_xml(struct view body, struct arena *arena, struct aws_failure *failure) {
    struct view sts_code;
    struct view sts_message;
    if (sts_error_parse(body, arena, &sts_code, &sts_message)) {
        failure->code = clean_code(sts_code);
        failure->message = clean_message(sts_message, arena);
        return true;
    }
    for (size_t i = 0; i < sizeof(xml_errors) / sizeof(xml_errors[0]); i++) {
        struct buf code BUF_AUTO = BUF_INIT(XML_MAX_BYTES);
        struct buf message BUF_AUTO = BUF_INIT(XML_MAX_BYTES);
        if (xml_text(body, xml_errors[i].code, &code)) {
            failure->code = clean_code(arena_copy(arena, buf_view(&code)));
            (void)xml_text(body, xml_errors[i].message, &message);
            failure->message = clean_message(buf_view(&message), arena);
            return true;
        }
    }
    return false;
}

struct aws_failure aws_failure_read(const struct aws_service *service,
                                    const struct http_exchange *exchange, struct arena *arena) {
    struct aws_failure failure = {.date_ms = -1, .retry_after_ms = -1};
    if (exchange->outcome != HTTP_OK) {
        return failure; /* half an answer is none */
    }
    failure.retry_after_ms = read_retry_after(exchange);
    struct view body = buf_view(&exchange->body_in);
    struct json_span root;
    int64_t date_ms = 0;
    if (time_parse_http_date(http_response_header(exchange, "Date"), &date_ms)) {
        failure.date_ms = date_ms;
    }
    /* A front of AWS may answer in XML for a service that speaks JSON, and the other way round. */
    if (body.len > 0 && scan(body, &root)) {
        read_json(service, exchange, root, arena, &failure);
    } else if (body.len == 0 || !read_xml(body, arena, &failure)) {
        failure.code = code_of_headers(exchange, "x-amzn-errortype", ',');
    }
    /* "Code;Sender": what the service called it when it still spoke the query protocol. */
    struct view query_error = code_of_headers(exchange, "x-amzn-query-error", ';');
    if (query_error.len > 0) {
        failure.code = query_error;
    }
    return failure;
}

static struct view xml_request_id(struct view body) {
    static const char open[] = "<RequestId>";
    const char *start = body.len > 0 ? memmem(body.data, body.len, open, sizeof(open) - 1) : NULL;
    if (start == NULL) {
        return (struct view){0};
    }
    size_t offset = (size_t)(start - body.data) + sizeof(open) - 1;
    struct view id;
    struct view after;
    return view_cut(view_slice(body, offset, body.len), '<', &id, &after) ? view_trim(id)
                                                                          : (struct view){0};
}

struct view aws_request_id(const struct http_exchange *exchange) {
    static const char *const names[] = {"x-amzn-requestid", "x-amz-request-id",
                                        "x-amzn-request-id"};
    struct view id = {0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && id.len == 0; i++) {
        id = http_response_header(exchange, names[i]);
    }
    if (id.len == 0) {
        id = xml_request_id(buf_view(&exchange->body_in));
    }
    return is_token(id) && id.len < AWS_REQUEST_ID_BYTES ? id : (struct view){0};
}
