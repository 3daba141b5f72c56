#include "handlers/trigger/manual.h"

#include "handlers/deploy/image.h"
#include "handlers/members.h"
#include "runtime/aws/arn.h"

/* Bytes of a service's name that are looked at; no name that can be configured is longer. */
#define SERVICE_BYTES 255
/* Bytes of a reason that are kept: a tag's value holds 256, a log line should stay readable. */
#define REASON_BYTES 1024
/* Bytes of a wrong value that are shown. */
#define SHOWN_BYTES 160
#define TAG_BYTES 128
#define FAMILY_BYTES 255
#define REVISION_DIGITS 10

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

static bool is_printable(struct view v) {
    for (size_t i = 0; i < v.len; i++) {
        if ((unsigned char)v.data[i] < ' ' || v.data[i] == 127) {
            return false;
        }
    }
    return true;
}

static int check_service(struct view service, struct err *err) {
    if (service.len == 0) {
        return err_set(err, ERR_EVENT_MALFORMED, "detail.service: expected a name, got nothing");
    }
    if (service.len > SERVICE_BYTES) {
        return err_set(err, ERR_EVENT_MALFORMED,
                       "detail.service: expected at most %d bytes, got %zu", SERVICE_BYTES,
                       service.len);
    }
    if (!is_printable(service)) {
        return err_set(err, ERR_EVENT_MALFORMED,
                       "detail.service: expected a name, got control characters");
    }
    return 0;
}

/* Says what is wrong without repeating it: a control character has no place in a message. */
static int tag_invalid(struct view tag, struct err *err) {
    if (tag.len == 0) {
        return err_set(err, ERR_TAG_INVALID, "detail.tag: the tag is empty");
    }
    if (tag.len > TAG_BYTES) {
        return err_set(err, ERR_TAG_INVALID, "detail.tag: the tag has %zu characters, more than %d",
                       tag.len, TAG_BYTES);
    }
    for (size_t i = 0; i < tag.len; i++) {
        /* Every prefix of a valid tag is one: this is the first byte at fault. */
        if (image_tag_is_valid(view_slice(tag, 0, i + 1))) {
            continue;
        }
        char c = tag.data[i];
        if (c > ' ' && c < 127) {
            return err_set(err, ERR_TAG_INVALID, "detail.tag: '%c' cannot be byte %zu of a tag", c,
                           i);
        }
        return err_set(err, ERR_TAG_INVALID, "detail.tag: 0x%02x cannot be byte %zu of a tag",
                       (unsigned)(unsigned char)c, i);
    }
    return 0;
}

static int digest_invalid(struct view digest, struct err *err) {
    if (!is_printable(digest)) {
        return err_set(err, ERR_TAG_INVALID, "detail.digest: it has control characters");
    }
    return err_set(err, ERR_TAG_INVALID, "detail.digest: '" VIEW_FMT "' is no digest",
                   VIEW_ARG(shown(digest)));
}

/* family:revision */
static bool is_revision(struct view text) {
    struct view family, revision;
    if (!view_cut(text, ':', &family, &revision) || family.len == 0 || family.len > FAMILY_BYTES ||
        revision.len == 0 || revision.len > REVISION_DIGITS || revision.data[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < revision.len; i++) {
        if (revision.data[i] < '0' || revision.data[i] > '9') {
            return false;
        }
    }
    for (size_t i = 0; i < family.len; i++) {
        char c = family.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

static int revision_malformed(struct view text, struct err *err) {
    if (is_printable(text)) {
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
        !is_revision(view_slice(arn.resource, prefix.len, arn.resource.len))) {
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
    if (check_service(detail->service, err) != 0) {
        return -1;
    }
    if (has_revision && (has_tag || has_digest)) {
        err_set(err, ERR_EVENT_MALFORMED,
                "detail.task_definition contradicts detail.%s: a revision has its own image",
                has_tag ? "tag" : "digest");
        err_remedy(err, "send either an image or a revision");
        return -1;
    }
    if (has_tag && !image_tag_is_valid(detail->tag)) {
        return tag_invalid(detail->tag, err);
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
    if (!is_revision(detail->task_definition)) {
        return revision_malformed(detail->task_definition, err);
    }
    return 0;
}

static int keep(struct view value, struct arena *arena, struct view *ret_copy, struct err *err) {
    *ret_copy = arena_copy(arena, value);
    return ret_copy->data != NULL ? 0 : err_out_of_memory(err, "an event");
}

/* For the answer to an event that is refused: which service it was about, and what it wanted. */
static int fill_known(const struct json *detail, struct arena *arena, struct trigger *trigger,
                      struct err *err) {
    struct view service = json_string(json_get(detail, "service"));
    struct view tag = json_string(json_get(detail, "tag"));
    struct err unsaid;
    err_init(&unsaid);
    trigger->dry_run = json_bool(json_get(detail, "dry_run"));
    if (check_service(service, &unsaid) == 0 && keep(service, arena, &trigger->service, err) != 0) {
        return -1;
    }
    return image_tag_is_valid(tag) ? keep(tag, arena, &trigger->tag, err) : 0;
}

static struct view cut_reason(struct view reason) {
    size_t len = reason.len < REASON_BYTES ? reason.len : REASON_BYTES;
    /* Not in the middle of a character. */
    while (len > 0 && len < reason.len && ((unsigned char)reason.data[len] & 0xC0) == 0x80) {
        len--;
    }
    return view_slice(reason, 0, len);
}

int manual_deploy_parse(const struct event *event, const struct config *config, struct arena *arena,
                        struct trigger *ret_trigger, struct err *err) {
    struct deploy_detail detail = {0};
    struct err cause;
    err_init(&cause);
    *ret_trigger = (struct trigger){
        .kind = kind_of(event->detail),
        .event_id = event->id,
        .event_time_ms = event->time_ms,
    };
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
    ret_trigger->reason = cut_reason(detail.reason);
    ret_trigger->dry_run = detail.dry_run;
    ret_trigger->force = detail.force;
    return 0;
}
