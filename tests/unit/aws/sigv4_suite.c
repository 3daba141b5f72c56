/*
 * Runs the official test suite of AWS Signature Version 4 (header signing): the folder
 * tests/aws-signing-test-suite/v4 of awslabs/aws-c-auth, which is not kept here. Each case is a
 * folder with context.json, request.txt and four header-*.txt; canonical request, string to sign,
 * signature and signed request are compared byte for byte.
 *
 *     sigv4_suite FOLDER      (or SIGV4_SUITE=FOLDER sigv4_suite)
 */

#include "runtime/aws/sigv4.h"
#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The suite has this many cases; a folder with fewer is not the suite. */
#define SUITE_CASES 38
#define FILE_MAX_BYTES ((size_t)64 * 1024)
#define MAX_HEADERS 32

struct test_case {
    const char *folder;
    const char *name;
    struct arena arena;
    struct err err;

    struct view head; /* request line and header lines, as they are in the file */
    struct sigv4_request request;
    struct http_header headers[MAX_HEADERS];
    struct secret key, token;
    struct aws_credentials credentials;
    struct sigv4_params params;
};

static int read_file(struct test_case *t, const char *file, struct view *ret_text) {
    struct view path = arena_printf(&t->arena, "%s/%s/%s", t->folder, t->name, file);
    char *text = arena_alloc(&t->arena, FILE_MAX_BYTES);
    FILE *stream = path.data ? fopen(path.data, "rb") : NULL;
    if (!text || !stream) {
        printf("%s: cannot read %s\n", t->name, file);
        return -1;
    }
    size_t len = fread(text, 1, FILE_MAX_BYTES - 1, stream);
    fclose(stream);
    *ret_text = (struct view){text, len};
    return 0;
}

static int read_context(struct test_case *t) {
    static const struct json_limits limits = {.max_bytes = FILE_MAX_BYTES, .max_depth = 8};
    struct view text;
    struct json *root JSON_AUTO = NULL;
    if (read_file(t, "context.json", &text) < 0 ||
        json_parse(text, &limits, "context.json", &root, &t->err) < 0) {
        return -1;
    }
    const struct json *keys = json_get(root, "credentials");
    struct view token = json_string(json_get(keys, "token"));
    t->credentials.access_key_id =
        arena_copy(&t->arena, json_string(json_get(keys, "access_key_id")));
    if (secret_set(&t->key, json_string(json_get(keys, "secret_access_key")), "key", &t->err) < 0 ||
        (token.len > 0 && secret_set(&t->token, token, "token", &t->err) < 0)) {
        return -1;
    }
    t->credentials.secret_access_key = &t->key;
    t->credentials.session_token = token.len > 0 ? &t->token : NULL;
    t->params = (struct sigv4_params){
        .credentials = &t->credentials,
        .region = arena_copy(&t->arena, json_string(json_get(root, "region"))),
        .service = arena_copy(&t->arena, json_string(json_get(root, "service"))),
        .normalize_path = json_bool(json_get(root, "normalize")),
        .double_encode_path = true,
        .sign_body_header = json_bool(json_get(root, "sign_body")),
        .omit_session_token = json_bool(json_get(root, "omit_session_token")),
    };
    return time_parse_rfc3339(json_string(json_get(root, "timestamp")), &t->params.time_ms) ? 0
                                                                                            : -1;
}

/* One "Name:value" line, and lines that begin with white space and continue it. */
static int take_header(struct test_case *t, struct view *rest) {
    struct view line = *rest;
    size_t len = 0;
    do {
        struct view tail = view_slice(*rest, len, rest->len);
        struct view first = tail;
        struct view behind;
        (void)view_cut(tail, '\n', &first, &behind);
        len += first.len + 1;
    } while (len < rest->len && (rest->data[len] == ' ' || rest->data[len] == '\t'));
    line = view_slice(*rest, 0, len - 1);
    *rest = view_slice(*rest, len, rest->len);
    struct http_header header;
    if (!view_cut(line, ':', &header.name, &header.value) || t->request.n_headers == MAX_HEADERS) {
        return -1;
    }
    if (view_equal_nocase(header.name, VIEW("host"))) {
        t->request.host = view_trim(header.value);
        return 0;
    }
    t->headers[t->request.n_headers++] = header;
    return 0;
}

/* "METHOD /path?query HTTP/1.1", headers, and after an empty line the body. */
static int read_request(struct test_case *t) {
    struct view text;
    struct view line;
    struct view target;
    struct view version;
    if (read_file(t, "request.txt", &text) < 0) {
        return -1;
    }
    struct view rest = text;
    if (!view_cut(rest, '\n', &line, &rest) || !view_cut(line, ' ', &t->request.method, &target) ||
        !view_cut_last(target, ' ', &target, &version)) {
        return -1;
    }
    t->request.path = target;
    (void)view_cut(target, '?', &t->request.path, &t->request.query);
    t->request.headers = t->headers;
    while (rest.len > 0 && rest.data[0] != '\n') {
        if (take_header(t, &rest) < 0) {
            return -1;
        }
    }
    t->head = view_slice(text, 0, text.len - rest.len);
    t->request.body = view_slice(rest, 1, rest.len);
    return 0;
}

static bool matches(struct test_case *t, const char *file, struct view got) {
    struct view expected;
    if (read_file(t, file, &expected) < 0) {
        return false;
    }
    if (!view_equal(got, expected)) {
        printf("%s: %s differs\n--- expected\n" VIEW_FMT "\n--- got\n" VIEW_FMT "\n", t->name, file,
               VIEW_ARG(expected), VIEW_ARG(got));
        return false;
    }
    return true;
}

/* The request as it is sent: the file's head, the headers that the signer adds, the body. */
static bool signed_request_matches(struct test_case *t, const struct sigv4_signature *signature) {
    struct buf sent BUF_AUTO = BUF_INIT(FILE_MAX_BYTES);
    buf_append(&sent, t->head);
    for (size_t i = 0; i < signature->n_headers; i++) {
        buf_append(&sent, signature->headers[i].name);
        buf_append_char(&sent, ':');
        buf_append(&sent, signature->headers[i].value);
        buf_append_char(&sent, '\n');
    }
    buf_append_char(&sent, '\n');
    buf_append(&sent, t->request.body);
    return matches(t, "header-signed-request.txt", buf_view(&sent));
}

static bool compare(struct test_case *t) {
    struct buf canonical BUF_AUTO_WIPE = BUF_INIT(FILE_MAX_BYTES);
    struct buf string_to_sign BUF_AUTO = BUF_INIT(FILE_MAX_BYTES);
    struct sigv4_signature signature = {0};
    sigv4_canonical_request(&t->request, &t->params, &canonical);
    sigv4_string_to_sign(buf_view(&canonical), &t->params, &string_to_sign);
    bool same = matches(t, "header-canonical-request.txt", buf_view(&canonical));
    same &= matches(t, "header-string-to-sign.txt", buf_view(&string_to_sign));
    if (sigv4_sign(&t->request, &t->params, &signature, &t->err) < 0) {
        printf("%s: %s\n", t->name, t->err.message);
        return false;
    }
    struct view authorization = signature.headers[signature.n_headers - 1].value;
    struct view before;
    struct view hex = {0};
    (void)view_cut_last(authorization, '=', &before, &hex);
    same &= matches(t, "header-signature.txt", hex);
    same &= signed_request_matches(t, &signature);
    sigv4_signature_wipe(&signature);
    return same;
}

static bool run_case(const char *folder, const char *name) {
    struct test_case t = {.folder = folder, .name = name, .arena = ARENA_INIT(1024 * 1024)};
    err_init(&t.err);
    bool passed = false;
    if (read_context(&t) < 0 || read_request(&t) < 0) {
        printf("%s: cannot read the case: %s\n", name, t.err.message);
    } else {
        passed = compare(&t);
    }
    secret_wipe(&t.key);
    secret_wipe(&t.token);
    arena_release(&t.arena);
    return passed;
}

int main(int argc, char **argv) {
    const char *folder = argc > 1 ? argv[1] : getenv("SIGV4_SUITE");
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER of the SigV4 test suite, or SIGV4_SUITE=FOLDER\n",
                argv[0]);
        return 64;
    }
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, NULL, alphasort);
    int passed = 0;
    int failed = 0;
    for (int i = 0; i < n; i++) {
        char context[4096];
        snprintf(context, sizeof(context), "%s/%s/context.json", folder, entries[i]->d_name);
        FILE *stream = entries[i]->d_name[0] != '.' ? fopen(context, "rb") : NULL;
        if (stream) {
            fclose(stream);
            bool ok = run_case(folder, entries[i]->d_name);
            passed += ok;
            failed += !ok;
        }
        free(entries[i]);
    }
    free(entries);
    printf("%d passed, %d failed\n", passed, failed);
    if (passed + failed < SUITE_CASES) {
        fprintf(stderr, "'%s' holds %d cases, the suite has %d\n", folder, passed + failed,
                SUITE_CASES);
        return 1;
    }
    return failed > 0;
}
