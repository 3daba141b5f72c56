#include "runtime/aws/ecr_policy.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/ecr_error.h"
#include "runtime/aws/ecr_request.h"

/* --- questions --- */

/* The one request that takes a list of names. */
int ecr_describe_repository_call(const struct ecr_registry *registry, struct view repository,
                                 struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    json_begin_object(&w, NULL);
    json_put_optional(&w, "registryId", registry->account);
    json_begin_array(&w, "repositoryNames");
    json_put_string(&w, NULL, repository);
    json_end_array(&w);
    return ecr_finish_call(&w, registry, "DescribeRepositories", arena, ret_call, err);
}

int ecr_get_repository_policy_call(const struct ecr_registry *registry, struct view repository,
                                   struct arena *arena, struct aws_call *ret_call,
                                   struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    ecr_begin_request(&w, registry, repository);
    return ecr_finish_call(&w, registry, "GetRepositoryPolicy", arena, ret_call, err);
}

/* --- answers --- */

/* The name in a list of one, which ecr_question_read() does not look for. */
static int read_listed_name(struct ecr_question *q, struct arena *arena, struct err *err) {
    struct json_span root;
    struct json_span names;
    struct json_span name;
    if (answer_scan(q->call->body, "request", answer_note(q->call), &root, err) < 0) {
        return -1;
    }
    if (answer_array(root, "repositoryNames", &names)) {
        struct json_iterator iterator = json_iterate(names);
        if (json_next_element(&iterator, &name) &&
            json_span_string(name, arena, &q->repository, err) < 0) {
            return -1;
        }
        bool is_own = q->account.len == 0;
        q->place = arena_printf(arena, "repository '" VIEW_FMT "' of %s" VIEW_FMT " in " VIEW_FMT,
                                VIEW_ARG(q->repository),
                                is_own ? "the account's own registry" : "registry ",
                                VIEW_ARG(q->account), VIEW_ARG(q->call->region));
    }
    return q->place.data ? 0 : err_out_of_memory(err, "registry answer");
}

/* The object of a success; what ECR says otherwise, with the repository that was asked for. */
static int read_answer(const struct aws_call *call, struct view what, const char *action,
                       struct arena *arena, struct json_span *ret_root, struct err *err) {
    struct ecr_question question;
    if (!answer_failed(call)) {
        return answer_object(call, ret_root, err);
    }
    if (ecr_question_read(call, arena, &question, err) < 0 ||
        read_listed_name(&question, arena, err) < 0) {
        return -1;
    }
    question.image = what;
    (void)ecr_call_failed(&question, arena, err);
    if (err->code == ERR_REGISTRY_ACCESS_DENIED && call->status != 0) {
        err_remedy(err, "allow %s on " VIEW_FMT " to whoever runs this, on both sides", action,
                   VIEW_ARG(question.place));
    }
    return -1;
}

/* {"repositories":[{"repositoryArn":"arn:…","repositoryName":"r","imageTagMutability":"MUTABLE"}]}
 */
int ecr_describe_repository_result(const struct aws_call *call, struct arena *arena,
                                   struct ecr_described_repository *ret_repository,
                                   struct err *err) {
    struct ecr_described_repository repository = {0};
    struct json_span root;
    struct json_span all;
    struct json_span one;
    if (read_answer(call, VIEW("it"), "ecr:DescribeRepositories", arena, &root, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "repositories", &all)) {
        return answer_lacks(call, "repositories", err);
    }
    struct json_iterator iterator = json_iterate(all);
    if (!json_next_element(&iterator, &one)) {
        return answer_lacks(call, "repositories", err);
    }
    if (answer_string(call, one, "repositoryArn", arena, &repository.arn, err) < 0 ||
        json_find_string(one, "imageTagMutability", arena, &repository.tag_mutability, err) < 0) {
        return -1;
    }
    *ret_repository = repository;
    return 0;
}

/* {"registryId":"111111111111","repositoryName":"r","policyText":"{\"Statement\":[…]}"} */
int ecr_get_repository_policy_result(const struct aws_call *call, struct arena *arena,
                                     struct view *ret_policy, struct err *err) {
    struct json_span root;
    struct view policy;
    if (answer_has_code(call, "RepositoryPolicyNotFoundException")) {
        *ret_policy = (struct view){0};
        return 0;
    }
    if (read_answer(call, VIEW("its policy"), "ecr:GetRepositoryPolicy", arena, &root, err) < 0 ||
        answer_string(call, root, "policyText", arena, &policy, err) < 0) {
        return -1;
    }
    *ret_policy = policy;
    return 0;
}
