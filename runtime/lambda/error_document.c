#include "runtime/lambda/error_document.h"

#include "runtime/base/json_write.h"
#include "runtime/base/utf8.h"

#include <stdint.h>

/* Lambda keeps a type only if it matches (Runtime|Function)\.[A-Z][a-zA-Z]+. */
#define TYPE_PREFIX "Function."
#define FALLBACK_TYPE TYPE_PREFIX "OutOfMemory"

void error_document_release(struct error_document *document) {
    buf_release(&document->message);
    buf_release(&document->body);
    buf_release(&document->type);
    buf_release(&document->cause);
}

static void build_message(struct buf *message, const struct err *error) {
    buf_append_str(message, error->message);
    if (error->remedy[0] != '\0') {
        buf_append_str(message, "; remedy: ");
        buf_append_str(message, error->remedy);
    }
}

/* {"errorMessage":"image 'api:v1' not found; remedy: push it","errorType":"Function.ImageNotFound",
 *  "stackTrace":[]} */
static void build_body(struct buf *body, struct view message, struct view type) {
    struct json_writer w = json_writer(body);
    json_begin_object(&w, NULL);
    json_put_string(&w, "errorMessage", message);
    json_put_string(&w, "errorType", type);
    json_begin_array(&w, "stackTrace");
    json_end_array(&w);
    json_end_object(&w);
}

/* {"working_directory":"","exceptions":[{"message":"…","type":"Function.ImageNotFound","stack":[]}],
 *  "paths":[]} */
static void build_cause(struct buf *cause, struct view message, struct view type) {
    struct json_writer w = json_writer(cause);
    json_begin_object(&w, NULL);
    json_put_string(&w, "working_directory", VIEW(""));
    json_begin_array(&w, "exceptions");
    json_begin_object(&w, NULL);
    json_put_string(&w, "message", message);
    json_put_string(&w, "type", type);
    json_begin_array(&w, "stack");
    json_end_array(&w);
    json_end_object(&w);
    json_end_array(&w);
    json_begin_array(&w, "paths");
    json_end_array(&w);
    json_end_object(&w);
}

/* The same JSON in printable ASCII, as a header's value has to be: what lies outside it can only
 * stand inside a string, where \uXXXX means the same. */
static void append_header_safe(struct buf *out, struct view json) {
    while (json.len > 0) {
        uint32_t character = 0xfffd;
        size_t len = utf8_decode(json, &character);
        json = view_slice(json, len > 0 ? len : 1, json.len);
        if (character >= 0x10000) {
            buf_appendf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((character - 0x10000) >> 10)),
                        (unsigned)(0xdc00 + ((character - 0x10000) & 0x3ff)));
        } else if (character >= 0x7f) {
            buf_appendf(out, "\\u%04x", (unsigned)character);
        } else {
            buf_append_char(out, (char)character);
        }
    }
}

struct error_document_view error_document_build(struct error_document *document,
                                                const struct err *error) {
    const struct error_document_view fallback = {
        .body = VIEW("{\"errorMessage\":\"out of memory; remedy: raise the function's memory "
                     "size\",\"errorType\":\"" FALLBACK_TYPE "\",\"stackTrace\":[]}"),
        .type = VIEW(FALLBACK_TYPE),
    };
    buf_clear(&document->message);
    buf_clear(&document->type);
    buf_clear(&document->body);
    buf_clear(&document->cause);
    build_message(&document->message, error);
    buf_append_str(&document->type, TYPE_PREFIX);
    buf_append_str(&document->type, err_name(error->code));
    struct view message = buf_view(&document->message);
    struct view type = buf_view(&document->type);

    /* The body's buffer serves for the cause first, before its characters are made header-safe. */
    build_cause(&document->body, message, type);
    append_header_safe(&document->cause, buf_view(&document->body));
    bool has_cause = !document->body.failed && !document->cause.failed;
    buf_clear(&document->body);
    build_body(&document->body, message, type);
    if (document->message.failed || document->type.failed || document->body.failed) {
        return fallback;
    }
    return (struct error_document_view){
        .body = buf_view(&document->body),
        .type = type,
        .cause = has_cause ? buf_view(&document->cause) : VIEW(""),
    };
}
