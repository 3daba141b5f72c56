/*
 * slipway: the command line. The process's streams, environment and clock -> struct cli -> the
 * command.
 */

#include "cli/cli.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What one command may take up: a registry's thousands of images, a page of revisions each. */
#define ARENA_BYTES ((size_t)512 * 1024 * 1024)

/* A signal handler reaches nothing else. */
static volatile sig_atomic_t interrupted;

static void on_sigint(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

/* No SA_RESTART: a wait that is under way has to end. A second Ctrl-C ends the process. */
static void catch_interrupts(void) {
    struct sigaction on_int = {.sa_handler = on_sigint, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&on_int.sa_mask);
    sigaction(SIGINT, &on_int, NULL);
}

static size_t columns_of(int descriptor) {
    struct winsize size;
    return isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 1
               ? (size_t)size.ws_col - 1
               : 0;
}

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
        .columns = columns_of(STDERR_FILENO),
        .interrupted = &interrupted,
        .catch_interrupts = catch_interrupts,
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
