#ifndef SLIPWAY_BASE_VIEW_H
#define SLIPWAY_BASE_VIEW_H

/*
 * A view: a pointer and a length into bytes that somebody else owns. It is passed by value, need
 * not be NUL-terminated and may hold any byte. {NULL, 0} and {"", 0} are both the empty view.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view {
    const char *data;
    size_t len;
};

/* A view of a string literal. */
#define VIEW(literal) ((struct view){.data = "" literal, .len = sizeof(literal) - 1})

/* printf("%.*s") of a view: printf("'" VIEW_FMT "'", VIEW_ARG(v)). Cut at 1024 bytes. */
#define VIEW_FMT "%.*s"
#define VIEW_ARG(v) (int)((v).len > 1024 ? 1024 : (v).len), ((v).data ? (v).data : "")

/* A view of a C string; NULL becomes the empty view. */
struct view view_of(const char *string);

bool view_equal(struct view a, struct view b);
/* ASCII letters compare without case; for header names. */
bool view_equal_nocase(struct view a, struct view b);
/* memcmp order, the shorter first. */
int view_compare(struct view a, struct view b);
bool view_starts_with(struct view v, struct view prefix);
bool view_ends_with(struct view v, struct view suffix);
bool view_contains_char(struct view v, char c);

/* The part from `offset` on, at most `len` bytes; clamped to the view. */
struct view view_slice(struct view v, size_t offset, size_t len);
/* Without leading and trailing spaces, tabs, CR and LF. */
struct view view_trim(struct view v);

/* Splits the first field off *rest at `separator`. False when *rest is exhausted; a trailing
 * separator yields no extra empty field. */
bool view_split(struct view *rest, char separator, struct view *ret_field);
/* Cuts v at the first (last) `separator`; false, and nothing written, when there is none. */
bool view_cut(struct view v, char separator, struct view *ret_before, struct view *ret_after);
bool view_cut_last(struct view v, char separator, struct view *ret_before, struct view *ret_after);

/* A decimal integer that fills the whole view: optional '-', digits, within int64_t. */
bool view_to_i64(struct view v, int64_t *ret_value);

#endif
