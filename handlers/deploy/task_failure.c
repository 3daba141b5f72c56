#include "handlers/deploy/task_failure.h"

#include "runtime/base/buf.h"

/* Of an id: a task's has 32 digits, a request's 36. A digest is longer, and tells images apart. */
#define ID_BYTES_MIN 32
#define ID_BYTES_MAX 36

/* --- what is to be done --- */

#define LET_IT_PULL                                                                                \
    "allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository in the policy of "   \
    "the task's execution role, and for a registry of another account in the repository's policy " \
    "too"
#define LET_IT_REACH_THE_REGISTRY                                                                  \
    "give the task's subnets a way to the registry: a NAT gateway, or VPC endpoints of ECR and S3"
#define LET_IT_REACH_AWS                                                                           \
    "give the task's subnets a way to the services that it needs at its start: a NAT gateway, or " \
    "VPC endpoints"
#define LET_IT_DECRYPT                                                                             \
    "allow kms:Decrypt on the key in the policy of the task's execution role and in the key's "    \
    "policy"
#define BUILD_FOR_ITS_PLATFORM                                                                     \
    "build the image for the task definition's architecture too, or change runtimePlatform"
#define CORRECT_THE_COMMAND "correct the image's entry point or the container's command"
#define LET_IT_ANSWER                                                                              \
    "look at why the application does not answer the load balancer's health check, and at "        \
    "healthCheckGracePeriodSeconds for a slow start"
#define READ_ITS_LOGS "read the container's logs: it ends by itself right after its start"

/* The first row that matches counts: what says more comes first. `also` may be NULL. */
static const struct {
    const char *part, *also;
    const char *remedy;
} remedies[] = {
    {"ecr:GetAuthorizationToken", NULL,
     "allow ecr:GetAuthorizationToken on '*' in the policy of the task's execution role"},
    {"ecr:", "resource-based policy",
     "admit the task's execution role (its account) to the repository's policy, with "
     "ecr:BatchGetImage and ecr:GetDownloadUrlForLayer"},
    {"CannotPullContainer", "not authorized", LET_IT_PULL},
    {"CannotPullContainer", "403 Forbidden", LET_IT_PULL},
    {"CannotPullContainer", "AccessDenied", LET_IT_PULL},
    {"CannotPullContainer", "pull access denied", LET_IT_PULL},
    {"CannotPullContainer", "has the permissions to pull", LET_IT_PULL},
    {"CannotPullContainer", "not found",
     "push the image to the repository that the task definition names, and keep its lifecycle "
     "policy from expiring images in use"},
    {"CannotPullContainer", "no matching manifest", BUILD_FOR_ITS_PLATFORM},
    {"CannotPullContainer", "descriptor matching platform", BUILD_FOR_ITS_PLATFORM},
    {"CannotPullContainer", "pull rate limit",
     "take the image from ECR, through a pull-through cache, or give the container "
     "repositoryCredentials"},
    {"CannotPullContainer", "timeout", LET_IT_REACH_THE_REGISTRY},
    {"CannotPullContainer", "context canceled", LET_IT_REACH_THE_REGISTRY},
    {"CannotPullContainer", "deadline exceeded", LET_IT_REACH_THE_REGISTRY},
    {"CannotPullContainer", "request canceled", LET_IT_REACH_THE_REGISTRY},
    {"CannotPullContainer", "connection issue", LET_IT_REACH_THE_REGISTRY},
    {"CannotPullContainer", "no such host", LET_IT_REACH_THE_REGISTRY},
    {"CannotPullContainer", "no space left", "give the task more ephemeral storage"},
    {"CannotPullContainer", NULL,
     "check that the task's subnets reach the registry, and that its execution role may pull"},
    {"ResourceInitializationError", "i/o timeout", LET_IT_REACH_AWS},
    {"ResourceInitializationError", "deadline exceeded", LET_IT_REACH_AWS},
    {"ResourceInitializationError", "connection issue", LET_IT_REACH_AWS},
    {"ResourceInitializationError", "no such host", LET_IT_REACH_AWS},
    {"secretsmanager:GetSecretValue", NULL,
     "allow secretsmanager:GetSecretValue on the secret in the policy of the task's execution "
     "role"},
    {"ssm:GetParameters", NULL,
     "allow ssm:GetParameters on the parameters in the policy of the task's execution role"},
    {"kms:Decrypt", NULL, LET_IT_DECRYPT},
    {"Access to KMS is not allowed", NULL, LET_IT_DECRYPT},
    {"logs:CreateLogGroup", NULL,
     "create the log group, or allow logs:CreateLogGroup in the policy of the task's execution "
     "role"},
    {"logs:", "not authorized",
     "allow logs:CreateLogStream and logs:PutLogEvents on the log group in the policy of the "
     "task's execution role"},
    {"log group does not exist", NULL,
     "create the log group, or set awslogs-create-group and allow logs:CreateLogGroup to the "
     "task's execution role"},
    {"invalid ssm parameters", NULL,
     "create the parameters that the task definition's secrets name"},
    {"can't find the specified secret", NULL,
     "create the secret that the task definition's secrets name, or correct its ARN there"},
    {"did not contain json key", NULL,
     "put the key into the secret's JSON, or correct it in the task definition's secrets"},
    {"ResourceInitializationError", NULL,
     "correct what the task needs at its start: its secrets, log group, file systems and the way "
     "to them"},
    {"OutOfMemory", NULL, "give the container more memory, or make it use less"},
    {"exec format error", NULL,
     "build the image for the task definition's architecture, or change runtimePlatform"},
    {"executable file not found", NULL, CORRECT_THE_COMMAND},
    {"CannotStartContainer", "no such file or directory", CORRECT_THE_COMMAND},
    {"failed container health checks", NULL,
     "correct the container's healthCheck or what it asks; startPeriod gives a slow start time"},
    {"health checks failed", NULL, LET_IT_ANSWER},
    {"ELB health checks", NULL, LET_IT_ANSWER},
    {"RESOURCE:", NULL, "add capacity to the cluster, or let the task ask for less"},
    {"unable to place a task", NULL,
     "add capacity to the cluster, or relax the placement constraints"},
    {"Capacity is unavailable", NULL,
     "try again, in more subnets or with another capacity provider"},
    {"exited with 137", NULL,
     "give the container more memory, or find out what killed it: it did not end by itself"},
    {"exited with 139", NULL,
     "look for the crash in the container's logs, and at whether the image is for this "
     "architecture"},
    {"exited with 143", NULL,
     "find out what told the container to end: a health check, a command in it, or a host that "
     "went away"},
    {"Spot Task was interrupted", NULL,
     "let ECS start it again, and keep a base of the service on capacity that is not Spot"},
    {"Host EC2", NULL, "look at why the container instance went away: ECS starts the task anew"},
    {"Essential container in task exited", NULL, READ_ITS_LOGS},
    {"exited with", NULL, READ_ITS_LOGS},
};

static bool has_part(struct view text, const char *part) {
    struct view p = view_of(part);
    for (size_t i = 0; i + p.len <= text.len; i++) {
        if (view_equal_nocase(view_slice(text, i, p.len), p)) {
            return true;
        }
    }
    return false;
}

static size_t remedy_of(struct view text) {
    const size_t n = sizeof(remedies) / sizeof(remedies[0]);
    for (size_t i = 0; i < n; i++) {
        if (has_part(text, remedies[i].part) &&
            (!remedies[i].also || has_part(text, remedies[i].also))) {
            return i;
        }
    }
    return n;
}

static struct view remedy_at(size_t rank) {
    return rank < sizeof(remedies) / sizeof(remedies[0]) ? view_of(remedies[rank].remedy)
                                                         : (struct view){0};
}

struct view task_failure_remedy(struct view reason) {
    return remedy_at(remedy_of(reason));
}

/* --- one task --- */

/* What ECS does in its own course is no failure. */
static bool is_in_course(const struct ecs_task *task) {
    return has_part(task->stopped_reason, "Scaling activity initiated by (deployment") ||
           has_part(task->stopped_reason, "Scaling activity initiated by deployment") ||
           view_equal(task->stop_code, VIEW("UserInitiated"));
}

/* 128 and the number of the signal that ended it. */
static const char *meaning_of(int64_t exit_code) {
    switch (exit_code) {
    case 126:
        return " (the command cannot be run)";
    case 127:
        return " (the command was not found)";
    case 134:
        return " (aborted)";
    case 137:
        return " (killed, mostly for want of memory)";
    case 139:
        return " (segmentation fault)";
    case 143:
        return " (told to end by SIGTERM)";
    default:
        return "";
    }
}

static void append_clean(struct buf *line, struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if ((unsigned char)c < ' ' || c == 127) {
            c = ' ';
        }
        buf_append_char(line, c);
    }
}

static void append_container(struct buf *line, const struct ecs_task_container *container) {
    bool is_bad =
        container->reason.len > 0 || (container->has_exit_code && container->exit_code != 0);
    if (!is_bad) {
        return;
    }
    buf_append_str(line, line->len > 0 ? "; container '" : "container '");
    append_clean(line, container->name);
    buf_append_char(line, '\'');
    if (container->has_exit_code) {
        buf_appendf(line, " exited with %lld%s", (long long)container->exit_code,
                    meaning_of(container->exit_code));
    }
    if (container->reason.len > 0) {
        buf_append_str(line, ": ");
        append_clean(line, container->reason);
    }
}

/* Not in the middle of a character. */
static struct view cut(struct view text) {
    size_t len = text.len < TASK_FAILURE_LINE_BYTES ? text.len : TASK_FAILURE_LINE_BYTES;
    while (len > 0 && len < text.len && ((unsigned char)text.data[len] & 0xC0) == 0x80) {
        len--;
    }
    return view_slice(text, 0, len);
}

struct counted {
    struct view text;
    size_t n, rank; /* of its remedy: the lower, the more it tells */
};

/* The remedy follows from all of the text: the permission that is missing stands far behind. */
static struct counted line_of(const struct ecs_task *task, struct arena *arena) {
    struct buf line BUF_AUTO = BUF_INIT((size_t)64 * 1024);
    append_clean(&line, task->stopped_reason);
    for (size_t i = 0; i < task->n_containers; i++) {
        append_container(&line, &task->containers[i]);
    }
    return (struct counted){.text = arena_copy(arena, cut(buf_view(&line))),
                            .n = 1,
                            .rank = remedy_of(buf_view(&line))};
}

/* --- all tasks --- */

static bool is_of_id(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
}

/* Bytes of the id that begins there: a task's or a request's, or what the cut has left of one; 0:
 * none does. */
static size_t id_at(struct view text, size_t at) {
    size_t len = 0;
    if (at > 0 && is_of_id(text.data[at - 1])) {
        return 0;
    }
    while (at + len < text.len && is_of_id(text.data[at + len])) {
        len++;
    }
    bool is_cut = at + len == TASK_FAILURE_LINE_BYTES && len < ID_BYTES_MIN;
    return is_cut || (len >= ID_BYTES_MIN && len <= ID_BYTES_MAX) ? len : 0;
}

/* But for ids, which differ from task to task: a role's session has that of its task. */
static bool says_the_same(struct view a, struct view b) {
    size_t i = 0;
    size_t j = 0;
    while (i < a.len && j < b.len) {
        size_t skipped = id_at(a, i);
        if (skipped > 0 && skipped == id_at(b, j)) {
            i += skipped;
            j += skipped;
        } else if (a.data[i++] != b.data[j++]) {
            return false;
        }
    }
    return i == a.len && j == b.len;
}

static void count_line(struct counted *lines, size_t *n, struct counted line) {
    for (size_t i = 0; i < *n; i++) {
        if (lines[i].rank == line.rank && says_the_same(lines[i].text, line.text)) {
            lines[i].n++;
            return;
        }
    }
    lines[(*n)++] = line;
}

/* The most telling first, of equal ones the more frequent. */
static void sort_lines(struct counted *lines, size_t n) {
    for (size_t i = 1; i < n; i++) {
        struct counted line = lines[i];
        size_t j = i;
        while (j > 0 && (line.rank < lines[j - 1].rank ||
                         (line.rank == lines[j - 1].rank && line.n > lines[j - 1].n))) {
            lines[j] = lines[j - 1];
            j--;
        }
        lines[j] = line;
    }
}

static struct view text_of(const struct counted *lines, size_t n, struct arena *arena) {
    struct buf text BUF_AUTO =
        BUF_INIT((size_t)TASK_FAILURE_LINES * (TASK_FAILURE_LINE_BYTES + 64));
    for (size_t i = 0; i < n && i < TASK_FAILURE_LINES; i++) {
        buf_appendf(&text, "%s%zu %s: ", i > 0 ? "\n" : "", lines[i].n,
                    lines[i].n == 1 ? "task" : "tasks");
        buf_append(&text, lines[i].text);
    }
    if (n > TASK_FAILURE_LINES) {
        buf_appendf(&text, "\nand %zu other reasons", n - TASK_FAILURE_LINES);
    }
    return arena_copy(arena, buf_view(&text));
}

int task_failure_explain(const struct ecs_task *tasks, size_t n, struct view deployment_id,
                         struct arena *arena, struct task_failure *ret_failure, struct err *err) {
    struct counted *lines = ARENA_ARRAY(arena, n, struct counted);
    size_t n_lines = 0;
    if (!lines) {
        return err_out_of_memory(err, "why tasks stopped");
    }
    for (size_t i = 0; i < n; i++) {
        bool is_its_own = deployment_id.len == 0 || view_equal(tasks[i].started_by, deployment_id);
        if (!is_its_own || is_in_course(&tasks[i])) {
            continue;
        }
        struct counted line = line_of(&tasks[i], arena);
        if (!line.text.data) {
            return err_out_of_memory(err, "why tasks stopped");
        }
        if (line.text.len > 0) {
            count_line(lines, &n_lines, line);
        }
    }
    sort_lines(lines, n_lines);
    struct task_failure failure = {.why = text_of(lines, n_lines, arena)};
    if (!failure.why.data) {
        return err_out_of_memory(err, "why tasks stopped");
    }
    if (n_lines > 0) {
        failure.remedy = remedy_at(lines[0].rank);
    }
    *ret_failure = failure;
    return 0;
}
