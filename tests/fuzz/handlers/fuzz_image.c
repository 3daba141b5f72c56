/*
 * An image reference that is accepted puts together again what it was taken apart into; every part
 * lies inside the input and keeps its own grammar; an ECR one is in the repository that it names.
 */

#include "handlers/deploy/image.h"
#include "runtime/aws/arn.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

static void require_text(struct view text, struct view a, const char *separator, struct view b) {
    if (b.len == 0) {
        require(view_equal(text, a));
        return;
    }
    require(text.len == a.len + 1 + b.len);
    require(view_equal(view_slice(text, 0, a.len), a));
    require(text.data[a.len] == separator[0]);
    require(view_equal(view_slice(text, a.len + 1, b.len), b));
}

static void require_puts_together(struct view text, const struct image_reference *r) {
    struct view named =
        r->digest.len > 0 ? view_slice(text, 0, text.len - r->digest.len - 1) : text;
    require_text(text, named, "@", r->digest);
    require_text(named, r->base, ":", r->tag);
    if (r->host.len > 0) {
        require_text(r->base, r->host, "/", r->name);
    } else {
        require(view_equal(r->base, r->name));
    }
}

static void require_in_its_repository(const struct image_reference *r) {
    static struct arena arena = {.limit_bytes = 4096};
    arena_reset(&arena);
    struct repository repository = {.registry = {.account = r->account, .region = r->region},
                                    .name = r->name};
    require(arn_is_account_id(r->account) && arn_is_region(r->region));
    require(image_is_in_repository(r, &repository, (struct view){0}));
    repository.registry.account = (struct view){0};
    require(image_is_in_repository(r, &repository, r->account));
    require(!image_is_in_repository(r, &repository, VIEW("000000000000")) ||
            view_equal(r->account, VIEW("000000000000")));
    struct image_reference again;
    struct view uri = image_repository_uri(&repository, r->account, &arena);
    require(uri.data != NULL);
    if (uri.len > 255) {
        return; /* the usual host is longer than the one that this reference has */
    }
    require(image_reference_parse(uri, &again));
    require(again.is_ecr && view_equal(again.name, r->name) &&
            view_equal(again.account, r->account) && view_equal(again.region, r->region));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view text = {(const char *)data, size};
    struct image_reference r, again;
    bool accepted = image_reference_parse(text, &r);
    require(image_reference_parse(text, &again) == accepted);
    if (image_repository_is_valid(text)) {
        /* A repository's name is a reference, or too long for one, or begins with what is a host.
         */
        require(accepted || text.len > 255 || view_contains_char(text, '.'));
    }
    if (!accepted) {
        return 0;
    }
    require_inside(r.base, text);
    require_inside(r.host, text);
    require_inside(r.name, text);
    require_inside(r.tag, text);
    require_inside(r.digest, text);
    require(r.name.len > 0 && r.base.len <= 255);
    require(r.tag.len == 0 || image_tag_is_valid(r.tag));
    require(!view_starts_with(r.digest, VIEW("sha256:")) || image_digest_is_valid(r.digest));
    require(r.name.len < 2 || image_repository_is_valid(r.name));
    require_puts_together(text, &r);
    if (r.is_ecr) {
        require_in_its_repository(&r);
    }
    return 0;
}
