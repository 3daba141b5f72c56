#include "cli/settings/settings.h"

#include "handlers/similar.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct reader {
    struct settings *settings;
    struct arena *arena;
    struct problems *problems;
    bool out_of_memory;
};

const char *workload_list_name(enum workload_kind kind) {
    switch (kind) {
    case WORKLOAD_SERVICE:
        return "services";
    case WORKLOAD_SCHEDULED_TASK:
        return "scheduled_tasks";
    case WORKLOAD_EVENT_TASK:
        return "event_processor_tasks";
    }
    return "";
}

enum target_kind workload_target_kind(enum workload_kind kind) {
    return kind == WORKLOAD_SERVICE ? TARGET_SERVICE : TARGET_TASK;
}

/* --- shapes --- */

static const char *kind_name(const struct yaml_value *value) {
    switch (value->kind) {
    case YAML_NOTHING:
        return "nothing";
    case YAML_SCALAR:
        return yaml_is_null(value) ? "nothing" : "text";
    case YAML_SEQUENCE:
        return "a list";
    case YAML_MAPPING:
        return "members";
    }
    return "";
}

/* What a value had to be, and how that is written. */
struct shape {
    enum yaml_kind kind;
    const char *name;
    const char *remedy;
};

static const struct shape text_shape = {YAML_SCALAR, "text", "write one value behind the colon"};
static const struct shape list_shape = {YAML_SEQUENCE, "a list", "begin each item with \"- \""};
static const struct shape members_shape = {YAML_MAPPING, "members",
                                           "write members below it, such as mode: create_ecr"};
static const struct shape item_shape = {YAML_MAPPING, "an item with members",
                                        "begin the item with a member, such as - name: api"};
static const struct shape trusted_shape = {
    YAML_MAPPING, "an item with members",
    "begin the item with a member, such as - account_id: \"222222222222\""};
static const struct shape file_shape = {YAML_MAPPING, "members",
                                        "begin it with a member, such as project: myproject"};

static void complain(const struct reader *r, const struct yaml_value *value, const char *key,
                     const struct shape *expected) {
    const struct problem_place where = {
        .severity = SEVERITY_ERROR, .file = r->settings->file, .place = &value->place};
    problems_add(r->problems, where, expected->remedy, "%s: expected %s, got %s", key,
                 expected->name, kind_name(value));
}

static struct setting read_setting(const struct reader *r, const struct yaml_value *mapping,
                                   const char *key) {
    struct setting setting = {.value = yaml_get_merged(mapping, key)};
    if (!setting.value || yaml_is_null(setting.value)) {
        return setting;
    }
    if (setting.value->kind != YAML_SCALAR) {
        complain(r, setting.value, key, &text_shape);
        return setting;
    }
    setting.text = setting.value->text;
    return setting;
}

/* The value if it is of that kind; NULL, and a complaint unless it is null, if not. */
static const struct yaml_value *read_kind(const struct reader *r, const struct yaml_value *mapping,
                                          const char *key, const struct shape *expected) {
    const struct yaml_value *value = yaml_get_merged(mapping, key);
    if (!value || yaml_is_null(value)) {
        return NULL;
    }
    if (value->kind != expected->kind) {
        complain(r, value, key, expected);
        return NULL;
    }
    return value;
}

/* --- misspelt members --- */

static bool is_known(struct view name, const char *const *known, size_t n_known) {
    for (size_t i = 0; i < n_known; i++) {
        if (view_equal(name, view_of(known[i]))) {
            return true;
        }
    }
    return false;
}

/* Other programs' members are none of our business; one that looks like ours where ours is missing
 * is a setting that would be lost. */
static void look_for_misspelt(const struct reader *r, const struct yaml_value *mapping,
                              const char *const *known, size_t n_known) {
    for (size_t i = 0; i < mapping->n; i++) {
        const struct yaml_value *key = &mapping->pairs[i].key;
        for (size_t k = 0; k < n_known && !is_known(key->text, known, n_known); k++) {
            if (!similar_is_misspelling(key->text, view_of(known[k])) ||
                yaml_get_merged(mapping, known[k])) {
                continue;
            }
            const struct problem_place where = {
                .severity = SEVERITY_WARNING, .file = r->settings->file, .place = &key->place};
            problems_add(r->problems, where, "", "'" VIEW_FMT "' is not known, and has no effect",
                         VIEW_ARG(key->text));
            problems_remedy(r->problems, "write '%s', if that is meant", known[k]);
            break;
        }
    }
}

/* --- lists --- */

static const char *const item_members[] = {"name", "ecr_config"};
static const char *const ecr_config_members[] = {"mode", "repository_uri", "source_service_name",
                                                 "source_service_type"};
static const char *const trusted_members[] = {"account_id", "env", "region"};
static const char *const members[] = {
    "project",
    "env",
    "region",
    "account_id",
    "ecr_strategy",
    "schema_version",
    "services",
    "ecr_account_id",
    "ecr_account_region",
    "ecr_trusted_accounts",
    "scheduled_tasks",
    "event_processor_tasks",
};

static enum ecr_mode mode_of(struct view mode) {
    if (mode.len == 0 || view_equal(mode, VIEW("create_ecr"))) {
        return ECR_MODE_CREATE;
    }
    if (view_equal(mode, VIEW("manual_repo"))) {
        return ECR_MODE_MANUAL;
    }
    return view_equal(mode, VIEW("use_existing")) ? ECR_MODE_EXISTING : ECR_MODE_UNKNOWN;
}

static struct workload read_workload(const struct reader *r, enum workload_kind kind,
                                     const struct yaml_value *item) {
    struct workload workload = {.kind = kind, .value = item};
    look_for_misspelt(r, item, item_members, COUNT(item_members));
    workload.name = read_setting(r, item, "name");
    workload.ecr_config = read_kind(r, item, "ecr_config", &members_shape);
    if (!workload.ecr_config) {
        return workload;
    }
    look_for_misspelt(r, workload.ecr_config, ecr_config_members, COUNT(ecr_config_members));
    workload.mode = read_setting(r, workload.ecr_config, "mode");
    workload.repository_uri = read_setting(r, workload.ecr_config, "repository_uri");
    workload.source_name = read_setting(r, workload.ecr_config, "source_service_name");
    workload.source_type = read_setting(r, workload.ecr_config, "source_service_type");
    workload.ecr_mode = mode_of(workload.mode.text);
    return workload;
}

/* The list's length, of which no more is read than the ceiling. */
static size_t length_of(const struct reader *r, const struct yaml_value *list, const char *name) {
    if (!list || list->n <= SETTINGS_MAX_ITEMS) {
        return list ? list->n : 0;
    }
    const struct problem_place where = {.severity = SEVERITY_ERROR,
                                        .file = r->settings->file,
                                        .place = &list->items[SETTINGS_MAX_ITEMS].place};
    problems_add(r->problems, where, "check that this is the file that was meant",
                 "%s has more than %d items", name, SETTINGS_MAX_ITEMS);
    return SETTINGS_MAX_ITEMS;
}

static void read_workloads(struct reader *r) {
    struct settings *settings = r->settings;
    const struct yaml_value *lists[N_WORKLOAD_KINDS];
    size_t lengths[N_WORKLOAD_KINDS];
    size_t n = 0;
    for (int kind = 0; kind < N_WORKLOAD_KINDS; kind++) {
        const char *name = workload_list_name((enum workload_kind)kind);
        lists[kind] = read_kind(r, settings->root, name, &list_shape);
        lengths[kind] = length_of(r, lists[kind], name);
        n += lengths[kind];
    }
    settings->workloads = ARENA_ARRAY(r->arena, n, struct workload);
    if (!settings->workloads) {
        r->out_of_memory = true;
        return;
    }
    for (int kind = 0; kind < N_WORKLOAD_KINDS; kind++) {
        for (size_t i = 0; i < lengths[kind]; i++) {
            const struct yaml_value *item = &lists[kind]->items[i];
            if (item->kind != YAML_MAPPING) {
                complain(r, item, workload_list_name((enum workload_kind)kind), &item_shape);
                continue;
            }
            settings->workloads[settings->n_workloads++] =
                read_workload(r, (enum workload_kind)kind, item);
        }
    }
}

static void read_trusted(struct reader *r) {
    struct settings *settings = r->settings;
    const struct yaml_value *list =
        read_kind(r, settings->root, "ecr_trusted_accounts", &list_shape);
    settings->trusted_list = list;
    size_t length = length_of(r, list, "ecr_trusted_accounts");
    settings->trusted = ARENA_ARRAY(r->arena, length, struct trusted_account);
    if (!settings->trusted) {
        r->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < length; i++) {
        const struct yaml_value *item = &list->items[i];
        if (item->kind != YAML_MAPPING) {
            complain(r, item, "ecr_trusted_accounts", &trusted_shape);
            continue;
        }
        look_for_misspelt(r, item, trusted_members, COUNT(trusted_members));
        settings->trusted[settings->n_trusted++] = (struct trusted_account){
            .value = item,
            .account_id = read_setting(r, item, "account_id"),
            .env = read_setting(r, item, "env"),
            .region = read_setting(r, item, "region"),
        };
    }
}

/* --- the file --- */

static void read_members(struct reader *r) {
    struct settings *s = r->settings;
    look_for_misspelt(r, s->root, members, COUNT(members));
    s->project = read_setting(r, s->root, "project");
    s->env = read_setting(r, s->root, "env");
    s->region = read_setting(r, s->root, "region");
    s->account_id = read_setting(r, s->root, "account_id");
    s->schema_version = read_setting(r, s->root, "schema_version");
    s->ecr_strategy = read_setting(r, s->root, "ecr_strategy");
    s->ecr_account_id = read_setting(r, s->root, "ecr_account_id");
    s->ecr_account_region = read_setting(r, s->root, "ecr_account_region");
    if (!view_to_i64(s->schema_version.text, &s->version) || s->version < 1) {
        s->version = 0;
    }
    read_trusted(r);
    read_workloads(r);
}

static void complain_of_file(const struct reader *r, const struct yaml_place *place,
                             const struct err *err) {
    const struct problem_place where = {
        .severity = SEVERITY_ERROR, .file = r->settings->file, .place = place};
    problems_add(r->problems, where, "", "%s", err->message);
    problems_remedy(r->problems, "%s", err->remedy);
}

/* The tree; *ret_root stays NULL where there is none. -1: no memory. */
static int read_tree(struct reader *r, struct view text, const struct yaml_value **ret_root) {
    struct yaml_place fault;
    struct err err;
    struct yaml_value *root = ARENA_NEW(r->arena, struct yaml_value);
    err_init(&err);
    if (!root) {
        return -1;
    }
    if (yaml_parse(text, r->arena, root, &fault, &err) < 0) {
        if (err.code != ERR_OUT_OF_MEMORY) {
            complain_of_file(r, fault.line > 0 ? &fault : NULL, &err);
            return 0;
        }
        return -1;
    }
    if (root->kind != YAML_MAPPING) {
        complain(r, root, "the file", &file_shape);
        return 0;
    }
    *ret_root = root;
    return 0;
}

int settings_read(struct view text, const char *file, struct arena *arena,
                  struct problems *problems, struct settings *ret_settings, struct err *err) {
    struct settings settings = {.file = file};
    struct reader r = {.settings = &settings, .arena = arena, .problems = problems};
    if (read_tree(&r, text, &settings.root) < 0) {
        return err_out_of_memory(err, file);
    }
    if (settings.root) {
        read_members(&r);
    }
    if (r.out_of_memory || problems->out_of_memory) {
        return err_out_of_memory(err, file);
    }
    *ret_settings = settings;
    return 0;
}
