#include "runtime/aws/ecr_error.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/arn.h"
#include "runtime/aws/denial.h"

#include <string.h>

/* The words for messages. */
static int describe(struct ecr_question *q, struct arena *arena, struct err *err) {
    const char *in = q->call->region.len > 0 ? " in " : "";
    if (q->account.len > 0) {
        q->place = arena_printf(
            arena, "repository '" VIEW_FMT "' of registry " VIEW_FMT "%s" VIEW_FMT,
            VIEW_ARG(q->repository), VIEW_ARG(q->account), in, VIEW_ARG(q->call->region));
    } else {
        q->place = arena_printf(
            arena, "repository '" VIEW_FMT "' of the account's own registry%s" VIEW_FMT,
            VIEW_ARG(q->repository), in, VIEW_ARG(q->call->region));
    }
    if (q->tag.len > 0) {
        q->image = arena_printf(arena, "tag '" VIEW_FMT "'", VIEW_ARG(q->tag));
    } else {
        q->image = arena_printf(arena, "digest '" VIEW_FMT "'", VIEW_ARG(q->digest));
    }
    return q->place.data && q->image.data ? 0 : err_out_of_memory(err, "registry answer");
}

int ecr_question_read(const struct aws_call *call, struct arena *arena,
                      struct ecr_question *ret_question, struct err *err) {
    struct ecr_question q = {.call = call};
    struct json_span root;
    struct json_span ids;
    struct json_span id;
    if (answer_scan(call->body, "request", answer_note(call), &root, err) < 0 ||
        json_find_string(root, "registryId", arena, &q.account, err) < 0 ||
        json_find_string(root, "repositoryName", arena, &q.repository, err) < 0) {
        return -1;
    }
    if (answer_array(root, "imageIds", &ids)) {
        struct json_iterator iterator = json_iterate(ids);
        if (json_next_element(&iterator, &id) &&
            (json_find_string(id, "imageTag", arena, &q.tag, err) < 0 ||
             json_find_string(id, "imageDigest", arena, &q.digest, err) < 0)) {
            return -1;
        }
    }
    if (describe(&q, arena, err) < 0) {
        return -1;
    }
    *ret_question = q;
    return 0;
}

/* The remedy names both sides of an access across accounts: AWS checks the registry's side first
 * and says nothing of the other until that is right. */
static void denial_remedy(const struct ecr_question *q, const struct denial *denial,
                          struct arena *arena, struct err *err) {
    static const char actions[] = "ecr:DescribeImages and ecr:BatchGetImage";
    struct view who = denial_who(denial, arena);
    struct view caller = denial_principal_account(denial);
    struct view owner = q->account.len > 0 ? q->account : denial_resource_account(denial);
    bool is_cross = caller.len > 0 && owner.len > 0 && !view_equal(caller, owner);
    struct view resource = denial->resource.len > 0 ? denial->resource : q->repository;
    if (denial_remedy_of_deny(denial, who, resource, err)) {
        return;
    }
    if (is_cross) {
        bool from_resource = denial->cause == DENIAL_RESOURCE_POLICY;
        err_remedy(err,
                   "allow %s to " VIEW_FMT " in the policy of repository '" VIEW_FMT
                   "' in account " VIEW_FMT "%s, and on it in the role's own policy%s",
                   actions, VIEW_ARG(who), VIEW_ARG(q->repository), VIEW_ARG(owner),
                   from_resource ? " (missing now)" : "",
                   denial->cause == DENIAL_IDENTITY_POLICY ? " (missing now)" : "");
    } else if (denial->cause == DENIAL_RESOURCE_POLICY) {
        err_remedy(err, "allow %s to " VIEW_FMT " in the policy of repository '" VIEW_FMT "'",
                   actions, VIEW_ARG(who), VIEW_ARG(q->repository));
    } else {
        err_remedy(err, "allow %s on '" VIEW_FMT "' in the policy of " VIEW_FMT, actions,
                   VIEW_ARG(resource), VIEW_ARG(who));
    }
}

static int access_denied(const struct ecr_question *q, struct arena *arena, struct err *err) {
    struct view text = answer_message(q->call);
    struct denial denial;
    if (err_is_set(err)) {
        return -1;
    }
    (void)err_set(err, ERR_REGISTRY_ACCESS_DENIED,
                  "access denied to " VIEW_FMT " while looking for " VIEW_FMT ": " VIEW_FMT "%s",
                  VIEW_ARG(q->place), VIEW_ARG(q->image), VIEW_ARG(text),
                  answer_note(q->call).text);
    if (denial_parse(text, &denial)) {
        denial_remedy(q, &denial, arena, err);
    } else if (q->account.len > 0) {
        err_remedy(
            err,
            "allow ecr:DescribeImages and ecr:BatchGetImage to the function's role in its own "
            "policy, and in the policy of repository '" VIEW_FMT "' in account " VIEW_FMT,
            VIEW_ARG(q->repository), VIEW_ARG(q->account));
    }
    return -1;
}

/* A policy keeps the role for the registry from being assumed: no retry can change that, so it is
 * an answer. */
static int role_not_assumed(const struct ecr_question *q, struct err *err) {
    const struct err *cause = &q->call->err;
    if (err_is_set(err)) {
        return -1;
    }
    (void)err_set(err, ERR_REGISTRY_ACCESS_DENIED, "no access to " VIEW_FMT ": %s",
                  VIEW_ARG(q->place), cause->message);
    err_remedy(err, "%s", cause->remedy);
    return -1;
}

int ecr_image_not_found(const struct ecr_question *question, struct err *err) {
    return err_set(err, ERR_IMAGE_NOT_FOUND, "image not found: " VIEW_FMT " in " VIEW_FMT "%s",
                   VIEW_ARG(question->image), VIEW_ARG(question->place),
                   answer_note(question->call).text);
}

static int repository_not_found(const struct ecr_question *q, struct err *err) {
    return err_set(err, ERR_REPOSITORY_NOT_FOUND, "repository not found: " VIEW_FMT "%s",
                   VIEW_ARG(q->place), answer_note(q->call).text);
}

/* InvalidParameterException names the parameter: a repository or a registry that ECR's grammar
 * does not admit cannot exist, and neither can such a tag. */
static int invalid_parameter(const struct ecr_question *q, struct err *err) {
    struct view text = answer_message(q->call);
    bool is_image = denial_text_has(text, "imageTag") || denial_text_has(text, "imageDigest") ||
                    denial_text_has(text, "imageIds");
    if (is_image) {
        return err_set(err, ERR_TAG_INVALID,
                       "ECR does not accept " VIEW_FMT " in " VIEW_FMT ": " VIEW_FMT "%s",
                       VIEW_ARG(q->image), VIEW_ARG(q->place), VIEW_ARG(text),
                       answer_note(q->call).text);
    }
    if (denial_text_has(text, "repositoryName") || denial_text_has(text, "registryId")) {
        return err_set(err, ERR_REPOSITORY_NOT_FOUND,
                       "ECR does not accept " VIEW_FMT ": " VIEW_FMT "%s", VIEW_ARG(q->place),
                       VIEW_ARG(text), answer_note(q->call).text);
    }
    return answer_pass_on(q->call, err);
}

int ecr_call_failed(const struct ecr_question *question, struct arena *arena, struct err *err) {
    const struct aws_call *call = question->call;
    if (call->status == 0 && call->role_arn.len > 0 && answer_is_denied(call)) {
        return role_not_assumed(question, err);
    }
    if (answer_has_code(call, "ImageNotFoundException")) {
        return ecr_image_not_found(question, err);
    }
    if (answer_has_code(call, "RepositoryNotFoundException")) {
        return repository_not_found(question, err);
    }
    if (answer_is_denied(call)) {
        return access_denied(question, arena, err);
    }
    if (answer_has_code(call, "InvalidParameterException")) {
        return invalid_parameter(question, err);
    }
    return answer_pass_on(call, err);
}

/* ImageFailureCode of the ECR API; what is not here is a documented answer to a question that
 * slipway does not ask. */
static const struct {
    const char *code;
    enum err_code meaning;
    const char *remedy; /* NULL: the code's own */
} failures[] = {
    {"ImageNotFound", ERR_IMAGE_NOT_FOUND, NULL},
    {"ImageTagDoesNotMatchDigest", ERR_IMAGE_NOT_FOUND,
     "send the tag or the digest alone, or the digest that the tag has now"},
    {"ImageInaccessible", ERR_IMAGE_NOT_FOUND, "restore the archived image, or deploy another tag"},
    {"InvalidImageTag", ERR_TAG_INVALID, NULL},
    {"InvalidImageDigest", ERR_TAG_INVALID, NULL},
    {"KmsError", ERR_REGISTRY_ACCESS_DENIED,
     "restore the repository's KMS key, or its grants to ECR and to the function's role"},
    {"UpstreamAccessDenied", ERR_REGISTRY_ACCESS_DENIED,
     "correct the credentials of the repository's pull through cache rule"},
    {"UpstreamTooManyRequests", ERR_THROTTLED, NULL},
    {"UpstreamUnavailable", ERR_AWS_UNAVAILABLE, NULL},
};

int ecr_image_failed(const struct ecr_question *question, struct view code, struct view reason,
                     struct err *err) {
    enum err_code meaning = ERR_BAD_RESPONSE;
    const char *remedy = NULL;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (view_equal(code, view_of(failures[i].code))) {
            meaning = failures[i].meaning;
            remedy = failures[i].remedy;
        }
    }
    if (meaning == ERR_IMAGE_NOT_FOUND && !remedy) {
        return ecr_image_not_found(question, err);
    }
    if (err_is_set(err)) {
        return -1;
    }
    (void)err_set(err, meaning,
                  "no manifest of " VIEW_FMT " in " VIEW_FMT ": " VIEW_FMT " (" VIEW_FMT ")%s",
                  VIEW_ARG(question->image), VIEW_ARG(question->place), VIEW_ARG(reason),
                  VIEW_ARG(code), answer_note(question->call).text);
    if (remedy) {
        err_remedy(err, "%s", remedy);
    }
    return -1;
}
