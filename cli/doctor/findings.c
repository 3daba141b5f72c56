#include "cli/doctor/findings.h"

#include "cli/remedy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Texts that AWS has a part in are longer than this only by mistake. */
#define TEXT_BYTES 4096

const char *doctor_case_name(enum doctor_case named) {
    switch (named) {
    case DOCTOR_CASE_NONE:
        break;
    case DOCTOR_CASE_NO_REPOSITORY:
        return "No ECR repository found";
    case DOCTOR_CASE_ACCESS_DENIED:
        return "Access Denied when pulling";
    case DOCTOR_CASE_IMAGE_NOT_FOUND:
        return "Image not found";
    }
    return "";
}

const char *doctor_state_name(enum doctor_state state) {
    switch (state) {
    case DOCTOR_WELL:
        return "well";
    case DOCTOR_WARNING:
        return "warning";
    case DOCTOR_WRONG:
        break;
    }
    return "wrong";
}

__attribute__((format(printf, 2, 0))) static struct view
format_text(struct doctor_findings *findings, const char *format, va_list list) {
    char text[TEXT_BYTES];
    int len = vsnprintf(text, sizeof(text), format, list);
    if (len < 0) {
        len = 0;
    }
    size_t n = (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    struct view copy = arena_copy(findings->arena, (struct view){text, n});
    findings->failed = findings->failed || !copy.data;
    return copy;
}

static bool make_room(struct doctor_findings *findings) {
    if (findings->n < findings->capacity) {
        return true;
    }
    size_t capacity = 2 * findings->capacity + 32;
    struct doctor_finding *more = ARENA_ARRAY(findings->arena, capacity, struct doctor_finding);
    if (!more) {
        findings->failed = true;
        return false;
    }
    if (findings->n > 0) {
        memcpy(more, findings->items, findings->n * sizeof(*more));
    }
    findings->items = more;
    findings->capacity = capacity;
    return true;
}

struct doctor_finding *findings_add(struct doctor_findings *findings, enum doctor_state state,
                                    const char *check, struct view subject, const char *format,
                                    ...) {
    va_list list;
    if (!make_room(findings)) {
        return NULL;
    }
    struct doctor_finding *finding = &findings->items[findings->n++];
    *finding = (struct doctor_finding){.state = state, .check = check, .subject = subject};
    va_start(list, format);
    finding->message = format_text(findings, format, list);
    va_end(list);
    return finding;
}

void findings_remedy(struct doctor_findings *findings, const char *format, ...) {
    va_list list;
    if (findings->n == 0) {
        return;
    }
    va_start(list, format);
    findings->items[findings->n - 1].remedy = format_text(findings, format, list);
    va_end(list);
}

void findings_case(struct doctor_findings *findings, enum doctor_case named) {
    if (findings->n > 0) {
        findings->items[findings->n - 1].named = named;
    }
}

void findings_remedy_of(struct doctor_findings *findings, const struct err *err) {
    if (err && findings->n > 0) {
        findings->items[findings->n - 1].remedy = remedy_for_person(err, findings->arena);
    }
}

enum doctor_state findings_state_of(const struct err *err) {
    bool is_untold = err->code == ERR_ACCESS_DENIED || err_may_pass(err->code);
    return is_untold ? DOCTOR_WARNING : DOCTOR_WRONG;
}

static enum doctor_case case_of(enum err_code code) {
    if (code == ERR_REPOSITORY_NOT_FOUND) {
        return DOCTOR_CASE_NO_REPOSITORY;
    }
    if (code == ERR_REGISTRY_ACCESS_DENIED) {
        return DOCTOR_CASE_ACCESS_DENIED;
    }
    return code == ERR_IMAGE_NOT_FOUND ? DOCTOR_CASE_IMAGE_NOT_FOUND : DOCTOR_CASE_NONE;
}

void findings_add_error(struct doctor_findings *findings, enum doctor_state state,
                        const char *check, struct view subject, const struct err *err) {
    findings_add(findings, state, check, subject, "%s", err->message);
    findings_remedy_of(findings, err);
    findings_case(findings, case_of(err->code));
}

bool findings_have_wrong(const struct doctor_findings *findings) {
    for (size_t i = 0; i < findings->n; i++) {
        if (findings->items[i].state == DOCTOR_WRONG) {
            return true;
        }
    }
    return false;
}
