/* The loop where something goes wrong: handlers that fail, answers that the Runtime API does not
 * take, a Runtime API that does not answer. What ends the process, and what must not. */

#include "fake_runtime_api.h"

enum failure { NONE, WITH_REMEDY, WITHOUT_CAUSE, OVER_LIMIT, FAILED_BUF, ODD_TEXT };

struct script {
    enum failure failure;
    int calls;
    int64_t deadline_wall_ms;
};

static int handle(void *user, const struct lambda_invocation *invocation, struct buf *response,
                  struct err *err) {
    struct script *script = user;
    script->calls++;
    script->deadline_wall_ms = invocation->deadline_wall_ms;
    switch (script->failure) {
    case NONE:
        buf_append(response, invocation->payload);
        return 0;
    case WITH_REMEDY:
        buf_append_str(response, "{\"half\":");
        err_set(err, ERR_THROTTLED, "RegisterTaskDefinition was throttled for '%s'", "api");
        err_remedy(err, "wait a minute");
        return -1;
    case WITHOUT_CAUSE:
        return -1;
    case OVER_LIMIT:
        for (int i = 0; i < 8; i++) {
            char *room = buf_reserve(response, 1024 * 1024);
            if (room != NULL) {
                memset(room, 'y', 1024 * 1024);
                buf_commit(response, 1024 * 1024);
            }
        }
        return 0;
    case FAILED_BUF:
        buf_append_str(response, "{\"half\":");
        response->failed = true;
        return 0;
    case ODD_TEXT:
        return err_set(err, ERR_BAD_RESPONSE,
                       "line\r\nbreak \"quote\" \x7f \xc3\xa9 \xf0\x9f\x9a\x80 \xff");
    }
    return 0;
}

#define SCRIPT(...)                                                                                \
    const struct fake_step steps[] = {__VA_ARGS__};                                                \
    struct fake fake;                                                                              \
    struct script script = {0};                                                                    \
    (void)script;                                                                                  \
    struct err err;                                                                                \
    err_init(&err);                                                                                \
    fake_init(&fake, steps, sizeof(steps) / sizeof(steps[0]))
#define RUN() lambda_run(&fake.options, handle, &script, &err)
#define EVENT(id)                                                                                  \
    { .headers = FAKE_NEXT_HEADERS(id), .body = "1" }

static void test_a_failure_is_posted_with_its_remedy(void **state) {
    (void)state;
    SCRIPT({.headers = FAKE_NEXT_HEADERS("id-1") "Lambda-Runtime-Invocation-Id: inv-1\n"}, {0});
    script.failure = WITH_REMEDY;
    assert_int_equal(RUN(), 0);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/error");
    assert_string_equal(fake.requests[1].body,
                        "{\"errorMessage\":\"RegisterTaskDefinition was throttled for 'api'; "
                        "remedy: wait a minute\",\"errorType\":\"Function.Throttled\","
                        "\"stackTrace\":[]}");
    assert_string_equal(
        fake.requests[1].headers,
        "Content-Type: application/json\n"
        "Lambda-Runtime-Function-Error-Type: Function.Throttled\n"
        "Lambda-Runtime-Function-XRay-Error-Cause: {\"working_directory\":\"\",\"exceptions\":[{"
        "\"message\":\"RegisterTaskDefinition was throttled for 'api'; remedy: wait a minute\","
        "\"type\":\"Function.Throttled\",\"stack\":[]}],\"paths\":[]}\n"
        "Lambda-Runtime-Invocation-Id: inv-1\n");
    /* One line, with the request id. */
    assert_int_equal(fake_count(&fake, "\n"), 1);
    assert_int_equal(fake_count(&fake, "\"id-1\""), 1);
    assert_int_equal(fake_count(&fake, "wait a minute"), 1);
    fake_release(&fake);
}

static void test_after_a_failure_the_next_event_is_served(void **state) {
    (void)state;
    SCRIPT(EVENT("id-1"), {0}, EVENT("id-2"), {0});
    script.failure = WITHOUT_CAUSE;
    assert_int_equal(RUN(), 0);
    assert_int_equal(script.calls, 2);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/error");
    fake_assert_request(&fake, 3, "POST", "/invocation/id-2/error");
    assert_non_null(strstr(fake.requests[1].body, "did not say why"));
    assert_non_null(strstr(fake.requests[1].body, "Function.BadResponse"));
    fake_release(&fake);
}

static void test_a_response_over_the_limit_is_an_error_instead(void **state) {
    (void)state;
    SCRIPT(EVENT("id-1"), {0});
    script.failure = OVER_LIMIT;
    assert_int_equal(RUN(), 0);
    assert_int_equal(fake.n_requests, 3);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/error");
    assert_non_null(strstr(fake.requests[1].body, "6291556"));
    assert_non_null(strstr(fake.requests[1].body, "send fewer events at once"));
    fake_release(&fake);
}

static void test_a_response_that_ran_out_of_memory_is_an_error(void **state) {
    (void)state;
    SCRIPT(EVENT("id-1"), {0});
    script.failure = FAILED_BUF;
    assert_int_equal(RUN(), 0);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/error");
    assert_non_null(strstr(fake.requests[1].headers, "Function.OutOfMemory"));
    assert_null(strstr(fake.requests[1].body, "half"));
    fake_release(&fake);
}

static void test_headers_of_an_error_are_one_line_of_ascii(void **state) {
    (void)state;
    SCRIPT(EVENT("id-1"), {0});
    script.failure = ODD_TEXT;
    assert_int_equal(RUN(), 0);
    const char *headers = fake.requests[1].headers;
    int lines = 0;
    for (const char *c = headers; *c != '\0'; c++) {
        lines += *c == '\n';
        assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f));
    }
    assert_int_equal(lines, 3);
    assert_non_null(strstr(headers, "\\u00e9 \\ud83d\\ude80 \\\\xff"));
    fake_release(&fake);
}

/* Whatever of these the Runtime API says: one line, nothing else is posted, and on it goes. */
static void check_goes_on(int status, const char *expected_in_line) {
    SCRIPT(EVENT("id-1"), {.status = status, .body = "{\"errorType\":\"Told\"}"}, EVENT("id-2"),
           {0});
    assert_int_equal(RUN(), 0);
    assert_int_equal(script.calls, 2);
    assert_int_equal(fake.n_requests, 5);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/response");
    fake_assert_request(&fake, 2, "GET", "/invocation/next");
    fake_assert_request(&fake, 3, "POST", "/invocation/id-2/response");
    assert_int_equal(fake_count(&fake, "\n"), 1);
    assert_int_equal(fake_count(&fake, expected_in_line), 1);
    assert_int_equal(fake_count(&fake, "ERROR"), 1);
    assert_int_equal(fake_count(&fake, "Told"), 1);
    assert_int_equal(fake_count(&fake, "\"id-1\""), 1);
    fake_release(&fake);
}

static void test_answers_that_are_not_taken_do_not_end_the_loop(void **state) {
    (void)state;
    check_goes_on(400, "rejected");
    check_goes_on(403, "in this state");
    check_goes_on(410, "timed out");
    check_goes_on(413, "larger than Lambda takes");
    check_goes_on(404, "unknown status");
    check_goes_on(302, "unknown status");
    check_goes_on(429, "unknown status");
}

static void test_a_413_names_the_size_and_the_limit(void **state) {
    (void)state;
    SCRIPT({.headers = FAKE_NEXT_HEADERS("id-1"), .body_bytes = 12345}, {.status = 413});
    assert_int_equal(RUN(), 0);
    assert_int_equal(fake_count(&fake, "\"bytes\":12345"), 1);
    assert_int_equal(fake_count(&fake, "\"limit_bytes\":6291556"), 1);
    fake_release(&fake);
}

static void test_a_container_error_ends_the_process(void **state) {
    (void)state;
    static const int statuses[] = {500, 502, 503};
    for (size_t i = 0; i < 3; i++) {
        SCRIPT(EVENT("id-1"), {.status = statuses[i]}, EVENT("id-2"));
        assert_int_equal(RUN(), -1);
        assert_int_equal(err.code, ERR_AWS_UNAVAILABLE);
        assert_int_equal(fake.n_requests, 2);
        fake_release(&fake);
    }
}

static void test_a_container_error_to_an_error_ends_the_process(void **state) {
    (void)state;
    SCRIPT(EVENT("id-1"), {.status = 500});
    script.failure = WITH_REMEDY;
    assert_int_equal(RUN(), -1);
    assert_int_equal(fake.n_requests, 2);
    fake_release(&fake);
}

static void test_a_post_without_a_response_is_sent_again(void **state) {
    (void)state;
    SCRIPT(EVENT("id-1"), {.outcome = HTTP_NO_RESPONSE}, {.outcome = HTTP_NOT_SENT}, {0},
           EVENT("id-2"), {0});
    assert_int_equal(RUN(), 0);
    assert_int_equal(script.calls, 2);
    fake_assert_request(&fake, 2, "POST", "/invocation/id-1/response");
    fake_assert_request(&fake, 3, "POST", "/invocation/id-1/response");
    assert_string_equal(fake.requests[3].body, "1");
    fake_assert_request(&fake, 5, "POST", "/invocation/id-2/response");
    assert_int_equal(fake_count(&fake, "\n"), 0);
    fake_release(&fake);
}

static void test_a_post_that_never_arrives_is_given_up(void **state) {
    (void)state;
    SCRIPT(EVENT("id-1"), {.outcome = HTTP_NO_RESPONSE}, {.outcome = HTTP_NO_RESPONSE},
           {.outcome = HTTP_NO_RESPONSE}, EVENT("id-2"), {.cannot_start = true},
           {.cannot_start = true}, {.cannot_start = true}, EVENT("id-3"), {0});
    assert_int_equal(RUN(), 0);
    assert_int_equal(script.calls, 3);
    assert_int_equal(fake_count(&fake, "could not be posted"), 2);
    assert_int_equal(fake_count(&fake, "\n"), 2);
    fake_release(&fake);
}

static void test_next_is_asked_again_after_a_failure(void **state) {
    (void)state;
    SCRIPT({.status = 500}, {.status = 503}, {.status = 403, .body = "InvalidStateTransition"},
           {.outcome = HTTP_NOT_SENT}, {.outcome = HTTP_NO_RESPONSE}, {.cannot_start = true},
           {.status = 204}, EVENT("id-1"), {0});
    assert_int_equal(RUN(), 0);
    assert_int_equal(script.calls, 1);
    assert_int_equal(fake_count(&fake, "\n"), 7);
    assert_int_equal(fake_count(&fake, "WARN"), 7);
    assert_int_equal(fake_count(&fake, "InvalidStateTransition"), 1);
    assert_true(fake.slept_ms == 50 + 100 + 200 + 400 + 800 + 1000 + 1000);
    /* No sleep is so long that SIGTERM would have to wait for it. */
    assert_true(fake.longest_sleep_ms <= 200);
    fake_release(&fake);
}

static void check_gives_up(struct fake_step step) {
    SCRIPT(step, step, step, step, step, step, step, step, EVENT("id-1"));
    assert_int_equal(RUN(), -1);
    assert_int_equal(script.calls, 0);
    assert_int_equal(fake.n_requests, 8);
    assert_int_equal(err.code, ERR_AWS_UNAVAILABLE);
    assert_non_null(strstr(err.message, "'" FAKE_API "' gave no invocation in 8 attempts"));
    fake_release(&fake);
}

static void test_next_is_given_up_after_eight_failures(void **state) {
    (void)state;
    check_gives_up((struct fake_step){.status = 403});
    check_gives_up((struct fake_step){.status = 410});
    check_gives_up((struct fake_step){.status = 500});
    check_gives_up((struct fake_step){.outcome = HTTP_NOT_SENT});
    check_gives_up((struct fake_step){.outcome = HTTP_NO_RESPONSE});
    check_gives_up((struct fake_step){.cannot_start = true});
}

static void test_an_invocation_clears_the_count_of_failures(void **state) {
    (void)state;
    const struct fake_step bad = {.status = 500};
    SCRIPT(bad, bad, bad, bad, bad, bad, bad, EVENT("id-1"), {0}, bad, bad, bad, bad, bad, bad, bad,
           EVENT("id-2"), {0});
    assert_int_equal(RUN(), 0);
    assert_int_equal(script.calls, 2);
    fake_release(&fake);
}

static void test_sigterm_ends_the_back_off(void **state) {
    (void)state;
    SCRIPT({.status = 500, .empty_waits = 1, .stop_while_waits = true}, EVENT("id-1"));
    assert_int_equal(RUN(), 0);
    assert_int_equal(fake.n_requests, 1);
    assert_int_equal(fake.slept_ms, 0);
    fake_release(&fake);
}

/* Nothing can be posted for an invocation that has no usable name. */
static void test_an_invocation_without_a_usable_id_is_a_failure(void **state) {
    (void)state;
    char long_id[400];
    int len = snprintf(long_id, sizeof(long_id), "Lambda-Runtime-Aws-Request-Id: ");
    memset(long_id + len, 'a', 257);
    snprintf(long_id + len + 257, 2, "\n");
    const char *const headers[] = {
        NULL,
        "Lambda-Runtime-Aws-Request-Id: \n",
        "Lambda-Runtime-Aws-Request-Id: ..\n",
        "Lambda-Runtime-Aws-Request-Id: .\n",
        "Lambda-Runtime-Aws-Request-Id: a\x01"
        "b\n",
        "Lambda-Runtime-Request-Id: id\n",
        long_id,
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        SCRIPT({.headers = headers[i], .body = "1"}, EVENT("id-1"), {0});
        assert_int_equal(RUN(), 0);
        assert_int_equal(script.calls, 1);
        assert_int_equal(fake_count(&fake, "no usable request id"), 1);
        fake_assert_request(&fake, 1, "GET", "/invocation/next");
        fake_release(&fake);
    }
}

static void test_a_deadline_that_cannot_be_read_is_none(void **state) {
    (void)state;
    static const char *const deadlines[] = {"soon", "-5", "99999999999999999999", "12 34", ""};
    for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
        char headers[128];
        snprintf(headers, sizeof(headers),
                 "Lambda-Runtime-Aws-Request-Id: id-1\nLambda-Runtime-Deadline-Ms: %s\n",
                 deadlines[i]);
        SCRIPT({.headers = headers, .body = "1"}, {0});
        assert_int_equal(RUN(), 0);
        assert_int_equal(script.calls, 1);
        assert_true(script.deadline_wall_ms == 0);
        fake_assert_request(&fake, 1, "POST", "/invocation/id-1/response");
        fake_release(&fake);
    }
}

static void test_an_event_that_is_too_large_fails_its_invocation(void **state) {
    (void)state;
    SCRIPT({.outcome = HTTP_TOO_LARGE, .headers = FAKE_NEXT_HEADERS("id-1")}, {0}, EVENT("id-2"),
           {0});
    assert_int_equal(RUN(), 0);
    assert_int_equal(script.calls, 1);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/error");
    assert_non_null(strstr(fake.requests[1].body, "larger than"));
    fake_assert_request(&fake, 3, "POST", "/invocation/id-2/response");
    fake_release(&fake);
}

/* To ask again would be a state that the Runtime API does not know: the event has been handed out.
 */
static void test_an_event_that_is_cut_off_fails_its_invocation(void **state) {
    (void)state;
    SCRIPT({.outcome = HTTP_NO_RESPONSE,
            .headers = FAKE_NEXT_HEADERS("id-1"),
            .body = "{\"service\":",
            .err_code = ERR_OUT_OF_MEMORY},
           {0}, {.outcome = HTTP_NO_RESPONSE, .headers = FAKE_NEXT_HEADERS("id-2")}, {0},
           {.outcome = HTTP_NO_RESPONSE, .headers = "Lambda-Runtime-Trace-Id: Root=1\n"},
           EVENT("id-3"), {0});
    assert_int_equal(RUN(), 0);
    assert_int_equal(script.calls, 1);
    fake_assert_request(&fake, 1, "POST", "/invocation/id-1/error");
    assert_non_null(strstr(fake.requests[1].headers, "Function.OutOfMemory"));
    fake_assert_request(&fake, 3, "POST", "/invocation/id-2/error");
    assert_non_null(strstr(fake.requests[3].headers, "Function.AwsUnavailable"));
    /* Not even its id came. */
    fake_assert_request(&fake, 5, "GET", "/invocation/next");
    fake_assert_request(&fake, 6, "POST", "/invocation/id-3/response");
    fake_release(&fake);
}

static void test_an_init_error_is_posted(void **state) {
    (void)state;
    SCRIPT({0});
    err_set(&err, ERR_CONFIG_INVALID, "PROJECT_NAME is not set");
    lambda_init_error(&fake.options, &err);
    assert_int_equal(fake.n_requests, 1);
    fake_assert_request(&fake, 0, "POST", "/init/error");
    assert_string_equal(fake.requests[0].body,
                        "{\"errorMessage\":\"PROJECT_NAME is not set; remedy: correct the "
                        "environment variables named\",\"errorType\":\"Function.ConfigInvalid\","
                        "\"stackTrace\":[]}");
    assert_non_null(strstr(fake.requests[0].headers,
                           "Lambda-Runtime-Function-Error-Type: Function.ConfigInvalid\n"));
    assert_null(strstr(fake.requests[0].headers, "Invocation-Id"));
    assert_true(fake.requests[0].timeout_ms > 0);
    fake_release(&fake);
}

static void test_an_init_error_that_is_not_taken_is_only_logged(void **state) {
    (void)state;
    SCRIPT({.status = 403}, {.status = 500}, {.outcome = HTTP_NOT_SENT}, {.outcome = HTTP_NOT_SENT},
           {.outcome = HTTP_NOT_SENT});
    err_set(&err, ERR_CONFIG_INVALID, "PROJECT_NAME is not set");
    for (int i = 0; i < 3; i++) {
        lambda_init_error(&fake.options, &err);
    }
    assert_int_equal(fake.n_requests, 5);
    assert_int_equal(fake_count(&fake, "\n"), 3);
    fake_release(&fake);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failure_is_posted_with_its_remedy),
        cmocka_unit_test(test_after_a_failure_the_next_event_is_served),
        cmocka_unit_test(test_a_response_over_the_limit_is_an_error_instead),
        cmocka_unit_test(test_a_response_that_ran_out_of_memory_is_an_error),
        cmocka_unit_test(test_headers_of_an_error_are_one_line_of_ascii),
        cmocka_unit_test(test_answers_that_are_not_taken_do_not_end_the_loop),
        cmocka_unit_test(test_a_413_names_the_size_and_the_limit),
        cmocka_unit_test(test_a_container_error_ends_the_process),
        cmocka_unit_test(test_a_container_error_to_an_error_ends_the_process),
        cmocka_unit_test(test_a_post_without_a_response_is_sent_again),
        cmocka_unit_test(test_a_post_that_never_arrives_is_given_up),
        cmocka_unit_test(test_next_is_asked_again_after_a_failure),
        cmocka_unit_test(test_next_is_given_up_after_eight_failures),
        cmocka_unit_test(test_an_invocation_clears_the_count_of_failures),
        cmocka_unit_test(test_sigterm_ends_the_back_off),
        cmocka_unit_test(test_an_invocation_without_a_usable_id_is_a_failure),
        cmocka_unit_test(test_a_deadline_that_cannot_be_read_is_none),
        cmocka_unit_test(test_an_event_that_is_too_large_fails_its_invocation),
        cmocka_unit_test(test_an_event_that_is_cut_off_fails_its_invocation),
        cmocka_unit_test(test_an_init_error_is_posted),
        cmocka_unit_test(test_an_init_error_that_is_not_taken_is_only_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
