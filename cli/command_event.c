#include "cli/commands.h"

#include "cli/event_file.h"
#include "cli/files/file.h"
#include "cli/session.h"
#include "runtime/base/buf.h"
#include "runtime/base/json.h"

/* Lambda takes no larger payload; an SQS batch and EventBridge's events are smaller. */
#define FILE_BYTES ((size_t)6 * 1024 * 1024)

const struct option_row event_options[] = {
    {.name = "dry-run", .letter = 'n', .help = "plan, write nothing and tell nobody"},
    {0},
};

static bool is_refused(const struct json *answer) {
    return view_equal(json_string(json_get(answer, "status")), VIEW("refused"));
}

/* The status that goes with the answer's: an object, an array of them, or of an SQS batch what SQS
 * would deliver again. */
static int status_of(const struct json *answer) {
    if (json_count(json_get(answer, "batchItemFailures")) > 0) {
        return EXIT_STATUS_FAILED;
    }
    bool refused = is_refused(answer);
    const struct json *one = json_type(answer) == JSON_ARRAY ? json_first(answer) : NULL;
    for (; one; one = json_next(one)) {
        refused = refused || is_refused(one);
    }
    return refused ? EXIT_STATUS_REFUSED : EXIT_STATUS_DONE;
}

static int read_status(struct view response) {
    static const struct json_limits limits = {.max_bytes = FILE_BYTES, .max_depth = 64};
    struct json *root JSON_AUTO = NULL;
    struct err err;
    err_init(&err);
    return json_parse(response, &limits, "answer", &root, &err) < 0 ? EXIT_STATUS_FAILED
                                                                    : status_of(root);
}

/* Metrics are for CloudWatch, which reads the function's log and not this one. */
static void write_log_line(void *state, struct view line) {
    if (!view_starts_with(line, VIEW("{\"_aws\":"))) {
        cli_write(state, line);
    }
}

int command_event(struct cli *cli, const struct arguments *arguments) {
    struct session session SESSION_AUTO = {0};
    struct buf response BUF_AUTO = BUF_INIT(FILE_BYTES);
    struct view text;
    struct view payload;
    struct err err;
    err_init(&err);
    if (arguments->n_operands != 1) {
        return cli_usage_error(cli, "event", "expected one file, got %zu", arguments->n_operands);
    }
    bool is_dry = arguments_has(arguments, "dry-run");
    const struct session_options options = {.dry_run = is_dry, .writes = !is_dry, .tells = true};
    if (file_read(arguments->operands[0], FILE_BYTES, cli->arena, &text, &err) < 0 ||
        session_open(cli, &options, &session, &err) < 0) {
        return cli_fail(cli, &err);
    }
    const struct event_place place = {
        .account = session.config.own_account,
        .region = session.config.region,
        .now_ms = clock_wall_ms(cli->clock),
        .random = clock_random(cli->clock),
    };
    if (event_file_payload(text, &place, cli->arena, &payload, &err) < 0) {
        return cli_fail(cli, &err);
    }
    session.log.write = write_log_line;
    struct lambda_invocation invocation = session_invocation(&session, payload);
    /* What has begun to be written is written to its end. */
    if (!session.config.dry_run && cli->catch_interrupts) {
        cli->catch_interrupts();
    }
    int handled = handler_invoke(&session.handler, &invocation, &response, &err);
    if (cli_is_interrupted(cli)) {
        fputs("interrupted; the event was handled to its end\n", cli->err);
    }
    if (handled < 0) {
        return cli_fail(cli, &err);
    }
    cli_write_json(cli->out, buf_view(&response));
    return read_status(buf_view(&response));
}
