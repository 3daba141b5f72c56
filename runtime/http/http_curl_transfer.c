#include "runtime/http/http_curl_transfer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* All request headers as text. A session token is 1 to 2 KB, X-Ray's error cause up to 1 MB. */
#define REQUEST_HEADER_BYTES ((size_t)2 * 1024 * 1024)
/* What is kept of it between exchanges. */
#define REQUEST_HEADER_KEPT_BYTES ((size_t)64 * 1024)
#define DEFAULT_CONNECT_TIMEOUT_MS 5000
/* How long a kept connection may have been idle. Load balancers and NAT gateways forget a silent
 * connection after a minute to six; libcurl's own limit is 118 s. A `once` request must not meet a
 * dead one, since it cannot be repeated, and trusts only what was in use just now. A server on
 * this machine has no such thing between. */
#define MAX_IDLE_SECONDS 118L
#define MAX_IDLE_ONCE_SECONDS 30L
#define MAX_IDLE_LOCAL_SECONDS (7L * 24 * 60 * 60)
/* Headers that libcurl would add of its own accord: an Expect costs a round trip. */
static char no_expect[] = "Expect:";
static char no_accept[] = "Accept:";
static char no_content_type[] = "Content-Type:";
#define N_SUPPRESSED 3

static void reset_response(struct transfer *transfer) {
    transfer->n_headers = 0;
    buf_clear(&transfer->exchange->header_bytes);
}

/* Keeps one header of the response; one that does not fit is dropped. */
static void keep_header(struct transfer *transfer, struct view name, struct view value) {
    struct buf *bytes = &transfer->exchange->header_bytes;
    if (transfer->n_headers == HTTP_MAX_RESPONSE_HEADERS ||
        name.len + value.len > bytes->limit - bytes->len) {
        return;
    }
    struct transfer_header *header = &transfer->headers[transfer->n_headers];
    header->name_offset = bytes->len;
    header->name_len = name.len;
    buf_append(bytes, name);
    header->value_offset = bytes->len;
    header->value_len = value.len;
    buf_append(bytes, value);
    if (bytes->failed) {
        transfer->out_of_memory = true;
        return;
    }
    transfer->n_headers++;
}

static size_t on_header(char *data, size_t size, size_t n, void *user) {
    struct transfer *transfer = user;
    struct view line = {.data = data, .len = size * n};
    struct view name;
    struct view value;
    if (view_starts_with(line, VIEW("HTTP/"))) {
        reset_response(transfer); /* an interim response (100) came before */
    } else if (!transfer->body_begun && data[0] != ' ' && data[0] != '\t' &&
               view_cut(line, ':', &name, &value)) {
        keep_header(transfer, name, view_trim(value));
    }
    return transfer->out_of_memory ? 0 : line.len;
}

static size_t on_body(char *data, size_t size, size_t n, void *user) {
    struct transfer *transfer = user;
    struct buf *body = &transfer->exchange->body_in;
    size_t len = size * n;
    transfer->body_begun = true;
    if (len > body->limit - body->len) {
        transfer->too_large = true;
        return 0;
    }
    buf_append(body, (struct view){.data = data, .len = len});
    if (body->failed) {
        transfer->out_of_memory = true;
        return 0;
    }
    return len;
}

/*
 * libcurl calls this when a connection stands and the request is about to be sent: from then on it
 * counts as sent. And libcurl sends it again, on a new connection, when a kept one dies before the
 * first byte of a response, though the server may have carried it out: a `once` request is not let
 * go a second time. (Not even when libcurl's count of bytes says that none had left: what it sends
 * piecemeal is not in that count.)
 */
static int on_connected(void *user, char *server_ip, char *local_ip, int server_port,
                        int local_port) {
    (void)server_ip, (void)local_ip, (void)server_port, (void)local_port;
    struct transfer *transfer = user;
    if (transfer->connected && transfer->exchange->once) {
        transfer->resend_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->connected = true;
    return CURL_PREREQFUNC_OK;
}

CURLcode transfer_set_common(CURL *easy) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    }
    if (code == CURLE_OK) {
#if LIBCURL_VERSION_NUM >= 0x075500
        code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
        code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    }
    if (code == CURLE_OK) {
        /* A path is sent as it was signed, with its "/../", if it has any. */
        code = curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    }
    if (code == CURLE_OK) {
        code = tls_if_known(curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L));
    }
#if LIBCURL_VERSION_NUM >= 0x075700
    if (code == CURLE_OK) {
        /* A name lookup that hangs in its thread is left there when the time is up; otherwise
         * libcurl waits for it, and everything under way waits too. */
        code = tls_if_known(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
    }
#endif
    return code;
}

static CURLcode set_callbacks(struct transfer *transfer) {
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error_text);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    /* The one that must not be missing: `once` rests on it. */
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
}

int transfer_new(const char *user_agent, const struct clock *clock, struct transfer **ret_transfer,
                 struct err *err) {
    struct transfer *transfer = calloc(1, sizeof(*transfer));
    if (transfer == NULL) {
        return err_out_of_memory(err, "an HTTP exchange");
    }
    buf_init(&transfer->header_text, REQUEST_HEADER_BYTES);
    transfer->clock = clock;
    transfer->easy = curl_easy_init();
    transfer->max_idle_seconds = -1;
    if (transfer->easy == NULL || transfer_set_common(transfer->easy) != CURLE_OK ||
        set_callbacks(transfer) != CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_USERAGENT, user_agent) != CURLE_OK) {
        transfer_free(transfer);
        return err_out_of_memory(err, "an HTTP exchange");
    }
    *ret_transfer = transfer;
    return 0;
}

void transfer_free(struct transfer *transfer) {
    if (transfer == NULL) {
        return;
    }
    curl_easy_cleanup(transfer->easy);
    buf_wipe(&transfer->header_text);
    free(transfer->header_nodes);
    free(transfer);
}

static bool is_clean(struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == '\0') {
            return false;
        }
    }
    return true;
}

static int grow_header_nodes(struct transfer *transfer, size_t n, struct err *err) {
    if (n <= transfer->header_nodes_capacity) {
        return 0;
    }
    struct curl_slist *nodes = calloc(n, sizeof(*nodes));
    if (nodes == NULL) {
        return err_out_of_memory(err, "the request headers");
    }
    free(transfer->header_nodes);
    transfer->header_nodes = nodes;
    transfer->header_nodes_capacity = n;
    return 0;
}

/* "Name: value", or "Name;", which is how libcurl wants a header that is sent empty. */
static int append_header(struct buf *text, const struct http_header *header, struct err *err) {
    if (header->name.len == 0 || !is_clean(header->name) || !is_clean(header->value) ||
        view_contains_char(header->name, ':')) {
        return err_set(err, ERR_CONFIG_INVALID, "request header '" VIEW_FMT "' is malformed",
                       VIEW_ARG(header->name));
    }
    buf_append(text, header->name);
    buf_append_str(text, header->value.len == 0 ? ";" : ": ");
    buf_append(text, header->value);
    buf_append_char(text, '\0');
    return 0;
}

/* The headers as libcurl's list, whose nodes and text are the transfer's own: no allocation once
 * they are large enough. */
static int set_headers(struct transfer *transfer, struct err *err) {
    const struct http_exchange *exchange = transfer->exchange;
    if (grow_header_nodes(transfer, exchange->n_headers + N_SUPPRESSED, err) != 0) {
        return -1;
    }
    struct curl_slist *nodes = transfer->header_nodes;
    size_t n = 0;
    nodes[n++].data = no_expect;
    bool has_accept = false;
    bool has_content_type = false;
    for (size_t i = 0; i < exchange->n_headers; i++) {
        struct view name = exchange->headers[i].name;
        has_accept = has_accept || view_equal_nocase(name, VIEW("Accept"));
        has_content_type = has_content_type || view_equal_nocase(name, VIEW("Content-Type"));
        if (append_header(&transfer->header_text, &exchange->headers[i], err) != 0) {
            return -1;
        }
    }
    if (buf_check(&transfer->header_text, "the request headers", err) != 0) {
        return -1;
    }
    char *text = transfer->header_text.data;
    for (size_t i = 0; i < exchange->n_headers; i++) {
        nodes[n++].data = text;
        text += strlen(text) + 1;
    }
    if (!has_accept) {
        nodes[n++].data = no_accept;
    }
    if (!has_content_type) {
        nodes[n++].data = no_content_type;
    }
    for (size_t i = 0; i < n; i++) {
        nodes[i].next = i + 1 < n ? &nodes[i + 1] : NULL;
    }
    if (curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, nodes) != CURLE_OK) {
        return err_out_of_memory(err, "the request headers");
    }
    return 0;
}

static CURLcode set_method(struct transfer *transfer) {
    CURL *easy = transfer->easy;
    const struct http_exchange *exchange = transfer->exchange;
    const char *method = exchange->method;
    bool has_body = exchange->body.len > 0;
    if (transfer->method_is_set) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
        transfer->method_is_set = false;
    }
    if (!has_body && strcmp(method, "GET") == 0) {
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    if (!has_body && strcmp(method, "HEAD") == 0) {
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POST, 1L); /* undoes NOBODY */
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body.len);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, has_body ? exchange->body.data : "");
    }
    if (code == CURLE_OK && strcmp(method, "POST") != 0) {
        transfer->method_is_set = true;
        code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    }
    return code;
}

/* An encoding that libcurl cannot decode is not asked for: it would fail on the answer. */
static CURLcode set_gzip(CURL *easy, bool accept) {
    bool can = (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_LIBZ) != 0;
    return curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, accept && can ? "gzip" : NULL);
}

static long max_idle_seconds(const struct http_exchange *exchange) {
    if (exchange->no_proxy) {
        return MAX_IDLE_LOCAL_SECONDS;
    }
    return exchange->once ? MAX_IDLE_ONCE_SECONDS : MAX_IDLE_SECONDS;
}

static CURLcode set_what_differs(struct transfer *transfer, struct tls_trust *trust) {
    CURL *easy = transfer->easy;
    const struct http_exchange *exchange = transfer->exchange;
    CURLcode code = CURLE_OK;
    if (!transfer->sessions_are_shared) {
        code = tls_share_sessions(trust, easy);
        transfer->sessions_are_shared = code == CURLE_OK;
    }
    if (code == CURLE_OK && exchange->no_proxy != transfer->no_proxy_is_set) {
        /* With "*", libcurl does not even read the variables. */
        code =
            tls_if_known(curl_easy_setopt(easy, CURLOPT_NOPROXY, exchange->no_proxy ? "*" : NULL));
        transfer->no_proxy_is_set = exchange->no_proxy;
    }
    if (code == CURLE_OK && exchange->accept_gzip != transfer->gzip_is_set) {
        code = set_gzip(easy, exchange->accept_gzip);
        transfer->gzip_is_set = exchange->accept_gzip;
    }
    long max_idle = max_idle_seconds(exchange);
    if (code == CURLE_OK && max_idle != transfer->max_idle_seconds) {
        code = curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, max_idle);
        transfer->max_idle_seconds = max_idle;
    }
    if (code == CURLE_OK && !transfer->tls_is_set && tls_is_https(view_of(exchange->url))) {
        code = tls_set_up(trust, easy);
        transfer->tls_is_set = code == CURLE_OK;
    }
    return code;
}

static CURLcode set_options(struct transfer *transfer, struct tls_trust *trust) {
    CURL *easy = transfer->easy;
    const struct http_exchange *exchange = transfer->exchange;
    int64_t connect_ms = exchange->connect_timeout_ms;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, exchange->url);
    if (code == CURLE_OK) {
        code = set_method(transfer);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                                connect_ms > 0 ? (long)connect_ms : DEFAULT_CONNECT_TIMEOUT_MS);
    }
    return code == CURLE_OK ? set_what_differs(transfer, trust) : code;
}

/* scheme://host…, without white space or control characters; libcurl checks the rest. */
static bool url_is_plausible(struct view url) {
    struct view rest;
    if (view_starts_with(url, VIEW("http://"))) {
        rest = view_slice(url, sizeof("http://") - 1, url.len);
    } else if (view_starts_with(url, VIEW("https://"))) {
        rest = view_slice(url, sizeof("https://") - 1, url.len);
    } else {
        return false;
    }
    for (size_t i = 0; i < rest.len; i++) {
        unsigned char c = (unsigned char)rest.data[i];
        if (c <= ' ' || c == 0x7f) {
            return false;
        }
    }
    return rest.len > 0 && strchr("/:?#@", rest.data[0]) == NULL;
}

int transfer_begin(struct transfer *transfer, struct http_exchange *exchange,
                   struct tls_trust *trust, struct err *err) {
    if (!url_is_plausible(view_of(exchange->url))) {
        return err_set(err, ERR_CONFIG_INVALID, "the address of a server is no http or https URL");
    }
    transfer->exchange = exchange;
    transfer->connected = false;
    transfer->resend_refused = false;
    transfer->too_large = false;
    transfer->out_of_memory = false;
    transfer->body_begun = false;
    transfer->n_headers = 0;
    transfer->error_text[0] = '\0';
    transfer->began_ms = exchange->timeout_ms > 0 ? clock_monotonic_ms(transfer->clock) : 0;
    if (set_headers(transfer, err) != 0) {
        transfer_abandon(transfer);
        return -1;
    }
    if (set_options(transfer, trust) != CURLE_OK) {
        transfer_abandon(transfer);
        return err_out_of_memory(err, "an HTTP exchange");
    }
    return 0;
}

void transfer_abandon(struct transfer *transfer) {
    struct buf *text = &transfer->header_text;
    if (text->capacity > REQUEST_HEADER_KEPT_BYTES) {
        buf_wipe(text);
    } else if (text->data != NULL) {
        explicit_bzero(text->data, text->len); /* Authorization, the session token */
        buf_clear(text);
    }
    transfer->exchange = NULL;
}
