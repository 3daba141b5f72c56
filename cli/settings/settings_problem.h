#ifndef SLIPWAY_CLI_SETTINGS_PROBLEM_H
#define SLIPWAY_CLI_SETTINGS_PROBLEM_H

/*
 * What is wrong in environment files: any number of problems, each with its place and its remedy.
 * Collected by settings.h and check.h; printed by a command.
 */

#include "cli/yaml/yaml.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

enum severity {
    SEVERITY_ERROR,
    SEVERITY_WARNING, /* to be looked at; the file can be worked with */
};

struct problem {
    enum severity severity;
    struct view file;
    size_t line, column; /* from 1; both 0: the file as a whole, as where it cannot be read */
    struct view message, remedy;
};

struct problems {
    struct arena *arena;
    struct problem *items; /* in the order found; sorted by problems_sort() */
    size_t n, capacity;
    bool out_of_memory;
};

#define PROBLEMS_INIT(arena_pointer) ((struct problems){.arena = (arena_pointer)})

/* Where a problem is to be put. */
struct problem_place {
    enum severity severity;
    const char *file;
    const struct yaml_place *place; /* NULL: the file as a whole */
};

/* The message is printf's, made printable. `remedy` is one imperative sentence. Memory that ran out
 * is kept in `out_of_memory`. */
void problems_add(struct problems *problems, struct problem_place where, const char *remedy,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with a remedy that is made from values. */
void problems_remedy(struct problems *problems, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* replaces that of the problem added last */

/* A file's content must not reach a terminal as it is: a control character, a separator of lines or
 * a mark that turns the direction of writing becomes '?'. */
void problem_make_printable(char *text);

size_t problems_count(const struct problems *problems, enum severity severity);
/* By the order in which `files` names them, then by line and column; as found where equal. */
void problems_sort(struct problems *problems, const char *const *files, size_t n_files);

#endif
