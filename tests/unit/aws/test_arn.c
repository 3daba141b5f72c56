#include "runtime/aws/arn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static void parts_are_found(void **state) {
    (void)state;
    struct arn arn;
    assert_true(arn_parse(VIEW("arn:aws:ecs:us-east-1:222222222222:service/prod/backend"), &arn));
    assert_view(arn.partition, "aws");
    assert_view(arn.service, "ecs");
    assert_view(arn.region, "us-east-1");
    assert_view(arn.account, "222222222222");
    assert_view(arn.resource, "service/prod/backend");

    assert_true(arn_parse(VIEW("arn:aws-us-gov:iam::222222222222:role/a/b"), &arn));
    assert_view(arn.partition, "aws-us-gov");
    assert_view(arn.region, "");
    assert_view(arn.resource, "role/a/b");

    assert_true(arn_parse(VIEW("arn:aws:iam::aws:policy/ReadOnlyAccess"), &arn));
    assert_view(arn.account, "aws");

    assert_true(arn_parse(VIEW("arn:aws-cn:s3:::bucket/key:with:colons"), &arn));
    assert_view(arn.resource, "bucket/key:with:colons");
}

static void anything_else_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "arn",
        "arn:aws:ecs:us-east-1:222222222222",
        "arn:aws:ecs:us-east-1:222222222222:",
        "ARN:aws:ecs:us-east-1:222222222222:cluster/c",
        "urn:aws:ecs:us-east-1:222222222222:cluster/c",
        "arn::ecs:us-east-1:222222222222:cluster/c",
        "arn:gcp:ecs:us-east-1:222222222222:cluster/c",
        "arn:AWS:ecs:us-east-1:222222222222:cluster/c",
        "arn:aws::us-east-1:222222222222:cluster/c",
        "arn:aws:ecs:us east:222222222222:cluster/c",
        "arn:aws:ecs:us-east-1:22222222222:cluster/c",
        "arn:aws:ecs:us-east-1:2222222222222:cluster/c",
        "arn:aws:ecs:us-east-1:22222222222a:cluster/c",
        "arn:aws:ecs:us-east-1:222222222222:cluster/c d",
        "arn:aws:ecs:us-east-1:222222222222:cluster/c\n",
        "arn:aws:ecs:us-east-1:222222222222:cluster/\x7f",
        " arn:aws:ecs:us-east-1:222222222222:cluster/c",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arn arn = {.resource = VIEW("untouched")};
        if (arn_parse(view_of(bad[i]), &arn)) {
            fail_msg("'%s' was accepted", bad[i]);
        }
        assert_view(arn.resource, "untouched");
    }
    struct arn arn;
    assert_false(arn_parse(VIEW("arn:aws:ecs:us-east-1:222222222222:c\0d"), &arn));
}

static void length_has_a_ceiling(void **state) {
    (void)state;
    char text[2049];
    struct arn arn;
    memset(text, 'x', sizeof(text));
    memcpy(text, "arn:aws:iam::222222222222:", 26);
    assert_true(arn_parse((struct view){text, 2048}, &arn));
    assert_false(arn_parse((struct view){text, 2049}, &arn));
}

static void accounts(void **state) {
    (void)state;
    assert_true(arn_is_account_id(VIEW("000000000000")));
    assert_false(arn_is_account_id(VIEW("00000000000")));
    assert_false(arn_is_account_id(VIEW("0000000000000")));
    assert_false(arn_is_account_id(VIEW("00000000000x")));
    assert_false(arn_is_account_id(VIEW("-00000000000")));
    assert_false(arn_is_account_id(VIEW("")));
}

static void regions(void **state) {
    (void)state;
    static const char *const good[] = {"us-east-1",      "ap-southeast-7", "us-gov-west-1",
                                       "cn-northwest-1", "us-iso-east-1",  "us-isob-west-1",
                                       "eusc-de-east-1", "mx-central-1",   "eu-west-12"};
    static const char *const bad[] = {
        "",           "us",         "us-east",      "us-east-",     "us-east-123",
        "us-east-a",  "-us-east-1", "us--east-1",   "US-EAST-1",    "us-east-1 ",
        "us-east-1a", "u-east-1",   "us-1",         "us-e4st-1",    "us-east-1.x",
        "us_east_1",  "aws-global", "us-east-1/..", "usaws-east-1", "us-east--1"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!arn_is_region(view_of(good[i]))) {
            fail_msg("'%s' was refused", good[i]);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (arn_is_region(view_of(bad[i]))) {
            fail_msg("'%s' was accepted", bad[i]);
        }
    }
}

static void partitions(void **state) {
    (void)state;
    assert_view(arn_region_partition(VIEW("us-east-1")), "aws");
    assert_view(arn_region_partition(VIEW("cn-north-1")), "aws-cn");
    assert_view(arn_region_partition(VIEW("us-gov-east-1")), "aws-us-gov");
    assert_view(arn_region_partition(VIEW("us-isob-east-1")), "aws-iso-b");
    assert_view(arn_region_partition(VIEW("us-iso-east-1")), "aws-iso");
    assert_view(arn_region_partition(VIEW("eusc-de-east-1")), "aws-eusc");
    assert_view(arn_region_partition(VIEW("xx-new-1")), "aws");
    assert_view(arn_region_dns_suffix(VIEW("eu-west-1")), "amazonaws.com");
    assert_view(arn_region_dns_suffix(VIEW("cn-northwest-1")), "amazonaws.com.cn");
    assert_view(arn_region_dns_suffix(VIEW("us-gov-west-1")), "amazonaws.com");
    assert_view(arn_region_dualstack_suffix(VIEW("us-gov-west-1")), "api.aws");
    assert_view(arn_region_dualstack_suffix(VIEW("cn-north-1")), "api.amazonwebservices.com.cn");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_found),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(length_has_a_ceiling),
        cmocka_unit_test(accounts),
        cmocka_unit_test(regions),
        cmocka_unit_test(partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
