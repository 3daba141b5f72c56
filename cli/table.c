#include "cli/table.h"

#include "runtime/base/utf8.h"

#include <assert.h>

struct view table_clean(struct view text, struct arena *arena) {
    char *clean = ARENA_ARRAY(arena, text.len + 1, char);
    size_t n = 0;
    if (!clean) {
        return (struct view){0};
    }
    for (size_t i = 0; i < text.len;) {
        size_t len = utf8_sequence(view_slice(text, i, text.len));
        /* Control characters: C0, DEL, and C1 as UTF-8 spells them. */
        unsigned char first = (unsigned char)text.data[i];
        bool is_control = first < 0x20 || first == 0x7f ||
                          (first == 0xc2 && len == 2 && (unsigned char)text.data[i + 1] < 0xa0);
        if (len == 0 || is_control) {
            clean[n++] = '?';
            i += len > 0 ? len : 1;
            continue;
        }
        for (size_t j = 0; j < len; j++) {
            clean[n++] = text.data[i++];
        }
    }
    return (struct view){clean, n};
}

static size_t width_of(struct view text) {
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++) {
        width += ((unsigned char)text.data[i] & 0xc0) != 0x80; /* not a continuation byte */
    }
    return width;
}

struct table table_new(size_t n_columns, size_t capacity, struct arena *arena) {
    assert(n_columns <= TABLE_COLUMNS_MAX);
    return (struct table){
        .n_columns = n_columns,
        .rows = arena_array(arena, capacity, sizeof(struct table_cell[TABLE_COLUMNS_MAX])),
        .capacity = capacity,
        .arena = arena,
    };
}

struct table_cell *table_add_row(struct table *table) {
    assert(table->n_rows < table->capacity);
    return table->rows[table->n_rows++];
}

static void print_cell(const struct table_cell *cell, size_t width, bool is_last,
                       const struct cli *cli) {
    const char *colour = cell->colour == COLOUR_NONE ? "" : cli_colour(cli, cell->colour);
    fputs(colour, cli->out);
    cli_write(cli->out, cell->text);
    fputs(colour[0] == '\0' ? "" : cli_colour(cli, COLOUR_NONE), cli->out);
    if (!is_last) {
        fprintf(cli->out, "%*s", (int)(width - width_of(cell->text) + 2), "");
    }
}

void table_print(const struct table *table, const struct cli *cli) {
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < table->n_rows; i++) {
        for (size_t j = 0; j < table->n_columns; j++) {
            struct table_cell *cell = &table->rows[i][j];
            cell->text = table_clean(cell->text, table->arena);
            size_t width = width_of(cell->text);
            widths[j] = width > widths[j] ? width : widths[j];
        }
    }
    for (size_t i = 0; i < table->n_rows; i++) {
        size_t last = table->n_columns - 1;
        while (last > 0 && table->rows[i][last].text.len == 0) {
            last--;
        }
        for (size_t j = 0; j <= last; j++) {
            print_cell(&table->rows[i][j], widths[j], j == last, cli);
        }
        fputs("\n", cli->out);
    }
}
