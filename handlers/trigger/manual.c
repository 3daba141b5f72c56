#include "handlers/trigger/manual.h"

#include "handlers/deploy/image.h"
#include "handlers/members.h"
#include "handlers/trigger/detail.h"
#include "runtime/aws/arn.h"

/* Bytes of a wrong value that are shown. */
#define SHOWN_BYTES 160

struct deploy_detail {
    struct view service, tag, digest, task_definition, reason;
    bool dry_run, force;
};

#define DETAIL_FIELD(member, type, flags)                                                          \
    JSON_FIELD(struct deploy_detail, member, #member, JSON_DECODE_##type, flags)
static const struct json_field fields[] = {
    DETAIL_FIELD(service, VIEW, JSON_REQUIRED),
    DETAIL_FIELD(tag, VIEW, 0),
    DETAIL_FIELD(digest, VIEW, 0),
    DETAIL_FIELD(task_definition, VIEW, 0),
    DETAIL_FIELD(reason, VIEW, 0),
    DETAIL_FIELD(dry_run, BOOL, 0),
    DETAIL_FIELD(force, BOOL, 0),
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static struct view shown(struct view value) {
    return view_slice(value, 0, SHOWN_BYTES);
}

/* ---- one member each ---- */

static int digest_invalid(struct view digest, struct err *err) {
    if (!detail_is_printable(digest)) {
        return err_set(err, ERR_TAG_INVALID, "detail.digest: it has control characters");
    }
    return err_set(err, ERR_TAG_INVALID, "detail.digest: '" VIEW_FMT "' is no digest",
                   VIEW_ARG(shown(digest)));
}

static int revision_malformed(struct view text, struct err *err) {
    if (detail_is_printable(text)) {
        err_set(err, ERR_EVENT_MALFORMED,
                "detail.task_definition: '" VIEW_FMT "' names no revision", VIEW_ARG(shown(text)));
    } else {
        err_set(err, ERR_EVENT_MALFORMED, "detail.task_definition: it has control characters");
    }
    err_remedy(err, "send 'family:revision' or the ARN of a task definition's revision");
    return -1;
}

static int check_revision_arn(const struct event *event, const struct config *config,
                              struct view text, struct err *err) {
    struct arn arn;
    struct view prefix = VIEW("task-definition/");
    if (!arn_parse(text, &arn) || !view_equal(arn.service, VIEW("ecs")) ||
        !view_starts_with(arn.resource, prefix) ||
        !detail_is_revision(view_slice(arn.resource, prefix.len, arn.resource.len))) {
        return revision_malformed(text, err);
    }
    if (event->own_account.len > 0 && !view_equal(arn.account, event->own_account)) {
        return err_set(err, ERR_FAMILY_MISMATCH,
                       "detail.task_definition: the revision is of account '" VIEW_FMT
                       "', the service of account '" VIEW_FMT "'",
                       VIEW_ARG(arn.account), VIEW_ARG(event->own_account));
    }
    if (!view_equal(arn.region, config->region)) {
        return err_set(err, ERR_FAMILY_MISMATCH,
                       "detail.task_definition: the revision is in '" VIEW_FMT
                       "', the service in '" VIEW_FMT "'",
                       VIEW_ARG(arn.region), VIEW_ARG(config->region));
    }
    return 0;
}

/* ---- the whole detail ---- */

static bool is_present(const struct json *detail, const char *member) {
    return json_get(detail, member) != NULL;
}

/* json_decode() takes null for absent. Here that would turn a deploy into a restart, or a dry run
 * into a deploy. */
static int check_nulls(const struct json *detail, struct err *err) {
    static const struct {
        const char *member, *expected, *remedy;
    } members[] = {
        {"tag", "string", "send a value, or leave the member out to restart the service"},
        {"digest", "string", "send a value, or leave the member out to restart the service"},
        {"task_definition", "string",
         "send a value, or leave the member out to restart the service"},
        {"dry_run", "boolean",
         "send true or false, or leave the member out to carry the event out"},
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (!is_present(detail, members[i].member) ||
            json_type(json_get(detail, members[i].member)) != JSON_NULL) {
            continue;
        }
        err_set(err, ERR_EVENT_MALFORMED, "detail.%s: expected %s, got null", members[i].member,
                members[i].expected);
        err_remedy(err, "%s", members[i].remedy);
        return -1;
    }
    return 0;
}

static enum trigger_kind kind_of(const struct json *detail) {
    if (is_present(detail, "tag") || is_present(detail, "digest")) {
        return TRIGGER_DEPLOY;
    }
    return is_present(detail, "task_definition") ? TRIGGER_DEPLOY_REVISION : TRIGGER_RESTART;
}

/* A member that is not known may say what to deploy in the sender's mind: then a restart is not
 * what is wanted. Beside what to deploy it does no harm, unless it is a misspelt "dry_run". */
static int check_members(const struct json *detail, struct err *err) {
    const struct json *unknown = kind_of(detail) == TRIGGER_RESTART
                                     ? members_unknown(detail, fields, N_FIELDS)
                                     : members_misspelt(detail, fields, N_FIELDS);
    if (unknown == NULL) {
        return 0;
    }
    (void)members_refuse(unknown, "detail", fields, N_FIELDS, err);
    err_remedy(err, "correct the member's name, or leave it out");
    return -1;
}

static int decode(const struct json *detail, struct arena *arena, struct deploy_detail *ret_detail,
                  struct err *err) {
    if (check_members(detail, err) != 0) {
        return -1;
    }
    if (check_nulls(detail, err) != 0) {
        return -1;
    }
    if (json_decode(detail, "detail", fields, N_FIELDS, arena, ret_detail, err) == 0) {
        return 0;
    }
    if (err->code == ERR_EVENT_MALFORMED) {
        err_remedy(err, "send a service and strings; dry_run and force are true or false");
    }
    return -1;
}

static int check_detail(const struct event *event, const struct config *config,
                        const struct deploy_detail *detail, struct err *err) {
    bool has_tag = is_present(event->detail, "tag");
    bool has_digest = is_present(event->detail, "digest");
    bool has_revision = is_present(event->detail, "task_definition");
    if (detail_check_service(detail->service, err) != 0) {
        return -1;
    }
    if (has_revision && (has_tag || has_digest)) {
        err_set(err, ERR_EVENT_MALFORMED,
                "detail.task_definition contradicts detail.%s: a revision has its own image",
                has_tag ? "tag" : "digest");
        err_remedy(err, "send either an image or a revision");
        return -1;
    }
    if (has_tag && detail_check_tag(detail->tag, err) != 0) {
        return -1;
    }
    if (has_digest && !image_digest_is_valid(detail->digest)) {
        return digest_invalid(detail->digest, err);
    }
    if (!has_revision) {
        return 0;
    }
    if (view_starts_with(detail->task_definition, VIEW("arn:"))) {
        return check_revision_arn(event, config, detail->task_definition, err);
    }
    if (!detail_is_revision(detail->task_definition)) {
        return revision_malformed(detail->task_definition, err);
    }
    return 0;
}

/* For the answer to an event that is refused: which service it was about, and what it wanted. */
static int fill_known(const struct json *detail, struct arena *arena, struct trigger *trigger,
                      struct err *err) {
    struct view service = json_string(json_get(detail, "service"));
    struct view tag = json_string(json_get(detail, "tag"));
    struct err unsaid;
    err_init(&unsaid);
    trigger->dry_run = json_bool(json_get(detail, "dry_run"));
    if (detail_check_service(service, &unsaid) == 0 &&
        detail_keep(service, arena, &trigger->service, err) != 0) {
        return -1;
    }
    return image_tag_is_valid(tag) ? detail_keep(tag, arena, &trigger->tag, err) : 0;
}

/* ---- rollbacks ---- */

struct rollback_detail {
    struct view service, to, reason;
    bool dry_run;
};

#define ROLLBACK_FIELD(member, type, flags)                                                        \
    JSON_FIELD(struct rollback_detail, member, #member, JSON_DECODE_##type, flags)
static const struct json_field rollback_fields[] = {
    ROLLBACK_FIELD(service, VIEW, JSON_REQUIRED),
    ROLLBACK_FIELD(to, VIEW, 0),
    ROLLBACK_FIELD(reason, VIEW, 0),
    ROLLBACK_FIELD(dry_run, BOOL, 0),
};
#define N_ROLLBACK_FIELDS (sizeof(rollback_fields) / sizeof(rollback_fields[0]))

/* A null `to` would turn the way back to one revision into the way back to another; and so would a
 * misspelt one. */
static int decode_rollback(const struct json *object, struct arena *arena,
                           struct rollback_detail *ret_detail, struct err *err) {
    const struct json *unknown = is_present(object, "to")
                                     ? members_misspelt(object, rollback_fields, N_ROLLBACK_FIELDS)
                                     : members_unknown(object, rollback_fields, N_ROLLBACK_FIELDS);
    if (unknown != NULL) {
        (void)members_refuse(unknown, "detail", rollback_fields, N_ROLLBACK_FIELDS, err);
        err_remedy(err, "correct the member's name, or leave it out");
        return -1;
    }
    if (is_present(object, "to") && json_type(json_get(object, "to")) == JSON_NULL) {
        err_set(err, ERR_EVENT_MALFORMED, "detail.to: expected string, got null");
        err_remedy(err, "send a revision or a tag, or leave the member out to go back to the last "
                        "completed revision");
        return -1;
    }
    if (is_present(object, "dry_run") && json_type(json_get(object, "dry_run")) == JSON_NULL) {
        return err_set(err, ERR_EVENT_MALFORMED, "detail.dry_run: expected boolean, got null");
    }
    if (json_decode(object, "detail", rollback_fields, N_ROLLBACK_FIELDS, arena, ret_detail, err) ==
        0) {
        return 0;
    }
    if (err->code == ERR_EVENT_MALFORMED) {
        err_remedy(err, "send a service and strings; dry_run is true or false");
    }
    return -1;
}

static bool is_number(struct view text) {
    int64_t number;
    return view_to_i64(text, &number) && number > 0;
}

/* "41", "family:41", an ARN, or a tag. */
static int check_to(const struct event *event, const struct config *config, struct view to,
                    struct err *err) {
    if (is_number(to) || detail_is_revision(to) || image_tag_is_valid(to)) {
        return 0;
    }
    if (view_starts_with(to, VIEW("arn:"))) {
        return check_revision_arn(event, config, to, err);
    }
    if (detail_is_printable(to)) {
        err_set(err, ERR_EVENT_MALFORMED,
                "detail.to: '" VIEW_FMT "' is neither a revision nor a tag", VIEW_ARG(shown(to)));
    } else {
        err_set(err, ERR_EVENT_MALFORMED, "detail.to: it has control characters");
    }
    err_remedy(err, "send a revision such as '41' or 'family:41', its ARN, or the tag of an image");
    return -1;
}

int manual_rollback_parse(const struct event *event, const struct config *config,
                          struct arena *arena, struct trigger *ret_trigger, struct err *err) {
    struct rollback_detail detail = {0};
    struct err cause;
    err_init(&cause);
    *ret_trigger = trigger_of(event, TRIGGER_ROLLBACK);
    if (fill_known(event->detail, arena, ret_trigger, err) != 0) {
        return -1;
    }
    if (decode_rollback(event->detail, arena, &detail, &cause) != 0 ||
        detail_check_service(detail.service, &cause) != 0 ||
        (is_present(event->detail, "to") && check_to(event, config, detail.to, &cause) != 0)) {
        return trigger_refuse(ret_trigger, &cause, err);
    }
    ret_trigger->service = detail.service;
    ret_trigger->to = detail.to;
    ret_trigger->reason = detail_cut_reason(detail.reason);
    ret_trigger->dry_run = detail.dry_run;
    return 0;
}

/* ---- deploys ---- */

int manual_deploy_parse(const struct event *event, const struct config *config, struct arena *arena,
                        struct trigger *ret_trigger, struct err *err) {
    struct deploy_detail detail = {0};
    struct err cause;
    err_init(&cause);
    *ret_trigger = trigger_of(event, kind_of(event->detail));
    if (fill_known(event->detail, arena, ret_trigger, err) != 0) {
        return -1;
    }
    if (decode(event->detail, arena, &detail, &cause) != 0 ||
        check_detail(event, config, &detail, &cause) != 0) {
        return trigger_refuse(ret_trigger, &cause, err);
    }
    ret_trigger->service = detail.service;
    ret_trigger->tag = detail.tag;
    ret_trigger->digest = detail.digest;
    ret_trigger->task_definition = detail.task_definition;
    ret_trigger->reason = detail_cut_reason(detail.reason);
    ret_trigger->dry_run = detail.dry_run;
    ret_trigger->force = detail.force;
    return 0;
}
