/* Each allocation of what reads, checks, migrates, renders and shows environment files fails once,
 * and once from there on: what comes of it is always an error that says so, and a file on disk is
 * the old one or the new one. */

#include "tests/unit/base/oom_arena.h"
#include "tests/unit/base/oom_cjson.h"

#include "cli/config_option.h"
#include "cli/files/text_diff.h"
#include "cli/settings/check.h"
#include "cli/settings/migrate.h"
#include "cli/settings/render.h"
#include "runtime/base/buf.h"
#include "tests/unit/cli/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/oom_each.h"

#define TEXT_BYTES ((size_t)1024 * 1024)

/* Anchors, a merge, quotes, a list in brackets; a use_existing, and a circle's worth of faults. */
#define DEV                                                                                        \
    "project: myproject\nenv: dev\nregion: us-east-1\naccount_id: \"111111111111\"\n"              \
    "schema_version: 6\ndefaults: &defaults\n  cpu: 256\n"                                         \
    "services:\n  - name: api\n    <<: *defaults\n  - {name: worker, docker_image: \"x\"}\n"       \
    "scheduled_tasks:\n  - name: nightly\n    ecr_config:\n      mode: use_existing\n"             \
    "      source_service_name: api\n      source_service_type: services\n"
#define PROD                                                                                       \
    "project: myproject\nenv: prod\nregion: us-east-1\naccount_id: '333333333333'\n"               \
    "schema_version: 6\necr_account_id: \"111111111111\"\necr_account_region: us-east-1\n"         \
    "services:\n  - name: api\n  - name: hand\n    ecr_config:\n      mode: manual_repo\n"         \
    "      repository_uri: 444444444444.dkr.ecr.us-east-1.amazonaws.com/hand\n"                    \
    "event_processor_tasks:\n  - name: on-upload\n"
#define FAULTY                                                                                     \
    "project: my_Project\nenv: q a\nregion: moon\naccount_id: 12\necr_strategy: neither\n"         \
    "ecr_trusted_accounts:\n  - {env: x}\n  - {account_id: '1', region: y}\nservicse: []\n"        \
    "services:\n  - name: a\n    ecr_config: {mode: use_existing, source_service_name: b, "        \
    "source_service_type: services}\n  - name: b\n    ecr_config: {mode: use_existing, "           \
    "source_service_name: a, source_service_type: services}\n  - name: a\n"                        \
    "  - ecr_config: {mode: use_existing, source_service_name: aa, source_service_type: "          \
    "services}\n"

/* --- the parts --- */

static int parse(struct arena *arena, struct err *err) {
    struct yaml_value root;
    struct yaml_place fault;
    return yaml_parse(VIEW(DEV), arena, &root, &fault, err);
}

static int read_two(struct arena *arena, struct problems *problems, struct settings ret[static 2],
                    struct err *err) {
    *problems = PROBLEMS_INIT(arena);
    return settings_read(VIEW(DEV), "dev.yaml", arena, problems, &ret[0], err) < 0 ||
                   settings_read(VIEW(PROD), "prod.yaml", arena, problems, &ret[1], err) < 0
               ? -1
               : 0;
}

static int check(struct arena *arena, struct err *err) {
    struct problems problems;
    struct settings settings[3];
    if (read_two(arena, &problems, settings, err) < 0 ||
        settings_read(VIEW(FAULTY), "qa.yaml", arena, &problems, &settings[2], err) < 0) {
        return -1;
    }
    return check_settings(settings, 3, &problems, err);
}

static int migrate_both(struct arena *arena, struct err *err) {
    struct problems problems;
    struct settings settings[2];
    struct migration migration;
    return read_two(arena, &problems, settings, err) < 0 ||
                   migrate(&settings[0], VIEW(DEV), settings, 2, arena, &migration, err) < 0 ||
                   migrate(&settings[1], VIEW(PROD), settings, 2, arena, &migration, err) < 0
               ? -1
               : 0;
}

static int render_both(struct arena *arena, struct err *err) {
    struct problems problems;
    struct settings settings[2];
    struct buf text BUF_AUTO = BUF_INIT(TEXT_BYTES);
    if (read_two(arena, &problems, settings, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < 2; i++) {
        struct rendered rendered;
        if (render(&settings[i], arena, &rendered, err) < 0) {
            return -1;
        }
        render_json(&rendered, &text);
        render_sam(&rendered, &text);
        render_tfvars(&rendered, &text);
    }
    return buf_check(&text, "the variables", err);
}

static int compare(struct arena *arena, struct err *err) {
    struct buf diff BUF_AUTO = BUF_INIT(TEXT_BYTES);
    const struct text_diff_options options = {
        .old_name = "a", .new_name = "b", .context = 3, .is_coloured = true};
    return text_diff(VIEW(DEV), VIEW(PROD), &options, arena, &diff, err);
}

/* What --config does, with a file of the tests. */
static int take_as_variables(struct arena *arena, struct err *err) {
    const struct environment env = {.get = golden_no_variable};
    struct cli cli = {.env = &env, .clock = &clock_system, .arena = arena, .err = stderr};
    int result = config_option_apply(&cli, TEST_DATA_DIR "/render/repositories/prod.yaml", err);
    assert_true(result == 0 || cli.env == &env);
    return result;
}

static void parsing_fails(void **state) {
    (void)state;
    each_and_all_fail(parse);
}

static void checking_fails(void **state) {
    (void)state;
    each_and_all_fail(check);
}

static void migrating_fails(void **state) {
    (void)state;
    each_and_all_fail(migrate_both);
}

static void rendering_fails(void **state) {
    (void)state;
    each_and_all_fail(render_both);
}

static void comparing_fails(void **state) {
    (void)state;
    each_and_all_fail(compare);
}

static void taking_as_variables_fails(void **state) {
    (void)state;
    each_and_all_fail(take_as_variables);
}

/* --- the commands --- */

struct said {
    char *out, *err;
    size_t out_len, err_len;
};

static void said_release(struct said *said) {
    free(said->out);
    free(said->err);
}

/* "slipway config COMMAND FILES" with allocation n failing; the status. */
static int run(char *const words[], int n_words, size_t n, struct said *said, bool *ret_failed) {
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024 * 1024);
    const struct environment env = {.get = golden_no_variable};
    struct cli cli = {.env = &env, .clock = &clock_system, .in = stdin, .arena = &arena};
    char *copies[8] = {0};
    memcpy(copies, words, (size_t)n_words * sizeof(char *));
    cli.out = open_memstream(&said->out, &said->out_len);
    cli.err = open_memstream(&said->err, &said->err_len);
    oom_arm(n);
    oom_hook_cjson();
    int status = cli_run(&cli, n_words, copies);
    *ret_failed = oom_disarm();
    oom_unhook_cjson();
    fclose(cli.out);
    fclose(cli.err);
    return status;
}

/* What failed is said, and the status says so. */
static void each_fails_in(char *const words[], int n_words) {
    OOM_FOR_EACH(n) {
        struct said said __attribute__((cleanup(said_release))) = {0};
        bool has_failed;
        int status = run(words, n_words, n, &said, &has_failed);
        if (!has_failed) {
            assert_int_equal(status, EXIT_STATUS_DONE);
            return;
        }
        if (status == EXIT_STATUS_DONE) {
            fail_msg("allocation %zu: %s", n, said.out);
        }
        if (strstr(said.err, "no memory left") == NULL) {
            fail_msg("allocation %zu: %s", n, said.err);
        }
    }
}

static int enter_folder(void **state) {
    static char folder[64];
    snprintf(folder, sizeof(folder), "/tmp/slipway-oom-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    golden_write("dev.yaml", VIEW(DEV));
    golden_write("prod.yaml", VIEW(PROD));
    *state = folder;
    return 0;
}

static int leave_folder(void **state) {
    size_t n;
    char **names = golden_list(".", "", &n);
    for (size_t i = 0; i < n; i++) {
        unlink(names[i]);
    }
    golden_free(names, n);
    assert_int_equal(chdir("/"), 0);
    return rmdir(*state);
}

#define WORDS(...)                                                                                 \
    char *words[] = {(char *)"slipway", (char *)"config", __VA_ARGS__};                            \
    const int n_words = (int)(sizeof(words) / sizeof(words[0]))

static void check_says_so(void **state) {
    (void)state;
    WORDS((char *)"check", (char *)"--json", (char *)"all");
    each_fails_in(words, n_words);
}

static void show_says_so(void **state) {
    (void)state;
    WORDS((char *)"show", (char *)"--json", (char *)"dev.yaml", (char *)"prod.yaml");
    each_fails_in(words, n_words);
}

static void render_says_so(void **state) {
    (void)state;
    WORDS((char *)"render", (char *)"--sam", (char *)"all");
    each_fails_in(words, n_words);
}

static void a_dry_run_says_so(void **state) {
    (void)state;
    WORDS((char *)"migrate", (char *)"--dry-run", (char *)"all");
    each_fails_in(words, n_words);
}

static bool holds(const char *path, struct view expected) {
    size_t len = 0;
    char *text = golden_read(path, &len);
    bool is_same = text != NULL && view_equal((struct view){text, len}, expected);
    free(text);
    return is_same;
}

/* Without memory nothing is written: the file is as it was, and nothing lies beside it but a whole
 * backup. */
static void a_file_is_old_or_new(void **state) {
    (void)state;
    WORDS((char *)"migrate", (char *)"dev.yaml");
    OOM_FOR_EACH(n) {
        struct said said __attribute__((cleanup(said_release))) = {0};
        bool has_failed;
        size_t n_files;
        int status = run(words, n_words, n, &said, &has_failed);
        if (!has_failed) {
            assert_int_equal(status, EXIT_STATUS_DONE);
            assert_false(holds("dev.yaml", VIEW(DEV)));
            return;
        }
        assert_int_not_equal(status, EXIT_STATUS_DONE);
        assert_true(holds("dev.yaml", VIEW(DEV)));
        char **names = golden_list(".", "", &n_files);
        for (size_t i = 0; i < n_files; i++) {
            if (strstr(names[i], ".backup_") != NULL) {
                assert_true(holds(names[i], VIEW(DEV)));
                unlink(names[i]);
            } else {
                assert_true(view_ends_with(view_of(names[i]), VIEW(".yaml")));
            }
        }
        golden_free(names, n_files);
    }
}

int main(void) {
#define IN_FOLDER(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing_fails),   cmocka_unit_test(checking_fails),
        cmocka_unit_test(migrating_fails), cmocka_unit_test(rendering_fails),
        cmocka_unit_test(comparing_fails), cmocka_unit_test(taking_as_variables_fails),
        IN_FOLDER(check_says_so),          IN_FOLDER(show_says_so),
        IN_FOLDER(render_says_so),         IN_FOLDER(a_dry_run_says_so),
        IN_FOLDER(a_file_is_old_or_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
