#include "handlers/trigger/image_push.h"

#include "handlers/deploy/image.h"
#include "handlers/trigger/detail.h"

#define SHOWN_BYTES 64

static struct view member(const struct event *event, const char *name) {
    return json_string(json_get(event->detail, name));
}

/* ---- ECR Image Action ---- */

/* Why there is nothing to deploy; empty: there is. */
static struct view why_nothing(const struct event *event, struct arena *arena) {
    struct view action = member(event, "action-type");
    struct view result = member(event, "result");
    struct view tag = member(event, "image-tag");
    if (!view_equal(action, VIEW("PUSH"))) {
        return arena_printf(arena, "action '" VIEW_FMT "' of the registry deploys nothing",
                            VIEW_ARG(view_slice(action, 0, SHOWN_BYTES)));
    }
    if (!view_equal(result, VIEW("SUCCESS"))) {
        return arena_printf(arena, "the push ended with '" VIEW_FMT "'",
                            VIEW_ARG(view_slice(result, 0, SHOWN_BYTES)));
    }
    if (tag.len == 0) {
        return VIEW("the pushed image has no tag");
    }
    return image_tag_is_valid(tag) ? VIEW("") : VIEW("the pushed image's tag is none");
}

static int check_push(const struct event *event, struct err *err) {
    struct view digest = member(event, "image-digest");
    if (!image_repository_is_valid(member(event, "repository-name"))) {
        return err_set(err, ERR_EVENT_MALFORMED,
                       "detail.repository-name: expected the name of a repository");
    }
    if (digest.len > 0 && !image_digest_is_valid(digest)) {
        return err_set(err, ERR_EVENT_MALFORMED, "detail.image-digest: expected a digest");
    }
    return 0;
}

int image_push_parse(const struct event *event, const struct config *config, struct arena *arena,
                     struct trigger *ret_trigger, struct err *err) {
    (void)config;
    struct err cause;
    err_init(&cause);
    *ret_trigger = trigger_of(event, TRIGGER_DEPLOY);
    ret_trigger->scope = SCOPE_REPOSITORY;
    ret_trigger->is_automatic = true;
    struct view note = why_nothing(event, arena);
    if (note.data == NULL || note.len > 0) {
        return trigger_ignore(ret_trigger, note, err);
    }
    if (check_push(event, &cause) != 0) {
        return trigger_refuse(ret_trigger, &cause, err);
    }
    return detail_keep(member(event, "repository-name"), arena, &ret_trigger->repository, err) !=
                       0 ||
                   detail_keep(event->account, arena, &ret_trigger->registry_account, err) != 0 ||
                   detail_keep(event->region, arena, &ret_trigger->registry_region, err) != 0 ||
                   detail_keep(member(event, "image-tag"), arena, &ret_trigger->tag, err) != 0 ||
                   detail_keep(member(event, "image-digest"), arena, &ret_trigger->digest, err) != 0
               ? -1
               : 0;
}

/* ---- Deployment Ready ---- */

/* "name", or "111111111111.dkr.ecr.us-east-1.amazonaws.com/name". */
static int read_repository(const struct event *event, struct trigger *trigger, struct err *err) {
    struct view text = member(event, "repository");
    struct image_reference reference;
    if (image_reference_parse(text, &reference) && reference.is_ecr && reference.tag.len == 0 &&
        reference.digest.len == 0) {
        trigger->registry_account = reference.account;
        trigger->registry_region = reference.region;
        text = reference.name;
    }
    if (!image_repository_is_valid(text)) {
        err_set(err, ERR_EVENT_MALFORMED,
                "detail.repository: expected the name of a repository in ECR");
        err_remedy(err, "send the repository's name, or '<account>.dkr.ecr.<region>.amazonaws.com/"
                        "<name>' without a tag");
        return -1;
    }
    trigger->repository = text;
    return 0;
}

static int check_tag(const struct event *event, struct err *err) {
    const struct json *tag = json_get(event->detail, "tag");
    if (json_type(tag) != JSON_STRING) {
        return err_set(err, ERR_EVENT_MALFORMED, "detail.tag: expected string, got %s",
                       tag == NULL ? "nothing" : json_type_name(json_type(tag)));
    }
    return detail_check_tag(json_string(tag), err);
}

int image_ready_parse(const struct event *event, const struct config *config, struct arena *arena,
                      struct trigger *ret_trigger, struct err *err) {
    (void)config;
    struct err cause;
    err_init(&cause);
    *ret_trigger = trigger_of(event, TRIGGER_DEPLOY);
    ret_trigger->scope = SCOPE_REPOSITORY;
    ret_trigger->is_automatic = true;
    if (read_repository(event, ret_trigger, &cause) != 0 || check_tag(event, &cause) != 0) {
        return trigger_refuse(ret_trigger, &cause, err);
    }
    return detail_keep(ret_trigger->repository, arena, &ret_trigger->repository, err) != 0 ||
                   detail_keep(ret_trigger->registry_account, arena, &ret_trigger->registry_account,
                               err) != 0 ||
                   detail_keep(ret_trigger->registry_region, arena, &ret_trigger->registry_region,
                               err) != 0 ||
                   detail_keep(member(event, "tag"), arena, &ret_trigger->tag, err) != 0
               ? -1
               : 0;
}
