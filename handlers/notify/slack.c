#include "handlers/notify/slack.h"

#include "handlers/deploy/plan_revision.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_write.h"

#define MESSAGE_BYTES ((size_t)256 * 1024)
/* Block Kit: a section's text has 3000 characters at most, a header's 150. One value takes so many
 * bytes before it is escaped, at most, so that ten of them fit. */
#define SECTION_BYTES ((size_t)3000)
#define HEADER_BYTES ((size_t)150)
#define VALUE_BYTES ((size_t)200)
#define WHY_BYTES ((size_t)1000)
#define TEXT_BYTES ((size_t)32 * 1024)

/* --- text --- */

/* Not in the middle of a character. */
static struct view cut(struct view text, size_t limit) {
    size_t len = text.len < limit ? text.len : limit;
    while (len > 0 && len < text.len && ((unsigned char)text.data[len] & 0xC0) == 0x80) {
        len--;
    }
    return view_slice(text, 0, len);
}

/* What stands between backticks: none of these, and no line break but where `lines` has them. */
static void append_escaped(struct buf *text, struct view value, bool lines) {
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c == '&') {
            buf_append_str(text, "&amp;");
        } else if (c == '<') {
            buf_append_str(text, "&lt;");
        } else if (c == '>') {
            buf_append_str(text, "&gt;");
        } else if (c == '`') {
            buf_append_char(text, '\'');
        } else if ((c < ' ' && !(lines && c == '\n')) || c == 127) {
            buf_append_char(text, ' ');
        } else {
            buf_append_char(text, (char)c);
        }
    }
}

/* "*Label* `value`" on a line of its own; nothing for an empty value. */
static void append_value(struct buf *text, const char *label, struct view value) {
    if (value.len == 0) {
        return;
    }
    buf_appendf(text, "\n*%s* `", label);
    append_escaped(text, cut(value, VALUE_BYTES), false);
    buf_append_char(text, '`');
}

static void append_block(struct buf *text, struct view value) {
    if (value.len > 0) {
        buf_append_str(text, "\n```");
        append_escaped(text, cut(value, WHY_BYTES), true);
        buf_append_str(text, "```");
    }
}

/* The digest's first digits say enough to a person. */
static struct view short_digest(struct view digest) {
    return view_slice(digest, 0, sizeof("sha256:") - 1 + 12);
}

static void append_duration(struct buf *text, const struct change *change) {
    int64_t seconds = (change->rollout.duration_ms + 500) / 1000;
    if (change->rollout.outcome == ROLLOUT_NONE || change->rollout.duration_ms < 0) {
        return;
    }
    if (seconds < 60) {
        buf_appendf(text, "\n*Took* %lld s", (long long)seconds);
    } else {
        buf_appendf(text, "\n*Took* %lld min %lld s", (long long)(seconds / 60),
                    (long long)(seconds % 60));
    }
}

static struct view to_revision(const struct change *change) {
    struct view to =
        change->to_task_definition.len > 0 ? change->to_task_definition : change->reuse;
    return revision_name(to);
}

/* --- one change --- */

static void append_change(struct buf *text, const struct change *change, enum notice_kind kind) {
    struct view target = notice_target(change);
    buf_append_str(text, "*`");
    append_escaped(text, cut(target.len > 0 ? target : VIEW("unknown"), VALUE_BYTES), false);
    buf_appendf(text, "`* %s", notice_title(change, kind));
    append_value(text, "Tag", change->tag.len > 0 ? change->tag : change->trigger->tag);
    append_value(text, "Digest", short_digest(change->digest));
    append_value(text, "From", revision_name(change->from_task_definition));
    append_value(text, "To", to_revision(change));
    append_value(text, "Version", change->version);
    append_value(text, "Deployment", change->deployment_id);
    append_duration(text, change);
    append_value(text, "Reason", change->trigger->reason);
    append_value(text, "Note", change->note);
    if (change->err != NULL) {
        append_block(text, view_of(change->err->message));
        append_block(text, view_of(change->err->remedy));
    }
    append_block(text, change->rollout.why);
    append_block(text, change->rollout.remedy);
}

#define FENCE "```"

static bool is_inside_block(struct view text) {
    bool inside = false;
    for (size_t i = 0; i + sizeof(FENCE) - 1 <= text.len; i++) {
        if (view_equal(view_slice(text, i, sizeof(FENCE) - 1), VIEW(FENCE))) {
            inside = !inside;
            i += sizeof(FENCE) - 2;
        }
    }
    return inside;
}

/* Cut where a line ends, so that no entity is cut; a block that is open is closed. */
static void cut_section(struct buf *text) {
    if (text->len <= SECTION_BYTES) {
        return;
    }
    struct buf whole BUF_AUTO = BUF_INIT(TEXT_BYTES);
    buf_append(&whole, buf_view(text));
    size_t len = SECTION_BYTES - sizeof(FENCE);
    while (len > 0 && whole.data[len] != '\n') {
        len--;
    }
    buf_clear(text);
    buf_append(text, view_slice(buf_view(&whole), 0, len));
    if (is_inside_block(buf_view(text))) {
        buf_append_str(text, FENCE);
    }
}

static void put_text(struct json_writer *w, const char *name, const char *type, struct view text) {
    json_begin_object(w, name);
    json_put_string(w, "type", view_of(type));
    json_put_string(w, "text", text);
    json_end_object(w);
}

static void put_section(struct json_writer *w, const struct change *change, enum notice_kind kind) {
    struct buf text BUF_AUTO = BUF_INIT(TEXT_BYTES);
    append_change(&text, change, kind);
    cut_section(&text);
    json_begin_object(w, NULL);
    json_put_string(w, "type", VIEW("section"));
    put_text(w, "text", "mrkdwn", buf_view(&text));
    json_end_object(w);
}

static void put_context(struct json_writer *w, struct view text) {
    json_begin_object(w, NULL);
    json_put_string(w, "type", VIEW("context"));
    json_begin_array(w, "elements");
    put_text(w, NULL, "mrkdwn", text);
    json_end_array(w);
    json_end_object(w);
}

/* --- the whole message --- */

struct told {
    const struct change *first; /* worth telling */
    enum notice_kind kind;
    size_t n;
};

static struct told count(const struct config *config, const struct change *changes, size_t n) {
    struct told told = {0};
    for (size_t i = 0; i < n; i++) {
        enum notice_kind kind = notice_of(config, &changes[i]);
        if (kind != NOTICE_NONE && told.n++ == 0) {
            told.first = &changes[i];
            told.kind = kind;
        }
    }
    return told;
}

/* "myproject prod: backend deployment started", "… and 4 more" */
static void append_header(struct buf *text, const struct config *config, const struct told *told) {
    buf_appendf(text, VIEW_FMT " " VIEW_FMT ": " VIEW_FMT " %s", VIEW_ARG(config->project),
                VIEW_ARG(config->env), VIEW_ARG(cut(notice_target(told->first), 64)),
                notice_title(told->first, told->kind));
    if (told->n > 1) {
        buf_appendf(text, ", and %zu more", told->n - 1);
    }
}

static void put_blocks(struct json_writer *w, const struct config *config,
                       const struct change *changes, size_t n, const struct told *told,
                       struct view header) {
    struct buf context BUF_AUTO = BUF_INIT(TEXT_BYTES);
    size_t shown = 0;
    json_begin_array(w, "blocks");
    json_begin_object(w, NULL);
    json_put_string(w, "type", VIEW("header"));
    put_text(w, "text", "plain_text", cut(header, HEADER_BYTES));
    json_end_object(w);
    for (size_t i = 0; i < n && shown < SLACK_MAX_CHANGES; i++) {
        enum notice_kind kind = notice_of(config, &changes[i]);
        if (kind != NOTICE_NONE) {
            put_section(w, &changes[i], kind);
            shown++;
        }
    }
    buf_append_str(&context, "event `");
    append_escaped(&context, cut(told->first->trigger->event_id, VALUE_BYTES), false);
    buf_append_char(&context, '`');
    if (told->n > shown) {
        buf_appendf(&context, ", and %zu changes more", told->n - shown);
    }
    put_context(w, buf_view(&context));
    json_end_array(w);
}

struct view slack_message(const struct config *config, const struct change *changes, size_t n,
                          struct arena *arena) {
    struct buf text BUF_AUTO = BUF_INIT(MESSAGE_BYTES);
    struct buf header BUF_AUTO = BUF_INIT(TEXT_BYTES);
    struct buf fallback BUF_AUTO = BUF_INIT(TEXT_BYTES);
    struct json_writer w = json_writer(&text);
    const struct told told = count(config, changes, n);
    if (told.n == 0) {
        return VIEW("");
    }
    append_header(&header, config, &told);
    append_escaped(&fallback, buf_view(&header), false);
    json_begin_object(&w, NULL);
    json_put_string(&w, "text", buf_view(&fallback));
    put_blocks(&w, config, changes, n, &told, buf_view(&header));
    json_end_object(&w);
    return text.failed || header.failed || fallback.failed ? (struct view){0}
                                                           : arena_copy(arena, buf_view(&text));
}
