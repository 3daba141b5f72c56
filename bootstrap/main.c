/*
 * bootstrap: the process that AWS Lambda starts. Environment -> log -> http -> what SLIPWAY_CONFIG
 * names -> config -> aws -> handler -> warm connections -> loop; the only place where everything
 * meets.
 */

#include "bootstrap/version.h"
#include "handlers/config.h"
#include "handlers/config_source.h"
#include "handlers/handler.h"
#include "runtime/aws/aws.h"
#include "runtime/aws/credentials.h"
#include "runtime/aws/ecr.h"
#include "runtime/aws/ecs.h"
#include "runtime/aws/endpoint.h"
#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/log.h"
#include "runtime/base/view.h"
#include "runtime/http/http_curl.h"
#include "runtime/lambda/lambda.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* sysexits.h calls it EX_USAGE: started in a way that it cannot work. */
#define EXIT_USAGE 64
/* What the configuration may take up; all variables of a function are 4 KB together, and those of
 * what SLIPWAY_CONFIG names 256 KB. */
#define CONFIG_ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define NAMES_BYTES 4096

struct process {
    const struct environment *env;
    struct log log;
    struct http http;
    struct config_source *source; /* NULL: SLIPWAY_CONFIG is not set */
    struct arena config_arena;
    struct config config;
    struct aws *aws;
    struct notifier *notifier;
    struct handler handler;
    struct lambda_options options;
};

/* A signal handler reaches nothing else. */
static volatile sig_atomic_t stop_requested;

static void on_sigterm(int signal_number) {
    (void)signal_number;
    stop_requested = 1;
}

/* No SA_RESTART: a wait that is under way has to end. */
static void set_up_signals(void) {
    struct sigaction on_term = {.sa_handler = on_sigterm};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&on_term.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGTERM, &on_term, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* Lambda sets the first two by the function's logging configuration; LOG_LEVEL is the user's own.
 * The log works in any case. -1: ERR_CONFIG_INVALID. */
static int set_up_log(struct log *log, const struct environment *env, struct err *err) {
    log_init(log, &clock_system);
    struct view format = view_trim(environment_get(env, "AWS_LAMBDA_LOG_FORMAT"));
    if (format.len > 0 && !log_format_parse(format, &log->format)) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "AWS_LAMBDA_LOG_FORMAT: expected JSON or Text, got '" VIEW_FMT "'",
                       VIEW_ARG(format));
    }
    const char *name = "AWS_LAMBDA_LOG_LEVEL";
    struct view level = view_trim(environment_get(env, name));
    if (level.len == 0) {
        name = "LOG_LEVEL";
        level = view_trim(environment_get(env, name));
    }
    if (level.len > 0 && !log_level_parse(level, &log->level)) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "%s: expected trace, debug, info, warn, error or fatal, got '" VIEW_FMT "'",
                       name, VIEW_ARG(level));
    }
    return 0;
}

static void begin_log(struct process *process, struct err *log_err) {
    err_init(log_err);
    if (set_up_log(&process->log, process->env, log_err) < 0) {
        process->log.level = LOG_INFO;
    }
}

static int set_up_http(struct process *process, struct err *err) {
    const struct http_curl_options options = {
        .ca_bundle = process->env->get(process->env->state, "AWS_CA_BUNDLE"),
        .user_agent = "slipway/" SLIPWAY_VERSION,
    };
    return http_curl_new(&options, &process->http, err);
}

static int set_up_aws(struct process *process, struct view region, struct err *err) {
    const struct aws_options options = {
        .http = &process->http,
        .clock = &clock_system,
        .env = process->env,
        .region = region,
    };
    return aws_new(&options, &process->aws, err);
}

static void set_up_options(struct process *process) {
    process->options = (struct lambda_options){
        .runtime_api = environment_get(process->env, "AWS_LAMBDA_RUNTIME_API"),
        .http = &process->http,
        .clock = &clock_system,
        .log = &process->log,
        .set_trace_id = lambda_export_trace_id,
        .stop = &stop_requested,
    };
}

/* The names alone: values may be secrets. */
static void warn_of_overridden(const struct process *process) {
    struct buf names BUF_AUTO = BUF_INIT(NAMES_BYTES);
    config_source_list_overridden(process->source, &names);
    if (names.len > 0) {
        LOG(&process->log, LOG_WARN,
            "variables of the function's environment count, and not what SLIPWAY_CONFIG has for "
            "them",
            LOG_VIEW("variables", buf_view(&names)));
    }
}

/* A failure ends the process like any fault of the configuration. Lambda starts it anew with the
 * next invocation, so that one that is over by then leaves nothing behind. */
static int read_source(struct process *process, struct err *log_err, struct err *err) {
    struct view region;
    if (!config_source_is_wanted(process->env)) {
        return 0;
    }
    if (config_source_region(process->env, &region, err) < 0 ||
        set_up_aws(process, region, err) < 0 ||
        config_source_read(process->aws, process->env,
                           clock_monotonic_ms(&clock_system) + CONFIG_SOURCE_MS, &process->source,
                           err) < 0) {
        return -1;
    }
    process->env = config_source_environment(process->source);
    begin_log(process, log_err);
    warn_of_overridden(process);
    return 0;
}

/* What the log's variables were found to be wrong with is told together with the rest. */
static int load_config(struct process *process, const struct err *log_err, struct err *err) {
    struct err config_err;
    err_init(&config_err);
    process->config_arena = ARENA_INIT(CONFIG_ARENA_BYTES);
    int result = config_load(process->env, &process->config_arena, &process->config, &config_err);
    if (result < 0 && err_is_set(log_err)) {
        err_set(err, config_err.code, "%s; %s", config_err.message, log_err->message);
        err_remedy(err, "%s", config_err.remedy);
    } else if (result < 0) {
        *err = config_err;
    } else if (err_is_set(log_err)) {
        *err = *log_err;
    }
    config_source_explain(process->source, err);
    return err_is_set(err) ? -1 : 0;
}

/* An address that no call could use is a fault of the configuration, and told like one. */
static int check_endpoints(struct process *process, struct err *err) {
    const struct config *config = &process->config;
    struct endpoint endpoint;
    return endpoint_resolve(&ecr_service, config->ecr_region, process->env, &process->config_arena,
                            &endpoint, err) < 0 ||
                   endpoint_resolve(&ecs_service, config->region, process->env,
                                    &process->config_arena, &endpoint, err) < 0
               ? -1
               : 0;
}

static int set_up_handler(struct process *process, const struct err *log_err, struct err *err) {
    if (load_config(process, log_err, err) < 0 || check_endpoints(process, err) < 0) {
        return -1;
    }
    if (process->aws == NULL && set_up_aws(process, process->config.region, err) < 0) {
        return -1;
    }
    const struct notifier_options notifier_options = {
        .config = &process->config,
        .aws = process->aws,
        .env = process->env,
    };
    if (notifier_new(&notifier_options, &process->notifier, err) < 0) {
        return -1;
    }
    process->handler = (struct handler){
        .config = &process->config,
        .aws = process->aws,
        .clock = &clock_system,
        .notifier = process->notifier,
    };
    return 0;
}

static int init_and_loop(struct process *process) {
    struct err log_err;
    struct err err;
    err_init(&err);
    begin_log(process, &log_err);
    if (set_up_http(process, &err) < 0) {
        log_error(&process->log, LOG_FATAL, "the function cannot start", &err);
        return 1;
    }
    set_up_options(process);
    if (read_source(process, &log_err, &err) < 0 || set_up_handler(process, &log_err, &err) < 0) {
        log_error(&process->log, LOG_FATAL, "the function cannot start", &err);
        lambda_init_error(&process->options, &err);
        return 1;
    }
    handler_warm(&process->handler);
    if (lambda_run(&process->options, handler_invoke, &process->handler, &err) < 0) {
        log_error(&process->log, LOG_FATAL, "the function ends", &err);
        return 1;
    }
    return 0;
}

static void release(struct process *process) {
    notifier_free(process->notifier);
    aws_free(process->aws);
    http_curl_free(&process->http);
    arena_release(&process->config_arena);
    config_source_free(process->source);
}

static void print_how_to_run(void) {
    fputs("bootstrap: AWS_LAMBDA_RUNTIME_API is not set; AWS Lambda starts this program\n"
          "to run it here:\n"
          "  ./build.sh demo                                        against an emulated AWS\n"
          "  sam local invoke -e events/deploy/prod/event.json      in Docker\n"
          "  aws-lambda-rie ./bootstrap                             then post events to "
          "localhost:8080/2015-03-31/functions/function/invocations\n",
          stderr);
}

int main(int argc, char **argv) {
    /* Emulators pass the handler's name as an argument; it means nothing to a custom runtime. */
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("slipway " SLIPWAY_VERSION);
        return 0;
    }
    struct process process = {.env = &environment_process};
    if (environment_get(process.env, "AWS_LAMBDA_RUNTIME_API").len == 0) {
        print_how_to_run();
        return EXIT_USAGE;
    }
    set_up_signals();
    int status = init_and_loop(&process);
    release(&process);
    return status;
}
