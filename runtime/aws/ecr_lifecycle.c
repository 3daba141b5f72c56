#include "runtime/aws/ecr_lifecycle.h"

#include "runtime/aws/answer.h"
#include "runtime/aws/ecr_error.h"
#include "runtime/aws/ecr_request.h"
#include "runtime/base/json_write.h"

/* The most that one page of DescribeImages holds. */
#define PAGE_IMAGES 1000

static const char *const index_types[] = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
};
#define N_INDEX_TYPES (sizeof(index_types) / sizeof(index_types[0]))

bool ecr_is_index(const struct ecr_stored_image *image) {
    for (size_t i = 0; i < N_INDEX_TYPES; i++) {
        if (view_equal(image->media_type, view_of(index_types[i]))) {
            return true;
        }
    }
    return false;
}

/* --- questions --- */

int ecr_list_images_call(const struct ecr_registry *registry, struct view repository,
                         struct view next, struct arena *arena, struct aws_call *ret_call,
                         struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    ecr_begin_request(&w, registry, repository);
    json_put_i64(&w, "maxResults", PAGE_IMAGES);
    json_begin_object(&w, "filter");
    json_put_string(&w, "tagStatus", VIEW("ANY"));
    json_put_string(&w, "imageStatus", VIEW("ANY"));
    json_end_object(&w);
    json_put_optional(&w, "nextToken", next);
    return ecr_finish_call(&w, registry, "DescribeImages", arena, ret_call, err);
}

int ecr_get_lifecycle_policy_call(const struct ecr_registry *registry, struct view repository,
                                  struct arena *arena, struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    ecr_begin_request(&w, registry, repository);
    return ecr_finish_call(&w, registry, "GetLifecyclePolicy", arena, ret_call, err);
}

/* {"registryId":"111111111111","repositoryName":"r","imageIds":[{"imageDigest":"sha256:…"},…],
 *  "acceptedMediaTypes":["application/vnd.oci.image.index.v1+json",…]} */
int ecr_get_indexes_call(const struct ecr_registry *registry, struct view repository,
                         const struct view *digests, size_t n, struct arena *arena,
                         struct aws_call *ret_call, struct err *err) {
    struct buf buf BUF_AUTO = BUF_INIT(ANSWER_REQUEST_BYTES);
    struct json_writer w = json_writer(&buf);
    ecr_begin_request(&w, registry, repository);
    json_begin_array(&w, "imageIds");
    for (size_t i = 0; i < n; i++) {
        json_begin_object(&w, NULL);
        json_put_string(&w, "imageDigest", digests[i]);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_begin_array(&w, "acceptedMediaTypes");
    for (size_t i = 0; i < N_INDEX_TYPES; i++) {
        json_put_string(&w, NULL, view_of(index_types[i]));
    }
    json_end_array(&w);
    return ecr_finish_call(&w, registry, "BatchGetImage", arena, ret_call, err);
}

/* --- answers --- */

/* The object of a success; what ECR says otherwise, with the repository that was asked for. */
static int read_answer(const struct aws_call *call, struct arena *arena, struct json_span *ret_root,
                       struct err *err) {
    struct ecr_question question;
    if (!answer_failed(call)) {
        return answer_object(call, ret_root, err);
    }
    if (ecr_question_read(call, arena, &question, err) < 0) {
        return -1;
    }
    question.image = VIEW("its images");
    return ecr_call_failed(&question, arena, err);
}

static int decode_strings(struct json_span object, const char *name, struct arena *arena,
                          struct view **ret_strings, size_t *ret_n, struct err *err) {
    struct json_span array;
    struct json_span element;
    size_t n = 0;
    if (!answer_array(object, name, &array)) {
        return 0;
    }
    struct view *strings = ARENA_ARRAY(arena, answer_count(array), struct view);
    if (!strings) {
        return err_out_of_memory(err, name);
    }
    struct json_iterator iterator = json_iterate(array);
    while (json_next_element(&iterator, &element)) {
        if (element.type != JSON_STRING) {
            continue;
        }
        if (json_span_string(element, arena, &strings[n], err) < 0) {
            return -1;
        }
        n++;
    }
    *ret_strings = strings;
    *ret_n = n;
    return 0;
}

static int decode_image(const struct aws_call *call, struct json_span detail, struct arena *arena,
                        struct ecr_stored_image *ret_image, struct err *err) {
    struct ecr_stored_image image = {0};
    struct view status = {0};
    if (answer_string(call, detail, "imageDigest", arena, &image.digest, err) < 0 ||
        json_find_string(detail, "imageManifestMediaType", arena, &image.media_type, err) < 0 ||
        json_find_string(detail, "imageStatus", arena, &status, err) < 0 ||
        decode_strings(detail, "imageTags", arena, &image.tags, &image.n_tags, err) < 0) {
        return -1;
    }
    image.is_archived = view_equal(status, VIEW("ARCHIVED"));
    image.pushed_at_ms = answer_time_ms(detail, "imagePushedAt");
    image.pulled_at_ms = answer_time_ms(detail, "lastRecordedPullTime");
    image.activated_at_ms = answer_time_ms(detail, "lastActivatedAt");
    image.archived_at_ms = answer_time_ms(detail, "lastArchivedAt");
    if (image.pushed_at_ms == 0) {
        return answer_lacks(call, "imagePushedAt", err);
    }
    *ret_image = image;
    return 0;
}

/* {"imageDetails":[{"registryId":"111111111111","repositoryName":"r","imageDigest":"sha256:…",
 *  "imageTags":["t"],"imagePushedAt":1.7E9,"lastRecordedPullTime":1.7E9,"imageStatus":"ACTIVE",
 *  "imageManifestMediaType":"…"}],"nextToken":"…"} */
int ecr_list_images_result(const struct aws_call *call, struct arena *arena,
                           struct ecr_image_page *ret_page, struct err *err) {
    struct ecr_image_page page = {0};
    struct json_span root = {0};
    struct json_span details;
    struct json_span detail;
    if (read_answer(call, arena, &root, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "imageDetails", &details)) {
        return answer_lacks(call, "imageDetails", err);
    }
    page.images = ARENA_ARRAY(arena, answer_count(details), struct ecr_stored_image);
    if (!page.images) {
        return err_out_of_memory(err, "images");
    }
    struct json_iterator iterator = json_iterate(details);
    while (json_next_element(&iterator, &detail)) {
        if (decode_image(call, detail, arena, &page.images[page.n], err) < 0) {
            return -1;
        }
        page.n++;
    }
    if (json_find_string(root, "nextToken", arena, &page.next, err) < 0) {
        return -1;
    }
    *ret_page = page;
    return 0;
}

/* {"registryId":"111111111111","repositoryName":"r","lifecyclePolicyText":"{\"rules\":[…]}"} */
int ecr_get_lifecycle_policy_result(const struct aws_call *call, struct arena *arena,
                                    struct view *ret_policy, struct err *err) {
    struct json_span root = {0};
    struct view policy;
    if (answer_has_code(call, "LifecyclePolicyNotFoundException")) {
        *ret_policy = (struct view){0};
        return 0;
    }
    if (answer_is_denied(call)) {
        err_set(err, ERR_ACCESS_DENIED, "GetLifecyclePolicy denied: " VIEW_FMT "%s",
                VIEW_ARG(answer_message(call)), answer_note(call).text);
        err_remedy(err, "allow ecr:GetLifecyclePolicy on the repository, or give the policy as a "
                        "file");
        return -1;
    }
    if (read_answer(call, arena, &root, err) < 0 ||
        answer_string(call, root, "lifecyclePolicyText", arena, &policy, err) < 0) {
        return -1;
    }
    *ret_policy = policy;
    return 0;
}

static struct ecr_stored_image *find_image(struct ecr_stored_image *images, size_t n,
                                           struct view digest) {
    for (size_t i = 0; i < n; i++) {
        if (view_equal(images[i].digest, digest)) {
            return &images[i];
        }
    }
    return NULL;
}

/* The digests in an index's `manifests`. */
static int decode_index(const struct aws_call *call, struct view text, struct arena *arena,
                        struct ecr_stored_image *image, struct err *err) {
    struct json_span root = {0};
    struct json_span entries;
    struct json_span entry;
    size_t n = 0;
    if (answer_scan(text, "manifest in the answer to BatchGetImage", answer_note(call), &root,
                    err) < 0) {
        return -1;
    }
    if (!answer_array(root, "manifests", &entries)) {
        return 0;
    }
    struct view *manifests = ARENA_ARRAY(arena, answer_count(entries), struct view);
    if (!manifests) {
        return err_out_of_memory(err, "manifests");
    }
    struct json_iterator iterator = json_iterate(entries);
    while (json_next_element(&iterator, &entry)) {
        if (json_find_string(entry, "digest", arena, &manifests[n], err) < 0) {
            return -1;
        }
        n += manifests[n].len > 0;
    }
    image->manifests = manifests;
    image->n_manifests = n;
    return 0;
}

/* {"images":[{"imageId":{"imageDigest":"sha256:…"},"imageManifest":"{…}"}],"failures":[…]}; an
 * index that is gone meanwhile lists nothing. */
int ecr_get_indexes_result(const struct aws_call *call, struct arena *arena,
                           struct ecr_stored_image *images, size_t n, struct err *err) {
    struct json_span root = {0};
    struct json_span found;
    struct json_span one;
    struct json_span id;
    struct view digest;
    struct view text;
    if (read_answer(call, arena, &root, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "images", &found)) {
        return answer_lacks(call, "images", err);
    }
    struct json_iterator iterator = json_iterate(found);
    while (json_next_element(&iterator, &one)) {
        if (!json_find(one, "imageId", &id)) {
            return answer_lacks(call, "imageId", err);
        }
        if (answer_string(call, id, "imageDigest", arena, &digest, err) < 0 ||
            answer_string(call, one, "imageManifest", arena, &text, err) < 0) {
            return -1;
        }
        struct ecr_stored_image *image = find_image(images, n, digest);
        if (image && decode_index(call, text, arena, image, err) < 0) {
            return -1;
        }
    }
    return 0;
}
