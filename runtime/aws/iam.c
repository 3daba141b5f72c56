#include "runtime/aws/iam.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/arn.h"
#include "runtime/aws/uri.h"
#include "runtime/aws/xml_list.h"

const struct aws_service iam_service = {
    .name = "iam",
    .endpoint_prefix = "iam",
    .signing_name = "iam",
    .env_name = "IAM",
    .protocol = AWS_QUERY,
    .api_version = "2010-05-08",
    .is_global = true,
};

#define FORM_BYTES ((size_t)256 * 1024)
#define RESPONSE "SimulatePrincipalPolicyResponse/SimulatePrincipalPolicyResult/"

/* AWS General Reference, "AWS Identity and Access Management endpoints and quotas": what calls are
 * signed for. */
static struct view home_of(struct view region) {
    struct view partition = arn_region_partition(region);
    if (view_equal(partition, VIEW("aws-cn"))) {
        return VIEW("cn-north-1");
    }
    return view_equal(partition, VIEW("aws-us-gov")) ? VIEW("us-gov-west-1") : VIEW("us-east-1");
}

static void append_member(struct buf *form, const char *name, size_t i, struct view value) {
    buf_appendf(form, "&%s.member.%zu=", name, i + 1);
    uri_append_encoded(form, value, '\0');
}

int iam_simulate_call(const struct iam_simulation *simulation, struct arena *arena,
                      struct aws_call *ret_call, struct err *err) {
    struct buf form BUF_AUTO = BUF_INIT(FORM_BYTES);
    buf_append_str(&form, "PolicySourceArn=");
    uri_append_encoded(&form, simulation->role, '\0');
    for (size_t i = 0; i < simulation->n_actions; i++) {
        append_member(&form, "ActionNames", i, view_of(simulation->actions[i]));
    }
    for (size_t i = 0; i < simulation->n_resources; i++) {
        append_member(&form, "ResourceArns", i, simulation->resources[i]);
    }
    buf_append_str(&form, "&MaxItems=1000");
    if (buf_check(&form, "SimulatePrincipalPolicy", err) < 0) {
        return -1;
    }
    struct view body = arena_copy(arena, buf_view(&form));
    if (!body.data) {
        return err_out_of_memory(err, "SimulatePrincipalPolicy");
    }
    *ret_call = (struct aws_call){
        .service = &iam_service,
        .operation = "SimulatePrincipalPolicy",
        .region = home_of(simulation->region),
        .body = body,
    };
    return 0;
}

#define ON_EACH "member/ResourceSpecificResults/member"

static int read_word(const struct aws_call *call, struct view member, const char *path,
                     struct arena *arena, struct iam_decision *decision, struct err *err) {
    struct view word;
    if (xml_member(member, path, arena, &word, err) < 0) {
        return -1;
    }
    decision->is_allowed = view_equal(word, VIEW("allowed"));
    decision->is_denied = view_equal(word, VIEW("explicitDeny"));
    return decision->is_allowed || decision->is_denied || view_equal(word, VIEW("implicitDeny"))
               ? 0
               : answer_lacks(call, "EvalDecision", err);
}

static bool is_incomplete(struct view member) {
    return xml_list_count(member, "member/MissingContextValues/member") > 0;
}

/* Of an action, on what was asked for if that was one resource.
 * <member><EvalActionName>…</EvalActionName><EvalResourceName>…</EvalResourceName>
 * <EvalDecision>allowed|explicitDeny|implicitDeny</EvalDecision>
 * <MissingContextValues><member>…</member></MissingContextValues>
 * <OrganizationsDecisionDetail><AllowedByOrganizations>…, <PermissionsBoundaryDecisionDetail>… */
static int read_decision(const struct aws_call *call, struct view member, struct arena *arena,
                         struct iam_decision *decision, struct err *err) {
    struct view by_organization;
    struct view by_boundary;
    if (xml_member(member, "member/EvalActionName", arena, &decision->action, err) < 0 ||
        xml_member(member, "member/EvalResourceName", arena, &decision->resource, err) < 0 ||
        read_word(call, member, "member/EvalDecision", arena, decision, err) < 0 ||
        xml_member(member, "member/OrganizationsDecisionDetail/AllowedByOrganizations", arena,
                   &by_organization, err) < 0 ||
        xml_member(member, "member/PermissionsBoundaryDecisionDetail/AllowedByPermissionsBoundary",
                   arena, &by_boundary, err) < 0) {
        return -1;
    }
    decision->is_incomplete = is_incomplete(member);
    decision->by_organization = view_equal(by_organization, VIEW("false"));
    decision->by_boundary = view_equal(by_boundary, VIEW("false"));
    return decision->action.len > 0 ? 0 : answer_lacks(call, "EvalActionName", err);
}

/* <ResourceSpecificResults><member><EvalResourceName>…<EvalResourceDecision>…
 * <MissingContextValues>…</member>…: the same action on each of the resources. Where there are
 * several, this alone says which of them it is; and what is missing is said here alone. */
static int read_each(const struct aws_call *call, struct view member, struct arena *arena,
                     struct iam_decisions *decisions, struct err *err) {
    struct iam_decision of_action = {0};
    struct view one;
    if (read_decision(call, member, arena, &of_action, err) < 0) {
        return -1;
    }
    if (xml_list_count(member, ON_EACH) == 0) {
        decisions->items[decisions->n++] = of_action;
        return 0;
    }
    struct xml_list list = xml_list(member, ON_EACH);
    while (xml_list_next(&list, &one)) {
        struct iam_decision *decision = &decisions->items[decisions->n++];
        *decision = of_action;
        if (xml_member(one, "member/EvalResourceName", arena, &decision->resource, err) < 0 ||
            read_word(call, one, "member/EvalResourceDecision", arena, decision, err) < 0) {
            return -1;
        }
        decision->is_incomplete = of_action.is_incomplete || is_incomplete(one);
    }
    return 0;
}

static size_t count_decisions(const struct aws_call *call, const char *path) {
    struct xml_list list = xml_list(call->response, path);
    struct view member;
    size_t n = 0;
    while (xml_list_next(&list, &member)) {
        n += 1 + xml_list_count(member, ON_EACH);
    }
    return n;
}

int iam_simulate_result(const struct aws_call *call, struct arena *arena,
                        struct iam_decisions *ret_decisions, struct err *err) {
    const char *path = RESPONSE "EvaluationResults/member";
    struct iam_decisions decisions = {0};
    struct view member;
    if (answer_has_code(call, "NoSuchEntity")) {
        struct view words = answer_message(call);
        err_set(err, ERR_SERVICE_NOT_FOUND, "role not found: " VIEW_FMT, VIEW_ARG(words));
        err_remedy(err, "create the role, or correct the task definition that names it");
        return -1;
    }
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    decisions.items = ARENA_ARRAY(arena, count_decisions(call, path), struct iam_decision);
    if (!decisions.items) {
        return err_out_of_memory(err, "decisions");
    }
    struct xml_list list = xml_list(call->response, path);
    while (xml_list_next(&list, &member)) {
        if (read_each(call, member, arena, &decisions, err) < 0) {
            return -1;
        }
    }
    if (decisions.n == 0 || xml_member_is_true(call->response, RESPONSE "IsTruncated")) {
        return answer_lacks(call, "all of EvaluationResults", err);
    }
    *ret_decisions = decisions;
    return 0;
}
