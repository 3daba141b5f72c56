#include "cli/commands.h"

#include "cli/table.h"
#include "cli/what_runs.h"
#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/plan_revision.h"
#include "runtime/aws/ecs_revisions.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_write.h"

/* slipway history: what a service was given, from its revisions' tags, the newest first. */

#define DEFAULT_REVISIONS 10
#define JSON_BYTES ((size_t)16 * 1024 * 1024)
#define READ_MS ((int64_t)60000)
#define DIGEST_SHOWN (sizeof("sha256:") - 1 + 12)

const struct option_row history_options[] = {
    {.name = "max", .letter = 'n', .value = "N", .help = "so many revisions (10, at most 100)"},
    {.name = "json", .help = "an array of objects instead of a table"},
    {0}};

struct history {
    struct session *session;
    struct what_runs *now;
    struct ecs_task_definition *revisions;
    struct what_image *images; /* theirs */
    size_t n;
    struct err *err;
};

static int list_revisions(const struct history *h, size_t max,
                          struct ecs_revisions *ret_revisions) {
    struct session *session = h->session;
    struct arena *arena = session->cli->arena;
    const struct ecs_list_task_definitions list = {.family = h->now->target.family, .max = max};
    struct aws_call call = {0};
    if (ecs_list_task_definitions_call(&list, arena, &call, h->err) < 0) {
        return -1;
    }
    aws_call_all(session->aws, &call, 1, clock_monotonic_ms(session->cli->clock) + READ_MS, arena);
    return ecs_list_task_definitions_result(&call, arena, ret_revisions, h->err);
}

static int read_revisions(struct history *h, size_t max) {
    struct session *session = h->session;
    struct arena *arena = session->cli->arena;
    struct ecs_revisions listed;
    struct wave wave = wave_of(arena);
    if (list_revisions(h, max, &listed) < 0) {
        return -1;
    }
    int *reads = ARENA_ARRAY(arena, listed.n, int);
    h->revisions = ARENA_ARRAY(arena, listed.n, struct ecs_task_definition);
    h->images = ARENA_ARRAY(arena, listed.n, struct what_image);
    if (!reads || !h->revisions || !h->images) {
        return err_out_of_memory(h->err, "revisions");
    }
    for (size_t i = 0; i < listed.n; i++) {
        if ((reads[i] = wave_add_task_definition(&wave, listed.arns[i], h->err)) < 0) {
            return -1;
        }
    }
    if (wave_run(&wave, session->aws, clock_monotonic_ms(session->cli->clock) + READ_MS, h->err) <
        0) {
        return -1;
    }
    for (size_t i = 0; i < listed.n; i++) {
        const struct err *error = NULL;
        if (wave_task_definition(&wave, reads[i], &h->revisions[h->n], &error, h->err) < 0) {
            return -1;
        }
        if (error) {
            *h->err = *error;
            return -1;
        }
        if (what_image(session, &h->now->target, &h->revisions[h->n], &h->images[h->n], h->err) <
            0) {
            return -1;
        }
        h->n++;
    }
    return 0;
}

static bool runs(const struct history *h, const struct ecs_task_definition *revision) {
    const struct what_runs *one;
    for (size_t i = 0; (one = what_runs_at(h->now, i)) != NULL; i++) {
        if (view_equal(revision->arn, one->definition.arn)) {
            return true;
        }
    }
    return false;
}

/* The event's time; of a revision that slipway did not make, when it was registered. */
static struct view time_text(const struct ecs_task_definition *revision, struct arena *arena) {
    int64_t ms;
    if (!revision_event_time(revision, &ms)) {
        ms = revision->registered_at_ms;
    }
    char text[TIME_RFC3339_BYTES];
    time_format_rfc3339(ms, text);
    text[10] = ' ';
    return ms > 0 ? arena_printf(arena, "%.19s", text) : VIEW("");
}

static int print_table(const struct history *h) {
    struct cli *cli = h->session->cli;
    static const char *const headings[] = {"",       "REVISION",  "WHEN (UTC)", "TAG",
                                           "DIGEST", "COMPLETED", "EVENT",      "REASON"};
    const size_t n_columns = sizeof(headings) / sizeof(headings[0]);
    struct table table = table_new(n_columns, h->n + 1, cli->arena);
    if (!table.rows) {
        return err_out_of_memory(h->err, "table");
    }
    struct table_cell *row = table_add_row(&table);
    for (size_t i = 0; i < n_columns; i++) {
        row[i] = (struct table_cell){view_of(headings[i]), COLOUR_BOLD};
    }
    for (size_t i = 0; i < h->n; i++) {
        const struct ecs_task_definition *revision = &h->revisions[i];
        bool completed = ecs_tag_value(revision, TAG_COMPLETED).len > 0;
        row = table_add_row(&table);
        row[0].text = runs(h, revision) ? VIEW("*") : VIEW("");
        row[1].text = revision_name(revision->arn);
        row[2].text = time_text(revision, cli->arena);
        if (!row[2].text.data) {
            return err_out_of_memory(h->err, "table");
        }
        row[3].text = h->images[i].tag;
        row[4].text = view_slice(h->images[i].digest, 0, DIGEST_SHOWN);
        row[5] = (struct table_cell){completed ? VIEW("yes") : VIEW(""), COLOUR_GREEN};
        row[6].text = ecs_tag_value(revision, TAG_EVENT_ID);
        row[7].text = ecs_tag_value(revision, TAG_REASON);
    }
    table.cuts_last = true;
    return table_print(&table, cli) < 0 ? err_out_of_memory(h->err, "table") : 0;
}

static int print_json(const struct history *h) {
    struct buf text BUF_AUTO = BUF_INIT(JSON_BYTES);
    struct json_writer w = json_writer(&text);
    json_begin_array(&w, NULL);
    for (size_t i = 0; i < h->n; i++) {
        const struct ecs_task_definition *revision = &h->revisions[i];
        char registered[TIME_RFC3339_BYTES] = "";
        if (revision->registered_at_ms > 0) {
            time_format_rfc3339(revision->registered_at_ms, registered);
        }
        json_begin_object(&w, NULL);
        json_put_string(&w, "task_definition", revision->arn);
        json_put_bool(&w, "runs", runs(h, revision));
        json_put_optional(&w, "registered", view_of(registered));
        json_put_optional(&w, "event_time", ecs_tag_value(revision, TAG_EVENT_TIME));
        json_put_optional(&w, "event_id", ecs_tag_value(revision, TAG_EVENT_ID));
        json_put_optional(&w, "tag", h->images[i].tag);
        json_put_optional(&w, "digest", h->images[i].digest);
        json_put_optional(&w, "previous", ecs_tag_value(revision, TAG_PREVIOUS));
        json_put_optional(&w, "reason", ecs_tag_value(revision, TAG_REASON));
        json_put_optional(&w, "completed", ecs_tag_value(revision, TAG_COMPLETED));
        json_end_object(&w);
    }
    json_end_array(&w);
    if (buf_check(&text, "history", h->err) < 0) {
        return -1;
    }
    cli_write_json(h->session->cli->out, buf_view(&text));
    return 0;
}

static int gather(struct history *h, struct view service, size_t max) {
    struct session *session = h->session;
    struct target target;
    if (target_resolve(&session->config, service, session->cli->arena, &target, h->err) < 0) {
        return -1;
    }
    if (target.kind == TARGET_LAMBDA) {
        err_set(h->err, ERR_EVENT_UNSUPPORTED,
                "function '" VIEW_FMT "' keeps no history: it has no task definitions",
                VIEW_ARG(service));
        err_remedy(h->err, "see its published versions with: aws lambda list-versions-by-function");
        return -1;
    }
    if (what_runs(session, &target, 1, &h->now, h->err) < 0) {
        return -1;
    }
    if (h->now->err && h->now->revision.len == 0) { /* what runs is known, if it is gone, too */
        *h->err = *h->now->err;
        return -1;
    }
    return read_revisions(h, max);
}

int command_history(struct cli *cli, const struct arguments *arguments) {
    struct session session SESSION_AUTO = {0};
    struct err err;
    err_init(&err);
    const struct session_options options = {0};
    struct history history = {.session = &session, .err = &err};
    const char *text = arguments_value(arguments, "max");
    int64_t max = DEFAULT_REVISIONS;
    if (arguments->n_operands != 1) {
        return cli_usage_error(cli, "history", "expected one service");
    }
    if (text &&
        (!view_to_i64(view_of(text), &max) || max < 1 || max > ECS_LIST_TASK_DEFINITIONS_MAX)) {
        return cli_usage_error(cli, "history", "--max: expected 1 to %d",
                               ECS_LIST_TASK_DEFINITIONS_MAX);
    }
    if (session_open(cli, &options, &session, &err) < 0 ||
        gather(&history, view_of(arguments->operands[0]), (size_t)max) < 0 ||
        (arguments_has(arguments, "json") ? print_json(&history) : print_table(&history)) < 0) {
        return cli_fail(cli, &err);
    }
    return EXIT_STATUS_DONE;
}
