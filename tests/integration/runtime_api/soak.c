/*
 * A Runtime API that gives a program very many invocations and watches its memory:
 *
 *     runtime_api_soak INVOCATIONS LARGE PROGRAM
 *
 * The mix: events echoed, described and failed, sent whole and in chunks, with ids and trace ids
 * that differ each time. Then LARGE events of 6 MB, and small ones again. The order of requests,
 * the ids and the answers are checked. Prints one JSON object; resident memory is that of
 * smaps_rollup, which walks the pages (VmRSS is a count that lags behind by dozens of them).
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LARGE_BYTES ((size_t)6 * 1024 * 1024)
#define BUFFER_BYTES (LARGE_BYTES + (size_t)64 * 1024)
/* Every path has been walked and every buffer has its size. */
#define WARM_UP 1000
#define SMALL_AFTER_LARGE 1000

struct soak {
    int listener;
    int connection;
    pid_t child;
    int connections;
    char *in; /* what was received and not yet taken; NUL-terminated */
    size_t in_len;
    char *out;
    size_t out_len;
};

/* The request that stands at the start of `in`. */
struct request {
    size_t head_len;
    size_t body_len;
};

static void die(struct soak *soak, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void die(struct soak *soak, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    if (soak->child > 0) {
        kill(soak->child, SIGKILL);
    }
    exit(1);
}

static void listen_on_any_port(struct soak *soak, char ret_api[static 32]) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    soak->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (soak->listener < 0 || bind(soak->listener, (struct sockaddr *)&address, size) < 0 ||
        listen(soak->listener, 16) < 0 ||
        getsockname(soak->listener, (struct sockaddr *)&address, &size) < 0) {
        die(soak, "no port to listen on");
    }
    snprintf(ret_api, 32, "127.0.0.1:%d", ntohs(address.sin_port));
}

static void start_child(struct soak *soak, char **argv, const char *api) {
    setenv("AWS_LAMBDA_RUNTIME_API", api, 1);
    setenv("AWS_LAMBDA_LOG_LEVEL", "FATAL", 1);
    soak->child = fork();
    if (soak->child == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
}

static void accept_connection(struct soak *soak) {
    int one = 1;
    soak->connection = accept(soak->listener, NULL, NULL);
    if (soak->connection < 0) {
        die(soak, "accept failed");
    }
    setsockopt(soak->connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    soak->connections++;
    soak->in_len = 0;
}

static const char *find_header(const struct soak *soak, const struct request *request,
                               const char *name) {
    const char *end = soak->in + request->head_len;
    size_t len = strlen(name);
    for (const char *line = strstr(soak->in, "\r\n"); line != NULL && line < end - 4;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':') {
            return line + 2 + len + 1 + strspn(line + 2 + len + 1, " ");
        }
    }
    return NULL;
}

static bool parse_request(const struct soak *soak, struct request *ret_request) {
    const char *end = strstr(soak->in, "\r\n\r\n");
    if (end == NULL) {
        return false;
    }
    ret_request->head_len = (size_t)(end - soak->in) + 4;
    const char *length = find_header(soak, ret_request, "Content-Length");
    ret_request->body_len = length == NULL ? 0 : strtoul(length, NULL, 10);
    return soak->in_len >= ret_request->head_len + ret_request->body_len;
}

static struct request read_request(struct soak *soak) {
    struct request request;
    if (soak->connection < 0) {
        accept_connection(soak);
    }
    soak->in[soak->in_len] = '\0';
    while (!parse_request(soak, &request)) {
        ssize_t n = recv(soak->connection, soak->in + soak->in_len, BUFFER_BYTES - soak->in_len, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            die(soak, "the program closed the connection");
        }
        soak->in_len += (size_t)n;
        soak->in[soak->in_len] = '\0';
    }
    return request;
}

static void drop_request(struct soak *soak, const struct request *request) {
    size_t len = request->head_len + request->body_len;
    memmove(soak->in, soak->in + len, soak->in_len - len);
    soak->in_len -= len;
}

static void put(struct soak *soak, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct soak *soak, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(soak->out + soak->out_len, BUFFER_BYTES - soak->out_len, format, arguments);
    va_end(arguments);
    soak->out_len += (size_t)n;
}

static void put_bytes(struct soak *soak, const char *data, size_t len) {
    memcpy(soak->out + soak->out_len, data, len);
    soak->out_len += len;
}

static void send_out(struct soak *soak) {
    for (size_t sent = 0; sent < soak->out_len;) {
        ssize_t n = send(soak->connection, soak->out + sent, soak->out_len - sent, MSG_NOSIGNAL);
        if (n <= 0) {
            die(soak, "the program does not read what it is sent");
        }
        sent += (size_t)n;
    }
    soak->out_len = 0;
}

static void put_event(struct soak *soak, int i, const char *event, size_t len) {
    put(soak,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012d\r\n"
        "Lambda-Runtime-Deadline-Ms: %lld\r\n"
        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:f\r\n",
        i, (long long)time(NULL) * 1000 + 3000);
    if (i % 7 != 0) {
        put(soak, "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-%024d;Parent=%0*d;Sampled=1\r\n", i,
            8 + i % 60, i);
    }
    if (i % 2 == 0) {
        put(soak, "Lambda-Runtime-Invocation-Id: invocation-%d\r\n", i);
    }
    if (i % 3 == 0) {
        put(soak, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", len / 2);
        put_bytes(soak, event, len / 2);
        put(soak, "\r\n%zx\r\n", len - len / 2);
        put_bytes(soak, event + len / 2, len - len / 2);
        put(soak, "\r\n0\r\n\r\n");
    } else {
        put(soak, "Content-Length: %zu\r\n\r\n", len);
        put_bytes(soak, event, len);
    }
}

static void take_next(struct soak *soak) {
    static const char expected[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n";
    struct request request = read_request(soak);
    if (strncmp(soak->in, expected, sizeof(expected) - 1) != 0) {
        die(soak, "expected GET next, got: %.80s", soak->in);
    }
    drop_request(soak, &request);
}

static void take_answer(struct soak *soak, int i, const char *event, size_t len) {
    char expected[160];
    bool fails = strcmp(event, "\"fail\"") == 0;
    struct request request = read_request(soak);
    snprintf(expected, sizeof(expected),
             "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-%012d/%s HTTP/1.1\r\n", i,
             fails ? "error" : "response");
    if (strncmp(soak->in, expected, strlen(expected)) != 0) {
        die(soak, "expected '%.100s', got: %.160s", expected, soak->in);
    }
    const char *echoed = find_header(soak, &request, "Lambda-Runtime-Invocation-Id");
    if ((echoed != NULL) != (i % 2 == 0)) {
        die(soak, "the invocation id was %s", echoed != NULL ? "invented" : "not echoed");
    }
    bool is_echo = !fails && strcmp(event, "\"describe\"") != 0;
    if (is_echo &&
        (request.body_len != len || memcmp(soak->in + request.head_len, event, len) != 0)) {
        die(soak, "invocation %d was answered with something else", i);
    }
    drop_request(soak, &request);
    put(soak,
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
        "{\"status\":\"OK\"}\n");
    send_out(soak);
}

static void invoke(struct soak *soak, int i, const char *event, size_t len) {
    take_next(soak);
    put_event(soak, i, event, len);
    send_out(soak);
    take_answer(soak, i, event, len);
}

static void invoke_mixed(struct soak *soak, int i) {
    char event[256];
    if (i % 100 == 50) {
        strcpy(event, "\"fail\"");
    } else if (i % 10 == 3) {
        strcpy(event, "\"describe\"");
    } else if (i % 10 == 7) {
        strcpy(event, "\"use arena\"");
    } else {
        snprintf(event, sizeof(event), "{\"id\":%d,\"text\":\"%0*d\"}", i, 1 + i % 200, i);
    }
    invoke(soak, i, event, strlen(event));
}

/* In KB; -1 when it cannot be read. */
static long resident_kb(const struct soak *soak) {
    char path[64];
    char line[256];
    long kb = -1;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)soak->child);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "Rss:", 4) == 0) {
            kb = strtol(line + 4, NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kb;
}

static int end_child(struct soak *soak) {
    int status = 0;
    take_next(soak);
    kill(soak->child, SIGTERM);
    waitpid(soak->child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *new_large_event(void) {
    char *event = malloc(LARGE_BYTES + 1);
    if (event != NULL) {
        memset(event, 'x', LARGE_BYTES);
        event[0] = '"';
        event[LARGE_BYTES - 1] = '"';
        event[LARGE_BYTES] = '\0';
    }
    return event;
}

int main(int argc, char **argv) {
    struct soak soak = {
        .connection = -1, .in = malloc(BUFFER_BYTES + 1), .out = malloc(BUFFER_BYTES)};
    char *large = new_large_event();
    char api[32];
    if (argc != 4 || soak.in == NULL || soak.out == NULL || large == NULL) {
        fputs("usage: runtime_api_soak INVOCATIONS LARGE PROGRAM\n", stderr);
        return 64;
    }
    int n = atoi(argv[1]);
    int n_large = atoi(argv[2]);
    listen_on_any_port(&soak, api);
    start_child(&soak, argv + 3, api);

    long early_kb = -1;
    int i = 0;
    for (; i < n; i++) {
        if (i == WARM_UP) {
            early_kb = resident_kb(&soak);
        }
        invoke_mixed(&soak, i);
    }
    long late_kb = resident_kb(&soak);
    long after_first_large_kb = -1;
    for (int k = 0; k < n_large; k++) {
        invoke(&soak, i++, large, LARGE_BYTES);
        if (k == 0) {
            invoke_mixed(&soak, i++);
            after_first_large_kb = resident_kb(&soak);
        }
    }
    for (int k = 0; k < SMALL_AFTER_LARGE; k++) {
        invoke_mixed(&soak, i++);
    }
    long end_kb = resident_kb(&soak);
    int status = end_child(&soak);
    printf("{\"invocations\":%d,\"connections\":%d,\"resident_kb_at_%d\":%ld,\"resident_kb\":%ld,"
           "\"resident_kb_after_first_large\":%ld,\"resident_kb_after_large\":%ld,\"exit\":%d}\n",
           i, soak.connections, WARM_UP, early_kb, late_kb, after_first_large_kb, end_kb, status);
    free(soak.in);
    free(soak.out);
    free(large);
    return 0;
}
