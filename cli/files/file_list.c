#include "cli/files/file_list.h"

#include "runtime/base/view.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 1000

static bool is_same_file(const char *a, const char *b) {
    struct stat status_a;
    struct stat status_b;
    if (strcmp(a, b) == 0) {
        return true;
    }
    return stat(a, &status_a) == 0 && stat(b, &status_b) == 0 &&
           status_a.st_dev == status_b.st_dev && status_a.st_ino == status_b.st_ino;
}

static bool has(const struct file_list *list, const char *path) {
    for (size_t i = 0; i < list->n; i++) {
        if (is_same_file(list->paths[i], path)) {
            return true;
        }
    }
    return false;
}

static int list_named(char *const *operands, size_t n_operands, struct file_list *list,
                      struct err *err) {
    for (size_t i = 0; i < n_operands; i++) {
        if (strcmp(operands[i], "all") == 0) {
            err_set(err, ERR_CONFIG_INVALID, "'all' stands beside other names");
            err_remedy(err, "give 'all' alone, or './all' for a file of that name");
            return -1;
        }
        if (!has(list, operands[i])) {
            list->paths[list->n++] = operands[i];
        }
    }
    return 0;
}

static int compare_paths(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_yaml(const struct dirent *entry) {
    struct view name = view_of(entry->d_name);
    struct stat status;
    return entry->d_name[0] != '.' &&
           (view_ends_with(name, VIEW(".yaml")) || view_ends_with(name, VIEW(".yml"))) &&
           stat(entry->d_name, &status) == 0 && S_ISREG(status.st_mode);
}

/* A link beside what it leads to is one file. */
static void keep_each_once(struct file_list *list) {
    struct file_list kept = {.paths = list->paths};
    for (size_t i = 0; i < list->n; i++) {
        if (!has(&kept, list->paths[i])) {
            kept.paths[kept.n++] = list->paths[i];
        }
    }
    list->n = kept.n;
}

static int list_folder(DIR *folder, struct arena *arena, struct file_list *list, struct err *err) {
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (!is_yaml(entry)) {
            continue;
        }
        if (list->n == FILES_MAX) {
            err_set(err, ERR_CONFIG_INVALID, "this folder has more than %d YAML files", FILES_MAX);
            err_remedy(err, "name those that are meant");
            return -1;
        }
        struct view path = arena_copy(arena, view_of(entry->d_name));
        if (!path.data) {
            return err_out_of_memory(err, "the list of files");
        }
        list->paths[list->n++] = path.data;
    }
    if (list->n == 0) {
        err_set(err, ERR_CONFIG_INVALID, "this folder has no *.yaml");
        err_remedy(err, "go to the folder of the environment files, or name them");
        return -1;
    }
    qsort(list->paths, list->n, sizeof(*list->paths), compare_paths);
    keep_each_once(list);
    return 0;
}

static int list_all(struct arena *arena, struct file_list *list, struct err *err) {
    DIR *folder = opendir(".");
    if (!folder) {
        err_set(err, ERR_CONFIG_INVALID, "cannot read this folder: %s", strerror(errno));
        err_remedy(err, "check its permissions, or name the files");
        return -1;
    }
    int result = list_folder(folder, arena, list, err);
    closedir(folder);
    return result;
}

int file_list(char *const *operands, size_t n_operands, struct arena *arena,
              struct file_list *ret_list, struct err *err) {
    struct file_list list = {.is_all = n_operands == 1 && strcmp(operands[0], "all") == 0};
    list.paths = ARENA_ARRAY(arena, list.is_all ? FILES_MAX : n_operands, const char *);
    if (!list.paths) {
        return err_out_of_memory(err, "the list of files");
    }
    if ((list.is_all ? list_all(arena, &list, err) : list_named(operands, n_operands, &list, err)) <
        0) {
        return -1;
    }
    *ret_list = list;
    return 0;
}
