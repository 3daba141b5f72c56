#ifndef SLIPWAY_CLI_DOCTOR_FINDINGS_H
#define SLIPWAY_CLI_DOCTOR_FINDINGS_H

/*
 * What `slipway doctor` says: one finding for each check, in the order in which they were made.
 * Pure.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

enum doctor_state {
    DOCTOR_WELL,
    DOCTOR_WARNING, /* it may be well, or it could not be told */
    DOCTOR_WRONG,
};

/* The cases of docs/troubleshooting.md, by their headings. */
enum doctor_case {
    DOCTOR_CASE_NONE,
    DOCTOR_CASE_NO_REPOSITORY,   /* "No ECR repository found" */
    DOCTOR_CASE_ACCESS_DENIED,   /* "Access Denied when pulling" */
    DOCTOR_CASE_IMAGE_NOT_FOUND, /* "Image not found" */
};
const char *doctor_case_name(enum doctor_case named);   /* "" for none */
const char *doctor_state_name(enum doctor_state state); /* "well", "warning", "wrong" */

struct doctor_finding {
    enum doctor_state state;
    const char *check;   /* "repository": what was looked at, for machines */
    struct view subject; /* "myproject_backend"; empty: the environment */
    struct view message; /* lower case, no full stop */
    struct view remedy;  /* empty where there is nothing to do */
    enum doctor_case named;
};

struct doctor_findings {
    struct doctor_finding *items;
    size_t n, capacity;
    struct arena *arena;
    bool failed; /* memory ran out: findings are missing */
};

/* Adds a finding; NULL when memory ran out, and `failed` says so. */
struct doctor_finding *findings_add(struct doctor_findings *findings, enum doctor_state state,
                                    const char *check, struct view subject, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Gives the newest finding a remedy, and its case. */
void findings_remedy(struct doctor_findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void findings_case(struct doctor_findings *findings, enum doctor_case named);
/* The error's, in a person's words; NULL: none. */
void findings_remedy_of(struct doctor_findings *findings, const struct err *err);
/* Adds what an error says, with its remedy, and the case that its code belongs to. */
void findings_add_error(struct doctor_findings *findings, enum doctor_state state,
                        const char *check, struct view subject, const struct err *err);

/* Of an error about the environment, DOCTOR_WRONG; where AWS did not answer, or not to whoever
 * asks, the environment may be well: DOCTOR_WARNING. */
enum doctor_state findings_state_of(const struct err *err);

bool findings_have_wrong(const struct doctor_findings *findings);

#endif
