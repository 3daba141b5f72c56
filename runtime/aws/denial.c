#include "runtime/aws/denial.h"

#include "runtime/aws/arn.h"

#include <string.h>

/* What is quoted of AWS's reason. */
#define REASON_BYTES 160

/* Position of `part` in `text`, without case; text.len when it is not there. */
static size_t find(struct view text, struct view part) {
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (view_equal_nocase(view_slice(text, i, part.len), part)) {
            return i;
        }
    }
    return text.len;
}

bool denial_text_has(struct view text, const char *part) {
    return find(text, view_of(part)) < text.len;
}

/* What stands between the end of `from` and the next space (or the end); empty without `from`. */
static struct view word_after(struct view text, struct view from) {
    size_t at = find(text, from);
    if (at == text.len) {
        return (struct view){0};
    }
    struct view rest = view_trim(view_slice(text, at + from.len, text.len));
    struct view word = rest;
    struct view behind;
    (void)view_cut(rest, ' ', &word, &behind);
    while (view_ends_with(word, VIEW(".")) || view_ends_with(word, VIEW(","))) {
        word.len--;
    }
    return word;
}

static enum denial_cause cause_of(struct view reason) {
    if (reason.len == 0) {
        return DENIAL_UNSAID;
    }
    if (denial_text_has(reason, "explicit deny")) {
        return DENIAL_EXPLICIT;
    }
    if (denial_text_has(reason, "no identity-based policy")) {
        return DENIAL_IDENTITY_POLICY;
    }
    if (denial_text_has(reason, "no resource-based policy")) {
        return DENIAL_RESOURCE_POLICY;
    }
    return denial_text_has(reason, "policy") || denial_text_has(reason, "boundary")
               ? DENIAL_GUARDRAIL
               : DENIAL_UNSAID;
}

bool denial_parse(struct view text, struct denial *ret_denial) {
    struct view action = word_after(text, VIEW("not authorized to perform: "));
    if (action.len == 0) {
        return false;
    }
    size_t reason_at = find(text, VIEW(" because "));
    if (reason_at == text.len) {
        reason_at = find(text, VIEW(" with an explicit deny"));
    }
    struct view reason = view_trim(view_slice(text, reason_at, text.len));
    *ret_denial = (struct denial){
        .cause = cause_of(reason),
        .principal = word_after(text, VIEW("User: ")),
        .action = action,
        .resource = word_after(text, VIEW("on resource: ")),
        .reason = reason,
    };
    return true;
}

static struct view account_of(struct view arn_text) {
    struct arn arn;
    return arn_parse(arn_text, &arn) ? arn.account : (struct view){0};
}

struct view denial_principal_account(const struct denial *denial) {
    return account_of(denial->principal);
}

struct view denial_resource_account(const struct denial *denial) {
    return account_of(denial->resource);
}

/* An assumed role is arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION, which no policy can name; the
 * role's name is what a person looks for. */
struct view denial_who(const struct denial *denial, struct arena *arena) {
    struct view who = denial->principal;
    struct arn arn;
    if (arn_parse(denial->principal, &arn) &&
        view_starts_with(arn.resource, VIEW("assumed-role/"))) {
        struct view name = view_slice(arn.resource, strlen("assumed-role/"), arn.resource.len);
        struct view session;
        (void)view_cut(name, '/', &name, &session);
        who = arena_printf(arena, "role '" VIEW_FMT "' of account " VIEW_FMT, VIEW_ARG(name),
                           VIEW_ARG(arn.account));
    } else if (who.len > 0) {
        who = arena_printf(arena, "'" VIEW_FMT "'", VIEW_ARG(who));
    }
    return who.len > 0 ? who : VIEW("the function's role");
}

bool denial_remedy_of_deny(const struct denial *denial, struct view who, struct view resource,
                           struct err *err) {
    bool is_named = resource.len > 0;
    if (denial->cause != DENIAL_EXPLICIT && denial->cause != DENIAL_GUARDRAIL) {
        return false;
    }
    err_remedy(err,
               "let " VIEW_FMT " through to " VIEW_FMT "%s" VIEW_FMT "%s: AWS says '" VIEW_FMT "'",
               VIEW_ARG(who), VIEW_ARG(denial->action), is_named ? " on '" : "", VIEW_ARG(resource),
               is_named ? "'" : "", VIEW_ARG(view_slice(denial->reason, 0, REASON_BYTES)));
    return true;
}
