#ifndef SLIPWAY_HANDLERS_NOTIFY_NOTIFY_H
#define SLIPWAY_HANDLERS_NOTIFY_NOTIFY_H

/*
 * Telling people, and whatever waits for an outcome, what an invocation did: Slack (slack.h,
 * webhook.h), SNS and EventBridge (notice.h), side by side. A notification never fails a deploy:
 * what could not be sent is one warning in the log. Dry runs, what was ignored, what was unchanged,
 * and noise are told to nobody.
 */

#include "handlers/config.h"
#include "handlers/deploy/plan.h"
#include "runtime/aws/aws.h"
#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/log.h"

struct notifier; /* the webhook's address, which is a secret, once it has been read */

struct notifier_options {
    const struct config *config; /* borrowed, as all of these */
    struct aws *aws;
    const struct environment *env; /* SLACK_WEBHOOK_URL is read from it */
};
/* *ret_notifier is NULL when nothing is configured to be told. No network. -1: ERR_OUT_OF_MEMORY.
 */
ERR_MUST_USE int notifier_new(const struct notifier_options *options,
                              struct notifier **ret_notifier, struct err *err);
/* Wipes the address. */
void notifier_free(struct notifier *notifier);

/* Sends what there is to tell of the changes, after they were carried out. It takes no longer than
 * to deadline_ms (monotonic), and a few seconds at most. `notifier` may be NULL. */
void notifier_tell(struct notifier *notifier, const struct log *log, const struct change *changes,
                   size_t n, int64_t deadline_ms, struct arena *arena);

#endif
