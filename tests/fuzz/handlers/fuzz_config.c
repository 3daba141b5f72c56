/*
 * Lines NAME=value as an environment, over one that is valid. What is accepted keeps the grammars
 * that everything behind it relies on, and every service of the map resolves; what is refused names
 * a variable and a remedy, and never shows the webhook's address.
 */

#include "handlers/config.h"
#include "handlers/deploy/target.h"
#include "runtime/aws/arn.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define MAX_LINES 40
#define SECRET "T0P-S3CRET"

struct line {
    struct view name;
    const char *value;
};
/* The last one of a name counts. The first few make a valid environment. */
struct table {
    struct line lines[MAX_LINES];
    size_t n;
};

static const struct table valid = {
    .lines = {{VIEW("PROJECT_NAME"), "myproject"},
              {VIEW("PROJECT_ENV"), "prod"},
              {VIEW("AWS_REGION"), "eu-west-1"}},
    .n = 3,
};

static const char *get(const void *state, const char *name) {
    const struct table *table = state;
    struct view wanted = view_of(name);
    for (size_t i = table->n; i > 0; i--) {
        if (view_equal(table->lines[i - 1].name, wanted)) {
            return table->lines[i - 1].value;
        }
    }
    return NULL;
}

/* Takes the text apart in place: an environment holds no NUL, and no line here a newline. */
static void read_lines(char *text, struct table *table) {
    char *rest = text;
    for (char *line; table->n < MAX_LINES && (line = strsep(&rest, "\n")) != NULL;) {
        char *value = strchr(line, '=');
        if (value != NULL) {
            *value++ = '\0';
            table->lines[table->n++] = (struct line){view_of(line), value};
        }
    }
}

static void require_secret_is_kept(const struct table *table, const struct err *err) {
    for (size_t i = 0; i < table->n; i++) {
        const struct line *line = &table->lines[i];
        if (!view_equal(line->name, VIEW("SLACK_WEBHOOK_URL")) &&
            (strstr(line->value, SECRET) != NULL || strstr(line->name.data, SECRET) != NULL)) {
            return;
        }
    }
    require(strstr(err->message, SECRET) == NULL && strstr(err->remedy, SECRET) == NULL);
}

static bool resolves(const struct config *config, struct view name, struct arena *arena) {
    struct target target;
    struct err err;
    err_init(&err);
    if (target_resolve(config, name, arena, &target, &err) != 0) {
        require(err.code == ERR_SERVICE_UNKNOWN && err.remedy[0] != '\0');
        return false;
    }
    require(!err_is_set(&err) && view_equal(target.name, name));
    require(image_repository_is_valid(target.repository.name));
    require(arn_is_region(target.repository.registry.region));
    bool is_lambda = target.kind == TARGET_LAMBDA;
    require((target.service.len > 0) == (target.kind == TARGET_SERVICE));
    require((target.function.len > 0) == is_lambda);
    require((target.family.len > 0) != is_lambda && (target.cluster.len > 0) != is_lambda);
    require(tag_policy_admits(target.deploy_tags, VIEW("latest")) ==
            tag_policy_admits(target.deploy_tags, VIEW("latest")));
    return true;
}

static void require_is_sound(const struct config *config, struct arena *arena) {
    require(config_name_is_valid(config->project) && config_name_is_valid(config->env));
    require(arn_is_region(config->region) && arn_is_region(config->ecr_region));
    require(config->cluster.len > 0);
    require(config->own_account.len == 0 || arn_is_account_id(config->own_account));
    require(config->ecr_account_id.len == 0 || arn_is_account_id(config->ecr_account_id));
    require(config->ecr_strategy == ECR_LOCAL || config->ecr_account_id.len > 0);
    for (size_t i = 0; i < config->n_allowed_accounts; i++) {
        require(arn_is_account_id(config->allowed_accounts[i]));
    }
    require(!config->is_prod || config->deploy_tags.latest_by_name);
    require(config->has_service_map == (config->n_services > 0));
    for (size_t i = 0; i < config->n_services; i++) {
        require(resolves(config, config->services[i].name, arena));
    }
}

/* Any name: with a map only those in it are known, without one those of the grammar whose
 * repository has a name that ECR takes, which lacks capitals. */
static void require_unknown_is_refused(const struct config *config, struct view name,
                                       struct arena *arena) {
    bool is_known = !config->has_service_map && config_name_is_valid(name);
    for (size_t i = 0; i < name.len && !config->has_service_map; i++) {
        is_known &= name.data[i] < 'A' || name.data[i] > 'Z';
    }
    for (size_t i = 0; i < config->n_services; i++) {
        is_known |= view_equal(config->services[i].name, name);
    }
    bool is_resolved = resolves(config, name, arena);
    require(is_known || !is_resolved);
    require(is_resolved || !config->has_service_map || !is_known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    struct table table = valid;
    arena_reset(&arena);
    char *text = malloc(size + 1);
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    read_lines(text, &table);
    const struct environment env = {.get = get, .state = &table};
    struct config config;
    struct err err;
    err_init(&err);
    if (config_load(&env, &arena, &config, &err) == 0) {
        require(!err_is_set(&err));
        struct view name = arena_copy(&arena, view_of(table.lines[table.n - 1].value));
        free(text); /* nothing of the environment is borrowed */
        require_is_sound(&config, &arena);
        require_unknown_is_refused(&config, name, &arena);
        return 0;
    }
    require(err.code == ERR_CONFIG_INVALID && strlen(err.remedy) > 0);
    require(strncmp(err.message, "configuration is invalid: ", 26) == 0);
    require_secret_is_kept(&table, &err);
    free(text);
    return 0;
}
