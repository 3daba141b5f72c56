#include "cli/settings/settings_files.h"

#include "cli/files/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct paths {
    const char **items;
    size_t n, capacity;
    struct arena *arena;
};

static int add_path(struct paths *paths, const char *path) {
    for (size_t i = 0; i < paths->n; i++) {
        if (strcmp(paths->items[i], path) == 0) {
            return 0;
        }
    }
    if (paths->n == paths->capacity) {
        size_t capacity = 2 * paths->capacity + 8;
        const char **grown = ARENA_ARRAY(paths->arena, capacity, const char *);
        if (!grown) {
            return -1;
        }
        for (size_t i = 0; i < paths->n; i++) {
            grown[i] = paths->items[i];
        }
        paths->items = grown;
        paths->capacity = capacity;
    }
    paths->items[paths->n++] = path;
    return 0;
}

static bool is_yaml(const char *name) {
    struct view view = view_of(name);
    return name[0] != '.' &&
           (view_ends_with(view, VIEW(".yaml")) || view_ends_with(view, VIEW(".yml")));
}

static int compare_paths(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void close_folder(DIR **folder) {
    if (*folder) {
        closedir(*folder);
    }
}

static int add_all(struct paths *paths, struct err *err) {
    DIR *folder __attribute__((cleanup(close_folder))) = opendir(".");
    struct paths found = {.arena = paths->arena};
    if (!folder) {
        err_set(err, ERR_CONFIG_INVALID, "cannot read the current folder: %s", strerror(errno));
        err_remedy(err, "check its permissions");
        return -1;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct view name;
        if (!is_yaml(entry->d_name)) {
            continue;
        }
        name = arena_copy(paths->arena, view_of(entry->d_name));
        if (!name.data || add_path(&found, name.data) < 0) {
            return err_out_of_memory(err, "names of files");
        }
    }
    if (found.n == 0) {
        err_set(err, ERR_CONFIG_INVALID, "the current folder holds no *.yaml and no *.yml");
        err_remedy(err, "change to the folder of the environment files, or name them");
        return -1;
    }
    qsort(found.items, found.n, sizeof(char *), compare_paths);
    for (size_t i = 0; i < found.n; i++) {
        if (add_path(paths, found.items[i]) < 0) {
            return err_out_of_memory(err, "names of files");
        }
    }
    return 0;
}

int settings_paths(char *const *operands, size_t n_operands, struct arena *arena,
                   const char ***ret_paths, size_t *ret_n, struct err *err) {
    struct paths paths = {.arena = arena};
    for (size_t i = 0; i < n_operands; i++) {
        if (strcmp(operands[i], "all") == 0) {
            if (add_all(&paths, err) < 0) {
                return -1;
            }
        } else if (add_path(&paths, operands[i]) < 0) {
            return err_out_of_memory(err, "names of files");
        }
    }
    *ret_paths = paths.items;
    *ret_n = paths.n;
    return 0;
}

int settings_load(const char *path, struct arena *arena, struct problems *problems,
                  struct settings *ret_settings, struct err *err) {
    struct view text;
    struct err of_file;
    err_init(&of_file);
    if (file_read(path, YAML_MAX_BYTES, arena, &text, &of_file) == 0) {
        return settings_read(text, path, arena, problems, ret_settings, err);
    }
    if (of_file.code == ERR_OUT_OF_MEMORY) {
        return err_out_of_memory(err, path);
    }
    const struct problem_place where = {.severity = SEVERITY_ERROR, .file = path};
    problems_add(problems, where, "", "%s", of_file.message);
    problems_remedy(problems, "%s", of_file.remedy);
    *ret_settings = (struct settings){.file = path};
    return problems->out_of_memory ? err_out_of_memory(err, path) : 0;
}

/* `env` and `project` of other programs (a workflow's, a compose file's) have members. */
static bool is_scalar(const struct setting *setting) {
    return setting->value && setting->value->kind == YAML_SCALAR;
}

bool settings_is_environment(const struct settings *settings) {
    return !settings->root || is_scalar(&settings->project) || is_scalar(&settings->env) ||
           settings->ecr_strategy.value || settings->ecr_account_id.value ||
           settings->schema_version.value;
}
