#include "cli/arguments.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

/* What getopt_long() returns for a row: no letter and no character that it uses itself. */
#define FIRST_ROW 256
#define HELP_ROW (FIRST_ROW + OPTIONS_MAX)

static size_t count_rows(const struct option_row *rows) {
    size_t n = 0;
    while (rows && rows[n].name) {
        n++;
    }
    return n;
}

/* "+" or "-" is not first: operands may come before options. ":" keeps getopt quiet. */
static void write_letters(const struct arguments *arguments, char *letters) {
    char *end = letters;
    *end++ = ':';
    for (size_t i = 0; i < arguments->n_rows; i++) {
        if (arguments->rows[i].letter != '\0') {
            *end++ = arguments->rows[i].letter;
            if (arguments->rows[i].value) {
                *end++ = ':';
            }
        }
    }
    *end++ = 'h';
    *end = '\0';
}

static void write_long_options(const struct arguments *arguments, struct option *options) {
    size_t n = 0;
    for (; n < arguments->n_rows; n++) {
        const struct option_row *row = &arguments->rows[n];
        options[n] = (struct option){.name = row->name,
                                     .has_arg = row->value ? required_argument : no_argument,
                                     .val = FIRST_ROW + (int)n};
    }
    options[n++] = (struct option){.name = "help", .has_arg = no_argument, .val = HELP_ROW};
    options[n] = (struct option){0};
}

static const struct option_row *row_of(const struct arguments *arguments, int code) {
    if (code >= FIRST_ROW && code < FIRST_ROW + (int)arguments->n_rows) {
        return &arguments->rows[code - FIRST_ROW];
    }
    for (size_t i = 0; i < arguments->n_rows; i++) {
        if (arguments->rows[i].letter != '\0' && arguments->rows[i].letter == code) {
            return &arguments->rows[i];
        }
    }
    return NULL;
}

static int say_what_is_wrong(const struct arguments *arguments, int code, const char *word,
                             struct err *err) {
    const struct option_row *row = row_of(arguments, optopt);
    if (code == ':' && row) {
        return err_set(err, ERR_CONFIG_INVALID, "option '--%s' wants %s", row->name, row->value);
    }
    if (row || optopt == HELP_ROW) {
        return err_set(err, ERR_CONFIG_INVALID, "option '--%s' takes no value",
                       row ? row->name : "help");
    }
    return optopt > 0 && optopt < FIRST_ROW
               ? err_set(err, ERR_CONFIG_INVALID, "unknown option '-%c'", optopt)
               : err_set(err, ERR_CONFIG_INVALID, "unknown or ambiguous option '%s'", word);
}

static int take(struct arguments *arguments, const struct option_row *row, const char *value,
                struct arena *arena, struct err *err) {
    const char **slot = &arguments->values[row - arguments->rows];
    if (row->is_list && *slot) {
        value = arena_printf(arena, "%s,%s", *slot, value).data;
        if (!value) {
            return err_out_of_memory(err, "arguments");
        }
    }
    *slot = row->value ? value : "";
    return 0;
}

int arguments_parse(const struct option_row *rows, char **words, size_t n_words,
                    struct arena *arena, struct arguments *ret_arguments, bool *ret_help,
                    struct err *err) {
    struct arguments arguments = {.rows = rows, .n_rows = count_rows(rows)};
    struct option options[OPTIONS_MAX + 2];
    char letters[2 * OPTIONS_MAX + 4];
    assert(arguments.n_rows <= OPTIONS_MAX);
    /* getopt permutes a copy that has the program's name first, and forgets what it did before. */
    char **argv = ARENA_ARRAY(arena, n_words + 2, char *);
    if (!argv) {
        return err_out_of_memory(err, "arguments");
    }
    static char program[] = "slipway";
    argv[0] = program;
    memcpy(argv + 1, words, n_words * sizeof(*words));
    write_letters(&arguments, letters);
    write_long_options(&arguments, options);
    *ret_help = false;
    optind = 0;
    opterr = 0;
    for (;;) {
        int code = getopt_long((int)n_words + 1, argv, letters, options, NULL);
        if (code == -1) {
            break;
        }
        if (code == 'h' || code == HELP_ROW) {
            *ret_help = true;
            continue;
        }
        const struct option_row *row = row_of(&arguments, code);
        if (!row) {
            return say_what_is_wrong(&arguments, code, argv[optind > 1 ? optind - 1 : 1], err);
        }
        if (take(&arguments, row, optarg, arena, err) < 0) {
            return -1;
        }
    }
    arguments.operands = argv + optind;
    arguments.n_operands = n_words + 1 - (size_t)optind;
    *ret_arguments = arguments;
    return 0;
}

/* The option has to be in the command's rows. */
static const char *find(const struct arguments *arguments, const char *name) {
    const char *value = NULL;
    bool is_row = false;
    for (size_t i = 0; i < arguments->n_rows && !is_row; i++) {
        is_row = strcmp(arguments->rows[i].name, name) == 0;
        value = arguments->values[i];
    }
    assert(is_row);
    return is_row ? value : NULL;
}

bool arguments_has(const struct arguments *arguments, const char *name) {
    return find(arguments, name) != NULL;
}

const char *arguments_value(const struct arguments *arguments, const char *name) {
    return find(arguments, name);
}
