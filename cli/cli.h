#ifndef SLIPWAY_CLI_CLI_H
#define SLIPWAY_CLI_CLI_H

/*
 * `slipway`, the command line: what a command is, and what it works with. One const table
 * (commands.c) has them all; help, the man page and the shells' completion are made from it.
 *
 * A command writes its answer to `out` and what it has to say about that to `err`; it leaves by
 * returning its exit status. Nothing in this folder but main.c ends the process.
 */

#include "cli/arguments.h"
#include "runtime/aws/credentials.h"
#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum exit_status {
    EXIT_STATUS_DONE = 0,
    EXIT_STATUS_FAILED = 1,  /* it could not be done: AWS, a file, something found to be wrong */
    EXIT_STATUS_USAGE = 2,   /* the command line itself is wrong */
    EXIT_STATUS_REFUSED = 3, /* an answer: it cannot be carried out as it stands */
};

struct cli {
    const struct environment *env;
    const struct clock *clock;
    FILE *in, *out, *err;
    bool colours;        /* of `out`; not where NO_COLOR is set or it is no terminal */
    bool is_interactive; /* a person sits there: `in` and `err` are terminals */
    size_t columns;      /* of the terminal that `err` is; 0: it is none that can be written over */
    size_t out_columns;  /* of the terminal that `out` is; 0: it is none */
    /* Set by Ctrl-C once a command has asked for that (catch_interrupts()), which ends the process
     * otherwise. Either may be NULL. */
    const volatile sig_atomic_t *interrupted;
    void (*catch_interrupts)(void);
    struct arena *arena; /* as long as the command */
    struct view account; /* whose credentials are wanted, by --config; empty: anybody's */
    const char *config;  /* the file of --config; NULL: none */
};

struct command {
    const char *name;                 /* "config check" */
    const char *synopsis;             /* what follows the name: "[--json] FILE…|all" */
    const char *summary;              /* one line, without a full stop */
    const char *details;              /* paragraphs of text; may be NULL */
    const char *example;              /* "slipway config check dev.yaml prod.yaml" */
    const struct option_row *options; /* ends with a row without a name; may be NULL */
    bool takes_config; /* it is about an environment in AWS: --config (config_option.h) */
    int (*run)(struct cli *cli, const struct arguments *arguments);
};

/* Every command, in the order in which help shows them; ends with one without a name. */
extern const struct command cli_commands[];

/* Finds the command, parses its options, runs it. argv[0] is the program's name. Returns an enum
 * exit_status. --help anywhere shows the command's help; --version the version. */
int cli_run(struct cli *cli, int argc, char **argv);

/* --- saying things --- */

/* "slipway: message", then "remedy: …" on a line of its own, to cli->err; of remedies that are for
 * the function what they are for a person. Returns the status that goes with the error's class: 3
 * for a refusal, else 1. */
int cli_fail(const struct cli *cli, const struct err *err);
/* "slipway NAME: message", then where the help is. What is not printable is escaped. Returns
 * EXIT_STATUS_USAGE. */
int cli_usage_error(const struct cli *cli, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Bytes as they are; a terminal's control characters in them must have been replaced before. */
void cli_write(FILE *stream, struct view bytes);
/* JSON and a line break; what is not harmless (utf8.h) in its strings, and JSON lets stand as it
 * is, becomes an escape. */
void cli_write_json(FILE *stream, struct view json);

enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_CYAN, COLOUR_BOLD };
/* The escape sequence that begins the colour (COLOUR_NONE ends any), or "" without colours. */
const char *cli_colour(const struct cli *cli, enum colour colour);

/* Asks a yes-or-no question on `err` and reads a line from `in`; only y and yes are a yes. Without
 * a person there, and after Ctrl-C, it is no. */
bool cli_confirm(const struct cli *cli, const char *question);
/* Whether Ctrl-C was pressed since catch_interrupts(). */
bool cli_is_interrupted(const struct cli *cli);

#endif
