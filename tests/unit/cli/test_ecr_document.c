/* Policies as they are shown, and what AWS would not take for its length. */

#include "cli/ecr/document.h"
#include "cli/ecr/trust.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check_indented(const char *json, const char *expected) {
    struct buf out BUF_AUTO = BUF_INIT((size_t)4096);
    document_indent(view_of(json), &out);
    assert_string_equal(buf_cstr(&out), expected);
}

static void indents(void **state) {
    (void)state;
    check_indented("{}", "{}\n");
    check_indented("[]", "[]\n");
    check_indented("\"a\"", "\"a\"\n");
    check_indented("{\"a\":1}", "{\n  \"a\": 1\n}\n");
    check_indented("{\"a\":[1,{}],\"b\":[]}",
                   "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n");
    /* What stands in a string is none of its business. */
    check_indented("{\"a{:,[\\\"}\":\"\\\\\"}", "{\n  \"a{:,[\\\"}\": \"\\\\\"\n}\n");
}

/* The policy that trusts that many accounts. */
static void trust_many(size_t n, struct arena *arena, struct buf *out) {
    struct ecr_trust trust = {.region = VIEW("us-east-1")};
    struct err err;
    err_init(&err);
    trust.accounts.items = ARENA_ARRAY(arena, n, struct view);
    for (; trust.accounts.n < n; trust.accounts.n++) {
        trust.accounts.items[trust.accounts.n] =
            arena_printf(arena, "%012zu", trust.accounts.n + 1);
    }
    assert_int_equal(ecr_trust_policy(&trust, arena, out, &err), 0);
}

static void what_does_not_fit(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct buf json BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    struct buf out BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    struct err err;
    err_init(&err);
    trust_many(240, &arena, &json);
    /* Indented it would not fit any more. */
    assert_int_equal(document_fit(&json, DOCUMENT_ECR_POLICY_MAX, "policy", &out, &err), 0);
    assert_int_equal(out.len, json.len + 1);
    assert_memory_equal(out.data, json.data, json.len);
    buf_clear(&json);
    buf_clear(&out);
    trust_many(320, &arena, &json);
    assert_int_equal(document_fit(&json, DOCUMENT_ECR_POLICY_MAX, "policy", &out, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG_INVALID);
    assert_non_null(strstr(err.message, "AWS takes 10240"));
    assert_int_equal(out.len, 0);
}

static void what_could_not_be_built(void **state) {
    (void)state;
    struct buf json BUF_AUTO = BUF_INIT((size_t)4);
    struct buf out BUF_AUTO = BUF_INIT((size_t)4096);
    struct err err;
    err_init(&err);
    buf_append_str(&json, "too long");
    assert_int_equal(document_fit(&json, 100, "policy", &out, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
}

/* Every builder, with ever less memory: an error that says so, or a buffer that failed. */
static void too_little_memory(void **state) {
    (void)state;
    struct view role[] = {VIEW("arn:aws:iam::222222222222:role/r")};
    struct view account[] = {VIEW("333333333333")};
    struct view repository[] = {VIEW("shop/web")};
    struct view prefix[] = {VIEW("p_"), VIEW("q_")};
    const struct names sources = {account, 1};
    const struct names prefixes = {prefix, 2};
    const struct ecr_trust trust = {.accounts = {account, 1},
                                    .roles = {role, 1},
                                    .has_functions = true,
                                    .region = VIEW("us-east-1")};
    const struct ecr_pull pull = {.account = VIEW("111111111111"),
                                  .region = VIEW("us-east-1"),
                                  .repositories = {repository, 1}};
    const struct ecr_place place = {VIEW("222222222222"), VIEW("us-east-1")};
    bool has_worked = false;
    for (size_t limit = 0; !has_worked; limit += 16) {
        struct arena arenas[3] = {ARENA_INIT(limit), ARENA_INIT(limit), ARENA_INIT(limit)};
        struct buf json BUF_AUTO = BUF_INIT((size_t)4096);
        struct err err;
        err_init(&err);
        int trusted = ecr_trust_policy(&trust, &arenas[0], &json, &err);
        assert_true(trusted == 0 || err.code == ERR_OUT_OF_MEMORY);
        err_init(&err);
        int permitted =
            ecr_replication_permission(&sources, &place, &prefixes, &arenas[1], &json, &err);
        assert_true(permitted == 0 || err.code == ERR_OUT_OF_MEMORY);
        buf_clear(&json);
        ecr_pull_policy(&pull, &arenas[2], &json);
        has_worked = trusted == 0 && permitted == 0 && !json.failed;
        for (size_t i = 0; i < 3; i++) {
            arena_release(&arenas[i]);
        }
        assert_true(limit < 65536);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indents),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(what_could_not_be_built),
        cmocka_unit_test(too_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
