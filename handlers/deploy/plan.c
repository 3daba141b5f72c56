#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"

/*
 * Where several things are wrong, the first check that sees one decides. The order is that of use
 * to the person who reads the answer:
 *
 *   1. what no fact can change: the event itself, an unknown service, the tag policy
 *   2. the service: without it nothing else matters, and what it runs says whether this event has
 *      been carried out already or comes after a newer one, however the registry is
 *   3. the revisions of the family
 *   4. the image
 *
 * A fact that could not be had (throttled, unreachable) fails the change at its place in that
 * order: what was refused before it stays refused, what comes after it is not known to matter.
 */

static const decision_check deploy_checks[] = {
    check_tag_policy,   check_service,       check_family,      check_running,    check_same_event,
    check_event_order,  check_code_deploy,   check_family_read, check_returned,   check_base,
    check_image,        check_digest_policy, check_platform,    check_unfinished, check_containers,
    check_runs_already, build_revision,
};

static const decision_check revision_checks[] = {
    check_service,         check_family,         check_running,     check_same_event,
    check_requested,       check_requested_runs, check_event_order, check_code_deploy,
    check_requested_order, use_requested,
};

static const decision_check restart_checks[] = {
    check_service,
    check_restart_covered,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *change_status_name(enum change_status status) {
    switch (status) {
    case CHANGE_IGNORED:
        return "ignored";
    case CHANGE_UNCHANGED:
        return "unchanged";
    case CHANGE_SUPERSEDED:
        return "superseded";
    case CHANGE_PLANNED:
        return "planned";
    case CHANGE_REPORTED:
        return "reported";
    case CHANGE_RESTARTED:
        return "restarted";
    case CHANGE_DEPLOYED:
        return "deployed";
    case CHANGE_ROLLED_BACK:
        return "rolled_back";
    case CHANGE_REFUSED:
        return "refused";
    case CHANGE_FAILED:
        return "failed";
    }
    return "";
}

const char *rollout_outcome_name(enum rollout_outcome outcome) {
    switch (outcome) {
    case ROLLOUT_NONE:
        return "";
    case ROLLOUT_COMPLETED:
        return "completed";
    case ROLLOUT_FAILED:
        return "failed";
    case ROLLOUT_ROLLED_BACK:
        return "rolled_back";
    case ROLLOUT_SUPERSEDED:
        return "superseded";
    case ROLLOUT_IMPAIRED:
        return "impaired";
    }
    return "";
}

/* --- deciding --- */

static int out_of_memory(struct decision *d) {
    return err_out_of_memory(d->err, "plan");
}

int decide_note(struct decision *d, enum verdict verdict, struct view note) {
    if (!note.data) {
        return out_of_memory(d);
    }
    d->change->verdict = verdict;
    d->change->note = note;
    return DECIDED;
}

int decide_error(struct decision *d, const struct err *error) {
    bool is_answer = err_class(error->code) == ERR_CLASS_REFUSED;
    d->change->verdict = is_answer ? VERDICT_REFUSED : VERDICT_FAILED;
    d->change->err = error;
    return DECIDED;
}

int decide_refusal(struct decision *d, enum err_code code, struct view message,
                   struct view remedy) {
    struct err *error = ARENA_NEW(d->arena, struct err);
    if (!error || !message.data || !remedy.data) {
        return out_of_memory(d);
    }
    err_init(error);
    (void)err_set(error, code, VIEW_FMT, VIEW_ARG(message));
    if (remedy.len > 0) {
        err_remedy(error, VIEW_FMT, VIEW_ARG(remedy));
    }
    return decide_error(d, error);
}

int decide_error_with_remedy(struct decision *d, const struct err *error, struct view remedy) {
    struct err *own = ARENA_NEW(d->arena, struct err);
    if (!own || !remedy.data) {
        return out_of_memory(d);
    }
    err_init(own);
    (void)err_set(own, error->code, "%s", error->message);
    err_remedy(own, VIEW_FMT, VIEW_ARG(remedy));
    return decide_error(d, own);
}

void decision_describe(struct decision *d, const struct ecs_task_definition *definition) {
    d->change->tag = ecs_tag_value(definition, TAG_IMAGE_TAG);
    d->change->digest = ecs_tag_value(definition, TAG_DIGEST);
}

int decision_image_of(struct decision *d, const struct ecs_task_definition *definition,
                      struct view *ret_image) {
    struct taskdef_container *containers = NULL;
    size_t n = 0;
    struct err error;
    err_init(&error);
    if (taskdef_find_containers(definition, d->target->container, &d->target->repository,
                                d->own_account, d->arena, &containers, &n, &error) != 0) {
        return error.code == ERR_OUT_OF_MEMORY ? out_of_memory(d) : 0;
    }
    *ret_image = containers[0].image;
    return 0;
}

/* --- the first look --- */

static enum verdict open_verdict(enum trigger_kind kind) {
    switch (kind) {
    case TRIGGER_RESTART:
        return VERDICT_RESTART;
    case TRIGGER_ROLLOUT:
        return VERDICT_REPORT;
    case TRIGGER_DEPLOY:
    case TRIGGER_DEPLOY_REVISION:
    case TRIGGER_ROLLBACK:
        return VERDICT_DEPLOY;
    case TRIGGER_IGNORE:
        return VERDICT_IGNORED;
    }
    return VERDICT_IGNORED;
}

/* Most pushes are for nobody here: they cost no call of AWS. */
static int settle_push(struct decision *d) {
    const struct target *target = d->target;
    struct view tag = d->trigger->tag;
    bool is_auto = tag_policy_admits(target->auto_deploy_tags, tag);
    const struct tag_policy *policy = is_auto ? target->deploy_tags : target->auto_deploy_tags;
    if (is_auto && tag_policy_admits(target->deploy_tags, tag)) {
        return GO_ON;
    }
    return decide_note(d, VERDICT_IGNORED,
                       arena_printf(d->arena,
                                    "a push of tag '" VIEW_FMT "' does not deploy '" VIEW_FMT
                                    "' by itself: %s is '" VIEW_FMT "'",
                                    VIEW_ARG(tag), VIEW_ARG(target->name),
                                    is_auto ? "DEPLOY_TAGS" : "AUTO_DEPLOY_TAGS",
                                    VIEW_ARG(policy->text)));
}

static int settle(struct decision *d) {
    const struct trigger *trigger = d->trigger;
    if (d->change->err) {
        return decide_error(d, d->change->err);
    }
    if (err_is_set(&trigger->refusal)) {
        return decide_error(d, &trigger->refusal);
    }
    if (trigger->kind == TRIGGER_IGNORE) {
        return decide_note(d, VERDICT_IGNORED,
                           trigger->note.data ? trigger->note : VIEW("nothing to do"));
    }
    if (!d->target && d->change->note.len > 0) {
        return decide_note(d, VERDICT_IGNORED, d->change->note);
    }
    if (!d->target) {
        return decide_refusal(d, ERR_EVENT_MALFORMED, VIEW("the event names no service"), VIEW(""));
    }
    d->change->verdict = open_verdict(trigger->kind);
    return trigger->is_automatic && trigger->kind == TRIGGER_DEPLOY ? settle_push(d) : GO_ON;
}

int plan_settle(struct change *changes, size_t n, struct arena *arena, struct err *err) {
    for (size_t i = 0; i < n; i++) {
        struct decision d = {.arena = arena,
                             .err = err,
                             .change = &changes[i],
                             .trigger = changes[i].trigger,
                             .target = changes[i].target};
        if (settle(&d) < 0) {
            return -1;
        }
    }
    return 0;
}

/* --- the decision --- */

int decision_run(struct decision *d, const decision_check *checks, size_t n) {
    for (size_t i = 0; i < n; i++) {
        int rc = checks[i](d);
        if (rc != GO_ON) {
            return rc;
        }
    }
    return DECIDED;
}

static int decide_service(struct decision *d) {
    switch (d->trigger->kind) {
    case TRIGGER_DEPLOY:
        return decision_run(d, deploy_checks, COUNT(deploy_checks));
    case TRIGGER_DEPLOY_REVISION:
        return decision_run(d, revision_checks, COUNT(revision_checks));
    case TRIGGER_RESTART:
        return decision_run(d, restart_checks, COUNT(restart_checks));
    case TRIGGER_ROLLBACK:
        return decide_rollback(d);
    case TRIGGER_ROLLOUT:
        return decide_rollout(d);
    case TRIGGER_IGNORE:
        return DECIDED; /* by settle() */
    }
    return DECIDED;
}

static int decide(struct decision *d) {
    switch (d->target->kind) {
    case TARGET_SERVICE: {
        int rc = decide_service(d);
        deliver_by_code_deploy(d);
        return rc;
    }
    case TARGET_TASK:
        return decide_task(d);
    case TARGET_LAMBDA:
        return decide_lambda(d);
    }
    return DECIDED;
}

int plan_decide(const struct config *config, struct view own_account, struct arena *arena,
                struct change *change, struct err *err) {
    struct decision d = {.config = config,
                         .own_account = own_account,
                         .arena = arena,
                         .err = err,
                         .change = change,
                         .trigger = change->trigger,
                         .target = change->target,
                         .facts = change->facts};
    int rc = settle(&d);
    if (rc != GO_ON) {
        return rc < 0 ? -1 : 0;
    }
    d.event_tag = revision_event_tag(d.trigger->event_id, arena);
    if (!d.event_tag.data) {
        return out_of_memory(&d);
    }
    return decide(&d) < 0 ? -1 : 0;
}
