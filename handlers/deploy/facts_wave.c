#include "handlers/deploy/facts_wave.h"

#include <string.h>

enum read_kind { READ_IMAGE, READ_MANIFEST, READ_TAGS, READ_SERVICES, READ_TASK_DEFINITION };

struct wave_read {
    enum read_kind kind;
    const struct repository *repository; /* images, manifests, tags */
    struct ecr_image_id image;           /* images, manifests */
    struct view subject;                 /* the cluster of services; the task definition */
    struct view services[ECS_DESCRIBE_SERVICES_MAX];
    size_t n_services;
};

struct wave wave_of(struct arena *arena) {
    return (struct wave){.arena = arena};
}

/* --- before: what to ask --- */

static bool same_repository(const struct repository *a, const struct repository *b) {
    if (!a || !b) {
        return a == b;
    }
    return view_equal(a->name, b->name) && view_equal(a->registry.account, b->registry.account) &&
           view_equal(a->registry.region, b->registry.region) &&
           view_equal(a->registry.role_arn, b->registry.role_arn);
}

static bool same_read(const struct wave_read *a, const struct wave_read *b) {
    return a->kind == b->kind && same_repository(a->repository, b->repository) &&
           view_equal(a->image.tag, b->image.tag) && view_equal(a->image.digest, b->image.digest) &&
           view_equal(a->subject, b->subject);
}

static int append(struct wave *wave, const struct wave_read *read, struct err *err) {
    if (wave->n == wave->capacity) {
        size_t capacity = wave->capacity == 0 ? 8 : wave->capacity * 2;
        struct wave_read *grown = ARENA_ARRAY(wave->arena, capacity, struct wave_read);
        if (!grown) {
            return err_out_of_memory(err, "reads");
        }
        if (wave->n > 0) {
            memcpy(grown, wave->reads, wave->n * sizeof(*grown));
        }
        wave->reads = grown;
        wave->capacity = capacity;
    }
    wave->reads[wave->n] = *read;
    return (int)wave->n++;
}

static int add(struct wave *wave, const struct wave_read *read, struct err *err) {
    for (size_t i = 0; i < wave->n; i++) {
        if (same_read(&wave->reads[i], read)) {
            return (int)i;
        }
    }
    return append(wave, read, err);
}

int wave_add_image(struct wave *wave, const struct repository *repository,
                   struct ecr_image_id image, struct err *err) {
    const struct wave_read read = {.kind = READ_IMAGE, .repository = repository, .image = image};
    return add(wave, &read, err);
}

int wave_add_manifest(struct wave *wave, const struct repository *repository,
                      struct ecr_image_id image, struct err *err) {
    const struct wave_read read = {.kind = READ_MANIFEST, .repository = repository, .image = image};
    return add(wave, &read, err);
}

int wave_add_tags(struct wave *wave, const struct repository *repository, struct err *err) {
    const struct wave_read read = {.kind = READ_TAGS, .repository = repository};
    return add(wave, &read, err);
}

int wave_add_task_definition(struct wave *wave, struct view name_or_arn, struct err *err) {
    const struct wave_read read = {.kind = READ_TASK_DEFINITION, .subject = name_or_arn};
    return add(wave, &read, err);
}

static bool holds_service(const struct wave_read *read, struct view service) {
    for (size_t i = 0; i < read->n_services; i++) {
        if (view_equal(read->services[i], service)) {
            return true;
        }
    }
    return false;
}

int wave_add_service(struct wave *wave, struct view cluster, struct view service, struct err *err) {
    int roomy = -1;
    for (size_t i = 0; i < wave->n; i++) {
        struct wave_read *read = &wave->reads[i];
        if (read->kind != READ_SERVICES || !view_equal(read->subject, cluster)) {
            continue;
        }
        if (holds_service(read, service)) {
            return (int)i;
        }
        if (read->n_services < ECS_DESCRIBE_SERVICES_MAX) {
            roomy = (int)i;
        }
    }
    if (roomy < 0) {
        const struct wave_read read = {.kind = READ_SERVICES, .subject = cluster};
        roomy = append(wave, &read, err);
    }
    if (roomy >= 0) {
        struct wave_read *read = &wave->reads[roomy];
        read->services[read->n_services++] = service;
    }
    return roomy;
}

/* --- the calls --- */

static int build_call(const struct wave_read *read, struct arena *arena, struct aws_call *ret_call,
                      struct err *err) {
    static const struct repository nowhere = {0}; /* reads of ECS have none */
    const struct repository *repository = read->repository ? read->repository : &nowhere;
    const struct ecr_registry *registry = &repository->registry;
    switch (read->kind) {
    case READ_IMAGE:
        return ecr_describe_image_call(registry, repository->name, &read->image, arena, ret_call,
                                       err);
    case READ_MANIFEST:
        return ecr_get_manifest_call(registry, repository->name, &read->image, arena, ret_call,
                                     err);
    case READ_TAGS:
        return ecr_list_tags_call(registry, repository->name, arena, ret_call, err);
    case READ_SERVICES:
        return ecs_describe_services_call(read->subject, read->services, read->n_services, VIEW(""),
                                          arena, ret_call, err);
    case READ_TASK_DEFINITION:
        return ecs_describe_task_definition_call(read->subject, VIEW(""), arena, ret_call, err);
    }
    return -1;
}

int wave_run(struct wave *wave, struct aws *aws, int64_t deadline_ms, struct err *err) {
    if (wave->n == 0) {
        return 0;
    }
    wave->calls = ARENA_ARRAY(wave->arena, wave->n, struct aws_call);
    if (!wave->calls) {
        return err_out_of_memory(err, "calls");
    }
    for (size_t i = 0; i < wave->n; i++) {
        if (build_call(&wave->reads[i], wave->arena, &wave->calls[i], err) != 0) {
            return -1;
        }
    }
    aws_call_all(aws, wave->calls, wave->n, deadline_ms, wave->arena);
    return 0;
}

/* --- after: what came --- */

/* Keeps an error of a decoder for the facts. */
static int keep(const struct wave *wave, const struct err *error, const struct err **ret_error,
                struct err *err) {
    if (error->code == ERR_OUT_OF_MEMORY) {
        return err_set(err, ERR_OUT_OF_MEMORY, "%s", error->message);
    }
    struct err *kept = ARENA_NEW(wave->arena, struct err);
    if (!kept) {
        return err_out_of_memory(err, "facts");
    }
    *kept = *error;
    *ret_error = kept;
    return 0;
}

int wave_image(const struct wave *wave, int read, struct ecr_image *ret_image,
               const struct err **ret_error, struct err *err) {
    struct err error;
    err_init(&error);
    if (ecr_describe_image_result(&wave->calls[read], wave->arena, ret_image, &error) == 0) {
        return 0;
    }
    return keep(wave, &error, ret_error, err);
}

int wave_manifest(const struct wave *wave, int read, struct ecr_manifest *ret_manifest,
                  const struct err **ret_error, struct err *err) {
    struct err error;
    err_init(&error);
    if (ecr_get_manifest_result(&wave->calls[read], wave->arena, ret_manifest, &error) == 0) {
        return 0;
    }
    return keep(wave, &error, ret_error, err);
}

int wave_tags(const struct wave *wave, int read, struct ecr_image **ret_images, size_t *ret_n,
              const struct err **ret_error, struct err *err) {
    struct err error;
    err_init(&error);
    if (ecr_list_tags_result(&wave->calls[read], wave->arena, ret_images, ret_n, &error) == 0) {
        return 0;
    }
    return keep(wave, &error, ret_error, err);
}

int wave_service(const struct wave *wave, int read, struct view service,
                 struct ecs_service_state *ret_service, const struct err **ret_error,
                 struct err *err) {
    struct err error;
    err_init(&error);
    if (ecs_describe_services_result(&wave->calls[read], service, wave->arena, ret_service,
                                     &error) == 0) {
        return 0;
    }
    return keep(wave, &error, ret_error, err);
}

int wave_task_definition(const struct wave *wave, int read,
                         struct ecs_task_definition *ret_definition, const struct err **ret_error,
                         struct err *err) {
    struct err error;
    err_init(&error);
    if (ecs_describe_task_definition_result(&wave->calls[read], wave->arena, ret_definition,
                                            &error) == 0) {
        return 0;
    }
    return keep(wave, &error, ret_error, err);
}
