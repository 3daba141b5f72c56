#include "walk.h"

#include "handlers/deploy/target.h"
#include "handlers/route.h"
#include "runtime/aws/arn.h"

#define DEADLINE_MS 30000

/* --- the environment --- */

struct variables {
    struct json_span object;
    struct view region; /* of the function */
    struct arena *arena;
};

/* What Lambda itself sets. */
static const char *lambda_variable(const struct variables *variables, struct view name) {
    if (view_equal(name, VIEW("AWS_REGION"))) {
        return arena_copy(variables->arena, variables->region).data;
    }
    if (view_equal(name, VIEW("AWS_ACCESS_KEY_ID"))) {
        return RECORDING_ACCESS_KEY;
    }
    if (view_equal(name, VIEW("AWS_SECRET_ACCESS_KEY"))) {
        return "golden/secret/of/the/function/0123456789";
    }
    return view_equal(name, VIEW("AWS_SESSION_TOKEN")) ? "golden/token/of/the/function==" : NULL;
}

/* A string's contents; of any other value, such as a service map, its text. */
static const char *get_variable(const void *state, const char *name) {
    const struct variables *variables = state;
    struct json_span value;
    struct view text;
    struct err ignored;
    err_init(&ignored);
    if (!json_find(variables->object, name, &value)) {
        return lambda_variable(variables, view_of(name));
    }
    if (value.type != JSON_STRING) {
        return arena_copy(variables->arena, value.text).data;
    }
    if (json_span_string(value, variables->arena, &text, &ignored) != 0) {
        return NULL;
    }
    return arena_copy(variables->arena, text).data;
}

/* --- the walk: handler_invoke() without execute_plan() and what comes after it --- */

struct walk {
    const struct walk_input *input;
    const struct config *config;
    struct aws *aws;
    struct view own_account;
    struct change *changes;
    size_t n;
};

static struct view own_account(const struct config *config, struct view function_arn) {
    struct arn arn;
    if (config->own_account.len > 0) {
        return config->own_account;
    }
    return arn_parse(function_arn, &arn) ? arn.account : (struct view){0};
}

static int resolve(const struct walk *walk, struct change *change, struct err *err) {
    struct arena *arena = walk->input->arena;
    struct target *target = ARENA_NEW(arena, struct target);
    struct err *cause = ARENA_NEW(arena, struct err);
    if (target == NULL || cause == NULL) {
        return err_out_of_memory(err, "a target");
    }
    err_init(cause);
    if (target_resolve(walk->config, change->trigger->service, arena, target, cause) == 0) {
        change->target = target;
    } else {
        change->err = cause;
    }
    return 0;
}

static int begin(struct walk *walk, struct err *err) {
    const struct walk_input *input = walk->input;
    const struct route_context context = {
        .config = walk->config,
        .own_account = walk->own_account,
        .request_id = input->request_id,
        .now_ms = clock_wall_ms(&input->recording->clock),
    };
    struct routed routed;
    if (route(input->event, &context, input->arena, &routed, err) != 0) {
        return -1;
    }
    walk->n = routed.n_triggers;
    walk->changes = ARENA_ARRAY(input->arena, walk->n, struct change);
    if (walk->changes == NULL) {
        return err_out_of_memory(err, "the changes");
    }
    for (size_t i = 0; i < walk->n; i++) {
        const struct trigger *trigger = &routed.triggers[i];
        walk->changes[i].trigger = trigger;
        if (!err_is_set(&trigger->refusal) && trigger->kind != TRIGGER_IGNORE &&
            resolve(walk, &walk->changes[i], err) != 0) {
            return -1;
        }
    }
    return plan_settle(walk->changes, walk->n, input->arena, err);
}

static bool is_open(const struct change *change) {
    return change->verdict == VERDICT_DEPLOY || change->verdict == VERDICT_RESTART;
}

static int gather(struct walk *walk, struct err *err) {
    struct arena *arena = walk->input->arena;
    struct facts *facts = ARENA_ARRAY(arena, walk->n, struct facts);
    struct facts_request *requests = ARENA_ARRAY(arena, walk->n, struct facts_request);
    int64_t deadline_ms = clock_monotonic_ms(&walk->input->recording->clock) + DEADLINE_MS;
    size_t n = 0;
    if (facts == NULL || requests == NULL) {
        return err_out_of_memory(err, "the facts");
    }
    for (size_t i = 0; i < walk->n; i++) {
        struct change *change = &walk->changes[i];
        if (is_open(change)) {
            change->facts = &facts[i];
            requests[n++] = (struct facts_request){
                .trigger = change->trigger, .target = change->target, .ret_facts = &facts[i]};
        }
    }
    return n == 0 ? 0 : facts_gather(walk->aws, walk->config, requests, n, deadline_ms, arena, err);
}

static int decide(struct walk *walk, struct err *err) {
    for (size_t i = 0; i < walk->n; i++) {
        struct change *change = &walk->changes[i];
        if (is_open(change) &&
            plan_decide(walk->config, walk->own_account, walk->input->arena, change, err) != 0) {
            return -1;
        }
    }
    return plan_order(walk->changes, walk->n, walk->input->arena, err);
}

static int walk_with(struct walk *walk, const struct environment *environment, struct err *err) {
    const struct walk_input *input = walk->input;
    const struct aws_options options = {
        .http = &input->recording->http,
        .clock = &input->recording->clock,
        .env = environment,
        .region = walk->config->region,
    };
    walk->own_account = own_account(walk->config, input->function_arn);
    if (aws_new(&options, &walk->aws, err) != 0) {
        return -1;
    }
    int rc = begin(walk, err) != 0 || gather(walk, err) != 0 || decide(walk, err) != 0 ? -1 : 0;
    aws_free(walk->aws);
    return rc;
}

int walk_event(const struct walk_input *input, struct walked *ret_walked, struct err *err) {
    struct arn arn = {0};
    (void)arn_parse(input->function_arn, &arn);
    const struct variables variables = {
        .object = input->environment, .region = arn.region, .arena = input->arena};
    const struct environment environment = {.get = get_variable, .state = &variables};
    struct config *config = ARENA_NEW(input->arena, struct config);
    struct walk walk = {.input = input, .config = config};
    if (config == NULL) {
        return err_out_of_memory(err, "the configuration");
    }
    *ret_walked = (struct walked){0};
    err_init(&ret_walked->config_error);
    if (config_load(&environment, input->arena, config, &ret_walked->config_error) != 0) {
        return 0;
    }
    if (walk_with(&walk, &environment, err) != 0) {
        return -1;
    }
    ret_walked->changes = walk.changes;
    ret_walked->n = walk.n;
    return 0;
}
