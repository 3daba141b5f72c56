#include "handlers/trigger/service_deploy.h"

#include "handlers/members.h"
#include "handlers/trigger/detail.h"

/* A member of another name that says which image is meant. */
static bool sounds_like_an_image(struct view name) {
    static const char *const words[] = {"tag", "image", "digest", "version"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct view word = view_of(words[i]);
        for (size_t at = 0; at + word.len <= name.len; at++) {
            if (view_equal_nocase(view_slice(name, at, word.len), word)) {
                return true;
            }
        }
    }
    return false;
}

static int check_others(const struct json *detail, struct err *err) {
    for (const struct json *m = json_first(detail); m != NULL; m = json_next(m)) {
        struct view name = json_name(m);
        if (!sounds_like_an_image(name)) {
            continue;
        }
        err_set(err, ERR_EVENT_MALFORMED,
                "detail has no 'tag', and it is not known what '" VIEW_FMT "' means",
                VIEW_ARG(view_slice(name, 0, 64)));
        err_remedy(err, "send the image's tag as 'tag', or leave the member out to restart the "
                        "service");
        return -1;
    }
    return 0;
}

/* What a DEPLOY would honour beside the tag: passed over, it would be something else than what was
 * asked for. */
static int check_of_deploy(const struct json *detail, struct err *err) {
    static const char *const members[] = {"digest", "task_definition", "force"};
    const struct json *dry_run = json_get(detail, "dry_run");
    const struct json *reason = json_get(detail, "reason");
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const struct json *m = json_get(detail, members[i]);
        if (m == NULL || (json_type(m) == JSON_BOOL && !json_bool(m))) {
            continue;
        }
        err_set(err, ERR_EVENT_MALFORMED, "detail.%s: SERVICE_DEPLOY does not take it", members[i]);
        err_remedy(err, "send it with the detail-type DEPLOY");
        return -1;
    }
    if (dry_run != NULL && json_type(dry_run) != JSON_BOOL) {
        return err_set(err, ERR_EVENT_MALFORMED, "detail.dry_run: expected boolean, got %s",
                       json_type_name(json_type(dry_run)));
    }
    if (reason != NULL && json_type(reason) != JSON_STRING && json_type(reason) != JSON_NULL) {
        return err_set(err, ERR_EVENT_MALFORMED, "detail.reason: expected string, got %s",
                       json_type_name(json_type(reason)));
    }
    return 0;
}

/* Workflows send members that nobody knows here: a branch, a commit. But "dryRun" passed over would
 * be a deploy. */
static int check_spelling(const struct json *detail, struct err *err) {
    static const struct json_field dry_run[] = {{.name = "dry_run"}};
    const struct json *misspelt = members_misspelt(detail, dry_run, 1);
    if (misspelt == NULL) {
        return 0;
    }
    (void)members_refuse(misspelt, "detail", dry_run, 1, err);
    err_remedy(err, "correct the member's name, or leave it out");
    return -1;
}

static int check(const struct json *detail, struct err *err) {
    const struct json *service = json_get(detail, "service");
    const struct json *tag = json_get(detail, "tag");
    if (service != NULL && json_type(service) != JSON_STRING) {
        return err_set(err, ERR_EVENT_MALFORMED, "detail.service: expected string, got %s",
                       json_type_name(json_type(service)));
    }
    if (detail_check_service(json_string(service), err) != 0 || check_of_deploy(detail, err) != 0) {
        return -1;
    }
    if (tag == NULL) {
        return check_others(detail, err) != 0 ? -1 : check_spelling(detail, err);
    }
    if (json_type(tag) != JSON_STRING) {
        err_set(err, ERR_EVENT_MALFORMED, "detail.tag: expected string, got %s",
                json_type_name(json_type(tag)));
        err_remedy(err, "send a value, or leave the member out to restart the service");
        return -1;
    }
    return detail_check_tag(json_string(tag), err) != 0 ? -1 : check_spelling(detail, err);
}

int service_deploy_parse(const struct event *event, const struct config *config,
                         struct arena *arena, struct trigger *ret_trigger, struct err *err) {
    (void)config;
    struct err cause;
    struct view tag = json_string(json_get(event->detail, "tag"));
    struct view service = json_string(json_get(event->detail, "service"));
    struct err unsaid;
    err_init(&cause);
    err_init(&unsaid);
    *ret_trigger = trigger_of(event, json_get(event->detail, "tag") != NULL ? TRIGGER_DEPLOY
                                                                            : TRIGGER_RESTART);
    if (detail_check_service(service, &unsaid) == 0 &&
        detail_keep(service, arena, &ret_trigger->service, err) != 0) {
        return -1;
    }
    if (check(event->detail, &cause) != 0) {
        return trigger_refuse(ret_trigger, &cause, err);
    }
    ret_trigger->dry_run = json_bool(json_get(event->detail, "dry_run"));
    struct view reason = detail_cut_reason(json_string(json_get(event->detail, "reason")));
    return detail_keep(tag, arena, &ret_trigger->tag, err) != 0 ||
                   detail_keep(reason, arena, &ret_trigger->reason, err) != 0
               ? -1
               : 0;
}
