#include "handlers/notify/slack.h"

#include "handlers/deploy/plan_revision.h"
#include "handlers/report.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_write.h"
#include "runtime/base/utf8.h"

#define MESSAGE_BYTES ((size_t)256 * 1024)
#define TEXT_BYTES ((size_t)32 * 1024)
/* Block Kit: a section's text has 3000 characters at most, a header's 150. All of these count the
 * bytes of the escaped text, which has no fewer of them than characters: nothing is cut afterwards.
 */
#define SECTION_BYTES ((size_t)3000)
#define HEADER_BYTES ((size_t)150)
/* One value; nine of them, their labels and the remedy leave room for why it failed. */
#define VALUE_BYTES ((size_t)200)
/* The longest remedy of task_failure.c and the command that rolls back have 500. */
#define REMEDY_BYTES ((size_t)700)
#define WHY_BYTES ((size_t)1000)
#define NAME_BYTES ((size_t)64)

/* --- text --- */

enum style {
    IN_SPAN,  /* between backticks, on one line */
    IN_BLOCK, /* between fences, lines kept */
    AS_PLAIN, /* Block Kit's plain_text, which has no entities */
};

#define ELLIPSIS "\xE2\x80\xA6"

/* What is not seen, breaks a line or turns the text around it. */
static bool is_blanked(uint32_t c, enum style style) {
    return !utf8_is_harmless(c) && !(style == IN_BLOCK && c == '\n');
}

/* The next character, which *rest has no more, as Slack is to get it. */
static struct view next_piece(struct view *rest, enum style style) {
    uint32_t c = 0;
    size_t len = utf8_decode(*rest, &c);
    struct view piece = len > 0 ? view_slice(*rest, 0, len) : VIEW(UTF8_REPLACEMENT);
    *rest = view_slice(*rest, len > 0 ? len : 1, rest->len);
    if (c == '&') {
        return style == AS_PLAIN ? piece : VIEW("&amp;");
    }
    if (c == '<') {
        return style == AS_PLAIN ? VIEW("(") : VIEW("&lt;");
    }
    if (c == '>') {
        return style == AS_PLAIN ? VIEW(")") : VIEW("&gt;");
    }
    if (c == '`') {
        return VIEW("'");
    }
    return len > 0 && is_blanked(c, style) ? VIEW(" ") : piece;
}

static size_t escaped_bytes(struct view value, enum style style) {
    size_t bytes = 0;
    while (value.len > 0) {
        bytes += next_piece(&value, style).len;
    }
    return bytes;
}

/* At most `limit` bytes, in whole characters and entities; what is cut shows it. */
static void append_escaped(struct buf *text, struct view value, enum style style, size_t limit) {
    bool fits = escaped_bytes(value, style) <= limit;
    size_t end = text->len + limit - (fits ? 0 : sizeof(ELLIPSIS) - 1);
    while (value.len > 0) {
        struct view piece = next_piece(&value, style);
        if (text->len + piece.len > end) {
            break;
        }
        buf_append(text, piece);
    }
    buf_append_str(text, fits ? "" : ELLIPSIS);
}

/* "*Label* `value`" on a line of its own; nothing for an empty value. */
static void append_value(struct buf *text, const char *label, struct view value) {
    if (value.len == 0) {
        return;
    }
    buf_appendf(text, "\n*%s* `", label);
    append_escaped(text, value, IN_SPAN, VALUE_BYTES);
    buf_append_char(text, '`');
}

#define FENCE "```"
#define FENCES_BYTES sizeof("\n" FENCE FENCE)

static void append_block(struct buf *text, struct view value, size_t limit) {
    if (value.len > 0) {
        buf_append_str(text, "\n" FENCE);
        append_escaped(text, value, IN_BLOCK, limit);
        buf_append_str(text, FENCE);
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

/* Why, and what to do about it: that is never cut for want of room. */
static void append_explanation(struct buf *text, struct view why, struct view remedy) {
    struct buf what_to_do BUF_AUTO = BUF_INIT(TEXT_BYTES);
    append_block(&what_to_do, remedy, REMEDY_BYTES);
    size_t used = text->len + what_to_do.len + FENCES_BYTES;
    size_t left = used < SECTION_BYTES ? SECTION_BYTES - used : 0;
    append_block(text, why, left < WHY_BYTES ? left : WHY_BYTES);
    buf_append(text, buf_view(&what_to_do));
    text->failed = text->failed || what_to_do.failed;
}

static void append_change(struct buf *text, const struct change *change, enum notice_kind kind) {
    struct view target = report_target(change);
    buf_append_str(text, "*`");
    append_escaped(text, target.len > 0 ? target : VIEW("unknown"), IN_SPAN, VALUE_BYTES);
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
        append_explanation(text, view_of(change->err->message), view_of(change->err->remedy));
    } else {
        append_explanation(text, change->rollout.why, change->rollout.remedy);
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
    json_begin_object(w, NULL);
    json_put_string(w, "type", VIEW("section"));
    put_text(w, "text", "mrkdwn", buf_view(&text));
    json_end_object(w);
    w->buf->failed = w->buf->failed || text.failed;
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
    const struct change *first; /* worth telling: what went wrong, if anything did */
    enum notice_kind kind;
    size_t n;
};

static struct told count(const struct config *config, const struct change *changes, size_t n) {
    struct told told = {0};
    for (size_t i = 0; i < n; i++) {
        enum notice_kind kind = notice_of(config, &changes[i]);
        if (kind == NOTICE_NONE) {
            continue;
        }
        if (told.n++ == 0 || (notice_is_trouble(kind) && !notice_is_trouble(told.kind))) {
            told.first = &changes[i];
            told.kind = kind;
        }
    }
    return told;
}

/* "myproject prod: backend deployment started", "… and 4 more" */
static void append_header(struct buf *text, const struct config *config, const struct told *told) {
    struct view target = report_target(told->first);
    struct view name = target.len > 0 ? utf8_cut(target, NAME_BYTES) : VIEW("an event");
    buf_appendf(text, VIEW_FMT " " VIEW_FMT ": " VIEW_FMT " %s", VIEW_ARG(config->project),
                VIEW_ARG(config->env), VIEW_ARG(name), notice_title(told->first, told->kind));
    if (told->n > 1) {
        buf_appendf(text, ", and %zu more", told->n - 1);
    }
}

/* What went wrong, or the rest, as far as there is room. Returns how many are shown. */
static size_t put_sections(struct json_writer *w, const struct config *config,
                           const struct change *changes, size_t n, bool trouble, size_t room) {
    size_t shown = 0;
    for (size_t i = 0; i < n && shown < room; i++) {
        enum notice_kind kind = notice_of(config, &changes[i]);
        if (kind != NOTICE_NONE && notice_is_trouble(kind) == trouble) {
            put_section(w, &changes[i], kind);
            shown++;
        }
    }
    return shown;
}

static void put_blocks(struct json_writer *w, const struct config *config,
                       const struct change *changes, size_t n, const struct told *told,
                       struct view header) {
    struct buf context BUF_AUTO = BUF_INIT(TEXT_BYTES);
    struct buf title BUF_AUTO = BUF_INIT(TEXT_BYTES);
    append_escaped(&title, header, AS_PLAIN, HEADER_BYTES);
    json_begin_array(w, "blocks");
    json_begin_object(w, NULL);
    json_put_string(w, "type", VIEW("header"));
    put_text(w, "text", "plain_text", buf_view(&title));
    json_end_object(w);
    size_t shown = put_sections(w, config, changes, n, true, SLACK_MAX_CHANGES);
    shown += put_sections(w, config, changes, n, false, SLACK_MAX_CHANGES - shown);
    buf_append_str(&context, "event `");
    append_escaped(&context, told->first->trigger->event_id, IN_SPAN, VALUE_BYTES);
    buf_append_char(&context, '`');
    if (told->n > shown) {
        buf_appendf(&context, ", and %zu changes more", told->n - shown);
    }
    put_context(w, buf_view(&context));
    json_end_array(w);
    w->buf->failed = w->buf->failed || context.failed || title.failed;
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
    append_escaped(&fallback, buf_view(&header), IN_SPAN, TEXT_BYTES);
    json_begin_object(&w, NULL);
    json_put_string(&w, "text", buf_view(&fallback));
    put_blocks(&w, config, changes, n, &told, buf_view(&header));
    json_end_object(&w);
    return text.failed || header.failed || fallback.failed ? (struct view){0}
                                                           : arena_copy(arena, buf_view(&text));
}
