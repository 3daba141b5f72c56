/*
 * The input is a rule's pattern. What it makes of an event is the same twice; a pattern that asks
 * for the same and for more matches no better; a member of the event that no pattern names changes
 * nothing.
 */

#include "runtime/aws/event_pattern.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_scan.h"
#include "tests/fuzz/require.h"

#define EVENT(rest)                                                                                \
    "{\"source\":\"aws.ecr\",\"account\":\"111111111111\",\"resources\":[\"a\",\"b\"],"            \
    "\"detail\":{\"action-type\":\"PUSH\",\"size\":300,\"none\":null,\"ok\":true}" rest "}"

static enum event_match match_of(struct view pattern, const char *event, struct arena *arena) {
    enum event_match match = EVENT_DIFFERS;
    struct err err;
    err_init(&err);
    require(event_pattern_match(pattern, view_of(event), arena, &match, &err) == 0);
    return match;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    static const struct json_limits limits = {.max_bytes = (size_t)256 * 1024, .max_depth = 64};
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024 * 1024);
    struct buf more BUF_AUTO = BUF_INIT((size_t)512 * 1024);
    struct view pattern = {(const char *)data, size};
    struct json_span root;
    struct json_span ignored;
    struct err err;
    err_init(&err);
    enum event_match match = match_of(pattern, EVENT(""), &arena);
    require(match_of(pattern, EVENT(""), &arena) == match);
    if (json_scan(pattern, &limits, "pattern", &root, &err) < 0 || root.type != JSON_OBJECT) {
        require(match == EVENT_MAY_MATCH);
        return 0;
    }
    if (json_find(root, "zz", &ignored)) {
        return 0;
    }
    /* The same, and a member that the event has not. */
    struct json_iterator iterator = json_iterate(root);
    struct json_member member;
    buf_append_str(&more, "{");
    while (json_next_member(&iterator, &member)) {
        buf_append(&more, member.text);
        buf_append_char(&more, ',');
    }
    buf_append_str(&more, "\"zz\":[\"x\"]}");
    require(!more.failed);
    require(match_of(buf_view(&more), EVENT(""), &arena) == EVENT_DIFFERS);
    require(match_of(buf_view(&more), EVENT(",\"zz\":\"x\""), &arena) == match);
    return 0;
}
