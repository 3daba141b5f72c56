/*
 * Any bytes as a YAML file. Every place lies inside of the text and on a line that exists, a plain
 * value's place holds its text, nothing is deeper or more than the ceilings, and reading twice
 * gives the same. What is refused names a place that exists.
 */

#include "cli/yaml/yaml.h"
#include "tests/fuzz/require.h"

#include <string.h>

#define ARENA_BYTES ((size_t)512 * 1024 * 1024)
#define BYTE_ORDER_MARK VIEW("\xEF\xBB\xBF")

struct walk {
    struct view text;
    size_t n_lines;
    size_t n_values;
};

static size_t count_lines(struct view text) {
    size_t n = 1;
    for (size_t i = 0; i + 1 < text.len; i++) {
        n += text.data[i] == '\n' || (text.data[i] == '\r' && text.data[i + 1] != '\n');
    }
    return n;
}

static void require_place(const struct walk *walk, struct yaml_place place) {
    require(place.line >= 1 && place.line <= walk->n_lines);
    require(place.column >= 1 && place.column <= walk->text.len + 1);
    require(place.offset <= place.end && place.end <= walk->text.len);
    /* No place is inside of a character. */
    require(place.offset == walk->text.len ||
            ((unsigned char)walk->text.data[place.offset] & 0xc0) != 0x80);
    require(place.end == walk->text.len ||
            ((unsigned char)walk->text.data[place.end] & 0xc0) != 0x80);
}

static void require_scalar(const struct walk *walk, const struct yaml_value *value) {
    struct view here =
        view_slice(walk->text, value->place.offset, value->place.end - value->place.offset);
    bool is_on_one_line =
        memchr(here.data, '\n', here.len) == NULL && memchr(here.data, '\r', here.len) == NULL;
    if (value->style == YAML_PLAIN && is_on_one_line && !value->is_alias &&
        memchr(here.data, '\xc2', here.len) == NULL &&
        memchr(here.data, '\xe2', here.len) == NULL) {
        require(view_equal(here, value->text));
    }
    if (value->style == YAML_BLOCK_TEXT && !value->is_alias) {
        require(here.len > 0 && (here.data[0] == '|' || here.data[0] == '>'));
    }
}

/* What an alias holds stands elsewhere, before it. */
static void require_within(const struct yaml_value *outer, const struct yaml_value *inner) {
    if (outer->is_alias) {
        require(inner->place.offset < outer->place.offset);
    } else {
        require(inner->place.offset >= outer->place.offset);
        require(inner->place.end <= outer->place.end);
    }
}

static void require_sound(struct walk *walk, const struct yaml_value *value, size_t level) {
    require(level <= YAML_MAX_DEPTH && ++walk->n_values <= YAML_MAX_VALUES);
    require_place(walk, value->place);
    if (value->is_alias) {
        require(walk->text.data[value->place.offset] == '*');
    }
    switch (value->kind) {
    case YAML_NOTHING:
        require(level == 1);
        break;
    case YAML_SCALAR:
        require_scalar(walk, value);
        break;
    case YAML_SEQUENCE:
        for (size_t i = 0; i < value->n; i++) {
            require_within(value, &value->items[i]);
            require(i == 0 || value->items[i].place.offset >= value->items[i - 1].place.end);
            require_sound(walk, &value->items[i], level + 1);
        }
        break;
    case YAML_MAPPING:
        for (size_t i = 0; i < value->n; i++) {
            const struct yaml_pair *pair = &value->pairs[i];
            require(pair->key.kind == YAML_SCALAR);
            require_within(value, &pair->key);
            require_within(value, &pair->value);
            require(pair->value.place.offset >= pair->key.place.end);
            require_sound(walk, &pair->key, level + 1);
            require_sound(walk, &pair->value, level + 1);
        }
        break;
    }
}

static void require_same(const struct yaml_value *a, const struct yaml_value *b) {
    require(a->kind == b->kind && a->style == b->style && a->is_alias == b->is_alias);
    require(memcmp(&a->place, &b->place, sizeof(a->place)) == 0);
    require(a->n == b->n && view_equal(a->text, b->text));
    for (size_t i = 0; i < a->n; i++) {
        if (a->kind == YAML_SEQUENCE) {
            require_same(&a->items[i], &b->items[i]);
        } else {
            require_same(&a->pairs[i].key, &b->pairs[i].key);
            require_same(&a->pairs[i].value, &b->pairs[i].value);
        }
    }
}

/* Each key is found, and found first by its name. */
static void require_found(const struct yaml_value *mapping) {
    for (size_t i = 0; mapping->kind == YAML_MAPPING && i < mapping->n && i < 100; i++) {
        struct view name = mapping->pairs[i].key.text;
        if (memchr(name.data, '\0', name.len) == NULL) {
            require(yaml_get(mapping, name.data) == &mapping->pairs[i].value);
            require(yaml_get_merged(mapping, name.data) == &mapping->pairs[i].value);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    arena_reset(&arena);
    char *copy = malloc(size > 0 ? size : 1); /* its end is where the sanitizer sees it */
    require(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    struct view text = {copy, size};
    struct walk walk = {.text = text, .n_lines = count_lines(text)};
    struct yaml_value root, again;
    struct yaml_place fault;
    struct err err;
    err_init(&err);
    int result = yaml_parse(text, &arena, &root, &fault, &err);
    require(result == 0 || (err.code == ERR_CONFIG_INVALID && err.remedy[0] != '\0'));
    if (result == 0) {
        require(!err_is_set(&err));
        require_sound(&walk, &root, 1);
        require_found(&root);
    } else if (size <= YAML_MAX_BYTES) {
        require(fault.line >= 1 && fault.line <= walk.n_lines);
        require(fault.column >= 1 && fault.column <= size + 1 && fault.offset <= size);
    }
    struct err err_again;
    err_init(&err_again);
    require(yaml_parse(text, &arena, &again, &fault, &err_again) == result);
    require(strcmp(err.message, err_again.message) == 0);
    if (result == 0) {
        require_same(&root, &again);
    }
    free(copy);
    return 0;
}
