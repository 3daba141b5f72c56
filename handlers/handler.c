#include "handlers/handler.h"

#include "handlers/deploy/execute.h"
#include "handlers/deploy/facts.h"
#include "handlers/deploy/plan.h"
#include "handlers/deploy/target.h"
#include "handlers/report.h"
#include "handlers/route.h"
#include "runtime/aws/arn.h"
#include "runtime/aws/ecr.h"
#include "runtime/aws/ecs.h"

/* How long the init phase waits for connections. A handshake takes a tenth of it; an endpoint that
 * accepts and then says nothing must not delay the first invocation noticeably: its connection is
 * made anew when it is needed, with a deadline that belongs to an event. */
#define WARM_TIMEOUT_MS 1000
/* Connections to each service: the reads of a deploy are two of each, side by side. */
#define WARM_CONNECTIONS 2

/* One invocation on its way to a plan. */
struct walk {
    const struct handler *handler;
    const struct lambda_invocation *invocation;
    struct arena *arena;
    struct view own_account;
    struct routed routed;
    struct change *changes; /* one per trigger, in order */
    size_t n;
};

/* As configured, else of the function's ARN; where there is none (an emulator), a local registry's
 * account. Empty: not known. */
static struct view own_account(const struct config *config, struct view function_arn) {
    struct arn arn;
    if (config->own_account.len > 0) {
        return config->own_account;
    }
    if (arn_parse(function_arn, &arn)) {
        return arn.account;
    }
    return config->ecr_strategy == ECR_LOCAL ? config->ecr_account_id : (struct view){0};
}

/* The one thing about the configuration that the init phase could not know. */
static int check_registry(const struct walk *walk, struct err *err) {
    const struct config *config = walk->handler->config;
    struct view registry = config->ecr_account_id;
    if (config->ecr_strategy != ECR_LOCAL || registry.len == 0 ||
        view_equal(registry, walk->own_account)) {
        return 0;
    }
    err_set(err, ERR_CONFIG_INVALID,
            "ECR_ACCOUNT_ID: '" VIEW_FMT "' is not the function's account, '" VIEW_FMT
            "', while ECR_STRATEGY is 'local'",
            VIEW_ARG(registry), VIEW_ARG(walk->own_account));
    err_remedy(err, "set ECR_STRATEGY to cross_account and ECR_ACCOUNT_REGION to the registry's "
                    "region, or remove ECR_ACCOUNT_ID");
    return -1;
}

static int route_payload(struct walk *walk, struct err *err) {
    const struct route_context context = {
        .config = walk->handler->config,
        .own_account = walk->own_account,
        .request_id = walk->invocation->request_id,
        .now_ms = clock_wall_ms(walk->handler->clock),
    };
    return route(walk->invocation->payload, &context, walk->arena, &walk->routed, err);
}

static bool wants_target(const struct trigger *trigger) {
    return !err_is_set(&trigger->refusal) && trigger->kind != TRIGGER_IGNORE;
}

/* A service that is unknown is the change's error, and no failure of the walk. */
static int resolve(struct walk *walk, struct change *change, struct err *err) {
    struct target *target = ARENA_NEW(walk->arena, struct target);
    struct err *cause = ARENA_NEW(walk->arena, struct err);
    if (target == NULL || cause == NULL) {
        return err_out_of_memory(err, "a target");
    }
    err_init(cause);
    if (target_resolve(walk->handler->config, change->trigger->service, walk->arena, target,
                       cause) == 0) {
        change->target = target;
    } else if (cause->code == ERR_OUT_OF_MEMORY) {
        return err_out_of_memory(err, "a target");
    } else {
        change->err = cause;
    }
    return 0;
}

static int begin_changes(struct walk *walk, struct err *err) {
    walk->n = walk->routed.n_triggers;
    walk->changes = ARENA_ARRAY(walk->arena, walk->n, struct change);
    if (walk->changes == NULL) {
        return err_out_of_memory(err, "the changes");
    }
    for (size_t i = 0; i < walk->n; i++) {
        struct change *change = &walk->changes[i];
        change->trigger = &walk->routed.triggers[i];
        if (wants_target(change->trigger) && resolve(walk, change, err) != 0) {
            return -1;
        }
    }
    return plan_settle(walk->changes, walk->n, walk->arena, err);
}

static bool is_open(const struct change *change) {
    return change->verdict == VERDICT_DEPLOY || change->verdict == VERDICT_RESTART;
}

/* The reads of all open changes in one wave; where none is open, none is made. */
static int gather(struct walk *walk, struct err *err) {
    struct facts *facts = ARENA_ARRAY(walk->arena, walk->n, struct facts);
    struct facts_request *requests = ARENA_ARRAY(walk->arena, walk->n, struct facts_request);
    size_t n = 0;
    if (facts == NULL || requests == NULL) {
        return err_out_of_memory(err, "the facts");
    }
    for (size_t i = 0; i < walk->n; i++) {
        struct change *change = &walk->changes[i];
        if (!is_open(change)) {
            continue;
        }
        change->facts = &facts[i];
        requests[n++] = (struct facts_request){
            .trigger = change->trigger,
            .target = change->target,
            .ret_facts = &facts[i],
        };
    }
    if (n == 0) {
        return 0;
    }
    return facts_gather(walk->handler->aws, requests, n, walk->invocation->deadline_ms, walk->arena,
                        err);
}

static int decide(struct walk *walk, struct err *err) {
    for (size_t i = 0; i < walk->n; i++) {
        struct change *change = &walk->changes[i];
        if (is_open(change) &&
            plan_decide(walk->handler->config, walk->own_account, walk->arena, change, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int handler_plan(const struct handler *handler, const struct lambda_invocation *invocation,
                 struct planned *ret_planned, struct err *err) {
    struct walk walk = {
        .handler = handler,
        .invocation = invocation,
        .arena = invocation->arena,
        .own_account = own_account(handler->config, invocation->function_arn),
    };
    if (check_registry(&walk, err) != 0 || route_payload(&walk, err) != 0 ||
        begin_changes(&walk, err) != 0 || gather(&walk, err) != 0 || decide(&walk, err) != 0) {
        return -1;
    }
    *ret_planned =
        (struct planned){.changes = walk.changes, .n = walk.n, .is_array = walk.routed.is_array};
    return 0;
}

/* One answer, or for an array of events an array of them, each with its one change. */
static void respond(const struct config *config, const struct planned *made, int64_t duration_ms,
                    struct buf *response) {
    if (!made->is_array) {
        report_response(config, made->changes, made->n, duration_ms, response);
        return;
    }
    buf_append_char(response, '[');
    for (size_t i = 0; i < made->n; i++) {
        if (i > 0) {
            buf_append_char(response, ',');
        }
        report_response(config, &made->changes[i], 1, duration_ms, response);
    }
    buf_append_char(response, ']');
}

int handler_invoke(void *user, const struct lambda_invocation *invocation, struct buf *response,
                   struct err *err) {
    const struct handler *handler = user;
    const struct config *config = handler->config;
    int64_t started_ms = clock_monotonic_ms(handler->clock);
    struct planned made;
    if (handler_plan(handler, invocation, &made, err) != 0 ||
        execute_plan(handler->aws, config, made.changes, made.n, invocation->deadline_ms,
                     invocation->arena, err) != 0) {
        return -1;
    }
    int64_t duration_ms = clock_monotonic_ms(handler->clock) - started_ms;
    report_log(invocation->log, config, made.changes, made.n, duration_ms);
    if (report_failure(made.changes, made.n, err) != 0) {
        return -1;
    }
    respond(config, &made, duration_ms, response);
    return buf_check(response, "the answer", err);
}

void handler_warm(const struct handler *handler) {
    const struct aws_warm entries[] = {
        {.service = &ecr_service, .region = handler->config->ecr_region, .n = WARM_CONNECTIONS},
        {.service = &ecs_service, .region = handler->config->region, .n = WARM_CONNECTIONS},
    };
    aws_warm(handler->aws, entries, sizeof(entries) / sizeof(entries[0]), WARM_TIMEOUT_MS);
}
