#include "cli/settings/settings_problem.h"

#include "runtime/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PROBLEMS 16
#define MESSAGE_BYTES 1024 /* a character may have been cut in its last three */

void problem_make_printable(char *text) {
    struct view rest = view_of(text);
    char *to = text;
    while (rest.len > 0) {
        uint32_t c = 0;
        size_t n = utf8_decode(rest, &c);
        if (n == 0 || !utf8_is_harmless(c)) {
            *to++ = '?';
        } else {
            memmove(to, rest.data, n);
            to += n;
        }
        rest = view_slice(rest, n > 0 ? n : 1, rest.len);
    }
    *to = '\0';
}

static struct view format_text(struct problems *problems, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static struct view format_text(struct problems *problems, const char *format, va_list arguments) {
    char text[MESSAGE_BYTES];
    int len = vsnprintf(text, sizeof(text), format, arguments);
    if (len >= MESSAGE_BYTES) {
        text[utf8_cut(view_of(text), MESSAGE_BYTES - 4).len] = '\0';
    }
    problem_make_printable(text);
    struct view copy = arena_copy(problems->arena, view_of(text));
    problems->out_of_memory |= copy.data == NULL;
    return copy;
}

static bool make_room(struct problems *problems) {
    if (problems->n < problems->capacity) {
        return true;
    }
    size_t capacity = problems->capacity == 0 ? FIRST_PROBLEMS : 2 * problems->capacity;
    struct problem *grown = ARENA_ARRAY(problems->arena, capacity, struct problem);
    if (!grown) {
        problems->out_of_memory = true;
        return false;
    }
    if (problems->n > 0) {
        memcpy(grown, problems->items, problems->n * sizeof(*grown));
    }
    problems->items = grown;
    problems->capacity = capacity;
    return true;
}

void problems_add(struct problems *problems, struct problem_place where, const char *remedy,
                  const char *format, ...) {
    if (!make_room(problems)) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    struct view message = format_text(problems, format, arguments);
    va_end(arguments);
    problems->items[problems->n++] = (struct problem){
        .severity = where.severity,
        .file = view_of(where.file),
        .line = where.place ? where.place->line : 0,
        .column = where.place ? where.place->column : 0,
        .message = message,
        .remedy = view_of(remedy),
    };
}

void problems_remedy(struct problems *problems, const char *format, ...) {
    va_list arguments;
    if (problems->n == 0 || problems->out_of_memory) {
        return;
    }
    va_start(arguments, format);
    problems->items[problems->n - 1].remedy = format_text(problems, format, arguments);
    va_end(arguments);
}

size_t problems_count(const struct problems *problems, enum severity severity) {
    size_t n = 0;
    for (size_t i = 0; i < problems->n; i++) {
        n += problems->items[i].severity == severity;
    }
    return n;
}

struct ranked {
    struct problem problem;
    size_t file; /* its number among the files */
    size_t found;
};

static int compare_sizes(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int compare(const void *a, const void *b) {
    const struct ranked *left = a;
    const struct ranked *right = b;
    int order = compare_sizes(left->file, right->file);
    order = order != 0 ? order : compare_sizes(left->problem.line, right->problem.line);
    order = order != 0 ? order : compare_sizes(left->problem.column, right->problem.column);
    return order != 0 ? order : compare_sizes(left->found, right->found);
}

void problems_sort(struct problems *problems, const char *const *files, size_t n_files) {
    struct ranked *ranked = ARENA_ARRAY(problems->arena, problems->n, struct ranked);
    if (!ranked || problems->n == 0) {
        problems->out_of_memory |= !ranked;
        return;
    }
    for (size_t i = 0; i < problems->n; i++) {
        ranked[i] = (struct ranked){.problem = problems->items[i], .found = i};
        while (ranked[i].file < n_files &&
               !view_equal(problems->items[i].file, view_of(files[ranked[i].file]))) {
            ranked[i].file++;
        }
    }
    qsort(ranked, problems->n, sizeof(*ranked), compare);
    for (size_t i = 0; i < problems->n; i++) {
        problems->items[i] = ranked[i].problem;
    }
}
