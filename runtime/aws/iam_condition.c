#include "runtime/aws/iam_condition.h"

#include "runtime/aws/arn.h"
#include "runtime/aws/wildcard.h"

/* --- what is known of the request --- */

struct fact { /* a condition key's value */
    enum { FACT_UNKNOWN, FACT_ABSENT, FACT_KNOWN } is;
    struct view value;
};

static struct fact known(struct view value) {
    return (struct fact){FACT_KNOWN, value};
}
static struct fact known_or_absent(struct view value) {
    return (struct fact){value.len > 0 ? FACT_KNOWN : FACT_ABSENT, value};
}
static struct fact known_or_not(struct view value) {
    return (struct fact){value.len > 0 ? FACT_KNOWN : FACT_UNKNOWN, value};
}

static struct fact principal_account(const struct iam_request *request) {
    return known_or_absent(request->service.len > 0 ? VIEW("") : request->account);
}

static struct fact principal_arn(const struct iam_request *request) {
    return request->service.len > 0 ? (struct fact){.is = FACT_ABSENT}
                                    : known_or_not(request->principal);
}

static struct fact organization(const struct iam_request *request) {
    if (request->service.len > 0) {
        return (struct fact){.is = FACT_ABSENT};
    }
    switch (request->organization_is) {
    case IAM_ORGANIZATION_NONE:
        return (struct fact){.is = FACT_ABSENT};
    case IAM_ORGANIZATION_KNOWN:
        return known(request->organization);
    case IAM_ORGANIZATION_UNKNOWN:
        break;
    }
    return (struct fact){.is = FACT_UNKNOWN};
}

static struct fact principal_type(const struct iam_request *request) {
    struct arn arn;
    if (request->service.len > 0 || !arn_parse(request->principal, &arn)) {
        return (struct fact){.is = FACT_UNKNOWN};
    }
    if (view_starts_with(arn.resource, VIEW("role/"))) {
        return known(VIEW("AssumedRole"));
    }
    return view_starts_with(arn.resource, VIEW("user/")) ? known(VIEW("User"))
                                                         : (struct fact){.is = FACT_UNKNOWN};
}

static struct fact is_service(const struct iam_request *request) {
    return known(request->service.len > 0 ? VIEW("true") : VIEW("false"));
}

static struct fact source_arn(const struct iam_request *request) {
    return request->service.len > 0 ? known_or_not(request->source_arn)
                                    : (struct fact){.is = FACT_ABSENT};
}

static struct fact source_account(const struct iam_request *request) {
    return request->service.len > 0 ? known_or_not(request->account)
                                    : (struct fact){.is = FACT_ABSENT};
}

static struct fact service_name(const struct iam_request *request) {
    return known_or_absent(request->service);
}

static struct fact resource_account(const struct iam_request *request) {
    struct arn arn;
    return arn_parse(request->resource, &arn) ? known_or_not(arn.account)
                                              : (struct fact){.is = FACT_UNKNOWN};
}

static struct fact region(const struct iam_request *request) {
    return known_or_not(request->region);
}

static struct fact by_tls(const struct iam_request *request) {
    (void)request;
    return known(VIEW("true"));
}

static struct fact fact_of(const struct iam_request *request, struct view key) {
    static const struct {
        const char *key;
        struct fact (*get)(const struct iam_request *request);
    } facts[] = {
        {"aws:PrincipalAccount", principal_account},
        {"aws:PrincipalArn", principal_arn},
        {"aws:PrincipalOrgID", organization},
        {"aws:PrincipalType", principal_type},
        {"aws:PrincipalIsAWSService", is_service},
        {"aws:PrincipalServiceName", service_name},
        {"aws:SourceArn", source_arn},
        {"aws:SourceAccount", source_account},
        {"aws:ResourceAccount", resource_account},
        {"aws:RequestedRegion", region},
        {"aws:SecureTransport", by_tls},
    };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (view_equal_nocase(key, view_of(facts[i].key))) {
            return facts[i].get(request);
        }
    }
    for (size_t i = 0; i < IAM_OWN_KEYS_MAX; i++) {
        if (request->own[i].key && view_equal_nocase(key, view_of(request->own[i].key))) {
            return known(request->own[i].value);
        }
    }
    return (struct fact){.is = FACT_UNKNOWN};
}

/* --- operators --- */

static bool equals(struct view pattern, struct view value) {
    return view_equal(pattern, value);
}
static bool equals_nocase(struct view pattern, struct view value) {
    return view_equal_nocase(pattern, value);
}
static bool is_like(struct view pattern, struct view value) {
    return wildcard_matches(pattern, value, WILDCARD_QUESTION);
}

/* Each of the six parts for itself, so that no '*' reaches over a colon but in the last. */
static bool is_arn_like(struct view pattern, struct view value) {
    for (int i = 0; i < 5; i++) {
        struct view wanted;
        struct view found;
        if (!view_cut(pattern, ':', &wanted, &pattern) || !view_cut(value, ':', &found, &value) ||
            !wildcard_matches(wanted, found, WILDCARD_QUESTION)) {
            return false;
        }
    }
    return wildcard_matches(pattern, value, WILDCARD_QUESTION);
}

struct operator_row {
    const char *name;
    bool (*matches)(struct view pattern, struct view value);
    bool is_negated;
};

static const struct operator_row operators[] = {
    {"StringEquals", equals, false},
    {"StringNotEquals", equals, true},
    {"StringEqualsIgnoreCase", equals_nocase, false},
    {"StringNotEqualsIgnoreCase", equals_nocase, true},
    {"StringLike", is_like, false},
    {"StringNotLike", is_like, true},
    {"ArnEquals", is_arn_like, false},
    {"ArnNotEquals", is_arn_like, true},
    {"ArnLike", is_arn_like, false},
    {"ArnNotLike", is_arn_like, true},
    {"Bool", equals_nocase, false},
};

/* --- one key of one operator --- */

struct comparison {
    const struct operator_row *by;
    struct view value;
};

bool iam_has_variable(struct view text) {
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.data[i] == '$' && text.data[i + 1] == '{') {
            return true;
        }
    }
    return false;
}

static enum iam_tri compare(struct iam_evaluation *evaluation, struct view text,
                            const void *state) {
    const struct comparison *comparison = state;
    if (iam_has_variable(text)) {
        return iam_maybe(evaluation, "the variable in '" VIEW_FMT "'", VIEW_ARG(text));
    }
    return iam_tri_of(comparison->by->matches(text, comparison->value));
}

static enum iam_tri is_text(struct iam_evaluation *evaluation, struct view text,
                            const void *state) {
    (void)evaluation;
    return iam_tri_of(view_equal_nocase(text, *(const struct view *)state));
}

/* "Null": {"aws:PrincipalOrgID": "false"} asks for there being one. */
static enum iam_tri check_null(struct iam_evaluation *evaluation, struct fact fact, struct view key,
                               struct json_span wanted) {
    struct view is_null = fact.is == FACT_ABSENT ? VIEW("true") : VIEW("false");
    if (fact.is == FACT_UNKNOWN) {
        return iam_maybe(evaluation, "the condition Null on " VIEW_FMT, VIEW_ARG(key));
    }
    return iam_any(evaluation, wanted, is_text, &is_null);
}

struct qualifier { /* of an operator */
    struct view name;
    bool is_for_all, is_for_any, if_exists;
};

static struct qualifier qualifier_of(struct view operator_name) {
    struct qualifier qualifier = {.name = operator_name};
    struct view before;
    struct view after;
    struct view ending = VIEW("IfExists");
    if (view_cut(operator_name, ':', &before, &after)) {
        qualifier.is_for_all = view_equal_nocase(before, VIEW("ForAllValues"));
        qualifier.is_for_any = view_equal_nocase(before, VIEW("ForAnyValue"));
        qualifier.name = qualifier.is_for_all || qualifier.is_for_any ? after : operator_name;
    }
    if (view_ends_with(qualifier.name, ending)) {
        qualifier.if_exists = true;
        qualifier.name.len -= ending.len;
    }
    return qualifier;
}

static const struct operator_row *operator_of(struct view name) {
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (view_equal_nocase(name, view_of(operators[i].name))) {
            return &operators[i];
        }
    }
    return NULL;
}

static enum iam_tri check_key(struct iam_evaluation *evaluation, struct view operator_name,
                              struct view key, struct json_span wanted) {
    struct qualifier qualifier = qualifier_of(operator_name);
    const struct operator_row *by = operator_of(qualifier.name);
    struct fact fact = fact_of(evaluation->request, key);
    if (view_equal_nocase(qualifier.name, VIEW("Null"))) {
        return check_null(evaluation, fact, key, wanted);
    }
    if (!by || fact.is == FACT_UNKNOWN) {
        return iam_maybe(evaluation, "the condition " VIEW_FMT " on " VIEW_FMT,
                         VIEW_ARG(operator_name), VIEW_ARG(key));
    }
    if (fact.is == FACT_ABSENT) {
        /* IAM User Guide, "Set operators for multivalued context keys": nothing is all of it, and
         * has no one that differs. */
        return iam_tri_of(qualifier.if_exists || qualifier.is_for_all ||
                          (by->is_negated && !qualifier.is_for_any));
    }
    const struct comparison comparison = {by, fact.value};
    enum iam_tri is_found = iam_any(evaluation, wanted, compare, &comparison);
    return by->is_negated ? iam_not(is_found) : is_found;
}

static struct view text_of(struct iam_evaluation *evaluation, const struct json_member *member) {
    struct view name = {0};
    struct err ignored;
    const struct json_span span = {member->name_text, JSON_STRING};
    err_init(&ignored);
    if (json_span_string(span, evaluation->arena, &name, &ignored) < 0) {
        evaluation->has_failed = true;
    }
    return name;
}

enum iam_tri iam_conditions_hold(struct iam_evaluation *evaluation, struct json_span conditions) {
    enum iam_tri holds = IAM_YES;
    struct json_iterator all = json_iterate(conditions);
    struct json_member operator_member;
    if (conditions.type != JSON_OBJECT) {
        return iam_maybe(evaluation, "a Condition that is no object");
    }
    while (json_next_member(&all, &operator_member)) {
        struct view name = text_of(evaluation, &operator_member);
        struct json_iterator keys = json_iterate(operator_member.value);
        struct json_member key;
        if (operator_member.value.type != JSON_OBJECT) {
            holds =
                iam_both(holds, iam_maybe(evaluation, "a Condition whose " VIEW_FMT " is no object",
                                          VIEW_ARG(name)));
            continue;
        }
        while (json_next_member(&keys, &key)) {
            holds =
                iam_both(holds, check_key(evaluation, name, text_of(evaluation, &key), key.value));
        }
    }
    return holds;
}
