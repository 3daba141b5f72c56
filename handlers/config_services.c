/*
 * Entries of ECS_SERVICE_MAP that are one ECS service. Which event is the newest is decided for the
 * service as a whole, and a push changes it once: were two repositories or two containers deployed
 * to it by two entries, an image of one would be taken for out of date because of the other's, or
 * not be looked at. Entries that differ in their name and their tags alone are welcome.
 */

#include "handlers/config_load.h"
#include "handlers/deploy/target.h"

#define VARIABLE "ECS_SERVICE_MAP"
#define SCRATCH_BYTES ((size_t)64 * 1024)
#define SHOWN_REPOSITORY_BYTES 128

struct pair {
    struct config_loader *loader;
    const struct service_entry *first, *second;
    struct target first_target, second_target;
};

/* -1: there is no memory, or the name by convention is none, which is a fault already. */
static int resolve(struct config_loader *loader, const struct service_entry *entry,
                   struct arena *scratch, struct target *ret_target) {
    struct err err;
    err_init(&err);
    if (target_resolve(loader->config, entry->name, scratch, ret_target, &err) == 0) {
        return 0;
    }
    loader->out_of_memory |= err.code == ERR_OUT_OF_MEMORY;
    return -1;
}

static struct view either(struct view given, struct view by_default) {
    return given.len > 0 ? given : by_default;
}

/* The function's own account, if one of the registries is that of the environment, may not be known
 * here: it is taken for the other one's then. */
static bool is_same_repository(const struct pair *pair) {
    const struct repository *a = &pair->first_target.repository;
    const struct repository *b = &pair->second_target.repository;
    struct view own = pair->loader->config->own_account;
    struct view account_a = either(a->registry.account, own);
    struct view account_b = either(b->registry.account, own);
    return view_equal(a->name, b->name) && view_equal(a->registry.region, b->registry.region) &&
           (account_a.len == 0 || account_b.len == 0 || view_equal(account_a, account_b));
}

static struct view shown_repository(const struct service_entry *entry,
                                    const struct target *target) {
    return view_slice(either(entry->repository_uri, target->repository.name), 0,
                      SHOWN_REPOSITORY_BYTES);
}

static void complain(const struct pair *pair, const char *member, struct view first,
                     struct view second, const char *expected) {
    struct view name = config_shown(pair->second->name);
    struct view service = config_shown(pair->second_target.service);
    struct view other = config_shown(pair->first->name);
    config_fault(pair->loader, VARIABLE,
                 VARIABLE "." VIEW_FMT ": it is ECS service '" VIEW_FMT "', as '" VIEW_FMT
                          "' is, but its %s is '" VIEW_FMT "' and not '" VIEW_FMT
                          "': expected one entry for one ECS service, %s",
                 VIEW_ARG(name), VIEW_ARG(service), VIEW_ARG(other), member, VIEW_ARG(second),
                 VIEW_ARG(first), expected);
}

static void compare(const struct pair *pair) {
    const struct target *first = &pair->first_target;
    const struct target *second = &pair->second_target;
    if (!is_same_repository(pair)) {
        complain(pair, "repository", shown_repository(pair->first, first),
                 shown_repository(pair->second, second),
                 "with the one repository that it is deployed from");
    } else if (!view_equal(first->container, second->container)) {
        complain(pair, "container", config_shown(first->container), config_shown(second->container),
                 "without container if all those of the repository are to be changed");
    } else if (!view_equal(first->family, second->family)) {
        complain(pair, "task_family", config_shown(first->family), config_shown(second->family),
                 "with the family that it runs");
    }
}

/* Names by convention differ where the entries' names do. */
static bool may_be_one_service(const struct service_entry *a, const struct service_entry *b) {
    return a->kind == TARGET_SERVICE && b->kind == TARGET_SERVICE &&
           (a->service_name.len > 0 || b->service_name.len > 0);
}

/* Compares it with the first entry before it that is the same ECS service. */
static int check_entry(struct config_loader *loader, size_t number, struct arena *scratch) {
    const struct config *config = loader->config;
    struct pair pair = {.loader = loader, .second = &config->services[number]};
    bool is_resolved = false;
    for (size_t i = 0; i < number; i++) {
        pair.first = &config->services[i];
        if (!may_be_one_service(pair.first, pair.second)) {
            continue;
        }
        if (!is_resolved && resolve(loader, pair.second, scratch, &pair.second_target) != 0) {
            return -1;
        }
        is_resolved = true;
        if (!target_is_of_entry(config, &pair.second_target, pair.first)) {
            continue;
        }
        if (resolve(loader, pair.first, scratch, &pair.first_target) != 0) {
            return -1;
        }
        compare(&pair);
        return 0;
    }
    return 0;
}

void config_check_services(struct config_loader *loader) {
    struct arena scratch ARENA_AUTO = ARENA_INIT(SCRATCH_BYTES);
    for (size_t i = 0; i < loader->config->n_services; i++) {
        if (check_entry(loader, i, &scratch) != 0 && loader->out_of_memory) {
            return;
        }
        arena_reset(&scratch);
    }
}
