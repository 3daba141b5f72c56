#ifndef SLIPWAY_TESTS_UNIT_HANDLERS_REPORT_FIXTURE_H
#define SLIPWAY_TESTS_UNIT_HANDLERS_REPORT_FIXTURE_H

/* What the tests of report.c share: changes to report, and the lines that are logged. */

#include "handlers/report.h"

#include "runtime/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_MS INT64_C(1795214344000)
#define ARN41 "arn:aws:ecs:eu-west-1:222222222222:task-definition/f:41"
#define ARN42 "arn:aws:ecs:eu-west-1:222222222222:task-definition/f:42"

static inline int64_t wall_ms(void *state) {
    (void)state;
    return NOW_MS;
}

static const struct clock test_clock = {.wall_ms = wall_ms};

/* Keeps the lines that are logged. */
struct fixture {
    struct config config;
    struct log log;
    char lines[8][8192];
    size_t n_lines;
    struct buf response;
    struct trigger trigger;
    struct target target;
    struct err err;
};

static inline void keep_line(void *state, struct view line) {
    struct fixture *f = state;
    assert_true(f->n_lines < COUNT(f->lines) && line.len < sizeof(f->lines[0]));
    memcpy(f->lines[f->n_lines], line.data, line.len);
    f->lines[f->n_lines++][line.len] = '\0';
}

static inline int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){
        .config = {.project = VIEW("myproject"), .env = VIEW("prod")},
        .log = {.level = LOG_INFO, .format = LOG_JSON, .clock = &test_clock, .write = keep_line},
        .response = BUF_INIT(65536),
        .trigger = {.event_id = VIEW("event-1"), .service = VIEW("backend")},
        .target = {.name = VIEW("backend"), .kind = TARGET_SERVICE},
    };
    fixture.log.state = &fixture;
    err_init(&fixture.err);
    *state = &fixture;
    return 0;
}

static inline int tear_down(void **state) {
    struct fixture *f = *state;
    buf_release(&f->response);
    return 0;
}

static inline struct change deployed(struct fixture *f) {
    return (struct change){
        .trigger = &f->trigger,
        .target = &f->target,
        .verdict = VERDICT_DEPLOY,
        .status = CHANGE_DEPLOYED,
        .from_task_definition = VIEW(ARN41),
        .from_image = VIEW("r/b:old"),
        .to_image = VIEW("r/b@sha256:0"),
        .to_task_definition = VIEW(ARN42),
        .tag = VIEW("git-1"),
        .digest = VIEW("sha256:0"),
        .deployment_id = VIEW("ecs-svc/1"),
    };
}

static inline struct change refused(struct fixture *f) {
    err_init(&f->err);
    (void)err_set(&f->err, ERR_SERVICE_UNKNOWN, "service '%s' is unknown", "bäckend\n");
    return (struct change){.trigger = &f->trigger,
                           .err = &f->err,
                           .verdict = VERDICT_REFUSED,
                           .status = CHANGE_REFUSED};
}

static inline void respond(struct fixture *f, const struct change *changes, size_t n,
                           const char *expected) {
    buf_clear(&f->response);
    report_response(&f->config, changes, n, 412, &f->response);
    assert_string_equal(buf_cstr(&f->response), expected);
}

static inline struct json *parse(const char *text) {
    const struct json_limits limits = {.max_bytes = 65536, .max_depth = 16};
    struct json *root = NULL;
    struct err err;
    err_init(&err);
    if (json_parse(view_of(text), &limits, "line", &root, &err) != 0) {
        fail_msg("%s: %s", err.message, text);
    }
    return root;
}

static inline void assert_member(const struct json *object, const char *name,
                                 const char *expected) {
    struct view v = json_string(json_get(object, name));
    if (!view_equal(v, view_of(expected))) {
        fail_msg("%s: got '" VIEW_FMT "', expected '%s'", name, VIEW_ARG(v), expected);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
