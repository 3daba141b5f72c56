#include "cli/via_event.h"

#include "cli/config_option.h"
#include "cli/table.h"
#include "runtime/aws/events.h"
#include "runtime/base/json_scan.h"

#define PUT_EVENTS_MS ((int64_t)30000)

/* {"FailedEntryCount":0,"Entries":[{"EventId":"11710aed-b79e-4468-a20b-bb3c0c3b4860"}]} */
static struct view event_id(struct view response, struct arena *arena) {
    static const struct json_limits limits = {.max_bytes = AWS_RESPONSE_BYTES,
                                              .max_depth = AWS_RESPONSE_DEPTH};
    struct json_span root;
    struct json_span entries;
    struct json_span entry;
    struct view id = {0};
    struct err none;
    err_init(&none);
    if (json_scan(response, &limits, "answer", &root, &none) < 0 || root.type != JSON_OBJECT ||
        !json_find(root, "Entries", &entries) || entries.type != JSON_ARRAY) {
        return VIEW("");
    }
    struct json_iterator iterator = json_iterate(entries);
    bool has_id = json_next_element(&iterator, &entry) && entry.type == JSON_OBJECT &&
                  json_find_string(entry, "EventId", arena, &id, &none) == 0;
    return has_id ? table_clean(id, arena) : VIEW("");
}

static void say_sent(struct session *session, const struct via_event *event,
                     const struct aws_call *call) {
    const struct cli *cli = session->cli;
    if (event->json) {
        cli_write_json(cli->out, view_trim(call->response));
        return;
    }
    struct view service = event->request->service;
    struct view id = event_id(call->response, cli->arena);
    struct view bus = session->config.event_bus;
    fprintf(cli->out, "sent " VIEW_FMT " of '" VIEW_FMT "'", VIEW_ARG(event->detail_type),
            VIEW_ARG(service));
    if (bus.len > 0) {
        fprintf(cli->out, " on bus '" VIEW_FMT "'", VIEW_ARG(bus));
    }
    if (id.len > 0) {
        fprintf(cli->out, " as event '" VIEW_FMT "'", VIEW_ARG(id));
    }
    fputs("\n", cli->out);
    fprintf(cli->out, "the function carries it out; see: slipway status " VIEW_FMT VIEW_FMT "\n",
            VIEW_ARG(config_option_words(cli)), VIEW_ARG(service));
}

/* There is no plan to show: that is the function's. */
static bool is_wanted(struct session *session, const struct via_event *event) {
    const struct cli *cli = session->cli;
    const struct config *config = &session->config;
    if (!event->asks) {
        return true;
    }
    struct view bus =
        config->event_bus.len > 0
            ? arena_printf(cli->arena, ", on bus '" VIEW_FMT "'", VIEW_ARG(config->event_bus))
            : VIEW("");
    struct view question = arena_printf(
        cli->arena,
        "send " VIEW_FMT " of '" VIEW_FMT "' to '" VIEW_FMT "', account " VIEW_FMT
        ", " VIEW_FMT VIEW_FMT "?",
        VIEW_ARG(event->detail_type), VIEW_ARG(event->request->service), VIEW_ARG(config->env),
        VIEW_ARG(config->own_account), VIEW_ARG(config->region), VIEW_ARG(bus));
    if (cli->catch_interrupts) {
        cli->catch_interrupts();
    }
    return bus.data && question.data && cli_confirm(cli, question.data);
}

/* The sources that the environment's function obeys. */
static struct view source_of(const struct config *config, struct arena *arena) {
    return config->is_prod ? VIEW("action.production")
                           : arena_printf(arena, "action." VIEW_FMT, VIEW_ARG(config->env));
}

static int put(struct session *session, const struct via_event *event, struct aws_call *call,
               struct err *err) {
    struct arena *arena = session->cli->arena;
    struct view detail;
    struct view source = source_of(&session->config, arena);
    if (!source.data) {
        return err_out_of_memory(err, "event");
    }
    if (manual_detail(event->request, arena, &detail, err) < 0) {
        return -1;
    }
    const struct events_entry entry = {
        .source = source, .detail_type = event->detail_type, .detail = detail};
    struct view bus = session->config.event_bus;
    if (events_put_events_call(&entry, 1, bus, events_bus_region(bus), arena, call, err) < 0) {
        return -1;
    }
    aws_call_all(session->aws, call, 1, clock_monotonic_ms(session->cli->clock) + PUT_EVENTS_MS,
                 arena);
    return events_put_events_result(call, err);
}

int via_event_send(struct session *session, const struct via_event *event) {
    const struct cli *cli = session->cli;
    struct aws_call call = {0};
    struct err err;
    err_init(&err);
    if (!config_name_is_valid(event->request->service)) {
        err_set(&err, ERR_SERVICE_UNKNOWN, "'" VIEW_FMT "' is no service's name",
                VIEW_ARG(event->request->service));
        return cli_fail(cli, &err);
    }
    if (!is_wanted(session, event)) {
        fputs("nothing was done\n", cli->err);
        return EXIT_STATUS_REFUSED;
    }
    if (put(session, event, &call, &err) < 0) {
        return cli_fail(cli, &err);
    }
    say_sent(session, event, &call);
    return EXIT_STATUS_DONE;
}
