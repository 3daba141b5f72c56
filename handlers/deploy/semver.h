#ifndef SLIPWAY_HANDLERS_DEPLOY_SEMVER_H
#define SLIPWAY_HANDLERS_DEPLOY_SEMVER_H

/*
 * Versions and ranges of versions. Pure. Semantic Versioning 2.0.0; ranges as node-semver documents
 * them ("Ranges"): comparators joined by spaces (all must hold), alternatives joined by "||",
 * hyphen ranges, x-ranges, tildes and carets.
 */

#include "runtime/base/arena.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digits of a number in a version, at most: what fits a uint64_t with one to spare. A tag that has
 * more is no version. Numeric parts of a pre-release may be of any length. */
#define SEMVER_NUMBER_DIGITS 18

struct semver {
    uint64_t number[3];     /* major, minor, patch */
    struct view prerelease; /* "rc.1"; empty: a release. Build metadata is dropped */
};

/* "1.2.3-rc.1+build", with or without a leading "v". False for anything else: "1.2" is none. The
 * result borrows the text. */
bool semver_parse(struct view text, struct semver *ret_version);
/* <0, 0, >0 by precedence (section 11). */
int semver_compare(const struct semver *a, const struct semver *b);

struct semver_comparator;
struct semver_range {
    const struct semver_comparator *comparators;
    size_t n_comparators;
};

/* What is wrong with a range, and where. */
struct semver_fault {
    size_t offset;        /* in the text, from 0 */
    const char *expected; /* "a version"; NULL: memory ran out */
};

/* 0, or -1 with *ret_fault. The range borrows the text. */
int semver_range_parse(struct view text, struct arena *arena, struct semver_range *ret_range,
                       struct semver_fault *ret_fault) __attribute__((warn_unused_result));
/* A pre-release is admitted only by an alternative of which a comparator names a pre-release of the
 * same major.minor.patch: ">=1.2.3-beta.1" admits 1.2.3-rc.1 and 1.2.4, and not 1.2.4-rc.1. */
bool semver_range_admits(const struct semver_range *range, const struct semver *version);

#endif
