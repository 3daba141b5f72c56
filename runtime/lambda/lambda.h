#ifndef SLIPWAY_LAMBDA_LAMBDA_H
#define SLIPWAY_LAMBDA_LAMBDA_H

/*
 * The loop of an AWS Lambda custom runtime: asks the Runtime API for the next invocation, hands it
 * to the handler, posts its answer or its error, and begins again.
 * AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
 */

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/log.h"
#include "runtime/base/view.h"
#include "runtime/http/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest response that Lambda takes: 6 MiB and 100 bytes. */
#define LAMBDA_RESPONSE_BYTES (6 * 1024 * 1024 + 100)
/* Ceiling of an event: Lambda sends 6 MiB at most (1 MB asynchronously), the rest is slack. */
#define LAMBDA_EVENT_BYTES ((size_t)8 * 1024 * 1024)
/* Ceiling of a trace header, which has about a hundred bytes; a longer one is not exported. */
#define LAMBDA_TRACE_ID_BYTES 1024
/* Kept back of the deadline, to post the answer in; but no more than a fifth of the time that is
 * left when the invocation comes. */
#define LAMBDA_DEADLINE_RESERVE_MS 500

/* One invocation; borrowed for the time of the handler's call. Absent headers are empty. */
struct lambda_invocation {
    struct view request_id;
    struct view function_arn;
    struct view trace_id;
    struct view client_context;
    struct view cognito_identity;
    struct view tenant_id;
    struct view invocation_id; /* echoed with the answer */
    int64_t deadline_wall_ms;  /* as Lambda said it; 0 when it said nothing */
    int64_t deadline_ms;       /* on the monotonic clock, less the reserve: work ends by then. A
                                  minute from now when Lambda named no deadline */
    struct view payload;
    struct arena *arena; /* for all that lives as long as the invocation */
    struct log *log;     /* with the request id set */
};

/* Writes the response (JSON) and returns 0; or fills *err and returns -1: the invocation fails, and
 * Lambda gets `Function.<code>` with message and remedy. */
typedef int (*lambda_handler)(void *user, const struct lambda_invocation *invocation,
                              struct buf *response, struct err *err);

struct lambda_options {
    struct view runtime_api; /* AWS_LAMBDA_RUNTIME_API: host:port */
    struct http *http;       /* borrowed, as all of these */
    const struct clock *clock;
    struct log *log;
    /* Exports _X_AMZN_TRACE_ID before an invocation; NULL unsets it. NULL function: not done.
     * lambda_export_trace_id() in a process, a recorder in tests. */
    void (*set_trace_id)(const char *trace_id);
    const volatile int *stop; /* non-zero after SIGTERM: the loop ends after the invocation */
};

/* Runs until *stop is set, also while it waits for an invocation; one that is under way is answered
 * first. 0: a clean end. -1: a failure of the Runtime API after which the process must end with a
 * non-zero status: ERR_AWS_UNAVAILABLE (/next failed too often in a row; the Runtime API reported a
 * container error), ERR_OUT_OF_MEMORY (at the start). Nothing else ends the loop: not a handler's
 * failure, and not an answer that the Runtime API would not take (400, 403, 410, 413). */
ERR_MUST_USE int lambda_run(const struct lambda_options *options, lambda_handler handler,
                            void *user, struct err *err);

/* Posts an error of the init phase (/runtime/init/error). Best effort: the process ends next. */
void lambda_init_error(const struct lambda_options *options, const struct err *cause);

/* For lambda_options.set_trace_id. Not for threads, and without growth over any number of calls. */
void lambda_export_trace_id(const char *trace_id);

#endif
