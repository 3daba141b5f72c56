#ifndef SLIPWAY_CLI_TABLE_H
#define SLIPWAY_CLI_TABLE_H

/*
 * Rows of text in columns that are as wide as their widest cell, two spaces apart; a
 * character is taken for one column. A cell's control characters are shown as '?': what AWS or a
 * file says is not sent to a terminal as it is.
 */

#include "cli/cli.h"

#define TABLE_COLUMNS_MAX 12

struct table_cell {
    struct view text;
    enum colour colour;
};

struct table {
    size_t n_columns;
    struct table_cell (*rows)[TABLE_COLUMNS_MAX]; /* the first one is the heading */
    size_t n_rows;
    size_t capacity;
    bool cuts_last; /* on a terminal the last column gets what is left of the line, if that is worth
                       it, and loses the rest */
    struct arena *arena;
};

/* Room for `capacity` rows, the heading among them; .rows is NULL when memory ran out. */
struct table table_new(size_t n_columns, size_t capacity, struct arena *arena);
/* The next row, to be filled in; it has to be there. */
struct table_cell *table_add_row(struct table *table);
/* -1: memory ran out, and nothing was printed. */
int table_print(const struct table *table, const struct cli *cli);

/* The text with what drives a terminal, breaks a line or turns the direction of writing, and bytes
 * that are no UTF-8, as '?'; .data is NULL when memory ran out. */
struct view table_clean(struct view text, struct arena *arena);

/* Text of so many characters at most, which ends with "..." where it was longer (and has room for
 * that); .data is NULL when memory ran out. */
struct view table_cut(struct view text, size_t characters, struct arena *arena);

#endif
