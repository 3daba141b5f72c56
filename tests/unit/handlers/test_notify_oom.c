/*
 * Memory that ends at any moment of telling: allocation N fails, for every N, once and from there
 * on. Nothing but a warning comes of it, nothing leaks, nothing is left under way, what is sent is
 * whole, and the next time all is told again.
 */

#include "handlers/notify/slack.h"

#include "tests/unit/base/oom.h"
#include "tests/unit/base/oom_arena.h"
#include "tests/unit/base/oom_cjson.h"
#include "tests/unit/handlers/notify_fixture.h"
#include "tests/unit/handlers/slack_rules.h"

enum shortage { ONCE, FROM_THEN_ON };

/* What the other side allocates is no part of the test. */
static int quiet_start(void *state, struct http_exchange *exchange, struct err *err) {
    if (oom_is_due()) {
        return err_out_of_memory(err, "an exchange");
    }
    size_t countdown = oom_countdown;
    oom_countdown = 0;
    int rc = world_start(state, exchange, err);
    oom_countdown = countdown;
    return rc;
}

/* An answer may get lost for want of memory, too. */
static struct http_exchange *quiet_wait(void *state, int64_t timeout_ms) {
    size_t countdown = oom_countdown;
    oom_countdown = 0;
    struct http_exchange *exchange = world_wait(state, timeout_ms);
    oom_countdown = countdown;
    if (exchange != NULL && oom_is_due()) {
        buf_release(&exchange->body_in);
        exchange->outcome = HTTP_NO_RESPONSE;
        exchange->n_response_headers = 0;
        (void)err_out_of_memory(&exchange->err, "a response");
    }
    return exchange;
}

static struct world *new_world(void) {
    static struct world w;
    world_init(&w);
    w.ops.start = quiet_start;
    w.ops.wait = quiet_wait;
    to_all(&w);
    return &w;
}

/* Whole or not at all: nothing of a message is missing for want of memory. */
static void check_sent(struct world *w, const struct change *changes, size_t n) {
    for (size_t i = 0; i < w->n_sent; i++) {
        const char *body = w->sent[i].body;
        if (w->sent[i].whom == SLACK) {
            struct json *root JSON_AUTO = parsed(view_of(body));
            assert_null(slack_message_problem(root));
            assert_text(slack_message(&w->s.config, changes, n, &w->arena), body);
        } else if (w->sent[i].whom == BUS) {
            struct json *root JSON_AUTO = parsed(view_of(body));
            const struct json *entry = json_first(json_get(root, "Entries"));
            struct json *detail JSON_AUTO = parsed(json_string(json_get(entry, "Detail")));
            assert_is(detail, "project", "myproject");
        } else if (w->sent[i].whom == SNS) {
            struct json *root JSON_AUTO = parsed(form_value(w, body, "Message"));
            assert_is(root, "project", "myproject");
        }
    }
}

static void check_warnings(const struct world *w) {
    for (size_t i = 0; i < w->n_lines; i++) {
        struct view line = view_of(w->lines[i]);
        assert_has(line, "WARN");
        assert_lacks(line, SECRET);
    }
}

static void arm(size_t n, enum shortage shortage) {
    if (shortage == ONCE) {
        oom_arm(n);
    } else {
        oom_arm_from(n);
    }
}

/* What somebody was not told is in the log. */
static void check_nothing_is_lost_unseen(const struct world *w) {
    bool told_all = n_sent_to(w, SLACK) >= 1 && n_sent_to(w, SNS) == 3 && n_sent_to(w, BUS) == 1;
    assert_true(told_all || w->n_lines > 0);
}

/* Tells what can be told of a deploy, a task and a failure, while allocation n fails. Returns
 * whether one did. */
static bool tell_short_of_memory(struct world *w, size_t n, enum shortage shortage) {
    struct change changes[] = {a_start(&w->s), a_task(&w->s), an_end(&w->s, ROLLOUT_FAILED)};
    arm(n, shortage);
    notifier_tell(w->notifier, &w->log, changes, COUNT(changes), w->clock.monotonic_ms + LEFT_MS,
                  &w->arena);
    bool failed = oom_disarm();
    assert_int_equal(w->http.n, 0);
    check_sent(w, changes, COUNT(changes));
    check_warnings(w);
    check_nothing_is_lost_unseen(w);
    return failed;
}

static void check_all_is_told_again(struct world *w) {
    struct change change = a_start(&w->s);
    world_forget(w);
    notifier_tell(w->notifier, &w->log, &change, 1, w->clock.monotonic_ms + LEFT_MS, &w->arena);
    assert_sent(w, 1, 1, 1);
    assert_int_equal(w->n_lines, 0);
    check_sent(w, &change, 1);
}

static void tell_with_every_shortage(enum shortage shortage, bool by_parameter) {
    OOM_FOR_EACH(n) {
        struct world *w = new_world();
        if (by_parameter) {
            w->webhook = NULL;
            w->s.config.has_slack_webhook = false;
            w->s.config.slack_webhook_parameter = VIEW("/slipway/webhook");
        }
        begin(w);
        bool failed = tell_short_of_memory(w, n, shortage);
        if (!failed) {
            assert_sent(w, 1, 3, 1);
            assert_int_equal(w->n_lines, 0);
        }
        check_all_is_told_again(w);
        world_release(w);
        if (!failed) {
            assert_true(n > 20);
            return;
        }
    }
    fail();
}

static void telling_short_of_memory_once(void **state) {
    (void)state;
    tell_with_every_shortage(ONCE, false);
}

static void telling_while_memory_is_at_its_end(void **state) {
    (void)state;
    tell_with_every_shortage(FROM_THEN_ON, false);
}

static void a_parameter_short_of_memory_once(void **state) {
    (void)state;
    tell_with_every_shortage(ONCE, true);
}

static void a_parameter_while_memory_is_at_its_end(void **state) {
    (void)state;
    tell_with_every_shortage(FROM_THEN_ON, true);
}

static void a_notifier_short_of_memory(void **state) {
    (void)state;
    OOM_FOR_EACH(n) {
        struct world *w = new_world();
        struct err err;
        const struct notifier_options options = {
            .config = &w->s.config, .aws = w->aws, .env = &w->env};
        err_init(&err);
        oom_arm(n);
        int rc = notifier_new(&options, &w->notifier, &err);
        bool failed = oom_disarm();
        assert_int_equal(rc, failed ? -1 : 0);
        if (failed) {
            assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
            assert_null(w->notifier);
            assert_null(strstr(err.message, SECRET));
        }
        world_release(w);
        if (!failed) {
            assert_int_equal(n, 3);
            return;
        }
    }
    fail();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(telling_short_of_memory_once),
        cmocka_unit_test(telling_while_memory_is_at_its_end),
        cmocka_unit_test(a_parameter_short_of_memory_once),
        cmocka_unit_test(a_parameter_while_memory_is_at_its_end),
        cmocka_unit_test(a_notifier_short_of_memory),
    };
    oom_hook_cjson();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    oom_unhook_cjson();
    return failed;
}
