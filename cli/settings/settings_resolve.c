#include "cli/settings/settings.h"
#include "handlers/deploy/image.h"
#include "handlers/deploy/target.h"

/* --- what a plain scalar is for others --- */

static bool is_plain(const struct setting *setting) {
    return setting->text.len > 0 && setting->value && setting->value->style == YAML_PLAIN;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_hexadecimal(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '_';
}

/* Digits with what YAML 1.1 lets stand among them ("_", and ":" of base 60); how many bytes. */
static size_t digits(struct view text) {
    size_t n = 0;
    while (n < text.len &&
           (is_digit(text.data[n]) || (n > 0 && (text.data[n] == '_' || text.data[n] == ':')))) {
        n++;
    }
    return n;
}

static bool is_based(struct view text) {
    bool has_base =
        text.len > 2 && text.data[0] == '0' && view_contains_char(VIEW("xob"), text.data[1]);
    for (size_t i = 2; has_base && i < text.len; i++) {
        has_base = is_hexadecimal(text.data[i]);
    }
    return has_base;
}

bool setting_is_number(const struct setting *setting) {
    struct view text = setting->text;
    if (!is_plain(setting)) {
        return false;
    }
    if (view_contains_char(VIEW("+-"), text.data[0])) {
        text = view_slice(text, 1, text.len);
    }
    if (is_based(text)) {
        return true;
    }
    size_t before = digits(text);
    size_t after = 0;
    text = view_slice(text, before, text.len);
    if (text.len > 0 && text.data[0] == '.') {
        after = digits(view_slice(text, 1, text.len));
        text = view_slice(text, 1 + after, text.len);
    }
    if (before + after > 0 && text.len > 1 && (text.data[0] == 'e' || text.data[0] == 'E')) {
        text = view_slice(text, view_contains_char(VIEW("+-"), text.data[1]) ? 2 : 1, text.len);
        size_t exponent = digits(text);
        return exponent > 0 && exponent == text.len;
    }
    return before + after > 0 && text.len == 0;
}

bool setting_is_boolean(const struct setting *setting) {
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off"};
    for (size_t i = 0; is_plain(setting) && i < sizeof(words) / sizeof(words[0]); i++) {
        if (view_equal_nocase(setting->text, view_of(words[i]))) {
            return true;
        }
    }
    return false;
}

/* --- the registry --- */

enum ecr_strategy settings_strategy(const struct settings *settings) {
    if (view_equal(settings->ecr_strategy.text, VIEW("local"))) {
        return ECR_LOCAL;
    }
    if (view_equal(settings->ecr_strategy.text, VIEW("cross_account"))) {
        return ECR_CROSS_ACCOUNT;
    }
    if (view_equal(settings->env.text, VIEW("dev"))) {
        return ECR_LOCAL;
    }
    return settings->ecr_account_id.text.len > 0 ? ECR_CROSS_ACCOUNT : ECR_LOCAL;
}

const char *settings_strategy_name(const struct settings *settings) {
    return settings_strategy(settings) == ECR_LOCAL ? "local" : "cross_account";
}

struct view settings_registry_account(const struct settings *settings) {
    return settings_strategy(settings) == ECR_LOCAL ? settings->account_id.text
                                                    : settings->ecr_account_id.text;
}

struct view settings_registry_region(const struct settings *settings) {
    bool is_elsewhere = settings_strategy(settings) == ECR_CROSS_ACCOUNT &&
                        settings->ecr_account_region.text.len > 0;
    return is_elsewhere ? settings->ecr_account_region.text : settings->region.text;
}

/* --- repositories --- */

const struct workload *settings_source_of(const struct settings *settings,
                                          const struct workload *workload) {
    for (size_t i = 0; i < settings->n_workloads; i++) {
        const struct workload *other = &settings->workloads[i];
        if (workload->source_name.text.len > 0 &&
            view_equal(other->name.text, workload->source_name.text) &&
            view_equal(view_of(workload_list_name(other->kind)), workload->source_type.text)) {
            return other;
        }
    }
    return NULL;
}

static struct view either(struct view text, struct view otherwise) {
    return text.len > 0 ? text : otherwise;
}

struct view settings_registry_host(const struct settings *settings, struct arena *arena) {
    struct view account = settings_registry_account(settings);
    struct view region = settings_registry_region(settings);
    struct view host = {0};
    struct view name;
    const struct repository repository = {
        .registry = {.account = either(account, VIEW("<account_id>")),
                     .region = either(region, VIEW("<region>"))},
        .name = VIEW("name"),
    };
    struct view uri = image_repository_uri(&repository, repository.registry.account, arena);
    return uri.data && view_cut_last(uri, '/', &host, &name) ? host : (struct view){0};
}

static int by_convention(const struct settings *settings, enum target_kind kind, struct view name,
                         struct arena *arena, struct settings_repository *ret_repository,
                         struct err *err) {
    struct view host = settings_registry_host(settings, arena);
    struct settings_repository repository = {
        .account = settings_registry_account(settings),
        .region = settings_registry_region(settings),
        .name = target_conventional_repository(settings->project.text, kind, name, arena),
        .is_found = true,
    };
    repository.uri =
        arena_printf(arena, VIEW_FMT "/" VIEW_FMT, VIEW_ARG(host), VIEW_ARG(repository.name));
    if (!host.data || !repository.name.data || !repository.uri.data) {
        return err_out_of_memory(err, "a repository's name");
    }
    *ret_repository = repository;
    return 0;
}

static struct settings_repository by_hand(const struct workload *workload) {
    struct image_reference reference;
    struct settings_repository repository = {.uri = workload->repository_uri.text,
                                             .is_found = workload->repository_uri.text.len > 0};
    if (image_reference_parse(workload->repository_uri.text, &reference)) {
        repository.account = reference.account;
        repository.region = reference.region;
        repository.name = reference.name;
    }
    return repository;
}

int settings_repository(const struct settings *settings, const struct workload *workload,
                        struct arena *arena, struct settings_repository *ret_repository,
                        struct err *err) {
    const struct workload *source = workload;
    for (size_t steps = 0; source && source->ecr_mode == ECR_MODE_EXISTING; steps++) {
        source = steps < SETTINGS_MAX_CHAIN ? settings_source_of(settings, source) : NULL;
    }
    *ret_repository = (struct settings_repository){0};
    if ((workload && !source) || settings->project.text.len == 0) {
        return 0;
    }
    if (source && source->ecr_mode == ECR_MODE_MANUAL) {
        *ret_repository = by_hand(source);
        return 0;
    }
    struct view name = source ? source->name.text : VIEW("backend");
    if (name.len == 0) {
        return 0;
    }
    enum target_kind kind = source ? workload_target_kind(source->kind) : TARGET_SERVICE;
    return by_convention(settings, kind, name, arena, ret_repository, err);
}
