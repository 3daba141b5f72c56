#ifndef SLIPWAY_CLI_SETTINGS_MIGRATE_PLAN_H
#define SLIPWAY_CLI_SETTINGS_MIGRATE_PLAN_H

/*
 * What migrate.c gathers about one file, and the steps of migrate_steps.c: which members a file of
 * that version lacks.
 */

#include "cli/settings/migrate.h"
#include "cli/settings/migrate_edit.h"

#define ROOT_ADDITIONS 3 /* ecr_strategy, ecr_trusted_accounts, schema_version */

struct migrate_plan {
    const struct settings *settings;
    const struct settings *all;
    size_t n_all;
    int64_t from;
    struct arena *arena;
    struct addition root[ROOT_ADDITIONS];
    size_t n_root;
    struct mapping_change *items; /* room for one of each workload */
    size_t n_items;
    struct migrate_note *notes;
    size_t n_notes, notes_capacity;
    struct err *err;
};

/* "dev.yaml:3:1: …". Always -1. */
int migrate_refuse(struct migrate_plan *plan, const struct yaml_value *at, const char *remedy,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
ERR_MUST_USE int migrate_say(struct migrate_plan *plan, bool is_warning, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The part of a value that a message shows. */
struct view migrate_shown(struct view value);

/* The version by the members that are there. */
int64_t migrate_version_by_members(const struct settings *settings);

/* -1: ecr_strategy is there, and none that there is. */
ERR_MUST_USE int migrate_check_strategy(struct migrate_plan *plan);

/* Each adds to the plan what its version brought. */
ERR_MUST_USE int migrate_to_7(struct migrate_plan *plan);
ERR_MUST_USE int migrate_to_8(struct migrate_plan *plan);
ERR_MUST_USE int migrate_to_9(struct migrate_plan *plan);
ERR_MUST_USE int migrate_to_10(struct migrate_plan *plan);

#endif
