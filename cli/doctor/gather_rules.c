#include "cli/doctor/gathering.h"

#include "runtime/aws/events.h"

#include <string.h>

/* The rules, on any bus of the account, that have the function as their target, or a queue that
 * Lambda polls for it; and whose events these buses take. */

struct listing { /* of a bus's rules with one target */
    struct view bus, queue, next;
    bool is_done;
    int call; /* -1: none in this wave */
};
struct rule_calls { /* -1: none in this wave */
    int rule, targets;
};
struct rules_part {
    struct view next; /* of the buses */
    bool are_buses_listed;
    int call;
    struct view *buses;
    size_t n_buses;
    struct listing *listings; /* NULL: not as yet */
    size_t n_listings;
    size_t capacity;          /* of facts->rules */
    struct rule_calls *calls; /* for each rule */
    bool asks_for_buses;      /* a registry is another account's */
    int *bus_calls;           /* for each of facts->buses; -1: none in this wave */
};

static int begin(struct gathering *g, struct err *err) {
    g->rules = ARENA_NEW(g->arena, struct rules_part);
    if (!g->rules) {
        return err_out_of_memory(err, "rules");
    }
    for (size_t i = 0; i < g->facts->n_repositories; i++) {
        g->rules->asks_for_buses = g->rules->asks_for_buses || g->facts->repositories[i].is_foreign;
    }
    return 0;
}

/* --- asking --- */

static int ask_buses(struct gathering *g, struct err *err) {
    struct rules_part *part = g->rules;
    struct aws_call call;
    if (part->are_buses_listed) {
        return 0;
    }
    if (events_list_event_buses_call(part->next, g->arena, &call, err) < 0) {
        return -1;
    }
    part->call = gathering_ask(g, &call, err);
    return part->call < 0 ? -1 : 0;
}

static int ask_names(struct gathering *g, struct listing *listing, struct err *err) {
    struct view target = listing->queue.len > 0 ? listing->queue : g->facts->function.settings.arn;
    struct aws_call call;
    if (events_list_rule_names_by_target_call(target, listing->bus, listing->next, g->arena, &call,
                                              err) < 0) {
        return -1;
    }
    listing->call = gathering_ask(g, &call, err);
    return listing->call < 0 ? -1 : 0;
}

/* Once the buses are known, and the function. */
static int make_listings(struct gathering *g, struct err *err) {
    struct rules_part *part = g->rules;
    const struct doctor_function *function = &g->facts->function;
    if (part->listings || !part->are_buses_listed || function->settings.arn.len == 0) {
        return 0;
    }
    part->listings =
        ARENA_ARRAY(g->arena, part->n_buses * (function->n_sources + 1), struct listing);
    part->bus_calls = ARENA_ARRAY(g->arena, part->n_buses, int);
    g->facts->buses = ARENA_ARRAY(g->arena, part->n_buses, struct doctor_bus);
    if (!part->listings || !part->bus_calls || !g->facts->buses) {
        return err_out_of_memory(err, "rules");
    }
    for (size_t i = 0; i < part->n_buses; i++) {
        for (size_t j = 0; j <= function->n_sources; j++) {
            part->listings[part->n_listings++] =
                (struct listing){.bus = part->buses[i],
                                 .queue = j > 0 ? function->sources[j - 1] : (struct view){0},
                                 .call = -1};
        }
    }
    return 0;
}

/* Once of each bus: only listed ones have rules. */
static int ask_bus_of(struct gathering *g, const struct doctor_rule *rule, struct err *err) {
    struct doctor_facts *facts = g->facts;
    struct aws_call call;
    if (!g->rules->asks_for_buses) {
        return 0;
    }
    for (size_t i = 0; i < facts->n_buses; i++) {
        if (view_equal(facts->buses[i].name, rule->bus)) {
            return 0;
        }
    }
    if (events_describe_bus_call(rule->bus, g->arena, &call, err) < 0 ||
        (g->rules->bus_calls[facts->n_buses] = gathering_ask(g, &call, err)) < 0) {
        return -1;
    }
    facts->buses[facts->n_buses++].name = rule->bus;
    return 0;
}

static int ask_rules(struct gathering *g, struct err *err) {
    const struct doctor_facts *facts = g->facts;
    for (size_t i = 0; i < facts->n_rules; i++) {
        const struct doctor_rule *rule = &facts->rules[i];
        struct aws_call call;
        if (rule->err || rule->rule.name.len > 0) {
            continue;
        }
        if (ask_bus_of(g, rule, err) < 0) {
            return -1;
        }
        if (events_describe_rule_call(rule->name, rule->bus, g->arena, &call, err) < 0 ||
            (g->rules->calls[i].rule = gathering_ask(g, &call, err)) < 0) {
            return -1;
        }
        if (rule->queue.len == 0 &&
            (events_list_targets_by_rule_call(rule->name, rule->bus, VIEW(""), g->arena, &call,
                                              err) < 0 ||
             (g->rules->calls[i].targets = gathering_ask(g, &call, err)) < 0)) {
            return -1;
        }
    }
    return 0;
}

/* Of the wave before. */
static void forget_calls(struct gathering *g) {
    g->rules->call = -1;
    for (size_t i = 0; i < g->rules->n_listings; i++) {
        g->rules->listings[i].call = -1;
    }
    for (size_t i = 0; i < g->facts->n_rules; i++) {
        g->rules->calls[i] = (struct rule_calls){-1, -1};
    }
    for (size_t i = 0; i < g->facts->n_buses; i++) {
        g->rules->bus_calls[i] = -1;
    }
}

static int ask(struct gathering *g, struct err *err) {
    struct rules_part *part = g->rules;
    forget_calls(g);
    if (g->facts->rules_err) {
        return 0;
    }
    if (ask_rules(g, err) < 0 || ask_buses(g, err) < 0 || make_listings(g, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < part->n_listings; i++) {
        if (!part->listings[i].is_done && ask_names(g, &part->listings[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* --- reading --- */

static int read_buses(struct gathering *g, struct err *err) {
    struct rules_part *part = g->rules;
    const struct aws_call *call = gathering_answer(g, part->call);
    struct events_names names;
    struct err failure;
    err_init(&failure);
    if (events_list_event_buses_result(call, g->arena, &names, &failure) < 0) {
        part->are_buses_listed = true;
        return gathering_keep(g, &failure, &g->facts->rules_err, err);
    }
    struct view *buses = ARENA_ARRAY(g->arena, part->n_buses + names.n, struct view);
    if (!buses) {
        return err_out_of_memory(err, "buses");
    }
    if (part->n_buses > 0) {
        memcpy(buses, part->buses, part->n_buses * sizeof(*buses));
    }
    for (size_t i = 0; i < names.n; i++) {
        buses[part->n_buses++] = names.names[i];
    }
    part->buses = buses;
    part->next = names.next;
    part->are_buses_listed = names.next.len == 0;
    return 0;
}

static int add_rules(struct gathering *g, const struct listing *listing,
                     const struct events_names *names, struct err *err) {
    struct doctor_facts *facts = g->facts;
    size_t n = facts->n_rules + names->n;
    if (n > g->rules->capacity) {
        size_t capacity = 2 * n + 16;
        struct doctor_rule *rules = ARENA_ARRAY(g->arena, capacity, struct doctor_rule);
        struct rule_calls *calls = ARENA_ARRAY(g->arena, capacity, struct rule_calls);
        if (!rules || !calls) {
            return err_out_of_memory(err, "rules");
        }
        for (size_t i = 0; i < facts->n_rules; i++) {
            rules[i] = facts->rules[i];
            calls[i] = g->rules->calls[i];
        }
        facts->rules = rules;
        g->rules->calls = calls;
        g->rules->capacity = capacity;
    }
    for (size_t i = 0; i < names->n; i++) {
        g->rules->calls[facts->n_rules] = (struct rule_calls){-1, -1};
        facts->rules[facts->n_rules++] = (struct doctor_rule){
            .name = names->names[i], .bus = listing->bus, .queue = listing->queue};
    }
    return 0;
}

static int read_names(struct gathering *g, struct listing *listing, struct err *err) {
    struct events_names names;
    struct err failure;
    err_init(&failure);
    if (events_list_rule_names_by_target_result(gathering_answer(g, listing->call), g->arena,
                                                &names, &failure) < 0) {
        listing->is_done = true;
        return gathering_keep(g, &failure, &g->facts->rules_err, err);
    }
    listing->next = names.next;
    listing->is_done = names.next.len == 0;
    return add_rules(g, listing, &names, err);
}

/* How the rule has the function as its target; a rule has five targets at most, less than a page.
 */
static int read_target(struct gathering *g, struct doctor_rule *rule, const struct aws_call *call,
                       struct err *err) {
    struct events_targets targets;
    struct json_span ignored;
    if (events_list_targets_by_rule_result(call, g->arena, &targets, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < targets.n; i++) {
        const struct json_span target = {.text = targets.targets[i].text, .type = JSON_OBJECT};
        if (!view_equal(targets.targets[i].arn, g->facts->function.settings.arn)) {
            continue;
        }
        rule->changes_event = json_find(target, "Input", &ignored) ||
                              json_find(target, "InputPath", &ignored) ||
                              json_find(target, "InputTransformer", &ignored);
        return json_find_string(target, "RoleArn", g->arena, &rule->role, err);
    }
    return 0;
}

static int read_rules(struct gathering *g, struct err *err) {
    for (size_t i = 0; i < g->facts->n_rules; i++) {
        struct doctor_rule *rule = &g->facts->rules[i];
        struct err failure;
        err_init(&failure);
        const struct rule_calls *calls = &g->rules->calls[i];
        if (calls->rule < 0) {
            continue;
        }
        const struct aws_call *call = gathering_answer(g, calls->rule);
        if (events_describe_rule_result(call, g->arena, &rule->rule, &failure) < 0 &&
            gathering_keep(g, &failure, &rule->err, err) < 0) {
            return -1;
        }
        err_init(&failure);
        if (calls->targets >= 0 &&
            read_target(g, rule, gathering_answer(g, calls->targets), &failure) < 0 &&
            gathering_keep(g, &failure, &rule->targets_err, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_policies(struct gathering *g, struct err *err) {
    for (size_t i = 0; i < g->facts->n_buses; i++) {
        struct doctor_bus *bus = &g->facts->buses[i];
        struct err failure;
        err_init(&failure);
        if (g->rules->bus_calls[i] >= 0 &&
            events_describe_bus_result(gathering_answer(g, g->rules->bus_calls[i]), g->arena,
                                       &bus->bus, &failure) < 0 &&
            gathering_keep(g, &failure, &bus->err, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_all(struct gathering *g, struct err *err) {
    struct rules_part *part = g->rules;
    if (read_rules(g, err) < 0 || read_policies(g, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < part->n_listings; i++) {
        if (part->listings[i].call >= 0 && read_names(g, &part->listings[i], err) < 0) {
            return -1;
        }
    }
    return part->call >= 0 ? read_buses(g, err) : 0;
}

const struct gather_part gather_rules = {.begin = begin, .ask = ask, .read = read_all};
