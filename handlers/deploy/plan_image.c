#include "handlers/deploy/plan_decision.h"
#include "handlers/deploy/plan_revision.h"
#include "runtime/base/buf.h"

#include <string.h>

/* Platforms and tags named in a message, in bytes. */
#define LISTING_BYTES 512

/* --- the tag policy --- */

/* In prod `latest` is admitted by its name only: a person who wrote '*' wonders why. */
static struct view tag_remedy(const struct tag_policy *policy, struct view tag) {
    struct tag_policy literal = *policy;
    literal.latest_by_name = false;
    return tag_policy_admits(&literal, tag)
               ? VIEW("deploy a tag that says which build it is, or spell 'latest' out in "
                      "DEPLOY_TAGS")
               : VIEW("");
}

int check_tag_policy(struct decision *d) {
    const struct tag_policy *policy = d->target->deploy_tags;
    struct view tag = d->trigger->tag;
    if (tag.len == 0 || tag_policy_admits(policy, tag)) {
        return GO_ON;
    }
    return decide_refusal(d, ERR_TAG_NOT_ALLOWED,
                          arena_printf(d->arena,
                                       "tag '" VIEW_FMT "' of service '" VIEW_FMT
                                       "' is not allowed in '" VIEW_FMT
                                       "': DEPLOY_TAGS is '" VIEW_FMT "'",
                                       VIEW_ARG(tag), VIEW_ARG(d->target->name),
                                       VIEW_ARG(d->config->env), VIEW_ARG(policy->text)),
                          tag_remedy(policy, tag));
}

/* A policy that admits every tag admits an image without one too. */
static bool admits_all(const struct tag_policy *policy) {
    struct view rest = policy->text;
    struct view term;
    while (view_split(&rest, ',', &term)) {
        if (view_equal(view_trim(term), VIEW("*"))) {
            return true;
        }
    }
    return false;
}

static struct view list_tags(struct decision *d, const struct ecr_image *image) {
    struct buf text BUF_AUTO = BUF_INIT(LISTING_BYTES);
    for (size_t i = 0; i < image->n_tags; i++) {
        buf_appendf(&text, "%s'" VIEW_FMT "'", i > 0 ? ", " : "", VIEW_ARG(image->tags[i]));
    }
    return arena_copy(d->arena, text.len > 0 ? buf_view(&text) : VIEW("none"));
}

/* A bare digest is as good as the tags that point to it. */
int check_digest_policy(struct decision *d) {
    const struct ecr_image *image = &d->facts->image;
    if (d->trigger->tag.len > 0 || admits_all(d->target->deploy_tags)) {
        return GO_ON;
    }
    for (size_t i = 0; i < image->n_tags; i++) {
        if (tag_policy_admits(d->target->deploy_tags, image->tags[i])) {
            return GO_ON;
        }
    }
    struct view tags = list_tags(d, image);
    if (!tags.data) {
        return decide_refusal(d, ERR_TAG_NOT_ALLOWED, tags, tags);
    }
    return decide_refusal(
        d, ERR_TAG_NOT_ALLOWED,
        arena_printf(d->arena,
                     "digest '" VIEW_FMT "' of service '" VIEW_FMT "' is not allowed in '" VIEW_FMT
                     "': DEPLOY_TAGS is '" VIEW_FMT "', and the image's tags are " VIEW_FMT,
                     VIEW_ARG(image->digest), VIEW_ARG(d->target->name), VIEW_ARG(d->config->env),
                     VIEW_ARG(d->target->deploy_tags->text), VIEW_ARG(tags)),
        VIEW("give the image a tag that DEPLOY_TAGS admits, or widen DEPLOY_TAGS"));
}

/* --- the image --- */

/* An image that is there and cannot be pulled has a remedy of its own already. */
static bool is_absent_tag(const struct facts *facts) {
    const struct err *error = facts->image_err;
    return error && error->code == ERR_IMAGE_NOT_FOUND && facts->n_tagged > 0 &&
           strcmp(error->remedy, err_default_remedy(error->code)) == 0;
}

/* Tag and digest in one event: the sender has checked an image and wants that one. */
static int refuse_moved_tag(struct decision *d) {
    return decide_refusal(
        d, ERR_IMAGE_NOT_FOUND,
        arena_printf(d->arena,
                     "tag '" VIEW_FMT "' of repository '" VIEW_FMT "' points to '" VIEW_FMT
                     "', not to '" VIEW_FMT "'",
                     VIEW_ARG(d->trigger->tag), VIEW_ARG(d->target->repository.name),
                     VIEW_ARG(d->facts->image.digest), VIEW_ARG(d->trigger->digest)),
        VIEW("send the digest alone, or the tag alone, or the digest that the tag has now"));
}

/* Another push has moved it since, and has its own event. */
static int supersede_moved_tag(struct decision *d) {
    return decide_note(d, VERDICT_SUPERSEDED,
                       arena_printf(d->arena,
                                    "tag '" VIEW_FMT "' of repository '" VIEW_FMT
                                    "' has moved on: it points to '" VIEW_FMT
                                    "', and the push was of '" VIEW_FMT "'",
                                    VIEW_ARG(d->trigger->tag), VIEW_ARG(d->target->repository.name),
                                    VIEW_ARG(d->facts->image.digest),
                                    VIEW_ARG(d->trigger->digest)));
}

int check_image(struct decision *d) {
    const struct facts *facts = d->facts;
    if (is_absent_tag(facts)) {
        return decide_error_with_remedy(d, facts->image_err, nearest_tags_remedy(d));
    }
    if (facts->image_err) {
        return decide_error(d, facts->image_err);
    }
    if (d->trigger->digest.len > 0 && !view_equal(d->trigger->digest, facts->image.digest)) {
        return d->trigger->is_automatic ? supersede_moved_tag(d) : refuse_moved_tag(d);
    }
    if (facts->manifest_err) {
        return decide_error(d, facts->manifest_err);
    }
    d->change->tag = d->trigger->tag;
    d->change->digest = facts->image.digest;
    return GO_ON;
}

/* --- the platform --- */

/* ECS's names for architectures in the registry's. What is not here is not judged. */
static const struct {
    const char *ecs;
    const char *oci;
} architectures[] = {
    {"X86_64", "amd64"},
    {"ARM64", "arm64"},
};

/* "runtimePlatform":{"cpuArchitecture":"ARM64","operatingSystemFamily":"LINUX"}; X86_64 and LINUX
 * where it says nothing. */
static int wanted_platform(struct decision *d, struct ecr_platform *ret_platform) {
    struct json_span platform;
    struct view cpu = {0};
    struct view family = {0};
    if (json_find(d->base->text, "runtimePlatform", &platform) &&
        (json_find_string(platform, "cpuArchitecture", d->arena, &cpu, d->err) != 0 ||
         json_find_string(platform, "operatingSystemFamily", d->arena, &family, d->err) != 0)) {
        return -1;
    }
    cpu = cpu.len > 0 ? cpu : VIEW("X86_64");
    *ret_platform = (struct ecr_platform){.os = VIEW("linux")};
    if (view_starts_with(family, VIEW("WINDOWS"))) {
        ret_platform->os = VIEW("windows");
    }
    for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
        if (view_equal_nocase(cpu, view_of(architectures[i].ecs))) {
            ret_platform->architecture = view_of(architectures[i].oci);
        }
    }
    return 0;
}

static struct view list_platforms(struct decision *d, const struct ecr_manifest *manifest) {
    struct buf text BUF_AUTO = BUF_INIT(LISTING_BYTES);
    for (size_t i = 0; i < manifest->n_platforms; i++) {
        const struct ecr_platform *p = &manifest->platforms[i];
        buf_appendf(&text, "%s'" VIEW_FMT "/" VIEW_FMT "%s" VIEW_FMT "'", i > 0 ? ", " : "",
                    VIEW_ARG(p->os), VIEW_ARG(p->architecture), p->variant.len > 0 ? "/" : "",
                    VIEW_ARG(p->variant));
    }
    return arena_copy(d->arena, buf_view(&text));
}

static int refuse_platform(struct decision *d, const struct ecr_platform *wanted) {
    struct view has = list_platforms(d, &d->facts->manifest);
    struct view image = d->trigger->tag.len > 0 ? d->trigger->tag : d->facts->image.digest;
    if (!has.data) {
        return decide_refusal(d, ERR_PLATFORM_MISMATCH, has, has);
    }
    return decide_refusal(
        d, ERR_PLATFORM_MISMATCH,
        arena_printf(d->arena,
                     "image '" VIEW_FMT "' is not built for '" VIEW_FMT "/" VIEW_FMT
                     "', which task definition '" VIEW_FMT "' runs on; it is for " VIEW_FMT,
                     VIEW_ARG(image), VIEW_ARG(wanted->os), VIEW_ARG(wanted->architecture),
                     VIEW_ARG(revision_name(d->base->arn)), VIEW_ARG(has)),
        VIEW(""));
}

/* Only an index says what it is for, and not for an entry without a platform. If the tag moved
 * between the two reads, the manifest is of another image and says nothing. */
int check_platform(struct decision *d) {
    const struct ecr_manifest *manifest = &d->facts->manifest;
    struct ecr_platform wanted;
    bool is_this =
        manifest->digest.len == 0 || view_equal(manifest->digest, d->facts->image.digest);
    if (!manifest->is_index || manifest->has_unnamed || manifest->n_platforms == 0 || !is_this) {
        return GO_ON;
    }
    if (wanted_platform(d, &wanted) != 0) {
        return -1;
    }
    for (size_t i = 0; i < manifest->n_platforms; i++) {
        const struct ecr_platform *p = &manifest->platforms[i];
        if (view_equal(p->os, wanted.os) &&
            (wanted.architecture.len == 0 || view_equal(p->architecture, wanted.architecture))) {
            return GO_ON;
        }
    }
    return wanted.architecture.len == 0 ? GO_ON : refuse_platform(d, &wanted);
}
