/*
 * What a person has in a file, made into what the function gets: it is JSON if it is taken at all;
 * what holds no entries of PutEvents stays as it is, byte for byte; entries become as many events,
 * each with EventBridge's members; and the same file makes the same events twice.
 */

#include "cli/event_file.h"
#include "tests/fuzz/require.h"

#include "runtime/base/json_scan.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define LIMIT_BYTES ((size_t)8 * 1024 * 1024)

static const struct event_place place = {.account = VIEW("222222222222"),
                                         .region = VIEW("us-east-1"),
                                         .now_ms = INT64_C(1795214344000),
                                         .random = 42};

static struct json_span scan(struct view text) {
    static const struct json_limits limits = {.max_bytes = LIMIT_BYTES, .max_depth = 66};
    struct json_span root;
    struct err err;
    err_init(&err);
    require(json_scan(text, &limits, "payload", &root, &err) == 0);
    return root;
}

static size_t require_events(struct json_span events) {
    static const char *const names[] = {"version", "id",     "detail-type", "source",
                                        "account", "region", "resources",   "detail"};
    struct json_iterator iterator = json_iterate(events);
    struct json_span event;
    size_t n = 0;
    for (; json_next_element(&iterator, &event); n++) {
        struct json_span member;
        require(event.type == JSON_OBJECT);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            require(json_find(event, names[i], &member));
        }
        require(member.type == JSON_OBJECT);
    }
    return n;
}

static void require_converted(struct json_span root, struct view payload) {
    struct json_span entries = root;
    struct json_span entry;
    size_t n = 0;
    require(root.type == JSON_ARRAY || json_find(root, "Entries", &entries));
    for (struct json_iterator it = json_iterate(entries); json_next_element(&it, &entry);) {
        n++;
    }
    struct json_span made = scan(payload);
    if (n == 1) {
        require(made.type == JSON_OBJECT && json_find(made, "detail-type", &entry));
    } else {
        require(made.type == JSON_ARRAY && require_events(made) == n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena ARENA_AUTO = ARENA_INIT(ARENA_BYTES);
    struct view text = {(const char *)data, size};
    struct view payload;
    struct view again;
    struct err err;
    err_init(&err);
    if (event_file_payload(text, &place, &arena, &payload, &err) != 0) {
        require(err_is_set(&err) && err.message[0] != '\0');
        return 0;
    }
    require(event_file_payload(text, &place, &arena, &again, &err) == 0);
    require(view_equal(payload, again));
    struct json_span root = scan(text);
    if (payload.data == text.data) {
        require(payload.len == text.len);
        return 0;
    }
    require_converted(root, payload);
    return 0;
}
