#ifndef SLIPWAY_CLI_YAML_TEXT_H
#define SLIPWAY_CLI_YAML_TEXT_H

/*
 * A file's text by characters and lines: libyaml tells places in characters, of which UTF-8 has
 * longer ones, and counts lines by breaks that no editor knows (U+0085, U+2028).
 */

#include "cli/yaml/yaml.h"

#include <stdint.h>

struct yaml_text {
    struct view bytes;    /* the whole file */
    size_t start;         /* behind the byte order mark, if any */
    uint32_t *characters; /* where each begins, and the end */
    size_t n_characters;
    uint32_t *lines; /* where each begins; at least one */
    size_t n_lines;
};

/* -1: ERR_CONFIG_INVALID for text that is not UTF-8, with its place; ERR_OUT_OF_MEMORY. */
ERR_MUST_USE int yaml_text_init(struct view bytes, struct arena *arena, struct yaml_text *ret_text,
                                struct yaml_place *ret_fault, struct err *err);

/* The offset of the character of that number, counted from the start; at most the end. */
size_t yaml_text_offset(const struct yaml_text *text, size_t character);
/* The place of a byte, on a line that exists: the end of a text is the end of its last line. */
struct yaml_place yaml_text_place(const struct yaml_text *text, size_t offset, size_t end);

/* Where the value itself begins: libyaml's events begin with their anchor and their tag. */
size_t yaml_text_skip_properties(const struct yaml_text *text, size_t offset, int n_properties);
/* The end without white space: libyaml's event of a block scalar ends where the next thing begins,
 * its text before. */
size_t yaml_text_trim(const struct yaml_text *text, size_t offset, size_t end);

#endif
