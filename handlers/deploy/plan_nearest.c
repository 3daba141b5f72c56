#include "handlers/deploy/plan_decision.h"
#include "handlers/similar.h"
#include "runtime/base/buf.h"

/*
 * Which tags to name when the one that was asked for does not exist: those that look most like it,
 * for a slip of the finger, and those pushed last, for a build that has not come yet. Only tags
 * that may be deployed are worth naming.
 */

#define NEAREST_MAX_TAGS 3 /* that look like it */
#define REMEDY_MAX_TAGS 5  /* in all */
/* The remedy's ceiling less the words around the tags. */
#define TAGS_BYTES (ERR_REMEDY_BYTES - 120)

struct candidate {
    struct view tag;
    int64_t pushed_at_ms;
    size_t distance; /* SIZE_MAX: does not look like it */
};

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Up to a third of it differs, or one is the beginning of the other ("git-abc" of "git-abc123f").
 */
static size_t likeness(struct view tag, struct view wanted) {
    size_t d = similar_distance(view_slice(tag, 0, SIMILAR_MAX_BYTES),
                                view_slice(wanted, 0, SIMILAR_MAX_BYTES));
    bool begins = smaller(tag.len, wanted.len) >= 4 &&
                  (view_starts_with(tag, wanted) || view_starts_with(wanted, tag));
    return begins || d * 3 <= wanted.len || d <= 1 ? d : SIZE_MAX;
}

static struct candidate *collect(struct decision *d, size_t *ret_n) {
    const struct facts *facts = d->facts;
    size_t capacity = 0;
    size_t n = 0;
    for (size_t i = 0; i < facts->n_tagged; i++) {
        capacity += facts->tagged[i].n_tags;
    }
    struct candidate *found = ARENA_ARRAY(d->arena, capacity, struct candidate);
    for (size_t i = 0; found && i < facts->n_tagged; i++) {
        const struct ecr_image *image = &facts->tagged[i];
        for (size_t j = 0; j < image->n_tags; j++) {
            if (tag_policy_admits(d->target->deploy_tags, image->tags[j])) {
                found[n++] = (struct candidate){
                    .tag = image->tags[j],
                    .pushed_at_ms = image->pushed_at_ms,
                    .distance = likeness(image->tags[j], d->trigger->tag),
                };
            }
        }
    }
    *ret_n = n;
    return found;
}

static bool is_nearer(const struct candidate *a, const struct candidate *b) {
    return a->distance != b->distance ? a->distance < b->distance
                                      : a->pushed_at_ms > b->pushed_at_ms;
}

static bool is_later(const struct candidate *a, const struct candidate *b) {
    return a->pushed_at_ms > b->pushed_at_ms;
}

/* Takes the best one out of what is left; false when none is. */
static bool take_best(struct candidate *candidates, size_t *n,
                      bool (*is_better)(const struct candidate *, const struct candidate *),
                      struct candidate *ret_best) {
    if (*n == 0) {
        return false;
    }
    size_t best = 0;
    for (size_t i = 1; i < *n; i++) {
        if (is_better(&candidates[i], &candidates[best])) {
            best = i;
        }
    }
    *ret_best = candidates[best];
    candidates[best] = candidates[--*n];
    return true;
}

static bool append_tag(struct buf *text, const struct candidate *candidate) {
    if (text->len + candidate->tag.len + 4 > TAGS_BYTES) {
        return false;
    }
    buf_appendf(text, "%s'" VIEW_FMT "'", text->len > 0 ? ", " : "", VIEW_ARG(candidate->tag));
    return true;
}

struct view nearest_tags_remedy(struct decision *d) {
    size_t n;
    struct candidate *candidates = collect(d, &n);
    if (!candidates) {
        return (struct view){0};
    }
    struct buf text BUF_AUTO = BUF_INIT(ERR_REMEDY_BYTES);
    struct candidate best;
    size_t named = 0;
    while (named < NEAREST_MAX_TAGS && take_best(candidates, &n, is_nearer, &best)) {
        if (best.distance == SIZE_MAX) {
            candidates[n++] = best; /* back to the others */
            break;
        }
        named += append_tag(&text, &best) ? 1 : 0;
    }
    while (named < REMEDY_MAX_TAGS && take_best(candidates, &n, is_later, &best)) {
        named += append_tag(&text, &best) ? 1 : 0;
    }
    if (named == 0) {
        return arena_copy(d->arena, view_of(err_default_remedy(ERR_IMAGE_NOT_FOUND)));
    }
    return arena_printf(d->arena,
                        "push the image with this tag to the repository, or deploy a tag that is "
                        "there, such as %s",
                        buf_cstr(&text));
}
