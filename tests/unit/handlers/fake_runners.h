#ifndef SLIPWAY_TESTS_HANDLERS_FAKE_RUNNERS_H
#define SLIPWAY_TESTS_HANDLERS_FAKE_RUNNERS_H

/*
 * EventBridge's rules and EventBridge Scheduler's schedules in memory, as far as slipway's moves of
 * tasks see them. PutTargets and UpdateSchedule replace the whole document, as AWS does.
 */

#include "tests/unit/handlers/fake_ecs.h"

#define FAKE_CLUSTER FAKE_ARN "cluster/c"
#define FAKE_MAX_RUNNERS 64

struct fake_rule_target {
    const char *bus, *rule;
    struct view id;
    struct view text; /* the whole object */
    bool is_gone;
    bool is_refused; /* PutTargets has it among the FailedEntries */
};

struct fake_schedule {
    const char *group, *name;
    struct view text; /* as GetSchedule answers */
    bool is_gone;
};

struct fake_runners {
    struct arena *arena;
    const char *buses[4];
    size_t n_buses;
    struct fake_rule_target targets[FAKE_MAX_RUNNERS];
    size_t n_targets;
    struct fake_schedule schedules[FAKE_MAX_RUNNERS];
    size_t n_schedules;
    size_t page_size;      /* of every listing; 0: all at once */
    bool has_endless_list; /* of buses: each page has a next one */
    int puts, updates, reads;
    int64_t start_min_ms;     /* an earlier StartDate is refused; 0: none is */
    const char *invalid;      /* why every UpdateSchedule is refused; NULL: none is */
    int refusals;             /* for these two */
    const char *failure_code; /* of what is refused */
};

static inline void fake_runners_init(struct fake_runners *runners, struct arena *arena) {
    *runners = (struct fake_runners){
        .arena = arena, .buses = {"default"}, .n_buses = 1, .failure_code = "InternalException"};
}

/* A target of a rule that runs that task definition on a cluster; more of its members. */
static inline struct fake_rule_target *fake_add_target(struct fake_runners *runners,
                                                       const char *rule, const char *id,
                                                       const char *cluster,
                                                       const char *task_definition) {
    fake_check(runners->n_targets < FAKE_MAX_RUNNERS, "too many targets");
    struct fake_rule_target *target = &runners->targets[runners->n_targets++];
    *target = (struct fake_rule_target){.bus = "default", .rule = rule, .id = view_of(id)};
    target->text = arena_printf(
        runners->arena,
        "{\"Id\":\"%s\", \"Arn\":\"%s\",\"RoleArn\":\"arn:aws:iam::222222222222:role/events\","
        "\"Input\":\"{\\\"at\\\": 1}\",\"EcsParameters\":{\"TaskCount\":2,\"TaskDefinitionArn\":"
        "\"%s\",\"Group\":\"%s\"},\"RetryPolicy\":{\"MaximumRetryAttempts\":3}}",
        id, cluster, task_definition, rule);
    return target;
}

static inline struct fake_schedule *fake_add_schedule(struct fake_runners *runners,
                                                      const char *name, const char *cluster,
                                                      const char *task_definition) {
    fake_check(runners->n_schedules < FAKE_MAX_RUNNERS, "too many schedules");
    struct fake_schedule *schedule = &runners->schedules[runners->n_schedules++];
    *schedule = (struct fake_schedule){.group = "default", .name = name};
    schedule->text = arena_printf(
        runners->arena,
        "{\"Arn\":\"arn:aws:scheduler:us-east-1:222222222222:schedule/default/%s\","
        "\"Description\":\"kept\",\"GroupName\":\"default\",\"Name\":\"%s\","
        "\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"},\"ScheduleExpression\":\"rate(1 hour)\","
        "\"State\":\"ENABLED\",\"Target\":{\"Arn\":\"%s\",\"EcsParameters\":{\"TaskCount\":1,"
        "\"TaskDefinitionArn\":\"%s\"},\"RoleArn\":\"arn:aws:iam::222222222222:role/scheduler\"}}",
        name, name, cluster, task_definition);
    return schedule;
}

/* --- listings --- */

/* {"member":[texts],"NextToken":"…"}, a page of it. */
static inline void fake_respond_page(struct fake_runners *runners, struct http_exchange *exchange,
                                     const char *member, const struct view *texts, size_t n,
                                     size_t from) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 20);
    size_t end =
        runners->page_size > 0 && from + runners->page_size < n ? from + runners->page_size : n;
    buf_appendf(&text, "{\"%s\":[", member);
    for (size_t i = from; i < end; i++) {
        buf_append_str(&text, i > from ? "," : "");
        buf_append(&text, texts[i]);
    }
    buf_append_str(&text, "]");
    if (runners->has_endless_list && strcmp(member, "EventBuses") == 0) {
        end = 0;
        n = 1;
    }
    if (end < n) {
        buf_appendf(&text, ",\"NextToken\":\"%zu\"", end);
    }
    buf_append_str(&text, "}");
    fake_respond(exchange, 200, buf_view(&text));
    runners->reads++;
}

static inline size_t fake_page_start(struct view token) {
    int64_t from = 0;
    return view_to_i64(token, &from) ? (size_t)from : 0;
}

static inline struct view fake_quoted(struct fake_runners *runners, const char *text) {
    return arena_printf(runners->arena, "\"%s\"", text);
}

static inline bool fake_is_of_rule(const struct fake_rule_target *target, struct view bus,
                                   struct view rule) {
    return !target->is_gone && view_equal(view_of(target->bus), bus) &&
           view_equal(view_of(target->rule), rule);
}

static inline void fake_list_rules(struct fake_runners *runners, struct fake_ecs *ecs,
                                   struct json_span request, struct http_exchange *exchange) {
    struct view names[FAKE_MAX_RUNNERS];
    size_t n = 0;
    struct view bus = fake_string(ecs, request, "EventBusName");
    struct view arn = fake_string(ecs, request, "TargetArn");
    for (size_t i = 0; i < runners->n_targets; i++) {
        const struct fake_rule_target *target = &runners->targets[i];
        struct view name = fake_quoted(runners, target->rule);
        bool is_listed = target->is_gone || !view_equal(view_of(target->bus), bus) ||
                         !view_equal(fake_string(ecs, fake_scan(target->text), "Arn"), arn);
        for (size_t j = 0; j < n; j++) {
            is_listed = is_listed || view_equal(names[j], name);
        }
        if (!is_listed) {
            names[n++] = name;
        }
    }
    fake_respond_page(runners, exchange, "RuleNames", names, n,
                      fake_page_start(fake_string(ecs, request, "NextToken")));
}

static inline void fake_list_targets(struct fake_runners *runners, struct fake_ecs *ecs,
                                     struct json_span request, struct http_exchange *exchange) {
    struct view texts[FAKE_MAX_RUNNERS];
    size_t n = 0;
    for (size_t i = 0; i < runners->n_targets; i++) {
        if (fake_is_of_rule(&runners->targets[i], fake_string(ecs, request, "EventBusName"),
                            fake_string(ecs, request, "Rule"))) {
            texts[n++] = runners->targets[i].text;
        }
    }
    fake_respond_page(runners, exchange, "Targets", texts, n,
                      fake_page_start(fake_string(ecs, request, "NextToken")));
}

static inline void fake_list_buses(struct fake_runners *runners, struct fake_ecs *ecs,
                                   struct json_span request, struct http_exchange *exchange) {
    struct view texts[4];
    for (size_t i = 0; i < runners->n_buses; i++) {
        texts[i] = arena_printf(runners->arena, "{\"Name\":\"%s\"}", runners->buses[i]);
    }
    fake_respond_page(runners, exchange, "EventBuses", texts, runners->n_buses,
                      fake_page_start(fake_string(ecs, request, "NextToken")));
}

/* --- writes --- */

static inline void fake_put_targets(struct fake_runners *runners, struct fake_ecs *ecs,
                                    struct json_span request, struct http_exchange *exchange) {
    struct buf failed BUF_AUTO = BUF_INIT(1 << 16);
    struct json_span targets = {0};
    struct json_span given;
    int n_failed = 0;
    size_t n_given = 0;
    fake_check(json_find(request, "Targets", &targets), "Targets");
    for (struct json_iterator it = json_iterate(targets); json_next_element(&it, &given);) {
        struct view id = fake_string(ecs, given, "Id");
        n_given++;
        for (size_t i = 0; i < runners->n_targets; i++) {
            struct fake_rule_target *target = &runners->targets[i];
            if (!fake_is_of_rule(target, fake_string(ecs, request, "EventBusName"),
                                 fake_string(ecs, request, "Rule")) ||
                !view_equal(target->id, id)) {
                continue;
            }
            if (target->is_refused) {
                buf_appendf(&failed,
                            "%s{\"TargetId\":\"" VIEW_FMT
                            "\",\"ErrorCode\":\"%s\",\"ErrorMessage\":\"not now\"}",
                            n_failed++ > 0 ? "," : "", VIEW_ARG(id), runners->failure_code);
            } else {
                target->text = arena_copy(runners->arena, given.text);
            }
        }
    }
    fake_check(n_given > 0 && n_given <= 10, "targets of one PutTargets");
    runners->puts++;
    fake_respond(exchange, 200,
                 arena_printf(runners->arena,
                              "{\"FailedEntryCount\":%d,\"FailedEntries\":[" VIEW_FMT "]}",
                              n_failed, VIEW_ARG(buf_view(&failed))));
}

/* --- schedules --- */

static inline void fake_list_schedules(struct fake_runners *runners, struct fake_ecs *ecs,
                                       struct http_exchange *exchange) {
    struct view texts[FAKE_MAX_RUNNERS];
    size_t n = 0;
    const char *token = strstr(exchange->url, "NextToken=");
    for (size_t i = 0; i < runners->n_schedules; i++) {
        const struct fake_schedule *schedule = &runners->schedules[i];
        struct json_span target = {0};
        fake_check(json_find(fake_scan(schedule->text), "Target", &target), "Target");
        if (!schedule->is_gone) {
            texts[n++] = arena_printf(
                runners->arena,
                "{\"Name\":\"%s\",\"GroupName\":\"%s\",\"Target\":{\"Arn\":\"" VIEW_FMT "\"}}",
                schedule->name, schedule->group, VIEW_ARG(fake_string(ecs, target, "Arn")));
        }
    }
    fake_respond_page(runners, exchange, "Schedules", texts, n,
                      token ? (size_t)strtoul(token + strlen("NextToken="), NULL, 10) : 0);
}

/* /schedules/{name}[?groupName={group}] */
static inline struct fake_schedule *fake_schedule_of(struct fake_runners *runners,
                                                     const struct http_exchange *exchange) {
    const char *name = strstr(exchange->url, "/schedules/") + strlen("/schedules/");
    size_t len = strcspn(name, "?");
    for (size_t i = 0; i < runners->n_schedules; i++) {
        struct fake_schedule *schedule = &runners->schedules[i];
        if (!schedule->is_gone && strlen(schedule->name) == len &&
            strncmp(schedule->name, name, len) == 0) {
            return schedule;
        }
    }
    return NULL;
}

/* Why Scheduler does not take the document; NULL: it does. */
static inline const char *fake_invalid(const struct fake_runners *runners,
                                       const struct http_exchange *exchange) {
    struct json_span start;
    char digits[40] = "";
    if (runners->invalid || !json_find(fake_scan(exchange->body), "StartDate", &start) ||
        start.type != JSON_NUMBER || start.text.len >= sizeof(digits)) {
        return runners->invalid;
    }
    memcpy(digits, start.text.data, start.text.len);
    return strtod(digits, NULL) * 1000.0 < (double)runners->start_min_ms
               ? "The StartDate you specify cannot be earlier than 5 minutes ago."
               : NULL;
}

/* Names are in the path; what is not in the body is reset. */
static inline void fake_update_schedule(struct fake_runners *runners, struct fake_schedule *old,
                                        struct http_exchange *exchange) {
    struct buf text BUF_AUTO = BUF_INIT(1 << 16);
    const char *invalid = fake_invalid(runners, exchange);
    if (invalid) {
        runners->refusals++;
        fake_respond(exchange, 400,
                     arena_printf(runners->arena,
                                  "{\"__type\":\"ValidationException\",\"Message\":\"%s\"}",
                                  invalid));
        return;
    }
    buf_appendf(&text, "{\"Name\":\"%s\",", old->name);
    buf_append(&text, view_slice(exchange->body, 1, exchange->body.len));
    old->text = arena_copy(runners->arena, buf_view(&text));
    runners->updates++;
    fake_respond(exchange, 200, VIEW("{\"ScheduleArn\":\"arn:aws:scheduler:x\"}"));
}

static inline void fake_one_schedule(struct fake_runners *runners, struct view operation,
                                     struct http_exchange *exchange) {
    struct fake_schedule *schedule = fake_schedule_of(runners, exchange);
    if (!schedule) {
        fake_respond(exchange, 404,
                     VIEW("{\"__type\":\"ResourceNotFoundException\",\"Message\":\"gone\"}"));
    } else if (view_equal(operation, VIEW("GetSchedule"))) {
        runners->reads++;
        fake_respond(exchange, 200, schedule->text);
    } else {
        fake_update_schedule(runners, schedule, exchange);
    }
}

/* Answers what is EventBridge's or Scheduler's; false: it is not. `ecs` for its arena. */
static inline bool fake_runners_answer(struct fake_runners *runners, struct fake_ecs *ecs,
                                       struct http_exchange *exchange) {
    struct view operation = fake_any_operation(exchange);
    struct view body = exchange->body.len > 0 ? exchange->body : VIEW("{}");
    struct json_span request = fake_scan(arena_copy(ecs->arena, body));
    if (view_equal(operation, VIEW("ListEventBuses"))) {
        fake_list_buses(runners, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("ListRuleNamesByTarget"))) {
        fake_list_rules(runners, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("ListTargetsByRule"))) {
        fake_list_targets(runners, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("PutTargets"))) {
        fake_put_targets(runners, ecs, request, exchange);
    } else if (view_equal(operation, VIEW("ListSchedules"))) {
        fake_list_schedules(runners, ecs, exchange);
    } else if (view_equal(operation, VIEW("GetSchedule")) ||
               view_equal(operation, VIEW("UpdateSchedule"))) {
        fake_one_schedule(runners, operation, exchange);
    } else {
        return false;
    }
    return true;
}

#endif
