/* Which events a rule's pattern matches, and what is not told for a yes. */

#include "runtime/aws/event_pattern.h"

#include "tests/unit/aws/answered_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Quotes are single here. */
#define EVENT                                                                                      \
    "{'version':'0','source':'aws.ecr','detail-type':'ECR Image Action','account':'111111111111'," \
    "'region':'us-east-1','resources':['arn:a','arn:b'],'detail':{'action-type':'PUSH',"           \
    "'repository-name':'myproject_backend','image-tag':'latest','size':300,'ok':true,"             \
    "'none':null,'list':[],'object':{'deep':'x'},'star':'a*b'}}"

struct row {
    const char *pattern;
    enum event_match match;
};

static struct view quoted(const char *text, struct arena *arena) {
    struct view copy = arena_copy(arena, view_of(text));
    char *bytes = arena_alloc(arena, copy.len + 1);
    for (size_t i = 0; i < copy.len; i++) {
        bytes[i] = copy.data[i] == '\'' ? '"' : copy.data[i];
    }
    return (struct view){bytes, copy.len};
}

static enum event_match match_of(const char *pattern) {
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)256 * 1024);
    enum event_match match = EVENT_DIFFERS;
    struct err err;
    err_init(&err);
    assert_int_equal(
        event_pattern_match(quoted(pattern, &arena), quoted(EVENT, &arena), &arena, &match, &err),
        0);
    return match;
}

static void check_rows(const struct row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        enum event_match match = match_of(rows[i].pattern);
        if (match != rows[i].match) {
            fail_msg("row %zu: %s: got %d, expected %d", i, rows[i].pattern, match, rows[i].match);
        }
    }
}

#define DETAIL(rest) "{'detail':{" rest "}}"

static void exact_values(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{}", EVENT_MATCHES},
        {"{'source':['aws.ecr']}", EVENT_MATCHES},
        {"{'source':['aws.ecs','aws.ecr']}", EVENT_MATCHES},
        {"{'source':['aws.ecs']}", EVENT_DIFFERS},
        {"{'source':[]}", EVENT_DIFFERS},
        {"{'source':['AWS.ECR']}", EVENT_DIFFERS},
        {"{'source':['aws.ecr'],'account':['222222222222']}", EVENT_DIFFERS},
        {"{'source':['aws.ecr'],'account':['111111111111']}", EVENT_MATCHES},
        {"{'absent':['x']}", EVENT_DIFFERS},
        /* One of the event's own list suffices. */
        {"{'resources':['arn:b']}", EVENT_MATCHES},
        {"{'resources':['arn:c']}", EVENT_DIFFERS},
        {DETAIL("'list':['x']"), EVENT_DIFFERS},
        {DETAIL("'action-type':['PUSH'],'image-tag':['latest']"), EVENT_MATCHES},
        {DETAIL("'action-type':['PUSH'],'image-tag':['v1']"), EVENT_DIFFERS},
        {DETAIL("'object':{'deep':['x']}"), EVENT_MATCHES},
        {DETAIL("'object':{'deeper':['x']}"), EVENT_DIFFERS},
        {DETAIL("'image-tag':{'deep':['x']}"), EVENT_DIFFERS},
        {DETAIL("'size':[300]"), EVENT_MATCHES},
        {DETAIL("'size':[301]"), EVENT_MAY_MATCH},
        {DETAIL("'size':['300']"), EVENT_DIFFERS},
        {DETAIL("'ok':[true]"), EVENT_MATCHES},
        {DETAIL("'ok':[false]"), EVENT_DIFFERS},
        {DETAIL("'none':[null]"), EVENT_MATCHES},
        {DETAIL("'none':['null']"), EVENT_DIFFERS},
        /* Names are compared as they are meant. */
        {"{'sour\\u0063e':['aws.\\u0065cr']}", EVENT_MATCHES},
    };
    check_rows(rows, COUNT(rows));
}

static void operators(void **state) {
    (void)state;
    static const struct row rows[] = {
        {DETAIL("'repository-name':[{'prefix':'myproject_'}]"), EVENT_MATCHES},
        {DETAIL("'repository-name':[{'prefix':'other_'}]"), EVENT_DIFFERS},
        {DETAIL("'repository-name':[{'suffix':'_backend'}]"), EVENT_MATCHES},
        {DETAIL("'repository-name':[{'suffix':'_api'}]"), EVENT_DIFFERS},
        {DETAIL("'repository-name':[{'wildcard':'my*_back*'}]"), EVENT_MATCHES},
        {DETAIL("'repository-name':[{'wildcard':'*'}]"), EVENT_MATCHES},
        {DETAIL("'repository-name':[{'wildcard':'my*_api'}]"), EVENT_DIFFERS},
        {DETAIL("'repository-name':[{'wildcard':'myproject?backend'}]"), EVENT_DIFFERS},
        {DETAIL("'star':[{'wildcard':'a\\\\*b'}]"), EVENT_MATCHES},
        {DETAIL("'repository-name':[{'wildcard':'my\\\\*'}]"), EVENT_DIFFERS},
        {DETAIL("'image-tag':[{'equals-ignore-case':'LATEST'}]"), EVENT_MATCHES},
        {DETAIL("'image-tag':[{'equals-ignore-case':'LATES'}]"), EVENT_DIFFERS},
        {DETAIL("'size':[{'prefix':'3'}]"), EVENT_DIFFERS},
        {DETAIL("'image-tag':[{'exists':true}]"), EVENT_MATCHES},
        {DETAIL("'image-tag':[{'exists':false}]"), EVENT_DIFFERS},
        {DETAIL("'absent':[{'exists':false}]"), EVENT_MATCHES},
        /* Of what has members AWS says that it is for leaves alone. */
        {"{'detail':[{'exists':true}]}", EVENT_MAY_MATCH},
        {"{'detail':[{'exists':false}]}", EVENT_MAY_MATCH},
        {DETAIL("'absent':[{'exists':true}]"), EVENT_DIFFERS},
        {DETAIL("'absent':['x',{'exists':false}]"), EVENT_MATCHES},
        {"{'gone':{'deep':[{'exists':false}]}}", EVENT_MATCHES},
        {DETAIL("'image-tag':[{'anything-but':'latest'}]"), EVENT_DIFFERS},
        {DETAIL("'image-tag':[{'anything-but':['v1','v2']}]"), EVENT_MATCHES},
        {DETAIL("'image-tag':[{'anything-but':['v1','latest']}]"), EVENT_DIFFERS},
        {DETAIL("'image-tag':[{'anything-but':{'prefix':'la'}}]"), EVENT_DIFFERS},
        {DETAIL("'image-tag':[{'anything-but':{'prefix':'v'}}]"), EVENT_MATCHES},
        {DETAIL("'absent':[{'anything-but':'x'}]"), EVENT_DIFFERS},
        /* What is not carried out. */
        {DETAIL("'size':[{'numeric':['>',200]}]"), EVENT_MAY_MATCH},
        {DETAIL("'image-tag':[{'cidr':'10.0.0.0/8'}]"), EVENT_MAY_MATCH},
        {DETAIL("'image-tag':[{'prefix':{'equals-ignore-case':'LA'}}]"), EVENT_MAY_MATCH},
        {DETAIL("'image-tag':[{}]"), EVENT_MAY_MATCH},
        {DETAIL("'size':[{'numeric':['>',200]}],'image-tag':['v1']"), EVENT_DIFFERS},
        {DETAIL("'image-tag':['latest',{'cidr':'x'}]"), EVENT_MATCHES},
    };
    check_rows(rows, COUNT(rows));
}

static void alternatives(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{'$or':[{'source':['x']},{'account':['111111111111']}]}", EVENT_MATCHES},
        {"{'$or':[{'source':['x']},{'account':['y']}]}", EVENT_DIFFERS},
        {"{'source':['x'],'$or':[{'account':['111111111111']}]}", EVENT_DIFFERS},
        /* each with members of its own, as template.yaml's RolloutRule has them */
        {"{'$or':[{'detail-type':['x'],'detail':{'image-tag':['latest']}},"
         "{'detail-type':['ECR Image Action'],'detail':{'image-tag':['v1','latest']}}]}",
         EVENT_MATCHES},
        {"{'$or':[{'detail-type':['x'],'detail':{'image-tag':['latest']}},"
         "{'detail-type':['ECR Image Action'],'detail':{'image-tag':['v1']}}]}",
         EVENT_DIFFERS},
        {"{'$or':[]}", EVENT_DIFFERS},
        {"{'$or':['x']}", EVENT_MAY_MATCH},
    };
    check_rows(rows, COUNT(rows));
}

static void no_patterns(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"", EVENT_MAY_MATCH},           {"[]", EVENT_MAY_MATCH},
        {"nonsense", EVENT_MAY_MATCH},   {"{'source':'aws.ecr'}", EVENT_MAY_MATCH},
        {"{'source':", EVENT_MAY_MATCH},
    };
    check_rows(rows, COUNT(rows));
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)64 * 1024);
    enum event_match match = EVENT_DIFFERS;
    struct err err;
    err_init(&err);
    assert_int_equal(event_pattern_match(VIEW("{}"), VIEW("{"), &arena, &match, &err), -1);
    assert_int_equal(err.code, ERR_EVENT_MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_values),
        cmocka_unit_test(operators),
        cmocka_unit_test(alternatives),
        cmocka_unit_test(no_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
