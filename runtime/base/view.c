#include "runtime/base/view.h"

#include "runtime/base/ascii.h"

#include <string.h>

struct view view_of(const char *string) {
    return (struct view){string, string ? strlen(string) : 0};
}

/* memcmp() must not see a NULL pointer, not even with a length of 0. */
static int compare_bytes(const char *a, const char *b, size_t len) {
    return len == 0 ? 0 : memcmp(a, b, len);
}

static const char *find_char(struct view v, char c) {
    return v.len == 0 ? NULL : memchr(v.data, c, v.len);
}

bool view_equal(struct view a, struct view b) {
    return a.len == b.len && compare_bytes(a.data, b.data, a.len) == 0;
}

bool view_equal_nocase(struct view a, struct view b) {
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

int view_compare(struct view a, struct view b) {
    int order = compare_bytes(a.data, b.data, a.len < b.len ? a.len : b.len);
    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len ? 1 : 0;
}

bool view_starts_with(struct view v, struct view prefix) {
    return v.len >= prefix.len && compare_bytes(v.data, prefix.data, prefix.len) == 0;
}

bool view_ends_with(struct view v, struct view suffix) {
    return v.len >= suffix.len && view_equal(view_slice(v, v.len - suffix.len, suffix.len), suffix);
}

bool view_contains_char(struct view v, char c) {
    return find_char(v, c) != NULL;
}

struct view view_slice(struct view v, size_t offset, size_t len) {
    if (v.len == 0) {
        return v;
    }
    if (offset > v.len) {
        offset = v.len;
    }
    size_t rest = v.len - offset;
    return (struct view){v.data + offset, len < rest ? len : rest};
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct view view_trim(struct view v) {
    while (v.len > 0 && is_space(v.data[0])) {
        v.data++;
        v.len--;
    }
    while (v.len > 0 && is_space(v.data[v.len - 1])) {
        v.len--;
    }
    return v;
}

bool view_split(struct view *rest, char separator, struct view *ret_field) {
    if (rest->len == 0) {
        return false;
    }
    struct view whole = *rest;
    if (!view_cut(whole, separator, ret_field, rest)) {
        *ret_field = whole;
        *rest = view_slice(whole, whole.len, 0);
    }
    return true;
}

static bool cut_at(struct view v, const char *at, struct view *ret_before, struct view *ret_after) {
    if (at == NULL) {
        return false;
    }
    size_t offset = (size_t)(at - v.data);
    *ret_before = view_slice(v, 0, offset);
    *ret_after = view_slice(v, offset + 1, v.len);
    return true;
}

bool view_cut(struct view v, char separator, struct view *ret_before, struct view *ret_after) {
    return cut_at(v, find_char(v, separator), ret_before, ret_after);
}

bool view_cut_last(struct view v, char separator, struct view *ret_before, struct view *ret_after) {
    size_t i = v.len;
    while (i > 0 && v.data[i - 1] != separator) {
        i--;
    }
    return cut_at(v, i > 0 ? v.data + i - 1 : NULL, ret_before, ret_after);
}

bool view_to_i64(struct view v, int64_t *ret_value) {
    bool negative = v.len > 0 && v.data[0] == '-';
    struct view digits = negative ? view_slice(v, 1, v.len) : v;
    if (digits.len == 0) {
        return false;
    }
    /* Counted downwards: INT64_MIN has no positive counterpart. */
    int64_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.data[i];
        if (c < '0' || c > '9') {
            return false;
        }
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, c - '0', &value)) {
            return false;
        }
    }
    if (!negative && value == INT64_MIN) {
        return false;
    }
    *ret_value = negative ? value : -value;
    return true;
}
