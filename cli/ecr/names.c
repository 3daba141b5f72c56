#include "cli/ecr/names.h"

#include "handlers/config.h"
#include "handlers/deploy/image.h"
#include "runtime/aws/arn.h"

#include <string.h>

/* AWS Organizations API Reference, "Organization": o- and 10 to 32 characters. */
#define ORGANIZATION_MIN 12
#define ORGANIZATION_MAX 34
/* Amazon ECR User Guide, "Lifecycle policy properties": wildcards of one pattern. */
#define WILDCARDS_MAX 4
#define TAG_MAX 128
/* Amazon ECR API Reference, "RepositoryFilter". */
#define PREFIX_MIN 2
#define PREFIX_MAX 256

static bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_organization(struct view name) {
    if (name.len < ORGANIZATION_MIN || name.len > ORGANIZATION_MAX ||
        !view_starts_with(name, VIEW("o-"))) {
        return false;
    }
    for (size_t i = 2; i < name.len; i++) {
        if (!is_lower_or_digit(name.data[i])) {
            return false;
        }
    }
    return true;
}

/* A principal takes no wildcard, and a session of a role comes and goes. */
static bool is_role(struct view name) {
    struct arn arn;
    return arn_parse(name, &arn) && view_equal(arn.service, VIEW("iam")) && arn.region.len == 0 &&
           arn_is_account_id(arn.account) && view_starts_with(arn.resource, VIEW("role/")) &&
           arn.resource.len > sizeof("role/") - 1 && !view_ends_with(arn.resource, VIEW("/")) &&
           !view_contains_char(name, '*') && !view_contains_char(name, '?');
}

/* ECR has no capital letters, so that no repository of such a project could exist. */
static bool is_project(struct view name) {
    for (size_t i = 0; i < name.len; i++) {
        if (!is_lower_or_digit(name.data[i]) && name.data[i] != '_' && name.data[i] != '-') {
            return false;
        }
    }
    return config_name_is_valid(name);
}

static bool is_prefix(struct view name) {
    if (name.len < PREFIX_MIN || name.len > PREFIX_MAX || !is_lower_or_digit(name.data[0])) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_lower_or_digit(name.data[i]) && !strchr("._-/", name.data[i])) {
            return false;
        }
    }
    return true;
}

static bool is_tag_pattern(struct view name) {
    size_t n_wildcards = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_letter = c >= 'A' && c <= 'Z';
        n_wildcards += c == '*';
        if (!is_lower_or_digit(c) && !is_letter && (c == '\0' || !strchr("._-*", c))) {
            return false;
        }
    }
    return name.len > 0 && name.len <= TAG_MAX && n_wildcards <= WILDCARDS_MAX;
}

static bool is_place(struct view name) {
    struct view account;
    struct view region;
    return view_cut(name, ':', &account, &region) && arn_is_account_id(account) &&
           arn_is_region(region);
}

static const struct {
    bool (*is_valid)(struct view name);
    const char *what;
} kinds[] = {
    [NAME_ORGANIZATION] = {is_organization, "no organization's id, such as o-a1b2c3d4e5"},
    [NAME_ACCOUNT] = {arn_is_account_id, "no account's id of 12 digits"},
    [NAME_ROLE] = {is_role, "no role's ARN, such as arn:aws:iam::222222222222:role/execution"},
    [NAME_REGION] = {arn_is_region, "no region, such as us-east-1"},
    [NAME_PROJECT] = {is_project, "no project that repositories can be named after: lower-case "
                                  "letters, digits, '_' and '-'"},
    [NAME_REPOSITORY] = {image_repository_is_valid, "no name that ECR takes for a repository"},
    [NAME_PREFIX] = {is_prefix, "nothing that a repository's name can begin with"},
    [NAME_TAG_PATTERN] = {is_tag_pattern,
                          "no pattern of tags: characters of tags, and at most four '*'"},
    [NAME_PLACE] = {is_place, "no registry, such as 222222222222:eu-west-1"},
};

int name_check(struct view name, enum name_kind kind, struct err *err) {
    return kinds[kind].is_valid(name) ? 0
                                      : err_set(err, ERR_CONFIG_INVALID, "'" VIEW_FMT "' is %s",
                                                VIEW_ARG(name), kinds[kind].what);
}

bool names_has(const struct names *names, struct view name) {
    for (size_t i = 0; i < names->n; i++) {
        if (view_equal(names->items[i], name)) {
            return true;
        }
    }
    return false;
}

int names_add(struct names *names, const char *text, enum name_kind kind, struct arena *arena,
              struct err *err) {
    struct view list = view_of(text);
    size_t most = names->n + 1;
    if (!text) {
        return 0;
    }
    for (size_t i = 0; i < list.len; i++) {
        most += list.data[i] == ',';
    }
    struct view *items = ARENA_ARRAY(arena, most, struct view);
    if (!items) {
        return err_out_of_memory(err, "names");
    }
    for (size_t i = 0; i < names->n; i++) {
        items[i] = names->items[i];
    }
    names->items = items;
    for (size_t from = 0; from <= list.len;) {
        struct view rest = view_slice(list, from, list.len);
        const char *comma = rest.len > 0 ? memchr(rest.data, ',', rest.len) : NULL;
        size_t len = comma ? (size_t)(comma - rest.data) : rest.len;
        struct view name = view_trim(view_slice(rest, 0, len));
        from += len + 1;
        if (name_check(name, kind, err) < 0) {
            return -1;
        }
        if (!names_has(names, name)) {
            names->items[names->n++] = name;
        }
    }
    return 0;
}
