#include "handlers/route.h"

#include "handlers/trigger/manual.h"
#include "runtime/aws/arn.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"

#include <string.h>

/* Bytes of a wrong value that are shown, and of a list in a message. */
#define SHOWN_BYTES 64
#define LIST_BYTES 512
/* Members named when an object is none of the accepted shapes. */
#define SHOWN_MEMBERS 10

#define ACCEPTED                                                                                   \
    "send an EventBridge event with source, detail-type and detail, an array of them, or a "       \
    "DEPLOY "                                                                                      \
    "detail such as {\"service\":\"backend\",\"tag\":\"git-abc123f\"}"

/* ---- the table ---- */

/* Where an event of a row is obeyed. */
enum scope {
    EVERYWHERE,
    IN_PROD,
    IN_NAMED_ENVIRONMENT, /* the source's last part names it: the row's source is a prefix */
};

struct route_row {
    const char *source;
    enum scope scope;
    const char *detail_type;
    int (*parse)(const struct event *event, const struct config *config, struct arena *arena,
                 struct trigger *ret_trigger, struct err *err);
    const char *switch_name; /* the variable that switches the kind off, and where it is kept */
    size_t switch_offset;
};

#define SWITCH(variable, member)                                                                   \
    .switch_name = (variable), .switch_offset = offsetof(struct config, member)
#define MANUAL SWITCH("ENABLE_MANUAL_DEPLOY", enable_manual)

/* The first row that matches counts; prefixes come behind what they would hide. */
static const struct route_row rows[] = {
    {"action.production", IN_PROD, "DEPLOY", manual_deploy_parse, MANUAL},
    {"action.deploy", EVERYWHERE, "DEPLOY", manual_deploy_parse, MANUAL},
    {"action.", IN_NAMED_ENVIRONMENT, "DEPLOY", manual_deploy_parse, MANUAL},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static bool row_matches(const struct route_row *row, const struct event *event) {
    struct view source = view_of(row->source);
    if (!view_equal(event->detail_type, view_of(row->detail_type))) {
        return false;
    }
    if (row->scope == IN_NAMED_ENVIRONMENT) {
        return view_starts_with(event->source, source) && event->source.len > source.len;
    }
    return view_equal(event->source, source);
}

static const struct route_row *find_row(const struct event *event) {
    for (size_t i = 0; i < N_ROWS; i++) {
        if (row_matches(&rows[i], event)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool is_for_here(const struct route_row *row, const struct event *event,
                        const struct config *config) {
    switch (row->scope) {
    case EVERYWHERE:
        return true;
    case IN_PROD:
        /* An environment of the very name is meant too. */
        return config->is_prod;
    case IN_NAMED_ENVIRONMENT:
        return view_equal(view_slice(event->source, strlen(row->source), event->source.len),
                          config->env);
    }
    return false;
}

static bool is_switched_on(const struct route_row *row, const struct config *config) {
    const char *start = (const char *)config;
    bool on;
    memcpy(&on, start + row->switch_offset, sizeof(on));
    return on;
}

/* ---- one event ---- */

struct router {
    const struct route_context *context;
    struct view own_account;
    struct arena *arena;
};

static struct view shown(struct view value) {
    return view_slice(value, 0, SHOWN_BYTES);
}

/* `message` is made in the arena, or has no data when that is full. */
static int refuse(struct trigger *trigger, enum err_code code, struct view message,
                  const char *remedy, struct err *err) {
    struct err cause;
    err_init(&cause);
    if (message.data == NULL) {
        return err_out_of_memory(err, "an event");
    }
    err_set(&cause, code, VIEW_FMT, VIEW_ARG(message));
    err_remedy(&cause, "%s", remedy != NULL ? remedy : err_default_remedy(code));
    return trigger_refuse(trigger, &cause, err);
}

static int ignore(struct trigger *trigger, struct view note, struct err *err) {
    if (note.data == NULL) {
        return err_out_of_memory(err, "an event");
    }
    trigger->kind = TRIGGER_IGNORE;
    trigger->note = note;
    return 0;
}

static int refuse_unsupported(const struct router *router, const struct event *event,
                              struct trigger *trigger, struct err *err) {
    struct buf known BUF_AUTO = BUF_INIT(LIST_BYTES);
    const struct config *config = router->context->config;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct view env = rows[i].scope == IN_NAMED_ENVIRONMENT ? config->env : (struct view){0};
        buf_appendf(&known, "%s%s from %s" VIEW_FMT, i > 0 ? ", " : "", rows[i].detail_type,
                    rows[i].source, VIEW_ARG(env));
    }
    return refuse(trigger, ERR_EVENT_UNSUPPORTED,
                  arena_printf(router->arena,
                               "'" VIEW_FMT "' from '" VIEW_FMT
                               "' is not supported by this version; supported: %s",
                               VIEW_ARG(shown(event->detail_type)), VIEW_ARG(shown(event->source)),
                               buf_cstr(&known)),
                  NULL, err);
}

static int ignore_elsewhere(const struct router *router, const struct route_row *row,
                            const struct event *event, struct trigger *trigger, struct err *err) {
    const char *where = row->scope == IN_PROD ? "prod" : "the environment that it names";
    return ignore(
        trigger,
        arena_printf(router->arena, "'" VIEW_FMT "' is obeyed in %s, and this is '" VIEW_FMT "'",
                     VIEW_ARG(shown(event->source)), where, VIEW_ARG(router->context->config->env)),
        err);
}

static bool is_allowed(const struct router *router, struct view account) {
    const struct config *config = router->context->config;
    if (account.len == 0) {
        return true;
    }
    for (size_t i = 0; i < config->n_allowed_accounts; i++) {
        if (view_equal(config->allowed_accounts[i], account)) {
            return true;
        }
    }
    return config->n_allowed_accounts == 0 && view_equal(router->own_account, account);
}

/* For the answer: which service the event was about, if it says so. */
static int fill_service(const struct router *router, const struct event *event,
                        struct trigger *trigger, struct err *err) {
    struct view service = json_string(json_get(event->detail, "service"));
    if (!config_name_is_valid(service)) {
        return 0;
    }
    trigger->service = arena_copy(router->arena, service);
    return trigger->service.data != NULL ? 0 : err_out_of_memory(err, "an event");
}

static int refuse_account(const struct router *router, const struct event *event,
                          struct trigger *trigger, struct err *err) {
    struct buf allowed BUF_AUTO = BUF_INIT(LIST_BYTES);
    const struct config *config = router->context->config;
    for (size_t i = 0; i < config->n_allowed_accounts && allowed.len + 16 < LIST_BYTES; i++) {
        buf_appendf(&allowed, "%s" VIEW_FMT, i > 0 ? ", " : "",
                    VIEW_ARG(config->allowed_accounts[i]));
    }
    if (config->n_allowed_accounts == 0) {
        buf_append(&allowed, router->own_account);
    }
    if (fill_service(router, event, trigger, err) != 0) {
        return -1;
    }
    if (allowed.len == 0) {
        return refuse(trigger, ERR_ACCOUNT_NOT_ALLOWED,
                      arena_printf(router->arena,
                                   "account '" VIEW_FMT "' is not allowed; no account is",
                                   VIEW_ARG(event->account)),
                      "set ALLOWED_ACCOUNTS: the function's own account is not known", err);
    }
    return refuse(trigger, ERR_ACCOUNT_NOT_ALLOWED,
                  arena_printf(router->arena, "account '" VIEW_FMT "' is not allowed; allowed: %s",
                               VIEW_ARG(event->account), buf_cstr(&allowed)),
                  NULL, err);
}

static int route_event(const struct router *router, const struct event *event,
                       struct trigger *trigger, struct err *err) {
    const struct config *config = router->context->config;
    const struct route_row *row = find_row(event);
    if (row == NULL) {
        return refuse_unsupported(router, event, trigger, err);
    }
    if (!is_for_here(row, event, config)) {
        return ignore_elsewhere(router, row, event, trigger, err);
    }
    if (!is_switched_on(row, config)) {
        return ignore(trigger, arena_printf(router->arena, "switched off by %s", row->switch_name),
                      err);
    }
    if (!is_allowed(router, event->account)) {
        return refuse_account(router, event, trigger, err);
    }
    return row->parse(event, config, router->arena, trigger, err);
}

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
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            !view_contains_char(VIEW("_.:/=+-@"), c)) {
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
    int64_t time_ms = now_ms;
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
    if (has(object, "Records")) {
        return refuse(
            trigger, ERR_EVENT_UNSUPPORTED,
            arena_printf(router->arena, "a batch of Records is not supported by this version"),
            "send EventBridge events, or an array of them", err);
    }
    for (const struct json *m = json_first(object); m != NULL && n < SHOWN_MEMBERS;
         m = json_next(m), n++) {
        buf_appendf(&members, "%s" VIEW_FMT, n > 0 ? ", " : "",
                    VIEW_ARG(view_slice(json_name(m), 0, LIST_BYTES / SHOWN_MEMBERS - 2)));
    }
    return refuse(
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
        .own_account = router->own_account,
    };
    struct err cause;
    err_init(&cause);
    if (json_type(value) != JSON_OBJECT) {
        return refuse(trigger, ERR_EVENT_MALFORMED,
                      arena_printf(router->arena, "expected an event, got %s",
                                   json_type_name(json_type(value))),
                      ACCEPTED, err);
    }
    if (!is_envelope(value) && !has(value, "service")) {
        return refuse_shape(router, value, trigger, err);
    }
    if (!is_envelope(value)) {
        event.detail = value;
        return router->context->config->enable_manual
                   ? manual_deploy_parse(&event, router->context->config, router->arena, trigger,
                                         err)
                   : ignore(trigger, VIEW("switched off by ENABLE_MANUAL_DEPLOY"), err);
    }
    int status = decode_envelope(router, value, &event, &cause);
    trigger->event_id = event.id;
    trigger->event_time_ms = event.time_ms;
    return status == 0 ? route_event(router, &event, trigger, err)
                       : trigger_refuse(trigger, &cause, err);
}

/* ---- the payload ---- */

static struct view fallback_id(const struct router *router, bool is_array, size_t index) {
    struct view id = router->context->request_id;
    if (!id_is_valid(id)) {
        id = arena_printf(router->arena, "direct-%lld", (long long)router->context->now_ms);
    }
    return is_array ? arena_printf(router->arena, VIEW_FMT "/%zu", VIEW_ARG(id), index)
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
        trigger->event_id = fallback_id(router, routed->is_array, i);
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

/* At least the number of values in it: what is in strings counts too. */
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
    } else if (payload.len <= ROUTE_MAX_BYTES && count_values(payload) > ROUTE_MAX_VALUES) {
        err_set(err, ERR_EVENT_MALFORMED, "the event has more than %d values", ROUTE_MAX_VALUES);
    } else if (json_parse(payload, &limits, "event", ret_root, err) == 0) {
        return 0;
    }
    if (err->code == ERR_EVENT_MALFORMED) {
        err_remedy(err, ACCEPTED);
    }
    return -1;
}

static int route_root(const struct router *router, const struct json *root, struct routed *routed,
                      struct err *err) {
    routed->is_array = json_type(root) == JSON_ARRAY;
    if (!routed->is_array) {
        return new_triggers(router, 1, routed, err) != 0
                   ? -1
                   : route_value(router, root, &routed->triggers[0], err);
    }
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

int route(struct view payload, const struct route_context *context, struct arena *arena,
          struct routed *ret_routed, struct err *err) {
    const struct router router = {
        .context = context,
        .own_account = context->own_account,
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
