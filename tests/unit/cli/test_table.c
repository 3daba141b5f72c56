#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES ((size_t)1024 * 1024)

static void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got '" VIEW_FMT "', want '%s'", VIEW_ARG(got), want);
    }
}

static void text_that_drives_a_terminal_is_shown_as_such(void **state) {
    static const struct {
        const char *text, *clean;
    } cases[] = {
        {"", ""},
        {"git-abc123f", "git-abc123f"},
        {"Gr\303\274\303\237e", "Gr\303\274\303\237e"},
        {"\344\270\255\346\226\207 \360\237\232\242", "\344\270\255\346\226\207 \360\237\232\242"},
        {"\033[31mred\033[0m", "?[31mred?[0m"},
        {"\033]0;title\007", "?]0;title?"},
        {"a\tb\r\nc\177", "a?b??c?"},
        {"\302\233"
         "2J",
         "?2J"},                          /* CSI as one C1 character */
        {"\302\240nbsp", "\302\240nbsp"}, /* the first behind C1 */
        {"\233"
         "2J",
         "?2J"},                              /* and as a byte that is no UTF-8 */
        {"\342\200\256evil", "?evil"},        /* right-to-left override */
        {"\342\201\246x\342\201\251", "?x?"}, /* isolates */
        {"\342\200\217\342\200\216", "??"},   /* marks */
        {"\342\200\250\342\200\251", "??"},   /* line, paragraph */
        {"\303", "?"},                        /* cut short */
        {"\355\240\200", "???"},              /* a surrogate */
        {"\300\200", "??"},                   /* overlong */
    };
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_view(table_clean(view_of(cases[i].text), &arena), cases[i].clean);
    }
    assert_view(table_clean((struct view){"a\0b", 3}, &arena), "a?b");
    assert_view(table_clean((struct view){"\303\274x", 1}, &arena), "?"); /* not beyond the view */
    struct arena none = ARENA_INIT(0);
    assert_null(table_clean(VIEW("a"), &none).data);
}

static void long_text_is_cut_between_characters(void **state) {
    static const struct {
        const char *text;
        size_t characters;
        const char *cut;
    } cases[] = {
        {"", 0, ""},
        {"", 5, ""},
        {"abc", 3, "abc"},
        {"abc", 4, "abc"},
        {"abcd", 3, "abc"},
        {"abcde", 4, "a..."},
        {"abc", 0, ""},
        {"abc", 1, "a"},
        {"\303\274\303\274\303\274\303\274\303\274", 4, "\303\274..."},
        {"\303\274\303\274\303\274\303\274", 4, "\303\274\303\274\303\274\303\274"},
        {"\360\237\232\242\360\237\232\242", 1, "\360\237\232\242"},
    };
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_view(table_cut(view_of(cases[i].text), cases[i].characters, &arena), cases[i].cut);
    }
    struct arena none = ARENA_INIT(0);
    assert_null(table_cut(VIEW("abcdef"), 5, &none).data);
}

struct printed {
    char *text;
    int status;
};

/* Cells are parted by '|', rows by '/'; the caller frees the text. */
static struct printed print(const char *rows, const struct cli *settings, bool cuts_last,
                            size_t arena_bytes) {
    struct arena arena ARENA_AUTO = ARENA_INIT(arena_bytes);
    struct printed printed = {0};
    size_t len;
    struct cli cli = *settings;
    struct view all = view_of(rows);
    struct view row;
    cli.out = open_memstream(&printed.text, &len);
    struct table table = table_new(3, 8, &arena);
    assert_non_null(table.rows);
    table.cuts_last = cuts_last;
    while (view_split(&all, '/', &row)) {
        struct table_cell *cells = table_add_row(&table);
        struct view cell;
        for (size_t i = 0; view_split(&row, '|', &cell); i++) {
            cells[i] = (struct table_cell){cell, i == 1 ? COLOUR_GREEN : COLOUR_NONE};
        }
    }
    printed.status = table_print(&table, &cli);
    fclose(cli.out);
    return printed;
}

static void assert_prints(const char *rows, const struct cli *settings, bool cuts_last,
                          const char *want) {
    struct printed printed = print(rows, settings, cuts_last, ARENA_BYTES);
    assert_int_equal(printed.status, 0);
    assert_string_equal(printed.text, want);
    free(printed.text);
}

static void columns_are_as_wide_as_their_widest_cell(void **state) {
    const struct cli plain = {0};
    (void)state;
    assert_prints("A|B|C/aaa|b|c", &plain, false, "A    B  C\naaa  b  c\n");
    assert_prints("A|B|C/\303\274\303\274\303\274|b|c", &plain, false,
                  "A    B  C\n\303\274\303\274\303\274  b  c\n");
    assert_prints("", &plain, false, "");
    assert_prints("a|b|c", &plain, false, "a  b  c\n");
}

static void no_line_ends_with_spaces(void **state) {
    const struct cli plain = {0};
    (void)state;
    assert_prints("A|B|C/a/||c/ab|b", &plain, false, "A   B  C\na\n       c\nab  b\n");
}

static void a_cell_cannot_leave_its_place(void **state) {
    const struct cli plain = {0};
    (void)state;
    assert_prints("A|B|C/a\nb|\033[2J|c", &plain, false, "A    B     C\na?b  ?[2J  c\n");
}

static void colours_do_not_count(void **state) {
    const struct cli coloured = {.colours = true};
    (void)state;
    assert_prints("A|B|C/aa|bb|c", &coloured, false,
                  "A   \033[32mB\033[0m   C\naa  \033[32mbb\033[0m  c\n");
}

static void the_last_column_gets_what_is_left(void **state) {
    const struct cli wide = {.out_columns = 30};
    const struct cli narrow = {.out_columns = 20};
    const char *rows = "A|B|C/aaa|b|12345678901234567890123456";
    (void)state;
    assert_prints(rows, &wide, true, "A    B  C\naaa  b  1234567890123456789...\n");
    assert_prints(rows, &wide, false, "A    B  C\naaa  b  12345678901234567890123456\n");
    /* where that would be too little, the line goes on in the next one */
    assert_prints(rows, &narrow, true, "A    B  C\naaa  b  12345678901234567890123456\n");
}

static void without_memory_nothing_is_half_said(void **state) {
    const struct cli plain = {0};
    const struct cli narrow = {.out_columns = 30};
    const char *rows = "A|B|C/aaa|b|12345678901234567890123456";
    size_t n_failed = 0;
    (void)state;
    /* the rows themselves take so much */
    size_t rows_bytes = 8 * sizeof(struct table_cell[TABLE_COLUMNS_MAX]);
    for (size_t bytes = rows_bytes; bytes < rows_bytes + 400; bytes++) {
        struct printed printed = print(rows, bytes % 2 ? &plain : &narrow, true, bytes);
        if (printed.status < 0) {
            assert_string_equal(printed.text, "");
            n_failed++;
        } else {
            assert_non_null(strstr(printed.text, "aaa  b  1234567890123456789"));
        }
        free(printed.text);
    }
    assert_in_range(n_failed, 20, 399);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_drives_a_terminal_is_shown_as_such),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(no_line_ends_with_spaces),
        cmocka_unit_test(a_cell_cannot_leave_its_place),
        cmocka_unit_test(colours_do_not_count),
        cmocka_unit_test(the_last_column_gets_what_is_left),
        cmocka_unit_test(without_memory_nothing_is_half_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
