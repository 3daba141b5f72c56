#include "handlers/route_event.h"

#include "handlers/trigger/detail.h"
#include "handlers/trigger/ecs_deployment.h"
#include "handlers/trigger/image_push.h"
#include "handlers/trigger/manual.h"
#include "handlers/trigger/service_deploy.h"
#include "handlers/trigger/setting_change.h"
#include "runtime/base/buf.h"

#include <string.h>

/* Bytes of a wrong value that are shown, and of a list in a message. */
#define SHOWN_BYTES 64
#define LIST_BYTES 1024

/* ---- the table ---- */

/* Where an event of a row is obeyed. */
enum scope {
    EVERYWHERE,
    IN_PROD,
    IN_NAMED_ENVIRONMENT, /* the source's last part names it: the row's source is a prefix */
};

/* Whose events of a row are obeyed. */
enum senders {
    ALLOWED,    /* ALLOWED_ACCOUNTS; without it the function's own account */
    REGISTRIES, /* ALLOWED_ACCOUNTS if it is set. Else whoever has a registry that a target's image
                   comes from; all others' pushes are nobody's */
};

struct route_row {
    const char *source;
    enum scope scope;
    const char *detail_type;
    int (*parse)(const struct event *event, const struct config *config, struct arena *arena,
                 struct trigger *ret_trigger, struct err *err);
    const char *switch_name; /* the variable that switches the kind off, and where it is kept;
                                NULL: none does */
    size_t switch_offset;
    enum senders senders;
};

#define SWITCH(variable, member)                                                                   \
    .switch_name = (variable), .switch_offset = offsetof(struct config, member)
#define ALWAYS .switch_name = NULL
#define MANUAL SWITCH("ENABLE_MANUAL_DEPLOY", enable_manual)
#define PUSHES SWITCH("ENABLE_ECR_MONITORING", enable_ecr)
#define PARAMETERS SWITCH("ENABLE_SSM_MONITORING", enable_ssm)
#define ENV_FILES SWITCH("ENABLE_S3_MONITORING", enable_s3)

/* The first row that matches counts; prefixes come behind what they would hide. */
static const struct route_row rows[] = {
    {"action.production", IN_PROD, "DEPLOY", manual_deploy_parse, MANUAL},
    {"action.production", IN_PROD, "ROLLBACK", manual_rollback_parse, MANUAL},
    {"action.deploy", EVERYWHERE, "DEPLOY", manual_deploy_parse, MANUAL},
    {"action.deploy", EVERYWHERE, "ROLLBACK", manual_rollback_parse, MANUAL},
    {"action.", IN_NAMED_ENVIRONMENT, "DEPLOY", manual_deploy_parse, MANUAL},
    {"action.", IN_NAMED_ENVIRONMENT, "ROLLBACK", manual_rollback_parse, MANUAL},
    {"action.", IN_NAMED_ENVIRONMENT, "SERVICE_DEPLOY", service_deploy_parse, MANUAL},
    {"github.actions.", IN_NAMED_ENVIRONMENT, "SERVICE_DEPLOY", service_deploy_parse, MANUAL},
    {"github.actions", EVERYWHERE, "Deployment Ready", image_ready_parse, PUSHES},
    {"aws.ecr", EVERYWHERE, "ECR Image Action", image_push_parse, PUSHES, .senders = REGISTRIES},
    {"aws.ssm", EVERYWHERE, "Parameter Store Change", parameter_change_parse, PARAMETERS},
    {"aws.s3", EVERYWHERE, "Object Created", object_created_parse, ENV_FILES},
    {"aws.s3", EVERYWHERE, "AWS API Call via CloudTrail", object_written_parse, ENV_FILES},
    {"aws.ecs", EVERYWHERE, "ECS Deployment State Change", ecs_deployment_parse, ALWAYS},
    {"aws.ecs", EVERYWHERE, "ECS Service Action", ecs_deployment_parse, ALWAYS},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static bool is_source_of(const struct route_row *row, const struct event *event) {
    struct view source = view_of(row->source);
    return row->scope == IN_NAMED_ENVIRONMENT
               ? view_starts_with(event->source, source) && event->source.len > source.len
               : view_equal(event->source, source);
}

static bool row_matches(const struct route_row *row, const struct event *event) {
    return view_equal(event->detail_type, view_of(row->detail_type)) && is_source_of(row, event);
}

static const struct route_row *find_row(const struct event *event) {
    for (size_t i = 0; i < N_ROWS; i++) {
        if (row_matches(&rows[i], event)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool is_for_here(const struct route_row *row, const struct event *event,
                        const struct config *config) {
    switch (row->scope) {
    case EVERYWHERE:
        return true;
    case IN_PROD:
        /* An environment of the very name is meant too. */
        return config->is_prod;
    case IN_NAMED_ENVIRONMENT:
        return view_equal(view_slice(event->source, strlen(row->source), event->source.len),
                          config->env);
    }
    return false;
}

static bool is_switched_on(const struct route_row *row, const struct config *config) {
    const char *start = (const char *)config;
    bool on;
    if (row->switch_name == NULL) {
        return true;
    }
    memcpy(&on, start + row->switch_offset, sizeof(on));
    return on;
}

/* ---- one event ---- */

static struct view shown(struct view value) {
    return view_slice(value, 0, SHOWN_BYTES);
}

int route_refuse(struct trigger *trigger, enum err_code code, struct view message,
                 const char *remedy, struct err *err) {
    struct err cause;
    err_init(&cause);
    if (message.data == NULL) {
        return err_out_of_memory(err, "an event");
    }
    err_set(&cause, code, VIEW_FMT, VIEW_ARG(message));
    err_remedy(&cause, "%s", remedy != NULL ? remedy : err_default_remedy(code));
    return trigger_refuse(trigger, &cause, err);
}

/* A source may fit several rows of one detail-type: "action.production" that of prod, and that of
 * an environment of the name. */
static bool is_listed_before(size_t row, const struct event *event) {
    for (size_t i = 0; i < row; i++) {
        if (is_source_of(&rows[i], event) &&
            strcmp(rows[i].detail_type, rows[row].detail_type) == 0) {
            return true;
        }
    }
    return false;
}

/* The detail-types of the event's source, if that has any; else the sources. */
static void list_supported(const struct router *router, const struct event *event,
                           struct buf *list) {
    bool is_known = false;
    for (size_t i = 0; i < N_ROWS; i++) {
        is_known = is_known || is_source_of(&rows[i], event);
    }
    buf_append_str(list, is_known ? "from there: " : "sources: ");
    for (size_t i = 0, n = 0; i < N_ROWS; i++) {
        struct view env =
            rows[i].scope == IN_NAMED_ENVIRONMENT ? router->context->config->env : (struct view){0};
        if (is_known && is_source_of(&rows[i], event) && !is_listed_before(i, event)) {
            buf_appendf(list, "%s%s", n++ > 0 ? ", " : "", rows[i].detail_type);
        } else if (!is_known && (i == 0 || strcmp(rows[i - 1].source, rows[i].source) != 0)) {
            buf_appendf(list, "%s%s" VIEW_FMT, n++ > 0 ? ", " : "", rows[i].source, VIEW_ARG(env));
        }
    }
}

static int refuse_unsupported(const struct router *router, const struct event *event,
                              struct trigger *trigger, struct err *err) {
    struct buf known BUF_AUTO = BUF_INIT(LIST_BYTES);
    list_supported(router, event, &known);
    return route_refuse(trigger, ERR_EVENT_UNSUPPORTED,
                        arena_printf(router->arena,
                                     "'" VIEW_FMT "' from '" VIEW_FMT "' is not supported; %s",
                                     VIEW_ARG(shown(event->detail_type)),
                                     VIEW_ARG(shown(event->source)), buf_cstr(&known)),
                        NULL, err);
}

static int ignore_elsewhere(const struct router *router, const struct route_row *row,
                            const struct event *event, struct trigger *trigger, struct err *err) {
    const char *where = row->scope == IN_PROD ? "prod" : "the environment that it names";
    return trigger_ignore(
        trigger,
        arena_printf(router->arena, "'" VIEW_FMT "' is obeyed in %s, and this is '" VIEW_FMT "'",
                     VIEW_ARG(shown(event->source)), where, VIEW_ARG(router->context->config->env)),
        err);
}

static bool is_allowed(const struct router *router, const struct route_row *row,
                       struct view account) {
    const struct config *config = router->context->config;
    if (account.len == 0 || (row->senders == REGISTRIES && config->n_allowed_accounts == 0)) {
        return true;
    }
    for (size_t i = 0; i < config->n_allowed_accounts; i++) {
        if (view_equal(config->allowed_accounts[i], account)) {
            return true;
        }
    }
    return config->n_allowed_accounts == 0 && view_equal(router->context->own_account, account);
}

/* For the answer: which service the event was about, if it says so. */
static int fill_service(const struct router *router, const struct event *event,
                        struct trigger *trigger, struct err *err) {
    struct view service = json_string(json_get(event->detail, "service"));
    if (!config_name_is_valid(service)) {
        return 0;
    }
    trigger->service = arena_copy(router->arena, service);
    return trigger->service.data != NULL ? 0 : err_out_of_memory(err, "an event");
}

static int refuse_account(const struct router *router, const struct event *event,
                          struct trigger *trigger, struct err *err) {
    struct buf allowed BUF_AUTO = BUF_INIT(LIST_BYTES);
    const struct config *config = router->context->config;
    for (size_t i = 0; i < config->n_allowed_accounts && allowed.len + 16 < LIST_BYTES; i++) {
        buf_appendf(&allowed, "%s" VIEW_FMT, i > 0 ? ", " : "",
                    VIEW_ARG(config->allowed_accounts[i]));
    }
    if (config->n_allowed_accounts == 0) {
        buf_append(&allowed, router->context->own_account);
    }
    if (fill_service(router, event, trigger, err) != 0) {
        return -1;
    }
    if (allowed.len == 0) {
        return route_refuse(trigger, ERR_ACCOUNT_NOT_ALLOWED,
                            arena_printf(router->arena,
                                         "account '" VIEW_FMT "' is not allowed; no account is",
                                         VIEW_ARG(event->account)),
                            "set ALLOWED_ACCOUNTS: the function's own account is not known", err);
    }
    return route_refuse(trigger, ERR_ACCOUNT_NOT_ALLOWED,
                        arena_printf(router->arena,
                                     "account '" VIEW_FMT "' is not allowed; allowed: %s",
                                     VIEW_ARG(event->account), buf_cstr(&allowed)),
                        NULL, err);
}

int route_event(const struct router *router, const struct event *event, struct trigger *trigger,
                struct err *err) {
    const struct config *config = router->context->config;
    const struct route_row *row = find_row(event);
    if (row == NULL) {
        return refuse_unsupported(router, event, trigger, err);
    }
    if (!is_for_here(row, event, config)) {
        return ignore_elsewhere(router, row, event, trigger, err);
    }
    if (!is_switched_on(row, config)) {
        return trigger_ignore(
            trigger, arena_printf(router->arena, "switched off by %s", row->switch_name), err);
    }
    if (!is_allowed(router, row, event->account)) {
        return refuse_account(router, event, trigger, err);
    }
    return row->parse(event, config, router->arena, trigger, err);
}
