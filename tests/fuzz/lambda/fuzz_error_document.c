/*
 * Whatever bytes an error holds: body and cause are valid JSON that say the same, and the cause can
 * stand in a header.
 *
 * Input: one byte chooses the code, then the message, an empty line, the remedy.
 */

#include "runtime/base/json.h"
#include "runtime/lambda/error_document.h"
#include "tests/fuzz/require.h"

#include <string.h>

static struct json *parse(struct view text) {
    static const struct json_limits limits = {.max_bytes = 64 * 1024, .max_depth = 8};
    struct json *root = NULL;
    struct err err;
    err_init(&err);
    require(json_parse(text, &limits, "document", &root, &err) == 0);
    return root;
}

static void put(char *out, size_t size, struct view text) {
    size_t len = text.len < size - 1 ? text.len : size - 1;
    if (len > 0) {
        memcpy(out, text.data, len);
    }
    out[len] = '\0';
}

static void read_error(struct view input, struct err *ret_error) {
    static const enum err_code codes[] = {
#define CODE(symbol, name, class, remedy) symbol,
        ERR_CODES(CODE)
#undef CODE
    };
    err_init(ret_error);
    ret_error->code =
        codes[input.len == 0 ? 0
                             : (unsigned char)input.data[0] % (sizeof(codes) / sizeof(codes[0]))];
    struct view text = view_slice(input, 1, input.len);
    struct view message = text;
    struct view remedy = {0};
    (void)view_cut(text, '\n', &message, &remedy);
    put(ret_error->message, sizeof(ret_error->message), message);
    put(ret_error->remedy, sizeof(ret_error->remedy), remedy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err error;
    read_error((struct view){(const char *)data, size}, &error);
    static struct error_document document = ERROR_DOCUMENT_INIT;
    struct error_document_view view = error_document_build(&document, &error);
    require(view.cause.len > 0 && view.cause.len < 64 * 1024);
    for (size_t i = 0; i < view.cause.len; i++) {
        require(view.cause.data[i] >= 0x20 && view.cause.data[i] < 0x7f);
    }
    struct json *body = parse(view.body);
    struct json *cause = parse(view.cause);
    const struct json *exception = json_first(json_get(cause, "exceptions"));
    require(view_equal(json_string(json_get(body, "errorMessage")),
                       json_string(json_get(exception, "message"))));
    require(view_equal(json_string(json_get(body, "errorType")), view.type));
    require(view_equal(json_string(json_get(exception, "type")), view.type));
    json_free(body);
    json_free(cause);
    return 0;
}
