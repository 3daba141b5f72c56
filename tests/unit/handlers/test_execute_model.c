/*
 * Several deploys of one service at once, in every order of their calls: the claim that stands in
 * execute_converge.c, tried out.
 *
 * Two processes are walked through all orders, three through some, by chance.
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
 *     SLIPWAY_MODEL_FULL=1   kills at two more calls, and walks three processes through all orders
 *                            instead of some (an hour)
 */

#include "tests/unit/handlers/deploy_process.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#define MAX_PROCESSES 4
#define MAX_DEPTH 256
#define START_MS INT64_C(1760000000000)

/* --- a scenario --- */

struct scenario {
    const char *name;
    size_t n;                             /* events */
    int64_t event_time_ms[MAX_PROCESSES]; /* later is newer */
    bool forgets_replaced;
    int kill_at;      /* the call of process 0 after which it is killed; -1: none */
    bool two_may_do;  /* the killed event may have registered twice */
    size_t max_walks; /* 0: all */
};

/* --- a run --- */

enum thread_state { NOT_STARTED, RUNNING, WAITING, DONE };

struct world;

struct actor {
    struct world *world;
    size_t index, event;
    struct process process;
    struct fake_ecs *ecs;
    pthread_t thread;
    sem_t turn;
    enum thread_state state;
    size_t chosen;    /* which of its pending calls is next */
    uint64_t history; /* of what it has been answered */
    int calls;        /* that were carried out */
    bool is_dead;     /* killed: nothing it does has an effect any more */
    bool waits_for_death;
    char event_id[16], tag[8];
};

struct world {
    const struct scenario *scenario;
    struct arena arena;
    struct fake_clock clock;
    struct fake_ecs ecs;
    struct actor actors[MAX_PROCESSES];
    size_t n_actors;
    sem_t turn; /* the scheduler's */
};

static uint64_t mix(uint64_t hash, const void *bytes, size_t len) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t mix_view(uint64_t hash, struct view v) {
    return mix(mix(hash, &v.len, sizeof(v.len)), v.data, v.len);
}

/* Gives the turn to the actor and waits until it is back. */
static void give_turn(struct world *world, struct actor *actor) {
    sem_post(&actor->turn);
    sem_wait(&world->turn);
}

static void give_turn_back(struct actor *actor) {
    sem_post(&actor->world->turn);
}

/* The registry's answers do not change: they need no turn. */
static size_t choose(void *state, struct http_exchange **pending, size_t n) {
    struct actor *actor = state;
    for (size_t i = 0; i < n; i++) {
        if (fake_is_registry(pending[i])) {
            return i;
        }
    }
    if (actor->is_dead) {
        return 0;
    }
    actor->state = WAITING;
    give_turn_back(actor);
    sem_wait(&actor->turn);
    actor->state = RUNNING;
    return actor->is_dead ? 0 : actor->chosen;
}

static void kill_actor(struct actor *actor, struct http_exchange *exchange) {
    actor->is_dead = true;
    fake_break(exchange, HTTP_NOT_SENT);
    actor->world->clock.monotonic_ms += 10 * 60 * 1000; /* it gives up at once */
}

static void answer(void *state, struct http_exchange *exchange) {
    struct actor *actor = state;
    if (fake_is_registry(exchange)) {
        fake_ecs_answer(actor->ecs, exchange);
        return;
    }
    bool is_last = actor->index == 0 && actor->calls == actor->world->scenario->kill_at;
    if (actor->is_dead) {
        kill_actor(actor, exchange);
        return;
    }
    actor->calls++;
    fake_ecs_answer(actor->ecs, exchange);
    if (is_last) {
        buf_clear(&exchange->body_in);
        kill_actor(actor, exchange);
        return;
    }
    /* a sum: in which order the calls of a wave were answered makes no difference to the process */
    actor->history += mix_view(mix_view(UINT64_C(0xcbf29ce484222325), exchange->body),
                               buf_view(&exchange->body_in));
}

static void *run_actor(void *argument) {
    struct actor *actor = argument;
    struct err err;
    sem_wait(&actor->turn);
    err_init(&err);
    fake_check(process_run(&actor->process, &err) == 0, err.message);
    actor->state = DONE;
    give_turn_back(actor);
    return NULL;
}

static void add_actor(struct world *world, size_t event) {
    struct actor *actor = &world->actors[world->n_actors];
    *actor = (struct actor){.world = world, .index = world->n_actors, .event = event};
    actor->ecs = &world->ecs;
    actor->history = event + 1;
    sem_init(&actor->turn, 0, 0);
    snprintf(actor->event_id, sizeof(actor->event_id), "event-%zu", event);
    snprintf(actor->tag, sizeof(actor->tag), "t%02zu", event);
    process_init(&actor->process, &world->clock.clock);
    actor->process.http.choose = choose;
    actor->process.http.answer = answer;
    actor->process.http.state = actor;
    process_add(&actor->process, "web", actor->event_id, world->scenario->event_time_ms[event],
                actor->tag);
    fake_check(pthread_create(&actor->thread, NULL, run_actor, actor) == 0, "thread");
    world->n_actors++;
}

/* Revision 40 runs; nothing of slipway's has been there. */
static void begin_world(struct world *world, const struct scenario *scenario) {
    memset(world, 0, sizeof(*world));
    world->scenario = scenario;
    world->arena = ARENA_INIT(64 * 1024 * 1024);
    sem_init(&world->turn, 0, 0);
    fake_clock_init(&world->clock, START_MS);
    world->ecs.arena = &world->arena;
    world->ecs.clock = &world->clock.clock;
    world->ecs.forgets_replaced = scenario->forgets_replaced;
    struct fake_revision *first =
        fake_add_revision(&world->ecs, process_first_request(&world->arena, "web"), 40);
    fake_add_service(&world->ecs, VIEW("web"), first);
    for (size_t i = 0; i < scenario->n; i++) {
        add_actor(world, i);
    }
}

static void end_world(struct world *world) {
    for (size_t i = 0; i < world->n_actors; i++) {
        pthread_join(world->actors[i].thread, NULL);
        process_release(&world->actors[i].process);
        sem_destroy(&world->actors[i].turn);
    }
    arena_release(&world->arena);
    sem_destroy(&world->turn);
}

/* Lets an actor go on until it stands before its next call. */
static void step(struct world *world, size_t index, size_t chosen) {
    world->actors[index].chosen = chosen;
    give_turn(world, &world->actors[index]);
}

/* --- the walk through all orders --- */

struct choice {
    size_t actor, call;
};

struct frame {
    struct choice choices[64];
    size_t n, at;
};

struct walk {
    struct frame frames[MAX_DEPTH];
    size_t depth;
    uint64_t *seen; /* open addressing; 0: free */
    size_t capacity, n_seen;
    size_t walks, states;
    uint64_t random;
};

static bool see(struct walk *walk, uint64_t key) {
    key = key == 0 ? 1 : key;
    fake_check(walk->n_seen * 2 < walk->capacity, "too many states");
    size_t i = (size_t)(key % walk->capacity);
    while (walk->seen[i] != 0) {
        if (walk->seen[i] == key) {
            return true;
        }
        i = (i + 1) % walk->capacity;
    }
    walk->seen[i] = key;
    walk->n_seen++;
    return false;
}

static uint64_t state_of(const struct world *world) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const struct fake_service *service = &world->ecs.services[0];
    for (size_t i = 0; i < world->ecs.n_revisions; i++) {
        hash = mix_view(hash, world->ecs.revisions[i].tags);
    }
    for (size_t i = 0; i < service->n_deployments; i++) {
        hash = mix_view(hash, service->deployments[i].task_definition);
    }
    for (size_t i = 0; i < world->n_actors; i++) {
        hash = mix(hash, &world->actors[i].history, sizeof(uint64_t));
        hash = mix(hash, &world->actors[i].process.http.n, sizeof(size_t));
        hash = mix(hash, &world->actors[i].is_dead, 1);
    }
    return hash;
}

static void list_choices(const struct world *world, struct frame *frame) {
    frame->n = 0;
    frame->at = 0;
    for (size_t i = 0; i < world->n_actors; i++) {
        const struct actor *actor = &world->actors[i];
        for (size_t call = 0; actor->state == WAITING && call < actor->process.http.n; call++) {
            frame->choices[frame->n++] = (struct choice){.actor = i, .call = call};
        }
    }
}

/* Brings every actor before its first call, and a killed one's event to a new process. */
static void settle(struct world *world) {
    for (size_t i = 0; i < world->n_actors; i++) {
        if (world->actors[i].state == NOT_STARTED) {
            world->actors[i].state = RUNNING;
            step(world, i, 0);
        }
        if (i == 0 && world->actors[0].is_dead && world->n_actors == world->scenario->n) {
            world->clock.monotonic_ms = 1000;
            add_actor(world, 0);
        }
    }
}

static struct choice pick(struct world *world, struct walk *walk, size_t depth, bool *ret_new) {
    struct frame *frame = &walk->frames[depth];
    if (depth < walk->depth) {
        return frame->choices[frame->at];
    }
    list_choices(world, frame);
    *ret_new = *ret_new && !see(walk, state_of(world));
    if (!*ret_new) { /* seen: to the end somehow, without alternatives */
        return frame->choices[0];
    }
    walk->depth++;
    walk->states++;
    return frame->choices[0];
}

static size_t draw(struct walk *walk, size_t below) {
    walk->random = walk->random * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (size_t)(walk->random >> 33) % below;
}

/* By chance. In two walks of three a process goes on for a while before another one gets a turn, so
 * that there are laggards too: what a deploy must withstand is one that writes long after it read.
 */
static struct choice pick_by_chance(struct walk *walk, const struct frame *frame, size_t last) {
    static const size_t turns[] = {1, 3, 8};
    size_t mine[64];
    size_t n = 0;
    for (size_t i = 0; i < frame->n; i++) {
        if (frame->choices[i].actor == last) {
            mine[n++] = i;
        }
    }
    bool goes_on = n > 0 && draw(walk, turns[walk->walks % 3]) != 0;
    return frame->choices[goes_on ? mine[draw(walk, n)] : draw(walk, frame->n)];
}

static void run_once(struct world *world, struct walk *walk) {
    bool is_new = true;
    size_t last = MAX_PROCESSES;
    for (size_t depth = 0;; depth++) {
        struct frame probe;
        settle(world);
        list_choices(world, &probe);
        if (probe.n == 0) {
            return;
        }
        fake_check(depth < MAX_DEPTH, "a run without end");
        struct choice choice;
        if (walk->random != 0) {
            choice = pick_by_chance(walk, &probe, last);
        } else {
            choice = pick(world, walk, depth, &is_new);
        }
        last = choice.actor;
        step(world, choice.actor, choice.call);
    }
}

/* The next order; false when all have been walked. */
static bool turn_back(struct walk *walk) {
    while (walk->depth > 0) {
        struct frame *frame = &walk->frames[walk->depth - 1];
        if (++frame->at < frame->n) {
            return true;
        }
        walk->depth--;
    }
    return false;
}

/* --- what must hold --- */

static size_t newest_event(const struct scenario *s) {
    size_t newest = 0;
    for (size_t i = 1; i < s->n; i++) {
        if (s->event_time_ms[i] > s->event_time_ms[newest]) {
            newest = i;
        }
    }
    return newest;
}

static struct fake_revision *running(struct world *world) {
    return fake_find(&world->ecs, world->ecs.services[0].task_definition);
}

static bool is_of(struct world *world, const struct fake_revision *r, size_t event) {
    char tag[64];
    snprintf(tag, sizeof(tag), "\"slipway:event-id\",\"value\":\"event-%zu\"", event);
    struct view text = r->tags;
    (void)world;
    for (size_t i = 0; i + strlen(tag) <= text.len; i++) {
        if (memcmp(text.data + i, tag, strlen(tag)) == 0) {
            return true;
        }
    }
    return false;
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

static void check_world(struct world *world) {
    size_t newest = newest_event(world->scenario);
    if (!is_of(world, running(world), newest)) {
        complain(world, "the newest event's revision does not run");
    }
    for (size_t i = 0; i < world->n_actors; i++) {
        if (!world->actors[i].is_dead) {
            check_answer(world, &world->actors[i], world->actors[i].event == newest);
        }
    }
    check_registrations(world);
}

/* --- */

static void explore(const struct scenario *scenario) {
    static struct walk walk;
    static struct world world;
    memset(&walk, 0, sizeof(walk));
    walk.capacity = 1 << 22;
    walk.seen = calloc(walk.capacity, sizeof(*walk.seen));
    assert_non_null(walk.seen);
    walk.random = scenario->max_walks > 0 ? 88172645463325252U : 0;
    do {
        begin_world(&world, scenario);
        run_once(&world, &walk);
        check_world(&world);
        end_world(&world);
        walk.walks++;
    } while (walk.random != 0 ? walk.walks < scenario->max_walks : turn_back(&walk));
    print_message("%s: %zu orders, %zu states\n", scenario->name, walk.walks, walk.states);
    free(walk.seen);
}

static bool is_full(void) {
    return getenv("SLIPWAY_MODEL_FULL") != NULL;
}

static void test_two_in_every_order(void **state) {
    (void)state;
    static const struct scenario scenarios[] = {
        {.name = "old, new", .n = 2, .event_time_ms = {1000, 2000}, .kill_at = -1},
        {.name = "new, old", .n = 2, .event_time_ms = {2000, 1000}, .kill_at = -1},
        {.name = "old, new; replaced deployments are not listed",
         .n = 2,
         .event_time_ms = {1000, 2000},
         .kill_at = -1,
         .forgets_replaced = true},
    };
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        explore(&scenarios[i]);
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
    for (int newer = 0; newer < 2; newer++) {
        for (int at = full ? 1 : 2; at <= (full ? 4 : 3); at++) {
            char name[64];
            snprintf(name, sizeof(name), "%s killed after call %d", newer ? "new" : "old", at);
            const struct scenario scenario = {.name = name,
                                              .n = 2,
                                              .event_time_ms = {newer ? 2000 : 1000, 1500},
                                              .kill_at = at,
                                              .two_may_do = may_register_twice(newer, at)};
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
            .max_walks = full ? 0 : 400,
        };
        explore(&scenario);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_in_every_order),
        cmocka_unit_test(test_two_and_a_crash),
        cmocka_unit_test(test_three),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
