#ifndef SLIPWAY_CLI_SETTINGS_H
#define SLIPWAY_CLI_SETTINGS_H

/*
 * One environment file (dev.yaml) -> struct settings: which registry the environment pulls from,
 * and what runs in it. Every value knows where it stands. Members that are not known are left
 * alone. Pure.
 *
 * Nothing is judged here but the shape (a list where a list has to be); what the values mean
 * together is check.h's. What could not be understood is absent.
 */

#include "cli/settings/settings_problem.h"
#include "cli/yaml/yaml.h"
#include "handlers/config.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_VERSION_NEWEST 10 /* what `config migrate` leads to */
/* Up to here nothing changed in what slipway reads: 11 and 12 are about ports and databases. */
#define SETTINGS_VERSION_KNOWN 12

/* Ceilings: of each list, and of use_existing that leads to use_existing. */
#define SETTINGS_MAX_ITEMS 1000
#define SETTINGS_MAX_CHAIN 16

/* A scalar. */
struct setting {
    struct view text;               /* decoded; empty when absent, null or "" */
    const struct yaml_value *value; /* NULL when absent; else where it stands, also when null */
};

enum workload_kind {
    WORKLOAD_SERVICE,        /* services */
    WORKLOAD_SCHEDULED_TASK, /* scheduled_tasks */
    WORKLOAD_EVENT_TASK,     /* event_processor_tasks */
};
#define N_WORKLOAD_KINDS 3
/* The list's name in the file, which `source_service_type` is one of, too. */
const char *workload_list_name(enum workload_kind kind);
enum target_kind workload_target_kind(enum workload_kind kind);

enum ecr_mode {
    ECR_MODE_CREATE,   /* create_ecr, and where nothing is said: the name by convention */
    ECR_MODE_MANUAL,   /* manual_repo: repository_uri */
    ECR_MODE_EXISTING, /* use_existing: that of another one */
    ECR_MODE_UNKNOWN,  /* none of these */
};

/* An item of one of the three lists. The backend is none: it is there always. */
struct workload {
    enum workload_kind kind;
    const struct yaml_value *value;      /* the item, a mapping */
    const struct yaml_value *ecr_config; /* NULL when absent, null or no mapping */
    struct setting name;
    struct setting mode, repository_uri, source_name, source_type; /* of ecr_config */
    enum ecr_mode ecr_mode;
};

struct trusted_account {
    const struct yaml_value *value; /* the item, a mapping */
    struct setting account_id, env, region;
};

struct settings {
    const char *file;              /* as given */
    const struct yaml_value *root; /* a mapping; NULL when the file could not be understood */
    struct setting project, env, region, account_id;
    struct setting schema_version;
    int64_t version; /* 0: absent, or no number from 1 on */
    struct setting ecr_strategy, ecr_account_id, ecr_account_region;
    const struct yaml_value *trusted_list; /* NULL when absent, null or no list */
    struct trusted_account *trusted;
    size_t n_trusted;
    struct workload *workloads; /* services, scheduled tasks, event tasks; each in its order */
    size_t n_workloads;
};

/* Values of `ret_settings` and problems live in the arenas given, `file` and `text` as long as the
 * caller keeps them. What is wrong goes to `problems`, of which only memory is an error here: -1,
 * ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int settings_read(struct view text, const char *file, struct arena *arena,
                               struct problems *problems, struct settings *ret_settings,
                               struct err *err);

/* Whether a value that should be text is none for other programs that read the file: unquoted
 * numbers, booleans. */
bool setting_is_number(const struct setting *setting);
bool setting_is_boolean(const struct setting *setting);

/* --- what follows from them --- */

/* As written, or by the guide's rule where it is absent or unknown: `dev` is local, one with
 * ecr_account_id cross_account, any other local. */
enum ecr_strategy settings_strategy(const struct settings *settings);
const char *settings_strategy_name(const struct settings *settings); /* "local", "cross_account" */
/* The registry that the environment pulls from; empty where the file does not say. */
struct view settings_registry_account(const struct settings *settings);
struct view settings_registry_region(const struct settings *settings);

/* "111111111111.dkr.ecr.us-east-1.amazonaws.com"; what is not said as "<account_id>", "<region>".
 * .data NULL when memory ran out. */
struct view settings_registry_host(const struct settings *settings, struct arena *arena);

struct settings_repository {
    struct view account; /* empty: not said */
    struct view region;
    struct view name;
    struct view uri; /* host/name; of manual_repo as it is written */
    bool is_found;   /* false: use_existing leads nowhere, round, or on for more than
                        SETTINGS_MAX_CHAIN; or a name is missing. All the others are empty */
};
/* Where the workload's image comes from; NULL is the backend's. */
ERR_MUST_USE int settings_repository(const struct settings *settings,
                                     const struct workload *workload, struct arena *arena,
                                     struct settings_repository *ret_repository, struct err *err);

/* The workload that a use_existing names, NULL when there is none. */
const struct workload *settings_source_of(const struct settings *settings,
                                          const struct workload *workload);

#endif
