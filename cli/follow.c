#include "cli/follow.h"

#include "cli/config_option.h"
#include "cli/envelope.h"
#include "cli/table.h"
#include "handlers/deploy/plan.h"
#include "runtime/base/utf8.h"

#include <inttypes.h>
#include <string.h>

#define ASK_EVERY_MS ((int64_t)3000)
/* Ctrl-C is answered within that time, or when a call that is under way has ended. */
#define NAP_MS ((int64_t)100)
#define CALL_MS ((int64_t)10000)
/* Failures to ask in a row before it is given up. */
#define FAILURES_MAX 10
#define LINE_BYTES ((size_t)4096)
#define LOOK_BYTES ((size_t)16 * 1024 * 1024)

/* --- judging --- */

static const struct ecs_deployment *deployment_of(const struct ecs_service_state *service,
                                                  struct view id) {
    for (size_t i = 0; i < service->n_deployments; i++) {
        if (view_equal(service->deployments[i].id, id)) {
            return &service->deployments[i];
        }
    }
    return id.len == 0 ? service->primary : NULL;
}

static bool is_alone_and_up(const struct ecs_service_state *service,
                            const struct ecs_deployment *deployment) {
    return service->n_deployments == 1 && deployment->pending_tasks == 0 &&
           deployment->running_tasks == deployment->desired_tasks;
}

/* ECS was told to stop the deployment of `from`, and the one that goes back has no id yet. */
static bool is_awaited(const struct follow_target *target,
                       const struct ecs_deployment *deployment) {
    return target->deployment_id.len == 0 && target->to.len > 0 && deployment &&
           !view_equal(deployment->task_definition, target->to);
}

enum follow_state follow_judge(const struct ecs_service_state *service,
                               const struct follow_target *target) {
    const struct ecs_deployment *deployment = deployment_of(service, target->deployment_id);
    if (is_awaited(target, deployment)) {
        return view_equal(deployment->task_definition, target->from) ? FOLLOW_GOING
                                                                     : FOLLOW_REPLACED;
    }
    if (deployment && view_equal(deployment->rollout_state, VIEW("FAILED"))) {
        return FOLLOW_FAILED;
    }
    if (!deployment || deployment != service->primary) {
        return FOLLOW_REPLACED;
    }
    bool is_completed = deployment->rollout_state.len > 0
                            ? view_equal(deployment->rollout_state, VIEW("COMPLETED"))
                            : is_alone_and_up(service, deployment);
    return is_completed ? FOLLOW_COMPLETED : FOLLOW_GOING;
}

/* --- showing --- */

static void append_duration(struct buf *line, int64_t ms) {
    int64_t seconds = ms / 1000;
    if (seconds >= 3600) {
        buf_appendf(line, "%" PRId64 "h", seconds / 3600);
    }
    if (seconds >= 60) {
        buf_appendf(line, "%" PRId64 "m", seconds / 60 % 60);
    }
    buf_appendf(line, "%" PRId64 "s", seconds % 60);
}

/* The newest event since the deployment began, by the clock of ECS for both. */
static struct view last_event(const struct ecs_service_state *service,
                              const struct ecs_deployment *deployment) {
    int64_t begun_ms = deployment ? deployment->created_at_ms : INT64_MAX;
    return service->n_events > 0 && service->events[0].created_at_ms >= begun_ms
               ? service->events[0].message
               : VIEW("");
}

struct view follow_line(const struct follow_target *target, const struct ecs_service_state *service,
                        int64_t now_ms, size_t columns, struct arena *arena) {
    struct buf line BUF_AUTO = BUF_INIT(LINE_BYTES);
    const struct ecs_deployment *deployment = deployment_of(service, target->deployment_id);
    buf_append(&line, target->name);
    buf_append_str(&line, ": ");
    if (deployment) {
        buf_appendf(&line, "%" PRId64 "/%" PRId64 " running, %" PRId64 " pending",
                    deployment->running_tasks, deployment->desired_tasks,
                    deployment->pending_tasks);
        if (deployment->failed_tasks > 0) {
            buf_appendf(&line, ", %" PRId64 " failed", deployment->failed_tasks);
        }
        buf_append_str(&line, ", ");
    }
    append_duration(&line, now_ms > target->begun_ms ? now_ms - target->begun_ms : 0);
    struct view event = last_event(service, deployment);
    if (event.len > 0) {
        buf_append_str(&line, ": ");
        buf_append(&line, utf8_cut(event, LINE_BYTES / 2));
    }
    struct view clean = table_clean(buf_view(&line), arena);
    return clean.data && columns > 0 ? table_cut(clean, columns - 1, arena) : clean;
}

/* What was shown last; on a terminal the line is written over. */
struct progress {
    const struct cli *cli;
    struct buf shown;
};

/* Elsewhere than on a terminal the time alone is no news. */
static void show(struct progress *progress, const struct follow_target *target,
                 const struct ecs_service_state *service, struct arena *arena) {
    const struct cli *cli = progress->cli;
    struct view line = follow_line(target, service, clock_wall_ms(cli->clock), cli->columns, arena);
    struct view news =
        cli->columns > 0 ? line : follow_line(target, service, target->begun_ms, 0, arena);
    if (view_equal(news, buf_view(&progress->shown))) {
        return;
    }
    buf_clear(&progress->shown);
    buf_append(&progress->shown, news);
    fputs(cli->columns > 0 ? "\r\033[K" : "", cli->err);
    cli_write(cli->err, line);
    fputs(cli->columns > 0 ? "" : "\n", cli->err);
    fflush(cli->err);
}

/* --- asking --- */

static int look(struct session *session, const struct follow_target *target, struct arena *arena,
                struct ecs_service_state *ret_service, struct err *err) {
    struct aws_call call = {0};
    if (ecs_describe_services_call(target->cluster, &target->service, 1, VIEW(""), arena, &call,
                                   err) < 0) {
        return -1;
    }
    aws_call_all(session->aws, &call, 1, clock_monotonic_ms(session->cli->clock) + CALL_MS, arena);
    return ecs_describe_services_result(&call, target->service, arena, ret_service, err);
}

static void nap(const struct cli *cli) {
    for (int64_t ms = 0; ms < ASK_EVERY_MS && !cli_is_interrupted(cli); ms += NAP_MS) {
        clock_sleep_ms(cli->clock, NAP_MS);
    }
}

/* Each line of the text; the first one behind its name. */
static void say(const struct cli *cli, const char *name, struct view text) {
    struct view line;
    for (bool is_first = true; view_split(&text, '\n', &line); is_first = false) {
        fprintf(cli->err, "%s%s", is_first ? name : "", is_first ? ": " : "  ");
        cli_write(cli->err, table_clean(line, cli->arena));
        fputs("\n", cli->err);
    }
}

/* The way back is an event in the core's words; here it is a command. */
static void say_remedy(const struct cli *cli, const struct follow_target *target,
                       struct view remedy) {
    const struct view way_back = VIEW("to go back: aws events put-events");
    size_t at = 0;
    while (at < remedy.len && !view_starts_with(view_slice(remedy, at, remedy.len), way_back)) {
        at++;
    }
    struct view first = view_slice(remedy, 0, at);
    if (at < remedy.len && view_ends_with(first, VIEW("; "))) {
        first.len -= strlen("; ");
    }
    say(cli, "remedy", first);
    if (at < remedy.len) {
        fprintf(cli->err, "to go back: slipway rollback " VIEW_FMT VIEW_FMT "\n",
                VIEW_ARG(config_option_words(cli)), VIEW_ARG(target->name));
    }
}

/* The core's own words for how it ended, with why its tasks stopped. */
static void explain(struct session *session, const struct follow_target *target,
                    const struct ecs_service_state *service, enum follow_state state) {
    struct cli *cli = session->cli;
    struct view payload;
    struct planned made;
    struct err err;
    err_init(&err);
    const struct event_place place = {
        .account = session->config.own_account,
        .region = session->config.region,
        .now_ms = clock_wall_ms(cli->clock),
        .random = clock_random(cli->clock),
    };
    const struct deployment_end end = {
        .name = state == FOLLOW_COMPLETED ? "SERVICE_DEPLOYMENT_COMPLETED"
                                          : "SERVICE_DEPLOYMENT_FAILED",
        .service_arn = service->arn,
        .deployment_id = target->deployment_id.len > 0 || !service->primary ? target->deployment_id
                                                                            : service->primary->id,
    };
    if (deployment_end_event(&end, &place, cli->arena, &payload, &err) < 0) {
        return;
    }
    struct lambda_invocation invocation = session_invocation(session, payload);
    if (handler_plan(&session->handler, &invocation, &made, &err) < 0 || made.n != 1) {
        return;
    }
    say(cli, "why", made.changes[0].rollout.why);
    say_remedy(cli, target, made.changes[0].rollout.remedy);
}

/* Nothing more is known of it; why, has been said where it was an error. */
static int leave(const struct cli *cli, const struct follow_target *target, int64_t waited_ms) {
    struct buf waited BUF_AUTO = BUF_INIT(64);
    append_duration(&waited, waited_ms);
    if (cli_is_interrupted(cli)) {
        fputs("interrupted; ", cli->err);
    } else {
        fprintf(cli->err, "not completed after %s; ", buf_cstr(&waited));
    }
    fprintf(cli->err, "the deployment goes on; see: slipway status " VIEW_FMT VIEW_FMT "\n",
            VIEW_ARG(config_option_words(cli)), VIEW_ARG(target->name));
    return EXIT_STATUS_FAILED;
}

static int end(struct session *session, const struct follow_target *target,
               const struct ecs_service_state *service, enum follow_state state) {
    FILE *err = session->cli->err;
    switch (state) {
    case FOLLOW_COMPLETED:
        fputs("completed\n", err);
        return EXIT_STATUS_DONE;
    case FOLLOW_FAILED:
        fputs("the deployment failed\n", err);
        explain(session, target, service, state);
        return EXIT_STATUS_FAILED;
    case FOLLOW_REPLACED:
        fputs("another deployment took its place, or ECS went back to the one before\n", err);
        explain(session, target, service, state);
        return EXIT_STATUS_FAILED;
    case FOLLOW_GOING:
        return leave(session->cli, target, clock_wall_ms(session->cli->clock) - target->begun_ms);
    }
    return EXIT_STATUS_FAILED;
}

int follow(struct session *session, const struct follow_target *target, int64_t timeout_ms) {
    struct cli *cli = session->cli;
    struct arena arena ARENA_AUTO = ARENA_INIT(LOOK_BYTES);
    struct progress progress = {.cli = cli, .shown = BUF_INIT(LINE_BYTES)};
    struct ecs_service_state service = {0};
    enum follow_state state = FOLLOW_GOING;
    int64_t until_ms = clock_monotonic_ms(cli->clock) + timeout_ms;
    struct err err;
    err_init(&err);
    for (int failures = 0; state == FOLLOW_GOING;) {
        arena_reset(&arena);
        err_init(&err);
        service = (struct ecs_service_state){0};
        if (look(session, target, &arena, &service, &err) < 0) {
            if (++failures == FAILURES_MAX || err_class(err.code) == ERR_CLASS_REFUSED) {
                break;
            }
        } else {
            failures = 0;
            state = follow_judge(&service, target);
            show(&progress, target, &service, &arena);
        }
        if (state == FOLLOW_GOING &&
            (cli_is_interrupted(cli) || clock_monotonic_ms(cli->clock) >= until_ms)) {
            break;
        }
        if (state == FOLLOW_GOING) {
            nap(cli);
        }
    }
    fputs(cli->columns > 0 && progress.shown.len > 0 ? "\n" : "", cli->err);
    buf_release(&progress.shown);
    if (err_is_set(&err)) {
        (void)cli_fail(cli, &err);
    }
    return end(session, target, &service, state);
}
