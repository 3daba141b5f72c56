#include "cli/settings/migrate.h"

#include "cli/settings/migrate_edit.h"
#include "cli/settings/migrate_plan.h"
#include "cli/settings/settings_files.h"
#include "runtime/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_BYTES 640
#define SHOWN_BYTES 160 /* of a value in a message */
#define FIRST_NOTES 8
#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)
#define NEWEST VIEW(STRINGIFY(SETTINGS_VERSION_NEWEST))

/* --- saying --- */

__attribute__((format(printf, 2, 0))) static void
format_message(char message[static NOTE_BYTES], const char *format, va_list arguments) {
    vsnprintf(message, NOTE_BYTES, format, arguments);
    problem_make_printable(message);
}

struct view migrate_shown(struct view value) {
    return utf8_cut(value, SHOWN_BYTES);
}

int migrate_refuse(struct migrate_plan *plan, const struct yaml_value *at, const char *remedy,
                   const char *format, ...) {
    char message[NOTE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    format_message(message, format, arguments);
    va_end(arguments);
    err_set(plan->err, ERR_CONFIG_INVALID, "%s:%zu:%zu: %s", plan->settings->file, at->place.line,
            at->place.column, message);
    err_remedy(plan->err, "%s", remedy);
    return -1;
}

static int grow_notes(struct migrate_plan *plan) {
    size_t capacity = plan->notes_capacity == 0 ? FIRST_NOTES : 2 * plan->notes_capacity;
    struct migrate_note *notes = ARENA_ARRAY(plan->arena, capacity, struct migrate_note);
    if (!notes) {
        return err_out_of_memory(plan->err, "migration");
    }
    if (plan->n_notes > 0) {
        memcpy(notes, plan->notes, plan->n_notes * sizeof(*notes));
    }
    plan->notes = notes;
    plan->notes_capacity = capacity;
    return 0;
}

int migrate_say(struct migrate_plan *plan, bool is_warning, const char *format, ...) {
    char message[NOTE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    format_message(message, format, arguments);
    va_end(arguments);
    if (plan->n_notes == plan->notes_capacity && grow_notes(plan) < 0) {
        return -1;
    }
    struct view text = arena_copy(plan->arena, view_of(message));
    if (!text.data) {
        return err_out_of_memory(plan->err, "migration");
    }
    plan->notes[plan->n_notes++] = (struct migrate_note){is_warning, text};
    return 0;
}

/* --- from which version --- */

static int find_version(struct migrate_plan *plan) {
    const struct settings *settings = plan->settings;
    const struct setting *version = &settings->schema_version;
    if (!version->value) {
        if (!settings_is_environment(settings)) {
            return migrate_refuse(plan, settings->root,
                                  "name an environment file, such as dev.yaml",
                                  "there is no 'env': this is no environment file");
        }
        plan->from = migrate_version_by_members(settings);
        return 0;
    }
    if (settings->version == 0) {
        return migrate_refuse(plan, version->value, "write the number, or take the line out",
                              "schema_version is no number");
    }
    if (settings->version < MIGRATE_VERSION_OLDEST) {
        return migrate_refuse(plan, version->value,
                              "bring it to schema 6 with the program that made it, then migrate",
                              "schema %lld is older than %d: what it lacks is not known here",
                              (long long)settings->version, MIGRATE_VERSION_OLDEST);
    }
    plan->from = settings->version;
    return 0;
}

/* --- the change --- */

/* What is added to the file's own members stands with these, behind the last of them. */
static const struct yaml_pair *find_neighbour(const struct yaml_value *root) {
    static const char *const neighbours[] = {
        "project",
        "env",
        "region",
        "account_id",
        "ecr_strategy",
        "ecr_account_id",
        "ecr_account_region",
        "schema_version",
    };
    const struct yaml_pair *found = NULL;
    for (size_t i = 0; i < root->n; i++) {
        const struct yaml_pair *pair = &root->pairs[i];
        for (size_t k = 0; k < sizeof(neighbours) / sizeof(neighbours[0]); k++) {
            if (view_equal(pair->key.text, view_of(neighbours[k])) &&
                pair->value.kind == YAML_SCALAR && migrate_edit_can_be_behind(pair)) {
                found = pair;
            }
        }
    }
    return found;
}

/* The items' changes and the root's, in the file's order. */
static struct file_change make_change(struct migrate_plan *plan) {
    const struct settings *settings = plan->settings;
    struct file_change change = {.root = settings->root, .mappings = plan->items};
    if (settings->schema_version.value) {
        change.replaced = settings->schema_version.value;
        change.replacement = NEWEST;
    } else {
        plan->root[plan->n_root++] = (struct addition){
            "schema_version", {.kind = YAML_SCALAR, .text = NEWEST, .is_number = true}};
    }
    change.n = plan->n_items;
    if (plan->n_root > 0) {
        change.mappings[change.n++] = (struct mapping_change){
            .mapping = settings->root,
            .behind = settings->root->style == YAML_BLOCK ? find_neighbour(settings->root) : NULL,
            .additions = plan->root,
            .n = plan->n_root};
    }
    qsort(change.mappings, change.n, sizeof(*change.mappings), mapping_change_compare);
    return change;
}

/* What is not as it was, or as it should be. */
static int refuse_inexact(struct migrate_plan *plan, const struct yaml_value *at) {
    if (at->is_alias && at->kind == YAML_SCALAR) {
        return migrate_refuse(plan, at, "write the number out here",
                              "the alias stands for schema_version, and would change with it");
    }
    return migrate_refuse(plan, at,
                          "write this part more plainly, one member a line, or add the members by "
                          "hand",
                          "nothing can be added here without changing what is there");
}

/* The text with the change in it; refused unless it means the same with that and nothing else. */
static int edit(struct migrate_plan *plan, struct view text, const struct file_change *change,
                struct view *ret_text) {
    const struct yaml_value *at = plan->settings->root;
    struct yaml_value root;
    struct yaml_place fault;
    struct err err;
    err_init(&err);
    if (migrate_edit(text, change, plan->arena, ret_text, &at, &err) < 0) {
        if (err.code == ERR_OUT_OF_MEMORY) {
            return err_out_of_memory(plan->err, "migration");
        }
        return migrate_refuse(plan, at, err.remedy, "%s", err.message);
    }
    if (yaml_parse(*ret_text, plan->arena, &root, &fault, &err) < 0) {
        return err.code == ERR_OUT_OF_MEMORY
                   ? err_out_of_memory(plan->err, "migration")
                   : migrate_refuse(plan, at, err.remedy,
                                    "with what is added it cannot be read: %s", err.message);
    }
    return migrate_edit_is_exact(plan->settings->root, &root, change, &at)
               ? 0
               : refuse_inexact(plan, at);
}

static int make_plan(struct migrate_plan *plan) {
    if (migrate_check_strategy(plan) < 0 || (plan->from < 7 && migrate_to_7(plan) < 0) ||
        (plan->from < 8 && migrate_to_8(plan) < 0) || (plan->from < 9 && migrate_to_9(plan) < 0)) {
        return -1;
    }
    return migrate_to_10(plan);
}

int migrate(const struct settings *settings, struct view text, const struct settings *all,
            size_t n_all, struct arena *arena, struct migration *ret_migration, struct err *err) {
    struct migrate_plan plan = {
        .settings = settings, .all = all, .n_all = n_all, .arena = arena, .err = err};
    plan.items = ARENA_ARRAY(arena, settings->n_workloads + 1, struct mapping_change);
    if (!plan.items) {
        return err_out_of_memory(err, "migration");
    }
    if (find_version(&plan) < 0) {
        return -1;
    }
    bool has_version = settings->schema_version.value != NULL;
    struct migration migration = {.from = plan.from, .is_by_members = !has_version, .text = text};
    if (!has_version || plan.from < SETTINGS_VERSION_NEWEST) {
        migration.is_changed = true;
        if (plan.from < SETTINGS_VERSION_NEWEST && make_plan(&plan) < 0) {
            return -1;
        }
        struct file_change change = make_change(&plan);
        if (edit(&plan, text, &change, &migration.text) < 0) {
            return -1;
        }
    }
    migration.notes = plan.notes;
    migration.n_notes = plan.n_notes;
    *ret_migration = migration;
    return 0;
}
