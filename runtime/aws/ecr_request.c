#include "runtime/aws/ecr_request.h"

#include "runtime/aws/answer.h"

void ecr_begin_request(struct json_writer *w, const struct ecr_registry *registry,
                       struct view repository) {
    json_begin_object(w, NULL);
    json_put_optional(w, "registryId", registry->account);
    json_put_string(w, "repositoryName", repository);
}

int ecr_finish_call(struct json_writer *w, const struct ecr_registry *registry,
                    const char *operation, struct arena *arena, struct aws_call *ret_call,
                    struct err *err) {
    if (answer_finish_call(w, &ecr_service, operation, arena, ret_call, err) < 0) {
        return -1;
    }
    ret_call->region = registry->region;
    ret_call->role_arn = registry->role_arn;
    return 0;
}
