#include "runtime/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_code_point_round_trips(void **state) {
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF) {
            continue;
        }
        char bytes[4];
        size_t len = utf8_encode(c, bytes);
        uint32_t back = UINT32_MAX;
        if (utf8_decode((struct view){bytes, len}, &back) != len || back != c) {
            fail_msg("U+%04X came back as U+%04X", (unsigned)c, (unsigned)back);
        }
        if (len > 1 && utf8_sequence((struct view){bytes, len - 1}) != 0) {
            fail_msg("U+%04X is taken without its last byte", (unsigned)c);
        }
    }
}

static void what_is_no_code_point_becomes_a_replacement(void **state) {
    (void)state;
    static const uint32_t wrong[] = {0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0x110000, UINT32_MAX};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char bytes[4];
        assert_int_equal(utf8_encode(wrong[i], bytes), 3);
        assert_memory_equal(bytes, UTF8_REPLACEMENT, 3);
    }
}

static void malformed_sequences_are_none(void **state) {
    (void)state;
    static const char *const malformed[] = {
        "\x80", /* a continuation alone */
        "\xBF",
        "\xC0\x80", /* overlong NUL */
        "\xC1\xBF",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80", /* a surrogate */
        "\xED\xBF\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", /* beyond U+10FFFF */
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xC3",
        "\xC3(",
        "\xE2\x82",
        "\xE2\x82(",
        "\xE2(\xAC",
        "\xF0\x9F\x98",
        "\xF0\x9F\x98(",
        "\xF0(\x98\x80",
        "\xF0\x9F(\x80",
    };
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        uint32_t untouched = 7;
        assert_int_equal(utf8_sequence(view_of(malformed[i])), 0);
        assert_int_equal(utf8_decode(view_of(malformed[i]), &untouched), 0);
        assert_int_equal(untouched, 7);
    }
    assert_int_equal(utf8_sequence((struct view){NULL, 0}), 0);
}

static void a_cut_never_splits_a_character(void **state) {
    (void)state;
    struct view text = VIEW("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"); /* a é € 😀 z: 1 2 3 4 1 */
    static const size_t lengths[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t max = 0; max < sizeof(lengths) / sizeof(lengths[0]); max++) {
        struct view cut = utf8_cut(text, max);
        assert_ptr_equal(cut.data, text.data);
        assert_int_equal(cut.len, lengths[max]);
    }
}

static void a_cut_of_garbage_is_just_a_cut(void **state) {
    (void)state;
    assert_int_equal(utf8_cut(VIEW("\x80\x80\x80\x80\x80\x80"), 4).len, 4);
    assert_int_equal(utf8_cut(VIEW("\xFF\xFF\xFF"), 2).len, 2);
    assert_int_equal(utf8_cut((struct view){NULL, 0}, 4).len, 0);
}

static void what_drives_or_turns_a_terminal_is_not_harmless(void **state) {
    (void)state;
    static const uint32_t harmful[] = {0,      0x09,   0x0A,   0x1B,   0x7F,   0x80,
                                       0x9B,   0x9F,   0x200E, 0x200F, 0x2028, 0x2029,
                                       0x202A, 0x202E, 0x2066, 0x2069};
    static const uint32_t harmless[] = {' ',    '~',    0xA0,   0xE9,   0x200B, 0x200D, 0x2010,
                                        0x2027, 0x202F, 0x2065, 0x206A, 0xFFFD, 0x1F600};
    for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
        assert_false(utf8_is_harmless(harmful[i]));
    }
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        assert_true(utf8_is_harmless(harmless[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_round_trips),
        cmocka_unit_test(what_is_no_code_point_becomes_a_replacement),
        cmocka_unit_test(malformed_sequences_are_none),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(a_cut_of_garbage_is_just_a_cut),
        cmocka_unit_test(what_drives_or_turns_a_terminal_is_not_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
