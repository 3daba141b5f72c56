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
#include "runtime/base/json_write.h"

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
    struct change *changes; /* in the order of their triggers */
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

/* The targets of one event. */
struct selection {
    struct target *targets;
    size_t n;
    struct view note; /* why there are none */
    const struct err
        *err; /* the service is unknown: the change's error, and no failure of the walk */
};

static int select_targets(struct walk *walk, const struct trigger *trigger,
                          struct selection *ret_selection, struct err *err) {
    struct err *cause = ARENA_NEW(walk->arena, struct err);
    if (cause == NULL) {
        return err_out_of_memory(err, "the targets");
    }
    err_init(cause);
    *ret_selection = (struct selection){0};
    if (!wants_target(trigger) ||
        target_select(walk->handler->config, walk->own_account, trigger, walk->arena,
                      &ret_selection->targets, &ret_selection->n, &ret_selection->note,
                      cause) == 0) {
        return 0;
    }
    if (cause->code == ERR_OUT_OF_MEMORY) {
        return err_out_of_memory(err, "the targets");
    }
    ret_selection->err = cause;
    return 0;
}

static void add_changes(struct walk *walk, size_t event, const struct selection *selection) {
    size_t n = selection->n > 0 ? selection->n : 1;
    for (size_t i = 0; i < n; i++) {
        walk->changes[walk->n++] = (struct change){
            .event = event,
            .trigger = &walk->routed.triggers[event],
            .target = selection->n > 0 ? &selection->targets[i] : NULL,
            .note = selection->note,
            .err = selection->err,
        };
    }
}

static int begin_changes(struct walk *walk, struct err *err) {
    size_t n = 0;
    struct selection *selections =
        ARENA_ARRAY(walk->arena, walk->routed.n_triggers, struct selection);
    if (selections == NULL) {
        return err_out_of_memory(err, "the targets");
    }
    for (size_t i = 0; i < walk->routed.n_triggers; i++) {
        if (select_targets(walk, &walk->routed.triggers[i], &selections[i], err) != 0) {
            return -1;
        }
        n += selections[i].n > 0 ? selections[i].n : 1;
    }
    walk->changes = ARENA_ARRAY(walk->arena, n, struct change);
    if (walk->changes == NULL) {
        return err_out_of_memory(err, "the changes");
    }
    for (size_t i = 0; i < walk->routed.n_triggers; i++) {
        add_changes(walk, i, &selections[i]);
    }
    return plan_settle(walk->changes, walk->n, walk->arena, err);
}

static bool is_open(const struct change *change) {
    return change->verdict == VERDICT_DEPLOY || change->verdict == VERDICT_RESTART ||
           change->verdict == VERDICT_REPORT;
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
    *ret_planned = (struct planned){.changes = walk.changes, .n = walk.n, .routed = walk.routed};
    return 0;
}

/* The changes of the event at *at, which moves on to those of the next one. */
static size_t changes_of_event(const struct planned *made, size_t *at) {
    size_t n = 1;
    while (*at + n < made->n && made->changes[*at + n].event == made->changes[*at].event) {
        n++;
    }
    *at += n;
    return n;
}

/* {"batchItemFailures":[{"itemIdentifier":"…"}]}: what failed is delivered again. AWS Lambda
 * Developer Guide, "Handling errors for an SQS event source in Lambda". */
static void respond_to_sqs(const struct planned *made, struct buf *response) {
    struct json_writer w = json_writer(response);
    const struct routed *routed = &made->routed;
    json_begin_object(&w, NULL);
    json_begin_array(&w, "batchItemFailures");
    for (size_t i = 0, last = SIZE_MAX; i < made->n; i++) {
        if (made->changes[i].status == CHANGE_FAILED && made->changes[i].event != last) {
            last = made->changes[i].event;
            json_begin_object(&w, NULL);
            json_put_string(&w, "itemIdentifier", routed->message_ids[last]);
            json_end_object(&w);
        }
    }
    for (size_t i = 0; i < routed->n_unread; i++) {
        json_begin_object(&w, NULL);
        json_put_string(&w, "itemIdentifier", routed->unread[i]);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
}

/* One answer, or for an array of events an array of them. */
static void respond(const struct config *config, const struct planned *made, int64_t duration_ms,
                    struct buf *response) {
    if (made->routed.shape == PAYLOAD_EVENT) {
        report_response(config, made->changes, made->n, duration_ms, response);
        return;
    }
    if (made->routed.shape == PAYLOAD_SQS) {
        respond_to_sqs(made, response);
        return;
    }
    buf_append_char(response, '[');
    for (size_t at = 0; at < made->n;) {
        const struct change *first = &made->changes[at];
        if (at > 0) {
            buf_append_char(response, ',');
        }
        size_t n = changes_of_event(made, &at);
        report_response(config, first, n, duration_ms, response);
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
    notifier_tell(handler->notifier, invocation->log, made.changes, made.n, invocation->deadline_ms,
                  invocation->arena);
    if (made.routed.shape != PAYLOAD_SQS && report_failure(made.changes, made.n, err) != 0) {
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
