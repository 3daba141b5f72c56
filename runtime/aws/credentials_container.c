#include "runtime/aws/answer.h"
#include "runtime/aws/credentials_internal.h"
#include "runtime/base/json_scan.h"

/* The endpoint is on this machine: it answers at once or is not there. */
#define TIMEOUT_MS ((int64_t)5000)
#define CONNECT_TIMEOUT_MS ((int64_t)1000)
#define MAX_ATTEMPTS 3
#define PAUSE_MS ((int64_t)200)
/* An answer is some 2 KB. */
#define ANSWER_BYTES ((size_t)64 * 1024)
#define TOKEN_BYTES ((size_t)16 * 1024)
#define URL_BYTES ((size_t)4096)

static const char full_variable[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
static const char relative_variable[] = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
static const char ecs_agent[] = "http://169.254.170.2";

/* 127.0.0.0/8, four numbers. */
static bool is_loopback_v4(struct view host) {
    struct view rest = host;
    struct view field;
    int64_t number;
    size_t n = 0;
    while (view_split(&rest, '.', &field)) {
        if (field.len < 1 || field.len > 3 || !view_to_i64(field, &number) || number < 0 ||
            number > 255 || (n == 0 && number != 127)) {
            return false;
        }
        n++;
    }
    return n == 4 && !view_ends_with(host, VIEW("."));
}

/* Where keys may be fetched without TLS: this machine, and the addresses of ECS and EKS. */
static bool is_trusted_host(struct view host) {
    static const char *const hosts[] = {"localhost", "::1", "169.254.170.2", "169.254.170.23",
                                        "fd00:ec2::23"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (view_equal_nocase(host, view_of(hosts[i]))) {
            return true;
        }
    }
    return is_loopback_v4(host);
}

static int check_url(struct view text, const char *variable, struct err *err) {
    struct endpoint_url url;
    struct view before = text;
    struct view query = {0};
    (void)view_cut(text, '?', &before, &query);
    for (size_t i = 0; i < query.len; i++) {
        if (query.data[i] <= ' ' || query.data[i] >= 0x7f || query.data[i] == '#') {
            return err_set(err, ERR_CONFIG_INVALID, "no proper URL in '%s'", variable);
        }
    }
    if (!endpoint_url_parse(before, &url)) {
        return err_set(err, ERR_CONFIG_INVALID, "no proper URL in '%s'", variable);
    }
    if (!url.is_https && !is_trusted_host(url.host)) {
        (void)err_set(err, ERR_CONFIG_INVALID,
                      "credentials would be fetched over plain http from '" VIEW_FMT "'",
                      VIEW_ARG(url.host));
        err_remedy(err, "use https in '%s', or an address of this machine, ECS or EKS", variable);
        return -1;
    }
    return 0;
}

int credentials_from_container(const struct environment *env,
                               struct credentials_provider **ret_provider, struct err *err) {
    struct view relative = environment_get(env, relative_variable);
    struct view full = environment_get(env, full_variable);
    struct buf url BUF_AUTO = BUF_INIT(URL_BYTES);
    if (relative.len == 0 && full.len == 0) {
        return 0;
    }
    const char *variable = relative.len > 0 ? relative_variable : full_variable;
    if (relative.len > 0 && relative.data[0] != '/') {
        return err_set(err, ERR_CONFIG_INVALID, "no path in '%s'", relative_variable);
    }
    buf_append_str(&url, relative.len > 0 ? ecs_agent : "");
    buf_append(&url, relative.len > 0 ? relative : full);
    if (buf_check(&url, variable, err) < 0 || check_url(buf_view(&url), variable, err) < 0) {
        return -1;
    }
    struct credentials_provider *provider = credentials_provider_alloc(CREDENTIALS_CONTAINER, err);
    if (!provider) {
        return -1;
    }
    provider->env = env;
    provider->url = arena_copy(&provider->arena, buf_view(&url)).data;
    if (!provider->url) {
        credentials_provider_free(provider);
        return err_out_of_memory(err, "credentials");
    }
    *ret_provider = provider;
    return 0;
}

/* The token of the file, which whoever runs the container replaces from time to time, or of the
 * environment; empty for none. */
static int token_read(const struct environment *env, struct buf *token, struct err *err) {
    static const char file_variable[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    struct view path = environment_get(env, file_variable);
    if (path.len == 0) {
        buf_append(token, environment_get(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    } else if (credentials_read_file(path.data, token, err) < 0) {
        return err_set(err, ERR_CONFIG_INVALID, "no file '%s' for '%s'", path.data, file_variable);
    }
    if (buf_check(token, "container authorization token", err) < 0) {
        return -1;
    }
    struct view trimmed = view_trim(buf_view(token));
    if (view_contains_char(trimmed, '\r') || view_contains_char(trimmed, '\n') ||
        view_contains_char(trimmed, '\0')) {
        return err_set(err, ERR_CONFIG_INVALID, "line break in the container authorization token");
    }
    return 0;
}

/* {"AccessKeyId":"…","SecretAccessKey":"…","Token":"…","Expiration":"2026-11-20T22:39:04Z"} */
static int answer_store(struct credentials_provider *provider, struct view body,
                        struct arena *arena, struct err *err) {
    struct credentials_keys keys = {0};
    struct view expiration = {0};
    struct json_span root;
    if (answer_scan(body, "answer of the container endpoint", (struct answer_note){""}, &root,
                    err) < 0) {
        return -1;
    }
    int status = json_find_string(root, "AccessKeyId", arena, &keys.access_key_id, err);
    if (status == 0) {
        status = json_find_string(root, "Expiration", arena, &expiration, err);
    }
    if (status == 0) {
        status = json_find_string(root, "SecretAccessKey", arena, &keys.secret_access_key, err);
    }
    if (status == 0) {
        status = json_find_string(root, "Token", arena, &keys.session_token, err);
    }
    if (status == 0 &&
        (keys.access_key_id.len == 0 || keys.secret_access_key.len == 0 ||
         keys.session_token.len == 0 || !time_parse_rfc3339(expiration, &keys.expires_at_ms))) {
        status = err_set(err, ERR_BAD_RESPONSE,
                         "container endpoint's answer without proper AccessKeyId, "
                         "SecretAccessKey, Token and Expiration");
    }
    if (status == 0) {
        status = credentials_store(provider, &keys, err);
    }
    credentials_wipe_view(keys.secret_access_key);
    credentials_wipe_view(keys.session_token);
    return status;
}

static bool is_worth_retrying(const struct http_exchange *exchange) {
    return exchange->outcome != HTTP_OK
               ? exchange->outcome != HTTP_TOO_LARGE
               : exchange->status == 429 || (exchange->status >= 500 && exchange->status <= 599);
}

/* No answer at all. The endpoint's own time is up long before the deadline. */
static int not_answered(const struct err *cause, int64_t left_ms, struct err *err) {
    bool is_early = cause->code == ERR_DEADLINE_EXCEEDED && left_ms > TIMEOUT_MS;
    return err_set(err, is_early ? ERR_AWS_UNAVAILABLE : cause->code,
                   "cannot fetch credentials from the container endpoint: %s", cause->message);
}

/* An answer without credentials: no policy of the function's role can mend that. */
static int refused(int status, struct err *err) {
    bool is_refusal = status >= 400 && status <= 499 && status != 429;
    if (err_is_set(err)) {
        return -1;
    }
    (void)err_set(err, is_refusal ? ERR_ACCESS_DENIED : ERR_AWS_UNAVAILABLE,
                  "container endpoint answered with status %d instead of credentials", status);
    if (is_refusal) {
        err_remedy(err, "correct the address or the authorization token in the variables "
                        "AWS_CONTAINER_*");
    }
    return -1;
}

/* Up to three attempts, as long as the deadline leaves time for them. */
static int exchange_run(struct aws *aws, struct http_exchange *exchange, int64_t deadline_ms,
                        struct err *err) {
    for (int attempt = 1;; attempt++) {
        struct err failure;
        err_init(&failure);
        int64_t left_ms = deadline_ms - clock_monotonic_ms(aws_clock(aws));
        if (left_ms <= 0) {
            return err_set(err, ERR_DEADLINE_EXCEEDED, "no time left to fetch credentials");
        }
        exchange->timeout_ms = left_ms < TIMEOUT_MS ? left_ms : TIMEOUT_MS;
        int status = http_perform(aws_http(aws), exchange, &failure);
        if (status == 0 && exchange->status == 200) {
            return 0;
        }
        if (attempt == MAX_ATTEMPTS || !is_worth_retrying(exchange) || left_ms <= 2 * PAUSE_MS) {
            return status < 0 ? not_answered(&failure, left_ms, err)
                              : refused(exchange->status, err);
        }
        clock_sleep_ms(aws_clock(aws), PAUSE_MS);
    }
}

int credentials_container_fetch(struct credentials_provider *provider, struct aws *aws,
                                int64_t deadline_ms, struct err *err) {
    struct arena arena ARENA_AUTO = ARENA_INIT(4 * ANSWER_BYTES);
    struct buf token BUF_AUTO_WIPE = BUF_INIT(TOKEN_BYTES);
    if (token_read(provider->env, &token, err) < 0) {
        return -1;
    }
    const struct http_header headers[] = {
        {VIEW("Accept"), VIEW("application/json")},
        {VIEW("Authorization"), view_trim(buf_view(&token))},
    };
    struct http_exchange exchange = {
        .method = "GET",
        .url = provider->url,
        .headers = headers,
        .n_headers = headers[1].value.len > 0 ? 2 : 1,
        .body_limit_bytes = ANSWER_BYTES,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .no_proxy = true,
    };
    int status = exchange_run(aws, &exchange, deadline_ms, err);
    if (status == 0) {
        status = answer_store(provider, buf_view(&exchange.body_in), &arena, err);
    }
    buf_wipe(&exchange.body_in);
    http_exchange_release(&exchange);
    return status;
}
