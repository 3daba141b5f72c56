/* Whom an environment file trusts, and where it pulls from. */

#include "cli/ecr/trust_file.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define HEAD                                                                                       \
    "project: myproject\nenv: dev\nregion: us-east-1\naccount_id: \"111111111111\"\n"              \
    "schema_version: 10\n"
#define LOCAL HEAD "ecr_strategy: local\n"
#define TRUST(account) "  - account_id: \"" account "\"\n    env: x\n    region: us-east-1\n"
#define TRUSTING LOCAL "ecr_trusted_accounts:\n" TRUST("222222222222")
#define CROSS                                                                                      \
    HEAD "ecr_strategy: cross_account\necr_account_id: \"444444444444\"\n"                         \
         "ecr_account_region: eu-west-1\n"

static int read_text(const char *text, struct arena *arena, struct settings *ret_settings,
                     struct err *err) {
    struct problems problems = PROBLEMS_INIT(arena);
    int status = settings_read(view_of(text), "dev.yaml", arena, &problems, ret_settings, err);
    assert_int_equal(problems_count(&problems, SEVERITY_ERROR), 0);
    return status;
}

/* The names with commas between them; "" for none. */
static struct view joined(const struct names *names, struct arena *arena) {
    struct view all = VIEW("");
    for (size_t i = 0; i < names->n; i++) {
        all = arena_printf(arena, VIEW_FMT "%s" VIEW_FMT, VIEW_ARG(all), i > 0 ? "," : "",
                           VIEW_ARG(names->items[i]));
    }
    return all;
}

static void assert_names(const struct names *names, const char *expected, struct arena *arena) {
    struct view got = joined(names, arena);
    if (!view_equal(got, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(got), expected);
    }
}

static void whom_it_trusts(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct settings settings;
    struct ecr_trust trust = {0};
    struct err err;
    err_init(&err);
    assert_int_equal(
        read_text(TRUSTING TRUST("333333333333") TRUST("222222222222"), &arena, &settings, &err),
        0);
    assert_int_equal(trust_file_policy(&settings, &arena, &trust, &err), 0);
    assert_names(&trust.accounts, "222222222222,333333333333", &arena);
    assert_true(view_equal(trust.region, VIEW("us-east-1")));
    assert_true(view_equal(trust.project, VIEW("myproject")));
}

/* Options come first, and the file's accounts after theirs. */
static void what_is_given_stays(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct settings settings;
    struct ecr_trust trust = {.region = VIEW("eu-west-1"), .project = VIEW("other")};
    struct err err;
    err_init(&err);
    assert_int_equal(names_add(&trust.accounts, "999999999999", NAME_ACCOUNT, &arena, &err), 0);
    assert_int_equal(read_text(TRUSTING, &arena, &settings, &err), 0);
    assert_int_equal(trust_file_policy(&settings, &arena, &trust, &err), 0);
    assert_names(&trust.accounts, "999999999999,222222222222", &arena);
    assert_true(view_equal(trust.region, VIEW("eu-west-1")));
    assert_true(view_equal(trust.project, VIEW("other")));
}

static void who_has_nobody_to_trust(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {LOCAL, "'dev.yaml' trusts nobody"},
        {LOCAL "ecr_trusted_accounts: []\n", "'dev.yaml' trusts nobody"},
        {CROSS, "'dev.yaml' has no registry of its own: its images are in account 444444444444"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
        struct settings settings;
        struct ecr_trust trust = {0};
        struct err err;
        err_init(&err);
        assert_int_equal(read_text(rows[i].text, &arena, &settings, &err), 0);
        assert_int_equal(trust_file_policy(&settings, &arena, &trust, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG_INVALID);
        assert_string_equal(err.message, rows[i].message);
    }
}

/* An organization may be all that is trusted; of a registry that is another's not even that. */
static void an_organization_beside_it(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct settings settings;
    struct ecr_trust trust = {0};
    struct err err;
    err_init(&err);
    assert_int_equal(
        names_add(&trust.organizations, "o-a1b2c3d4e5", NAME_ORGANIZATION, &arena, &err), 0);
    assert_int_equal(read_text(LOCAL, &arena, &settings, &err), 0);
    assert_int_equal(trust_file_policy(&settings, &arena, &trust, &err), 0);
    assert_int_equal(trust.accounts.n, 0);
    assert_int_equal(read_text(CROSS, &arena, &settings, &err), 0);
    assert_int_equal(trust_file_policy(&settings, &arena, &trust, &err), -1);
}

#define REPOSITORY(account, region, name)                                                          \
    "    ecr_config:\n      mode: manual_repo\n      repository_uri: " account ".dkr.ecr." region  \
    ".amazonaws.com/" name "\n"

static const char workloads[] = CROSS "services:\n  - name: api\n  - name: shared\n" REPOSITORY(
    "444444444444", "eu-west-1",
    "shared/base") "  - name: far\n" REPOSITORY("444444444444", "us-east-1",
                                                "far") "  - name: vendor\n" REPOSITORY("55555555555"
                                                                                       "5",
                                                                                       "eu-west-1",
                                                                                       "vendor/"
                                                                                       "agent") "  "
                                                                                                "- "
                                                                                                "na"
                                                                                                "me"
                                                                                                ": "
                                                                                                "tw"
                                                                                                "in"
                                                                                                "\n"
                                                                                                "  "
                                                                                                "  "
                                                                                                "ec"
                                                                                                "r_"
                                                                                                "co"
                                                                                                "nf"
                                                                                                "ig"
                                                                                                ":"
                                                                                                "\n"
                                                                                                "  "
                                                                                                "  "
                                                                                                "  "
                                                                                                "mo"
                                                                                                "de"
                                                                                                ": "
                                                                                                "us"
                                                                                                "e_"
                                                                                                "ex"
                                                                                                "is"
                                                                                                "ti"
                                                                                                "ng"
                                                                                                "\n"
                                                                                                "  "
                                                                                                "  "
                                                                                                "  "
                                                                                                "so"
                                                                                                "ur"
                                                                                                "ce"
                                                                                                "_s"
                                                                                                "er"
                                                                                                "vi"
                                                                                                "ce"
                                                                                                "_n"
                                                                                                "am"
                                                                                                "e:"
                                                                                                " s"
                                                                                                "ha"
                                                                                                "re"
                                                                                                "d"
                                                                                                "\n"
                                                                                                "  "
                                                                                                "  "
                                                                                                "  "
                                                                                                "so"
                                                                                                "ur"
                                                                                                "ce"
                                                                                                "_s"
                                                                                                "er"
                                                                                                "vi"
                                                                                                "ce"
                                                                                                "_t"
                                                                                                "yp"
                                                                                                "e:"
                                                                                                " s"
                                                                                                "er"
                                                                                                "vi"
                                                                                                "ce"
                                                                                                "s"
                                                                                                "\n"
                                                                                                "sc"
                                                                                                "he"
                                                                                                "du"
                                                                                                "le"
                                                                                                "d_"
                                                                                                "ta"
                                                                                                "sk"
                                                                                                "s:"
                                                                                                "\n"
                                                                                                "  "
                                                                                                "- "
                                                                                                "na"
                                                                                                "me"
                                                                                                ": "
                                                                                                "ni"
                                                                                                "gh"
                                                                                                "tl"
                                                                                                "y"
                                                                                                "\n";

static void where_it_pulls_from(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct settings settings;
    struct ecr_pull pull = {0};
    struct names others;
    struct err err;
    err_init(&err);
    assert_int_equal(read_text(workloads, &arena, &settings, &err), 0);
    assert_int_equal(trust_file_pull(&settings, &arena, &pull, &others, &err), 0);
    assert_true(view_equal(pull.account, VIEW("444444444444")));
    assert_true(view_equal(pull.region, VIEW("eu-west-1")));
    assert_true(view_equal(pull.project, VIEW("myproject")));
    assert_names(&pull.repositories, "shared/base", &arena);
    assert_names(&others,
                 "444444444444.dkr.ecr.us-east-1.amazonaws.com/far,"
                 "555555555555.dkr.ecr.eu-west-1.amazonaws.com/vendor/agent",
                 &arena);
}

/* For the registry that the options name. */
static void from_another_registry(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct settings settings;
    struct ecr_pull pull = {.account = VIEW("555555555555"), .project = VIEW("vendor")};
    struct names others;
    struct err err;
    err_init(&err);
    assert_int_equal(read_text(workloads, &arena, &settings, &err), 0);
    assert_int_equal(trust_file_pull(&settings, &arena, &pull, &others, &err), 0);
    assert_names(&pull.repositories, "vendor/agent", &arena);
    assert_int_equal(others.n, 5);
}

static void too_little_memory(void **state) {
    (void)state;
    struct arena of_file ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct settings pulling;
    struct settings trusting;
    struct err err;
    err_init(&err);
    assert_int_equal(read_text(workloads, &of_file, &pulling, &err), 0);
    assert_int_equal(read_text(TRUSTING, &of_file, &trusting, &err), 0);
    bool has_worked = false;
    for (size_t limit = 0; !has_worked; limit += 16) {
        struct arena arena ARENA_AUTO = ARENA_INIT(limit);
        struct arena another ARENA_AUTO = ARENA_INIT(limit);
        struct ecr_pull pull = {0};
        struct ecr_trust trust = {0};
        struct names others;
        err_init(&err);
        int pulled = trust_file_pull(&pulling, &arena, &pull, &others, &err);
        assert_true(pulled == 0 || err.code == ERR_OUT_OF_MEMORY);
        if (pulled == 0) {
            assert_int_equal(pull.repositories.n + others.n, 3);
        }
        err_init(&err);
        int trusted = trust_file_policy(&trusting, &another, &trust, &err);
        assert_true(trusted == 0 || err.code == ERR_OUT_OF_MEMORY);
        has_worked = pulled == 0 && trusted == 0;
        assert_true(limit < 65536);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whom_it_trusts),          cmocka_unit_test(what_is_given_stays),
        cmocka_unit_test(who_has_nobody_to_trust), cmocka_unit_test(an_organization_beside_it),
        cmocka_unit_test(where_it_pulls_from),     cmocka_unit_test(from_another_registry),
        cmocka_unit_test(too_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
