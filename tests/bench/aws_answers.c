#include "aws_answers.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 256
#define SERVICES_MAX 256
#define TEXT_BYTES (64 * 1024)

#define ACCOUNT "222222222222"
#define ECS_ARN "arn:aws:ecs:us-east-1:" ACCOUNT ":"
#define OLD_DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define NEW_DIGEST "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define OLD_REVISION 41

/* A family and the service of the same name. */
struct deployment {
    char name[NAME_BYTES];
    int newest;  /* revision of the family */
    int running; /* revision of the service */
    char containers[TEXT_BYTES];
    char tags[TEXT_BYTES];
};

static struct deployment deployments[SERVICES_MAX];
static size_t n_deployments;

struct out {
    char *bytes;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct out *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(out->bytes + out->len, ANSWER_BYTES - out->len, format, arguments);
    va_end(arguments);
    if (n > 0 && out->len + (size_t)n < ANSWER_BYTES)
        out->len += (size_t)n;
}

/* The end of the JSON value that begins at `at`. */
static const char *value_end(const char *at) {
    int depth = 0;
    bool in_string = false;
    for (; *at != '\0'; at++) {
        if (in_string) {
            if (*at == '\\' && at[1] != '\0')
                at++;
            else if (*at == '"')
                in_string = false;
        } else if (*at == '"') {
            in_string = true;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (depth == 0 && (*at == ',' || *at == '}' || *at == ']')) {
            break;
        } else if (*at == '}' || *at == ']') {
            if (--depth == 0)
                return at + 1;
        }
    }
    return at;
}

/* The value of the document's own member of that name, or NULL. */
static const char *member(const char *body, const char *name) {
    const char *at = strchr(body, '{');
    size_t len = strlen(name);
    while (at != NULL && *at != '\0') {
        at++;
        at += strspn(at, " \t\r\n,");
        if (*at != '"')
            return NULL;
        const char *value = strchr(at + 1, '"');
        value = value != NULL ? strchr(value, ':') : NULL;
        if (value == NULL)
            return NULL;
        value += 1 + strspn(value + 1, " \t\r\n");
        if (strncmp(at + 1, name, len) == 0 && at[1 + len] == '"')
            return value;
        at = value_end(value);
    }
    return NULL;
}

/* A string's text, without the path and the revision of an ARN. */
static void name_of(const char *value, char *ret_name) {
    const char *end = value != NULL ? strchr(value + 1, '"') : NULL;
    ret_name[0] = '\0';
    if (end == NULL)
        return;
    const char *from = value + 1;
    for (const char *at = from; at < end; at++) {
        if (*at == '/')
            from = at + 1;
    }
    const char *colon = memchr(from, ':', (size_t)(end - from));
    if (colon != NULL)
        end = colon;
    snprintf(ret_name, NAME_BYTES, "%.*s", (int)(end - from), from);
}

static int revision_of(const char *value, int otherwise) {
    const char *end = value != NULL ? strchr(value + 1, '"') : NULL;
    const char *digits = end;
    while (digits != NULL && digits > value && digits[-1] >= '0' && digits[-1] <= '9')
        digits--;
    return digits != NULL && digits > value && digits < end && digits[-1] == ':' ? atoi(digits)
                                                                                 : otherwise;
}

static void copy_value(const char *value, char *ret_text) {
    ret_text[0] = '\0';
    if (value != NULL)
        snprintf(ret_text, TEXT_BYTES, "%.*s", (int)(value_end(value) - value), value);
}

/* Three containers, as services have them: a proxy first, the program, and a log router. */
static void old_containers(struct deployment *d) {
    char repository[NAME_BYTES];
    snprintf(repository, sizeof(repository), "%.255s", d->name);
    char *suffix = strstr(repository, "_prod");
    if (suffix != NULL)
        *suffix = '\0';
    bool is_backend = strcmp(repository, "myproject_service") == 0;
    snprintf(
        d->containers, sizeof(d->containers),
        "[{\"name\":\"proxy\",\"image\":\"public.ecr.aws/proxy/proxy:v1.29\",\"cpu\":128,"
        "\"memory\":256,\"essential\":true,\"environment\":[],\"mountPoints\":[],"
        "\"volumesFrom\":[],\"portMappings\":[{\"containerPort\":443,\"hostPort\":443,"
        "\"protocol\":\"tcp\"}]},{\"name\":\"%.255s\",\"image\":\"111111111111.dkr.ecr.us-east-1."
        "amazonaws.com/%.255s@" OLD_DIGEST "\",\"cpu\":256,\"memory\":1024,\"essential\":true,"
        "\"environment\":[{\"name\":\"PORT\",\"value\":\"8080\"},{\"name\":\"MODE\","
        "\"value\":\"production\"}],\"secrets\":[{\"name\":\"DATABASE_URL\",\"valueFrom\":"
        "\"arn:aws:ssm:us-east-1:" ACCOUNT ":parameter/prod/myproject/backend/db\"}],"
        "\"mountPoints\":[],\"volumesFrom\":[],\"logConfiguration\":{\"logDriver\":"
        "\"awsfirelens\",\"options\":{\"Name\":\"cloudwatch\"}}},{\"name\":\"log_router\","
        "\"image\":\"public.ecr.aws/aws-observability/aws-for-fluent-bit:stable\",\"cpu\":64,"
        "\"memory\":128,\"essential\":true,\"firelensConfiguration\":{\"type\":\"fluentbit\"},"
        "\"environment\":[],\"mountPoints\":[],\"volumesFrom\":[],\"user\":\"0\"}]",
        d->name, is_backend ? "myproject_backend" : repository);
}

static struct deployment *deployment(const char *name) {
    for (size_t i = 0; i < n_deployments; i++) {
        if (strcmp(deployments[i].name, name) == 0)
            return &deployments[i];
    }
    if (n_deployments == SERVICES_MAX) {
        fputs("aws_front: too many services\n", stderr);
        exit(1);
    }
    struct deployment *d = &deployments[n_deployments++];
    snprintf(d->name, sizeof(d->name), "%s", name);
    d->newest = d->running = OLD_REVISION;
    old_containers(d);
    snprintf(d->tags, sizeof(d->tags), "[{\"key\":\"Project\",\"value\":\"myproject\"}]");
    return d;
}

static void put_task_definition(struct out *out, const struct deployment *d, int revision) {
    put(out,
        "{\"taskDefinition\":{\"taskDefinitionArn\":\"" ECS_ARN "task-definition/%s:%d\","
        "\"containerDefinitions\":%s,\"family\":\"%s\",\"taskRoleArn\":\"arn:aws:iam::" ACCOUNT
        ":role/task\",\"executionRoleArn\":\"arn:aws:iam::" ACCOUNT ":role/execution\","
        "\"networkMode\":\"awsvpc\",\"revision\":%d,\"volumes\":[],\"status\":\"ACTIVE\","
        "\"requiresAttributes\":[{\"name\":\"ecs.capability.task-eni\"}],"
        "\"placementConstraints\":[],\"compatibilities\":[\"EC2\",\"FARGATE\"],"
        "\"runtimePlatform\":{\"cpuArchitecture\":\"X86_64\",\"operatingSystemFamily\":\"LINUX\"},"
        "\"requiresCompatibilities\":[\"FARGATE\"],\"cpu\":\"512\",\"memory\":\"2048\","
        "\"registeredAt\":1759312000.123,\"registeredBy\":\"arn:aws:sts::" ACCOUNT
        ":assumed-role/terraform/ci\"},\"tags\":%s}",
        d->name, revision, d->containers, d->name, revision, d->tags);
}

static void put_service(struct out *out, const struct deployment *d) {
    put(out,
        "{\"serviceArn\":\"" ECS_ARN "service/myproject_cluster_prod/%s\",\"serviceName\":\"%s\","
        "\"clusterArn\":\"" ECS_ARN "cluster/myproject_cluster_prod\",\"loadBalancers\":[],"
        "\"serviceRegistries\":[],\"status\":\"ACTIVE\",\"desiredCount\":2,\"runningCount\":2,"
        "\"pendingCount\":0,\"launchType\":\"FARGATE\",\"platformVersion\":\"LATEST\","
        "\"taskDefinition\":\"" ECS_ARN "task-definition/%s:%d\",\"deploymentConfiguration\":"
        "{\"maximumPercent\":200,\"minimumHealthyPercent\":100},\"deployments\":[{\"id\":"
        "\"ecs-svc/%019d\",\"status\":\"PRIMARY\",\"taskDefinition\":\"" ECS_ARN
        "task-definition/%s:%d\",\"desiredCount\":2,\"pendingCount\":0,\"runningCount\":2,"
        "\"failedTasks\":0,\"createdAt\":1759312345.678,\"updatedAt\":1759312645.678,"
        "\"launchType\":\"FARGATE\",\"rolloutState\":\"COMPLETED\"}],\"events\":[],"
        "\"createdAt\":1700000000.1,\"placementConstraints\":[],\"placementStrategy\":[],"
        "\"schedulingStrategy\":\"REPLICA\",\"deploymentController\":{\"type\":\"ECS\"},"
        "\"enableECSManagedTags\":true,\"propagateTags\":\"SERVICE\"}",
        d->name, d->name, d->name, d->running, d->running, d->name, d->running);
}

static void describe_services(struct out *out, const char *body) {
    const char *at = member(body, "services");
    const char *end = at != NULL ? value_end(at) : NULL;
    char name[NAME_BYTES];
    const char *separator = "";
    put(out, "{\"failures\":[],\"services\":[");
    while (at != NULL && (at = strchr(at, '"')) != NULL && at < end) {
        name_of(at, name);
        put(out, "%s", separator);
        put_service(out, deployment(name));
        separator = ",";
        at = strchr(at + 1, '"') + 1;
    }
    put(out, "]}");
}

static void describe_task_definition(struct out *out, const char *body) {
    char name[NAME_BYTES];
    const char *asked = member(body, "taskDefinition");
    name_of(asked, name);
    struct deployment *d = deployment(name);
    put_task_definition(out, d, revision_of(asked, d->newest));
}

static void register_task_definition(struct out *out, const char *body) {
    char name[NAME_BYTES];
    name_of(member(body, "family"), name);
    struct deployment *d = deployment(name);
    copy_value(member(body, "containerDefinitions"), d->containers);
    copy_value(member(body, "tags"), d->tags);
    put_task_definition(out, d, ++d->newest);
}

static void update_service(struct out *out, const char *body) {
    char name[NAME_BYTES];
    name_of(member(body, "service"), name);
    struct deployment *d = deployment(name);
    d->running = revision_of(member(body, "taskDefinition"), d->newest);
    put(out, "{\"service\":");
    put_service(out, d);
    put(out, "}");
}

static void describe_images(struct out *out, const char *body) {
    char name[NAME_BYTES];
    name_of(member(body, "repositoryName"), name);
    put(out,
        "{\"imageDetails\":[{\"registryId\":\"111111111111\",\"repositoryName\":\"%s\","
        "\"imageDigest\":\"" NEW_DIGEST "\",\"imageTags\":[\"git-abc123f\"],"
        "\"imageSizeInBytes\":61938124,\"imagePushedAt\":1759310000.0,\"imageManifestMediaType\":"
        "\"application/vnd.oci.image.index.v1+json\",\"imageStatus\":\"ACTIVE\"}]}",
        name);
}

static void batch_get_image(struct out *out, const char *body) {
    char name[NAME_BYTES];
    name_of(member(body, "repositoryName"), name);
    put(out,
        "{\"images\":[{\"registryId\":\"111111111111\",\"repositoryName\":\"%s\",\"imageId\":"
        "{\"imageDigest\":\"" NEW_DIGEST "\",\"imageTag\":\"git-abc123f\"},\"imageManifest\":"
        "\"{\\\"schemaVersion\\\":2,\\\"mediaType\\\":\\\"application/vnd.oci.image.index.v1+json"
        "\\\",\\\"manifests\\\":[{\\\"mediaType\\\":\\\"application/vnd.oci.image.manifest.v1+json"
        "\\\",\\\"digest\\\":\\\"" OLD_DIGEST "\\\",\\\"size\\\":1234,\\\"platform\\\":{"
        "\\\"architecture\\\":\\\"amd64\\\",\\\"os\\\":\\\"linux\\\"}}]}\","
        "\"imageManifestMediaType\":\"application/vnd.oci.image.index.v1+json\"}],"
        "\"failures\":[]}",
        name);
}

size_t aws_answer(const char *operation, const char *body, char *ret_answer) {
    static const struct {
        const char *operation;
        void (*answer)(struct out *out, const char *body);
    } operations[] = {
        {"BatchGetImage", batch_get_image},
        {"DescribeImages", describe_images},
        {"DescribeServices", describe_services},
        {"DescribeTaskDefinition", describe_task_definition},
        {"RegisterTaskDefinition", register_task_definition},
        {"UpdateService", update_service},
    };
    struct out out = {.bytes = ret_answer};
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(operations[i].operation, operation) == 0)
            operations[i].answer(&out, body);
    }
    return out.len;
}
