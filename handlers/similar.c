#include "handlers/similar.h"

#include "runtime/base/ascii.h"

#include <stdint.h>
#include <string.h>

/* Bytes from which on a word that is one typing error away is taken for that word. */
#define SIMILAR_MIN_BYTES 5

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t similar_distance(struct view a, struct view b) {
    /* Rows i - 2, i - 1 and i of the table of distances between prefixes. */
    size_t rows[3][SIMILAR_MAX_BYTES + 1] = {0};
    if (a.len > SIMILAR_MAX_BYTES || b.len > SIMILAR_MAX_BYTES) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= b.len; j++) {
        rows[1][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        rows[2][0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char from = a.data[i - 1], to = b.data[j - 1];
            size_t best = rows[1][j - 1] + (from != to);
            best = smaller(best, smaller(rows[1][j], rows[2][j - 1]) + 1);
            if (i > 1 && j > 1 && from == b.data[j - 2] && a.data[i - 2] == to) {
                best = smaller(best, rows[0][j - 2] + 1);
            }
            rows[2][j] = best;
        }
        memcpy(rows[0], rows[1], sizeof(rows[0]));
        memcpy(rows[1], rows[2], sizeof(rows[1]));
    }
    return rows[1][b.len];
}

/* Lower case, without separators. */
static struct view plain(struct view name, char storage[static SIMILAR_MAX_BYTES]) {
    size_t n = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = ascii_lower(name.data[i]);
        if (!view_contains_char(VIEW("-_. "), c)) {
            storage[n++] = c;
        }
    }
    return (struct view){storage, n};
}

bool similar_is_misspelling(struct view name, struct view known) {
    char name_storage[SIMILAR_MAX_BYTES] = {0}, known_storage[SIMILAR_MAX_BYTES] = {0};
    if (name.len > SIMILAR_MAX_BYTES || known.len > SIMILAR_MAX_BYTES) {
        return false;
    }
    size_t errors = similar_distance(plain(name, name_storage), plain(known, known_storage));
    return errors == 0 || (errors == 1 && known.len >= SIMILAR_MIN_BYTES);
}
