/* config render: environment files as the function's environment variables. */

#include "cli/command_config.h"
#include "cli/commands.h"
#include "cli/settings/check.h"
#include "cli/settings/render.h"
#include "cli/settings/settings_files.h"
#include "cli/table.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_write.h"

#define TEXT_BYTES ((size_t)64 * 1024 * 1024)

const struct option_row config_render_options[] = {
    {.name = "json", .help = "as an object of strings (this is the default)"},
    {.name = "sam", .help = "as words for sam deploy --parameter-overrides"},
    {.name = "tfvars", .help = "as Terraform variables"},
    {0},
};

enum form { FORM_JSON, FORM_SAM, FORM_TFVARS };

struct rendering {
    struct cli *cli;
    enum form form;
    bool is_several; /* each behind its file's name */
    bool is_all;
    struct buf out;
    size_t n_done, n_failed;
};

static void rendering_release(struct rendering *r) {
    buf_release(&r->out);
}

/* --- one file --- */

/* What is wrong with the file by itself is said with its place, rather than by the function. */
static int refuse_problems(struct rendering *r, const char *path, const struct problems *problems,
                           struct err *err) {
    size_t n = problems_count(problems, SEVERITY_ERROR);
    if (n == 0) {
        return 0;
    }
    command_config_fail(r->cli, problems);
    err_set(err, ERR_CONFIG_INVALID, "'%s' cannot be rendered with %zu problem%s in it", path, n,
            n == 1 ? "" : "s");
    err_remedy(err, "correct the file, and see \"slipway config check\"");
    return -1;
}

static void warn_of_size(const struct cli *cli, const char *path, const struct rendered *rendered) {
    if (rendered->bytes + RENDER_OTHER_BYTES <= RENDER_LAMBDA_BYTES) {
        return;
    }
    fprintf(
        cli->err,
        "slipway: warning: '%s' makes %zu bytes of variables, and Lambda takes %zu, of which "
        "others need about %zu\n"
        "remedy: put what --json prints into SSM or S3, and set SLIPWAY_CONFIG to where it is\n",
        path, rendered->bytes, RENDER_LAMBDA_BYTES, RENDER_OTHER_BYTES);
}

/* {"dev.yaml": {…},
 * "prod.yaml": {…}}; elsewhere the name is a comment */
static int begin_file(struct rendering *r, const char *path, struct err *err) {
    bool is_first = r->n_done == 0;
    if (!r->is_several) {
        return 0;
    }
    if (r->form == FORM_JSON) {
        buf_append_str(&r->out, is_first ? "{" : ",\n");
        json_append_string(&r->out, view_of(path));
        buf_append_str(&r->out, ": ");
        return 0;
    }
    struct view shown = table_clean(view_of(path), r->cli->arena);
    if (!shown.data) {
        return err_out_of_memory(err, path);
    }
    buf_appendf(&r->out, "%s# " VIEW_FMT "\n", is_first ? "" : "\n", VIEW_ARG(shown));
    return 0;
}

/* Without the line's end: a comma or a brace follows. */
static void put_object(struct rendering *r, const struct rendered *rendered) {
    struct buf object BUF_AUTO = BUF_INIT(TEXT_BYTES);
    render_json(rendered, &object);
    r->out.failed = r->out.failed || object.failed;
    buf_append(&r->out, view_trim(buf_view(&object)));
}

static void put_rendered(struct rendering *r, const struct rendered *rendered) {
    switch (r->form) {
    case FORM_JSON:
        if (r->is_several) {
            put_object(r, rendered);
        } else {
            render_json(rendered, &r->out);
        }
        return;
    case FORM_SAM:
        render_sam(rendered, &r->out);
        return;
    case FORM_TFVARS:
        render_tfvars(rendered, &r->out);
        return;
    }
}

static int render_file(struct rendering *r, const char *path, struct err *err) {
    struct arena *arena = r->cli->arena;
    struct problems problems = PROBLEMS_INIT(arena);
    struct settings settings;
    struct rendered rendered;
    if (settings_load(path, arena, &problems, &settings, err) < 0) {
        return -1;
    }
    if (r->is_all && !settings_is_environment(&settings)) {
        command_config_left_out(r->cli, path);
        return 0;
    }
    if ((settings.root && check_settings(&settings, 1, &problems, err) < 0) ||
        refuse_problems(r, path, &problems, err) < 0 ||
        render(&settings, arena, &rendered, err) < 0 || begin_file(r, path, err) < 0) {
        return -1;
    }
    put_rendered(r, &rendered);
    warn_of_size(r->cli, path, &rendered);
    r->n_done++;
    return buf_check(&r->out, path, err);
}

/* --- the command --- */

static int conclude(struct rendering *r, size_t n) {
    struct err err;
    err_init(&err);
    if (r->n_done + r->n_failed == 0) {
        (void)command_config_refuse_none(&err);
        return cli_fail(r->cli, &err);
    }
    if (r->is_several && r->form == FORM_JSON) {
        buf_append_str(&r->out, r->n_done == 0 ? "{}\n" : "}\n");
    }
    if (buf_check(&r->out, "the answer", &err) < 0) {
        return cli_fail(r->cli, &err);
    }
    cli_write(r->cli->out, buf_view(&r->out));
    if (r->is_several && r->n_failed > 0) {
        fprintf(r->cli->err, "slipway: %zu of %zu files could not be rendered\n", r->n_failed, n);
    }
    return r->n_failed > 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

static int render_files(struct rendering *r, const struct arguments *arguments) {
    const char **paths;
    size_t n;
    struct err err;
    err_init(&err);
    if (settings_paths(arguments->operands, arguments->n_operands, r->cli->arena, &paths, &n,
                       &err) < 0) {
        return cli_fail(r->cli, &err);
    }
    for (size_t i = 0; i < n; i++) {
        err_init(&err);
        if (render_file(r, paths[i], &err) < 0) {
            r->n_failed++;
            cli_fail(r->cli, &err);
        }
    }
    return conclude(r, n);
}

int command_config_render(struct cli *cli, const struct arguments *arguments) {
    struct rendering r
        __attribute__((cleanup(rendering_release))) = {.cli = cli, .out = BUF_INIT(TEXT_BYTES)};
    bool is_sam = arguments_has(arguments, "sam");
    bool is_tfvars = arguments_has(arguments, "tfvars");
    if (arguments->n_operands == 0) {
        return cli_usage_error(cli, "config render", "expected files, or all");
    }
    if (is_sam + is_tfvars + arguments_has(arguments, "json") > 1) {
        return cli_usage_error(cli, "config render", "expected one of --json, --sam and --tfvars");
    }
    r.form = is_sam ? FORM_SAM : is_tfvars ? FORM_TFVARS : FORM_JSON;
    r.is_all = command_config_names_all(arguments);
    r.is_several = r.is_all || arguments->n_operands > 1;
    return render_files(&r, arguments);
}
