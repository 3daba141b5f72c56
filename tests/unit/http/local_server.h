#ifndef SLIPWAY_TESTS_UNIT_HTTP_LOCAL_SERVER_H
#define SLIPWAY_TESTS_UNIT_HTTP_LOCAL_SERVER_H

/*
 * A small HTTP server on loopback, a thread for each connection. What it does with a request is
 * said by the request's path; what it saw is kept, so that a test can count it.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCAL_SERVER_CONNECTIONS 512
#define LOCAL_SERVER_REQUESTS 4096
#define LOCAL_SERVER_HEAD_BYTES 16384

/* 10,000 times 'a'. */
static const unsigned char gzip_of_10000[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x01, 0x0d, 0x00, 0x00,
    0x00, 0xc2, 0xa0, 0xac, 0xef, 0x5f, 0xc2, 0x1c, 0x6e, 0x40, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0xc0, 0xbf, 0x01, 0x97, 0xd4, 0x7e, 0x46, 0x10, 0x27, 0x00, 0x00,
};

struct local_server {
    int listener;
    int port;
    char url[64]; /* http://127.0.0.1:port */
    pthread_t acceptor;
    pthread_mutex_t lock;
    int sockets[LOCAL_SERVER_CONNECTIONS];
    pthread_t threads[LOCAL_SERVER_CONNECTIONS];
    size_t n_connections;
    size_t n_closed;                          /* by the server's own will */
    char requests[LOCAL_SERVER_REQUESTS][96]; /* "POST /die", in order of arrival, read whole */
    size_t n_requests;
};

struct local_connection {
    struct local_server *server;
    int socket;
    char head[LOCAL_SERVER_HEAD_BYTES]; /* and what has come of the body */
    size_t len;
    char *body; /* of the request at hand */
    size_t body_len;
};

static inline void local_send(int socket, const void *data, size_t len) {
    const char *bytes = data;
    while (len > 0) {
        ssize_t sent = send(socket, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

static inline void local_answer(int socket, const char *status, const char *headers,
                                const void *body, size_t len) {
    char head[1024];
    int n = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status,
                     headers, len);
    local_send(socket, head, (size_t)n);
    local_send(socket, body, len);
}

static inline void local_text(int socket, const char *text) {
    local_send(socket, text, strlen(text));
}

static inline void local_note(struct local_server *server, const char *method, const char *path) {
    pthread_mutex_lock(&server->lock);
    if (server->n_requests < LOCAL_SERVER_REQUESTS) {
        snprintf(server->requests[server->n_requests++], sizeof(server->requests[0]), "%s %s",
                 method, path);
    }
    pthread_mutex_unlock(&server->lock);
}

static inline size_t local_count(struct local_server *server, const char *request) {
    size_t n = 0;
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->n_requests; i++) {
        n += strcmp(server->requests[i], request) == 0;
    }
    pthread_mutex_unlock(&server->lock);
    return n;
}

static inline size_t local_closed(struct local_server *server) {
    pthread_mutex_lock(&server->lock);
    size_t n = server->n_closed;
    pthread_mutex_unlock(&server->lock);
    return n;
}

/* Reads one whole request; false at the connection's end. */
static inline bool local_read(struct local_connection *c, char method[16], char path[64]) {
    char *end = NULL;
    for (;;) {
        c->head[c->len] = '\0';
        end = strstr(c->head, "\r\n\r\n");
        if (end != NULL) {
            break;
        }
        ssize_t n = recv(c->socket, c->head + c->len, sizeof(c->head) - 1 - c->len, 0);
        if (n <= 0) {
            return false;
        }
        c->len += (size_t)n;
    }
    size_t head_len = (size_t)(end + 4 - c->head);
    const char *length = strcasestr(c->head, "\r\ncontent-length:");
    c->body_len = length != NULL ? strtoul(length + 17, NULL, 10) : 0;
    c->body = malloc(c->body_len + 1);
    size_t have = c->len - head_len < c->body_len ? c->len - head_len : c->body_len;
    memcpy(c->body, c->head + head_len, have);
    while (have < c->body_len) {
        ssize_t n = recv(c->socket, c->body + have, c->body_len - have, 0);
        if (n <= 0) {
            return false;
        }
        have += (size_t)n;
    }
    c->head[head_len] = '\0';
    c->len = 0; /* nobody pipelines */
    sscanf(c->head, "%15s %63[^ ?]", method, path);
    return true;
}

/* Answers; false when the connection is to be closed. */
static inline bool local_respond(struct local_connection *c, const char *path) {
    int s = c->socket;
    if (strcmp(path, "/echo") == 0) {
        local_answer(s, "200 OK", "Content-Type: text/x-echo\r\nX-Empty:\r\n", c->body,
                     c->body_len);
    } else if (strcmp(path, "/head") == 0) {
        local_answer(s, "200 OK", "", c->head, strlen(c->head));
    } else if (strcmp(path, "/error") == 0) {
        local_answer(s, "503 Service Unavailable", "", "busy", 4);
    } else if (strcmp(path, "/interim") == 0) {
        local_text(s, "HTTP/1.1 100 Continue\r\nX-Interim: yes\r\n\r\n");
        local_answer(s, "200 OK", "X-Final: yes\r\n", "ok", 2);
    } else if (strcmp(path, "/chunked") == 0) {
        local_text(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
                      "3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Late: yes\r\n\r\n");
    } else if (strcmp(path, "/chunked-cut") == 0) {
        local_text(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc");
        return false;
    } else if (strcmp(path, "/truncated") == 0) {
        local_text(s, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
        return false;
    } else if (strcmp(path, "/head-cut") == 0) {
        local_text(s, "HTTP/1.1 200 OK\r\nContent-Le");
        return false;
    } else if (strcmp(path, "/garbage") == 0) {
        local_text(s, "220 mail.example ESMTP\r\n\r\n");
        return false;
    } else if (strcmp(path, "/gzip") == 0) {
        local_answer(s, "200 OK", "Content-Encoding: gzip\r\n", gzip_of_10000,
                     sizeof(gzip_of_10000));
    } else if (strcmp(path, "/many-headers") == 0) {
        char headers[900] = "";
        for (int i = 0; i < 40; i++) {
            sprintf(headers + strlen(headers), "X-%d: value %d\r\n", i, i);
        }
        local_answer(s, "200 OK", headers, "", 0);
    } else if (strcmp(path, "/redirect") == 0) {
        local_answer(s, "302 Found", "Location: /echo\r\n", "", 0);
    } else if (strcmp(path, "/ok-then-close") == 0) {
        local_answer(s, "200 OK", "", "ok", 2);
        return false;
    } else if (strcmp(path, "/stall") == 0) {
        char byte;
        while (recv(s, &byte, 1, 0) > 0) {
        }
        return false;
    } else if (strcmp(path, "/stall-in-body") == 0) {
        char byte;
        local_text(s, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
        while (recv(s, &byte, 1, 0) > 0) {
        }
        return false;
    } else if (strcmp(path, "/reset") == 0) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        return false;
    } else if (strcmp(path, "/die") == 0) {
        return false;
    } else {
        local_answer(s, "404 Not Found", "", "", 0);
    }
    return true;
}

static inline void *local_serve(void *user) {
    struct local_connection *c = user;
    char method[16];
    char path[64];
    bool open = true;
    while (open && local_read(c, method, path)) {
        local_note(c->server, method, path);
        open = local_respond(c, path);
        free(c->body);
        c->body = NULL;
    }
    free(c->body);
    pthread_mutex_lock(&c->server->lock);
    for (size_t i = 0; i < c->server->n_connections; i++) {
        if (c->server->sockets[i] == c->socket) {
            c->server->sockets[i] = -1;
        }
    }
    close(c->socket);
    c->server->n_closed += !open;
    pthread_mutex_unlock(&c->server->lock);
    free(c);
    return NULL;
}

static inline void *local_accept(void *user) {
    struct local_server *server = user;
    for (;;) {
        int socket = accept(server->listener, NULL, NULL);
        if (socket < 0) {
            return NULL;
        }
        int on = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct local_connection *c = calloc(1, sizeof(*c));
        c->server = server;
        c->socket = socket;
        pthread_mutex_lock(&server->lock);
        size_t i = server->n_connections++;
        if (i >= LOCAL_SERVER_CONNECTIONS) {
            abort();
        }
        server->sockets[i] = socket;
        pthread_create(&server->threads[i], NULL, local_serve, c);
        pthread_mutex_unlock(&server->lock);
    }
}

/* A socket that listens on a port of the kernel's choice. */
static inline int local_listen(int *ret_port) {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    if (bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 256) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        abort();
    }
    *ret_port = ntohs(address.sin_port);
    return listener;
}

static inline struct local_server *local_server_start(void) {
    struct local_server *server = calloc(1, sizeof(*server));
    server->listener = local_listen(&server->port);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", server->port);
    pthread_mutex_init(&server->lock, NULL);
    pthread_create(&server->acceptor, NULL, local_accept, server);
    return server;
}

static inline void local_server_stop(struct local_server *server) {
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->acceptor, NULL);
    close(server->listener);
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->n_connections; i++) {
        if (server->sockets[i] >= 0) {
            shutdown(server->sockets[i], SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < server->n_connections; i++) {
        pthread_join(server->threads[i], NULL);
    }
    pthread_mutex_destroy(&server->lock);
    free(server);
}

#endif
