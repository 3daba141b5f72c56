#include "handlers/deploy/plan_revision.h"

#include "handlers/deploy/taskdef.h"
#include "runtime/aws/arn.h"
#include "runtime/base/clock.h"

#include <inttypes.h>
#include <string.h>

#define MS_PER_SECOND 1000

/* "_" and a 64-bit hash in hexadecimal. */
#define EVENT_HASH_BYTES 17

struct view revision_name(struct view name_or_arn) {
    struct arn arn;
    struct view kind;
    struct view name;
    if (arn_parse(name_or_arn, &arn) && view_cut(arn.resource, '/', &kind, &name) &&
        view_equal(kind, VIEW("task-definition"))) {
        return name;
    }
    return name_or_arn;
}

bool revision_parse(struct view name_or_arn, struct view *ret_family, int64_t *ret_revision) {
    struct view family = revision_name(name_or_arn);
    struct view number;
    int64_t revision = 0;
    if (view_cut_last(family, ':', &family, &number) &&
        (!view_to_i64(number, &revision) || revision < 1)) {
        return false;
    }
    if (family.len == 0 || view_contains_char(family, ':') || view_contains_char(family, '/')) {
        return false;
    }
    *ret_family = family;
    *ret_revision = revision;
    return true;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_of(struct view bytes) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ (unsigned char)bytes.data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

struct view revision_event_tag(struct view event_id, struct arena *arena) {
    struct view safe = taskdef_tag_safe(event_id, arena);
    if (!safe.data || view_equal(safe, event_id)) {
        return safe;
    }
    struct view head = view_slice(safe, 0, TASKDEF_TAG_VALUE_BYTES - EVENT_HASH_BYTES);
    return arena_printf(arena, VIEW_FMT "_%016" PRIx64, VIEW_ARG(head), hash_of(event_id));
}

struct view revision_time_text(int64_t time_ms, struct arena *arena) {
    char text[TIME_RFC3339_BYTES];
    time_format_rfc3339(time_ms, text);
    struct view seconds;
    struct view fraction;
    struct view whole = view_of(text);
    if (view_cut(whole, '.', &seconds, &fraction) && view_equal(fraction, VIEW("000Z"))) {
        return arena_printf(arena, VIEW_FMT "Z", VIEW_ARG(seconds));
    }
    return arena_copy(arena, whole);
}

bool revision_is_active(const struct ecs_task_definition *definition) {
    return view_equal(definition->status, VIEW("ACTIVE"));
}

bool revision_event_time(const struct ecs_task_definition *definition, int64_t *ret_time_ms) {
    return time_parse_rfc3339(ecs_tag_value(definition, TAG_EVENT_TIME), ret_time_ms);
}

bool revision_completed_at(const struct ecs_task_definition *definition, int64_t *ret_time_ms) {
    return time_parse_rfc3339(ecs_tag_value(definition, TAG_COMPLETED), ret_time_ms);
}

bool revision_completed_in(const struct ecs_task_definition *definition,
                           const struct ecs_deployment *deployment) {
    int64_t completed_ms;
    return deployment->created_at_ms > 0 && revision_completed_at(definition, &completed_ms) &&
           deployment->created_at_ms <= completed_ms;
}

bool revision_is_of_event(const struct ecs_task_definition *definition, struct view event_tag) {
    return event_tag.len > 0 && view_equal(ecs_tag_value(definition, TAG_EVENT_ID), event_tag);
}

int64_t revision_floor(const struct ecs_task_definition *definition) {
    struct view family;
    int64_t previous;
    if (revision_parse(ecs_tag_value(definition, TAG_PREVIOUS), &family, &previous) &&
        previous > 0 && previous < definition->revision && view_equal(family, definition->family)) {
        return previous;
    }
    return definition->revision;
}

bool revision_came_after(const struct ecs_task_definition *definition, struct view arn) {
    return view_equal(ecs_tag_value(definition, TAG_PREVIOUS), revision_name(arn));
}

bool revision_outranks(struct revision_rank a, struct revision_rank b) {
    return a.event_time_ms != b.event_time_ms ? a.event_time_ms > b.event_time_ms
                                              : a.revision > b.revision;
}

bool revision_rank_of(const struct ecs_task_definition *definition,
                      struct revision_rank *ret_rank) {
    int64_t time_ms;
    if (!revision_is_active(definition) || !revision_event_time(definition, &time_ms)) {
        return false;
    }
    *ret_rank = (struct revision_rank){.event_time_ms = time_ms, .revision = definition->revision};
    return true;
}

bool service_was_given_since(const struct ecs_service_state *service, int64_t time_ms) {
    return service->primary &&
           service->primary->created_at_ms / MS_PER_SECOND > time_ms / MS_PER_SECOND;
}

bool service_has_deployment_of(const struct ecs_service_state *service, struct view arn) {
    for (size_t i = 0; i < service->n_deployments; i++) {
        if (view_equal(service->deployments[i].task_definition, arn)) {
            return true;
        }
    }
    return false;
}

bool revision_was_chosen_again(const struct ecs_task_definition *definition) {
    int64_t time_ms;
    return definition->registered_at_ms > 0 && revision_event_time(definition, &time_ms) &&
           time_ms / MS_PER_SECOND > definition->registered_at_ms / MS_PER_SECOND;
}

/* The number that slipway:previous names; 0: none of the family. */
static int64_t previous_of(const struct ecs_task_definition *definition) {
    struct view family;
    int64_t previous;
    return revision_parse(ecs_tag_value(definition, TAG_PREVIOUS), &family, &previous) &&
                   view_equal(family, definition->family)
               ? previous
               : 0;
}

/* What runs was chosen by an older event that was at work at the same time as this one's: neither
 * came after the other. */
static bool is_late_choice(const struct ecs_task_definition *running,
                           const struct ecs_task_definition *definition) {
    struct revision_rank chosen;
    struct revision_rank own;
    return revision_was_chosen_again(running) && revision_rank_of(running, &chosen) &&
           revision_rank_of(definition, &own) && revision_outranks(own, chosen) &&
           previous_of(definition) != running->revision &&
           previous_of(running) >= previous_of(definition);
}

bool revision_was_left(const struct ecs_task_definition *definition,
                       const struct ecs_service_state *service,
                       const struct ecs_task_definition *running) {
    const struct ecs_deployment *primary = service->primary;
    struct revision_rank rank;
    struct view family;
    int64_t runs;
    if (!primary || !revision_rank_of(definition, &rank) ||
        !revision_parse(primary->task_definition, &family, &runs) ||
        !view_equal(family, definition->family) || is_late_choice(running, definition)) {
        return false;
    }
    if (revision_was_chosen_again(definition) &&
        !service_was_given_since(service, rank.event_time_ms)) {
        return false;
    }
    bool is_from_before = runs < rank.revision && runs <= revision_floor(definition);
    bool is_given_since =
        definition->registered_at_ms > 0 && primary->created_at_ms > definition->registered_at_ms;
    return is_from_before &&
           (is_given_since || service_has_deployment_of(service, definition->arn));
}
