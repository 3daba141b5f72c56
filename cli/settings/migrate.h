#ifndef SLIPWAY_CLI_SETTINGS_MIGRATE_H
#define SLIPWAY_CLI_SETTINGS_MIGRATE_H

/*
 * An environment file of schema 6 or later -> the same file at schema 10. Pure. Lossless: members
 * are put in (migrate_edit.h) and the number of schema_version is changed, and nothing else is;
 * what comes out is read again and compared with what was, before anybody may write it.
 *
 * From which version: `schema_version`, quoted or not. Without one, by the members: 6 without
 * ecr_strategy, 7 without ecr_trusted_accounts, 8 where an item has no ecr_config, else 10. A step
 * is done if the file is older than it, and adds only what is missing: a member that is there, of
 * the mapping's own or by `<<`, is left as it is.
 *
 *   7   ecr_strategy: `local` where env is dev; else `cross_account` where ecr_account_id is set;
 *       else `local`.
 *   8   ecr_trusted_accounts: account_id, env and region of those other files given that pull from
 *       this one's account and region across accounts; an empty list where there are none, and
 *       in a file that is not local.
 *   9   is about Amplify: custom_domain and enable_root_domain of amplify_apps become another
 *       member. That cannot be done by adding; a file that has them is refused.
 *   10  ecr_config of each item of services, scheduled_tasks and event_processor_tasks:
 *         manual_repo where the item names a repository: repository_uri, or docker_image if that
 *           is an image in a private ECR repository; the tag is left off. Not where it is the
 *           repository that the item has by convention anyway.
 *         create_ecr where the strategy is local.
 *         manual_repo with the repository that the item has by convention in the registry's
 *           account and region, where the strategy is cross_account: create_ecr would make
 *           Terraform create an empty repository here, and pull from that.
 *
 * A mapping that several aliases share is migrated once, where its anchor is.
 */

#include "cli/settings/settings.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stdint.h>

#define MIGRATE_VERSION_OLDEST 6

struct migrate_note {
    bool is_warning;  /* something is left to do */
    struct view text; /* "ecr_strategy: local, as env is dev" */
};

struct migration {
    int64_t from; /* the version that it has, or by its members is */
    bool is_by_members;
    bool is_changed;  /* else there is nothing to do */
    struct view text; /* what the file is to hold; that of before where nothing is to do */
    struct migrate_note *notes;
    size_t n_notes;
};

/* `settings` is what settings_read() made of `text`, and has a root. `all` are the settings of all
 * files that are given together, with or without this one; those without a root are passed over.
 * -1: ERR_CONFIG_INVALID, "dev.yaml:3:1: …", where it has to be done by hand; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int migrate(const struct settings *settings, struct view text,
                         const struct settings *all, size_t n_all, struct arena *arena,
                         struct migration *ret_migration, struct err *err);

#endif
