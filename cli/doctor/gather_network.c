#include "cli/doctor/gathering.h"

#include <string.h>

/* The services' subnets, and how these get out of their VPCs. */

enum { STEP_SERVICES, STEP_SUBNETS, STEP_WAYS, STEP_DONE };

struct network_part {
    int step;
    int *services; /* a call for each target; -1: none */
    int *subnets;  /* calls */
    size_t n_subnets;
    struct view *vpcs;
    size_t n_vpcs;
    int tables, endpoints; /* calls of this wave; -1: none */
    bool are_tables_read, are_endpoints_read;
};

static int begin(struct gathering *g, struct err *err) {
    g->network = ARENA_NEW(g->arena, struct network_part);
    if (!g->network) {
        return err_out_of_memory(err, "network");
    }
    g->network->services = ARENA_ARRAY(g->arena, g->facts->n_targets, int);
    return g->network->services ? 0 : err_out_of_memory(err, "network");
}

/* --- the services' subnets --- */

static int ask_services(struct gathering *g, struct err *err) {
    for (size_t i = 0; i < g->facts->n_targets; i++) {
        const struct what_runs *runs = &g->facts->targets[i].runs;
        struct aws_call call;
        g->network->services[i] = -1;
        if (runs->target.kind != TARGET_SERVICE || runs->err) {
            continue;
        }
        if (ecs_describe_services_call(runs->target.cluster, &runs->target.service, 1, VIEW(""),
                                       g->arena, &call, err) < 0 ||
            (g->network->services[i] = gathering_ask(g, &call, err)) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_services(struct gathering *g, struct err *err) {
    for (size_t i = 0; i < g->facts->n_targets; i++) {
        struct doctor_target *target = &g->facts->targets[i];
        struct err failure;
        err_init(&failure);
        if (g->network->services[i] < 0) {
            continue;
        }
        const struct aws_call *call = gathering_answer(g, g->network->services[i]);
        if (ecs_service_network_result(call, target->runs.target.service, g->arena,
                                       &target->network, &failure) < 0 &&
            gathering_keep(g, &failure, &target->network_err, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* --- the subnets' VPCs --- */

static bool is_among(const struct view *views, size_t n, struct view view) {
    for (size_t i = 0; i < n; i++) {
        if (view_equal(views[i], view)) {
            return true;
        }
    }
    return false;
}

/* Each once. */
static int list_subnets(struct gathering *g, struct view **ret_subnets, size_t *ret_n,
                        struct err *err) {
    const struct doctor_facts *facts = g->facts;
    size_t n = 0;
    for (size_t i = 0; i < facts->n_targets; i++) {
        n += facts->targets[i].network.n_subnets;
    }
    struct view *subnets = ARENA_ARRAY(g->arena, n, struct view);
    if (!subnets) {
        return err_out_of_memory(err, "subnets");
    }
    *ret_n = 0;
    for (size_t i = 0; i < facts->n_targets; i++) {
        const struct ecs_network *network = &facts->targets[i].network;
        for (size_t j = 0; j < network->n_subnets; j++) {
            if (!is_among(subnets, *ret_n, network->subnets[j])) {
                subnets[(*ret_n)++] = network->subnets[j];
            }
        }
    }
    *ret_subnets = subnets;
    return 0;
}

static int ask_subnets(struct gathering *g, struct err *err) {
    struct network_part *part = g->network;
    struct view *subnets = NULL;
    size_t n = 0;
    if (list_subnets(g, &subnets, &n, err) < 0) {
        return -1;
    }
    part->subnets = ARENA_ARRAY(g->arena, n / EC2_IDS_MAX + 1, int);
    if (!part->subnets) {
        return err_out_of_memory(err, "subnets");
    }
    for (size_t from = 0; from < n; from += EC2_IDS_MAX) {
        size_t some = n - from < EC2_IDS_MAX ? n - from : EC2_IDS_MAX;
        struct aws_call call;
        if (ec2_describe_subnets_call(subnets + from, some, g->arena, &call, err) < 0 ||
            (part->subnets[part->n_subnets++] = gathering_ask(g, &call, err)) < 0) {
            return -1;
        }
    }
    return 0;
}

static int add_subnets(struct gathering *g, const struct ec2_subnets *more, struct err *err) {
    struct network_part *part = g->network;
    struct ec2_subnets *all = &g->facts->subnets;
    struct ec2_subnet *items = ARENA_ARRAY(g->arena, all->n + more->n, struct ec2_subnet);
    struct view *vpcs = ARENA_ARRAY(g->arena, part->n_vpcs + more->n, struct view);
    if (!items || !vpcs) {
        return err_out_of_memory(err, "subnets");
    }
    for (size_t i = 0; i < all->n; i++) {
        items[i] = all->items[i];
    }
    for (size_t i = 0; i < part->n_vpcs; i++) {
        vpcs[i] = part->vpcs[i];
    }
    for (size_t i = 0; i < more->n; i++) {
        items[all->n++] = more->items[i];
        if (!is_among(vpcs, part->n_vpcs, more->items[i].vpc)) {
            vpcs[part->n_vpcs++] = more->items[i].vpc;
        }
    }
    all->items = items;
    part->vpcs = vpcs;
    return 0;
}

static int read_subnets(struct gathering *g, struct err *err) {
    for (size_t i = 0; i < g->network->n_subnets; i++) {
        const struct aws_call *call = gathering_answer(g, g->network->subnets[i]);
        struct ec2_subnets subnets;
        struct err failure;
        err_init(&failure);
        if (ec2_describe_subnets_result(call, g->arena, &subnets, &failure) < 0) {
            if (gathering_keep(g, &failure, &g->facts->subnets_err, err) < 0) {
                return -1;
            }
        } else if (add_subnets(g, &subnets, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* --- their ways out --- */

static int ask_ways(struct gathering *g, struct err *err) {
    struct network_part *part = g->network;
    const struct doctor_facts *facts = g->facts;
    size_t n = part->n_vpcs < EC2_IDS_MAX ? part->n_vpcs : EC2_IDS_MAX;
    struct aws_call call;
    part->tables = part->endpoints = -1;
    if (n == 0) {
        return 0;
    }
    if (!part->are_tables_read && (ec2_describe_route_tables_call(part->vpcs, n, facts->tables.next,
                                                                  g->arena, &call, err) < 0 ||
                                   (part->tables = gathering_ask(g, &call, err)) < 0)) {
        return -1;
    }
    if (!part->are_endpoints_read &&
        (ec2_describe_vpc_endpoints_call(part->vpcs, n, facts->endpoints.next, g->arena, &call,
                                         err) < 0 ||
         (part->endpoints = gathering_ask(g, &call, err)) < 0)) {
        return -1;
    }
    return 0;
}

static int read_tables(struct gathering *g, struct err *err) {
    const struct aws_call *call = gathering_answer(g, g->network->tables);
    struct ec2_route_tables *all = &g->facts->tables;
    struct ec2_route_tables more;
    struct err failure;
    err_init(&failure);
    g->network->are_tables_read = true;
    if (ec2_describe_route_tables_result(call, g->arena, &more, &failure) < 0) {
        return gathering_keep(g, &failure, &g->facts->tables_err, err);
    }
    struct ec2_route_table *items = ARENA_ARRAY(g->arena, all->n + more.n, struct ec2_route_table);
    if (!items) {
        return err_out_of_memory(err, "route tables");
    }
    for (size_t i = 0; i < all->n; i++) {
        items[i] = all->items[i];
    }
    for (size_t i = 0; i < more.n; i++) {
        items[all->n + i] = more.items[i];
    }
    *all = (struct ec2_route_tables){items, all->n + more.n, more.next};
    g->network->are_tables_read = more.next.len == 0;
    return 0;
}

static int read_endpoints(struct gathering *g, struct err *err) {
    const struct aws_call *call = gathering_answer(g, g->network->endpoints);
    struct ec2_endpoints *all = &g->facts->endpoints;
    struct ec2_endpoints more;
    struct err failure;
    err_init(&failure);
    g->network->are_endpoints_read = true;
    if (ec2_describe_vpc_endpoints_result(call, g->arena, &more, &failure) < 0) {
        return gathering_keep(g, &failure, &g->facts->endpoints_err, err);
    }
    struct ec2_endpoint *items = ARENA_ARRAY(g->arena, all->n + more.n, struct ec2_endpoint);
    if (!items) {
        return err_out_of_memory(err, "endpoints");
    }
    for (size_t i = 0; i < all->n; i++) {
        items[i] = all->items[i];
    }
    for (size_t i = 0; i < more.n; i++) {
        items[all->n + i] = more.items[i];
    }
    *all = (struct ec2_endpoints){items, all->n + more.n, more.next};
    g->network->are_endpoints_read = more.next.len == 0;
    return 0;
}

/* --- step by step --- */

static int ask(struct gathering *g, struct err *err) {
    switch (g->network->step) {
    case STEP_SERVICES:
        return ask_services(g, err);
    case STEP_SUBNETS:
        return ask_subnets(g, err);
    case STEP_WAYS:
        return ask_ways(g, err);
    default:
        return 0;
    }
}

static int read_all(struct gathering *g, struct err *err) {
    struct network_part *part = g->network;
    switch (part->step) {
    case STEP_SERVICES:
        part->step = STEP_SUBNETS;
        return read_services(g, err);
    case STEP_SUBNETS:
        part->step = STEP_WAYS;
        return read_subnets(g, err);
    case STEP_WAYS:
        if ((part->tables >= 0 && read_tables(g, err) < 0) ||
            (part->endpoints >= 0 && read_endpoints(g, err) < 0)) {
            return -1;
        }
        part->step = part->are_tables_read && part->are_endpoints_read ? STEP_DONE : STEP_WAYS;
        return 0;
    default:
        return 0;
    }
}

const struct gather_part gather_network = {.begin = begin, .ask = ask, .read = read_all};
