/* Answers of ECR and ECS: the first byte chooses the operation, the second what it ended with, the
 * rest is the body. What is decoded is what is documented, and the same the second time. */

#include "runtime/aws/ecr.h"
#include "runtime/aws/ecs.h"
#include "tests/fuzz/aws/answers.h"

#include <string.h>

#define INPUT_MAX_BYTES 16384
#define DIGEST_BYTES 71

static const char *const codes[] = {
    "",
    "AccessDeniedException",
    "ImageNotFoundException",
    "RepositoryNotFoundException",
    "InvalidParameterException",
    "ClientException",
    "ClusterNotFoundException",
    "ServiceNotFoundException",
    "ServiceNotActiveException",
    "ThrottlingException",
};
#define N_CODES (sizeof(codes) / sizeof(codes[0]))

static void require_digest(struct view digest) {
    require(digest.len == DIGEST_BYTES && view_starts_with(digest, VIEW("sha256:")));
}

static int image(struct aws_call *call, uint8_t end, struct view body, struct arena *arena,
                 struct err *err) {
    static const struct ecr_registry registry = {.account = {"111111111111", 12}};
    const struct ecr_image_id id = {.tag = VIEW("v1")};
    struct ecr_image got;
    require(ecr_describe_image_call(&registry, VIEW("r"), &id, arena, call, err) == 0);
    end_call(call, codes[end % N_CODES], body, arena);
    if (ecr_describe_image_result(call, arena, &got, err) < 0) {
        return -1;
    }
    require_digest(got.digest);
    require(got.n_tags > 0);
    return 0;
}

static int manifest(struct aws_call *call, uint8_t end, struct view body, struct arena *arena,
                    struct err *err) {
    static const struct ecr_registry registry = {.region = {"us-east-1", 9}};
    const struct ecr_image_id id = {.tag = VIEW("v1")};
    struct ecr_manifest got;
    require(ecr_get_manifest_call(&registry, VIEW("r"), &id, arena, call, err) == 0);
    end_call(call, codes[end % N_CODES], body, arena);
    if (ecr_get_manifest_result(call, arena, &got, err) < 0) {
        return -1;
    }
    require_digest(got.digest);
    require(got.is_index || (got.n_platforms == 0 && !got.has_unnamed));
    for (size_t i = 0; i < got.n_platforms; i++) {
        require(got.platforms[i].os.len > 0 && got.platforms[i].architecture.len > 0);
    }
    return 0;
}

static int tags(struct aws_call *call, uint8_t end, struct view body, struct arena *arena,
                struct err *err) {
    static const struct ecr_registry registry = {0};
    struct ecr_image *images = NULL;
    size_t n = 0;
    require(ecr_list_tags_call(&registry, VIEW("r"), arena, call, err) == 0);
    end_call(call, codes[end % N_CODES], body, arena);
    if (ecr_list_tags_result(call, arena, &images, &n, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        require(images[i].n_tags > 0 && images[i].pushed_at_ms >= 0);
    }
    return 0;
}

static void require_service(const struct ecs_service_state *got) {
    require(got->name.len > 0 && got->arn.len > 0 && got->status.len > 0);
    require(got->task_definition.len > 0 || view_equal(got->controller, VIEW("EXTERNAL")));
    require(!got->primary || (got->primary >= got->deployments &&
                              got->primary < got->deployments + got->n_deployments));
}

static int services(struct aws_call *call, uint8_t end, struct view body, struct arena *arena,
                    struct err *err) {
    const struct view names[] = {VIEW("s")};
    struct ecs_service_state got;
    require(ecs_describe_services_call(VIEW("c"), names, 1, VIEW(""), arena, call, err) == 0);
    end_call(call, codes[end % N_CODES], body, arena);
    if (ecs_describe_services_result(call, VIEW("s"), arena, &got, err) < 0) {
        return -1;
    }
    require_service(&got);
    return 0;
}

static int update(struct aws_call *call, uint8_t end, struct view body, struct arena *arena,
                  struct err *err) {
    const struct ecs_update_service request = {
        .cluster = VIEW("c"), .service = VIEW("s"), .task_definition = VIEW("t:1")};
    struct ecs_service_state got;
    require(ecs_update_service_call(&request, arena, call, err) == 0);
    end_call(call, codes[end % N_CODES], body, arena);
    if (ecs_update_service_result(call, arena, &got, err) < 0) {
        return -1;
    }
    require_service(&got);
    return 0;
}

static int definition(struct aws_call *call, uint8_t end, struct view body, struct arena *arena,
                      struct err *err) {
    struct ecs_task_definition got;
    require(ecs_describe_task_definition_call(VIEW("t"), VIEW(""), arena, call, err) == 0);
    end_call(call, codes[end % N_CODES], body, arena);
    if (ecs_describe_task_definition_result(call, arena, &got, err) < 0) {
        return -1;
    }
    require_inside(got.text.text, call->response);
    require_inside(got.tags_text.text, call->response);
    require(got.text.type == JSON_OBJECT && got.revision > 0);
    require(got.arn.len > 0 && got.family.len > 0 && got.status.len > 0);
    return 0;
}

static int run(uint8_t which, uint8_t end, struct view body, struct err *err) {
    static int (*const decoders[])(struct aws_call *, uint8_t, struct view, struct arena *,
                                   struct err *) = {image,    manifest, tags,
                                                    services, update,   definition};
    static struct arena arena = {.limit_bytes = (size_t)4 * 1024 * 1024};
    arena_reset(&arena);
    struct aws_call call = {0};
    err_init(err);
    int status =
        decoders[which % (sizeof(decoders) / sizeof(decoders[0]))](&call, end, body, &arena, err);
    require((status < 0) == err_is_set(err));
    require(end % N_CODES == 0 || status < 0);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err first;
    struct err second;
    if (size < 2 || size > INPUT_MAX_BYTES) {
        return 0;
    }
    struct view body = {(const char *)data + 2, size - 2};
    uint8_t which = (uint8_t)(data[0] - '0'); /* so that seeds are text */
    uint8_t end = (uint8_t)(data[1] - '0');
    int status = run(which, end, body, &first);
    if (size % 4 == 0) {
        require(run(which, end, body, &second) == status);
        require(first.code == second.code && strcmp(first.message, second.message) == 0);
    }
    return 0;
}
