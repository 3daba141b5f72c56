#ifndef SLIPWAY_CLI_ARGUMENTS_H
#define SLIPWAY_CLI_ARGUMENTS_H

/*
 * The words behind a command's name: options, as getopt_long(3) takes them (anywhere among the
 * operands, abbreviated where that is unambiguous, "--" ends them), and operands.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

struct option_row {
    const char *name;  /* without the dashes: "dry-run" */
    char letter;       /* a short form, or '\0' */
    const char *value; /* what its argument is called in help ("FILE"); NULL: it takes none */
    const char *help;  /* one line, without a full stop */
    bool is_list;      /* of values with commas between them: given again, it adds more */
};

#define OPTIONS_MAX 24 /* rows of one command */

struct arguments {
    const struct option_row *rows;
    size_t n_rows;
    const char *values[OPTIONS_MAX]; /* of each row: NULL when absent, "" for one without value */
    char **operands;
    size_t n_operands;
};

/* `words` are rearranged. -1: ERR_CONFIG_INVALID with what is wrong with which option. An option
 * that comes twice counts as it came last, unless it is a list. --help is taken in any command:
 * `help` in *ret_help. */
ERR_MUST_USE int arguments_parse(const struct option_row *rows, char **words, size_t n_words,
                                 struct arena *arena, struct arguments *ret_arguments,
                                 bool *ret_help, struct err *err);

/* Whether the option was given; its value, or NULL. `name` has to be in the rows. */
bool arguments_has(const struct arguments *arguments, const char *name);
const char *arguments_value(const struct arguments *arguments, const char *name);

#endif
