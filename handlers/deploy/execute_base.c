#include "handlers/deploy/execute_register.h"
#include "handlers/deploy/facts_wave.h"
#include "handlers/deploy/target.h"

/*
 * A base that comes between. Whatever somebody else (Terraform, a person) registers after the
 * plan's facts were read and before this deploy's own registration is a newer base, and has
 * settings that the own revision lacks. Nobody would see them again: the own revision is the
 * family's newest, and the base of the next. But the numbers tell: ECS counts a family's revisions
 * one by one. So the own one is given to the service only after what lies between its base and
 * itself has been described; if one of those is no event's, the image is registered again, over
 * that one.
 *
 * The event has two revisions then, and the higher one counts, wherever they are found. A delivery
 * that ends between the two is made up for by the next: it takes up the lower one, finds the base
 * above what ran before (slipway:previous), and compares. A base that is somebody else's unfinished
 * revision is looked at in the same way: its own process may be about to replace it.
 */

/* Anew for one event, at most; then the next delivery begins with the newest base. */
#define AGAIN_MAX 2
/* Revisions that are described for one registration, the newest of them. */
#define BETWEEN_MAX 20

/* One registration's place in the wave. */
struct between {
    struct registration *registration;
    int reads[BETWEEN_MAX];
    size_t n_reads;
    struct ecs_task_definition base; /* the newest that is no event's; its ARN is empty: none */
    const struct err *error;         /* one of them could not be had */
};

static const struct facts *facts_of(const struct move *move) {
    return move->change->facts;
}

/* --- before any call --- */

static bool is_own(const struct move *move, const struct ecs_task_definition *definition) {
    return definition->arn.len > 0 && view_equal(definition->arn, move->own) &&
           revision_is_of_event(definition, move->event_tag);
}

/* What an earlier delivery of the event has registered; NULL: the change uses something else. */
static const struct ecs_task_definition *find_own(const struct move *move) {
    const struct facts *facts = facts_of(move);
    if (is_own(move, &facts->latest)) {
        return &facts->latest;
    }
    for (size_t i = 0; i < facts->n_between; i++) {
        if (is_own(move, &facts->between[i])) {
            return &facts->between[i];
        }
    }
    return NULL;
}

static int64_t newest_before(const struct move *move) {
    const struct facts *facts = facts_of(move);
    return facts->latest.revision > facts->running.revision ? facts->latest.revision
                                                            : facts->running.revision;
}

/* Somebody else's revision, which is not given to the service yet, if ever. */
static bool is_unfinished(const struct facts *facts) {
    return facts->running.arn.len > 0 && facts->running.revision < facts->latest.revision &&
           ecs_tag_value(&facts->latest, TAG_EVENT_ID).len > 0;
}

/* Where services share the family, what a revision has over a base may be for another service. */
void registration_begin(const struct execution *x, struct move *move,
                        struct registration *ret_registration) {
    const struct facts *facts = facts_of(move);
    const struct ecs_task_definition *own = find_own(move);
    bool is_shared = target_shares_family(x->config, move->change->target);
    int64_t newest = newest_before(move);
    *ret_registration = (struct registration){.move = move, .base = newest, .known = newest};
    err_init(&ret_registration->error);
    if (own) {
        ret_registration->made = *own;
        ret_registration->base = is_shared ? own->revision : revision_floor(own);
        move->own = (struct view){0}; /* until its base has been looked at */
    } else if (is_unfinished(facts) && !is_shared) {
        ret_registration->unfinished = &facts->latest;
        ret_registration->base = facts->running.revision;
    }
}

/* --- the wave --- */

static bool is_to_be_checked(const struct registration *r) {
    return r->made.arn.len > 0 && r->move->own.len == 0 && !r->move->ended;
}

static bool is_foreign_base(const struct ecs_task_definition *definition) {
    return revision_is_active(definition) && ecs_tag_value(definition, TAG_EVENT_ID).len == 0;
}

/* Whoever registered that revision had seen what is older by more than a process lives. */
static bool may_be_unseen(const struct registration *r,
                          const struct ecs_task_definition *definition) {
    const struct ecs_task_definition *above =
        r->unfinished && definition->revision < r->unfinished->revision ? r->unfinished : &r->made;
    return above->registered_at_ms - definition->registered_at_ms < LONGEST_DEPLOY_MS;
}

static void take_if_base(struct between *b, const struct ecs_task_definition *definition) {
    if (is_foreign_base(definition) && may_be_unseen(b->registration, definition) &&
        definition->revision > b->base.revision) {
        b->base = *definition;
    }
}

static const struct ecs_task_definition *find_known(const struct move *move, int64_t revision) {
    const struct facts *facts = facts_of(move);
    if (facts->latest.revision == revision) {
        return &facts->latest;
    }
    for (size_t i = 0; i < facts->n_between; i++) {
        if (facts->between[i].revision == revision) {
            return &facts->between[i];
        }
    }
    return NULL;
}

static int ask(struct execution *x, struct between *b, struct wave *wave) {
    const struct registration *r = b->registration;
    for (int64_t number = r->made.revision - 1; number > r->base && b->n_reads < BETWEEN_MAX;
         number--) {
        const struct ecs_task_definition *known = find_known(r->move, number);
        if (known) {
            take_if_base(b, known);
            continue;
        }
        struct view name =
            arena_printf(x->arena, VIEW_FMT ":%lld", VIEW_ARG(r->made.family), (long long)number);
        int read = name.data ? wave_add_task_definition(wave, name, x->err) : -1;
        if (read < 0) {
            return execution_out_of_memory(x);
        }
        b->reads[b->n_reads++] = read;
    }
    return 0;
}

/* A revision that is gone is nobody's base. One that could not be had may be one. */
static int learn(struct execution *x, struct between *b, const struct wave *wave) {
    for (size_t i = 0; i < b->n_reads; i++) {
        struct ecs_task_definition definition;
        const struct err *absent = NULL;
        if (wave_task_definition(wave, b->reads[i], &definition, &absent, x->err) != 0) {
            return -1;
        }
        if (!absent) {
            take_if_base(b, &definition);
        } else if (err_class(absent->code) != ERR_CLASS_REFUSED) {
            b->error = absent;
        }
    }
    return 0;
}

/* --- what it says --- */

/* The own revision is what the image over that base comes to: somebody registered the same anew, or
 * it was made from it. Of slipway's own tags none says otherwise. */
static int has_all_of(struct execution *x, const struct ecs_task_definition *own,
                      struct view request, bool *ret_same) {
    struct taskdef_difference *differences = NULL;
    size_t n = 0;
    if (taskdef_diff(own, request, x->arena, &differences, &n, x->err) != 0) {
        return execution_out_of_memory(x);
    }
    *ret_same = true;
    for (size_t i = 0; i < n && *ret_same; i++) {
        *ret_same = view_starts_with(differences[i].path, VIEW("tags.slipway:"));
    }
    return 0;
}

static int take_revision(struct execution *x, struct registration *r) {
    struct change *change = r->move->change;
    if (r->n_again > 0) {
        change->note =
            arena_printf(x->arena,
                         "somebody else registered '" VIEW_FMT "' before '" VIEW_FMT
                         "', which lacks what it has: the image was registered again, "
                         "over '" VIEW_FMT "'",
                         VIEW_ARG(revision_name(r->newer)), VIEW_ARG(revision_name(r->lacking)),
                         VIEW_ARG(revision_name(r->newer)));
    }
    move_set_revision(r->move, &r->made);
    return change->note.data || r->n_again == 0 ? 0 : execution_out_of_memory(x);
}

static int give_up(struct execution *x, struct registration *r,
                   const struct ecs_task_definition *base) {
    struct err error;
    err_init(&error);
    (void)err_set(&error, ERR_AWS_UNAVAILABLE,
                  "'" VIEW_FMT "' lacks what '" VIEW_FMT
                  "' has, which somebody else registered meanwhile, as others before it",
                  VIEW_ARG(revision_name(r->made.arn)), VIEW_ARG(revision_name(base->arn)));
    err_remedy(&error, "nothing now: the event is retried, and begins with the newest revision");
    return move_fail(x, r->move, &error, VIEW(""));
}

static int fail_unread(struct execution *x, struct registration *r, const struct err *error) {
    return move_fail(x, r->move, error,
                     arena_printf(x->arena,
                                  "; '" VIEW_FMT "' is registered, and the next attempt looks "
                                  "whether somebody else's came between",
                                  VIEW_ARG(revision_name(r->made.arn))));
}

static int make_again(struct registration *r, const struct ecs_task_definition *base,
                      const struct plan_rebased *rebased) {
    r->move->change->register_request = rebased->register_request;
    r->move->change->to_image = rebased->to_image;
    r->newer = base->arn;
    r->lacking = r->made.arn;
    r->known = r->made.revision;
    r->base = base->revision;
    r->made = (struct ecs_task_definition){0};
    r->n_again++;
    return 0;
}

static int judge(struct execution *x, const struct between *b) {
    struct registration *r = b->registration;
    struct plan_rebased rebased;
    bool same = false;
    if (b->error) {
        return fail_unread(x, r, b->error);
    }
    if (b->base.arn.len == 0) {
        return take_revision(x, r);
    }
    if (plan_rebase(x->config, r->move->change, &b->base, x->arena, &rebased, x->err) != 0) {
        return -1;
    }
    if (rebased.refusal) {
        return move_fail(x, r->move, rebased.refusal, VIEW(""));
    }
    if (has_all_of(x, &r->made, rebased.register_request, &same) != 0) {
        return -1;
    }
    if (same) {
        return take_revision(x, r);
    }
    return r->n_again < AGAIN_MAX ? make_again(r, &b->base, &rebased) : give_up(x, r, &b->base);
}

int registration_check_bases(struct execution *x, struct registration **list, size_t n) {
    struct wave wave = wave_of(x->arena);
    struct between *all = ARENA_ARRAY(x->arena, n, struct between);
    size_t count = 0;
    if (!all) {
        return execution_out_of_memory(x);
    }
    for (size_t i = 0; i < n; i++) {
        if (is_to_be_checked(list[i])) {
            all[count] = (struct between){.registration = list[i]};
            if (x->config->base != BASE_RUNNING && ask(x, &all[count], &wave) != 0) {
                return -1;
            }
            count++;
        }
    }
    if (wave_run(&wave, x->aws, x->deadline_ms, x->err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (learn(x, &all[i], &wave) != 0 || judge(x, &all[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
