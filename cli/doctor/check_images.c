#include "cli/doctor/checks.h"

#include "cli/ecr/lifecycle_check.h"

/* A task that has to be started again pulls the image again. */

static struct view revision_of(const struct what_runs *runs) {
    struct view before;
    struct view name;
    if (runs->target.kind == TARGET_LAMBDA) {
        return runs->target.function;
    }
    return view_cut_last(runs->definition.arn, '/', &before, &name) ? name : runs->definition.arn;
}

static void tell_lost(const struct lifecycle_running *running, struct view line,
                      struct doctor_findings *findings) {
    findings_add(findings, DOCTOR_WRONG, "image", running->target, VIEW_FMT, VIEW_ARG(line));
    if (running->image && !running->image->is_archived) {
        findings_remedy(findings, "keep more images, or give what runs a tag that a rule keeps: "
                                  "slipway ecr lifecycle prints a policy that does");
        return; /* it is there as yet */
    }
    findings_case(findings, DOCTOR_CASE_IMAGE_NOT_FOUND);
    if (running->image) {
        findings_remedy(findings, "restore the image from the archive, or deploy another one");
    } else {
        findings_remedy(findings, "deploy a tag that exists, or push the image again; what runs "
                                  "goes on only until a task has to be started");
    }
}

/* ECS resolves a tag once in a deployment: all of its tasks, later ones too, run what the tag named
 * then. */
static bool has_moved(const struct what_runs *runs, const struct lifecycle_running *running) {
    return runs->target.kind == TARGET_SERVICE && running->digest.len == 0 && runs->since_ms > 0 &&
           running->image && running->image->pushed_at_ms > runs->since_ms;
}

static void check_image(const struct doctor_repository *repository, const struct what_runs *runs,
                        struct doctor_findings *findings) {
    struct lifecycle_running running = {
        .target = runs->target.name,
        .revision = revision_of(runs),
        .tag = runs->tag,
        .digest = runs->digest,
        .image = doctor_running_image(repository, runs),
    };
    bool is_judged = running.image && repository->verdicts;
    if (is_judged) {
        running.verdict = repository->verdicts[running.image - repository->images];
    }
    struct view line = lifecycle_running_line(&running, findings->arena);
    if (!line.data) {
        findings->failed = true;
        return;
    }
    if (lifecycle_running_is_lost(&running)) {
        tell_lost(&running, line, findings);
        return;
    }
    if (!is_judged && repository->lifecycle_err) {
        struct view name = running.tag.len > 0 ? running.tag : running.digest;
        findings_add(findings, DOCTOR_WARNING, "image", running.target,
                     "'" VIEW_FMT "' is there; whether it expires could not be told: %s",
                     VIEW_ARG(name), repository->lifecycle_err->message);
        findings_remedy_of(findings, repository->lifecycle_err);
        if (repository->lifecycle_err->code == ERR_CONFIG_INVALID) {
            findings_remedy(findings,
                            "correct the repository's lifecycle policy, or let ECR look at it: aws "
                            "ecr start-lifecycle-policy-preview --region " VIEW_FMT
                            " --registry-id " VIEW_FMT " --repository-name " VIEW_FMT
                            ", then get-lifecycle-policy-preview",
                            VIEW_ARG(repository->repository.registry.region),
                            VIEW_ARG(repository->repository.registry.account),
                            VIEW_ARG(repository->repository.name));
        }
        return;
    }
    if (has_moved(runs, &running)) {
        findings_add(findings, DOCTOR_WARNING, "image", running.target,
                     VIEW_FMT ", and was pushed after what runs was deployed by that tag: its "
                              "tasks may run an image that no tag names",
                     VIEW_ARG(line));
        findings_remedy(findings, "see what the tasks have pulled: slipway ecr lifecycle --check");
        return;
    }
    findings_add(findings, DOCTOR_WELL, "image", running.target, VIEW_FMT, VIEW_ARG(line));
}

/* Whether it is there, of each revision that runs. */
static void check_runs(const struct doctor_target *target, const struct what_runs *runs,
                       struct doctor_findings *findings) {
    if (runs->err || runs->image.len == 0) {
        return; /* it has been said */
    }
    const struct err *err = target->repository->images_err;
    if (err && err->code == ERR_REPOSITORY_NOT_FOUND) {
        return; /* so has this */
    }
    if (err) {
        findings_add(findings, DOCTOR_WARNING, "image", runs->target.name,
                     "whether '" VIEW_FMT "' is still there could not be told",
                     VIEW_ARG(runs->image));
        return;
    }
    check_image(target->repository, runs, findings);
}

void check_images(const struct doctor_facts *facts, struct doctor_findings *findings) {
    for (size_t i = 0; i < facts->n_targets; i++) {
        const struct doctor_target *target = &facts->targets[i];
        const struct what_runs *one;
        for (size_t j = 0; (one = what_runs_at(&target->runs, j)) != NULL; j++) {
            check_runs(target, one, findings);
        }
    }
}
