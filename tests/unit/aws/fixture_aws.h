#ifndef SLIPWAY_TESTS_UNIT_AWS_FIXTURE_AWS_H
#define SLIPWAY_TESTS_UNIT_AWS_FIXTURE_AWS_H

/* A client on the scripted AWS, with keys in its environment, and calls of it. */

#include "env_table.h"
#include "fake_aws.h"

#include "runtime/aws/ecs.h"

struct client {
    struct fake fake;
    struct aws *aws;
    struct arena arena;
    const struct environment *env;
};

static const struct env_entry client_entries[] = {
    {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
    {"AWS_SECRET_ACCESS_KEY", "secret"},
    {"AWS_SESSION_TOKEN", "token"},
    {"AWS_CONFIG_FILE", "/nonexistent"},
    {"AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"},
    {NULL, NULL},
};
static const struct environment client_env = {.get = env_table_get, .state = client_entries};

static inline void client_open_in(struct client *client, const struct environment *env,
                                  const struct fake_answer *answers, size_t n) {
    struct err err;
    err_init(&err);
    *client = (struct client){.arena = ARENA_INIT(32 * 1024 * 1024), .env = env};
    fake_init(&client->fake, answers, n);
    const struct aws_options options = {
        .http = &client->fake.http,
        .clock = &client->fake.clock,
        .env = env,
        .region = VIEW("us-east-1"),
    };
    if (aws_new(&options, &client->aws, &err) != 0) {
        fail_msg("%s", err.message);
    }
}

static inline void client_close(struct client *client) {
    for (size_t i = 0; i < client->fake.n_answers; i++) {
        if (!client->fake.used[i]) {
            fail_msg("answer %zu was not asked for", i);
        }
    }
    assert_int_equal(client->fake.n_pending, 0);
    aws_free(client->aws);
    fake_release(&client->fake);
    arena_release(&client->arena);
}

/* CLIENT(client, {.status = 200, …}, …): the script is what follows the name. */
#define CLIENT(name, ...)                                                                          \
    static const struct fake_answer name##_script[] = {__VA_ARGS__};                               \
    struct client name;                                                                            \
    client_open_in(&name, &client_env, name##_script,                                              \
                   sizeof(name##_script) / sizeof(name##_script[0]))

static inline struct aws_call ecs_call(const char *operation) {
    return (struct aws_call){
        .service = &ecs_service, .operation = operation, .body = VIEW("{\"cluster\":\"c\"}")};
}

#define DEADLINE_IN_MS(ms) (FAKE_MONOTONIC_MS + (ms))

static inline void run_calls(struct client *client, struct aws_call *calls, size_t n) {
    aws_call_all(client->aws, calls, n, client->fake.monotonic_ms + 60000, &client->arena);
}

static inline void run_call(struct client *client, struct aws_call *call) {
    run_calls(client, call, 1);
}

static inline void assert_view(struct view actual, const char *expected) {
    if (!view_equal(actual, view_of(expected))) {
        fail_msg("'" VIEW_FMT "' is not '%s'", VIEW_ARG(actual), expected);
    }
}

static inline void assert_succeeded(const struct aws_call *call) {
    if (err_is_set(&call->err)) {
        fail_msg("%s", call->err.message);
    }
    assert_string_equal(call->code, "");
    assert_false(call->ambiguous);
}

static inline void assert_failed(const struct aws_call *call, enum err_code code, bool ambiguous) {
    if (call->err.code != code) {
        fail_msg("%s instead of %s: %s", err_name(call->err.code), err_name(code),
                 call->err.message);
    }
    assert_int_equal(call->ambiguous, ambiguous);
}

static inline void assert_holds(const char *text, const char *part) {
    if (strstr(text, part) == NULL) {
        fail_msg("no '%s' in '%s'", part, text);
    }
}

static inline void assert_lacks(const char *text, const char *part) {
    if (strstr(text, part) != NULL) {
        fail_msg("'%s' in '%s'", part, text);
    }
}

#endif
