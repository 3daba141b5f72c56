/* The man page and the completions of a small table of commands; tests/integration has what man,
 * bash and zsh make of those of the real one. */

#include "cli/shell_texts.h"

#include "bootstrap/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct option_row options[] = {
    {.name = "dry-run", .letter = 'n', .help = "the plan's: show it"},
    {.name = "max", .value = "N", .help = ".so many"},
    {0},
};
static const struct command commands[] = {
    {.name = "plan",
     .synopsis = "SERVICE [TAG]",
     .summary = "show what's done",
     .details = "one \\ line\n.two lines\n'three",
     .example = "slipway plan --max=2 web",
     .options = options},
    {.name = "ecr policy", .synopsis = "", .summary = "print a policy", .example = "slipway ecr"},
    {.name = "ecr lifecycle", .synopsis = "", .summary = "print it: all", .example = "slipway ecr"},
    {0},
};

typedef void (*writes)(const struct command *commands, struct buf *text);

static void assert_has(writes write, const char *const *parts, size_t n) {
    struct buf text BUF_AUTO = BUF_INIT((size_t)64 * 1024);
    write(commands, &text);
    assert_false(text.failed);
    const char *rest = buf_cstr(&text);
    for (size_t i = 0; i < n; i++) {
        const char *found = strstr(rest, parts[i]);
        if (!found) {
            fail_msg("'%s' is not in, or not behind the one before it:\n%s", parts[i],
                     buf_cstr(&text));
        }
        rest = found + strlen(parts[i]);
    }
}
#define ASSERT_HAS(write, ...)                                                                     \
    assert_has(write, (const char *const[]){__VA_ARGS__},                                          \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void a_page_has_all_sections(void **state) {
    (void)state;
    ASSERT_HAS(manual_page_write, ".TH SLIPWAY 1 \"\" \"slipway " SLIPWAY_VERSION "\"",
               ".SH NAME\n", ".SH SYNOPSIS\n", ".SH DESCRIPTION\n", ".SH COMMANDS\n",
               ".SS slipway plan SERVICE [TAG]\n", "show what's done.\n",
               "\\fB\\-n\\fR, \\fB\\-\\-dry\\-run\\fR\n", "\\fB\\-\\-max\\fR=\\fIN\\fR\n",
               "slipway plan \\-\\-max=2 web\n", ".SS slipway ecr policy",
               ".SS slipway ecr lifecycle", ".SH EXIT STATUS\n", ".SH ENVIRONMENT\n", "NO_COLOR");
}

/* A line that begins with a point or a quote would be a request, and a backslash an escape. */
static void text_is_no_markup(void **state) {
    (void)state;
    ASSERT_HAS(manual_page_write, "one \\e line\n\\&.two lines\n\\&'three\n", "\\&.so many\n");
}

static void bash_knows_words_and_options(void **state) {
    (void)state;
    ASSERT_HAS(completion_write_bash, "_slipway() {\n",
               "'plan '*) words='--dry-run --max= --help' ;;\n",
               "'ecr policy '*) words='--help' ;;\n", "'ecr lifecycle '*) words='--help' ;;\n",
               "'ecr ') words='policy lifecycle ' ;;\n",
               "' '|'help ') words='plan ecr help --help --version' ;;\n",
               "complete -o default -F _slipway slipway\n");
}

static void zsh_quotes_what_it_shows(void **state) {
    (void)state;
    ASSERT_HAS(completion_write_zsh, "#compdef slipway\n",
               "('plan '*) choices=('--dry-run:the plan'\\''s: show it' '--max=:.so many' "
               "'--help:show what it does' )",
               "('ecr ') choices=('policy:print a policy' 'lifecycle:print it: all' )",
               "(' '|'help ') choices=('plan:show what'\\''s done' 'ecr:several commands' )");
}

static void nothing_is_written_beyond_the_ceiling(void **state) {
    static const writes all[] = {manual_page_write, completion_write_bash, completion_write_zsh};
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct buf text BUF_AUTO = BUF_INIT(100);
        struct err err;
        err_init(&err);
        all[i](commands, &text);
        assert_int_equal(buf_check(&text, "text", &err), -1);
        assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_all_sections),
        cmocka_unit_test(text_is_no_markup),
        cmocka_unit_test(bash_knows_words_and_options),
        cmocka_unit_test(zsh_quotes_what_it_shows),
        cmocka_unit_test(nothing_is_written_beyond_the_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
