#include "handlers/deploy/facts_codedeploy.h"

/* Applications that are looked through for the service's group, at most. */
#define APPLICATIONS_MAX 200

struct codedeploy_search {
    const struct gathering_place *place;
    const struct facts_request *request;
    struct codedeploy_facts *facts;
    struct view cluster; /* its name */
};

struct view codedeploy_description(struct view event_tag, struct arena *arena) {
    return arena_printf(arena, "slipway event " VIEW_FMT, VIEW_ARG(event_tag));
}

/* --- calls --- */

static void call_once(const struct codedeploy_search *s, struct aws_call *call) {
    aws_call_all(s->place->aws, call, 1, s->place->deadline_ms, s->place->arena);
}

static int keep(struct codedeploy_search *s, const struct err *error) {
    return facts_keep_error(s->place, error, &s->facts->err);
}

/* --- the group --- */

static int try_groups(struct codedeploy_search *s, struct view application,
                      const struct view *groups, size_t n) {
    struct aws_call call = {0};
    struct err error;
    struct view found;
    err_init(&error);
    if (n == 0) {
        return 0;
    }
    if (codedeploy_get_groups_call(application, groups,
                                   n < CODEDEPLOY_GROUPS_MAX ? n : CODEDEPLOY_GROUPS_MAX,
                                   s->place->arena, &call, s->place->err) != 0) {
        return -1;
    }
    call_once(s, &call);
    if (codedeploy_get_groups_result(&call, s->cluster, s->request->target->service,
                                     s->place->arena, &found, &error) != 0) {
        return keep(s, &error);
    }
    if (found.len == 0) {
        return 0;
    }
    s->facts->application = application;
    s->facts->group = found;
    return codedeploy_group_revision_result(&call, found, s->place->arena, &s->facts->last,
                                            &error) != 0
               ? keep(s, &error)
               : 0;
}

/* As the ECS console names them. */
static int try_usual_names(struct codedeploy_search *s) {
    struct view service = s->request->target->service;
    struct view application = arena_printf(s->place->arena, "AppECS-" VIEW_FMT "-" VIEW_FMT,
                                           VIEW_ARG(s->cluster), VIEW_ARG(service));
    struct view group = arena_printf(s->place->arena, "DgpECS-" VIEW_FMT "-" VIEW_FMT,
                                     VIEW_ARG(s->cluster), VIEW_ARG(service));
    return application.data && group.data ? try_groups(s, application, &group, 1)
                                          : err_out_of_memory(s->place->err, "facts");
}

static int try_application(struct codedeploy_search *s, struct view application) {
    struct aws_call call = {0};
    struct codedeploy_names groups;
    struct err error;
    err_init(&error);
    if (codedeploy_list_groups_call(application, s->place->arena, &call, s->place->err) != 0) {
        return -1;
    }
    call_once(s, &call);
    if (codedeploy_list_groups_result(&call, s->place->arena, &groups, &error) != 0) {
        return keep(s, &error);
    }
    return try_groups(s, application, groups.names, groups.n);
}

static bool is_over(const struct codedeploy_search *s) {
    return s->facts->err || s->facts->group.len > 0;
}

static int search_applications(struct codedeploy_search *s) {
    struct codedeploy_names page = {0};
    size_t looked = 0;
    do {
        struct aws_call call = {0};
        struct err error;
        err_init(&error);
        if (codedeploy_list_applications_call(page.next, s->place->arena, &call, s->place->err) !=
            0) {
            return -1;
        }
        call_once(s, &call);
        if (codedeploy_list_applications_result(&call, s->place->arena, &page, &error) != 0) {
            return keep(s, &error);
        }
        for (size_t i = 0; i < page.n && !is_over(s) && looked < APPLICATIONS_MAX; i++) {
            looked++;
            if (try_application(s, page.names[i]) != 0) {
                return -1;
            }
        }
    } while (page.next.len > 0 && !is_over(s) && looked < APPLICATIONS_MAX);
    return 0;
}

static int find_group(struct codedeploy_search *s) {
    const struct target *target = s->request->target;
    if (target->codedeploy_application.len > 0) {
        return try_groups(s, target->codedeploy_application, &target->codedeploy_group, 1);
    }
    if (try_usual_names(s) != 0) {
        return -1;
    }
    return is_over(s) ? 0 : search_applications(s);
}

/* --- its last AppSpec --- */

static int read_app_spec(struct codedeploy_search *s) {
    struct codedeploy_facts *facts = s->facts;
    struct aws_call call = {0};
    struct view text = {0};
    struct err error;
    err_init(&error);
    if (facts->last.sha256.len == 0) {
        return 0;
    }
    if (codedeploy_get_revision_call(facts->application, &facts->last, s->place->arena, &call,
                                     s->place->err) != 0) {
        return -1;
    }
    call_once(s, &call);
    if (codedeploy_get_revision_result(&call, s->place->arena, &text, &error) != 0) {
        return keep(s, &error);
    }
    facts->is_app_spec_gone = text.len == 0;
    return app_spec_read(text, s->place->arena, &facts->app_spec, s->place->err);
}

/* --- its deployments --- */

static int add_deployments(struct codedeploy_search *s, int64_t since_ms) {
    struct aws_call call = {0};
    struct view *ids = NULL;
    struct codedeploy_deployment *found = NULL;
    size_t n = 0;
    struct codedeploy_facts *facts = s->facts;
    struct err error;
    err_init(&error);
    if (codedeploy_list_deployments_call(facts->application, facts->group, since_ms,
                                         s->place->arena, &call, s->place->err) != 0) {
        return -1;
    }
    call_once(s, &call);
    if (codedeploy_list_deployments_result(&call, s->place->arena, &ids, &n, &error) != 0) {
        return keep(s, &error);
    }
    n = n < CODEDEPLOY_DEPLOYMENTS_MAX ? n : CODEDEPLOY_DEPLOYMENTS_MAX;
    call = (struct aws_call){0};
    if (n == 0) {
        return 0;
    }
    if (codedeploy_get_deployments_call(ids, n, s->place->arena, &call, s->place->err) != 0) {
        return -1;
    }
    call_once(s, &call);
    if (codedeploy_get_deployments_result(&call, s->place->arena, &found, &n, &error) != 0) {
        return keep(s, &error);
    }
    for (size_t i = 0; i < n && facts->n_deployments < (size_t)2 * CODEDEPLOY_DEPLOYMENTS_MAX;
         i++) {
        facts->deployments[facts->n_deployments++] = found[i];
    }
    return 0;
}

static int find_deployments(struct codedeploy_search *s) {
    s->facts->deployments = ARENA_ARRAY(s->place->arena, (size_t)2 * CODEDEPLOY_DEPLOYMENTS_MAX,
                                        struct codedeploy_deployment);
    if (!s->facts->deployments) {
        return err_out_of_memory(s->place->err, "facts");
    }
    if (add_deployments(s, 0) != 0) {
        return -1;
    }
    return s->facts->err ? 0 : add_deployments(s, s->request->trigger->event_time_ms);
}

/* --- all requests --- */

static bool is_concerned(const struct facts_request *request) {
    enum trigger_kind kind = request->trigger->kind;
    return request->target->kind == TARGET_SERVICE && !request->ret_facts->service_err &&
           view_equal(request->ret_facts->service.controller, VIEW("CODE_DEPLOY")) &&
           (kind == TRIGGER_DEPLOY || kind == TRIGGER_DEPLOY_REVISION || kind == TRIGGER_ROLLBACK);
}

int facts_gather_codedeploy(const struct gathering_place *place,
                            const struct facts_request *requests, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!is_concerned(&requests[i])) {
            continue;
        }
        struct codedeploy_facts *facts = ARENA_NEW(place->arena, struct codedeploy_facts);
        if (!facts) {
            return err_out_of_memory(place->err, "facts");
        }
        requests[i].ret_facts->codedeploy = facts;
        struct codedeploy_search search = {.place = place,
                                           .request = &requests[i],
                                           .facts = facts,
                                           .cluster = target_cluster_name(requests[i].target)};
        if (find_group(&search) != 0) {
            return -1;
        }
        if (facts->group.len > 0 && !facts->err &&
            (find_deployments(&search) != 0 || read_app_spec(&search) != 0)) {
            return -1;
        }
    }
    return 0;
}
