#include "handlers/route_event.h"

#include "handlers/trigger/manual.h"
#include "runtime/base/buf.h"

#include <string.h>

/* Bytes of a wrong value that are shown, and of a list in a message. */
#define SHOWN_BYTES 64
#define LIST_BYTES 512

/* ---- the table ---- */

/* Where an event of a row is obeyed. */
enum scope {
    EVERYWHERE,
    IN_PROD,
    IN_NAMED_ENVIRONMENT, /* the source's last part names it: the row's source is a prefix */
};

struct route_row {
    const char *source;
    enum scope scope;
    const char *detail_type;
    int (*parse)(const struct event *event, const struct config *config, struct arena *arena,
                 struct trigger *ret_trigger, struct err *err);
    const char *switch_name; /* the variable that switches the kind off, and where it is kept */
    size_t switch_offset;
};

#define SWITCH(variable, member)                                                                   \
    .switch_name = (variable), .switch_offset = offsetof(struct config, member)
#define MANUAL SWITCH("ENABLE_MANUAL_DEPLOY", enable_manual)

/* The first row that matches counts; prefixes come behind what they would hide. */
static const struct route_row rows[] = {
    {"action.production", IN_PROD, "DEPLOY", manual_deploy_parse, MANUAL},
    {"action.deploy", EVERYWHERE, "DEPLOY", manual_deploy_parse, MANUAL},
    {"action.", IN_NAMED_ENVIRONMENT, "DEPLOY", manual_deploy_parse, MANUAL},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static bool row_matches(const struct route_row *row, const struct event *event) {
    struct view source = view_of(row->source);
    if (!view_equal(event->detail_type, view_of(row->detail_type))) {
        return false;
    }
    if (row->scope == IN_NAMED_ENVIRONMENT) {
        return view_starts_with(event->source, source) && event->source.len > source.len;
    }
    return view_equal(event->source, source);
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

static int ignore(struct trigger *trigger, struct view note, struct err *err) {
    if (note.data == NULL) {
        return err_out_of_memory(err, "an event");
    }
    trigger->kind = TRIGGER_IGNORE;
    trigger->note = note;
    return 0;
}

static int refuse_unsupported(const struct router *router, const struct event *event,
                              struct trigger *trigger, struct err *err) {
    struct buf known BUF_AUTO = BUF_INIT(LIST_BYTES);
    const struct config *config = router->context->config;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct view env = rows[i].scope == IN_NAMED_ENVIRONMENT ? config->env : (struct view){0};
        buf_appendf(&known, "%s%s from %s" VIEW_FMT, i > 0 ? ", " : "", rows[i].detail_type,
                    rows[i].source, VIEW_ARG(env));
    }
    return route_refuse(trigger, ERR_EVENT_UNSUPPORTED,
                        arena_printf(router->arena,
                                     "'" VIEW_FMT "' from '" VIEW_FMT
                                     "' is not supported by this version; supported: %s",
                                     VIEW_ARG(shown(event->detail_type)),
                                     VIEW_ARG(shown(event->source)), buf_cstr(&known)),
                        NULL, err);
}

static int ignore_elsewhere(const struct router *router, const struct route_row *row,
                            const struct event *event, struct trigger *trigger, struct err *err) {
    const char *where = row->scope == IN_PROD ? "prod" : "the environment that it names";
    return ignore(
        trigger,
        arena_printf(router->arena, "'" VIEW_FMT "' is obeyed in %s, and this is '" VIEW_FMT "'",
                     VIEW_ARG(shown(event->source)), where, VIEW_ARG(router->context->config->env)),
        err);
}

static bool is_allowed(const struct router *router, struct view account) {
    const struct config *config = router->context->config;
    if (account.len == 0) {
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
        return ignore(trigger, arena_printf(router->arena, "switched off by %s", row->switch_name),
                      err);
    }
    if (!is_allowed(router, event->account)) {
        return refuse_account(router, event, trigger, err);
    }
    return row->parse(event, config, router->arena, trigger, err);
}
