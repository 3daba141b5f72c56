#include "plan_text.h"

#include "canonical.h"
#include "runtime/base/json_write.h"

#include <stdio.h>

void plan_register_name(size_t index, char ret_name[static PLAN_NAME_BYTES]) {
    if (index == 0) {
        (void)snprintf(ret_name, PLAN_NAME_BYTES, "register.json");
    } else {
        (void)snprintf(ret_name, PLAN_NAME_BYTES, "register-%zu.json", index + 1);
    }
}

static struct view verdict_name(enum verdict verdict) {
    switch (verdict) {
    case VERDICT_IGNORED:
        return VIEW("ignored");
    case VERDICT_UNCHANGED:
        return VIEW("unchanged");
    case VERDICT_SUPERSEDED:
        return VIEW("superseded");
    case VERDICT_RESTART:
        return VIEW("restart");
    case VERDICT_DEPLOY:
        return VIEW("deploy");
    case VERDICT_REPORT:
        return VIEW("report");
    case VERDICT_REFUSED:
        return VIEW("refused");
    case VERDICT_FAILED:
        return VIEW("failed");
    }
    return VIEW("");
}

static struct view delivery_name(enum delivery delivery) {
    switch (delivery) {
    case DELIVER_UPDATE_SERVICE:
        return (struct view){0};
    case DELIVER_STOP:
        return VIEW("stop");
    case DELIVER_CODE_DEPLOY:
        return VIEW("code_deploy");
    case DELIVER_TASK:
        return VIEW("task");
    case DELIVER_LAMBDA:
        return VIEW("lambda");
    }
    return VIEW("");
}

static void put_error(struct json_writer *w, const struct err *error) {
    json_put_string(w, "code", view_of(err_name(error->code)));
    json_put_string(w, "message", view_of(error->message));
    json_put_string(w, "remedy", view_of(error->remedy));
}

static void put_from(struct json_writer *w, const struct change *change) {
    if (change->from_task_definition.len + change->from_image.len > 0) {
        json_begin_object(w, "from");
        json_put_optional(w, "task_definition", change->from_task_definition);
        json_put_optional(w, "image", change->from_image);
        json_end_object(w);
    }
}

static void put_to(struct json_writer *w, const struct change *change) {
    if (change->to_image.len + change->tag.len + change->digest.len > 0) {
        json_begin_object(w, "to");
        json_put_optional(w, "image", change->to_image);
        json_put_optional(w, "tag", change->tag);
        json_put_optional(w, "digest", change->digest);
        json_end_object(w);
    }
}

static void put_trace(struct json_writer *w, const struct change *change) {
    if (change->n_trace == 0) {
        return;
    }
    json_begin_object(w, "trace");
    for (size_t i = 0; i < change->n_trace; i++) {
        char key[PLAN_NAME_BYTES];
        (void)snprintf(key, sizeof(key), VIEW_FMT, VIEW_ARG(change->trace[i].key));
        json_put_string(w, key, change->trace[i].value);
    }
    json_end_object(w);
}

static void put_rollout(struct json_writer *w, const struct rollout *rollout) {
    if (rollout->outcome == ROLLOUT_NONE) {
        return;
    }
    json_begin_object(w, "rollout");
    json_put_string(w, "outcome", view_of(rollout_outcome_name(rollout->outcome)));
    json_put_optional(w, "why", rollout->why);
    json_put_optional(w, "remedy", rollout->remedy);
    json_put_i64(w, "duration_ms", rollout->duration_ms);
    json_put_optional(w, "completed", rollout->completed_arn);
    json_end_object(w);
}

static void put_side(struct json_writer *w, const char *name, struct view json) {
    if (json.len > 0) {
        json_put_raw(w, name, json);
    }
}

static void put_differences(struct json_writer *w, const struct change *change) {
    if (change->n_differences == 0) {
        return;
    }
    json_begin_array(w, "differences");
    for (size_t i = 0; i < change->n_differences; i++) {
        json_begin_object(w, NULL);
        json_put_string(w, "path", change->differences[i].path);
        put_side(w, "from", change->differences[i].from);
        put_side(w, "to", change->differences[i].to);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_change(struct json_writer *w, const struct change *change, size_t index) {
    char name[PLAN_NAME_BYTES];
    json_begin_object(w, NULL);
    json_put_optional(w, "target",
                      change->target != NULL ? change->target->name : change->trigger->service);
    json_put_string(w, "verdict", verdict_name(change->verdict));
    json_put_optional(w, "delivery", delivery_name(change->delivery));
    if (change->err != NULL) {
        put_error(w, change->err);
    }
    json_put_optional(w, "note", change->note);
    put_from(w, change);
    put_to(w, change);
    json_put_optional(w, "reuse", change->reuse);
    put_trace(w, change);
    json_put_optional(w, "stop_deployment", change->stop_deployment);
    put_rollout(w, &change->rollout);
    if (change->register_request.len > 0) {
        plan_register_name(index, name);
        json_put_string(w, "register", view_of(name));
    }
    put_differences(w, change);
    json_end_object(w);
}

int plan_text(const struct walked *walked, struct arena *arena, struct view *ret_text,
              struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    struct json_writer w = json_writer(&text);
    struct json_span root;
    json_begin_object(&w, NULL);
    if (err_is_set(&walked->config_error)) {
        json_begin_object(&w, "config_error");
        put_error(&w, &walked->config_error);
        json_end_object(&w);
    } else {
        json_begin_array(&w, "changes");
        for (size_t i = 0; i < walked->n; i++) {
            put_change(&w, &walked->changes[i], i);
        }
        json_end_array(&w);
    }
    json_end_object(&w);
    if (buf_check(&text, "a plan", err) != 0) {
        return -1;
    }
    struct view copy = arena_copy(arena, buf_view(&text));
    if (copy.data == NULL) {
        return err_out_of_memory(err, "a plan");
    }
    return golden_scan(copy, "plan", &root, err) != 0
               ? -1
               : canonical_json(root, false, arena, ret_text, err);
}
