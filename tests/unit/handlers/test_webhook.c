#include "handlers/notify/webhook.h"

#include "tests/unit/handlers/notify_fixture.h"

/* Posting to Slack's webhook: what is tried again and what is not, what is said of a failure, and
 * that the address, which is the secret, is in nothing that is said. */

struct fixture {
    struct world w;
    struct secret address;
    struct webhook_post post;
    struct err err;
    bool is_gone;
};

static int set_up(void **state) {
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    world_init(&f.w);
    err_init(&f.err);
    assert_int_equal(secret_set(&f.address, VIEW(WEBHOOK), "the webhook", &f.err), 0);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    secret_wipe(&f->address);
    world_release(&f->w);
    return 0;
}

static int post_within(struct fixture *f, int64_t left_ms) {
    f->post = (struct webhook_post){
        .http = aws_http(f->w.aws),
        .clock = &f->w.clock.clock,
        .address = &f->address,
        .body = VIEW("{\"text\":\"x\"}"),
        .deadline_ms = f->w.clock.monotonic_ms + left_ms,
    };
    f->is_gone = true;
    webhook_begin(&f->post);
    int rc = webhook_end(&f->post, &f->is_gone, &f->err);
    assert_int_equal(rc == 0, !err_is_set(&f->err));
    assert_null(strstr(f->err.message, SECRET));
    assert_null(strstr(f->err.message, "services"));
    assert_null(strstr(f->err.remedy, SECRET));
    assert_int_equal(f->w.http.n, 0);
    return rc;
}

static void post(struct fixture *f) {
    assert_int_equal(post_within(f, 3000), 0);
}

static void fail_to_post(struct fixture *f, int64_t left_ms, enum err_code code,
                         const char *message) {
    assert_int_equal(post_within(f, left_ms), -1);
    assert_string_equal(err_name(f->err.code), err_name(code));
    assert_string_equal(f->err.message, message);
    assert_true(strlen(f->err.remedy) > 0);
}

/* ---- the address ---- */

static void which_addresses_are_one(void **state) {
    (void)state;
    static const struct {
        const char *address;
        bool is_valid;
    } cases[] = {
        {WEBHOOK, true},
        {"https://hooks.slack-gov.com/services/T/B/x", true},
        {"https://chat.example/hooks/x?a=b&c=%20", true},
        {"http://127.0.0.1:8080/services/x", true},
        {"http://localhost:8080/services/x", true},
        {"http://hooks.slack.com/services/T/B/x", false},
        {"http://127.0.0.1.evil.example/x", false},
        {"http://localhost.evil.example/x", false},
        {"HTTPS://hooks.slack.com/x", false},
        {"hooks.slack.com/services/T/B/x", false},
        {"ftp://hooks.slack.com/x", false},
        {"file:///etc/passwd", false},
        {"https://hooks.slack.com/a b", false},
        {"https://hooks.slack.com/a\r\nX: y", false},
        {"https://hooks.slack.com/\xC3\xA9", false},
        {"https://hooks.slack.com/\x7f", false},
        {"xoxb-1-2-secret", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (config_webhook_is_valid(view_of(cases[i].address)) != cases[i].is_valid) {
            fail_msg("'%s'", cases[i].address);
        }
    }
    static char longest[2049] = "https://a/";
    memset(longest + 10, 'x', sizeof(longest) - 10);
    assert_true(config_webhook_is_valid((struct view){longest, 2048}));
    assert_false(config_webhook_is_valid((struct view){longest, 2049}));
}

/* ---- the request ---- */

static void what_is_sent(void **state) {
    struct fixture *f = *state;
    post(f);
    assert_false(f->is_gone);
    assert_int_equal(f->w.n_sent, 1);
    assert_string_equal(f->w.sent[0].url, WEBHOOK);
    assert_string_equal(f->w.sent[0].method, "POST");
    assert_string_equal(f->w.sent[0].body, "{\"text\":\"x\"}");
    assert_text(f->w.sent[0].content_type, "application/json; charset=utf-8");
    assert_true(f->w.sent[0].once);
    assert_int_equal(f->w.sent[0].timeout_ms, 3000);
    assert_int_equal(f->w.clock.slept_ms, 0);
}

static void every_2xx_is_well(void **state) {
    struct fixture *f = *state;
    static const int statuses[] = {200, 201, 202, 204};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        reply_next(&f->w, SLACK, (struct reply){.status = statuses[i], .body = ""});
        post(f);
        assert_false(f->is_gone);
    }
    assert_int_equal(f->w.n_sent, COUNT(statuses));
}

/* Somebody else's wait on the same http may have had the answer. */
static void an_answer_that_came_meanwhile(void **state) {
    struct fixture *f = *state;
    f->post = (struct webhook_post){.http = aws_http(f->w.aws),
                                    .clock = &f->w.clock.clock,
                                    .address = &f->address,
                                    .deadline_ms = f->w.clock.monotonic_ms + 1000};
    webhook_begin(&f->post);
    assert_ptr_equal(http_wait(f->post.http, 10), &f->post.exchange);
    fake_clock_sleep(&f->w.clock, 2000); /* what the others took */
    assert_int_equal(webhook_end(&f->post, &f->is_gone, &f->err), 0);
}

/* ---- 429 ---- */

static void a_429_is_honoured(void **state) {
    struct fixture *f = *state;
    reply_next(&f->w, SLACK,
               (struct reply){.status = 429, .body = "rate_limited", .retry_after = "2"});
    post(f);
    assert_int_equal(f->w.n_sent, 2);
    assert_int_equal(f->w.clock.slept_ms, 2000);
    assert_int_equal(f->w.sent[1].timeout_ms, 1000);
    assert_string_equal(f->w.sent[1].body, f->w.sent[0].body);
}

static void a_429_without_a_time_is_a_second(void **state) {
    struct fixture *f = *state;
    reply_next(&f->w, SLACK, (struct reply){.status = 429, .body = "rate_limited"});
    post(f);
    assert_int_equal(f->w.clock.slept_ms, 1000);
    forget_replies(&f->w, SLACK);
    reply_next(&f->w, SLACK, (struct reply){.status = 429, .body = "", .retry_after = "0"});
    post(f);
    assert_int_equal(f->w.clock.slept_ms, 1000);
}

/* What does not fit before the deadline, or cannot be understood, is not asked again at all. */
static void a_429_that_takes_too_long(void **state) {
    struct fixture *f = *state;
    static const char *const times[] = {"3",
                                        "30",
                                        "3599",
                                        "3600",
                                        "86400",
                                        "9223372036854775807",
                                        "99999999999999999999",
                                        "-1",
                                        "1.5",
                                        "soon",
                                        "Sat, 21 Nov 2026 08:00:00 GMT"};
    for (size_t i = 0; i < COUNT(times); i++) {
        forget_replies(&f->w, SLACK);
        err_init(&f->err);
        reply_next(&f->w, SLACK,
                   (struct reply){.status = 429, .body = "x", .retry_after = times[i]});
        fail_to_post(f, 3000, ERR_THROTTLED, "Slack takes no more messages for now (429)");
        assert_int_equal(f->w.n_sent, i + 1);
        assert_false(f->is_gone);
    }
    assert_int_equal(f->w.clock.slept_ms, 0);
}

static void a_429_is_honoured_once(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        reply_next(&f->w, SLACK, (struct reply){.status = 429, .body = "", .retry_after = "1"});
    }
    fail_to_post(f, 60000, ERR_THROTTLED, "Slack takes no more messages for now (429)");
    assert_string_equal(f->err.remedy, "send fewer messages to this webhook's channel");
    assert_int_equal(f->w.n_sent, 2);
    assert_int_equal(f->w.clock.slept_ms, 1000);
}

/* ---- other answers ---- */

static void a_5xx_is_tried_once_more(void **state) {
    struct fixture *f = *state;
    static const int statuses[] = {500, 502, 503, 504};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        reply_next(&f->w, SLACK, (struct reply){.status = statuses[i], .body = "<html>"});
        post(f);
        forget_replies(&f->w, SLACK);
    }
    assert_int_equal(f->w.n_sent, 2 * COUNT(statuses));
    assert_int_equal(f->w.clock.slept_ms, 250 * (int)COUNT(statuses));
    reply_next(&f->w, SLACK, (struct reply){.status = 500, .body = ""});
    reply_next(&f->w, SLACK, (struct reply){.status = 500, .body = ""});
    fail_to_post(f, 3000, ERR_AWS_UNAVAILABLE, "Slack failed (500)");
}

static void what_slack_refuses_is_not_tried_again(void **state) {
    struct fixture *f = *state;
    static const struct {
        int status;
        const char *body, *message;
        bool is_gone;
    } cases[] = {
        {400, "invalid_payload", "Slack did not take the message (400 invalid_payload)", false},
        {413, "", "Slack did not take the message (413)", false},
        {300, "z", "Slack did not take the message (300 z)", false},
        {302, "https://elsewhere/" SECRET, "Slack did not take the message (302 https)", false},
        {403, "action_prohibited", "Slack knows the webhook no more (403 action_prohibited)", true},
        {404, "no_service", "Slack knows the webhook no more (404 no_service)", true},
        {410, "channel_is_archived", "Slack knows the webhook no more (410 channel_is_archived)",
         true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        err_init(&f->err);
        reply_next(&f->w, SLACK, (struct reply){.status = cases[i].status, .body = cases[i].body});
        fail_to_post(f, 3000, ERR_BAD_RESPONSE, cases[i].message);
        assert_int_equal(f->is_gone, cases[i].is_gone);
        assert_non_null(strstr(f->err.remedy, cases[i].is_gone ? "make a new incoming webhook"
                                                               : "one of Slack's"));
        assert_int_equal(f->w.n_sent, i + 1);
    }
    assert_int_equal(f->w.clock.slept_ms, 0);
}

/* Only a word of letters is handed on: a proxy's page, or an echo of the address, is not. */
static void what_it_says_is_cut_to_a_word(void **state) {
    struct fixture *f = *state;
    static const char *const bodies[] = {"<html>" WEBHOOK, "404 " WEBHOOK,    "\"" SECRET,
                                         "\n" SECRET,      "\x1b[31m" SECRET, "No " SECRET};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        forget_replies(&f->w, SLACK);
        err_init(&f->err);
        reply_next(&f->w, SLACK, (struct reply){.status = 400, .body = bodies[i]});
        fail_to_post(f, 3000, ERR_BAD_RESPONSE, "Slack did not take the message (400)");
    }
    static char longest[200];
    memset(longest, 'a', sizeof(longest) - 1);
    forget_replies(&f->w, SLACK);
    err_init(&f->err);
    reply_next(&f->w, SLACK, (struct reply){.status = 400, .body = longest});
    assert_int_equal(post_within(f, 3000), -1);
    assert_int_equal(strlen(f->err.message), strlen("Slack did not take the message (400 )") + 64);
}

/* ---- no answer ---- */

static void a_lost_connection_is_tried_once_more(void **state) {
    struct fixture *f = *state;
    static const enum http_outcome outcomes[] = {HTTP_NOT_SENT, HTTP_NO_RESPONSE};
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        forget_replies(&f->w, SLACK);
        reply_next(&f->w, SLACK, (struct reply){.outcome = outcomes[i]});
        post(f);
        assert_int_equal(f->w.n_sent, 2 * (i + 1));
    }
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        forget_replies(&f->w, SLACK);
        err_init(&f->err);
        reply_next(&f->w, SLACK, (struct reply){.outcome = outcomes[i]});
        reply_next(&f->w, SLACK, (struct reply){.outcome = outcomes[i]});
        fail_to_post(f, 3000, ERR_AWS_UNAVAILABLE, "connection reset");
        assert_non_null(strstr(f->err.remedy, "hooks.slack.com"));
    }
}

static void an_answer_that_is_too_large_is_none(void **state) {
    struct fixture *f = *state;
    reply_next(&f->w, SLACK, (struct reply){.outcome = HTTP_TOO_LARGE});
    assert_int_equal(post_within(f, 3000), -1);
    assert_int_equal(f->w.n_sent, 1);
}

static void no_answer_before_the_deadline(void **state) {
    struct fixture *f = *state;
    reply_next(&f->w, SLACK, (struct reply){.stalls = true});
    fail_to_post(f, 3000, ERR_DEADLINE_EXCEEDED, "Slack did not answer in time");
    assert_int_equal(f->w.n_sent, 1);
    assert_int_equal(f->w.clock.slept_ms, 3000);
}

static void a_second_try_that_does_not_come_back(void **state) {
    struct fixture *f = *state;
    reply_next(&f->w, SLACK, (struct reply){.status = 503, .body = "", .takes_ms = 1000});
    reply_next(&f->w, SLACK, (struct reply){.stalls = true});
    fail_to_post(f, 3000, ERR_DEADLINE_EXCEEDED, "Slack did not answer in time");
    assert_int_equal(f->w.n_sent, 2);
    assert_int_equal(f->w.sent[1].timeout_ms, 1750);
    assert_int_equal(f->w.clock.slept_ms, 3000);
}

static void no_time_for_a_second_try(void **state) {
    struct fixture *f = *state;
    reply_next(&f->w, SLACK, (struct reply){.status = 503, .body = "", .takes_ms = 2800});
    fail_to_post(f, 3000, ERR_AWS_UNAVAILABLE, "Slack failed (503)");
    assert_string_equal(f->err.remedy, "nothing now: the deploy is not affected");
    assert_int_equal(f->w.n_sent, 1);
}

static void a_deadline_that_is_over(void **state) {
    struct fixture *f = *state;
    reply_next(&f->w, SLACK, (struct reply){.stalls = true});
    fail_to_post(f, -5, ERR_DEADLINE_EXCEEDED, "Slack did not answer in time");
    assert_int_equal(f->w.sent[0].timeout_ms, 1);
    assert_int_equal(f->w.clock.slept_ms, 0);
}

static void what_cannot_even_begin(void **state) {
    struct fixture *f = *state;
    f->w.start_fails_after = 0;
    fail_to_post(f, 3000, ERR_CONFIG_INVALID, "the address of a server is no http or https URL");
    assert_false(f->is_gone);
    f->w.start_fails_after = 1;
    err_init(&f->err);
    reply_next(&f->w, SLACK, (struct reply){.status = 503, .body = ""});
    fail_to_post(f, 3000, ERR_CONFIG_INVALID, "the address of a server is no http or https URL");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(which_addresses_are_one),
        TEST(what_is_sent),
        TEST(every_2xx_is_well),
        TEST(an_answer_that_came_meanwhile),
        TEST(a_429_is_honoured),
        TEST(a_429_without_a_time_is_a_second),
        TEST(a_429_that_takes_too_long),
        TEST(a_429_is_honoured_once),
        TEST(a_5xx_is_tried_once_more),
        TEST(what_slack_refuses_is_not_tried_again),
        TEST(what_it_says_is_cut_to_a_word),
        TEST(a_lost_connection_is_tried_once_more),
        TEST(an_answer_that_is_too_large_is_none),
        TEST(no_answer_before_the_deadline),
        TEST(a_second_try_that_does_not_come_back),
        TEST(no_time_for_a_second_try),
        TEST(a_deadline_that_is_over),
        TEST(what_cannot_even_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
