/*
 * The reference: the least that a Lambda custom runtime on libcurl can be. Asks for the next event,
 * posts it back as the answer, and begins again; no logs, no deadlines, no checks. tests/bench
 * links it with the very libcurl that bootstrap has, and divides by it.
 */

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ID_BYTES 128
#define URL_BYTES 512

struct reply {
    char *bytes;
    size_t len;
    size_t capacity;
    char id[ID_BYTES];
};

static size_t keep_body(char *data, size_t size, size_t count, void *user) {
    struct reply *reply = user;
    size_t len = size * count;
    if (reply->len + len > reply->capacity) {
        reply->capacity = (reply->len + len) * 2;
        reply->bytes = realloc(reply->bytes, reply->capacity);
        if (reply->bytes == NULL)
            return 0;
    }
    memcpy(reply->bytes + reply->len, data, len);
    reply->len += len;
    return len;
}

static size_t drop_body(char *data, size_t size, size_t count, void *user) {
    (void)data;
    (void)user;
    return size * count;
}

static size_t keep_id(char *line, size_t size, size_t count, void *user) {
    static const char name[] = "Lambda-Runtime-Aws-Request-Id:";
    struct reply *reply = user;
    size_t len = size * count;
    if (len > sizeof(name) && strncasecmp(line, name, sizeof(name) - 1) == 0) {
        size_t from = sizeof(name) - 1;
        while (from < len && line[from] == ' ')
            from++;
        size_t to = len;
        while (to > from && (line[to - 1] == '\r' || line[to - 1] == '\n'))
            to--;
        if (to - from < ID_BYTES) {
            memcpy(reply->id, line + from, to - from);
            reply->id[to - from] = '\0';
        }
    }
    return len;
}

static int next_event(CURL *curl, const char *url, struct reply *reply) {
    reply->len = 0;
    reply->id[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep_id);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, reply);
    return curl_easy_perform(curl) == CURLE_OK && reply->id[0] != '\0' ? 0 : -1;
}

static int post_answer(CURL *curl, const char *url, struct curl_slist *headers,
                       const struct reply *reply) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, reply->bytes);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)reply->len);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, NULL);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, NULL);
    return curl_easy_perform(curl) == CURLE_OK ? 0 : -1;
}

int main(void) {
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    if (api == NULL)
        return 64;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return 1;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "curlloop");
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    char next[URL_BYTES];
    snprintf(next, sizeof(next), "http://%s/2018-06-01/runtime/invocation/next", api);
    struct reply reply = {0};
    while (next_event(curl, next, &reply) == 0) {
        char url[URL_BYTES];
        snprintf(url, sizeof(url), "http://%s/2018-06-01/runtime/invocation/%s/response", api,
                 reply.id);
        if (post_answer(curl, url, headers, &reply) != 0)
            break;
    }
    return 1;
}
