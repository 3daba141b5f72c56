#include "cli/commands.h"

#include "cli/remedy.h"
#include "cli/table.h"
#include "cli/what_runs.h"
#include "handlers/deploy/plan_revision.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_write.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* slipway status: what runs where. */

#define JSON_BYTES ((size_t)16 * 1024 * 1024)
#define DIGEST_SHOWN (sizeof("sha256:") - 1 + 12)

const struct option_row status_options[] = {
    {.name = "json", .help = "an array of objects instead of a table"}, {0}};

struct status {
    struct session *session;
    struct what_runs *all; /* of each target the revisions that run, one behind the other */
    size_t n;
    struct err *err;
};

/* "2026-11-21 07:10", in UTC as all times here. */
static struct view minute_text(int64_t ms, struct arena *arena) {
    char text[TIME_RFC3339_BYTES];
    if (ms <= 0) {
        return VIEW("");
    }
    time_format_rfc3339(ms, text);
    text[10] = ' ';
    return arena_printf(arena, "%.16s", text);
}

static struct view lower(struct view text, struct arena *arena) {
    char *lowered = ARENA_ARRAY(arena, text.len + 1, char);
    for (size_t i = 0; lowered && i < text.len; i++) {
        lowered[i] = (char)tolower((unsigned char)text.data[i]);
        if (lowered[i] == '_') {
            lowered[i] = ' ';
        }
    }
    return lowered ? (struct view){lowered, text.len} : (struct view){0};
}

static struct table_cell rollout_cell(const struct what_runs *one, struct arena *arena) {
    struct table_cell cell = {0};
    const struct ecs_deployment *primary = one->service.primary;
    if (one->err) {
        return (struct table_cell){view_of(err_name(one->err->code)), COLOUR_RED};
    }
    if (one->target.kind != TARGET_SERVICE || !primary) {
        cell.text = one->target.kind == TARGET_LAMBDA ? lower(one->function.update_status, arena)
                                                      : VIEW("");
        return cell;
    }
    cell.text = lower(primary->rollout_state, arena);
    cell.colour = view_equal(primary->rollout_state, VIEW("COMPLETED")) ? COLOUR_GREEN
                  : view_equal(primary->rollout_state, VIEW("FAILED"))  ? COLOUR_RED
                                                                        : COLOUR_YELLOW;
    return cell;
}

static bool has_failed(const struct what_runs *one) {
    const struct ecs_deployment *primary = one->service.primary;
    return (primary && view_equal(primary->rollout_state, VIEW("FAILED"))) ||
           view_equal(one->function.update_status, VIEW("Failed"));
}

static struct view tasks_text(const struct what_runs *one, struct arena *arena) {
    const struct ecs_deployment *primary = one->service.primary;
    return primary && !one->err ? arena_printf(arena, "%" PRId64 "/%" PRId64,
                                               primary->running_tasks, primary->desired_tasks)
                                : VIEW("");
}

static struct view revision_text(const struct what_runs *one) {
    return one->target.kind == TARGET_LAMBDA ? one->function.version
           : one->definition.arn.len > 0     ? revision_name(one->definition.arn)
                                             : one->revision;
}

/* -1: memory ran out. */
static int fill_row(const struct what_runs *one, struct table_cell *row, struct arena *arena) {
    row[0].text = one->target.name;
    row[1].text = view_of(target_kind_name(one->target.kind));
    row[2].text = one->tag;
    row[3].text = view_slice(one->digest, 0, DIGEST_SHOWN);
    row[4].text = revision_text(one);
    row[5].text = minute_text(one->since_ms, arena);
    row[6].text = tasks_text(one, arena);
    row[7] = rollout_cell(one, arena);
    return row[5].text.data && row[6].text.data && row[7].text.data ? 0 : -1;
}

static int print_table(const struct status *s) {
    struct cli *cli = s->session->cli;
    static const char *const headings[] = {"SERVICE",  "KIND",        "TAG",   "DIGEST",
                                           "REVISION", "SINCE (UTC)", "TASKS", "ROLLOUT"};
    const size_t n_columns = sizeof(headings) / sizeof(headings[0]);
    struct table table = table_new(n_columns, s->n + 1, cli->arena);
    if (!table.rows) {
        return err_out_of_memory(s->err, "table");
    }
    struct table_cell *row = table_add_row(&table);
    for (size_t i = 0; i < n_columns; i++) {
        row[i] = (struct table_cell){view_of(headings[i]), COLOUR_BOLD};
    }
    for (size_t i = 0; i < s->n; i++) {
        if (fill_row(&s->all[i], table_add_row(&table), cli->arena) < 0) {
            return err_out_of_memory(s->err, "table");
        }
    }
    return table_print(&table, cli) < 0 ? err_out_of_memory(s->err, "table") : 0;
}

/* Why some could not be read, below the table; what is the same for several once. */
static int say_errors(const struct status *s) {
    const struct err *last = NULL;
    bool failed = false;
    for (size_t i = 0; i < s->n; i++) {
        failed = failed || has_failed(&s->all[i]);
        const struct err *one = s->all[i].err;
        if (one && (!last || strcmp(one->message, last->message) != 0)) {
            (void)cli_fail(s->session->cli, one);
        }
        last = one ? one : last;
    }
    return last || failed ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

static void put_time(struct json_writer *w, const char *name, int64_t ms) {
    char text[TIME_RFC3339_BYTES];
    if (ms > 0) {
        time_format_rfc3339(ms, text);
        json_put_string(w, name, view_of(text));
    }
}

static void put_one(struct json_writer *w, const struct what_runs *one, struct arena *arena) {
    json_begin_object(w, NULL);
    json_put_string(w, "service", one->target.name);
    json_put_string(w, "kind", view_of(target_kind_name(one->target.kind)));
    json_put_optional(w, "tag", one->tag);
    json_put_optional(w, "digest", one->digest);
    json_put_optional(w, "image", one->image);
    json_put_optional(w, "task_definition",
                      one->definition.arn.len > 0 ? one->definition.arn : one->revision);
    json_put_optional(w, "version", one->function.version);
    put_time(w, "since", one->since_ms);
    if (one->service.primary) {
        json_put_i64(w, "running", one->service.primary->running_tasks);
        json_put_i64(w, "desired", one->service.primary->desired_tasks);
        json_put_optional(w, "rollout", one->service.primary->rollout_state);
        json_put_string(w, "deployment_id", one->service.primary->id);
    }
    if (!one->service.primary && has_failed(one)) {
        json_put_string(w, "rollout", VIEW("FAILED")); /* a function's update */
    }
    if (one->err) {
        json_put_string(w, "code", view_of(err_name(one->err->code)));
        json_put_string(w, "message", view_of(one->err->message));
        json_put_string(w, "remedy", remedy_for_person(one->err, arena));
    }
    json_end_object(w);
}

static int print_json(const struct status *s) {
    struct buf text BUF_AUTO = BUF_INIT(JSON_BYTES);
    struct json_writer w = json_writer(&text);
    json_begin_array(&w, NULL);
    for (size_t i = 0; i < s->n; i++) {
        put_one(&w, &s->all[i], s->session->cli->arena);
    }
    json_end_array(&w);
    if (buf_check(&text, "status", s->err) < 0) {
        return -1;
    }
    cli_write_json(s->session->cli->out, buf_view(&text));
    return 0;
}

static int select_targets(struct session *session, const struct arguments *arguments,
                          struct target **ret_targets, size_t *ret_n, struct err *err) {
    if (arguments->n_operands == 0) {
        return environment_targets(session, ret_targets, ret_n, err);
    }
    *ret_n = arguments->n_operands;
    *ret_targets = ARENA_ARRAY(session->cli->arena, *ret_n, struct target);
    if (!*ret_targets) {
        return err_out_of_memory(err, "targets");
    }
    for (size_t i = 0; i < *ret_n; i++) {
        if (target_resolve(&session->config, view_of(arguments->operands[i]), session->cli->arena,
                           &(*ret_targets)[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A row for each revision that runs. */
static int read_all(struct status *s, const struct target *targets, size_t n) {
    struct session *session = s->session;
    struct what_runs *all = NULL;
    size_t n_rows = 0;
    if (what_runs(session, targets, n, &all, s->err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        n_rows += 1 + all[i].n_others;
    }
    s->all = ARENA_ARRAY(session->cli->arena, n_rows, struct what_runs);
    if (!s->all) {
        return err_out_of_memory(s->err, "targets");
    }
    for (size_t i = 0; i < n; i++) {
        const struct what_runs *one;
        for (size_t j = 0; (one = what_runs_at(&all[i], j)) != NULL; j++) {
            s->all[s->n++] = *one;
        }
    }
    return 0;
}

int command_status(struct cli *cli, const struct arguments *arguments) {
    struct session session SESSION_AUTO = {0};
    struct target *targets = NULL;
    size_t n_targets = 0;
    struct err err;
    err_init(&err);
    const struct session_options options = {0};
    struct status status = {.session = &session, .err = &err};
    if (session_open(cli, &options, &session, &err) < 0 ||
        select_targets(&session, arguments, &targets, &n_targets, &err) < 0 ||
        read_all(&status, targets, n_targets) < 0 ||
        (arguments_has(arguments, "json") ? print_json(&status) : print_table(&status)) < 0) {
        return cli_fail(cli, &err);
    }
    fflush(cli->out);
    return say_errors(&status);
}
