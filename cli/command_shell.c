#include "cli/commands.h"

#include "cli/shell_texts.h"

#include <string.h>

/* slipway man, slipway completion: for whoever installs the program. */

#define TEXT_BYTES ((size_t)1024 * 1024)

static int print(struct cli *cli, struct buf *text) {
    struct err err;
    err_init(&err);
    if (buf_check(text, "what is printed", &err) < 0) {
        return cli_fail(cli, &err);
    }
    cli_write(cli->out, buf_view(text));
    return EXIT_STATUS_DONE;
}

int command_man(struct cli *cli, const struct arguments *arguments) {
    struct buf text BUF_AUTO = BUF_INIT(TEXT_BYTES);
    if (arguments->n_operands != 0) {
        return cli_usage_error(cli, "man", "expected nothing more");
    }
    manual_page_write(cli_commands, &text);
    return print(cli, &text);
}

int command_completion(struct cli *cli, const struct arguments *arguments) {
    struct buf text BUF_AUTO = BUF_INIT(TEXT_BYTES);
    const char *shell = arguments->n_operands == 1 ? arguments->operands[0] : "";
    if (strcmp(shell, "bash") == 0) {
        completion_write_bash(cli_commands, &text);
    } else if (strcmp(shell, "zsh") == 0) {
        completion_write_zsh(cli_commands, &text);
    } else {
        return cli_usage_error(cli, "completion", "expected bash or zsh");
    }
    return print(cli, &text);
}
