#include "runtime/aws/sigv4.h"

#include "runtime/aws/sigv4_canonical.h"
#include "runtime/base/clock.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>

/* Every byte of a 16 KB URL escaped, and headers as large as AWS takes them. */
#define CANONICAL_MAX_BYTES ((size_t)256 * 1024)
/* Date, token (some 2 KB today) and Authorization with the names of all headers. */
#define STORAGE_MAX_BYTES ((size_t)64 * 1024)
/* Scope and credential: key id, date, region, service. */
#define SCOPE_MAX_BYTES ((size_t)1024)
#define DATE_BYTES 8 /* "20261120" */
#define HEX_BYTES ((size_t)2 * SHA256_DIGEST_LENGTH)

static const char algorithm[] = "AWS4-HMAC-SHA256";

static struct view digest_view(const unsigned char digest[static SHA256_DIGEST_LENGTH]) {
    return (struct view){(const char *)digest, SHA256_DIGEST_LENGTH};
}

static void append_hex(struct buf *buf, const unsigned char digest[static SHA256_DIGEST_LENGTH]) {
    static const char digits[] = "0123456789abcdef";
    char text[HEX_BYTES];
    for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    buf_append(buf, (struct view){text, sizeof(text)});
}

/* An empty view may have no pointer, which the library is not promised to take. */
static const unsigned char *bytes_of(struct view v) {
    return (const unsigned char *)(v.data ? v.data : "");
}

static void append_sha256(struct buf *buf, struct view bytes) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    if (!SHA256(bytes_of(bytes), bytes.len, digest)) {
        buf->failed = true;
        return;
    }
    append_hex(buf, digest);
}

static bool hmac_sha256(struct view key, struct view message,
                        unsigned char ret_digest[static SHA256_DIGEST_LENGTH]) {
    unsigned int len = 0;
    return HMAC(EVP_sha256(), bytes_of(key), (int)key.len, bytes_of(message), message.len,
                ret_digest, &len) != NULL &&
           len == SHA256_DIGEST_LENGTH;
}

static bool has_token(const struct sigv4_params *params) {
    return params->credentials->session_token &&
           !secret_is_empty(params->credentials->session_token);
}

/* 20261120/us-east-1/ecs/aws4_request */
static void append_scope(struct buf *buf, const struct sigv4_params *params) {
    char date[TIME_AMZ_BYTES];
    time_format_amz(params->time_ms, date);
    buf_append(buf, (struct view){date, DATE_BYTES});
    buf_append_char(buf, '/');
    buf_append(buf, params->region);
    buf_append_char(buf, '/');
    buf_append(buf, params->service);
    buf_append_str(buf, "/aws4_request");
}

/* The request's headers and the signer's own. */
static void append_headers(struct buf *canonical, const struct sigv4_request *request,
                           const struct sigv4_params *params, struct view payload_hash) {
    struct http_header *all = calloc(request->n_headers + SIGV4_MAX_HEADERS, sizeof(*all));
    char date[TIME_AMZ_BYTES];
    size_t n = 0;
    if (!all) {
        canonical->failed = true;
        return;
    }
    for (; n < request->n_headers; n++) {
        all[n] = request->headers[n];
    }
    time_format_amz(params->time_ms, date);
    all[n++] = (struct http_header){VIEW("host"), request->host};
    all[n++] = (struct http_header){VIEW("x-amz-date"), view_of(date)};
    if (has_token(params) && !params->omit_session_token) {
        all[n++] = (struct http_header){VIEW("x-amz-security-token"),
                                        secret_expose(params->credentials->session_token)};
    }
    if (params->sign_body_header) {
        all[n++] = (struct http_header){VIEW("x-amz-content-sha256"), payload_hash};
    }
    sigv4_append_headers(canonical, all, n);
    free(all);
}

/* METHOD
 * /path
 * query
 * name:value
 * (one line for each header)
 *
 * names;of;headers
 * SHA-256 of the body */
void sigv4_canonical_request(const struct sigv4_request *request, const struct sigv4_params *params,
                             struct buf *canonical) {
    struct buf payload_hash BUF_AUTO = BUF_INIT(HEX_BYTES);
    append_sha256(&payload_hash, request->body);
    buf_append(canonical, request->method);
    buf_append_char(canonical, '\n');
    sigv4_append_path(canonical, request->path, params->normalize_path, params->double_encode_path);
    buf_append_char(canonical, '\n');
    sigv4_append_query(canonical, request->query);
    buf_append_char(canonical, '\n');
    append_headers(canonical, request, params, buf_view(&payload_hash));
    buf_append_char(canonical, '\n');
    buf_append(canonical, buf_view(&payload_hash));
    canonical->failed |= payload_hash.failed;
}

void sigv4_string_to_sign(struct view canonical_request, const struct sigv4_params *params,
                          struct buf *string_to_sign) {
    char date[TIME_AMZ_BYTES];
    time_format_amz(params->time_ms, date);
    buf_append_str(string_to_sign, algorithm);
    buf_append_char(string_to_sign, '\n');
    buf_append_str(string_to_sign, date);
    buf_append_char(string_to_sign, '\n');
    append_scope(string_to_sign, params);
    buf_append_char(string_to_sign, '\n');
    append_sha256(string_to_sign, canonical_request);
}

/* The secret key, then each part of the scope, hashed into the next. */
static bool signature_of(struct view string_to_sign, const struct sigv4_params *params,
                         unsigned char ret_signature[static SHA256_DIGEST_LENGTH]) {
    struct buf secret BUF_AUTO_WIPE = BUF_INIT(STORAGE_MAX_BYTES);
    unsigned char key[2][SHA256_DIGEST_LENGTH];
    char date[TIME_AMZ_BYTES];
    buf_append_str(&secret, "AWS4");
    buf_append(&secret, secret_expose(params->credentials->secret_access_key));
    time_format_amz(params->time_ms, date);
    bool ok = !secret.failed &&
              hmac_sha256(buf_view(&secret), (struct view){date, DATE_BYTES}, key[0]) &&
              hmac_sha256(digest_view(key[0]), params->region, key[1]) &&
              hmac_sha256(digest_view(key[1]), params->service, key[0]) &&
              hmac_sha256(digest_view(key[0]), VIEW("aws4_request"), key[1]) &&
              hmac_sha256(digest_view(key[1]), string_to_sign, ret_signature);
    OPENSSL_cleanse(key, sizeof(key));
    return ok;
}

/* The last line but one of a canonical request: the names of the signed headers. */
static struct view signed_names(struct view canonical_request) {
    struct view before = {0};
    struct view names = {0};
    struct view last;
    (void)view_cut_last(canonical_request, '\n', &before, &last);
    (void)view_cut_last(before, '\n', &last, &names);
    return names;
}

/* Puts a value into the storage; where it starts is remembered, since the storage may move. */
static void add_header(struct sigv4_signature *signature, struct view name, struct view value,
                       size_t *starts) {
    starts[signature->n_headers] = signature->storage.len;
    signature->headers[signature->n_headers++].name = name;
    buf_append(&signature->storage, value);
}

/* AWS4-HMAC-SHA256 Credential=KEY/scope, SignedHeaders=names, Signature=hex */
static void append_authorization(struct buf *buf, const struct sigv4_params *params,
                                 struct view names,
                                 const unsigned char digest[static SHA256_DIGEST_LENGTH]) {
    buf_append_str(buf, algorithm);
    buf_append_str(buf, " Credential=");
    buf_append(buf, params->credentials->access_key_id);
    buf_append_char(buf, '/');
    append_scope(buf, params);
    buf_append_str(buf, ", SignedHeaders=");
    buf_append(buf, names);
    buf_append_str(buf, ", Signature=");
    append_hex(buf, digest);
}

static void collect_headers(struct sigv4_signature *signature, const struct sigv4_params *params,
                            struct view payload_hash, struct view authorization) {
    size_t starts[SIGV4_MAX_HEADERS + 1] = {0};
    char date[TIME_AMZ_BYTES];
    time_format_amz(params->time_ms, date);
    if (has_token(params)) {
        add_header(signature, VIEW("X-Amz-Security-Token"),
                   secret_expose(params->credentials->session_token), starts);
    }
    add_header(signature, VIEW("X-Amz-Date"), view_of(date), starts);
    if (params->sign_body_header) {
        add_header(signature, VIEW("x-amz-content-sha256"), payload_hash, starts);
    }
    add_header(signature, VIEW("Authorization"), authorization, starts);
    starts[signature->n_headers] = signature->storage.len;
    for (size_t i = 0; i < signature->n_headers; i++) {
        signature->headers[i].value =
            view_slice(buf_view(&signature->storage), starts[i], starts[i + 1] - starts[i]);
    }
}

static int check_request(const struct sigv4_request *request, struct err *err) {
    static const char *const own[] = {"Host", "X-Amz-Date", "X-Amz-Security-Token",
                                      "X-Amz-Content-Sha256", "Authorization"};
    if (request->host.len == 0) {
        return err_set(err, ERR_BAD_RESPONSE, "cannot sign a request without a host");
    }
    if (request->path.len > 0 && request->path.data[0] != '/') {
        return err_set(err, ERR_BAD_RESPONSE, "cannot sign a path without a leading slash");
    }
    for (size_t i = 0; i < request->n_headers; i++) {
        for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++) {
            if (view_equal_nocase(request->headers[i].name, view_of(own[k]))) {
                return err_set(err, ERR_BAD_RESPONSE, "cannot sign a request that has '%s' already",
                               own[k]);
            }
        }
    }
    return 0;
}

int sigv4_sign(const struct sigv4_request *request, const struct sigv4_params *params,
               struct sigv4_signature *ret_signature, struct err *err) {
    struct buf canonical BUF_AUTO_WIPE = BUF_INIT(CANONICAL_MAX_BYTES);
    struct buf string_to_sign BUF_AUTO = BUF_INIT(SCOPE_MAX_BYTES);
    struct buf payload_hash BUF_AUTO = BUF_INIT(HEX_BYTES);
    struct buf authorization BUF_AUTO = BUF_INIT(STORAGE_MAX_BYTES);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    if (check_request(request, err) < 0) {
        return -1;
    }
    sigv4_canonical_request(request, params, &canonical);
    sigv4_string_to_sign(buf_view(&canonical), params, &string_to_sign);
    if (buf_check(&canonical, "canonical request", err) < 0 ||
        buf_check(&string_to_sign, "string to sign", err) < 0) {
        return -1;
    }
    if (!signature_of(buf_view(&string_to_sign), params, digest)) {
        return err_out_of_memory(err, "signature");
    }
    struct view names = signed_names(buf_view(&canonical));
    append_authorization(&authorization, params, names, digest);
    if (params->sign_body_header) {
        append_sha256(&payload_hash, request->body);
    }
    struct sigv4_signature signature = {.storage = BUF_INIT(STORAGE_MAX_BYTES)};
    collect_headers(&signature, params, buf_view(&payload_hash), buf_view(&authorization));
    signature.storage.failed |= authorization.failed || payload_hash.failed;
    if (buf_check(&signature.storage, "signature", err) < 0) {
        sigv4_signature_wipe(&signature);
        return -1;
    }
    *ret_signature = signature;
    return 0;
}

void sigv4_signature_wipe(struct sigv4_signature *signature) {
    if (!signature) {
        return;
    }
    buf_wipe(&signature->storage);
    signature->n_headers = 0;
}
