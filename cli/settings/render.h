#ifndef SLIPWAY_CLI_SETTINGS_RENDER_H
#define SLIPWAY_CLI_SETTINGS_RENDER_H

/*
 * An environment file -> the function's environment variables (docs/configuration.md), and these
 * as text for those who set them. Pure.
 *
 * PROJECT_NAME, PROJECT_ENV, ECR_STRATEGY; ECR_ACCOUNT_ID and ECR_ACCOUNT_REGION where the strategy
 * is cross_account; and ECS_SERVICE_MAP with the backend, each service, and each task (`kind` is
 * `task`). What follows from convention is left out of the map: an entry has a `repository` where
 * the name is another one in the environment's registry, a `repository_uri` where it is in another
 * registry. With the map a name that is in no list is refused by the function.
 */

#include "cli/settings/settings.h"
#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stddef.h>

#define RENDER_MAX_VARIABLES 8
/* AWS Lambda Developer Guide, "Lambda quotas": all names and values together. */
#define RENDER_LAMBDA_BYTES ((size_t)4096)
/* Of these, the names and defaults of the variables that template.yaml sets besides. */
#define RENDER_OTHER_BYTES ((size_t)512)

struct render_variable {
    const char *name;      /* "PROJECT_NAME" */
    const char *parameter; /* of template.yaml: "ProjectName" */
    struct view value;
};

struct rendered {
    struct render_variable variables[RENDER_MAX_VARIABLES];
    size_t n;
    size_t bytes; /* of all names and values */
};

/* What comes out is accepted by config_load() with the file's region as AWS_REGION. -1:
 * ERR_CONFIG_INVALID, "dev.yaml:3:1: …" or what config_load() says of it; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int render(const struct settings *settings, struct arena *arena,
                        struct rendered *ret_rendered, struct err *err);

/* Each appends its text with a line's end; failure is the buf's. */
/* An object of strings, a line each. */
void render_json(const struct rendered *rendered, struct buf *out);
/* One line of words for `sam deploy --parameter-overrides`, as a shell reads them: a value that has
 * to be in quotes for SAM is, within the shell's. */
void render_sam(const struct rendered *rendered, struct buf *out);
/* project_name = "…" and so on, as `terraform fmt` has it. */
void render_tfvars(const struct rendered *rendered, struct buf *out);

/* The parts, for values of any kind. */
void render_append_shell_word(struct buf *out, struct view word);
void render_append_hcl_string(struct buf *out, struct view value);

#endif
