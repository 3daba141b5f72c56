/* The error of a call that failed for good: its code, its message, what to do about it. */

#include "runtime/aws/aws_failure.h"

#include <stdio.h>

/* A policy said no. */
static const char *const denial_codes[] = {
    "AccessDenied",          "AccessDeniedException", "AuthorizationError", "NotAuthorized",
    "UnauthorizedException", "UnauthorizedOperation", "ForbiddenException",
};
/* AWS does not know or does not accept the credentials. */
static const char *const credential_codes[] = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
};

static bool is_among(const char *code, const char *const *codes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (view_equal(view_of(code), view_of(codes[i]))) {
            return true;
        }
    }
    return false;
}

bool aws_failure_is_denial(const char *code) {
    return is_among(code, denial_codes, sizeof(denial_codes) / sizeof(denial_codes[0]));
}

static bool is_bad_credentials(const struct aws_call *call) {
    return is_among(call->code, credential_codes,
                    sizeof(credential_codes) / sizeof(credential_codes[0]));
}

/* " (3 attempts, request id 1-2-3)", or as much of it as there is to say. */
struct note {
    char text[AWS_REQUEST_ID_BYTES + 64];
};

static struct note note_of(const struct aws_call *call) {
    struct note note = {""};
    bool has_id = call->request_id[0] != '\0';
    if (call->attempts > 1) {
        (void)snprintf(note.text, sizeof(note.text), " (%d attempts%s%s)", call->attempts,
                       has_id ? ", request id " : "", call->request_id);
    } else if (has_id) {
        (void)snprintf(note.text, sizeof(note.text), " (request id %s)", call->request_id);
    }
    return note;
}

static enum err_code code_of_answer(const struct aws_call *call,
                                    const struct aws_verdict *verdict) {
    if (aws_failure_is_denial(call->code) || is_bad_credentials(call)) {
        return ERR_ACCESS_DENIED;
    }
    if (verdict->class == RETRY_THROTTLED) {
        return ERR_THROTTLED;
    }
    bool is_transient = verdict->class == RETRY_TRANSIENT && call->status >= 400;
    return is_transient || call->status >= 500 ? ERR_AWS_UNAVAILABLE : ERR_BAD_RESPONSE;
}

/* What no retry changes, and nothing that AWS leaves undocumented. */
static void set_client_error_remedy(struct aws_call *call) {
    if (call->code[0] == '\0' && call->request_id[0] == '\0') {
        err_remedy(&call->err, "look at what answered in the place of AWS: a proxy, or the address "
                               "in AWS_ENDPOINT_URL");
    } else if (view_equal(view_of(call->code), VIEW("LimitExceededException"))) {
        err_remedy(&call->err, "ask AWS to raise the quota that the message names, or make room "
                               "under it");
    } else if (call->code[0] != '\0') {
        err_remedy(&call->err, "correct what AWS names in the message");
    }
}

/* The action in IAM's spelling, which is the signing name and the operation. */
static void set_remedy(struct aws_call *call) {
    if (is_bad_credentials(call)) {
        err_remedy(&call->err, "renew the credentials that the function runs with: AWS does not "
                               "accept them in this region");
    } else if (aws_failure_is_denial(call->code) && call->role_arn.len > 0) {
        err_remedy(&call->err, "allow %s:%s to the role '" VIEW_FMT "'",
                   call->service->signing_name, call->operation, VIEW_ARG(call->role_arn));
    } else if (aws_failure_is_denial(call->code)) {
        err_remedy(&call->err, "allow %s:%s to the function's role", call->service->signing_name,
                   call->operation);
    } else if (call->err.code == ERR_BAD_RESPONSE) {
        set_client_error_remedy(call);
    }
}

static void report_answer(struct aws_call *call, const struct aws_verdict *verdict) {
    struct note note = note_of(call);
    const struct aws_failure *failure = verdict->failure;
    char status[32];
    (void)snprintf(status, sizeof(status), "HTTP %d", call->status);
    const char *code = call->code[0] != '\0' ? call->code : status;
    struct view message = failure->message;
    if (call->status >= 200 && call->status < 300) {
        message = call->service->protocol == AWS_QUERY ? VIEW("the answer is no XML")
                                                       : VIEW("the answer is no JSON");
    } else if (message.len == 0 && call->code[0] == '\0') {
        message = VIEW("an answer without an AWS error code");
    }
    (void)err_set(&call->err, code_of_answer(call, verdict),
                  "%s %s failed in " VIEW_FMT ": %s%s" VIEW_FMT "%s", call->service->name,
                  call->operation, VIEW_ARG(verdict->region), code, message.len > 0 ? ": " : "",
                  VIEW_ARG(message), note.text);
    set_remedy(call);
}

/* No response, or none that can be used. An attempt's own time limit is no matter of the deadline
 * unless that has come too. */
static void report_transport(struct aws_call *call, const struct aws_verdict *verdict) {
    const struct err *cause = &verdict->exchange->err;
    enum err_code code = cause->code;
    if (code == ERR_DEADLINE_EXCEEDED && !verdict->deadline_passed) {
        code = ERR_AWS_UNAVAILABLE;
    }
    (void)err_set(&call->err, code, "%s %s failed in " VIEW_FMT ": %s%s", call->service->name,
                  call->operation, VIEW_ARG(verdict->region), cause->message, note_of(call).text);
    if (code == cause->code && cause->remedy[0] != '\0') {
        err_remedy(&call->err, "%s", cause->remedy);
    }
}

void aws_failure_report(struct aws_call *call, const struct aws_verdict *verdict) {
    if (verdict->exchange->outcome == HTTP_OK) {
        report_answer(call, verdict);
    } else {
        report_transport(call, verdict);
    }
}

void aws_failure_report_deadline(struct aws_call *call, struct view region, bool is_under_way) {
    const char *what = is_under_way ? "answered" : call->attempts > 0 ? "repeated" : "made";
    (void)err_set(&call->err, ERR_DEADLINE_EXCEEDED,
                  "%s %s in " VIEW_FMT " was not %s before the deadline%s", call->service->name,
                  call->operation, VIEW_ARG(region), what, note_of(call).text);
}
