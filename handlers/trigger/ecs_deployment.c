#include "handlers/trigger/ecs_deployment.h"

#include "handlers/trigger/detail.h"
#include "runtime/aws/arn.h"

#define SHOWN_BYTES 64

static bool matters(struct view name) {
    static const char *const names[] = {
        "SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED",
        "SERVICE_DEPLOYMENT_FAILED",      "SERVICE_TASK_START_IMPAIRED",
        "SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_CONFIGURATION_FAILURE",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (view_equal(name, view_of(names[i]))) {
            return true;
        }
    }
    return false;
}

/* ECS tells of a deployment's start and end by a service action, too, which does not say of which
 * deployment: by the time that it is read another may have begun. */
static bool is_of_unnamed_deployment(struct view name, struct view deployment_id) {
    return view_starts_with(name, VIEW("SERVICE_DEPLOYMENT_")) && deployment_id.len == 0;
}

static bool is_service(struct view text) {
    struct arn arn;
    return arn_parse(text, &arn) && view_equal(arn.service, VIEW("ecs")) &&
           view_starts_with(arn.resource, VIEW("service/"));
}

static struct view detail_text(const struct event *event, const char *member) {
    return json_string(json_get(event->detail, member));
}

int ecs_deployment_parse(const struct event *event, const struct config *config,
                         struct arena *arena, struct trigger *ret_trigger, struct err *err) {
    (void)config;
    struct view name = detail_text(event, "eventName");
    struct view service = json_string(json_first(event->resources));
    struct rollout_event *rollout = &ret_trigger->rollout;
    *ret_trigger = trigger_of(event, TRIGGER_ROLLOUT);
    ret_trigger->scope = SCOPE_ECS_SERVICE;
    ret_trigger->is_automatic = true;
    if (!matters(name)) {
        return trigger_ignore(ret_trigger,
                              arena_printf(arena, "'" VIEW_FMT "' tells nothing of a deployment",
                                           VIEW_ARG(view_slice(name, 0, SHOWN_BYTES))),
                              err);
    }
    if (is_of_unnamed_deployment(name, detail_text(event, "deploymentId"))) {
        return trigger_ignore(
            ret_trigger, VIEW("it names no deployment; ECS Deployment State Change does"), err);
    }
    if (!is_service(service)) {
        struct err cause;
        err_init(&cause);
        (void)err_set(&cause, ERR_EVENT_MALFORMED, "resources: expected the ARN of an ECS service");
        return trigger_refuse(ret_trigger, &cause, err);
    }
    return detail_keep(service, arena, &ret_trigger->ecs_service, err) != 0 ||
                   detail_keep(name, arena, &rollout->name, err) != 0 ||
                   detail_keep(detail_text(event, "eventType"), arena, &rollout->type, err) != 0 ||
                   detail_keep(detail_text(event, "deploymentId"), arena, &rollout->deployment_id,
                               err) != 0 ||
                   detail_keep(detail_cut_reason(detail_text(event, "reason")), arena,
                               &rollout->reason, err) != 0
               ? -1
               : 0;
}
