#include "handlers/trigger/detail.h"

#include "handlers/deploy/image.h"
#include "runtime/base/ascii.h"

/* Bytes of a service's name that are looked at; no name that can be configured is longer. */
#define SERVICE_BYTES 255
/* Bytes of a reason that are kept: a tag's value holds 256, a log line should stay readable. */
#define REASON_BYTES 1024
#define TAG_BYTES 128
#define FAMILY_BYTES 255
#define REVISION_DIGITS 10

bool detail_is_printable(struct view v) {
    for (size_t i = 0; i < v.len; i++) {
        if ((unsigned char)v.data[i] < ' ' || v.data[i] == 127) {
            return false;
        }
    }
    return true;
}

int detail_check_service(struct view service, struct err *err) {
    if (service.len == 0) {
        return err_set(err, ERR_EVENT_MALFORMED, "detail.service: expected a name, got nothing");
    }
    if (service.len > SERVICE_BYTES) {
        return err_set(err, ERR_EVENT_MALFORMED,
                       "detail.service: expected at most %d bytes, got %zu", SERVICE_BYTES,
                       service.len);
    }
    if (!detail_is_printable(service)) {
        return err_set(err, ERR_EVENT_MALFORMED,
                       "detail.service: expected a name, got control characters");
    }
    return 0;
}

/* Says what is wrong without repeating it: a control character has no place in a message. */
int detail_check_tag(struct view tag, struct err *err) {
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

/* family:revision */
bool detail_is_revision(struct view text) {
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
        if (!ascii_is_alphanumeric(c) && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

struct view detail_cut_reason(struct view reason) {
    size_t len = reason.len < REASON_BYTES ? reason.len : REASON_BYTES;
    /* Not in the middle of a character. */
    while (len > 0 && len < reason.len && ((unsigned char)reason.data[len] & 0xC0) == 0x80) {
        len--;
    }
    return view_slice(reason, 0, len);
}

int detail_keep(struct view value, struct arena *arena, struct view *ret_copy, struct err *err) {
    *ret_copy = arena_copy(arena, value);
    return ret_copy->data != NULL ? 0 : err_out_of_memory(err, "an event");
}

int trigger_ignore(struct trigger *trigger, struct view note, struct err *err) {
    if (note.data == NULL) {
        return err_out_of_memory(err, "an event");
    }
    trigger->kind = TRIGGER_IGNORE;
    trigger->note = note;
    return 0;
}

struct trigger trigger_of(const struct event *event, enum trigger_kind kind) {
    return (struct trigger){.kind = kind, .event_id = event->id, .event_time_ms = event->time_ms};
}
