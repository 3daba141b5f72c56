/* The SDKs' shared files: what is read lies in the file, and what was read last is what is found.
 */

#include "runtime/aws/shared_config.h"
#include "tests/fuzz/require.h"

#include <string.h>

#define INPUT_MAX_BYTES 4096
/* Every property is looked up once more, which reads the file again. */
#define MAX_LOOKUPS 16
#define NAME_BYTES 128

/* The value that the last such property of any section of this name has. */
static struct view last_value(struct view text, struct view section, struct view name) {
    struct shared_config_reader reader = shared_config_reader(text);
    struct shared_config_item item;
    struct view value = {0};
    bool is_inside = false;
    while ((item = shared_config_next(&reader)).type != SHARED_CONFIG_END) {
        if (item.type == SHARED_CONFIG_SECTION) {
            is_inside = view_equal(item.name, section);
        } else if (item.type == SHARED_CONFIG_PROPERTY && is_inside &&
                   view_equal_nocase(item.name, name)) {
            value = item.value;
        }
    }
    return value;
}

static void look_up(struct view text, struct view section, struct view name) {
    char key[NAME_BYTES];
    struct view found = {0};
    if (name.len >= sizeof(key) || view_contains_char(name, '\0')) {
        return;
    }
    memcpy(key, name.data, name.len);
    key[name.len] = '\0';
    struct view expected = last_value(text, section, name);
    bool is_found = shared_config_get(text, SHARED_CREDENTIALS_FILE, section, key, &found);
    require(is_found == (expected.len > 0));
    require(view_equal(found, expected));
    (void)shared_config_get(text, SHARED_CONFIG_FILE, section, key, &found);
    require_inside(found, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view text = {(const char *)data, size};
    struct shared_config_reader reader = shared_config_reader(text);
    struct shared_config_item item;
    struct view section = {0};
    bool has_bad = false;
    size_t n_lookups = 0;
    size_t n = 0;
    if (size > INPUT_MAX_BYTES) {
        return 0;
    }
    while ((item = shared_config_next(&reader)).type != SHARED_CONFIG_END) {
        require_inside(item.name, text);
        require_inside(item.value, text);
        require(!view_contains_char(item.name, '\n') && !view_contains_char(item.value, '\n'));
        require(++n <= reader.line && reader.line <= size + 1);
        has_bad |= item.type == SHARED_CONFIG_BAD;
        if (item.type == SHARED_CONFIG_SECTION) {
            section = item.name;
            require(section.len > 0);
            require(shared_config_has_profile(text, SHARED_CREDENTIALS_FILE, section));
        } else if (item.type == SHARED_CONFIG_PROPERTY && section.len > 0 &&
                   n_lookups++ < MAX_LOOKUPS) {
            look_up(text, section, item.name);
        }
    }
    struct err err;
    err_init(&err);
    require((shared_config_check(text, "file", &err) < 0) == has_bad);
    require(!has_bad || err.code == ERR_CONFIG_INVALID);
    return 0;
}
