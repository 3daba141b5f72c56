#include "bootstrap/version.h"
#include "cli/config_option.h"
#include "cli/shell_texts.h"

/* Text of a page: a hyphen is one, and nothing at a line's start is a request. */
static void put(struct buf *page, struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool at_start = i == 0 || text.data[i - 1] == '\n';
        if (at_start && (c == '.' || c == '\'')) {
            buf_append_str(page, "\\&");
        }
        if (c == '\\') {
            buf_append_str(page, "\\e");
        } else if (c == '-') {
            buf_append_str(page, "\\-");
        } else {
            buf_append_char(page, c);
        }
    }
}

static void put_str(struct buf *page, const char *text) {
    put(page, view_of(text));
}

static void put_option(struct buf *page, const struct option_row *row) {
    buf_append_str(page, ".TP\n\\fB");
    if (row->letter != '\0') {
        buf_appendf(page, "\\-%c\\fR, \\fB", row->letter);
    }
    buf_append_str(page, "\\-\\-");
    put_str(page, row->name);
    buf_append_str(page, "\\fR");
    if (row->value) {
        buf_append_str(page, "=\\fI");
        put_str(page, row->value);
        buf_append_str(page, "\\fR");
    }
    buf_append_str(page, "\n");
    put_str(page, row->help);
    buf_append_str(page, "\n");
}

static void put_command(struct buf *page, const struct command *command) {
    buf_append_str(page, ".SS slipway ");
    put_str(page, command->name);
    buf_append_str(page, " ");
    put_str(page, command->synopsis);
    buf_append_str(page, "\n");
    put_str(page, command->summary);
    buf_append_str(page, ".\n");
    if (command->details) {
        buf_append_str(page, ".PP\n");
        put_str(page, command->details);
        buf_append_str(page, "\n");
    }
    struct option_row rows[OPTIONS_MAX + 1];
    config_option_rows(command, rows);
    for (const struct option_row *row = rows; row->name; row++) {
        put_option(page, row);
    }
    buf_append_str(page, ".PP\n.EX\n    ");
    put_str(page, command->example);
    buf_append_str(page, "\n.EE\n");
}

void manual_page_write(const struct command *commands, struct buf *page) {
    buf_append_str(page, ".TH SLIPWAY 1 \"\" \"slipway " SLIPWAY_VERSION "\" \"User Commands\"\n"
                         ".SH NAME\nslipway \\- deploy container images to Amazon ECS\n"
                         ".SH SYNOPSIS\n.B slipway\n.I COMMAND\n[\\fIOPTION\\fR...] "
                         "[\\fIARGUMENT\\fR...]\n"
                         ".SH DESCRIPTION\n"
                         "The command line of the AWS Lambda function of that name: the same core, "
                         "with your own credentials.\n"
                         "Every command takes \\fB\\-\\-help\\fR.\n"
                         ".SH COMMANDS\n");
    for (const struct command *command = commands; command->name; command++) {
        put_command(page, command);
    }
    buf_append_str(
        page,
        ".SH EXIT STATUS\n"
        ".TP\n0\ndone\n.TP\n1\nfailed, not known how it ended, or something was found to be wrong\n"
        ".TP\n2\nthe command line is wrong\n.TP\n3\nrefused: it cannot be carried out as "
        "it stands, or the answer was no\n"
        ".SH ENVIRONMENT\n"
        "Of an environment the variables of the function: PROJECT_NAME, PROJECT_ENV, "
        "ECS_SERVICE_MAP and so on, or with \\fB\\-\\-config\\fR what an environment file "
        "says of them.\n"
        "AWS_REGION, AWS_PROFILE and the other variables of the AWS SDKs mean what they "
        "mean there.\n"
        "With NO_COLOR nothing is coloured; COLUMNS is the width of the terminal.\n");
}
