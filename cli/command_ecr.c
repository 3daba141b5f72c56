#include "cli/commands.h"

#include "cli/ecr/document.h"
#include "cli/ecr/lifecycle_check.h"
#include "cli/ecr/trust_file.h"
#include "cli/files/file.h"
#include "cli/session.h"
#include "cli/what_runs.h"
#include "handlers/deploy/target.h"

/* A lifecycle policy as a file; ECR's own ceiling is far below. */
#define FILE_BYTES ((size_t)256 * 1024)
#define KEEP_DEFAULT 50

const struct option_row ecr_policy_options[] = {
    {.name = "org",
     .value = "ID,...",
     .is_list = true,
     .help = "trust all accounts of these organizations"},
    {.name = "account",
     .value = "ID,...",
     .is_list = true,
     .help = "trust these accounts: each says which of its roles"},
    {.name = "role",
     .value = "ARN,...",
     .is_list = true,
     .help = "trust these roles, which have to exist already"},
    {.name = "lambda", .help = "let Lambda pull for functions of these accounts"},
    {.name = "project", .value = "NAME", .help = "only functions whose names begin with it"},
    {.name = "region", .value = "REGION", .help = "the registry's; AWS_REGION by default"},
    {.name = "file", .letter = 'f', .value = "FILE", .help = "whom this environment file trusts"},
    {0},
};

const struct option_row ecr_pull_policy_options[] = {
    {.name = "registry", .value = "ACCOUNT", .help = "the account of the registry"},
    {.name = "region", .value = "REGION", .help = "the registry's; AWS_REGION by default"},
    {.name = "project", .value = "NAME", .help = "the repositories of this project"},
    {.name = "repository", .value = "NAME,...", .is_list = true, .help = "these repositories, too"},
    {.name = "file",
     .letter = 'f',
     .value = "FILE",
     .help = "where this environment file pulls from"},
    {0},
};

const struct option_row ecr_lifecycle_options[] = {
    {.name = "keep", .value = "N", .help = "how many of git-*, and of all, stay (50)"},
    {.name = "protect",
     .value = "PATTERN,...",
     .is_list = true,
     .help = "tags to be kept besides the usual ones"},
    {.name = "check", .help = "tell which running images a policy would expire"},
    {.name = "policy", .value = "FILE", .help = "check this one, not the repositories' own"},
    {0},
};

const struct option_row ecr_replication_options[] = {
    {.name = "to",
     .value = "ID:REGION,...",
     .is_list = true,
     .help = "copy to these registries, of account ID"},
    {.name = "prefix",
     .value = "PROJECT_,...",
     .is_list = true,
     .help = "only repositories that begin so"},
    {.name = "permission", .help = "print the policy of the registry that receives"},
    {.name = "from",
     .value = "ACCOUNT,...",
     .is_list = true,
     .help = "the accounts that copy, for --permission"},
    {0},
};

/* --- options --- */

/* An error of what was asked for is one of usage. */
static int fail(const struct cli *cli, const char *command, const struct err *err) {
    return err->code == ERR_CONFIG_INVALID ? cli_usage_error(cli, command, "%s", err->message)
                                           : cli_fail(cli, err);
}

static int read_names(const struct cli *cli, const struct arguments *arguments, const char *option,
                      enum name_kind kind, struct names *ret_names, struct err *err) {
    return names_add(ret_names, arguments_value(arguments, option), kind, cli->arena, err);
}

/* One name, or none: the empty view. */
static int read_name(const struct arguments *arguments, const char *option, enum name_kind kind,
                     struct view *ret_name, struct err *err) {
    const char *value = arguments_value(arguments, option);
    *ret_name = view_of(value);
    return value ? name_check(*ret_name, kind, err) : 0;
}

static int read_region(const struct cli *cli, const struct arguments *arguments,
                       struct view *ret_region, struct err *err) {
    if (read_name(arguments, "region", NAME_REGION, ret_region, err) < 0) {
        return -1;
    }
    for (size_t i = 0; ret_region->len == 0 && i < 2; i++) {
        *ret_region = environment_get(cli->env, i == 0 ? "AWS_REGION" : "AWS_DEFAULT_REGION");
    }
    return ret_region->len > 0 ? name_check(*ret_region, NAME_REGION, err) : 0;
}

static int no_operands(const struct arguments *arguments, struct err *err) {
    return arguments->n_operands == 0 ? 0
                                      : err_set(err, ERR_CONFIG_INVALID, "unexpected argument '%s'",
                                                arguments->operands[0]);
}

/* Shows the document, if it was built. */
static int print(const struct cli *cli, const char *command, const struct buf *json, size_t limit,
                 struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(4 * DOCUMENT_BYTES);
    if (err_is_set(err) || document_fit(json, limit, "policy", &text, err) < 0) {
        return fail(cli, command, err);
    }
    cli_write(cli->out, buf_view(&text));
    return EXIT_STATUS_DONE;
}

/* --- policy, pull-policy --- */

/* What the options do not say. */
static int add_trust_of_file(const struct cli *cli, const struct arguments *arguments,
                             struct ecr_trust *trust, struct err *err) {
    struct settings settings;
    if (!arguments_has(arguments, "region")) {
        trust->region = (struct view){0}; /* the shell's need not be the registry's */
    }
    return trust_file_read(cli, arguments_value(arguments, "file"), &settings, err) < 0
               ? -1
               : trust_file_policy(&settings, cli->arena, trust, err);
}

int command_ecr_policy(struct cli *cli, const struct arguments *arguments) {
    static const char name[] = "ecr policy";
    struct buf json BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    struct ecr_trust trust = {.has_functions = arguments_has(arguments, "lambda")};
    struct err err;
    err_init(&err);
    if (no_operands(arguments, &err) < 0 ||
        read_names(cli, arguments, "org", NAME_ORGANIZATION, &trust.organizations, &err) < 0 ||
        read_names(cli, arguments, "account", NAME_ACCOUNT, &trust.accounts, &err) < 0 ||
        read_names(cli, arguments, "role", NAME_ROLE, &trust.roles, &err) < 0 ||
        read_name(arguments, "project", NAME_PROJECT, &trust.project, &err) < 0 ||
        read_region(cli, arguments, &trust.region, &err) < 0) {
        return fail(cli, name, &err);
    }
    if (arguments_has(arguments, "file") && add_trust_of_file(cli, arguments, &trust, &err) < 0) {
        return cli_fail(cli, &err);
    }
    if (ecr_trust_policy(&trust, cli->arena, &json, &err) < 0) {
        return fail(cli, name, &err);
    }
    return print(cli, name, &json, DOCUMENT_ECR_POLICY_MAX, &err);
}

static int add_pull_of_file(const struct cli *cli, const struct arguments *arguments,
                            const char *name, struct ecr_pull *pull, struct err *err) {
    struct settings settings;
    struct names others = {0};
    if (!arguments_has(arguments, "region")) {
        pull->region = (struct view){0};
    }
    if (trust_file_read(cli, arguments_value(arguments, "file"), &settings, err) < 0 ||
        trust_file_pull(&settings, cli->arena, pull, &others, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < others.n; i++) {
        fprintf(cli->err,
                "slipway %s: warning: '" VIEW_FMT "' is in another registry, and needs a policy "
                "of its own\n",
                name, VIEW_ARG(others.items[i]));
    }
    return 0;
}

int command_ecr_pull_policy(struct cli *cli, const struct arguments *arguments) {
    static const char name[] = "ecr pull-policy";
    struct buf json BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    struct ecr_pull pull = {0};
    struct err err;
    err_init(&err);
    if (no_operands(arguments, &err) < 0 ||
        read_name(arguments, "registry", NAME_ACCOUNT, &pull.account, &err) < 0 ||
        read_name(arguments, "project", NAME_PROJECT, &pull.project, &err) < 0 ||
        read_names(cli, arguments, "repository", NAME_REPOSITORY, &pull.repositories, &err) < 0 ||
        read_region(cli, arguments, &pull.region, &err) < 0) {
        return fail(cli, name, &err);
    }
    if (arguments_has(arguments, "file") &&
        add_pull_of_file(cli, arguments, name, &pull, &err) < 0) {
        return cli_fail(cli, &err);
    }
    if (pull.account.len == 0) {
        return cli_usage_error(cli, name, "no registry: give --registry, its account");
    }
    if (pull.region.len == 0) {
        return cli_usage_error(cli, name, "no region: give --region, or set AWS_REGION");
    }
    if (pull.project.len == 0 && pull.repositories.n == 0) {
        return cli_usage_error(cli, name, "no repositories: give --project or --repository");
    }
    ecr_pull_policy(&pull, cli->arena, &json);
    return print(cli, name, &json, DOCUMENT_IAM_POLICY_MAX, &err);
}

/* --- lifecycle --- */

/* The policy of --keep and --protect. */
static int build_lifecycle(const struct cli *cli, const struct arguments *arguments,
                           struct buf *json, struct err *err) {
    struct lifecycle_keep keep = {.n = KEEP_DEFAULT};
    const char *number = arguments_value(arguments, "keep");
    if (number && !view_to_i64(view_of(number), &keep.n)) {
        return err_set(err, ERR_CONFIG_INVALID, "option '--keep' wants a number, got '%s'", number);
    }
    return read_names(cli, arguments, "protect", NAME_TAG_PATTERN, &keep.protect, err) < 0
               ? -1
               : lifecycle_write(&keep, cli->arena, json, err);
}

static int write_lifecycle(const struct cli *cli, const struct arguments *arguments,
                           const char *name) {
    struct buf json BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    struct err err;
    err_init(&err);
    if (no_operands(arguments, &err) < 0 || build_lifecycle(cli, arguments, &json, &err) < 0) {
        return fail(cli, name, &err);
    }
    return print(cli, name, &json, DOCUMENT_LIFECYCLE_MAX, &err);
}

/* The services that are named, else all of the environment. */
static int find_targets(struct session *session, const struct arguments *arguments,
                        struct target **ret_targets, size_t *ret_n, struct err *err) {
    struct arena *arena = session->cli->arena;
    size_t n = arguments->n_operands;
    if (n == 0) {
        return environment_targets(session, ret_targets, ret_n, err);
    }
    struct target *targets = ARENA_ARRAY(arena, n, struct target);
    if (!targets) {
        return err_out_of_memory(err, "services");
    }
    for (size_t i = 0; i < n; i++) {
        if (target_resolve(&session->config, view_of(arguments->operands[i]), arena, &targets[i],
                           err) < 0) {
            return -1;
        }
    }
    *ret_targets = targets;
    *ret_n = n;
    return 0;
}

/* The policy to be checked: of a file, or as it would be printed; NULL: the repositories' own. */
static int find_policy(const struct cli *cli, const struct arguments *arguments,
                       struct lifecycle_policy **ret_policy, struct err *err) {
    struct buf json BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    const char *file = arguments_value(arguments, "policy");
    bool is_made = arguments_has(arguments, "keep") || arguments_has(arguments, "protect");
    struct lifecycle_policy *policy = ARENA_NEW(cli->arena, struct lifecycle_policy);
    struct view text;
    if (!policy) {
        return err_out_of_memory(err, "policy");
    }
    if (is_made) {
        if (build_lifecycle(cli, arguments, &json, err) < 0 ||
            buf_check(&json, "policy", err) < 0 ||
            lifecycle_read(buf_view(&json), "policy", cli->arena, policy, err) < 0) {
            return -1;
        }
    } else if (file && (file_read(file, FILE_BYTES, cli->arena, &text, err) < 0 ||
                        lifecycle_read(text, file, cli->arena, policy, err) < 0)) {
        return -1;
    }
    *ret_policy = is_made || file ? policy : NULL;
    return 0;
}

static int check_lifecycle(struct cli *cli, const struct arguments *arguments, const char *name) {
    struct session session SESSION_AUTO = {0};
    struct lifecycle_policy *policy = NULL;
    struct lifecycle_check check = {0};
    struct target *targets = NULL;
    const struct session_options options = {.dry_run = true};
    struct err err;
    err_init(&err);
    bool is_made = arguments_has(arguments, "keep") || arguments_has(arguments, "protect");
    if (is_made && arguments_has(arguments, "policy")) {
        return cli_usage_error(cli, name, "check a --policy, or what --keep and --protect make");
    }
    if (find_policy(cli, arguments, &policy, &err) < 0) {
        return is_made ? fail(cli, name, &err) : cli_fail(cli, &err);
    }
    if (session_open(cli, &options, &session, &err) < 0 ||
        find_targets(&session, arguments, &targets, &check.n_targets, &err) < 0) {
        return cli_fail(cli, &err);
    }
    if (check.n_targets == 0) {
        return cli_usage_error(cli, name, "the environment has no services: name one");
    }
    check.targets = targets;
    check.policy = policy;
    return lifecycle_check(&session, &check);
}

int command_ecr_lifecycle(struct cli *cli, const struct arguments *arguments) {
    static const char name[] = "ecr lifecycle";
    if (arguments_has(arguments, "check")) {
        return check_lifecycle(cli, arguments, name);
    }
    if (arguments_has(arguments, "policy")) {
        return cli_usage_error(cli, name, "--policy is for --check");
    }
    return write_lifecycle(cli, arguments, name);
}

/* --- replication --- */

/* What of the options is for which of the two documents. NULL: nothing is wrong. */
static const char *wrong_with_replication(const struct arguments *arguments,
                                          const struct names *places, const struct names *sources) {
    if (places->n == 0) {
        return "no registry to copy to: give --to";
    }
    if (!arguments_has(arguments, "permission")) {
        return sources->n > 0 ? "--from is for --permission" : NULL;
    }
    if (sources->n == 0) {
        return "--permission needs --from: the account that copies";
    }
    return places->n > 1 ? "--permission is for one --to: each registry has a policy of its own"
                         : NULL;
}

int command_ecr_replication(struct cli *cli, const struct arguments *arguments) {
    static const char name[] = "ecr replication";
    struct buf json BUF_AUTO = BUF_INIT(DOCUMENT_BYTES);
    struct names places = {0};
    struct names prefixes = {0};
    struct names sources = {0};
    struct err err;
    err_init(&err);
    if (no_operands(arguments, &err) < 0 ||
        read_names(cli, arguments, "to", NAME_PLACE, &places, &err) < 0 ||
        read_names(cli, arguments, "prefix", NAME_PREFIX, &prefixes, &err) < 0 ||
        read_names(cli, arguments, "from", NAME_ACCOUNT, &sources, &err) < 0) {
        return fail(cli, name, &err);
    }
    const char *wrong = wrong_with_replication(arguments, &places, &sources);
    if (wrong) {
        return cli_usage_error(cli, name, "%s", wrong);
    }
    bool is_permission = arguments_has(arguments, "permission");
    struct ecr_place place = ecr_place_of(places.items[0]);
    if ((is_permission
             ? ecr_replication_permission(&sources, &place, &prefixes, cli->arena, &json, &err)
             : ecr_replication(&places, &prefixes, &json, &err)) < 0) {
        return fail(cli, name, &err);
    }
    return print(cli, name, &json, is_permission ? DOCUMENT_ECR_POLICY_MAX : DOCUMENT_BYTES, &err);
}
