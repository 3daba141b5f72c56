#include "handlers/deploy/facts_past.h"

#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/service_past.h"
#include "runtime/aws/ecs_service_deployments.h"

/* Two waves, and mostly none: the services' deployments, then what those went to. */

struct look_back {
    const struct facts_request *request;
    struct past_facts *past;
    struct ecs_past_deployments listed;
};

struct looks_back {
    const struct gathering_place *place;
    struct look_back *all;
    struct aws_call *calls; /* of each */
    size_t n;
};

static int out_of_memory(const struct gathering_place *place) {
    return err_out_of_memory(place->err, "facts");
}

static int begin(const struct gathering_place *place, const struct facts_request *request,
                 struct look_back *ret_look) {
    struct past_facts *past = ARENA_NEW(place->arena, struct past_facts);
    if (!past) {
        return out_of_memory(place);
    }
    *ret_look = (struct look_back){.request = request, .past = past};
    request->ret_facts->past = past;
    return 0;
}

/* --- the deployments --- */

static int read_list(const struct gathering_place *place, struct look_back *look,
                     const struct aws_call *call) {
    struct past_facts *past = look->past;
    struct err error;
    err_init(&error);
    if (ecs_list_past_deployments_result(call, place->arena, &look->listed, &error) != 0) {
        return facts_keep_error(place, &error, &past->err);
    }
    past->n = look->listed.n < ECS_PAST_DEPLOYMENTS_MAX ? look->listed.n : ECS_PAST_DEPLOYMENTS_MAX;
    past->is_all = !look->listed.has_more && past->n == look->listed.n;
    past->deployments = ARENA_ARRAY(place->arena, past->n, struct past_deployment);
    if (!past->deployments) {
        return out_of_memory(place);
    }
    for (size_t i = 0; i < past->n; i++) {
        struct view status = look->listed.all[i].status;
        past->deployments[i] = (struct past_deployment){
            .created_at_ms = look->listed.all[i].created_at_ms,
            .was_undone = view_starts_with(status, VIEW("ROLLBACK")) ||
                          view_equal(status, VIEW("STOP_REQUESTED")),
        };
    }
    return 0;
}

static int list_all(const struct looks_back *looks) {
    const struct gathering_place *place = looks->place;
    for (size_t i = 0; i < looks->n; i++) {
        const struct target *target = looks->all[i].request->target;
        if (ecs_list_past_deployments_call(target->cluster, target->service, place->arena,
                                           &looks->calls[i], place->err) != 0) {
            return -1;
        }
    }
    aws_call_all(place->aws, looks->calls, looks->n, place->deadline_ms, place->arena);
    for (size_t i = 0; i < looks->n; i++) {
        if (read_list(place, &looks->all[i], &looks->calls[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- what they went to --- */

static int build_revisions(const struct gathering_place *place, const struct look_back *look,
                           struct aws_call *ret_call) {
    struct view arns[ECS_PAST_DEPLOYMENTS_MAX];
    for (size_t i = 0; i < look->past->n; i++) {
        arns[i] = look->listed.all[i].target_revision;
    }
    return ecs_describe_service_revisions_call(arns, look->past->n, place->arena, ret_call,
                                               place->err);
}

static int read_revisions(const struct gathering_place *place, struct look_back *look,
                          const struct aws_call *call) {
    struct ecs_service_revision *revisions = NULL;
    size_t n = 0;
    struct err error;
    err_init(&error);
    if (ecs_describe_service_revisions_result(call, place->arena, &revisions, &n, &error) != 0) {
        return facts_keep_error(place, &error, &look->past->err);
    }
    for (size_t i = 0; i < look->past->n; i++) {
        for (size_t j = 0; j < n; j++) {
            if (view_equal(revisions[j].arn, look->listed.all[i].target_revision)) {
                look->past->deployments[i].task_definition = revisions[j].task_definition;
            }
        }
    }
    return 0;
}

/* Of those that have any; the others are done. */
static int describe_all(struct looks_back *looks) {
    const struct gathering_place *place = looks->place;
    size_t n = 0;
    for (size_t i = 0; i < looks->n; i++) {
        const struct look_back look = looks->all[i];
        if (look.past->err || look.past->n == 0) {
            continue;
        }
        if (build_revisions(place, &look, &looks->calls[n]) != 0) {
            return -1;
        }
        looks->all[n++] = look;
    }
    looks->n = n;
    if (n > 0) {
        aws_call_all(place->aws, looks->calls, n, place->deadline_ms, place->arena);
    }
    for (size_t i = 0; i < n; i++) {
        if (read_revisions(place, &looks->all[i], &looks->calls[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

int facts_gather_past(const struct gathering_place *place, const struct facts_request *requests,
                      size_t n) {
    struct looks_back looks = {
        .place = place,
        .all = ARENA_ARRAY(place->arena, n, struct look_back),
        .calls = ARENA_ARRAY(place->arena, n, struct aws_call),
    };
    if (!looks.all || !looks.calls) {
        return out_of_memory(place);
    }
    for (size_t i = 0; i < n; i++) {
        struct view event_tag = revision_event_tag(requests[i].trigger->event_id, place->arena);
        if (!event_tag.data) {
            return out_of_memory(place);
        }
        if (past_is_wanted(&requests[i], event_tag) &&
            begin(place, &requests[i], &looks.all[looks.n++]) != 0) {
            return -1;
        }
    }
    if (looks.n == 0) {
        return 0;
    }
    return list_all(&looks) != 0 ? -1 : describe_all(&looks);
}
