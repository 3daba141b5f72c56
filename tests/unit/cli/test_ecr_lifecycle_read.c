/* Lifecycle policies that ECR takes, and those that it does not. */

#include "tests/unit/cli/ecr_images.h"

static const char fine[] = POLICY(
    "{\"rulePriority\":7,\"description\":\"keep \\u00e9\",\"selection\":{" LIKE("\"a*b\",\"c\"")
        MORE_THAN(3) "},\"action\":{\"type\":\"expire\"}}," RULE(
            2, BEGINS("\"v\"") PUSHED(
                   14)) "," ARCHIVE_RULE(3,
                                         UNTAGGED PULLED(
                                             30)) "," RULE(1,
                                                           ANY ARCHIVED(90)) "," RULE(9,
                                                                                      ANY MORE_THAN(
                                                                                          100)));

static void all_members(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024);
    struct lifecycle_policy policy = policy_of(fine, &arena);
    assert_int_equal(policy.n, 5);
    const int64_t priorities[] = {1, 2, 3, 7, 9};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(policy.rules[i].priority, priorities[i]);
    }
    const struct lifecycle_rule *rule = &policy.rules[0];
    assert_true(rule->of_archive && rule->count == LIFECYCLE_SINCE_TRANSITIONED &&
                rule->tags == LIFECYCLE_ANY && rule->number == 90 && !rule->archives);
    rule = &policy.rules[1];
    assert_true(rule->has_prefixes && rule->count == LIFECYCLE_SINCE_PUSHED && rule->number == 14);
    assert_true(view_equal(rule->patterns.items[0], VIEW("v")));
    rule = &policy.rules[2];
    assert_true(rule->tags == LIFECYCLE_UNTAGGED && rule->archives && rule->number == 30 &&
                rule->count == LIFECYCLE_SINCE_PULLED);
    rule = &policy.rules[3];
    assert_true(!rule->has_prefixes && rule->patterns.n == 2 && !rule->of_archive);
    assert_true(view_equal(rule->patterns.items[1], VIEW("c")));
    assert_true(view_equal(rule->description, VIEW("keep \xc3\xa9")));
    assert_int_equal(policy.rules[4].description.len, 0);
}

#define SELECTION(selection) POLICY(RULE(1, selection))
#define TWO(a, b) POLICY(RULE(1, a) "," RULE(2, b))

static const struct {
    const char *text;
    const char *message;
} wrong[] = {
    {"", "policy"},
    {"{", "policy"},
    {"[]", "expected 1 to 50 'rules'"},
    {"{}", "expected 1 to 50 'rules'"},
    {"{\"rules\":[]}", "expected 1 to 50 'rules'"},
    {"{\"rules\":{}}", "expected 1 to 50 'rules'"},
    {POLICY("1"), "rules[0]: expected object, got number"},
    {POLICY("{\"priority\":1}"), "rules[0]: unknown member 'priority'"},
    {POLICY("{}"), "rules[0].rulePriority: expected a whole number"},
    {POLICY(RULE(0, ANY MORE_THAN(1))), "rules[0].rulePriority"},
    {POLICY(RULE(1.5, ANY MORE_THAN(1))), "rules[0].rulePriority"},
    {POLICY("{\"rulePriority\":1}"), "rules[0].selection: expected object, got null"},
    {SELECTION(ANY "\"maxAge\":1," MORE_THAN(1)), "rules[0].selection: unknown member 'maxAge'"},
    {SELECTION("\"tagStatus\":\"all\"," MORE_THAN(1)), "rules[0].selection.tagStatus: 'all'"},
    {SELECTION(MORE_THAN(1)), "rules[0].selection.tagStatus: ''"},
    {SELECTION("\"tagStatus\":\"tagged\"," MORE_THAN(1)), "wants a tagPatternList"},
    {SELECTION(LIKE("") MORE_THAN(1)), "wants a tagPatternList"},
    {SELECTION(LIKE("\"a\"") "\"tagPrefixList\":[\"a\"]," MORE_THAN(1)), "wants a tagPatternList"},
    {SELECTION(ANY "\"tagPrefixList\":[\"a\"]," MORE_THAN(1)), "tagStatus wants no tags"},
    {SELECTION(UNTAGGED "\"tagPatternList\":[\"a\"]," MORE_THAN(1)), "tagStatus wants no tags"},
    {SELECTION(LIKE("\"*a*b*c*d*\"") MORE_THAN(1)), "'*a*b*c*d*' is no pattern"},
    {SELECTION(LIKE("\"a b\"") MORE_THAN(1)), "'a b' is no pattern"},
    {SELECTION(LIKE("1") MORE_THAN(1)), "'' is no pattern"},
    {SELECTION(BEGINS("\"a*\"") MORE_THAN(1)), "tagPrefixList: 'a*' is no prefix"},
    {SELECTION(ANY "\"countType\":\"imageAge\",\"countNumber\":1"), "countType: 'imageAge'"},
    {SELECTION(ANY "\"countType\":\"imageCountMoreThan\""), "countNumber: expected"},
    {SELECTION(ANY MORE_THAN(0)), "countNumber: expected"},
    {SELECTION(ANY MORE_THAN(-1)), "countNumber: expected"},
    {SELECTION(ANY MORE_THAN("5")), "countNumber: expected"},
    {SELECTION(ANY "\"countUnit\":\"days\"," MORE_THAN(1)), "countUnit: a count of images"},
    {SELECTION(ANY "\"countType\":\"sinceImagePushed\",\"countNumber\":1"), "countUnit: expected"},
    {SELECTION(ANY "\"countType\":\"sinceImagePushed\",\"countUnit\":\"weeks\",\"countNumber\":1"),
     "countUnit: expected"},
    {SELECTION(ANY "\"storageClass\":\"archive\"," MORE_THAN(1)), "storageClass: countType"},
    {SELECTION(ANY "\"storageClass\":\"glacier\"," MORE_THAN(1)), "storageClass: 'glacier'"},
    {SELECTION(ANY "\"countType\":\"sinceImageTransitioned\",\"countUnit\":\"days\","
                   "\"countNumber\":1"),
     "storageClass: countType"},
    {SELECTION(ANY PULLED(1)), "action.type: sinceImagePulled can only archive"},
    {POLICY(ARCHIVE_RULE(1, ANY ARCHIVED(1))), "action.type: sinceImagePulled can only archive"},
    {POLICY("{\"rulePriority\":1,\"selection\":{" ANY MORE_THAN(1) "}}"), "rules[0].action: "},
    {POLICY("{\"rulePriority\":1,\"selection\":{" ANY MORE_THAN(
         1) "},\"action\":{\"type\":\"delete\"}}"),
     "rules[0].action.type: 'delete'"},
    {POLICY("{\"rulePriority\":1,\"selection\":{" ANY MORE_THAN(
         1) "},\"action\":{\"type\":\"transition\"}}"),
     "targetStorageClass: expected 'archive'"},
    {POLICY("{\"rulePriority\":1,\"selection\":{" ANY MORE_THAN(
         1) "},\"action\":{\"type\":\"expire\",\"targetStorageClass\":\"archive\"}}"),
     "goes nowhere"},
    {TWO(ANY MORE_THAN(1), UNTAGGED MORE_THAN(1)), "rules[1].rulePriority: a rule with tagStatus"},
    {TWO(ANY MORE_THAN(1), ANY MORE_THAN(1)), "a rule with tagStatus 'any'"},
    {TWO(UNTAGGED MORE_THAN(1), UNTAGGED PUSHED(1)), "another rule is for 'untagged'"},
    {TWO(LIKE("\"v*\"") MORE_THAN(1), LIKE("\"v*\"") PUSHED(1)), "for the same tags"},
    {POLICY(RULE(4, UNTAGGED MORE_THAN(1)) "," RULE(4, ANY MORE_THAN(1))),
     "rules[1].rulePriority: another rule has 4 too"},
};

static void what_ecr_would_not_take(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024);
        struct lifecycle_policy policy;
        struct err err;
        err_init(&err);
        if (lifecycle_read(view_of(wrong[i].text), "policy", &arena, &policy, &err) != -1) {
            fail_msg("taken: %s", wrong[i].text);
        }
        if (err.code != ERR_CONFIG_INVALID || !strstr(err.message, wrong[i].message)) {
            fail_msg("%s: '%s' is not in: %s", wrong[i].text, wrong[i].message, err.message);
        }
        assert_string_equal(err.remedy, "correct the policy; ECR would not take it as it is");
    }
}

static void too_many_rules(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)256 * 1024);
    struct buf text BUF_AUTO = BUF_INIT((size_t)64 * 1024);
    struct lifecycle_policy policy;
    struct err err;
    err_init(&err);
    buf_append_str(&text, "{\"rules\":[");
    for (int i = 1; i <= 51; i++) {
        buf_appendf(&text,
                    "%s{\"rulePriority\":%d,\"selection\":{" LIKE("\"t%d\"")
                        MORE_THAN(1) "},\"action\":{\"type\":\"expire\"}}",
                    i > 1 ? "," : "", i, i);
    }
    buf_append_str(&text, "]}");
    assert_int_equal(lifecycle_read(buf_view(&text), "policy", &arena, &policy, &err), -1);
    assert_non_null(strstr(err.message, "expected 1 to 50 'rules'"));
}

/* What comes of too little memory is an error that says so. */
static void too_little_memory(void **state) {
    (void)state;
    for (size_t limit = 0;; limit += 64) {
        struct arena arena ARENA_AUTO = ARENA_INIT(limit);
        struct lifecycle_policy policy;
        struct err err;
        err_init(&err);
        if (lifecycle_read(view_of(fine), "policy", &arena, &policy, &err) == 0) {
            assert_int_equal(policy.n, 5);
            break;
        }
        assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_members),
        cmocka_unit_test(what_ecr_would_not_take),
        cmocka_unit_test(too_many_rules),
        cmocka_unit_test(too_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
