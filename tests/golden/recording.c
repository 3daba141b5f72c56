#include "recording.h"

#include "canonical.h"
#include "files.h"
#include "request.h"

#include <stdio.h>
#include <string.h>

#define MONOTONIC_MS 1000000

static void complain(struct recording *r, const char *what, const struct request *request) {
    buf_appendf(&r->complaints, "%s: " VIEW_FMT " at '" VIEW_FMT "' with %.*s\n", what,
                VIEW_ARG(request->call), VIEW_ARG(request->host), (int)request->body.text.len,
                request->body.text.data);
}

/* --- answering --- */

static bool fits(const struct recording *r, const struct recorded_answer *answer,
                 const struct request *request) {
    return answer->given < answer->times && view_equal(answer->call, request->call) &&
           view_equal(answer->host, request->host) &&
           view_equal(answer->signed_by, request->signed_by) &&
           json_is_subset(answer->match, request->body, r->arena);
}

static void respond(struct recording *r, struct http_exchange *exchange, int status,
                    struct view body) {
    exchange->outcome = HTTP_OK;
    exchange->status = status;
    buf_append(&exchange->body_in, body);
    exchange->response_headers[exchange->n_response_headers++] =
        (struct http_header){.name = VIEW("x-amzn-RequestId"), .value = VIEW(RECORDING_REQUEST_ID)};
    if (buf_check(&exchange->body_in, "a recorded answer", &exchange->err) != 0) {
        exchange->outcome = HTTP_TOO_LARGE;
        buf_append_str(&r->complaints, "a recorded answer is too large\n");
    }
}

static void answer(struct recording *r, struct http_exchange *exchange) {
    struct request request;
    struct err err;
    err_init(&err);
    if (request_read(exchange, r->wall_ms, r->arena, &request, &err) != 0) {
        buf_appendf(&r->complaints, "%s\n", err.message);
        respond(r, exchange, 400, VIEW("{}"));
        return;
    }
    if (!request_is_read(&request)) {
        complain(r, "a write", &request);
    }
    for (size_t i = 0; i < r->n_answers; i++) {
        if (fits(r, &r->answers[i], &request)) {
            r->answers[i].given++;
            respond(r, exchange, (int)r->answers[i].status, r->answers[i].body);
            return;
        }
    }
    complain(r, "no answer is recorded (or left)", &request);
    respond(r, exchange, 400,
            VIEW("{\"__type\":\"NotRecorded\",\"message\":\"no answer is recorded\"}"));
}

void recording_finish(struct recording *r) {
    for (size_t i = 0; i < r->n_answers; i++) {
        const struct recorded_answer *a = &r->answers[i];
        if (a->given < a->times && !a->is_optional) {
            buf_appendf(&r->complaints,
                        "asked for %lld times instead of %lld: answer %zu, " VIEW_FMT
                        " at '" VIEW_FMT "' with " VIEW_FMT "\n",
                        (long long)a->given, (long long)a->times, i + 1, VIEW_ARG(a->call),
                        VIEW_ARG(a->host), VIEW_ARG(a->match.text));
        }
    }
}

/* --- the seam --- */

static int start(void *state, struct http_exchange *exchange, struct err *err) {
    struct recording *r = state;
    if (r->n_pending == RECORDING_MAX_PENDING) {
        return err_set(err, ERR_OUT_OF_MEMORY, "too many requests for the recording");
    }
    r->pending[r->n_pending++] = exchange;
    return 0;
}

static void take(struct recording *r, size_t i) {
    memmove(&r->pending[i], &r->pending[i + 1], (r->n_pending - i - 1) * sizeof(r->pending[0]));
    r->n_pending--;
}

static struct http_exchange *wait_one(void *state, int64_t timeout_ms) {
    struct recording *r = state;
    (void)timeout_ms;
    if (r->n_pending == 0) {
        return NULL;
    }
    size_t i = r->newest_first ? r->n_pending - 1 : 0;
    struct http_exchange *exchange = r->pending[i];
    take(r, i);
    answer(r, exchange);
    return exchange;
}

static void cancel(void *state, struct http_exchange *exchange) {
    struct recording *r = state;
    for (size_t i = 0; i < r->n_pending; i++) {
        if (r->pending[i] == exchange) {
            take(r, i);
            return;
        }
    }
}

static void warm(void *state, const char *const *urls, size_t n, int64_t timeout_ms) {
    (void)state;
    (void)urls;
    (void)n;
    (void)timeout_ms;
}

static const struct http_ops ops = {
    .start = start, .wait = wait_one, .cancel = cancel, .warm = warm};

static int64_t wall_ms(void *state) {
    return ((struct recording *)state)->wall_ms;
}

static int64_t monotonic_ms(void *state) {
    return ((struct recording *)state)->monotonic_ms;
}

static void sleep_ms(void *state, int64_t duration_ms) {
    struct recording *r = state;
    r->wall_ms += duration_ms;
    r->monotonic_ms += duration_ms;
}

static uint64_t half(void *state) {
    (void)state;
    return UINT64_C(1) << 63;
}

/* --- loading --- */

static int malformed(struct err *err, size_t index, const char *what) {
    return err_set(err, ERR_EVENT_MALFORMED, "aws[%zu]: %s", index, what);
}

static bool is_known(struct view name_text) {
    static const char *const members[] = {
        "call", "host",      "match",     "signed_by", "status",
        "body", "body_text", "body_file", "times",     "optional",
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (json_span_equals(name_text, view_of(members[i]))) {
            return true;
        }
    }
    return false;
}

/* "body": the JSON as it stands in the file; "body_text": a string's contents; "body_file": a
 * file's bytes but for its last line break. */
static int load_body(struct recorded_answer *answer, struct json_span entry, size_t index,
                     const char *folder, struct arena *arena, struct err *err) {
    struct json_span body;
    struct view name;
    if (json_find(entry, "body", &body)) {
        answer->body = body.text;
        return 0;
    }
    if (json_find(entry, "body_text", &body)) {
        return json_span_string(body, arena, &answer->body, err);
    }
    if (json_find_string(entry, "body_file", arena, &name, err) != 0) {
        return -1;
    }
    name = arena_copy(arena, name);
    if (name.data == NULL || name.len == 0) {
        return malformed(err, index, "expected one of body, body_text, body_file");
    }
    if (file_read(folder, name.data, arena, &answer->body, err) != 0) {
        return -1;
    }
    answer->body.len -= view_ends_with(answer->body, VIEW("\n")) ? 1 : 0;
    return 0;
}

static bool find_number(struct json_span entry, const char *name, int64_t *ret_number) {
    struct json_span span;
    return json_find(entry, name, &span) && view_to_i64(span.text, ret_number);
}

static int load_answer(struct recorded_answer *answer, struct json_span entry, size_t index,
                       const char *folder, struct arena *arena, struct err *err) {
    struct json_iterator it = json_iterate(entry);
    struct json_member member;
    struct json_span optional;
    while (json_next_member(&it, &member)) {
        if (!is_known(member.name_text)) {
            return err_set(err, ERR_EVENT_MALFORMED, "aws[%zu]: unknown member " VIEW_FMT, index,
                           VIEW_ARG(member.name_text));
        }
    }
    *answer = (struct recorded_answer){.times = 1};
    if (json_find_string(entry, "call", arena, &answer->call, err) != 0 ||
        json_find_string(entry, "host", arena, &answer->host, err) != 0 ||
        json_find_string(entry, "signed_by", arena, &answer->signed_by, err) != 0) {
        return -1;
    }
    if (answer->signed_by.len == 0) {
        answer->signed_by = VIEW(RECORDING_ACCESS_KEY);
    }
    if (answer->call.len == 0 || answer->host.len == 0) {
        return malformed(err, index, "expected a call and a host");
    }
    if (!json_find(entry, "match", &answer->match) || answer->match.type != JSON_OBJECT) {
        return malformed(err, index, "expected a match");
    }
    if (!find_number(entry, "status", &answer->status)) {
        return malformed(err, index, "expected a status");
    }
    (void)find_number(entry, "times", &answer->times);
    answer->is_optional =
        json_find(entry, "optional", &optional) && view_equal(optional.text, VIEW("true"));
    return load_body(answer, entry, index, folder, arena, err);
}

int recording_load(struct recording *r, struct json_span array, const char *folder, int64_t now_ms,
                   struct arena *arena, struct err *err) {
    *r = (struct recording){
        .arena = arena,
        .complaints = BUF_INIT(RECORDING_COMPLAINT_BYTES),
        .wall_ms = now_ms,
        .monotonic_ms = MONOTONIC_MS,
        .http = {.ops = &ops, .state = r},
        .clock = {.wall_ms = wall_ms,
                  .monotonic_ms = monotonic_ms,
                  .sleep_ms = sleep_ms,
                  .random = half,
                  .state = r},
    };
    struct json_iterator it = json_iterate(array);
    struct json_span entry;
    size_t n = 0;
    while (json_next_element(&it, &entry)) {
        n++;
    }
    r->answers = ARENA_ARRAY(arena, n, struct recorded_answer);
    if (r->answers == NULL) {
        return err_out_of_memory(err, "a recording");
    }
    it = json_iterate(array);
    while (json_next_element(&it, &entry)) {
        if (load_answer(&r->answers[r->n_answers], entry, r->n_answers, folder, arena, err) != 0) {
            return -1;
        }
        r->n_answers++;
    }
    return 0;
}

void recording_release(struct recording *r) {
    buf_release(&r->complaints);
}
