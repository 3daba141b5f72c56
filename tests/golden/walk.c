#include "walk.h"

#include "handlers/handler.h"
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

/* --- the walk --- */

static int walk_with(const struct walk_input *input, const struct config *config,
                     const struct environment *environment, struct planned *ret_planned,
                     struct err *err) {
    const struct clock *clock = &input->recording->clock;
    const struct aws_options options = {
        .http = &input->recording->http,
        .clock = clock,
        .env = environment,
        .region = config->region,
    };
    const struct lambda_invocation invocation = {
        .request_id = input->request_id,
        .function_arn = input->function_arn,
        .deadline_ms = clock_monotonic_ms(clock) + DEADLINE_MS,
        .payload = input->event,
        .arena = input->arena,
    };
    struct handler handler = {.config = config, .clock = clock};
    if (aws_new(&options, &handler.aws, err) != 0) {
        return -1;
    }
    int rc = handler_plan(&handler, &invocation, ret_planned, err);
    if (rc == 0) {
        rc = plan_order(ret_planned->changes, ret_planned->n, input->arena, err);
    }
    aws_free(handler.aws);
    return rc;
}

int walk_event(const struct walk_input *input, struct walked *ret_walked, struct err *err) {
    struct arn arn = {0};
    (void)arn_parse(input->function_arn, &arn);
    const struct variables variables = {
        .object = input->environment, .region = arn.region, .arena = input->arena};
    const struct environment environment = {.get = get_variable, .state = &variables};
    struct config *config = ARENA_NEW(input->arena, struct config);
    struct planned planned;
    if (config == NULL) {
        return err_out_of_memory(err, "the configuration");
    }
    *ret_walked = (struct walked){0};
    err_init(&ret_walked->config_error);
    if (config_load(&environment, input->arena, config, &ret_walked->config_error) != 0) {
        return 0;
    }
    if (walk_with(input, config, &environment, &planned, err) != 0) {
        return -1;
    }
    ret_walked->changes = planned.changes;
    ret_walked->n = planned.n;
    return 0;
}
