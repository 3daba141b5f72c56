#ifndef SLIPWAY_AWS_IAM_CONDITION_H
#define SLIPWAY_AWS_IAM_CONDITION_H

/* What the parts of iam_policy.c share: a third answer beside yes and no, and conditions. Pure.
 * Private to them. */

#include "runtime/aws/iam_policy.h"
#include "runtime/base/json_scan.h"

enum iam_tri { IAM_NO, IAM_MAYBE, IAM_YES };

static inline enum iam_tri iam_both(enum iam_tri a, enum iam_tri b) {
    return a < b ? a : b;
}
static inline enum iam_tri iam_either(enum iam_tri a, enum iam_tri b) {
    return a > b ? a : b;
}
static inline enum iam_tri iam_not(enum iam_tri a) {
    return (enum iam_tri)(IAM_YES - a);
}
static inline enum iam_tri iam_tri_of(bool is_so) {
    return is_so ? IAM_YES : IAM_NO;
}

struct iam_evaluation {
    const struct iam_request *request;
    struct arena *arena;
    struct view why;  /* what the first IAM_MAYBE was about */
    struct view hint; /* what may explain an IAM_NO */
    bool has_failed;  /* memory ran out */
};

/* "${aws:PrincipalAccount}" stands for something that would have to be looked up. */
bool iam_has_variable(struct view text);

/* IAM_MAYBE; the first reason counts. */
enum iam_tri iam_maybe(struct iam_evaluation *evaluation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether one of the texts of `value`, which is one or a list of them, is what `matches` says. */
typedef enum iam_tri iam_match(struct iam_evaluation *evaluation, struct view text,
                               const void *state);
enum iam_tri iam_any(struct iam_evaluation *evaluation, struct json_span value, iam_match *matches,
                     const void *state);

/* The Condition element: every key of every operator has to hold. */
enum iam_tri iam_conditions_hold(struct iam_evaluation *evaluation, struct json_span conditions);

#endif
