#include "case.h"

#include "canonical.h"
#include "files.h"
#include "plan_text.h"
#include "runtime/base/clock.h"
#include "walk.h"

#include <stdio.h>

#define CASE_ARENA_BYTES ((size_t)256 * 1024 * 1024)
/* Changes of one payload whose requests are looked for. */
#define MAX_REQUESTS 100

struct golden_case {
    const char *folder;
    const char *name;
    struct arena *arena;
    struct view event;
    struct json_span facts;
    struct json_span aws;
    struct walk_input input;
    int64_t now_ms;
    bool failed;
};

/* The heading of a case that fails, once. */
static void fail(struct golden_case *c, const char *what, struct view detail) {
    if (!c->failed) {
        printf("-- %s\n", c->name);
    }
    c->failed = true;
    printf("  %s%s%.*s\n", what, detail.len > 0 ? ": " : "", (int)detail.len,
           detail.len > 0 ? detail.data : "");
}

/* --- facts.json --- */

static bool is_known(struct view name_text) {
    static const char *const members[] = {"about",        "environment", "now",
                                          "function_arn", "request_id",  "aws"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (json_span_equals(name_text, view_of(members[i]))) {
            return true;
        }
    }
    return false;
}

static int load_facts(struct golden_case *c, struct err *err) {
    struct view text;
    struct view about;
    struct view now;
    struct json_member member;
    if (file_read(c->folder, "facts.json", c->arena, &text, err) != 0 ||
        golden_scan(text, "facts.json", &c->facts, err) != 0 ||
        json_find_string(c->facts, "about", c->arena, &about, err) != 0 ||
        json_find_string(c->facts, "now", c->arena, &now, err) != 0 ||
        json_find_string(c->facts, "function_arn", c->arena, &c->input.function_arn, err) != 0 ||
        json_find_string(c->facts, "request_id", c->arena, &c->input.request_id, err) != 0) {
        return -1;
    }
    for (struct json_iterator it = json_iterate(c->facts); json_next_member(&it, &member);) {
        if (!is_known(member.name_text)) {
            return err_set(err, ERR_EVENT_MALFORMED, "facts.json: unknown member " VIEW_FMT,
                           VIEW_ARG(member.name_text));
        }
    }
    if (about.len == 0 || c->input.function_arn.len == 0 || !time_parse_rfc3339(now, &c->now_ms) ||
        !json_find(c->facts, "environment", &c->input.environment) ||
        !json_find(c->facts, "aws", &c->aws) || c->aws.type != JSON_ARRAY) {
        return err_set(err, ERR_EVENT_MALFORMED,
                       "facts.json: expected about, environment, now, function_arn and aws");
    }
    return file_read(c->folder, "event.json", c->arena, &c->event, err);
}

/* --- one walk --- */

static int walk_once(struct golden_case *c, bool newest_first, struct walked *ret_walked,
                     struct err *err) {
    struct recording recording;
    struct walk_input input = c->input;
    if (recording_load(&recording, c->aws, c->folder, c->now_ms, c->arena, err) != 0) {
        return -1;
    }
    recording.newest_first = newest_first;
    input.event = c->event;
    input.recording = &recording;
    input.arena = c->arena;
    int rc = walk_event(&input, ret_walked, err);
    if (rc == 0) {
        recording_finish(&recording);
    }
    struct view complaints = buf_view(&recording.complaints);
    struct view line;
    while (view_split(&complaints, '\n', &line)) {
        fail(c, newest_first ? "newest first" : "oldest first", line);
    }
    recording_release(&recording);
    return rc;
}

/* --- comparing --- */

static int canonical(const struct golden_case *c, struct view text, const char *subject,
                     struct view *ret_text, struct err *err) {
    struct json_span root;
    return golden_scan(text, subject, &root, err) != 0
               ? -1
               : canonical_json(root, true, c->arena, ret_text, err);
}

static int compare_plans(struct golden_case *c, struct view expected, struct view got,
                         const char *what, struct err *err) {
    struct view a;
    struct view b;
    if (canonical(c, expected, "plan.json", &a, err) != 0 ||
        canonical(c, got, "plan", &b, err) != 0) {
        return -1;
    }
    if (!view_equal(a, b)) {
        fail(c, what, (struct view){0});
        print_difference(a, b);
    }
    return 0;
}

/* The bytes around the first one that differs. */
static void show_bytes(const char *mark, struct view text, size_t at) {
    struct view shown = view_slice(text, at < 40 ? 0 : at - 40, 80);
    printf("    %s %.*s\n", mark, (int)shown.len, shown.data);
}

static int compare_requests(struct golden_case *c, const char *name, struct view expected,
                            struct view got, struct err *err) {
    size_t at = 0;
    if (view_ends_with(expected, VIEW("\n"))) {
        expected.len--;
    }
    if (view_equal(expected, got)) {
        return 0;
    }
    while (at < expected.len && at < got.len && expected.data[at] == got.data[at]) {
        at++;
    }
    fail(c, "the request differs from", view_of(name));
    printf("  from byte %zu on:\n", at);
    show_bytes("-", expected, at);
    show_bytes("+", got, at);
    return compare_plans(c, expected, got, name, err);
}

static int check_request(struct golden_case *c, const struct walked *walked, size_t index,
                         struct err *err) {
    char name[PLAN_NAME_BYTES];
    struct view expected;
    bool has_request = index < walked->n && walked->changes[index].register_request.len > 0;
    plan_register_name(index, name);
    if (!has_request && file_exists(c->folder, name)) {
        fail(c, "nothing is registered, and yet there is", view_of(name));
    }
    if (!has_request) {
        return 0;
    }
    if (file_read(c->folder, name, c->arena, &expected, err) != 0) {
        return -1;
    }
    return compare_requests(c, name, expected, walked->changes[index].register_request, err);
}

static int compare(struct golden_case *c, const struct walked *walked, struct view plan,
                   struct err *err) {
    struct view expected;
    if (file_read(c->folder, "plan.json", c->arena, &expected, err) != 0 ||
        compare_plans(c, expected, plan, "the plan differs from plan.json", err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < MAX_REQUESTS; i++) {
        if (check_request(c, walked, i, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int update_files(const struct golden_case *c, const struct walked *walked, struct view plan,
                        struct err *err) {
    char name[PLAN_NAME_BYTES];
    for (size_t i = 0; i < MAX_REQUESTS; i++) {
        plan_register_name(i, name);
        struct view request = i < walked->n ? walked->changes[i].register_request : VIEW("");
        if (request.len == 0) {
            file_remove(c->folder, name);
            continue;
        }
        struct view line = arena_printf(c->arena, "%.*s\n", (int)request.len, request.data);
        if (line.data == NULL) {
            return err_out_of_memory(err, name);
        }
        if (file_write(c->folder, name, line, err) != 0) {
            return -1;
        }
    }
    return file_write(c->folder, "plan.json", plan, err);
}

/* Twice, with the answers in opposite orders: the plan must be the same. */
static int run(struct golden_case *c, bool update, struct err *err) {
    struct walked first;
    struct walked second;
    struct view plan;
    struct view other;
    if (load_facts(c, err) != 0 || walk_once(c, false, &first, err) != 0 ||
        walk_once(c, true, &second, err) != 0 || plan_text(&first, c->arena, &plan, err) != 0 ||
        plan_text(&second, c->arena, &other, err) != 0 ||
        compare_plans(c, plan, other, "the plan depends on the order of the answers", err) != 0) {
        return -1;
    }
    return update ? update_files(c, &first, plan, err) : compare(c, &first, plan, err);
}

bool case_run(const char *folder, const char *name, bool update) {
    struct arena arena ARENA_AUTO = ARENA_INIT(CASE_ARENA_BYTES);
    struct golden_case c = {.folder = folder, .name = name, .arena = &arena};
    struct err err;
    err_init(&err);
    if (run(&c, update, &err) != 0) {
        fail(&c, "failed", view_of(err.message));
    }
    return !c.failed;
}
