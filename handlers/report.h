#ifndef SLIPWAY_HANDLERS_REPORT_H
#define SLIPWAY_HANDLERS_REPORT_H

/*
 * Telling what happened: changes -> the response JSON, the log line, the metrics (CloudWatch
 * embedded metric format, namespace `slipway`). Pure but for the log lines it writes.
 */

#include "handlers/config.h"
#include "handlers/deploy/plan.h"
#include "runtime/base/buf.h"
#include "runtime/base/err.h"
#include "runtime/base/json_write.h"
#include "runtime/base/log.h"

/* The answer to one event:
 *
 * {"status":"deployed","environment":"prod","project":"myproject","event_id":"…","duration_ms":412,
 *  "changes":[{"target":"backend","kind":"service","status":"deployed","from":{…},"to":{…},
 *    "deployment_id":"ecs-svc/…"}]}
 *
 * with `code`, `message` and `remedy` where a change was refused, superseded, ignored or planned
 * only, `note` where there is more to say of one that was carried out or had been, `version` of a
 * function, `moved` of a task, and for a dry run `action` (deploy, restart, rollback or report) and
 * `diff`. What is empty is left out. */
void report_response(const struct config *config, const struct change *changes, size_t n,
                     int64_t duration_ms, struct buf *response);

/* The project's name of what was to change; empty: the event named nothing. */
struct view report_target(const struct change *change);

/* The members of one change, into an object that is open: "target", "kind", "status", … and, of
 * what became of a deployment, "outcome", "why" and "rollout_seconds". */
void report_put_change(struct json_writer *w, const struct change *change);

/* One line per change, INFO, WARN for what is refused, ERROR for what failed; its message is the
 * error's or the status. And its metrics, in the dimensions Project, Environment and Service (a
 * service that is not configured is "unknown"). Dry runs and what is ignored, superseded or planned
 * have none. */
void report_log(const struct log *log, const struct config *config, const struct change *changes,
                size_t n, int64_t duration_ms);

/* The error of the invocation when any change failed: the first one's code, all failures named.
 * 0: none did. */
ERR_MUST_USE int report_failure(const struct change *changes, size_t n, struct err *err);

#endif
