/* data/yaml/NAME.yaml, and the tree with all its places as NAME.expected has it; or where and why
 * it is refused. */

#include "cli/yaml/yaml.h"
#include "tests/unit/cli/golden.h"
#include "tests/unit/cli/yaml_named.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FOLDER TEST_DATA_DIR "/yaml"
#define MAX_CASES 200

struct dump {
    struct view text;
    struct buf *out;
};

static const char *style_name(enum yaml_style style) {
    switch (style) {
    case YAML_PLAIN:
        return "plain";
    case YAML_QUOTED:
        return "quoted";
    case YAML_BLOCK_TEXT:
        return "text";
    case YAML_BLOCK:
        return "block";
    case YAML_FLOW:
        return "flow";
    }
    return "";
}

static void dump_text(struct dump *d, struct view text) {
    buf_append_char(d->out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '\n') {
            buf_append_str(d->out, "\\n");
        } else if (c < ' ' || c == 0x7f) {
            buf_appendf(d->out, "\\x%02x", c);
        } else {
            buf_append_char(d->out, (char)c);
        }
    }
    buf_append_str(d->out, "\"");
}

/* Lines end with LF, CR LF or CR; a column is a character; a byte order mark is none. */
static void assert_place(const struct dump *d, struct yaml_place place) {
    size_t line = 1, column = 1;
    size_t at = view_starts_with(d->text, VIEW("\xEF\xBB\xBF")) ? 3 : 0;
    size_t lines = 1;
    assert_true(place.offset <= place.end && place.end <= d->text.len);
    for (size_t i = at; i < d->text.len; i++) {
        lines += i + 1 < d->text.len && (d->text.data[i] == '\n' ||
                                         (d->text.data[i] == '\r' && d->text.data[i + 1] != '\n'));
    }
    assert_true(place.line >= 1 && place.line <= lines);
    for (; at < place.offset; at++) {
        bool ends =
            d->text.data[at] == '\n' ||
            (d->text.data[at] == '\r' && (at + 1 == d->text.len || d->text.data[at + 1] != '\n'));
        if (ends && at + 1 == d->text.len) {
            return; /* behind the last line: told as its end */
        }
        line += ends;
        column = ends ? 1 : column + (((unsigned char)d->text.data[at] & 0xc0) != 0x80);
    }
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
}

static void dump_value(struct dump *d, const struct yaml_value *value, int level) {
    assert_place(d, value->place);
    buf_appendf(d->out, "%*s%zu:%zu %zu-%zu ", 2 * level, "", value->place.line,
                value->place.column, value->place.offset, value->place.end);
    if (value->is_alias) {
        buf_append_str(d->out, "alias ");
        dump_text(d,
                  view_slice(d->text, value->place.offset, value->place.end - value->place.offset));
        buf_append_str(d->out, " of ");
    }
    switch (value->kind) {
    case YAML_NOTHING:
        buf_append_str(d->out, "nothing\n");
        return;
    case YAML_SCALAR:
        buf_appendf(d->out, "%s ", style_name(value->style));
        dump_text(d, value->text);
        buf_append_str(d->out, yaml_is_null(value) ? " null\n" : "\n");
        return;
    case YAML_SEQUENCE:
        buf_appendf(d->out, "%s list of %zu\n", style_name(value->style), value->n);
        break;
    case YAML_MAPPING:
        buf_appendf(d->out, "%s mapping of %zu\n", style_name(value->style), value->n);
        break;
    }
    /* What an alias stands for has been shown where it stands. */
    for (size_t i = 0; i < value->n && !value->is_alias; i++) {
        if (value->kind == YAML_SEQUENCE) {
            dump_value(d, &value->items[i], level + 1);
        } else {
            dump_value(d, &value->pairs[i].key, level + 1);
            dump_value(d, &value->pairs[i].value, level + 2);
        }
    }
}

static void is_the_tree(void **state) {
    struct arena arena = ARENA_INIT((size_t)64 * 1024 * 1024);
    struct buf out = BUF_INIT(GOLDEN_MAX_BYTES);
    char path[GOLDEN_PATH_BYTES];
    struct yaml_value root;
    struct err err;
    size_t len = 0;
    err_init(&err);
    snprintf(path, sizeof(path), "%s/%s", FOLDER, (const char *)*state);
    char *text = golden_read(path, &len);
    assert_non_null(text);
    struct dump dump = {.text = {text, len}, .out = &out};
    if (yaml_parse_named(dump.text, *state, &arena, &root, &err) == 0) {
        assert_false(err_is_set(&err));
        dump_value(&dump, &root, 0);
    } else {
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        buf_appendf(&out, "refused: %s\nremedy: %s\n", err.message, err.remedy);
    }
    snprintf(path + strlen(path) - strlen("yaml"), strlen("expected") + 1, "expected");
    assert_true(golden_matches(path, buf_view(&out)));
    free(text);
    buf_release(&out);
    arena_release(&arena);
}

int main(void) {
    size_t n;
    char **cases = golden_list(FOLDER, ".yaml", &n);
    struct CMUnitTest tests[MAX_CASES];
    if (n == 0 || n > MAX_CASES) {
        golden_fail(FOLDER, "too few or too many cases");
    }
    for (size_t i = 0; i < n; i++) {
        tests[i] = (struct CMUnitTest){
            .name = cases[i], .test_func = is_the_tree, .initial_state = cases[i]};
    }
    int failed = _cmocka_run_group_tests("yaml_fixtures", tests, n, NULL, NULL);
    golden_free(cases, n);
    return failed;
}
