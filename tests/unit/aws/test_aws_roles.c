/* Calls with the credentials of a role: fetched once, kept, renewed once, failed once. */

#include "fixture_aws.h"
#include "tests/unit/http/sanitizer.h"

#include <malloc.h>

#define REGISTRY_ROLE "arn:aws:iam::111111111111:role/registry-reader"

#define ASSUMED(key, expiration)                                                                   \
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" key                         \
    "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"             \
    "<Expiration>" expiration                                                                      \
    "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
#define THROTTLED "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
#define DENIED                                                                                     \
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not "      \
    "authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>"

static struct aws_call role_call(const char *operation, const char *role) {
    struct aws_call call = ecs_call(operation);
    call.role_arn = view_of(role);
    return call;
}

static void assert_key(const struct client *client, size_t request, const char *key) {
    char credential[64];
    snprintf(credential, sizeof(credential), "Credential=%s/", key);
    assert_holds(client->fake.requests[request].authorization, credential);
}

static void a_role_is_assumed_once_and_kept(void **state) {
    (void)state;
    CLIENT(client,
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIAONE", "2026-11-20T23:39:04Z")},
           {.operation = "A", .status = 200, .body = "{}"},
           {.operation = "B", .status = 200, .body = "{}"},
           {.operation = "C", .status = 200, .body = "{}"});
    struct aws_call calls[2] = {role_call("A", REGISTRY_ROLE), role_call("B", REGISTRY_ROLE)};
    run_calls(&client, calls, 2);
    assert_succeeded(&calls[0]);
    assert_succeeded(&calls[1]);
    assert_holds(client.fake.requests[0].body, "RoleSessionName=slipway");
    assert_key(&client, 0, "AKIDEXAMPLE");
    assert_key(&client, 1, "ASIAONE");
    assert_key(&client, 2, "ASIAONE");
    struct aws_call later = role_call("C", REGISTRY_ROLE);
    run_call(&client, &later);
    assert_succeeded(&later);
    assert_key(&client, 3, "ASIAONE");
    client_close(&client);
}

static void own_calls_do_not_wait_for_the_role(void **state) {
    (void)state;
    CLIENT(client,
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIAONE", "2026-11-20T23:39:04Z"),
            .delay_ms = 300},
           {.operation = "Foreign", .status = 200, .body = "{\"f\":1}", .delay_ms = 100},
           {.operation = "Own", .status = 200, .body = "{\"o\":1}", .delay_ms = 200});
    struct aws_call calls[2] = {role_call("Foreign", REGISTRY_ROLE), ecs_call("Own")};
    run_calls(&client, calls, 2);
    assert_succeeded(&calls[0]);
    assert_succeeded(&calls[1]);
    assert_view(calls[0].response, "{\"f\":1}");
    assert_view(calls[1].response, "{\"o\":1}");
    assert_holds(client.fake.requests[0].target, "Own");
    assert_holds(client.fake.requests[1].body, "AssumeRole");
    assert_int_equal(client.fake.requests[1].started_ms, 0);
    assert_int_equal(client.fake.monotonic_ms - FAKE_MONOTONIC_MS, 400);
    client_close(&client);
}

static void own_calls_are_heard_while_the_role_is_waited_for(void **state) {
    (void)state;
    CLIENT(client, {.operation = "AssumeRole", .status = 400, .body = THROTTLED},
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIAONE", "2026-11-20T23:39:04Z")},
           {.operation = "Foreign", .status = 200, .body = "{}"},
           {.operation = "Own", .status = 200, .body = "{}", .delay_ms = 200});
    struct aws_call calls[2] = {role_call("Foreign", REGISTRY_ROLE), ecs_call("Own")};
    run_calls(&client, calls, 2);
    assert_succeeded(&calls[0]);
    assert_succeeded(&calls[1]);
    assert_int_equal(client.fake.monotonic_ms - FAKE_MONOTONIC_MS, 500);
    client_close(&client);
}

/* While the old ones are good, the time is not spent on new ones. */
static void a_refresh_that_hangs_leaves_time_for_the_call(void **state) {
    (void)state;
    CLIENT(client,
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIAONE", "2026-11-20T22:42:04Z")},
           {.operation = "A", .status = 200, .body = "{}"},
           {.operation = "AssumeRole", .stalls = true},
           {.operation = "B", .status = 200, .body = "{}"},
           {.operation = "AssumeRole", .stalls = true}, {.operation = "AssumeRole", .stalls = true},
           {.operation = "C", .status = 200, .body = "{}"});
    struct aws_call call = role_call("A", REGISTRY_ROLE);
    run_call(&client, &call);
    assert_succeeded(&call);
    client.fake.wall_ms += 60000;
    call = role_call("B", REGISTRY_ROLE);
    int64_t begun_ms = client.fake.monotonic_ms;
    aws_call_all(client.aws, &call, 1, begun_ms + 10000, &client.arena);
    assert_succeeded(&call);
    assert_key(&client, 3, "ASIAONE");
    assert_int_equal(client.fake.monotonic_ms - begun_ms, 2500);
    client.fake.wall_ms += 60000;
    call = role_call("C", REGISTRY_ROLE);
    begun_ms = client.fake.monotonic_ms;
    aws_call_all(client.aws, &call, 1, begun_ms + 600000, &client.arena);
    assert_succeeded(&call);
    assert_int_equal(client.fake.monotonic_ms - begun_ms, 5000);
    client_close(&client);
}

/* On a clock two hours ahead, the new credentials look as if they had expired long ago. */
static void credentials_expire_by_the_clock_of_aws(void **state) {
    (void)state;
    CLIENT(client,
           {.operation = "AssumeRole",
            .status = 403,
            .body = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error>"
                    "</ErrorResponse>",
            .headers = "Date: Fri, 20 Nov 2026 20:39:04 GMT\n"},
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIAONE", "2026-11-20T21:39:04Z")},
           {.operation = "A", .status = 200, .body = "{}"},
           {.operation = "B", .status = 200, .body = "{}"},
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIATWO", "2026-11-20T22:39:04Z")},
           {.operation = "C", .status = 200, .body = "{}"});
    struct aws_call calls[2] = {role_call("A", REGISTRY_ROLE), role_call("B", REGISTRY_ROLE)};
    run_calls(&client, calls, 2);
    assert_succeeded(&calls[0]);
    assert_succeeded(&calls[1]);
    assert_int_equal(client.fake.n_requests, 4);
    client.fake.wall_ms += 60 * 60 * 1000;
    struct aws_call later = role_call("C", REGISTRY_ROLE);
    run_call(&client, &later);
    assert_succeeded(&later);
    assert_key(&client, 5, "ASIATWO");
    client_close(&client);
}

static void a_role_that_is_refused_is_asked_for_once_a_run(void **state) {
    (void)state;
    CLIENT(client, {.operation = "AssumeRole", .status = 403, .body = DENIED},
           {.operation = "Own", .status = 200, .body = "{}"},
           {.operation = "AssumeRole", .status = 403, .body = DENIED});
    struct aws_call calls[3] = {role_call("A", REGISTRY_ROLE), ecs_call("Own"),
                                role_call("B", REGISTRY_ROLE)};
    run_calls(&client, calls, 3);
    assert_failed(&calls[0], ERR_ACCESS_DENIED, false);
    assert_succeeded(&calls[1]);
    assert_failed(&calls[2], ERR_ACCESS_DENIED, false);
    assert_string_equal(calls[0].err.message, calls[2].err.message);
    assert_string_equal(calls[0].err.remedy, calls[2].err.remedy);
    assert_int_equal(calls[0].attempts, 0);
    assert_int_equal(calls[0].status, 0);
    assert_string_equal(calls[0].code, "AccessDenied");
    assert_string_equal(calls[2].code, "AccessDenied");
    run_call(&client, &calls[0]);
    assert_failed(&calls[0], ERR_ACCESS_DENIED, false);
    client_close(&client);
}

/* Both calls learn that the token is no good any more, for whatever reason; it is renewed for both
 * by one AssumeRole. */
static void an_expired_role_is_renewed_once(void **state) {
    (void)state;
    CLIENT(client,
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIAONE", "2026-11-20T23:39:04Z")},
           {.operation = "A", .status = 400, .body = "{\"__type\":\"ExpiredTokenException\"}"},
           {.operation = "B",
            .status = 400,
            .body = "{\"__type\":\"UnrecognizedClientException\"}",
            .delay_ms = 50},
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIATWO", "2026-11-20T23:39:04Z")},
           {.operation = "A", .status = 200, .body = "{}"},
           {.operation = "B", .status = 200, .body = "{}"});
    struct aws_call calls[2] = {role_call("A", REGISTRY_ROLE), role_call("B", REGISTRY_ROLE)};
    run_calls(&client, calls, 2);
    assert_succeeded(&calls[0]);
    assert_succeeded(&calls[1]);
    assert_int_equal(client.fake.n_requests, 6);
    assert_key(&client, 5, "ASIATWO");
    client_close(&client);
}

static void a_denial_under_a_role_names_the_role(void **state) {
    (void)state;
    CLIENT(client,
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIAONE", "2026-11-20T23:39:04Z")},
           {.operation = "A", .status = 400, .body = "{\"__type\":\"AccessDeniedException\"}"});
    struct aws_call call = role_call("A", REGISTRY_ROLE);
    run_call(&client, &call);
    assert_failed(&call, ERR_ACCESS_DENIED, false);
    assert_string_equal(call.err.remedy, "allow ecs:A to the role '" REGISTRY_ROLE "'");
    client_close(&client);
}

static void a_role_that_is_no_arn_fails_its_call(void **state) {
    (void)state;
    CLIENT(client, {.operation = "Own", .status = 200, .body = "{}"});
    struct aws_call calls[2] = {role_call("A", "not-an-arn"), ecs_call("Own")};
    run_calls(&client, calls, 2);
    assert_failed(&calls[0], ERR_CONFIG_INVALID, false);
    assert_succeeded(&calls[1]);
    client_close(&client);
}

static const struct fake_answer assume_any = {.status = 200,
                                              .body = ASSUMED("ASIAANY", "2026-11-20T23:39:04Z")};

static void roles_beyond_the_table_make_room(void **state) {
    (void)state;
    char arns[20][80];
    struct client client;
    client_open_in(&client, &client_env, NULL, 0);
    client.fake.otherwise = &assume_any;
    /* The answer to the calls is XML, which is no JSON: what counts is who was assumed. */
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 20; i++) {
            snprintf(arns[i], sizeof(arns[i]), "arn:aws:iam::111111111111:role/r%zu", i);
            struct aws_call call = role_call("A", arns[i]);
            call.once = true;
            run_call(&client, &call);
            assert_int_equal(call.err.code, ERR_BAD_RESPONSE);
        }
    }
    /* Twenty roles in turn on sixteen places: each is assumed anew. */
    assert_int_equal(client.fake.n_requests, 80);
    struct aws_call calls[20];
    for (size_t i = 0; i < 20; i++) {
        calls[i] = role_call("A", arns[i]);
        calls[i].once = true;
    }
    run_calls(&client, calls, 20);
    size_t n_refused = 0;
    for (size_t i = 0; i < 20; i++) {
        n_refused += calls[i].err.code == ERR_CONFIG_INVALID;
    }
    assert_int_equal(n_refused, 4);
    client_close(&client);
}

static void roles_differ_by_session_name(void **state) {
    (void)state;
    CLIENT(client,
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIAONE", "2026-11-20T23:39:04Z")},
           {.operation = "AssumeRole",
            .status = 200,
            .body = ASSUMED("ASIATWO", "2026-11-20T23:39:04Z")},
           {.operation = "A", .status = 200, .body = "{}"},
           {.operation = "A", .status = 200, .body = "{}"});
    struct aws_call calls[2] = {role_call("A", REGISTRY_ROLE), role_call("A", REGISTRY_ROLE)};
    calls[1].session_name = VIEW("someone-else");
    run_calls(&client, calls, 2);
    assert_succeeded(&calls[0]);
    assert_succeeded(&calls[1]);
    assert_holds(client.fake.requests[2].body, "RoleSessionName=someone-else");
    client_close(&client);
}

/* An invocation leaves nothing behind: neither its calls, nor what went wrong in them. */
static void memory_stays_flat(void **state) {
    (void)state;
#if UNDER_A_SANITIZER
    skip();
#else
    static const struct fake_answer denied = {.status = 403, .body = DENIED};
    struct client client;
    client_open_in(&client, &client_env, NULL, 0);
    client.fake.otherwise = &denied;
    size_t in_use = 0;
    for (size_t i = 0; i < 100; i++) {
        struct aws_call calls[2] = {role_call("A", REGISTRY_ROLE), ecs_call("B")};
        run_calls(&client, calls, 2);
        assert_failed(&calls[0], ERR_ACCESS_DENIED, false);
        assert_failed(&calls[1], ERR_ACCESS_DENIED, false);
        arena_reset(&client.arena);
        if (i == 10) {
            in_use = mallinfo2().uordblks;
        }
    }
    assert_int_equal(mallinfo2().uordblks, in_use);
    client_close(&client);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_is_assumed_once_and_kept),
        cmocka_unit_test(own_calls_do_not_wait_for_the_role),
        cmocka_unit_test(own_calls_are_heard_while_the_role_is_waited_for),
        cmocka_unit_test(a_refresh_that_hangs_leaves_time_for_the_call),
        cmocka_unit_test(credentials_expire_by_the_clock_of_aws),
        cmocka_unit_test(a_role_that_is_refused_is_asked_for_once_a_run),
        cmocka_unit_test(an_expired_role_is_renewed_once),
        cmocka_unit_test(a_denial_under_a_role_names_the_role),
        cmocka_unit_test(a_role_that_is_no_arn_fails_its_call),
        cmocka_unit_test(roles_beyond_the_table_make_room),
        cmocka_unit_test(roles_differ_by_session_name),
        cmocka_unit_test(memory_stays_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
