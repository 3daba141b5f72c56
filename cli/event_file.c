#include "cli/event_file.h"

#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* EventBridge's time is to the second. */
static void put_time(struct json_writer *w, int64_t now_ms) {
    char time[TIME_RFC3339_BYTES];
    time_format_rfc3339(now_ms, time);
    memcpy(time + strlen("2026-11-20T22:39:04"), "Z", 2);
    json_put_string(w, "time", view_of(time));
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
    char id[37];
    uint64_t a = c->place->random;
    uint64_t b = (c->place->random * UINT64_C(0x9e3779b97f4a7c15)) + number;
    snprintf(id, sizeof(id), "%08x-%04x-4%03x-8%03x-%012" PRIx64, (unsigned)(a >> 32),
             (unsigned)(a >> 16) & 0xffffU, (unsigned)a & 0xfffU, (unsigned)(b >> 48) & 0xfffU,
             b & UINT64_C(0xffffffffffff));
    json_begin_object(w, NULL);
    json_put_string(w, "version", VIEW("0"));
    json_put_string(w, "id", view_of(id));
    json_put_string(w, "detail-type", detail_type);
    json_put_string(w, "source", source);
    json_put_string(w, "account", c->place->account);
    put_time(w, c->place->now_ms);
    json_put_string(w, "region", c->place->region);
    bool has_resources = json_find(entry, "Resources", &resources) && resources.type == JSON_ARRAY;
    json_put_raw(w, "resources", has_resources ? resources.text : VIEW("[]"));
    json_put_raw(w, "detail", object.text);
    json_end_object(w);
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
