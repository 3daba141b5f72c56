#include "runtime/aws/shared_config.h"

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static bool is_comment(char c) {
    return c == '#' || c == ';';
}

static struct view trim(struct view text) {
    while (text.len > 0 && is_blank(text.data[0])) {
        text = view_slice(text, 1, text.len);
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Without a comment at the end, which white space must precede: a '#' inside a value is its own. */
static struct view without_comment(struct view text) {
    for (size_t i = 1; i < text.len; i++) {
        if (is_comment(text.data[i]) && is_blank(text.data[i - 1])) {
            return view_slice(text, 0, i);
        }
    }
    return text;
}

struct shared_config_reader shared_config_reader(struct view text) {
    static const struct view byte_order_mark = {"\xef\xbb\xbf", 3};
    size_t skipped = view_starts_with(text, byte_order_mark) ? byte_order_mark.len : 0;
    return (struct shared_config_reader){.rest = view_slice(text, skipped, text.len)};
}

static struct shared_config_item bad(void) {
    return (struct shared_config_item){.type = SHARED_CONFIG_BAD};
}

/* "[name]", and perhaps a comment. */
static struct shared_config_item section(struct shared_config_reader *reader, struct view line) {
    struct view name;
    struct view behind;
    reader->has_section = true;
    reader->has_property = false;
    if (!view_cut(view_slice(line, 1, line.len), ']', &name, &behind)) {
        return bad();
    }
    behind = trim(behind);
    name = trim(name);
    if (name.len == 0 || (behind.len > 0 && !is_comment(behind.data[0]))) {
        return bad();
    }
    return (struct shared_config_item){.type = SHARED_CONFIG_SECTION, .name = name};
}

static struct shared_config_item property(struct shared_config_reader *reader, struct view line,
                                          size_t indent) {
    struct shared_config_item item = {.type = SHARED_CONFIG_PROPERTY};
    if (!reader->has_section || !view_cut(line, '=', &item.name, &item.value)) {
        return bad();
    }
    item.name = trim(item.name);
    item.value = trim(without_comment(item.value));
    if (item.name.len == 0) {
        return bad();
    }
    reader->has_property = true;
    reader->indent = indent;
    return item;
}

/* A line that is indented more than the property above it belongs to that; one that is indented
 * alike is a property of its own, as whole files are sometimes indented. */
struct shared_config_item shared_config_next(struct shared_config_reader *reader) {
    struct view whole;
    while (view_split(&reader->rest, '\n', &whole)) {
        size_t indent = 0;
        reader->line++;
        while (indent < whole.len && is_blank(whole.data[indent])) {
            indent++;
        }
        struct view line = view_slice(whole, indent, whole.len);
        if (line.len == 0 || is_comment(line.data[0])) {
            continue;
        }
        if (indent > 0 && reader->has_property && indent > reader->indent) {
            return (struct shared_config_item){.type = SHARED_CONFIG_NESTED};
        }
        return line.data[0] == '[' ? section(reader, line) : property(reader, line, indent);
    }
    return (struct shared_config_item){.type = SHARED_CONFIG_END};
}

int shared_config_check(struct view text, const char *file, struct err *err) {
    struct shared_config_reader reader = shared_config_reader(text);
    struct shared_config_item item;
    do {
        item = shared_config_next(&reader);
        if (item.type == SHARED_CONFIG_BAD) {
            (void)err_set(err, ERR_CONFIG_INVALID, "cannot parse '%s': line %zu", file,
                          reader.line);
            err_remedy(err, "make the line a [section], a 'key = value' or a comment");
            return -1;
        }
    } while (item.type != SHARED_CONFIG_END);
    return 0;
}

static struct view unquoted(struct view name) {
    bool is_quoted = name.len >= 2 && (name.data[0] == '"' || name.data[0] == '\'') &&
                     name.data[name.len - 1] == name.data[0];
    return is_quoted ? view_slice(name, 1, name.len - 2) : name;
}

/* How a section names the profile: not at all, plainly ([default]), or with "profile" before it. */
enum match { MATCH_NONE, MATCH_PLAIN, MATCH_PREFIXED };

static enum match match_section(struct view section_name, enum shared_config_kind kind,
                                struct view profile) {
    struct view prefix = VIEW("profile");
    if (kind == SHARED_CREDENTIALS_FILE) {
        return view_equal(section_name, profile) ? MATCH_PLAIN : MATCH_NONE;
    }
    if (view_starts_with(section_name, prefix) && section_name.len > prefix.len &&
        is_blank(section_name.data[prefix.len])) {
        struct view name = unquoted(trim(view_slice(section_name, prefix.len, section_name.len)));
        return view_equal(name, profile) ? MATCH_PREFIXED : MATCH_NONE;
    }
    bool is_default = view_equal(section_name, VIEW("default"));
    return is_default && view_equal(section_name, profile) ? MATCH_PLAIN : MATCH_NONE;
}

/* The form in which the file has the profile; the prefixed one wins. */
static enum match find_form(struct view text, enum shared_config_kind kind, struct view profile) {
    struct shared_config_reader reader = shared_config_reader(text);
    struct shared_config_item item;
    enum match form = MATCH_NONE;
    while ((item = shared_config_next(&reader)).type != SHARED_CONFIG_END) {
        if (item.type == SHARED_CONFIG_SECTION) {
            enum match found = match_section(item.name, kind, profile);
            form = found > form ? found : form;
        }
    }
    return form;
}

bool shared_config_has_profile(struct view text, enum shared_config_kind kind,
                               struct view profile) {
    return find_form(text, kind, profile) != MATCH_NONE;
}

bool shared_config_get(struct view text, enum shared_config_kind kind, struct view profile,
                       const char *name, struct view *ret_value) {
    enum match form = find_form(text, kind, profile);
    struct shared_config_reader reader = shared_config_reader(text);
    struct shared_config_item item;
    struct view value = {0};
    bool is_inside = false;
    while ((item = shared_config_next(&reader)).type != SHARED_CONFIG_END) {
        if (item.type == SHARED_CONFIG_SECTION) {
            is_inside = form != MATCH_NONE && match_section(item.name, kind, profile) == form;
        } else if (item.type == SHARED_CONFIG_PROPERTY && is_inside &&
                   view_equal_nocase(item.name, view_of(name))) {
            value = item.value;
        }
    }
    if (value.len == 0) {
        return false;
    }
    *ret_value = value;
    return true;
}
