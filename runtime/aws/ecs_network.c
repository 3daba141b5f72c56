#include "runtime/aws/ecs_network.h"

#include "runtime/aws/answer.h"

/* {"launchType":"EC2"}, or {"capacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT"}]}. With
 * a part on Fargate it is not on instances; where nothing is said, neither. */
static bool is_on_instances(struct json_span service) {
    struct json_span type;
    struct json_span strategy;
    struct json_span one;
    struct json_span provider;
    bool has_other = json_find(service, "launchType", &type) && type.type == JSON_STRING &&
                     !json_span_equals(type.text, VIEW("FARGATE"));
    if (!answer_array(service, "capacityProviderStrategy", &strategy)) {
        return has_other;
    }
    struct json_iterator iterator = json_iterate(strategy);
    while (json_next_element(&iterator, &one)) {
        if (!json_find(one, "capacityProvider", &provider) || provider.type != JSON_STRING ||
            json_span_equals(provider.text, VIEW("FARGATE")) ||
            json_span_equals(provider.text, VIEW("FARGATE_SPOT"))) {
            return false;
        }
        has_other = true;
    }
    return has_other;
}

static int read_network(struct json_span service, struct arena *arena, struct ecs_network *network,
                        struct err *err) {
    struct json_span configuration;
    struct json_span vpc;
    struct json_span subnets;
    struct json_span subnet;
    struct json_span public;
    network->is_on_instances = is_on_instances(service);
    if (!json_find(service, "networkConfiguration", &configuration) ||
        !json_find(configuration, "awsvpcConfiguration", &vpc) ||
        !answer_array(vpc, "subnets", &subnets)) {
        return 0;
    }
    network->has_public_address =
        json_find(vpc, "assignPublicIp", &public) && json_span_equals(public.text, VIEW("ENABLED"));
    network->subnets = ARENA_ARRAY(arena, answer_count(subnets), struct view);
    if (!network->subnets) {
        return err_out_of_memory(err, "subnets");
    }
    struct json_iterator iterator = json_iterate(subnets);
    while (json_next_element(&iterator, &subnet)) {
        if (subnet.type == JSON_STRING &&
            json_span_string(subnet, arena, &network->subnets[network->n_subnets++], err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* {"services":[{"serviceName":"web","networkConfiguration":{"awsvpcConfiguration":{"subnets":
 * ["subnet-…"],"assignPublicIp":"DISABLED"}}}]} */
int ecs_service_network_result(const struct aws_call *call, struct view service,
                               struct arena *arena, struct ecs_network *ret_network,
                               struct err *err) {
    struct ecs_network network = {0};
    struct json_span root;
    struct json_span services;
    struct json_span one;
    struct json_span name;
    if (answer_failed(call)) {
        return answer_pass_on(call, err);
    }
    if (answer_object(call, &root, err) < 0) {
        return -1;
    }
    if (!answer_array(root, "services", &services)) {
        return answer_lacks(call, "services", err);
    }
    struct json_iterator iterator = json_iterate(services);
    while (json_next_element(&iterator, &one)) {
        if (json_find(one, "serviceName", &name) && json_span_equals(name.text, service)) {
            if (read_network(one, arena, &network, err) < 0) {
                return -1;
            }
        }
    }
    *ret_network = network;
    return 0;
}
