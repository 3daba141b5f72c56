#include "handlers/notify/notify.h"

#include "tests/unit/handlers/notify_fixture.h"

/* Telling that goes wrong: a warning and nothing more, no longer than there is time, and the
 * webhook, which is a secret, is in no line (the fixture looks at each). */

#define ACCESS_DENIED                                                                              \
    "{\"__type\":\"AccessDeniedException\",\"message\":\"User: arn is not authorized to perform: " \
    "it\"}"

static int set_up(void **state) {
    static struct world w;
    world_init(&w);
    *state = &w;
    return 0;
}

static int tear_down(void **state) {
    world_release(*state);
    return 0;
}

static void tell_a_start(struct world *w) {
    struct change change = a_start(&w->s);
    tell(w, &change, 1);
}

/* ---- each by itself ---- */

static void slack_that_fails(void **state) {
    struct world *w = *state;
    to_all(w);
    reply_next(w, SLACK, (struct reply){.status = 400, .body = "invalid_payload"});
    tell_a_start(w);
    assert_sent(w, 1, 1, 1);
    assert_int_equal(w->n_lines, 1);
    assert_warned(w, "Slack", "BadResponse", "400 invalid_payload");
}

static void sns_that_fails(void **state) {
    struct world *w = *state;
    to_all(w);
    reply_next(w, SNS,
               (struct reply){.status = 403,
                              .body = "<ErrorResponse><Error><Type>Sender</Type>"
                                      "<Code>AuthorizationError</Code><Message>not "
                                      "authorized</Message></Error></ErrorResponse>"});
    tell_a_start(w);
    assert_sent(w, 1, 1, 1);
    assert_int_equal(w->n_lines, 1);
    assert_warned(w, "SNS", "AccessDenied", "Publish denied");
}

static void a_bus_that_fails(void **state) {
    struct world *w = *state;
    to_all(w);
    reply_next(w, BUS, (struct reply){.status = 400, .body = ACCESS_DENIED});
    tell_a_start(w);
    assert_sent(w, 1, 1, 1);
    assert_int_equal(w->n_lines, 1);
    assert_warned(w, "EventBridge", "AccessDenied", "PutEvents");
}

/* A 200 can hide that an entry was not taken. */
static void an_entry_that_the_bus_refuses(void **state) {
    struct world *w = *state;
    struct change changes[] = {a_start(&w->s), a_task(&w->s)};
    to_all(w);
    reply_next(w, BUS,
               (struct reply){.status = 200,
                              .body = "{\"FailedEntryCount\":1,\"Entries\":[{\"EventId\":\"e\"},"
                                      "{\"ErrorCode\":\"NotAuthorizedForSourceException\","
                                      "\"ErrorMessage\":\"Not authorized for the source.\"}]}"});
    tell(w, changes, 2);
    assert_sent(w, 1, 2, 1);
    assert_int_equal(w->n_lines, 1);
    assert_warned(w, "EventBridge", "AccessDenied", "Not authorized for the source.");
}

static void all_fail(void **state) {
    struct world *w = *state;
    to_all(w);
    reply_next(w, SLACK, (struct reply){.status = 404, .body = "no_service"});
    reply_next(w, SNS, (struct reply){.status = 503, .body = ""});
    reply_next(w, BUS, (struct reply){.outcome = HTTP_NOT_SENT});
    tell_a_start(w);
    assert_int_equal(w->n_lines, 3);
    assert_warned(w, "Slack", "BadResponse", "404 no_service");
    assert_warned(w, "SNS", "AwsUnavailable", "");
    assert_warned(w, "EventBridge", "AwsUnavailable", "");
}

/* ---- time ---- */

/* What is told takes three seconds at most, whoever does not answer. */
static void nobody_answers(void **state) {
    struct world *w = *state;
    to_all(w);
    reply_next(w, SLACK, (struct reply){.stalls = true});
    reply_next(w, SNS, (struct reply){.stalls = true});
    reply_next(w, BUS, (struct reply){.stalls = true});
    tell_a_start(w);
    assert_sent(w, 1, 1, 1);
    assert_true(w->clock.slept_ms <= 3000);
    assert_int_equal(w->n_lines, 3);
    assert_warned(w, "Slack", "DeadlineExceeded", "Slack did not answer in time");
    assert_warned(w, "SNS", "DeadlineExceeded", "");
    assert_warned(w, "EventBridge", "DeadlineExceeded", "");
}

static void one_that_does_not_answer_holds_up_no_other(void **state) {
    struct world *w = *state;
    for (int whom = SLACK; whom <= BUS; whom++) {
        to_all(w);
        world_forget(w);
        int64_t slept_ms = w->clock.slept_ms;
        forget_replies(w, (enum whom)whom);
        reply_next(w, (enum whom)whom, (struct reply){.stalls = true});
        tell_a_start(w);
        assert_sent(w, 1, 1, 1);
        assert_int_equal(w->n_lines, 1);
        assert_true(w->clock.slept_ms - slept_ms <= 3000);
        forget_replies(w, (enum whom)whom);
    }
}

/* Half a second is kept for the answer. */
static void little_time(void **state) {
    struct world *w = *state;
    struct change change = a_start(&w->s);
    to_slack(w);
    reply_next(w, SLACK, (struct reply){.stalls = true});
    tell_within(w, &change, 1, 1200);
    assert_int_equal(w->sent[0].timeout_ms, 700);
    assert_int_equal(w->clock.slept_ms, 700);
    assert_warned(w, "Slack", "DeadlineExceeded", "in time");
}

static void no_time(void **state) {
    struct world *w = *state;
    struct change change = a_start(&w->s);
    static const int64_t left_ms[] = {699, 500, 0, -1000};
    to_all(w);
    for (size_t i = 0; i < COUNT(left_ms); i++) {
        world_forget(w);
        tell_within(w, &change, 1, left_ms[i]);
        assert_int_equal(w->n_sent, 0);
        assert_int_equal(w->n_lines, 1);
        assert_warned(w, "all", "DeadlineExceeded", "no time left");
    }
    tell_within(w, &change, 1, 700);
    assert_sent(w, 1, 1, 1);
}

/* ---- the webhook in a parameter ---- */

static void in_a_parameter(struct world *w) {
    w->s.config.slack_webhook_parameter = VIEW("/slipway/webhook");
}

static void a_parameter_is_read_once(void **state) {
    struct world *w = *state;
    in_a_parameter(w);
    tell_a_start(w);
    tell_a_start(w);
    assert_int_equal(n_sent_to(w, SSM), 1);
    assert_string_equal(w->sent[0].body, "{\"Name\":\"/slipway/webhook\",\"WithDecryption\":true}");
    assert_sent(w, 2, 0, 0);
    assert_string_equal(sent_to(w, SLACK, 0)->url, WEBHOOK);
    assert_int_equal(w->n_lines, 0);
}

/* It is read beside what the others are told, and not when there is nothing to tell. */
static void a_parameter_is_read_when_it_is_needed(void **state) {
    struct world *w = *state;
    struct change change = a_start(&w->s);
    to_all(w);
    w->s.config.has_slack_webhook = false;
    w->webhook = NULL;
    in_a_parameter(w);
    begin(w);
    change.status = CHANGE_UNCHANGED;
    tell(w, &change, 1);
    assert_int_equal(w->n_sent, 0);
    tell_a_start(w);
    assert_int_equal(sent_to(w, SSM, 0)->wave, 1);
    assert_int_equal(sent_to(w, SNS, 0)->wave, 1);
    assert_int_equal(sent_to(w, BUS, 0)->wave, 1);
    assert_int_equal(sent_to(w, SLACK, 0)->wave, 2);
}

static void a_parameter_by_its_arn_is_read_in_its_region(void **state) {
    struct world *w = *state;
    w->s.config.slack_webhook_parameter =
        VIEW("arn:aws:ssm:ap-south-1:111111111111:parameter/slack/webhook");
    tell_a_start(w);
    assert_true(view_starts_with(view_of(w->sent[0].url), VIEW("https://ssm.ap-south-1.")));
}

/* A line break behind it is what an editor leaves. */
static void a_parameter_is_trimmed(void **state) {
    struct world *w = *state;
    in_a_parameter(w);
    reply_next(
        w, SSM,
        (struct reply){.status = 200, .body = "{\"Parameter\":{\"Value\":\" " WEBHOOK "\\n\"}}"});
    tell_a_start(w);
    assert_string_equal(sent_to(w, SLACK, 0)->url, WEBHOOK);
}

static void parameters_that_hold_no_webhook(void **state) {
    struct world *w = *state;
    static const struct {
        struct reply reply;
        const char *code, *part;
    } cases[] = {
        {{.status = 200, .body = "{\"Parameter\":{\"Value\":\"xoxb-" SECRET "\"}}"},
         "BadResponse",
         "holds no address"},
        {{.status = 200,
          .body = "{\"Parameter\":{\"Value\":\"http://hooks.slack.com/" SECRET "\"}}"},
         "BadResponse",
         "holds no address"},
        {{.status = 200, .body = "{\"Parameter\":{\"Value\":\"https://a/" SECRET "\\r\\nX: y\"}}"},
         "BadResponse",
         "holds no address"},
        {{.status = 200, .body = "{\"Parameter\":{\"Type\":\"SecureString\"}}"},
         "BadResponse",
         "Value"},
        {{.status = 200, .body = "\"" SECRET "\""}, "BadResponse", ""},
        {{.status = 400, .body = "{\"__type\":\"ParameterNotFound\"}"},
         "BadResponse",
         "does not exist"},
        {{.status = 400, .body = ACCESS_DENIED}, "AccessDenied", "GetParameter denied"},
        {{.status = 500, .body = ""}, "AwsUnavailable", ""},
        {{.stalls = true}, "DeadlineExceeded", ""},
    };
    in_a_parameter(w);
    w->s.config.sns_topic_arn = VIEW(TOPIC);
    for (size_t i = 0; i < COUNT(cases); i++) {
        world_forget(w);
        forget_replies(w, SSM);
        reply_next(w, SSM, cases[i].reply);
        tell_a_start(w);
        assert_sent(w, 0, 1, 0);
        assert_int_equal(w->n_lines, 1);
        assert_warned(w, "Slack", cases[i].code, cases[i].part);
    }
    /* And it is asked for again when there is something to tell again. */
    forget_replies(w, SSM);
    world_forget(w);
    tell_a_start(w);
    assert_sent(w, 1, 1, 0);
}

/* Somebody replaced a webhook that leaked: the next message goes to the new one. */
static void a_webhook_that_is_gone_is_read_anew(void **state) {
    struct world *w = *state;
    in_a_parameter(w);
    tell_a_start(w);
    forget_replies(w, SLACK);
    reply_next(w, SLACK, (struct reply){.status = 404, .body = "no_service"});
    tell_a_start(w);
    assert_warned(w, "Slack", "BadResponse", "404 no_service");
    assert_int_equal(n_sent_to(w, SSM), 1);
    forget_replies(w, SSM);
    reply_next(
        w, SSM,
        (struct reply){.status = 200,
                       .body = "{\"Parameter\":{\"Value\":\"https://hooks.slack.com/new\"}}"});
    tell_a_start(w);
    assert_int_equal(n_sent_to(w, SSM), 2);
    assert_string_equal(sent_to(w, SLACK, 2)->url, "https://hooks.slack.com/new");
}

/* That of the environment cannot be read anew: it is kept, and each time is a warning. */
static void a_webhook_of_the_environment_is_kept(void **state) {
    struct world *w = *state;
    to_slack(w);
    reply_next(w, SLACK, (struct reply){.status = 410, .body = "channel_is_archived"});
    tell_a_start(w);
    tell_a_start(w);
    assert_sent(w, 2, 0, 0);
    assert_int_equal(n_sent_to(w, SSM), 0);
    assert_string_equal(sent_to(w, SLACK, 1)->url, WEBHOOK);
    assert_int_equal(w->n_lines, 1);
}

static void a_webhook_that_cannot_be_posted_to(void **state) {
    struct world *w = *state;
    to_slack(w);
    w->start_fails_after = 0;
    tell_a_start(w);
    assert_warned(w, "Slack", "ConfigInvalid", "the address of a server");
    w->start_fails_after = -1;
    tell_a_start(w);
    assert_sent(w, 1, 0, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(slack_that_fails),
        TEST(sns_that_fails),
        TEST(a_bus_that_fails),
        TEST(an_entry_that_the_bus_refuses),
        TEST(all_fail),
        TEST(nobody_answers),
        TEST(one_that_does_not_answer_holds_up_no_other),
        TEST(little_time),
        TEST(no_time),
        TEST(a_parameter_is_read_once),
        TEST(a_parameter_is_read_when_it_is_needed),
        TEST(a_parameter_by_its_arn_is_read_in_its_region),
        TEST(a_parameter_is_trimmed),
        TEST(parameters_that_hold_no_webhook),
        TEST(a_webhook_that_is_gone_is_read_anew),
        TEST(a_webhook_of_the_environment_is_kept),
        TEST(a_webhook_that_cannot_be_posted_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
