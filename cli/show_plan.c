#include "cli/show_plan.h"

#include "cli/plan_differences.h"
#include "cli/remedy.h"
#include "cli/table.h"
#include "handlers/deploy/plan_revision.h"

#include <string.h>

/* Of a JSON value; a changed secret list or a whole container is longer. */
#define VALUE_CHARACTERS 400
/* Of a longer one what is the same on both sides is left out but for so many bytes. */
#define SAME_BYTES 40

struct showing {
    const struct cli *cli;
    struct err *err;
    bool failed;
};

static void put(struct showing *s, enum colour colour, const char *mark, struct view text) {
    struct view clean = table_clean(text, s->cli->arena);
    if (!clean.data) {
        s->failed = true;
        return;
    }
    fprintf(s->cli->out, "%s%s", colour == COLOUR_NONE ? "" : cli_colour(s->cli, colour), mark);
    cli_write(s->cli->out, clean);
    fputs(colour == COLOUR_NONE ? "" : cli_colour(s->cli, COLOUR_NONE), s->cli->out);
}

static void put_field(struct showing *s, const char *name, struct view value) {
    if (value.len > 0) {
        fprintf(s->cli->out, "  %-10s ", name);
        put(s, COLOUR_NONE, "", value);
        fputs("\n", s->cli->out);
    }
}

/* JSON without the white space between its values; .data is NULL when memory ran out. */
static struct view compact(struct view json, struct arena *arena) {
    char *text = ARENA_ARRAY(arena, json.len + 1, char);
    size_t n = 0;
    bool in_string = false;
    for (size_t i = 0; text && i < json.len; i++) {
        char c = json.data[i];
        bool is_escaped = in_string && c == '\\' && i + 1 < json.len;
        in_string = c == '"' ? !in_string : in_string;
        if (in_string || !view_contains_char(VIEW(" \t\r\n"), c)) {
            text[n++] = c;
        }
        if (is_escaped) {
            text[n++] = json.data[++i];
        }
    }
    return (struct view){text, text ? n : 0};
}

/* Where two long values begin to be shown: a little before they differ. */
static size_t first_shown(struct view a, struct view b) {
    size_t n = 0;
    if (a.len <= VALUE_CHARACTERS && b.len <= VALUE_CHARACTERS) {
        return 0;
    }
    while (n < a.len && n < b.len && a.data[n] == b.data[n]) {
        n++;
    }
    n = n > SAME_BYTES ? n - SAME_BYTES : 0;
    while (n > 0 && ((unsigned char)a.data[n] & 0xc0) == 0x80) {
        n--;
    }
    return n;
}

static void put_value(struct showing *s, enum colour colour, const char *mark, struct view value,
                      size_t from) {
    struct view rest = view_slice(value, from, value.len);
    struct view cut = table_cut(rest, VALUE_CHARACTERS, s->cli->arena);
    s->failed = s->failed || !cut.data;
    if (value.len > 0 && cut.data) {
        fprintf(s->cli->out, "%s%s%s", cli_colour(s->cli, colour), mark, from == 0 ? "" : "...");
        put(s, COLOUR_NONE, "", cut);
        fputs(cli_colour(s->cli, COLOUR_NONE), s->cli->out);
        fputs("\n", s->cli->out);
    }
}

static void put_values(struct showing *s, const struct taskdef_difference *d) {
    struct view from = compact(d->from, s->cli->arena);
    struct view to = compact(d->to, s->cli->arena);
    if (!from.data || !to.data) {
        s->failed = true;
        return;
    }
    size_t first = from.len > 0 && to.len > 0 ? first_shown(from, to) : 0;
    put_value(s, COLOUR_RED, "      - ", from, first);
    put_value(s, COLOUR_GREEN, "      + ", to, first);
}

static void put_differences(struct showing *s, const struct plan_differences *differences) {
    for (size_t i = 0; i < differences->n; i++) {
        const struct taskdef_difference *d = &differences->items[i];
        const char *mark = d->from.len == 0 ? "  + " : d->to.len == 0 ? "  - " : "  ~ ";
        put(s, COLOUR_CYAN, mark, d->path);
        fputs("\n", s->cli->out);
        put_values(s, d);
    }
}

static const char *name_of(const struct change *change, struct view *ret_name) {
    *ret_name = change->target ? change->target->name : change->trigger->service;
    return change->target ? target_kind_name(change->target->kind) : "";
}

static void put_heading(struct showing *s, const struct change *change, const char *what,
                        enum colour colour) {
    struct view name;
    const char *kind = name_of(change, &name);
    put(s, COLOUR_BOLD, "", name);
    fprintf(s->cli->out, "%s%s%s", kind[0] == '\0' ? "" : " (", kind, kind[0] == '\0' ? "" : ")");
    fputs(name.len > 0 ? ": " : "", s->cli->out); /* an event that is ignored has no name */
    put(s, colour, "", view_of(what));
    fputs("\n", s->cli->out);
}

static void put_reason(struct showing *s, const struct change *change) {
    put_field(s, "because", change->note);
    if (change->err) {
        put_field(s, err_name(change->err->code), view_of(change->err->message));
        put_field(s, "remedy", remedy_for_person(change->err, s->cli->arena));
    }
}

/* What would be done, in words. */
static const char *action_of(const struct change *change, enum colour *ret_colour) {
    *ret_colour = COLOUR_GREEN;
    switch (change->verdict) {
    case VERDICT_RESTART:
        return "restart on what runs";
    case VERDICT_DEPLOY:
        return change->trigger->kind == TRIGGER_ROLLBACK ? "roll back"
               : change->reuse.len > 0                   ? "deploy a revision that is there"
                                                         : "deploy a new revision";
    case VERDICT_REPORT:
        return "report";
    case VERDICT_IGNORED:
    case VERDICT_UNCHANGED:
    case VERDICT_SUPERSEDED:
        *ret_colour = COLOUR_YELLOW;
        return change->verdict == VERDICT_IGNORED     ? "ignored"
               : change->verdict == VERDICT_UNCHANGED ? "unchanged"
                                                      : "superseded";
    case VERDICT_REFUSED:
    case VERDICT_FAILED:
        break;
    }
    *ret_colour = COLOUR_RED;
    return change->verdict == VERDICT_REFUSED ? "refused" : "failed";
}

/* What a new revision is made from. */
static struct view base_of(const struct change *change) {
    return change->facts && change->verdict == VERDICT_DEPLOY && change->reuse.len == 0
               ? change->facts->latest.arn
               : VIEW("");
}

static int finish(const struct showing *s) {
    return s->failed ? err_out_of_memory(s->err, "what is shown") : 0;
}

static void put_change(struct showing *s, const struct change *change,
                       const struct plan_differences *differences) {
    enum colour colour;
    const char *action = action_of(change, &colour);
    put_heading(s, change, action, colour);
    put_field(s, "from", revision_name(change->from_task_definition));
    put_field(s, change->from_task_definition.len > 0 ? "" : "from", change->from_image);
    if (differences->is_on_another) {
        put_field(s, "on top of", revision_name(base_of(change)));
    }
    put_field(s, "to", revision_name(change->reuse));
    put_field(s, change->reuse.len > 0 ? "" : "to", change->to_image);
    put_field(s, "tag", change->tag);
    put_reason(s, change);
    put_differences(s, differences);
}

int show_plan(const struct cli *cli, const struct change *changes, size_t n, struct err *err) {
    struct showing s = {.cli = cli, .err = err};
    for (size_t i = 0; i < n; i++) {
        struct plan_differences differences;
        if (plan_differences(&changes[i], cli->arena, &differences, err) < 0) {
            return -1;
        }
        put_change(&s, &changes[i], &differences);
    }
    return finish(&s);
}

static enum colour colour_of(enum change_status status) {
    switch (status) {
    case CHANGE_RESTARTED:
    case CHANGE_DEPLOYED:
    case CHANGE_ROLLED_BACK:
        return COLOUR_GREEN;
    case CHANGE_REFUSED:
    case CHANGE_FAILED:
        return COLOUR_RED;
    case CHANGE_IGNORED:
    case CHANGE_UNCHANGED:
    case CHANGE_SUPERSEDED:
    case CHANGE_PLANNED:
    case CHANGE_REPORTED:
        break;
    }
    return COLOUR_YELLOW;
}

int show_outcome(const struct cli *cli, const struct change *changes, size_t n, struct err *err) {
    struct showing s = {.cli = cli, .err = err};
    for (size_t i = 0; i < n; i++) {
        const struct change *change = &changes[i];
        put_heading(&s, change, change_status_name(change->status), colour_of(change->status));
        put_field(&s, "revision", revision_name(change->to_task_definition));
        put_field(&s, "version", change->version);
        put_field(&s, "deployment", change->deployment_id);
        for (size_t j = 0; j < change->n_moved; j++) {
            put_field(&s, "moved", change->moved[j]);
        }
        put_reason(&s, change);
    }
    return finish(&s);
}

/* --- comparing --- */

static bool is_of_time(const struct taskdef_difference *d) {
    return view_equal(d->path, VIEW("tags.slipway:event-time"));
}

static bool differences_are_same(const struct change *a, const struct change *b) {
    if (a->n_differences != b->n_differences) {
        return false;
    }
    for (size_t i = 0; i < a->n_differences; i++) {
        const struct taskdef_difference *x = &a->differences[i];
        const struct taskdef_difference *y = &b->differences[i];
        if (!view_equal(x->path, y->path) || !view_equal(x->from, y->from) ||
            (!is_of_time(x) && !view_equal(x->to, y->to))) {
            return false;
        }
    }
    return true;
}

bool plans_are_same(const struct change *a, size_t n_a, const struct change *b, size_t n_b) {
    if (n_a != n_b) {
        return false;
    }
    for (size_t i = 0; i < n_a; i++) {
        if (a[i].verdict != b[i].verdict || a[i].delivery != b[i].delivery ||
            !view_equal(a[i].from_task_definition, b[i].from_task_definition) ||
            !view_equal(base_of(&a[i]), base_of(&b[i])) ||
            !view_equal(a[i].to_image, b[i].to_image) || !view_equal(a[i].reuse, b[i].reuse) ||
            !differences_are_same(&a[i], &b[i])) {
            return false;
        }
    }
    return true;
}

bool plan_does_something(const struct change *changes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (changes[i].verdict == VERDICT_DEPLOY || changes[i].verdict == VERDICT_RESTART) {
            return true;
        }
    }
    return false;
}

static bool is_failed(const struct change *change) {
    return change->verdict == VERDICT_FAILED || change->status == CHANGE_FAILED;
}

/* A change that was ignored has not taken place either: ENABLE_MANUAL_DEPLOY is false. */
static bool is_refused(const struct change *change) {
    return change->verdict == VERDICT_REFUSED || change->verdict == VERDICT_SUPERSEDED ||
           change->verdict == VERDICT_IGNORED || change->status == CHANGE_REFUSED ||
           change->status == CHANGE_SUPERSEDED;
}

int exit_status_of(const struct change *changes, size_t n) {
    int status = EXIT_STATUS_DONE;
    for (size_t i = 0; i < n; i++) {
        if (is_failed(&changes[i])) {
            return EXIT_STATUS_FAILED;
        }
        status = is_refused(&changes[i]) ? EXIT_STATUS_REFUSED : status;
    }
    return status;
}
