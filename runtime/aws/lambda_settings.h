#ifndef SLIPWAY_AWS_LAMBDA_SETTINGS_H
#define SLIPWAY_AWS_LAMBDA_SETTINGS_H

/* AWS Lambda: who a function works as, and with which variables. Of the command line alone. Pure.
 * AWS Lambda API Reference, GetFunctionConfiguration, GetPolicy, ListEventSourceMappings. */

#include "runtime/aws/lambda_api.h"
#include "runtime/base/json_scan.h"

struct lambda_settings {
    struct view arn;
    struct view role;           /* ARN */
    struct json_span variables; /* an object; JSON_NULL: none, or not to be seen */
};
/* Of lambda_get_configuration_call(). ERR_SERVICE_NOT_FOUND when there is no such function, the
 * call's own. */
ERR_MUST_USE int lambda_settings_result(const struct aws_call *call, struct arena *arena,
                                        struct lambda_settings *ret_settings, struct err *err);

/* GET /2015-03-31/functions/{name}/policy */
ERR_MUST_USE int lambda_get_policy_call(struct view name, struct arena *arena,
                                        struct aws_call *ret_call, struct err *err);
/* Who may invoke it; empty: it has no policy. */
ERR_MUST_USE int lambda_get_policy_result(const struct aws_call *call, struct arena *arena,
                                          struct view *ret_policy, struct err *err);

/* GET /2015-03-31/event-source-mappings?FunctionName={name}: the queues that Lambda polls for it.
 */
ERR_MUST_USE int lambda_list_sources_call(struct view name, struct arena *arena,
                                          struct aws_call *ret_call, struct err *err);
/* The ARNs of those that are on; the first hundred. */
ERR_MUST_USE int lambda_list_sources_result(const struct aws_call *call, struct arena *arena,
                                            struct view **ret_sources, size_t *ret_n,
                                            struct err *err);

#endif
