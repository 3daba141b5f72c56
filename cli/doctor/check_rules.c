#include "cli/doctor/checks.h"
#include "cli/doctor/sample_events.h"

#include "runtime/aws/event_pattern.h"

#include <string.h>

/* For each kind of event that the function lives by, one as AWS or a person would send it; some
 * rule has to match it. */

/* The bus on which AWS's own events come. */
#define DEFAULT_BUS VIEW("default")

/* --- which rule takes it --- */

struct taker {
    const struct doctor_rule *rule; /* the best one; NULL: none */
    enum event_match match;
    bool is_on;
    enum iam_verdict invokes;
    struct iam_answer bus_takes; /* the event, of the registry's account */
    const struct err *bus_err;
};

static bool is_on(const struct doctor_rule *rule) {
    return view_starts_with(rule->rule.state, VIEW("ENABLED"));
}

/* 2: the event comes through; 1: maybe; 0: it does not. */
static int certainty(const struct taker *taker) {
    enum iam_verdict takes = taker->bus_takes.verdict;
    bool invokes = taker->invokes == IAM_ALLOWED || taker->invokes == IAM_UNTOLD;
    bool comes = takes == IAM_ALLOWED || takes == IAM_UNTOLD;
    if (!taker->is_on || taker->rule->changes_event || !invokes || !comes) {
        return 0;
    }
    return taker->match == EVENT_MAY_MATCH || taker->invokes == IAM_UNTOLD || takes == IAM_UNTOLD
               ? 1
               : 2;
}

static int rank(const struct taker *taker) {
    return !taker->rule ? 0
                        : 32 * certainty(taker) + 8 * (int)taker->match + 4 * taker->is_on +
                              2 * (taker->invokes == IAM_ALLOWED) + !taker->rule->changes_event;
}

/* EventBridge asks the function's policy whether it may invoke it for the rule, unless the rule has
 * a role for that. Amazon EventBridge User Guide, "Using resource-based policies". */
static enum iam_verdict may_invoke(const struct doctor_facts *facts, const struct doctor_rule *rule,
                                   struct doctor_findings *findings) {
    const struct doctor_function *function = &facts->function;
    struct iam_answer answer = {.verdict = IAM_UNTOLD};
    if (rule->queue.len > 0) {
        return IAM_ALLOWED; /* Lambda polls; whether the queue is open is said with it */
    }
    if (rule->role.len > 0) {
        return IAM_ALLOWED; /* so is this */
    }
    const struct iam_request request = {
        .service = VIEW("events.amazonaws.com"),
        .account = facts->config->own_account,
        .source_arn = rule->rule.arn,
        .action = VIEW("lambda:InvokeFunction"),
        .resource = function->settings.arn,
        .region = facts->config->region,
    };
    struct err err;
    err_init(&err);
    if (!function->policy_err &&
        iam_policy_evaluate(function->policy, &request, findings->arena, &answer, &err) < 0) {
        findings->failed = true;
    }
    return answer.verdict != IAM_ALLOWED && rule->targets_err ? IAM_UNTOLD : answer.verdict;
}

static const struct doctor_bus *bus_of(const struct doctor_facts *facts, struct view name) {
    for (size_t i = 0; i < facts->n_buses; i++) {
        if (view_equal(facts->buses[i].name, name)) {
            return &facts->buses[i];
        }
    }
    return NULL;
}

/* What another account sends comes over a bus that takes it. Whether it is sent there is that
 * account's to know. Amazon EventBridge User Guide, "Permissions for event buses". */
static void ask_bus(const struct doctor_facts *facts, const struct doctor_target *target,
                    struct taker *taker, struct doctor_findings *findings) {
    const struct doctor_bus *bus = bus_of(facts, taker->rule->bus);
    taker->bus_takes = (struct iam_answer){.verdict = IAM_UNTOLD, .why = VIEW("it was not asked")};
    taker->bus_err = bus ? bus->err : NULL;
    if (!bus || bus->err) {
        return;
    }
    const struct iam_request request = {
        .account = target->repository->repository.registry.account,
        .action = VIEW("events:PutEvents"),
        .resource = bus->bus.arn,
        .region = facts->config->region,
        .own = {{"events:source", VIEW("aws.ecr")},
                {"events:detail-type", VIEW("ECR Image Action")}},
    };
    struct err err;
    err_init(&err);
    if (iam_policy_evaluate(bus->bus.policy, &request, findings->arena, &taker->bus_takes, &err) <
        0) {
        findings->failed = true;
    }
}

/* Events of AWS are on the default bus of the account and region where they happen; somebody may
 * send them on from there, to any bus. */
static bool is_sent_on(const struct doctor_facts *facts, const struct sample_event *kind,
                       const struct doctor_target *target) {
    return kind->is_of_registry &&
           (target->repository->is_foreign ||
            !view_equal(target->repository->repository.registry.region, facts->config->region));
}

static struct taker taker_of(const struct doctor_facts *facts, const struct sample_event *kind,
                             const struct doctor_target *target, struct view event,
                             struct doctor_findings *findings) {
    struct taker best = {0};
    bool is_of_this_bus = kind->is_of_aws && !is_sent_on(facts, kind, target);
    for (size_t i = 0; i < facts->n_rules; i++) {
        const struct doctor_rule *rule = &facts->rules[i];
        struct taker one = {.rule = rule,
                            .match = EVENT_MAY_MATCH,
                            .is_on = true,
                            .bus_takes = {.verdict = IAM_ALLOWED}};
        struct err err;
        err_init(&err);
        if (is_of_this_bus && !view_equal(rule->bus, DEFAULT_BUS)) {
            continue;
        }
        if (!rule->err) {
            one.is_on = is_on(rule);
            if (rule->rule.pattern.len == 0) {
                continue; /* a schedule */
            }
            if (event_pattern_match(rule->rule.pattern, event, findings->arena, &one.match, &err) <
                0) {
                findings->failed = true;
            }
        }
        if (one.match == EVENT_DIFFERS) {
            continue;
        }
        one.invokes = may_invoke(facts, rule, findings);
        if (kind->is_of_registry && target->repository->is_foreign) {
            ask_bus(facts, target, &one, findings);
        }
        if (rank(&one) > rank(&best)) {
            best = one;
        }
    }
    return best;
}

/* --- saying it --- */

static void tell_not_on(const struct doctor_rule *rule, struct view kind, struct view target,
                        struct doctor_findings *findings) {
    findings_add(findings, DOCTOR_WRONG, "rule", kind,
                 "rule '" VIEW_FMT "' matches those of '" VIEW_FMT "', and is " VIEW_FMT,
                 VIEW_ARG(rule->name), VIEW_ARG(target), VIEW_ARG(rule->rule.state));
    findings_remedy(findings,
                    "aws events enable-rule --event-bus-name " VIEW_FMT " --name " VIEW_FMT,
                    VIEW_ARG(rule->bus), VIEW_ARG(rule->name));
}

/* The names of rules may hold dots, and ids of statements none. */
static struct view statement_id_of(struct view rule, struct doctor_findings *findings) {
    char *id = arena_alloc(findings->arena, rule.len + 1);
    if (!id) {
        findings->failed = true;
        return (struct view){0};
    }
    memcpy(id, rule.data, rule.len);
    for (size_t i = 0; i < rule.len; i++) {
        if (id[i] == '.') {
            id[i] = '-';
        }
    }
    return (struct view){id, rule.len};
}

static void tell_may_not_invoke(const struct doctor_facts *facts, const struct doctor_rule *rule,
                                enum iam_verdict verdict, struct view kind,
                                struct doctor_findings *findings) {
    if (verdict == IAM_UNTOLD) {
        const struct err *why =
            facts->function.policy_err ? facts->function.policy_err : rule->targets_err;
        findings_add(findings, DOCTOR_WARNING, "rule", kind,
                     "rule '" VIEW_FMT "' matches; whether it may invoke the function could not be "
                     "told%s%s",
                     VIEW_ARG(rule->name), why ? ": " : "", why ? why->message : "");
        findings_remedy_of(findings, why);
        return;
    }
    findings_add(findings, DOCTOR_WRONG, "rule", kind,
                 "rule '" VIEW_FMT "' matches, and may not invoke the function",
                 VIEW_ARG(rule->name));
    findings_remedy(findings,
                    "aws lambda add-permission --function-name " VIEW_FMT
                    " --statement-id " VIEW_FMT
                    " --action lambda:InvokeFunction --principal events.amazonaws.com "
                    "--source-arn " VIEW_FMT,
                    VIEW_ARG(facts->function.name), VIEW_ARG(statement_id_of(rule->name, findings)),
                    VIEW_ARG(rule->rule.arn));
}

/* The function's stack is for one registry, its environment's. */
static bool is_of_own_registry(const struct doctor_facts *facts,
                               const struct doctor_target *target) {
    return !target->repository->is_foreign ||
           view_equal(target->repository->repository.registry.account,
                      facts->config->ecr_account_id);
}

/* Whether the target's events of the kind reach the function. */
static bool check_taker(const struct doctor_facts *facts, const struct sample_event *kind,
                        const struct taker *taker, const struct doctor_target *target,
                        struct doctor_findings *findings) {
    struct view subject = view_of(kind->name);
    struct view name = target->runs.target.name;
    if (!taker->rule && facts->function.sources_err) {
        findings_add(findings, DOCTOR_WARNING, "rule", subject,
                     "no rule takes those of '" VIEW_FMT
                     "' to the function itself, and which queues it has could not be told: %s",
                     VIEW_ARG(name), facts->function.sources_err->message);
        findings_remedy_of(findings, facts->function.sources_err);
        return false;
    }
    if (!taker->rule) {
        findings_add(findings, kind->is_optional ? DOCTOR_WARNING : DOCTOR_WRONG, "rule", subject,
                     "no rule takes those of '" VIEW_FMT "' to the function", VIEW_ARG(name));
        findings_remedy(findings, "%s",
                        kind->is_of_registry && !is_of_own_registry(facts, target)
                            ? "set up infra/environment-bus.yaml with a BusName of its own and the "
                              "account in RegistryAccounts: the function's PushRule takes those of "
                              "EcrAccountId alone"
                            : kind->remedy);
        return false;
    }
    if (taker->match == EVENT_MAY_MATCH) {
        findings_add(findings, DOCTOR_WARNING, "rule", subject,
                     "whether rule '" VIEW_FMT "' matches those of '" VIEW_FMT
                     "' could not be told%s%s",
                     VIEW_ARG(taker->rule->name), VIEW_ARG(name), taker->rule->err ? ": " : "",
                     taker->rule->err ? taker->rule->err->message : "");
        findings_remedy_of(findings, taker->rule->err);
        return false;
    }
    if (!taker->is_on) {
        tell_not_on(taker->rule, subject, name, findings);
        return false;
    }
    if (taker->invokes != IAM_ALLOWED) {
        tell_may_not_invoke(facts, taker->rule, taker->invokes, subject, findings);
        return false;
    }
    if (taker->rule->changes_event) {
        findings_add(findings, DOCTOR_WRONG, "rule", subject,
                     "rule '" VIEW_FMT "' gives the function something else than the event",
                     VIEW_ARG(taker->rule->name));
        findings_remedy(findings, "take Input, InputPath and InputTransformer out of its target");
        return false;
    }
    return true;
}

/* The last question, once a rule takes them. */
static bool check_bus(const struct doctor_facts *facts, const struct taker *taker,
                      const struct doctor_target *target, struct doctor_findings *findings) {
    struct view account = target->repository->repository.registry.account;
    struct view bus = taker->rule->bus;
    if (taker->bus_takes.verdict == IAM_ALLOWED) {
        return true;
    }
    if (taker->bus_takes.verdict == IAM_UNTOLD) {
        findings_add(
            findings, DOCTOR_WARNING, "rule", VIEW("pushes"),
            "whether bus '" VIEW_FMT "' takes them from account " VIEW_FMT
            " could not be told: " VIEW_FMT,
            VIEW_ARG(bus), VIEW_ARG(account),
            VIEW_ARG(taker->bus_err ? view_of(taker->bus_err->message) : taker->bus_takes.why));
        findings_remedy_of(findings, taker->bus_err);
        return false;
    }
    findings_add(findings, DOCTOR_WRONG, "rule", VIEW("pushes"),
                 "bus '" VIEW_FMT "' does not take them from account " VIEW_FMT, VIEW_ARG(bus),
                 VIEW_ARG(account));
    findings_remedy(findings, "%s",
                    view_equal(bus, DEFAULT_BUS) && is_of_own_registry(facts, target)
                        ? "set EcrStrategy and EcrAccountId of the function's stack, which allows "
                          "the account events:PutEvents there"
                        : "name the account in RegistryAccounts of the bus's stack, "
                          "infra/environment-bus.yaml, which allows it events:PutEvents there");
    return false;
}

/* Events are on a bus of the account and region where they happen, and come from there only if
 * somebody sends them on. */
static const char *forwarding_of(const struct doctor_facts *facts,
                                 const struct doctor_repository *repository) {
    if (repository->is_foreign) {
        return ", if the registry's account forwards them";
    }
    return view_equal(repository->repository.registry.region, facts->config->region)
               ? ""
               : ", if a rule in the registry's region forwards them";
}

/* What is known of a kind when some targets' events of it have been looked at. */
struct way {
    const struct doctor_rule *rule;
    const char *if_forwarded;
};
struct ways {
    struct way *items; /* one for each rule */
    size_t n;
    bool is_well;
    struct view bus, account; /* the last that do not go together, which is said once */
};

static void add_way(struct ways *ways, const struct doctor_rule *rule, const char *if_forwarded) {
    struct way *way = NULL;
    for (size_t i = 0; i < ways->n && !way; i++) {
        way = ways->items[i].rule == rule ? &ways->items[i] : NULL;
    }
    if (!way) {
        way = &ways->items[ways->n++];
        *way = (struct way){rule, ""};
    }
    way->if_forwarded = *way->if_forwarded == '\0' ? if_forwarded : way->if_forwarded;
}

static bool is_said(const struct ways *ways, const struct taker *taker,
                    const struct doctor_target *target) {
    return taker->bus_takes.verdict != IAM_ALLOWED && view_equal(ways->bus, taker->rule->bus) &&
           view_equal(ways->account, target->repository->repository.registry.account);
}

static void check_target_of(const struct doctor_facts *facts, const struct sample_event *kind,
                            const struct doctor_target *target, struct ways *ways,
                            struct doctor_findings *findings) {
    struct buf event BUF_AUTO = BUF_INIT(SAMPLE_EVENT_BYTES);
    struct json_writer w = json_writer(&event);
    kind->write(facts, target, &w);
    if (event.failed) {
        findings->failed = true;
        return;
    }
    const struct taker taker = taker_of(facts, kind, target, buf_view(&event), findings);
    if (!check_taker(facts, kind, &taker, target, findings)) {
        ways->is_well = false;
        return;
    }
    if (is_said(ways, &taker, target) || !check_bus(facts, &taker, target, findings)) {
        ways->is_well = false;
        ways->bus = taker.rule->bus;
        ways->account = target->repository->repository.registry.account;
        return;
    }
    add_way(ways, taker.rule, kind->is_of_registry ? forwarding_of(facts, target->repository) : "");
}

static void check_kind(const struct doctor_facts *facts, const struct sample_event *kind,
                       struct doctor_findings *findings) {
    struct ways ways = {.items = ARENA_ARRAY(findings->arena, facts->n_targets, struct way),
                        .is_well = true};
    if (!ways.items) {
        findings->failed = true;
        return;
    }
    for (size_t i = 0; i < facts->n_targets; i++) {
        if (kind->is_expected(facts, &facts->targets[i])) {
            check_target_of(facts, kind, &facts->targets[i], &ways, findings);
        }
        if (kind->is_optional && !ways.is_well) {
            break; /* once is enough */
        }
    }
    for (size_t i = 0; i < ways.n && ways.is_well; i++) {
        const struct doctor_rule *rule = ways.items[i].rule;
        findings_add(findings, DOCTOR_WELL, "rule", view_of(kind->name),
                     "reach the function by '" VIEW_FMT "' on bus '" VIEW_FMT "'%s%s",
                     VIEW_ARG(rule->name), VIEW_ARG(rule->bus),
                     rule->queue.len > 0  ? " and a queue, if that lets EventBridge in"
                     : rule->role.len > 0 ? ", if the role of its target may invoke it"
                                          : "",
                     ways.items[i].if_forwarded);
    }
}

void check_rules(const struct doctor_facts *facts, struct doctor_findings *findings) {
    if (!check_function(facts, findings)) {
        return;
    }
    if (facts->rules_err) {
        findings_add(findings, DOCTOR_WARNING, "rule", VIEW(""),
                     "which rules there are could not be told: %s", facts->rules_err->message);
        findings_remedy_of(findings, facts->rules_err);
        return;
    }
    for (const struct sample_event *kind = doctor_sample_events; kind->name; kind++) {
        check_kind(facts, kind, findings);
    }
}
