/*
 * What `slipway doctor` says to each fact. data/doctor/NAME.expected holds a group's cases: a line
 * "== case", and then what is said otherwise than of an environment in which all is well.
 */

#include "cli/doctor/show.h"
#include "tests/unit/cli/doctor_facts.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DATA TEST_DATA_DIR "/doctor/"

struct doctor_case_row {
    const char *name;
    void (*change)(struct made_up *m);
};

/* What doctor says of the facts, as lines or as JSON. The caller frees it. */
static char *said_of(struct made_up *m, bool as_json, size_t *ret_len) {
    struct doctor_findings findings = {.arena = &m->arena};
    struct cli cli = {.arena = &m->arena};
    char *text = NULL;
    struct err err;
    err_init(&err);
    cli.out = open_memstream(&text, ret_len);
    doctor_check(&m->facts, &findings);
    assert_int_equal(
        as_json ? doctor_show_json(&findings, &cli, &err) : doctor_show(&findings, &cli, &err), 0);
    fclose(cli.out);
    return text;
}

static bool has_line(struct view text, struct view line) {
    struct view one;
    while (view_split(&text, '\n', &one)) {
        if (view_equal(one, line)) {
            return true;
        }
    }
    return false;
}

static void append_case(const struct doctor_case_row *row, struct view healthy, struct buf *out) {
    struct made_up m;
    size_t len;
    size_t n_lines = 0;
    struct view line;
    make_up(&m);
    row->change(&m);
    char *text = said_of(&m, false, &len);
    struct view rest = {text, len};
    buf_appendf(out, "== %s\n", row->name);
    while (view_split(&rest, '\n', &line)) {
        if (!has_line(healthy, line)) {
            buf_append(out, line);
            buf_append_char(out, '\n');
            n_lines++;
        }
    }
    if (n_lines == 0) {
        buf_append_str(out, "(all is well)\n");
    }
    free(text);
    arena_release(&m.arena);
}

static void check_group(const char *path, const struct doctor_case_row *rows, size_t n) {
    struct buf out = BUF_INIT(GOLDEN_MAX_BYTES);
    struct made_up m;
    size_t len;
    make_up(&m);
    char *healthy = said_of(&m, false, &len);
    for (size_t i = 0; i < n; i++) {
        append_case(&rows[i], (struct view){healthy, len}, &out);
    }
    assert_true(golden_matches(path, buf_view(&out)));
    free(healthy);
    buf_release(&out);
    arena_release(&m.arena);
}

#define GROUP(name, ...)                                                                           \
    static void name(void **state) {                                                               \
        static const struct doctor_case_row rows[] = {__VA_ARGS__};                                \
        (void)state;                                                                               \
        check_group(DATA #name ".expected", rows, sizeof(rows) / sizeof(rows[0]));                 \
    }
#define CASE(name)                                                                                 \
    { #name, name }
#define CHANGE(name) static void name(struct made_up *m)

#define DENIED "access denied to repository 'myproject_backend' of registry " REGISTRY " in " REGION

/* --- the environment --- */

CHANGE(cross_account_without_an_account) {
    made_up_err(&m->err, ERR_CONFIG_INVALID,
                "configuration is invalid: ECR_ACCOUNT_ID: not set: expected 12 digits, as "
                "ECR_STRATEGY is 'cross_account'");
    m->facts.config_err = &m->err;
}
CHANGE(another_variable) {
    made_up_err(&m->err, ERR_CONFIG_INVALID, "configuration is invalid: PROJECT_NAME: not set");
    m->facts.config_err = &m->err;
}
CHANGE(credentials_that_are_no_good) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "GetCallerIdentity of sts failed: ExpiredToken");
    m->facts.credentials_err = &m->err;
}
CHANGE(sts_out_of_reach) {
    made_up_err(&m->err, ERR_AWS_UNAVAILABLE, "GetCallerIdentity of sts failed: no answer");
    m->facts.credentials_err = &m->err;
}
CHANGE(credentials_of_another_account) {
    m->facts.caller_account = VIEW("333333333333");
}
CHANGE(no_account_configured) {
    m->facts.has_configured_account = false;
}
CHANGE(local_beside_another_account) {
    m->config.ecr_strategy = ECR_LOCAL;
}
CHANGE(local) {
    m->config.ecr_strategy = ECR_LOCAL;
    m->config.ecr_account_id = VIEW("");
    m->repository.is_foreign = false;
    m->repository.repository.registry.account = VIEW(OWN);
    m->rules[1].rule.pattern = VIEW("{\"source\":[\"aws.ecr\"],\"account\":[\"" OWN "\"]}");
}

GROUP(environment, CASE(cross_account_without_an_account), CASE(another_variable),
      CASE(credentials_that_are_no_good), CASE(sts_out_of_reach),
      CASE(credentials_of_another_account), CASE(no_account_configured),
      CASE(local_beside_another_account), CASE(local))

/* --- the registry --- */

CHANGE(registry_out_of_reach) {
    made_up_err(&m->err, ERR_AWS_UNAVAILABLE, "DescribeRepositories of ecr failed: no answer");
    m->repository.err = m->repository.images_err = m->repository.policy_err = &m->err;
    m->repository.verdicts = NULL;
}
CHANGE(repository_missing) {
    made_up_err(&m->err, ERR_REPOSITORY_NOT_FOUND,
                "repository not found: repository 'myproject_backend' of registry " REGISTRY
                " in " REGION);
    m->repository.err = m->repository.images_err = m->repository.policy_err = &m->err;
    m->repository.verdicts = NULL;
}
CHANGE(repository_denied) {
    made_up_err(&m->err, ERR_REGISTRY_ACCESS_DENIED, DENIED);
    m->repository.err = m->repository.images_err = m->repository.policy_err = &m->err;
    m->repository.verdicts = NULL;
}
CHANGE(own_repository_denied) {
    repository_denied(m);
    local(m);
}
CHANGE(repository_seen_by_its_images) {
    made_up_err(&m->err, ERR_REGISTRY_ACCESS_DENIED, DENIED);
    m->repository.err = &m->err;
}
CHANGE(repository_not_told_and_its_images_are) {
    made_up_err(&m->err, ERR_THROTTLED, "DescribeRepositories of ecr failed: throttled");
    m->repository.err = &m->err;
}
CHANGE(images_denied) {
    made_up_err(&m->err, ERR_REGISTRY_ACCESS_DENIED, DENIED);
    m->repository.images_err = &m->err;
    m->repository.n_images = 0;
}

GROUP(registry, CASE(registry_out_of_reach), CASE(repository_missing), CASE(repository_denied),
      CASE(own_repository_denied), CASE(repository_seen_by_its_images),
      CASE(repository_not_told_and_its_images_are), CASE(images_denied))

/* --- whom the repository's policy admits --- */

CHANGE(policy_unseen) {
    made_up_err(&m->err, ERR_REGISTRY_ACCESS_DENIED, DENIED " while looking for its policy");
    err_remedy(&m->err, "allow ecr:GetRepositoryPolicy");
    m->repository.policy_err = &m->err;
}
CHANGE(no_policy) {
    m->repository.policy = VIEW("");
}
CHANGE(no_policy_and_no_roles) {
    m->repository.policy = VIEW("");
    m->facts.n_roles = 0;
}
CHANGE(by_account) {
    m->repository.policy = VIEW(STATEMENTS(BY("\"arn:aws:iam::" OWN ":root\"")));
}
CHANGE(by_roles) {
    m->repository.policy = VIEW(STATEMENTS(BY("[\"" EXECUTION_ROLE "\",\"" FUNCTION_ROLE "\"]")));
}
CHANGE(by_the_functions_role_alone) {
    m->repository.policy = VIEW(STATEMENTS(BY("\"" FUNCTION_ROLE "\"")));
}
CHANGE(by_a_role_that_was_deleted) {
    m->repository.policy =
        VIEW(STATEMENTS(BY("[\"" FUNCTION_ROLE "\",\"AROAEXAMPLE0123456789\"]")));
}
CHANGE(of_another_organization) {
    m->facts.organization = VIEW("o-zzzzzzzzzz");
}
CHANGE(of_no_organization) {
    m->facts.organization = VIEW("");
}
CHANGE(of_an_organization_that_is_not_told) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "DescribeOrganization of organizations failed");
    err_remedy(&m->err, "allow organizations:DescribeOrganization to the function's role");
    m->facts.organization_err = &m->err;
}
CHANGE(denied_in_so_many_words) {
    m->repository.policy = VIEW(
        STATEMENTS(BY_ORGANIZATION ",{\"Sid\":\"No\",\"Effect\":\"Deny\",\"Principal\":{\"AWS\":"
                                   "\"" EXECUTION_ROLE "\"},\"Action\":\"ecr:BatchGetImage\"}"));
}
CHANGE(by_an_address) {
    m->repository.policy = VIEW(STATEMENTS("{\"Effect\":\"Allow\",\"Principal\":\"*\"," PULLS
                                           ",\"Condition\":{\"IpAddress\":"
                                           "{\"aws:SourceIp\":\"10.0.0.0/8\"}}}"));
}
CHANGE(not_a_policy) {
    m->repository.policy = VIEW("gibberish");
}
CHANGE(account_alone) {
    m->facts.n_roles = 0;
}
CHANGE(role_of_the_registry_reads) {
    m->roles[1].n_repositories = 0;
    m->repository.policy = VIEW(STATEMENTS(BY("\"" EXECUTION_ROLE "\"")));
}
CHANGE(own_without_policy) {
    local(m);
    m->repository.policy = VIEW("");
}
CHANGE(own_with_a_deny) {
    denied_in_so_many_words(m);
    local(m);
}
/* Nothing there allows anything, and a Deny that hangs on the way they come is all there is. */
CHANGE(own_with_a_deny_that_may_apply) {
    local(m);
    m->repository.policy =
        VIEW(STATEMENTS("{\"Effect\":\"Deny\",\"Principal\":\"*\"," PULLS
                        ",\"Condition\":{\"StringNotEquals\":{\"aws:SourceVpce\":\"vpce-1\"}}}"));
}
CHANGE(own_with_an_allow_that_may_apply) {
    local(m);
    by_an_address(m);
}
CHANGE(own_not_a_policy) {
    local(m);
    not_a_policy(m);
}
CHANGE(role_that_is_not_known) {
    by_roles(m);
    account_alone(m);
}
CHANGE(a_function_that_lambda_may_not_pull_for) {
    m->target.runs.target.kind = TARGET_LAMBDA;
    m->target.runs.target.function = VIEW("myproject_resizer_prod");
    m->target.runs.function.package_type = VIEW("Image");
    m->target.runs.function.arn =
        VIEW("arn:aws:lambda:" REGION ":" OWN ":function:myproject_resizer_prod");
    m->target.network.n_subnets = 0;
}

GROUP(policies, CASE(policy_unseen), CASE(no_policy), CASE(no_policy_and_no_roles),
      CASE(by_account), CASE(by_roles), CASE(by_the_functions_role_alone),
      CASE(by_a_role_that_was_deleted), CASE(of_another_organization), CASE(of_no_organization),
      CASE(of_an_organization_that_is_not_told), CASE(denied_in_so_many_words), CASE(by_an_address),
      CASE(not_a_policy), CASE(account_alone), CASE(role_of_the_registry_reads),
      CASE(own_without_policy), CASE(own_with_a_deny), CASE(own_with_a_deny_that_may_apply),
      CASE(own_with_an_allow_that_may_apply), CASE(own_not_a_policy), CASE(role_that_is_not_known),
      CASE(a_function_that_lambda_may_not_pull_for))

/* --- what the roles may do --- */

CHANGE(role_unseen) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "SimulatePrincipalPolicy of iam failed: AccessDenied");
    err_remedy(&m->err, "allow iam:SimulatePrincipalPolicy to the function's role");
    m->roles[0].err = m->roles[1].err = &m->err;
}
CHANGE(role_missing) {
    made_up_err(&m->err, ERR_SERVICE_NOT_FOUND, "role not found: there is none of that name");
    err_remedy(&m->err, "create the role, or correct the task definition that names it");
    m->roles[0].err = &m->err;
}
CHANGE(pull_not_allowed) {
    m->pulls[1].is_allowed = false;
}
CHANGE(login_not_allowed) {
    m->pulls[3].is_allowed = false;
}
CHANGE(pull_denied) {
    m->pulls[1].is_allowed = false;
    m->pulls[1].is_denied = true;
}
CHANGE(pull_against_the_organization) {
    pull_not_allowed(m);
    m->pulls[1].by_organization = true;
}
CHANGE(pull_beyond_the_boundary) {
    pull_not_allowed(m);
    m->pulls[1].by_boundary = true;
}
CHANGE(pull_under_a_condition) {
    pull_not_allowed(m);
    m->pulls[1].is_incomplete = true;
}
/* But by one VPC endpoint, say, which a simulation does not come by. */
CHANGE(pull_denied_under_a_condition) {
    pull_denied(m);
    m->pulls[1].is_incomplete = true;
}
CHANGE(a_repository_without_a_decision) {
    for (size_t i = 0; i < 3; i++) {
        m->pulls[i].resource = VIEW("*");
    }
}
CHANGE(look_not_allowed) {
    m->looks[0].is_allowed = false;
}
CHANGE(own_repository_may_allow_it) {
    pull_not_allowed(m);
    local(m);
    m->repository.policy = VIEW(STATEMENTS(BY("\"" EXECUTION_ROLE "\"")));
}
/* What the organization or a boundary does not allow, the repository's policy cannot. */
CHANGE(own_repository_allows_in_vain) {
    own_repository_may_allow_it(m);
    m->pulls[1].by_boundary = true;
}
CHANGE(own_repository_does_not_allow_it) {
    pull_not_allowed(m);
    own_without_policy(m);
}
CHANGE(no_execution_role_on_fargate) {
    m->target.execution_role = VIEW("");
    m->facts.roles = &m->roles[1];
    m->facts.n_roles = 1;
}
CHANGE(no_execution_role_on_instances) {
    no_execution_role_on_fargate(m);
    m->target.is_fargate = false;
}

CHANGE(no_execution_role_though_it_might_be_fargate) {
    no_execution_role_on_fargate(m);
    m->target.network.is_on_instances = true;
}

GROUP(roles, CASE(role_unseen), CASE(role_missing), CASE(pull_not_allowed), CASE(login_not_allowed),
      CASE(pull_denied), CASE(pull_against_the_organization), CASE(pull_beyond_the_boundary),
      CASE(pull_under_a_condition), CASE(pull_denied_under_a_condition),
      CASE(a_repository_without_a_decision), CASE(look_not_allowed),
      CASE(own_repository_may_allow_it), CASE(own_repository_allows_in_vain),
      CASE(own_repository_does_not_allow_it), CASE(no_execution_role_on_fargate),
      CASE(no_execution_role_on_instances), CASE(no_execution_role_though_it_might_be_fargate))

/* --- services, tasks, functions --- */

CHANGE(service_missing) {
    made_up_err(&m->err, ERR_SERVICE_NOT_FOUND, "service not found: 'myproject_service_prod'");
    m->target.runs.err = &m->err;
}
CHANGE(service_unseen) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "DescribeServices of ecs failed: AccessDenied");
    m->target.runs.err = &m->err;
}
CHANGE(service_draining) {
    m->target.runs.service.status = VIEW("DRAINING");
}
CHANGE(controller_external) {
    m->target.runs.service.controller = VIEW("EXTERNAL");
}
CHANGE(controller_codedeploy) {
    m->target.runs.service.controller = VIEW("CODE_DEPLOY");
    m->target.runs.service.breaks_circuit = false;
}
CHANGE(another_family_runs) {
    m->target.runs.service.task_definition =
        VIEW("arn:aws:ecs:" REGION ":" OWN ":task-definition/other:3");
}
CHANGE(breaker_off) {
    m->target.runs.service.breaks_circuit = false;
}
CHANGE(breaker_without_rollback) {
    m->target.runs.service.rolls_back = false;
}
CHANGE(family_missing) {
    made_up_err(&m->err, ERR_FAMILY_NOT_FOUND, "family not found: 'myproject_service_prod'");
    m->target.latest_err = &m->err;
}
CHANGE(container_missing) {
    made_up_err(&m->err, ERR_CONTAINER_NOT_FOUND, "no container of 'myproject_service_prod:41'");
    m->target.container_err = &m->err;
}
CHANGE(two_containers) {
    m->target.n_containers = 2;
}
CHANGE(a_task) {
    m->target.runs.target.kind = TARGET_TASK;
    m->target.network.n_subnets = 0;
}
CHANGE(a_task_whose_rules_are_unseen) {
    a_task(m);
    made_up_err(&m->err, ERR_ACCESS_DENIED, "events ListEventBuses failed");
    err_remedy(&m->err, "allow events:ListEventBuses to the function's role");
    m->target.runs.err = &m->err;
}
CHANGE(a_task_pinned_to_what_is_gone) {
    a_task(m);
    made_up_err(&m->err, ERR_FAMILY_NOT_FOUND,
                "rule 'nightly' is pinned to what it cannot start: no usable task definition "
                "'myproject_task_report_prod:6'");
    m->older = (struct what_runs){.target = m->target.runs.target, .err = &m->err};
    m->target.runs.others = &m->older;
    m->target.runs.n_others = 1;
}
CHANGE(a_task_without_family) {
    family_missing(m);
    a_task(m);
    m->target.runs.err = &m->err;
}
CHANGE(a_function_of_an_archive) {
    a_function_that_lambda_may_not_pull_for(m);
    m->target.runs.function.package_type = VIEW("Zip");
}
CHANGE(services_unlisted) {
    made_up_err(&m->err, ERR_CLUSTER_NOT_FOUND, "cluster not found: 'prod'");
    m->facts.targets_err = &m->err;
    m->facts.n_targets = 0;
}
CHANGE(no_services) {
    m->facts.n_targets = 0;
}

GROUP(targets, CASE(service_missing), CASE(service_unseen), CASE(service_draining),
      CASE(controller_external), CASE(controller_codedeploy), CASE(another_family_runs),
      CASE(breaker_off), CASE(breaker_without_rollback), CASE(family_missing),
      CASE(container_missing), CASE(two_containers), CASE(a_task),
      CASE(a_task_whose_rules_are_unseen), CASE(a_task_pinned_to_what_is_gone),
      CASE(a_task_without_family), CASE(a_function_of_an_archive), CASE(services_unlisted),
      CASE(no_services))

/* --- what runs --- */

CHANGE(image_gone) {
    m->repository.n_images = 0;
}
CHANGE(image_archived) {
    m->image.is_archived = true;
}
CHANGE(image_expiring) {
    m->verdict.rule = &m->lifecycle_rule;
}
CHANGE(image_going_into_the_archive) {
    m->lifecycle_rule.archives = true;
    m->verdict.rule = &m->lifecycle_rule;
}
CHANGE(image_listed) {
    m->verdict = (struct lifecycle_verdict){.is_listed = true};
}
CHANGE(image_by_tag) {
    m->target.runs.digest = VIEW("");
}
CHANGE(tag_moved) {
    image_by_tag(m);
    m->target.runs.since_ms = 1000;
    m->image.pushed_at_ms = 1001;
}
CHANGE(tag_not_moved) {
    tag_moved(m);
    m->target.runs.since_ms = 1001;
}
CHANGE(digest_pushed_again) {
    tag_moved(m);
    m->target.runs.digest = VIEW(DIGEST);
}
CHANGE(tag_gone) {
    image_by_tag(m);
    m->target.runs.tag = VIEW("git-0ld0001");
}
CHANGE(lifecycle_unseen) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "GetLifecyclePolicy denied");
    m->repository.lifecycle_err = &m->err;
    m->repository.verdicts = NULL;
}
CHANGE(lifecycle_odd) {
    made_up_err(&m->err, ERR_CONFIG_INVALID, "lifecycle policy: rules[0]: unknown");
    m->repository.lifecycle_err = &m->err;
    m->repository.verdicts = NULL;
}
CHANGE(image_of_elsewhere) {
    m->target.runs.image = VIEW("");
}

/* A rule is pinned to an older revision, whose image has gone. */
CHANGE(an_older_image_gone) {
    a_task(m);
    m->older = m->target.runs;
    m->older.definition.arn =
        VIEW("arn:aws:ecs:" REGION ":" OWN ":task-definition/myproject_service_prod:7");
    m->older.tag = VIEW("git-0ld0001");
    m->older.digest =
        VIEW("sha256:0000000000000000000000000000000000000000000000000000000000000000");
    m->target.runs.others = &m->older;
    m->target.runs.n_others = 1;
}

GROUP(images, CASE(an_older_image_gone), CASE(image_gone), CASE(image_archived),
      CASE(image_expiring), CASE(image_going_into_the_archive), CASE(image_listed),
      CASE(image_by_tag), CASE(tag_moved), CASE(tag_not_moved), CASE(digest_pushed_again),
      CASE(tag_gone), CASE(lifecycle_unseen), CASE(lifecycle_odd), CASE(image_of_elsewhere))

/* --- the function and its rules --- */

static void give_variables(struct made_up *m, const char *text) {
    m->facts.function.settings.variables = (struct json_span){view_of(text), JSON_OBJECT};
}

CHANGE(function_missing) {
    made_up_err(&m->err, ERR_SERVICE_NOT_FOUND, "function not found: 'myproject_slipway_prod'");
    m->facts.function.err = &m->err;
}
CHANGE(function_unseen) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "GetFunctionConfiguration of lambda failed");
    m->facts.function.err = &m->err;
}
CHANGE(function_as_here) {
    give_variables(m, "{\"PROJECT_NAME\":\"myproject\",\"PROJECT_ENV\":\"prod\",\"ECR_STRATEGY\":"
                      "\"cross_account\",\"ECR_ACCOUNT_ID\":\"" REGISTRY "\"}");
}
CHANGE(function_of_another_registry) {
    give_variables(m, "{\"PROJECT_NAME\":\"myproject\",\"PROJECT_ENV\":\"prod\",\"ECR_STRATEGY\":"
                      "\"cross_account\",\"ECR_ACCOUNT_ID\":\"333333333333\"}");
}
CHANGE(function_without_strategy) {
    give_variables(m, "{\"PROJECT_NAME\":\"myproject\",\"PROJECT_ENV\":\"prod\"}");
}
CHANGE(function_without_account) {
    give_variables(m, "{\"PROJECT_NAME\":\"myproject\",\"PROJECT_ENV\":\"prod\",\"ECR_STRATEGY\":"
                      "\"cross_account\",\"ECR_ACCOUNT_ID\":\"\"}");
}
CHANGE(function_on_another_bus) {
    give_variables(m, "{\"PROJECT_NAME\":\"myproject\",\"PROJECT_ENV\":\"prod\",\"ECR_STRATEGY\":"
                      "\"cross_account\",\"ECR_ACCOUNT_ID\":\"" REGISTRY
                      "\",\"EVENT_BUS\":\"deploys\"}");
}
CHANGE(function_on_the_bus_named_here) {
    function_on_another_bus(m);
    m->config.event_bus = VIEW("arn:aws:events:" REGION ":" OWN ":event-bus/deploys");
}
CHANGE(function_that_does_not_know_its_bus) {
    function_as_here(m);
    m->config.event_bus = VIEW("deploys");
}
CHANGE(rules_unseen) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "ListEventBuses of events failed: AccessDenied");
    m->facts.rules_err = &m->err;
}
CHANGE(no_rules) {
    m->facts.n_rules = 0;
}
CHANGE(rule_disabled) {
    m->rules[0].rule.state = VIEW("DISABLED");
}
CHANGE(rule_of_another_environment) {
    m->rules[0].rule.pattern = VIEW("{\"source\":[\"action.staging\"]}");
}
CHANGE(rule_on_another_bus) {
    m->rules[0].bus = VIEW("deploys");
    m->rules[1].bus = VIEW("deploys");
}
CHANGE(rule_with_a_number) {
    m->rules[0].rule.pattern = VIEW("{\"detail\":{\"service\":[{\"numeric\":[\">\",3]}]}}");
}
CHANGE(rule_not_described) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "DescribeRule of events failed: AccessDenied");
    m->rules[0].err = &m->err;
    m->rules[0].rule = (struct events_rule){0};
}
CHANGE(rule_of_a_schedule) {
    m->rules[2].rule.pattern = VIEW("");
}
CHANGE(rule_that_may_not_invoke) {
    m->facts.function.policy = VIEW("");
}
CHANGE(rule_with_a_role_of_its_own) {
    rule_that_may_not_invoke(m);
    for (size_t i = 0; i < 5; i++) {
        m->rules[i].role = VIEW("arn:aws:iam::" OWN ":role/invokes");
    }
}
CHANGE(rule_whose_targets_are_not_told) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "ListTargetsByRule of events failed: AccessDenied");
    m->rules[0].targets_err = &m->err;
    rule_that_may_not_invoke(m);
    m->facts.n_rules = 1;
    m->config.enable_ecr = false;
}
CHANGE(rule_that_changes_the_event) {
    m->rules[0].changes_event = true;
}
CHANGE(rule_whose_right_is_not_told) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "GetPolicy of lambda failed: AccessDenied");
    m->facts.function.policy_err = &m->err;
}
CHANGE(two_rules_of_which_one_may_invoke) {
    m->rules[1] = m->rules[0];
    m->rules[1].rule.arn = VIEW("arn:aws:events:" REGION ":" OWN ":rule/x/other");
    m->config.enable_ecr = false;
    m->rules[0].rule.arn = VIEW("arn:aws:events:" REGION ":333333333333:rule/deploys");
}
CHANGE(parameters_by_a_queue) {
    m->config.enable_ssm = true;
    m->rules[4] = made_up_rule("parameters", RULE_ARN "parameters",
                               "{\"source\":[\"aws.ssm\"],\"detail\":{\"operation\":[\"Update\"],"
                               "\"name\":[{\"prefix\":\"/prod/myproject/\"}],"
                               "\"exception\":[{\"exists\":false}]}}");
    m->rules[4].queue = VIEW("arn:aws:sqs:" REGION ":" OWN ":restarts");
    m->config.enable_ecr = false;
}
CHANGE(parameters_of_another_project) {
    parameters_by_a_queue(m);
    m->config.project = VIEW("other");
}
CHANGE(queues_unseen) {
    parameters_by_a_queue(m);
    made_up_err(&m->err, ERR_ACCESS_DENIED, "ListEventSourceMappings of lambda failed");
    m->facts.function.sources_err = &m->err;
    m->facts.n_rules = 4;
}
CHANGE(files_without_a_rule) {
    static struct env_file file = {{"backend", 7}, {"bucket", 6}, {"backend/.env", 12}};
    m->config.enable_s3 = true;
    m->config.env_files = &file;
    m->config.n_env_files = 1;
}
CHANGE(files_by_a_rule) {
    files_without_a_rule(m);
    m->config.enable_ecr = false;
    m->rules[4] = made_up_rule("files", RULE_ARN "files",
                               "{\"source\":[\"aws.s3\"],\"detail-type\":[\"Object Created\"],"
                               "\"detail\":{\"bucket\":{\"name\":[\"bucket\"]},\"object\":{"
                               "\"key\":[{\"wildcard\":\"*.env\"}]}}}");
}
CHANGE(no_rules_for_workflows) {
    m->facts.n_rules = 3;
}
CHANGE(pushes_in_another_region) {
    local(m);
    m->repository.repository.registry.region = VIEW("eu-west-1");
}
CHANGE(a_rule_with_dots_that_may_not_invoke) {
    m->rules[0].name = VIEW("deploys.of.prod");
    rule_that_may_not_invoke(m);
}
CHANGE(bus_that_takes_nothing) {
    m->buses[0].bus.policy = VIEW("");
}
CHANGE(bus_under_a_condition) {
    m->buses[0].bus.policy =
        VIEW(STATEMENTS("{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"events:*\","
                        "\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-x\"}}}"));
}
/* The role of the rule that forwards them, it may be. */
CHANGE(bus_that_names_a_role) {
    m->buses[0].bus.policy =
        VIEW(STATEMENTS("{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::" REGISTRY
                        ":role/forward\"},\"Action\":\"events:PutEvents\"}"));
}
CHANGE(bus_unseen) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "DescribeEventBus of events failed: AccessDenied");
    m->buses[0].err = &m->err;
}
/* As infra/environment-bus.yaml makes it: the rule is there alone. */
CHANGE(pushes_by_a_bus_apart) {
    m->rules[1].bus = VIEW("pushes");
    m->rules[1].rule.arn = VIEW(RULE_ARN "pushes/pushes");
    m->buses[1].bus.policy = VIEW(STATEMENTS(TAKES_PUSHES("pushes")));
}
CHANGE(pushes_by_a_bus_apart_that_takes_none) {
    pushes_by_a_bus_apart(m);
    m->buses[1].bus.policy = VIEW("");
}
CHANGE(pushes_by_a_bus_apart_that_is_unseen) {
    pushes_by_a_bus_apart(m);
    made_up_err(&m->err, ERR_ACCESS_DENIED, "DescribeEventBus of events failed: AccessDenied");
    m->buses[1].err = &m->err;
}
CHANGE(pushes_by_a_bus_apart_that_was_not_asked) {
    pushes_by_a_bus_apart(m);
    m->facts.n_buses = 1;
}
/* One's own account's do not come by a bus apart, unless a rule of another region sends them. */
CHANGE(pushes_of_this_account_by_a_bus_apart) {
    local(m);
    pushes_by_a_bus_apart(m);
}
CHANGE(pushes_of_another_region_by_a_bus_apart) {
    pushes_in_another_region(m);
    m->rules[1].bus = VIEW("pushes");
}
/* On the default bus, which does not take them, and on one that does. */
CHANGE(pushes_by_the_better_of_two_buses) {
    bus_that_takes_nothing(m);
    m->rules[4] = m->rules[1];
    m->rules[4].name = VIEW("apart");
    m->rules[4].bus = VIEW("pushes");
    m->buses[1].bus.policy = VIEW(STATEMENTS(TAKES_PUSHES("pushes")));
}
/* What may come through hides what does not, and is no yes. */
CHANGE(pushes_by_a_bus_that_may_take_them) {
    pushes_by_the_better_of_two_buses(m);
    m->buses[1].bus.policy =
        VIEW(STATEMENTS("{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"events:*\","
                        "\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-x\"}}}"));
}
CHANGE(pushes_by_a_rule_that_may_match) {
    pushes_by_the_better_of_two_buses(m);
    m->rules[4].rule.pattern = VIEW("{\"detail\":{\"image-tag\":[{\"numeric\":[\">\",3]}]}}");
}
CHANGE(bus_that_takes_other_events) {
    m->buses[0].bus.policy = VIEW(STATEMENTS(
        "{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"events:PutEvents\","
        "\"Condition\":{\"StringEquals\":{\"events:detail-type\":\"ECR Image Scan\"}}}"));
}
/* A second service, whose images are in a further account's registry. */
CHANGE(pushes_of_two_registries) {
    static struct doctor_target targets[2];
    static struct doctor_repository other;
    pushes_by_a_bus_apart(m);
    other = m->repository;
    other.repository.registry.account = VIEW("333333333333");
    targets[0] = targets[1] = m->target;
    targets[1].runs.target.name = VIEW("api");
    targets[1].repository = &other;
    m->facts.targets = targets;
    m->facts.n_targets = 2;
}
CHANGE(pushes_of_two_registries_by_two_buses) {
    pushes_of_two_registries(m);
    m->facts.n_rules = 5;
    m->rules[4] = made_up_rule("all", RULE_ARN "all", "{\"source\":[\"aws.ecr\"]}");
    m->buses[0].bus.policy =
        VIEW(STATEMENTS("{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"333333333333\"},"
                        "\"Action\":\"events:PutEvents\"}"));
}
CHANGE(pushes_of_two_registries_to_a_bus_of_one) {
    pushes_of_two_registries(m);
    m->rules[1].rule.pattern = VIEW("{\"source\":[\"aws.ecr\"]}");
}
CHANGE(pushes_of_a_registry_that_the_default_bus_does_not_take) {
    pushes_of_two_registries(m);
    m->rules[1].bus = VIEW("default");
    m->rules[1].rule.pattern = VIEW("{\"source\":[\"aws.ecr\"]}");
}
CHANGE(function_with_a_configuration_elsewhere) {
    give_variables(m, "{\"SLIPWAY_CONFIG\":\"ssm:/x\",\"PROJECT_NAME\":\"myproject\"}");
}
CHANGE(nobody_is_obeyed) {
    m->config.enable_manual = m->config.enable_ecr = false;
    m->facts.n_rules = 0;
}

GROUP(rules, CASE(function_missing), CASE(function_unseen), CASE(function_as_here),
      CASE(function_of_another_registry), CASE(function_on_another_bus),
      CASE(function_on_the_bus_named_here), CASE(function_that_does_not_know_its_bus),
      CASE(function_without_strategy), CASE(function_without_account), CASE(rules_unseen),
      CASE(no_rules), CASE(rule_disabled), CASE(rule_of_another_environment),
      CASE(rule_on_another_bus), CASE(rule_with_a_number), CASE(rule_not_described),
      CASE(rule_of_a_schedule), CASE(rule_that_may_not_invoke), CASE(rule_with_a_role_of_its_own),
      CASE(rule_whose_targets_are_not_told), CASE(rule_that_changes_the_event),
      CASE(rule_whose_right_is_not_told), CASE(two_rules_of_which_one_may_invoke),
      CASE(parameters_by_a_queue), CASE(parameters_of_another_project), CASE(queues_unseen),
      CASE(files_without_a_rule), CASE(files_by_a_rule), CASE(no_rules_for_workflows),
      CASE(pushes_in_another_region), CASE(a_rule_with_dots_that_may_not_invoke),
      CASE(bus_that_takes_nothing), CASE(bus_under_a_condition), CASE(bus_that_names_a_role),
      CASE(bus_unseen), CASE(bus_that_takes_other_events), CASE(pushes_by_a_bus_apart),
      CASE(pushes_by_a_bus_apart_that_takes_none), CASE(pushes_by_a_bus_apart_that_is_unseen),
      CASE(pushes_by_a_bus_apart_that_was_not_asked), CASE(pushes_of_this_account_by_a_bus_apart),
      CASE(pushes_of_another_region_by_a_bus_apart), CASE(pushes_by_the_better_of_two_buses),
      CASE(pushes_by_a_bus_that_may_take_them), CASE(pushes_by_a_rule_that_may_match),
      CASE(pushes_of_two_registries), CASE(pushes_of_two_registries_by_two_buses),
      CASE(pushes_of_two_registries_to_a_bus_of_one),
      CASE(pushes_of_a_registry_that_the_default_bus_does_not_take),
      CASE(function_with_a_configuration_elsewhere), CASE(nobody_is_obeyed))

/* --- the network --- */

/* Whatever the tasks' own subnets are. */
CHANGE(on_instances) {
    m->table.way = EC2_WAY_NONE;
    m->target.network.is_on_instances = true;
}
CHANGE(no_way_out) {
    m->table.way = EC2_WAY_NONE;
    m->table.gateway = VIEW("");
}
CHANGE(with_endpoints) {
    no_way_out(m);
    m->facts.endpoints = (struct ec2_endpoints){.items = m->endpoints, .n = 4};
}
CHANGE(endpoints_without_s3) {
    with_endpoints(m);
    m->facts.endpoints.n = 3;
}
CHANGE(endpoints_of_another_table) {
    with_endpoints(m);
    m->table_id = VIEW("rtb-2");
}
CHANGE(endpoints_without_private_dns) {
    with_endpoints(m);
    m->endpoints[1].has_private_dns = false;
}
CHANGE(endpoints_pending) {
    with_endpoints(m);
    m->endpoints[0].state = VIEW("pending");
}
CHANGE(endpoints_of_another_vpc) {
    with_endpoints(m);
    m->endpoints[0].vpc = VIEW("vpc-2");
}
CHANGE(endpoints_without_logs) {
    with_endpoints(m);
    m->endpoints[2].service = VIEW("com.amazonaws." REGION ".ssm");
}
CHANGE(endpoints_where_nothing_is_logged) {
    endpoints_without_logs(m);
    m->target.writes_logs = false;
}
CHANGE(endpoints_of_another_region) {
    with_endpoints(m);
    m->repository.repository.registry.region = VIEW("eu-west-1");
}
CHANGE(endpoints_unseen) {
    no_way_out(m);
    made_up_err(&m->err, ERR_ACCESS_DENIED, "DescribeVpcEndpoints of ec2 failed");
    m->facts.endpoints_err = &m->err;
}
CHANGE(private_behind_an_internet_gateway) {
    m->table.way = EC2_WAY_INTERNET;
    m->table.gateway = VIEW("igw-1");
}
CHANGE(public_behind_an_internet_gateway) {
    private_behind_an_internet_gateway(m);
    m->target.network.has_public_address = true;
}
CHANGE(behind_a_transit_gateway) {
    m->table.way = EC2_WAY_ELSEWHERE;
    m->table.gateway = VIEW("tgw-1");
}
CHANGE(nat_that_was_deleted) {
    m->table.way = EC2_WAY_BLACKHOLE;
}
CHANGE(by_the_main_table) {
    m->table.n_subnets = 0;
    m->table.is_main = true;
}
CHANGE(without_a_table) {
    m->table.n_subnets = 0;
}
CHANGE(subnets_unseen) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "DescribeSubnets of ec2 failed");
    m->facts.subnets_err = &m->err;
}
CHANGE(service_network_unseen) {
    made_up_err(&m->err, ERR_ACCESS_DENIED, "DescribeServices of ecs failed");
    m->target.network_err = &m->err;
    m->target.network.n_subnets = 0;
}
CHANGE(no_network_of_its_own) {
    m->target.network.n_subnets = 0;
}

GROUP(network, CASE(on_instances), CASE(no_way_out), CASE(with_endpoints),
      CASE(endpoints_without_s3), CASE(endpoints_of_another_table),
      CASE(endpoints_without_private_dns), CASE(endpoints_pending), CASE(endpoints_of_another_vpc),
      CASE(endpoints_without_logs), CASE(endpoints_where_nothing_is_logged),
      CASE(endpoints_of_another_region), CASE(endpoints_unseen),
      CASE(private_behind_an_internet_gateway), CASE(public_behind_an_internet_gateway),
      CASE(behind_a_transit_gateway), CASE(nat_that_was_deleted), CASE(by_the_main_table),
      CASE(without_a_table), CASE(subnets_unseen), CASE(service_network_unseen),
      CASE(no_network_of_its_own))

/* --- whole answers --- */

static void check_answer(const char *path, void (*change)(struct made_up *m), bool as_json) {
    struct made_up m;
    size_t len;
    make_up(&m);
    if (change) {
        change(&m);
    }
    char *text = said_of(&m, as_json, &len);
    assert_true(golden_matches(path, (struct view){text, len}));
    free(text);
    arena_release(&m.arena);
}

CHANGE(much_is_wrong) {
    image_gone(m);
    breaker_off(m);
    pull_under_a_condition(m);
    m->facts.caller = VIEW("arn:aws:iam::" OWN ":user/\"\x1b[31m\"");
}

static void whole_answers(void **state) {
    (void)state;
    check_answer(DATA "healthy.txt", NULL, false);
    check_answer(DATA "healthy.json", NULL, true);
    check_answer(DATA "wrong.txt", much_is_wrong, false);
    check_answer(DATA "wrong.json", much_is_wrong, true);
}

/* Nothing is well that could not be told: with every answer missing, no tick but for who asks. */
static void nothing_untold_is_well(void **state) {
    struct made_up m;
    struct doctor_findings findings;
    (void)state;
    make_up(&m);
    made_up_err(&m.err, ERR_ACCESS_DENIED, "denied");
    made_up_err(&m.other_err, ERR_REGISTRY_ACCESS_DENIED, "denied");
    m.repository.err = m.repository.images_err = m.repository.policy_err = &m.other_err;
    m.repository.lifecycle_err = m.target.runs.err = m.target.latest_err = &m.err;
    m.roles[0].err = m.roles[1].err = m.facts.function.err = m.facts.subnets_err = &m.err;
    findings = (struct doctor_findings){.arena = &m.arena};
    doctor_check(&m.facts, &findings);
    assert_false(findings.failed);
    for (size_t i = 0; i < findings.n; i++) {
        const char *check = findings.items[i].check;
        bool is_known = strcmp(check, "credentials") == 0 || strcmp(check, "account") == 0 ||
                        strcmp(check, "strategy") == 0 || strcmp(check, "registry") == 0;
        assert_true(is_known || findings.items[i].state != DOCTOR_WELL);
    }
    arena_release(&m.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment),   cmocka_unit_test(registry),
        cmocka_unit_test(policies),      cmocka_unit_test(roles),
        cmocka_unit_test(targets),       cmocka_unit_test(images),
        cmocka_unit_test(rules),         cmocka_unit_test(network),
        cmocka_unit_test(whole_answers), cmocka_unit_test(nothing_untold_is_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
