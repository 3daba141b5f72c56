/* What a lifecycle policy makes of a repository. The examples of Amazon ECR's User Guide
 * ("Examples of lifecycle policies") are among these. */

#include "tests/unit/cli/ecr_images.h"

static void the_newest_stay(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(1, ANY MORE_THAN(2))), {.digest = "old", .pushed_days = 9, .fate = "1"},
                {.digest = "new", .tags = "v1", .pushed_days = 1, .fate = "stays"},
                {.digest = "older", .tags = "v0 latest", .pushed_days = 10, .fate = "1"},
                {.digest = "newer", .pushed_days = 2, .fate = "stays"});
    CHECK_FATES(POLICY(RULE(1, ANY MORE_THAN(2))),
                {.digest = "one", .pushed_days = 900, .fate = "stays"},
                {.digest = "two", .pushed_days = 901, .fate = "stays"});
}

static void of_those_pushed_at_once_the_first_listed_stays(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(1, ANY MORE_THAN(1))),
                {.digest = "a", .pushed_days = 5, .fate = "stays"},
                {.digest = "b", .pushed_days = 5, .fate = "1"});
}

static void days_are_whole(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(1, ANY PUSHED(14))),
                {.digest = "just", .pushed_days = 14, .fate = "stays"},
                {.digest = "over", .pushed_days = 15, .fate = "1"},
                {.digest = "new", .pushed_days = 1, .fate = "stays"});
}

static void tagged_and_untagged(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(1, UNTAGGED MORE_THAN(1)) "," RULE(2, ANY PUSHED(30))),
                {.digest = "u1", .pushed_days = 1, .fate = "stays"},
                {.digest = "u2", .pushed_days = 2, .fate = "1"},
                {.digest = "t1", .tags = "x", .pushed_days = 3, .fate = "stays"},
                {.digest = "t2", .tags = "x2", .pushed_days = 31, .fate = "2"});
    /* What a rule before it has seen is not for `any` to take, however old. */
    CHECK_FATES(POLICY(RULE(1, UNTAGGED MORE_THAN(1)) "," RULE(2, ANY PUSHED(30))),
                {.digest = "u1", .pushed_days = 300, .fate = "stays"});
}

/* "Filtering on multiple rules", examples A and B. */
static void the_first_rule_that_matches_counts(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(1, BEGINS("\"prod\"") MORE_THAN(1)) "," RULE(2, BEGINS("\"beta\"")
                                                                                MORE_THAN(1))),
                {.digest = "A", .tags = "beta-1 prod-1", .pushed_days = 10, .fate = "1"},
                {.digest = "B", .tags = "beta-2 prod-2", .pushed_days = 9, .fate = "stays"},
                {.digest = "C", .tags = "beta-3", .pushed_days = 8, .fate = "stays"});
    CHECK_FATES(POLICY(RULE(1, BEGINS("\"beta\"") MORE_THAN(1)) "," RULE(2, BEGINS("\"prod\"")
                                                                                MORE_THAN(1))),
                {.digest = "A", .tags = "beta-1 prod-1", .pushed_days = 10, .fate = "1"},
                {.digest = "B", .tags = "beta-2 prod-2", .pushed_days = 9, .fate = "1"},
                {.digest = "C", .tags = "beta-3", .pushed_days = 8, .fate = "stays"});
}

/* The number counts, not the place in the text. */
static void priority_is_the_number(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(20, BEGINS("\"beta\"") MORE_THAN(1)) "," RULE(3, BEGINS("\"prod\"")
                                                                                 MORE_THAN(1))),
                {.digest = "A", .tags = "beta-1 prod-1", .pushed_days = 10, .fate = "3"},
                {.digest = "B", .tags = "beta-2 prod-2", .pushed_days = 9, .fate = "stays"},
                {.digest = "C", .tags = "beta-3", .pushed_days = 8, .fate = "20"},
                {.digest = "D", .tags = "beta-4", .pushed_days = 7, .fate = "stays"});
}

/* "Filtering on multiple tags in a single rule", examples A and B: all of them have to be met. */
static void several_patterns_have_to_match_all(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(1, BEGINS("\"alpha\",\"beta\"") PUSHED(5))),
                {.digest = "A", .tags = "alpha-1", .pushed_days = 12, .fate = "stays"},
                {.digest = "B", .tags = "beta-1", .pushed_days = 11, .fate = "stays"},
                {.digest = "C", .tags = "alpha-2 beta-2", .pushed_days = 10, .fate = "1"},
                {.digest = "D", .tags = "alpha-3", .pushed_days = 4, .fate = "stays"},
                {.digest = "E", .tags = "beta-3", .pushed_days = 3, .fate = "stays"},
                {.digest = "F", .tags = "alpha-4 beta-4", .pushed_days = 2, .fate = "stays"});
    CHECK_FATES(
        POLICY(RULE(1, LIKE("\"alpha*\",\"beta*\"") MORE_THAN(1))),
        {.digest = "A", .tags = "alpha-1 beta-1 gamma-1", .pushed_days = 10, .fate = "1"},
        {.digest = "B", .tags = "alpha-2 beta-2", .pushed_days = 9, .fate = "1"},
        {.digest = "C", .tags = "alpha-3 beta-3 gamma-2", .pushed_days = 8, .fate = "stays"});
}

/* A rule that keeps very many is a wall before the rules behind it; what it keeps counts among
 * theirs all the same. */
static void what_is_protected_stays_and_counts(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(1, LIKE("\"v*\"") MORE_THAN(1000)) "," RULE(2, ANY MORE_THAN(2))),
                {.digest = "v1", .tags = "v1.0.0", .pushed_days = 400, .fate = "stays"},
                {.digest = "v2", .tags = "v1.1.0 git-b", .pushed_days = 2, .fate = "stays"},
                {.digest = "new", .tags = "git-c", .pushed_days = 1, .fate = "stays"},
                {.digest = "old", .tags = "git-a", .pushed_days = 3, .fate = "2"});
}

/* A promotion is a second tag, and that is enough. */
static void one_tag_of_several_protects(void **state) {
    (void)state;
    CHECK_FATES(
        POLICY(
            RULE(1, LIKE("\"env-*\"") MORE_THAN(1000)) "," RULE(2, LIKE("\"git-*\"") MORE_THAN(1))),
        {.digest = "a", .tags = "git-a env-prod-20250122", .pushed_days = 90, .fate = "stays"},
        {.digest = "b", .tags = "git-b", .pushed_days = 80, .fate = "2"},
        {.digest = "c", .tags = "git-c", .pushed_days = 1, .fate = "stays"});
}

static void what_no_rule_matches_stays(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(1, LIKE("\"git-*\"") PUSHED(1))),
                {.digest = "a", .tags = "feature-x", .pushed_days = 900, .fate = "stays"},
                {.digest = "b", .pushed_days = 900, .fate = "stays"});
}

/* An index keeps what it lists; when it goes, that goes. */
static void an_index_keeps_what_it_lists(void **state) {
    (void)state;
    CHECK_FATES(
        POLICY(RULE(1, LIKE("\"v*\"") MORE_THAN(1)) "," RULE(2, UNTAGGED PUSHED(7))),
        {.digest = "index", .tags = "v2", .pushed_days = 30, .lists = "amd arm", .fate = "stays"},
        {.digest = "amd", .pushed_days = 30, .fate = "listed"},
        {.digest = "arm", .pushed_days = 30, .fate = "listed"},
        {.digest = "gone", .tags = "v1", .pushed_days = 60, .lists = "amd-1", .fate = "1"},
        {.digest = "amd-1", .pushed_days = 60, .fate = "2"});
    /* An index in an index, the inner one listed behind what it lists itself. */
    CHECK_FATES(POLICY(RULE(1, UNTAGGED PUSHED(7))),
                {.digest = "leaf", .pushed_days = 30, .fate = "listed"},
                {.digest = "inner", .pushed_days = 30, .lists = "leaf", .fate = "listed"},
                {.digest = "outer",
                 .tags = "x",
                 .pushed_days = 30,
                 .lists = "inner nowhere",
                 .fate = "stays"});
    /* An image of two indexes stays as long as one of them does. */
    CHECK_FATES(
        POLICY(RULE(1, LIKE("\"v*\"") MORE_THAN(1)) "," RULE(2, UNTAGGED PUSHED(7))),
        {.digest = "old", .tags = "v1", .pushed_days = 30, .lists = "both", .fate = "1"},
        {.digest = "both", .pushed_days = 30, .fate = "listed"},
        {.digest = "new", .tags = "v2", .pushed_days = 8, .lists = "both", .fate = "stays"});
}

static void to_the_archive_and_from_there(void **state) {
    (void)state;
    const char *policy = POLICY(ARCHIVE_RULE(1, ANY PULLED(90)) "," RULE(2, ANY ARCHIVED(365)));
    CHECK_FATES(policy, {.digest = "used", .pushed_days = 900, .pulled_days = 3, .fate = "stays"},
                {.digest = "unused", .pushed_days = 900, .pulled_days = 91, .fate = "a1"},
                {.digest = "never", .pushed_days = 91, .fate = "a1"},
                {.digest = "fresh", .pushed_days = 89, .fate = "stays"},
                /* Restored, and not pulled since: it counts from then. */
                {.digest = "back",
                 .pushed_days = 900,
                 .pulled_days = 400,
                 .activated_days = 10,
                 .fate = "stays"},
                {.digest = "back-long", .pushed_days = 900, .activated_days = 100, .fate = "a1"},
                {.digest = "back-used",
                 .pushed_days = 900,
                 .pulled_days = 95,
                 .activated_days = 200,
                 .fate = "a1"},
                {.digest = "there", .pushed_days = 900, .archived_days = 100, .fate = "stays"},
                {.digest = "there-long", .pushed_days = 900, .archived_days = 366, .fate = "2"});
}

/* Rules for the others do not look at what is in the archive, nor count it. */
static void the_archive_is_apart(void **state) {
    (void)state;
    CHECK_FATES(POLICY(RULE(1, ANY MORE_THAN(1))),
                {.digest = "there", .pushed_days = 1, .archived_days = 1, .fate = "stays"},
                {.digest = "here", .pushed_days = 5, .fate = "stays"},
                {.digest = "old", .pushed_days = 6, .fate = "1"});
    /* What came back is as new as that day. */
    CHECK_FATES(POLICY(RULE(1, ANY MORE_THAN(1))),
                {.digest = "back", .pushed_days = 500, .activated_days = 2, .fate = "stays"},
                {.digest = "here", .pushed_days = 5, .fate = "1"});
}

static void nothing_is_no_trouble(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024);
    struct lifecycle_policy policy = policy_of(POLICY(RULE(1, ANY MORE_THAN(1))), &arena);
    struct lifecycle_policy none = {0};
    struct image_row row = {.digest = "a", .pushed_days = 1};
    struct ecr_stored_image image = image_of_row(&row, &arena);
    struct lifecycle_verdict *verdicts;
    struct err err;
    err_init(&err);
    assert_int_equal(lifecycle_evaluate(&policy, NULL, 0, NOW_MS, &arena, &verdicts, &err), 0);
    assert_int_equal(lifecycle_evaluate(&none, &image, 1, NOW_MS, &arena, &verdicts, &err), 0);
    assert_null(verdicts[0].rule);
    assert_null(verdicts[0].matched);
    struct arena full ARENA_AUTO = ARENA_INIT(16);
    assert_int_equal(lifecycle_evaluate(&none, &image, 1, NOW_MS, &full, &verdicts, &err), -1);
    assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
}

static void patterns(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *tag;
        bool matches;
    } rows[] = {
        {"v*", "v1.2.3", true},
        {"v*", "v", true},
        {"v*", "V1", false},
        {"v*", "env-prod", false},
        {"*", "anything", true},
        {"stable", "stable", true},
        {"stable", "stable2", false},
        {"stable", "unstable", false},
        {"*prod*", "repo-production", true},
        {"*prod*", "prod-team", true},
        {"*prod", "prod-team", false},
        {"a*b*c", "aXXbYYbc", true},
        {"a*b*c", "aXXbYYb", false},
        {"**", "", true},
        {"a*", "", false},
        {"*-*-*", "env-prod-1", true},
        {"*-*-*", "env-prod", false},
        {"v?", "v1", false},
        {"v.", "v1", false},
        {"*ab", "aab", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (lifecycle_pattern_matches(view_of(rows[i].pattern), false, view_of(rows[i].tag)) !=
            rows[i].matches) {
            fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].tag);
        }
    }
    assert_true(lifecycle_pattern_matches(VIEW("pro"), true, VIEW("prod-1")));
    assert_false(lifecycle_pattern_matches(VIEW("prod"), true, VIEW("pro")));
}

/* What is printed keeps what it is for, read back. */
static void what_is_written_keeps_what_it_says(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct buf text BUF_AUTO = BUF_INIT((size_t)64 * 1024);
    struct view more[] = {VIEW("rel-*"), VIEW("v*")};
    const struct lifecycle_keep keep = {.n = 2, .protect = {more, 2}};
    struct err err;
    err_init(&err);
    assert_int_equal(lifecycle_write(&keep, &arena, &text, &err), 0);
    CHECK_FATES(
        buf_cstr(&text), {.digest = "v", .tags = "v1", .pushed_days = 900, .fate = "stays"},
        {.digest = "promoted", .tags = "git-1 env-prod-1", .pushed_days = 900, .fate = "stays"},
        {.digest = "stable", .tags = "stable", .pushed_days = 900, .fate = "stays"},
        {.digest = "latest", .tags = "latest", .pushed_days = 900, .fate = "stays"},
        {.digest = "rel", .tags = "rel-1", .pushed_days = 900, .fate = "stays"},
        {.digest = "branch", .tags = "feature", .pushed_days = 1, .fate = "stays"},
        {.digest = "g4", .tags = "git-4", .pushed_days = 2, .fate = "stays"},
        {.digest = "g3", .tags = "git-3", .pushed_days = 3, .fate = "stays"},
        {.digest = "g2", .tags = "git-2", .pushed_days = 4, .fate = "6"},
        {.digest = "branch-2", .tags = "feature-2", .pushed_days = 3, .fate = "7"},
        {.digest = "left", .pushed_days = 5, .fate = "7"});
}

static void what_cannot_be_written(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)1024 * 1024);
    struct buf text BUF_AUTO = BUF_INIT((size_t)64 * 1024);
    struct view many[LIFECYCLE_RULES_MAX];
    struct lifecycle_keep keep = {.n = 0};
    struct err err;
    err_init(&err);
    assert_int_equal(lifecycle_write(&keep, &arena, &text, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG_INVALID);
    for (size_t i = 0; i < LIFECYCLE_RULES_MAX; i++) {
        many[i] = arena_printf(&arena, "t%zu-*", i);
    }
    keep = (struct lifecycle_keep){.n = 1, .protect = {many, LIFECYCLE_RULES_MAX - 6}};
    assert_int_equal(lifecycle_write(&keep, &arena, &text, &err), 0);
    assert_int_equal(policy_of(buf_cstr(&text), &arena).n, LIFECYCLE_RULES_MAX);
    keep.protect.n++;
    err_init(&err);
    assert_int_equal(lifecycle_write(&keep, &arena, &text, &err), -1);
    assert_non_null(strstr(err.message, "49 patterns"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_stay),
        cmocka_unit_test(of_those_pushed_at_once_the_first_listed_stays),
        cmocka_unit_test(days_are_whole),
        cmocka_unit_test(tagged_and_untagged),
        cmocka_unit_test(the_first_rule_that_matches_counts),
        cmocka_unit_test(priority_is_the_number),
        cmocka_unit_test(several_patterns_have_to_match_all),
        cmocka_unit_test(what_is_protected_stays_and_counts),
        cmocka_unit_test(one_tag_of_several_protects),
        cmocka_unit_test(what_no_rule_matches_stays),
        cmocka_unit_test(an_index_keeps_what_it_lists),
        cmocka_unit_test(to_the_archive_and_from_there),
        cmocka_unit_test(the_archive_is_apart),
        cmocka_unit_test(nothing_is_no_trouble),
        cmocka_unit_test(patterns),
        cmocka_unit_test(what_is_written_keeps_what_it_says),
        cmocka_unit_test(what_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
