/*
 * AWS from far away: a TLS server for several addresses whose every byte takes its time to come
 * back, as over a network with that round trip, and which costs next to nothing itself.
 *
 *   aws_front CERTIFICATE_CHAIN KEY ROUND_TRIP_MS ADDRESS…
 *
 * Prints one line "ADDRESS PORT" for each address. On SIGTERM it prints what happened, one line
 * each, times in nanoseconds of CLOCK_MONOTONIC, and ends:
 *
 *   connect CONNECTION TIME
 *   handshake CONNECTION TIME     (or `resumed`, where it was a short one)
 *   request CONNECTION OPERATION ARRIVED ANSWERED     (answered: the answer is back at the client)
 *
 * What comes in is taken at once, what goes out is kept back for a round trip; a connection's first
 * answer for two, since the kernel has let TCP's own handshake pass without delay.
 */

#define _GNU_SOURCE
#include "aws_answers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define LISTENERS_MAX 8
#define REQUEST_BYTES (512 * 1024)
#define RECORDS_MAX 65536

/* Bytes that are on their way back to the client. */
struct parcel {
    struct parcel *next;
    int64_t due_ns;
    size_t len;
    char bytes[];
};

struct connection {
    int fd;
    int number;
    SSL *ssl;
    bool is_up;    /* the TLS handshake is over */
    bool has_sent; /* anything at all */
    struct parcel *first;
    struct parcel *last;
    size_t len;
    char in[REQUEST_BYTES + 1];
};

struct record {
    int connection;
    char what[48];
    int64_t ns;
    int64_t answered_ns;
};

static struct {
    int epoll;
    int timer;
    SSL_CTX *tls;
    int64_t round_trip_ns;
    int listeners[LISTENERS_MAX];
    size_t n_listeners;
    struct connection *connections[CONNECTIONS_MAX]; /* by file descriptor */
    int n_connections;
    struct record records[RECORDS_MAX];
    size_t n_records;
} front;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

__attribute__((noreturn)) static void fail(const char *what) {
    fprintf(stderr, "aws_front: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(1);
}

static struct record *note(int connection, const char *what, int64_t ns) {
    if (front.n_records == RECORDS_MAX)
        fail("too many records");
    struct record *record = &front.records[front.n_records++];
    record->connection = connection;
    snprintf(record->what, sizeof(record->what), "%s", what);
    record->ns = ns;
    record->answered_ns = 0;
    return record;
}

static void drop(struct connection *c) {
    while (c->first != NULL) {
        struct parcel *parcel = c->first;
        c->first = parcel->next;
        free(parcel);
    }
    SSL_free(c->ssl);
    front.connections[c->fd] = NULL;
    close(c->fd);
    free(c);
}

/* Puts what TLS has to say on its way; when it will be there. */
static int64_t dispatch(struct connection *c, int64_t arrived_ns) {
    BIO *out = SSL_get_wbio(c->ssl);
    size_t len = BIO_ctrl_pending(out);
    int64_t due_ns = arrived_ns + front.round_trip_ns * (c->has_sent ? 1 : 2);
    if (len == 0)
        return due_ns;
    struct parcel *parcel = malloc(sizeof(*parcel) + len);
    if (parcel == NULL)
        fail("memory");
    /* Nothing overtakes what was sent before it. */
    if (c->last != NULL && c->first != NULL && c->last->due_ns > due_ns)
        due_ns = c->last->due_ns;
    *parcel = (struct parcel){.due_ns = due_ns};
    parcel->len = (size_t)BIO_read(out, parcel->bytes, (int)len);
    if (c->first == NULL)
        c->first = parcel;
    else
        c->last->next = parcel;
    c->last = parcel;
    c->has_sent = true;
    return due_ns;
}

/* Sends what is due, of all connections; when the next is. */
static int64_t deliver(void) {
    int64_t next_ns = INT64_MAX;
    for (int fd = 0; fd < CONNECTIONS_MAX; fd++) {
        struct connection *c = front.connections[fd];
        while (c != NULL && c->first != NULL && c->first->due_ns <= now_ns()) {
            struct parcel *parcel = c->first;
            if (send(c->fd, parcel->bytes, parcel->len, MSG_NOSIGNAL) != (ssize_t)parcel->len)
                break;
            c->first = parcel->next;
            free(parcel);
        }
        if (c != NULL && c->first != NULL && c->first->due_ns < next_ns)
            next_ns = c->first->due_ns;
    }
    return next_ns;
}

static void set_timer(int64_t due_ns) {
    struct itimerspec at = {0};
    if (due_ns != INT64_MAX) {
        at.it_value.tv_sec = due_ns / 1000000000;
        at.it_value.tv_nsec = due_ns % 1000000000;
    }
    timerfd_settime(front.timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static const char *operation_of(const char *head, char *ret_operation, size_t capacity) {
    const char *target = strcasestr(head, "\r\nX-Amz-Target:");
    size_t line = target != NULL ? strcspn(target + 2, "\r\n") : 0;
    const char *dot = target != NULL ? memchr(target + 2, '.', line) : NULL;
    size_t len = dot != NULL ? (size_t)(target + 2 + line - dot - 1) : 0;
    snprintf(ret_operation, capacity, "%.*s", (int)len, dot != NULL ? dot + 1 : "");
    return ret_operation;
}

static void answer(struct connection *c, const char *head, const char *body, int64_t arrived_ns) {
    static char json[ANSWER_BYTES];
    char operation[40];
    char response[512];
    size_t len = aws_answer(operation_of(head, operation, sizeof(operation)), body, json);
    if (len == 0)
        fprintf(stderr, "aws_front: no answer to '%s'\n", operation);
    time_t seconds = time(NULL);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char date[64];
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    int n = snprintf(response, sizeof(response),
                     "HTTP/1.1 %s\r\nContent-Type: application/x-amz-json-1.1\r\nDate: %s\r\n"
                     "x-amzn-RequestId: 00000000-0000-4000-8000-%012zu\r\nContent-Length: %zu\r\n"
                     "\r\n",
                     len > 0 ? "200 OK" : "500 Internal Server Error", date, front.n_records, len);
    SSL_write(c->ssl, response, n);
    if (len > 0)
        SSL_write(c->ssl, json, (int)len);
    struct record *record = note(c->number, operation, arrived_ns);
    record->answered_ns = dispatch(c, arrived_ns);
}

/* Answers every request that is there whole. */
static void serve(struct connection *c, int64_t arrived_ns) {
    for (;;) {
        c->in[c->len] = '\0';
        char *end = strstr(c->in, "\r\n\r\n");
        if (end == NULL)
            return;
        *end = '\0';
        const char *length = strcasestr(c->in, "\r\nContent-Length:");
        size_t body_len = length != NULL ? strtoul(length + 17, NULL, 10) : 0;
        size_t whole = (size_t)(end + 4 - c->in) + body_len;
        if (c->len < whole) {
            *end = '\r';
            return;
        }
        char after = c->in[whole];
        c->in[whole] = '\0';
        answer(c, c->in, end + 4, arrived_ns);
        c->in[whole] = after;
        c->len -= whole;
        memmove(c->in, c->in + whole, c->len);
    }
}

static void on_bytes(struct connection *c) {
    char bytes[65536];
    ssize_t got = recv(c->fd, bytes, sizeof(bytes), 0);
    if (got < 0 && errno == EAGAIN)
        return;
    int64_t arrived_ns = now_ns();
    if (got <= 0) {
        drop(c);
        return;
    }
    BIO_write(SSL_get_rbio(c->ssl), bytes, (int)got);
    if (!c->is_up && SSL_do_handshake(c->ssl) == 1) {
        c->is_up = true;
        note(c->number, SSL_session_reused(c->ssl) ? "resumed" : "handshake", arrived_ns);
    }
    while (c->is_up) {
        int n = SSL_read(c->ssl, c->in + c->len, (int)(REQUEST_BYTES - c->len));
        if (n <= 0)
            break;
        c->len += (size_t)n;
        serve(c, arrived_ns);
    }
    dispatch(c, arrived_ns);
}

static void on_connect(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 || fd >= CONNECTIONS_MAX)
        fail("accept");
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct connection *c = calloc(1, sizeof(*c));
    if (c == NULL)
        fail("memory");
    c->fd = fd;
    c->number = front.n_connections++;
    c->ssl = SSL_new(front.tls);
    SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(c->ssl);
    front.connections[fd] = c;
    note(c->number, "connect", now_ns());
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(front.epoll, EPOLL_CTL_ADD, fd, &event);
}

static void listen_on(const char *address) {
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t len = sizeof(name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (inet_pton(AF_INET, address, &name.sin_addr) != 1 || front.n_listeners == LISTENERS_MAX ||
        bind(fd, (struct sockaddr *)&name, len) != 0 || listen(fd, 512) != 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) != 0)
        fail(address);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(front.epoll, EPOLL_CTL_ADD, fd, &event);
    front.listeners[front.n_listeners++] = fd;
    printf("%s %d\n", address, ntohs(name.sin_port));
}

static bool is_listener(int fd) {
    for (size_t i = 0; i < front.n_listeners; i++) {
        if (front.listeners[i] == fd)
            return true;
    }
    return false;
}

static int print_records(void) {
    for (size_t i = 0; i < front.n_records; i++) {
        const struct record *r = &front.records[i];
        if (r->answered_ns == 0)
            printf("%s %d %lld\n", r->what, r->connection, (long long)r->ns);
        else
            printf("request %d %s %lld %lld\n", r->connection, r->what, (long long)r->ns,
                   (long long)r->answered_ns);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

static int run(int signals) {
    for (;;) {
        set_timer(deliver());
        struct epoll_event events[64];
        int n = epoll_wait(front.epoll, events, 64, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            uint64_t expirations;
            if (fd == signals)
                return print_records();
            if (fd == front.timer) {
                if (read(fd, &expirations, sizeof(expirations)) < 0)
                    continue;
            } else if (is_listener(fd)) {
                on_connect(fd);
            } else if (front.connections[fd] != NULL) {
                on_bytes(front.connections[fd]);
            }
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fputs("usage: aws_front CERTIFICATE_CHAIN KEY ROUND_TRIP_MS ADDRESS...\n", stderr);
        return 64;
    }
    sigset_t terminate;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    sigprocmask(SIG_BLOCK, &terminate, NULL);
    front.tls = SSL_CTX_new(TLS_server_method());
    if (front.tls == NULL || SSL_CTX_use_certificate_chain_file(front.tls, argv[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(front.tls, argv[2], SSL_FILETYPE_PEM) != 1)
        fail("certificate");
    front.round_trip_ns = atoll(argv[3]) * 1000000;
    front.epoll = epoll_create1(EPOLL_CLOEXEC);
    front.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    int signals = signalfd(-1, &terminate, SFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = front.timer};
    epoll_ctl(front.epoll, EPOLL_CTL_ADD, front.timer, &event);
    event.data.fd = signals;
    epoll_ctl(front.epoll, EPOLL_CTL_ADD, signals, &event);
    for (int i = 4; i < argc; i++)
        listen_on(argv[i]);
    fflush(stdout);
    return run(signals);
}
