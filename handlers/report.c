#include "handlers/report.h"

#include <string.h>

/* Bytes of a plan's differences, or of what a task has moved, in a log line: the line holds 256 KB,
 * and should be readable. */
#define LIST_LOG_BYTES ((size_t)64 * 1024)
/* A metrics line has a dozen short members. */
#define METRICS_BYTES ((size_t)4 * 1024)
/* Failures listed in one error, in bytes; the rest is counted. */
#define FAILURES_BYTES (ERR_MESSAGE_BYTES - 128)

static bool is_dry_run(const struct config *config, const struct change *change) {
    return config->dry_run || change->trigger->dry_run;
}

struct view report_target(const struct change *change) {
    return change->target != NULL ? change->target->name : change->trigger->service;
}

static struct view target_kind(const struct change *change) {
    return change->target != NULL ? view_of(target_kind_name(change->target->kind))
                                  : (struct view){0};
}

/* What a dry run would have done. */
static struct view planned_action(const struct change *change) {
    if (change->status != CHANGE_PLANNED) {
        return (struct view){0};
    }
    if (change->verdict == VERDICT_RESTART) {
        return VIEW("restart");
    }
    if (change->verdict == VERDICT_REPORT) {
        return VIEW("report");
    }
    return change->trigger->kind == TRIGGER_ROLLBACK ? VIEW("rollback") : VIEW("deploy");
}

/* Why a change was left undone, in the words that an error has. */
struct reason {
    struct view code, message, remedy;
};

static struct reason reason_of(const struct change *change) {
    if (change->err != NULL) {
        return (struct reason){.code = view_of(err_name(change->err->code)),
                               .message = view_of(change->err->message),
                               .remedy = view_of(change->err->remedy)};
    }
    switch (change->status) {
    case CHANGE_SUPERSEDED:
        return (struct reason){.code = VIEW("Superseded"),
                               .message = change->note,
                               .remedy =
                                   VIEW("send the deploy as a new event to have it after all")};
    case CHANGE_IGNORED:
        return (struct reason){.code = VIEW("Ignored"),
                               .message = change->note,
                               .remedy = VIEW("send it to the environment that it is meant for, or "
                                              "switch this kind of event on")};
    case CHANGE_PLANNED:
        return (struct reason){
            .code = VIEW("Planned"),
            .message = change->note.len > 0 ? change->note : VIEW("a dry run: nothing was written"),
            .remedy = VIEW("send the event without 'dry_run', with DRY_RUN off, "
                           "to carry it out")};
    case CHANGE_UNCHANGED:
    case CHANGE_REPORTED:
    case CHANGE_RESTARTED:
    case CHANGE_DEPLOYED:
    case CHANGE_ROLLED_BACK:
    case CHANGE_REFUSED:
    case CHANGE_FAILED:
        break;
    }
    return (struct reason){0};
}

/* What is to be said of a change that was carried out, or had been. */
static struct view note_of(const struct change *change) {
    return reason_of(change).message.len > 0 ? (struct view){0} : change->note;
}

static struct view to_task_definition(const struct change *change) {
    return change->to_task_definition.len > 0 ? change->to_task_definition : change->reuse;
}

/* ---- the response ---- */

static void put_from(struct json_writer *w, const struct change *change) {
    if (change->from_task_definition.len == 0 && change->from_image.len == 0) {
        return;
    }
    json_begin_object(w, "from");
    json_put_optional(w, "task_definition", change->from_task_definition);
    json_put_optional(w, "image", change->from_image);
    json_end_object(w);
}

static void put_to(struct json_writer *w, const struct change *change) {
    struct view task_definition = to_task_definition(change);
    if (task_definition.len + change->to_image.len + change->tag.len + change->digest.len == 0) {
        return;
    }
    json_begin_object(w, "to");
    json_put_optional(w, "task_definition", task_definition);
    json_put_optional(w, "image", change->to_image);
    json_put_optional(w, "tag", change->tag);
    json_put_optional(w, "digest", change->digest);
    json_end_object(w);
}

static void put_raw_optional(struct json_writer *w, const char *name, struct view json) {
    if (json.len > 0) {
        json_put_raw(w, name, json);
    }
}

/* [{"path":"containerDefinitions[1].image","from":"…","to":"…"}] */
static void put_diff(struct json_writer *w, const char *name, const struct change *change) {
    json_begin_array(w, name);
    for (size_t i = 0; i < change->n_differences; i++) {
        const struct taskdef_difference *difference = &change->differences[i];
        json_begin_object(w, NULL);
        json_put_string(w, "path", difference->path);
        put_raw_optional(w, "from", difference->from);
        put_raw_optional(w, "to", difference->to);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_reason(struct json_writer *w, const struct change *change) {
    struct reason reason = reason_of(change);
    json_put_optional(w, "code", reason.code);
    json_put_optional(w, "message", reason.message);
    json_put_optional(w, "remedy", reason.remedy);
}

/* Whole seconds; -1: not known. */
static int64_t rollout_seconds(const struct change *change) {
    const struct rollout *rollout = &change->rollout;
    return rollout->outcome == ROLLOUT_NONE || rollout->duration_ms < 0
               ? -1
               : (rollout->duration_ms + 500) / 1000;
}

static void put_rollout(struct json_writer *w, const struct change *change) {
    const struct rollout *rollout = &change->rollout;
    if (change->status != CHANGE_REPORTED && change->status != CHANGE_PLANNED) {
        return;
    }
    json_put_optional(w, "outcome", view_of(rollout_outcome_name(rollout->outcome)));
    json_put_optional(w, "why", rollout->why);
    if (change->status == CHANGE_REPORTED) {
        json_put_optional(w, "remedy", rollout->remedy);
    }
    if (rollout_seconds(change) >= 0) {
        json_put_i64(w, "rollout_seconds", rollout_seconds(change));
    }
}

static void put_moved(struct json_writer *w, const char *name, const struct change *change) {
    json_begin_array(w, name);
    for (size_t i = 0; i < change->n_moved; i++) {
        json_put_string(w, NULL, change->moved[i]);
    }
    json_end_array(w);
}

void report_put_change(struct json_writer *w, const struct change *change) {
    json_put_optional(w, "target", report_target(change));
    json_put_optional(w, "kind", target_kind(change));
    json_put_string(w, "status", view_of(change_status_name(change->status)));
    json_put_optional(w, "action", planned_action(change));
    put_reason(w, change);
    json_put_optional(w, "note", note_of(change));
    put_from(w, change);
    put_to(w, change);
    json_put_optional(w, "deployment_id", change->deployment_id);
    json_put_optional(w, "version", change->version);
    if (change->n_moved > 0) {
        put_moved(w, "moved", change);
    }
    if (change->verdict == VERDICT_REPORT) {
        put_rollout(w, change);
    } else if (change->status == CHANGE_PLANNED) {
        put_diff(w, "diff", change);
    }
}

static enum change_status most_serious(const struct change *changes, size_t n) {
    enum change_status worst = CHANGE_IGNORED;
    for (size_t i = 0; i < n; i++) {
        if (changes[i].status > worst) {
            worst = changes[i].status;
        }
    }
    return worst;
}

void report_response(const struct config *config, const struct change *changes, size_t n,
                     int64_t duration_ms, struct buf *response) {
    struct json_writer w = json_writer(response);
    json_begin_object(&w, NULL);
    json_put_string(&w, "status", view_of(change_status_name(most_serious(changes, n))));
    json_put_string(&w, "environment", config->env);
    json_put_string(&w, "project", config->project);
    if (n > 0) {
        json_put_string(&w, "event_id", changes[0].trigger->event_id);
    }
    json_put_i64(&w, "duration_ms", duration_ms);
    json_begin_array(&w, "changes");
    for (size_t i = 0; i < n; i++) {
        json_begin_object(&w, NULL);
        report_put_change(&w, &changes[i]);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
}

/* ---- the log ---- */

#define LINE_MAX_FIELDS 32

struct line {
    struct log_field fields[LINE_MAX_FIELDS];
    size_t n;
};

static void add(struct line *line, const char *name, struct view value) {
    if (value.len > 0) {
        line->fields[line->n++] = LOG_VIEW(name, value);
    }
}

static enum log_level level_of(const struct change *change) {
    enum rollout_outcome outcome = change->rollout.outcome;
    if (outcome == ROLLOUT_FAILED || outcome == ROLLOUT_IMPAIRED) {
        return LOG_WARN;
    }
    switch (change->status) {
    case CHANGE_IGNORED:
    case CHANGE_UNCHANGED:
    case CHANGE_SUPERSEDED:
    case CHANGE_PLANNED:
    case CHANGE_REPORTED:
    case CHANGE_RESTARTED:
    case CHANGE_DEPLOYED:
    case CHANGE_ROLLED_BACK:
        return LOG_INFO;
    case CHANGE_REFUSED:
        return LOG_WARN;
    case CHANGE_FAILED:
        return LOG_ERROR;
    }
    return LOG_ERROR;
}

/* A list as JSON, into `text`, which has to last as long as the line. */
static void add_list(struct line *line, const char *name, const struct change *change,
                     void (*put)(struct json_writer *w, const char *name,
                                 const struct change *change),
                     struct buf *text) {
    struct json_writer w = json_writer(text);
    put(&w, NULL, change);
    line->fields[line->n++] = text->failed ? LOG_STR(name, "too long for a line: see the answer")
                                           : LOG_RAW_JSON(name, buf_view(text));
}

static void log_change(const struct log *log, const struct config *config,
                       const struct change *change, int64_t duration_ms) {
    struct line line = {.n = 0};
    struct buf diff BUF_AUTO = BUF_INIT(LIST_LOG_BYTES);
    struct buf moved BUF_AUTO = BUF_INIT(LIST_LOG_BYTES);
    const char *status = change_status_name(change->status);
    const struct err *err = change->err;
    add(&line, "status", view_of(status));
    add(&line, "project", config->project);
    add(&line, "environment", config->env);
    add(&line, "target", report_target(change));
    add(&line, "kind", target_kind(change));
    add(&line, "event_id", change->trigger->event_id);
    add(&line, "code", reason_of(change).code);
    add(&line, "remedy", reason_of(change).remedy);
    add(&line, "note", change->note);
    add(&line, "tag", change->tag.len > 0 ? change->tag : change->trigger->tag);
    add(&line, "digest", change->digest.len > 0 ? change->digest : change->trigger->digest);
    add(&line, "from_task_definition", change->from_task_definition);
    add(&line, "from_image", change->from_image);
    add(&line, "to_task_definition", to_task_definition(change));
    add(&line, "to_image", change->to_image);
    add(&line, "deployment_id", change->deployment_id);
    add(&line, "version", change->version);
    add(&line, "outcome", view_of(rollout_outcome_name(change->rollout.outcome)));
    add(&line, "why", change->rollout.why);
    add(&line, "what_to_do", change->rollout.remedy);
    if (rollout_seconds(change) >= 0) {
        line.fields[line.n++] = LOG_I64("rollout_seconds", rollout_seconds(change));
    }
    add(&line, "reason", change->trigger->reason);
    add(&line, "action", planned_action(change));
    if (is_dry_run(config, change)) {
        line.fields[line.n++] = LOG_BOOL("dry_run", true);
    }
    line.fields[line.n++] = LOG_I64("duration_ms", duration_ms);
    if (change->n_moved > 0) {
        add_list(&line, "moved", change, put_moved, &moved);
    }
    if (change->status == CHANGE_PLANNED) {
        add_list(&line, "diff", change, put_diff, &diff);
    }
    log_write(log, level_of(change), err != NULL ? err->message : status, line.fields, line.n);
}

/* ---- metrics ---- */

/* What became of a deployment. One that slipway itself rolled back was counted when it began: only
 * the end of it is told here. */
static const char *metric_of_rollout(const struct change *change) {
    switch (change->rollout.outcome) {
    case ROLLOUT_FAILED:
        return "Failed";
    case ROLLOUT_COMPLETED:
    case ROLLOUT_ROLLED_BACK:
        return "RolloutSeconds";
    case ROLLOUT_NONE:
    case ROLLOUT_SUPERSEDED:
    case ROLLOUT_IMPAIRED:
        return NULL;
    }
    return NULL;
}

/* NULL: no metric counts it. */
static const char *metric_of(const struct change *change) {
    switch (change->status) {
    case CHANGE_UNCHANGED:
        return "Unchanged";
    case CHANGE_RESTARTED:
        return "Restarted";
    case CHANGE_DEPLOYED:
        return "Deployed";
    case CHANGE_ROLLED_BACK:
        return "RolledBack";
    case CHANGE_REFUSED:
        return "Refused";
    case CHANGE_FAILED:
        return "Failed";
    case CHANGE_REPORTED:
        return metric_of_rollout(change);
    case CHANGE_IGNORED:
    case CHANGE_SUPERSEDED:
    case CHANGE_PLANNED:
        return NULL;
    }
    return NULL;
}

static bool is_duration(const char *metric) {
    return strcmp(metric, "RolloutSeconds") == 0;
}

static void put_metric(struct json_writer *w, const char *name, const char *unit) {
    json_begin_object(w, NULL);
    json_put_string(w, "Name", view_of(name));
    json_put_string(w, "Unit", view_of(unit));
    json_end_object(w);
}

static void put_dimensions(struct json_writer *w) {
    json_begin_array(w, NULL);
    json_put_string(w, NULL, VIEW("Project"));
    json_put_string(w, NULL, VIEW("Environment"));
    json_put_string(w, NULL, VIEW("Service"));
    json_end_array(w);
}

/* {"Timestamp":1795214344000,"CloudWatchMetrics":[{"Namespace":"slipway",
 *  "Dimensions":[["Project","Environment","Service"]],
 *  "Metrics":[{"Name":"Deployed","Unit":"Count"},{"Name":"DurationMs","Unit":"Milliseconds"}]}]}
 * Amazon CloudWatch User Guide, "Specification: Embedded metric format". */
static void put_metadata(struct json_writer *w, const char *metric, int64_t now_ms) {
    json_begin_object(w, "_aws");
    json_put_i64(w, "Timestamp", now_ms);
    json_begin_array(w, "CloudWatchMetrics");
    json_begin_object(w, NULL);
    json_put_string(w, "Namespace", VIEW("slipway"));
    json_begin_array(w, "Dimensions");
    put_dimensions(w);
    json_end_array(w);
    json_begin_array(w, "Metrics");
    put_metric(w, metric, is_duration(metric) ? "Seconds" : "Count");
    put_metric(w, "DurationMs", "Milliseconds");
    json_end_array(w);
    json_end_object(w);
    json_end_array(w);
    json_end_object(w);
}

static void log_metrics(const struct log *log, const struct config *config,
                        const struct change *change, int64_t duration_ms) {
    struct buf text BUF_AUTO = BUF_INIT(METRICS_BYTES);
    struct json_writer w = json_writer(&text);
    const char *metric = metric_of(change);
    if (metric == NULL || is_dry_run(config, change) ||
        (is_duration(metric) && rollout_seconds(change) < 0)) {
        return;
    }
    json_begin_object(&w, NULL);
    put_metadata(&w, metric, clock_wall_ms(log->clock));
    json_put_string(&w, "Project", config->project);
    json_put_string(&w, "Environment", config->env);
    /* Only names that are configured: whatever an event holds must not become a metric. */
    json_put_string(&w, "Service", change->target != NULL ? change->target->name : VIEW("unknown"));
    json_put_i64(&w, metric, is_duration(metric) ? rollout_seconds(change) : 1);
    json_put_i64(&w, "DurationMs", duration_ms);
    json_end_object(&w);
    if (!text.failed) {
        log_raw(log, buf_view(&text));
    }
}

void report_log(const struct log *log, const struct config *config, const struct change *changes,
                size_t n, int64_t duration_ms) {
    for (size_t i = 0; i < n; i++) {
        log_change(log, config, &changes[i], duration_ms);
        log_metrics(log, config, &changes[i], duration_ms);
    }
}

/* ---- the failure of the invocation ---- */

static void list_failure(struct buf *list, const struct change *change, size_t *n_unlisted) {
    struct view name = report_target(change);
    struct view message = view_of(change->err != NULL ? change->err->message : "no reason known");
    if (*n_unlisted > 0 || list->len + name.len + message.len + 8 > FAILURES_BYTES) {
        (*n_unlisted)++;
        return;
    }
    buf_appendf(list, "%s'" VIEW_FMT "': ", list->len > 0 ? "; " : "", VIEW_ARG(name));
    buf_append(list, message);
}

int report_failure(const struct change *changes, size_t n, struct err *err) {
    struct buf list BUF_AUTO = BUF_INIT(ERR_MESSAGE_BYTES);
    const struct err *first = NULL;
    size_t n_failed = 0, n_unlisted = 0;
    for (size_t i = 0; i < n; i++) {
        if (changes[i].status != CHANGE_FAILED) {
            continue;
        }
        n_failed++;
        first = first != NULL ? first : changes[i].err;
        list_failure(&list, &changes[i], &n_unlisted);
    }
    if (n_failed == 0) {
        return 0;
    }
    if (first == NULL) {
        return err_set(err, ERR_BAD_RESPONSE, "a change failed: %s", buf_cstr(&list));
    }
    if (n == 1) {
        err_set(err, first->code, "%s", first->message);
    } else if (n_unlisted == 0) {
        err_set(err, first->code, "%zu of %zu changes failed: %s", n_failed, n, buf_cstr(&list));
    } else {
        err_set(err, first->code, "%zu of %zu changes failed: %s; and %zu more", n_failed, n,
                buf_cstr(&list), n_unlisted);
    }
    err_remedy(err, "%s", first->remedy);
    return -1;
}
