/*
 * One GET over TLS with the release's own libcurl and OpenSSL, the way the program makes it: 1.2 at
 * least, verified, certificates from a hashed directory. Prints "ok", or why not; exits
 * accordingly.
 *
 *   tls_get URL CERTIFICATE_DIRECTORY
 */

#include <curl/curl.h>
#include <stdio.h>

static size_t discard(char *data, size_t size, size_t count, void *user) {
    (void)data;
    (void)user;
    return size * count;
}

int main(int argc, char **argv) {
    char text[CURL_ERROR_SIZE] = "";
    if (argc != 3)
        return 64;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
    curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(curl, CURLOPT_CAPATH, argv[2]);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
    CURLcode code = curl_easy_perform(curl);
    printf("%s\n", code == CURLE_OK ? "ok" : text);
    curl_easy_cleanup(curl);
    return code == CURLE_OK ? 0 : 1;
}
