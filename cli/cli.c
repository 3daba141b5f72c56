#include "cli/cli.h"

#include "bootstrap/version.h"
#include "cli/config_option.h"
#include "cli/remedy.h"
#include "handlers/similar.h"
#include "runtime/base/utf8.h"

#include <stdarg.h>
#include <string.h>

#define ANSWER_BYTES 64
#define USAGE_BYTES 1024
#define OPTION_BYTES 64
#define OPTION_COLUMNS 26 /* at least */

/* --- saying things --- */

void cli_write(FILE *stream, struct view bytes) {
    if (bytes.len > 0) {
        fwrite(bytes.data, 1, bytes.len, stream);
    }
}

void cli_write_json(FILE *stream, struct view json) {
    size_t written = 0;
    for (size_t i = 0; i < json.len;) {
        uint32_t c = 0;
        size_t len = utf8_decode(view_slice(json, i, json.len), &c);
        if (len > 0 && c >= 0x7f && !utf8_is_harmless(c)) {
            cli_write(stream, view_slice(json, written, i - written));
            fprintf(stream, "\\u%04x", (unsigned)c);
            written = i + len;
        }
        i += len > 0 ? len : 1;
    }
    cli_write(stream, view_slice(json, written, json.len));
    fputs("\n", stream);
}

const char *cli_colour(const struct cli *cli, enum colour colour) {
    if (!cli->colours) {
        return "";
    }
    switch (colour) {
    case COLOUR_NONE:
        return "\033[0m";
    case COLOUR_RED:
        return "\033[31m";
    case COLOUR_GREEN:
        return "\033[32m";
    case COLOUR_YELLOW:
        return "\033[33m";
    case COLOUR_CYAN:
        return "\033[36m";
    case COLOUR_BOLD:
        return "\033[1m";
    }
    return "";
}

int cli_fail(const struct cli *cli, const struct err *err) {
    struct view remedy = remedy_for_person(err, cli->arena);
    fprintf(cli->err, "slipway: %s\n", err->message);
    if (remedy.len > 0) {
        fputs("remedy: ", cli->err);
        cli_write(cli->err, remedy);
        fputs("\n", cli->err);
    }
    return err_class(err->code) == ERR_CLASS_REFUSED ? EXIT_STATUS_REFUSED : EXIT_STATUS_FAILED;
}

int cli_usage_error(const struct cli *cli, const char *command, const char *format, ...) {
    char text[USAGE_BYTES];
    struct err printable;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    err_init(&printable);
    (void)err_set(&printable, ERR_CONFIG_INVALID, "%s", text);
    const char *space = command[0] == '\0' ? "" : " ";
    fprintf(cli->err, "slipway%s%s: %s\ntry: slipway%s%s --help\n", space, command,
            printable.message, space, command);
    return EXIT_STATUS_USAGE;
}

bool cli_is_interrupted(const struct cli *cli) {
    return cli->interrupted && *cli->interrupted;
}

bool cli_confirm(const struct cli *cli, const char *question) {
    char answer[ANSWER_BYTES];
    if (!cli->is_interactive || cli_is_interrupted(cli)) {
        return false;
    }
    fflush(cli->out);
    fprintf(cli->err, "%s [y/N] ", question);
    fflush(cli->err);
    if (!fgets(answer, sizeof(answer), cli->in) || cli_is_interrupted(cli)) {
        fputs("\n", cli->err);
        return false;
    }
    struct view word = view_trim(view_of(answer));
    return view_equal_nocase(word, VIEW("y")) || view_equal_nocase(word, VIEW("yes"));
}

/* --- help --- */

static void print_overview(FILE *stream) {
    fputs("slipway: deploys container images to Amazon ECS\n\n"
          "usage: slipway COMMAND [OPTION...] [ARGUMENT...]\n\n",
          stream);
    for (const struct command *command = cli_commands; command->name; command++) {
        fprintf(stream, "  %-18s %s\n", command->name, command->summary);
    }
    fputs("\n'slipway COMMAND --help' says more of one\n"
          "exit status: 0 done, 1 failed, 2 wrong usage, 3 refused\n",
          stream);
}

/* "-n, --max=N", and its length. */
static int option_text(const struct option_row *row, char text[static OPTION_BYTES]) {
    return snprintf(text, OPTION_BYTES, "%c%c%s--%s%s%s", row->letter ? '-' : ' ',
                    row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
                    row->value ? "=" : "", row->value ? row->value : "");
}

static void print_options(const struct option_row *rows, FILE *stream) {
    static const struct option_row help = {.name = "help", .letter = 'h', .help = "show this"};
    char text[OPTION_BYTES];
    int width = OPTION_COLUMNS;
    for (const struct option_row *row = rows; row && row->name; row++) {
        int own = option_text(row, text);
        width = own > width ? own : width;
    }
    for (const struct option_row *row = rows; row && row->name; row++) {
        (void)option_text(row, text);
        fprintf(stream, "  %-*s %s\n", width, text, row->help);
    }
    (void)option_text(&help, text);
    fprintf(stream, "  %-*s %s\n", width, text, help.help);
}

static void print_help(const struct command *command, FILE *stream) {
    struct option_row rows[OPTIONS_MAX + 1];
    fprintf(stream, "usage: slipway %s%s%s\n\n%s\n", command->name,
            command->synopsis[0] == '\0' ? "" : " ", command->synopsis, command->summary);
    if (command->details) {
        fprintf(stream, "\n%s\n", command->details);
    }
    fputs("\noptions\n", stream);
    config_option_rows(command, rows);
    print_options(rows, stream);
    fprintf(stream, "\nexample\n  %s\n", command->example);
}

/* --- finding a command --- */

/* The words of a command's name that argv begins with, all of them, or 0. */
static size_t match(const char *name, char **words, size_t n_words) {
    struct view rest = view_of(name);
    struct view word;
    size_t n = 0;
    while (view_split(&rest, ' ', &word)) {
        if (n >= n_words || !view_equal(word, view_of(words[n]))) {
            return 0;
        }
        n++;
    }
    return n;
}

static const struct command *find_command(char **words, size_t n_words, size_t *ret_used) {
    for (const struct command *command = cli_commands; command->name; command++) {
        *ret_used = match(command->name, words, n_words);
        if (*ret_used > 0) {
            return command;
        }
    }
    return NULL;
}

static bool is_word(const char *word, const char *a, const char *b) {
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static bool is_in_group(const struct command *command, struct view group) {
    struct view first;
    struct view rest;
    return view_cut(view_of(command->name), ' ', &first, &rest) && view_equal(first, group);
}

static void print_group(struct view group, FILE *stream) {
    for (const struct command *command = cli_commands; command->name; command++) {
        if (is_in_group(command, group)) {
            fprintf(stream, "  slipway %-18s %s\n", command->name, command->summary);
        }
    }
}

/* Says which command may have been meant: "depoly" is deploy, "config chek" is config check. */
static int unknown_command(const struct cli *cli, const char *group, const char *word) {
    struct view prefix = view_of(group);
    const char *space = prefix.len > 0 ? " " : "";
    for (const struct command *command = cli_commands; command->name; command++) {
        struct view name = view_of(command->name);
        struct view first = name;
        struct view rest = {0};
        bool is_of_group = view_cut(name, ' ', &first, &rest) && view_equal(first, prefix);
        if (prefix.len > 0 ? is_of_group && similar_is_misspelling(view_of(word), rest)
                           : similar_is_misspelling(view_of(word), first)) {
            int shown = (int)(prefix.len > 0 ? name.len : first.len);
            return cli_usage_error(cli, group, "unknown command '%s%s%s'; did you mean '%.*s'?",
                                   group, space, word, shown, name.data);
        }
    }
    return cli_usage_error(cli, group, "unknown command '%s%s%s'", group, space, word);
}

/* "slipway config" alone, or with --help: which commands begin so. */
static int no_single_command(const struct cli *cli, char **words, size_t n_words, bool wants_help) {
    struct view first = view_of(words[0]);
    const struct command *command = cli_commands;
    while (command->name && !is_in_group(command, first)) {
        command++;
    }
    if (!command->name) {
        return unknown_command(cli, "", words[0]);
    }
    wants_help = n_words > 1 ? is_word(words[1], "--help", "-h") : wants_help;
    if (n_words > 1 && !wants_help) {
        return unknown_command(cli, words[0], words[1]);
    }
    FILE *stream = wants_help ? cli->out : cli->err;
    fprintf(stream, "'slipway %s' is several commands:\n", words[0]);
    print_group(first, stream);
    return wants_help ? EXIT_STATUS_DONE : EXIT_STATUS_USAGE;
}

static int run_command(const struct cli *cli, const struct command *command,
                       const struct arguments *arguments) {
    struct cli of_command = *cli;
    const char *config = command->takes_config ? arguments_value(arguments, "config") : NULL;
    struct err err;
    err_init(&err);
    if (config && config[0] == '\0') {
        return cli_usage_error(cli, command->name, "--config is empty");
    }
    if (config && config_option_apply(&of_command, config, &err) < 0) {
        return cli_fail(cli, &err);
    }
    return command->run(&of_command, arguments);
}

int cli_run(struct cli *cli, int argc, char **argv) {
    char **words = argv + 1;
    size_t n_words = argc > 1 ? (size_t)argc - 1 : 0;
    size_t used;
    if (n_words == 0) {
        print_overview(cli->err);
        return EXIT_STATUS_USAGE;
    }
    if (is_word(words[0], "--version", "version")) {
        fputs("slipway " SLIPWAY_VERSION "\n", cli->out);
        return EXIT_STATUS_DONE;
    }
    if (is_word(words[0], "--help", "-h") || (n_words == 1 && is_word(words[0], "help", "help"))) {
        print_overview(cli->out);
        return EXIT_STATUS_DONE;
    }
    bool wants_help = is_word(words[0], "help", "help");
    words += wants_help;
    n_words -= wants_help;
    const struct command *command = find_command(words, n_words, &used);
    if (!command) {
        return no_single_command(cli, words, n_words, wants_help);
    }
    struct arguments arguments = {0};
    struct option_row rows[OPTIONS_MAX + 1];
    struct err err;
    err_init(&err);
    config_option_rows(command, rows);
    if (!wants_help && arguments_parse(rows, words + used, n_words - used, cli->arena, &arguments,
                                       &wants_help, &err) < 0) {
        return cli_usage_error(cli, command->name, "%s", err.message);
    }
    if (wants_help) {
        print_help(command, cli->out);
        return EXIT_STATUS_DONE;
    }
    return run_command(cli, command, &arguments);
}
