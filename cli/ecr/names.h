#ifndef SLIPWAY_CLI_ECR_NAMES_H
#define SLIPWAY_CLI_ECR_NAMES_H

/*
 * Lists of names as options give them, and what each kind of name may be. Pure; views borrow the
 * options.
 */

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>

struct names {
    struct view *items;
    size_t n;
};

enum name_kind {
    NAME_ORGANIZATION, /* o-a1b2c3d4e5 */
    NAME_ACCOUNT,      /* 12 digits */
    NAME_ROLE,         /* a role's ARN, whole */
    NAME_REGION,       /* us-east-1 */
    NAME_PROJECT,      /* what the names of its repositories begin with */
    NAME_REPOSITORY,   /* as ECR spells it */
    NAME_PREFIX,       /* what names of repositories may begin with */
    NAME_TAG_PATTERN,  /* characters of tags, and at most four '*' */
    NAME_PLACE,        /* 222222222222:eu-west-1 */
};

/* -1: ERR_CONFIG_INVALID, saying what the name is not. */
ERR_MUST_USE int name_check(struct view name, enum name_kind kind, struct err *err);

bool names_has(const struct names *names, struct view name);
/* Adds what `text` lists, separated by commas; NULL adds nothing, and what is there already is not
 * added again. -1: ERR_CONFIG_INVALID naming the first that is wrong, ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int names_add(struct names *names, const char *text, enum name_kind kind,
                           struct arena *arena, struct err *err);

#endif
