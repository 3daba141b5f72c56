/*
 * Signs requests for botocore_signer.py. Each line of standard input is a JSON object, each line of
 * standard output the value of Authorization for it, or "error: …".
 *
 *     {"method":"POST","host":"h","path":"/","query":"","headers":[["name","value"]],
 *      "body":"base64","access_key":"…","secret_key":"…","token":"…","region":"…","service":"…",
 *      "time_ms":0,"normalize":true,"double_encode":true,"sign_body":false}
 */

#include "runtime/aws/sigv4.h"
#include "runtime/base/arena.h"
#include "runtime/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES ((size_t)1024 * 1024)

static int base64_digit(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static struct view base64_decode(struct view text, struct arena *arena) {
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    unsigned bits = 0;
    int n_bits = 0;
    for (size_t i = 0; out && i < text.len && base64_digit(text.data[i]) >= 0; i++) {
        bits = (bits << 6 | (unsigned)base64_digit(text.data[i])) & 0xffff;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[len++] = (char)(bits >> n_bits & 0xff);
        }
    }
    return (struct view){out, len};
}

static size_t read_headers(const struct json *root, struct arena *arena,
                           struct http_header **ret_headers) {
    const struct json *list = json_get(root, "headers");
    struct http_header *headers = ARENA_ARRAY(arena, json_count(list), struct http_header);
    size_t n = 0;
    for (const struct json *pair = json_first(list); headers && pair; pair = json_next(pair)) {
        const struct json *name = json_first(pair);
        headers[n++] = (struct http_header){json_string(name), json_string(json_next(name))};
    }
    *ret_headers = headers;
    return n;
}

static int sign(const struct json *root, struct arena *arena, struct err *err) {
    struct secret key SECRET_AUTO = {0};
    struct secret token SECRET_AUTO = {0};
    struct http_header *headers;
    struct sigv4_signature signature;
    if (secret_set(&key, json_string(json_get(root, "secret_key")), "key", err) < 0 ||
        secret_set(&token, json_string(json_get(root, "token")), "token", err) < 0) {
        return -1;
    }
    struct aws_credentials credentials = {
        .access_key_id = json_string(json_get(root, "access_key")),
        .secret_access_key = &key,
        .session_token = &token,
    };
    struct sigv4_request request = {
        .method = json_string(json_get(root, "method")),
        .host = json_string(json_get(root, "host")),
        .path = json_string(json_get(root, "path")),
        .query = json_string(json_get(root, "query")),
        .body = base64_decode(json_string(json_get(root, "body")), arena),
    };
    request.n_headers = read_headers(root, arena, &headers);
    request.headers = headers;
    struct sigv4_params params = {
        .credentials = &credentials,
        .region = json_string(json_get(root, "region")),
        .service = json_string(json_get(root, "service")),
        .normalize_path = json_bool(json_get(root, "normalize")),
        .double_encode_path = json_bool(json_get(root, "double_encode")),
        .sign_body_header = json_bool(json_get(root, "sign_body")),
    };
    if (!json_to_i64(json_get(root, "time_ms"), &params.time_ms)) {
        return err_set(err, ERR_EVENT_MALFORMED, "time_ms is no integer");
    }
    if (sigv4_sign(&request, &params, &signature, err) < 0) {
        return -1;
    }
    struct view authorization = signature.headers[signature.n_headers - 1].value;
    printf("%.*s\n", (int)authorization.len, authorization.data);
    sigv4_signature_wipe(&signature);
    return 0;
}

int main(void) {
    static const struct json_limits limits = {.max_bytes = LINE_MAX_BYTES, .max_depth = 8};
    char *line = malloc(LINE_MAX_BYTES);
    struct arena arena ARENA_AUTO = ARENA_INIT(4 * LINE_MAX_BYTES);
    while (line && fgets(line, (int)LINE_MAX_BYTES, stdin)) {
        struct json *root JSON_AUTO = NULL;
        struct err err;
        err_init(&err);
        if (json_parse(view_of(line), &limits, "request", &root, &err) < 0 ||
            sign(root, &arena, &err) < 0) {
            printf("error: %s\n", err.message);
        }
        arena_reset(&arena);
    }
    free(line);
    return 0;
}
