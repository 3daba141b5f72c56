#include "handlers/deploy/facts_rollback.h"

#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/plan_revision.h"
#include "handlers/deploy/rollback_choice.h"
#include "handlers/deploy/taskdef.h"
#include "runtime/aws/arn.h"
#include "runtime/aws/ecs_service_deployments.h"

enum end { FROM, TO, ENDS };

/* Its own place in the waves that all searches share. */
struct search {
    const struct facts_request *request;
    struct rollback_facts *rollback;
    struct view event_tag;

    struct view at; /* ARN for the next step of finding the deployment; empty: no more steps */
    struct view ends[ENDS]; /* service revisions that the deployment comes from and goes to */
    struct aws_call call;

    int64_t next; /* the number to be described next; 0: all are */
    size_t n_looked;
    bool is_over;
    struct rollback_revision *to_check; /* whose image is to be checked before anything else */
    struct ecr_image_id image;
    int reads[ROLLBACK_WAVE];
    size_t n_reads;
};

struct searches {
    const struct gathering_place *place;
    struct search *all;
    size_t n;
};

static int out_of_memory(const struct gathering_place *place) {
    return err_out_of_memory(place->err, "facts");
}

static struct view to_of(const struct search *s) {
    return s->request->trigger->to;
}

/* --- the deployment in progress: which one, where it comes from and goes to, what ran there --- */

/* Memory that runs out is an error; after any other one this way is closed, and the service is
 * updated. */
static int closed(const struct gathering_place *place, const struct err *error) {
    return error->code == ERR_OUT_OF_MEMORY ? out_of_memory(place) : 0;
}

static int build_list(const struct gathering_place *place, struct search *s) {
    const struct target *target = s->request->target;
    return ecs_list_service_deployments_call(target->cluster, target->service, place->arena,
                                             &s->call, place->err);
}

static int read_list(const struct gathering_place *place, struct search *s) {
    struct view *arns = NULL;
    size_t n = 0;
    struct err error;
    err_init(&error);
    if (ecs_list_service_deployments_result(&s->call, place->arena, &arns, &n, &error) != 0) {
        return closed(place, &error);
    }
    s->at = n == 1 ? arns[0] : (struct view){0};
    return 0;
}

static int build_deployment(const struct gathering_place *place, struct search *s) {
    return ecs_describe_service_deployment_call(s->at, place->arena, &s->call, place->err);
}

static int read_deployment(const struct gathering_place *place, struct search *s) {
    struct ecs_service_deployment deployment;
    struct err error;
    err_init(&error);
    if (ecs_describe_service_deployment_result(&s->call, place->arena, &deployment, &error) != 0) {
        return closed(place, &error);
    }
    s->rollback->deployment = deployment.arn;
    s->ends[FROM] = deployment.source_revision;
    s->ends[TO] = deployment.target_revision;
    s->at = s->ends[TO].len > 0 ? s->ends[FROM] : (struct view){0};
    return 0;
}

static int build_ends(const struct gathering_place *place, struct search *s) {
    return ecs_describe_service_revisions_call(s->ends, ENDS, place->arena, &s->call, place->err);
}

static struct view task_definition_of(const struct ecs_service_revision *revisions, size_t n,
                                      struct view arn) {
    for (size_t i = 0; i < n; i++) {
        if (view_equal(revisions[i].arn, arn)) {
            return revisions[i].task_definition;
        }
    }
    return (struct view){0};
}

/* The reads are not of one moment: what is in progress by now may be a newer event's, which the
 * rollback must not stop. It is of what the service ran when the rollback looked, or nobody's. */
static int read_ends(const struct gathering_place *place, struct search *s) {
    struct ecs_service_revision *revisions = NULL;
    size_t n = 0;
    struct err error;
    err_init(&error);
    if (ecs_describe_service_revisions_result(&s->call, place->arena, &revisions, &n, &error) !=
        0) {
        return closed(place, &error);
    }
    if (view_equal(task_definition_of(revisions, n, s->ends[TO]),
                   s->request->ret_facts->service.task_definition)) {
        s->rollback->source_task_definition = task_definition_of(revisions, n, s->ends[FROM]);
    }
    return 0;
}

typedef int (*deployment_step)(const struct gathering_place *place, struct search *s);

static const struct {
    deployment_step build, read;
} deployment_steps[] = {
    {build_list, read_list},
    {build_deployment, read_deployment},
    {build_ends, read_ends},
};

/* Those that are at this step, in one wave. */
static int walk_step(const struct searches *searches, deployment_step build, deployment_step read) {
    const struct gathering_place *place = searches->place;
    struct aws_call *calls = ARENA_ARRAY(place->arena, searches->n, struct aws_call);
    size_t n = 0;
    if (!calls) {
        return out_of_memory(place);
    }
    for (size_t i = 0; i < searches->n; i++) {
        struct search *s = &searches->all[i];
        s->call = (struct aws_call){0};
        if (s->at.len > 0) {
            if (build(place, s) != 0) {
                return -1;
            }
            calls[n++] = s->call;
        }
    }
    if (n == 0) {
        return 0;
    }
    aws_call_all(place->aws, calls, n, place->deadline_ms, place->arena);
    n = 0;
    for (size_t i = 0; i < searches->n; i++) {
        struct search *s = &searches->all[i];
        if (s->at.len == 0) {
            continue;
        }
        s->call = calls[n++];
        s->at = (struct view){0};
        if (read(place, s) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool is_in_progress(const struct facts *facts) {
    const struct ecs_deployment *primary = facts->service.primary;
    return primary && view_equal(primary->rollout_state, VIEW("IN_PROGRESS")) &&
           ecs_tag_value(&facts->running, TAG_COMPLETED).len == 0;
}

static int find_deployments(const struct searches *searches) {
    for (size_t i = 0; i < searches->n; i++) {
        struct search *s = &searches->all[i];
        if (!s->is_over && to_of(s).len == 0 && is_in_progress(s->request->ret_facts)) {
            s->at = s->request->target->service; /* the first step needs no ARN */
        }
    }
    for (size_t i = 0; i < sizeof(deployment_steps) / sizeof(deployment_steps[0]); i++) {
        if (walk_step(searches, deployment_steps[i].build, deployment_steps[i].read) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < searches->n; i++) {
        struct rollback_facts *rollback = searches->all[i].rollback;
        if (rollback->source_task_definition.len == 0) {
            rollback->deployment = (struct view){0};
        }
    }
    return 0;
}

/* --- images --- */

/* The image that would be started, if it is of the target's repository: its digest, or the tag. */
static int find_image(const struct gathering_place *place, struct search *s,
                      struct rollback_revision *revision) {
    const struct target *target = s->request->target;
    struct arn service = {0};
    struct taskdef_container *containers = NULL;
    size_t n = 0;
    struct err error;
    err_init(&error);
    (void)arn_parse(s->request->ret_facts->service.arn, &service);
    if (taskdef_find_containers(&revision->definition, target->container, &target->repository,
                                service.account, place->arena, &containers, &n, &error) != 0) {
        return closed(place, &error);
    }
    for (size_t i = 0; i < n; i++) {
        struct image_reference reference;
        if (!image_reference_parse(containers[i].image, &reference) ||
            !image_is_in_repository(&reference, &target->repository, service.account)) {
            continue;
        }
        revision->image_name = containers[i].image;
        s->image.digest = reference.digest;
        if (reference.digest.len == 0) {
            s->image.tag = reference.tag.len > 0 ? reference.tag : VIEW("latest");
        }
        return 0;
    }
    return 0;
}

/* An image that the registry's lifecycle has removed cannot be started again; and a tag that has
 * moved would start another one. Where neither is to be learnt (no permission, no answer), it is
 * not held against the revision. */
static enum rollback_image judge_image(const struct search *s, const struct ecr_image *image,
                                       const struct err *error) {
    struct view digest = ecs_tag_value(&s->to_check->definition, TAG_DIGEST);
    if (error) {
        return error->code == ERR_IMAGE_NOT_FOUND || error->code == ERR_REPOSITORY_NOT_FOUND
                   ? IMAGE_GONE
                   : IMAGE_THERE;
    }
    bool has_moved = s->image.tag.len > 0 && digest.len > 0 && !view_equal(image->digest, digest);
    return has_moved ? IMAGE_IS_ANOTHER : IMAGE_THERE;
}

static int read_image(const struct gathering_place *place, struct search *s,
                      const struct wave *wave) {
    struct ecr_image image;
    const struct err *error = NULL;
    if (wave_image(wave, s->reads[0], &image, &error, place->err) != 0) {
        return -1;
    }
    s->to_check->image = judge_image(s, &image, error);
    s->to_check = NULL;
    return 0;
}

/* --- one wave of the search --- */

static int keep(const struct searches *searches, int read, struct search *s) {
    if (read < 0) {
        return out_of_memory(searches->place);
    }
    s->reads[s->n_reads++] = read;
    return 0;
}

static int ask(const struct searches *searches, struct search *s, struct wave *wave) {
    const struct gathering_place *place = searches->place;
    const struct target *target = s->request->target;
    s->n_reads = 0;
    if (s->to_check) {
        return keep(searches, wave_add_image(wave, &target->repository, s->image, place->err), s);
    }
    while (s->next > 0 && s->n_reads < ROLLBACK_WAVE && s->n_looked < ROLLBACK_MAX_REVISIONS) {
        struct view name = arena_printf(place->arena, VIEW_FMT ":%lld", VIEW_ARG(target->family),
                                        (long long)s->next);
        if (!name.data ||
            keep(searches, wave_add_task_definition(wave, name, place->err), s) != 0) {
            return out_of_memory(place);
        }
        s->next = rollback_named_revision(to_of(s)) > 0 ? 0 : s->next - 1;
        s->n_looked++;
    }
    return 0;
}

/* Revisions that are deleted, or never were, are passed over. */
static int read_revisions(const struct gathering_place *place, struct search *s,
                          const struct wave *wave) {
    for (size_t i = 0; i < s->n_reads; i++) {
        struct rollback_revision *revision = &s->rollback->revisions[s->rollback->n_revisions];
        const struct err *error = NULL;
        if (wave_task_definition(wave, s->reads[i], &revision->definition, &error, place->err) !=
            0) {
            return -1;
        }
        if (!error) {
            s->rollback->n_revisions++;
        } else if (err_class(error->code) != ERR_CLASS_REFUSED) {
            s->rollback->err = error;
            s->is_over = true;
        }
    }
    return 0;
}

/* What is to be done next, by what is known now. */
static int go_on(const struct gathering_place *place, struct search *s) {
    if (s->is_over) {
        return 0;
    }
    struct rollback_revision *choice = rollback_choice(s->rollback, to_of(s), s->event_tag);
    if (!choice) {
        s->is_over = s->next == 0 || s->n_looked == ROLLBACK_MAX_REVISIONS;
        return 0;
    }
    if (choice->image != IMAGE_UNCHECKED || !revision_is_active(&choice->definition)) {
        s->is_over = true;
        return 0;
    }
    s->image = (struct ecr_image_id){0};
    if (find_image(place, s, choice) != 0) {
        return -1;
    }
    if (s->image.digest.len == 0 && s->image.tag.len == 0) {
        choice->image = IMAGE_THERE;
        s->is_over = true;
        return 0;
    }
    s->to_check = choice;
    return 0;
}

static int search_wave(const struct searches *searches, bool *ret_is_over) {
    const struct gathering_place *place = searches->place;
    struct wave wave = wave_of(place->arena);
    *ret_is_over = true;
    for (size_t i = 0; i < searches->n; i++) {
        struct search *s = &searches->all[i];
        if (!s->is_over && ask(searches, s, &wave) != 0) {
            return -1;
        }
    }
    if (wave_run(&wave, place->aws, place->deadline_ms, place->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < searches->n; i++) {
        struct search *s = &searches->all[i];
        if (s->is_over) {
            continue;
        }
        int rc = s->to_check ? read_image(place, s, &wave) : read_revisions(place, s, &wave);
        if (rc != 0 || go_on(place, s) != 0) {
            return -1;
        }
        *ret_is_over = *ret_is_over && s->is_over;
    }
    return 0;
}

/* --- all requests --- */

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

/* What runs says that there is nothing to look for: the rollback's own revision, or one of an event
 * that is newer. */
static bool is_settled(const struct facts_request *request, struct view event_tag) {
    const struct ecs_task_definition *running = &request->ret_facts->running;
    int64_t time_ms;
    return revision_is_of_event(running, event_tag) ||
           (revision_event_time(running, &time_ms) && time_ms > request->trigger->event_time_ms);
}

static bool is_concerned(const struct facts_request *request) {
    return request->trigger->kind == TRIGGER_ROLLBACK && request->target->kind == TARGET_SERVICE &&
           !request->ret_facts->service_err;
}

static int begin(const struct gathering_place *place, const struct facts_request *request,
                 struct search *ret_search) {
    struct rollback_facts *rollback = ARENA_NEW(place->arena, struct rollback_facts);
    struct rollback_revision *revisions =
        ARENA_ARRAY(place->arena, ROLLBACK_MAX_REVISIONS, struct rollback_revision);
    *ret_search = (struct search){
        .request = request,
        .rollback = rollback,
        .event_tag = revision_event_tag(request->trigger->event_id, place->arena),
    };
    if (!rollback || !revisions || !ret_search->event_tag.data) {
        return out_of_memory(place);
    }
    ret_search->is_over = is_settled(request, ret_search->event_tag);
    ret_search->next = ret_search->is_over ? 0 : first_revision(request);
    rollback->revisions = revisions;
    request->ret_facts->rollback = rollback;
    return 0;
}

int facts_gather_rollback(const struct gathering_place *place, const struct facts_request *requests,
                          size_t n) {
    struct searches searches = {.place = place, .all = ARENA_ARRAY(place->arena, n, struct search)};
    if (!searches.all) {
        return out_of_memory(place);
    }
    for (size_t i = 0; i < n; i++) {
        if (is_concerned(&requests[i]) &&
            begin(place, &requests[i], &searches.all[searches.n++]) != 0) {
            return -1;
        }
    }
    if (searches.n == 0 || find_deployments(&searches) != 0) {
        return searches.n == 0 ? 0 : -1;
    }
    for (bool is_over = false; !is_over;) {
        if (search_wave(&searches, &is_over) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < searches.n; i++) {
        searches.all[i].rollback->searched_all = searches.all[i].next == 0;
    }
    return 0;
}
