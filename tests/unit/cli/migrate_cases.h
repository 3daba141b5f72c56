#ifndef SLIPWAY_TESTS_CLI_MIGRATE_CASES_H
#define SLIPWAY_TESTS_CLI_MIGRATE_CASES_H

/* The files of a folder of data/migrate, read and migrated together. */

#include "cli/settings/migrate.h"
#include "tests/unit/cli/golden.h"

#define CASES_FOLDER TEST_DATA_DIR "/migrate"
#define CASE_FILES 16

struct migrate_file {
    char name[128];
    struct view text;
    int result;
    struct migration migration; /* where the result is 0 */
    struct err err;
};

struct migrate_case {
    struct arena arena;
    struct settings settings[CASE_FILES];
    struct migrate_file files[CASE_FILES];
    size_t n;
};

/* Adds a file; its text is copied. */
static inline void case_add(struct migrate_case *c, const char *name, struct view text) {
    struct migrate_file *file = &c->files[c->n];
    struct problems problems = PROBLEMS_INIT(&c->arena);
    if (c->n == CASE_FILES) {
        golden_fail(name, "too many files");
    }
    snprintf(file->name, sizeof(file->name), "%s", name);
    file->text = arena_copy(&c->arena, text);
    err_init(&file->err);
    if (settings_read(file->text, file->name, &c->arena, &problems, &c->settings[c->n],
                      &file->err) < 0) {
        golden_fail(name, file->err.message);
    }
    c->n++;
}

/* Migrates each with all; one that could not be read is refused. */
static inline void case_migrate(struct migrate_case *c) {
    for (size_t i = 0; i < c->n; i++) {
        struct migrate_file *file = &c->files[i];
        file->result = -1;
        if (c->settings[i].root) {
            file->result = migrate(&c->settings[i], file->text, c->settings, c->n, &c->arena,
                                   &file->migration, &file->err);
        }
    }
}

/* What `change` makes of each file's text; NULL: nothing. */
typedef void case_change(struct view text, struct buf *out);

static inline struct migrate_case *case_load(const char *name, case_change *change) {
    struct migrate_case *c = calloc(1, sizeof(*c));
    char folder[GOLDEN_PATH_BYTES];
    size_t n;
    c->arena = ARENA_INIT((size_t)256 * 1024 * 1024);
    snprintf(folder, sizeof(folder), "%s/%s", CASES_FOLDER, name);
    char **names = golden_list(folder, ".yaml", &n);
    for (size_t i = 0; i < n; i++) {
        char path[GOLDEN_PATH_BYTES * 2];
        size_t len = 0;
        struct buf changed = BUF_INIT(GOLDEN_MAX_BYTES);
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        char *text = golden_read(path, &len);
        struct view view = {text, len};
        if (change != NULL) {
            change(view, &changed);
            view = buf_view(&changed);
        }
        case_add(c, names[i], view);
        buf_release(&changed);
        free(text);
    }
    golden_free(names, n);
    case_migrate(c);
    return c;
}

static inline void case_free(struct migrate_case *c) {
    arena_release(&c->arena);
    free(c);
}

#endif
