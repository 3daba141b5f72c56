#include "handlers/deploy/task_notes.h"

#include "runtime/base/buf.h"

/* Bytes of the schedules of which something else had to change; the rest is counted. */
#define CHANGES_BYTES 2048
#define NOTE_BYTES ((size_t)16 * 1024)

static void join(struct buf *text, struct view part) {
    if (part.len > 0) {
        buf_append_str(text, text->len > 0 ? "; " : "");
        buf_append(text, part);
    }
}

static void join_changes(struct buf *text, const struct task_move *moves, size_t n) {
    size_t bytes = 0;
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += moves[i].note.len;
        if (bytes <= CHANGES_BYTES) {
            join(text, moves[i].note);
        } else {
            left += moves[i].note.len > 0 ? 1 : 0;
        }
    }
    if (left > 0) {
        buf_appendf(text, "; and so it is with %zu more", left);
    }
}

static struct view finish(const struct buf *text, struct arena *arena) {
    if (text->failed) {
        return (struct view){0};
    }
    return text->len > 0 ? arena_copy(arena, buf_view(text)) : VIEW("");
}

struct view task_changes_note(struct view first, const struct task_move *moves, size_t n,
                              struct arena *arena) {
    struct buf text BUF_AUTO = BUF_INIT(NOTE_BYTES);
    join(&text, first);
    join_changes(&text, moves, n);
    return finish(&text, arena);
}

/* What such a schedule runs stands in its Input, as the request of RunTask. */
static void join_universal(struct buf *text, size_t n) {
    if (n > 0) {
        buf_appendf(text,
                    "%s%zu schedule%s with the target aws-sdk:ecs:runTask %s not looked at: where "
                    "the Input names a revision of the family, let it name the family alone, or "
                    "give the schedule the cluster as its target",
                    text->len > 0 ? "; " : "", n, n == 1 ? "" : "s", n == 1 ? "was" : "were");
    }
}

struct view task_deployed_note(struct view first, const struct task_facts *facts,
                               const struct task_move *moves, size_t n, struct arena *arena) {
    struct buf text BUF_AUTO = BUF_INIT(NOTE_BYTES);
    struct view none = facts->n_universal == 0
                           ? VIEW("no rule and no schedule of the cluster runs the family: "
                                  "whatever starts it by its name gets the new revision")
                           : VIEW("no rule and no schedule with the cluster as its target runs the "
                                  "family: whatever starts it by its name gets the new revision");
    join(&text, facts->n_runners == 0 ? none : first);
    join_changes(&text, moves, n);
    join_universal(&text, facts->n_universal);
    return finish(&text, arena);
}
