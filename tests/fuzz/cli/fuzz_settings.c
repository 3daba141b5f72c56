/*
 * One to three environment files (parted by lines "%%%"), read and checked. Every problem is about
 * one of them, on a line that exists, with a message that can be printed and a remedy; they are
 * sorted; twice gives the same. A file in which nothing is wrong has all that the function needs:
 * names of its grammar, a registry, and a repository that ECR takes for all that runs.
 */

#define _GNU_SOURCE /* memmem() */
#include "cli/settings/check.h"
#include "handlers/deploy/image.h"
#include "runtime/aws/arn.h"
#include "tests/fuzz/require.h"

#include <string.h>

#define ARENA_BYTES ((size_t)512 * 1024 * 1024)
#define MAX_FILES 3

static const char *const names[MAX_FILES] = {"dev.yaml", "staging.yaml", "prod.yaml"};

struct input {
    struct view texts[MAX_FILES];
    size_t n;
};

static size_t count_lines(struct view text) {
    size_t n = 1;
    for (size_t i = 0; i + 1 < text.len; i++) {
        n += text.data[i] == '\n' || (text.data[i] == '\r' && text.data[i + 1] != '\n');
    }
    return n;
}

static struct input split(struct view text) {
    static const struct view border = {"\n%%%\n", 5};
    struct input input = {.texts = {text}, .n = 1};
    while (input.n < MAX_FILES) {
        struct view *last = &input.texts[input.n - 1];
        const char *at =
            last->len > 0 ? memmem(last->data, last->len, border.data, border.len) : NULL;
        if (at == NULL) {
            break;
        }
        size_t len = (size_t)(at - last->data) + 1;
        input.texts[input.n++] = view_slice(*last, len + border.len - 1, last->len);
        *last = view_slice(*last, 0, len);
    }
    return input;
}

static void check(const struct input *input, struct arena *arena, struct settings *ret_settings,
                  struct problems *ret_problems) {
    struct err err;
    err_init(&err);
    *ret_problems = PROBLEMS_INIT(arena);
    for (size_t i = 0; i < input->n; i++) {
        require(settings_read(input->texts[i], names[i], arena, ret_problems, &ret_settings[i],
                              &err) == 0);
    }
    require(check_settings(ret_settings, input->n, ret_problems, &err) == 0);
    require(!err_is_set(&err));
}

static size_t file_of(const struct problem *problem, size_t n) {
    size_t i = 0;
    while (i < n && !view_equal(problem->file, view_of(names[i]))) {
        i++;
    }
    require(i < n);
    return i;
}

static void require_problem(const struct problem *problem, const struct input *input) {
    size_t file = file_of(problem, input->n);
    require(problem->line <= count_lines(input->texts[file]));
    require((problem->line > 0) == (problem->column > 0));
    require(problem->line > 0 || input->texts[file].len > YAML_MAX_BYTES);
    require(problem->column <= input->texts[file].len + 1);
    require(problem->message.len > 0 && problem->remedy.len > 0);
    for (size_t i = 0; i < problem->message.len; i++) {
        require((unsigned char)problem->message.data[i] >= ' ');
    }
}

static void require_sorted(const struct problems *problems, size_t n) {
    for (size_t i = 1; i < problems->n; i++) {
        const struct problem *a = &problems->items[i - 1], *b = &problems->items[i];
        size_t before = file_of(a, n), after = file_of(b, n);
        require(before < after ||
                (before == after &&
                 (a->line < b->line || (a->line == b->line && a->column <= b->column))));
    }
}

static bool has_errors(const struct problems *problems, const char *file) {
    for (size_t i = 0; i < problems->n; i++) {
        if (problems->items[i].severity == SEVERITY_ERROR &&
            view_equal(problems->items[i].file, view_of(file))) {
            return true;
        }
    }
    return false;
}

static void require_repository(const struct settings *settings, const struct workload *workload,
                               struct arena *arena, bool is_fine) {
    struct settings_repository repository;
    struct err err;
    err_init(&err);
    require(settings_repository(settings, workload, arena, &repository, &err) == 0);
    if (is_fine) {
        require(repository.is_found && arn_is_region(repository.region));
        require(image_repository_is_valid(repository.name));
        require(repository.account.len == 0 || arn_is_account_id(repository.account));
        require(view_ends_with(repository.uri, repository.name));
    }
}

static void require_fine(const struct settings *settings) {
    require(settings->root != NULL);
    require(config_name_is_valid(settings->project.text));
    require(config_name_is_valid(settings->env.text));
    require(arn_is_region(settings->region.text));
    require(settings->account_id.text.len == 0 || arn_is_account_id(settings->account_id.text));
    require(arn_is_region(settings_registry_region(settings)));
    require(settings_strategy(settings) == ECR_LOCAL ||
            arn_is_account_id(settings_registry_account(settings)));
    for (size_t i = 0; i < settings->n_workloads; i++) {
        require(config_name_is_valid(settings->workloads[i].name.text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    arena_reset(&arena);
    struct view text = {(const char *)data, size};
    struct input input = split(text);
    struct settings settings[MAX_FILES], again[MAX_FILES];
    struct problems problems, problems_again;
    check(&input, &arena, settings, &problems);
    check(&input, &arena, again, &problems_again);
    require(problems.n == problems_again.n);
    for (size_t i = 0; i < problems.n; i++) {
        require_problem(&problems.items[i], &input);
        require(view_equal(problems.items[i].message, problems_again.items[i].message));
        require(problems.items[i].line == problems_again.items[i].line);
    }
    require_sorted(&problems, input.n);
    for (size_t i = 0; i < input.n; i++) {
        bool is_fine = !has_errors(&problems, names[i]);
        if (is_fine) {
            require_fine(&settings[i]);
        }
        require_repository(&settings[i], NULL, &arena, is_fine);
        for (size_t k = 0; k < settings[i].n_workloads && k < 100; k++) {
            require_repository(&settings[i], &settings[i].workloads[k], &arena, is_fine);
        }
    }
    return 0;
}
