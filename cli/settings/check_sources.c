/* use_existing: each leads to a service or task of the same file, and on, and never back. */

#include "cli/settings/check_internal.h"
#include "handlers/similar.h"
#include "runtime/base/buf.h"

#define PATH_BYTES 512 /* of a circle that is written out */

static bool is_list_name(struct view name) {
    for (int kind = 0; kind < N_WORKLOAD_KINDS; kind++) {
        if (view_equal(name, view_of(workload_list_name((enum workload_kind)kind)))) {
            return true;
        }
    }
    return false;
}

static bool names_source(const struct settings *settings, const struct workload *workload,
                         struct problems *problems) {
    const struct setting *name = &workload->source_name;
    const struct setting *type = &workload->source_type;
    if (name->text.len == 0) {
        problems_add(
            problems,
            check_at(SEVERITY_ERROR, settings, name->value ? name->value : workload->mode.value),
            "write whose repository it is: source_service_name: api",
            "use_existing without source_service_name");
    }
    if (type->text.len == 0) {
        problems_add(
            problems,
            check_at(SEVERITY_ERROR, settings, type->value ? type->value : workload->mode.value),
            "write the list that it is in: source_service_type: services",
            "use_existing without source_service_type");
    } else if (!is_list_name(type->text)) {
        struct view shown = check_shown(type->text);
        problems_add(problems, check_at(SEVERITY_ERROR, settings, type->value),
                     "write services, scheduled_tasks or event_processor_tasks",
                     "source_service_type: '" VIEW_FMT "' is no list", VIEW_ARG(shown));
        return false;
    }
    return name->text.len > 0 && type->text.len > 0;
}

/* One that may be meant: of that name in another list, or of nearly that name in this one. */
static const struct workload *find_meant(const struct settings *settings,
                                         const struct workload *workload) {
    const struct workload *similar = NULL;
    for (size_t i = 0; i < settings->n_workloads; i++) {
        const struct workload *other = &settings->workloads[i];
        bool is_in_list =
            view_equal(view_of(workload_list_name(other->kind)), workload->source_type.text);
        if (other != workload && view_equal(other->name.text, workload->source_name.text)) {
            return other;
        }
        if (other != workload && is_in_list && other->name.text.len > 0 &&
            similar_is_misspelling(workload->source_name.text, other->name.text)) {
            similar = other;
        }
    }
    return similar;
}

static void complain_of_nothing(const struct settings *settings, const struct workload *workload,
                                struct problems *problems) {
    const struct workload *meant = find_meant(settings, workload);
    struct view name = check_shown(workload->source_name.text);
    problems_add(problems, check_at(SEVERITY_ERROR, settings, workload->source_name.value),
                 "name a service or task of this file, and its list",
                 "source_service_name: there is no '" VIEW_FMT "' in " VIEW_FMT, VIEW_ARG(name),
                 VIEW_ARG(workload->source_type.text));
    if (meant) {
        struct view other = check_shown(meant->name.text);
        problems_remedy(problems,
                        "write '" VIEW_FMT "' of source_service_type: %s, if that is meant",
                        VIEW_ARG(other), workload_list_name(meant->kind));
    }
}

/* "a -> b -> a" */
static void complain_of_circle(const struct settings *settings, const struct workload *workload,
                               struct problems *problems) {
    struct buf path BUF_AUTO = BUF_INIT(PATH_BYTES);
    const struct workload *at = workload;
    do {
        struct view name = check_shown(at->name.text);
        buf_append(&path, name);
        buf_append_str(&path, " -> ");
        at = settings_source_of(settings, at);
    } while (at && at != workload && !path.failed);
    buf_append(&path, check_shown(workload->name.text));
    problems->out_of_memory |= path.failed && !path.over_limit;
    problems_add(problems, check_at(SEVERITY_ERROR, settings, workload->source_name.value),
                 "let one of them create its repository: mode: create_ecr",
                 "use_existing goes round in a circle: %s%s", buf_cstr(&path),
                 path.failed ? "…" : "");
}

static bool has_been(const struct workload *const *visited, size_t n, const struct workload *at) {
    for (size_t i = 0; i < n; i++) {
        if (visited[i] == at) {
            return true;
        }
    }
    return false;
}

/* Follows the sources. A circle is told at the first of those that make it up, and not again where
 * others lead into it. */
static void follow(const struct settings *settings, const struct workload *workload,
                   struct problems *problems) {
    const struct workload *visited[SETTINGS_MAX_CHAIN + 1];
    const struct workload *at = workload;
    bool is_first = true;
    for (size_t n = 0; at && at->ecr_mode == ECR_MODE_EXISTING; n++) {
        if (n == SETTINGS_MAX_CHAIN) {
            problems_add(problems, check_at(SEVERITY_ERROR, settings, workload->source_name.value),
                         "name the one that creates the repository",
                         "use_existing leads on for more than %d others", SETTINGS_MAX_CHAIN);
            return;
        }
        visited[n] = at;
        at = settings_source_of(settings, at);
        is_first = is_first && at && at >= workload;
        if (at == workload && is_first) {
            complain_of_circle(settings, workload, problems);
        }
        if (has_been(visited, n + 1, at)) {
            return;
        }
    }
}

void check_sources(const struct settings *settings, struct problems *problems) {
    for (size_t i = 0; i < settings->n_workloads; i++) {
        const struct workload *workload = &settings->workloads[i];
        if (workload->ecr_mode != ECR_MODE_EXISTING ||
            !names_source(settings, workload, problems)) {
            continue;
        }
        if (settings_source_of(settings, workload)) {
            follow(settings, workload, problems);
        } else {
            complain_of_nothing(settings, workload, problems);
        }
    }
}
