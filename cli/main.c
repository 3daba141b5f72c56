/*
 * slipway: the command line. The process's streams, environment and clock -> struct cli -> the
 * command.
 */

#include "cli/cli.h"

#include <signal.h>
#include <unistd.h>

/* What one command may take up: a registry's thousands of images, a page of revisions each. */
#define ARENA_BYTES ((size_t)512 * 1024 * 1024)

static bool wants_colours(const struct environment *env) {
    struct view no_colour = environment_get(env, "NO_COLOR");
    struct view term = environment_get(env, "TERM");
    return no_colour.len == 0 && isatty(STDOUT_FILENO) && term.len > 0 &&
           !view_equal(term, VIEW("dumb"));
}

int main(int argc, char **argv) {
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    struct cli cli = {
        .env = &environment_process,
        .clock = &clock_system,
        .in = stdin,
        .out = stdout,
        .err = stderr,
        .colours = wants_colours(&environment_process),
        .is_interactive = isatty(STDIN_FILENO) && isatty(STDERR_FILENO),
        .arena = &arena,
    };
    int status = cli_run(&cli, argc, argv);
    /* What could not be written was not said. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("slipway: standard output");
        return status == EXIT_STATUS_DONE ? EXIT_STATUS_FAILED : status;
    }
    return status;
}
