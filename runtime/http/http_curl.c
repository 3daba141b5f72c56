#include "runtime/http/http_curl.h"

#include "runtime/http/http_curl_tls.h"
#include "runtime/http/http_curl_transfer.h"
#include "runtime/http/http_curl_warm.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Connections kept: a wave of 155 calls, and some. */
#define MAX_CONNECTIONS 256L
/* Easy handles kept for reuse, some 8 KB each. */
#define MAX_POOLED 16
/* Connections opened at once by a warm-up. */
#define MAX_WARMING 32
/* The monotonic clock may stand still while the machine does, and libcurl, which reckons the age of
 * a connection by it, takes one of an hour ago for one that was in use just now. The wall clock
 * goes on; when it has got ahead by so much, the machine was stopped (or the clock was set, which
 * costs a reconnection). */
#define STOOD_STILL_MS 5000

struct transfer_list {
    struct transfer *first;
    struct transfer *last;
    size_t n;
};

struct http_curl {
    CURLM *multi;
    const struct clock *clock;
    int64_t ahead_ms; /* the wall clock of the monotonic one, when the connections were trusted */
    char *user_agent;
    char *ca_bundle;
    char *ca_directory;
    struct tls_trust trust;
    struct transfer_list pool;
    struct transfer_list running;
    /* Their exchanges wait to be handed out by wait(). */
    struct transfer_list ended;
    CURL *warming[MAX_WARMING]; /* owned; under way */
    size_t n_warming;
    struct http_curl_stats stats;
};

static void list_append(struct transfer_list *list, struct transfer *transfer) {
    transfer->list = list;
    transfer->next = NULL;
    transfer->prev = list->last;
    if (list->last != NULL) {
        list->last->next = transfer;
    } else {
        list->first = transfer;
    }
    list->last = transfer;
    list->n++;
}

static void list_remove(struct transfer *transfer) {
    struct transfer_list *list = transfer->list;
    if (transfer->prev != NULL) {
        transfer->prev->next = transfer->next;
    } else {
        list->first = transfer->next;
    }
    if (transfer->next != NULL) {
        transfer->next->prev = transfer->prev;
    } else {
        list->last = transfer->prev;
    }
    list->n--;
    transfer->list = NULL;
}

/* The one that was used last: its memory is warm. */
static int take_transfer(struct http_curl *curl, struct transfer **ret_transfer, struct err *err) {
    if (curl->pool.last == NULL) {
        return transfer_new(curl->user_agent, curl->clock, ret_transfer, err);
    }
    *ret_transfer = curl->pool.last;
    list_remove(*ret_transfer);
    return 0;
}

static void give_back(struct http_curl *curl, struct transfer *transfer) {
    if (curl->pool.n < MAX_POOLED) {
        list_append(&curl->pool, transfer);
    } else {
        transfer_free(transfer);
    }
}

static CURLM *multi_new(void) {
    CURLM *multi = curl_multi_init();
    if (multi != NULL) {
        (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, MAX_CONNECTIONS);
        (void)curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    }
    return multi;
}

static int64_t wall_ahead_ms(const struct http_curl *curl) {
    return clock_wall_ms(curl->clock) - clock_monotonic_ms(curl->clock);
}

/* Closes all connections, and forgets the addresses, if the machine stood still since they were
 * last trusted. Not while something is under way: that finds out for itself. */
static int distrust_the_past(struct http_curl *curl, struct err *err) {
    int64_t ahead_ms = wall_ahead_ms(curl);
    bool stood_still = ahead_ms - curl->ahead_ms > STOOD_STILL_MS;
    if (curl->running.n > 0) {
        return 0;
    }
    if (stood_still) {
        CURLM *fresh = multi_new();
        if (fresh == NULL) {
            return err_out_of_memory(err, "an HTTP exchange");
        }
        (void)curl_multi_cleanup(curl->multi);
        curl->multi = fresh;
    }
    curl->ahead_ms = ahead_ms;
    return 0;
}

static int start(void *state, struct http_exchange *exchange, struct err *err) {
    struct http_curl *curl = state;
    struct transfer *transfer = NULL;
    if (distrust_the_past(curl, err) != 0) {
        return -1;
    }
    if (take_transfer(curl, &transfer, err) != 0) {
        return -1;
    }
    if (transfer_begin(transfer, exchange, &curl->trust, err) != 0) {
        give_back(curl, transfer);
        return -1;
    }
    if (curl_multi_add_handle(curl->multi, transfer->easy) != CURLM_OK) {
        transfer_abandon(transfer);
        give_back(curl, transfer);
        return err_out_of_memory(err, "an HTTP exchange");
    }
    exchange->transport = transfer;
    list_append(&curl->running, transfer);
    curl->stats.exchanges++;
    return 0;
}

static void count_connections(struct http_curl *curl, CURL *easy) {
    long n = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &n);
    curl->stats.connections += n > 0 ? (uint64_t)n : 0;
}

static void end(struct http_curl *curl, struct transfer *transfer, CURLcode result) {
    (void)curl_multi_remove_handle(curl->multi, transfer->easy);
    count_connections(curl, transfer->easy);
    transfer_end(transfer, result);
    list_remove(transfer);
    list_append(&curl->ended, transfer);
}

static void end_warm_up(struct http_curl *curl, CURL *easy) {
    for (size_t i = 0; i < curl->n_warming; i++) {
        if (curl->warming[i] == easy) {
            (void)curl_multi_remove_handle(curl->multi, easy);
            count_connections(curl, easy);
            curl_easy_cleanup(easy);
            curl->warming[i] = curl->warming[--curl->n_warming];
            return;
        }
    }
}

static void read_messages(struct http_curl *curl) {
    int left = 0;
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(curl->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        /* The message does not outlive curl_multi_remove_handle(). */
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result;
        char *user = NULL;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
        if (user != NULL) {
            end(curl, (struct transfer *)(void *)user, result);
        } else {
            end_warm_up(curl, easy);
        }
    }
}

/* Does what can be done without waiting. A multi handle that is beyond use ends everything, so that
 * nobody waits for it. */
static void work(struct http_curl *curl) {
    int running = 0;
    if (curl_multi_perform(curl->multi, &running) == CURLM_OK) {
        read_messages(curl);
        return;
    }
    while (curl->running.first != NULL) {
        end(curl, curl->running.first, CURLE_OUT_OF_MEMORY);
    }
    while (curl->n_warming > 0) {
        end_warm_up(curl, curl->warming[0]);
    }
}

/* Waits until a socket or a timer of libcurl is due; false when a signal cut it short. */
static bool poll_sockets(struct http_curl *curl, int64_t timeout_ms) {
    int n_ready = 0;
    int limit_ms = timeout_ms < 0 || timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
    errno = 0;
    CURLMcode code = curl_multi_poll(curl->multi, NULL, 0, limit_ms, &n_ready);
    return code == CURLM_OK && !(n_ready == 0 && errno == EINTR);
}

static struct http_exchange *take_ended(struct http_curl *curl) {
    struct transfer *transfer = curl->ended.first;
    if (transfer == NULL) {
        return NULL;
    }
    struct http_exchange *exchange = transfer->exchange;
    exchange->transport = NULL;
    list_remove(transfer);
    transfer_abandon(transfer);
    give_back(curl, transfer);
    return exchange;
}

/* What is left until a time on the monotonic clock; -1 for never. */
static int64_t time_left_ms(const struct http_curl *curl, int64_t deadline_ms) {
    if (deadline_ms < 0) {
        return -1;
    }
    int64_t left_ms = deadline_ms - clock_monotonic_ms(curl->clock);
    return left_ms > 0 ? left_ms : 0;
}

static int64_t deadline_in(const struct http_curl *curl, int64_t timeout_ms) {
    return timeout_ms < 0 ? -1 : clock_monotonic_ms(curl->clock) + timeout_ms;
}

static struct http_exchange *wait_for_one(void *state, int64_t timeout_ms) {
    struct http_curl *curl = state;
    int64_t deadline_ms = deadline_in(curl, timeout_ms);
    bool undisturbed = true;
    for (;;) {
        work(curl);
        struct http_exchange *exchange = take_ended(curl);
        if (exchange != NULL || !undisturbed || (deadline_ms < 0 && curl->running.n == 0)) {
            return exchange;
        }
        int64_t left_ms = time_left_ms(curl, deadline_ms);
        if (left_ms == 0) {
            return NULL;
        }
        undisturbed = poll_sockets(curl, left_ms);
    }
}

static void cancel(void *state, struct http_exchange *exchange) {
    struct http_curl *curl = state;
    struct transfer *transfer = exchange->transport;
    if (transfer == NULL) {
        return;
    }
    if (transfer->list == &curl->running) {
        (void)curl_multi_remove_handle(curl->multi, transfer->easy);
        count_connections(curl, transfer->easy);
    }
    exchange->transport = NULL;
    list_remove(transfer);
    transfer_abandon(transfer);
    give_back(curl, transfer);
}

static void warm(void *state, const char *const *urls, size_t n, int64_t timeout_ms) {
    struct http_curl *curl = state;
    struct err ignored;
    err_init(&ignored);
    if (distrust_the_past(curl, &ignored) != 0) {
        return;
    }
    for (size_t i = 0; i < n && curl->n_warming < MAX_WARMING; i++) {
        CURL *easy = warm_up_new(urls[i], &curl->trust, timeout_ms);
        if (easy == NULL) {
            continue;
        }
        if (curl_multi_add_handle(curl->multi, easy) != CURLM_OK) {
            curl_easy_cleanup(easy);
            continue;
        }
        curl->warming[curl->n_warming++] = easy;
    }
    int64_t deadline_ms = deadline_in(curl, timeout_ms);
    bool undisturbed = true;
    while (undisturbed) {
        work(curl);
        int64_t left_ms = time_left_ms(curl, deadline_ms);
        if (curl->n_warming == 0 || left_ms == 0) {
            break;
        }
        undisturbed = poll_sockets(curl, left_ms);
    }
    while (curl->n_warming > 0) {
        end_warm_up(curl, curl->warming[0]);
    }
}

static const struct http_ops curl_ops = {
    .start = start,
    .wait = wait_for_one,
    .cancel = cancel,
    .warm = warm,
};

static void free_list(struct transfer_list *list) {
    while (list->first != NULL) {
        struct transfer *transfer = list->first;
        list_remove(transfer);
        transfer_free(transfer);
    }
}

void http_curl_free(struct http *http) {
    struct http_curl *curl = http->state;
    if (curl == NULL) {
        return;
    }
    while (curl->running.first != NULL) {
        cancel(curl, curl->running.first->exchange);
    }
    while (take_ended(curl) != NULL) {
    }
    free_list(&curl->pool);
    if (curl->multi != NULL) {
        (void)curl_multi_cleanup(curl->multi);
        curl_global_cleanup();
    }
    tls_trust_release(&curl->trust);
    free(curl->user_agent);
    free(curl->ca_bundle);
    free(curl->ca_directory);
    free(curl);
    *http = (struct http){0};
}

/* strdup(), where NULL and "" stay NULL. */
static int copy_option(const char *value, char **ret_copy, struct err *err) {
    if (value == NULL || value[0] == '\0') {
        return 0;
    }
    *ret_copy = strdup(value);
    return *ret_copy == NULL ? err_out_of_memory(err, "the HTTP client") : 0;
}

static int set_up(struct http_curl *curl, const struct http_curl_options *options,
                  struct err *err) {
    if (copy_option(options->user_agent, &curl->user_agent, err) != 0 ||
        copy_option(options->ca_bundle, &curl->ca_bundle, err) != 0 ||
        copy_option(options->ca_directory, &curl->ca_directory, err) != 0) {
        return -1;
    }
    curl->trust = (struct tls_trust){
        .ca_bundle = curl->ca_bundle,
        .ca_directory = curl->ca_directory,
    };
    /* Counted: each success needs its curl_global_cleanup(). */
    if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK) {
        return err_out_of_memory(err, "the HTTP client");
    }
    curl->multi = multi_new();
    if (curl->multi == NULL) {
        curl_global_cleanup();
        return err_out_of_memory(err, "the HTTP client");
    }
    curl->clock = options->clock != NULL ? options->clock : &clock_system;
    curl->ahead_ms = wall_ahead_ms(curl);
    return 0;
}

int http_curl_new(const struct http_curl_options *options, struct http *ret_http, struct err *err) {
    struct http_curl *curl = calloc(1, sizeof(*curl));
    if (curl == NULL) {
        return err_out_of_memory(err, "the HTTP client");
    }
    struct http http = {.ops = &curl_ops, .state = curl};
    if (set_up(curl, options, err) != 0) {
        http_curl_free(&http);
        return -1;
    }
    *ret_http = http;
    return 0;
}

struct http_curl_stats http_curl_stats(const struct http *http) {
    const struct http_curl *curl = http->state;
    return curl->stats;
}
