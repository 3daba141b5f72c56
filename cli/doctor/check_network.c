#include "cli/doctor/checks.h"

/* Hints, not more: tasks that run have found a way. */

#define NO_WAY_OUT                                                                                 \
    "add a NAT gateway to the subnet's route table, or VPC endpoints for what it lacks"

static struct view vpc_of(const struct doctor_facts *facts, struct view subnet) {
    for (size_t i = 0; i < facts->subnets.n; i++) {
        if (view_equal(facts->subnets.items[i].id, subnet)) {
            return facts->subnets.items[i].vpc;
        }
    }
    return (struct view){0};
}

/* Its own, or the VPC's main one. */
static const struct ec2_route_table *table_of(const struct doctor_facts *facts,
                                              struct view subnet) {
    const struct ec2_route_table *main_table = NULL;
    struct view vpc = vpc_of(facts, subnet);
    for (size_t i = 0; i < facts->tables.n; i++) {
        const struct ec2_route_table *table = &facts->tables.items[i];
        for (size_t j = 0; j < table->n_subnets; j++) {
            if (view_equal(table->subnets[j], subnet)) {
                return table;
            }
        }
        if (table->is_main && view_equal(table->vpc, vpc)) {
            main_table = table;
        }
    }
    return main_table;
}

/* --- endpoints --- */

static bool is_for(const struct doctor_facts *facts, const struct ec2_endpoint *endpoint,
                   const char *service) {
    struct view region = facts->config->region;
    struct view rest = endpoint->service;
    struct view ending = view_of(service);
    if (!view_ends_with(rest, ending)) {
        return false;
    }
    rest.len -= ending.len;
    if (!view_ends_with(rest, VIEW("."))) {
        return false;
    }
    rest.len--;
    return view_ends_with(rest, region);
}

static bool serves(const struct ec2_endpoint *endpoint, const struct ec2_route_table *table) {
    if (!view_equal_nocase(endpoint->state, VIEW("available"))) {
        return false;
    }
    if (view_equal_nocase(endpoint->type, VIEW("Interface"))) {
        return endpoint->has_private_dns;
    }
    for (size_t i = 0; i < endpoint->n_route_tables; i++) {
        if (view_equal(endpoint->route_tables[i], table->id)) {
            return true;
        }
    }
    return false;
}

static bool has_endpoint(const struct doctor_facts *facts, const struct ec2_route_table *table,
                         const char *service) {
    for (size_t i = 0; i < facts->endpoints.n; i++) {
        const struct ec2_endpoint *endpoint = &facts->endpoints.items[i];
        if (view_equal(endpoint->vpc, table->vpc) && is_for(facts, endpoint, service) &&
            serves(endpoint, table)) {
            return true;
        }
    }
    return false;
}

/* What a pull by endpoints goes over, and what the task's start does: Amazon ECR User Guide,
 * "Amazon ECR interface VPC endpoints". Names what is missing, in the arena; empty: nothing. */
static struct view missing_endpoints(const struct doctor_facts *facts,
                                     const struct ec2_route_table *table, bool writes_logs,
                                     struct doctor_findings *findings) {
    static const char *const services[] = {"ecr.api", "ecr.dkr", "s3", "logs"};
    struct view missing = {.data = "", .len = 0};
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        bool is_logs = i == 3;
        if ((is_logs && !writes_logs) || has_endpoint(facts, table, services[i])) {
            continue;
        }
        missing = arena_printf(findings->arena, VIEW_FMT "%s%s", VIEW_ARG(missing),
                               missing.len > 0 ? ", " : "", services[i]);
        findings->failed = findings->failed || !missing.data;
    }
    return missing;
}

/* --- one subnet --- */

enum reach { REACH_NAT, REACH_INTERNET, REACH_ENDPOINTS, REACH_TOLD };

static enum reach tell_no_way(const struct doctor_facts *facts, const struct doctor_target *target,
                              struct view subnet, const struct ec2_route_table *table,
                              struct doctor_findings *findings) {
    struct view region = target->repository->repository.registry.region;
    struct view name = target->runs.target.name;
    bool is_elsewhere = !view_equal(region, facts->config->region);
    const char *why = table->way == EC2_WAY_INTERNET
                          ? "leads to an internet gateway, and its tasks have no public address"
                      : table->way == EC2_WAY_BLACKHOLE ? "leads to what has been deleted"
                                                        : "has no way to the internet";
    if (facts->endpoints_err) {
        findings_add(findings, DOCTOR_WARNING, "network", name,
                     "subnet '" VIEW_FMT "' %s; which VPC endpoints it has could not be told: %s",
                     VIEW_ARG(subnet), why, facts->endpoints_err->message);
        findings_remedy_of(findings, facts->endpoints_err);
        return REACH_TOLD;
    }
    struct view missing = missing_endpoints(facts, table, target->writes_logs, findings);
    if (missing.len == 0 && !is_elsewhere) {
        return REACH_ENDPOINTS;
    }
    if (missing.len == 0) {
        findings_add(findings, DOCTOR_WARNING, "network", name,
                     "subnet '" VIEW_FMT "' %s, and its VPC endpoints are of " VIEW_FMT
                     ", not of the registry's region " VIEW_FMT,
                     VIEW_ARG(subnet), why, VIEW_ARG(facts->config->region), VIEW_ARG(region));
        findings_remedy(findings, "add a NAT gateway, or replicate the images into " VIEW_FMT,
                        VIEW_ARG(facts->config->region));
        return REACH_TOLD;
    }
    findings_add(findings, DOCTOR_WARNING, "network", name,
                 "subnet '" VIEW_FMT "' %s, and no VPC endpoint for " VIEW_FMT, VIEW_ARG(subnet),
                 why, VIEW_ARG(missing));
    findings_remedy(findings, table->way == EC2_WAY_INTERNET
                                  ? "set assignPublicIp to ENABLED, or move the service to subnets "
                                    "with a NAT gateway, or add those VPC endpoints"
                                  : NO_WAY_OUT);
    return REACH_TOLD;
}

static enum reach check_subnet(const struct doctor_facts *facts, const struct doctor_target *target,
                               struct view subnet, struct doctor_findings *findings) {
    const struct ec2_route_table *table = table_of(facts, subnet);
    struct view name = target->runs.target.name;
    if (!table) {
        findings_add(findings, DOCTOR_WARNING, "network", name,
                     "how subnet '" VIEW_FMT "' gets out could not be told: it has no route table",
                     VIEW_ARG(subnet));
        return REACH_TOLD;
    }
    switch (table->way) {
    case EC2_WAY_NAT:
        return REACH_NAT;
    case EC2_WAY_ELSEWHERE:
        findings_add(findings, DOCTOR_WARNING, "network", name,
                     "subnet '" VIEW_FMT "' leads to '" VIEW_FMT
                     "'; whether there is a way to the registry from there could not be told",
                     VIEW_ARG(subnet), VIEW_ARG(table->gateway));
        return REACH_TOLD;
    case EC2_WAY_INTERNET:
        return target->network.has_public_address
                   ? REACH_INTERNET
                   : tell_no_way(facts, target, subnet, table, findings);
    case EC2_WAY_NONE:
    case EC2_WAY_BLACKHOLE:
        break;
    }
    return tell_no_way(facts, target, subnet, table, findings);
}

/* --- one service --- */

static void check_service(const struct doctor_facts *facts, const struct doctor_target *target,
                          struct doctor_findings *findings) {
    static const char *const ways[] = {
        [REACH_NAT] = "by a NAT gateway",
        [REACH_INTERNET] = "by public addresses",
        [REACH_ENDPOINTS] = "by VPC endpoints",
    };
    const struct ecs_network *network = &target->network;
    bool is_found[REACH_TOLD + 1] = {false};
    for (size_t i = 0; i < network->n_subnets; i++) {
        enum reach reach = check_subnet(facts, target, network->subnets[i], findings);
        is_found[reach] = true;
        if (reach == REACH_TOLD) {
            return; /* one is enough: they are made alike */
        }
    }
    findings_add(findings, DOCTOR_WELL, "network", target->runs.target.name,
                 "its %zu subnet%s reach%s the registry %s%s%s%s%s", network->n_subnets,
                 network->n_subnets == 1 ? "" : "s", network->n_subnets == 1 ? "es" : "",
                 is_found[REACH_NAT] ? ways[REACH_NAT] : "",
                 is_found[REACH_NAT] && is_found[REACH_INTERNET] ? " and " : "",
                 is_found[REACH_INTERNET] ? ways[REACH_INTERNET] : "",
                 (is_found[REACH_NAT] || is_found[REACH_INTERNET]) && is_found[REACH_ENDPOINTS]
                     ? " and "
                     : "",
                 is_found[REACH_ENDPOINTS] ? ways[REACH_ENDPOINTS] : "");
}

void check_network(const struct doctor_facts *facts, struct doctor_findings *findings) {
    const struct err *err = facts->subnets_err ? facts->subnets_err : facts->tables_err;
    for (size_t i = 0; i < facts->n_targets; i++) {
        const struct doctor_target *target = &facts->targets[i];
        const struct err *why = target->network_err ? target->network_err : err;
        if (!target->network_err &&
            (target->network.n_subnets == 0 || target->network.is_on_instances)) {
            continue; /* its images come by the network of their instances */
        }
        if (why) {
            findings_add(findings, DOCTOR_WARNING, "network", target->runs.target.name,
                         "how its subnets reach the registry could not be told: %s", why->message);
            findings_remedy_of(findings, why);
            continue;
        }
        check_service(facts, target, findings);
    }
}
