/*
 * Text that AWS or a file says, on its way to a terminal: nothing in it can drive the terminal, it
 * is UTF-8 and has as many characters, and cut it has no more than it may. JSON stays the JSON that
 * it was.
 */

#include "cli/cli.h"
#include "cli/table.h"
#include "runtime/base/json.h"
#include "runtime/base/utf8.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

/* Its characters; a byte that is none counts as one. */
static size_t characters(struct view text) {
    size_t n = 0;
    while (text.len > 0) {
        size_t len = utf8_sequence(text);
        text = view_slice(text, len > 0 ? len : 1, text.len);
        n++;
    }
    return n;
}

static void require_harmless(struct view text) {
    while (text.len > 0) {
        uint32_t c = 0;
        size_t len = utf8_decode(text, &c);
        require(len > 0 && utf8_is_harmless(c));
        text = view_slice(text, len, text.len);
    }
}

static void check_text(struct view text, struct arena *arena) {
    struct view clean = table_clean(text, arena);
    require(clean.data != NULL);
    require_harmless(clean);
    require(characters(clean) == characters(text));
    require(view_equal(table_clean(clean, arena), clean));
    for (size_t columns = 0; columns < 12; columns++) {
        struct view cut = table_cut(clean, columns, arena);
        size_t n = characters(cut);
        require_harmless(cut);
        require(n == (characters(clean) < columns ? characters(clean) : columns));
    }
}

/* The same values, member for member. */
static void require_same(const struct json *a, const struct json *b) {
    require(json_type(a) == json_type(b) && json_count(a) == json_count(b));
    require(view_equal(json_string(a), json_string(b)));
    require(view_equal(json_name(a), json_name(b)));
    const struct json *x = json_first(a);
    const struct json *y = json_first(b);
    for (; x != NULL; x = json_next(x), y = json_next(y)) {
        require_same(x, y);
    }
}

static void check_json(struct view text) {
    static const struct json_limits limits = {.max_bytes = 1 << 20, .max_depth = 32};
    struct json *was JSON_AUTO = NULL;
    struct json *is JSON_AUTO = NULL;
    struct err err;
    char *written = NULL;
    size_t len;
    err_init(&err);
    FILE *stream = open_memstream(&written, &len);
    require(stream != NULL);
    cli_write_json(stream, text);
    fclose(stream);
    if (json_parse(text, &limits, "text", &was, &err) == 0) {
        require(json_parse((struct view){written, len}, &limits, "text", &is, &err) == 0);
        require_same(was, is);
        for (size_t i = 0; i < len; i++) { /* white space may stand between values */
            require((unsigned char)written[i] != 0x7f && written[i] != '\033');
        }
    }
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    struct view text = {(const char *)data, size};
    check_text(text, &arena);
    check_json(text);
    return 0;
}
