#include "cli/commands.h"

#include "cli/envelope.h"
#include "cli/follow.h"
#include "cli/session.h"
#include "cli/show_plan.h"
#include "cli/via_event.h"
#include "handlers/deploy/execute.h"
#include "handlers/report.h"
#include "runtime/base/buf.h"

#include <string.h>

/*
 * slipway plan, deploy, rollback: the event that the function would get, made here, and walked
 * through the function's own core with the person's credentials. The session's configuration has
 * DRY_RUN on until the person has said yes: no plan can write before. After the answer the plan is
 * made anew, and only if it would still do the same is that one, and no other, carried out.
 */

#define RESPONSE_BYTES ((size_t)6 * 1024 * 1024)
#define DEFAULT_TIMEOUT_MINUTES 30
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
    const char *command; /* "deploy" */
    struct session *session;
    const struct arguments *arguments;
    struct manual_request request;
    struct view detail_type; /* DEPLOY, ROLLBACK */
    bool is_dry;             /* the environment has DRY_RUN set */
    uint64_t random;         /* of the event's id: all plans are of one event */
    int64_t started_ms;      /* monotonic */
    int64_t timeout_ms;      /* of following */
    struct err *err;
};

static struct view option(const struct work *work, const char *name) {
    return view_of(arguments_value(work->arguments, name));
}

/* --- one plan --- */

static int make_plan(const struct work *work, struct planned *ret_made) {
    struct session *session = work->session;
    struct view detail;
    struct view payload;
    const struct event_place place = {
        .account = session->config.own_account,
        .region = session->config.region,
        .now_ms = clock_wall_ms(work->cli->clock),
        .random = work->random,
    };
    if (manual_detail(&work->request, work->cli->arena, &detail, work->err) < 0) {
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
    cli_write_json(work->cli->out, buf_view(&response));
    return 0;
}

/* Fills each change's outcome; as long as DRY_RUN is on, nothing is written. */
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

/* For a person who is asked: beside the machine's JSON, where that is wanted. */
static int show(const struct work *work, const struct planned *made) {
    struct cli shown = *work->cli;
    if (arguments_has(work->arguments, "json")) {
        shown.out = shown.err;
        shown.colours = false;
    }
    return show_plan(&shown, made->changes, made->n, work->err);
}

static int show_only(const struct work *work, struct planned *made) {
    int shown = arguments_has(work->arguments, "json")
                    ? (carry_out(work, made) < 0 ? -1 : print_response(work, made))
                    : show_plan(work->cli, made->changes, made->n, work->err);
    return shown < 0 ? cli_fail(work->cli, work->err) : exit_status_of(made->changes, made->n);
}

/* --- asking --- */

/* The plan names the service: which one of the services that are called alike, the question does.
 */
static bool confirm(const struct work *work) {
    const struct config *config = &work->session->config;
    struct view question = arena_printf(
        work->cli->arena, "do this in %s'" VIEW_FMT "', account " VIEW_FMT ", " VIEW_FMT "?",
        config->is_prod ? "production, " : "", VIEW_ARG(config->env), VIEW_ARG(config->own_account),
        VIEW_ARG(config->region));
    return question.data && cli_confirm(work->cli, question.data);
}

/* Whether the person wants what *made shows; it is the newest plan then. */
static int ask(const struct work *work, struct planned *made, bool *ret_wanted) {
    struct cli *cli = work->cli;
    *ret_wanted = arguments_has(work->arguments, "yes");
    for (int i = 0; !*ret_wanted && i < ASKS_MAX; i++) {
        struct planned again;
        if (!confirm(work)) {
            return 0;
        }
        if (make_plan(work, &again) < 0) {
            return -1;
        }
        *ret_wanted = plans_are_same(made->changes, made->n, again.changes, again.n);
        *made = again;
        if (!*ret_wanted) {
            fputs("\nmeanwhile this has changed; now it is:\n\n", cli->err);
            if (show(work, made) < 0) {
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

static int read_timeout(struct work *work) {
    const char *text = arguments_value(work->arguments, "timeout");
    int64_t minutes = DEFAULT_TIMEOUT_MINUTES;
    if (text && (!view_to_i64(view_of(text), &minutes) || minutes < 1 || minutes > 24 * 60)) {
        return cli_usage_error(work->cli, work->command, "--timeout: expected 1 to 1440 minutes");
    }
    work->timeout_ms = minutes * 60 * 1000;
    return EXIT_STATUS_DONE;
}

static struct follow_target follow_target_of(const struct work *work, const struct change *change,
                                             struct view deployment_id) {
    return (struct follow_target){
        .name = change->target->name,
        .cluster = change->target->cluster,
        .service = change->target->service,
        .deployment_id = deployment_id,
        .from = change->from_task_definition,
        .to = change->to_task_definition,
        .begun_ms = clock_wall_ms(work->cli->clock),
    };
}

static int follow_all(const struct work *work, const struct planned *made) {
    int status = EXIT_STATUS_DONE;
    for (size_t i = 0; i < made->n; i++) {
        const struct change *change = &made->changes[i];
        if (can_be_followed(change)) {
            const struct follow_target target =
                follow_target_of(work, change, change->deployment_id);
            int one = follow(work->session, &target, work->timeout_ms);
            status = status == EXIT_STATUS_DONE ? one : status;
        } else if (change->delivery == DELIVER_CODE_DEPLOY && change->deployment_id.len > 0) {
            fputs("CodeDeploy carries it out from here; this does not follow it\n", work->cli->err);
        }
    }
    return status;
}

/* What is unchanged, though its deployment has not completed: it is still under way, or has failed
 * and was left as it is. An answer of "done" would promise what may yet fail, or has. */
static bool is_not_completed(const struct work *work, const struct planned *made,
                             struct follow_target *ret_target, enum follow_state *ret_state) {
    for (size_t i = 0; i < made->n; i++) {
        const struct change *change = &made->changes[i];
        if (change->verdict != VERDICT_UNCHANGED || !change->target || !change->facts ||
            change->target->kind != TARGET_SERVICE || !change->facts->service.primary ||
            !view_equal(change->facts->service.controller, VIEW("ECS"))) {
            continue;
        }
        *ret_target = follow_target_of(work, change, change->facts->service.primary->id);
        *ret_state = follow_judge(&change->facts->service, ret_target);
        if (*ret_state != FOLLOW_COMPLETED) {
            return true;
        }
    }
    return false;
}

static int do_nothing(const struct work *work, struct planned *made) {
    struct follow_target target;
    enum follow_state state;
    bool is_open = is_not_completed(work, made, &target, &state);
    int status = show_only(work, made);
    if (status != EXIT_STATUS_DONE || !is_open ||
        (state == FOLLOW_GOING && arguments_has(work->arguments, "no-wait"))) {
        return status;
    }
    fflush(work->cli->out);
    if (work->cli->catch_interrupts) {
        work->cli->catch_interrupts();
    }
    return follow(work->session, &target, work->timeout_ms);
}

/* --- doing --- */

static int nothing_was_done(const struct work *work) {
    fputs("nothing was done\n", work->cli->err);
    return EXIT_STATUS_REFUSED;
}

static int do_it(const struct work *work, struct planned *made) {
    bool json = arguments_has(work->arguments, "json");
    if (cli_is_interrupted(work->cli)) {
        return nothing_was_done(work);
    }
    work->session->config.dry_run = false;
    if (carry_out(work, made) < 0 ||
        (json ? print_response(work, made)
              : show_outcome(work->cli, made->changes, made->n, work->err)) < 0) {
        return cli_fail(work->cli, work->err);
    }
    fflush(work->cli->out);
    int status = exit_status_of(made->changes, made->n);
    return status != EXIT_STATUS_DONE || arguments_has(work->arguments, "no-wait")
               ? status
               : follow_all(work, made);
}

/* The plan has been shown, or is the machine's answer. */
static int is_dry_run(const struct work *work, struct planned *made) {
    if (arguments_has(work->arguments, "json") &&
        (carry_out(work, made) < 0 || print_response(work, made) < 0)) {
        return cli_fail(work->cli, work->err);
    }
    fputs("DRY_RUN is set: ", work->cli->err);
    return nothing_was_done(work);
}

static int plan_and_do(const struct work *work) {
    struct planned made;
    bool wanted;
    if (make_plan(work, &made) < 0) {
        return cli_fail(work->cli, work->err);
    }
    int status = exit_status_of(made.changes, made.n);
    if (status != EXIT_STATUS_DONE || !plan_does_something(made.changes, made.n)) {
        return do_nothing(work, &made);
    }
    bool is_asked = !arguments_has(work->arguments, "yes") && !work->is_dry;
    if ((is_asked || !arguments_has(work->arguments, "json")) && show(work, &made) < 0) {
        return cli_fail(work->cli, work->err);
    }
    if (work->is_dry) {
        return is_dry_run(work, &made);
    }
    fflush(work->cli->out);
    /* From here Ctrl-C is an answer; what is being written is written to its end. */
    if (work->cli->catch_interrupts) {
        work->cli->catch_interrupts();
    }
    if (ask(work, &made, &wanted) < 0) {
        return cli_fail(work->cli, work->err);
    }
    return wanted ? do_it(work, &made) : nothing_was_done(work);
}

/* --- the commands --- */

enum action { ACTION_PLAN, ACTION_DO, ACTION_SEND };

static int run(const struct work *asked, enum action action) {
    struct session session SESSION_AUTO = {0};
    struct err err;
    err_init(&err);
    const struct session_options options = {.tells = action == ACTION_DO,
                                            .writes = action != ACTION_PLAN};
    struct work own = *asked;
    struct work *work = &own;
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
    if (work->request.reason.data == NULL) {
        (void)err_out_of_memory(&err, "reason");
        return cli_fail(work->cli, &err);
    }
    work->is_dry = session.config.dry_run;
    session.config.dry_run = true;
    if (action == ACTION_SEND && work->is_dry) {
        fputs("DRY_RUN is set: ", work->cli->err);
        return nothing_was_done(work);
    }
    if (action == ACTION_SEND) {
        const struct via_event event = {.request = &work->request,
                                        .detail_type = work->detail_type,
                                        .asks = !arguments_has(work->arguments, "yes"),
                                        .json = arguments_has(work->arguments, "json")};
        return via_event_send(&session, &event);
    }
    if (action == ACTION_DO) {
        return plan_and_do(work);
    }
    struct planned made;
    return make_plan(work, &made) < 0 ? cli_fail(work->cli, &err) : show_only(work, &made);
}

/* deploy and rollback, when it is no dry run. */
static int run_writing(struct work *work) {
    bool via_event = arguments_has(work->arguments, "via-event");
    int status = read_timeout(work);
    if (status != EXIT_STATUS_DONE) {
        return status;
    }
    if (!arguments_has(work->arguments, "yes") && !work->cli->is_interactive) {
        return cli_usage_error(work->cli, work->command,
                               "nobody is there to be asked; say --yes to do it all the same");
    }
    return run(work, via_event ? ACTION_SEND : ACTION_DO);
}

/* Without a tag a deploy is a restart and a rollback goes to the last one: an empty word, which a
 * script makes of a variable that is not set, must not mean that. */
static int read_operands(const struct work *work, const char *expected) {
    const struct arguments *arguments = work->arguments;
    static const char *const names[] = {"digest", "task-definition"};
    if (arguments->n_operands < 1 || arguments->n_operands > 2) {
        return cli_usage_error(work->cli, work->command, "expected %s", expected);
    }
    for (size_t i = 0; i < arguments->n_operands; i++) {
        if (arguments->operands[i][0] == '\0') {
            return cli_usage_error(work->cli, work->command, "word %zu is empty; expected %s",
                                   i + 1, expected);
        }
    }
    for (size_t i = 0; !view_equal(work->detail_type, VIEW("ROLLBACK")) && i < 2; i++) {
        const char *value = arguments_value(arguments, names[i]);
        if (value && value[0] == '\0') {
            return cli_usage_error(work->cli, work->command, "--%s is empty", names[i]);
        }
    }
    return EXIT_STATUS_DONE;
}

static int read_deploy(struct work *work) {
    const struct arguments *arguments = work->arguments;
    int status = read_operands(work, "a service and at most one tag");
    if (status != EXIT_STATUS_DONE) {
        return status;
    }
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

static struct work work_of(struct cli *cli, const struct arguments *arguments, const char *command,
                           struct view detail_type) {
    return (struct work){
        .cli = cli, .arguments = arguments, .command = command, .detail_type = detail_type};
}

int command_plan(struct cli *cli, const struct arguments *arguments) {
    struct work work = work_of(cli, arguments, "plan", VIEW("DEPLOY"));
    int status = read_deploy(&work);
    return status != EXIT_STATUS_DONE ? status : run(&work, ACTION_PLAN);
}

int command_deploy(struct cli *cli, const struct arguments *arguments) {
    struct work work = work_of(cli, arguments, "deploy", VIEW("DEPLOY"));
    int status = read_deploy(&work);
    return status != EXIT_STATUS_DONE ? status : run_writing(&work);
}

int command_rollback(struct cli *cli, const struct arguments *arguments) {
    struct work work = work_of(cli, arguments, "rollback", VIEW("ROLLBACK"));
    bool is_dry = arguments_has(arguments, "dry-run");
    int status = read_operands(&work, "a service and at most one revision or tag");
    if (status != EXIT_STATUS_DONE) {
        return status;
    }
    if (is_dry && arguments_has(arguments, "via-event")) {
        return cli_usage_error(cli, "rollback", "--dry-run plans here; it sends no event");
    }
    work.request = (struct manual_request){
        .service = view_of(arguments->operands[0]),
        .to = arguments->n_operands > 1 ? view_of(arguments->operands[1]) : VIEW(""),
        .reason = option(&work, "reason"),
    };
    return is_dry ? run(&work, ACTION_PLAN) : run_writing(&work);
}
