#ifndef SLIPWAY_CLI_TABLE_H
#define SLIPWAY_CLI_TABLE_H

/*
 * Rows of text in columns that are as wide as their widest cell, two spaces apart. A cell's
 * control characters are shown as '?': what AWS or a file says is not sent to a terminal as it is.
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
    struct arena *arena;
};

/* Room for `capacity` rows, the heading among them; .rows is NULL when memory ran out. */
struct table table_new(size_t n_columns, size_t capacity, struct arena *arena);
/* The next row, to be filled in; it has to be there. */
struct table_cell *table_add_row(struct table *table);
void table_print(const struct table *table, const struct cli *cli);

/* The text with its control characters, and bytes that are no UTF-8, as '?'; .data is NULL when
 * memory ran out. */
struct view table_clean(struct view text, struct arena *arena);

#endif
