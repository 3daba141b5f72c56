#include "cli/settings/check.h"

#include "cli/settings/check_internal.h"
#include "runtime/aws/arn.h"
#include "runtime/base/utf8.h"

#define ACCOUNT_DIGITS 12

struct view check_shown(struct view text) {
    return utf8_cut(text, CHECK_SHOWN_BYTES);
}

struct problem_place check_at(enum severity severity, const struct settings *settings,
                              const struct yaml_value *value) {
    const struct yaml_value *at = value ? value : settings->root;
    return (struct problem_place){
        .severity = severity, .file = settings->file, .place = &at->place};
}

/* --- grammars --- */

static size_t count_digits(struct view text) {
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        n += text.data[i] >= '0' && text.data[i] <= '9';
    }
    return n;
}

/* Why text is no account's id, and what it was before something damaged it. */
static void complain_of_account(const struct settings *settings, const struct setting *setting,
                                const char *key, struct problems *problems) {
    struct view text = setting->text;
    struct view shown = check_shown(text);
    size_t n = count_digits(text);
    const struct problem_place where = check_at(SEVERITY_ERROR, settings, setting->value);
    if (n == text.len) {
        problems_add(problems, where,
                     n < ACCOUNT_DIGITS ? "write all 12 digits in quotes: a leading 0 may be lost"
                                        : "write the account's 12 digits in quotes",
                     "%s: '" VIEW_FMT "' has %zu digits, an account id has 12", key,
                     VIEW_ARG(shown), n);
    } else if (setting_is_number(setting)) {
        problems_add(problems, where, "write the account's 12 digits in quotes",
                     "%s: '" VIEW_FMT "' is a number, not the 12 digits of an account id", key,
                     VIEW_ARG(shown));
    } else {
        problems_add(
            problems, where,
            n == ACCOUNT_DIGITS ? "write the 12 digits in quotes, with nothing between them"
                                : "write the account's 12 digits in quotes",
            "%s: '" VIEW_FMT "' is no account id, which is 12 digits", key, VIEW_ARG(shown));
    }
}

bool check_account(const struct settings *settings, const struct setting *setting, const char *key,
                   struct problems *problems) {
    struct view text = setting->text;
    if (text.len == 0) {
        return false;
    }
    if (!arn_is_account_id(text)) {
        complain_of_account(settings, setting, key, problems);
        return false;
    }
    if (text.data[0] == '0' && setting_is_number(setting)) {
        problems_add(problems, check_at(SEVERITY_ERROR, settings, setting->value), "",
                     "%s: '" VIEW_FMT "' begins with 0 and is not quoted, so that other programs "
                     "read another number",
                     key, VIEW_ARG(text));
        problems_remedy(problems, "write \"" VIEW_FMT "\" in quotes", VIEW_ARG(text));
        return false;
    }
    return true;
}

bool check_region(const struct settings *settings, const struct setting *setting, const char *key,
                  struct problems *problems) {
    if (setting->text.len == 0) {
        return false;
    }
    if (arn_is_region(setting->text)) {
        return true;
    }
    struct view shown = check_shown(setting->text);
    problems_add(problems, check_at(SEVERITY_ERROR, settings, setting->value),
                 "write the region's code, such as us-east-1", "%s: '" VIEW_FMT "' is no region",
                 key, VIEW_ARG(shown));
    return false;
}

void check_partition(const struct settings *settings, const struct setting *setting,
                     struct view region, const char *what, struct problems *problems) {
    if (!arn_is_region(setting->text) || !arn_is_region(region)) {
        return;
    }
    struct view there = arn_region_partition(setting->text);
    struct view here = arn_region_partition(region);
    if (!view_equal(there, here)) {
        problems_add(problems, check_at(SEVERITY_ERROR, settings, setting->value),
                     "replicate the images to a registry of the same partition, and name that",
                     "%s is in partition " VIEW_FMT ", and this environment in " VIEW_FMT
                     ": no image is pulled across partitions",
                     what, VIEW_ARG(there), VIEW_ARG(here));
    }
}

bool check_name(const struct settings *settings, const struct setting *setting, const char *key,
                struct problems *problems) {
    struct view shown = check_shown(setting->text);
    if (setting->text.len == 0) {
        return false;
    }
    if (!config_name_is_valid(setting->text)) {
        problems_add(problems, check_at(SEVERITY_ERROR, settings, setting->value),
                     "use 1 to 64 letters, digits, '-' and '_', a letter or digit first",
                     "%s: '" VIEW_FMT "' is no name", key, VIEW_ARG(shown));
        return false;
    }
    if (setting_is_number(setting) || setting_is_boolean(setting)) {
        problems_add(problems, check_at(SEVERITY_WARNING, settings, setting->value),
                     "put it in quotes", "%s: '" VIEW_FMT "' is a %s for other programs", key,
                     VIEW_ARG(shown), setting_is_number(setting) ? "number" : "boolean");
    }
    return true;
}

/* --- all --- */

int check_settings(const struct settings *settings, size_t n_settings, struct problems *problems,
                   struct err *err) {
    const char **files = ARENA_ARRAY(problems->arena, n_settings, const char *);
    if (!files) {
        return err_out_of_memory(err, "the check");
    }
    for (size_t i = 0; i < n_settings; i++) {
        files[i] = settings[i].file;
        if (!settings[i].root) {
            continue;
        }
        check_members(&settings[i], problems);
        check_sources(&settings[i], problems);
        if (check_workloads(&settings[i], problems) < 0) {
            return err_out_of_memory(err, "the check");
        }
    }
    check_together(settings, n_settings, problems);
    problems_sort(problems, files, n_settings);
    return problems->out_of_memory ? err_out_of_memory(err, "the check") : 0;
}
