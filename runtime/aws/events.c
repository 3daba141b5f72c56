#include "runtime/aws/events.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/arn.h"
#include "runtime/aws/denial.h"
#include "runtime/base/json_write.h"

const struct aws_service events_service = {
    .name = "events",
    .endpoint_prefix = "events",
    .signing_name = "events",
    .env_name = "EVENTBRIDGE",
    .protocol = AWS_JSON_1_1,
    .target_prefix = "AWSEvents",
    .limit_is_quota = true,
    .gov_is_fips = true,
    .gov_dualstack_is_fips = true,
};

/* PutEvents takes a megabyte; slipway's own entries are a few kilobytes. */
#define PUT_BYTES ((size_t)512 * 1024)

/* --- requests --- */

int events_list_event_buses_call(struct view next, struct arena *arena, struct aws_call *ret_call,
                                 struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_optional(&w, "NextToken", next);
    return answer_finish_call(&w, &events_service, "ListEventBuses", arena, ret_call, err);
}

int events_list_rule_names_by_target_call(struct view target_arn, struct view bus, struct view next,
                                          struct arena *arena, struct aws_call *ret_call,
                                          struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "TargetArn", target_arn);
    json_put_optional(&w, "EventBusName", bus);
    json_put_optional(&w, "NextToken", next);
    return answer_finish_call(&w, &events_service, "ListRuleNamesByTarget", arena, ret_call, err);
}

int events_list_targets_by_rule_call(struct view rule, struct view bus, struct view next,
                                     struct arena *arena, struct aws_call *ret_call,
                                     struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "Rule", rule);
    json_put_optional(&w, "EventBusName", bus);
    json_put_optional(&w, "NextToken", next);
    return answer_finish_call(&w, &events_service, "ListTargetsByRule", arena, ret_call, err);
}

int events_put_targets_call(struct view rule, struct view bus, const struct view *targets, size_t n,
                            struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(PUT_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "Rule", rule);
    json_put_optional(&w, "EventBusName", bus);
    json_begin_array(&w, "Targets");
    for (size_t i = 0; i < n; i++) {
        json_put_raw(&w, NULL, targets[i]);
    }
    json_end_array(&w);
    return answer_finish_call(&w, &events_service, "PutTargets", arena, ret_call, err);
}

static void put_entry(struct json_writer *w, const struct events_entry *entry, struct view bus) {
    json_begin_object(w, NULL);
    json_put_string(w, "Source", entry->source);
    json_put_string(w, "DetailType", entry->detail_type);
    json_put_string(w, "Detail", entry->detail);
    if (entry->n_resources > 0) {
        json_begin_array(w, "Resources");
        for (size_t i = 0; i < entry->n_resources; i++) {
            json_put_string(w, NULL, entry->resources[i]);
        }
        json_end_array(w);
    }
    json_put_optional(w, "EventBusName", bus);
    json_end_object(w);
}

struct view events_bus_region(struct view bus) {
    struct arn arn;
    return arn_parse(bus, &arn) ? arn.region : (struct view){0};
}

int events_put_events_call(const struct events_entry *entries, size_t n, struct view bus,
                           struct view region, struct arena *arena, struct aws_call *ret_call,
                           struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(PUT_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_begin_array(&w, "Entries");
    for (size_t i = 0; i < n; i++) {
        put_entry(&w, &entries[i], bus);
    }
    json_end_array(&w);
    if (answer_finish_call(&w, &events_service, "PutEvents", arena, ret_call, err) < 0) {
        return -1;
    }
    ret_call->region = region;
    ret_call->once = true;
    return 0;
}

/* --- listings --- */

/* Every failure of a read but a denial is as the call found it. */
static int read_object(const struct aws_call *call, struct json_span *ret_root, struct err *err) {
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    return answer_object(call, ret_root, err);
}

static int page_of(const struct aws_call *call, const char *member, struct json_span *ret_root,
                   struct json_span *ret_array, struct err *err) {
    struct json_span root = {0};
    if (read_object(call, &root, err) < 0) {
        return -1;
    }
    *ret_root = root;
    return answer_array(root, member, ret_array) ? 0 : answer_lacks(call, member, err);
}

int events_list_event_buses_result(const struct aws_call *call, struct arena *arena,
                                   struct events_names *ret_names, struct err *err) {
    struct json_span root;
    struct json_span buses;
    struct json_span bus;
    struct events_names names = {0};
    if (page_of(call, "EventBuses", &root, &buses, err) < 0 ||
        json_find_string(root, "NextToken", arena, &names.next, err) < 0) {
        return -1;
    }
    names.names = ARENA_ARRAY(arena, answer_count(buses), struct view);
    if (!names.names) {
        return err_out_of_memory(err, "event buses");
    }
    struct json_iterator iterator = json_iterate(buses);
    while (json_next_element(&iterator, &bus)) {
        if (answer_string(call, bus, "Name", arena, &names.names[names.n++], err) < 0) {
            return -1;
        }
    }
    *ret_names = names;
    return 0;
}

int events_list_rule_names_by_target_result(const struct aws_call *call, struct arena *arena,
                                            struct events_names *ret_names, struct err *err) {
    struct json_span root;
    struct json_span rules;
    struct json_span rule;
    struct events_names names = {0};
    if (page_of(call, "RuleNames", &root, &rules, err) < 0 ||
        json_find_string(root, "NextToken", arena, &names.next, err) < 0) {
        return -1;
    }
    names.names = ARENA_ARRAY(arena, answer_count(rules), struct view);
    if (!names.names) {
        return err_out_of_memory(err, "rules");
    }
    struct json_iterator iterator = json_iterate(rules);
    while (json_next_element(&iterator, &rule)) {
        if (rule.type != JSON_STRING) {
            return answer_lacks(call, "the names of rules", err);
        }
        if (json_span_string(rule, arena, &names.names[names.n++], err) < 0) {
            return -1;
        }
    }
    *ret_names = names;
    return 0;
}

static int decode_target(const struct aws_call *call, struct json_span object, struct arena *arena,
                         struct events_target *target, struct err *err) {
    struct json_span parameters;
    struct json_span definition;
    target->text = object.text;
    if (answer_string(call, object, "Id", arena, &target->id, err) < 0 ||
        answer_string(call, object, "Arn", arena, &target->arn, err) < 0) {
        return -1;
    }
    if (!json_find(object, "EcsParameters", &parameters) ||
        !json_find(parameters, "TaskDefinitionArn", &definition) ||
        definition.type != JSON_STRING) {
        return 0;
    }
    target->task_definition_text = definition.text;
    return json_span_string(definition, arena, &target->task_definition, err);
}

int events_list_targets_by_rule_result(const struct aws_call *call, struct arena *arena,
                                       struct events_targets *ret_targets, struct err *err) {
    struct json_span root;
    struct json_span array;
    struct json_span object;
    struct events_targets targets = {0};
    if (page_of(call, "Targets", &root, &array, err) < 0 ||
        json_find_string(root, "NextToken", arena, &targets.next, err) < 0) {
        return -1;
    }
    targets.targets = ARENA_ARRAY(arena, answer_count(array), struct events_target);
    if (!targets.targets) {
        return err_out_of_memory(err, "targets");
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &object)) {
        if (decode_target(call, object, arena, &targets.targets[targets.n++], err) < 0) {
            return -1;
        }
    }
    *ret_targets = targets;
    return 0;
}

/* --- PutTargets --- */

struct view events_retarget(const struct events_target *target, struct view task_definition,
                            struct arena *arena) {
    struct buf text BUF_AUTO = BUF_INIT(PUT_BYTES);
    if (target->task_definition_text.len == 0) {
        return arena_copy(arena, target->text);
    }
    size_t at = (size_t)(target->task_definition_text.data - target->text.data);
    buf_append(&text, view_slice(target->text, 0, at));
    json_append_string(&text, task_definition);
    buf_append(&text,
               view_slice(target->text, at + target->task_definition_text.len, target->text.len));
    return text.failed ? (struct view){0} : arena_copy(arena, buf_view(&text));
}

static int refuse_pass_role(const struct aws_call *call, struct err *err) {
    err_set(err, ERR_PASS_ROLE_DENIED, "the role of a target may not be passed: " VIEW_FMT "%s",
            VIEW_ARG(answer_message(call)), answer_note(call).text);
    err_remedy(err, "add the target's role to the function's iam:PassRole statement for "
                    "events.amazonaws.com");
    return -1;
}

/* The first of FailedEntries. */
static int failed_entry(const struct aws_call *call, struct json_span root, const char *member,
                        const char *what, struct err *err) {
    struct json_span entries;
    struct json_span entry = {0};
    struct json_span code = {.type = JSON_NULL};
    struct json_span message = {0};
    if (answer_array(root, member, &entries)) {
        struct json_iterator iterator = json_iterate(entries);
        while (json_next_element(&iterator, &entry)) {
            if (json_find(entry, "ErrorCode", &code) && code.type == JSON_STRING) {
                break;
            }
        }
        (void)json_find(entry, "ErrorMessage", &message);
    }
    if (code.type != JSON_STRING) {
        return err_set(err, ERR_BAD_RESPONSE, "EventBridge did not take %s, it does not say why%s",
                       what, answer_note(call).text);
    }
    enum err_code kind = ERR_BAD_RESPONSE;
    if (json_span_equals(code.text, VIEW("ThrottlingException"))) {
        kind = ERR_THROTTLED;
    } else if (json_span_equals(code.text, VIEW("InternalException")) ||
               json_span_equals(code.text, VIEW("InternalFailure")) ||
               json_span_equals(code.text, VIEW("ConcurrentModificationException"))) {
        kind = ERR_AWS_UNAVAILABLE;
    } else if (denial_text_has(code.text, "AccessDenied") ||
               json_span_equals(code.text, VIEW("NotAuthorizedForSourceException"))) {
        kind = ERR_ACCESS_DENIED;
    }
    err_set(err, kind, "EventBridge did not take %s: " VIEW_FMT ", " VIEW_FMT "%s", what,
            VIEW_ARG(code.text), VIEW_ARG(view_slice(message.text, 0, 512)),
            answer_note(call).text);
    return -1;
}

/* FailedEntryCount in a 200. */
static int check_entries(const struct aws_call *call, const char *member, const char *what,
                         struct err *err) {
    struct json_span root;
    int64_t failed = 0;
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!answer_i64(root, "FailedEntryCount", &failed)) {
        return answer_lacks(call, "FailedEntryCount", err);
    }
    return failed == 0 ? 0 : failed_entry(call, root, member, what, err);
}

int events_put_targets_result(const struct aws_call *call, struct err *err) {
    if (!answer_failed(call)) {
        return check_entries(call, "FailedEntries", "a target", err);
    }
    if (answer_is_denied(call) && denial_text_has(call->message, "iam:PassRole")) {
        return refuse_pass_role(call, err);
    }
    if (answer_has_code(call, "ConcurrentModificationException")) {
        return err_set(err, ERR_AWS_UNAVAILABLE,
                       "the rule was changed at the same time: " VIEW_FMT "%s",
                       VIEW_ARG(answer_message(call)), answer_note(call).text);
    }
    return answer_pass_on(call, err);
}

int events_put_events_result(const struct aws_call *call, struct err *err) {
    return answer_failed(call) ? answer_pass_on(call, err)
                               : check_entries(call, "Entries", "an event", err);
}
