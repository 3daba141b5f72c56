/*
 * The first line is a policy, the rest a tag. Both are taken in bounded time; the same input gives
 * the same answer; a single glob agrees with fnmatch(3); comparing versions is an order.
 */

#include "handlers/deploy/semver.h"
#include "handlers/deploy/tag_policy.h"
#include "tests/fuzz/require.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
/* fnmatch() takes exponential time; the policy must not. */
#define FNMATCH_BYTES 40
#define FNMATCH_STARS 4

static void require_fault_is_inside(const struct err *err, struct view text) {
    require(err->code == ERR_CONFIG_INVALID && err->remedy[0] != '\0');
    const char *at = NULL, *next = err->message;
    /* A long term pushes the place out of the message, and may hold the same words. */
    bool is_cut = strlen(err->message) > ERR_MESSAGE_BYTES - 32;
    if (is_cut || strstr(err->message, "terms are too many") != NULL) {
        return;
    }
    while ((next = strstr(next, " is invalid at byte ")) != NULL) {
        at = next++;
    }
    unsigned long offset;
    require(at != NULL && sscanf(at, " is invalid at byte %lu: expected ", &offset) == 1);
    require(offset <= text.len);
}

static bool is_plain(struct view v) {
    for (size_t i = 0; i < v.len; i++) {
        if ((unsigned char)v.data[i] < 32 || (unsigned char)v.data[i] > 126) {
            return false;
        }
    }
    return true;
}

static void to_string(char *out, struct view v) {
    if (v.len > 0) {
        memcpy(out, v.data, v.len);
    }
    out[v.len] = '\0';
}

static void agree_with_fnmatch(const struct tag_policy *policy, struct view tag, bool admitted) {
    char glob_text[FNMATCH_BYTES + 1], tag_text[FNMATCH_BYTES + 1];
    struct view glob = view_trim(policy->text);
    size_t stars = 0;
    for (size_t i = 0; i < glob.len; i++) {
        stars += glob.data[i] == '*';
    }
    if (policy->n_terms != 1 || view_starts_with(glob, VIEW("semver:")) ||
        glob.len > FNMATCH_BYTES || tag.len > FNMATCH_BYTES || stars > FNMATCH_STARS ||
        !is_plain(tag)) {
        return;
    }
    to_string(glob_text, glob);
    to_string(tag_text, tag);
    require(admitted == (fnmatch(glob_text, tag_text, 0) == 0));
}

static void check_latest(const struct tag_policy *policy, struct view tag, bool admitted) {
    struct tag_policy careful = *policy;
    careful.latest_by_name = true;
    bool admits_latest = tag_policy_admits(&careful, VIEW("latest"));
    require(!admits_latest || tag_policy_admits(policy, VIEW("latest")));
    if (!view_equal(tag, VIEW("latest"))) {
        require(tag_policy_admits(&careful, tag) == admitted);
    }
}

static void check_policy(struct view text, struct view tag, struct arena *arena) {
    struct tag_policy policy;
    struct err err;
    err_init(&err);
    if (tag_policy_parse(text, arena, &policy, &err) != 0) {
        require_fault_is_inside(&err, text);
        return;
    }
    require(!err_is_set(&err) && view_equal(policy.text, text));
    bool admitted = tag_policy_admits(&policy, tag);
    require(tag_policy_admits(&policy, tag) == admitted);
    require(policy.n_terms > 0 || !admitted);
    agree_with_fnmatch(&policy, tag, admitted);
    check_latest(&policy, tag, admitted);
}

static struct arena arena = {.limit_bytes = ARENA_BYTES};

static bool range_admits(const char *comparator, struct view text, const struct semver *version) {
    struct semver_range range;
    struct semver_fault fault;
    struct view joined =
        arena_printf(&arena, "%s" VIEW_FMT, comparator, VIEW_ARG(view_slice(text, 0, 1024)));
    require(semver_range_parse(joined, &arena, &range, &fault) == 0);
    return semver_range_admits(&range, version);
}

static void check_versions(struct view a_text, struct view b_text) {
    struct semver a, b;
    if (a_text.len > 1000 || !semver_parse(a_text, &a)) {
        return;
    }
    require(semver_compare(&a, &a) == 0);
    require(range_admits("=", a_text, &a) && range_admits(">=", a_text, &a) &&
            range_admits("<=", a_text, &a) && range_admits("~", a_text, &a) &&
            range_admits("^", a_text, &a));
    require(!range_admits("<", a_text, &a) && !range_admits(">", a_text, &a));
    if (!semver_parse(b_text, &b)) {
        return;
    }
    int order = semver_compare(&a, &b), back = semver_compare(&b, &a);
    require((order < 0) == (back > 0) && (order == 0) == (back == 0));
    if (a.prerelease.len == 0 && b.prerelease.len == 0) {
        require(range_admits("<", a_text, &b) == (order > 0));
        require(range_admits(">=", a_text, &b) == (order <= 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view input = {(const char *)data, size};
    struct view policy = input, tag = {0};
    (void)view_cut(input, '\n', &policy, &tag);
    arena_reset(&arena);
    check_policy(policy, tag, &arena);
    check_versions(policy, tag);
    check_versions(tag, policy);
    return 0;
}
