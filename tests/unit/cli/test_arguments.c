#include "cli/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct option_row rows[] = {
    {.name = "dry-run", .letter = 'n', .help = "do nothing"},
    {.name = "digest", .value = "SHA256", .help = "that image"},
    {.name = "reason", .letter = 'm', .value = "TEXT", .help = "why"},
    {.name = "region", .value = "REGION", .help = "where"},
    {.name = "task-definition", .value = "REVISION", .help = "that one"},
    {0},
};

struct parsed {
    struct arena arena;
    struct arguments arguments;
    struct err err;
    int status;
    bool help;
};

/* "a 'b c'" is beyond this: words are parted by spaces, and "_" is an empty one. */
static void parse(struct parsed *p, const struct option_row *options, const char *line) {
    static char text[256];
    static char *words[32];
    size_t n = 0;
    snprintf(text, sizeof(text), "%s", line);
    for (char *rest = text, *word; (word = strsep(&rest, " ")) != NULL;) {
        if (word[0] != '\0') {
            words[n++] = strcmp(word, "_") == 0 ? word + 1 : word;
        }
    }
    *p = (struct parsed){.arena = ARENA_INIT(64 * 1024)};
    err_init(&p->err);
    p->status = arguments_parse(options, words, n, &p->arena, &p->arguments, &p->help, &p->err);
}

static void assert_is(const char *line, const char *expected) {
    struct parsed p;
    char got[256] = "";
    parse(&p, rows, line);
    assert_int_equal(p.status, 0);
    for (const struct option_row *row = rows; row->name; row++) {
        const char *value = arguments_value(&p.arguments, row->name);
        assert_int_equal(value != NULL, arguments_has(&p.arguments, row->name));
        if (value) {
            size_t len = strlen(got);
            snprintf(got + len, sizeof(got) - len, "%s=%s ", row->name, value);
        }
    }
    for (size_t i = 0; i < p.arguments.n_operands; i++) {
        size_t len = strlen(got);
        snprintf(got + len, sizeof(got) - len, "[%s]", p.arguments.operands[i]);
    }
    assert_string_equal(got, expected);
    assert_false(p.help);
    arena_release(&p.arena);
}

static void assert_wrong(const char *line, const char *message) {
    struct parsed p;
    parse(&p, rows, line);
    assert_int_equal(p.status, -1);
    assert_int_equal(p.err.code, ERR_CONFIG_INVALID);
    assert_string_equal(p.err.message, message);
    arena_release(&p.arena);
}

static void takes_what_getopt_takes(void **state) {
    (void)state;
    assert_is("", "");
    assert_is("backend", "[backend]");
    assert_is("backend git-1", "[backend][git-1]");
    assert_is("-n backend", "dry-run= [backend]");
    assert_is("backend --dry-run git-1", "dry-run= [backend][git-1]");
    assert_is("--digest sha256:1 backend", "digest=sha256:1 [backend]");
    assert_is("--digest=sha256:1 backend", "digest=sha256:1 [backend]");
    assert_is("--digest= backend", "digest= [backend]");
    assert_is("--digest _ backend", "digest= [backend]");
    assert_is("-m why backend", "reason=why [backend]");
    assert_is("-mwhy backend", "reason=why [backend]");
    assert_is("-nm why backend", "dry-run= reason=why [backend]");
    assert_is("-nmwhy backend", "dry-run= reason=why [backend]");
    assert_is("--reason=a=b", "reason=a=b ");
    assert_is("-m -n", "reason=-n ");
    assert_is("--reason -n", "reason=-n ");
    assert_is("-- -n --digest", "[-n][--digest]");
    assert_is("a -- -n", "[a][-n]");
    assert_is("-", "[-]");
    assert_is("- -n -", "dry-run= [-][-]");
    assert_is("_", "[]");
    assert_is("a _ b", "[a][][b]");
}

static void abbreviations_are_taken_where_they_are_clear(void **state) {
    (void)state;
    assert_is("--dry a", "dry-run= [a]");
    assert_is("--dr a", "dry-run= [a]");
    assert_is("--task=7 a", "task-definition=7 [a]");
    assert_is("--reg=x", "region=x ");
    assert_wrong("--re=x", "unknown or ambiguous option '--re=x'");
    assert_wrong("--d a", "unknown or ambiguous option '--d'");
}

static void the_last_one_counts(void **state) {
    (void)state;
    assert_is("-m a -m b --reason c", "reason=c ");
    assert_is("-n -n --dry-run", "dry-run= ");
}

static void what_is_wrong_is_named(void **state) {
    (void)state;
    assert_wrong("--frob", "unknown or ambiguous option '--frob'");
    assert_wrong("a b --frob=1", "unknown or ambiguous option '--frob=1'");
    assert_wrong("-x", "unknown option '-x'");
    assert_wrong("a -nx", "unknown option '-x'");
    assert_wrong("--digest", "option '--digest' wants SHA256");
    assert_wrong("backend --digest", "option '--digest' wants SHA256");
    assert_wrong("backend -m", "option '--reason' wants TEXT");
    assert_wrong("-nm", "option '--reason' wants TEXT");
    assert_wrong("--dry-run=yes a", "option '--dry-run' takes no value");
    assert_wrong("--help=all", "option '--help' takes no value");
    assert_wrong("-n --frob a", "unknown or ambiguous option '--frob'");
}

static void what_is_quoted_is_escaped(void **state) {
    (void)state;
    assert_wrong("--a\033[2J", "unknown or ambiguous option '--a\\x1b[2J'");
    assert_wrong("-\001", "unknown option '-\\x01'");
}

static void help_is_taken_everywhere(void **state) {
    static const char *const lines[] = {"--help",        "-h",  "a --help b", "-nh",
                                        "--digest x -h", "--he"};
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct parsed p;
        parse(&p, rows, lines[i]);
        assert_int_equal(p.status, 0);
        assert_true(p.help);
        arena_release(&p.arena);
    }
    struct parsed p;
    parse(&p, rows, "-- --help");
    assert_false(p.help);
    arena_release(&p.arena);
}

static void a_command_may_have_no_options(void **state) {
    struct parsed p;
    (void)state;
    parse(&p, NULL, "bash --help");
    assert_int_equal(p.status, 0);
    assert_true(p.help);
    assert_int_equal(p.arguments.n_operands, 1);
    arena_release(&p.arena);
    parse(&p, NULL, "--json");
    assert_int_equal(p.status, -1);
    arena_release(&p.arena);
}

/* getopt(3) keeps what it has seen; the next command line begins anew all the same. */
static void one_line_leaves_nothing_behind(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_wrong("-nx a b", "unknown option '-x'");
        assert_is("a -n b", "dry-run= [a][b]");
    }
}

static void memory_may_run_out(void **state) {
    struct arena arena = ARENA_INIT(8);
    struct arguments arguments;
    struct err err;
    char word[] = "a";
    char *words[] = {word, word, word};
    bool help;
    (void)state;
    err_init(&err);
    assert_int_equal(arguments_parse(rows, words, 3, &arena, &arguments, &help, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
    arena_release(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_getopt_takes),
        cmocka_unit_test(abbreviations_are_taken_where_they_are_clear),
        cmocka_unit_test(the_last_one_counts),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_is_quoted_is_escaped),
        cmocka_unit_test(help_is_taken_everywhere),
        cmocka_unit_test(a_command_may_have_no_options),
        cmocka_unit_test(one_line_leaves_nothing_behind),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
