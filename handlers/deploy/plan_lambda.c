#include "handlers/deploy/facts_lambda.h"
#include "handlers/deploy/lambda_claim.h"
#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"

/*
 * Deploying a Lambda function that is a container image. The function's own tags say which event
 * gave it what it runs (lambda_claim.h), as a revision's tags do for ECS.
 */

static const struct lambda_function *function_of(const struct decision *d) {
    static const struct lambda_function nothing = {0};
    return d->facts->lambda ? &d->facts->lambda->function : &nothing;
}

/* Lambda takes images from its own region only. */
static int check_registry_region(struct decision *d) {
    struct view registry = d->target->repository.registry.region;
    if (view_equal(registry, d->config->region)) {
        return GO_ON;
    }
    return decide_refusal(
        d, ERR_REPOSITORY_NOT_FOUND,
        arena_printf(d->arena,
                     "function '" VIEW_FMT "' is in '" VIEW_FMT
                     "', and Lambda takes no image from a registry in '" VIEW_FMT "'",
                     VIEW_ARG(d->target->function), VIEW_ARG(d->config->region),
                     VIEW_ARG(registry)),
        arena_printf(d->arena,
                     "add a replication rule of the registry to '" VIEW_FMT
                     "', and name the replica in ECS_SERVICE_MAP as repository_uri",
                     VIEW_ARG(d->config->region)));
}

static int check_function(struct decision *d) {
    const struct lambda_facts *facts = d->facts->lambda;
    const struct lambda_function *function = function_of(d);
    if (facts && facts->function_err) {
        return decide_error(d, facts->function_err);
    }
    if (facts && facts->alias_err) {
        return decide_error(d, facts->alias_err);
    }
    d->change->from_image =
        function->resolved_uri.len > 0 ? function->resolved_uri : function->image_uri;
    if (!view_equal(function->package_type, VIEW("Image"))) {
        return decide_refusal(
            d, ERR_CONTAINER_NOT_FOUND,
            arena_printf(d->arena,
                         "function '" VIEW_FMT "' is no container image: it is '" VIEW_FMT "'",
                         VIEW_ARG(d->target->function), VIEW_ARG(function->package_type)),
            VIEW("create the function anew with package type Image, or deploy it otherwise"));
    }
    return GO_ON;
}

static int check_order(struct decision *d) {
    struct lambda_claim newest = lambda_newest_claim(function_of(d));
    struct lambda_claim own = lambda_claim_of(d->event_tag, d->trigger->event_time_ms, d->arena);
    if (!own.key.data) {
        return err_out_of_memory(d->err, "plan");
    }
    if (newest.key.len == 0 || view_equal(newest.event, own.event) ||
        !lambda_claim_outranks(&newest, &own)) {
        return GO_ON;
    }
    struct view time = revision_time_text(newest.time_ms, d->arena);
    if (!time.data) {
        return err_out_of_memory(d->err, "plan");
    }
    return decide_note(d, VERDICT_SUPERSEDED,
                       arena_printf(d->arena,
                                    "event '" VIEW_FMT "' is older than event '" VIEW_FMT
                                    "' of " VIEW_FMT ", which deployed the function",
                                    VIEW_ARG(d->trigger->event_id), VIEW_ARG(newest.event),
                                    VIEW_ARG(time)));
}

static int refuse_platform(struct decision *d, struct view message, struct view remedy) {
    return decide_refusal(d, ERR_PLATFORM_MISMATCH, message, remedy);
}

/* AWS Lambda Developer Guide, "Create a Lambda function using a container image": no
 * multi-architecture images. */
static int check_single_image(struct decision *d) {
    const struct ecr_manifest *manifest = &d->facts->manifest;
    bool is_this =
        manifest->digest.len == 0 || view_equal(manifest->digest, d->facts->image.digest);
    if (!manifest->is_index || !is_this) {
        return GO_ON;
    }
    return refuse_platform(
        d,
        arena_printf(d->arena,
                     "image '" VIEW_FMT "' is an index of several images, which Lambda does not "
                     "take",
                     VIEW_ARG(d->trigger->tag.len > 0 ? d->trigger->tag : d->facts->image.digest)),
        VIEW("push a single image, with docker buildx for one platform and with "
             "--provenance=false"));
}

static bool runs_digest(const struct decision *d) {
    struct image_reference reference;
    const struct lambda_function *function = function_of(d);
    struct view uri = function->resolved_uri.len > 0 ? function->resolved_uri : function->image_uri;
    return image_reference_parse(uri, &reference) &&
           image_is_in_repository(&reference, &d->target->repository, d->own_account) &&
           view_equal(reference.digest, d->change->digest);
}

/* Of an update that is under way, or that Lambda could not carry out, the image may be named
 * already. */
static bool is_settled(const struct lambda_function *function) {
    return !view_equal(function->update_status, VIEW("InProgress")) &&
           !view_equal(function->update_status, VIEW("Failed"));
}

/* With an alias, whether it is at that code is known only once the version is published. */
static int check_runs(struct decision *d) {
    if (d->trigger->force || !runs_digest(d) || !is_settled(function_of(d)) ||
        d->target->alias.len > 0) {
        return GO_ON;
    }
    return decide_note(d, VERDICT_UNCHANGED,
                       arena_printf(d->arena, "function '" VIEW_FMT "' has this image already",
                                    VIEW_ARG(d->target->function)));
}

static int trace(struct decision *d) {
    static const char *const keys[] = {TAG_EVENT_ID, TAG_EVENT_TIME, TAG_PREVIOUS,
                                       TAG_DIGEST,   TAG_IMAGE_TAG,  TAG_REASON};
    const size_t n = sizeof(keys) / sizeof(keys[0]);
    struct image_reference from = {0};
    (void)image_reference_parse(d->change->from_image, &from);
    struct view time = revision_time_text(d->trigger->event_time_ms, d->arena);
    const struct view values[] = {
        d->event_tag, time, from.digest, d->change->digest, d->trigger->tag, d->trigger->reason,
    };
    struct ecs_tag *tags = ARENA_ARRAY(d->arena, n, struct ecs_tag);
    if (!tags || !time.data) {
        return err_out_of_memory(d->err, "plan");
    }
    for (size_t i = 0; i < n; i++) {
        tags[i].key = view_of(keys[i]);
        tags[i].value = taskdef_tag_safe(values[i], d->arena);
        if (!tags[i].value.data) {
            return err_out_of_memory(d->err, "plan");
        }
    }
    d->change->trace = tags;
    d->change->n_trace = n;
    return 0;
}

static int use_image(struct decision *d) {
    struct view uri = image_repository_uri(&d->target->repository, d->own_account, d->arena);
    if (!uri.data || trace(d) != 0) {
        return err_out_of_memory(d->err, "plan");
    }
    d->change->to_image =
        arena_printf(d->arena, VIEW_FMT "@" VIEW_FMT, VIEW_ARG(uri), VIEW_ARG(d->change->digest));
    if (!d->change->to_image.data) {
        return err_out_of_memory(d->err, "plan");
    }
    d->change->delivery = DELIVER_LAMBDA;
    d->change->verdict = VERDICT_DEPLOY;
    return DECIDED;
}

static const decision_check image_checks[] = {
    check_tag_policy,    check_registry_region, check_function, check_order, check_image,
    check_digest_policy, check_single_image,    check_runs,     use_image,
};

static int refuse_kind(struct decision *d, const char *what, enum err_code code,
                       const char *remedy) {
    return decide_refusal(
        d, code,
        arena_printf(d->arena, "function '" VIEW_FMT "' %s", VIEW_ARG(d->target->name), what),
        view_of(remedy));
}

int decide_lambda(struct decision *d) {
    switch (d->trigger->kind) {
    case TRIGGER_DEPLOY:
        return decision_run(d, image_checks, sizeof(image_checks) / sizeof(image_checks[0]));
    case TRIGGER_RESTART:
        return refuse_kind(d, "cannot be restarted: it runs when something invokes it",
                           ERR_EVENT_UNSUPPORTED, "send a tag or a digest");
    case TRIGGER_DEPLOY_REVISION:
        return refuse_kind(d, "has no task definition", ERR_EVENT_UNSUPPORTED,
                           "send a tag or a digest");
    case TRIGGER_ROLLBACK:
        return refuse_kind(d, "keeps no record of completed deployments",
                           ERR_NOTHING_TO_ROLL_BACK_TO,
                           "send a DEPLOY with the tag or the digest that is to run again");
    case TRIGGER_ROLLOUT:
    case TRIGGER_IGNORE:
        return decide_note(d, VERDICT_IGNORED, VIEW("functions have no deployments of ECS"));
    }
    return DECIDED;
}
