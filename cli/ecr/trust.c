#include "cli/ecr/trust.h"

#include "runtime/aws/arn.h"
#include "runtime/base/json_write.h"

/* What a pull takes (the first, third and fifth), and what slipway's own reads do: does the tag
 * exist, which digest, which platforms, is the repository there; and for `slipway doctor` and `ecr
 * lifecycle --check`, whom it admits and what it will expire: the text of two policies. No other
 * account gets more. */
static const char *const pull_and_look[] = {
    "ecr:BatchCheckLayerAvailability", "ecr:DescribeImages",         "ecr:BatchGetImage",
    "ecr:DescribeRepositories",        "ecr:GetDownloadUrlForLayer", "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
};
static const char *const pull[] = {
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
};
/* Lambda Developer Guide: what Lambda itself asks for, to keep its copy of a function's image. */
static const char *const pull_by_lambda[] = {
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
};
/* Amazon ECR User Guide, "Registry policy examples": replication from another account. */
static const char *const replicate[] = {
    "ecr:CreateRepository",
    "ecr:ReplicateImage",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void put_strings(struct json_writer *w, const char *name, const char *const *strings,
                        size_t n) {
    json_begin_array(w, name);
    for (size_t i = 0; i < n; i++) {
        json_put_string(w, NULL, view_of(strings[i]));
    }
    json_end_array(w);
}

static void put_names(struct json_writer *w, const char *name, const struct names *names) {
    json_begin_array(w, name);
    for (size_t i = 0; i < names->n; i++) {
        json_put_string(w, NULL, names->items[i]);
    }
    json_end_array(w);
}

/* {"Version":"2012-10-17","Statement":[ */
static void begin_policy(struct json_writer *w) {
    json_begin_object(w, NULL);
    json_put_string(w, "Version", VIEW("2012-10-17"));
    json_begin_array(w, "Statement");
}

static void end_policy(struct json_writer *w) {
    json_end_array(w);
    json_end_object(w);
}

static void begin_statement(struct json_writer *w, const char *sid) {
    json_begin_object(w, NULL);
    json_put_string(w, "Sid", view_of(sid));
    json_put_string(w, "Effect", VIEW("Allow"));
}

/* --- the repository's policy --- */

/* {"Sid":"PullByOrganization","Effect":"Allow","Principal":"*","Action":[…],
 *  "Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-a1b2c3d4e5"]}}} */
static void put_organizations(struct json_writer *w, const struct names *organizations) {
    begin_statement(w, "PullByOrganization");
    json_put_string(w, "Principal", VIEW("*"));
    put_strings(w, "Action", pull_and_look, COUNT(pull_and_look));
    json_begin_object(w, "Condition");
    json_begin_object(w, "StringEquals");
    put_names(w, "aws:PrincipalOrgID", organizations);
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
}

/* {"Sid":"PullByRoles","Effect":"Allow","Principal":{"AWS":["arn:…"]},"Action":[…]} */
static void put_principals(struct json_writer *w, const char *sid, const struct names *arns) {
    begin_statement(w, sid);
    json_begin_object(w, "Principal");
    put_names(w, "AWS", arns);
    json_end_object(w);
    put_strings(w, "Action", pull_and_look, COUNT(pull_and_look));
    json_end_object(w);
}

/* {"Sid":"PullByLambda","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},
 *  "Action":[…],"Condition":{"ArnLike":{"aws:SourceArn":
 *  ["arn:aws:lambda:us-east-1:222222222222:function:myproject_*"]}}}
 * Lambda acts for everybody's functions: the condition keeps strangers' out. */
static void put_functions(struct json_writer *w, const struct names *functions) {
    begin_statement(w, "PullByLambda");
    json_begin_object(w, "Principal");
    json_put_string(w, "Service", VIEW("lambda.amazonaws.com"));
    json_end_object(w);
    put_strings(w, "Action", pull_by_lambda, COUNT(pull_by_lambda));
    json_begin_object(w, "Condition");
    json_begin_object(w, "ArnLike");
    put_names(w, "aws:SourceArn", functions);
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
}

static int check_trust(const struct ecr_trust *trust, struct err *err) {
    size_t n_principals = trust->accounts.n + trust->roles.n;
    struct arn arn;
    if (trust->organizations.n + n_principals == 0) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "nobody is trusted: name an --org, an --account "
                       "or a --role");
    }
    if (trust->has_functions && n_principals == 0) {
        return err_set(err, ERR_CONFIG_INVALID,
                       "--lambda needs an --account or a --role: whose functions these are");
    }
    if (trust->region.len == 0 && (trust->accounts.n > 0 || trust->has_functions)) {
        return err_set(err, ERR_CONFIG_INVALID, "no region: give --region, or set AWS_REGION");
    }
    for (size_t i = 0; i < trust->roles.n; i++) {
        struct view role = trust->roles.items[i];
        struct view partition =
            trust->region.len > 0 ? arn_region_partition(trust->region) : (struct view){0};
        struct arn first;
        if (!arn_parse(role, &arn) || !arn_parse(trust->roles.items[0], &first)) {
            return err_set(err, ERR_CONFIG_INVALID, "'" VIEW_FMT "' is no ARN", VIEW_ARG(role));
        }
        partition = partition.len > 0 ? partition : first.partition;
        if (!view_equal(arn.partition, partition)) {
            return err_set(err, ERR_CONFIG_INVALID,
                           "'" VIEW_FMT "' is in another partition than the registry: " VIEW_FMT,
                           VIEW_ARG(role), VIEW_ARG(partition));
        }
    }
    return 0;
}

static bool add_name(struct names *names, struct view name) {
    for (size_t i = 0; i < names->n; i++) {
        if (view_equal(names->items[i], name)) {
            return true;
        }
    }
    names->items[names->n++] = name;
    return name.data != NULL;
}

/* The accounts as principals. */
static int roots_of(const struct ecr_trust *trust, struct arena *arena, struct names *ret_roots,
                    struct err *err) {
    struct names roots = {.items = ARENA_ARRAY(arena, trust->accounts.n, struct view)};
    for (size_t i = 0; roots.items && i < trust->accounts.n; i++) {
        struct view root = arena_printf(arena, "arn:" VIEW_FMT ":iam::" VIEW_FMT ":root",
                                        VIEW_ARG(arn_region_partition(trust->region)),
                                        VIEW_ARG(trust->accounts.items[i]));
        if (!add_name(&roots, root)) {
            return err_out_of_memory(err, "principals");
        }
    }
    *ret_roots = roots;
    return roots.items ? 0 : err_out_of_memory(err, "principals");
}

/* Functions of the accounts and of the roles' accounts, in the registry's region: Lambda takes
 * images from no other. */
static int functions_of(const struct ecr_trust *trust, struct arena *arena,
                        struct names *ret_functions, struct err *err) {
    size_t n = trust->accounts.n + trust->roles.n;
    struct names functions = {.items = ARENA_ARRAY(arena, n, struct view)};
    for (size_t i = 0; functions.items && i < n; i++) {
        struct arn arn = {0};
        bool is_role = i >= trust->accounts.n;
        if (is_role) {
            (void)arn_parse(trust->roles.items[i - trust->accounts.n], &arn);
        }
        struct view function = arena_printf(
            arena, "arn:" VIEW_FMT ":lambda:" VIEW_FMT ":" VIEW_FMT ":function:" VIEW_FMT "%s*",
            VIEW_ARG(arn_region_partition(trust->region)), VIEW_ARG(trust->region),
            VIEW_ARG(is_role ? arn.account : trust->accounts.items[i]), VIEW_ARG(trust->project),
            trust->project.len > 0 ? "_" : "");
        if (!add_name(&functions, function)) {
            return err_out_of_memory(err, "functions");
        }
    }
    *ret_functions = functions;
    return functions.items ? 0 : err_out_of_memory(err, "functions");
}

int ecr_trust_policy(const struct ecr_trust *trust, struct arena *arena, struct buf *out,
                     struct err *err) {
    struct names roots = {0};
    struct names functions = {0};
    struct json_writer w = json_writer(out);
    if (check_trust(trust, err) < 0 || roots_of(trust, arena, &roots, err) < 0 ||
        (trust->has_functions && functions_of(trust, arena, &functions, err) < 0)) {
        return -1;
    }
    begin_policy(&w);
    if (trust->organizations.n > 0) {
        put_organizations(&w, &trust->organizations);
    }
    if (roots.n > 0) {
        put_principals(&w, "PullByAccounts", &roots);
    }
    if (trust->roles.n > 0) {
        put_principals(&w, "PullByRoles", &trust->roles);
    }
    if (functions.n > 0) {
        put_functions(&w, &functions);
    }
    end_policy(&w);
    return 0;
}

/* --- the role's policy --- */

static void put_repository(struct json_writer *w, const struct ecr_pull *from, struct view project,
                           const char *suffix, struct arena *arena) {
    struct view arn = arena_printf(
        arena, "arn:" VIEW_FMT ":ecr:" VIEW_FMT ":" VIEW_FMT ":repository/" VIEW_FMT "%s",
        VIEW_ARG(arn_region_partition(from->region)), VIEW_ARG(from->region),
        VIEW_ARG(from->account), VIEW_ARG(project), suffix);
    if (!arn.data) {
        w->buf->failed = true;
        return;
    }
    json_put_string(w, NULL, arn);
}

/* {"Version":"2012-10-17","Statement":[
 *  {"Sid":"LogInToRegistries","Effect":"Allow","Action":"ecr:GetAuthorizationToken",
 *   "Resource":"*"},
 *  {"Sid":"Pull","Effect":"Allow","Action":[…],
 *   "Resource":["arn:aws:ecr:us-east-1:111111111111:repository/myproject_backend",…]}]}
 * The action of the first takes no resource. */
void ecr_pull_policy(const struct ecr_pull *from, struct arena *arena, struct buf *out) {
    struct json_writer w = json_writer(out);
    begin_policy(&w);
    begin_statement(&w, "LogInToRegistries");
    json_put_string(&w, "Action", VIEW("ecr:GetAuthorizationToken"));
    json_put_string(&w, "Resource", VIEW("*"));
    json_end_object(&w);
    begin_statement(&w, "Pull");
    put_strings(&w, "Action", pull, COUNT(pull));
    json_begin_array(&w, "Resource");
    if (from->project.len > 0) {
        put_repository(&w, from, from->project, "_backend", arena);
        put_repository(&w, from, from->project, "_service_*", arena);
        put_repository(&w, from, from->project, "_task_*", arena);
    }
    for (size_t i = 0; i < from->repositories.n; i++) {
        put_repository(&w, from, from->repositories.items[i], "", arena);
    }
    json_end_array(&w);
    json_end_object(&w);
    end_policy(&w);
}

/* --- replication --- */

/* Amazon ECR User Guide, "Private image replication": destinations of all rules together. */
#define DESTINATIONS_MAX 25
/* Amazon ECR API Reference, "ReplicationRule": filters of one rule. */
#define FILTERS_MAX 100

struct ecr_place ecr_place_of(struct view name) {
    struct ecr_place place = {0};
    (void)view_cut(name, ':', &place.account, &place.region);
    return place;
}

static int check_places(const struct names *places, struct err *err) {
    if (places->n > DESTINATIONS_MAX) {
        return err_set(err, ERR_CONFIG_INVALID, "%zu destinations; ECR takes %d", places->n,
                       DESTINATIONS_MAX);
    }
    for (size_t i = 1; i < places->n; i++) {
        struct ecr_place first = ecr_place_of(places->items[0]);
        struct ecr_place place = ecr_place_of(places->items[i]);
        if (!view_equal(arn_region_partition(place.region), arn_region_partition(first.region))) {
            return err_set(err, ERR_CONFIG_INVALID,
                           "'" VIEW_FMT "' and '" VIEW_FMT
                           "' are in different partitions, and images do not go from one to "
                           "another",
                           VIEW_ARG(places->items[0]), VIEW_ARG(places->items[i]));
        }
    }
    return 0;
}

/* {"rules":[{"destinations":[{"region":"eu-west-1","registryId":"222222222222"}],
 *  "repositoryFilters":[{"filter":"myproject_","filterType":"PREFIX_MATCH"}]}]}; what one of the
 * filters matches is copied. */
int ecr_replication(const struct names *places, const struct names *prefixes, struct buf *out,
                    struct err *err) {
    struct json_writer w = json_writer(out);
    if (check_places(places, err) < 0) {
        return -1;
    }
    if (prefixes->n > FILTERS_MAX) {
        return err_set(err, ERR_CONFIG_INVALID, "%zu prefixes; ECR takes %d", prefixes->n,
                       FILTERS_MAX);
    }
    json_begin_object(&w, NULL);
    json_begin_array(&w, "rules");
    json_begin_object(&w, NULL);
    json_begin_array(&w, "destinations");
    for (size_t i = 0; i < places->n; i++) {
        struct ecr_place place = ecr_place_of(places->items[i]);
        json_begin_object(&w, NULL);
        json_put_string(&w, "region", place.region);
        json_put_string(&w, "registryId", place.account);
        json_end_object(&w);
    }
    json_end_array(&w);
    if (prefixes->n > 0) {
        json_begin_array(&w, "repositoryFilters");
        for (size_t i = 0; i < prefixes->n; i++) {
            json_begin_object(&w, NULL);
            json_put_string(&w, "filter", prefixes->items[i]);
            json_put_string(&w, "filterType", VIEW("PREFIX_MATCH"));
            json_end_object(&w);
        }
        json_end_array(&w);
    }
    json_end_object(&w);
    json_end_array(&w);
    json_end_object(&w);
    return 0;
}

/* {"Sid":"ReplicationFrom111111111111","Effect":"Allow",
 *  "Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":[…],
 *  "Resource":["arn:aws:ecr:eu-west-1:222222222222:repository/myproject_*"]} */
static int put_source(struct json_writer *w, struct view source, const struct names *repositories,
                      struct view partition, struct arena *arena, struct err *err) {
    struct view sid = arena_printf(arena, "ReplicationFrom" VIEW_FMT, VIEW_ARG(source));
    struct view root = arena_printf(arena, "arn:" VIEW_FMT ":iam::" VIEW_FMT ":root",
                                    VIEW_ARG(partition), VIEW_ARG(source));
    if (!sid.data || !root.data) {
        return err_out_of_memory(err, "policy");
    }
    begin_statement(w, sid.data);
    json_begin_object(w, "Principal");
    json_put_string(w, "AWS", root);
    json_end_object(w);
    put_strings(w, "Action", replicate, COUNT(replicate));
    put_names(w, "Resource", repositories);
    json_end_object(w);
    return 0;
}

/* Where copies may come: the repositories that begin with a prefix; without any, all. */
static int repositories_of(const struct ecr_place *place, const struct names *prefixes,
                           struct arena *arena, struct names *ret_repositories, struct err *err) {
    struct names all = {.items = ARENA_ARRAY(arena, prefixes->n + 1, struct view)};
    do {
        struct view prefix = prefixes->n > 0 ? prefixes->items[all.n] : (struct view){0};
        struct view arn = {0};
        if (all.items) {
            arn = arena_printf(
                arena, "arn:" VIEW_FMT ":ecr:" VIEW_FMT ":" VIEW_FMT ":repository/" VIEW_FMT "*",
                VIEW_ARG(arn_region_partition(place->region)), VIEW_ARG(place->region),
                VIEW_ARG(place->account), VIEW_ARG(prefix));
        }
        if (!arn.data) {
            return err_out_of_memory(err, "policy");
        }
        all.items[all.n++] = arn;
    } while (all.n < prefixes->n);
    *ret_repositories = all;
    return 0;
}

int ecr_replication_permission(const struct names *sources, const struct ecr_place *place,
                               const struct names *prefixes, struct arena *arena, struct buf *out,
                               struct err *err) {
    struct json_writer w = json_writer(out);
    struct names repositories = {0};
    for (size_t i = 0; i < sources->n; i++) {
        if (view_equal(sources->items[i], place->account)) {
            return err_set(err, ERR_CONFIG_INVALID,
                           "replication within account " VIEW_FMT " needs no permission",
                           VIEW_ARG(place->account));
        }
    }
    if (repositories_of(place, prefixes, arena, &repositories, err) < 0) {
        return -1;
    }
    begin_policy(&w);
    for (size_t i = 0; i < sources->n; i++) {
        if (put_source(&w, sources->items[i], &repositories, arn_region_partition(place->region),
                       arena, err) < 0) {
            return -1;
        }
    }
    end_policy(&w);
    return 0;
}
