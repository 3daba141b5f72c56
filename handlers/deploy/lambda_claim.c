#include "handlers/deploy/lambda_claim.h"

#include "handlers/deploy/plan_revision.h"
#include "runtime/base/clock.h"

/* Lambda takes 128 characters in a tag's key. */
#define EVENT_BYTES (128 - (sizeof(LAMBDA_CLAIM_PREFIX) - 1))

struct lambda_claim lambda_claim_of(struct view event_tag, int64_t time_ms, struct arena *arena) {
    /* EventBridge's ids have 36 characters; of a longer one the end tells it apart as well. */
    size_t skipped = event_tag.len > EVENT_BYTES ? event_tag.len - EVENT_BYTES : 0;
    struct view event = view_slice(event_tag, skipped, event_tag.len);
    return (struct lambda_claim){
        .key = arena_printf(arena, LAMBDA_CLAIM_PREFIX VIEW_FMT, VIEW_ARG(event)),
        .event = event,
        .time_ms = time_ms,
    };
}

struct ecs_tag lambda_claim_tag(const struct lambda_claim *claim, struct arena *arena) {
    return (struct ecs_tag){.key = claim->key, .value = revision_time_text(claim->time_ms, arena)};
}

bool lambda_claim_outranks(const struct lambda_claim *a, const struct lambda_claim *b) {
    return a->time_ms != b->time_ms ? a->time_ms > b->time_ms
                                    : view_compare(a->event, b->event) > 0;
}

static bool claim_of_tag(const struct ecs_tag *tag, struct lambda_claim *ret_claim) {
    struct view prefix = VIEW(LAMBDA_CLAIM_PREFIX);
    if (!view_starts_with(tag->key, prefix) || tag->key.len == prefix.len ||
        !time_parse_rfc3339(tag->value, &ret_claim->time_ms)) {
        return false;
    }
    ret_claim->key = tag->key;
    ret_claim->event = view_slice(tag->key, prefix.len, tag->key.len);
    return true;
}

struct lambda_claim lambda_newest_claim(const struct lambda_function *function) {
    struct lambda_claim newest = {0};
    struct lambda_claim claim = {.key = VIEW(TAG_EVENT_ID)};
    claim.event = lambda_tag_value(function, TAG_EVENT_ID);
    if (time_parse_rfc3339(lambda_tag_value(function, TAG_EVENT_TIME), &claim.time_ms)) {
        newest = claim;
    }
    for (size_t i = 0; i < function->n_tags; i++) {
        if (claim_of_tag(&function->tags[i], &claim) &&
            (newest.key.len == 0 || lambda_claim_outranks(&claim, &newest))) {
            newest = claim;
        }
    }
    return newest;
}

struct view *lambda_older_claims(const struct lambda_function *function,
                                 const struct lambda_claim *than, struct arena *arena,
                                 size_t *ret_n) {
    struct view *keys = ARENA_ARRAY(arena, function->n_tags, struct view);
    size_t n = 0;
    for (size_t i = 0; keys && i < function->n_tags; i++) {
        struct lambda_claim claim;
        if (claim_of_tag(&function->tags[i], &claim) && lambda_claim_outranks(than, &claim)) {
            keys[n++] = claim.key;
        }
    }
    *ret_n = n;
    return keys;
}
