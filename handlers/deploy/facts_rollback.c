#include "handlers/deploy/facts_rollback.h"

#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/plan_revision.h"
#include "runtime/aws/ecs_service_deployments.h"

#include <string.h>

/* One request's search. */
struct search {
    const struct gathering_place *place;
    const struct facts_request *request;
    struct rollback_facts *rollback;
    int64_t next; /* the number to be described next; 0: all are */
    size_t n_looked;
    bool is_over;
};

bool rollback_is_completed(const struct ecs_task_definition *definition) {
    return revision_is_active(definition) && ecs_tag_value(definition, TAG_COMPLETED).len > 0;
}

int64_t rollback_named_revision(struct view to) {
    struct view family;
    int64_t revision = 0;
    if (view_to_i64(to, &revision)) {
        return revision > 0 ? revision : 0;
    }
    return revision_parse(to, &family, &revision) ? revision : 0;
}

/* --- which revisions --- */

static struct view to_of(const struct search *s) {
    return s->request->trigger->to;
}

static bool is_meant(const struct search *s, const struct ecs_task_definition *definition) {
    struct view to = to_of(s);
    if (to.len == 0) {
        return rollback_is_completed(definition);
    }
    return rollback_named_revision(to) > 0 ||
           (revision_is_active(definition) &&
            view_equal(ecs_tag_value(definition, TAG_IMAGE_TAG), to));
}

/* What it was pinned to; empty: not known. */
static struct view digest_of(const struct ecs_task_definition *definition) {
    return ecs_tag_value(definition, TAG_DIGEST);
}

/* An image that the registry's lifecycle has removed cannot be started again. Where that is not to
 * be learnt (no permission, no answer), it is not held against the revision. */
static int check_image(const struct search *s, struct rollback_candidate *candidate) {
    struct view digest = digest_of(&candidate->definition);
    struct wave wave = wave_of(s->place->arena);
    struct ecr_image image;
    const struct err *error = NULL;
    if (digest.len == 0) {
        return 0;
    }
    int read = wave_add_image(&wave, &s->request->target->repository,
                              (struct ecr_image_id){.digest = digest}, s->place->err);
    if (read < 0 || wave_run(&wave, s->place->aws, s->place->deadline_ms, s->place->err) != 0 ||
        wave_image(&wave, read, &image, &error, s->place->err) != 0) {
        return -1;
    }
    candidate->image_is_gone = error && error->code == ERR_IMAGE_NOT_FOUND;
    return 0;
}

static int take(struct search *s, const struct ecs_task_definition *definition) {
    struct rollback_facts *rollback = s->rollback;
    if (!is_meant(s, definition)) {
        return 0;
    }
    struct rollback_candidate *candidate = &rollback->candidates[rollback->n_candidates++];
    candidate->definition = *definition;
    if (check_image(s, candidate) != 0) {
        return -1;
    }
    s->is_over = !candidate->image_is_gone;
    return 0;
}

/* --- one wave of the search --- */

static int ask(const struct search *s, struct wave *wave, int64_t revision) {
    struct view name = arena_printf(s->place->arena, VIEW_FMT ":%lld",
                                    VIEW_ARG(s->request->target->family), (long long)revision);
    return name.data && wave_add_task_definition(wave, name, s->place->err) >= 0
               ? 0
               : err_out_of_memory(s->place->err, "facts");
}

static int read_wave(struct search *s, const struct wave *wave) {
    for (size_t i = 0; i < wave->n && !s->is_over; i++) {
        struct ecs_task_definition definition;
        const struct err *error = NULL;
        if (wave_task_definition(wave, (int)i, &definition, &error, s->place->err) != 0) {
            return -1;
        }
        if (error && err_class(error->code) != ERR_CLASS_REFUSED) {
            s->rollback->err = error;
            s->is_over = true;
        } else if (!error && take(s, &definition) != 0) {
            return -1;
        }
    }
    return 0;
}

static int search_on(struct search *s) {
    struct wave wave = wave_of(s->place->arena);
    while (s->next > 0 && wave.n < ROLLBACK_WAVE && s->n_looked < ROLLBACK_MAX_REVISIONS) {
        if (ask(s, &wave, s->next) != 0) {
            return -1;
        }
        s->next = rollback_named_revision(to_of(s)) > 0 ? 0 : s->next - 1;
        s->n_looked++;
    }
    if (wave.n == 0) {
        s->is_over = true;
        return 0;
    }
    return wave_run(&wave, s->place->aws, s->place->deadline_ms, s->place->err) != 0
               ? -1
               : read_wave(s, &wave);
}

/* Below what runs; a tag may be any revision's. */
static int64_t first_revision(const struct facts_request *request) {
    const struct facts *facts = request->ret_facts;
    int64_t named = rollback_named_revision(request->trigger->to);
    struct view family;
    int64_t running = 0;
    if (named > 0) {
        return named;
    }
    if (request->trigger->to.len > 0) {
        return facts->latest.revision;
    }
    return revision_parse(facts->service.task_definition, &family, &running) ? running - 1 : 0;
}

static int search_revisions(struct search *s) {
    s->rollback->candidates =
        ARENA_ARRAY(s->place->arena, ROLLBACK_MAX_REVISIONS, struct rollback_candidate);
    if (!s->rollback->candidates) {
        return err_out_of_memory(s->place->err, "facts");
    }
    s->next = first_revision(s->request);
    while (!s->is_over) {
        if (search_on(s) != 0) {
            return -1;
        }
    }
    s->rollback->searched_all = s->next == 0;
    return 0;
}

/* --- the deployment in progress --- */

static bool is_in_progress(const struct facts *facts) {
    return facts->service.primary &&
           view_equal(facts->service.primary->rollout_state, VIEW("IN_PROGRESS")) &&
           facts->service.n_deployments > 1;
}

/* One call whose failure says no more than that this way is closed. */
static void call_once(const struct gathering_place *place, struct aws_call *call) {
    aws_call_all(place->aws, call, 1, place->deadline_ms, place->arena);
}

/* Memory that runs out is an error; all else leaves the answer empty, and the service is updated.
 */
static int closed(const struct gathering_place *place, const struct err *error) {
    return error->code == ERR_OUT_OF_MEMORY ? err_out_of_memory(place->err, "facts") : 0;
}

static int read_source(const struct gathering_place *place, struct view arn,
                       struct rollback_facts *rollback) {
    struct ecs_service_deployment deployment;
    struct aws_call call = {0};
    struct err error;
    err_init(&error);
    if (ecs_describe_service_deployment_call(arn, place->arena, &call, place->err) != 0) {
        return -1;
    }
    call_once(place, &call);
    if (ecs_describe_service_deployment_result(&call, place->arena, &deployment, &error) != 0) {
        return closed(place, &error);
    }
    if (deployment.source_revision.len == 0) {
        return 0;
    }
    memset(&call, 0, sizeof(call));
    if (ecs_describe_service_revision_call(deployment.source_revision, place->arena, &call,
                                           place->err) != 0) {
        return -1;
    }
    call_once(place, &call);
    if (ecs_describe_service_revision_result(&call, place->arena, &rollback->source_task_definition,
                                             &error) != 0) {
        return closed(place, &error);
    }
    rollback->deployment = deployment.arn;
    return 0;
}

static int find_deployment(const struct gathering_place *place,
                           const struct facts_request *request) {
    const struct target *target = request->target;
    struct aws_call call = {0};
    struct view *arns = NULL;
    size_t n = 0;
    struct err error;
    err_init(&error);
    if (ecs_list_service_deployments_call(target->cluster, target->service, place->arena, &call,
                                          place->err) != 0) {
        return -1;
    }
    call_once(place, &call);
    if (ecs_list_service_deployments_result(&call, place->arena, &arns, &n, &error) != 0) {
        return closed(place, &error);
    }
    return n == 1 ? read_source(place, arns[0], request->ret_facts->rollback) : 0;
}

/* --- all requests --- */

static bool is_concerned(const struct facts_request *request) {
    return request->trigger->kind == TRIGGER_ROLLBACK && request->target->kind == TARGET_SERVICE &&
           !request->ret_facts->service_err;
}

int facts_gather_rollback(const struct gathering_place *place, const struct facts_request *requests,
                          size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!is_concerned(&requests[i])) {
            continue;
        }
        struct rollback_facts *rollback = ARENA_NEW(place->arena, struct rollback_facts);
        if (!rollback) {
            return err_out_of_memory(place->err, "facts");
        }
        requests[i].ret_facts->rollback = rollback;
        struct search search = {.place = place, .request = &requests[i], .rollback = rollback};
        if (search_revisions(&search) != 0) {
            return -1;
        }
        if (requests[i].trigger->to.len == 0 && is_in_progress(requests[i].ret_facts) &&
            find_deployment(place, &requests[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
