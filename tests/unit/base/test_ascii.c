#include "runtime/base/ascii.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_one_of(int byte, const char *all) {
    return byte != 0 && strchr(all, byte) != NULL;
}

/* Of all bytes, those above 127 and NUL as well. */
static void each_byte_is_what_it_is(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        assert_int_equal(ascii_is_alphanumeric(c), is_one_of(byte, DIGITS LOWER UPPER));
        assert_int_equal(ascii_is_unreserved(c), is_one_of(byte, DIGITS LOWER UPPER "-._~"));
    }
}

static void only_capitals_are_lowered(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char *capital = byte != 0 ? strchr(UPPER, byte) : NULL;
        char expected = capital ? LOWER[capital - UPPER] : (char)byte;
        assert_int_equal(ascii_lower((char)byte), expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_is_what_it_is),
        cmocka_unit_test(only_capitals_are_lowered),
    };
    return cmocka_run_group_tests_name("ascii", tests, NULL, NULL);
}
