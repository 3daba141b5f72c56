#ifndef SLIPWAY_CLI_SESSION_H
#define SLIPWAY_CLI_SESSION_H

/*
 * What a command that talks to AWS works with: the function's own core, set up as bootstrap does
 * it, with the environment's configuration and the person's credentials. The account is
 * AWS_ACCOUNT_ID, or the one that STS GetCallerIdentity names; what writes asks in any case, and is
 * held to AWS_ACCOUNT_ID. So is what reads, with --config: it has to be the file's
 * (config_option.h).
 */

#include "cli/cli.h"
#include "handlers/config.h"
#include "handlers/config_source.h"
#include "handlers/handler.h"
#include "runtime/aws/aws.h"
#include "runtime/base/log.h"
#include "runtime/http/http.h"
#include "runtime/lambda/lambda.h"

#include <stdbool.h>

struct session {
    struct cli *cli;
    struct log log; /* to cli->err */
    struct http http;
    struct config_source *source; /* what SLIPWAY_CONFIG names; NULL: it is not set */
    struct config config;
    struct aws *aws;
    struct notifier *notifier;
    struct handler handler;
    struct view caller; /* ARN of who asks; empty where nobody asked who that is */
};

struct session_options {
    bool dry_run; /* as DRY_RUN=true */
    bool writes;  /* has to know whose the credentials are */
    bool tells;   /* notifies as the function would */
};

/* -1: ERR_CONFIG_INVALID, whatever AWS says to GetCallerIdentity, or to the reading of what
 * SLIPWAY_CONFIG names. What was set up has to be released in any case; a zeroed session is fine.
 */
ERR_MUST_USE int session_open(struct cli *cli, const struct session_options *options,
                              struct session *ret_session, struct err *err);
void session_close(struct session *session);

#define SESSION_AUTO __attribute__((cleanup(session_close)))

/* An invocation of the function with this payload, and ten minutes' time. */
struct lambda_invocation session_invocation(struct session *session, struct view payload);

#endif
