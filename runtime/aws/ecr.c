#include "runtime/aws/ecr.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/ecr_error.h"
#include "runtime/aws/ecr_request.h"
#include "runtime/base/json_write.h"

const struct aws_service ecr_service = {
    .name = "ecr",
    .endpoint_prefix = "api.ecr",
    .signing_name = "ecr",
    .env_name = "ECR",
    .protocol = AWS_JSON_1_1,
    .target_prefix = "AmazonEC2ContainerRegistry_V20150921",
    .limit_is_quota = true,
};

/* The most that one page of DescribeImages holds. */
#define LIST_TAGS_PAGE 1000
/* What a tag or a digest can be: indexes first, single images after them. Without the list ECR
 * answers with the kinds that it took years ago. */
static const char *const accepted_media_types[] = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
};

static int put_image(struct json_writer *w, const struct ecr_image_id *image, struct err *err) {
    if (image->tag.len == 0 && image->digest.len == 0) {
        return err_set(err, ERR_TAG_INVALID, "no image named: neither tag nor digest");
    }
    json_begin_array(w, "imageIds");
    json_begin_object(w, NULL);
    json_put_optional(w, "imageTag", image->tag);
    json_put_optional(w, "imageDigest", image->digest);
    json_end_object(w);
    json_end_array(w);
    return 0;
}

int ecr_describe_image_call(const struct ecr_registry *registry, struct view repository,
                            const struct ecr_image_id *image, struct arena *arena,
                            struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    ecr_begin_request(&w, registry, repository);
    if (put_image(&w, image, err) < 0) {
        return -1;
    }
    return ecr_finish_call(&w, registry, "DescribeImages", arena, ret_call, err);
}

/* {"registryId":"111111111111","repositoryName":"r","filter":{"tagStatus":"TAGGED"},
 *  "maxResults":1000} */
int ecr_list_tags_call(const struct ecr_registry *registry, struct view repository,
                       struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    ecr_begin_request(&w, registry, repository);
    json_begin_object(&w, "filter");
    json_put_string(&w, "tagStatus", VIEW("TAGGED"));
    json_end_object(&w);
    json_put_i64(&w, "maxResults", LIST_TAGS_PAGE);
    return ecr_finish_call(&w, registry, "DescribeImages", arena, ret_call, err);
}

/* {"registryId":"111111111111","repositoryName":"r","imageIds":[{"imageTag":"t"}],
 *  "acceptedMediaTypes":["application/vnd.oci.image.index.v1+json",…]} */
int ecr_get_manifest_call(const struct ecr_registry *registry, struct view repository,
                          const struct ecr_image_id *image, struct arena *arena,
                          struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    ecr_begin_request(&w, registry, repository);
    if (put_image(&w, image, err) < 0) {
        return -1;
    }
    json_begin_array(&w, "acceptedMediaTypes");
    for (size_t i = 0; i < sizeof(accepted_media_types) / sizeof(accepted_media_types[0]); i++) {
        json_put_string(&w, NULL, view_of(accepted_media_types[i]));
    }
    json_end_array(&w);
    return ecr_finish_call(&w, registry, "BatchGetImage", arena, ret_call, err);
}

/* sha256: and 64 lower-case hexadecimal digits, the one kind that ECR has. A digest goes into a
 * task definition, so nothing else may pass. */
static bool is_digest(struct view text) {
    const struct view kind = VIEW("sha256:");
    if (text.len != kind.len + 64 || !view_starts_with(text, kind)) {
        return false;
    }
    for (size_t i = kind.len; i < text.len; i++) {
        char c = text.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
            return false;
        }
    }
    return true;
}

/* imageTags of an imageDetails entry; what is no string is left out. */
static int decode_tags(struct json_span detail, struct arena *arena, struct ecr_image *image,
                       struct err *err) {
    struct json_span tags;
    struct json_span tag;
    if (!answer_array(detail, "imageTags", &tags)) {
        return 0;
    }
    image->tags = ARENA_ARRAY(arena, answer_count(tags), struct view);
    if (!image->tags) {
        return err_out_of_memory(err, "image tags");
    }
    struct json_iterator iterator = json_iterate(tags);
    while (json_next_element(&iterator, &tag)) {
        if (tag.type != JSON_STRING) {
            continue;
        }
        if (json_span_string(tag, arena, &image->tags[image->n_tags], err) < 0) {
            return -1;
        }
        image->n_tags++;
    }
    return 0;
}

/* An entry of imageDetails; what is absent is empty. */
static int decode_image(struct json_span detail, struct arena *arena, struct ecr_image *ret_image,
                        struct err *err) {
    struct ecr_image image = {0};
    if (json_find_string(detail, "registryId", arena, &image.registry_account, err) < 0 ||
        json_find_string(detail, "imageDigest", arena, &image.digest, err) < 0 ||
        json_find_string(detail, "imageManifestMediaType", arena, &image.media_type, err) < 0 ||
        json_find_string(detail, "imageStatus", arena, &image.status, err) < 0 ||
        decode_tags(detail, arena, &image, err) < 0) {
        return -1;
    }
    image.pushed_at_ms = answer_time_ms(detail, "imagePushedAt");
    *ret_image = image;
    return 0;
}

/* Whether an image is the one that was asked for: by digest, by tag, or by both. */
static bool is_asked_for(const struct ecr_image *image, const struct ecr_question *question) {
    if (question->digest.len > 0 && !view_equal(image->digest, question->digest)) {
        return false;
    }
    if (question->tag.len == 0) {
        return question->digest.len > 0;
    }
    for (size_t i = 0; i < image->n_tags; i++) {
        if (view_equal(image->tags[i], question->tag)) {
            return true;
        }
    }
    return false;
}

static int check_pullable(const struct ecr_question *question, const struct ecr_image *image,
                          struct err *err) {
    bool is_archived = view_equal(image->status, VIEW("ARCHIVED"));
    if (!is_archived && !view_equal(image->status, VIEW("ACTIVATING"))) {
        return 0;
    }
    if (err_is_set(err)) {
        return -1;
    }
    (void)err_set(err, ERR_IMAGE_NOT_FOUND,
                  "image cannot be pulled, its status is " VIEW_FMT ": " VIEW_FMT " in " VIEW_FMT
                  "%s",
                  VIEW_ARG(image->status), VIEW_ARG(question->image), VIEW_ARG(question->place),
                  answer_note(question->call).text);
    err_remedy(err, is_archived ? "restore the archived image, or deploy another tag"
                                : "deploy again when the image is restored");
    return -1;
}

int ecr_describe_image_result(const struct aws_call *call, struct arena *arena,
                              struct ecr_image *ret_image, struct err *err) {
    struct ecr_question question;
    struct json_span root;
    struct json_span details;
    struct json_span detail;
    if (ecr_question_read(call, arena, &question, err) < 0) {
        return -1;
    }
    if (answer_failed(call)) {
        return ecr_call_failed(&question, arena, err);
    }
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "imageDetails", &details)) {
        return answer_lacks(call, "imageDetails", err);
    }
    if (answer_count(details) == 0) {
        return ecr_image_not_found(&question, err);
    }
    struct json_iterator iterator = json_iterate(details);
    while (json_next_element(&iterator, &detail)) {
        struct ecr_image image;
        if (decode_image(detail, arena, &image, err) < 0) {
            return -1;
        }
        if (!is_digest(image.digest)) {
            return answer_lacks(call, "imageDigest", err);
        }
        if (is_asked_for(&image, &question)) {
            if (check_pullable(&question, &image, err) < 0) {
                return -1;
            }
            *ret_image = image;
            return 0;
        }
    }
    return err_set(err, ERR_BAD_RESPONSE,
                   "answer to DescribeImages is about another image than " VIEW_FMT "%s",
                   VIEW_ARG(question.image), answer_note(call).text);
}

int ecr_list_tags_result(const struct aws_call *call, struct arena *arena,
                         struct ecr_image **ret_images, size_t *ret_n, struct err *err) {
    struct ecr_question question;
    struct json_span root;
    struct json_span details;
    struct json_span detail;
    if (answer_failed(call)) {
        return ecr_question_read(call, arena, &question, err) < 0
                   ? -1
                   : ecr_call_failed(&question, arena, err);
    }
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "imageDetails", &details)) {
        return answer_lacks(call, "imageDetails", err);
    }
    struct ecr_image *images = ARENA_ARRAY(arena, answer_count(details), struct ecr_image);
    size_t n = 0;
    if (!images) {
        return err_out_of_memory(err, "images");
    }
    struct json_iterator iterator = json_iterate(details);
    while (json_next_element(&iterator, &detail)) {
        if (decode_image(detail, arena, &images[n], err) < 0) {
            return -1;
        }
        n += images[n].n_tags > 0;
    }
    *ret_images = images;
    *ret_n = n;
    return 0;
}

/* One entry of an index's `manifests`. An attestation has the platform unknown/unknown and is
 * nothing that runs. */
static int decode_platform(struct json_span entry, struct arena *arena,
                           struct ecr_manifest *manifest, struct err *err) {
    struct json_span span;
    struct ecr_platform platform = {0};
    if (!json_find(entry, "platform", &span)) {
        manifest->has_unnamed = true;
        return 0;
    }
    if (json_find_string(span, "os", arena, &platform.os, err) < 0 ||
        json_find_string(span, "architecture", arena, &platform.architecture, err) < 0 ||
        json_find_string(span, "variant", arena, &platform.variant, err) < 0) {
        return -1;
    }
    if (view_equal(platform.os, VIEW("unknown"))) {
        return 0;
    }
    if (platform.os.len == 0 || platform.architecture.len == 0) {
        manifest->has_unnamed = true;
        return 0;
    }
    manifest->platforms[manifest->n_platforms++] = platform;
    return 0;
}

/* {"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"digest":"sha256:…",
 *  "platform":{"os":"linux","architecture":"amd64"}},…]} is an index; OCI lets mediaType be
 * absent, so `manifests` tells. */
static int decode_manifest(const struct aws_call *call, struct view text, struct arena *arena,
                           struct ecr_manifest *manifest, struct err *err) {
    struct json_span root;
    struct json_span entries;
    struct json_span entry;
    if (answer_scan(text, "manifest in the answer to BatchGetImage", answer_note(call), &root,
                    err) < 0) {
        return -1;
    }
    manifest->is_index = answer_array(root, "manifests", &entries);
    if (!manifest->is_index) {
        return 0;
    }
    manifest->platforms = ARENA_ARRAY(arena, answer_count(entries), struct ecr_platform);
    if (!manifest->platforms) {
        return err_out_of_memory(err, "platforms");
    }
    struct json_iterator iterator = json_iterate(entries);
    while (json_next_element(&iterator, &entry)) {
        if (decode_platform(entry, arena, manifest, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The first of failures[]; 0 when there is none. */
static int check_failures(const struct ecr_question *question, struct json_span root,
                          struct arena *arena, struct err *err) {
    struct json_span failures;
    struct json_span failure;
    struct view code = {0};
    struct view reason = {0};
    if (!answer_array(root, "failures", &failures)) {
        return 0;
    }
    struct json_iterator iterator = json_iterate(failures);
    if (!json_next_element(&iterator, &failure)) {
        return 0;
    }
    if (json_find_string(failure, "failureCode", arena, &code, err) < 0 ||
        json_find_string(failure, "failureReason", arena, &reason, err) < 0) {
        return -1;
    }
    return ecr_image_failed(question, code, reason, err);
}

/* {"images":[{"imageId":{"imageDigest":"sha256:…","imageTag":"t"},"imageManifest":"{…}"}],
 *  "failures":[]}; an image with several tags comes once for each of them when asked by digest. */
int ecr_get_manifest_result(const struct aws_call *call, struct arena *arena,
                            struct ecr_manifest *ret_manifest, struct err *err) {
    struct ecr_question question;
    struct ecr_manifest manifest = {0};
    struct json_span root;
    struct json_span images;
    struct json_span image;
    struct json_span id;
    struct view tag;
    struct view text;
    if (ecr_question_read(call, arena, &question, err) < 0) {
        return -1;
    }
    if (answer_failed(call)) {
        return ecr_call_failed(&question, arena, err);
    }
    if (answer_object(call, &root, err) < 0 || check_failures(&question, root, arena, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "images", &images)) {
        return answer_lacks(call, "images", err);
    }
    struct json_iterator iterator = json_iterate(images);
    if (!json_next_element(&iterator, &image) || !json_find(image, "imageId", &id)) {
        return answer_lacks(call, "images", err);
    }
    if (json_find_string(id, "imageDigest", arena, &manifest.digest, err) < 0 ||
        json_find_string(id, "imageTag", arena, &tag, err) < 0 ||
        answer_string(call, image, "imageManifest", arena, &text, err) < 0) {
        return -1;
    }
    if (!is_digest(manifest.digest) ||
        (question.digest.len > 0 && !view_equal(question.digest, manifest.digest))) {
        return answer_lacks(call, "imageDigest", err);
    }
    if (tag.len > 0 && question.tag.len > 0 && !view_equal(tag, question.tag)) {
        return answer_lacks(call, "imageTag", err);
    }
    if (decode_manifest(call, text, arena, &manifest, err) < 0) {
        return -1;
    }
    *ret_manifest = manifest;
    return 0;
}
