/*
 * slipway: the command line. The process's streams, environment and clock -> struct cli -> the
 * command.
 */

#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
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

/* No SA_RESTART: a wait that is under way has to end. A second Ctrl-C ends the process. Whoever
 * started this may have it ignored ("trap '' INT", "&" in a script): that stays. */
static void catch_interrupts(void) {
    struct sigaction before;
    if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler == SIG_IGN) {
        return;
    }
    struct sigaction on_int = {.sa_handler = on_sigint, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&on_int.sa_mask);
    sigaction(SIGINT, &on_int, NULL);
}

/* A stream that is closed stays unusable: a connection to AWS must not get its number, and be
 * written into. */
static void fill_closed_streams(void) {
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF) {
            /* The lowest free number is this one; reading and writing it the other way fails. */
            (void)open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

#define COLUMNS_LEAST 20
#define COLUMNS_MOST 1000
#define COLUMNS_UNKNOWN 80

static bool is_dumb(const struct environment *env) {
    struct view term = environment_get(env, "TERM");
    return term.len == 0 || view_equal(term, VIEW("dumb"));
}

/* COLUMNS, where a person has set it, is stronger than what the terminal says. */
static size_t columns_of(int descriptor, const struct environment *env) {
    struct winsize size;
    int64_t columns;
    if (!isatty(descriptor)) {
        return 0;
    }
    if (!view_to_i64(environment_get(env, "COLUMNS"), &columns) || columns < 1) {
        bool is_known = ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
        columns = is_known ? size.ws_col : COLUMNS_UNKNOWN;
    }
    columns = columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns;
    return (size_t)(columns > COLUMNS_MOST ? COLUMNS_MOST : columns);
}

static bool wants_colours(const struct environment *env) {
    return environment_get(env, "NO_COLOR").len == 0 && isatty(STDOUT_FILENO) && !is_dumb(env);
}

/* What could not be written was not said. Whoever has closed a pipe ("| head") knows. */
static int close_output(int status) {
    errno = 0;
    bool was_bad = ferror(stdout) != 0;
    if (fflush(stdout) == 0 && !was_bad) {
        return status;
    }
    if (errno != EPIPE) {
        fprintf(stderr, "slipway: cannot write to standard output%s%s\n", errno != 0 ? ": " : "",
                errno != 0 ? strerror(errno) : "");
    }
    return status == EXIT_STATUS_DONE ? EXIT_STATUS_FAILED : status;
}

int main(int argc, char **argv) {
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    const struct environment *env = &environment_process;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    fill_closed_streams();
    struct cli cli = {
        .env = env,
        .clock = &clock_system,
        .in = stdin,
        .out = stdout,
        .err = stderr,
        .colours = wants_colours(env),
        .is_interactive = isatty(STDIN_FILENO) && isatty(STDERR_FILENO),
        .columns = is_dumb(env) ? 0 : columns_of(STDERR_FILENO, env),
        .out_columns = columns_of(STDOUT_FILENO, env),
        .interrupted = &interrupted,
        .catch_interrupts = catch_interrupts,
        .arena = &arena,
    };
    return close_output(cli_run(&cli, argc, argv));
}
