/*
 * Arbitrary bytes as a payload, in one of two environments (the length chooses, so that one more
 * space is the other). Whatever they are, they end in as many triggers as there are events; what is
 * obeyed keeps the grammars, what is refused has a code, a message and a remedy; nothing of the
 * payload is borrowed; the answer to it is valid JSON.
 */

#include "handlers/deploy/image.h"
#include "handlers/deploy/taskdef.h"
#include "handlers/report.h"
#include "handlers/route.h"
#include "runtime/base/json_scan.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define ANSWER_BYTES ((size_t)64 * 1024 * 1024)
#define NOW_MS INT64_C(1795214400000)

static struct service_entry entries[] = {{.name = {"backend", 7}}, {.name = {"api", 3}}};

static const struct config configs[] = {
    {.project = {"myproject", 9},
     .env = {"prod", 4},
     .is_prod = true,
     .region = {"eu-west-1", 9},
     .enable_manual = true},
    {.project = {"myproject", 9},
     .env = {"dev", 3},
     .region = {"eu-west-1", 9},
     .has_service_map = true,
     .services = entries,
     .n_services = 2,
     .enable_manual = true,
     .dry_run = true},
};

static bool is_printable(struct view v) {
    for (size_t i = 0; i < v.len; i++) {
        if ((unsigned char)v.data[i] < ' ' || v.data[i] == 127) {
            return false;
        }
    }
    return true;
}

static void require_can_be_obeyed(const struct trigger *t) {
    require(t->service.len > 0 && t->service.len <= 255 && is_printable(t->service));
    require(t->digest.len == 0 || image_digest_is_valid(t->digest));
    require(t->reason.len <= 1024);
    switch (t->kind) {
    case TRIGGER_DEPLOY:
        require(t->tag.len + t->digest.len > 0 && t->task_definition.len == 0);
        return;
    case TRIGGER_DEPLOY_REVISION:
        require(t->task_definition.len > 0 && t->tag.len + t->digest.len == 0);
        require(view_contains_char(t->task_definition, ':') && is_printable(t->task_definition));
        return;
    case TRIGGER_RESTART:
        require(t->tag.len + t->digest.len + t->task_definition.len == 0);
        return;
    case TRIGGER_IGNORE:
        break;
    }
    require(t->note.len > 0);
}

static void check_trigger(const struct trigger *t, struct arena *arena) {
    require(t->event_id.len > 0 && t->event_id.len <= TASKDEF_TAG_VALUE_BYTES);
    require(view_equal(taskdef_tag_safe(t->event_id, arena), t->event_id));
    require(t->event_time_ms >= 0 && t->event_time_ms <= NOW_MS);
    require(t->tag.len == 0 || image_tag_is_valid(t->tag));
    if (!err_is_set(&t->refusal)) {
        require(t->kind == TRIGGER_IGNORE ? t->note.len > 0 : true);
        if (t->kind != TRIGGER_IGNORE) {
            require_can_be_obeyed(t);
        }
        return;
    }
    require(err_class(t->refusal.code) == ERR_CLASS_REFUSED);
    require(strlen(t->refusal.message) > 0 && strlen(t->refusal.remedy) > 0);
}

static void check_answer(const struct config *config, const struct routed *routed) {
    static const struct json_limits limits = {.max_bytes = ANSWER_BYTES, .max_depth = 16};
    static struct change changes[ROUTE_MAX_EVENTS];
    static struct buf answer = {.limit = ANSWER_BYTES};
    for (size_t i = 0; i < routed->n_triggers; i++) {
        const struct trigger *t = &routed->triggers[i];
        changes[i] = (struct change){
            .trigger = t,
            .err = err_is_set(&t->refusal) ? &t->refusal : NULL,
            .status = err_is_set(&t->refusal) ? CHANGE_REFUSED : CHANGE_IGNORED,
            .note = t->note,
        };
    }
    struct json_span span;
    struct err err;
    err_init(&err);
    buf_clear(&answer);
    report_response(config, changes, routed->n_triggers, 0, &answer);
    require(!answer.failed && json_scan(buf_view(&answer), &limits, "answer", &span, &err) == 0);
}

/* From a copy that is gone when the triggers are looked at. */
static void route_copy(struct view payload, const struct config *config, struct arena *arena,
                       struct routed *ret_routed) {
    const struct route_context context = {
        .config = config,
        .own_account = VIEW("222222222222"),
        .request_id = VIEW("request-1"),
        .now_ms = NOW_MS,
    };
    struct err err;
    err_init(&err);
    char *copy = malloc(payload.len + 1);
    require(copy != NULL);
    memcpy(copy, payload.data, payload.len);
    require(route((struct view){copy, payload.len}, &context, arena, ret_routed, &err) == 0);
    free(copy);
}

static void require_same(const struct routed *routed, const struct routed *again) {
    require(routed->n_triggers == again->n_triggers && routed->shape == again->shape);
    for (size_t i = 0; i < routed->n_triggers; i++) {
        const struct trigger *a = &routed->triggers[i], *b = &again->triggers[i];
        require(a->kind == b->kind && a->refusal.code == b->refusal.code &&
                view_equal(a->event_id, b->event_id) && view_equal(a->service, b->service) &&
                view_equal(a->tag, b->tag) && strcmp(a->refusal.message, b->refusal.message) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    struct view payload = {size > 0 ? (const char *)data : "", size};
    const struct config *config = &configs[size % 2];
    struct routed routed, again;
    arena_reset(&arena);
    route_copy(payload, config, &arena, &routed);
    require(routed.n_triggers <= ROUTE_MAX_EVENTS);
    require(routed.shape == PAYLOAD_ARRAY || routed.n_triggers == 1);
    for (size_t i = 0; i < routed.n_triggers; i++) {
        check_trigger(&routed.triggers[i], &arena);
    }
    check_answer(config, &routed);
    if (size % 8 < 2) {
        route_copy(payload, config, &arena, &again);
        require_same(&routed, &again);
    }
    return 0;
}
