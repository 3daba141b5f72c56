#include "cli/config_option.h"

#include "cli/command_config.h"
#include "cli/settings/check.h"
#include "cli/settings/render.h"
#include "cli/settings/settings_files.h"
#include "cli/table.h"
#include "handlers/config_source.h"
#include "runtime/base/buf.h"

#include <assert.h>
#include <string.h>

#define NAMES_BYTES 1024
/* A path, each byte of it in quotes of its own. */
#define WORDS_BYTES ((size_t)32 * 1024)

static const struct option_row config_row = {
    .name = "config",
    .letter = 'c',
    .value = "FILE",
    .help = "an environment file, for variables that are not set"};

void config_option_rows(const struct command *command,
                        struct option_row ret_rows[static OPTIONS_MAX + 1]) {
    size_t n = 0;
    for (const struct option_row *row = command->options; row && row->name; row++) {
        assert(n + 1 < OPTIONS_MAX);
        ret_rows[n++] = *row;
    }
    if (command->takes_config) {
        ret_rows[n++] = config_row;
    }
    ret_rows[n] = (struct option_row){0};
}

/* --- the variables --- */

struct file_environment {
    struct environment env;
    const struct environment *set; /* what is set, and counts */
    struct rendered rendered;
    struct view region;
};

static struct view set_value(const struct environment *env, const char *name) {
    return view_trim(environment_get(env, name));
}

static const char *get_variable(const void *state, const char *name) {
    const struct file_environment *file = state;
    const char *value = file->set->get(file->set->state, name);
    if (value && view_trim(view_of(value)).len > 0) {
        return value;
    }
    for (size_t i = 0; i < file->rendered.n; i++) {
        if (strcmp(name, file->rendered.variables[i].name) == 0) {
            return file->rendered.variables[i].value.data;
        }
    }
    return strcmp(name, "AWS_REGION") == 0 ? file->region.data : value;
}

/* --- both at once --- */

static int refuse_another(const char *name, struct view set, const char *path, struct view value,
                          struct err *err) {
    err_set(err, ERR_CONFIG_INVALID, "%s is '" VIEW_FMT "', and '%s' is of '" VIEW_FMT "'", name,
            VIEW_ARG(set), path, VIEW_ARG(value));
    err_remedy(err, "unset %s, or name the other environment's file", name);
    return -1;
}

/* What is laid under what would be a matter of taste. */
static int check_one_place(const struct environment *set, const char *path, struct err *err) {
    if (!config_source_is_wanted(set)) {
        return 0;
    }
    err_set(err, ERR_CONFIG_INVALID, "SLIPWAY_CONFIG is set, and --config names '%s'", path);
    err_remedy(err, "unset SLIPWAY_CONFIG, or leave --config out");
    return -1;
}

/* Half of one environment and half of another is neither. */
static int check_same(const struct environment *set, const char *path,
                      const struct settings *settings, struct err *err) {
    const char *region = set_value(set, "AWS_REGION").len > 0 ? "AWS_REGION" : "AWS_DEFAULT_REGION";
    const struct {
        const char *name;
        struct view value;
    } identity[] = {
        {"PROJECT_NAME", settings->project.text},
        {"PROJECT_ENV", settings->env.text},
        {region, settings->region.text},
        {"AWS_ACCOUNT_ID", settings->account_id.text},
    };
    for (size_t i = 0; i < sizeof(identity) / sizeof(identity[0]); i++) {
        struct view value = set_value(set, identity[i].name);
        if (value.len > 0 && identity[i].value.len > 0 && !view_equal(value, identity[i].value)) {
            return refuse_another(identity[i].name, value, path, identity[i].value, err);
        }
    }
    return 0;
}

/* The names alone, as of all variables. */
static void warn_of_overridden(const struct cli *cli, const char *path,
                               const struct rendered *rendered) {
    struct buf names BUF_AUTO = BUF_INIT(NAMES_BYTES);
    for (size_t i = 0; i < rendered->n; i++) {
        const struct render_variable *variable = &rendered->variables[i];
        struct view value = set_value(cli->env, variable->name);
        if (value.len > 0 && !view_equal(value, variable->value)) {
            buf_appendf(&names, "%s%s", names.len > 0 ? ", " : "", variable->name);
        }
    }
    if (names.len > 0) {
        fprintf(cli->err, "slipway: warning: what is set counts, and not what '%s' says: %s\n",
                path, buf_cstr(&names));
    }
}

/* --- the file --- */

static int read_file(const struct cli *cli, const char *path, struct settings *ret_settings,
                     struct rendered *ret_rendered, struct err *err) {
    struct problems problems = PROBLEMS_INIT(cli->arena);
    if (settings_load(path, cli->arena, &problems, ret_settings, err) < 0 ||
        (ret_settings->root && check_settings(ret_settings, 1, &problems, err) < 0)) {
        return -1;
    }
    size_t n = problems_count(&problems, SEVERITY_ERROR);
    if (n > 0) {
        command_config_fail(cli, &problems);
        err_set(err, ERR_CONFIG_INVALID, "'%s' has %zu problem%s", path, n, n == 1 ? "" : "s");
        err_remedy(err, "correct the file, and see \"slipway config check\"");
        return -1;
    }
    return render(ret_settings, cli->arena, ret_rendered, err);
}

int config_option_apply(struct cli *cli, const char *path, struct err *err) {
    struct settings settings;
    struct file_environment *file = ARENA_NEW(cli->arena, struct file_environment);
    if (!file) {
        return err_out_of_memory(err, path);
    }
    if (read_file(cli, path, &settings, &file->rendered, err) < 0 ||
        check_one_place(cli->env, path, err) < 0 ||
        check_same(cli->env, path, &settings, err) < 0) {
        return -1;
    }
    file->region = arena_copy(cli->arena, settings.region.text); /* ends with a NUL */
    if (!file->region.data) {
        return err_out_of_memory(err, path);
    }
    file->set = cli->env;
    file->env = (struct environment){.get = get_variable, .state = file};
    warn_of_overridden(cli, path, &file->rendered);
    cli->env = &file->env;
    cli->account = settings.account_id.text;
    cli->config = path;
    return 0;
}

struct view config_option_words(const struct cli *cli) {
    struct buf words BUF_AUTO = BUF_INIT(WORDS_BYTES);
    if (!cli->config) {
        return VIEW("");
    }
    struct view path = table_clean(view_of(cli->config), cli->arena);
    buf_append_str(&words, "-c ");
    render_append_shell_word(&words, path);
    buf_append_char(&words, ' ');
    struct view kept = arena_copy(cli->arena, buf_view(&words));
    return path.data && kept.data && !words.failed ? kept : VIEW("-c FILE ");
}
