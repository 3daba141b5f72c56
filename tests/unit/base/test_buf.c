#include "runtime/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void an_empty_buffer_is_an_empty_string(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(10);
    struct err err;
    err_init(&err);
    assert_string_equal(buf_cstr(&buf), "");
    assert_int_equal(buf_view(&buf).len, 0);
    assert_non_null(buf_view(&buf).data);
    assert_int_equal(buf_check(&buf, "text", &err), 0);
    assert_false(err_is_set(&err));
    buf_append(&buf, (struct view){NULL, 0});
    buf_append_str(&buf, NULL);
    buf_clear(&buf);
    assert_null(buf.data);
}

static void appending(void **state) {
    (void)state;
    struct buf buf BUF_AUTO;
    buf_init(&buf, 1000);
    buf_append(&buf, VIEW("a\0b"));
    buf_append_str(&buf, "cd");
    buf_append_char(&buf, 'e');
    buf_append_i64(&buf, 0);
    buf_append_i64(&buf, INT64_MIN);
    buf_append_i64(&buf, INT64_MAX);
    buf_appendf(&buf, "[%d %s]", 7, "x");
    struct view expected = VIEW("a\0bcde0-92233720368547758089223372036854775807[7 x]");
    assert_true(view_equal(buf_view(&buf), expected));
    assert_int_equal(buf.data[buf.len], '\0');
}

static void it_grows_and_keeps_everything(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(300000); /* beyond where growth changes to realloc() */
    size_t moves = 0;
    for (size_t i = 0; i < 300000; i++) {
        const char *before = buf.data;
        size_t capacity = buf.capacity;
        buf_append_char(&buf, (char)('a' + i % 26));
        moves += buf.data != before || buf.capacity != capacity;
        assert_true(buf.capacity <= buf.limit + 1);
    }
    assert_false(buf.failed);
    assert_in_range(moves, 1, 20); /* geometric */
    for (size_t i = 0; i < buf.len; i++) {
        assert_int_equal(buf.data[i], 'a' + i % 26);
    }
}

static void the_ceiling_is_exact_and_failure_sticks(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(4);
    struct err err;
    err_init(&err);
    buf_append_str(&buf, "abcd");
    assert_int_equal(buf_check(&buf, "answer", &err), 0);
    buf_append_char(&buf, 'e');
    assert_true(buf.failed);
    assert_string_equal(buf_cstr(&buf), "abcd");
    buf.len = 1; /* room there would be; it stays failed */
    buf_append_char(&buf, 'x');
    buf.len = 4;
    assert_string_equal(buf_cstr(&buf), "abcd");
    assert_int_equal(buf_check(&buf, "answer", &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
    assert_string_equal(err.message, "'answer' is larger than its ceiling of 4 bytes");

    buf_clear(&buf);
    err_init(&err);
    assert_string_equal(buf_cstr(&buf), "");
    buf_append_str(&buf, "xy");
    assert_int_equal(buf_check(&buf, "answer", &err), 0);
    assert_string_equal(buf_cstr(&buf), "xy");
}

static void nothing_is_appended_in_part(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(4);
    buf_append_str(&buf, "ab");
    buf_append_str(&buf, "cde");
    assert_true(buf.failed);
    assert_string_equal(buf_cstr(&buf), "ab");
    buf_clear(&buf);
    buf_appendf(&buf, "%s", "abcde");
    assert_true(buf.failed);
    assert_string_equal(buf_cstr(&buf), "");
}

static void a_ceiling_of_nothing_takes_nothing(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(0);
    buf_append(&buf, VIEW(""));
    assert_false(buf.failed);
    buf_append_char(&buf, 'a');
    assert_true(buf.failed);
}

static void absurd_lengths_fail(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(SIZE_MAX);
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
    buf_clear(&buf);
    buf_append_char(&buf, 'a');
    assert_null(buf_reserve(&buf, SIZE_MAX - 1));
    assert_true(buf.failed);
    assert_string_equal(buf_cstr(&buf), "a");
}

static void its_own_bytes_can_be_appended(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(1 << 20);
    buf_append_str(&buf, "0123456789");
    for (int i = 0; i < 14; i++) { /* moves several times */
        buf_append(&buf, buf_view(&buf));
    }
    assert_int_equal(buf.len, 10 << 14);
    for (size_t i = 0; i < buf.len; i++) {
        assert_int_equal(buf.data[i], '0' + i % 10);
    }
    buf_append(&buf, view_slice(buf_view(&buf), 3, 2));
    assert_string_equal(buf_cstr(&buf) + buf.len - 2, "34");
}

static void reserve_and_commit(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(200);
    char *room = buf_reserve(&buf, 150);
    assert_non_null(room);
    memset(room, 'x', 150);
    buf_commit(&buf, 0);
    assert_int_equal(buf.len, 0);
    memcpy(room, "abc", 3);
    buf_commit(&buf, 3);
    assert_string_equal(buf_cstr(&buf), "abc");
    assert_null(buf_reserve(&buf, 198));
    assert_true(buf.failed);
}

static void committing_more_than_was_reserved_fails(void **state) {
    (void)state;
    struct buf buf BUF_AUTO = BUF_INIT(200);
    buf_commit(&buf, 1);
    assert_true(buf.failed);
    buf_clear(&buf);
    (void)buf_reserve(&buf, 10);
    buf_commit(&buf, 150);
    assert_true(buf.failed);
    assert_int_equal(buf.len, 0);
}

static void release_and_wipe_leave_it_usable(void **state) {
    (void)state;
    struct buf buf = BUF_INIT(8);
    buf_release(NULL);
    buf_wipe(NULL);
    buf_wipe(&buf);
    buf_append_str(&buf, "secret");
    buf_wipe(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.limit, 8);
    buf_append_str(&buf, "again");
    assert_string_equal(buf_cstr(&buf), "again");
    buf_release(&buf);
    buf_release(&buf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_string),
        cmocka_unit_test(appending),
        cmocka_unit_test(it_grows_and_keeps_everything),
        cmocka_unit_test(the_ceiling_is_exact_and_failure_sticks),
        cmocka_unit_test(nothing_is_appended_in_part),
        cmocka_unit_test(a_ceiling_of_nothing_takes_nothing),
        cmocka_unit_test(absurd_lengths_fail),
        cmocka_unit_test(its_own_bytes_can_be_appended),
        cmocka_unit_test(reserve_and_commit),
        cmocka_unit_test(committing_more_than_was_reserved_fails),
        cmocka_unit_test(release_and_wipe_leave_it_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
