#include "cli/event_file.h"

#include "runtime/base/buf.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/json_write.h"

#define TEXT_BYTES ((size_t)8 * 1024 * 1024)
#define TEXT_DEPTH 64

struct conversion {
    const struct event_place *place;
    struct arena *arena;
    struct err *err;
};

static bool is_entry(struct json_span value) {
    struct json_span ignored;
    return value.type == JSON_OBJECT && json_find(value, "DetailType", &ignored);
}

static int entry_fails(const struct conversion *c, size_t number, const char *what) {
    err_set(c->err, ERR_EVENT_MALFORMED, "entry %zu: %s", number, what);
    err_remedy(c->err, "send Source, DetailType and, as a string of JSON, Detail");
    return -1;
}

/* {"Source":"s","DetailType":"d","Detail":"{…}","Time":…,"Resources":[…],"EventBusName":…} */
static int put_event(const struct conversion *c, struct json_writer *w, struct json_span entry,
                     size_t number) {
    struct view source;
    struct view detail_type;
    struct view detail;
    struct json_span object;
    struct json_span resources;
    struct err err;
    err_init(&err);
    if (!is_entry(entry)) {
        return entry_fails(c, number, "no entry of PutEvents");
    }
    if (json_find_string(entry, "Source", c->arena, &source, c->err) < 0 ||
        json_find_string(entry, "DetailType", c->arena, &detail_type, c->err) < 0 ||
        json_find_string(entry, "Detail", c->arena, &detail, c->err) < 0) {
        return -1;
    }
    if (source.len == 0 || detail_type.len == 0) {
        return entry_fails(c, number, "'Source' or 'DetailType' is missing or empty");
    }
    static const struct json_limits limits = {.max_bytes = TEXT_BYTES, .max_depth = TEXT_DEPTH};
    if (json_scan(detail, &limits, "Detail", &object, &err) < 0 || object.type != JSON_OBJECT) {
        return entry_fails(c, number, "'Detail' is no string that holds a JSON object");
    }
    bool has_resources = json_find(entry, "Resources", &resources) && resources.type == JSON_ARRAY;
    const struct envelope envelope = {
        .source = source,
        .detail_type = detail_type,
        .resources = has_resources ? resources.text : VIEW(""),
        .detail = object.text,
    };
    envelope_write(w, &envelope, c->place, number);
    return 0;
}

static int convert(const struct conversion *c, struct json_span entries, struct view *ret_payload) {
    struct buf text BUF_AUTO = BUF_INIT(TEXT_BYTES);
    struct json_writer w = json_writer(&text);
    struct json_iterator iterator = json_iterate(entries);
    struct json_span entry;
    size_t number = 0;
    json_begin_array(&w, NULL);
    while (json_next_element(&iterator, &entry)) {
        if (put_event(c, &w, entry, ++number) < 0) {
            return -1;
        }
    }
    json_end_array(&w);
    if (buf_check(&text, "events", c->err) < 0) {
        return -1;
    }
    struct view payload = buf_view(&text);
    if (number == 1) { /* as EventBridge delivers it */
        payload = view_slice(payload, 1, payload.len - 2);
    }
    *ret_payload = arena_copy(c->arena, payload);
    return ret_payload->data ? 0 : err_out_of_memory(c->err, "events");
}

int event_file_payload(struct view text, const struct event_place *place, struct arena *arena,
                       struct view *ret_payload, struct err *err) {
    static const struct json_limits limits = {.max_bytes = TEXT_BYTES, .max_depth = TEXT_DEPTH};
    struct json_span root;
    struct json_span entries;
    struct json_span first;
    const struct conversion c = {.place = place, .arena = arena, .err = err};
    *ret_payload = text;
    if (json_scan(text, &limits, "event file", &root, err) < 0) {
        return -1;
    }
    entries = root;
    if (root.type == JSON_OBJECT && !json_find(root, "Entries", &entries)) {
        return 0;
    }
    struct json_iterator iterator = json_iterate(entries);
    return entries.type == JSON_ARRAY && json_next_element(&iterator, &first) && is_entry(first)
               ? convert(&c, entries, ret_payload)
               : 0;
}
