#include "cli/files/file.h"

#include "runtime/base/clock.h"

#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795245300000)
#define NOW "20261121T071500Z"
#define PATH_BYTES 256

struct fixture {
    struct arena arena;
    struct err err;
    char folder[64];
    char path[PATH_BYTES]; /* of "dev.yaml" in it */
};

static int set_up(void **state) {
    static struct fixture fixture;
    fixture = (struct fixture){.arena = ARENA_INIT((size_t)16 * 1024 * 1024),
                               .folder = "/tmp/slipway-file-XXXXXX"};
    err_init(&fixture.err);
    assert_non_null(mkdtemp(fixture.folder));
    snprintf(fixture.path, sizeof(fixture.path), "%s/dev.yaml", fixture.folder);
    *state = &fixture;
    return 0;
}

static void for_each_file(const struct fixture *f, void (*use)(const char *path, void *state),
                          void *state) {
    char pattern[PATH_BYTES];
    glob_t found;
    snprintf(pattern, sizeof(pattern), "%s/*", f->folder);
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            use(found.gl_pathv[i], state);
        }
        globfree(&found);
    }
}

static void remove_file(const char *path, void *state) {
    (void)state;
    if (unlink(path) < 0) {
        rmdir(path);
    }
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    chmod(f->folder, 0700);
    for_each_file(f, remove_file, NULL);
    rmdir(f->folder);
    arena_release(&f->arena);
    return 0;
}

static void count_file(const char *path, void *state) {
    (void)path;
    (*(size_t *)state)++;
}

static size_t n_files(const struct fixture *f) {
    size_t n = 0;
    for_each_file(f, count_file, &n);
    return n;
}

static void put(const char *path, const char *text, mode_t mode) {
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_holds(struct fixture *f, const char *path, const char *expected) {
    struct view text;
    if (file_read(path, 4096, &f->arena, &text, &f->err) < 0) {
        fail_msg("%s", f->err.message);
    }
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

static mode_t mode_of(const char *path) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void assert_fails(struct fixture *f, int result, const char *message) {
    assert_int_equal(result, -1);
    assert_int_equal(f->err.code, ERR_CONFIG_INVALID);
    if (!strstr(f->err.message, message)) {
        fail_msg("got \"%s\", expected \"%s\" in it", f->err.message, message);
    }
    assert_true(f->err.remedy[0] != '\0');
}

/* --- reading --- */

static void reads_all_bytes(void **state) {
    struct fixture *f = *state;
    struct view text;
    put(f->path, "a: 1\r\nb: 2", 0644);
    assert_holds(f, f->path, "a: 1\r\nb: 2");
    put(f->path, "", 0644);
    assert_int_equal(file_read(f->path, 0, &f->arena, &text, &f->err), 0);
    assert_int_equal(text.len, 0);
    assert_non_null(text.data);
}

static void reads_up_to_the_limit(void **state) {
    struct fixture *f = *state;
    struct view text;
    put(f->path, "12345678", 0644);
    assert_int_equal(file_read(f->path, 8, &f->arena, &text, &f->err), 0);
    assert_int_equal(text.len, 8);
    assert_fails(f, file_read(f->path, 7, &f->arena, &text, &f->err), "more than 7 bytes");
}

static void reads_in_chunks(void **state) {
    struct fixture *f = *state;
    const size_t n = (size_t)200 * 1000;
    struct view text;
    FILE *stream = fopen(f->path, "wb");
    assert_non_null(stream);
    for (size_t i = 0; i < n; i++) {
        fputc((int)('a' + i % 23), stream);
    }
    fclose(stream);
    assert_int_equal(file_read(f->path, n, &f->arena, &text, &f->err), 0);
    assert_int_equal(text.len, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(text.data[i], 'a' + i % 23);
    }
}

static void a_file_that_is_not_there(void **state) {
    struct fixture *f = *state;
    struct view text;
    assert_fails(f, file_read(f->path, 10, &f->arena, &text, &f->err),
                 "dev.yaml': No such file or directory");
}

static void a_folder_is_no_file(void **state) {
    struct fixture *f = *state;
    struct view text;
    assert_fails(f, file_read(f->folder, 10, &f->arena, &text, &f->err), "Is a directory");
}

/* --- replacing --- */

static void replaces_and_keeps_the_mode(void **state) {
    struct fixture *f = *state;
    put(f->path, "old", 0640);
    assert_int_equal(file_replace(f->path, VIEW("new\n"), &f->err), 0);
    assert_holds(f, f->path, "new\n");
    assert_int_equal(mode_of(f->path), 0640);
    assert_int_equal(n_files(f), 1);
}

static void replaces_what_a_link_leads_to(void **state) {
    struct fixture *f = *state;
    char link[PATH_BYTES];
    struct stat status;
    snprintf(link, sizeof(link), "%s/link.yaml", f->folder);
    put(f->path, "old", 0600);
    assert_int_equal(symlink("dev.yaml", link), 0);
    assert_int_equal(file_replace(link, VIEW("new"), &f->err), 0);
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_holds(f, f->path, "new");
    assert_int_equal(n_files(f), 2);
}

/* Another name of the file keeps the old text: what is written is a new file. */
static void never_writes_into_the_old_file(void **state) {
    struct fixture *f = *state;
    char other[PATH_BYTES];
    snprintf(other, sizeof(other), "%s/other", f->folder);
    put(f->path, "old", 0600);
    assert_int_equal(link(f->path, other), 0);
    assert_int_equal(file_replace(f->path, VIEW("new"), &f->err), 0);
    assert_holds(f, f->path, "new");
    assert_holds(f, other, "old");
}

static void does_not_replace_what_is_not_there(void **state) {
    struct fixture *f = *state;
    assert_fails(f, file_replace(f->path, VIEW("new"), &f->err), "cannot find");
    assert_int_equal(n_files(f), 0);
}

static void leaves_nothing_behind_on_failure(void **state) {
    struct fixture *f = *state;
    char folder[PATH_BYTES];
    snprintf(folder, sizeof(folder), "%s/folder", f->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_fails(f, file_replace(folder, VIEW("new"), &f->err), "cannot replace");
    assert_int_equal(n_files(f), 1);
}

/* --- backups --- */

static void backs_up_under_the_time(void **state) {
    struct fixture *f = *state;
    char expected[PATH_BYTES + 32];
    struct view backup;
    put(f->path, "text", 0640);
    assert_int_equal(file_back_up(f->path, VIEW("text"), NOW_MS, &f->arena, &backup, &f->err), 0);
    snprintf(expected, sizeof(expected), "%s.backup_" NOW, f->path);
    assert_string_equal(backup.data, expected);
    assert_holds(f, expected, "text");
    assert_int_equal(mode_of(expected), 0640);
}

static void never_over_another_backup(void **state) {
    struct fixture *f = *state;
    struct view first;
    struct view second;
    struct view third;
    put(f->path, "text", 0600);
    assert_int_equal(file_back_up(f->path, VIEW("1"), NOW_MS, &f->arena, &first, &f->err), 0);
    assert_int_equal(file_back_up(f->path, VIEW("2"), NOW_MS, &f->arena, &second, &f->err), 0);
    assert_int_equal(file_back_up(f->path, VIEW("3"), NOW_MS, &f->arena, &third, &f->err), 0);
    assert_true(view_ends_with(second, VIEW(NOW "_2")));
    assert_true(view_ends_with(third, VIEW(NOW "_3")));
    assert_holds(f, first.data, "1");
    assert_holds(f, second.data, "2");
    assert_holds(f, third.data, "3");
}

static void a_hundred_backups_of_one_second(void **state) {
    struct fixture *f = *state;
    struct view backup;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(file_back_up(f->path, VIEW("x"), NOW_MS, &f->arena, &backup, &f->err), 0);
    }
    assert_fails(f, file_back_up(f->path, VIEW("x"), NOW_MS, &f->arena, &backup, &f->err),
                 "there are 100 backups");
}

static void a_backup_where_no_file_can_be(void **state) {
    struct fixture *f = *state;
    struct view backup;
    char path[PATH_BYTES + 16];
    snprintf(path, sizeof(path), "%s/none/dev.yaml", f->folder);
    assert_fails(f, file_back_up(path, VIEW("x"), NOW_MS, &f->arena, &backup, &f->err),
                 "cannot create");
}

/* --- no room --- */

/* No file may get longer than that, as on a full disk; SIZE_MAX: any. */
static void limit_files(size_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == SIZE_MAX ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    (void)signal(SIGXFSZ, bytes == SIZE_MAX ? SIG_DFL : SIG_IGN);
}

static void what_does_not_fit_leaves_the_old_file(void **state) {
    struct fixture *f = *state;
    put(f->path, "old\n", 0644);
    limit_files(8);
    int result = file_replace(f->path, VIEW("new, and longer\n"), &f->err);
    limit_files(SIZE_MAX);
    assert_fails(f, result, "cannot write ");
    assert_holds(f, f->path, "old\n");
    assert_int_equal(n_files(f), 1);
}

/* Half a backup would be taken for one. */
static void a_backup_that_does_not_fit_is_none(void **state) {
    struct fixture *f = *state;
    struct view backup;
    put(f->path, "old\n", 0644);
    limit_files(8);
    int result =
        file_back_up(f->path, VIEW("old, and longer\n"), NOW_MS, &f->arena, &backup, &f->err);
    limit_files(SIZE_MAX);
    assert_fails(f, result, "cannot write ");
    assert_int_equal(n_files(f), 1);
}

/* Nothing can be put beside a name that is as long as a name can be. */
static void a_name_that_is_too_long(void **state) {
    struct fixture *f = *state;
    char path[512];
    int n = snprintf(path, sizeof(path), "%s/", f->folder);
    memset(path + n, 'x', 250);
    path[n + 250] = '\0';
    put(path, "old\n", 0644);
    assert_fails(f, file_replace(path, VIEW("new\n"), &f->err), "cannot create ");
    assert_holds(f, path, "old\n");
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(reads_all_bytes),
        TEST(reads_up_to_the_limit),
        TEST(reads_in_chunks),
        TEST(a_file_that_is_not_there),
        TEST(a_folder_is_no_file),
        TEST(replaces_and_keeps_the_mode),
        TEST(replaces_what_a_link_leads_to),
        TEST(never_writes_into_the_old_file),
        TEST(does_not_replace_what_is_not_there),
        TEST(leaves_nothing_behind_on_failure),
        TEST(backs_up_under_the_time),
        TEST(never_over_another_backup),
        TEST(a_hundred_backups_of_one_second),
        TEST(a_backup_where_no_file_can_be),
        TEST(what_does_not_fit_leaves_the_old_file),
        TEST(a_backup_that_does_not_fit_is_none),
        TEST(a_name_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
