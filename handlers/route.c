#include "handlers/route.h"

#include "handlers/route_event.h"
#include "runtime/aws/arn.h"
#include "runtime/base/ascii.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"

/* Members named when an object is none of the accepted shapes, and their bytes together. */
#define SHOWN_MEMBERS 10
#define LIST_BYTES 512

#define ACCEPTED                                                                                   \
    "send an EventBridge event with source, detail-type and detail, an array or an SQS batch of "  \
    "them, or a DEPLOY detail such as {\"service\":\"backend\",\"tag\":\"git-abc123f\"}"

/* ---- the envelope ---- */

struct envelope {
    struct view id, source, detail_type, account, region, time;
    const struct json *resources, *detail;
};

#define ENVELOPE_FIELD(member, json_name, type, flags)                                             \
    JSON_FIELD(struct envelope, member, json_name, JSON_DECODE_##type, flags)
static const struct json_field envelope_fields[] = {
    ENVELOPE_FIELD(source, "source", VIEW, JSON_REQUIRED),
    ENVELOPE_FIELD(detail_type, "detail-type", VIEW, JSON_REQUIRED),
    ENVELOPE_FIELD(id, "id", VIEW, 0),
    ENVELOPE_FIELD(account, "account", VIEW, 0),
    ENVELOPE_FIELD(region, "region", VIEW, 0),
    ENVELOPE_FIELD(time, "time", VIEW, 0),
    ENVELOPE_FIELD(resources, "resources", ARRAY, 0),
    ENVELOPE_FIELD(detail, "detail", VALUE, 0),
};

/* What a tag's value may hold, so that an id reads back from a tag as it is. */
static bool id_is_valid(struct view id) {
    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];
        if (!ascii_is_alphanumeric(c) && !view_contains_char(VIEW("_.:/=+-@"), c)) {
            return false;
        }
    }
    return id.len > 0 && id.len <= ROUTE_ID_BYTES;
}

static int check_detail(const struct json *detail, struct err *err) {
    if (json_type(detail) == JSON_OBJECT) {
        return 0;
    }
    err_set(err, ERR_EVENT_MALFORMED, "detail: expected object, got %s",
            detail == NULL ? "nothing" : json_type_name(json_type(detail)));
    if (json_type(detail) == JSON_STRING) {
        err_remedy(err, "send detail as an object, not as a string that holds JSON");
    } else {
        err_remedy(err, ACCEPTED);
    }
    return -1;
}

/* What EventBridge itself has put there. Whatever is absent keeps the invocation's own. */
static int check_envelope(const struct envelope *envelope, int64_t now_ms, struct event *event,
                          struct err *err) {
    int64_t time_ms = event->time_ms;
    if (envelope->id.data != NULL && !id_is_valid(envelope->id)) {
        return err_set(err, ERR_EVENT_MALFORMED,
                       "id: expected 1 to %d letters, digits and characters of '_.:/=+-@'",
                       ROUTE_ID_BYTES);
    }
    if (envelope->id.data != NULL) {
        event->id = envelope->id;
    }
    if (envelope->time.data != NULL && !time_parse_rfc3339(envelope->time, &time_ms)) {
        return err_set(err, ERR_EVENT_MALFORMED,
                       "time: expected a time like '2026-11-20T22:39:04Z'");
    }
    event->time_ms = time_ms < now_ms ? time_ms : now_ms;
    if (envelope->account.data != NULL && !arn_is_account_id(envelope->account)) {
        return err_set(err, ERR_EVENT_MALFORMED, "account: expected 12 digits");
    }
    event->account = envelope->account;
    return check_detail(envelope->detail, err);
}

static int decode_envelope(const struct router *router, const struct json *object,
                           struct event *event, struct err *err) {
    struct envelope envelope = {0};
    if (json_decode(object, "", envelope_fields,
                    sizeof(envelope_fields) / sizeof(envelope_fields[0]), router->arena, &envelope,
                    err) != 0) {
        if (err->code == ERR_EVENT_MALFORMED) {
            err_remedy(err, ACCEPTED);
        }
        return -1;
    }
    event->source = envelope.source;
    event->detail_type = envelope.detail_type;
    event->region = envelope.region;
    event->resources = envelope.resources;
    event->detail = envelope.detail;
    return check_envelope(&envelope, router->context->now_ms, event, err);
}

/* ---- shapes ---- */

static bool has(const struct json *object, const char *member) {
    return json_get(object, member) != NULL;
}

static bool is_envelope(const struct json *object) {
    return has(object, "detail-type") || has(object, "detail") ||
           (has(object, "source") && !has(object, "service"));
}

static int refuse_shape(const struct router *router, const struct json *object,
                        struct trigger *trigger, struct err *err) {
    struct buf members BUF_AUTO = BUF_INIT(LIST_BYTES);
    size_t n = 0;
    for (const struct json *m = json_first(object); m != NULL && n < SHOWN_MEMBERS;
         m = json_next(m), n++) {
        buf_appendf(&members, "%s" VIEW_FMT, n > 0 ? ", " : "",
                    VIEW_ARG(view_slice(json_name(m), 0, LIST_BYTES / SHOWN_MEMBERS - 2)));
    }
    return route_refuse(
        trigger, ERR_EVENT_MALFORMED,
        arena_printf(router->arena,
                     "the object is neither an event nor a DEPLOY detail; its members: %s",
                     n > 0 ? buf_cstr(&members) : "none"),
        ACCEPTED, err);
}

/* One element of the payload; *trigger has the id and the time of a direct invocation. */
static int route_value(const struct router *router, const struct json *value,
                       struct trigger *trigger, struct err *err) {
    struct event event = {
        .id = trigger->event_id,
        .time_ms = trigger->event_time_ms,
        .own_account = router->context->own_account,
    };
    struct err cause;
    err_init(&cause);
    if (json_type(value) != JSON_OBJECT) {
        return route_refuse(trigger, ERR_EVENT_MALFORMED,
                            arena_printf(router->arena, "expected an event, got %s",
                                         json_type_name(json_type(value))),
                            ACCEPTED, err);
    }
    if (!is_envelope(value) && !has(value, "service")) {
        return refuse_shape(router, value, trigger, err);
    }
    if (!is_envelope(value)) {
        event.source = VIEW("action.deploy");
        event.detail_type = VIEW("DEPLOY");
        event.detail = value;
        return route_event(router, &event, trigger, err);
    }
    int status = decode_envelope(router, value, &event, &cause);
    trigger->event_id = event.id;
    trigger->event_time_ms = event.time_ms;
    return status == 0 ? route_event(router, &event, trigger, err)
                       : trigger_refuse(trigger, &cause, err);
}

/* ---- the payload ---- */

static struct view fallback_id(const struct router *router, enum payload_shape shape,
                               size_t index) {
    struct view id = router->context->request_id;
    if (!id_is_valid(id)) {
        id = arena_printf(router->arena, "direct-%lld", (long long)router->context->now_ms);
    }
    return shape != PAYLOAD_EVENT
               ? arena_printf(router->arena, VIEW_FMT "/%zu", VIEW_ARG(id), index)
               : arena_copy(router->arena, id);
}

static int new_triggers(const struct router *router, size_t n, struct routed *routed,
                        struct err *err) {
    routed->triggers = ARENA_ARRAY(router->arena, n, struct trigger);
    if (routed->triggers == NULL) {
        return err_out_of_memory(err, "the events");
    }
    for (size_t i = 0; i < n; i++) {
        struct trigger *trigger = &routed->triggers[i];
        trigger->event_id = fallback_id(router, routed->shape, i);
        trigger->event_time_ms = router->context->now_ms;
        if (trigger->event_id.data == NULL) {
            return err_out_of_memory(err, "the events");
        }
    }
    routed->n_triggers = n;
    return 0;
}

/* The payload as a whole is refused. */
static int route_refusal(const struct router *router, struct routed *routed,
                         const struct err *cause, struct err *err) {
    if (new_triggers(router, 1, routed, err) != 0) {
        return -1;
    }
    return trigger_refuse(&routed->triggers[0], cause, err);
}

/* At least the number of values in it: what is in strings counts too. At most a byte more than it
 * has. */
static size_t count_values(struct view payload) {
    size_t n = 1;
    for (size_t i = 0; i < payload.len; i++) {
        n += payload.data[i] == ',' || payload.data[i] == '[' || payload.data[i] == '{';
    }
    return n;
}

static int parse_payload(struct view payload, struct json **ret_root, struct err *err) {
    const struct json_limits limits = {.max_bytes = ROUTE_MAX_BYTES, .max_depth = ROUTE_MAX_DEPTH};
    if (view_trim(payload).len == 0) {
        err_set(err, ERR_EVENT_MALFORMED, "the event is empty");
    } else if (payload.len >= ROUTE_MAX_VALUES && payload.len <= ROUTE_MAX_BYTES &&
               count_values(payload) > ROUTE_MAX_VALUES) {
        err_set(err, ERR_EVENT_MALFORMED, "the event has more than %d values", ROUTE_MAX_VALUES);
    } else if (json_parse(payload, &limits, "event", ret_root, err) == 0) {
        return 0;
    }
    if (err->code == ERR_EVENT_MALFORMED) {
        err_remedy(err, ACCEPTED);
    }
    return -1;
}

static int route_array(const struct router *router, const struct json *root, struct routed *routed,
                       struct err *err) {
    routed->shape = PAYLOAD_ARRAY;
    if (json_count(root) > ROUTE_MAX_EVENTS) {
        struct err cause;
        err_init(&cause);
        err_set(&cause, ERR_EVENT_MALFORMED, "the array has %zu events, more than %d",
                json_count(root), ROUTE_MAX_EVENTS);
        err_remedy(&cause, "send fewer events at once");
        return route_refusal(router, routed, &cause, err);
    }
    if (new_triggers(router, json_count(root), routed, err) != 0) {
        return -1;
    }
    size_t i = 0;
    for (const struct json *e = json_first(root); e != NULL; e = json_next(e), i++) {
        if (route_value(router, e, &routed->triggers[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- SQS ---- */

/* AWS Lambda Developer Guide, "Using Lambda with Amazon SQS". */
static bool is_sqs_batch(const struct json *root) {
    const struct json *records = json_get(root, "Records");
    const struct json *first = json_first(records);
    return json_type(records) == JSON_ARRAY &&
           view_equal(json_string(json_get(first, "eventSource")), VIEW("aws:sqs"));
}

static int refuse_record(const struct router *router, struct routed *routed, const char *what,
                         struct err *err) {
    struct err cause;
    err_init(&cause);
    err_set(&cause, ERR_EVENT_MALFORMED, "Records: %s", what);
    err_remedy(&cause, ACCEPTED);
    return route_refusal(router, routed, &cause, err);
}

/* What cannot be read is refused: delivered once more, it would be the same. */
static int route_body(const struct router *router, struct view body, struct trigger *trigger,
                      struct err *err) {
    struct json *root JSON_AUTO = NULL;
    struct err cause;
    err_init(&cause);
    if (parse_payload(body, &root, &cause) != 0) {
        return trigger_refuse(trigger, &cause, err);
    }
    return route_value(router, root, trigger, err);
}

static int read_message_ids(const struct router *router, const struct json *records,
                            struct routed *routed, struct err *err) {
    size_t n = json_count(records);
    struct view *ids = ARENA_ARRAY(router->arena, n, struct view);
    if (ids == NULL) {
        return err_out_of_memory(err, "the messages");
    }
    size_t i = 0;
    for (const struct json *r = json_first(records); r != NULL; r = json_next(r), i++) {
        ids[i] = arena_copy(router->arena, json_string(json_get(r, "messageId")));
        if (ids[i].data == NULL) {
            return err_out_of_memory(err, "the messages");
        }
    }
    routed->message_ids = ids;
    routed->unread = n > ROUTE_MAX_EVENTS ? &ids[ROUTE_MAX_EVENTS] : NULL;
    routed->n_unread = n > ROUTE_MAX_EVENTS ? n - ROUTE_MAX_EVENTS : 0;
    return 0;
}

/* A body without an id or a time of its own: another delivery of the message is in another
 * invocation, and is the same event all the same. */
static void take_from_message(const struct router *router, const struct json *record,
                              struct view message_id, struct trigger *trigger) {
    const struct json *attributes = json_get(record, "attributes");
    int64_t sent_ms;
    if (id_is_valid(message_id)) {
        trigger->event_id = message_id;
    }
    if (view_to_i64(json_string(json_get(attributes, "SentTimestamp")), &sent_ms) && sent_ms > 0 &&
        sent_ms < router->context->now_ms) {
        trigger->event_time_ms = sent_ms;
    }
}

static int route_sqs(const struct router *router, const struct json *root, struct routed *routed,
                     struct err *err) {
    const struct json *records = json_get(root, "Records");
    for (const struct json *r = json_first(records); r != NULL; r = json_next(r)) {
        if (json_string(json_get(r, "messageId")).len == 0) {
            return refuse_record(router, routed, "a message without a messageId", err);
        }
    }
    routed->shape = PAYLOAD_SQS;
    if (read_message_ids(router, records, routed, err) != 0 ||
        new_triggers(router, json_count(records) - routed->n_unread, routed, err) != 0) {
        return -1;
    }
    const struct view *ids = routed->message_ids;
    const struct json *r = json_first(records);
    for (size_t i = 0; i < routed->n_triggers; i++, r = json_next(r)) {
        struct view body = json_string(json_get(r, "body"));
        take_from_message(router, r, ids ? ids[i] : VIEW(""), &routed->triggers[i]);
        if (route_body(router, body, &routed->triggers[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int route_root(const struct router *router, const struct json *root, struct routed *routed,
                      struct err *err) {
    if (json_type(root) == JSON_ARRAY) {
        return route_array(router, root, routed, err);
    }
    if (is_sqs_batch(root)) {
        return route_sqs(router, root, routed, err);
    }
    return new_triggers(router, 1, routed, err) != 0
               ? -1
               : route_value(router, root, &routed->triggers[0], err);
}

int route(struct view payload, const struct route_context *context, struct arena *arena,
          struct routed *ret_routed, struct err *err) {
    const struct router router = {
        .context = context,
        .arena = arena,
    };
    struct json *root JSON_AUTO = NULL;
    struct routed routed = {0};
    struct err cause;
    err_init(&cause);
    int status = parse_payload(payload, &root, &cause) == 0
                     ? route_root(&router, root, &routed, err)
                     : route_refusal(&router, &routed, &cause, err);
    if (status == 0) {
        *ret_routed = routed;
    }
    return status;
}
