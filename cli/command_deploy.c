#include "cli/commands.h"

#include "cli/envelope.h"
#include "cli/follow.h"
#include "cli/session.h"
#include "cli/show_plan.h"
#include "handlers/deploy/execute.h"
#include "handlers/report.h"
#include "runtime/aws/events.h"
#include "runtime/base/buf.h"

#include <string.h>

/*
 * slipway plan, deploy, rollback: the event that the function would get, made here, and walked
 * through the function's own core with the person's credentials. What a person is shown is the plan
 * of a dry run; after the answer it is made anew, and only if it would still do the same is it
 * carried out.
 */

#define RESPONSE_BYTES ((size_t)6 * 1024 * 1024)
#define DEFAULT_TIMEOUT_MINUTES 30
#define PUT_EVENTS_MS ((int64_t)30000)
/* A plan that changes under the person's eyes is shown again so many times. */
#define ASKS_MAX 3

#define OPTION_REASON                                                                              \
    { .name = "reason", .letter = 'm', .value = "TEXT", .help = "why; kept in the revision's tags" }
#define OPTION_FORCE                                                                               \
    { .name = "force", .help = "deploy even what runs already" }
#define OPTION_JSON                                                                                \
    { .name = "json", .help = "the function's answer, as JSON" }
#define OPTION_DIGEST                                                                              \
    { .name = "digest", .value = "SHA256", .help = "that image of the repository, by its digest" }
#define OPTION_REVISION                                                                            \
    { .name = "task-definition", .value = "FAMILY:REVISION", .help = "that revision, as it is" }
#define OPTIONS_OF_WRITING                                                                         \
    {.name = "yes", .letter = 'y', .help = "do not ask"},                                          \
        {.name = "no-wait", .help = "do not follow the rollout"},                                  \
        {.name = "timeout", .value = "MINUTES", .help = "follow it for so long (30)"}, {           \
        .name = "via-event", .help = "send the event to the function instead"                      \
    }

const struct option_row plan_options[] = {OPTION_DIGEST, OPTION_REVISION, OPTION_REASON,
                                          OPTION_FORCE,  OPTION_JSON,     {0}};
const struct option_row deploy_options[] = {OPTION_DIGEST,
                                            OPTION_REVISION,
                                            OPTION_REASON,
                                            OPTION_FORCE,
                                            OPTION_JSON,
                                            OPTIONS_OF_WRITING,
                                            {0}};
const struct option_row rollback_options[] = {
    {.name = "dry-run", .letter = 'n', .help = "show what would be done, and do nothing"},
    OPTION_REASON,
    OPTION_JSON,
    OPTIONS_OF_WRITING,
    {0}};

struct work {
    struct cli *cli;
    struct session *session;
    const struct arguments *arguments;
    struct manual_request request;
    struct view detail_type; /* DEPLOY, ROLLBACK */
    uint64_t random;         /* of the event's id: all plans are of one event */
    int64_t started_ms;      /* monotonic */
    struct err *err;
};

static struct view option(const struct work *work, const char *name) {
    return view_of(arguments_value(work->arguments, name));
}

/* --- one plan --- */

static int make_plan(const struct work *work, bool dry_run, struct planned *ret_made) {
    struct session *session = work->session;
    struct manual_request request = work->request;
    struct view detail;
    struct view payload;
    const struct event_place place = {
        .account = session->config.own_account,
        .region = session->config.region,
        .now_ms = clock_wall_ms(work->cli->clock),
        .random = work->random,
    };
    request.dry_run = dry_run;
    if (manual_detail(&request, work->cli->arena, &detail, work->err) < 0) {
        return -1;
    }
    const struct envelope envelope = {
        .source = VIEW("action.deploy"), .detail_type = work->detail_type, .detail = detail};
    if (envelope_text(&envelope, &place, work->cli->arena, &payload, work->err) < 0) {
        return -1;
    }
    struct lambda_invocation invocation = session_invocation(session, payload);
    return handler_plan(&session->handler, &invocation, ret_made, work->err);
}

static int print_response(const struct work *work, const struct planned *made) {
    struct buf response BUF_AUTO = BUF_INIT(RESPONSE_BYTES);
    int64_t duration_ms = clock_monotonic_ms(work->cli->clock) - work->started_ms;
    report_response(&work->session->config, made->changes, made->n, duration_ms, &response);
    if (buf_check(&response, "the answer", work->err) < 0) {
        return -1;
    }
    cli_write(work->cli->out, buf_view(&response));
    fputs("\n", work->cli->out);
    return 0;
}

/* Fills each change's outcome; a plan of a dry run writes nothing. */
static int carry_out(const struct work *work, struct planned *made) {
    struct session *session = work->session;
    struct lambda_invocation invocation = session_invocation(session, VIEW("{}"));
    if (execute_plan(session->aws, &session->config, made->changes, made->n, invocation.deadline_ms,
                     work->cli->arena, work->err) < 0) {
        return -1;
    }
    notifier_tell(session->notifier, &session->log, made->changes, made->n, invocation.deadline_ms,
                  work->cli->arena);
    return 0;
}

static int show_only(const struct work *work, struct planned *made) {
    int shown = arguments_has(work->arguments, "json")
                    ? (carry_out(work, made) < 0 ? -1 : print_response(work, made))
                    : show_plan(work->cli, made->changes, made->n, work->err);
    return shown < 0 ? cli_fail(work->cli, work->err) : exit_status_of(made->changes, made->n);
}

/* --- asking --- */

/* Whether the person wants what *made shows; it is the newest plan then. */
static int ask(const struct work *work, struct planned *made, bool *ret_wanted) {
    struct cli *cli = work->cli;
    *ret_wanted = arguments_has(work->arguments, "yes");
    for (int i = 0; !*ret_wanted && i < ASKS_MAX; i++) {
        struct planned again;
        if (!cli_confirm(cli,
                         work->session->config.is_prod ? "do this in production?" : "do this?")) {
            return 0;
        }
        if (make_plan(work, true, &again) < 0) {
            return -1;
        }
        *ret_wanted = plans_are_same(made->changes, made->n, again.changes, again.n);
        *made = again;
        if (!*ret_wanted) {
            fputs("\nmeanwhile this has changed; now it is:\n\n", cli->err);
            if (show_plan(cli, made->changes, made->n, work->err) < 0) {
                return -1;
            }
            if (!plan_does_something(made->changes, made->n)) {
                return 0;
            }
        }
    }
    return 0;
}

/* --- following --- */

static bool can_be_followed(const struct change *change) {
    return (change->status == CHANGE_DEPLOYED || change->status == CHANGE_RESTARTED ||
            change->status == CHANGE_ROLLED_BACK) &&
           change->target && change->target->kind == TARGET_SERVICE &&
           (change->delivery == DELIVER_UPDATE_SERVICE || change->delivery == DELIVER_STOP);
}

static int parse_timeout(const struct work *work, int64_t *ret_ms) {
    struct view text = option(work, "timeout");
    int64_t minutes = DEFAULT_TIMEOUT_MINUTES;
    if (text.len > 0 && (!view_to_i64(text, &minutes) || minutes < 1 || minutes > 24 * 60)) {
        return cli_usage_error(work->cli, "deploy", "--timeout: expected 1 to 1440 minutes");
    }
    *ret_ms = minutes * 60 * 1000;
    return EXIT_STATUS_DONE;
}

static int follow_all(const struct work *work, const struct planned *made, int64_t timeout_ms) {
    int status = EXIT_STATUS_DONE;
    if (work->cli->catch_interrupts) {
        work->cli->catch_interrupts();
    }
    for (size_t i = 0; i < made->n; i++) {
        const struct change *change = &made->changes[i];
        if (!can_be_followed(change)) {
            continue;
        }
        const struct follow_target target = {
            .name = change->target->name,
            .cluster = change->target->cluster,
            .service = change->target->service,
            .deployment_id = change->deployment_id,
            .begun_ms = clock_wall_ms(work->cli->clock),
        };
        int one = follow(work->session, &target, timeout_ms);
        status = status == EXIT_STATUS_DONE ? one : status;
    }
    return status;
}

/* --- doing --- */

static int do_it(const struct work *work) {
    struct planned made;
    int64_t timeout_ms = 0;
    bool json = arguments_has(work->arguments, "json");
    int status = parse_timeout(work, &timeout_ms);
    if (status != EXIT_STATUS_DONE) {
        return status;
    }
    if (make_plan(work, false, &made) < 0 || carry_out(work, &made) < 0 ||
        (json ? print_response(work, &made)
              : show_outcome(work->cli, made.changes, made.n, work->err)) < 0) {
        return cli_fail(work->cli, work->err);
    }
    status = exit_status_of(made.changes, made.n);
    return status != EXIT_STATUS_DONE || arguments_has(work->arguments, "no-wait")
               ? status
               : follow_all(work, &made, timeout_ms);
}

static int plan_and_do(const struct work *work) {
    struct planned made;
    bool wanted;
    if (!arguments_has(work->arguments, "yes") && !work->cli->is_interactive) {
        return cli_usage_error(work->cli, "deploy",
                               "nobody is there to be asked; say --yes to do it all the same");
    }
    if (make_plan(work, true, &made) < 0) {
        return cli_fail(work->cli, work->err);
    }
    int status = exit_status_of(made.changes, made.n);
    if (status != EXIT_STATUS_DONE || !plan_does_something(made.changes, made.n)) {
        return show_only(work, &made);
    }
    if (!arguments_has(work->arguments, "json") &&
        show_plan(work->cli, made.changes, made.n, work->err) < 0) {
        return cli_fail(work->cli, work->err);
    }
    fflush(work->cli->out);
    if (ask(work, &made, &wanted) < 0) {
        return cli_fail(work->cli, work->err);
    }
    if (!wanted) {
        fputs("nothing was done\n", work->cli->err);
        return EXIT_STATUS_REFUSED;
    }
    return do_it(work);
}

/* --- by event --- */

static int send_event(const struct work *work) {
    struct session *session = work->session;
    const struct config *config = &session->config;
    struct arena *arena = work->cli->arena;
    struct view detail;
    struct aws_call call = {0};
    struct view source = config->is_prod
                             ? VIEW("action.production")
                             : arena_printf(arena, "action." VIEW_FMT, VIEW_ARG(config->env));
    if (!source.data || manual_detail(&work->request, arena, &detail, work->err) < 0) {
        return cli_fail(work->cli, work->err);
    }
    const struct events_entry entry = {
        .source = source, .detail_type = work->detail_type, .detail = detail};
    if (events_put_events_call(&entry, 1, VIEW(""), VIEW(""), arena, &call, work->err) < 0) {
        return cli_fail(work->cli, work->err);
    }
    aws_call_all(session->aws, &call, 1, clock_monotonic_ms(work->cli->clock) + PUT_EVENTS_MS,
                 arena);
    if (events_put_events_result(&call, work->err) < 0) {
        return cli_fail(work->cli, work->err);
    }
    cli_write(work->cli->out, call.response);
    fputs("\n", work->cli->out);
    return EXIT_STATUS_DONE;
}

/* --- the commands --- */

enum action { ACTION_PLAN, ACTION_DO };

static int run(struct work *work, enum action action, bool via_event) {
    struct session session SESSION_AUTO = {0};
    struct err err;
    err_init(&err);
    const struct session_options options = {.tells = action == ACTION_DO && !via_event};
    work->session = &session;
    work->err = &err;
    work->random = clock_random(work->cli->clock);
    work->started_ms = clock_monotonic_ms(work->cli->clock);
    if (session_open(work->cli, &options, &session, &err) < 0) {
        return cli_fail(work->cli, &err);
    }
    if (work->request.reason.len == 0) {
        work->request.reason =
            session.caller.len > 0
                ? arena_printf(work->cli->arena, "slipway by " VIEW_FMT, VIEW_ARG(session.caller))
                : VIEW("slipway");
    }
    if (via_event) {
        return send_event(work);
    }
    if (action == ACTION_DO) {
        return plan_and_do(work);
    }
    struct planned made;
    return make_plan(work, true, &made) < 0 ? cli_fail(work->cli, &err) : show_only(work, &made);
}

static int read_deploy(struct work *work, const char *command) {
    const struct arguments *arguments = work->arguments;
    if (arguments->n_operands < 1 || arguments->n_operands > 2) {
        return cli_usage_error(work->cli, command, "expected a service and at most one tag");
    }
    work->detail_type = VIEW("DEPLOY");
    work->request = (struct manual_request){
        .service = view_of(arguments->operands[0]),
        .tag = arguments->n_operands > 1 ? view_of(arguments->operands[1]) : VIEW(""),
        .digest = option(work, "digest"),
        .task_definition = option(work, "task-definition"),
        .reason = option(work, "reason"),
        .force = arguments_has(arguments, "force"),
    };
    return EXIT_STATUS_DONE;
}

int command_plan(struct cli *cli, const struct arguments *arguments) {
    struct work work = {.cli = cli, .arguments = arguments};
    int status = read_deploy(&work, "plan");
    return status != EXIT_STATUS_DONE ? status : run(&work, ACTION_PLAN, false);
}

int command_deploy(struct cli *cli, const struct arguments *arguments) {
    struct work work = {.cli = cli, .arguments = arguments};
    int status = read_deploy(&work, "deploy");
    return status != EXIT_STATUS_DONE
               ? status
               : run(&work, ACTION_DO, arguments_has(arguments, "via-event"));
}

int command_rollback(struct cli *cli, const struct arguments *arguments) {
    struct work work = {.cli = cli, .arguments = arguments, .detail_type = VIEW("ROLLBACK")};
    if (arguments->n_operands < 1 || arguments->n_operands > 2) {
        return cli_usage_error(cli, "rollback",
                               "expected a service and at most one revision or tag");
    }
    work.request = (struct manual_request){
        .service = view_of(arguments->operands[0]),
        .to = arguments->n_operands > 1 ? view_of(arguments->operands[1]) : VIEW(""),
        .reason = option(&work, "reason"),
    };
    return run(&work, arguments_has(arguments, "dry-run") ? ACTION_PLAN : ACTION_DO,
               arguments_has(arguments, "via-event"));
}
