#include "runtime/http/http_curl_tls.h"

#include "runtime/base/view.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beside the program: certificates named by hash, as `openssl rehash` leaves them. Only those that
 * a chain needs are read, where a bundle is parsed whole. */
#define CERTS_DIRECTORY "certs"

/* Where distributions keep the bundle: Amazon Linux, Fedora; Debian, Ubuntu; Alpine; SUSE. */
static const char *const bundle_places[] = {
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
};

void tls_trust_release(struct tls_trust *trust) {
    if (trust->sessions != NULL) {
        (void)curl_share_cleanup(trust->sessions);
    }
    free(trust->file);
    free(trust->directory);
    *trust = (struct tls_trust){0};
}

bool tls_is_https(struct view url) {
    return view_equal_nocase(view_slice(url, 0, sizeof("https:") - 1), VIEW("https:"));
}

CURLcode tls_if_known(CURLcode code) {
    return code == CURLE_UNKNOWN_OPTION || code == CURLE_NOT_BUILT_IN ? CURLE_OK : code;
}

static bool is_directory(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_set(const char *string) {
    return string != NULL && string[0] != '\0';
}

/* The directory beside the program; false when there is none. */
static bool own_directory(char ret_path[static PATH_MAX]) {
    ssize_t len = readlink("/proc/self/exe", ret_path, PATH_MAX);
    struct view folder;
    struct view name;
    if (len <= 0 || len >= PATH_MAX ||
        !view_cut_last((struct view){.data = ret_path, .len = (size_t)len}, '/', &folder, &name) ||
        folder.len + sizeof("/" CERTS_DIRECTORY) > PATH_MAX) {
        return false;
    }
    memcpy(ret_path + folder.len, "/" CERTS_DIRECTORY, sizeof("/" CERTS_DIRECTORY));
    return is_directory(ret_path);
}

/* Without memory for it nothing is found: to trust something else than what was configured would be
 * worse than to fail. */
static CURLcode keep(struct tls_trust *trust, const char *path) {
    char *copy = strdup(path);
    if (copy == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }
    if (is_directory(path)) {
        trust->directory = copy;
    } else {
        trust->file = copy;
    }
    trust->found = true;
    return CURLE_OK;
}

static CURLcode find(struct tls_trust *trust) {
    char own[PATH_MAX];
    if (is_set(trust->ca_bundle)) {
        return keep(trust, trust->ca_bundle);
    }
    if (is_set(trust->ca_directory)) {
        if (is_directory(trust->ca_directory)) {
            return keep(trust, trust->ca_directory);
        }
    } else if (own_directory(own)) {
        return keep(trust, own);
    }
    for (size_t i = 0; i < sizeof(bundle_places) / sizeof(bundle_places[0]); i++) {
        if (access(bundle_places[i], R_OK) == 0) {
            return keep(trust, bundle_places[i]);
        }
    }
    trust->found = true; /* libcurl's own places are left */
    return CURLE_OK;
}

/* The same trust for a proxy that is itself spoken to over TLS. */
static CURLcode set_proxy_trust(const struct tls_trust *trust, CURL *easy) {
    CURLcode code = tls_if_known(curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, trust->file));
    if (code == CURLE_OK) {
        code = tls_if_known(curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, trust->directory));
    }
    return code;
}

static CURLcode set_trust(const struct tls_trust *trust, CURL *easy) {
    /* With nothing found libcurl keeps the places that it was built with. */
    if (trust->file == NULL && trust->directory == NULL) {
        return CURLE_OK;
    }
    /* Each is set, NULL too: libcurl's built-in places would be read besides, and a directory
     * beside the file would keep the parsed bundle from being shared. */
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CAINFO, trust->file);
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_CAPATH, trust->directory);
    }
    if (code == CURLE_OK) {
        code = set_proxy_trust(trust, easy);
    }
#if LIBCURL_VERSION_NUM >= 0x075700
    if (code == CURLE_OK) {
        /* The parsed bundle is kept by the multi handle for as long as that lives. */
        code = curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, -1L);
    }
#endif
    return code;
}

CURLcode tls_share_sessions(struct tls_trust *trust, CURL *easy) {
    if (trust->sessions == NULL) {
        trust->sessions = curl_share_init();
        if (trust->sessions == NULL) {
            return CURLE_OUT_OF_MEMORY;
        }
        (void)curl_share_setopt(trust->sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    }
    return curl_easy_setopt(easy, CURLOPT_SHARE, trust->sessions);
}

CURLcode tls_set_up(struct tls_trust *trust, CURL *easy) {
    CURLcode code = trust->found ? CURLE_OK : find(trust);
    if (code == CURLE_OK) {
        code = set_trust(trust, easy);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    }
    if (code == CURLE_OK) {
        code = tls_if_known(
            curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    }
    return code;
}
