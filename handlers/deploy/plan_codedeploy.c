#include "handlers/deploy/facts_codedeploy.h"
#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"

/*
 * A service that AWS CodeDeploy deploys: the revision is registered as for any other, and given to
 * CodeDeploy instead of the service. CodeDeploy does one deployment of a group at a time; which
 * event one is for stands in its description.
 */

static bool is_code_deploy(const struct decision *d) {
    return view_equal(d->facts->service.controller, VIEW("CODE_DEPLOY"));
}

static int refuse_group(struct decision *d) {
    bool is_configured = d->target->codedeploy_application.len > 0;
    struct view message =
        is_configured
            ? arena_printf(d->arena,
                           "deployment group '" VIEW_FMT "' of CodeDeploy application '" VIEW_FMT
                           "' does not deploy service '" VIEW_FMT "'",
                           VIEW_ARG(d->target->codedeploy_group),
                           VIEW_ARG(d->target->codedeploy_application),
                           VIEW_ARG(d->target->service))
            : arena_printf(d->arena,
                           "no deployment group of CodeDeploy deploys service '" VIEW_FMT
                           "' of cluster '" VIEW_FMT "'",
                           VIEW_ARG(d->target->service), VIEW_ARG(d->target->cluster));
    return decide_refusal(d, ERR_CONTROLLER_UNSUPPORTED, message,
                          VIEW("create the service's deployment group in CodeDeploy, or name it in "
                               "ECS_SERVICE_MAP as codedeploy_application and codedeploy_group"));
}

static int decide_own(struct decision *d, const struct codedeploy_deployment *own) {
    d->change->deployment_id = own->id;
    return decide_note(
        d,
        codedeploy_is_under_way(own) || view_equal(own->status, VIEW("Succeeded"))
            ? VERDICT_UNCHANGED
            : VERDICT_SUPERSEDED,
        arena_printf(d->arena,
                     "event '" VIEW_FMT "' was given to CodeDeploy already: deployment '" VIEW_FMT
                     "' is " VIEW_FMT,
                     VIEW_ARG(d->trigger->event_id), VIEW_ARG(own->id), VIEW_ARG(own->status)));
}

/* Nothing is registered that could not be deployed. */
static int wait_for(struct decision *d, const struct codedeploy_deployment *other) {
    struct err *error = ARENA_NEW(d->arena, struct err);
    if (!error) {
        return err_out_of_memory(d->err, "plan");
    }
    err_init(error);
    (void)err_set(error, ERR_AWS_UNAVAILABLE,
                  "CodeDeploy deployment '" VIEW_FMT "' of service '" VIEW_FMT "' is " VIEW_FMT
                  ", and it does one at a time",
                  VIEW_ARG(other->id), VIEW_ARG(d->target->service), VIEW_ARG(other->status));
    err_remedy(error, "wait until it has ended, or stop it in CodeDeploy; the event is retried");
    return decide_error(d, error);
}

/* Hooks stand in the AppSpec alone: without them nothing checks the deployment any more. */
static int check_app_spec(struct decision *d) {
    const struct codedeploy_facts *facts = d->facts->codedeploy;
    struct view message = {0};
    if (facts->app_spec.opaque.len > 0) {
        message = arena_printf(d->arena,
                               "the last AppSpec of deployment group '" VIEW_FMT "' has " VIEW_FMT
                               ", which could not be kept: it is YAML, or too long",
                               VIEW_ARG(facts->group), VIEW_ARG(facts->app_spec.opaque));
    } else if (facts->is_app_spec_gone) {
        message = arena_printf(d->arena,
                               "CodeDeploy does not have the last AppSpec of deployment "
                               "group '" VIEW_FMT "' any more: hooks that it had would be lost",
                               VIEW_ARG(facts->group));
    } else if (facts->last.type.len > 0 && facts->last.sha256.len == 0) {
        message = arena_printf(d->arena,
                               "the last AppSpec of deployment group '" VIEW_FMT "' is of "
                               "type " VIEW_FMT ", which is not read: its hooks would be lost",
                               VIEW_ARG(facts->group), VIEW_ARG(facts->last.type));
    } else {
        return GO_ON;
    }
    return decide_refusal(d, ERR_CONTROLLER_UNSUPPORTED, message,
                          VIEW("deploy once in CodeDeploy with the AppSpec as JSON, given as text "
                               "(AppSpecContent): what it has is kept from then on"));
}

int check_code_deploy(struct decision *d) {
    const struct codedeploy_facts *facts = d->facts->codedeploy;
    if (!is_code_deploy(d) || !facts) {
        return GO_ON;
    }
    struct view description = codedeploy_description(d->event_tag, d->arena);
    if (!description.data) {
        return err_out_of_memory(d->err, "plan");
    }
    if (facts->err) {
        return decide_error(d, facts->err);
    }
    if (facts->group.len == 0) {
        return refuse_group(d);
    }
    const struct codedeploy_deployment *other = NULL;
    for (size_t i = 0; i < facts->n_deployments; i++) {
        const struct codedeploy_deployment *deployment = &facts->deployments[i];
        if (view_equal(deployment->description, description)) {
            return decide_own(d, deployment);
        }
        other = codedeploy_is_under_way(deployment) ? deployment : other;
    }
    if (other) {
        return wait_for(d, other);
    }
    return check_app_spec(d);
}

void deliver_by_code_deploy(struct decision *d) {
    if (is_code_deploy(d) && d->change->verdict == VERDICT_DEPLOY) {
        d->change->delivery = DELIVER_CODE_DEPLOY;
    }
}
