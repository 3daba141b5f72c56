#ifndef SLIPWAY_HANDLERS_CONFIG_SOURCE_H
#define SLIPWAY_HANDLERS_CONFIG_SOURCE_H

/*
 * SLIPWAY_CONFIG: where the variables are that do not fit the 4 KB of a function's environment.
 *
 *     ssm:/path/of/a/parameter    an SSM parameter, by name or ARN; a SecureString or not
 *     s3://bucket/key             an object in the function's own region
 *
 * What is there is a JSON object of variables, {"PROJECT_NAME":"myproject",…}, as `slipway config
 * render` prints it. It is laid under the real environment: a variable that has a value there wins,
 * but PROJECT_NAME and PROJECT_ENV have to be the same: a document is of one environment.
 * Only the variables of config.h may stand in it; a name that is not known is a fault, not a
 * setting that is lost. It may hold a secret: no value of it is in any message, and it is wiped.
 *
 * It is read once, before config_load(). All but config_source_read() is pure.
 */

#include "runtime/aws/aws.h"
#include "runtime/aws/credentials.h"
#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stdint.h>

/* How long the init phase, of ten seconds in all, waits for it. */
#define CONFIG_SOURCE_MS 5000

enum config_place_kind { CONFIG_PARAMETER, CONFIG_OBJECT };
struct config_place {
    enum config_place_kind kind;
    struct view text;   /* all of it; these borrow it */
    struct view bucket; /* of an object */
    struct view name;   /* the parameter's name or ARN, the object's key */
};
/* -1: ERR_CONFIG_INVALID, for what is neither. */
ERR_MUST_USE int config_place_parse(struct view text, struct config_place *ret_place,
                                    struct err *err);

struct config_source; /* the variables of a document */

/* Whether SLIPWAY_CONFIG has a value. */
bool config_source_is_wanted(const struct environment *env);
/* The region that it is read in: AWS_REGION, else AWS_DEFAULT_REGION. -1: ERR_CONFIG_INVALID, when
 * neither is one. */
ERR_MUST_USE int config_source_region(const struct environment *env, struct view *ret_region,
                                      struct err *err);

/* Reads what SLIPWAY_CONFIG names, in one call. `env` is borrowed for as long as the source.
 * deadline_ms is on the monotonic clock. -1: ERR_CONFIG_INVALID, for a value that is no place, for
 * a parameter or an object that does not exist, and for a document that is not as it should be,
 * with every fault in it; ERR_ACCESS_DENIED with the permission that is missing; what else the call
 * met.
 */
ERR_MUST_USE int config_source_read(struct aws *aws, const struct environment *env,
                                    int64_t deadline_ms, struct config_source **ret_source,
                                    struct err *err);
/* The pure part of it: `document` is what `place`, the value of SLIPWAY_CONFIG, holds. */
ERR_MUST_USE int config_source_parse(struct view place, struct view document,
                                     const struct environment *env,
                                     struct config_source **ret_source, struct err *err);
/* Wipes it. NULL is fine. */
void config_source_free(struct config_source *source);

/* The real environment, and under it the document; as long as the source. */
const struct environment *config_source_environment(const struct config_source *source);
/* Appends the names, "A, B", of the variables whose value in the document does not count, since the
 * real environment has another. */
void config_source_list_overridden(const struct config_source *source, struct buf *names);
/* Adds to the remedy of what config_load() found where else the values may come from. NULL: no
 * source, nothing to add. */
void config_source_explain(const struct config_source *source, struct err *err);

#endif
