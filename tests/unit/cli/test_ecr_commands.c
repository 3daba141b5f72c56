/*
 * Each `slipway ecr` command as it is typed, and what it prints. A case is a file in data/ecr:
 *
 *     $ slipway ecr policy --org o-a1b2c3d4e5
 *     status 0
 *
 * and then standard output, and behind a line "--- error" standard error. A line "AWS_REGION=…"
 * before the "$" sets the one variable that these look at. SLIPWAY_WRITE_GOLDEN=1 writes them anew.
 */

#include "cli/cli.h"
#include "cli/files/file.h"
#include "tests/unit/aws/env_table.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER TEST_DATA_DIR "/ecr"
#define WORDS_MAX 64

struct run {
    int status;
    char *out, *err;
};

static struct run run(struct arena *arena, char *line, const char *region) {
    struct run run = {0};
    char *words[WORDS_MAX];
    int n = 0;
    size_t len;
    const struct env_entry variables[] = {{"AWS_REGION", region}, {NULL, NULL}};
    const struct environment env = {.get = env_table_get, .state = variables};
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
        assert_true(n < WORDS_MAX - 1);
        words[n++] = word;
    }
    words[n] = NULL;
    FILE *out = open_memstream(&run.out, &len);
    FILE *err = open_memstream(&run.err, &len);
    assert_non_null(out);
    assert_non_null(err);
    struct cli cli = {
        .env = &env, .clock = &clock_system, .in = stdin, .out = out, .err = err, .arena = arena};
    run.status = cli_run(&cli, n, words);
    (void)fclose(out);
    (void)fclose(err);
    return run;
}

/* Takes the first line off, as a C string. */
static char *take_line(struct view *rest, struct arena *arena) {
    struct view line;
    assert_true(view_split(rest, '\n', &line));
    return (char *)(uintptr_t)arena_copy(arena, line).data;
}

static void check(const char *name) {
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)4 * 1024 * 1024);
    struct buf actual BUF_AUTO = BUF_INIT((size_t)1024 * 1024);
    struct view text;
    struct err err;
    err_init(&err);
    struct view path = arena_printf(&arena, FOLDER "/%s", name);
    assert_int_equal(file_read(path.data, (size_t)1024 * 1024, &arena, &text, &err), 0);
    struct view rest = text;
    char *line = take_line(&rest, &arena);
    const char *region = NULL;
    if (strncmp(line, "AWS_REGION=", strlen("AWS_REGION=")) == 0) {
        region = line + strlen("AWS_REGION=");
        buf_appendf(&actual, "%s\n", line);
        line = take_line(&rest, &arena);
    }
    buf_appendf(&actual, "%s\n", line);
    assert_memory_equal(line, "$ slipway ", strlen("$ slipway "));
    struct run ran = run(&arena, line + 2, region);
    buf_appendf(&actual, "status %d\n", ran.status);
    buf_append_str(&actual, ran.out);
    if (ran.err[0] != '\0') {
        buf_append_str(&actual, "--- error\n");
        buf_append_str(&actual, ran.err);
    }
    if (getenv("SLIPWAY_WRITE_GOLDEN")) {
        assert_int_equal(file_replace(path.data, buf_view(&actual), &err), 0);
    } else if (!view_equal(buf_view(&actual), text)) {
        print_error("%s:\n%s\n", name, buf_cstr(&actual));
        fail();
    }
    free(ran.out);
    free(ran.err);
}

static int is_case(const struct dirent *entry) {
    return entry->d_name[0] != '.' && strstr(entry->d_name, ".txt") != NULL;
}

static void every_case(void **state) {
    (void)state;
    struct dirent **entries;
    int n = scandir(FOLDER, &entries, is_case, alphasort);
    assert_true(n > 30);
    for (int i = 0; i < n; i++) {
        check(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
