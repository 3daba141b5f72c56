/* Services and tasks: their names, and the repositories that they get by them or by hand. */

#include "cli/settings/check_internal.h"
#include "handlers/deploy/image.h"
#include "handlers/deploy/target.h"

/* A project that ECR refuses is told once, at the project. */
static struct view project_for_names(const struct settings *settings, struct problems *problems) {
    struct view project = settings->project.text;
    struct view probe = arena_printf(problems->arena, VIEW_FMT "_backend", VIEW_ARG(project));
    problems->out_of_memory |= probe.data == NULL;
    return project.len > 0 && probe.data && image_repository_is_valid(probe) ? project
                                                                             : VIEW("project");
}

/* --- names --- */

static int check_repository_name(const struct settings *settings, const struct workload *workload,
                                 struct problems *problems) {
    struct view repository = target_conventional_repository(project_for_names(settings, problems),
                                                            workload_target_kind(workload->kind),
                                                            workload->name.text, problems->arena);
    if (!repository.data) {
        return -1;
    }
    if (!image_repository_is_valid(repository)) {
        problems_add(problems, check_at(SEVERITY_ERROR, settings, workload->name.value),
                     "use lower-case letters and digits, with '-' or '_' between them",
                     "name: ECR refuses the repository's name '" VIEW_FMT "'",
                     VIEW_ARG(repository));
    }
    return 0;
}

/* The backend is there without being listed; where it is, the function has one entry for both, and
 * what the list says of its repository counts. */
static int check_backend(const struct settings *settings, const struct workload *workload,
                         struct problems *problems) {
    const struct problem_place where = check_at(SEVERITY_WARNING, settings, workload->name.value);
    struct view project = settings->project.text;
    struct settings_repository by_convention;
    struct settings_repository listed;
    struct err err;
    err_init(&err);
    if (workload->kind != WORKLOAD_SERVICE || !view_equal(workload->name.text, VIEW("backend"))) {
        return 0;
    }
    if (settings_repository(settings, NULL, problems->arena, &by_convention, &err) < 0 ||
        settings_repository(settings, workload, problems->arena, &listed, &err) < 0) {
        return -1;
    }
    if (!listed.is_found || view_equal(listed.uri, by_convention.uri)) {
        problems_add(problems, where, "give the service another name",
                     "name: 'backend' means the backend itself, in repository '" VIEW_FMT
                     "_backend'",
                     VIEW_ARG(project));
        return 0;
    }
    struct view shown = check_shown(listed.uri);
    problems_add(problems, where,
                 "give the service another name, unless the backend's images are there",
                 "name: 'backend' means the backend itself, which is deployed from '" VIEW_FMT
                 "' then, and not from '" VIEW_FMT "_backend'",
                 VIEW_ARG(shown), VIEW_ARG(project));
    return 0;
}

static int check_workload_name(const struct settings *settings, const struct workload *workload,
                               struct problems *problems) {
    if (workload->name.text.len == 0) {
        if (!workload->name.value || workload->name.value->kind == YAML_SCALAR) {
            problems_add(problems, check_at(SEVERITY_ERROR, settings, workload->value),
                         "write its name: name: worker", "%s: an item without a name",
                         workload_list_name(workload->kind));
        }
        return 0;
    }
    if (!check_name(settings, &workload->name, "name", problems)) {
        return 0;
    }
    if (check_backend(settings, workload, problems) < 0) {
        return -1;
    }
    return workload->ecr_mode == ECR_MODE_CREATE
               ? check_repository_name(settings, workload, problems)
               : 0;
}

static void complain_of_twin(const struct settings *settings, const struct workload *workload,
                             const struct workload *twin, struct problems *problems) {
    struct view name = check_shown(workload->name.text);
    if (workload_target_kind(workload->kind) != workload_target_kind(twin->kind)) {
        problems_add(problems, check_at(SEVERITY_WARNING, settings, workload->name.value),
                     "give one of them another name",
                     "name: '" VIEW_FMT "' is a service, too, in line %zu: an event that names it "
                     "means one of them",
                     VIEW_ARG(name), twin->name.value->place.line);
        return;
    }
    problems_add(problems, check_at(SEVERITY_ERROR, settings, workload->name.value),
                 "give one of them another name",
                 "name: '" VIEW_FMT "' is there twice, first in %s, line %zu", VIEW_ARG(name),
                 workload_list_name(twin->kind), twin->name.value->place.line);
}

/* Tasks of both lists share the names of repositories and of targets. */
static void check_twins(const struct settings *settings, size_t i, struct problems *problems) {
    const struct workload *workload = &settings->workloads[i];
    for (size_t k = 0; k < i && workload->name.text.len > 0; k++) {
        if (view_equal(settings->workloads[k].name.text, workload->name.text)) {
            complain_of_twin(settings, workload, &settings->workloads[k], problems);
            return;
        }
    }
}

/* --- ecr_config --- */

static void complain_of_idle(const struct settings *settings, const struct setting *setting,
                             const char *key, const char *mode, struct problems *problems) {
    if (setting->text.len > 0) {
        problems_add(problems, check_at(SEVERITY_WARNING, settings, setting->value), "",
                     "%s has no effect without mode: %s", key, mode);
        problems_remedy(problems, "write mode: %s, or take it out", mode);
    }
}

static void check_mode(const struct settings *settings, const struct workload *workload,
                       struct problems *problems) {
    if (workload->ecr_mode == ECR_MODE_UNKNOWN) {
        struct view shown = check_shown(workload->mode.text);
        problems_add(problems, check_at(SEVERITY_ERROR, settings, workload->mode.value),
                     "write one of the three",
                     "mode: '" VIEW_FMT
                     "' is none; expected create_ecr, manual_repo or use_existing",
                     VIEW_ARG(shown));
        return;
    }
    if (workload->ecr_mode != ECR_MODE_MANUAL) {
        complain_of_idle(settings, &workload->repository_uri, "repository_uri", "manual_repo",
                         problems);
    }
    if (workload->ecr_mode != ECR_MODE_EXISTING) {
        complain_of_idle(settings, &workload->source_name, "source_service_name", "use_existing",
                         problems);
        complain_of_idle(settings, &workload->source_type, "source_service_type", "use_existing",
                         problems);
    }
}

static void check_manual(const struct settings *settings, const struct workload *workload,
                         struct problems *problems) {
    const struct setting *uri = &workload->repository_uri;
    struct view shown = check_shown(uri->text);
    struct image_reference reference;
    const struct yaml_value *at = uri->value ? uri->value : workload->mode.value;
    const struct problem_place where = check_at(SEVERITY_ERROR, settings, at);
    if (uri->text.len == 0) {
        problems_add(problems, where,
                     "write repository_uri: "
                     "\"111111111111.dkr.ecr.us-east-1.amazonaws.com/myproject_service_api\"",
                     "manual_repo without repository_uri");
        return;
    }
    if (!image_reference_parse(uri->text, &reference) || !reference.is_ecr) {
        problems_add(problems, where,
                     "write <account>.dkr.ecr.<region>.amazonaws.com/<name>, in the registry's own "
                     "partition",
                     "repository_uri: '" VIEW_FMT "' is no repository in ECR", VIEW_ARG(shown));
        return;
    }
    if (!image_repository_is_valid(reference.name)) {
        problems_add(problems, where,
                     "write the name of a repository there, of 2 characters or more",
                     "repository_uri: ECR refuses the repository's name '" VIEW_FMT "'",
                     VIEW_ARG(reference.name));
    }
    if (reference.tag.len + reference.digest.len > 0) {
        problems_add(problems, where, "take it off: the tag comes with each deploy",
                     "repository_uri: '" VIEW_FMT "' names an image, with a %s", VIEW_ARG(shown),
                     reference.digest.len > 0 ? "digest" : "tag");
    }
    const struct setting region = {.text = reference.region, .value = uri->value};
    check_partition(settings, &region, settings->region.text, "repository_uri", problems);
}

int check_workloads(const struct settings *settings, struct problems *problems) {
    for (size_t i = 0; i < settings->n_workloads; i++) {
        const struct workload *workload = &settings->workloads[i];
        if (check_workload_name(settings, workload, problems) < 0) {
            return -1;
        }
        check_twins(settings, i, problems);
        check_mode(settings, workload, problems);
        if (workload->ecr_mode == ECR_MODE_MANUAL) {
            check_manual(settings, workload, problems);
        }
    }
    return 0;
}
