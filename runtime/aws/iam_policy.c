#include "runtime/aws/iam_policy.h"

#include "runtime/aws/arn.h"
#include "runtime/aws/iam_condition.h"
#include "runtime/aws/wildcard.h"

#include <stdarg.h>
#include <stdio.h>

/* A repository's policy has 10,240 characters at most, a bus's as many. */
static const struct json_limits limits = {.max_bytes = (size_t)256 * 1024, .max_depth = 32};
#define WHY_BYTES 256

enum iam_tri iam_maybe(struct iam_evaluation *evaluation, const char *format, ...) {
    char text[WHY_BYTES];
    va_list list;
    if (evaluation->why.len > 0) {
        return IAM_MAYBE;
    }
    va_start(list, format);
    int len = vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    size_t n = len < 0 ? 0 : (size_t)len;
    n = n < sizeof(text) ? n : sizeof(text) - 1;
    evaluation->why = arena_copy(evaluation->arena, (struct view){text, n});
    evaluation->has_failed = evaluation->has_failed || !evaluation->why.data;
    return IAM_MAYBE;
}

/* One text; booleans and numbers are what they are spelt as. */
static enum iam_tri match_one(struct iam_evaluation *evaluation, struct json_span value,
                              iam_match *matches, const void *state) {
    struct view text = value.text;
    struct err ignored;
    err_init(&ignored);
    if (value.type != JSON_STRING && value.type != JSON_BOOL && value.type != JSON_NUMBER) {
        return iam_maybe(evaluation, "a value that is no text");
    }
    if (value.type == JSON_STRING &&
        json_span_string(value, evaluation->arena, &text, &ignored) < 0) {
        evaluation->has_failed = true;
        return IAM_MAYBE;
    }
    return matches(evaluation, text, state);
}

enum iam_tri iam_any(struct iam_evaluation *evaluation, struct json_span value, iam_match *matches,
                     const void *state) {
    enum iam_tri is_any = IAM_NO;
    struct json_iterator iterator = json_iterate(value);
    struct json_span one;
    if (value.type != JSON_ARRAY) {
        return match_one(evaluation, value, matches, state);
    }
    while (is_any != IAM_YES && json_next_element(&iterator, &one)) {
        is_any = iam_either(is_any, match_one(evaluation, one, matches, state));
    }
    return is_any;
}

/* --- principals --- */

static bool is_unique_id(struct view name) {
    struct arn arn;
    return !arn_parse(name, &arn) &&
           (view_starts_with(name, VIEW("AROA")) || view_starts_with(name, VIEW("AIDA")));
}

/* arn:aws:sts::222222222222:assumed-role/name/session of arn:aws:iam::222222222222:role/path/name
 */
static bool is_session_of(const struct arn *session, struct view role) {
    struct arn arn;
    struct view kind;
    struct view rest;
    struct view name;
    struct view of;
    struct view ignored;
    if (!view_equal(session->service, VIEW("sts")) || !arn_parse(role, &arn) ||
        !view_equal(arn.account, session->account) ||
        !view_cut(session->resource, '/', &kind, &rest) ||
        !view_equal(kind, VIEW("assumed-role")) || !view_cut(rest, '/', &of, &ignored)) {
        return false;
    }
    return view_cut_last(arn.resource, '/', &ignored, &name) && view_equal(name, of);
}

static enum iam_tri is_principal(struct iam_evaluation *evaluation, struct view name,
                                 const void *state) {
    const struct iam_request *request = evaluation->request;
    struct arn arn;
    (void)state;
    if (view_equal(name, VIEW("*"))) {
        return IAM_YES;
    }
    if (request->service.len > 0) {
        return IAM_NO;
    }
    if (view_equal(name, request->account) ||
        (request->principal.len > 0 && view_equal(name, request->principal))) {
        return IAM_YES;
    }
    if (!arn_parse(name, &arn)) {
        if (is_unique_id(name)) {
            /* IAM shows so what has been deleted: somebody made anew by that name is another. */
            evaluation->hint = arena_printf(
                evaluation->arena, "it names '" VIEW_FMT "', a role or user that has been deleted",
                VIEW_ARG(name));
            evaluation->has_failed = evaluation->has_failed || !evaluation->hint.data;
        }
        return IAM_NO;
    }
    if (view_equal(arn.service, VIEW("iam")) && view_equal(arn.resource, VIEW("root")) &&
        view_equal(arn.account, request->account)) {
        return IAM_YES;
    }
    if (request->principal.len == 0 && view_equal(arn.account, request->account)) {
        return iam_maybe(evaluation, "whether it is '" VIEW_FMT "' that asks", VIEW_ARG(name));
    }
    return is_session_of(&arn, request->principal)
               ? iam_maybe(evaluation, "the session that '" VIEW_FMT "' names", VIEW_ARG(name))
               : IAM_NO;
}

static enum iam_tri is_service_named(struct iam_evaluation *evaluation, struct view name,
                                     const void *state) {
    (void)state;
    return iam_tri_of(
        evaluation->request->service.len > 0 &&
        (view_equal(name, VIEW("*")) || view_equal(name, evaluation->request->service)));
}

static enum iam_tri names_principal(struct iam_evaluation *evaluation, struct json_span principal) {
    enum iam_tri is_named = IAM_NO;
    struct json_iterator kinds = json_iterate(principal);
    struct json_member kind;
    if (principal.type == JSON_STRING) {
        return json_span_equals(principal.text, VIEW("*"))
                   ? IAM_YES
                   : iam_maybe(evaluation, "a Principal that is neither '*' nor an object");
    }
    if (principal.type != JSON_OBJECT) {
        return iam_maybe(evaluation, "a Principal that is neither '*' nor an object");
    }
    while (json_next_member(&kinds, &kind)) {
        if (json_span_equals(kind.name_text, VIEW("AWS"))) {
            is_named = iam_either(is_named, iam_any(evaluation, kind.value, is_principal, NULL));
        } else if (json_span_equals(kind.name_text, VIEW("Service"))) {
            is_named =
                iam_either(is_named, iam_any(evaluation, kind.value, is_service_named, NULL));
        } else if (!json_span_equals(kind.name_text, VIEW("Federated")) &&
                   !json_span_equals(kind.name_text, VIEW("CanonicalUser"))) {
            is_named = iam_either(is_named, iam_maybe(evaluation, "the Principal of kind " VIEW_FMT,
                                                      VIEW_ARG(kind.name_text)));
        }
    }
    return is_named;
}

/* IAM User Guide, "NotPrincipal": who is exempted has to be named with the account, and with the
 * session. Who is named at all may be exempted. */
static enum iam_tri is_not_exempted(struct iam_evaluation *evaluation, struct json_span exempted) {
    if (exempted.type == JSON_STRING && json_span_equals(exempted.text, VIEW("*"))) {
        return IAM_NO;
    }
    return names_principal(evaluation, exempted) == IAM_NO
               ? IAM_YES
               : iam_maybe(evaluation, "whom NotPrincipal exempts");
}

/* --- a statement --- */

static enum iam_tri is_action(struct iam_evaluation *evaluation, struct view pattern,
                              const void *state) {
    (void)state;
    return iam_tri_of(wildcard_matches(pattern, evaluation->request->action,
                                       WILDCARD_QUESTION | WILDCARD_IGNORE_CASE));
}

static enum iam_tri is_resource(struct iam_evaluation *evaluation, struct view pattern,
                                const void *state) {
    (void)state;
    if (iam_has_variable(pattern)) {
        return iam_maybe(evaluation, "the variable in '" VIEW_FMT "'", VIEW_ARG(pattern));
    }
    return iam_tri_of(wildcard_matches(pattern, evaluation->request->resource, WILDCARD_QUESTION));
}

struct statement {
    bool is_deny, has_actions, has_principals;
    bool is_malformed; /* what it would do is anybody's guess */
    struct view sid;
    enum iam_tri applies;
};

/* One member; false for one that no statement has. */
static bool read_member(struct iam_evaluation *evaluation, const struct json_member *member,
                        struct statement *statement) {
    const struct json_span value = member->value;
    enum iam_tri applies = IAM_YES;
    struct view name = view_slice(member->name_text, 1, member->name_text.len - 2);
    if (view_equal(name, VIEW("Principal"))) {
        applies = names_principal(evaluation, value);
    } else if (view_equal(name, VIEW("NotPrincipal"))) {
        applies = is_not_exempted(evaluation, value);
    } else if (view_equal(name, VIEW("Action"))) {
        applies = iam_any(evaluation, value, is_action, NULL);
    } else if (view_equal(name, VIEW("NotAction"))) {
        applies = iam_not(iam_any(evaluation, value, is_action, NULL));
    } else if (view_equal(name, VIEW("Resource"))) {
        applies = iam_any(evaluation, value, is_resource, NULL);
    } else if (view_equal(name, VIEW("NotResource"))) {
        applies = iam_not(iam_any(evaluation, value, is_resource, NULL));
    } else if (view_equal(name, VIEW("Condition"))) {
        applies = iam_conditions_hold(evaluation, value);
    } else if (!view_equal(name, VIEW("Sid")) && !view_equal(name, VIEW("Effect"))) {
        return false;
    }
    statement->has_actions = statement->has_actions || view_ends_with(name, VIEW("Action"));
    statement->has_principals =
        statement->has_principals || view_ends_with(name, VIEW("Principal"));
    statement->applies = iam_both(statement->applies, applies);
    return true;
}

static enum iam_tri evaluate_statement(struct iam_evaluation *evaluation, struct json_span object,
                                       struct statement *ret_statement) {
    struct statement statement = {.applies = IAM_YES};
    struct json_iterator members = json_iterate(object);
    struct json_member member;
    struct json_span effect = {0};
    struct err ignored;
    err_init(&ignored);
    ret_statement->is_malformed = true;
    if (object.type != JSON_OBJECT) {
        return iam_maybe(evaluation, "a statement that is no object");
    }
    bool has_effect = json_find(object, "Effect", &effect);
    statement.is_deny = has_effect && json_span_equals(effect.text, VIEW("Deny"));
    if (!statement.is_deny && !(has_effect && json_span_equals(effect.text, VIEW("Allow")))) {
        return iam_maybe(evaluation, "a statement whose Effect is neither Allow nor Deny");
    }
    if (json_find_string(object, "Sid", evaluation->arena, &statement.sid, &ignored) < 0) {
        evaluation->has_failed = true;
    }
    while (json_next_member(&members, &member)) {
        if (!read_member(evaluation, &member, &statement)) {
            statement.applies =
                iam_both(statement.applies, iam_maybe(evaluation, "the element " VIEW_FMT,
                                                      VIEW_ARG(member.name_text)));
        }
    }
    *ret_statement = statement;
    if (!statement.has_actions || !statement.has_principals) {
        ret_statement->is_malformed = true;
        return iam_maybe(evaluation, "a statement without %s",
                         statement.has_actions ? "Principal" : "Action");
    }
    return statement.applies;
}

/* --- the policy --- */

struct tally { /* of the statements so far */
    bool allows, denies, may_allow, may_deny;
    struct iam_answer answer;
    struct view why_allow, why_deny;
};

static void count_statement(struct iam_evaluation *evaluation, struct json_span object,
                            struct tally *tally) {
    struct statement statement = {0};
    evaluation->why = (struct view){0};
    enum iam_tri applies = evaluate_statement(evaluation, object, &statement);
    if (statement.is_malformed) {
        tally->why_deny = tally->may_deny ? tally->why_deny : evaluation->why;
        tally->why_allow = tally->may_allow ? tally->why_allow : evaluation->why;
        tally->may_deny = tally->may_allow = true;
    } else if (applies == IAM_NO) {
        return;
    } else if (statement.is_deny && applies == IAM_YES) {
        tally->answer.sid = tally->denies ? tally->answer.sid : statement.sid;
        tally->denies = true;
    } else if (statement.is_deny) {
        tally->why_deny = tally->may_deny ? tally->why_deny : evaluation->why;
        tally->may_deny = true;
    } else if (applies == IAM_YES) {
        if (!tally->allows && !tally->denies) {
            tally->answer.sid = statement.sid;
        }
        tally->allows = true;
    } else {
        tally->why_allow = tally->may_allow ? tally->why_allow : evaluation->why;
        tally->may_allow = true;
    }
}

static struct iam_answer answer_of(const struct tally *tally, struct view hint) {
    struct iam_answer answer = tally->answer;
    if (tally->denies) {
        answer.verdict = IAM_DENIED;
    } else if (tally->allows && !tally->may_deny) {
        answer.verdict = IAM_ALLOWED;
    } else if (tally->allows || tally->may_allow) {
        answer = (struct iam_answer){.verdict = IAM_UNTOLD};
        answer.why = tally->may_deny ? tally->why_deny : tally->why_allow;
    } else {
        answer = (struct iam_answer){.verdict = IAM_NOT_ALLOWED, .why = hint};
    }
    answer.may_deny = tally->why_deny;
    return answer;
}

/* What is no policy may be anything. */
static struct iam_answer untold(struct view why) {
    return (struct iam_answer){.verdict = IAM_UNTOLD, .why = why, .may_deny = why};
}

int iam_policy_evaluate(struct view policy, const struct iam_request *request, struct arena *arena,
                        struct iam_answer *ret_answer, struct err *err) {
    struct iam_evaluation evaluation = {.request = request, .arena = arena};
    struct tally tally = {0};
    struct json_span root;
    struct json_span statements;
    struct json_span one;
    struct err failure;
    err_init(&failure);
    if (policy.len == 0) {
        *ret_answer = (struct iam_answer){.verdict = IAM_NOT_ALLOWED};
        return 0;
    }
    if (json_scan(policy, &limits, "policy", &root, &failure) < 0) {
        if (failure.code == ERR_OUT_OF_MEMORY) {
            return err_out_of_memory(err, "policy");
        }
        *ret_answer = untold(VIEW("it is no JSON"));
        return 0;
    }
    if (root.type != JSON_OBJECT || !json_find(root, "Statement", &statements) ||
        (statements.type != JSON_ARRAY && statements.type != JSON_OBJECT)) {
        *ret_answer = untold(VIEW("it holds no statements"));
        return 0;
    }
    if (statements.type == JSON_OBJECT) {
        count_statement(&evaluation, statements, &tally);
    }
    struct json_iterator iterator = json_iterate(statements);
    while (statements.type == JSON_ARRAY && json_next_element(&iterator, &one)) {
        count_statement(&evaluation, one, &tally);
    }
    *ret_answer = answer_of(&tally, evaluation.hint);
    return evaluation.has_failed ? err_out_of_memory(err, "policy") : 0;
}
