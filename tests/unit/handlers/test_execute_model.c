/*
 * Several deploys of one service at once, in every order of their calls: the claim that stands in
 * execute_converge.c, tried out.
 *
 * Two processes are walked through all orders; two of which one is killed, and three, through
 * some, by chance.
 *
 * Each process is a thread that runs the real code (facts, plan, execution, the AWS client) over
 * one fake ECS. Only one runs at a time: before each of its calls is carried out a thread hands
 * over to the scheduler, which picks whose call is next. The scheduler walks through all orders,
 * depth first, and turns back where it comes to a state that it has seen: what ECS holds, and what
 * each process has been answered so far. Calls of one wave are carried out in any order, too.
 *
 * A process can be killed after one of its calls; then the same event is delivered again to a new
 * process, at whatever moment.
 *
 * Of reads that follow one another the order makes no difference, and only one is walked.
 *
 * Minutes later, in some walks, ECS's circuit breaker goes back to what ran before them all, and
 * the events are delivered once more: nothing of theirs may come back.
 *
 * In some walks somebody registers a revision by hand, before whichever call. Whatever is deployed
 * of a higher number has its settings.
 *
 * With every build only a few are walked by chance: seconds count there, under sanitizers above
 * all.
 *
 *     SLIPWAY_MODEL_FULL=1   walks two processes with a kill through all orders instead of some, at
 *                            two more calls (half a minute), and then three processes (an hour)
 *     SLIPWAY_MODEL_TIMES=20 walks by chance through so many times more orders (ten seconds)
 *
 * With rollbacks and named revisions among the events all walks are by chance: they read too much
 * for all orders to be walked.
 */

#define _GNU_SOURCE /* sched_setaffinity() */

#include "tests/unit/handlers/model_world.h"

#include <sched.h>

/* In which walks ECS goes back afterwards, and when. */
#define RETURN_EACH 8
#define RETURN_AFTER_MS 180000
/* Walks by chance of a scenario that is not walked through. */
#define SOME_WALKS 8
#define SOME_WALKS_OF_THREE 10

/* --- what must hold --- */

static struct fake_revision *running(struct world *world) {
    return fake_find(&world->ecs, world->ecs.services[0].task_definition);
}

static bool has(struct view text, const char *part) {
    for (size_t i = 0; i + strlen(part) <= text.len; i++) {
        if (memcmp(text.data + i, part, strlen(part)) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_of(struct world *world, const struct fake_revision *r, size_t event) {
    char tag[64];
    snprintf(tag, sizeof(tag), "\"slipway:event-id\",\"value\":\"event-%zu\"", event);
    (void)world;
    return has(r->tags, tag);
}

/* The highest revision that an event has; 0: none. */
static int64_t highest_of(struct world *world, size_t event) {
    int64_t highest = 0;
    for (size_t i = 0; i < world->ecs.n_revisions; i++) {
        const struct fake_revision *r = &world->ecs.revisions[i];
        if (is_of(world, r, event) && r->revision > highest) {
            highest = r->revision;
        }
    }
    return highest;
}

/* Of the same time the one of the higher revision. */
static size_t newest_event(struct world *world) {
    const int64_t *times = world->scenario->event_time_ms;
    size_t newest = 0;
    for (size_t i = 1; i < world->scenario->n; i++) {
        if (times[i] > times[newest] ||
            (times[i] == times[newest] && highest_of(world, i) > highest_of(world, newest))) {
            newest = i;
        }
    }
    return newest;
}

static void complain(struct world *world, const char *what) {
    fprintf(stderr, "%s: %s\nservice runs " VIEW_FMT "\n", world->scenario->name, what,
            VIEW_ARG(world->ecs.services[0].task_definition));
    for (size_t i = 0; i < world->ecs.n_revisions; i++) {
        fprintf(stderr, "  revision %lld " VIEW_FMT "\n",
                (long long)world->ecs.revisions[i].revision,
                VIEW_ARG(world->ecs.revisions[i].tags));
    }
    for (size_t i = 0; i < world->n_actors; i++) {
        const struct change *c = &world->actors[i].process.changes[0];
        fprintf(stderr, "  process %zu event %zu%s: %s to " VIEW_FMT " (" VIEW_FMT ") %s\n", i,
                world->actors[i].event, world->actors[i].is_dead ? " killed" : "",
                change_status_name(c->status), VIEW_ARG(c->to_task_definition), VIEW_ARG(c->note),
                c->err ? c->err->message : "");
    }
    fail();
}

static void check_registrations(struct world *world) {
    for (size_t event = 0; event < world->scenario->n; event++) {
        size_t made = 0;
        for (size_t i = 0; i < world->ecs.n_revisions; i++) {
            made += is_of(world, &world->ecs.revisions[i], event) ? 1 : 0;
        }
        bool was_killed = world->n_actors > world->scenario->n && event == 0;
        size_t most = was_killed && world->scenario->two_may_do ? 2 : 1;
        most += world->scenario->foreign_at > 0 ? 1 : 0;
        if (made > most) {
            complain(world, "an event registered more than once");
        }
    }
}

/* Who says "deployed" has seen its revision in place; who says "superseded" names another. */
static void check_answer(struct world *world, const struct actor *actor, bool is_newest) {
    const struct change *c = &actor->process.changes[0];
    struct fake_revision *to = fake_find(&world->ecs, c->to_task_definition);
    bool names_own = c->to_task_definition.len > 0 && to && is_of(world, to, actor->event);
    switch (c->status) {
    case CHANGE_ROLLED_BACK:
    case CHANGE_DEPLOYED:
        if (!names_own) {
            complain(world, "deployed, but not its own revision");
        }
        return;
    case CHANGE_UNCHANGED:
        return;
    case CHANGE_SUPERSEDED:
        if (is_newest || names_own || c->note.len == 0) {
            complain(world, "superseded without a newer one");
        }
        return;
    default:
        complain(world, "neither deployed nor superseded");
    }
}

/* What was registered by hand lies below what runs, and all of it is in it. */
static void check_settings(struct world *world) {
    const struct fake_revision *runs = running(world);
    for (size_t i = 0; i < world->ecs.n_revisions; i++) {
        const struct fake_revision *r = &world->ecs.revisions[i];
        if (!has(r->tags, "slipway:event-id") && r->revision < runs->revision &&
            has(r->members, FOREIGN_SETTING) && !has(runs->members, FOREIGN_SETTING)) {
            complain(world, "a setting that somebody registered is lost");
        }
    }
}

static void check_world(struct world *world) {
    size_t newest = newest_event(world);
    if (!is_of(world, running(world), newest)) {
        complain(world, "the newest event's revision does not run");
    }
    for (size_t i = 0; i < world->n_actors; i++) {
        if (!world->actors[i].is_dead) {
            check_answer(world, &world->actors[i], world->actors[i].event == newest);
        }
    }
    check_registrations(world);
    check_settings(world);
}

/* The deploys failed: ECS gives the service what ran before. */
static void check_return(struct world *world) {
    struct fake_ecs *ecs = &world->ecs;
    struct view before = fake_arn(ecs, &ecs->revisions[0]);
    size_t revisions = ecs->n_revisions;
    world->calls = world->scenario->foreign_at; /* from here on nobody registers anything */
    world->clock.wall_ms += RETURN_AFTER_MS;
    fake_deploy(ecs, &ecs->services[0], before);
    for (size_t event = 0; event < world->scenario->n; event++) {
        if (deliver_again(world, event)->status != CHANGE_SUPERSEDED) {
            complain(world, "not superseded by the return to what ran before");
        }
    }
    if (!view_equal(ecs->services[0].task_definition, before) || ecs->n_revisions != revisions) {
        complain(world, "what the service went back from came back");
    }
}

/* --- */

static void explore(const struct scenario *scenario) {
    static struct walk walk;
    static struct world world;
    memset(&walk, 0, sizeof(walk));
    walk.capacity = 1 << 22;
    walk.seen = calloc(walk.capacity, sizeof(*walk.seen));
    assert_non_null(walk.seen);
    const char *times = getenv("SLIPWAY_MODEL_TIMES");
    size_t max_walks = scenario->max_walks * (times ? (size_t)atoi(times) : 1);
    walk.random = max_walks > 0 ? 88172645463325252U : 0;
    do {
        begin_world(&world, scenario);
        run_once(&world, &walk);
        check_world(&world);
        if (walk.walks % RETURN_EACH == 0 && !scenario->has_past) {
            check_return(&world);
        }
        end_world(&world);
        walk.walks++;
    } while (walk.random != 0 ? walk.walks < max_walks : turn_back(&walk));
    print_message("%s: %zu orders, %zu states\n", scenario->name, walk.walks, walk.states);
    free(walk.seen);
}

static bool is_full(void) {
    return getenv("SLIPWAY_MODEL_FULL") != NULL;
}

/* Which of the two processes has the newer event makes no difference: all orders of one are all
 * orders of the other, with the names changed. */
static void test_two_in_every_order(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {.name = "old, new", .n = 2, .event_time_ms = {1000, 2000}, .kill_at = -1},
        {.name = "old, new; replaced deployments are not listed",
         .n = 2,
         .event_time_ms = {1000, 2000},
         .kill_at = -1,
         .forgets_replaced = true},
        {.name = "of one second",
         .n = 2,
         .event_time_ms = {1000, 1000},
         .kill_at = -1,
         .max_walks = 10 * SOME_WALKS},
        {.name = "new, old",
         .n = 2,
         .event_time_ms = {2000, 1000},
         .kill_at = -1,
         .max_walks = SOME_WALKS},
    };
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        struct scenario scenario = scenarios[i];
        scenario.max_walks = is_full() ? 0 : scenario.max_walks;
        explore(&scenario);
    }
}

/* One revision per event, but for one case: the newer event's process is killed once it has
 * registered, the older one registers above that and updates, and the newer one's retry reads just
 * before the older one's look puts things right (Lambda's comes a minute later at the soonest).
 * Then the retry finds the older one's revision running and being the newest, and does not look
 * below it: that would cost every deploy after somebody else's registration a round trip. What runs
 * in the end is right all the same. */
static bool may_register_twice(bool is_newer, int killed_at) {
    return is_newer && killed_at >= 2;
}

/* Killed after its last read before the plan, its registration, its update, and within its look;
 * and delivered again. (What is killed before a call is what is killed after the one before.) */
static void test_two_and_a_crash(void **state) {
    (void)state;
    bool full = is_full();
    static const char *const ages[] = {"old", "new", "one of the same second"};
    for (int age = 0; age < 3; age++) {
        bool newer = age > 0;
        for (int at = full ? 1 : 2; at <= (full ? 4 : 3); at++) {
            char name[64];
            snprintf(name, sizeof(name), "%s killed after call %d", ages[age], at);
            const struct scenario scenario = {.name = name,
                                              .n = 2,
                                              .event_time_ms = {age == 2 ? 1500
                                                                : newer  ? 2000
                                                                         : 1000,
                                                                1500},
                                              .kill_at = at,
                                              .max_walks = full ? 0 : SOME_WALKS,
                                              .two_may_do = may_register_twice(newer, at)};
            explore(&scenario);
        }
    }
}

/* Before each call that the two make up to their updates. */
static void test_two_and_a_revision_by_hand(void **state) {
    (void)state;
    for (int at = 1; at <= 14; at++) {
        char name[64];
        snprintf(name, sizeof(name), "a revision by hand before call %d", at);
        const struct scenario scenario = {.name = name,
                                          .n = 2,
                                          .event_time_ms = {1000, at % 2 == 0 ? 2000 : 500},
                                          .kill_at = -1,
                                          .foreign_at = at,
                                          .max_walks = 2 * SOME_WALKS};
        explore(&scenario);
    }
}

/* And one of them is killed. */
static void test_a_revision_by_hand_and_a_crash(void **state) {
    (void)state;
    for (int at = 3; at <= 10; at++) {
        for (int kill_at = 1; kill_at <= 6; kill_at++) {
            char name[80];
            snprintf(name, sizeof(name), "a revision by hand before call %d, killed after %d", at,
                     kill_at);
            const struct scenario scenario = {.name = name,
                                              .n = 2,
                                              .event_time_ms = {2000, at % 2 == 0 ? 1000 : 3000},
                                              .kill_at = kill_at,
                                              .foreign_at = at,
                                              .max_walks = 4,
                                              .two_may_do = true};
            explore(&scenario);
        }
    }
}

static void test_three(void **state) {
    (void)state;
    bool full = is_full();
    static const int64_t times[][3] = {{1000, 2000, 3000}, {3000, 1000, 2000}, {2000, 3000, 1000}};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const struct scenario scenario = {
            .name = "three",
            .n = 3,
            .event_time_ms = {times[i][0], times[i][1], times[i][2]},
            .kill_at = -1,
            .forgets_replaced = i == 1,
            .max_walks = full ? 0 : SOME_WALKS_OF_THREE,
        };
        explore(&scenario);
    }
}

/* --- rollbacks and named revisions --- */

/* The newest event wins, whichever of them went back. */
static void test_a_deploy_and_a_rollback(void **state) {
    (void)state;
    for (int kind = IS_ROLLBACK; kind <= IS_REVISION_38; kind++) {
        for (int variant = 0; variant < 8; variant++) {
            char name[80];
            bool is_newer = variant & 1;
            snprintf(name, sizeof(name), "kind %d, %s%s%s", kind, is_newer ? "newer" : "older",
                     variant & 2 ? ", what runs completed" : "",
                     variant & 4 ? ", replaced not listed" : "");
            struct scenario scenario = {.name = name,
                                        .n = 2,
                                        .event_time_ms = {is_newer ? 2000 : 1000, 1500},
                                        .has_past = true,
                                        .running_completed = variant & 2,
                                        .forgets_replaced = variant & 4,
                                        .kill_at = -1,
                                        .max_walks = SOME_WALKS};
            scenario.kinds[0] = kind;
            explore(&scenario);
        }
    }
}

/* Killed at each of its calls up to the look, and delivered again. */
static void test_a_rollback_and_a_crash(void **state) {
    (void)state;
    for (int of_rollback = 0; of_rollback < 2; of_rollback++) {
        for (int newer = 0; newer < 2; newer++) {
            for (int at = 1; at <= 6; at++) {
                char name[80];
                snprintf(name, sizeof(name), "%s %s killed after call %d",
                         newer ? "newer" : "older", of_rollback ? "rollback" : "deploy", at);
                struct scenario scenario = {.name = name,
                                            .n = 2,
                                            .event_time_ms = {newer ? 2000 : 1000, 1500},
                                            .has_past = true,
                                            .kill_at = at,
                                            .max_walks = SOME_WALKS,
                                            .two_may_do = may_register_twice(newer, at)};
                scenario.kinds[of_rollback ? 0 : 1] = IS_ROLLBACK;
                explore(&scenario);
            }
        }
    }
}

/* Two deploys and a rollback; a rollback to the last completed one, another one to a revision. */
static void test_a_rollback_among_three(void **state) {
    (void)state;
    static const int64_t times[][3] = {{1000, 2000, 3000}, {3000, 1000, 2000}, {2000, 3000, 1000}};
    for (size_t i = 0; i < 6; i++) {
        struct scenario scenario = {
            .name = i < 3 ? "a rollback among three" : "two rollbacks and a deploy",
            .n = 3,
            .event_time_ms = {times[i % 3][0], times[i % 3][1], times[i % 3][2]},
            .has_past = true,
            .kill_at = -1,
            .max_walks = SOME_WALKS_OF_THREE,
        };
        scenario.kinds[0] = IS_ROLLBACK;
        scenario.kinds[1] = i < 3 ? IS_DEPLOY : IS_ROLLBACK_TO_39;
        explore(&scenario);
    }
}

/* Only one thread runs at a time: on one processor the turn costs no waking of another one. */
static void stay_on_one_processor(void) {
    cpu_set_t one;
    int here = sched_getcpu();
    if (here >= 0) {
        CPU_ZERO(&one);
        CPU_SET(here, &one);
        (void)sched_setaffinity(0, sizeof(one), &one);
    }
}

int main(void) {
    stay_on_one_processor();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_in_every_order),
        cmocka_unit_test(test_two_and_a_crash),
        cmocka_unit_test(test_two_and_a_revision_by_hand),
        cmocka_unit_test(test_a_revision_by_hand_and_a_crash),
        cmocka_unit_test(test_three),
        cmocka_unit_test(test_a_deploy_and_a_rollback),
        cmocka_unit_test(test_a_rollback_and_a_crash),
        cmocka_unit_test(test_a_rollback_among_three),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
