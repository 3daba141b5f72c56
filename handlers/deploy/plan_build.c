#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"
#include "runtime/aws/arn.h"

/* --- the base --- */

static int refuse_base(struct decision *d, const struct err *cause) {
    if (cause->code != ERR_FAMILY_NOT_FOUND || !decision_knows_running(d)) {
        return decide_error(d, cause);
    }
    return decide_refusal(
        d, ERR_FAMILY_NOT_FOUND,
        arena_printf(d->arena,
                     "family '" VIEW_FMT "' has no ACTIVE revision, while service '" VIEW_FMT
                     "' runs '" VIEW_FMT "'",
                     VIEW_ARG(d->target->family), VIEW_ARG(d->target->service),
                     VIEW_ARG(revision_name(d->facts->running.arn))),
        VIEW("register a revision of the family, or set TASK_DEFINITION_BASE to running"));
}

static bool running_is_latest(const struct facts *facts) {
    return revision_is_active(&facts->running) && facts->running.revision > facts->latest.revision;
}

/* The family's newest revision, so that what Terraform registered rides along. The two reads of the
 * wave are not of one moment: the service may run a revision that the other has not seen yet. */
int check_base(struct decision *d) {
    const struct facts *facts = d->facts;
    if (d->config->base == BASE_RUNNING) {
        d->base = &facts->running;
        return decision_knows_running(d) || !facts->running_err
                   ? GO_ON
                   : decide_error(d, facts->running_err);
    }
    if (facts->latest_err) {
        return refuse_base(d, facts->latest_err);
    }
    d->base =
        decision_knows_running(d) && running_is_latest(facts) ? &facts->running : &facts->latest;
    return GO_ON;
}

/* --- a deploy that did not come to its end --- */

/* The revision that an earlier delivery of this event registered, the highest if there are several
 * (see execute_base.c). Above it may be only revisions of other events: with a new base of somebody
 * else's the image is registered again. */
static const struct ecs_task_definition *find_unfinished(const struct decision *d) {
    const struct facts *facts = d->facts;
    if (facts->latest.arn.len == 0) {
        return NULL;
    }
    if (revision_is_of_event(&facts->latest, d->event_tag)) {
        return revision_is_active(&facts->latest) ? &facts->latest : NULL;
    }
    const struct ecs_task_definition *own = NULL;
    int64_t highest_own = 0;
    int64_t last_foreign =
        ecs_tag_value(&facts->latest, TAG_EVENT_ID).len > 0 ? 0 : facts->latest.revision;
    for (size_t i = 0; i < facts->n_between; i++) {
        const struct ecs_task_definition *between = &facts->between[i];
        if (revision_is_of_event(between, d->event_tag) && revision_is_active(between) &&
            between->revision > highest_own) {
            own = between;
            highest_own = between->revision;
        } else if (ecs_tag_value(between, TAG_EVENT_ID).len == 0 &&
                   between->revision > last_foreign) {
            last_foreign = between->revision;
        }
    }
    return own && highest_own > last_foreign ? own : NULL;
}

int check_unfinished(struct decision *d) {
    const struct ecs_task_definition *own = find_unfinished(d);
    if (!own) {
        return GO_ON;
    }
    decision_describe(d, own);
    if (decision_image_of(d, own, &d->change->to_image) < 0) {
        return -1;
    }
    d->change->reuse = own->arn;
    return decide_note(
        d, VERDICT_DEPLOY,
        arena_printf(d->arena,
                     "'" VIEW_FMT "' was registered for event '" VIEW_FMT "' already and is used",
                     VIEW_ARG(revision_name(own->arn)), VIEW_ARG(d->trigger->event_id)));
}

/* --- the new image --- */

static int out_of_memory(struct decision *d) {
    return err_out_of_memory(d->err, "plan");
}

/* What a container is to run. Its own spelling of the registry's host stays (dual-stack, FIPS); one
 * that ran something else gets the usual one. */
static struct view new_image(struct decision *d, const struct taskdef_container *container) {
    const struct repository *repository = &d->target->repository;
    struct image_reference reference;
    struct view name;
    if (image_reference_parse(container->image, &reference) &&
        image_is_in_repository(&reference, repository, d->own_account)) {
        name = reference.base;
    } else {
        name = image_repository_uri(repository, d->own_account, d->arena);
    }
    if (!name.data) {
        return name;
    }
    bool by_tag = d->config->image_reference == IMAGE_BY_TAG && d->trigger->tag.len > 0;
    return by_tag ? arena_printf(d->arena, VIEW_FMT ":" VIEW_FMT, VIEW_ARG(name),
                                 VIEW_ARG(d->trigger->tag))
                  : arena_printf(d->arena, VIEW_FMT "@" VIEW_FMT, VIEW_ARG(name),
                                 VIEW_ARG(d->change->digest));
}

int check_containers(struct decision *d) {
    struct err *error = ARENA_NEW(d->arena, struct err);
    if (!error) {
        return out_of_memory(d);
    }
    err_init(error);
    if (taskdef_find_containers(d->base, d->target->container, &d->target->repository,
                                d->own_account, d->arena, &d->containers, &d->n_containers,
                                error) != 0) {
        return error->code == ERR_OUT_OF_MEMORY ? out_of_memory(d) : decide_error(d, error);
    }
    d->images = ARENA_ARRAY(d->arena, d->n_containers, struct view);
    if (!d->images) {
        return out_of_memory(d);
    }
    for (size_t i = 0; i < d->n_containers; i++) {
        d->images[i] = new_image(d, &d->containers[i]);
        if (!d->images[i].data) {
            return out_of_memory(d);
        }
    }
    d->change->to_image = d->images[0];
    return GO_ON;
}

/* --- is it there already? --- */

/* Whether a container has the image. "name:tag@sha256:…" is as good as "name@sha256:…"; a tag alone
 * says nothing of the digest that it had when ECS resolved it, but slipway's own tag does. Of a
 * push the image counts, under whichever of its tags it runs. */
static bool has_image(const struct decision *d, size_t i) {
    struct view has = d->containers[i].image;
    struct image_reference now;
    struct image_reference then;
    if (!image_reference_parse(has, &now) || !image_reference_parse(d->images[i], &then) ||
        !view_equal(now.base, then.base)) {
        return false;
    }
    if (then.digest.len > 0) {
        return view_equal(now.digest, then.digest);
    }
    return (d->trigger->is_automatic || view_equal(has, d->images[i])) &&
           view_equal(ecs_tag_value(d->base, TAG_DIGEST), d->change->digest);
}

bool decision_base_has_images(const struct decision *d) {
    for (size_t i = 0; i < d->n_containers; i++) {
        if (!has_image(d, i)) {
            return false;
        }
    }
    return true;
}

/* The running revision is the base, and runs the image. A newer base is a reason to deploy the same
 * image again. */
int check_runs_already(struct decision *d) {
    if (d->trigger->force || !decision_knows_running(d) ||
        !view_equal(d->facts->running.arn, d->base->arn) || !decision_base_has_images(d)) {
        return GO_ON;
    }
    return decide_note(d, VERDICT_UNCHANGED,
                       arena_printf(d->arena,
                                    "'" VIEW_FMT "' runs this image already, and the family has no "
                                    "newer revision",
                                    VIEW_ARG(revision_name(d->base->arn))));
}

/* --- the new revision --- */

#define OWN_TAGS 6
#define REQUIRED_TAGS 2 /* without the event's id and time nothing here can be trusted */

/* In the order of need: slipway:previous says how far a look must go back (revision_floor());
 * slipway:completed is set by what completes. */
static int own_tags(struct decision *d, struct ecs_tag ret_tags[static OWN_TAGS]) {
    const struct trigger *trigger = d->trigger;
    struct view previous = revision_name(d->change->from_task_definition);
    struct view time = revision_time_text(trigger->event_time_ms, d->arena);
    const struct ecs_tag raw[OWN_TAGS] = {
        {VIEW(TAG_EVENT_ID), d->event_tag},  {VIEW(TAG_EVENT_TIME), time},
        {VIEW(TAG_PREVIOUS), previous},      {VIEW(TAG_DIGEST), d->change->digest},
        {VIEW(TAG_IMAGE_TAG), trigger->tag}, {VIEW(TAG_REASON), trigger->reason},
    };
    if (!time.data) {
        return out_of_memory(d);
    }
    for (size_t i = 0; i < OWN_TAGS; i++) {
        ret_tags[i].key = raw[i].key;
        ret_tags[i].value = taskdef_tag_safe(raw[i].value, d->arena);
        if (!ret_tags[i].value.data) {
            return out_of_memory(d);
        }
    }
    return 0;
}

static int splice(struct decision *d) {
    struct ecs_tag tags[OWN_TAGS];
    struct err *error = ARENA_NEW(d->arena, struct err);
    if (!error || own_tags(d, tags) != 0) {
        return out_of_memory(d);
    }
    const struct taskdef_splice splice = {
        .base = d->base,
        .containers = d->containers,
        .images = d->images,
        .n_containers = d->n_containers,
        .tags = tags,
        .n_tags = OWN_TAGS,
        .n_required_tags = REQUIRED_TAGS,
    };
    err_init(error);
    if (taskdef_splice(&splice, d->arena, &d->change->register_request, error) != 0) {
        return error->code == ERR_OUT_OF_MEMORY ? out_of_memory(d) : decide_error(d, error);
    }
    return GO_ON;
}

int build_revision(struct decision *d) {
    int rc = splice(d);
    if (rc != GO_ON) {
        return rc;
    }
    d->change->verdict = VERDICT_DEPLOY;
    if ((d->trigger->dry_run || d->config->dry_run) &&
        taskdef_diff(d->base, d->change->register_request, d->arena, &d->change->differences,
                     &d->change->n_differences, d->err) != 0) {
        return -1;
    }
    return DECIDED;
}

/* --- the same over another base --- */

/* Of a revision that an earlier delivery registered, the image stands in the revision too. */
static struct view digest_of(const struct change *change) {
    struct image_reference reference;
    return change->digest.len == 0 && image_reference_parse(change->to_image, &reference)
               ? reference.digest
               : change->digest;
}

int plan_rebase(const struct config *config, const struct change *change,
                const struct ecs_task_definition *base, struct arena *arena,
                struct plan_rebased *ret_rebased, struct err *err) {
    struct change rebased = *change;
    struct decision d = {.config = config,
                         .arena = arena,
                         .err = err,
                         .change = &rebased,
                         .trigger = change->trigger,
                         .target = change->target,
                         .facts = change->facts,
                         .event_tag = revision_event_tag(change->trigger->event_id, arena),
                         .base = base};
    struct arn arn = {0};
    (void)arn_parse(base->arn, &arn);
    d.own_account = arn.account;
    rebased.digest = digest_of(change);
    rebased.err = NULL;
    if (!d.event_tag.data) {
        return out_of_memory(&d);
    }
    int rc = check_containers(&d);
    rc = rc == GO_ON ? splice(&d) : rc;
    if (rc < 0) {
        return -1;
    }
    *ret_rebased = (struct plan_rebased){.register_request = rebased.register_request,
                                         .to_image = rebased.to_image,
                                         .refusal = rebased.err};
    return 0;
}
