#include "cli/doctor/checks.h"

#include "runtime/aws/arn.h"
#include "runtime/base/json_scan.h"

static struct view variable_of(const struct doctor_function *function, const char *name,
                               struct doctor_findings *findings) {
    struct view value = {0};
    struct err ignored;
    err_init(&ignored);
    if (function->settings.variables.type == JSON_OBJECT &&
        json_find_string(function->settings.variables, name, findings->arena, &value, &ignored) <
            0) {
        findings->failed = true;
    }
    return view_trim(value);
}

/* What the function has been given, where it is something else than what doctor goes by. With
 * SLIPWAY_CONFIG what is missing is there. */
static bool check_variable(const struct doctor_function *function, const char *name,
                           struct view here, struct doctor_findings *findings) {
    struct view there = variable_of(function, name, findings);
    bool is_elsewhere = there.len == 0 && variable_of(function, "SLIPWAY_CONFIG", findings).len > 0;
    if (view_equal(there, here) || is_elsewhere ||
        function->settings.variables.type != JSON_OBJECT) {
        return true;
    }
    findings_add(findings, DOCTOR_WRONG, "function", function->name,
                 "works with %s '" VIEW_FMT "', and here it is '" VIEW_FMT "'", name,
                 VIEW_ARG(there), VIEW_ARG(here));
    findings_remedy(findings, "give both the same variables: slipway config render prints them");
    return false;
}

static bool check_variables(const struct doctor_facts *facts, struct doctor_findings *findings) {
    const struct config *config = facts->config;
    const struct doctor_function *function = &facts->function;
    bool is_cross = config->ecr_strategy == ECR_CROSS_ACCOUNT;
    struct view strategy = variable_of(function, "ECR_STRATEGY", findings);
    struct view account = variable_of(function, "ECR_ACCOUNT_ID", findings);
    if (view_equal(strategy, VIEW("cross_account")) && account.len == 0 &&
        variable_of(function, "SLIPWAY_CONFIG", findings).len == 0) {
        findings_add(findings, DOCTOR_WRONG, "function", function->name,
                     "has ECR_STRATEGY 'cross_account' without ECR_ACCOUNT_ID");
        findings_remedy(findings, "set ECR_ACCOUNT_ID and ECR_ACCOUNT_REGION of the function to "
                                  "the registry's account and region");
        findings_case(findings, DOCTOR_CASE_NO_REPOSITORY);
        return false;
    }
    /* An empty one is the default. */
    return check_variable(function, "PROJECT_NAME", config->project, findings) &&
           check_variable(function, "PROJECT_ENV", config->env, findings) &&
           (strategy.len == 0
                ? !is_cross ||
                      check_variable(function, "ECR_STRATEGY", VIEW("cross_account"), findings)
                : check_variable(function, "ECR_STRATEGY",
                                 is_cross ? VIEW("cross_account") : VIEW("local"), findings)) &&
           (account.len == 0 ||
            check_variable(function, "ECR_ACCOUNT_ID",
                           config->ecr_account_id.len > 0 ? config->ecr_account_id
                                                          : config->own_account,
                           findings));
}

/* By name, since an ARN says the same; the default one is the empty one (config.h). */
static struct view bus_name(struct view bus) {
    const struct view kind = VIEW("event-bus/");
    struct arn arn;
    if (arn_parse(bus, &arn) && view_starts_with(arn.resource, kind)) {
        bus = view_slice(arn.resource, kind.len, arn.resource.len);
    }
    return view_equal(bus, VIEW("default")) ? VIEW("") : bus;
}

/* What is put on the wrong bus is taken, and nobody hears it. */
static bool check_event_bus(const struct doctor_facts *facts, struct doctor_findings *findings) {
    const struct doctor_function *function = &facts->function;
    struct view here = bus_name(facts->config->event_bus);
    struct view there = variable_of(function, "EVENT_BUS", findings);
    if (view_equal(bus_name(there), here) || function->settings.variables.type != JSON_OBJECT ||
        (there.len == 0 && variable_of(function, "SLIPWAY_CONFIG", findings).len > 0)) {
        return true;
    }
    findings_add(findings, DOCTOR_WARNING, "function", function->name,
                 "works with EVENT_BUS '" VIEW_FMT "', and here it is '" VIEW_FMT
                 "', on which --via-event would put its events",
                 VIEW_ARG(there), VIEW_ARG(facts->config->event_bus));
    findings_remedy(findings, "set EVENT_BUS, here and of the function, to the bus that DeployRule "
                              "of its stack is on");
    return false;
}

/* Whether there is one whose rules can be looked at. */
bool check_function(const struct doctor_facts *facts, struct doctor_findings *findings) {
    const struct doctor_function *function = &facts->function;
    if (function->err) {
        bool is_missing = function->err->code == ERR_SERVICE_NOT_FOUND;
        findings_add(findings, is_missing ? DOCTOR_WRONG : DOCTOR_WARNING, "function",
                     function->name, "%s", function->err->message);
        findings_remedy_of(findings, function->err);
        if (is_missing) {
            findings_remedy(findings, "deploy template.yaml, or name the function with --function");
        }
        return false;
    }
    if (check_variables(facts, findings) && check_event_bus(facts, findings)) {
        findings_add(findings, DOCTOR_WELL, "function", function->name,
                     "is there, and works as '" VIEW_FMT "'", VIEW_ARG(function->settings.role));
    }
    return true;
}
