/* Each allocation of signing, of building requests and reading answers, and of finding credentials
 * fails once, and once from there on: what comes of it is always an error that says so. */

#include "tests/unit/base/oom_each.h"

#include "runtime/aws/ecr.h"
#include "runtime/aws/ecs.h"
#include "runtime/aws/sts.h"
#include "tests/unit/aws/credentials_fixture.h"

#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static int sign(struct arena *arena, struct err *err) {
    struct secret key SECRET_AUTO = {0};
    struct secret token SECRET_AUTO = {0};
    struct sigv4_signature signature = {0};
    const struct http_header headers[] = {{VIEW("X-Amz-Target"), VIEW("A.B")}};
    const struct sigv4_request request = {
        .method = VIEW("GET"),
        .host = VIEW("h"),
        .path = VIEW("/a/../b c"),
        .query = VIEW("b=1&a=%20"),
        .headers = headers,
        .n_headers = 1,
    };
    (void)arena;
    if (secret_set(&key, VIEW("key"), "key", err) < 0 ||
        secret_set(&token, VIEW("token"), "token", err) < 0) {
        return -1;
    }
    const struct aws_credentials credentials = {VIEW("AKID"), &key, &token};
    const struct sigv4_params params = {
        .credentials = &credentials,
        .region = VIEW("us-east-1"),
        .service = VIEW("s3"),
        .normalize_path = true,
        .double_encode_path = true,
        .sign_body_header = true,
    };
    int status = sigv4_sign(&request, &params, &signature, err);
    sigv4_signature_wipe(&signature);
    return status;
}

static int resolve(struct arena *arena, struct err *err) {
    struct endpoint endpoint;
    return endpoint_resolve(&ecr_service, VIEW("us-east-1"), ENV(), arena, &endpoint, err);
}

static int sts(struct arena *arena, struct err *err) {
    const struct assume_role_options options = {
        .role_arn = VIEW("arn:aws:iam::111111111111:role/r"), .session_name = VIEW("slipway")};
    struct sts_credentials got;
    struct view body;
    if (sts_assume_role_body(&options, arena, &body, err) < 0 ||
        sts_assume_role_parse(
            VIEW("<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"
                 "<SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>"
                 "2026-11-20T23:39:04Z</Expiration></Credentials></AssumeRoleResult>"
                 "</AssumeRoleResponse>"),
            arena, &got, err) < 0) {
        return -1;
    }
    sts_credentials_wipe(&got);
    return 0;
}

static const struct ecr_registry registry = {.account = {"111111111111", 12}};

static int image(struct arena *arena, struct err *err) {
    const struct ecr_image_id id = {.tag = VIEW("v1")};
    struct aws_call call;
    struct ecr_image got;
    if (ecr_describe_image_call(&registry, VIEW("r"), &id, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"imageDetails\":[{\"imageDigest\":\"" DIGEST "\",\"imageTags\":[\"v1\"]}]}");
    return ecr_describe_image_result(&call, arena, &got, err);
}

static int manifest(struct arena *arena, struct err *err) {
    const struct ecr_image_id id = {.tag = VIEW("v1")};
    struct aws_call call;
    struct ecr_manifest got;
    if (ecr_get_manifest_call(&registry, VIEW("r"), &id, arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"images\":[{\"imageId\":{\"imageDigest\":\"" DIGEST "\"},\"imageManifest\":"
              "\"{\\\"manifests\\\":[{\\\"platform\\\":{\\\"os\\\":\\\"linux\\\","
              "\\\"architecture\\\":\\\"arm64\\\"}}]}\"}]}");
    return ecr_get_manifest_result(&call, arena, &got, err);
}

static int service(struct arena *arena, struct err *err) {
    const struct view names[] = {VIEW("s")};
    struct aws_call call;
    struct ecs_service_state got;
    if (ecs_describe_services_call(VIEW("c"), names, 1, VIEW(""), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"services\":[{\"serviceName\":\"s\",\"serviceArn\":\"a\",\"clusterArn\":\"c\","
              "\"status\":\"ACTIVE\",\"taskDefinition\":\"t:1\",\"deployments\":[{\"id\":\"d\","
              "\"status\":\"PRIMARY\"}]}]}");
    return ecs_describe_services_result(&call, VIEW("s"), arena, &got, err);
}

static int definition(struct arena *arena, struct err *err) {
    struct aws_call call;
    struct ecs_task_definition got;
    if (ecs_describe_task_definition_call(VIEW("t"), VIEW(""), arena, &call, err) < 0) {
        return -1;
    }
    call_ends(&call, 200,
              "{\"taskDefinition\":{\"taskDefinitionArn\":\"a\",\"family\":\"t\",\"revision\":1,"
              "\"status\":\"ACTIVE\"},\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}");
    return ecs_describe_task_definition_result(&call, arena, &got, err);
}

static char home[64];

static int profile(struct arena *arena, struct err *err) {
    struct credentials_provider *provider = NULL;
    (void)arena;
    if (credentials_provider_new(ENV({"HOME", home}, {"AWS_PROFILE", "a"}), &provider, err) < 0) {
        return -1;
    }
    credentials_provider_free(provider);
    return 0;
}

static int container(struct arena *arena, struct err *err) {
    struct credentials_provider *provider = NULL;
    (void)arena;
    if (credentials_provider_new(ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}), &provider,
                                 err) < 0) {
        return -1;
    }
    credentials_provider_free(provider);
    return 0;
}

static void signing(void **state) {
    (void)state;
    each_and_all_fail(sign);
}

static void requests_and_answers(void **state) {
    (void)state;
    static const attempt attempts[] = {resolve, sts, image, manifest, service, definition};
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        each_and_all_fail(attempts[i]);
    }
}

static void providers(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f);
    write_file(&f, "config",
               "[profile a]\nrole_arn=arn:aws:iam::111111111111:role/a\nsource_profile=b\n"
               "[profile b]\naws_access_key_id=A\naws_secret_access_key=B\naws_session_token=C\n");
    memcpy(home, f.folder, sizeof(home));
    each_and_all_fail(profile);
    each_and_all_fail(container);
    fixture_release(&f);
}

/* A fetch that runs out of memory leaves nothing half-stored. */
static void fetching(void **state) {
    (void)state;
    OOM_FOR_EACH(n) {
        struct fixture f;
        fixture_init(&f);
        fake_will_answer(&f.world, 200,
                         "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Token\":\"T\","
                         "\"Expiration\":\"2026-11-20T23:39:04Z\"}");
        fake_will_answer(&f.world, 200,
                         "{\"AccessKeyId\":\"A2\",\"SecretAccessKey\":\"S2\",\"Token\":\"T2\","
                         "\"Expiration\":\"2026-11-20T23:39:04Z\"}");
        provide(&f, ENV({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"},
                        {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "token"}));
        /* What the fake network needs for itself. */
        buf_appendf(&f.world.asked, "%8000s", "");
        oom_arm(n);
        int status = get(&f, false);
        bool has_failed = oom_disarm();
        if (status < 0) {
            assert_true(has_failed);
            assert_int_equal(get(&f, false), 0);
        }
        assert_true(view_starts_with(f.credentials.access_key_id, VIEW("A")));
        fixture_release(&f);
        if (!has_failed) {
            return;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing),
        cmocka_unit_test(requests_and_answers),
        cmocka_unit_test(providers),
        cmocka_unit_test(fetching),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
