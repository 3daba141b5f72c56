#include "cli/doctor/checks.h"

#include "handlers/deploy/plan_revision.h"

/* --- a service --- */

static void check_controller(const struct doctor_target *target, struct doctor_findings *findings) {
    const struct ecs_service_state *service = &target->runs.service;
    struct view name = target->runs.target.name;
    if (!view_equal(service->status, VIEW("ACTIVE"))) {
        findings_add(findings, DOCTOR_WRONG, "service", name,
                     "'" VIEW_FMT "' in cluster '" VIEW_FMT "' is " VIEW_FMT,
                     VIEW_ARG(service->name), VIEW_ARG(target->runs.target.cluster),
                     VIEW_ARG(service->status));
        findings_remedy(findings, "%s", err_default_remedy(ERR_SERVICE_NOT_ACTIVE));
        return;
    }
    if (!view_equal(service->controller, VIEW("ECS")) &&
        !view_equal(service->controller, VIEW("CODE_DEPLOY"))) {
        findings_add(findings, DOCTOR_WRONG, "service", name,
                     "'" VIEW_FMT "' has the deployment controller " VIEW_FMT
                     ", which slipway cannot deploy with",
                     VIEW_ARG(service->name), VIEW_ARG(service->controller));
        findings_remedy(findings, "%s", err_default_remedy(ERR_CONTROLLER_UNSUPPORTED));
        return;
    }
    findings_add(findings, DOCTOR_WELL, "service", name,
                 "'" VIEW_FMT "' in cluster '" VIEW_FMT "' is ACTIVE, deployed by " VIEW_FMT,
                 VIEW_ARG(service->name), VIEW_ARG(target->runs.target.cluster),
                 VIEW_ARG(service->controller));
}

/* A deploy may only use the target's own family. */
static void check_own_family(const struct doctor_target *target, struct doctor_findings *findings) {
    const struct target *one = &target->runs.target;
    struct view runs = target->runs.service.task_definition;
    struct view family;
    int64_t revision;
    if (runs.len == 0 ||
        (revision_parse(runs, &family, &revision) && view_equal(family, one->family))) {
        return;
    }
    findings_add(findings, DOCTOR_WRONG, "family", one->name,
                 "service '" VIEW_FMT "' runs '" VIEW_FMT "', which is not of its family '" VIEW_FMT
                 "'",
                 VIEW_ARG(one->service), VIEW_ARG(revision_name(runs)), VIEW_ARG(one->family));
    findings_remedy(findings, "correct task_family in ECS_SERVICE_MAP, or give the service a "
                              "revision of its own family");
}

/* CodeDeploy ends and undoes its deployments itself. */
static void check_breaker(const struct doctor_target *target, struct doctor_findings *findings) {
    const struct ecs_service_state *service = &target->runs.service;
    struct view name = target->runs.target.name;
    if (!view_equal(service->controller, VIEW("ECS"))) {
        return;
    }
    if (service->breaks_circuit && service->rolls_back) {
        findings_add(findings, DOCTOR_WELL, "circuit breaker", name, "is on, with rollback");
        return;
    }
    findings_add(findings, DOCTOR_WRONG, "circuit breaker", name,
                 service->breaks_circuit
                     ? "is on without rollback: a deployment that fails leaves the service with "
                       "what it failed with"
                     : "is off: a deployment whose tasks do not start goes on for ever");
    findings_remedy(findings,
                    "aws ecs update-service --cluster " VIEW_FMT " --service " VIEW_FMT
                    " --deployment-configuration "
                    "'deploymentCircuitBreaker={enable=true,rollback=true}', and where the service "
                    "is defined",
                    VIEW_ARG(target->runs.target.cluster), VIEW_ARG(target->runs.target.service));
}

/* --- what it is made of --- */

static void check_family(const struct doctor_target *target, struct doctor_findings *findings) {
    struct view name = target->runs.target.name;
    if (target->latest_err) {
        findings_add_error(findings, findings_state_of(target->latest_err), "family", name,
                           target->latest_err);
        return;
    }
    findings_add(findings, DOCTOR_WELL, "family", name, "'" VIEW_FMT "' is ACTIVE",
                 VIEW_ARG(revision_name(target->latest.arn)));
    if (target->container_err) {
        findings_add_error(findings, DOCTOR_WRONG, "container", name, target->container_err);
        return;
    }
    findings_add(
        findings, DOCTOR_WELL, "container", name,
        "%zu container%s of '" VIEW_FMT "' %s an image of '" VIEW_FMT "'", target->n_containers,
        target->n_containers == 1 ? "" : "s", VIEW_ARG(revision_name(target->latest.arn)),
        target->n_containers == 1 ? "runs" : "run", VIEW_ARG(target->runs.target.repository.name));
}

/* What rules and schedules start: that of a family which is not there has been said. */
static void check_runners(const struct doctor_target *target, struct doctor_findings *findings) {
    const struct what_runs *one;
    for (size_t i = 0; !target->latest_err && (one = what_runs_at(&target->runs, i)) != NULL; i++) {
        if (one->err) {
            findings_add_error(findings, findings_state_of(one->err), "runs", one->target.name,
                               one->err);
        }
    }
}

static void check_lambda(const struct doctor_target *target, struct doctor_findings *findings) {
    const struct lambda_function *function = &target->runs.function;
    const struct target *one = &target->runs.target;
    if (!view_equal(function->package_type, VIEW("Image"))) {
        findings_add(findings, DOCTOR_WRONG, "function", one->name,
                     "'" VIEW_FMT "' is no container image, but " VIEW_FMT, VIEW_ARG(one->function),
                     VIEW_ARG(function->package_type));
        findings_remedy(findings, "create the function anew from an image, or take it out of "
                                  "ECS_SERVICE_MAP");
        return;
    }
    findings_add(findings, DOCTOR_WELL, "function", one->name, "'" VIEW_FMT "' is there",
                 VIEW_ARG(one->function));
}

static void check_target(const struct doctor_target *target, struct doctor_findings *findings) {
    const struct target *one = &target->runs.target;
    bool is_missing = target->runs.err != NULL;
    if (is_missing && one->kind != TARGET_TASK) {
        findings_add_error(findings, findings_state_of(target->runs.err),
                           one->kind == TARGET_SERVICE ? "service" : "function", one->name,
                           target->runs.err);
    }
    switch (one->kind) {
    case TARGET_SERVICE:
        if (!is_missing) {
            check_controller(target, findings);
            check_own_family(target, findings);
            check_breaker(target, findings);
        }
        check_family(target, findings);
        break;
    case TARGET_TASK:
        check_family(target, findings);
        check_runners(target, findings);
        break;
    case TARGET_LAMBDA:
        if (!is_missing) {
            check_lambda(target, findings);
        }
        break;
    }
}

void check_targets(const struct doctor_facts *facts, struct doctor_findings *findings) {
    if (facts->targets_err) {
        findings_add_error(findings, findings_state_of(facts->targets_err), "services", VIEW(""),
                           facts->targets_err);
        return;
    }
    if (facts->n_targets == 0) {
        findings_add(findings, DOCTOR_WRONG, "services", VIEW(""),
                     "cluster '" VIEW_FMT
                     "' has no service that is called as the convention has it",
                     VIEW_ARG(facts->config->cluster));
        findings_remedy(findings, "create {project}_service_{env} there, or set ECS_SERVICE_MAP or "
                                  "ECS_CLUSTER_NAME");
        return;
    }
    for (size_t i = 0; i < facts->n_targets; i++) {
        check_target(&facts->targets[i], findings);
    }
}
