/* XML of STS: tokens lie in the input and are balanced; what is escaped comes back; what STS sends
 * is either read whole or refused. */

#include "runtime/aws/sts.h"
#include "runtime/aws/xml.h"
#include "tests/fuzz/require.h"

#define INPUT_MAX_BYTES 8192

static void walk(struct view document) {
    struct xml_reader reader = xml_reader(document);
    struct xml_token token;
    size_t depth = 0;
    size_t n = 0;
    do {
        token = xml_next(&reader);
        require_inside(token.text, document);
        depth += token.type == XML_START;
        require(token.type != XML_END || depth > 0);
        depth -= token.type == XML_END;
        require(depth == reader.depth && depth <= XML_MAX_DEPTH);
        require(n++ <= 2 * document.len + 1);
    } while (token.type != XML_DONE && token.type != XML_BAD);
    require(token.type == XML_BAD || depth == 0);
    require(xml_next(&reader).type == token.type);
}

static void comes_back(struct view text) {
    static struct buf document = {.limit = 8 * INPUT_MAX_BYTES};
    static struct buf found = {.limit = INPUT_MAX_BYTES};
    buf_clear(&document);
    buf_clear(&found);
    buf_append_str(&document, "<a><b>");
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '<') {
            buf_append_str(&document, "&lt;");
        } else if (text.data[i] == '&') {
            buf_append_str(&document, i % 2 ? "&amp;" : "&#x26;");
        } else {
            buf_append_char(&document, text.data[i]);
        }
    }
    buf_append_str(&document, "</b><c/></a>");
    require(xml_text(buf_view(&document), "a/b", &found));
    require(view_equal(buf_view(&found), text));
}

static void sts(struct view document, struct arena *arena) {
    struct sts_credentials credentials;
    struct err err;
    struct view code = {0};
    struct view message = {0};
    err_init(&err);
    if (sts_assume_role_parse(document, arena, &credentials, &err) == 0) {
        require(credentials.access_key_id.len > 0 && credentials.expires_at_ms >= 0);
        require(!secret_is_empty(&credentials.secret_access_key));
        require(!secret_is_empty(&credentials.session_token));
        sts_credentials_wipe(&credentials);
        require(!sts_error_parse(document, arena, &code, &message));
    } else {
        require(err.code == ERR_BAD_RESPONSE || err.code == ERR_OUT_OF_MEMORY);
    }
    if (sts_error_parse(document, arena, &code, &message)) {
        require(code.len > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view input = {(const char *)data, size};
    if (size > INPUT_MAX_BYTES) {
        return 0;
    }
    static struct arena arena = {.limit_bytes = (size_t)1024 * 1024};
    arena_reset(&arena);
    walk(input);
    comes_back(input);
    sts(input, &arena);
    return 0;
}
