/* What is said of an image that runs. */

#include "cli/ecr/lifecycle_check.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct view tags[] = {VIEW("git-abc"), VIEW("v1")};
static const struct ecr_stored_image image = {.digest = VIEW(DIGEST), .tags = tags, .n_tags = 2};
static const struct ecr_stored_image untagged = {.digest = VIEW(DIGEST)};
static const struct ecr_stored_image archived = {.digest = VIEW(DIGEST), .is_archived = true};
static const struct lifecycle_rule expires = {.priority = 5, .description = VIEW("keep 3")};
static const struct lifecycle_rule archives = {.priority = 6, .archives = true};

static const struct {
    struct lifecycle_running running;
    const char *line;
    bool is_lost;
} rows[] = {
    {{.tag = VIEW("git-abc"), .image = &image},
     "git-abc (sha256:0123456789ab) of web:7 stays: no rule matches it",
     false},
    {{.digest = VIEW(DIGEST), .image = &image, .verdict = {.matched = &expires}},
     "git-abc (sha256:0123456789ab) of web:7 stays by rule 5",
     false},
    {{.digest = VIEW(DIGEST),
      .image = &untagged,
      .verdict = {.matched = &expires, .is_listed = true}},
     "sha256:0123456789ab of web:7 stays: an index that stays lists it",
     false},
    {{.tag = VIEW("v1"), .image = &image, .verdict = {.matched = &expires, .rule = &expires}},
     "v1 (sha256:0123456789ab) of web:7 would be expired by rule 5, 'keep 3'",
     true},
    {{.tag = VIEW("v1"), .image = &image, .verdict = {.matched = &archives, .rule = &archives}},
     "v1 (sha256:0123456789ab) of web:7 would be archived by rule 6",
     true},
    {{.digest = VIEW(DIGEST), .image = &archived},
     "sha256:0123456789ab of web:7 is in the archive, and cannot be pulled",
     true},
    {{.tag = VIEW("gone")}, "gone of web:7 is not in the repository any more", true},
    {{.tag = VIEW("gone"), .digest = VIEW(DIGEST)},
     "gone (sha256:0123456789ab) of web:7 is not in the repository any more",
     true},
};

static void lines(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lifecycle_running running = rows[i].running;
        running.revision = VIEW("web:7");
        struct view line = lifecycle_running_line(&running, &arena);
        if (!view_equal(line, view_of(rows[i].line))) {
            fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(line), rows[i].line);
        }
        assert_int_equal(lifecycle_running_is_lost(&running), rows[i].is_lost);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
