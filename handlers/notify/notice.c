#include "handlers/notify/notice.h"

#include "handlers/report.h"
#include "runtime/base/buf.h"

/* A detail has some twenty members; what a task has moved can be a long list. SNS and EventBridge
 * take 256 KB, with all that goes with it. */
#define DETAIL_BYTES ((size_t)192 * 1024)

static enum notice_kind notice_of_rollout(enum rollout_outcome outcome) {
    switch (outcome) {
    case ROLLOUT_COMPLETED:
    case ROLLOUT_ROLLED_BACK:
        return NOTICE_COMPLETED;
    case ROLLOUT_FAILED:
    case ROLLOUT_SUPERSEDED:
        return NOTICE_FAILED;
    case ROLLOUT_IMPAIRED:
        return NOTICE_IMPAIRED;
    case ROLLOUT_NONE:
        return NOTICE_NONE;
    }
    return NOTICE_NONE;
}

/* A task and a function have what they were given once AWS has answered. */
static bool has_later_end(const struct change *change) {
    return change->target != NULL && change->target->kind == TARGET_SERVICE;
}

enum notice_kind notice_of(const struct config *config, const struct change *change) {
    if (config->dry_run || change->trigger->dry_run) {
        return NOTICE_NONE;
    }
    switch (change->status) {
    case CHANGE_RESTARTED:
    case CHANGE_DEPLOYED:
    case CHANGE_ROLLED_BACK:
        return has_later_end(change) ? NOTICE_STARTED : NOTICE_COMPLETED;
    case CHANGE_REPORTED:
        return notice_of_rollout(change->rollout.outcome);
    case CHANGE_REFUSED:
        return NOTICE_REFUSED;
    case CHANGE_FAILED:
        /* What became of a deployment is told when it can be learnt. */
        return change->trigger->kind == TRIGGER_ROLLOUT ? NOTICE_NONE : NOTICE_FAILED;
    case CHANGE_IGNORED:
    case CHANGE_UNCHANGED:
    case CHANGE_SUPERSEDED:
    case CHANGE_PLANNED:
        return NOTICE_NONE;
    }
    return NOTICE_NONE;
}

bool notice_is_trouble(enum notice_kind kind) {
    return kind == NOTICE_FAILED || kind == NOTICE_REFUSED || kind == NOTICE_IMPAIRED;
}

const char *notice_detail_type(enum notice_kind kind) {
    switch (kind) {
    case NOTICE_STARTED:
        return "Deployment Started";
    case NOTICE_COMPLETED:
        return "Deployment Completed";
    case NOTICE_FAILED:
        return "Deployment Failed";
    case NOTICE_REFUSED:
        return "Deployment Refused";
    case NOTICE_NONE:
    case NOTICE_IMPAIRED:
        return NULL;
    }
    return NULL;
}

static const char *title_of_start(enum change_status status) {
    if (status == CHANGE_RESTARTED) {
        return "restart started";
    }
    return status == CHANGE_ROLLED_BACK ? "rollback started" : "deployment started";
}

static const char *title_of_rollout(enum rollout_outcome outcome) {
    switch (outcome) {
    case ROLLOUT_COMPLETED:
        return "deployment completed";
    case ROLLOUT_ROLLED_BACK:
        return "rolled back";
    case ROLLOUT_FAILED:
        return "deployment failed";
    case ROLLOUT_SUPERSEDED:
        return "deployment superseded";
    case ROLLOUT_IMPAIRED:
        return "tasks do not come up";
    case ROLLOUT_NONE:
        return "";
    }
    return "";
}

const char *notice_title(const struct change *change, enum notice_kind kind) {
    if (change->status == CHANGE_REPORTED) {
        return title_of_rollout(change->rollout.outcome);
    }
    switch (kind) {
    case NOTICE_STARTED:
        return title_of_start(change->status);
    case NOTICE_COMPLETED:
        return "deployed";
    case NOTICE_FAILED:
        return "failed; it may be tried again";
    case NOTICE_REFUSED:
        return "refused";
    case NOTICE_NONE:
    case NOTICE_IMPAIRED:
        return "";
    }
    return "";
}

struct view notice_detail(const struct config *config, const struct change *change,
                          struct arena *arena) {
    struct buf text BUF_AUTO = BUF_INIT(DETAIL_BYTES);
    struct json_writer w = json_writer(&text);
    json_begin_object(&w, NULL);
    json_put_string(&w, "environment", config->env);
    json_put_string(&w, "project", config->project);
    json_put_string(&w, "event_id", change->trigger->event_id);
    json_put_optional(&w, "reason", change->trigger->reason);
    report_put_change(&w, change);
    json_end_object(&w);
    return text.failed ? (struct view){0} : arena_copy(arena, buf_view(&text));
}
