#define _GNU_SOURCE /* memmem() */
#include "cli/files/text_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OUT_BYTES ((size_t)64 * 1024 * 1024)
#define ARENA_BYTES ((size_t)256 * 1024 * 1024)

static const struct text_diff_options plain = {
    .old_name = "old", .new_name = "new", .context = TEXT_DIFF_CONTEXT};

static void make(struct view old_text, struct view new_text,
                 const struct text_diff_options *options, struct buf *out) {
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    struct err err;
    err_init(&err);
    if (text_diff(old_text, new_text, options, &arena, out, &err) < 0) {
        fail_msg("%s", err.message);
    }
}

static void assert_diff(const char *old_text, const char *new_text, const char *expected) {
    struct buf out BUF_AUTO = BUF_INIT(OUT_BYTES);
    make(view_of(old_text), view_of(new_text), &plain, &out);
    assert_string_equal(buf_cstr(&out), expected);
}

static void equal_texts_have_none(void **state) {
    (void)state;
    assert_diff("", "", "");
    assert_diff("a\nb\n", "a\nb\n", "");
    assert_diff("a", "a", "");
}

static void from_nothing_and_to_nothing(void **state) {
    (void)state;
    assert_diff("", "a\n", "--- old\n+++ new\n@@ -0,0 +1 @@\n+a\n");
    assert_diff("a\nb\n", "", "--- old\n+++ new\n@@ -1,2 +0,0 @@\n-a\n-b\n");
}

static void an_insertion_with_its_context(void **state) {
    (void)state;
    assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nnew\n5\n6\n7\n8\n",
                "--- old\n+++ new\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+new\n 5\n 6\n 7\n");
}

static void a_replaced_line(void **state) {
    (void)state;
    assert_diff("a\nb\nc\n", "a\nB\nc\n", "--- old\n+++ new\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
}

static void changes_close_by_are_one_hunk(void **state) {
    (void)state;
    assert_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
                "--- old\n+++ new\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
}

static void changes_far_apart_are_two(void **state) {
    (void)state;
    assert_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
                "--- old\n+++ new\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
                "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

static void a_last_line_without_its_end(void **state) {
    (void)state;
    assert_diff("a\nb", "a\nb\n",
                "--- old\n+++ new\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
    assert_diff("a", "b",
                "--- old\n+++ new\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"
                "\\ No newline at end of file\n");
    assert_diff("a\nz", "b\nz",
                "--- old\n+++ new\n@@ -1,2 +1,2 @@\n-a\n+b\n z\n\\ No newline at end of file\n");
}

static void line_ends_belong_to_the_lines(void **state) {
    (void)state;
    assert_diff("a\r\nb\r\n", "a\r\nb\n", "--- old\n+++ new\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+b\n");
}

static void colours_for_a_terminal(void **state) {
    (void)state;
    struct text_diff_options options = plain;
    struct buf out BUF_AUTO = BUF_INIT(OUT_BYTES);
    options.is_coloured = true;
    make(VIEW("a\nk\r\n"), VIEW("b\x1b[2J\x07\n\tk\x7f\rz\r\n"), &options, &out);
    assert_string_equal(buf_cstr(&out), "\033[1m--- old\033[0m\n\033[1m+++ new\033[0m\n"
                                        "\033[36m@@ -1,2 +1,2 @@\033[0m\n"
                                        "\033[31m-a\033[0m\n\033[31m-k\033[0m\n"
                                        "\033[32m+b^[[2J^G\033[0m\n"
                                        "\033[32m+\tk^?^Mz\033[0m\n");
}

static void memory_that_is_not_there(void **state) {
    (void)state;
    struct err err;
    struct arena small ARENA_AUTO = ARENA_INIT(64);
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    struct buf out BUF_AUTO = BUF_INIT(OUT_BYTES);
    struct buf full BUF_AUTO = BUF_INIT(10);
    err_init(&err);
    assert_int_equal(text_diff(VIEW("a\nb\n"), VIEW("c\n"), &plain, &small, &out, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
    err_init(&err);
    assert_int_equal(text_diff(VIEW("a\nb\n"), VIEW("c\n"), &plain, &arena, &full, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
}

/* --- any two texts: the diff leads from one to the other, and is as short as it can be --- */

struct replay {
    struct view rest; /* of the diff */
    struct view old_text;
    struct buf *result;
    size_t n_edits;
};

static struct view take_line(struct view *text) {
    const char *newline = memchr(text->data, '\n', text->len);
    size_t len = newline ? (size_t)(newline - text->data) + 1 : text->len;
    struct view line = view_slice(*text, 0, len);
    *text = view_slice(*text, len, text->len);
    return line;
}

static size_t old_line_of(struct view hunk) {
    return (size_t)strtoul(hunk.data + 4, NULL, 10);
}

static bool old_range_is_empty(struct view hunk) {
    const char *end = strchr(hunk.data, '+');
    return memmem(hunk.data, (size_t)(end - hunk.data), ",0 ", 3) != NULL;
}

/* patch(1), strictly. */
static void replay(struct replay *r) {
    size_t line_number = 1;
    take_line(&r->rest);
    take_line(&r->rest);
    while (r->rest.len > 0) {
        struct view line = take_line(&r->rest);
        if (line.data[0] == '@') {
            size_t begin = old_line_of(line) + (old_range_is_empty(line) ? 1 : 0);
            for (; line_number < begin; line_number++) {
                buf_append(r->result, take_line(&r->old_text));
            }
            continue;
        }
        struct view text = view_slice(line, 1, line.len);
        if (view_starts_with(r->rest, VIEW("\\"))) {
            text.len--;
            take_line(&r->rest);
        }
        if (line.data[0] != '+') {
            struct view old_line = take_line(&r->old_text);
            assert_true(view_equal(old_line, text));
            line_number++;
        }
        if (line.data[0] != '-') {
            buf_append(r->result, text);
        }
        r->n_edits += line.data[0] != ' ';
    }
    buf_append(r->result, r->old_text);
}

static size_t replay_of(struct view old_text, struct view new_text, size_t context) {
    struct text_diff_options options = plain;
    struct buf out BUF_AUTO = BUF_INIT(OUT_BYTES);
    struct buf result BUF_AUTO = BUF_INIT(OUT_BYTES);
    options.context = context;
    make(old_text, new_text, &options, &out);
    struct replay r = {.rest = buf_view(&out), .old_text = old_text, .result = &result};
    replay(&r);
    assert_true(view_equal(buf_view(&result), new_text));
    return r.n_edits;
}

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static size_t random_text(uint32_t *seed, size_t max_lines, unsigned letters, char *text) {
    size_t n = next_random(seed) % (max_lines + 1);
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = (char)('a' + next_random(seed) % letters);
        text[2 * i + 1] = '\n';
    }
    size_t len = 2 * n;
    return len > 0 && next_random(seed) % 4 == 0 ? len - 1 : len;
}

#define MAX_LINES 24

/* Lines, where the last one may lack its end. */
static size_t distance(struct view a, struct view b) {
    static size_t table[MAX_LINES + 1][MAX_LINES + 1];
    struct view a_lines[MAX_LINES];
    struct view b_lines[MAX_LINES];
    size_t n = 0;
    size_t m = 0;
    while (a.len > 0) {
        a_lines[n++] = take_line(&a);
    }
    while (b.len > 0) {
        b_lines[m++] = take_line(&b);
    }
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                table[i][j] = i + j;
            } else if (view_equal(a_lines[i - 1], b_lines[j - 1])) {
                table[i][j] = table[i - 1][j - 1];
            } else {
                size_t x = table[i - 1][j];
                size_t y = table[i][j - 1];
                table[i][j] = 1 + (x < y ? x : y);
            }
        }
    }
    return table[n][m];
}

static void any_two_texts(void **state) {
    (void)state;
    uint32_t seed = 7;
    for (int i = 0; i < 4000; i++) {
        char a[2 * MAX_LINES];
        char b[2 * MAX_LINES];
        unsigned letters = 1 + next_random(&seed) % 5;
        struct view old_text = {a, random_text(&seed, i % 3 ? MAX_LINES : 3, letters, a)};
        struct view new_text = {b, random_text(&seed, i % 5 ? MAX_LINES : 2, letters, b)};
        size_t n_edits = replay_of(old_text, new_text, next_random(&seed) % 4);
        assert_int_equal(n_edits, distance(old_text, new_text));
    }
}

/* --- large ones: more edits than the search takes at once --- */

static void fill(struct buf *buf, size_t n_lines, size_t every, const char *with) {
    for (size_t i = 0; i < n_lines; i++) {
        buf_appendf(buf, "line %zu\n", i);
        if (every > 0 && i % every == 0) {
            buf_append_str(buf, with);
        }
    }
}

static void many_insertions(void **state) {
    (void)state;
    struct buf old_text BUF_AUTO = BUF_INIT(OUT_BYTES);
    struct buf new_text BUF_AUTO = BUF_INIT(OUT_BYTES);
    fill(&old_text, 30000, 0, "");
    fill(&new_text, 30000, 3, "new\nlines\n");
    assert_int_equal(replay_of(buf_view(&old_text), buf_view(&new_text), 3), 20000);
    assert_int_equal(replay_of(buf_view(&new_text), buf_view(&old_text), 3), 20000);
}

static void nothing_in_common(void **state) {
    (void)state;
    struct buf old_text BUF_AUTO = BUF_INIT(OUT_BYTES);
    struct buf new_text BUF_AUTO = BUF_INIT(OUT_BYTES);
    for (int i = 0; i < 5000; i++) {
        buf_appendf(&old_text, "old %d\n", i);
        buf_appendf(&new_text, "new %d\n", i);
    }
    assert_int_equal(replay_of(buf_view(&old_text), buf_view(&new_text), 3), 10000);
}

static void one_line_against_very_many(void **state) {
    (void)state;
    struct buf many BUF_AUTO = BUF_INIT(OUT_BYTES);
    fill(&many, 5000, 0, "");
    assert_int_equal(replay_of(VIEW("line 2500\n"), buf_view(&many), 3), 4999);
    assert_int_equal(replay_of(buf_view(&many), VIEW("line 2500"), 3), 5001);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_have_none),
        cmocka_unit_test(from_nothing_and_to_nothing),
        cmocka_unit_test(an_insertion_with_its_context),
        cmocka_unit_test(a_replaced_line),
        cmocka_unit_test(changes_close_by_are_one_hunk),
        cmocka_unit_test(changes_far_apart_are_two),
        cmocka_unit_test(a_last_line_without_its_end),
        cmocka_unit_test(line_ends_belong_to_the_lines),
        cmocka_unit_test(colours_for_a_terminal),
        cmocka_unit_test(memory_that_is_not_there),
        cmocka_unit_test(any_two_texts),
        cmocka_unit_test(many_insertions),
        cmocka_unit_test(nothing_in_common),
        cmocka_unit_test(one_line_against_very_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
