/* config migrate: environment files, brought to the newest schema. */

#include "cli/command_config.h"
#include "cli/commands.h"
#include "cli/files/file.h"
#include "cli/files/text_diff.h"
#include "cli/settings/migrate.h"
#include "cli/settings/settings_files.h"
#include "runtime/base/buf.h"

#include <string.h>
#include <sys/stat.h>

/* A diff of files of YAML_MAX_BYTES that each get as much again. */
#define DIFF_BYTES ((size_t)16 * YAML_MAX_BYTES)

const struct option_row config_migrate_options[] = {
    {.name = "dry-run", .letter = 'n', .help = "show what would be added, and write nothing"},
    {0},
};

struct migrated_file {
    const char *path;
    struct view text;
    bool is_read; /* and is to be migrated */
};

struct run {
    struct cli *cli;
    bool is_dry;
    bool is_all; /* nobody named the files */
    const char **paths;
    struct migrated_file *files;
    struct settings *settings; /* of each file; without a root where it could not be read */
    size_t n;
    size_t n_left_out;
    size_t n_failed;
};

/* Under another name, or by a link. */
static bool is_there_before(const struct run *run, size_t i) {
    struct stat status;
    struct stat other;
    for (size_t k = 0; k < i; k++) {
        if (stat(run->paths[i], &status) == 0 && stat(run->paths[k], &other) == 0 &&
            status.st_dev == other.st_dev && status.st_ino == other.st_ino) {
            return true;
        }
    }
    return false;
}

static void read_one(struct run *run, size_t i) {
    struct cli *cli = run->cli;
    struct migrated_file *file = &run->files[i];
    struct settings *settings = &run->settings[i];
    struct problems problems = PROBLEMS_INIT(cli->arena);
    struct err err;
    err_init(&err);
    file->path = run->paths[i];
    *settings = (struct settings){.file = file->path};
    if (is_there_before(run, i)) {
        return;
    }
    if (file_read(file->path, YAML_MAX_BYTES, cli->arena, &file->text, &err) < 0 ||
        settings_read(file->text, file->path, cli->arena, &problems, settings, &err) < 0) {
        *settings = (struct settings){.file = file->path};
        run->n_failed++;
        cli_fail(cli, &err);
    } else if (!settings->root) {
        run->n_failed++;
        command_config_fail(cli, &problems);
    } else if (run->is_all && !settings_is_environment(settings)) {
        settings->root = NULL; /* a compose.yaml: nobody meant that */
        run->n_left_out++;
        command_config_left_out(cli, file->path);
    } else {
        file->is_read = true;
    }
}

/* Somebody may have saved the file since: what they wrote must not be lost. */
static int check_unchanged(struct run *run, const struct migrated_file *file, struct err *err) {
    struct view now;
    if (file_read(file->path, YAML_MAX_BYTES, run->cli->arena, &now, err) < 0) {
        return -1;
    }
    if (!view_equal(now, file->text)) {
        err_set(err, ERR_CONFIG_INVALID, "'%s' was changed while it was being migrated",
                file->path);
        err_remedy(err, "migrate it again");
        return -1;
    }
    return 0;
}

static int write_file(struct run *run, const struct migrated_file *file, struct view text,
                      struct view *ret_backup, struct err *err) {
    struct cli *cli = run->cli;
    /* The look comes last: nothing but the writing itself is between it and the replacing. */
    if (file_back_up(file->path, file->text, clock_wall_ms(cli->clock), cli->arena, ret_backup,
                     err) < 0 ||
        check_unchanged(run, file, err) < 0) {
        return -1;
    }
    return file_replace(file->path, text, err);
}

static int print_diff(struct run *run, const struct migrated_file *file, struct view text,
                      struct err *err) {
    struct cli *cli = run->cli;
    struct buf diff BUF_AUTO = BUF_INIT(DIFF_BYTES);
    const struct text_diff_options options = {.old_name = file->path,
                                              .new_name = file->path,
                                              .context = TEXT_DIFF_CONTEXT,
                                              .is_coloured = cli->colours};
    if (text_diff(file->text, text, &options, cli->arena, &diff, err) < 0) {
        return -1;
    }
    cli_write(cli->out, buf_view(&diff));
    return 0;
}

static void print_notes(const struct run *run, FILE *stream, const struct migration *migration) {
    for (size_t i = 0; i < migration->n_notes; i++) {
        const struct migrate_note *note = &migration->notes[i];
        fprintf(stream, "  %s" VIEW_FMT "\n", note->is_warning ? "warning: " : "",
                VIEW_ARG(note->text));
    }
    if (migration->n_notes > 0 && run->n_failed > 0) {
        fputs("  warning: accounts of the files that failed are not in ecr_trusted_accounts: run "
              "\"slipway config check all\" when they are mended\n",
              stream);
    }
}

static void print_outcome(const struct run *run, const struct migrated_file *file,
                          const struct migration *migration, struct view backup) {
    const struct cli *cli = run->cli;
    FILE *stream = run->is_dry ? cli->err : cli->out;
    const char *how = migration->is_by_members ? ", by its members" : "";
    if (!migration->is_changed) {
        fprintf(stream, "%s: schema %lld, nothing to do%s\n", file->path,
                (long long)migration->from,
                migration->from > SETTINGS_VERSION_KNOWN ? ": newer than this program" : "");
        return;
    }
    fprintf(stream, "%s: schema %lld%s -> %d", file->path, (long long)migration->from, how,
            SETTINGS_VERSION_NEWEST);
    if (backup.len > 0) {
        fprintf(stream, ", backup " VIEW_FMT, VIEW_ARG(backup));
    }
    fputs(run->is_dry ? ", not written\n" : "\n", stream);
    print_notes(run, stream, migration);
}

static int migrate_one(struct run *run, size_t i, struct err *err) {
    const struct migrated_file *file = &run->files[i];
    struct migration migration;
    struct view backup = {0};
    if (migrate(&run->settings[i], file->text, run->settings, run->n, run->cli->arena, &migration,
                err) < 0) {
        return -1;
    }
    if (migration.is_changed &&
        (run->is_dry ? print_diff(run, file, migration.text, err)
                     : write_file(run, file, migration.text, &backup, err)) < 0) {
        return -1;
    }
    print_outcome(run, file, &migration, backup);
    return 0;
}

/* All are read before any is written: who pulls from whom is in the others. */
static int migrate_all(struct run *run) {
    struct cli *cli = run->cli;
    for (size_t i = 0; i < run->n; i++) {
        read_one(run, i);
    }
    if (run->n_left_out == run->n) {
        struct err err;
        err_init(&err);
        (void)command_config_refuse_none(&err);
        return cli_fail(cli, &err);
    }
    for (size_t i = 0; i < run->n; i++) {
        struct err err;
        err_init(&err);
        if (run->files[i].is_read && migrate_one(run, i, &err) < 0) {
            run->n_failed++;
            cli_fail(cli, &err);
        }
    }
    if (run->n_failed > 0) {
        fprintf(cli->err, "slipway: %zu of %zu files could not be migrated\n", run->n_failed,
                run->n);
        return EXIT_STATUS_FAILED;
    }
    return EXIT_STATUS_DONE;
}

static int set_up(struct run *run, const struct arguments *arguments, struct err *err) {
    struct arena *arena = run->cli->arena;
    run->is_all = command_config_names_all(arguments);
    if (settings_paths(arguments->operands, arguments->n_operands, arena, &run->paths, &run->n,
                       err) < 0) {
        return -1;
    }
    run->files = ARENA_ARRAY(arena, run->n, struct migrated_file);
    run->settings = ARENA_ARRAY(arena, run->n, struct settings);
    return run->files && run->settings ? 0 : err_out_of_memory(err, "the files");
}

int command_config_migrate(struct cli *cli, const struct arguments *arguments) {
    struct run run = {.cli = cli, .is_dry = arguments_has(arguments, "dry-run")};
    struct err err;
    err_init(&err);
    if (arguments->n_operands == 0) {
        return cli_usage_error(cli, "config migrate", "expected files, or all");
    }
    for (size_t i = 0; i < arguments->n_operands; i++) {
        if (strcmp(arguments->operands[i], "-") == 0) {
            return cli_usage_error(cli, "config migrate", "'-' is no file that can be written");
        }
    }
    return set_up(&run, arguments, &err) < 0 ? cli_fail(cli, &err) : migrate_all(&run);
}
