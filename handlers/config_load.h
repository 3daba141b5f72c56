#ifndef SLIPWAY_HANDLERS_CONFIG_LOAD_H
#define SLIPWAY_HANDLERS_CONFIG_LOAD_H

/* What the files of config.h share: the state of one config_load(), and the list of faults. */

#include "handlers/config.h"
#include "runtime/base/buf.h"

struct config_loader {
    const struct environment *env;
    struct arena *arena;
    struct config *config;
    struct buf faults;    /* "DRY_RUN: …; ECS_SERVICE_MAP: …" */
    struct buf variables; /* "DRY_RUN, ECS_SERVICE_MAP": for the remedy */
    size_t n_unlisted;    /* faults for which there was no room */
    bool out_of_memory;
};

struct config_variable {
    const char *name;
    /* `value` is trimmed and not empty. NULL: accepted without effect here. */
    void (*parse)(struct config_loader *loader, const struct config_variable *variable,
                  struct view value);
    size_t offset; /* of the destination in struct config */
    bool required;
};

/* Notes that something is wrong in a variable; the format says what, where and what is expected,
 * and may begin with the path inside the value: "ECS_SERVICE_MAP.api.kind: …". */
void config_fault(struct config_loader *loader, const char *variable, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the message of an error. ERR_OUT_OF_MEMORY is noted as such. */
void config_fault_of(struct config_loader *loader, const char *variable, const struct err *err);

/* Bytes of a wrong value that are shown. */
#define CONFIG_SHOWN_BYTES 64
struct view config_shown(struct view value);

/* NUL-terminated, in the loader's arena. */
struct view config_copy(struct config_loader *loader, struct view value);

/* A name as ECS has them for clusters, services, families and containers:
 * [A-Za-z0-9_-]{1,255}. */
bool config_ecs_name_is_valid(struct view name);
/* A cluster's name, or its ARN in the function's own region (empty: in any). */
bool config_cluster_is_valid(struct view cluster, struct view region);

/* The parsers: each stores what it read, or notes what is wrong with it. The two of the maps come
 * after what they depend on: the project, the region, and the one before the other. */
void config_parse_name(struct config_loader *, const struct config_variable *, struct view value);
void config_parse_region(struct config_loader *, const struct config_variable *, struct view value);
void config_parse_account(struct config_loader *, const struct config_variable *,
                          struct view value);
void config_parse_accounts(struct config_loader *, const struct config_variable *,
                           struct view value);
void config_parse_bool(struct config_loader *, const struct config_variable *, struct view value);
void config_parse_strategy(struct config_loader *, const struct config_variable *,
                           struct view value);
void config_parse_base(struct config_loader *, const struct config_variable *, struct view value);
void config_parse_image_reference(struct config_loader *, const struct config_variable *,
                                  struct view value);
void config_parse_tags(struct config_loader *, const struct config_variable *, struct view value);
void config_parse_role(struct config_loader *, const struct config_variable *, struct view value);
void config_parse_webhook(struct config_loader *, const struct config_variable *,
                          struct view value);
void config_parse_parameter(struct config_loader *, const struct config_variable *,
                            struct view value);
void config_parse_topic(struct config_loader *, const struct config_variable *, struct view value);
void config_parse_event_bus(struct config_loader *, const struct config_variable *,
                            struct view value);
/* "default" is empty: what PutEvents takes where no bus is named. */
void config_parse_event_bus_but_default(struct config_loader *, const struct config_variable *,
                                        struct view value);
void config_parse_cluster(struct config_loader *, const struct config_variable *,
                          struct view value);
void config_parse_service_map(struct config_loader *, const struct config_variable *,
                              struct view value);
void config_parse_env_files(struct config_loader *, const struct config_variable *,
                            struct view value);

/* What the entries of ECS_SERVICE_MAP say of each other; after all that they depend on, and where
 * none of them has a fault of its own. */
void config_check_services(struct config_loader *loader);

#endif
