/* config check, config show: environment files, judged and understood. */

#include "cli/command_config.h"
#include "cli/commands.h"
#include "cli/settings/check.h"
#include "cli/settings/settings_files.h"
#include "cli/table.h"
#include "runtime/base/buf.h"
#include "runtime/base/json_write.h"

#define JSON_BYTES ((size_t)64 * 1024 * 1024)
#define FACTS_MAX 8

const struct option_row config_check_options[] = {
    {.name = "json", .help = "print the problems as JSON"},
    {0},
};

const struct option_row config_show_options[] = {
    {.name = "json", .help = "print what was understood as JSON"},
    {0},
};

struct files {
    struct settings *items;
    size_t n;
    const char **paths; /* of all that was named, also of what was left out */
    size_t n_paths;
    struct problems problems;
};

/* --- reading --- */

/* With `all` there may be files of other programs; they are left out, and that is said. */
static int read_files(struct cli *cli, const struct arguments *arguments, struct files *ret_files,
                      struct err *err) {
    struct files files = {.problems = PROBLEMS_INIT(cli->arena)};
    bool is_all = command_config_names_all(arguments);
    if (settings_paths(arguments->operands, arguments->n_operands, cli->arena, &files.paths,
                       &files.n_paths, err) < 0) {
        return -1;
    }
    files.items = ARENA_ARRAY(cli->arena, files.n_paths, struct settings);
    if (!files.items) {
        return err_out_of_memory(err, "the files");
    }
    for (size_t i = 0; i < files.n_paths; i++) {
        size_t n_problems = files.problems.n;
        if (settings_load(files.paths[i], cli->arena, &files.problems, &files.items[files.n], err) <
            0) {
            return -1;
        }
        if (is_all && !settings_is_environment(&files.items[files.n])) {
            files.problems.n = n_problems;
            command_config_left_out(cli, files.paths[i]);
            continue;
        }
        files.n++;
    }
    *ret_files = files;
    return files.n > 0 ? 0 : command_config_refuse_none(err);
}

static int finish_json(const struct cli *cli, const struct buf *json, struct err *err) {
    if (buf_check(json, "the answer", err) < 0) {
        return cli_fail(cli, err);
    }
    cli_write_json(cli->out, buf_view(json));
    return EXIT_STATUS_DONE;
}

/* --- check --- */

static void print_place(const struct cli *cli, const struct problem *problem, FILE *stream) {
    struct view file = table_clean(problem->file, cli->arena);
    fprintf(stream, VIEW_FMT, VIEW_ARG(file));
    if (problem->line > 0) {
        fprintf(stream, ":%zu:%zu", problem->line, problem->column);
    }
    fputs(":", stream);
}

static void print_problem(const struct cli *cli, const struct problem *problem) {
    bool is_error = problem->severity == SEVERITY_ERROR;
    fputs(cli_colour(cli, COLOUR_BOLD), cli->out);
    print_place(cli, problem, cli->out);
    fprintf(cli->out, "%s %s%s%s" VIEW_FMT "\n", cli_colour(cli, COLOUR_NONE),
            cli_colour(cli, is_error ? COLOUR_RED : COLOUR_YELLOW),
            is_error ? "" : "warning: ", cli_colour(cli, COLOUR_NONE), VIEW_ARG(problem->message));
    if (problem->remedy.len > 0) {
        fprintf(cli->out, "  remedy: " VIEW_FMT "\n", VIEW_ARG(problem->remedy));
    }
}

static void print_count(const struct cli *cli, size_t n, const char *what) {
    fprintf(cli->out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static void print_summary(const struct cli *cli, const struct files *files) {
    size_t n_errors = problems_count(&files->problems, SEVERITY_ERROR);
    size_t n_warnings = problems_count(&files->problems, SEVERITY_WARNING);
    print_count(cli, files->n, "file");
    fputs(": ", cli->out);
    if (n_errors > 0) {
        print_count(cli, n_errors, "problem");
    } else {
        fputs("no problems", cli->out);
    }
    if (n_warnings > 0) {
        fputs(", ", cli->out);
        print_count(cli, n_warnings, "warning");
    }
    fputs("\n", cli->out);
}

/* {"files":["dev.yaml"],"errors":1,"warnings":0,"problems":[{"severity":"error",
 *  "file":"dev.yaml","line":3,"column":7,"message":"…","remedy":"…"}]} */
static int print_check_json(const struct cli *cli, const struct files *files, struct err *err) {
    struct buf json BUF_AUTO = BUF_INIT(JSON_BYTES);
    struct json_writer w = json_writer(&json);
    json_begin_object(&w, NULL);
    json_begin_array(&w, "files");
    for (size_t i = 0; i < files->n; i++) {
        json_put_string(&w, NULL, view_of(files->items[i].file));
    }
    json_end_array(&w);
    json_put_i64(&w, "errors", (int64_t)problems_count(&files->problems, SEVERITY_ERROR));
    json_put_i64(&w, "warnings", (int64_t)problems_count(&files->problems, SEVERITY_WARNING));
    json_begin_array(&w, "problems");
    for (size_t i = 0; i < files->problems.n; i++) {
        const struct problem *problem = &files->problems.items[i];
        json_begin_object(&w, NULL);
        json_put_string(&w, "severity",
                        problem->severity == SEVERITY_ERROR ? VIEW("error") : VIEW("warning"));
        json_put_string(&w, "file", problem->file);
        if (problem->line > 0) {
            json_put_i64(&w, "line", (int64_t)problem->line);
            json_put_i64(&w, "column", (int64_t)problem->column);
        }
        json_put_string(&w, "message", problem->message);
        json_put_optional(&w, "remedy", problem->remedy);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    return finish_json(cli, &json, err);
}

int command_config_check(struct cli *cli, const struct arguments *arguments) {
    struct files files = {0};
    struct err err;
    err_init(&err);
    if (arguments->n_operands == 0) {
        return cli_usage_error(cli, "config check", "expected files, or all");
    }
    if (read_files(cli, arguments, &files, &err) < 0 ||
        check_settings(files.items, files.n, &files.problems, &err) < 0) {
        return cli_fail(cli, &err);
    }
    bool is_fine = problems_count(&files.problems, SEVERITY_ERROR) == 0;
    if (arguments_has(arguments, "json")) {
        int status = print_check_json(cli, &files, &err);
        return status == EXIT_STATUS_DONE && !is_fine ? EXIT_STATUS_FAILED : status;
    }
    for (size_t i = 0; i < files.problems.n; i++) {
        print_problem(cli, &files.problems.items[i]);
    }
    print_summary(cli, &files);
    return is_fine ? EXIT_STATUS_DONE : EXIT_STATUS_FAILED;
}

/* --- show --- */

static const char *kind_name(const struct workload *workload) {
    if (!workload) {
        return "service";
    }
    switch (workload->kind) {
    case WORKLOAD_SERVICE:
        return "service";
    case WORKLOAD_SCHEDULED_TASK:
        return "scheduled task";
    case WORKLOAD_EVENT_TASK:
        return "event task";
    }
    return "";
}

static const char *how_found(const struct workload *workload) {
    enum ecr_mode mode = workload ? workload->ecr_mode : ECR_MODE_CREATE;
    switch (mode) {
    case ECR_MODE_CREATE:
        return "convention";
    case ECR_MODE_MANUAL:
        return "manual_repo";
    case ECR_MODE_EXISTING:
        return "use_existing";
    case ECR_MODE_UNKNOWN:
        return "convention, as the mode is unknown";
    }
    return "";
}

static void add_fact(struct table *table, const char *name, struct view value) {
    struct table_cell *row = table_add_row(table);
    row[0] = (struct table_cell){.text = view_of(name)};
    row[1] = (struct table_cell){.text = value.len > 0 ? value : VIEW("-"), .colour = COLOUR_BOLD};
}

static int print_facts(const struct cli *cli, const struct settings *settings, struct err *err) {
    struct view host = settings_registry_host(settings, cli->arena);
    struct table table = table_new(2, FACTS_MAX + settings->n_trusted, cli->arena);
    if (!host.data || !table.rows) {
        return err_out_of_memory(err, "a table");
    }
    add_fact(&table, "file", view_of(settings->file));
    add_fact(&table, "project", settings->project.text);
    add_fact(&table, "environment", settings->env.text);
    add_fact(&table, "account", settings->account_id.text);
    add_fact(&table, "region", settings->region.text);
    add_fact(&table, "strategy", view_of(settings_strategy_name(settings)));
    add_fact(&table, "registry", host);
    for (size_t i = 0; i < settings->n_trusted; i++) {
        const struct trusted_account *trusted = &settings->trusted[i];
        struct view text =
            arena_printf(cli->arena, VIEW_FMT "%s" VIEW_FMT, VIEW_ARG(trusted->account_id.text),
                         trusted->env.text.len > 0 ? " " : "", VIEW_ARG(trusted->env.text));
        if (!text.data) {
            return err_out_of_memory(err, "a table");
        }
        add_fact(&table, i == 0 ? "trusts" : "", text);
    }
    table_print(&table, cli);
    return 0;
}

static int add_workload(const struct cli *cli, const struct settings *settings,
                        const struct workload *workload, struct table *table, struct err *err) {
    struct settings_repository repository;
    if (settings_repository(settings, workload, cli->arena, &repository, err) < 0) {
        return -1;
    }
    struct table_cell *row = table_add_row(table);
    row[0].text = view_of(kind_name(workload));
    row[1].text = workload ? workload->name.text : VIEW("backend");
    row[2].text = repository.is_found ? repository.uri : VIEW("not found");
    row[2].colour = repository.is_found ? COLOUR_NONE : COLOUR_RED;
    row[3].text = view_of(how_found(workload));
    return 0;
}

static int print_workloads(const struct cli *cli, const struct settings *settings,
                           struct err *err) {
    struct table table = table_new(4, settings->n_workloads + 2, cli->arena);
    if (!table.rows) {
        return err_out_of_memory(err, "a table");
    }
    struct table_cell *heading = table_add_row(&table);
    heading[0].text = VIEW("KIND");
    heading[1].text = VIEW("NAME");
    heading[2].text = VIEW("REPOSITORY");
    heading[3].text = VIEW("BY");
    if (add_workload(cli, settings, NULL, &table, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < settings->n_workloads; i++) {
        if (add_workload(cli, settings, &settings->workloads[i], &table, err) < 0) {
            return -1;
        }
    }
    table_print(&table, cli);
    return 0;
}

static void put_trusted(const struct settings *settings, struct json_writer *w) {
    json_begin_array(w, "trusted_accounts");
    for (size_t i = 0; i < settings->n_trusted; i++) {
        json_begin_object(w, NULL);
        json_put_optional(w, "account_id", settings->trusted[i].account_id.text);
        json_put_optional(w, "env", settings->trusted[i].env.text);
        json_put_optional(w, "region", settings->trusted[i].region.text);
        json_end_object(w);
    }
    json_end_array(w);
}

/* {"file":"prod.yaml","project":"myproject","env":"prod","account_id":"…","region":"us-east-1",
 *  "ecr_strategy":"cross_account","registry":"111111111111.dkr.ecr.us-east-1.amazonaws.com",
 *  "trusted_accounts":[{"account_id":"…","env":"…","region":"…"}],
 *  "targets":[{"kind":"service","name":"backend","repository_uri":"…","by":"convention"}]} */
static int put_environment(const struct cli *cli, const struct settings *settings,
                           struct json_writer *w, struct err *err) {
    struct view host = settings_registry_host(settings, cli->arena);
    if (!host.data) {
        return err_out_of_memory(err, "the answer");
    }
    json_begin_object(w, NULL);
    json_put_string(w, "file", view_of(settings->file));
    json_put_optional(w, "project", settings->project.text);
    json_put_optional(w, "env", settings->env.text);
    json_put_optional(w, "account_id", settings->account_id.text);
    json_put_optional(w, "region", settings->region.text);
    json_put_string(w, "ecr_strategy", view_of(settings_strategy_name(settings)));
    json_put_string(w, "registry", host);
    put_trusted(settings, w);
    json_begin_array(w, "targets");
    for (size_t i = 0; i <= settings->n_workloads; i++) {
        const struct workload *workload = i == 0 ? NULL : &settings->workloads[i - 1];
        struct settings_repository repository;
        if (settings_repository(settings, workload, cli->arena, &repository, err) < 0) {
            return -1;
        }
        json_begin_object(w, NULL);
        json_put_string(w, "kind", view_of(kind_name(workload)));
        json_put_string(w, "name", workload ? workload->name.text : VIEW("backend"));
        json_put_optional(w, "repository_uri", repository.uri);
        json_put_string(w, "by", view_of(how_found(workload)));
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
    return 0;
}

static int print_show_json(const struct cli *cli, const struct files *files, struct err *err) {
    struct buf json BUF_AUTO = BUF_INIT(JSON_BYTES);
    struct json_writer w = json_writer(&json);
    json_begin_object(&w, NULL);
    json_begin_array(&w, "environments");
    for (size_t i = 0; i < files->n; i++) {
        if (files->items[i].root && put_environment(cli, &files->items[i], &w, err) < 0) {
            return cli_fail(cli, err);
        }
    }
    json_end_array(&w);
    json_end_object(&w);
    return finish_json(cli, &json, err);
}

static int print_environments(const struct cli *cli, const struct files *files, struct err *err) {
    bool is_first = true;
    for (size_t i = 0; i < files->n; i++) {
        const struct settings *settings = &files->items[i];
        if (!settings->root) {
            continue;
        }
        fputs(is_first ? "" : "\n", cli->out);
        is_first = false;
        if (print_facts(cli, settings, err) < 0) {
            return cli_fail(cli, err);
        }
        fputs("\n", cli->out);
        if (print_workloads(cli, settings, err) < 0) {
            return cli_fail(cli, err);
        }
    }
    return EXIT_STATUS_DONE;
}

/* What could not be understood is not shown, so that it has to be told. */
static void tell_unread(const struct cli *cli, const struct files *files) {
    for (size_t i = 0; i < files->problems.n; i++) {
        const struct problem *problem = &files->problems.items[i];
        if (problem->severity == SEVERITY_ERROR) {
            print_place(cli, problem, cli->err);
            fprintf(cli->err, " " VIEW_FMT "\n", VIEW_ARG(problem->message));
        }
    }
}

/* The rest is check's to tell. */
static int tell_of_problems(const struct cli *cli, struct files *files, struct err *err) {
    if (check_settings(files->items, files->n, &files->problems, err) < 0) {
        return -1;
    }
    if (problems_count(&files->problems, SEVERITY_ERROR) > 0) {
        fputs("slipway: there are problems in it; see slipway config check\n", cli->err);
    }
    return 0;
}

int command_config_show(struct cli *cli, const struct arguments *arguments) {
    struct files files = {0};
    struct err err;
    err_init(&err);
    if (arguments->n_operands == 0) {
        return cli_usage_error(cli, "config show", "expected files, or all");
    }
    if (read_files(cli, arguments, &files, &err) < 0) {
        return cli_fail(cli, &err);
    }
    bool is_read = problems_count(&files.problems, SEVERITY_ERROR) == 0;
    problems_sort(&files.problems, files.paths, files.n_paths);
    tell_unread(cli, &files);
    int status = arguments_has(arguments, "json") ? print_show_json(cli, &files, &err)
                                                  : print_environments(cli, &files, &err);
    if (status == EXIT_STATUS_DONE && tell_of_problems(cli, &files, &err) < 0) {
        return cli_fail(cli, &err);
    }
    return status == EXIT_STATUS_DONE && !is_read ? EXIT_STATUS_FAILED : status;
}
