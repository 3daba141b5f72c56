#include "cli/command_config.h"

#include "cli/table.h"

#include <string.h>

bool command_config_names_all(const struct arguments *arguments) {
    for (size_t i = 0; i < arguments->n_operands; i++) {
        if (strcmp(arguments->operands[i], "all") == 0) {
            return true;
        }
    }
    return false;
}

void command_config_left_out(const struct cli *cli, const char *path) {
    struct view shown = table_clean(view_of(path), cli->arena);
    fprintf(cli->err, "slipway: '" VIEW_FMT "' is no environment file, and left out\n",
            VIEW_ARG(shown));
}

int command_config_refuse_none(struct err *err) {
    err_set(err, ERR_CONFIG_INVALID, "the current folder holds no environment file");
    err_remedy(err, "change to the folder of the environment files, or name them");
    return -1;
}

void command_config_fail(const struct cli *cli, const struct problems *problems) {
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *p = &problems->items[i];
        if (p->severity != SEVERITY_ERROR) {
            continue;
        }
        struct view file = table_clean(p->file, cli->arena);
        fprintf(cli->err, "slipway: " VIEW_FMT, VIEW_ARG(file));
        if (p->line > 0) {
            fprintf(cli->err, ":%zu:%zu", p->line, p->column);
        }
        fprintf(cli->err, ": " VIEW_FMT "\n", VIEW_ARG(p->message));
        if (p->remedy.len > 0) {
            fprintf(cli->err, "remedy: " VIEW_FMT "\n", VIEW_ARG(p->remedy));
        }
    }
}
