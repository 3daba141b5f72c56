/* config migrate on real files: what is written, what is kept, what it says. */

#define _GNU_SOURCE /* memmem() */
#include "tests/unit/cli/migrate_cases.h"

#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795245300000)
#define BACKUP ".backup_20261121T071500Z"

#define DEV "env: dev\nregion: us-east-1\naccount_id: \"111111111111\"\nschema_version: 6\n"
#define DEV_MIGRATED                                                                               \
    "env: dev\nregion: us-east-1\naccount_id: \"111111111111\"\nschema_version: 10\n"              \
    "ecr_strategy: local\necr_trusted_accounts: []\n"

static int64_t now(void *state) {
    (void)state;
    return NOW_MS;
}

static const struct clock clock_fixed = {.wall_ms = now, .monotonic_ms = now};

/* A folder of its own, which is the current one. */
static int enter_folder(void **state) {
    static char folder[64];
    snprintf(folder, sizeof(folder), "/tmp/slipway-migrate-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    *state = folder;
    return 0;
}

static int leave_folder(void **state) {
    glob_t found;
    if (glob("*", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            unlink(found.gl_pathv[i]);
        }
        globfree(&found);
    }
    assert_int_equal(chdir("/"), 0);
    return rmdir(*state);
}

static void put(const char *name, const char *text) {
    golden_write(name, view_of(text));
}

static void assert_holds(const char *name, const char *expected) {
    size_t len = 0;
    char *text = golden_read(name, &len);
    if (text == NULL) {
        fail_msg("%s is not there", name);
    }
    assert_string_equal(text, expected);
    free(text);
}

static size_t n_files(void) {
    glob_t found;
    size_t n = glob("*", 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return n;
}

static void run(const char *command_line, struct buf *said) {
    char *line = strdup(command_line);
    golden_run(line, &clock_fixed, said);
    free(line);
}

static void assert_says(const char *command_line, const char *expected) {
    struct buf said BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    run(command_line, &said);
    assert_string_equal(buf_cstr(&said), expected);
}

static void writes_the_file_and_a_backup(void **state) {
    (void)state;
    put("dev.yaml", DEV);
    assert_int_equal(chmod("dev.yaml", 0640), 0);
    assert_says("slipway config migrate dev.yaml",
                "dev.yaml: schema 6 -> 10, backup dev.yaml" BACKUP "\n"
                "  ecr_strategy: local, as env is dev\n"
                "  ecr_trusted_accounts: empty\n");
    assert_holds("dev.yaml", DEV_MIGRATED);
    assert_holds("dev.yaml" BACKUP, DEV);
    struct stat status;
    assert_int_equal(stat("dev.yaml", &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(n_files(), 2);
}

static void a_second_run_changes_nothing(void **state) {
    (void)state;
    struct buf said BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    put("dev.yaml", DEV);
    run("slipway config migrate dev.yaml", &said);
    struct stat first;
    struct stat second;
    assert_int_equal(stat("dev.yaml", &first), 0);
    assert_says("slipway config migrate dev.yaml", "dev.yaml: schema 10, nothing to do\n");
    assert_int_equal(stat("dev.yaml", &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    assert_holds("dev.yaml", DEV_MIGRATED);
    assert_int_equal(n_files(), 2);
}

static void a_dry_run_writes_nothing(void **state) {
    (void)state;
    put("dev.yaml", DEV);
    assert_says("slipway config migrate -n dev.yaml",
                "--- dev.yaml\n+++ dev.yaml\n@@ -1,4 +1,6 @@\n env: dev\n region: us-east-1\n"
                " account_id: \"111111111111\"\n-schema_version: 6\n+schema_version: 10\n"
                "+ecr_strategy: local\n+ecr_trusted_accounts: []\n"
                "--- stderr\n"
                "dev.yaml: schema 6 -> 10, not written\n"
                "  ecr_strategy: local, as env is dev\n"
                "  ecr_trusted_accounts: empty\n");
    assert_holds("dev.yaml", DEV);
    assert_int_equal(n_files(), 1);
}

/* The bad one is told, and what follows from its absence; the others are done. */
static void one_bad_file_among_others(void **state) {
    (void)state;
    put("bad.yaml", "env: [qa\n");
    put("dev.yaml", DEV);
    put("odd.yaml", "env: qa\nschema_version: six\n");
    assert_says("slipway config migrate all",
                "dev.yaml: schema 6 -> 10, backup dev.yaml" BACKUP "\n"
                "  ecr_strategy: local, as env is dev\n"
                "  ecr_trusted_accounts: empty\n"
                "  warning: accounts of the files that failed are not in ecr_trusted_accounts: run "
                "\"slipway config check all\" when they are mended\n"
                "--- stderr\n"
                "slipway: bad.yaml:1:9: not YAML: did not find expected ',' or ']'\n"
                "remedy: correct the file there, or in the lines before\n"
                "slipway: odd.yaml:2:17: schema_version is no number\n"
                "remedy: write the number, or take the line out\n"
                "slipway: 2 of 3 files could not be migrated\n"
                "--- exit 1\n");
    assert_holds("bad.yaml", "env: [qa\n");
    assert_holds("odd.yaml", "env: qa\nschema_version: six\n");
    assert_holds("dev.yaml", DEV_MIGRATED);
    assert_int_equal(n_files(), 4);
}

static void a_file_that_is_not_there(void **state) {
    (void)state;
    put("dev.yaml", DEV);
    struct buf said BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    run("slipway config migrate none.yaml dev.yaml", &said);
    assert_non_null(strstr(buf_cstr(&said), "cannot open 'none.yaml': No such file"));
    assert_non_null(strstr(buf_cstr(&said), "1 of 2 files could not be migrated"));
    assert_non_null(strstr(buf_cstr(&said), "--- exit 1\n"));
    assert_holds("dev.yaml", DEV_MIGRATED);
}

static void all_leaves_other_files_alone(void **state) {
    (void)state;
    put("compose.yaml", "services:\n  web: {image: nginx}\n");
    put("dev.yml", DEV);
    put(".hidden.yaml", DEV);
    put("notes.txt", DEV);
    assert_says("slipway config migrate all",
                "dev.yml: schema 6 -> 10, backup dev.yml" BACKUP "\n"
                "  ecr_strategy: local, as env is dev\n"
                "  ecr_trusted_accounts: empty\n"
                "--- stderr\n"
                "slipway: 'compose.yaml' is no environment file, and left out\n");
    assert_holds("compose.yaml", "services:\n  web: {image: nginx}\n");
    assert_holds(".hidden.yaml", DEV);
    assert_holds("notes.txt", DEV);
    unlink(".hidden.yaml");
}

static void a_file_that_is_named_has_to_be_one(void **state) {
    (void)state;
    put("compose.yaml", "services:\n  web: {image: nginx}\n");
    assert_says("slipway config migrate compose.yaml",
                "--- stderr\n"
                "slipway: compose.yaml:1:1: there is no 'env': this is no environment file\n"
                "remedy: name an environment file, such as dev.yaml\n"
                "slipway: 1 of 1 files could not be migrated\n"
                "--- exit 1\n");
}

/* Once, and with one backup. */
static void a_file_that_is_named_twice(void **state) {
    (void)state;
    put("dev.yaml", DEV);
    assert_int_equal(symlink("dev.yaml", "link.yaml"), 0);
    assert_says("slipway config migrate dev.yaml ./dev.yaml link.yaml dev.yaml",
                "dev.yaml: schema 6 -> 10, backup dev.yaml" BACKUP "\n"
                "  ecr_strategy: local, as env is dev\n"
                "  ecr_trusted_accounts: empty\n");
    assert_int_equal(n_files(), 3);
}

static void a_link_stays_a_link(void **state) {
    (void)state;
    struct stat status;
    put("real", DEV);
    assert_int_equal(symlink("real", "dev.yaml"), 0);
    struct buf said BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    run("slipway config migrate dev.yaml", &said);
    assert_int_equal(lstat("dev.yaml", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_holds("real", DEV_MIGRATED);
    assert_holds("dev.yaml" BACKUP, DEV);
}

static void a_second_backup_of_one_second(void **state) {
    (void)state;
    struct buf said BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    put("dev.yaml", DEV);
    put("dev.yaml" BACKUP, "older\n");
    run("slipway config migrate dev.yaml", &said);
    assert_non_null(strstr(buf_cstr(&said), "backup dev.yaml" BACKUP "_2\n"));
    assert_holds("dev.yaml" BACKUP, "older\n");
    assert_holds("dev.yaml" BACKUP "_2", DEV);
}

/* Somebody saves the file while it is being migrated: that is asked of the clock. */
static int64_t save_meanwhile(void *state) {
    (void)state;
    put("dev.yaml", DEV "# mine\n");
    return NOW_MS;
}

static void what_somebody_saved_meanwhile_stays(void **state) {
    (void)state;
    const struct clock clock = {.wall_ms = save_meanwhile, .monotonic_ms = now};
    struct buf said BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    char line[] = "slipway config migrate dev.yaml";
    put("dev.yaml", DEV);
    golden_run(line, &clock, &said);
    assert_string_equal(buf_cstr(&said),
                        "--- stderr\n"
                        "slipway: 'dev.yaml' was changed while it was being migrated\n"
                        "remedy: migrate it again\n"
                        "slipway: 1 of 1 files could not be migrated\n"
                        "--- exit 1\n");
    assert_holds("dev.yaml", DEV "# mine\n");
    assert_holds("dev.yaml" BACKUP, DEV);
}

/* Without a backup nothing is written. */
static void no_place_for_a_backup(void **state) {
    (void)state;
    struct buf said BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    char name[64];
    put("dev.yaml", DEV);
    put("dev.yaml" BACKUP, "");
    for (int i = 2; i <= 100; i++) {
        snprintf(name, sizeof(name), "dev.yaml" BACKUP "_%d", i);
        put(name, "");
    }
    run("slipway config migrate dev.yaml", &said);
    assert_non_null(strstr(buf_cstr(&said), "there are 100 backups of 'dev.yaml'"));
    assert_non_null(strstr(buf_cstr(&said), "--- exit 1\n"));
    assert_holds("dev.yaml", DEV);
}

static void wrong_usage(void **state) {
    (void)state;
    assert_says("slipway config migrate", "--- stderr\n"
                                          "slipway config migrate: expected files, or all\n"
                                          "try: slipway config migrate --help\n"
                                          "--- exit 2\n");
    assert_says("slipway config migrate -",
                "--- stderr\n"
                "slipway config migrate: '-' is no file that can be written\n"
                "try: slipway config migrate --help\n"
                "--- exit 2\n");
}

static void an_empty_folder(void **state) {
    (void)state;
    struct buf said BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    run("slipway config migrate all", &said);
    assert_non_null(strstr(buf_cstr(&said), "the current folder holds no *.yaml"));
    assert_non_null(strstr(buf_cstr(&said), "--- exit 1\n"));
}

/* --- every case: what is written is what migrate() says, and the rest stays --- */

static void check_written(const struct migrate_case *c) {
    for (size_t i = 0; i < c->n; i++) {
        const struct migrate_file *file = &c->files[i];
        char backup[256];
        size_t len = 0;
        bool is_written = file->result == 0 && file->migration.is_changed;
        struct view expected = is_written ? file->migration.text : file->text;
        char *text = golden_read(file->name, &len);
        assert_true(view_equal((struct view){text, len}, expected));
        free(text);
        snprintf(backup, sizeof(backup), "%s" BACKUP, file->name);
        text = golden_read(backup, &len);
        assert_int_equal(text != NULL, is_written);
        assert_true(text == NULL || view_equal((struct view){text, len}, file->text));
        free(text);
    }
}

static void every_case(void **state) {
    (void)state;
    size_t n;
    char **cases = golden_list(CASES_FOLDER, "", &n);
    for (size_t i = 0; i < n; i++) {
        void *folder = NULL;
        struct buf said BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
        struct migrate_case *c = case_load(cases[i], NULL);
        enter_folder(&folder);
        for (size_t k = 0; k < c->n; k++) {
            golden_write(c->files[k].name, c->files[k].text);
        }
        run("slipway config migrate all", &said);
        check_written(c);
        size_t n_before = n_files();
        run("slipway config migrate all", &said);
        check_written(c);
        assert_int_equal(n_files(), n_before);
        leave_folder(&folder);
        case_free(c);
    }
    golden_free(cases, n);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        TEST(writes_the_file_and_a_backup),
        TEST(a_second_run_changes_nothing),
        TEST(a_dry_run_writes_nothing),
        TEST(one_bad_file_among_others),
        TEST(a_file_that_is_not_there),
        TEST(all_leaves_other_files_alone),
        TEST(a_file_that_is_named_has_to_be_one),
        TEST(a_file_that_is_named_twice),
        TEST(a_link_stays_a_link),
        TEST(a_second_backup_of_one_second),
        TEST(what_somebody_saved_meanwhile_stays),
        TEST(no_place_for_a_backup),
        TEST(wrong_usage),
        TEST(an_empty_folder),
        cmocka_unit_test(every_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
