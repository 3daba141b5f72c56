#include "runtime/aws/events_rule.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/events.h"
#include "runtime/base/json_write.h"

static int build_call(const char *operation, struct view name, struct view bus, struct arena *arena,
                      struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    struct aws_call call = {.service = &events_service, .operation = operation};
    json_begin_object(&w, NULL);
    json_put_string(&w, "Name", name);
    json_put_optional(&w, "EventBusName", bus);
    json_end_object(&w);
    if (answer_request_body(&buf, arena, &call.body, err) < 0) {
        return -1;
    }
    *ret_call = call;
    return 0;
}

int events_describe_rule_call(struct view rule, struct view bus, struct arena *arena,
                              struct aws_call *ret_call, struct err *err) {
    return build_call("DescribeRule", rule, bus, arena, ret_call, err);
}

int events_describe_bus_call(struct view bus, struct arena *arena, struct aws_call *ret_call,
                             struct err *err) {
    return build_call("DescribeEventBus", bus, VIEW(""), arena, ret_call, err);
}

/* {"Name":"deploys","Arn":"arn:…","State":"ENABLED","EventPattern":"{\"source\":[…]}"} */
int events_describe_rule_result(const struct aws_call *call, struct arena *arena,
                                struct events_rule *ret_rule, struct err *err) {
    struct events_rule rule = {0};
    struct json_span root;
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    if (answer_object(call, &root, err) < 0 ||
        answer_string(call, root, "Name", arena, &rule.name, err) < 0 ||
        answer_string(call, root, "Arn", arena, &rule.arn, err) < 0 ||
        answer_string(call, root, "State", arena, &rule.state, err) < 0 ||
        json_find_string(root, "EventPattern", arena, &rule.pattern, err) < 0) {
        return -1;
    }
    *ret_rule = rule;
    return 0;
}

/* {"Name":"default","Arn":"arn:…","Policy":"{\"Statement\":[…]}"} */
int events_describe_bus_result(const struct aws_call *call, struct arena *arena,
                               struct events_bus *ret_bus, struct err *err) {
    struct events_bus bus = {0};
    struct json_span root;
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    if (answer_object(call, &root, err) < 0 ||
        answer_string(call, root, "Arn", arena, &bus.arn, err) < 0 ||
        json_find_string(root, "Policy", arena, &bus.policy, err) < 0) {
        return -1;
    }
    *ret_bus = bus;
    return 0;
}
