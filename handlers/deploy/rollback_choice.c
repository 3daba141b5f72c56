#include "handlers/deploy/rollback_choice.h"

#include "handlers/deploy/plan_revision.h"

int64_t rollback_named_revision(struct view to) {
    struct view family;
    int64_t revision = 0;
    if (view_to_i64(to, &revision)) {
        return revision > 0 ? revision : 0;
    }
    return revision_parse(to, &family, &revision) ? revision : 0;
}

/* --- without `to` --- */

static bool is_startable(const struct rollback_revision *revision) {
    return revision_is_active(&revision->definition) && revision->image != IMAGE_GONE &&
           revision->image != IMAGE_IS_ANOTHER;
}

/* A lower revision bears the trace of an event that left this one, or one above it, after this
 * one's own event: somebody found it bad although it had completed. */
static bool was_gone_back_from(const struct rollback_facts *rollback,
                               const struct ecs_task_definition *completed) {
    int64_t own_time_ms = INT64_MIN;
    (void)revision_event_time(completed, &own_time_ms);
    for (size_t i = 0; i < rollback->n_revisions; i++) {
        const struct ecs_task_definition *lower = &rollback->revisions[i].definition;
        struct view family;
        int64_t left = 0;
        int64_t time_ms;
        if (lower->revision < completed->revision && revision_event_time(lower, &time_ms) &&
            time_ms > own_time_ms &&
            revision_parse(ecs_tag_value(lower, TAG_PREVIOUS), &family, &left) &&
            view_equal(family, lower->family) && left >= completed->revision) {
            return true;
        }
    }
    return false;
}

static bool is_good(const struct rollback_facts *rollback,
                    const struct ecs_task_definition *definition) {
    if (rollback->deployment.len > 0 &&
        view_equal(definition->arn, rollback->source_task_definition)) {
        return true;
    }
    return ecs_tag_value(definition, TAG_COMPLETED).len > 0 &&
           !was_gone_back_from(rollback, definition);
}

/* A delivery that was cut off may have left its trace on the one that it chose. What came to run
 * meanwhile must not make the next one choose another. */
static struct rollback_revision *chosen_before(const struct rollback_facts *rollback,
                                               struct view event_tag) {
    for (size_t i = 0; i < rollback->n_revisions; i++) {
        struct rollback_revision *revision = &rollback->revisions[i];
        if (is_startable(revision) && revision_is_of_event(&revision->definition, event_tag)) {
            return revision;
        }
    }
    return NULL;
}

static struct rollback_revision *last_good(const struct rollback_facts *rollback,
                                           struct view event_tag) {
    struct rollback_revision *before = chosen_before(rollback, event_tag);
    if (before) {
        return before;
    }
    for (size_t i = 0; i < rollback->n_revisions; i++) {
        struct rollback_revision *revision = &rollback->revisions[i];
        if (is_startable(revision) && is_good(rollback, &revision->definition)) {
            return revision;
        }
    }
    return NULL;
}

/* --- with it --- */

static bool is_named(const struct rollback_revision *revision, struct view to) {
    return rollback_named_revision(to) > 0 ||
           (revision_is_active(&revision->definition) &&
            view_equal(ecs_tag_value(&revision->definition, TAG_IMAGE_TAG), to));
}

struct rollback_revision *rollback_choice(const struct rollback_facts *rollback, struct view to,
                                          struct view event_tag) {
    if (to.len == 0) {
        return last_good(rollback, event_tag);
    }
    for (size_t i = 0; i < rollback->n_revisions; i++) {
        if (is_named(&rollback->revisions[i], to)) {
            return &rollback->revisions[i];
        }
    }
    return NULL;
}

bool rollback_was_chosen(const struct rollback_facts *rollback, struct view event_tag) {
    return chosen_before(rollback, event_tag) != NULL;
}

bool rollback_lacks_images(const struct rollback_facts *rollback) {
    for (size_t i = 0; i < rollback->n_revisions; i++) {
        if (rollback->revisions[i].image == IMAGE_GONE ||
            rollback->revisions[i].image == IMAGE_IS_ANOTHER) {
            return true;
        }
    }
    return false;
}
