#include "cli/config_option.h"
#include "cli/shell_texts.h"

#include <string.h>

/* --- what both have in common --- */

/* "config" of "config check"; empty for a command of one word. */
static struct view group_of(const struct command *command) {
    struct view group;
    struct view rest;
    return view_cut(view_of(command->name), ' ', &group, &rest) ? group : VIEW("");
}

static struct view last_word(const struct command *command) {
    struct view group;
    struct view rest;
    return view_cut(view_of(command->name), ' ', &group, &rest) ? rest : view_of(command->name);
}

static bool is_first_of_group(const struct command *commands, const struct command *command) {
    for (const struct command *other = commands; other != command; other++) {
        if (view_equal(group_of(other), group_of(command))) {
            return false;
        }
    }
    return true;
}

/* Each first word once, each with what writes it. */
typedef void (*writes_word)(struct buf *script, struct view word, const char *summary);

static void write_first_words(const struct command *commands, struct buf *script,
                              writes_word write) {
    for (const struct command *command = commands; command->name; command++) {
        struct view group = group_of(command);
        if (group.len == 0) {
            write(script, view_of(command->name), command->summary);
        } else if (is_first_of_group(commands, command)) {
            write(script, group, "several commands");
        }
    }
}

static void write_second_words(const struct command *commands, struct view group,
                               struct buf *script, writes_word write) {
    for (const struct command *command = commands; command->name; command++) {
        if (view_equal(group_of(command), group)) {
            write(script, last_word(command), command->summary);
        }
    }
}

/* --- bash --- */

static void write_bash_word(struct buf *script, struct view word, const char *summary) {
    (void)summary;
    buf_append(script, word);
    buf_append_char(script, ' ');
}

void completion_write_bash(const struct command *commands, struct buf *script) {
    buf_append_str(script, "# bash completion of slipway\n"
                           "_slipway() {\n"
                           "    local current=${COMP_WORDS[COMP_CWORD]} words\n"
                           "    case \"${COMP_WORDS[*]:1:COMP_CWORD-1} \" in\n");
    for (const struct command *command = commands; command->name; command++) {
        buf_appendf(script, "    '%s '*) words='", command->name);
        struct option_row rows[OPTIONS_MAX + 1];
        config_option_rows(command, rows);
        for (const struct option_row *row = rows; row->name; row++) {
            buf_appendf(script, "--%s%s ", row->name, row->value ? "=" : "");
        }
        buf_append_str(script, "--help' ;;\n");
    }
    for (const struct command *command = commands; command->name; command++) {
        struct view group = group_of(command);
        if (group.len > 0 && is_first_of_group(commands, command)) {
            buf_appendf(script, "    '" VIEW_FMT " ') words='", VIEW_ARG(group));
            write_second_words(commands, group, script, write_bash_word);
            buf_append_str(script, "' ;;\n");
        }
    }
    buf_append_str(script, "    ' '|'help ') words='");
    write_first_words(commands, script, write_bash_word);
    buf_append_str(script, "help --help --version' ;;\n"
                           "    *) words='' ;;\n"
                           "    esac\n"
                           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                           "    [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace\n"
                           "}\n"
                           "complete -o default -F _slipway slipway\n");
}

/* --- zsh --- */

/* ":summary' ", the rest of a word in single quotes; a colon in the summary is no more a
 * separator. */
static void write_zsh_summary(struct buf *script, const char *summary) {
    buf_append_str(script, ":");
    for (const char *c = summary; *c != '\0'; c++) {
        buf_append_str(script, *c == '\'' ? "'\\''" : (char[]){*c, '\0'});
    }
    buf_append_str(script, "' ");
}

static void write_zsh_word(struct buf *script, struct view word, const char *summary) {
    buf_append_str(script, "'");
    buf_append(script, word);
    write_zsh_summary(script, summary);
}

static void write_zsh_option(struct buf *script, const struct option_row *row) {
    buf_appendf(script, "'--%s%s", row->name, row->value ? "=" : "");
    write_zsh_summary(script, row->help);
}

void completion_write_zsh(const struct command *commands, struct buf *script) {
    static const struct option_row help = {.name = "help", .help = "show what it does"};
    buf_append_str(script, "#compdef slipway\n"
                           "_slipway() {\n"
                           "    local -a choices\n"
                           "    case \"${(j: :)words[2,CURRENT-1]} \" in\n");
    for (const struct command *command = commands; command->name; command++) {
        buf_appendf(script, "    ('%s '*) choices=(", command->name);
        struct option_row rows[OPTIONS_MAX + 1];
        config_option_rows(command, rows);
        for (const struct option_row *row = rows; row->name; row++) {
            write_zsh_option(script, row);
        }
        write_zsh_option(script, &help);
        buf_append_str(script, ")\n        _describe -o option choices || _files ;;\n");
    }
    for (const struct command *command = commands; command->name; command++) {
        struct view group = group_of(command);
        if (group.len > 0 && is_first_of_group(commands, command)) {
            buf_appendf(script, "    ('" VIEW_FMT " ') choices=(", VIEW_ARG(group));
            write_second_words(commands, group, script, write_zsh_word);
            buf_append_str(script, ")\n        _describe command choices ;;\n");
        }
    }
    buf_append_str(script, "    (' '|'help ') choices=(");
    write_first_words(commands, script, write_zsh_word);
    buf_append_str(script, ")\n        _describe command choices ;;\n"
                           "    (*) _files ;;\n"
                           "    esac\n"
                           "}\n"
                           "if [[ ${funcstack[1]-} == _slipway ]]; then\n"
                           "    _slipway \"$@\"\n"
                           "else\n"
                           "    compdef _slipway slipway\n"
                           "fi\n");
}
