#include "cli/table.h"

#include "runtime/base/utf8.h"

#include <assert.h>
#include <string.h>

#define GAP 2
/* A last column that would be narrower goes on in the next line instead. */
#define LAST_COLUMN_LEAST 16

struct view table_clean(struct view text, struct arena *arena) {
    char *clean = ARENA_ARRAY(arena, text.len + 1, char);
    size_t n = 0;
    if (!clean) {
        return (struct view){0};
    }
    for (size_t i = 0; i < text.len;) {
        uint32_t c = 0;
        size_t len = utf8_decode(view_slice(text, i, text.len), &c);
        if (len == 0 || !utf8_is_harmless(c)) {
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

static bool is_first_byte(char c) {
    return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t width_of(struct view text) {
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++) {
        width += is_first_byte(text.data[i]);
    }
    return width;
}

/* The first so many characters. */
static struct view first_characters(struct view text, size_t characters) {
    for (size_t i = 0, n = 0; i < text.len; i++) {
        if (is_first_byte(text.data[i]) && n++ == characters) {
            return view_slice(text, 0, i);
        }
    }
    return text;
}

struct view table_cut(struct view text, size_t characters, struct arena *arena) {
    static const char dots[] = "...";
    const size_t n_dots = sizeof(dots) - 1;
    if (width_of(text) <= characters) {
        return text;
    }
    if (characters <= n_dots) {
        return first_characters(text, characters);
    }
    struct view left = first_characters(text, characters - n_dots);
    char *cut = ARENA_ARRAY(arena, left.len + sizeof(dots), char);
    if (!cut) {
        return (struct view){0};
    }
    memcpy(cut, left.data, left.len);
    memcpy(cut + left.len, dots, sizeof(dots));
    return (struct view){cut, left.len + n_dots};
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
    bool is_plain = cell->colour == COLOUR_NONE || cell->text.len == 0;
    const char *colour = is_plain ? "" : cli_colour(cli, cell->colour);
    fputs(colour, cli->out);
    cli_write(cli->out, cell->text);
    fputs(colour[0] == '\0' ? "" : cli_colour(cli, COLOUR_NONE), cli->out);
    if (!is_last) {
        fprintf(cli->out, "%*s", (int)(width - width_of(cell->text) + GAP), "");
    }
}

/* What there is for the last column of a line; SIZE_MAX: as much as it wants. */
static size_t room_for_last(const struct table *table, const size_t *widths,
                            const struct cli *cli) {
    size_t used = 0;
    for (size_t i = 0; i + 1 < table->n_columns; i++) {
        used += widths[i] + GAP;
    }
    return cli->out_columns >= used + LAST_COLUMN_LEAST ? cli->out_columns - used : SIZE_MAX;
}

static void print_row(const struct table *table, const struct table_cell *row, const size_t *widths,
                      const struct cli *cli) {
    size_t last = table->n_columns - 1;
    while (last > 0 && row[last].text.len == 0) {
        last--;
    }
    for (size_t i = 0; i <= last; i++) {
        print_cell(&row[i], widths[i], i == last, cli);
    }
    fputs("\n", cli->out);
}

static bool clean_cell(const struct table *table, struct table_cell *cell, size_t *width) {
    cell->text = table_clean(cell->text, table->arena);
    size_t own = width_of(cell->text);
    *width = own > *width ? own : *width;
    return cell->text.data != NULL;
}

int table_print(const struct table *table, const struct cli *cli) {
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    bool is_whole = true;
    for (size_t i = 0; i < table->n_rows; i++) {
        for (size_t j = 0; j < table->n_columns; j++) {
            is_whole = clean_cell(table, &table->rows[i][j], &widths[j]) && is_whole;
        }
    }
    size_t room = room_for_last(table, widths, cli);
    for (size_t i = 0; i < table->n_rows && table->cuts_last; i++) {
        struct view *text = &table->rows[i][table->n_columns - 1].text;
        *text = table_cut(*text, room, table->arena);
        is_whole = is_whole && text->data;
    }
    for (size_t i = 0; i < table->n_rows && is_whole; i++) {
        print_row(table, table->rows[i], widths, cli);
    }
    return is_whole ? 0 : -1;
}
