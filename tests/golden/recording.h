#ifndef SLIPWAY_TESTS_GOLDEN_RECORDING_H
#define SLIPWAY_TESTS_GOLDEN_RECORDING_H

/*
 * An AWS of recorded answers behind struct http, and a clock that only its caller moves. Requests
 * may come in any order. What does not fit the recording is a complaint: a request that it has no
 * answer for, one that would write, one that is not signed for where it goes, and an answer that
 * nobody asked for.
 *
 *     [{"call": "ecr.DescribeImages", "host": "api.ecr.us-east-1.amazonaws.com",
 *       "match": {"registryId": "111111111111"}, "status": 200, "body": {…}}, …]
 *
 * events/README.md has all members of an entry.
 */

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/json_scan.h"
#include "runtime/http/http.h"

/* Requests under way at once: what aws_call_all() has at most, and more. */
#define RECORDING_MAX_PENDING 128
#define RECORDING_COMPLAINT_BYTES ((size_t)64 * 1024)
/* On every answer, so that a message which has it is the same every time. */
#define RECORDING_REQUEST_ID "7f2c1f0e-3b7a-4f55-9c1d-5a0f6d3e8b21"
/* The function's own, unless the case's environment has others. */
#define RECORDING_ACCESS_KEY "ASIAGOLDENFUNCTION01"

struct recorded_answer {
    struct view call;
    struct view host;
    struct view signed_by; /* access key id */
    struct json_span match;
    int64_t status;
    struct view body;
    int64_t times; /* that it is given */
    int64_t given;
    bool is_optional;
};

struct recording {
    struct recorded_answer *answers;
    size_t n_answers;
    struct arena *arena;
    struct buf complaints; /* a line each */
    struct http_exchange *pending[RECORDING_MAX_PENDING];
    size_t n_pending;
    bool newest_first; /* the request that came last is answered first */
    int64_t wall_ms, monotonic_ms;
    struct http http;
    struct clock clock;
};

/* `array`: the facts' "aws"; `folder` has its body_files. What it is given must outlive it, and the
 * recording must stay where it is. -1: ERR_EVENT_MALFORMED, ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int recording_load(struct recording *recording, struct json_span array,
                                const char *folder, int64_t now_ms, struct arena *arena,
                                struct err *err);
void recording_release(struct recording *recording);

/* Complains about answers that were not given as often as they are recorded. */
void recording_finish(struct recording *recording);

#endif
