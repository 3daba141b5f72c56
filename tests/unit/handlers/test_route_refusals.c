#include "tests/unit/handlers/route_fixture.h"

/* ---- bad input ---- */

static void what_is_not_json(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *payload, *message;
    } cases[] = {
        {"", "the event is empty"},
        {" \n\t", "the event is empty"},
        {"DEPLOY backend", "'event' is not valid JSON: "},
        {"{\"service\":\"backend\"", "'event' is not valid JSON: "},
        {"{\"service\":\"back", "'event' is not valid JSON: "},
        {"{\"service\":\"a\"}{", "'event' is not valid JSON: "},
        {"{'service':'a'}", "'event' is not valid JSON: "},
        {"{\"service\":\"a\",\"service\":\"b\"}", "'event' is not accepted: "},
        {"{\"service\":\"\xff\"}", "'event' is not valid JSON: "},
        {"42", "expected an event, got number"},
        {"null", "expected an event, got null"},
        {"\"{}\"", "expected an event, got string"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trigger *trigger =
            refuse(f, cases[i].payload, ERR_EVENT_MALFORMED, cases[i].message);
        assert_view(trigger->event_id, "req-1");
        assert_non_null(strstr(trigger->refusal.remedy, "send an EventBridge event"));
    }
    send_view(f, (struct view){0});
    assert_int_equal(f->routed.triggers[0].refusal.code, ERR_EVENT_MALFORMED);
}

/* Every prefix of an event is refused, and none is obeyed. */
static void truncated_anywhere(void **state) {
    struct fixture *f = *state;
    static const char whole[] = EVENT("action.production", "DEPLOY", DETAIL);
    for (size_t len = 0; len < strlen(whole); len++) {
        send_view(f, (struct view){whole, len});
        assert_int_equal(f->routed.n_triggers, 1);
        assert_int_equal(f->routed.triggers[0].refusal.code, ERR_EVENT_MALFORMED);
    }
}

static void twenty_levels_deep(void **state) {
    struct fixture *f = *state;
    refuse(f, "{\"service\":\"a\",\"tag\":[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]}",
           ERR_EVENT_MALFORMED, "nested deeper than 16 levels");
}

/* `head`, then `middle` over and over, then `tail`: `len` bytes in all. */
static char *fill(size_t len, const char *head, const char *middle, const char *tail) {
    char *payload = malloc(len);
    assert_non_null(payload);
    size_t n_middle = strlen(middle);
    for (size_t i = 0; i < len; i++) {
        payload[i] = middle[i % n_middle];
    }
    memcpy(payload, head, strlen(head));
    memcpy(payload + len - strlen(tail), tail, strlen(tail));
    return payload;
}

/* Lambda hands over no more than six megabytes: a large event is no bad one, and what is carried
 * along of it is small. */
static void six_megabytes(void **state) {
    struct fixture *f = *state;
    const size_t len = (size_t)6 * 1024 * 1024;
    char *payload = fill(len, "{\"service\":\"a\",\"tag\":\"v1\",\"reason\":\"", "x", "\"}");
    send_view(f, (struct view){payload, len});
    struct trigger *trigger = &f->routed.triggers[0];
    assert_false(err_is_set(&trigger->refusal));
    assert_view(trigger->tag, "v1");
    assert_int_equal(trigger->reason.len, 1024);
    /* Cut short on the way, it is one. */
    send_view(f, (struct view){payload, len - 1});
    assert_int_equal(f->routed.triggers[0].refusal.code, ERR_EVENT_MALFORMED);
    free(payload);
}

static void more_than_six_megabytes(void **state) {
    struct fixture *f = *state;
    char *payload = fill(ROUTE_MAX_BYTES + 1, "{\"service\":\"", "x", "\"}");
    send_view(f, (struct view){payload, ROUTE_MAX_BYTES + 1});
    assert_non_null(
        strstr(f->routed.triggers[0].refusal.message, "6291557 bytes, more than 6291556"));
    assert_true(f->arena.used_bytes < 16384);
    free(payload);
}

/* Valid JSON that would take half a gigabyte once parsed. */
static void six_megabytes_of_values(void **state) {
    struct fixture *f = *state;
    const size_t len = (size_t)6 * 1024 * 1024;
    char *payload = fill(len, "[", "0,", "0]");
    send_view(f, (struct view){payload, len});
    assert_string_equal(f->routed.triggers[0].refusal.message,
                        "the event has more than 50000 values");
    assert_true(f->arena.used_bytes < 16384);
    free(payload);
}

static void envelopes_are_checked(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *payload, *message;
    } cases[] = {
        {"{\"detail\":{}}", "source: expected string, got nothing"},
        {"{\"source\":\"action.deploy\",\"detail\":{}}",
         "detail-type: expected string, got nothing"},
        {"{\"source\":\"action.deploy\",\"detail-type\":\"DEPLOY\"}",
         "detail: expected object, got nothing"},
        {"{\"source\":[],\"detail-type\":\"DEPLOY\",\"detail\":{}}",
         "source: expected string, got array"},
        {"{\"source\":\"a\",\"detail-type\":7,\"detail\":{}}",
         "detail-type: expected string, got number"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":null}",
         "detail: expected object, got nothing"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":[{}]}",
         "detail: expected object, got array"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"id\":5}",
         "id: expected string, got number"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"id\":\"\"}",
         "id: expected 1 to 128 letters"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"id\":\"a b\"}",
         "id: expected 1 to 128 letters"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"id\":\"a\\nb\"}",
         "id: expected 1 to 128 letters"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"account\":\"prod\"}",
         "account: expected 12 digits"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"account\":\"\"}",
         "account: expected 12 digits"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"account\":222222222222}",
         "account: expected string, got number"},
        {"{\"source\":\"a\",\"detail-type\":\"DEPLOY\",\"detail\":{},\"resources\":\"x\"}",
         "resources: expected array, got string"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse(f, cases[i].payload, ERR_EVENT_MALFORMED, cases[i].message);
    }
}

static void a_detail_that_is_a_string_of_json(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger =
        refuse(f, EVENT("action.production", "DEPLOY", "\"{\\\"service\\\":\\\"backend\\\"}\""),
               ERR_EVENT_MALFORMED, "detail: expected object, got string");
    assert_string_equal(trigger->refusal.remedy,
                        "send detail as an object, not as a string that holds JSON");
    assert_view(trigger->event_id, "5f0c-1");
}

static void bad_details_are_refused_with_the_events_id(void **state) {
    struct fixture *f = *state;
    struct trigger *trigger =
        refuse(f, EVENT("action.production", "DEPLOY", "{\"service\":[\"backend\"]}"),
               ERR_EVENT_MALFORMED, "detail.service: expected string, got array");
    assert_view(trigger->event_id, "5f0c-1");
    assert_int_equal(trigger->event_time_ms, TIME_MS);
    refuse(f, EVENT("action.production", "DEPLOY", "{\"service\":\"a\",\"tag\":\"v1\\n\"}"),
           ERR_TAG_INVALID, "0x0a cannot be byte 2 of a tag");
    refuse(f,
           EVENT("action.production", "DEPLOY",
                 "{\"service\":\"a\",\"task_definition\":"
                 "\"arn:aws:ecs:eu-west-1:333333333333:task-definition/f:1\"}"),
           ERR_FAMILY_MISMATCH, "the revision is of account '333333333333'");
}

static void other_events_are_not_supported(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *payload, *message;
    } cases[] = {
        {EVENT("action.production", "deploy", DETAIL),
         "from there: DEPLOY, ROLLBACK, SERVICE_DEPLOY"}, /* each once */
        {EVENT("action.prod", "RESTART", DETAIL), "from there: DEPLOY, ROLLBACK, SERVICE_DEPLOY"},
        {EVENT("aws.ecr", "ECR Image Scan", "{}"), "from there: ECR Image Action"},
        {EVENT("aws.ecs", "ECS Task State Change", "{}"),
         "from there: ECS Deployment State Change"},
        {EVENT("action", "DEPLOY", DETAIL),
         "sources: action.production, action.deploy, action.prod"},
        {EVENT("action.", "DEPLOY", DETAIL), "sources: "},
        {EVENT("xaction.production", "DEPLOY", DETAIL), "sources: "},
        {EVENT("", "", "{}"), "sources: "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trigger *trigger =
            refuse(f, cases[i].payload, ERR_EVENT_UNSUPPORTED, cases[i].message);
        assert_non_null(strstr(trigger->refusal.message, "is not supported"));
    }
    refuse(f, "{\"Records\":[{\"body\":\"{}\"}]}", ERR_EVENT_MALFORMED, "its members: Records");
}

static void what_is_no_event_names_what_came(void **state) {
    struct fixture *f = *state;
    refuse(f, "{}", ERR_EVENT_MALFORMED, "its members: none");
    refuse(f, "{\"Source\":\"action.deploy\",\"DetailType\":\"DEPLOY\",\"Detail\":\"{}\"}",
           ERR_EVENT_MALFORMED, "its members: Source, DetailType, Detail");
    refuse(f,
           "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
           "\"k\":1}",
           ERR_EVENT_MALFORMED, "its members: a, b, c, d, e, f, g, h, i, j");
}

static void memory_can_run_out(void **state) {
    struct fixture *f = *state;
    static const char *const payloads[] = {
        EVENT("action.production", "DEPLOY", DETAIL),
        DETAIL,
        "[" DETAIL ",{}]",
        "{}",
        "x",
        EVENT("aws.ecr", "x", "{}"),
        EVENT("action.dev", "DEPLOY", "{}"),
    };
    for (size_t i = 0; i < COUNT(payloads); i++) {
        bool routed = false;
        for (size_t limit = 0; limit < 16384 && !routed; limit += 64) {
            struct arena arena ARENA_AUTO = ARENA_INIT(limit);
            err_init(&f->err);
            routed = route(view_of(payloads[i]), &f->context, &arena, &f->routed, &f->err) == 0;
            if (!routed) {
                assert_int_equal(f->err.code, ERR_OUT_OF_MEMORY);
            }
        }
        assert_true(routed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_json),
        TEST(truncated_anywhere),
        TEST(twenty_levels_deep),
        TEST(six_megabytes),
        TEST(more_than_six_megabytes),
        TEST(six_megabytes_of_values),
        TEST(envelopes_are_checked),
        TEST(a_detail_that_is_a_string_of_json),
        TEST(bad_details_are_refused_with_the_events_id),
        TEST(other_events_are_not_supported),
        TEST(what_is_no_event_names_what_came),
        TEST(memory_can_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
