/* What is said and asked, whatever the command. */

#include "cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct cli cli;
    char *out, *err;
    size_t out_len, err_len;
    volatile sig_atomic_t interrupted;
};

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.arena = ARENA_INIT((size_t)1024 * 1024)};
    f.cli = (struct cli){.out = open_memstream(&f.out, &f.out_len),
                         .err = open_memstream(&f.err, &f.err_len),
                         .is_interactive = true,
                         .interrupted = &f.interrupted,
                         .arena = &f.arena};
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    fclose(f->cli.out);
    fclose(f->cli.err);
    free(f->out);
    free(f->err);
    arena_release(&f->arena);
    return 0;
}

static void assert_out(struct fixture *f, const char *want) {
    fflush(f->cli.out);
    assert_string_equal(f->out, want);
}

static void assert_err(struct fixture *f, const char *want) {
    fflush(f->cli.err);
    assert_string_equal(f->err, want);
}

/* --- asking --- */

static bool answer(struct fixture *f, const char *typed) {
    char text[300];
    snprintf(text, sizeof(text), "%s", typed);
    f->cli.in = fmemopen(text, strlen(text) + 1, "r");
    if (typed[0] == '\0') {
        (void)fgetc(f->cli.in); /* closed */
    }
    bool yes = cli_confirm(&f->cli, "do this?");
    fclose(f->cli.in);
    return yes;
}

static void only_yes_is_a_yes(void **state) {
    struct fixture *f = *state;
    static const char *const yes[] = {"y\n", "Y\n", "yes\n", "YES\n", " y \r\n", "y"};
    static const char *const no[] = {"",       "\n",    "n\n",  "no\n",     "yep\n", "ye\n",
                                     "yes!\n", "y n\n", "ja\n", "\033[A\n", "1\n",   "true\n"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        assert_true(answer(f, yes[i]));
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        assert_false(answer(f, no[i]));
    }
    char many[200];
    memset(many, 'y', sizeof(many) - 1);
    many[sizeof(many) - 1] = '\0';
    assert_false(answer(f, many));
}

static void nobody_there_is_a_no(void **state) {
    struct fixture *f = *state;
    f->cli.is_interactive = false;
    assert_false(answer(f, "y\n"));
    assert_err(f, "");
}

static void ctrl_c_is_a_no(void **state) {
    struct fixture *f = *state;
    f->interrupted = 1;
    assert_true(cli_is_interrupted(&f->cli));
    assert_false(answer(f, "y\n"));
    f->cli.interrupted = NULL;
    assert_false(cli_is_interrupted(&f->cli));
    assert_true(answer(f, "y\n"));
}

/* --- saying --- */

static void a_failure_has_its_remedy_and_its_status(void **state) {
    struct fixture *f = *state;
    struct err err;
    err_init(&err);
    assert_int_equal(err_set(&err, ERR_IMAGE_NOT_FOUND, "no such tag"), -1);
    err_remedy(&err, "push it");
    assert_int_equal(cli_fail(&f->cli, &err), EXIT_STATUS_REFUSED);
    err_init(&err);
    assert_int_equal(err_set(&err, ERR_AWS_UNAVAILABLE, "a\nb\033"), -1);
    err_remedy(&err, "%s", "");
    assert_int_equal(cli_fail(&f->cli, &err), EXIT_STATUS_FAILED);
    assert_err(f, "slipway: no such tag\nremedy: push it\nslipway: a\\x0ab\\x1b\n");
}

static void wrong_usage_is_escaped(void **state) {
    struct fixture *f = *state;
    assert_int_equal(cli_usage_error(&f->cli, "plan", "no '%s'", "\033[2J\n\303"),
                     EXIT_STATUS_USAGE);
    assert_int_equal(cli_usage_error(&f->cli, "", "no"), EXIT_STATUS_USAGE);
    assert_err(f, "slipway plan: no '\\x1b[2J\\x0a\\xc3'\ntry: slipway plan --help\n"
                  "slipway: no\ntry: slipway --help\n");
}

static void a_long_usage_error_is_cut(void **state) {
    struct fixture *f = *state;
    char word[5000];
    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    assert_int_equal(cli_usage_error(&f->cli, "plan", "no '%s'", word), EXIT_STATUS_USAGE);
    fflush(f->cli.err);
    assert_in_range(f->err_len, 500, 2500);
    assert_non_null(strstr(f->err, "\ntry: slipway plan --help\n"));
}

static void json_cannot_drive_a_terminal(void **state) {
    struct fixture *f = *state;
    cli_write_json(f->cli.out, VIEW("{\"a\":\"\\u001b \303\274 \302\233 \342\200\256 \177\"}"));
    cli_write_json(f->cli.out, VIEW(""));
    cli_write_json(f->cli.out, VIEW("{\n \"pretty\": 1\n}"));
    cli_write_json(f->cli.out, VIEW("\302\233"));
    assert_out(f, "{\"a\":\"\\u001b \303\274 \\u009b \\u202e \\u007f\"}\n\n{\n \"pretty\": "
                  "1\n}\n\\u009b\n");
}

static void colours_are_there_where_they_are_wanted(void **state) {
    struct fixture *f = *state;
    static const enum colour all[] = {COLOUR_NONE,   COLOUR_RED,  COLOUR_GREEN,
                                      COLOUR_YELLOW, COLOUR_CYAN, COLOUR_BOLD};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        f->cli.colours = false;
        assert_string_equal(cli_colour(&f->cli, all[i]), "");
        f->cli.colours = true;
        assert_int_equal(cli_colour(&f->cli, all[i])[0], '\033');
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(only_yes_is_a_yes),
        CASE(nobody_there_is_a_no),
        CASE(ctrl_c_is_a_no),
        CASE(a_failure_has_its_remedy_and_its_status),
        CASE(wrong_usage_is_escaped),
        CASE(a_long_usage_error_is_cut),
        CASE(json_cannot_drive_a_terminal),
        CASE(colours_are_there_where_they_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
