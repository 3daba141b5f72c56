#include "handlers/deploy/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEX32 "0123456789abcdef0123456789abcdef"
#define SHA256 "sha256:" HEX32 HEX32
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_view(struct view v, const char *expected) {
    if (!view_equal(v, view_of(expected))) {
        fail_msg("got '" VIEW_FMT "', expected '%s'", VIEW_ARG(v), expected);
    }
}

static char *repeat(char *buffer, size_t n, char c) {
    memset(buffer, c, n);
    buffer[n] = '\0';
    return buffer;
}

static void references_are_taken_apart(void **state) {
    (void)state;
    static const struct {
        const char *text, *base, *host, *name, *tag, *digest;
    } cases[] = {
        {"nginx", "nginx", "", "nginx", "", ""},
        {"nginx:1.25", "nginx", "", "nginx", "1.25", ""},
        {"library/nginx:1.25", "library/nginx", "", "library/nginx", "1.25", ""},
        {"localhost/app", "localhost/app", "localhost", "app", "", ""},
        {"localhost:5000/app", "localhost:5000/app", "localhost:5000", "app", "", ""},
        {"localhost:5000", "localhost", "", "localhost", "5000", ""},
        {"registry.local:5000/team/app:v1", "registry.local:5000/team/app", "registry.local:5000",
         "team/app", "v1", ""},
        {"Registry/app", "Registry/app", "Registry", "app", "", ""},
        {"[2001:db8::1]:5000/app:v1", "[2001:db8::1]:5000/app", "[2001:db8::1]:5000", "app", "v1",
         ""},
        {"[::1]/app", "[::1]/app", "[::1]", "app", "", ""},
        {"public.ecr.aws/docker/library/nginx:latest", "public.ecr.aws/docker/library/nginx",
         "public.ecr.aws", "docker/library/nginx", "latest", ""},
        {"a/b@" SHA256, "a/b", "", "a/b", "", SHA256},
        {"a.b/c:v1@" SHA256, "a.b/c", "a.b", "c", "v1", SHA256},
        {"a.b:1/c@" SHA256, "a.b:1/c", "a.b:1", "c", "", SHA256},
        {"a@sha512:" HEX32 HEX32 HEX32 HEX32, "a", "", "a", "", "sha512:" HEX32 HEX32 HEX32 HEX32},
        {"a@multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8", "a", "", "a", "",
         "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"},
        {"a__b/c-----d/e.f_g", "a__b/c-----d/e.f_g", "", "a__b/c-----d/e.f_g", "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image_reference r;
        if (!image_reference_parse(view_of(cases[i].text), &r)) {
            fail_msg("'%s' was refused", cases[i].text);
        }
        assert_view(r.base, cases[i].base);
        assert_view(r.host, cases[i].host);
        assert_view(r.name, cases[i].name);
        assert_view(r.tag, cases[i].tag);
        assert_view(r.digest, cases[i].digest);
        assert_false(r.is_ecr);
    }
}

static void what_is_no_reference_is_refused(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        ":",
        "@",
        "/",
        "a/",
        "/a",
        "a//b",
        "a:",
        "a@",
        ":tag",
        "@" SHA256,
        "a:b:c",   /* a tag has no colon */
        "a:tag/b", /* nor a slash: a port without digits */
        "A",       /* names are lower case */
        "a/B",
        "a b",
        "a\n",
        " a",
        "a:t g",
        "a:\n",
        "a___b",
        "a..b",
        "a._b",
        "-a",
        "a-",
        "_a",
        "a_",
        "a.",
        "a:-tag",
        "a:.tag",
        "a@sha256:0123", /* too short */
        "a@sha256:" HEX32 "0123456789ABCDEF0123456789ABCDEF",
        "a@" SHA256 "0",
        "a@" SHA256 "@" SHA256,
        "a@:" HEX32,
        "a@+sha:" HEX32,
        "a@sha+:" HEX32,
        "a@sha++x:" HEX32,
        "a@foo:",
        "a@foo:b c",
        "-a.b/c",
        "a-.b/c",
        "a..b/c",
        "a.b:/c",
        "a.b:x/c",
        "a_b.c/d",
        ".a/b",
        "a./b",
        "[/a",
        "[]/a",
        "[::1/a",
        "[::1]x/a",
        "[::1]:/a",
        "[::g]/a",
        "[::1]:x/a",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image_reference r;
        if (image_reference_parse(view_of(cases[i]), &r)) {
            fail_msg("'%s' was accepted", cases[i]);
        }
    }
    struct image_reference r;
    assert_false(image_reference_parse((struct view){0}, &r));
    assert_false(image_reference_parse((struct view){"a\0b", 3}, &r));
}

static void names_have_a_length(void **state) {
    (void)state;
    struct image_reference r;
    char text[400];
    assert_true(image_reference_parse(view_of(repeat(text, 255, 'a')), &r));
    assert_false(image_reference_parse(view_of(repeat(text, 256, 'a')), &r));
    /* The tag comes on top. */
    repeat(text, 255, 'a');
    text[255] = ':';
    repeat(text + 256, 128, 'b');
    assert_true(image_reference_parse(view_of(text), &r));
    repeat(text + 256, 129, 'b');
    assert_false(image_reference_parse(view_of(text), &r));
}

static void every_spelling_of_an_ecr_host_is_known(void **state) {
    (void)state;
    static const struct {
        const char *host, *region;
    } cases[] = {
        {"111111111111.dkr.ecr.us-east-1.amazonaws.com", "us-east-1"},
        {"111111111111.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
        {"111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"},
        {"111111111111.dkr-ecr.eu-central-2.on.aws", "eu-central-2"},
        {"111111111111.dkr-ecr-fips.us-east-2.on.aws", "us-east-2"},
        {"111111111111.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"},
        {"111111111111.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", "cn-northwest-1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[300];
        struct image_reference r;
        snprintf(text, sizeof(text), "%s/team/app_backend:git-1@" SHA256, cases[i].host);
        assert_true(image_reference_parse(view_of(text), &r));
        assert_true(r.is_ecr);
        assert_view(r.account, "111111111111");
        assert_view(r.region, cases[i].region);
        assert_view(r.host, cases[i].host);
        assert_view(r.name, "team/app_backend");
        assert_view(r.tag, "git-1");
        assert_view(r.digest, SHA256);
    }
}

static void what_only_looks_like_ecr_is_not(void **state) {
    (void)state;
    static const char *const cases[] = {
        "11111111111.dkr.ecr.us-east-1.amazonaws.com/a",
        "1111111111111.dkr.ecr.us-east-1.amazonaws.com/a",
        "11111111111a.dkr.ecr.us-east-1.amazonaws.com/a",
        "111111111111.dkr.ecr.us-east-1.amazonaws.com.evil.example/a",
        "evil.111111111111.dkr.ecr.us-east-1.amazonaws.com/a",
        "111111111111.dkr.ecr.us-east-1.amazonaws.org/a",
        "111111111111.dkr.ecr..amazonaws.com.x/a",
        "111111111111.dkr.ecr.nowhere.amazonaws.com/a",
        "111111111111.dkr.ecr.us-east-1.x.amazonaws.com/a",
        "111111111111.dkr-ecr.us-east-1.amazonaws.com/a",
        "111111111111.dkr.ecr.us-east-1.on.aws/a",
        "111111111111.dkr.ecr.us-east-1.amazonaws.com:8443/a",
        /* The suffix of another partition. */
        "111111111111.dkr.ecr.us-east-1.amazonaws.com.cn/a",
        "111111111111.dkr.ecr.cn-north-1.amazonaws.com/a",
        "111111111111.dkr-ecr.cn-north-1.on.aws/a",
        "111111111111.dkr.ecr.us-iso-east-1.amazonaws.com/a",
        "public.ecr.aws/a/b",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image_reference r;
        if (image_reference_parse(view_of(cases[i]), &r) && r.is_ecr) {
            fail_msg("'%s' was taken for ECR", cases[i]);
        }
    }
}

static void tags(void **state) {
    (void)state;
    char text[200];
    assert_true(image_tag_is_valid(VIEW("git-abc123f")));
    assert_true(image_tag_is_valid(VIEW("_")));
    assert_true(image_tag_is_valid(VIEW("1.2.3-rc.1_x")));
    assert_true(image_tag_is_valid(view_of(repeat(text, 128, 'x'))));
    assert_false(image_tag_is_valid(view_of(repeat(text, 129, 'x'))));
    assert_false(image_tag_is_valid((struct view){0}));
    assert_false(image_tag_is_valid(VIEW("-a")));
    assert_false(image_tag_is_valid(VIEW(".a")));
    assert_false(image_tag_is_valid(VIEW("a\n")));
    assert_false(image_tag_is_valid(VIEW("a+b")));
    assert_false(image_tag_is_valid(VIEW("a/b")));
    assert_false(image_tag_is_valid(VIEW("a:b")));
    assert_false(image_tag_is_valid(VIEW("\xc3\xa9")));
    assert_false(image_tag_is_valid((struct view){"a\0", 2}));
}

static void digests(void **state) {
    (void)state;
    assert_true(image_digest_is_valid(VIEW(SHA256)));
    assert_false(image_digest_is_valid((struct view){0}));
    assert_false(image_digest_is_valid(VIEW("sha256:")));
    assert_false(image_digest_is_valid(VIEW("sha256:" HEX32)));
    assert_false(image_digest_is_valid(VIEW(SHA256 "0")));
    assert_false(image_digest_is_valid(VIEW("sha512:" HEX32 HEX32 HEX32 HEX32)));
    assert_false(image_digest_is_valid(VIEW("SHA256:" HEX32 HEX32)));
    assert_false(image_digest_is_valid(VIEW("sha256:" HEX32 "0123456789ABCDEF0123456789ABCDEF")));
    assert_false(image_digest_is_valid(VIEW("sha256:" HEX32 "0123456789abcdef0123456789abcdeg")));
}

static void repository_names(void **state) {
    (void)state;
    char text[300];
    assert_true(image_repository_is_valid(VIEW("myproject_backend")));
    assert_true(image_repository_is_valid(VIEW("team/my-project_service_api")));
    assert_true(image_repository_is_valid(VIEW("ab")));
    assert_true(image_repository_is_valid(view_of(repeat(text, 256, 'a'))));
    assert_false(image_repository_is_valid(view_of(repeat(text, 257, 'a'))));
    assert_false(image_repository_is_valid(VIEW("a")));
    assert_false(image_repository_is_valid(VIEW("Ab")));
    assert_false(image_repository_is_valid(VIEW("ab/")));
    assert_false(image_repository_is_valid(VIEW("ab:tag")));
    assert_false(image_repository_is_valid((struct view){0}));
}

static struct repository repository(const char *account, const char *region, const char *name) {
    return (struct repository){.registry = {.account = view_of(account), .region = view_of(region)},
                               .name = view_of(name)};
}

static bool is_in(const char *image, struct repository r) {
    struct image_reference reference;
    assert_true(image_reference_parse(view_of(image), &reference));
    return image_is_in_repository(&reference, &r, VIEW("222222222222"));
}

static void an_image_is_in_a_repository(void **state) {
    (void)state;
    const char *image = "111111111111.dkr.ecr.us-east-1.amazonaws.com/p_backend:latest";
    assert_true(is_in(image, repository("111111111111", "us-east-1", "p_backend")));
    assert_true(is_in("111111111111.dkr-ecr-fips.us-east-1.on.aws/p_backend@" SHA256,
                      repository("111111111111", "us-east-1", "p_backend")));
    assert_false(is_in(image, repository("", "us-east-1", "p_backend")));
    assert_true(is_in("222222222222.dkr.ecr.us-east-1.amazonaws.com/p_backend",
                      repository("", "us-east-1", "p_backend")));
    assert_false(is_in(image, repository("333333333333", "us-east-1", "p_backend")));
    assert_false(is_in(image, repository("111111111111", "us-east-2", "p_backend")));
    assert_false(is_in(image, repository("111111111111", "us-east-1", "p_backend2")));
    assert_false(is_in(image, repository("111111111111", "us-east-1", "backend")));
    assert_false(is_in("docker.io/p_backend", repository("", "us-east-1", "p_backend")));
}

static void an_unknown_account_matches_nothing(void **state) {
    (void)state;
    struct image_reference reference;
    struct repository r = repository("", "us-east-1", "p_backend");
    assert_true(image_reference_parse(
        VIEW("222222222222.dkr.ecr.us-east-1.amazonaws.com/p_backend"), &reference));
    assert_false(image_is_in_repository(&reference, &r, (struct view){0}));
}

static void uris_read_back(void **state) {
    (void)state;
    struct arena arena ARENA_AUTO = ARENA_INIT(4096);
    struct repository own = repository("", "eu-west-1", "p_backend");
    struct repository chinese = repository("111111111111", "cn-north-1", "p/b");
    assert_view(image_repository_uri(&own, VIEW("222222222222"), &arena),
                "222222222222.dkr.ecr.eu-west-1.amazonaws.com/p_backend");
    struct view uri = image_repository_uri(&chinese, VIEW("222222222222"), &arena);
    assert_view(uri, "111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn/p/b");
    struct image_reference reference;
    assert_true(image_reference_parse(uri, &reference));
    assert_true(image_is_in_repository(&reference, &chinese, (struct view){0}));
    struct arena full ARENA_AUTO = ARENA_INIT(1);
    assert_null(image_repository_uri(&own, VIEW("222222222222"), &full).data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_are_taken_apart),
        cmocka_unit_test(what_is_no_reference_is_refused),
        cmocka_unit_test(names_have_a_length),
        cmocka_unit_test(every_spelling_of_an_ecr_host_is_known),
        cmocka_unit_test(what_only_looks_like_ecr_is_not),
        cmocka_unit_test(tags),
        cmocka_unit_test(digests),
        cmocka_unit_test(repository_names),
        cmocka_unit_test(an_image_is_in_a_repository),
        cmocka_unit_test(an_unknown_account_matches_nothing),
        cmocka_unit_test(uris_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
