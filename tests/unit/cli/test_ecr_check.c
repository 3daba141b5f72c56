/* What is said of an image that runs, and what is asked to find out: on a scripted AWS. */

#include "cli/ecr/lifecycle_check.h"
#include "tests/unit/aws/fixture_aws.h"

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

/* --- asking --- */

#define ROOT "111111111111.dkr.ecr.us-east-1.amazonaws.com/myproject_"
#define CHILD "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define OLD "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define REVISION(n, image)                                                                         \
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"arn:aws:ecs:us-east-1:222222222222:task-"        \
    "definition/web:" #n "\",\"family\":\"web\",\"revision\":" #n                                  \
    ",\"status\":\"ACTIVE\",\"containerDefinitions\":[{\"name\":\"proxy\",\"image\":\"nginx\"},"   \
    "{\"name\":\"web\",\"image\":\"" image "\"}]}}"
#define SERVICE(deployments)                                                                       \
    "{\"services\":[{\"serviceName\":\"web\",\"serviceArn\":\"arn:aws:ecs:us-east-1:222222222222:" \
    "service/main/web\",\"clusterArn\":\"arn:aws:ecs:us-east-1:222222222222:cluster/main\","       \
    "\"status\":\"ACTIVE\",\"taskDefinition\":\"web:7\",\"deployments\":[" deployments             \
    "]}],\"failures\":[]}"
#define IMAGE(digest, tags, pushed)                                                                \
    "{\"imageDigest\":\"" digest "\",\"imageTags\":[" tags "],\"imagePushedAt\":" #pushed          \
    ",\"imageStatus\":\"ACTIVE\",\"imageManifestMediaType\":\"application/vnd.oci.image."          \
    "manifest.v1+json\"}"
#define INDEX(digest, tags, pushed)                                                                \
    "{\"imageDigest\":\"" digest "\",\"imageTags\":[" tags "],\"imagePushedAt\":" #pushed          \
    ",\"imageStatus\":\"ACTIVE\",\"imageManifestMediaType\":\"application/vnd.oci.image.index."    \
    "v1+json\"}"
#define PAGE(images, next) "{\"imageDetails\":[" images "]" next "}"
#define KEEP(n)                                                                                    \
    "{\"lifecyclePolicyText\":\"{\\\"rules\\\":[{\\\"rulePriority\\\":4,\\\"selection\\\":{"       \
    "\\\"tagStatus\\\":\\\"any\\\",\\\"countType\\\":\\\"imageCountMoreThan\\\","                  \
    "\\\"countNumber\\\":" #n "},\\\"action\\\":{\\\"type\\\":\\\"expire\\\"}}]}\"}"
#define BUSES                                                                                      \
    .operation = "ListEventBuses", .status = 200,                                                  \
    .body = "{\"EventBuses\":[{\"Name\":\"default\"}]}"
/* REST: what no answer before it is for. */
#define SCHEDULES(all) .status = 200, .body = "{\"Schedules\":[" all "]}"
#define RULES(names)                                                                               \
    .operation = "ListRuleNamesByTarget", .status = 200, .body = "{\"RuleNames\":[" names "]}"
/* Nothing starts the tasks: what they run is the family's newest revision. */
#define NO_RUNNERS                                                                                 \
    {BUSES}, {SCHEDULES("")}, {                                                                    \
        RULES("")                                                                                  \
    }
#define RUNS(id, revision)                                                                         \
    "{\"Id\":\"" id "\",\"Arn\":\"arn:aws:ecs:us-east-1:222222222222:cluster/main\","              \
    "\"EcsParameters\":{\"TaskDefinitionArn\":\"arn:aws:ecs:us-east-1:222222222222:task-"          \
    "definition/" revision "\"}}"
#define NO_TASKS .operation = "ListTasks", .status = 200, .body = "{\"taskArns\":[]}"
#define TASK(image, digest)                                                                        \
    "{\"taskArn\":\"t\",\"taskDefinitionArn\":\"arn:aws:ecs:us-east-1:222222222222:task-"          \
    "definition/web:7\",\"containers\":[{\"name\":\"proxy\",\"image\":\"nginx\",\"imageDigest\":"  \
    "\"sha256:9\"},{\"name\":\"web\",\"image\":\"" image "\",\"imageDigest\":\"" digest "\"}]}"
#define TASKS(arns, tasks)                                                                         \
    {.operation = "ListTasks", .status = 200, .body = "{\"taskArns\":[" arns}, {                   \
        .operation = "DescribeTasks", .status = 200,                                               \
        .body = "{\"tasks\":[" tasks "],\"failures\":[]}"                                          \
    }
#define NEW "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define FUNCTION(version, digest)                                                                  \
    "{\"Configuration\":{\"FunctionArn\":\"arn:aws:lambda:us-east-1:222222222222:function:"        \
    "resizer\",\"PackageType\":\"Image\",\"Version\":\"" version                                   \
    "\"},\"Code\":{\"ImageUri\":\"" ROOT "web@" digest "\"}}"
#define NO_POLICY                                                                                  \
    .operation = "GetLifecyclePolicy", .status = 400,                                              \
    .body = "{\"__type\":\"LifecyclePolicyNotFoundException\",\"message\":\"none\"}"

static struct target target_of(const char *name, const char *repository, enum target_kind kind) {
    return (struct target){
        .name = view_of(name),
        .kind = kind,
        .cluster = VIEW("main"),
        .service = VIEW("web"),
        .family = VIEW("web"),
        .function = VIEW("resizer"),
        .repository = {.registry = {.account = VIEW("111111111111"), .region = VIEW("us-east-1")},
                       .name = view_of(repository)},
    };
}

/* What is printed, to be freed, and the exit status. */
static char *check_on(const struct fake_answer *answers, size_t n_answers,
                      const struct target *targets, size_t n_targets, int *ret_status) {
    struct client client;
    char *out = NULL;
    size_t len;
    client_open_in(&client, &client_env, answers, n_answers);
    FILE *stream = open_memstream(&out, &len);
    assert_non_null(stream);
    struct cli cli = {.env = &client_env,
                      .clock = &client.fake.clock,
                      .out = stream,
                      .err = stream,
                      .arena = &client.arena};
    struct session session = {.cli = &cli, .aws = client.aws};
    session.config.region = VIEW("us-east-1");
    session.config.own_account = VIEW("222222222222");
    const struct lifecycle_check check = {.targets = targets, .n_targets = n_targets};
    *ret_status = lifecycle_check(&session, &check);
    (void)fclose(stream);
    client_close(&client);
    return out;
}

#define CHECK(targets, status_, expected, ...)                                                     \
    do {                                                                                           \
        const struct fake_answer answers_[] = {__VA_ARGS__};                                       \
        int got_;                                                                                  \
        char *out_ = check_on(answers_, sizeof(answers_) / sizeof(answers_[0]), (targets),         \
                              sizeof(targets) / sizeof((targets)[0]), &got_);                      \
        assert_string_equal(out_, (expected));                                                     \
        assert_int_equal(got_, (status_));                                                         \
        free(out_);                                                                                \
    } while (0)

/* The image that runs is on the second page, and counts as the third. */
static void all_pages(void **state) {
    (void)state;
    const struct target targets[] = {target_of("web", "myproject_web", TARGET_SERVICE)};
    CHECK(
        targets, EXIT_STATUS_DONE, "✓ web: git-7 (sha256:aaaaaaaaaaaa) of web:7 stays by rule 4\n",
        {.operation = "DescribeServices", .status = 200, .body = SERVICE("")},
        {.operation = "DescribeTaskDefinition",
         .status = 200,
         .body = REVISION(7, ROOT "web:git-7")},
        {NO_TASKS},
        {.operation = "DescribeImages",
         .status = 200,
         .body =
             PAGE(IMAGE("sha256:1", "\"git-9\"", 1790000009) "," IMAGE("sha256:2", "", 1790000008),
                  ",\"nextToken\":\"more\"")},
        {.operation = "DescribeImages",
         .status = 200,
         .body = PAGE(IMAGE(OLD, "\"git-7\"", 1790000007), "")},
        {.operation = "GetLifecyclePolicy", .status = 200, .body = KEEP(3)});
    CHECK(targets, EXIT_STATUS_FAILED,
          "✗ web: git-7 (sha256:aaaaaaaaaaaa) of web:7 would be expired by rule 4\n"
          "remedy: keep more images, or give what runs a tag that a rule keeps\n",
          {.operation = "DescribeServices", .status = 200, .body = SERVICE("")},
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(7, ROOT "web@" OLD)},
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(
               IMAGE("sha256:1", "\"git-9\"", 1790000009) "," IMAGE("sha256:2", "", 1790000008),
               ",\"nextToken\":\"more\"")},
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(IMAGE(OLD, "\"git-7\"", 1790000007), ",\"nextToken\":\"last\"")},
          {.operation = "DescribeImages", .status = 200, .body = PAGE("", "")},
          {.operation = "GetLifecyclePolicy", .status = 200, .body = KEEP(2)},
          /* It might be listed by an index; there is none. */
    );
}

/* A platform's own image runs: its index keeps it, and only then is that asked for. */
static void what_an_index_lists(void **state) {
    (void)state;
    const struct target targets[] = {target_of("web", "myproject_web", TARGET_SERVICE)};
    CHECK(targets, EXIT_STATUS_DONE,
          "✓ web: sha256:cccccccccccc of web:7 stays: an index that stays lists it\n",
          {.operation = "DescribeServices", .status = 200, .body = SERVICE("")},
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(7, ROOT "web@" CHILD)},
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(INDEX(OLD, "\"v1\"", 1790000009) "," IMAGE(CHILD, "", 1790000008), "")},
          {.operation = "GetLifecyclePolicy", .status = 200, .body = KEEP(1)},
          {.operation = "BatchGetImage",
           .status = 200,
           .body = "{\"images\":[{\"imageId\":{\"imageDigest\":\"" OLD
                   "\"},\"imageManifest\":\"{\\\"manifests\\\":[{\\\"digest\\\":\\\"" CHILD
                   "\\\"}]}\"}],\"failures\":[]}"});
}

/* While one revision takes the place of another both are looked at, each once. */
static void all_that_is_rolled_out(void **state) {
    (void)state;
    const struct target targets[] = {target_of("web", "myproject_web", TARGET_SERVICE)};
    CHECK(targets, EXIT_STATUS_FAILED,
          "✓ web: git-7 (sha256:aaaaaaaaaaaa) of web:7 stays: no rule matches it\n"
          "✗ web: git-6 of web:6 is not in the repository any more\n",
          {.operation = "DescribeServices",
           .status = 200,
           .body = SERVICE(
               "{\"id\":\"ecs-svc/2\",\"status\":\"PRIMARY\",\"taskDefinition\":\"web:7\"},"
               "{\"id\":\"ecs-svc/1\",\"status\":\"ACTIVE\",\"taskDefinition\":\"web:6\"}")},
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(7, ROOT "web:git-7")},
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(6, ROOT "web:git-6")},
          {NO_TASKS},
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(IMAGE(OLD, "\"git-7\"", 1790000007), "")},
          {NO_POLICY});
}

/* Two targets of one repository, which is read once; a task; and a service that is not there. */
static void several_targets(void **state) {
    (void)state;
    const struct target targets[] = {target_of("web", "myproject_web", TARGET_SERVICE),
                                     target_of("report", "myproject_web", TARGET_TASK),
                                     target_of("other", "myproject_other", TARGET_TASK)};
    CHECK(targets, EXIT_STATUS_FAILED,
          "✗ web: service not found: 'web' in cluster 'main'\n"
          "  remedy: create the ECS service, or correct service_name in ECS_SERVICE_MAP\n"
          "✗ other: web:7 runs no image of repository 'myproject_other'\n"
          "✓ report: git-7 (sha256:aaaaaaaaaaaa) of web:7 stays: no rule matches it\n",
          {.operation = "DescribeServices",
           .status = 200,
           .body = "{\"services\":[],\"failures\":[{\"arn\":\"arn:aws:ecs:us-east-1:222222222222:"
                   "service/main/web\",\"reason\":\"MISSING\"}]}"},
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(7, ROOT "web:git-7")},
          NO_RUNNERS, {NO_TASKS},
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(IMAGE(OLD, "\"git-7\"", 1790000007), "")},
          {NO_POLICY});
}

/* What a rule is pinned to counts, and not the family's newest revision, which nothing runs. */
static void a_task_runs_what_its_rule_names(void **state) {
    (void)state;
    const struct target targets[] = {target_of("report", "myproject_web", TARGET_TASK)};
    CHECK(targets, EXIT_STATUS_FAILED,
          "✗ report: sha256:cccccccccccc of web:6 is not in the repository any more\n"
          "✗ report: git-5 (sha256:aaaaaaaaaaaa) of web:5 would be expired by rule 4\n"
          "remedy: keep more images, or give what runs a tag that a rule keeps\n",
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(7, ROOT "web@" NEW)},
          {BUSES}, {SCHEDULES("")}, {RULES("\"nightly\"")},
          {.operation = "ListTargetsByRule",
           .status = 200,
           .body = "{\"Targets\":[" RUNS("a", "web:5") "," RUNS("b", "web:6") "," RUNS(
               "c", "web:5") "," RUNS("d", "other:3") "]}"},
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(6, ROOT "web@" CHILD)},
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(5, ROOT "web@" OLD)},
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(IMAGE(OLD, "\"git-5\"", 1790000005) "," IMAGE(NEW, "\"git-7\"", 1790000007),
                        "")},
          {.operation = "GetLifecyclePolicy", .status = 200, .body = KEEP(1)});
}

/* A revision that is gone has an image that nobody can name: that is no yes. */
static void a_rule_that_is_pinned_to_what_is_gone(void **state) {
    (void)state;
    const struct target targets[] = {target_of("report", "myproject_web", TARGET_TASK)};
    CHECK(
        targets, EXIT_STATUS_FAILED,
        "✗ report: rule 'nightly' is pinned to what it cannot start: no usable task definition "
        "'web:5': Unable to describe task definition.\n"
        "  remedy: move it to a revision that is there: slipway deploy report with a tag, or with "
        "--task-definition\n",
        {.operation = "DescribeTaskDefinition",
         .status = 200,
         .body = REVISION(7, ROOT "web@" NEW)},
        {BUSES}, {SCHEDULES("")}, {RULES("\"nightly\"")},
        {.operation = "ListTargetsByRule",
         .status = 200,
         .body = "{\"Targets\":[" RUNS("a", "web:5") "]}"},
        {.operation = "DescribeTaskDefinition",
         .status = 400,
         .body = "{\"__type\":\"ClientException\",\"message\":\"Unable to describe task "
                 "definition.\"}"});
}

/* Nor is a list that may not be seen. */
static void rules_that_may_not_be_seen(void **state) {
    (void)state;
    const struct target targets[] = {target_of("report", "myproject_web", TARGET_TASK)};
    CHECK(targets, EXIT_STATUS_FAILED,
          "✗ report: scheduler ListSchedules failed in us-east-1: AccessDeniedException: no\n"
          "  remedy: allow scheduler:ListSchedules to the function's role\n",
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(7, ROOT "web@" NEW)},
          {BUSES},
          {.status = 400, .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}"});
}

/* What the alias leads to is invoked, whatever the function was given since. */
static void a_function_runs_what_its_alias_leads_to(void **state) {
    (void)state;
    struct target targets[] = {target_of("resizer", "myproject_web", TARGET_LAMBDA)};
    targets[0].alias = VIEW("live");
    CHECK(targets, EXIT_STATUS_FAILED,
          "✗ resizer: git-5 (sha256:aaaaaaaaaaaa) of resizer would be expired by rule 4\n"
          "remedy: keep more images, or give what runs a tag that a rule keeps\n",
          {.status = 200, .body = FUNCTION("$LATEST", NEW)},
          {.status = 200, .body = FUNCTION("5", OLD)},
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(IMAGE(OLD, "\"git-5\"", 1790000005) "," IMAGE(NEW, "\"git-7\"", 1790000007),
                        "")},
          {.operation = "GetLifecyclePolicy", .status = 200, .body = KEEP(1)});
}

/* An image without a tag is `latest`. */
static void a_reference_without_a_tag(void **state) {
    (void)state;
    const struct target targets[] = {target_of("report", "myproject_web", TARGET_TASK)};
    CHECK(targets, EXIT_STATUS_DONE,
          "✓ report: latest (sha256:aaaaaaaaaaaa) of web:7 stays: no rule matches it\n",
          {.operation = "DescribeTaskDefinition", .status = 200, .body = REVISION(7, ROOT "web")},
          NO_RUNNERS, {NO_TASKS},
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(IMAGE(OLD, "\"git-7\",\"latest\"", 1790000007), "")},
          {NO_POLICY});
}

/* What a registry's policy says is told with its place; a policy that cannot be read is no yes. */
static void a_policy_that_is_none(void **state) {
    (void)state;
    const struct target targets[] = {target_of("report", "myproject_web", TARGET_TASK)};
    CHECK(targets, EXIT_STATUS_FAILED,
          "✗ myproject_web: lifecycle policy of 'myproject_web': rules[0].selection.countNumber: "
          "expected a whole number from 1 to 1000000\n"
          "  remedy: correct the policy; ECR would not take it as it is\n",
          {.operation = "DescribeTaskDefinition", .status = 200, .body = REVISION(7, ROOT "web")},
          NO_RUNNERS, {NO_TASKS},
          {.operation = "DescribeImages", .status = 200, .body = PAGE("", "")},
          {.operation = "GetLifecyclePolicy", .status = 200, .body = KEEP(0)});
}

/* The tag has moved: what runs has lost it, and what it was last called by is all that it has. */
static void a_tag_that_has_moved(void **state) {
    (void)state;
    const struct target targets[] = {target_of("web", "myproject_web", TARGET_SERVICE)};
    CHECK(targets, EXIT_STATUS_FAILED,
          "✓ web: latest (sha256:cccccccccccc) of web:7 stays by rule 4\n"
          "✗ web: sha256:aaaaaaaaaaaa of web:7's tasks would be expired by rule 4\n"
          "remedy: keep more images, or give what runs a tag that a rule keeps\n",
          {.operation = "DescribeServices", .status = 200, .body = SERVICE("")},
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(7, ROOT "web:latest")},
          TASKS("\"a\",\"b\"]}", TASK(ROOT "web:latest", OLD) "," TASK(ROOT "web:latest", OLD)),
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(IMAGE(CHILD, "\"latest\"", 1790000009) "," IMAGE(OLD, "", 1790000007), "")},
          {.operation = "GetLifecyclePolicy", .status = 200, .body = KEEP(1)});
}

/* What all of its tasks run is asked for, page by page, and is told once if it is the tag's. */
static void pages_of_tasks(void **state) {
    (void)state;
    const struct target targets[] = {target_of("web", "myproject_web", TARGET_SERVICE)};
    CHECK(targets, EXIT_STATUS_DONE,
          "✓ web: latest (sha256:cccccccccccc) of web:7 stays: no rule matches it\n"
          "✓ web: git-6 (sha256:aaaaaaaaaaaa) of web:7's tasks stays: no rule matches it\n",
          {.operation = "DescribeServices", .status = 200, .body = SERVICE("")},
          {.operation = "DescribeTaskDefinition",
           .status = 200,
           .body = REVISION(7, ROOT "web:latest")},
          TASKS("\"a\"],\"nextToken\":\"more\"}", TASK(ROOT "web:latest", CHILD)),
          TASKS("\"b\"]}", TASK(ROOT "web:latest", OLD)),
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(
               IMAGE(CHILD, "\"latest\"", 1790000009) "," IMAGE(OLD, "\"git-6\"", 1790000007), "")},
          {NO_POLICY});
}

/* Which image a tag meant cannot be told without its tasks: that is no yes. */
static void tasks_that_may_not_be_seen(void **state) {
    (void)state;
    const struct target targets[] = {target_of("report", "myproject_web", TARGET_TASK)};
    CHECK(targets, EXIT_STATUS_FAILED,
          "✗ report: ecs ListTasks failed in us-east-1: AccessDeniedException: no\n"
          "  remedy: allow ecs:ListTasks to the function's role\n"
          "✓ report: latest (sha256:aaaaaaaaaaaa) of web:7 stays: no rule matches it\n",
          {.operation = "DescribeTaskDefinition", .status = 200, .body = REVISION(7, ROOT "web")},
          NO_RUNNERS,
          {.operation = "ListTasks",
           .status = 400,
           .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}"},
          {.operation = "DescribeImages",
           .status = 200,
           .body = PAGE(IMAGE(OLD, "\"latest\"", 1790000007), "")},
          {NO_POLICY});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(all_pages),
        cmocka_unit_test(what_an_index_lists),
        cmocka_unit_test(all_that_is_rolled_out),
        cmocka_unit_test(several_targets),
        cmocka_unit_test(a_task_runs_what_its_rule_names),
        cmocka_unit_test(a_rule_that_is_pinned_to_what_is_gone),
        cmocka_unit_test(rules_that_may_not_be_seen),
        cmocka_unit_test(a_function_runs_what_its_alias_leads_to),
        cmocka_unit_test(a_reference_without_a_tag),
        cmocka_unit_test(a_tag_that_has_moved),
        cmocka_unit_test(pages_of_tasks),
        cmocka_unit_test(tasks_that_may_not_be_seen),
        cmocka_unit_test(a_policy_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
