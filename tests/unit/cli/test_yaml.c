#include "cli/yaml/yaml.h"

#include "runtime/base/buf.h"
#include "tests/unit/cli/yaml_named.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARENA_BYTES ((size_t)256 * 1024 * 1024)

struct fixture {
    struct arena arena;
    struct buf text;
    struct yaml_value root;
    struct err err;
};

static int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){.arena = ARENA_INIT(ARENA_BYTES), .text = BUF_INIT(ARENA_BYTES)};
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    buf_release(&f->text);
    return 0;
}

static int parse(struct fixture *f, struct view text) {
    err_init(&f->err);
    return yaml_parse_named(text, "dev.yaml", &f->arena, &f->root, &f->err);
}

static const struct yaml_value *load(struct fixture *f, struct view text) {
    if (parse(f, text) != 0) {
        fail_msg("%s", f->err.message);
    }
    assert_false(err_is_set(&f->err));
    return &f->root;
}

static void refuse(struct fixture *f, struct view text, const char *expected) {
    const struct yaml_value before = {.n = 77};
    f->root = before;
    assert_int_equal(parse(f, text), -1);
    assert_int_equal(f->err.code, ERR_CONFIG_INVALID);
    assert_string_equal(f->err.message, expected);
    assert_true(strlen(f->err.remedy) > 0);
    assert_int_equal(f->root.n, 77); /* written only on success */
}

static void assert_text(const struct yaml_value *value, const char *expected) {
    assert_non_null(value);
    assert_int_equal(value->kind, YAML_SCALAR);
    if (!view_equal(value->text, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(value->text), expected);
    }
}

static void finds_by_key(void **state) {
    struct fixture *f = *state;
    const struct yaml_value *root = load(f, VIEW("a: 1\n'b c': [2]\nA: 3\n"));
    assert_text(yaml_get(root, "a"), "1");
    assert_text(yaml_get(root, "A"), "3");
    assert_text(&yaml_get(root, "b c")->items[0], "2");
    assert_null(yaml_get(root, "b"));
    assert_null(yaml_get(root, ""));
    assert_null(yaml_get(yaml_get(root, "a"), "a"));
    assert_null(yaml_get(yaml_get(root, "b c"), "a"));
    assert_null(yaml_get(NULL, "a"));
    assert_null(yaml_get_merged(NULL, "a"));
}

static void merges_are_followed_where_asked(void **state) {
    struct fixture *f = *state;
    const struct yaml_value *root = load(f, VIEW("base: &base {a: 1, b: 2, <<: {e: 6}}\n"
                                                 "more: &more {a: 3, c: 4}\n"
                                                 "x: {<<: [*base, *more], b: 5}\n"
                                                 "y: {<<: *more}\n"
                                                 "z: {<<: text, a: 1}\n"));
    const struct yaml_value *x = yaml_get(root, "x");
    assert_null(yaml_get(x, "a"));
    assert_text(yaml_get(x, "b"), "5");
    assert_text(yaml_get_merged(x, "a"), "1"); /* the first one that has it */
    assert_text(yaml_get_merged(x, "b"), "5"); /* its own before any */
    assert_text(yaml_get_merged(x, "c"), "4");
    assert_text(yaml_get_merged(x, "e"), "6"); /* through a merge of a merge */
    assert_text(yaml_get_merged(yaml_get(root, "y"), "a"), "3");
    assert_null(yaml_get_merged(yaml_get(root, "y"), "b"));
    assert_null(yaml_get_merged(yaml_get(root, "z"), "b"));
    assert_int_equal(yaml_get_merged(x, "c")->place.line, 2); /* where it stands */
}

static void null_is_plain(void **state) {
    struct fixture *f = *state;
    const struct yaml_value *root =
        load(f, VIEW("[~, null, Null, NULL, '', \"null\", '~', nil, !!str , {}, [], none]"));
    for (size_t i = 0; i < root->n; i++) {
        assert_int_equal(yaml_is_null(&root->items[i]), i < 4);
    }
    assert_true(yaml_is_null(NULL));
    assert_true(yaml_is_null(load(f, VIEW(""))));
    assert_true(yaml_is_null(load(f, VIEW("---\n"))));
    assert_true(yaml_is_null(yaml_get(load(f, VIEW("a:\n")), "a")));
}

static void text_need_not_end(void **state) {
    struct fixture *f = *state;
    const char bytes[] = {'a', ':', ' ', '1'};
    assert_text(yaml_get(load(f, (struct view){bytes, sizeof(bytes)}), "a"), "1");
    assert_int_equal(load(f, (struct view){NULL, 0})->kind, YAML_NOTHING);
    assert_int_equal(f->root.place.line, 1);
    assert_int_equal(f->root.place.column, 1);
}

static void binary_is_refused(void **state) {
    struct fixture *f = *state;
    refuse(f,
           VIEW("\xFF\xFE"
                "a\0:\0 \0001\0"),
           "dev.yaml:1:1: the file is UTF-16 or binary, not UTF-8");
    refuse(f, VIEW("\xFE\xFF\0a\0:"), "dev.yaml:1:1: the file is UTF-16 or binary, not UTF-8");
    refuse(f, VIEW("a\0:\0 \0001\0"),
           "dev.yaml:1:2: not YAML: control characters are not allowed (0x00)");
    refuse(f, VIEW("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "dev.yaml:1:1: the file is not UTF-8 here");
    refuse(f,
           VIEW("\x7f"
                "ELF\2\1\1\0\0"),
           "dev.yaml:1:1: not YAML: control characters are not allowed (0x7f)");
    refuse(f, VIEW("PK\3\4\24\0"),
           "dev.yaml:1:3: not YAML: control characters are not allowed (0x03)");
    refuse(f, VIEW("\x1f\x8b\x08"),
           "dev.yaml:1:2: the file is not UTF-8 here"); /* before the control character */
    refuse(f, VIEW("a: 1\nb: \xe4\xb8"), "dev.yaml:2:4: the file is not UTF-8 here");
    refuse(f, VIEW("a: 1\nb: \xf4\x90\x80\x80"), "dev.yaml:2:4: the file is not UTF-8 here");
}

static void messages_hold_no_control_characters(void **state) {
    struct fixture *f = *state;
    refuse(f, VIEW("\"a\\e[2J\": 1\n\"a\\e[2J\": 2\n"),
           "dev.yaml:2:1: key 'a?[2J' is there twice, first in line 1");
}

/* A long key is cut, and not inside of a character. */
static void long_names_are_cut(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 40; k++) {
            buf_append_str(&f->text, "ö€");
        }
        buf_append_str(&f->text, ": 1\n");
    }
    assert_int_equal(parse(f, buf_view(&f->text)), -1);
    assert_non_null(strstr(f->err.message, "ö€' is there twice, first in line 1"));
    assert_true(strlen(f->err.message) < 150);
}

/* --- ceilings --- */

static void hundred_kilobytes(void **state) {
    struct fixture *f = *state;
    size_t n = 0;
    for (; f->text.len < (size_t)100 * 1024; n++) {
        buf_appendf(&f->text, "- name: service-%zu # é\n  ecr_config: {mode: create_ecr}\n", n);
    }
    const struct yaml_value *root = load(f, buf_view(&f->text));
    assert_int_equal(root->n, n);
    const struct yaml_value *last = yaml_get(&root->items[n - 1], "ecr_config");
    assert_int_equal(last->place.line, 2 * n);
    assert_int_equal(last->place.column, 15);
    assert_memory_equal(f->text.data + last->place.offset, "{mode: create_ecr}", 18);
    assert_int_equal(last->place.end - last->place.offset, 18);
}

static void at_most_a_megabyte(void **state) {
    struct fixture *f = *state;
    buf_append_str(&f->text, "a: 1\n#");
    while (f->text.len < YAML_MAX_BYTES) {
        buf_append_char(&f->text, 'x');
    }
    load(f, buf_view(&f->text));
    buf_append_char(&f->text, 'x');
    refuse(f, buf_view(&f->text), "dev.yaml: the file has more than 1048576 bytes");
}

static void repeat(struct buf *text, const char *what, size_t n) {
    for (size_t i = 0; i < n; i++) {
        buf_append_str(text, what);
    }
}

static void at_most_so_many_values(void **state) {
    struct fixture *f = *state;
    repeat(&f->text, "- a\n", YAML_MAX_VALUES - 1);
    assert_int_equal(load(f, buf_view(&f->text))->n, YAML_MAX_VALUES - 1);
    repeat(&f->text, "- a\n", 1);
    refuse(f, buf_view(&f->text),
           "dev.yaml:100000:3: more than 100000 values, with aliases followed");
}

static void aliases_count_with_what_they_hold(void **state) {
    struct fixture *f = *state;
    buf_append_str(&f->text, "- &a [");
    repeat(&f->text, "x,", 999); /* a list of 999: 1000 values */
    buf_append_str(&f->text, "]\n");
    repeat(&f->text, "- *a\n", 98);
    load(f, buf_view(&f->text)); /* 1 + 99 * 1000 */
    repeat(&f->text, "- *a\n", 1);
    refuse(f, buf_view(&f->text), "dev.yaml:100:3: more than 100000 values, with aliases followed");
}

static void at_most_so_many_levels(void **state) {
    struct fixture *f = *state;
    repeat(&f->text, "[", YAML_MAX_DEPTH);
    repeat(&f->text, "]", YAML_MAX_DEPTH);
    load(f, buf_view(&f->text));
    buf_clear(&f->text);
    repeat(&f->text, "[", YAML_MAX_DEPTH);
    buf_append_str(&f->text, "x");
    repeat(&f->text, "]", YAML_MAX_DEPTH);
    refuse(f, buf_view(&f->text), "dev.yaml:1:65: more than 64 levels");
}

static void at_most_so_many_anchors(void **state) {
    struct fixture *f = *state;
    repeat(&f->text, "- &a x\n", YAML_MAX_ANCHORS);
    load(f, buf_view(&f->text));
    repeat(&f->text, "- &a x\n", 1);
    refuse(f, buf_view(&f->text), "dev.yaml:1001:3: more than 1000 anchors");
}

/* What takes a parser long where it is written carelessly; each within a test's usual time. */
static void odd_texts_take_no_time(void **state) {
    struct fixture *f = *state;
    repeat(&f->text, "[", 100000);
    refuse(f, buf_view(&f->text), "dev.yaml:1:65: more than 64 levels");
    buf_clear(&f->text);
    repeat(&f->text, "k: ", 100000);
    assert_int_equal(parse(f, buf_view(&f->text)), -1);
    buf_clear(&f->text);
    buf_append_str(&f->text, "{");
    for (int i = 0; i < 40000; i++) {
        buf_appendf(&f->text, "k%d: v, ", i);
    }
    buf_append_str(&f->text, "}");
    assert_int_equal(load(f, buf_view(&f->text))->n, 40000);
    buf_clear(&f->text);
    repeat(&f->text, "é", 500000);
    assert_int_equal(load(f, buf_view(&f->text))->kind, YAML_SCALAR);
    buf_clear(&f->text);
    repeat(&f->text, "\n", 1000000);
    assert_int_equal(load(f, buf_view(&f->text))->kind, YAML_NOTHING);
}

static void no_memory(void **state) {
    struct fixture *f = *state;
    struct arena small = ARENA_INIT(256);
    struct yaml_value root = {.n = 77};
    (void)f;
    struct err err;
    err_init(&err);
    struct yaml_place fault;
    assert_int_equal(yaml_parse(VIEW("a: [b, c, d]\n"), &small, &root, &fault, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
    assert_int_equal(root.n, 77);
    arena_release(&small);
}

/* --- without the file's name --- */

static void place_apart_from_the_message(void **state) {
    struct fixture *f = *state;
    struct yaml_place fault;
    err_init(&f->err);
    assert_int_equal(yaml_parse(VIEW("a: 1\nb: 2\na: 3"), &f->arena, &f->root, &fault, &f->err),
                     -1);
    assert_string_equal(f->err.message, "key 'a' is there twice, first in line 1");
    assert_int_equal(fault.line, 3);
    assert_int_equal(fault.column, 1);
    assert_int_equal(fault.offset, 10);
    buf_append_char(&f->text, '#');
    repeat(&f->text, "x", YAML_MAX_BYTES);
    err_init(&f->err);
    assert_int_equal(yaml_parse(buf_view(&f->text), &f->arena, &f->root, &fault, &f->err), -1);
    assert_int_equal(fault.line, 0); /* nowhere in it */
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(finds_by_key),
        TEST(merges_are_followed_where_asked),
        TEST(null_is_plain),
        TEST(text_need_not_end),
        TEST(binary_is_refused),
        TEST(messages_hold_no_control_characters),
        TEST(long_names_are_cut),
        TEST(hundred_kilobytes),
        TEST(at_most_a_megabyte),
        TEST(at_most_so_many_values),
        TEST(aliases_count_with_what_they_hold),
        TEST(at_most_so_many_levels),
        TEST(at_most_so_many_anchors),
        TEST(odd_texts_take_no_time),
        TEST(no_memory),
        TEST(place_apart_from_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
