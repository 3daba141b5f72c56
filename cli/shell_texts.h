#ifndef SLIPWAY_CLI_SHELL_TEXTS_H
#define SLIPWAY_CLI_SHELL_TEXTS_H

/*
 * What is made from the table of commands, so that it is never behind: the man page, and the
 * completion of bash and zsh. Pure.
 * groff_man(7); Bash Reference Manual, "Programmable Completion"; zshcompsys(1).
 */

#include "cli/cli.h"
#include "runtime/base/buf.h"

void manual_page_write(const struct command *commands, struct buf *page);
void completion_write_bash(const struct command *commands, struct buf *script);
void completion_write_zsh(const struct command *commands, struct buf *script);

#endif
