/* Each allocation of what is written, read and evaluated fails once, and once from there on: what
 * comes of it is always an error that says so. */

#include "cli/ecr/document.h"
#include "cli/ecr/trust.h"
#include "tests/unit/base/oom_each.h"
#include "tests/unit/cli/ecr_images.h"

/* Written, read back, and carried out on two images. */
static int walk(struct arena *arena, struct err *err) {
    struct buf json BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    struct buf text BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    struct lifecycle_policy policy;
    struct lifecycle_verdict *verdicts;
    struct view lists[] = {VIEW("b")};
    struct lifecycle_keep keep = {.n = 1};
    const struct ecr_stored_image images[] = {
        {.digest = VIEW("a"), .pushed_at_ms = NOW_MS, .manifests = lists, .n_manifests = 1},
        {.digest = VIEW("b"), .pushed_at_ms = NOW_MS - DAY_MS}};
    return names_add(&keep.protect, "rel-*,hotfix-*", NAME_TAG_PATTERN, arena, err) < 0 ||
                   lifecycle_write(&keep, arena, &json, err) < 0 ||
                   document_fit(&json, DOCUMENT_LIFECYCLE_MAX, "policy", &text, err) < 0 ||
                   lifecycle_read(buf_view(&text), "policy", arena, &policy, err) < 0 ||
                   lifecycle_evaluate(&policy, images, 2, NOW_MS, arena, &verdicts, err) < 0
               ? -1
               : 0;
}

static int trust(struct arena *arena, struct err *err) {
    struct buf json BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    struct ecr_trust all = {.has_functions = true, .region = VIEW("us-east-1")};
    struct names places = {0};
    struct names prefixes = {0};
    const struct ecr_place place = {VIEW("222222222222"), VIEW("us-east-1")};
    struct ecr_pull pull = {
        .account = VIEW("111111111111"), .region = VIEW("us-east-1"), .project = VIEW("p")};
    struct names sources = {0};
    if (names_add(&sources, "111111111111", NAME_ACCOUNT, arena, err) < 0 ||
        names_add(&all.accounts, "222222222222,333333333333", NAME_ACCOUNT, arena, err) < 0 ||
        names_add(&all.roles, "arn:aws:iam::222222222222:role/r", NAME_ROLE, arena, err) < 0 ||
        names_add(&places, "222222222222:us-east-1", NAME_PLACE, arena, err) < 0 ||
        names_add(&prefixes, "p_,q_", NAME_PREFIX, arena, err) < 0 ||
        ecr_trust_policy(&all, arena, &json, err) < 0 || buf_check(&json, "policy", err) < 0) {
        return -1;
    }
    buf_clear(&json);
    if (ecr_replication(&places, &prefixes, &json, err) < 0 ||
        ecr_replication_permission(&sources, &place, &prefixes, arena, &json, err) < 0) {
        return -1;
    }
    ecr_pull_policy(&pull, arena, &json);
    return buf_check(&json, "policy", err);
}

static void lifecycle_fails(void **state) {
    (void)state;
    each_and_all_fail(walk);
}

static void trust_fails(void **state) {
    (void)state;
    each_and_all_fail(trust);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lifecycle_fails),
        cmocka_unit_test(trust_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
