#include "cli/session.h"

#include "bootstrap/version.h"
#include "runtime/aws/sts.h"
#include "runtime/http/http_curl.h"

#define INVOCATION_MS ((int64_t)10 * 60 * 1000)
#define NAMES_BYTES 4096

static void write_line(void *state, struct view line) {
    cli_write(state, line);
}

static int set_up_log(struct session *session, const struct environment *env, struct err *err) {
    struct view level = view_trim(environment_get(env, "LOG_LEVEL"));
    log_init(&session->log, session->cli->clock);
    session->log.write = write_line;
    session->log.state = session->cli->err;
    session->log.level = LOG_WARN;
    if (level.len > 0 && !log_level_parse(level, &session->log.level)) {
        return err_set(
            err, ERR_CONFIG_INVALID,
            "LOG_LEVEL: expected trace, debug, info, warn, error or fatal, got '" VIEW_FMT "'",
            VIEW_ARG(level));
    }
    return 0;
}

static int find_account(struct session *session, bool writes, struct err *err) {
    struct sts_identity identity;
    struct aws_call call;
    struct arena *arena = session->cli->arena;
    struct view named = session->config.own_account;
    if (named.len > 0 && !writes && session->cli->account.len == 0) {
        return 0;
    }
    sts_get_caller_identity_call(&call);
    aws_call_all(session->aws, &call, 1, clock_monotonic_ms(session->cli->clock) + INVOCATION_MS,
                 arena);
    if (sts_get_caller_identity_result(&call, arena, &identity, err) < 0) {
        return -1;
    }
    session->config.own_account = identity.account;
    session->caller = identity.arn;
    if (named.len == 0 || view_equal(named, identity.account)) {
        return 0;
    }
    err_set(err, ERR_CONFIG_INVALID,
            "the credentials are of account '" VIEW_FMT "', and AWS_ACCOUNT_ID is '" VIEW_FMT "'",
            VIEW_ARG(identity.account), VIEW_ARG(named));
    err_remedy(err, "use credentials of account " VIEW_FMT ", or correct AWS_ACCOUNT_ID",
               VIEW_ARG(named));
    return -1;
}

/* A plan for one account, carried out in another, finds services there that are called alike. */
static int check_account(const struct session *session, struct err *err) {
    struct view wanted = session->cli->account;
    struct view own = session->config.own_account;
    if (wanted.len == 0 || view_equal(wanted, own)) {
        return 0;
    }
    err_set(err, ERR_CONFIG_INVALID,
            "the credentials are of account '" VIEW_FMT
            "', and the file of --config is of '" VIEW_FMT "'",
            VIEW_ARG(own), VIEW_ARG(wanted));
    err_remedy(err, "use credentials of account " VIEW_FMT, VIEW_ARG(wanted));
    return -1;
}

static int set_up_aws(struct session *session, const struct environment *env, struct view region,
                      struct err *err) {
    const struct http_curl_options http_options = {
        .ca_bundle = env->get(env->state, "AWS_CA_BUNDLE"),
        .user_agent = "slipway-cli/" SLIPWAY_VERSION,
    };
    if (http_curl_new(&http_options, &session->http, err) < 0) {
        return -1;
    }
    const struct aws_options aws_options = {
        .http = &session->http,
        .clock = session->cli->clock,
        .env = env,
        .region = region,
    };
    return aws_new(&aws_options, &session->aws, err);
}

/* The names alone: values may be secrets. */
static void warn_of_overridden(const struct session *session) {
    struct buf names BUF_AUTO = BUF_INIT(NAMES_BYTES);
    config_source_list_overridden(session->source, &names);
    if (names.len > 0) {
        LOG(&session->log, LOG_WARN,
            "variables of the environment count, and not what SLIPWAY_CONFIG has for them",
            LOG_VIEW("variables", buf_view(&names)));
    }
}

/* What SLIPWAY_CONFIG names is laid under *env. */
static int read_source(struct session *session, const struct environment **env, struct err *err) {
    struct view region;
    if (!config_source_is_wanted(*env)) {
        return 0;
    }
    if (config_source_region(*env, &region, err) < 0 ||
        set_up_aws(session, *env, region, err) < 0 ||
        config_source_read(session->aws, *env,
                           clock_monotonic_ms(session->cli->clock) + CONFIG_SOURCE_MS,
                           &session->source, err) < 0) {
        return -1;
    }
    *env = config_source_environment(session->source);
    if (set_up_log(session, *env, err) < 0) {
        return -1;
    }
    warn_of_overridden(session);
    return 0;
}

static int load_config(struct session *session, const struct environment *env, struct err *err) {
    if (config_load(env, session->cli->arena, &session->config, err) < 0) {
        config_source_explain(session->source, err);
        return -1;
    }
    return 0;
}

int session_open(struct cli *cli, const struct session_options *options,
                 struct session *ret_session, struct err *err) {
    struct session *session = ret_session;
    const struct environment *env = cli->env;
    *session = (struct session){.cli = cli};
    if (set_up_log(session, env, err) < 0 || read_source(session, &env, err) < 0 ||
        load_config(session, env, err) < 0) {
        return -1;
    }
    if (session->aws == NULL && set_up_aws(session, env, session->config.region, err) < 0) {
        return -1;
    }
    if (find_account(session, options->writes, err) < 0 || check_account(session, err) < 0) {
        return -1;
    }
    session->config.dry_run = session->config.dry_run || options->dry_run;
    const struct notifier_options notifier_options = {
        .config = &session->config, .aws = session->aws, .env = env};
    if (options->tells && notifier_new(&notifier_options, &session->notifier, err) < 0) {
        return -1;
    }
    session->handler = (struct handler){
        .config = &session->config,
        .aws = session->aws,
        .clock = cli->clock,
        .notifier = session->notifier,
    };
    return 0;
}

void session_close(struct session *session) {
    notifier_free(session->notifier);
    aws_free(session->aws);
    http_curl_free(&session->http);
    config_source_free(session->source);
}

struct lambda_invocation session_invocation(struct session *session, struct view payload) {
    const struct clock *clock = session->cli->clock;
    return (struct lambda_invocation){
        .request_id = VIEW("slipway-cli"),
        .deadline_wall_ms = clock_wall_ms(clock) + INVOCATION_MS,
        .deadline_ms = clock_monotonic_ms(clock) + INVOCATION_MS,
        .payload = payload,
        .arena = session->cli->arena,
        .log = &session->log,
    };
}
