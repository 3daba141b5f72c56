#ifndef SLIPWAY_TESTS_UNIT_AWS_CREDENTIALS_FIXTURE_H
#define SLIPWAY_TESTS_UNIT_AWS_CREDENTIALS_FIXTURE_H

/* Credentials of an environment and of files, on a fake network. */

#include "runtime/aws/aws.h"
#include "runtime/aws/credentials.h"
#include "tests/unit/aws/answered.h"
#include "tests/unit/aws/env_table.h"
#include "tests/unit/aws/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DEADLINE_MS 60000 /* of the fake world's monotonic clock */

struct fixture {
    struct fake_world world;
    struct aws *aws;
    struct credentials_provider *provider;
    struct aws_credentials credentials;
    struct err err;
    char folder[64]; /* HOME, with .aws in it; empty until a file is written */
};

static void fixture_init(struct fixture *f) {
    static const struct env_entry nothing[] = {{NULL, NULL}};
    static const struct environment empty = {env_table_get, nothing};
    memset(f, 0, sizeof(*f));
    err_init(&f->err);
    fake_world_init(&f->world);
    const struct aws_options options = {
        .http = &f->world.http,
        .clock = &f->world.clock,
        .env = &empty,
        .region = VIEW("us-east-1"),
    };
    assert_int_equal(aws_new(&options, &f->aws, &f->err), 0);
}

static void remove_file(const struct fixture *f, const char *name) {
    char path[128];
    snprintf(path, sizeof(path), "%s/.aws/%s", f->folder, name);
    (void)unlink(path);
}

static void fixture_release(struct fixture *f) {
    credentials_provider_free(f->provider);
    aws_free(f->aws);
    fake_world_release(&f->world);
    if (f->folder[0] != '\0') {
        char path[128];
        remove_file(f, "config");
        remove_file(f, "credentials");
        remove_file(f, "token");
        snprintf(path, sizeof(path), "%s/.aws", f->folder);
        (void)rmdir(path);
        (void)rmdir(f->folder);
    }
}

/* A file in ~/.aws of a home directory of its own. */
static void write_file(struct fixture *f, const char *name, const char *text) {
    char path[128];
    if (f->folder[0] == '\0') {
        snprintf(f->folder, sizeof(f->folder), "/tmp/slipway-test-XXXXXX");
        assert_non_null(mkdtemp(f->folder));
        snprintf(path, sizeof(path), "%s/.aws", f->folder);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    snprintf(path, sizeof(path), "%s/.aws/%s", f->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void provide(struct fixture *f, const struct environment *env) {
    credentials_provider_free(f->provider);
    f->provider = NULL;
    if (credentials_provider_new(env, &f->provider, &f->err) < 0) {
        fail_msg("%s", f->err.message);
    }
}

static int get(struct fixture *f, bool force) {
    err_init(&f->err);
    return credentials_get(f->provider, f->aws, DEADLINE_MS, force, &f->credentials, &f->err);
}

#define assert_credentials(f, id, key, token)                                                      \
    do {                                                                                           \
        assert_view((f)->credentials.access_key_id, (id));                                         \
        assert_view(secret_expose((f)->credentials.secret_access_key), (key));                     \
        if ((f)->credentials.session_token) {                                                      \
            assert_view(secret_expose((f)->credentials.session_token), (token));                   \
        } else {                                                                                   \
            assert_string_equal("", (token));                                                      \
        }                                                                                          \
    } while (0)

#endif
