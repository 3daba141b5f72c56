/*
 * Trust, TLS sessions and warm-ups, against an HTTPS server in Python with a certificate made on
 * the spot. Without the openssl command or python3 the cases that need them are skipped.
 */

#define _GNU_SOURCE

#include "fixture.h"
#include "stopping_clock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct tls {
    char directory[64];
    char certificate[128];
    char hashed[128]; /* a directory with the certificate under its hash */
    pid_t server;     /* 0: none, the machine lacks what it takes */
    int port;
};

static struct tls tls;

static int make_certificate(void) {
    char command[2048];
    snprintf(command, sizeof(command),
             "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
             " -keyout key.pem -out cert.pem -days 2 -subj /CN=slipway-test"
             " -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' >/dev/null 2>&1 &&"
             " mkdir certs && cp cert.pem certs/$(openssl x509 -noout -hash -in cert.pem).0",
             tls.directory);
    return system(command);
}

static void start_server(void) {
    int out[2];
    if (pipe(out) != 0) {
        return;
    }
    tls.server = fork();
    if (tls.server == 0) {
        char key[128];
        snprintf(key, sizeof(key), "%s/key.pem", tls.directory);
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        execlp("python3", "python3", "-IS", TEST_DATA_DIR "/tls_server.py", tls.certificate, key,
               (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *port = fdopen(out[0], "r");
    if (fscanf(port, "%d", &tls.port) != 1) {
        waitpid(tls.server, NULL, 0);
        tls.server = 0;
    }
    fclose(port);
}

static int set_up_group(void **state) {
    (void)state;
    snprintf(tls.directory, sizeof(tls.directory), "/tmp/slipway-tls-XXXXXX");
    if (mkdtemp(tls.directory) == NULL) {
        return -1;
    }
    snprintf(tls.certificate, sizeof(tls.certificate), "%s/cert.pem", tls.directory);
    snprintf(tls.hashed, sizeof(tls.hashed), "%s/certs", tls.directory);
    if (make_certificate() == 0) {
        start_server();
    }
    if (tls.server == 0) {
        print_message("no HTTPS server: python3 or the openssl command is missing\n");
    }
    return 0;
}

static int tear_down_group(void **state) {
    (void)state;
    if (tls.server > 0) {
        kill(tls.server, SIGTERM);
        waitpid(tls.server, NULL, 0);
    }
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", tls.directory);
    return system(command);
}

/* A client that trusts as said, in place of the fixture's. */
static void use_client(struct fixture *f, const char *ca_bundle, const char *ca_directory) {
    struct http_curl_options options = {.ca_bundle = ca_bundle,
                                        .ca_directory = ca_directory,
                                        .user_agent = "slipway-test",
                                        .clock = &stopping_clock};
    http_curl_free(&f->http);
    stood_still_ms = 0;
    assert_int_equal(http_curl_new(&options, &f->http, &f->err), 0);
}

static int request(struct fixture *f, const char *host, const char *path) {
    fixture_request(f, "POST", "/", VIEW("{}"));
    snprintf(f->url, sizeof(f->url), "https://%s:%d%s", host, tls.port, path);
    return fixture_perform(f);
}

static void need_server(void) {
    if (tls.server == 0) {
        skip();
    }
}

static void a_bundle_is_trusted(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, tls.certificate, NULL);
    assert_int_equal(request(f, "127.0.0.1", "/"), 0);
    assert_view(buf_view(&f->exchange.body_in), "requests 1, resumed 0");
    assert_int_equal(request(f, "127.0.0.1", "/"), 0);
    assert_view(buf_view(&f->exchange.body_in), "requests 2, resumed 0");
    assert_int_equal(fixture_connections(f), 1);
}

static void a_hashed_directory_is_trusted(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, NULL, tls.hashed);
    assert_int_equal(request(f, "127.0.0.1", "/"), 0);
    use_client(f, tls.hashed, NULL);
    assert_int_equal(request(f, "127.0.0.1", "/"), 0);
}

static void the_bundle_wins_over_the_directory(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, "/etc/ssl/certs/ca-certificates.crt", tls.hashed);
    assert_int_equal(request(f, "127.0.0.1", "/"), -1);
}

static void assert_untrusted(struct fixture *f) {
    assert_int_equal(f->exchange.outcome, HTTP_NOT_SENT);
    assert_int_equal(f->err.code, ERR_AWS_UNAVAILABLE);
    assert_non_null(strstr(f->err.remedy, "AWS_CA_BUNDLE"));
}

static void an_unknown_authority_is_refused(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, NULL, NULL);
    assert_int_equal(request(f, "127.0.0.1", "/"), -1);
    assert_untrusted(f);
    use_client(f, NULL, "/nowhere");
    assert_int_equal(request(f, "127.0.0.1", "/"), -1);
    assert_untrusted(f);
}

static void a_wrong_host_name_is_refused(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, tls.certificate, NULL);
    /* 0.0.0.0 leads to the same server, and is not in its certificate. */
    assert_int_equal(request(f, "0.0.0.0", "/"), -1);
    assert_untrusted(f);
}

/* A proxy that is spoken to over TLS is trusted as the servers are. This one takes no CONNECT. */
static void a_proxy_is_trusted_alike(void **state) {
    need_server();
    struct fixture *f = *state;
    char proxy[64];
    snprintf(proxy, sizeof(proxy), "https://127.0.0.1:%d", tls.port);
    setenv("https_proxy", proxy, 1);
    use_client(f, NULL, tls.directory); /* where nothing is under its hash */
    assert_int_equal(request(f, "slipway.invalid", "/"), -1);
    assert_untrusted(f);
    use_client(f, tls.certificate, NULL);
    assert_int_equal(request(f, "slipway.invalid", "/"), -1);
    unsetenv("https_proxy");
    assert_int_equal(f->exchange.outcome, HTTP_NOT_SENT);
    assert_int_equal(f->err.code, ERR_AWS_UNAVAILABLE);
    assert_non_null(strstr(f->err.message, "slipway.invalid"));
    assert_non_null(strstr(f->err.message, "501"));
    assert_non_null(strstr(f->err.remedy, "https_proxy"));
}

static void a_missing_bundle_is_named_as_the_cause(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, "/nowhere/bundle.pem", tls.hashed);
    assert_int_equal(request(f, "127.0.0.1", "/"), -1);
    assert_untrusted(f);
}

/* Once it was read, the bundle may vanish: no further connection parses it. */
static void the_bundle_is_parsed_once(void **state) {
    need_server();
    struct fixture *f = *state;
    char copy[256];
    char command[512];
    snprintf(copy, sizeof(copy), "%s/vanishing.pem", tls.directory);
    snprintf(command, sizeof(command), "cp '%s' '%s'", tls.certificate, copy);
    assert_int_equal(system(command), 0);
    use_client(f, copy, NULL);
    assert_int_equal(request(f, "127.0.0.1", "/"), 0);
    assert_int_equal(unlink(copy), 0);
    assert_int_equal(request(f, "localhost", "/"), 0);
    assert_view(buf_view(&f->exchange.body_in), "requests 1, resumed 0");
    assert_int_equal(fixture_connections(f), 2);
}

/* The same for handshakes side by side: the first of them parses for all. */
static void parallel_handshakes_share_the_bundle(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, tls.certificate, NULL);
    char urls[2][64];
    struct http_exchange exchanges[8] = {0};
    snprintf(urls[0], sizeof(urls[0]), "https://127.0.0.1:%d/", tls.port);
    snprintf(urls[1], sizeof(urls[1]), "https://localhost:%d/", tls.port);
    for (size_t i = 0; i < 8; i++) {
        exchanges[i] = (struct http_exchange){
            .method = "GET", .url = urls[i % 2], .body_limit_bytes = 100, .timeout_ms = 20000};
        assert_int_equal(http_start(&f->http, &exchanges[i], &f->err), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        struct http_exchange *ended = http_wait(&f->http, -1);
        assert_non_null(ended);
        assert_int_equal(ended->outcome, HTTP_OK);
    }
    assert_int_equal(fixture_connections(f), 8);
    for (size_t i = 0; i < 8; i++) {
        http_exchange_release(&exchanges[i]);
    }
}

static void a_session_is_resumed_by_a_later_connection(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, tls.certificate, NULL);
    assert_int_equal(request(f, "127.0.0.1", "/close"), 0);
    assert_int_equal(request(f, "127.0.0.1", "/close"), 0);
    assert_view(buf_view(&f->exchange.body_in), "requests 1, resumed 1");
    assert_int_equal(fixture_connections(f), 2);
}

/* The connections are gone then; what was negotiated and what is trusted are not. */
static void a_session_outlives_a_standstill(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, tls.certificate, NULL);
    assert_int_equal(request(f, "127.0.0.1", "/"), 0);
    for (int i = 0; i < 3; i++) {
        stood_still_ms += 3600000;
        assert_int_equal(request(f, "127.0.0.1", "/"), 0);
        assert_view(buf_view(&f->exchange.body_in), "requests 1, resumed 1");
    }
    assert_int_equal(fixture_connections(f), 4);
}

/* While the only handle that has spoken to the server is busy elsewhere, another resumes what that
 * one has learnt. */
static void a_session_is_shared_by_all_handles(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, tls.certificate, NULL);
    assert_int_equal(request(f, "127.0.0.1", "/close"), 0);
    char url[256];
    snprintf(url, sizeof(url), "%s/stall", f->server->url);
    struct http_exchange busy = {.method = "GET", .url = url};
    assert_int_equal(http_start(&f->http, &busy, &f->err), 0);
    assert_int_equal(request(f, "127.0.0.1", "/"), 0);
    assert_view(buf_view(&f->exchange.body_in), "requests 1, resumed 1");
    http_cancel(&f->http, &busy);
    http_exchange_release(&busy);
}

/* The loop's handle for /next serves a deploy too. libcurl 7.88 loses a table of sessions that a
 * handle has made for itself by then: the leak detector sees it. */
static void a_handle_that_spoke_plainly_shares_sessions(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, tls.certificate, NULL);
    fixture_request(f, "GET", "/echo", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    assert_int_equal(request(f, "127.0.0.1", "/close"), 0);
    assert_int_equal(request(f, "127.0.0.1", "/close"), 0);
    assert_view(buf_view(&f->exchange.body_in), "requests 1, resumed 1");
}

static void tls_warm_up_leaves_two_connections(void **state) {
    need_server();
    struct fixture *f = *state;
    use_client(f, tls.certificate, NULL);
    char url[64];
    snprintf(url, sizeof(url), "https://127.0.0.1:%d", tls.port);
    const char *const urls[] = {url, url};
    http_warm(&f->http, urls, 2, 20000);
    assert_int_equal(fixture_connections(f), 2);
    struct http_exchange two[2] = {0};
    for (size_t i = 0; i < 2; i++) {
        two[i] = (struct http_exchange){.method = "POST",
                                        .url = url,
                                        .body = VIEW("{}"),
                                        .body_limit_bytes = 100,
                                        .once = true,
                                        .timeout_ms = 20000};
        assert_int_equal(http_start(&f->http, &two[i], &f->err), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        struct http_exchange *ended = http_wait(&f->http, -1);
        assert_non_null(ended);
        assert_int_equal(ended->outcome, HTTP_OK);
    }
    assert_int_equal(fixture_connections(f), 2);
    http_exchange_release(&two[0]);
    http_exchange_release(&two[1]);
}

static void plain_warm_up_leaves_two_connections(void **state) {
    struct fixture *f = *state;
    const char *const urls[] = {f->server->url, f->server->url};
    http_warm(&f->http, urls, 2, 20000);
    assert_int_equal(fixture_connections(f), 2);
    char url[256];
    snprintf(url, sizeof(url), "%s/echo", f->server->url);
    struct http_exchange two[2] = {{.method = "GET", .url = url}, {.method = "GET", .url = url}};
    assert_int_equal(http_start(&f->http, &two[0], &f->err), 0);
    assert_int_equal(http_start(&f->http, &two[1], &f->err), 0);
    assert_int_equal(http_wait(&f->http, -1)->outcome, HTTP_OK);
    assert_int_equal(http_wait(&f->http, -1)->outcome, HTTP_OK);
    assert_int_equal(fixture_connections(f), 2);
    assert_int_equal(local_count(f->server, "GET /echo"), 2);
    http_exchange_release(&two[0]);
    http_exchange_release(&two[1]);
}

/* Nobody listens, somebody listens but never says a word, a name that does not exist, no URL. */
static void a_failed_warm_up_spoils_nothing(void **state) {
    struct fixture *f = *state;
    int mute_port = 0;
    int nobody_port = 0;
    int mute = local_listen(&mute_port);
    close(local_listen(&nobody_port));
    char mute_url[64];
    char nobody_url[64];
    snprintf(mute_url, sizeof(mute_url), "https://127.0.0.1:%d", mute_port);
    snprintf(nobody_url, sizeof(nobody_url), "https://127.0.0.1:%d", nobody_port);
    const char *const urls[] = {mute_url, nobody_url, "https://slipway.invalid", "", "https://"};
    http_warm(&f->http, urls, 5, 100);
    fixture_request(f, "GET", "/echo", VIEW(""));
    assert_int_equal(fixture_perform(f), 0);
    assert_null(http_wait(&f->http, -1));
    close(mute);
}

static void a_warm_up_leaves_others_alone(void **state) {
    struct fixture *f = *state;
    fixture_request(f, "POST", "/echo", VIEW("mine"));
    assert_int_equal(http_start(&f->http, &f->exchange, &f->err), 0);
    const char *const urls[] = {f->server->url};
    http_warm(&f->http, urls, 1, 20000);
    assert_ptr_equal(http_wait(&f->http, -1), &f->exchange);
    assert_view(buf_view(&f->exchange.body_in), "mine");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_bundle_is_trusted),
        FIXTURE_TEST(a_hashed_directory_is_trusted),
        FIXTURE_TEST(the_bundle_wins_over_the_directory),
        FIXTURE_TEST(an_unknown_authority_is_refused),
        FIXTURE_TEST(a_wrong_host_name_is_refused),
        FIXTURE_TEST(a_proxy_is_trusted_alike),
        FIXTURE_TEST(a_missing_bundle_is_named_as_the_cause),
        FIXTURE_TEST(the_bundle_is_parsed_once),
        FIXTURE_TEST(parallel_handshakes_share_the_bundle),
        FIXTURE_TEST(a_session_is_resumed_by_a_later_connection),
        FIXTURE_TEST(a_session_outlives_a_standstill),
        FIXTURE_TEST(a_session_is_shared_by_all_handles),
        FIXTURE_TEST(a_handle_that_spoke_plainly_shares_sessions),
        FIXTURE_TEST(tls_warm_up_leaves_two_connections),
        FIXTURE_TEST(plain_warm_up_leaves_two_connections),
        FIXTURE_TEST(a_failed_warm_up_spoils_nothing),
        FIXTURE_TEST(a_warm_up_leaves_others_alone),
    };
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
