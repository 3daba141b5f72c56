/* The events that are made here, and those that files hold. */

#include "cli/envelope.h"
#include "cli/event_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct event_place place = {
    .account = VIEW("222222222222"),
    .region = VIEW("us-east-1"),
    .now_ms = INT64_C(1795214344567),
    .random = UINT64_C(0x0123456789abcdef),
};

struct fixture {
    struct arena arena;
    struct err err;
    struct view text;
};

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.arena = ARENA_INIT((size_t)1024 * 1024)};
    err_init(&f.err);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    arena_release(&((struct fixture *)*state)->arena);
    return 0;
}

static void assert_view(struct view got, const char *want) {
    if (!view_equal(got, view_of(want))) {
        fail_msg("got  " VIEW_FMT "\nwant %s", VIEW_ARG(got), want);
    }
}

#define ID "01234567-89ab-4def-8d49-19bb2ea6e0b3"
#define PLACE                                                                                      \
    "\"account\":\"222222222222\",\"time\":\"2026-11-20T22:39:04Z\",\"region\":\"us-east-1\","

/* --- envelope --- */

static void an_envelope_is_eventbridges(void **state) {
    struct fixture *f = *state;
    const struct envelope envelope = {.source = VIEW("action.deploy"),
                                      .detail_type = VIEW("DEPLOY"),
                                      .detail = VIEW("{\"service\":\"backend\"}")};
    assert_int_equal(envelope_text(&envelope, &place, &f->arena, &f->text, &f->err), 0);
    struct view id;
    struct view rest;
    assert_true(view_cut(f->text, ',', &id, &rest)); /* "version" */
    assert_true(view_cut(rest, ',', &id, &rest));
    assert_int_equal(id.len, strlen("\"id\":\"" ID "\""));
    assert_true(view_starts_with(id, VIEW("\"id\":\"01234567-89ab-4def-8")));
    assert_view(rest, "\"detail-type\":\"DEPLOY\",\"source\":\"action.deploy\"," PLACE
                      "\"resources\":[],\"detail\":{\"service\":\"backend\"}}");
}

static void the_same_place_and_number_make_the_same_id(void **state) {
    struct fixture *f = *state;
    struct view ids[4];
    const struct envelope envelope = {
        .source = VIEW("s"), .detail_type = VIEW("t"), .detail = VIEW("{}")};
    for (size_t i = 0; i < 4; i++) {
        struct buf text BUF_AUTO = BUF_INIT(4096);
        struct json_writer w = json_writer(&text);
        envelope_write(&w, &envelope, &place, i % 2);
        ids[i] = view_slice(arena_copy(&f->arena, buf_view(&text)), 0, 60);
    }
    assert_true(view_equal(ids[0], ids[2]));
    assert_true(view_equal(ids[1], ids[3]));
    assert_false(view_equal(ids[0], ids[1]));
}

static void a_detail_holds_what_was_asked_for(void **state) {
    struct fixture *f = *state;
    const struct manual_request least = {.service = VIEW("backend")};
    assert_int_equal(manual_detail(&least, &f->arena, &f->text, &f->err), 0);
    assert_view(f->text, "{\"service\":\"backend\"}");
    const struct manual_request most = {
        .service = VIEW("backend"),
        .tag = VIEW("git-1"),
        .digest = VIEW("sha256:1"),
        .task_definition = VIEW("web:41"),
        .to = VIEW("40"),
        .reason = VIEW("say \"why\"\n\\ \303\274 \033"),
        .force = true,
    };
    assert_int_equal(manual_detail(&most, &f->arena, &f->text, &f->err), 0);
    assert_view(f->text, "{\"service\":\"backend\",\"tag\":\"git-1\",\"digest\":\"sha256:1\","
                         "\"task_definition\":\"web:41\",\"to\":\"40\",\"reason\":\"say "
                         "\\\"why\\\"\\n\\\\ \303\274 \\u001b\",\"force\":true}");
}

static void an_end_is_as_ecs_tells_it(void **state) {
    struct fixture *f = *state;
    struct deployment_end end = {.name = "SERVICE_DEPLOYMENT_FAILED",
                                 .service_arn = VIEW("arn:aws:ecs:us-east-1:2:service/c/web"),
                                 .deployment_id = VIEW("ecs-svc/1"),
                                 .reason = VIEW("ECS deployment circuit breaker")};
    assert_int_equal(deployment_end_event(&end, &place, &f->arena, &f->text, &f->err), 0);
    assert_non_null(strstr(f->text.data, "\"detail-type\":\"ECS Deployment State Change\","
                                         "\"source\":\"aws.ecs\"," PLACE
                                         "\"resources\":[\"arn:aws:ecs:us-east-1:2:service/c/web\"]"
                                         ",\"detail\":{\"eventType\":\"ERROR\",\"eventName\":"
                                         "\"SERVICE_DEPLOYMENT_FAILED\",\"deploymentId\":"
                                         "\"ecs-svc/1\",\"updatedAt\":\"2026-11-20T22:39:04Z\","
                                         "\"reason\":\"ECS deployment circuit breaker\"}}"));
    end.name = "SERVICE_DEPLOYMENT_COMPLETED";
    assert_int_equal(deployment_end_event(&end, &place, &f->arena, &f->text, &f->err), 0);
    assert_non_null(strstr(f->text.data, "\"eventType\":\"INFO\""));
}

/* --- event files --- */

static void assert_same(struct fixture *f, const char *text) {
    assert_int_equal(event_file_payload(view_of(text), &place, &f->arena, &f->text, &f->err), 0);
    assert_view(f->text, text);
}

static void what_the_function_takes_stays_as_it_is(void **state) {
    struct fixture *f = *state;
    assert_same(f, "{\"source\":\"action.dev\",\"detail-type\":\"DEPLOY\",\"detail\":{}}");
    assert_same(f, " [ {\"source\":\"action.dev\"} ]\n");
    assert_same(f, "{\"Records\":[{\"messageId\":\"1\"}]}");
    assert_same(f, "{\"service\":\"backend\",\"tag\":\"git-1\"}");
    assert_same(f, "[]");
    assert_same(f, "{}");
    assert_same(f, "\"text\"");
    assert_same(f, "{\"Entries\":[]}");
    assert_same(f, "{\"Entries\":{\"DetailType\":1}}");
    assert_same(f, "[{\"detailtype\":\"d\"}]"); /* names have case */
}

#define ENTRY "{\"Source\":\"s\",\"DetailType\":\"d\",\"Detail\":\"{\\\"a\\\": 1}\"}"

static void assert_event(struct view text, const char *resources) {
    char end[256];
    snprintf(end, sizeof(end),
             "\"detail-type\":\"d\",\"source\":\"s\"," PLACE
             "\"resources\":%s,\"detail\":{\"a\": 1}}",
             resources);
    assert_true(view_starts_with(text, VIEW("{\"version\":\"0\",\"id\":\"")));
    if (!view_ends_with(text, view_of(end))) {
        fail_msg("got  " VIEW_FMT "\nwant …%s", VIEW_ARG(text), end);
    }
}

static void one_entry_is_one_event(void **state) {
    struct fixture *f = *state;
    static const char *const files[] = {"[" ENTRY "]", "{\"Entries\":[" ENTRY "]}",
                                        " [ " ENTRY " ] \r\n"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        assert_int_equal(
            event_file_payload(view_of(files[i]), &place, &f->arena, &f->text, &f->err), 0);
        assert_event(f->text, "[]");
    }
    const char *more = "[{\"Source\":\"s\",\"DetailType\":\"d\",\"Detail\":\"{\\\"a\\\": 1}\","
                       "\"Time\":1,\"EventBusName\":\"b\",\"Resources\":[\"r\", 2]}]";
    assert_int_equal(event_file_payload(view_of(more), &place, &f->arena, &f->text, &f->err), 0);
    assert_event(f->text, "[\"r\", 2]");
}

static void several_entries_are_several_events(void **state) {
    struct fixture *f = *state;
    assert_int_equal(
        event_file_payload(VIEW("[" ENTRY "," ENTRY "]"), &place, &f->arena, &f->text, &f->err), 0);
    struct view inner = view_slice(f->text, 1, f->text.len - 2);
    const char *second = strstr(f->text.data, "},{");
    assert_int_equal(f->text.data[0], '[');
    assert_non_null(second);
    size_t first_len = (size_t)(second + 1 - inner.data);
    struct view events[] = {view_slice(inner, 0, first_len),
                            view_slice(inner, first_len + 1, inner.len)};
    assert_event(events[0], "[]");
    assert_event(events[1], "[]");
    assert_false(view_equal(view_slice(events[0], 0, 60), view_slice(events[1], 0, 60)));
}

static void assert_wrong(struct fixture *f, const char *text, const char *message) {
    err_init(&f->err);
    assert_int_equal(event_file_payload(view_of(text), &place, &f->arena, &f->text, &f->err), -1);
    assert_int_equal(f->err.code, ERR_EVENT_MALFORMED);
    if (!strstr(f->err.message, message)) {
        fail_msg("'%s' lacks '%s'", f->err.message, message);
    }
}

static void an_entry_that_is_wrong_is_named(void **state) {
    struct fixture *f = *state;
    assert_wrong(f, "", "event file");
    assert_wrong(f, "{", "event file");
    assert_wrong(f, "[1,]", "event file");
    assert_wrong(f, "[" ENTRY ",{\"source\":\"s\"}]", "entry 2: no entry of PutEvents");
    assert_wrong(f, "[" ENTRY ",3]", "entry 2: no entry of PutEvents");
    assert_wrong(f, "[{\"DetailType\":\"d\",\"Detail\":\"{}\"}]", "entry 1: 'Source'");
    assert_wrong(f, "[{\"Source\":\"\",\"DetailType\":\"d\",\"Detail\":\"{}\"}]",
                 "entry 1: 'Source'");
    assert_wrong(f, "[{\"Source\":\"s\",\"DetailType\":\"\",\"Detail\":\"{}\"}]",
                 "entry 1: 'Source' or 'DetailType'");
    assert_wrong(f, "[{\"Source\":\"s\",\"DetailType\":\"d\"}]", "entry 1: 'Detail'");
    assert_wrong(f, "[{\"Source\":\"s\",\"DetailType\":\"d\",\"Detail\":{}}]", "entry 1: 'Detail'");
    assert_wrong(f, "[{\"Source\":\"s\",\"DetailType\":\"d\",\"Detail\":\"[]\"}]",
                 "entry 1: 'Detail'");
    assert_wrong(f, "[{\"Source\":\"s\",\"DetailType\":\"d\",\"Detail\":\"{service\"}]",
                 "entry 1: 'Detail'");
    assert_wrong(f, "[" ENTRY "," ENTRY ",{\"Source\":\"s\",\"DetailType\":\"d\",\"Detail\":\"\"}]",
                 "entry 3: 'Detail'");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(an_envelope_is_eventbridges),
        CASE(the_same_place_and_number_make_the_same_id),
        CASE(a_detail_holds_what_was_asked_for),
        CASE(an_end_is_as_ecs_tells_it),
        CASE(what_the_function_takes_stays_as_it_is),
        CASE(one_entry_is_one_event),
        CASE(several_entries_are_several_events),
        CASE(an_entry_that_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
