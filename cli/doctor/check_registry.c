#include "cli/doctor/checks.h"

/* --- the registry --- */

/* Whether ECR itself has answered, with whatever: the network, the region and the signature are
 * right then. */
static bool has_answered(const struct err *err) {
    return !err || err->code == ERR_REPOSITORY_NOT_FOUND ||
           err->code == ERR_REGISTRY_ACCESS_DENIED || err->code == ERR_IMAGE_NOT_FOUND;
}

static bool is_first_of_registry(const struct doctor_facts *facts, size_t at) {
    const struct ecr_registry *registry = &facts->repositories[at].repository.registry;
    for (size_t i = 0; i < at; i++) {
        const struct ecr_registry *other = &facts->repositories[i].repository.registry;
        if (view_equal(other->account, registry->account) &&
            view_equal(other->region, registry->region)) {
            return false;
        }
    }
    return true;
}

static void check_reachable(const struct doctor_repository *repository,
                            struct doctor_findings *findings) {
    const struct ecr_registry *registry = &repository->repository.registry;
    if (!has_answered(repository->err) && !has_answered(repository->images_err)) {
        findings_add_error(findings, DOCTOR_WRONG, "registry", registry->account, repository->err);
        return;
    }
    findings_add(findings, DOCTOR_WELL, "registry", registry->account,
                 "reachable in " VIEW_FMT "%s", VIEW_ARG(registry->region),
                 repository->is_foreign ? ", another account's" : "");
}

/* --- a repository --- */

/* In one's own account it is whoever asks that is denied; in another's it may be the account. */
static enum doctor_state state_of(const struct doctor_repository *repository,
                                  const struct err *err) {
    return err->code == ERR_REGISTRY_ACCESS_DENIED && !repository->is_foreign
               ? DOCTOR_WARNING
               : findings_state_of(err);
}

static void add_error(const struct doctor_repository *repository, const struct err *err,
                      struct doctor_findings *findings) {
    enum doctor_state state = state_of(repository, err);
    findings_add_error(findings, state, "repository", repository->repository.name, err);
    if (state == DOCTOR_WARNING) {
        findings_case(findings, DOCTOR_CASE_NONE);
    }
}

static void check_repository(const struct doctor_repository *repository,
                             struct doctor_findings *findings) {
    struct view name = repository->repository.name;
    const struct err *err = repository->err;
    if (!err && repository->images_err) {
        findings_add(findings, DOCTOR_WELL, "repository", name, "is there");
        add_error(repository, repository->images_err, findings);
        return;
    }
    if (!err) {
        findings_add(findings, DOCTOR_WELL, "repository", name, "is there, with %zu image%s",
                     repository->n_images, repository->n_images == 1 ? "" : "s");
        return;
    }
    if (!repository->images_err) {
        /* Seen by other means: a policy for pulls alone does not show the repository itself. */
        findings_add(findings, DOCTOR_WELL, "repository", name, "is there, with %zu image%s%s",
                     repository->n_images, repository->n_images == 1 ? "" : "s",
                     err->code == ERR_REGISTRY_ACCESS_DENIED
                         ? "; ecr:DescribeRepositories is not allowed here"
                         : "");
        return;
    }
    err = err->code == ERR_REGISTRY_ACCESS_DENIED ? repository->images_err : err;
    add_error(repository, err, findings);
}

void check_registry(const struct doctor_facts *facts, struct doctor_findings *findings) {
    for (size_t i = 0; i < facts->n_repositories; i++) {
        if (is_first_of_registry(facts, i)) {
            check_reachable(&facts->repositories[i], findings);
        }
    }
    for (size_t i = 0; i < facts->n_repositories; i++) {
        check_repository(&facts->repositories[i], findings);
    }
}
