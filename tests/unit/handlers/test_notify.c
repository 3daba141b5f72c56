#include "handlers/notify/notify.h"

#include "tests/unit/handlers/notify_fixture.h"

/* Whom an invocation tells, with what, and for how long: Slack, SNS and EventBridge side by side.
 * What goes wrong with it is in test_notify_trouble.c. */

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

/* ---- whom ---- */

static void nobody_is_to_be_told(void **state) {
    struct world *w = *state;
    struct change change = a_start(&w->s);
    w->webhook = "";
    begin(w);
    assert_null(w->notifier);
    notifier_tell(w->notifier, &w->log, &change, 1, w->clock.monotonic_ms + LEFT_MS, &w->arena);
    notifier_free(NULL);
    assert_int_equal(w->n_sent + w->n_lines, 0);
}

static void slack_alone(void **state) {
    struct world *w = *state;
    struct change change = a_start(&w->s);
    w->webhook = "  " WEBHOOK "\n"; /* as config.c trims it */
    w->s.config.has_slack_webhook = true;
    tell(w, &change, 1);
    assert_sent(w, 1, 0, 0);
    assert_string_equal(w->sent[0].url, WEBHOOK);
    struct json *message JSON_AUTO = parsed(view_of(w->sent[0].body));
    assert_is(message, "text", "myproject prod: backend deployment started");
    assert_int_equal(w->n_lines, 0);
}

static void sns_alone(void **state) {
    struct world *w = *state;
    struct change change = a_start(&w->s);
    w->s.config.sns_topic_arn = VIEW(TOPIC);
    tell(w, &change, 1);
    assert_sent(w, 0, 1, 0);
    assert_int_equal(w->n_sent + w->n_lines, 1);
}

static void a_bus_alone(void **state) {
    struct world *w = *state;
    struct change change = a_start(&w->s);
    w->s.config.notify_event_bus = VIEW("outcomes");
    tell(w, &change, 1);
    assert_sent(w, 0, 0, 1);
    assert_int_equal(w->n_sent + w->n_lines, 1);
}

static void all_are_told_side_by_side(void **state) {
    struct world *w = *state;
    struct change changes[] = {a_start(&w->s), a_refusal(&w->s), an_end(&w->s, ROLLOUT_FAILED)};
    to_all(w);
    tell(w, changes, 3);
    assert_sent(w, 1, 3, 1);
    for (size_t i = 0; i < w->n_sent; i++) {
        assert_int_equal(w->sent[i].wave, 1);
    }
    assert_int_equal(w->n_lines, 0);
    assert_int_equal(w->clock.slept_ms, 0);
}

/* ---- what is told to nobody ---- */

static void what_is_nothing_is_told_to_nobody(void **state) {
    struct world *w = *state;
    static const enum change_status quiet[] = {CHANGE_IGNORED, CHANGE_UNCHANGED, CHANGE_SUPERSEDED,
                                               CHANGE_PLANNED};
    struct change changes[COUNT(quiet)];
    to_all(w);
    for (size_t i = 0; i < COUNT(quiet); i++) {
        changes[i] = a_start(&w->s);
        changes[i].status = quiet[i];
    }
    tell(w, changes, COUNT(quiet));
    tell(w, changes, 0);
    /* Nor is there anything to warn of when there is no time for it. */
    tell_within(w, changes, COUNT(quiet), 0);
    assert_int_equal(w->n_sent + w->n_lines, 0);
}

static void dry_runs_are_told_to_nobody(void **state) {
    struct world *w = *state;
    to_all(w);
    for (int by_config = 0; by_config < 2; by_config++) {
        w->s.config.dry_run = by_config;
        w->s.trigger.dry_run = !by_config;
        struct change changes[] = {a_start(&w->s), a_refusal(&w->s), a_task(&w->s),
                                   an_end(&w->s, ROLLOUT_FAILED)};
        w->s.trigger.kind = TRIGGER_DEPLOY;
        tell(w, changes, COUNT(changes));
    }
    assert_int_equal(w->n_sent + w->n_lines, 0);
}

/* The same event again finds its deploy done, and an end that was told tagged (plan_rollout.c):
 * both are unchanged. A FIFO topic is spared the rest. */
static void the_same_again_is_not_told_twice(void **state) {
    struct world *w = *state;
    struct change change = a_start(&w->s);
    to_all(w);
    tell(w, &change, 1);
    assert_sent(w, 1, 1, 1);
    change.status = CHANGE_UNCHANGED;
    tell(w, &change, 1);
    change = an_end(&w->s, ROLLOUT_COMPLETED);
    change.status = CHANGE_UNCHANGED;
    tell(w, &change, 1);
    assert_sent(w, 1, 1, 1);
}

static void of_several_only_what_is_worth_it(void **state) {
    struct world *w = *state;
    struct change changes[] = {a_start(&w->s), a_task(&w->s), a_start(&w->s)};
    changes[0].status = CHANGE_UNCHANGED;
    changes[2].status = CHANGE_IGNORED;
    to_all(w);
    tell(w, changes, 3);
    assert_sent(w, 1, 1, 1);
    struct view message = form_value(w, sent_to(w, SNS, 0)->body, "Message");
    struct json *root JSON_AUTO = parsed(message);
    assert_is(root, "target", "nightly");
}

/* People hear of it; a program that waits for the end does not take it for one. */
static void tasks_that_do_not_come_up_are_told_to_people(void **state) {
    struct world *w = *state;
    struct change change = an_end(&w->s, ROLLOUT_IMPAIRED);
    to_all(w);
    tell(w, &change, 1);
    assert_sent(w, 1, 1, 0);
    assert_has(form_value(w, sent_to(w, SNS, 0)->body, "Message"), "\"outcome\":\"impaired\"");
}

/* ---- SNS ---- */

static void a_message_of_sns(void **state) {
    struct world *w = *state;
    struct change change = an_end(&w->s, ROLLOUT_FAILED);
    w->s.config.sns_topic_arn = VIEW(TOPIC);
    tell(w, &change, 1);
    const struct sent *sent = sent_to(w, SNS, 0);
    static const char *const expected[][2] = {
        {"Action", "Publish"},
        {"TopicArn", TOPIC},
        {"Subject", "myproject prod: backend deployment failed"},
        {"MessageAttributes.entry.1.Name", "status"},
        {"MessageAttributes.entry.1.Value.DataType", "String"},
        {"MessageAttributes.entry.1.Value.StringValue", "reported"},
        {"MessageAttributes.entry.2.Name", "outcome"},
        {"MessageAttributes.entry.2.Value.StringValue", "failed"},
        {"MessageAttributes.entry.3.Name", "service"},
        {"MessageAttributes.entry.3.Value.StringValue", "backend"},
        {"MessageAttributes.entry.4.Name", "environment"},
        {"MessageAttributes.entry.4.Value.StringValue", "prod"},
        {"MessageAttributes.entry.5.Name", "project"},
        {"MessageAttributes.entry.5.Value.StringValue", "myproject"},
    };
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_text(form_value(w, sent->body, expected[i][0]), expected[i][1]);
    }
    assert_null(form_value(w, sent->body, "MessageStructure").data);
    assert_null(form_value(w, sent->body, "MessageGroupId").data);
    assert_true(view_starts_with(view_of(sent->url), VIEW("https://sns.eu-west-1.")));
    assert_true(sent->once);
    struct json *root JSON_AUTO = parsed(form_value(w, sent->body, "Message"));
    assert_is(root, "outcome", "failed");
    assert_is(root, "remedy", "give the container more memory; " GO_BACK);
}

static void an_attribute_that_is_empty_is_left_out(void **state) {
    struct world *w = *state;
    struct change change = a_refusal(&w->s);
    change.target = NULL;
    w->s.trigger.service = (struct view){0};
    w->s.config.sns_topic_arn = VIEW(TOPIC);
    tell(w, &change, 1);
    const char *body = sent_to(w, SNS, 0)->body;
    assert_text(form_value(w, body, "MessageAttributes.entry.1.Value.StringValue"), "refused");
    assert_text(form_value(w, body, "MessageAttributes.entry.2.Name"), "environment");
    assert_text(form_value(w, body, "MessageAttributes.entry.3.Name"), "project");
    assert_null(form_value(w, body, "MessageAttributes.entry.4.Name").data);
}

/* Amazon SNS API Reference, Publish: ASCII that begins with a letter, a digit or punctuation, no
 * line breaks or control characters, less than 100 characters. */
static void subjects_are_what_sns_takes(void **state) {
    struct world *w = *state;
    static char longest[1000];
    memset(longest, 's', sizeof(longest));
    const struct view names[] = {
        VIEW("backend"),
        VIEW("b\xC3\xA4"
             "ckend"),
        VIEW("a\r\nSubject: b"),
        VIEW("\xF0\x9F\x9A\xA2\x01\x7f\xff"),
        (struct view){longest, 70},
        (struct view){longest, sizeof(longest)},
    };
    w->s.config.sns_topic_arn = VIEW(TOPIC);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct change change = a_refusal(&w->s);
        change.target = NULL;
        w->s.trigger.service = names[i];
        world_forget(w);
        tell(w, &change, 1);
        struct view subject = form_value(w, sent_to(w, SNS, 0)->body, "Subject");
        assert_true(subject.len > 0 && subject.len < 100);
        for (size_t j = 0; j < subject.len; j++) {
            assert_true(subject.data[j] >= ' ' && subject.data[j] <= '~');
        }
        assert_true(view_starts_with(subject, VIEW("myproject prod: ")));
    }
    assert_int_equal(w->n_lines, 0);
}

/* Messages of one event on several targets are several; the same one again is the same. */
static void what_a_fifo_topic_takes_for_the_same(void **state) {
    struct world *w = *state;
    struct change changes[] = {a_start(&w->s), a_task(&w->s), a_function(&w->s)};
    struct trigger other = w->s.trigger;
    struct view seen[7];
    size_t n = 0;
    other.event_id = VIEW("event-2");
    w->s.config.sns_topic_arn = VIEW(TOPIC ".fifo");
    tell(w, changes, 3);
    changes[0].trigger = &other;
    changes[1].status = CHANGE_ROLLED_BACK;
    changes[2] = an_end(&w->s, ROLLOUT_COMPLETED);
    tell(w, changes, 3);
    changes[0] = an_end(&w->s, ROLLOUT_SUPERSEDED);
    tell(w, changes, 1);
    for (; n < COUNT(seen); n++) {
        const char *body = sent_to(w, SNS, n)->body;
        seen[n] = form_value(w, body, "MessageDeduplicationId");
        assert_text(form_value(w, body, "MessageGroupId"), "myproject");
        for (size_t i = 0; i < n; i++) {
            assert_false(view_equal(seen[i], seen[n]));
        }
    }
    /* In another payload, at another place. */
    struct change again[] = {a_function(&w->s), a_start(&w->s)};
    again[1].event = 7;
    w->s.trigger.kind = TRIGGER_DEPLOY;
    tell(w, again, 2);
    assert_true(
        view_equal(form_value(w, sent_to(w, SNS, 7)->body, "MessageDeduplicationId"), seen[2]));
    assert_true(
        view_equal(form_value(w, sent_to(w, SNS, 8)->body, "MessageDeduplicationId"), seen[0]));
}

/* 1 to 128 letters, digits and punctuation, whatever an event calls itself. */
static void a_deduplication_id_is_what_sns_takes(void **state) {
    struct world *w = *state;
    static char longest[300];
    memset(longest, 'e', sizeof(longest));
    const struct view ids[] = {VIEW("with spaces in it"), VIEW("\xC3\xA4"), VIEW(""),
                               (struct view){longest, sizeof(longest)}};
    w->s.config.sns_topic_arn = VIEW(TOPIC ".fifo");
    for (size_t i = 0; i < COUNT(ids); i++) {
        struct change change = a_start(&w->s);
        w->s.trigger.event_id = ids[i];
        tell(w, &change, 1);
        struct view id = form_value(w, sent_to(w, SNS, i)->body, "MessageDeduplicationId");
        assert_true(id.len > 0 && id.len <= 128);
        for (size_t j = 0; j < id.len; j++) {
            assert_true(id.data[j] > ' ' && id.data[j] <= '~');
        }
    }
}

/* ---- EventBridge ---- */

static void entries_of_a_bus(void **state) {
    struct world *w = *state;
    struct change changes[] = {a_start(&w->s), a_refusal(&w->s), a_function(&w->s)};
    struct facts facts = {
        .service = {.arn = VIEW("arn:aws:ecs:eu-west-1:222222222222:service/c/s")}};
    changes[0].facts = &facts;
    w->s.config.notify_event_bus = VIEW("outcomes");
    tell(w, changes, 3);
    assert_sent(w, 0, 0, 1);
    struct json *root JSON_AUTO = parsed(view_of(w->sent[0].body));
    const struct json *entry = json_first(json_get(root, "Entries"));
    const struct json *resources = json_get(entry, "Resources");
    assert_int_equal(json_count(json_get(root, "Entries")), 3);
    assert_is(entry, "Source", "slipway");
    assert_is(entry, "DetailType", "Deployment Started");
    assert_is(entry, "EventBusName", "outcomes");
    assert_text(json_string(json_first(resources)),
                "arn:aws:ecs:eu-west-1:222222222222:service/c/s");
    assert_text(json_string(json_next(json_first(resources))), FAMILY_ARN ":42");
    assert_int_equal(json_count(resources), 2);
    struct json *detail JSON_AUTO = parsed(json_string(json_get(entry, "Detail")));
    assert_is(detail, "event_id", "event-1");
    assert_is(detail, "status", "deployed");
    entry = json_next(entry);
    assert_is(entry, "DetailType", "Deployment Refused");
    assert_null(json_get(entry, "Resources"));
    entry = json_next(entry);
    assert_is(entry, "DetailType", "Deployment Completed");
    assert_is(entry, "Source", "slipway");
}

static void the_revision_of_an_end_is_a_resource(void **state) {
    struct world *w = *state;
    struct change change = an_end(&w->s, ROLLOUT_COMPLETED);
    w->s.config.notify_event_bus = VIEW("outcomes");
    tell(w, &change, 1);
    struct json *root JSON_AUTO = parsed(view_of(w->sent[0].body));
    const struct json *entry = json_first(json_get(root, "Entries"));
    assert_is(entry, "DetailType", "Deployment Completed");
    assert_text(json_string(json_first(json_get(entry, "Resources"))), FAMILY_ARN ":42");
}

static void what_is_not_known_is_no_resource(void **state) {
    struct world *w = *state;
    struct facts facts = {.service = {.arn = VIEW("")}};
    struct change change = a_refusal(&w->s);
    change.facts = &facts;
    w->s.config.notify_event_bus = VIEW("outcomes");
    tell(w, &change, 1);
    assert_lacks(view_of(w->sent[0].body), "Resources");
}

static void a_bus_by_its_arn_is_asked_in_its_region(void **state) {
    struct world *w = *state;
    struct change change = a_start(&w->s);
    w->s.config.notify_event_bus = VIEW("arn:aws:events:ap-south-1:111111111111:event-bus/central");
    tell(w, &change, 1);
    assert_true(view_starts_with(view_of(w->sent[0].url), VIEW("https://events.ap-south-1.")));
    assert_has(view_of(w->sent[0].body),
               "\"EventBusName\":\"arn:aws:events:ap-south-1:111111111111:event-bus/central\"");
}

static size_t n_entries(const struct sent *sent) {
    struct json *root JSON_AUTO = parsed(view_of(sent->body));
    return json_count(json_get(root, "Entries"));
}

static void ten_entries_at_once(void **state) {
    struct world *w = *state;
    struct change changes[23];
    for (size_t i = 0; i < COUNT(changes); i++) {
        changes[i] = a_start(&w->s);
    }
    w->s.config.notify_event_bus = VIEW("outcomes");
    tell(w, changes, COUNT(changes));
    assert_sent(w, 0, 0, 3);
    assert_int_equal(n_entries(&w->sent[0]), 10);
    assert_int_equal(n_entries(&w->sent[1]), 10);
    assert_int_equal(n_entries(&w->sent[2]), 3);
    assert_int_equal(w->sent[2].wave, 1);
    world_forget(w);
    tell(w, changes, 10);
    assert_sent(w, 0, 0, 1);
}

/* PutEvents takes 256 KB in all. */
static void large_entries_are_sent_by_themselves(void **state) {
    struct world *w = *state;
    static struct view moved[600];
    static char name[150];
    struct change changes[5];
    memset(name, 'n', sizeof(name));
    for (size_t i = 0; i < COUNT(moved); i++) {
        moved[i] = (struct view){name, sizeof(name)};
    }
    for (size_t i = 0; i < COUNT(changes); i++) {
        changes[i] = a_task(&w->s);
        changes[i].moved = moved;
        changes[i].n_moved = COUNT(moved);
    }
    w->s.config.notify_event_bus = VIEW("outcomes");
    tell(w, changes, COUNT(changes));
    assert_sent(w, 0, 0, 3);
    size_t n = 0;
    for (size_t i = 0; i < w->n_sent; i++) {
        assert_true(strlen(w->sent[i].body) < 256 * 1024);
        n += n_entries(&w->sent[i]);
    }
    assert_int_equal(n, COUNT(changes));
    assert_int_equal(w->n_lines, 0);
}

/* ---- very many ---- */

static void what_went_wrong_is_among_what_sns_is_told(void **state) {
    struct world *w = *state;
    static struct change changes[60];
    for (size_t i = 0; i < COUNT(changes); i++) {
        changes[i] = i == 58 ? a_refusal(&w->s) : a_start(&w->s);
    }
    w->s.config.sns_topic_arn = VIEW(TOPIC);
    tell(w, changes, COUNT(changes));
    assert_sent(w, 0, 50, 0);
    assert_text(form_value(w, w->sent[0].body, "Subject"), "myproject prod: backend refused");
    assert_int_equal(w->n_lines, 1);
    struct json *line JSON_AUTO = parsed(view_trim(view_of(w->lines[0])));
    int64_t left_out = 0;
    assert_is(line, "level", "WARN");
    assert_is(line, "channel", "SNS");
    assert_true(json_to_i64(json_get(line, "not_published"), &left_out));
    assert_int_equal(left_out, 10);
}

static void fifty_messages_are_all_sent(void **state) {
    struct world *w = *state;
    static struct change changes[50];
    for (size_t i = 0; i < COUNT(changes); i++) {
        changes[i] = a_start(&w->s);
    }
    w->s.config.sns_topic_arn = VIEW(TOPIC);
    tell(w, changes, COUNT(changes));
    assert_sent(w, 0, 50, 0);
    assert_int_equal(w->n_lines, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_to_be_told),
        TEST(slack_alone),
        TEST(sns_alone),
        TEST(a_bus_alone),
        TEST(all_are_told_side_by_side),
        TEST(what_is_nothing_is_told_to_nobody),
        TEST(dry_runs_are_told_to_nobody),
        TEST(the_same_again_is_not_told_twice),
        TEST(of_several_only_what_is_worth_it),
        TEST(tasks_that_do_not_come_up_are_told_to_people),
        TEST(a_message_of_sns),
        TEST(an_attribute_that_is_empty_is_left_out),
        TEST(subjects_are_what_sns_takes),
        TEST(what_a_fifo_topic_takes_for_the_same),
        TEST(a_deduplication_id_is_what_sns_takes),
        TEST(entries_of_a_bus),
        TEST(the_revision_of_an_end_is_a_resource),
        TEST(what_is_not_known_is_no_resource),
        TEST(a_bus_by_its_arn_is_asked_in_its_region),
        TEST(ten_entries_at_once),
        TEST(large_entries_are_sent_by_themselves),
        TEST(what_went_wrong_is_among_what_sns_is_told),
        TEST(fifty_messages_are_all_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
