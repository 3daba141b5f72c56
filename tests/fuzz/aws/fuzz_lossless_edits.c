/*
 * Any target of a rule and any schedule, and what is put in its place: all of it as it was but for
 * one value. What may differ is worked out here a second time.
 *
 * Input: 't' for a target, 's' for a schedule or 'd' for one that loses its StartDate, the new task
 * definition up to a newline, then the document. Each '~' of it stands for more bytes than a
 * message would show of a value.
 */

#include "runtime/aws/events.h"
#include "runtime/aws/scheduler.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_write.h"
#include "tests/fuzz/aws/answers.h"

#define INPUT_MAX_BYTES ((size_t)8 * 1024)
#define LONG_BYTES 1100
#define MAX_LONG 16
#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define MAX_DEPTH 64

static const struct json_limits limits = {.max_bytes = AWS_RESPONSE_BYTES, .max_depth = MAX_DEPTH};

static bool is_named(const struct json_member *member, const char *name) {
    return json_span_equals(member->name_text, view_of(name));
}

static void require_same(struct view a, struct view b) {
    require(view_equal(a, b));
}

/* The two objects have the same bytes, but for the value behind `path`, of `depth` names, which is
 * `expected` in the second if it is a string in the first. */
static void require_only(struct json_span before, struct json_span after, const char *const *path,
                         size_t depth, struct view expected) {
    struct json_iterator befores = json_iterate(before);
    struct json_iterator afters = json_iterate(after);
    struct json_member was;
    struct json_member is;
    const char *from = before.text.data;
    const char *to = after.text.data;
    while (json_next_member(&befores, &was)) {
        require(json_next_member(&afters, &is));
        require_same(was.name_text, is.name_text);
        /* What stands between this value and the one before. */
        require_same((struct view){from, (size_t)(was.value.text.data - from)},
                     (struct view){to, (size_t)(is.value.text.data - to)});
        from = was.value.text.data + was.value.text.len;
        to = is.value.text.data + is.value.text.len;
        bool is_on_path = is_named(&was, path[0]);
        if (is_on_path && depth > 1 && was.value.type == JSON_OBJECT) {
            require(is.value.type == JSON_OBJECT);
            require_only(was.value, is.value, path + 1, depth - 1, expected);
        } else {
            bool is_it = is_on_path && depth == 1 && was.value.type == JSON_STRING;
            require_same(is.value.text, is_it ? expected : was.value.text);
        }
    }
    require(!json_next_member(&afters, &is));
    require_same((struct view){from, (size_t)(before.text.data + before.text.len - from)},
                 (struct view){to, (size_t)(after.text.data + after.text.len - to)});
}

static struct json_span scan(struct view text) {
    struct json_span root;
    struct err err;
    err_init(&err);
    require(json_scan(text, &limits, "edit", &root, &err) == 0);
    require(root.type == JSON_OBJECT && view_equal(root.text, text));
    return root;
}

/* --- targets --- */

static void check_target(const struct events_target *target, struct view definition,
                         struct view expected, struct arena *arena) {
    static const char *const path[] = {"EcsParameters", "TaskDefinitionArn"};
    struct view text = events_retarget(target, definition, arena);
    struct err err;
    struct aws_call call;
    err_init(&err);
    require(text.data != NULL);
    require_only(scan(target->text), scan(text), path, 2, expected);
    require(events_put_targets_call(VIEW("r"), VIEW(""), &text, 1, arena, &call, &err) == 0);
    const size_t front = strlen("{\"Rule\":\"r\",\"Targets\":[");
    require_same(view_slice(call.body, front, text.len), text);
    require_same(view_slice(call.body, front + text.len, call.body.len), VIEW("]}"));
}

static void check_targets(struct view document, struct view definition, struct view expected,
                          struct arena *arena) {
    struct events_targets page;
    struct aws_call call;
    struct err err;
    struct buf body BUF_AUTO = BUF_INIT(AWS_RESPONSE_BYTES);
    err_init(&err);
    buf_append_str(&body, "{\"Targets\":[");
    buf_append(&body, document);
    buf_append_str(&body, "]}");
    require(events_list_targets_by_rule_call(VIEW("r"), VIEW("b"), VIEW(""), arena, &call, &err) ==
            0);
    end_call(&call, "", buf_view(&body), arena);
    if (events_list_targets_by_rule_result(&call, arena, &page, &err) < 0) {
        return;
    }
    for (size_t i = 0; i < page.n; i++) {
        check_target(&page.targets[i], definition, expected, arena);
    }
}

/* --- schedules --- */

static bool is_dropped(const struct json_member *member, bool drops_start) {
    static const char *const names[] = {"Name", "Arn", "CreationDate", "LastModificationDate",
                                        "ClientToken"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (is_named(member, names[i])) {
            return true;
        }
    }
    return member->value.type == JSON_NULL || (drops_start && is_named(member, "StartDate"));
}

static void check_member(const struct json_member *was, const struct json_member *is,
                         struct view expected) {
    static const char *const path[] = {"EcsParameters", "TaskDefinitionArn"};
    require_same(was->name_text, is->name_text);
    if (is_named(was, "Target")) {
        /* What stands between the name and the value, too. */
        require_same((struct view){was->text.data, (size_t)(was->value.text.data - was->text.data)},
                     (struct view){is->text.data, (size_t)(is->value.text.data - is->text.data)});
        require_only(was->value, is->value, path, 2, expected);
    } else {
        require_same(was->text, is->text);
    }
}

static void check_schedule(struct view document, struct view definition, struct view expected,
                           bool drops_start, struct arena *arena) {
    struct scheduler_schedule schedule;
    struct aws_call call;
    struct err err;
    struct json_member was;
    struct json_member is;
    err_init(&err);
    require(scheduler_get_schedule_call(VIEW("n"), VIEW("g"), arena, &call, &err) == 0);
    end_call(&call, "", document, arena);
    if (scheduler_get_schedule_result(&call, arena, &schedule, &err) < 0) {
        return;
    }
    schedule.start.change = drops_start ? SCHEDULER_START_LEFT_OUT : SCHEDULER_START_STAYS;
    if (scheduler_update_schedule_call(&schedule, definition, arena, &call, &err) < 0) {
        require(schedule.name.len > 1024); /* no path for such a name */
        return;
    }
    struct json_iterator befores = json_iterate(scan(schedule.text));
    struct json_iterator afters = json_iterate(scan(call.body));
    size_t bytes = 2;
    while (json_next_member(&befores, &was)) {
        if (is_dropped(&was, drops_start)) {
            continue;
        }
        require(json_next_member(&afters, &is));
        check_member(&was, &is, expected);
        bytes += is.text.len + (bytes > 2 ? 1 : 0);
    }
    require(!json_next_member(&afters, &is));
    require(bytes == call.body.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    struct buf document BUF_AUTO = BUF_INIT((size_t)64 * 1024);
    struct buf expected BUF_AUTO = BUF_INIT((size_t)64 * 1024);
    struct view definition;
    struct view text;
    size_t n_long = 0;
    if (size < 1 || size > INPUT_MAX_BYTES ||
        !view_cut((struct view){(const char *)data + 1, size - 1}, '\n', &definition, &text)) {
        return 0;
    }
    arena_reset(&arena);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '~' || n_long == MAX_LONG) {
            buf_append_char(&document, text.data[i]);
            continue;
        }
        for (size_t j = 0; j < LONG_BYTES; j++) {
            buf_append_char(&document, 'x');
        }
        n_long++;
    }
    json_append_string(&expected, definition);
    require(!document.failed && !expected.failed);
    if (data[0] == 's' || data[0] == 'd') {
        check_schedule(buf_view(&document), definition, buf_view(&expected), data[0] == 'd',
                       &arena);
    } else {
        check_targets(buf_view(&document), definition, buf_view(&expected), &arena);
    }
    return 0;
}
