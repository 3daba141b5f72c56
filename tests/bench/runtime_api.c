/*
 * A Lambda Runtime API that measures from outside what it serves: starts a program, hands it one
 * event as often as asked, and prints one line of JSON per start.
 *
 *   runtime_api [-r STARTS] [-n INVOCATIONS] [-e EVENT_FILE] [-g PROCS_FILE] [-w FILE=VALUE]
 *               [-p | -a] -- PROGRAM [ARGUMENT…]
 *
 *   -g  the program joins the control group of that cgroup.procs file before it starts
 *   -w  written at the first /next: where Lambda's init phase ends, and with it the whole CPU
 *   -a  this process on CPU 0 and the program on CPU 1
 *   -p  the same, and this process waits busily
 *
 * Times are nanoseconds of CLOCK_MONOTONIC. The clock starts before execve(), in the child.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES (8 * 1024 * 1024)
#define EVENT_BYTES (1024 * 1024)
#define SAMPLES_MAX 200000
/* Without a request for this long the program hangs; a deploy of fifty takes half a minute. */
#define GIVE_UP_NS (90 * 1000000000LL)
/* Resident memory is noted after this many invocations, and at the end. */
#define WARMED_UP 1000
/* Each answer takes this long, so that the program is always asleep when it comes. Without it, who
 * does more between sending and waiting finds the answer there, and saves the cost of waking up. */
#define THINK_NS 50000

struct options {
    int starts;
    int invocations;
    bool pinned;
    bool busy;
    const char *procs_file;
    const char *limit_file;
    const char *limit_value;
    char *const *program;
};

struct run {
    const struct options *options;
    pid_t pid;
    int connection; /* -1: none */
    int connections;
    int answered;
    int64_t first_next_ns;
    int64_t event_ns;
    int64_t post_ns;
    int64_t cpu_first_ns;
    long rss_first_kb;
    long rss_warm_kb;
    double *loop_us; /* from an event sent to the next one asked for, without our own part */
    size_t in_len;
    size_t answer_len;
    char answer[4096];
};

static char request[REQUEST_BYTES + 1];
static char event[EVENT_BYTES] = "{}";
static char response[EVENT_BYTES + 1024];
static size_t event_len = 2;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t cpu_ns(pid_t pid) {
    clockid_t clock;
    struct timespec t = {0};
    if (clock_getcpuclockid(pid, &clock) == 0)
        clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void think(int64_t since_ns) {
    while (now_ns() < since_ns + THINK_NS)
        continue;
}

static long status_kb(pid_t pid, const char *key) {
    char line[256];
    long value = -1;
    snprintf(line, sizeof(line), "/proc/%d/status", (int)pid);
    FILE *file = fopen(line, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtol(line + strlen(key), NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return value;
}

static void write_file(const char *path, const char *value) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, value, strlen(value)) < 0)
        perror(path);
    if (fd >= 0)
        close(fd);
}

static void pin(size_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

static pid_t start(const struct options *options, int port, int64_t *exec_ns) {
    char api[64];
    snprintf(api, sizeof(api), "127.0.0.1:%d", port);
    setenv("AWS_LAMBDA_RUNTIME_API", api, 1);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (options->pinned)
        pin(1);
    if (options->procs_file != NULL)
        write_file(options->procs_file, "0");
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, 0);
    dup2(nothing, 1);
    *exec_ns = now_ns();
    execv(options->program[0], options->program);
    perror(options->program[0]);
    _exit(127);
}

static void send_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return;
        if (sent > 0) {
            bytes += sent;
            len -= (size_t)sent;
        }
    }
}

static void send_event(struct run *run) {
    char head[1024];
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "Lambda-Runtime-Aws-Request-Id: 5f6c1c3e-0000-4000-8000-%012d\r\n"
                     "Lambda-Runtime-Deadline-Ms: %lld\r\n"
                     "Lambda-Runtime-Invoked-Function-Arn: "
                     "arn:aws:lambda:us-east-1:222222222222:function:bench\r\n"
                     "Lambda-Runtime-Trace-Id: Root=1-5f6c1c3e-000000000000000000000000;Sampled=0"
                     "\r\nContent-Length: %zu\r\n\r\n",
                     run->answered, (long long)wall.tv_sec * 1000 + 100000, event_len);
    memcpy(response, head, (size_t)n);
    memcpy(response + n, event, event_len);
    run->event_ns = now_ns();
    send_all(run->connection, response, (size_t)n + event_len);
}

/* false: this was the last one. */
static bool on_next(struct run *run, int64_t at_ns) {
    if (run->first_next_ns == 0) {
        run->first_next_ns = at_ns;
        run->rss_first_kb = status_kb(run->pid, "VmHWM:");
        run->cpu_first_ns = cpu_ns(run->pid);
        if (run->options->limit_file != NULL)
            write_file(run->options->limit_file, run->options->limit_value);
    } else if (run->answered <= SAMPLES_MAX) {
        run->loop_us[run->answered - 1] = (double)(at_ns - run->event_ns - THINK_NS) / 1e3;
    }
    if (run->answered == WARMED_UP)
        run->rss_warm_kb = status_kb(run->pid, "VmRSS:");
    if (run->answered == run->options->invocations)
        return false;
    think(at_ns);
    send_event(run);
    return true;
}

static void on_post(struct run *run, const char *body, size_t len, int64_t at_ns) {
    static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
                                   "Content-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
    run->post_ns = at_ns;
    run->answer_len = len < sizeof(run->answer) ? len : sizeof(run->answer);
    memcpy(run->answer, body, run->answer_len);
    run->answered++;
    think(at_ns);
    send_all(run->connection, accepted, sizeof(accepted) - 1);
}

/* Serves one request if it is there whole. false: the run is over. */
static bool serve(struct run *run, bool *ret_served) {
    request[run->in_len] = '\0';
    char *end = run->in_len > 0 ? strstr(request, "\r\n\r\n") : NULL;
    *ret_served = false;
    if (end == NULL)
        return true;
    size_t head_len = (size_t)(end + 4 - request);
    *end = '\0';
    const char *length = strcasestr(request, "\r\nContent-Length:");
    size_t body_len = length != NULL ? strtoul(length + 17, NULL, 10) : 0;
    *end = '\r';
    if (run->in_len < head_len + body_len)
        return true;
    int64_t at_ns = now_ns();
    bool goes_on = true;
    if (strncmp(request, "GET ", 4) == 0)
        goes_on = on_next(run, at_ns);
    else
        on_post(run, request + head_len, body_len, at_ns);
    run->in_len -= head_len + body_len;
    memmove(request, request + head_len + body_len, run->in_len);
    *ret_served = true;
    return goes_on;
}

static void accept_connection(struct run *run, int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (run->connection >= 0)
        close(run->connection);
    run->connection = fd;
    run->connections++;
    run->in_len = 0;
}

/* Until the last invocation is answered (0), or the program ends before or takes too long (-1). */
static int drive(struct run *run, int listener) {
    int64_t heard_ns = now_ns();
    for (;;) {
        struct pollfd fds[2] = {{listener, POLLIN, 0}, {run->connection, POLLIN, 0}};
        poll(fds, 2, run->options->busy ? 0 : 100);
        if (fds[0].revents != 0)
            accept_connection(run, listener);
        else if (fds[1].revents != 0) {
            ssize_t got =
                recv(run->connection, request + run->in_len, REQUEST_BYTES - run->in_len, 0);
            if (got > 0)
                run->in_len += (size_t)got;
            else if (got == 0) {
                close(run->connection);
                run->connection = -1;
            }
            bool served = got > 0;
            heard_ns = now_ns();
            while (served) {
                if (!serve(run, &served))
                    return 0;
            }
        } else if (waitpid(run->pid, NULL, WNOHANG) == run->pid ||
                   now_ns() > heard_ns + GIVE_UP_NS) {
            return -1;
        }
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_answer(const struct run *run) {
    fputs("\"answer\":\"", stdout);
    for (size_t i = 0; i < run->answer_len; i++) {
        unsigned char c = (unsigned char)run->answer[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c >= ' ')
            putchar(c);
    }
    puts("\"}");
}

static void print_run(struct run *run, int64_t exec_ns) {
    int n = run->answered < SAMPLES_MAX ? run->answered : SAMPLES_MAX;
    qsort(run->loop_us, (size_t)n, sizeof(double), compare);
    int64_t cpu = cpu_ns(run->pid);
    printf("{\"exec_ns\":%lld,\"first_next_ns\":%lld,\"event_ns\":%lld,\"post_ns\":%lld,"
           "\"init_cpu_us\":%.1f,\"cpu_us\":%.1f,\"cpu_us_per_invocation\":%.2f,"
           "\"loop_us_p50\":%.2f,\"invocations\":%d,\"connections\":%d,\"rss_first_kb\":%ld,"
           "\"rss_warm_kb\":%ld,\"rss_end_kb\":%ld,\"rss_peak_kb\":%ld,",
           (long long)exec_ns, (long long)run->first_next_ns, (long long)run->event_ns,
           (long long)run->post_ns, (double)run->cpu_first_ns / 1e3, (double)cpu / 1e3,
           n > 0 ? (double)(cpu - run->cpu_first_ns) / 1e3 / run->answered : 0.0,
           n > 0 ? run->loop_us[n / 2] : 0.0, run->answered, run->connections, run->rss_first_kb,
           run->rss_warm_kb, status_kb(run->pid, "VmRSS:"), status_kb(run->pid, "VmHWM:"));
    print_answer(run);
}

static int measure(const struct options *options, int listener, int port, int64_t *exec_ns,
                   double *samples) {
    struct run run = {.options = options, .connection = -1, .loop_us = samples};
    run.pid = start(options, port, exec_ns);
    int result = drive(&run, listener);
    if (result == 0)
        print_run(&run, *exec_ns);
    else
        fprintf(stderr, "runtime_api: '%s' ended or hung after %d answers\n", options->program[0],
                run.answered);
    kill(run.pid, SIGKILL);
    waitpid(run.pid, NULL, 0);
    if (run.connection >= 0)
        close(run.connection);
    return result;
}

static int listen_on_loopback(int *ret_port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        perror("runtime_api");
        exit(1);
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void read_event(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    event_len = fread(event, 1, sizeof(event), file);
    fclose(file);
}

static void parse(int argc, char **argv, struct options *options) {
    int option;
    while ((option = getopt(argc, argv, "+r:n:e:g:w:pa")) != -1) {
        switch (option) {
        case 'r':
            options->starts = atoi(optarg);
            break;
        case 'n':
            options->invocations = atoi(optarg);
            break;
        case 'e':
            read_event(optarg);
            break;
        case 'g':
            options->procs_file = optarg;
            break;
        case 'p':
            options->busy = true;
            options->pinned = true;
            break;
        case 'a':
            options->pinned = true;
            break;
        case 'w':
            options->limit_file = strtok(optarg, "=");
            options->limit_value = strtok(NULL, "=");
            break;
        default:
            exit(64);
        }
    }
    options->program = argv + optind;
    if (options->program[0] == NULL)
        exit(64);
}

int main(int argc, char **argv) {
    struct options options = {.starts = 1};
    parse(argc, argv, &options);
    signal(SIGPIPE, SIG_IGN);
    if (options.pinned)
        pin(0);
    int port = 0;
    int listener = listen_on_loopback(&port);
    int64_t *exec_ns =
        mmap(NULL, sizeof(*exec_ns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double *samples = calloc(SAMPLES_MAX, sizeof(*samples));
    int result = exec_ns == MAP_FAILED || samples == NULL ? 1 : 0;
    for (int i = 0; i < options.starts && result == 0; i++)
        result = measure(&options, listener, port, exec_ns, samples) == 0 ? 0 : 1;
    free(samples);
    close(listener);
    return result;
}
