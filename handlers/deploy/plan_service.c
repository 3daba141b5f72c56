#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"
#include "runtime/aws/arn.h"

#define MS_PER_SECOND 1000

/* --- the service --- */

/* What a controller other than ECS's own is, and how its services are deployed. */
static const struct {
    const char *type;
    const char *what;
    const char *remedy;
} controllers[] = {
    {"CODE_DEPLOY", "which cannot restart it without a new revision",
     "send a DEPLOY of the tag with \"force\":true, or make the deployment controller ECS (which "
     "has "
     "blue/green deployments of its own)"},
    {"EXTERNAL", "which takes a new revision as a task set only",
     "create a task set with the tool that owns the service, or create the service anew with the "
     "deployment controller ECS"},
};

static int refuse_controller(struct decision *d, struct view controller) {
    const char *what = "which slipway does not know";
    const char *remedy = "";
    for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
        if (view_equal(controller, view_of(controllers[i].type))) {
            what = controllers[i].what;
            remedy = controllers[i].remedy;
        }
    }
    return decide_refusal(d, ERR_CONTROLLER_UNSUPPORTED,
                          arena_printf(d->arena,
                                       "service '" VIEW_FMT "' in cluster '" VIEW_FMT
                                       "' has the deployment controller " VIEW_FMT ", %s",
                                       VIEW_ARG(d->target->service), VIEW_ARG(d->target->cluster),
                                       VIEW_ARG(controller), what),
                          view_of(remedy));
}

/* Without a map, a parameter or a repository is taken for a service's by its name alone, and there
 * need not be one: "/dev/myproject/postgres/password". */
static bool is_nobodys(const struct decision *d) {
    return d->trigger->is_automatic && !d->config->has_service_map &&
           d->facts->service_err->code == ERR_SERVICE_NOT_FOUND;
}

int check_service(struct decision *d) {
    const struct ecs_service_state *service = &d->facts->service;
    if (d->facts->service_err) {
        return is_nobodys(d)
                   ? decide_note(d, VERDICT_IGNORED,
                                 arena_copy(d->arena, view_of(d->facts->service_err->message)))
                   : decide_error(d, d->facts->service_err);
    }
    d->change->from_task_definition = service->task_definition;
    if (!view_equal(service->status, VIEW("ACTIVE"))) {
        return decide_refusal(
            d, ERR_SERVICE_NOT_ACTIVE,
            arena_printf(d->arena, "service '" VIEW_FMT "' in cluster '" VIEW_FMT "' is " VIEW_FMT,
                         VIEW_ARG(d->target->service), VIEW_ARG(d->target->cluster),
                         VIEW_ARG(service->status)),
            VIEW(""));
    }
    bool is_code_deploy = view_equal(service->controller, VIEW("CODE_DEPLOY"));
    if (view_equal(service->controller, VIEW("ECS")) ||
        (is_code_deploy && d->trigger->kind != TRIGGER_RESTART)) {
        return GO_ON;
    }
    return refuse_controller(d, service->controller);
}

/* A deploy may only use families that belong to the target: else an event could give a service
 * another one's task role. */
int check_family(struct decision *d) {
    struct view family;
    int64_t revision;
    struct view runs = d->facts->service.task_definition;
    if (revision_parse(runs, &family, &revision) && view_equal(family, d->target->family)) {
        return GO_ON;
    }
    return decide_refusal(d, ERR_FAMILY_MISMATCH,
                          arena_printf(d->arena,
                                       "service '" VIEW_FMT "' in cluster '" VIEW_FMT
                                       "' runs '" VIEW_FMT
                                       "', which is not of its family '" VIEW_FMT "'",
                                       VIEW_ARG(d->target->service), VIEW_ARG(d->target->cluster),
                                       VIEW_ARG(revision_name(runs)), VIEW_ARG(d->target->family)),
                          VIEW("correct task_family in ECS_SERVICE_MAP, or give the service a "
                               "revision of its own family"));
}

/* --- what runs --- */

/* A revision that was deleted while it runs tells nothing any more, but does not stand in the way
 * of the next one. */
int check_running(struct decision *d) {
    if (decision_knows_running(d)) {
        return decision_image_of(d, &d->facts->running, &d->change->from_image);
    }
    if (d->facts->running_err && err_class(d->facts->running_err->code) != ERR_CLASS_REFUSED) {
        return decide_error(d, d->facts->running_err);
    }
    return GO_ON;
}

/* ECS still lists a deployment of neither what runs nor what ran before it: one that this event's
 * update replaced, perhaps a rollback's. */
static bool replaced_another(const struct decision *d) {
    const struct ecs_service_state *service = &d->facts->service;
    for (size_t i = 0; i < service->n_deployments; i++) {
        struct view arn = service->deployments[i].task_definition;
        if (!view_equal(arn, d->facts->running.arn) &&
            !revision_came_after(&d->facts->running, arn)) {
            return true;
        }
    }
    return false;
}

/* Whether some other event was at work at the same time as this one did: its revision is the
 * family's newest and outranks what runs, or is among those that were registered since what ran
 * before, or has run in between, and nobody has looked at them yet. */
static bool others_were_at_work(const struct decision *d) {
    const struct ecs_task_definition *running = &d->facts->running;
    const struct ecs_task_definition *latest = &d->facts->latest;
    struct revision_rank own;
    struct revision_rank other;
    bool is_looked_at = view_equal(d->facts->service.controller, VIEW("ECS"));
    if (!is_looked_at || !revision_rank_of(running, &own)) {
        return false;
    }
    bool is_newest = latest->revision <= running->revision;
    return revision_floor(running) < running->revision - 1 || replaced_another(d) ||
           (!is_newest && latest->revision > running->revision + 1) ||
           (!is_newest && revision_rank_of(latest, &other) && revision_outranks(other, own) &&
            !revision_was_left(latest, &d->facts->service, running));
}

/* Twice the same event. Its first delivery may have ended between its update and its look (see
 * execute_converge.c). If there is anything to see, the look is made up for: a deploy of what runs
 * already, of which nothing is left but the look. */
int check_same_event(struct decision *d) {
    const struct ecs_task_definition *running = &d->facts->running;
    if (!decision_knows_running(d) || !revision_is_of_event(running, d->event_tag)) {
        return GO_ON;
    }
    decision_describe(d, running);
    d->change->to_image = d->change->from_image;
    struct view note =
        arena_printf(d->arena, "event '" VIEW_FMT "' was carried out already: '" VIEW_FMT "' runs",
                     VIEW_ARG(d->trigger->event_id), VIEW_ARG(revision_name(running->arn)));
    if (others_were_at_work(d)) {
        d->change->reuse = running->arn;
        return decide_note(d, VERDICT_DEPLOY, note);
    }
    return decide_note(d, VERDICT_UNCHANGED, note);
}

/* An event of the same time prevailed: this one's revision is there, below the one that runs. */
static const struct ecs_task_definition *own_below(const struct decision *d) {
    for (size_t i = 0; i < d->facts->n_below; i++) {
        if (revision_is_of_event(&d->facts->below[i], d->event_tag)) {
            return &d->facts->below[i];
        }
    }
    return NULL;
}

static int decide_tied(struct decision *d) {
    const struct ecs_task_definition *running = &d->facts->running;
    const struct ecs_task_definition *own = own_below(d);
    if (!own) {
        return d->facts->below_err ? decide_error(d, d->facts->below_err) : GO_ON;
    }
    return decide_note(
        d, VERDICT_SUPERSEDED,
        arena_printf(
            d->arena,
            "'" VIEW_FMT "' was registered for event '" VIEW_FMT "' already; event '" VIEW_FMT
            "' of the same time deployed '" VIEW_FMT "' over it",
            VIEW_ARG(revision_name(own->arn)), VIEW_ARG(d->trigger->event_id),
            VIEW_ARG(ecs_tag_value(running, TAG_EVENT_ID)), VIEW_ARG(revision_name(running->arn))));
}

int check_event_order(struct decision *d) {
    const struct ecs_task_definition *running = &d->facts->running;
    int64_t running_time_ms;
    if (!decision_knows_running(d) || !revision_event_time(running, &running_time_ms) ||
        running_time_ms < d->trigger->event_time_ms) {
        return GO_ON;
    }
    if (running_time_ms == d->trigger->event_time_ms) {
        return decide_tied(d);
    }
    struct view own = revision_time_text(d->trigger->event_time_ms, d->arena);
    struct view other = revision_time_text(running_time_ms, d->arena);
    struct view tag = ecs_tag_value(running, TAG_IMAGE_TAG);
    struct view what = tag.len > 0 ? tag : ecs_tag_value(running, TAG_DIGEST);
    if (!own.data || !other.data) {
        return decide_note(d, VERDICT_SUPERSEDED, (struct view){0});
    }
    return decide_note(d, VERDICT_SUPERSEDED,
                       arena_printf(d->arena,
                                    "event '" VIEW_FMT "' of " VIEW_FMT
                                    " is older than event '" VIEW_FMT "' of " VIEW_FMT
                                    ", which deployed '" VIEW_FMT "' ('" VIEW_FMT "')",
                                    VIEW_ARG(d->trigger->event_id), VIEW_ARG(own),
                                    VIEW_ARG(ecs_tag_value(running, TAG_EVENT_ID)), VIEW_ARG(other),
                                    VIEW_ARG(revision_name(running->arn)), VIEW_ARG(what)));
}

/* --- restarts --- */

/* Tasks that were started after the change have it already. Events tell whole seconds, so that is
 * what is compared. */
int check_restart_covered(struct decision *d) {
    const struct ecs_deployment *primary = d->facts->service.primary;
    if (decision_knows_running(d)) {
        decision_describe(d, &d->facts->running);
        if (decision_image_of(d, &d->facts->running, &d->change->from_image) < 0) {
            return -1;
        }
        d->change->to_image = d->change->from_image;
    }
    if (!primary ||
        primary->created_at_ms / MS_PER_SECOND < d->trigger->event_time_ms / MS_PER_SECOND) {
        return GO_ON;
    }
    struct view began = revision_time_text(primary->created_at_ms, d->arena);
    if (!began.data) {
        return decide_note(d, VERDICT_UNCHANGED, began);
    }
    return decide_note(d, VERDICT_UNCHANGED,
                       arena_printf(d->arena,
                                    "deployment '" VIEW_FMT "' of service '" VIEW_FMT
                                    "' began at " VIEW_FMT ", after the event",
                                    VIEW_ARG(primary->id), VIEW_ARG(d->target->service),
                                    VIEW_ARG(began)));
}

/* --- a revision that the event names --- */

static int refuse_revision(struct decision *d, enum err_code code, const char *why,
                           struct view what) {
    return decide_refusal(d, code,
                          arena_printf(d->arena, "task definition '" VIEW_FMT "' %s '" VIEW_FMT "'",
                                       VIEW_ARG(d->trigger->task_definition), why, VIEW_ARG(what)),
                          VIEW(""));
}

/* An ARN must be of the place where the service is. A name is looked up there anyhow. */
bool decision_is_of_services_place(const struct decision *d, struct view name_or_arn) {
    struct arn revision;
    struct arn service;
    return !arn_parse(name_or_arn, &revision) || !arn_parse(d->facts->service.arn, &service) ||
           (view_equal(revision.partition, service.partition) &&
            view_equal(revision.region, service.region) &&
            view_equal(revision.account, service.account));
}

int check_requested(struct decision *d) {
    const struct view another_revision = VIEW("send a revision that is ACTIVE, or deploy a tag");
    const struct ecs_task_definition *requested = &d->facts->requested;
    struct view text = d->trigger->task_definition;
    struct view family;
    int64_t revision;
    if (!revision_parse(text, &family, &revision) || !view_equal(family, d->target->family)) {
        return refuse_revision(d, ERR_FAMILY_MISMATCH, "is not of the service's family",
                               d->target->family);
    }
    if (!decision_is_of_services_place(d, text)) {
        return refuse_revision(d, ERR_FAMILY_MISMATCH,
                               "is of another account or region than the service",
                               d->facts->service.arn);
    }
    if (d->facts->requested_err) {
        bool is_missing = d->facts->requested_err->code == ERR_FAMILY_NOT_FOUND;
        return is_missing ? decide_error_with_remedy(d, d->facts->requested_err, another_revision)
                          : decide_error(d, d->facts->requested_err);
    }
    if (!view_equal(requested->family, d->target->family)) {
        return refuse_revision(d, ERR_FAMILY_MISMATCH, "is not of the service's family",
                               d->target->family);
    }
    if (!revision_is_active(requested)) {
        return decide_refusal(d, ERR_FAMILY_NOT_FOUND,
                              arena_printf(d->arena, "task definition '" VIEW_FMT "' is " VIEW_FMT,
                                           VIEW_ARG(revision_name(requested->arn)),
                                           VIEW_ARG(requested->status)),
                              VIEW("send a revision that is ACTIVE, or deploy a tag"));
    }
    decision_describe(d, requested);
    return decision_image_of(d, requested, &d->change->to_image);
}

int check_requested_runs(struct decision *d) {
    if (!view_equal(d->facts->requested.arn, d->facts->service.task_definition)) {
        return GO_ON;
    }
    return decide_note(d, VERDICT_UNCHANGED,
                       arena_printf(d->arena, "'" VIEW_FMT "' runs already",
                                    VIEW_ARG(revision_name(d->facts->requested.arn))));
}

int use_requested(struct decision *d) {
    if (decision_trace(d, &d->facts->requested) != 0) {
        return -1;
    }
    d->change->verdict = VERDICT_DEPLOY;
    return DECIDED;
}
