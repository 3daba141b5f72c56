#include "runtime/aws/codedeploy_revision.h"

#include "runtime/aws/answer.h"
#include "runtime/base/json_write.h"

/* The member that has an AppSpec that was given as a text; NULL: it was not. */
static const char *text_member(struct view type) {
    return view_equal(type, VIEW("AppSpecContent")) ? "appSpecContent"
           : view_equal(type, VIEW("String"))       ? "string"
                                                    : NULL;
}

/* {"targetRevision":{"revisionType":"AppSpecContent","appSpecContent":{"sha256":"…"}}} */
static int decode_target(struct json_span group, struct arena *arena,
                         struct codedeploy_revision *ret_revision, struct err *err) {
    struct json_span target;
    struct json_span content;
    if (!json_find(group, "targetRevision", &target) || target.type != JSON_OBJECT) {
        return 0;
    }
    if (json_find_string(target, "revisionType", arena, &ret_revision->type, err) < 0) {
        return -1;
    }
    const char *member = text_member(ret_revision->type);
    return member && json_find(target, member, &content) && content.type == JSON_OBJECT
               ? json_find_string(content, "sha256", arena, &ret_revision->sha256, err)
               : 0;
}

int codedeploy_group_revision_result(const struct aws_call *call, struct view group,
                                     struct arena *arena, struct codedeploy_revision *ret_revision,
                                     struct err *err) {
    struct codedeploy_revision revision = {0};
    struct json_span root;
    struct json_span groups;
    struct json_span one;
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (answer_array(root, "deploymentGroupsInfo", &groups)) {
        struct json_iterator iterator = json_iterate(groups);
        while (json_next_element(&iterator, &one)) {
            struct view name;
            if (json_find_string(one, "deploymentGroupName", arena, &name, err) < 0 ||
                (view_equal(name, group) && decode_target(one, arena, &revision, err) < 0)) {
                return -1;
            }
        }
    }
    *ret_revision = revision;
    return 0;
}

/* {"applicationName":"a","revision":{"revisionType":"AppSpecContent",
 *  "appSpecContent":{"sha256":"…"}}} */
int codedeploy_get_revision_call(struct view application,
                                 const struct codedeploy_revision *revision, struct arena *arena,
                                 struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    struct aws_call call = {.service = &codedeploy_service, .operation = "GetApplicationRevision"};
    json_begin_object(&w, NULL);
    json_put_string(&w, "applicationName", application);
    json_begin_object(&w, "revision");
    json_put_string(&w, "revisionType", revision->type);
    json_begin_object(&w, text_member(revision->type));
    json_put_string(&w, "sha256", revision->sha256);
    json_end_object(&w);
    json_end_object(&w);
    json_end_object(&w);
    if (answer_request_body(&buf, arena, &call.body, err) < 0) {
        return -1;
    }
    *ret_call = call;
    return 0;
}

int codedeploy_get_revision_result(const struct aws_call *call, struct arena *arena,
                                   struct view *ret_content, struct err *err) {
    struct view text = {0};
    struct json_span root;
    struct json_span revision;
    struct json_span content;
    if (answer_has_code(call, "RevisionDoesNotExistException") ||
        answer_has_code(call, "ApplicationDoesNotExistException")) {
        *ret_content = text;
        return 0;
    }
    if (answer_failed(call) && answer_is_denied(call)) {
        err_set(err, ERR_ACCESS_DENIED, "GetApplicationRevision denied: " VIEW_FMT "%s",
                VIEW_ARG(answer_message(call)), answer_note(call).text);
        err_remedy(err, "allow codedeploy:GetApplicationRevision on the application to the "
                        "function's role");
        return -1;
    }
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (json_find(root, "revision", &revision) &&
        (json_find(revision, "appSpecContent", &content) ||
         json_find(revision, "string", &content)) &&
        json_find_string(content, "content", arena, &text, err) < 0) {
        return -1;
    }
    *ret_content = text;
    return 0;
}
