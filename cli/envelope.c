#include "cli/envelope.h"

#include "runtime/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EVENT_BYTES ((size_t)8 * 1024 * 1024)

/* EventBridge's times are to the second. */
static void put_time(struct json_writer *w, const char *name, int64_t now_ms) {
    char time[TIME_RFC3339_BYTES];
    time_format_rfc3339(now_ms, time);
    memcpy(time + strlen("2026-11-20T22:39:04"), "Z", 2);
    json_put_string(w, name, view_of(time));
}

/* A random UUID (RFC 9562, version 4) as far as 64 random bits reach. */
static void put_id(struct json_writer *w, uint64_t random, size_t number) {
    char id[sizeof("00000000-0000-4000-8000-000000000000")];
    uint64_t other = (random ^ number) * UINT64_C(0x9e3779b97f4a7c15);
    snprintf(id, sizeof(id), "%08x-%04x-4%03x-8%03x-%012" PRIx64, (unsigned)(random >> 32),
             (unsigned)(random >> 16) & 0xffffU, (unsigned)random & 0xfffU,
             (unsigned)(other >> 48) & 0xfffU, other & UINT64_C(0xffffffffffff));
    json_put_string(w, "id", view_of(id));
}

void envelope_write(struct json_writer *w, const struct envelope *envelope,
                    const struct event_place *place, size_t number) {
    json_begin_object(w, NULL);
    json_put_string(w, "version", VIEW("0"));
    put_id(w, place->random, number);
    json_put_string(w, "detail-type", envelope->detail_type);
    json_put_string(w, "source", envelope->source);
    json_put_string(w, "account", place->account);
    put_time(w, "time", place->now_ms);
    json_put_string(w, "region", place->region);
    json_put_raw(w, "resources", envelope->resources.len > 0 ? envelope->resources : VIEW("[]"));
    json_put_raw(w, "detail", envelope->detail);
    json_end_object(w);
}

static int finish(const struct buf *text, struct arena *arena, struct view *ret_text,
                  struct err *err) {
    if (buf_check(text, "event", err) < 0) {
        return -1;
    }
    *ret_text = arena_copy(arena, buf_view(text));
    return ret_text->data ? 0 : err_out_of_memory(err, "event");
}

int envelope_text(const struct envelope *envelope, const struct event_place *place,
                  struct arena *arena, struct view *ret_text, struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(EVENT_BYTES);
    struct json_writer w = json_writer(&text);
    envelope_write(&w, envelope, place, 0);
    return finish(&text, arena, ret_text, err);
}

int manual_detail(const struct manual_request *request, struct arena *arena,
                  struct view *ret_detail, struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(EVENT_BYTES);
    struct json_writer w = json_writer(&text);
    json_begin_object(&w, NULL);
    json_put_string(&w, "service", request->service);
    json_put_optional(&w, "tag", request->tag);
    json_put_optional(&w, "digest", request->digest);
    json_put_optional(&w, "task_definition", request->task_definition);
    json_put_optional(&w, "to", request->to);
    json_put_optional(&w, "reason", request->reason);
    if (request->force) {
        json_put_bool(&w, "force", true);
    }
    json_end_object(&w);
    return finish(&text, arena, ret_detail, err);
}

int deployment_end_event(const struct deployment_end *end, const struct event_place *place,
                         struct arena *arena, struct view *ret_text, struct err *err) {
    struct buf resources BUF_AUTO = BUF_INIT(EVENT_BYTES);
    struct buf detail BUF_AUTO = BUF_INIT(EVENT_BYTES);
    struct json_writer w = json_writer(&resources);
    json_begin_array(&w, NULL);
    json_put_string(&w, NULL, end->service_arn);
    json_end_array(&w);
    bool failed = strcmp(end->name, "SERVICE_DEPLOYMENT_FAILED") == 0;
    w = json_writer(&detail);
    json_begin_object(&w, NULL);
    json_put_string(&w, "eventType", failed ? VIEW("ERROR") : VIEW("INFO"));
    json_put_string(&w, "eventName", view_of(end->name));
    json_put_string(&w, "deploymentId", end->deployment_id);
    put_time(&w, "updatedAt", place->now_ms);
    json_put_string(&w, "reason", end->reason);
    json_end_object(&w);
    if (buf_check(&resources, "event", err) < 0 || buf_check(&detail, "event", err) < 0) {
        return -1;
    }
    const struct envelope envelope = {
        .source = VIEW("aws.ecs"),
        .detail_type = VIEW("ECS Deployment State Change"),
        .resources = buf_view(&resources),
        .detail = buf_view(&detail),
    };
    return envelope_text(&envelope, place, arena, ret_text, err);
}
