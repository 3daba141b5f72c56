#include "runtime/aws/sigv4_canonical.h"

#include "runtime/aws/uri.h"
#include "runtime/base/ascii.h"

#include <stdlib.h>
#include <string.h>

/* Cuts "/last" off. */
static void pop_segment(struct buf *buf) {
    size_t len = buf->len;
    while (len > 0 && buf->data[len - 1] != '/') {
        len--;
    }
    buf->len = len > 0 ? len - 1 : 0;
}

/* RFC 3986, section 5.2.4, and empty segments removed as well. A path that ends in a dot segment
 * gets no slash at its end, unlike there: that is how AWS verifies. */
static void append_normalized(struct buf *buf, struct view path) {
    struct view rest = path;
    struct view segment;
    while (view_split(&rest, '/', &segment)) {
        if (view_equal(segment, VIEW(".."))) {
            pop_segment(buf);
        } else if (segment.len > 0 && !view_equal(segment, VIEW("."))) {
            buf_append_char(buf, '/');
            buf_append(buf, segment);
        }
    }
    if (buf->len == 0 || view_ends_with(path, VIEW("/"))) {
        buf_append_char(buf, '/');
    }
}

void sigv4_append_path(struct buf *buf, struct view path, bool normalize, bool encode) {
    struct buf normalized BUF_AUTO = BUF_INIT(path.len + 2);
    if (path.len == 0) {
        path = VIEW("/");
    }
    if (normalize) {
        append_normalized(&normalized, path);
        buf->failed |= normalized.failed;
        path = buf_view(&normalized);
    }
    if (encode) {
        uri_append_encoded(buf, path, '/');
    } else {
        buf_append(buf, path);
    }
}

struct parameter {
    struct view name;
    struct view value;
};

static int compare_parameters(const void *left, const void *right) {
    const struct parameter *a = left;
    const struct parameter *b = right;
    int order = view_compare(a->name, b->name);
    return order != 0 ? order : view_compare(a->value, b->value);
}

/* Appends the canonical form of `text` to `storage`, which has room for it, and returns it. */
static struct view recode(struct buf *storage, struct buf *scratch, struct view text) {
    buf_clear(scratch);
    uri_append_decoded(scratch, text);
    storage->failed |= scratch->failed;
    size_t at = storage->len;
    uri_append_encoded(storage, buf_view(scratch), '\0');
    return view_slice(buf_view(storage), at, storage->len - at);
}

/* Splits the query; parameters point into `storage`. Returns their number. */
static size_t split_query(struct view query, struct buf *storage, struct parameter *parameters) {
    struct buf scratch BUF_AUTO = BUF_INIT(query.len);
    struct view pair;
    size_t n = 0;
    while (view_split(&query, '&', &pair)) {
        struct view name = pair;
        struct view value = {0};
        if (pair.len == 0) {
            continue;
        }
        (void)view_cut(pair, '=', &name, &value);
        parameters[n].name = recode(storage, &scratch, name);
        parameters[n].value = recode(storage, &scratch, value);
        n++;
    }
    return n;
}

void sigv4_append_query(struct buf *buf, struct view query) {
    if (query.len == 0) {
        return;
    }
    /* Room for every byte escaped is taken at once, so that nothing moves under the views. */
    struct buf storage BUF_AUTO = BUF_INIT(3 * query.len);
    size_t n_most = 1;
    for (size_t i = 0; i < query.len; i++) {
        n_most += query.data[i] == '&';
    }
    struct parameter *parameters = calloc(n_most, sizeof(*parameters));
    if (!parameters || !buf_reserve(&storage, 3 * query.len)) {
        free(parameters);
        buf->failed = true;
        return;
    }
    size_t n = split_query(query, &storage, parameters);
    qsort(parameters, n, sizeof(*parameters), compare_parameters);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_append_char(buf, '&');
        }
        buf_append(buf, parameters[i].name);
        buf_append_char(buf, '=');
        buf_append(buf, parameters[i].value);
    }
    buf->failed |= storage.failed;
    free(parameters);
}

/* The order of the lower-case names; a prefix comes first. */
static int compare_names(struct view a, struct view b) {
    size_t len = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < len; i++) {
        unsigned char left = (unsigned char)ascii_lower(a.data[i]);
        unsigned char right = (unsigned char)ascii_lower(b.data[i]);
        if (left != right) {
            return left < right ? -1 : 1;
        }
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

/* By insertion, since it must be stable (the values of one name keep their order) and qsort() is
 * not. */
static void sort_headers(struct http_header *headers, size_t n) {
    for (size_t i = 1; i < n; i++) {
        struct http_header header = headers[i];
        size_t at = i;
        while (at > 0 && compare_names(headers[at - 1].name, header.name) > 0) {
            headers[at] = headers[at - 1];
            at--;
        }
        headers[at] = header;
    }
}

static void append_name(struct buf *buf, struct view name) {
    for (size_t i = 0; i < name.len; i++) {
        buf_append_char(buf, ascii_lower(name.data[i]));
    }
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void append_value(struct buf *buf, struct view value) {
    bool is_pending = false;
    bool is_first = true;
    for (size_t i = 0; i < value.len; i++) {
        if (is_space(value.data[i])) {
            is_pending = true;
            continue;
        }
        if (is_pending && !is_first) {
            buf_append_char(buf, ' ');
        }
        buf_append_char(buf, value.data[i]);
        is_pending = false;
        is_first = false;
    }
}

void sigv4_append_headers(struct buf *buf, struct http_header *headers, size_t n_headers) {
    sort_headers(headers, n_headers);
    for (size_t i = 0; i < n_headers; i++) {
        if (i > 0 && compare_names(headers[i - 1].name, headers[i].name) == 0) {
            buf_append_char(buf, ',');
        } else {
            buf_append_str(buf, i > 0 ? "\n" : "");
            append_name(buf, headers[i].name);
            buf_append_char(buf, ':');
        }
        append_value(buf, headers[i].value);
    }
    buf_append_str(buf, "\n\n");
    for (size_t i = 0; i < n_headers; i++) {
        if (i > 0 && compare_names(headers[i - 1].name, headers[i].name) == 0) {
            continue;
        }
        buf_append_str(buf, i > 0 ? ";" : "");
        append_name(buf, headers[i].name);
    }
}
