#ifndef SLIPWAY_TESTS_CLI_GOLDEN_H
#define SLIPWAY_TESTS_CLI_GOLDEN_H

/*
 * Golden files: what a command says, compared with a file that a person can read.
 *
 * A case is a folder with the command's files and any number of *.expected, each of which begins
 * with the command line and goes on with all that it must say:
 *
 *     $ slipway config check all
 *     dev.yaml:3:7: …
 *     --- stderr
 *     slipway: …
 *     --- exit 1
 *
 * The last two parts are there only where something was said, or the status is not 0. Words are
 * parted by spaces. With GOLDEN_UPDATE=1 in the environment the files are written anew; look at
 * the difference before you commit it.
 */

#include "cli/cli.h"
#include "runtime/base/buf.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOLDEN_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define GOLDEN_MAX_WORDS 32
#define GOLDEN_PATH_BYTES 512

static inline void golden_fail(const char *path, const char *what) {
    fprintf(stderr, "%s: %s\n", path, what);
    abort();
}

/* The file, with a NUL behind it; the caller frees it. NULL when there is none. */
static inline char *golden_read(const char *path, size_t *ret_len) {
    FILE *stream = fopen(path, "rbe");
    if (stream == NULL) {
        return NULL;
    }
    char *text = malloc(GOLDEN_MAX_BYTES + 1);
    if (text == NULL) {
        golden_fail(path, "no memory");
        return NULL;
    }
    *ret_len = fread(text, 1, GOLDEN_MAX_BYTES, stream);
    text[*ret_len] = '\0';
    fclose(stream);
    return text;
}

static inline void golden_write(const char *path, struct view text) {
    FILE *stream = fopen(path, "wbe");
    if (stream == NULL || fwrite(text.data, 1, text.len, stream) != text.len ||
        fclose(stream) != 0) {
        golden_fail(path, "cannot write");
    }
}

/* Whether the file holds the text; if not, both are shown. Missing is empty. */
static inline bool golden_matches(const char *path, struct view actual) {
    size_t len = 0;
    char *expected = golden_read(path, &len);
    bool is_same = expected != NULL && view_equal((struct view){expected, len}, actual);
    if (!is_same && getenv("GOLDEN_UPDATE") != NULL) {
        golden_write(path, actual);
        is_same = true;
    }
    if (!is_same) {
        fprintf(stderr, "%s\n--- expected\n%s--- but got\n%.*s---\n", path,
                expected != NULL ? expected : "(no file)\n", (int)actual.len, actual.data);
    }
    free(expected);
    return is_same;
}

static inline int golden_compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder that end so, sorted; both are the caller's to free. */
static inline char **golden_list(const char *folder, const char *ending, size_t *ret_n) {
    DIR *stream = opendir(folder);
    size_t capacity = 16;
    char **names = malloc(capacity * sizeof(char *));
    if (stream == NULL || names == NULL) {
        golden_fail(folder, "cannot read");
        return NULL;
    }
    *ret_n = 0;
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] == '.' || !view_ends_with(view_of(entry->d_name), view_of(ending))) {
            continue;
        }
        if (*ret_n == capacity) {
            capacity *= 2;
            char **grown = realloc(names, capacity * sizeof(char *));
            if (grown == NULL) {
                golden_fail(folder, "no memory");
            }
            names = grown;
        }
        names[(*ret_n)++] = strdup(entry->d_name);
    }
    closedir(stream);
    qsort(names, *ret_n, sizeof(char *), golden_compare);
    return names;
}

static inline void golden_free(char **names, size_t n) {
    for (size_t i = 0; i < n; i++) {
        free(names[i]);
    }
    free(names);
}

static inline const char *golden_no_variable(const void *state, const char *name) {
    (void)state;
    (void)name;
    return NULL;
}

/* Runs "slipway …" in the current folder and appends all that it says. The words are cut. */
static inline void golden_run(char *command_line, const struct clock *clock,
                              struct buf *transcript) {
    struct arena arena = ARENA_INIT((size_t)256 * 1024 * 1024);
    const struct environment env = {.get = golden_no_variable};
    char *words[GOLDEN_MAX_WORDS + 1] = {0};
    char *said[2] = {0};
    size_t lengths[2];
    int n = 0;
    for (char *rest = command_line, *word; (word = strsep(&rest, " ")) != NULL;) {
        if (word[0] != '\0' && n < GOLDEN_MAX_WORDS) {
            words[n++] = word;
        }
    }
    struct cli cli = {.env = &env, .clock = clock, .in = stdin, .arena = &arena};
    cli.out = open_memstream(&said[0], &lengths[0]);
    cli.err = open_memstream(&said[1], &lengths[1]);
    int status = cli_run(&cli, n, words);
    fclose(cli.out);
    fclose(cli.err);
    buf_append(transcript, (struct view){said[0], lengths[0]});
    if (lengths[1] > 0) {
        buf_append_str(transcript, "--- stderr\n");
        buf_append(transcript, (struct view){said[1], lengths[1]});
    }
    if (status != EXIT_STATUS_DONE) {
        buf_appendf(transcript, "--- exit %d\n", status);
    }
    free(said[0]);
    free(said[1]);
    arena_release(&arena);
}

/* Runs the command of one NAME.expected in the current folder; whether it said what is there. */
static inline bool golden_check(const char *path, const struct clock *clock) {
    struct buf transcript = BUF_INIT(GOLDEN_MAX_BYTES);
    size_t len = 0;
    char *expected = golden_read(path, &len);
    if (expected == NULL || strncmp(expected, "$ ", 2) != 0 || strchr(expected, '\n') == NULL) {
        golden_fail(path, "does not begin with a command line");
        return false;
    }
    *strchr(expected, '\n') = '\0';
    buf_appendf(&transcript, "%s\n", expected);
    golden_run(expected + 2, clock, &transcript);
    bool is_same = golden_matches(path, buf_view(&transcript));
    free(expected);
    buf_release(&transcript);
    return is_same;
}

/* All of a case's folder; whether each said what it must. The current folder stays changed. */
static inline bool golden_check_folder(const char *folder, const struct clock *clock) {
    size_t n;
    bool is_same = true;
    char **names = golden_list(folder, ".expected", &n);
    if (chdir(folder) != 0 || n == 0) {
        golden_fail(folder, "holds no *.expected");
    }
    for (size_t i = 0; i < n; i++) {
        is_same = golden_check(names[i], clock) && is_same;
    }
    golden_free(names, n);
    return is_same;
}

#endif
