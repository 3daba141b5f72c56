#include "runtime/base/json_scan_internal.h"

#include <stdlib.h>
#include <string.h>

/* Up to this many names are compared each with each, on their hashes: quicker than sorting. */
#define JSON_NAMES_PAIRWISE 16

void json_names_init(struct json_names *names, struct view text) {
    names->text = text;
    names->items = names->inline_items;
    names->count = 0;
    names->capacity = JSON_NAMES_INLINE;
}

void json_names_release(struct json_names *names) {
    if (names->items != names->inline_items) {
        free(names->items);
    }
    names->items = names->inline_items;
}

static bool grow(struct json_names *names) {
    if (names->capacity > UINT32_MAX / 2) {
        return false;
    }
    bool owned = names->items != names->inline_items;
    uint32_t capacity = names->capacity * 2;
    size_t size = capacity * sizeof(struct json_name);
    struct json_name *items = realloc(owned ? names->items : NULL, size);
    if (items == NULL) {
        return false;
    }
    if (!owned) {
        memcpy(items, names->inline_items, sizeof(names->inline_items));
    }
    names->items = items;
    names->capacity = capacity;
    return true;
}

/* FNV-1a. Names chosen to collide cost comparisons but no more than sorting takes. */
static uint32_t hash_bytes(uint32_t hash, const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * UINT32_C(16777619);
    }
    return hash;
}

static uint32_t hash_name(struct view name_text) {
    const uint32_t start = UINT32_C(2166136261);
    struct view inside = view_slice(name_text, 1, name_text.len - 2);
    if (!view_contains_char(inside, '\\')) {
        return hash_bytes(start, inside.data, inside.len);
    }
    struct json_unescape cursor = json_unescape(name_text);
    uint32_t hash = start;
    char bytes[4];
    size_t len;
    while ((len = json_unescape_next(&cursor, bytes)) > 0) {
        hash = hash_bytes(hash, bytes, len);
    }
    return hash;
}

bool json_names_push(struct json_names *names, struct view name_text) {
    if (names->count == names->capacity && !grow(names)) {
        return false;
    }
    names->items[names->count++] = (struct json_name){
        .hash = hash_name(name_text),
        .offset = (uint32_t)(name_text.data - names->text.data),
    };
    return true;
}

static struct view name_at(const struct json_names *names, uint32_t offset) {
    return json_string_extent(view_slice(names->text, offset, names->text.len));
}

/* An order of the unescaped names; which one does not matter. */
static int compare_names(struct view a, struct view b) {
    struct json_unescape cursor_a = json_unescape(a);
    struct json_unescape cursor_b = json_unescape(b);
    for (;;) {
        char bytes_a[4];
        char bytes_b[4];
        struct view unit_a = {bytes_a, json_unescape_next(&cursor_a, bytes_a)};
        struct view unit_b = {bytes_b, json_unescape_next(&cursor_b, bytes_b)};
        int order = view_compare(unit_a, unit_b);
        if (order != 0 || unit_a.len == 0) {
            return order;
        }
    }
}

static int compare(const struct json_names *names, struct json_name a, struct json_name b) {
    if (a.hash != b.hash) {
        return a.hash < b.hash ? -1 : 1;
    }
    return a.offset == b.offset ? 0
                                : compare_names(name_at(names, a.offset), name_at(names, b.offset));
}

static void sift_down(const struct json_names *names, struct json_name *heap, size_t root,
                      size_t n) {
    struct json_name moved = heap[root];
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n) {
            break;
        }
        if (child + 1 < n && compare(names, heap[child], heap[child + 1]) < 0) {
            child++;
        }
        if (compare(names, moved, heap[child]) >= 0) {
            break;
        }
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moved;
}

/* Heap sort: in place, and no input makes it slow. */
static void sort(const struct json_names *names, struct json_name *items, size_t n) {
    for (size_t root = n / 2; root > 0; root--) {
        sift_down(names, items, root - 1, n);
    }
    for (size_t last = n; last > 1; last--) {
        struct json_name largest = items[0];
        items[0] = items[last - 1];
        items[last - 1] = largest;
        sift_down(names, items, 0, last - 1);
    }
}

/* The later of two that are the same name, if that is the earliest repetition so far. */
static void note_if_same(const struct json_names *names, struct json_name a, struct json_name b,
                         uint32_t *ret_offset) {
    if (compare(names, a, b) == 0) {
        uint32_t later = a.offset > b.offset ? a.offset : b.offset;
        if (later < *ret_offset) {
            *ret_offset = later;
        }
    }
}

bool json_names_pop(struct json_names *names, uint32_t first, uint32_t *ret_offset) {
    struct json_name *items = names->items + first;
    size_t n = names->count - first;
    uint32_t offset = UINT32_MAX;
    if (n <= JSON_NAMES_PAIRWISE) {
        for (size_t i = 1; i < n; i++) {
            for (size_t j = 0; j < i; j++) {
                note_if_same(names, items[j], items[i], &offset);
            }
        }
    } else {
        sort(names, items, n);
        for (size_t i = 1; i < n; i++) {
            note_if_same(names, items[i - 1], items[i], &offset);
        }
    }
    names->count = first;
    if (offset == UINT32_MAX) {
        return true;
    }
    *ret_offset = offset;
    return false;
}
