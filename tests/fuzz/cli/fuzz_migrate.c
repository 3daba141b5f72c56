/*
 * An environment file, migrated beside one that pulls from it: what comes out has every byte of
 * what went in, in order, but for the version's number; it is read as the same values with members
 * that migrate.h names and no others; and migrated again it stays as it is.
 */

#include "cli/settings/migrate.h"
#include "tests/fuzz/require.h"

#define ARENA_BYTES ((size_t)512 * 1024 * 1024)

static const char puller[] = "env: prod\nregion: eu-west-1\naccount_id: '222222222222'\n"
                             "ecr_account_id: '111111111111'\necr_account_region: us-east-1\n";

static bool is_within(struct view less, struct view more) {
    size_t k = 0;
    for (size_t i = 0; i < more.len && k < less.len; i++) {
        k += more.data[i] == less.data[k];
    }
    return k == less.len;
}

/* The text before and behind the number of schema_version, each within what came out. */
static void require_bytes(const struct settings *settings, struct view was, struct view is) {
    const struct yaml_value *version = settings->schema_version.value;
    if (version == NULL) {
        require(is_within(was, is));
        return;
    }
    size_t from = version->place.offset;
    size_t to = version->place.end;
    bool in_quotes = !version->is_alias && (was.data[from] == '"' || was.data[from] == '\'');
    struct view before = view_slice(was, 0, from + in_quotes);
    struct view behind = view_slice(was, to - in_quotes, was.len);
    size_t split = 0;
    size_t k = 0;
    for (; k < before.len; split++) {
        require(split < is.len);
        k += is.data[split] == before.data[k];
    }
    require(is_within(behind, view_slice(is, split, is.len)));
}

static bool is_named(const struct yaml_pair *pair, const char *name) {
    return view_equal(pair->key.text, view_of(name));
}

static bool may_be_added(const struct yaml_pair *pair) {
    return is_named(pair, "ecr_strategy") || is_named(pair, "ecr_trusted_accounts") ||
           is_named(pair, "schema_version") || is_named(pair, "ecr_config");
}

static void require_same(const struct yaml_value *was, const struct yaml_value *is,
                         const struct yaml_value *version) {
    require(was->kind == is->kind);
    if (was->kind == YAML_SCALAR) {
        bool is_version = version && was->place.offset == version->place.offset;
        require(is_version || (view_equal(was->text, is->text) && was->style == is->style));
    } else if (was->kind == YAML_SEQUENCE) {
        require(was->n == is->n);
        for (size_t i = 0; i < was->n; i++) {
            require_same(&was->items[i], &is->items[i], version);
        }
    } else if (was->kind == YAML_MAPPING) {
        size_t next = 0;
        for (size_t i = 0; i < is->n; i++) {
            const struct yaml_pair *pair = &is->pairs[i];
            if (next < was->n && view_equal(was->pairs[next].key.text, pair->key.text)) {
                require_same(&was->pairs[next].value, &pair->value, version);
                next++;
            } else {
                require(may_be_added(pair));
            }
        }
        require(next == was->n);
    }
}

static bool read(struct view text, const char *file, struct arena *arena,
                 struct settings *ret_settings) {
    struct problems problems = PROBLEMS_INIT(arena);
    struct err err;
    err_init(&err);
    return settings_read(text, file, arena, &problems, ret_settings, &err) == 0 &&
           ret_settings->root != NULL;
}

static void require_settled(struct view text, struct settings all[static 2], struct arena *arena) {
    struct migration again;
    struct err err;
    err_init(&err);
    require(read(text, "dev.yaml", arena, &all[0]));
    require(migrate(&all[0], text, all, 2, arena, &again, &err) == 0);
    require(!again.is_changed && view_equal(again.text, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    arena_reset(&arena);
    struct view text = arena_copy(&arena, (struct view){(const char *)data, size});
    struct settings all[2];
    struct migration migration;
    struct err err;
    err_init(&err);
    require(text.data != NULL);
    require(read(view_of(puller), "prod.yaml", &arena, &all[1]));
    if (!read(text, "dev.yaml", &arena, &all[0])) {
        return 0;
    }
    if (migrate(&all[0], text, all, 2, &arena, &migration, &err) != 0) {
        require(err.code == ERR_CONFIG_INVALID);
        require(view_starts_with(view_of(err.message), VIEW("dev.yaml:")));
        return 0;
    }
    if (!migration.is_changed) {
        require(view_equal(migration.text, text));
        return 0;
    }
    struct settings was = all[0];
    struct yaml_value is;
    struct yaml_place fault;
    require_bytes(&was, text, migration.text);
    require(yaml_parse(migration.text, &arena, &is, &fault, &err) == 0);
    require_same(was.root, &is, was.schema_version.value);
    require_settled(migration.text, all, &arena);
    return 0;
}
