#include "cli/doctor/sample_events.h"

/* {"version":"0","id":"…","source":…,"detail-type":…,"account":…,"region":…,"time":…,"resources":
 * […],"detail": */
static void begin_event(struct json_writer *w, struct view source, const char *detail_type,
                        struct view account, struct view region, struct view resource) {
    json_begin_object(w, NULL);
    json_put_string(w, "version", VIEW("0"));
    json_put_string(w, "id", VIEW("00000000-0000-4000-8000-000000000000"));
    json_put_string(w, "source", source);
    json_put_string(w, "detail-type", view_of(detail_type));
    json_put_string(w, "account", account);
    json_put_string(w, "region", region);
    json_put_string(w, "time", VIEW("2026-01-01T00:00:00Z"));
    json_begin_array(w, "resources");
    if (resource.len > 0) {
        json_put_string(w, NULL, resource);
    }
    json_end_array(w);
    json_begin_object(w, "detail");
}

static void end_event(struct json_writer *w) {
    json_end_object(w);
    json_end_object(w);
}

static bool expects_deploys(const struct doctor_facts *facts, const struct doctor_target *target) {
    (void)target;
    return facts->config->enable_manual;
}

static void write_deploy(const struct doctor_facts *facts, const struct doctor_target *target,
                         struct json_writer *w) {
    const struct config *config = facts->config;
    char text[sizeof("action.") + 64];
    int len = snprintf(text, sizeof(text), "action." VIEW_FMT,
                       VIEW_ARG(config->is_prod ? VIEW("production") : config->env));
    struct view source = {text, len > 0 && (size_t)len < sizeof(text) ? (size_t)len : 0};
    begin_event(w, source, "DEPLOY", config->own_account, config->region, VIEW(""));
    json_put_string(w, "service", target->runs.target.name);
    json_put_string(w, "tag", VIEW("git-abc123f"));
    end_event(w);
}

/* As the workflows send them that are generated. */
static void write_service_deploy(const struct doctor_facts *facts,
                                 const struct doctor_target *target, struct json_writer *w) {
    const struct config *config = facts->config;
    char text[sizeof("action.") + 64];
    int len = snprintf(text, sizeof(text), "action." VIEW_FMT, VIEW_ARG(config->env));
    struct view source = {text, len > 0 && (size_t)len < sizeof(text) ? (size_t)len : 0};
    begin_event(w, source, "SERVICE_DEPLOY", config->own_account, config->region, VIEW(""));
    json_put_string(w, "service", target->runs.target.name);
    json_put_string(w, "tag", VIEW("git-abc123f"));
    end_event(w);
}

/* A tag of the repository whose push deploys; empty: none that can be thought of. */
static struct view pushed_tag(const struct doctor_target *target) {
    const struct tag_policy *policy = target->runs.target.auto_deploy_tags;
    const struct doctor_repository *repository = target->repository;
    if (!policy) {
        return (struct view){0};
    }
    if (tag_policy_admits(policy, VIEW("latest"))) {
        return VIEW("latest");
    }
    for (size_t i = 0; i < repository->n_images; i++) {
        const struct ecr_stored_image *image = &repository->images[i];
        for (size_t j = 0; j < image->n_tags; j++) {
            if (tag_policy_admits(policy, image->tags[j])) {
                return image->tags[j];
            }
        }
    }
    return (struct view){0};
}

static bool expects_pushes(const struct doctor_facts *facts, const struct doctor_target *target) {
    return facts->config->enable_ecr && pushed_tag(target).len > 0;
}

static void write_push(const struct doctor_facts *facts, const struct doctor_target *target,
                       struct json_writer *w) {
    const struct repository *repository = &target->repository->repository;
    (void)facts;
    begin_event(w, VIEW("aws.ecr"), "ECR Image Action", repository->registry.account,
                repository->registry.region, VIEW(""));
    json_put_string(w, "action-type", VIEW("PUSH"));
    json_put_string(w, "result", VIEW("SUCCESS"));
    json_put_string(w, "repository-name", repository->name);
    json_put_string(w, "image-tag", pushed_tag(target));
    json_put_string(w, "image-digest",
                    VIEW("sha256:0123456789abcdef0123456789abcdef0123456789abcde"
                         "f0123456789abcdef"));
    end_event(w);
}

static void write_ready(const struct doctor_facts *facts, const struct doctor_target *target,
                        struct json_writer *w) {
    begin_event(w, VIEW("github.actions"), "Deployment Ready", facts->config->own_account,
                facts->config->region, VIEW(""));
    json_put_string(w, "repository", target->repository->repository.name);
    json_put_string(w, "tag", pushed_tag(target));
    json_put_string(w, "branch", VIEW("main"));
    json_put_string(w, "commit", VIEW("abc123f"));
    end_event(w);
}

/* CodeDeploy tells of its deployments itself. */
static bool expects_rollouts(const struct doctor_facts *facts, const struct doctor_target *target) {
    const struct what_runs *runs = &target->runs;
    (void)facts;
    return runs->target.kind == TARGET_SERVICE && !runs->err && runs->service.arn.len > 0 &&
           view_equal(runs->service.controller, VIEW("ECS"));
}

static void write_rollout(const struct doctor_facts *facts, const struct doctor_target *target,
                          struct json_writer *w) {
    begin_event(w, VIEW("aws.ecs"), "ECS Deployment State Change", facts->config->own_account,
                facts->config->region, target->runs.service.arn);
    json_put_string(w, "eventType", VIEW("INFO"));
    json_put_string(w, "eventName", VIEW("SERVICE_DEPLOYMENT_COMPLETED"));
    json_put_string(w, "deploymentId", VIEW("ecs-svc/1234567890123456789"));
    json_put_string(w, "updatedAt", VIEW("2026-01-01T00:00:00Z"));
    json_put_string(w, "reason", VIEW("ECS deployment ecs-svc/1234567890123456789 completed."));
    end_event(w);
}

/* /{env}/{project}/{service}/… */
static bool expects_parameters(const struct doctor_facts *facts,
                               const struct doctor_target *target) {
    return facts->config->enable_ssm && target->runs.target.kind == TARGET_SERVICE;
}

static void write_parameter(const struct doctor_facts *facts, const struct doctor_target *target,
                            struct json_writer *w) {
    const struct config *config = facts->config;
    char text[512];
    int len = snprintf(text, sizeof(text), "/" VIEW_FMT "/" VIEW_FMT "/" VIEW_FMT "/some_parameter",
                       VIEW_ARG(config->env), VIEW_ARG(config->project),
                       VIEW_ARG(target->runs.target.name));
    struct view name = {text, len > 0 && (size_t)len < sizeof(text) ? (size_t)len : 0};
    begin_event(w, VIEW("aws.ssm"), "Parameter Store Change", config->own_account, config->region,
                VIEW(""));
    json_put_string(w, "operation", VIEW("Update"));
    json_put_string(w, "name", name);
    json_put_string(w, "type", VIEW("SecureString"));
    end_event(w);
}

/* Without a bucket: the target reads none. */
static struct env_file env_file_of(const struct doctor_facts *facts,
                                   const struct doctor_target *target) {
    for (size_t i = 0; i < facts->config->n_env_files; i++) {
        if (view_equal(facts->config->env_files[i].service, target->runs.target.name)) {
            return facts->config->env_files[i];
        }
    }
    return (struct env_file){0};
}

static bool expects_files(const struct doctor_facts *facts, const struct doctor_target *target) {
    return facts->config->enable_s3 && env_file_of(facts, target).bucket.len > 0;
}

static void write_file(const struct doctor_facts *facts, const struct doctor_target *target,
                       struct json_writer *w) {
    const struct env_file file = env_file_of(facts, target);
    begin_event(w, VIEW("aws.s3"), "Object Created", facts->config->own_account,
                facts->config->region, VIEW(""));
    json_put_string(w, "version", VIEW("0"));
    json_begin_object(w, "bucket");
    json_put_string(w, "name", file.bucket);
    json_end_object(w);
    json_begin_object(w, "object");
    json_put_string(w, "key", file.key);
    json_end_object(w);
    json_put_string(w, "reason", VIEW("PutObject"));
    end_event(w);
}

const struct sample_event doctor_sample_events[] = {
    {.name = "deploys",
     .remedy = "set EnableManualDeploy of the function's stack to true, and look at its DeployRule",
     .is_expected = expects_deploys,
     .write = write_deploy},
    {.name = "service deploys",
     .remedy =
         "nothing, if no workflow sends SERVICE_DEPLOY; else look at ServiceDeployRule of the "
         "function's stack",
     .is_optional = true,
     .is_expected = expects_deploys,
     .write = write_service_deploy},
    {.name = "pushes",
     .remedy = "set EnableEcrMonitoring, EcrAccountId, RepositoryPattern and AutoDeployTags of the "
               "function's stack as the environment has them, and look at its PushRule",
     .is_of_aws = true,
     .is_of_registry = true,
     .is_expected = expects_pushes,
     .write = write_push},
    {.name = "ready images",
     .remedy = "nothing, if no workflow sends Deployment Ready; else look at ImageReadyRule of the "
               "function's stack",
     .is_optional = true,
     .is_expected = expects_pushes,
     .write = write_ready},
    {.name = "rollouts",
     .remedy = "set EcsClusterName and ServicePattern of the function's stack, and look at its "
               "RolloutRule",
     .is_of_aws = true,
     .is_expected = expects_rollouts,
     .write = write_rollout},
    {.name = "parameters",
     .remedy = "set ENABLE_SSM_MONITORING to false, if changes of parameters need not restart "
               "anything; else look at ParameterRule of the function's stack",
     .is_of_aws = true,
     .is_optional = true,
     .is_expected = expects_parameters,
     .write = write_parameter},
    {.name = "environment files",
     .remedy = "set EnvFileBuckets and EnvFileKeys of the function's stack as S3_SERVICE_MAP has "
               "them, and let the buckets send their events to EventBridge",
     .is_of_aws = true,
     .is_expected = expects_files,
     .write = write_file},
    {0},
};
