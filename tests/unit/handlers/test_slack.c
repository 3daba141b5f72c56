#include "handlers/notify/slack.h"

#include "tests/unit/handlers/notify_changes.h"
#include "tests/unit/handlers/slack_rules.h"

struct fixture {
    struct subject s;
    struct arena arena;
};

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.arena = ARENA_INIT(16 * 1024 * 1024)};
    subject_init(&f.s);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    arena_release(&((struct fixture *)*state)->arena);
    return 0;
}

static struct view message_of(struct fixture *f, const struct change *changes, size_t n) {
    struct view message = slack_message(&f->s.config, changes, n, &f->arena);
    struct json *root JSON_AUTO = parsed(message);
    const char *problem = slack_message_problem(root);
    if (problem != NULL) {
        fail_msg("%s: %.*s", problem, (int)message.len, message.data);
    }
    return message;
}

static const struct json *block(const struct json *root, size_t i) {
    const struct json *b = json_first(json_get(root, "blocks"));
    while (i-- > 0) {
        b = json_next(b);
    }
    return b;
}

/* The text of the block, in the arena. */
static struct view text_of(struct fixture *f, struct view message, size_t i) {
    struct json *root JSON_AUTO = parsed(message);
    const struct json *b = block(root, i);
    const struct json *elements = json_get(b, "elements");
    const struct json *text = elements != NULL ? json_get(json_first(elements), "text")
                                               : json_get(json_get(b, "text"), "text");
    return arena_copy(&f->arena, json_string(text));
}

static struct view header_of(struct fixture *f, const struct change *changes, size_t n) {
    return text_of(f, message_of(f, changes, n), 0);
}

static struct view section_of(struct fixture *f, const struct change *change) {
    return text_of(f, message_of(f, change, 1), 1);
}

/* ---- what it says ---- */

static void a_start_in_full(void **state) {
    struct fixture *f = *state;
    struct change change = a_start(&f->s);
    f->s.trigger.reason = VIEW("release 42");
    assert_text(message_of(f, &change, 1),
                "{\"text\":\"myproject prod: backend deployment started\",\"blocks\":["
                "{\"type\":\"header\",\"text\":{\"type\":\"plain_text\","
                "\"text\":\"myproject prod: backend deployment started\"}},"
                "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\","
                "\"text\":\"*`backend`* deployment started\\n*Tag* `git-1`\\n*Digest* "
                "`sha256:0123456789ab`\\n*From* `f:41`\\n*To* `f:42`\\n*Deployment* `ecs-svc/1`\\n"
                "*Reason* `release 42`\"}},"
                "{\"type\":\"context\",\"elements\":[{\"type\":\"mrkdwn\",\"text\":\"event "
                "`event-1`\"}]}]}");
}

static void an_end_says_how_long_it_took(void **state) {
    struct fixture *f = *state;
    static const struct {
        int64_t duration_ms;
        const char *text;
    } cases[] = {
        {0, "\n*Took* 0 s"},
        {499, "\n*Took* 0 s"},
        {59499, "\n*Took* 59 s"},
        {59500, "\n*Took* 1 min 0 s"},
        {95400, "\n*Took* 1 min 35 s"},
        {3600000, "\n*Took* 60 min 0 s"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct change change = an_end(&f->s, ROLLOUT_COMPLETED);
        change.rollout.duration_ms = cases[i].duration_ms;
        assert_has(section_of(f, &change), cases[i].text);
    }
    struct change change = an_end(&f->s, ROLLOUT_COMPLETED);
    assert_text(section_of(f, &change),
                "*`backend`* deployment completed\n*Tag* `git-1`\n*Digest* `sha256:0123456789ab`\n"
                "*From* `f:41`\n*To* `f:42`\n*Deployment* `ecs-svc/1`\n*Took* 1 min 35 s");
    change.rollout.duration_ms = -1;
    assert_lacks(section_of(f, &change), "Took");
}

static void a_failure_says_why_and_how_to_go_back(void **state) {
    struct fixture *f = *state;
    struct change change = an_end(&f->s, ROLLOUT_FAILED);
    assert_text(section_of(f, &change),
                "*`backend`* deployment failed\n*Tag* `git-1`\n*Digest* `sha256:0123456789ab`\n"
                "*From* `f:41`\n*To* `f:42`\n*Deployment* `ecs-svc/1`\n*Took* 1 min 35 s\n"
                "```circuit breaker\ncontainer 'app' exited with 137```\n"
                "```give the container more memory; " GO_BACK "```");
    change = an_end(&f->s, ROLLOUT_IMPAIRED);
    assert_has(section_of(f, &change), "*`backend`* tasks do not come up\n");
    assert_has(section_of(f, &change), GO_BACK);
}

static void a_refusal_says_what_to_do(void **state) {
    struct fixture *f = *state;
    struct change change = a_refusal(&f->s);
    assert_text(section_of(f, &change),
                "*`backend`* refused\n*Tag* `git-1`\n```tag 'git-9' is not in "
                "'myproject_backend'```\n```push the image with this tag to the repository, or "
                "deploy a tag that exists```");
}

static void other_outcomes(void **state) {
    struct fixture *f = *state;
    struct change change = an_end(&f->s, ROLLOUT_SUPERSEDED);
    assert_has(section_of(f, &change), "*`backend`* deployment superseded\n");
    assert_has(section_of(f, &change), "```deployment 'ecs-svc/2' of 'f:43' took its place```");
    change = an_end(&f->s, ROLLOUT_ROLLED_BACK);
    assert_has(section_of(f, &change), "*`backend`* rolled back\n");
    change = a_function(&f->s);
    assert_has(section_of(f, &change), "*`thumbs`* deployed\n");
    assert_has(section_of(f, &change), "\n*Version* `7`");
    assert_lacks(section_of(f, &change), "From");
    change = a_start(&f->s);
    change.status = CHANGE_ROLLED_BACK;
    change.note = VIEW("'f:41' was the last that completed");
    assert_has(section_of(f, &change), "*`backend`* rollback started\n");
    assert_has(section_of(f, &change), "\n*Note* `'f:41' was the last that completed`");
    change.status = CHANGE_RESTARTED;
    assert_has(section_of(f, &change), "*`backend`* restart started\n");
}

static void an_event_that_names_nothing(void **state) {
    struct fixture *f = *state;
    struct change change = a_refusal(&f->s);
    change.target = NULL;
    f->s.trigger.service = (struct view){0};
    f->s.trigger.tag = (struct view){0};
    f->s.trigger.event_id = (struct view){0};
    assert_has(section_of(f, &change), "*`unknown`* refused\n```");
    assert_text(header_of(f, &change, 1), "myproject prod: an event refused");
}

/* ---- several ---- */

static void nothing_to_tell_is_no_message(void **state) {
    struct fixture *f = *state;
    struct change changes[] = {a_start(&f->s), a_start(&f->s)};
    changes[0].status = CHANGE_UNCHANGED;
    changes[1].status = CHANGE_IGNORED;
    struct view message = slack_message(&f->s.config, changes, 2, &f->arena);
    assert_non_null(message.data);
    assert_int_equal(message.len, 0);
    message = slack_message(&f->s.config, NULL, 0, &f->arena);
    assert_non_null(message.data);
    assert_int_equal(message.len, 0);
}

static void what_is_not_told_has_no_section(void **state) {
    struct fixture *f = *state;
    struct change changes[] = {a_start(&f->s), a_task(&f->s), a_function(&f->s)};
    changes[0].status = CHANGE_UNCHANGED;
    struct view message = message_of(f, changes, 3);
    struct json *root JSON_AUTO = parsed(message);
    assert_int_equal(json_count(json_get(root, "blocks")), 4);
    assert_is(root, "text", "myproject prod: nightly deployed, and 1 more");
    assert_lacks(message, "backend`");
}

static void trouble_comes_first(void **state) {
    struct fixture *f = *state;
    struct change changes[] = {a_start(&f->s), a_function(&f->s), an_end(&f->s, ROLLOUT_FAILED),
                               a_task(&f->s)};
    struct view message = message_of(f, changes, 4);
    assert_text(text_of(f, message, 0), "myproject prod: backend deployment failed, and 3 more");
    assert_has(text_of(f, message, 1), "*`backend`* deployment failed");
    assert_has(text_of(f, message, 2), "*`backend`* deployment started");
    assert_has(text_of(f, message, 3), "*`thumbs`*");
    assert_has(text_of(f, message, 4), "*`nightly`*");
}

/* A failure is told wherever it stands among many. */
static void many_changes_are_counted(void **state) {
    struct fixture *f = *state;
    struct change changes[63];
    for (size_t i = 0; i < COUNT(changes); i++) {
        changes[i] = i == 60 ? a_refusal(&f->s) : a_start(&f->s);
    }
    changes[61].status = CHANGE_UNCHANGED;
    struct view message = message_of(f, changes, COUNT(changes));
    struct json *root JSON_AUTO = parsed(message);
    assert_int_equal(json_count(json_get(root, "blocks")), SLACK_MAX_CHANGES + 2);
    assert_text(text_of(f, message, 0), "myproject prod: backend refused, and 61 more");
    assert_has(text_of(f, message, 1), "*`backend`* refused");
    assert_text(text_of(f, message, SLACK_MAX_CHANGES + 1), "event `event-1`, and 42 changes more");
    message = message_of(f, changes, SLACK_MAX_CHANGES);
    assert_text(text_of(f, message, SLACK_MAX_CHANGES + 1), "event `event-1`");
}

/* ---- values ---- */

static const char nasty[] =
    "<!channel> <@U1> <!here|x> <https://evil.example|ok> & &lt; *b* _i_ `c` ```d``` @here "
    "\xE2\x80\xAE \xE2\x81\xA6 \xE2\x80\xA8 \r\n\t\x01\x7f\xC2\x9B \xF0\x9F\x9A\xA2 \xff\xc3( "
    "\"q\" \\";

static void spoil(struct subject *s, struct change *change) {
    s->trigger.reason = view_of(nasty);
    s->trigger.event_id = view_of(nasty);
    change->tag = view_of(nasty);
    change->digest = view_of(nasty);
    change->from_task_definition = view_of(nasty);
    change->reuse = change->to_task_definition = view_of(nasty);
    change->version = change->deployment_id = change->note = view_of(nasty);
    change->rollout.why = change->rollout.remedy = view_of(nasty);
}

static void no_value_speaks_for_itself(void **state) {
    struct fixture *f = *state;
    struct change change = an_end(&f->s, ROLLOUT_FAILED);
    spoil(&f->s, &change);
    f->s.service.name = view_of(nasty);
    struct view message = message_of(f, &change, 1); /* which looks at all the rules */
    assert_lacks(message, "<");
    assert_has(text_of(f, message, 1),
               "*Reason* `&lt;!channel&gt; &lt;@U1&gt; &lt;!here|x&gt; "
               "&lt;https://evil.example|ok&gt; &amp; &amp;lt; *b* _i_ 'c' '''d''' @here         ");
    assert_has(text_of(f, message, 1), "\xF0\x9F\x9A\xA2 \xEF\xBF\xBD\xEF\xBF\xBD( \"q\" \\```");
    assert_text(text_of(f, message, 0),
                "myproject prod: (!channel) (@U1) (!here|x) (https://evil.example|ok) & &lt; *b*  "
                "deployment failed");
}

/* Controls, what breaks a line, and what turns the text around; their neighbours stay. */
static void what_cannot_be_seen_is_a_space(void **state) {
    struct fixture *f = *state;
    static const uint32_t blank[] = {0x01,   0x09,   0x0A,   0x1F,   0x7F,   0x80,   0x9F,  0x200E,
                                     0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069};
    static const uint32_t seen[] = {0x21,   0x7E,   0xA0,   0xA1,   0x200D,
                                    0x2010, 0x2027, 0x202F, 0x2065, 0x206A};
    struct change change = a_start(&f->s);
    for (size_t i = 0; i < COUNT(blank) + COUNT(seen); i++) {
        bool is_blank = i < COUNT(blank);
        char text[8] = "a", want[32];
        size_t len = utf8_encode(is_blank ? blank[i] : seen[i - COUNT(blank)], text + 1);
        text[len + 1] = 'b';
        change.note = (struct view){text, len + 2};
        snprintf(want, sizeof(want), "*Note* `a%.*sb`", is_blank ? 1 : (int)len,
                 is_blank ? " " : text + 1);
        assert_has(section_of(f, &change), want);
    }
}

static void an_unknown_service_cannot_mention_anybody(void **state) {
    struct fixture *f = *state;
    struct change change = a_refusal(&f->s);
    change.target = NULL;
    f->s.trigger.service = VIEW("<!channel>");
    struct view message = message_of(f, &change, 1);
    assert_lacks(message, "<!channel>");
    assert_text(text_of(f, message, 0), "myproject prod: (!channel) refused");
    assert_has(message, "\"text\":\"myproject prod: &lt;!channel&gt; refused\"");
}

static void lines_are_kept_in_reasons_only(void **state) {
    struct fixture *f = *state;
    struct change change = an_end(&f->s, ROLLOUT_FAILED);
    change.rollout.why = VIEW("one\ntwo\r\nthree\tfour");
    change.note = VIEW("one\ntwo");
    struct view section = section_of(f, &change);
    assert_has(section, "```one\ntwo \nthree four```");
    assert_has(section, "*Note* `one two`");
}

/* ---- limits ---- */

/* As often as it goes into `size` bytes. */
static struct view filled(char *text, size_t size, const char *pattern) {
    size_t len = strlen(pattern);
    size_t n = 0;
    for (; n + len <= size; n += len) {
        memcpy(text + n, pattern, len);
    }
    return (struct view){text, n};
}

/* One character of each number of bytes, an entity, and what JSON escapes. */
static const char *const patterns[] = {"x",
                                       "&",
                                       "<",
                                       "\"",
                                       "\xC3\xA9",
                                       "\xE2\x82\xAC",
                                       "\xF0\x9F\x9A\xA2",
                                       "`",
                                       "\n",
                                       "\xff",
                                       "a&\xE2\x82\xAC"};

static void values_of_any_length_fit(void **state) {
    struct fixture *f = *state;
    static char text[4001];
    for (size_t i = 0; i < COUNT(patterns); i++) {
        for (size_t len = 30; len < sizeof(text); len += len < 220 ? 7 : 1001) {
            struct change change = an_end(&f->s, ROLLOUT_FAILED);
            struct view v = filled(text, len, patterns[i]);
            f->s.trigger.reason = f->s.trigger.event_id = f->s.service.name = v;
            f->s.config.project = f->s.config.env = view_slice(v, 0, 64);
            change.tag = change.digest = change.from_task_definition = change.reuse = v;
            change.version = change.deployment_id = change.note = v;
            change.rollout.why = change.rollout.remedy = v;
            (void)message_of(f, &change, 1);
            arena_reset(&f->arena);
        }
    }
}

static void what_is_cut_shows_it(void **state) {
    struct fixture *f = *state;
    char text[201];
    struct change change = a_start(&f->s);
    change.note = filled(text, 200, "x");
    assert_lacks(section_of(f, &change), "\xE2\x80\xA6");
    change.note = filled(text, 201, "x");
    assert_has(section_of(f, &change), "x\xE2\x80\xA6`");
    /* A character of three bytes that begins before the 200th and ends behind it goes whole. */
    change.note = filled(text, 201, "\xE2\x82\xAC");
    assert_has(section_of(f, &change), "\xE2\x82\xAC\xE2\x80\xA6`");
    change.note = filled(text, 198, "\xE2\x82\xAC");
    assert_lacks(section_of(f, &change), "\xE2\x80\xA6");
}

/* Whatever else there is to say, the command that goes back is there in full. */
static void how_to_go_back_is_never_cut(void **state) {
    struct fixture *f = *state;
    static char text[8000];
    for (size_t i = 0; i < COUNT(patterns); i++) {
        struct change change = an_end(&f->s, ROLLOUT_FAILED);
        struct view v = filled(text, sizeof(text), patterns[i]);
        f->s.trigger.reason = v;
        change.tag = change.from_task_definition = change.reuse = v;
        change.version = change.deployment_id = change.note = v;
        change.rollout.why = v;
        struct view section = section_of(f, &change);
        assert_has(section, "```give the container more memory; " GO_BACK "```");
        assert_has(section, "\xE2\x80\xA6```\n```"); /* and some of why */
    }
}

static void a_message_without_memory_is_none(void **state) {
    struct fixture *f = *state;
    struct arena nothing ARENA_AUTO = ARENA_INIT(0);
    struct change change = a_start(&f->s);
    assert_null(slack_message(&f->s.config, &change, 1, &nothing).data);
}

static void headers_are_cut_at_their_end(void **state) {
    struct fixture *f = *state;
    char name[64];
    struct change change = a_start(&f->s);
    f->s.config.project = f->s.config.env = f->s.service.name = filled(name, sizeof(name), "n");
    struct view header = header_of(f, &change, 1);
    assert_int_equal(header.len, 150);
    assert_true(view_ends_with(header, VIEW("n\xE2\x80\xA6")));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_start_in_full),
        TEST(an_end_says_how_long_it_took),
        TEST(a_failure_says_why_and_how_to_go_back),
        TEST(a_refusal_says_what_to_do),
        TEST(other_outcomes),
        TEST(an_event_that_names_nothing),
        TEST(nothing_to_tell_is_no_message),
        TEST(what_is_not_told_has_no_section),
        TEST(trouble_comes_first),
        TEST(many_changes_are_counted),
        TEST(no_value_speaks_for_itself),
        TEST(what_cannot_be_seen_is_a_space),
        TEST(an_unknown_service_cannot_mention_anybody),
        TEST(lines_are_kept_in_reasons_only),
        TEST(values_of_any_length_fit),
        TEST(what_is_cut_shows_it),
        TEST(how_to_go_back_is_never_cut),
        TEST(a_message_without_memory_is_none),
        TEST(headers_are_cut_at_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
