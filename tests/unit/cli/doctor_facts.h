#ifndef SLIPWAY_TESTS_CLI_DOCTOR_FACTS_H
#define SLIPWAY_TESTS_CLI_DOCTOR_FACTS_H

/*
 * The facts of an environment in which nothing is wrong, made up: one service, `backend`, whose
 * images are in another account's registry. A case changes one of them.
 */

#include "cli/doctor/checks.h"
#include "tests/unit/cli/golden.h"

#define OWN "222222222222"
#define REGISTRY "111111111111"
#define REGION "us-east-1"
#define EXECUTION_ROLE "arn:aws:iam::" OWN ":role/myproject_execution_prod"
#define FUNCTION_ROLE "arn:aws:iam::" OWN ":role/myproject_slipway_prod"
#define FUNCTION_ARN "arn:aws:lambda:" REGION ":" OWN ":function:myproject_slipway_prod"
#define REPOSITORY_ARN "arn:aws:ecr:" REGION ":" REGISTRY ":repository/myproject_backend"
#define SERVICE_ARN "arn:aws:ecs:" REGION ":" OWN ":service/prod/myproject_service_prod"
#define FAMILY_ARN "arn:aws:ecs:" REGION ":" OWN ":task-definition/myproject_service_prod:41"
#define RULE_ARN "arn:aws:events:" REGION ":" OWN ":rule/"
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PULLS                                                                                      \
    "\"Action\":[\"ecr:BatchCheckLayerAvailability\",\"ecr:DescribeImages\","                      \
    "\"ecr:BatchGetImage\",\"ecr:GetDownloadUrlForLayer\"]"
#define STATEMENTS(statements) "{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"
#define BY_ORGANIZATION                                                                            \
    "{\"Sid\":\"Pull\",\"Effect\":\"Allow\",\"Principal\":\"*\"," PULLS ",\"Condition\":"          \
    "{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-a1b2c3d4e5\"}}}"
#define BY(principal) "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":" principal "}," PULLS "}"
#define MAY_INVOKE                                                                                 \
    "{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},"                  \
    "\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"" FUNCTION_ARN "\",\"Condition\":"        \
    "{\"ArnLike\":{\"AWS:SourceArn\":\"" RULE_ARN "*\"}}}"

/* As infra/environment-bus.yaml has it. */
#define TAKES_PUSHES(bus)                                                                          \
    "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::" REGISTRY ":root\"},"            \
    "\"Action\":\"events:PutEvents\",\"Resource\":\"arn:aws:events:" REGION ":" OWN                \
    ":event-bus/" bus "\",\"Condition\":{\"ForAllValues:StringEquals\":{\"events:source\":"        \
    "\"aws.ecr\"},\"StringEquals\":{\"events:detail-type\":\"ECR Image Action\"}}}"

#define DECISIONS_MAX 4

struct made_up { /* all that the facts point into */
    struct arena arena;
    struct config config;
    struct tag_policy automatic;
    struct doctor_facts facts;
    struct doctor_target target;
    struct doctor_repository repository;
    struct doctor_repository *repositories[1];
    struct ecr_stored_image image;
    struct view image_tag;
    struct lifecycle_verdict verdict;
    struct lifecycle_rule lifecycle_rule;
    struct doctor_role roles[2]; /* the execution role, the function's */
    struct iam_decision pulls[DECISIONS_MAX], looks[DECISIONS_MAX];
    struct doctor_rule rules[5];
    struct doctor_bus buses[2]; /* the default one, one apart */
    struct view subnet_id;
    struct ec2_subnet subnet;
    struct ec2_route_table table;
    struct view table_id;
    struct ec2_endpoint endpoints[4];
    struct what_runs older; /* for a case */
    struct err err;
    struct err other_err;
};

static inline void made_up_err(struct err *err, enum err_code code, const char *message) {
    err_init(err);
    (void)err_set(err, code, "%s", message);
}

static inline void make_up_config(struct made_up *m) {
    struct err err;
    err_init(&err);
    if (tag_policy_parse(VIEW("latest"), &m->arena, &m->automatic, &err) < 0) {
        golden_fail("doctor", err.message);
    }
    m->config = (struct config){
        .project = VIEW("myproject"),
        .env = VIEW("prod"),
        .is_prod = true,
        .region = VIEW(REGION),
        .own_account = VIEW(OWN),
        .cluster = VIEW("prod"),
        .ecr_strategy = ECR_CROSS_ACCOUNT,
        .ecr_account_id = VIEW(REGISTRY),
        .ecr_region = VIEW(REGION),
        .enable_ecr = true,
        .enable_manual = true,
    };
}

static inline void make_up_repository(struct made_up *m) {
    m->image_tag = VIEW("git-abc123f");
    m->image = (struct ecr_stored_image){
        .digest = VIEW(DIGEST), .tags = &m->image_tag, .n_tags = 1, .pushed_at_ms = 1};
    m->lifecycle_rule = (struct lifecycle_rule){.priority = 5, .description = VIEW("keep three")};
    m->verdict = (struct lifecycle_verdict){.matched = &m->lifecycle_rule};
    m->repository = (struct doctor_repository){
        .repository = {.registry = {.account = VIEW(REGISTRY), .region = VIEW(REGION)},
                       .name = VIEW("myproject_backend")},
        .uri = VIEW(REGISTRY ".dkr.ecr." REGION ".amazonaws.com/myproject_backend"),
        .arn = VIEW(REPOSITORY_ARN),
        .is_foreign = true,
        .described = {.arn = VIEW(REPOSITORY_ARN), .tag_mutability = VIEW("MUTABLE")},
        .images = &m->image,
        .n_images = 1,
        .policy = VIEW(STATEMENTS(BY_ORGANIZATION)),
        .verdicts = &m->verdict,
    };
    m->repositories[0] = &m->repository;
}

static inline void make_up_target(struct made_up *m) {
    m->subnet_id = VIEW("subnet-0a1b2c3d");
    m->target = (struct doctor_target){
        .runs = {.target = {.name = VIEW("backend"),
                            .kind = TARGET_SERVICE,
                            .cluster = VIEW("prod"),
                            .service = VIEW("myproject_service_prod"),
                            .family = VIEW("myproject_service_prod"),
                            .repository = m->repository.repository},
                 .service = {.name = VIEW("myproject_service_prod"),
                             .arn = VIEW(SERVICE_ARN),
                             .status = VIEW("ACTIVE"),
                             .controller = VIEW("ECS"),
                             .task_definition = VIEW(FAMILY_ARN),
                             .breaks_circuit = true,
                             .rolls_back = true},
                 .definition = {.arn = VIEW(FAMILY_ARN), .family = VIEW("myproject_service_prod")},
                 .image =
                     VIEW(REGISTRY ".dkr.ecr." REGION ".amazonaws.com/myproject_backend@" DIGEST),
                 .tag = VIEW("git-abc123f"),
                 .digest = VIEW(DIGEST)},
        .repository = &m->repository,
        .latest = {.arn = VIEW(FAMILY_ARN), .family = VIEW("myproject_service_prod")},
        .n_containers = 1,
        .execution_role = VIEW(EXECUTION_ROLE),
        .is_fargate = true,
        .writes_logs = true,
        .network = {.subnets = &m->subnet_id, .n_subnets = 1},
    };
    m->target.runs.target.auto_deploy_tags = &m->automatic;
}

static inline void make_up_roles(struct made_up *m) {
    static const char *const pulls[] = {"ecr:BatchCheckLayerAvailability",
                                        "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage",
                                        DOCTOR_LOGIN_ACTION};
    static const char *const looks[] = {"ecr:DescribeImages", "ecr:BatchGetImage"};
    for (size_t i = 0; i < 4; i++) {
        m->pulls[i] = (struct iam_decision){
            .action = view_of(pulls[i]),
            .resource = i == 3 ? VIEW("*") : VIEW(REPOSITORY_ARN),
            .is_allowed = true,
        };
    }
    for (size_t i = 0; i < 2; i++) {
        m->looks[i] = (struct iam_decision){
            .action = view_of(looks[i]), .resource = VIEW(REPOSITORY_ARN), .is_allowed = true};
    }
    m->roles[0] = (struct doctor_role){.arn = VIEW(EXECUTION_ROLE),
                                       .used_by = VIEW("backend"),
                                       .decisions = m->pulls,
                                       .n_decisions = 4,
                                       .repositories = m->repositories,
                                       .n_repositories = 1};
    m->roles[1] = (struct doctor_role){.arn = VIEW(FUNCTION_ROLE),
                                       .is_function = true,
                                       .decisions = m->looks,
                                       .n_decisions = 2,
                                       .repositories = m->repositories,
                                       .n_repositories = 1};
}

static inline struct doctor_rule made_up_rule(const char *name, const char *arn,
                                              const char *pattern) {
    return (struct doctor_rule){.name = view_of(name),
                                .bus = VIEW("default"),
                                .rule = {.name = view_of(name),
                                         .arn = view_of(arn),
                                         .state = VIEW("ENABLED"),
                                         .pattern = view_of(pattern)}};
}

/* As template.yaml has them. */
static inline void make_up_rules(struct made_up *m) {
    m->rules[0] =
        made_up_rule("deploys", RULE_ARN "deploys",
                     "{\"source\":[\"action.deploy\",\"action.prod\",\"action.production\"],"
                     "\"detail-type\":[\"DEPLOY\",\"ROLLBACK\"],\"account\":[\"" OWN "\"]}");
    m->rules[1] = made_up_rule(
        "pushes", RULE_ARN "pushes",
        "{\"source\":[\"aws.ecr\"],\"detail-type\":[\"ECR Image Action\"],"
        "\"account\":[\"" REGISTRY "\"],\"region\":[\"" REGION "\"],\"detail\":{"
        "\"action-type\":[\"PUSH\"],\"result\":[\"SUCCESS\"],"
        "\"repository-name\":[{\"wildcard\":\"myproject_*\"}],\"image-tag\":[\"latest\"]}}");
    m->rules[2] = made_up_rule("rollouts", RULE_ARN "rollouts",
                               "{\"source\":[\"aws.ecs\"],\"account\":[\"" OWN
                               "\"],\"resources\":[{\"wildcard\":\"arn:aws:ecs:" REGION ":" OWN
                               ":service/prod/myproject_service_*\"}],\"$or\":[{\"detail-type\":["
                               "\"ECS Deployment State Change\"],\"detail\":{\"eventName\":["
                               "\"SERVICE_DEPLOYMENT_COMPLETED\"]}},{\"detail-type\":["
                               "\"ECS Service Action\"],\"detail\":{\"eventName\":["
                               "\"SERVICE_TASK_START_IMPAIRED\"]}}]}");
    m->rules[3] = made_up_rule("service-deploys", RULE_ARN "service-deploys",
                               "{\"source\":[\"github.actions.prod\",\"action.prod\"],"
                               "\"detail-type\":[\"SERVICE_DEPLOY\"]}");
    m->rules[4] = made_up_rule("ready", RULE_ARN "ready",
                               "{\"source\":[\"github.actions\"],\"detail-type\":["
                               "\"Deployment Ready\"],\"detail\":{\"repository\":["
                               "{\"wildcard\":\"myproject_*\"}]}}");
}

static inline void make_up_buses(struct made_up *m) {
    m->buses[0] = (struct doctor_bus){
        .name = VIEW("default"),
        .bus = {.arn = VIEW("arn:aws:events:" REGION ":" OWN ":event-bus/default"),
                .policy = VIEW(STATEMENTS(TAKES_PUSHES("default")))}};
    m->buses[1] = (struct doctor_bus){
        .name = VIEW("pushes"),
        .bus = {.arn = VIEW("arn:aws:events:" REGION ":" OWN ":event-bus/pushes")}};
}

static inline void make_up_network(struct made_up *m) {
    static const char *const services[] = {"ecr.api", "ecr.dkr", "logs", "s3"};
    m->subnet = (struct ec2_subnet){.id = m->subnet_id, .vpc = VIEW("vpc-1")};
    m->table = (struct ec2_route_table){.id = VIEW("rtb-1"),
                                        .vpc = VIEW("vpc-1"),
                                        .subnets = &m->subnet_id,
                                        .n_subnets = 1,
                                        .way = EC2_WAY_NAT,
                                        .gateway = VIEW("nat-1")};
    m->table_id = m->table.id;
    for (size_t i = 0; i < 4; i++) {
        bool is_gateway = i == 3;
        m->endpoints[i] = (struct ec2_endpoint){
            .id = VIEW("vpce-1"),
            .vpc = VIEW("vpc-1"),
            .service = arena_printf(&m->arena, "com.amazonaws." REGION ".%s", services[i]),
            .type = is_gateway ? VIEW("Gateway") : VIEW("Interface"),
            .state = VIEW("available"),
            .has_private_dns = !is_gateway,
            .route_tables = is_gateway ? &m->table_id : NULL,
            .n_route_tables = is_gateway,
        };
    }
}

static inline void make_up(struct made_up *m) {
    *m = (struct made_up){.arena = ARENA_INIT((size_t)16 * 1024 * 1024)};
    make_up_config(m);
    make_up_repository(m);
    make_up_target(m);
    make_up_roles(m);
    make_up_rules(m);
    make_up_buses(m);
    make_up_network(m);
    m->facts = (struct doctor_facts){
        .caller = VIEW("arn:aws:iam::" OWN ":user/ada"),
        .caller_account = VIEW(OWN),
        .has_configured_account = true,
        .config = &m->config,
        .targets = &m->target,
        .n_targets = 1,
        .repositories = &m->repository,
        .n_repositories = 1,
        .organization = VIEW("o-a1b2c3d4e5"),
        .function = {.name = VIEW("myproject_slipway_prod"),
                     .settings = {.arn = VIEW(FUNCTION_ARN), .role = VIEW(FUNCTION_ROLE)},
                     .policy = VIEW(STATEMENTS(MAY_INVOKE))},
        .roles = m->roles,
        .n_roles = 2,
        .rules = m->rules,
        .n_rules = 5,
        .buses = m->buses,
        .n_buses = 2,
        .subnets = {&m->subnet, 1},
        .tables = {.items = &m->table, .n = 1},
        .now_ms = 1,
    };
}

#endif
