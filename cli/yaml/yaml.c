#include "cli/yaml/yaml.h"

#include "cli/yaml/yaml_keys.h"
#include "cli/yaml/yaml_text.h"
#include "runtime/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* Beside the tree: four bytes for each character and as many for each line, and what is sorted. */
#define SCRATCH_BYTES ((size_t)32 * 1024 * 1024)
#define FIRST_CHILDREN 8
/* Of a name that is shown. */
#define SHOWN_BYTES 60
#define MESSAGE_BYTES 256

/* How much there is in a value, with aliases followed. */
struct measure {
    size_t values;
    size_t levels;
};

struct anchor {
    struct view name;
    struct yaml_value value;
    struct measure measure;
    bool is_open; /* its value has not ended yet */
};

struct loader {
    yaml_parser_t parser;
    struct yaml_text text;
    struct arena *arena;  /* of the tree */
    struct arena scratch; /* of what the tree does not need */
    struct anchor *anchors;
    size_t n_anchors;
    size_t n_values;
    struct yaml_place *fault;
    struct err *err;
};

static void loader_release(struct loader *l) {
    yaml_parser_delete(&l->parser);
    arena_release(&l->scratch);
}

/* --- failing --- */

static int fail_at(struct loader *l, size_t offset, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int fail_at(struct loader *l, size_t offset, const char *remedy, const char *format, ...) {
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    for (char *c = message; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = '?';
        }
    }
    *l->fault = yaml_text_place(&l->text, offset, offset);
    err_set(l->err, ERR_CONFIG_INVALID, "%s", message);
    err_remedy(l->err, "%s", remedy);
    return -1;
}

static int out_of_memory(struct loader *l) {
    return err_out_of_memory(l->err, "a YAML file");
}

static size_t offset_of(const struct loader *l, yaml_mark_t mark) {
    return yaml_text_offset(&l->text, mark.index);
}

static int fail_parser(struct loader *l) {
    const yaml_parser_t *parser = &l->parser;
    const char *problem = parser->problem ? parser->problem : "unknown";
    if (parser->error == YAML_MEMORY_ERROR) {
        return out_of_memory(l);
    }
    if (parser->error == YAML_READER_ERROR) {
        size_t offset = l->text.start + parser->problem_offset;
        size_t last = l->text.bytes.len;
        return fail_at(l, offset < last ? offset : last, "save the file as text",
                       "not YAML: %s (0x%02x)", problem, (unsigned)parser->problem_value);
    }
    size_t offset = offset_of(l, parser->problem_mark);
    bool is_tab = offset < l->text.bytes.len && l->text.bytes.data[offset] == '\t';
    if (is_tab) {
        return fail_at(l, offset, "indent with spaces", "not YAML: a tab cannot indent");
    }
    return fail_at(l, offset, "correct the file there, or in the lines before", "not YAML: %s",
                   problem);
}

static int next(struct loader *l, yaml_event_t *event) {
    return yaml_parser_parse(&l->parser, event) ? 0 : fail_parser(l);
}

/* --- anchors --- */

static int add_anchor(struct loader *l, const yaml_char_t *name, size_t offset, size_t *ret_index) {
    if (l->n_anchors == YAML_MAX_ANCHORS) {
        return fail_at(l, offset, "write the values out", "more than %d anchors", YAML_MAX_ANCHORS);
    }
    struct view copy = arena_copy(&l->scratch, view_of((const char *)name));
    if (!copy.data) {
        return out_of_memory(l);
    }
    *ret_index = l->n_anchors++;
    l->anchors[*ret_index] = (struct anchor){.name = copy, .is_open = true};
    return 0;
}

static int load_alias(struct loader *l, const yaml_event_t *event, struct yaml_value *ret_value,
                      struct measure *ret_measure) {
    const char *name = (const char *)event->data.alias.anchor;
    size_t offset = offset_of(l, event->start_mark);
    size_t i = l->n_anchors;
    while (i > 0 && !view_equal(l->anchors[i - 1].name, view_of(name))) {
        i--;
    }
    if (i == 0) {
        return fail_at(l, offset, "put the anchor before it, or quote the value",
                       "alias '*%.*s' has no anchor before it", SHOWN_BYTES, name);
    }
    if (l->anchors[i - 1].is_open) {
        return fail_at(l, offset, "write the value out",
                       "alias '*%.*s' stands inside of its own anchor", SHOWN_BYTES, name);
    }
    *ret_value = l->anchors[i - 1].value;
    ret_value->is_alias = true;
    ret_value->place = yaml_text_place(&l->text, offset, offset_of(l, event->end_mark));
    *ret_measure = l->anchors[i - 1].measure;
    return 0;
}

/* --- values --- */

static int load(struct loader *l, yaml_event_t *event, size_t level, struct yaml_value *ret_value,
                struct measure *ret_measure);

/* Loads the event that comes next, unless it is `end`: then *ret_ended. */
static int load_next(struct loader *l, yaml_event_type_t end, size_t level,
                     struct yaml_value *ret_value, struct measure *measure, bool *ret_ended,
                     size_t *ret_end) {
    yaml_event_t event;
    struct measure of_child = {0};
    if (next(l, &event) < 0) {
        return -1;
    }
    *ret_ended = event.type == end;
    *ret_end = offset_of(l, event.end_mark);
    if (*ret_ended) {
        yaml_event_delete(&event);
        return 0;
    }
    if (load(l, &event, level + 1, ret_value, &of_child) < 0) {
        return -1;
    }
    measure->values += of_child.values;
    measure->levels = of_child.levels + 1 > measure->levels ? of_child.levels + 1 : measure->levels;
    return 0;
}

/* Room for one more; the array doubles in the arena. */
static void *grow(struct loader *l, void *items, size_t n, size_t *capacity, size_t size) {
    if (n < *capacity) {
        return items;
    }
    size_t wanted = *capacity == 0 ? FIRST_CHILDREN : 2 * *capacity;
    void *grown = arena_array(l->arena, wanted, size);
    if (grown && n > 0) {
        memcpy(grown, items, n * size);
    }
    *capacity = wanted;
    return grown;
}

/* A block ends with its last value, not where the next thing begins. */
static void end_collection(const struct loader *l, struct yaml_value *value, size_t end) {
    const struct yaml_place *last = &value->place;
    struct view bytes = view_slice(l->text.bytes, value->place.offset, 1);
    bool is_bracketed = bytes.len > 0 && (bytes.data[0] == '{' || bytes.data[0] == '[');
    if (value->style == YAML_FLOW && is_bracketed) {
        value->place.end = end;
        return;
    }
    if (value->n > 0) {
        last = value->kind == YAML_SEQUENCE ? &value->items[value->n - 1].place
                                            : &value->pairs[value->n - 1].value.place;
    }
    value->place.end = last->end > value->place.offset ? last->end : value->place.offset;
}

static int load_sequence(struct loader *l, size_t level, struct yaml_value *value,
                         struct measure *measure) {
    size_t capacity = 0;
    size_t end;
    for (bool ended = false;;) {
        struct yaml_value item = {0};
        if (load_next(l, YAML_SEQUENCE_END_EVENT, level, &item, measure, &ended, &end) < 0) {
            return -1;
        }
        if (ended) {
            end_collection(l, value, end);
            return 0;
        }
        value->items = grow(l, value->items, value->n, &capacity, sizeof(item));
        if (!value->items) {
            return out_of_memory(l);
        }
        value->items[value->n++] = item;
    }
}

static int check_keys(struct loader *l, const struct yaml_value *mapping) {
    const struct yaml_value *first;
    const struct yaml_value *second;
    if (yaml_find_repeated(mapping, &l->scratch, &first, &second) < 0) {
        return out_of_memory(l);
    }
    if (!second) {
        return 0;
    }
    struct view shown = utf8_cut(second->text, SHOWN_BYTES);
    return fail_at(l, second->place.offset, "keep the one that is meant, and remove the other",
                   "key '" VIEW_FMT "' is there twice, first in line %zu", VIEW_ARG(shown),
                   first->place.line);
}

static int load_mapping(struct loader *l, size_t level, struct yaml_value *value,
                        struct measure *measure) {
    size_t capacity = 0;
    size_t end;
    for (bool ended = false;;) {
        struct yaml_pair pair = {0};
        if (load_next(l, YAML_MAPPING_END_EVENT, level, &pair.key, measure, &ended, &end) < 0) {
            return -1;
        }
        if (ended) {
            end_collection(l, value, end);
            return check_keys(l, value);
        }
        if (pair.key.kind != YAML_SCALAR) {
            return fail_at(l, pair.key.place.offset, "write a name before the colon",
                           "a key has to be text, not a %s",
                           pair.key.kind == YAML_MAPPING ? "mapping" : "list");
        }
        if (load_next(l, YAML_MAPPING_END_EVENT, level, &pair.value, measure, &ended, &end) < 0) {
            return -1;
        }
        value->pairs = grow(l, value->pairs, value->n, &capacity, sizeof(pair));
        if (!value->pairs) {
            return out_of_memory(l);
        }
        value->pairs[value->n++] = pair;
    }
}

static enum yaml_style scalar_style(const yaml_event_t *event) {
    const char *tag = (const char *)event->data.scalar.tag;
    switch (event->data.scalar.style) {
    case YAML_LITERAL_SCALAR_STYLE:
    case YAML_FOLDED_SCALAR_STYLE:
        return YAML_BLOCK_TEXT;
    case YAML_ANY_SCALAR_STYLE:
    case YAML_PLAIN_SCALAR_STYLE:
        return tag && (strcmp(tag, YAML_STR_TAG) == 0 || strcmp(tag, "!") == 0) ? YAML_QUOTED
                                                                                : YAML_PLAIN;
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        break;
    }
    return YAML_QUOTED;
}

static int load_scalar(struct loader *l, const yaml_event_t *event, size_t offset,
                       struct yaml_value *value) {
    size_t end = offset_of(l, event->end_mark);
    value->kind = YAML_SCALAR;
    value->style = scalar_style(event);
    value->text = arena_copy(
        l->arena, (struct view){(const char *)event->data.scalar.value, event->data.scalar.length});
    if (!value->text.data) {
        return out_of_memory(l);
    }
    if (value->style == YAML_BLOCK_TEXT) {
        end = yaml_text_trim(&l->text, offset, end);
    }
    /* Nothing behind an anchor or a tag: what comes next is another value. */
    value->place = yaml_text_place(&l->text, offset < end ? offset : end, end);
    return 0;
}

/* The anchor and the tag of an event that may have them. */
static const yaml_char_t *properties_of(const yaml_event_t *event, int *ret_n) {
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    *ret_n = (anchor != NULL) + (tag != NULL);
    return anchor;
}

static int load_content(struct loader *l, const yaml_event_t *event, size_t offset, size_t level,
                        struct yaml_value *value, struct measure *measure) {
    value->place = yaml_text_place(&l->text, offset, offset);
    if (event->type == YAML_SCALAR_EVENT) {
        return load_scalar(l, event, offset, value);
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        bool is_flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
        value->kind = YAML_SEQUENCE;
        value->style = is_flow ? YAML_FLOW : YAML_BLOCK;
        return load_sequence(l, level, value, measure);
    }
    bool is_flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    value->kind = YAML_MAPPING;
    value->style = is_flow ? YAML_FLOW : YAML_BLOCK;
    return load_mapping(l, level, value, measure);
}

static int load_anchored(struct loader *l, const yaml_event_t *event, size_t level,
                         struct yaml_value *ret_value, struct measure *ret_measure) {
    int n_properties;
    size_t index = 0;
    const yaml_char_t *anchor = properties_of(event, &n_properties);
    size_t offset = offset_of(l, event->start_mark);
    struct yaml_value value = {0};
    struct measure measure = {.values = 1, .levels = 1};
    if (anchor && add_anchor(l, anchor, offset, &index) < 0) {
        return -1;
    }
    offset = yaml_text_skip_properties(&l->text, offset, n_properties);
    if (load_content(l, event, offset, level, &value, &measure) < 0) {
        return -1;
    }
    if (anchor) {
        l->anchors[index].value = value;
        l->anchors[index].measure = measure;
        l->anchors[index].is_open = false;
    }
    *ret_value = value;
    *ret_measure = measure;
    return 0;
}

static int count(struct loader *l, size_t offset, size_t n) {
    l->n_values += n;
    return l->n_values <= YAML_MAX_VALUES
               ? 0
               : fail_at(l, offset, "write a smaller file",
                         "more than %zu values, with aliases followed", YAML_MAX_VALUES);
}

static int load_alias_here(struct loader *l, const yaml_event_t *event, size_t level,
                           struct yaml_value *ret_value, struct measure *ret_measure) {
    size_t offset = offset_of(l, event->start_mark);
    if (load_alias(l, event, ret_value, ret_measure) < 0) {
        return -1;
    }
    if (level + ret_measure->levels - 1 > YAML_MAX_DEPTH) {
        return fail_at(l, offset, "nest less deeply", "more than %d levels, with aliases followed",
                       YAML_MAX_DEPTH);
    }
    return count(l, offset, ret_measure->values);
}

static int load_here(struct loader *l, const yaml_event_t *event, size_t level,
                     struct yaml_value *ret_value, struct measure *ret_measure) {
    size_t offset = offset_of(l, event->start_mark);
    if (level > YAML_MAX_DEPTH) {
        return fail_at(l, offset, "nest less deeply", "more than %d levels", YAML_MAX_DEPTH);
    }
    if (event->type == YAML_ALIAS_EVENT) {
        return load_alias_here(l, event, level, ret_value, ret_measure);
    }
    return count(l, offset, 1) < 0 ? -1 : load_anchored(l, event, level, ret_value, ret_measure);
}

/* Ends the event in any case. */
static int load(struct loader *l, yaml_event_t *event, size_t level, struct yaml_value *ret_value,
                struct measure *ret_measure) {
    int result = load_here(l, event, level, ret_value, ret_measure);
    yaml_event_delete(event);
    return result;
}

/* --- documents --- */

/* The type of the event that comes next, which has no content. */
static int skip_event(struct loader *l, yaml_event_type_t *ret_type, size_t *ret_offset) {
    yaml_event_t event;
    if (next(l, &event) < 0) {
        return -1;
    }
    *ret_type = event.type;
    *ret_offset = offset_of(l, event.start_mark);
    yaml_event_delete(&event);
    return 0;
}

static int load_document(struct loader *l, struct yaml_value *ret_root) {
    yaml_event_type_t type;
    yaml_event_t event;
    struct measure measure = {0};
    size_t offset;
    if (skip_event(l, &type, &offset) < 0 || skip_event(l, &type, &offset) < 0) {
        return -1;
    }
    if (type == YAML_STREAM_END_EVENT) {
        *ret_root = (struct yaml_value){.place = yaml_text_place(&l->text, offset, offset)};
        return 0;
    }
    struct yaml_value root = {0};
    if (next(l, &event) < 0 || load(l, &event, 1, &root, &measure) < 0 ||
        skip_event(l, &type, &offset) < 0 || skip_event(l, &type, &offset) < 0) {
        return -1;
    }
    if (type != YAML_STREAM_END_EVENT) {
        return fail_at(l, offset, "put it into a file of its own",
                       "a second document begins here; a file holds one");
    }
    *ret_root = root;
    return 0;
}

int yaml_parse(struct view text, struct arena *arena, struct yaml_value *ret_root,
               struct yaml_place *ret_fault, struct err *err) {
    struct loader l __attribute__((cleanup(loader_release))) = {
        .arena = arena, .scratch = ARENA_INIT(SCRATCH_BYTES), .fault = ret_fault, .err = err};
    *ret_fault = (struct yaml_place){0};
    if (text.len > YAML_MAX_BYTES) {
        err_set(err, ERR_CONFIG_INVALID, "the file has more than %zu bytes", YAML_MAX_BYTES);
        err_remedy(err, "check that this is the file that was meant");
        return -1;
    }
    if (yaml_text_init(text, &l.scratch, &l.text, ret_fault, err) < 0) {
        return -1;
    }
    l.anchors = ARENA_ARRAY(&l.scratch, YAML_MAX_ANCHORS, struct anchor);
    if (!l.anchors || !yaml_parser_initialize(&l.parser)) {
        return out_of_memory(&l);
    }
    struct view rest = view_slice(text, l.text.start, text.len);
    yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)(rest.data ? rest.data : ""),
                                 rest.len);
    return load_document(&l, ret_root);
}
