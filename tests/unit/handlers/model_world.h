#ifndef SLIPWAY_TESTS_HANDLERS_MODEL_WORLD_H
#define SLIPWAY_TESTS_HANDLERS_MODEL_WORLD_H

/*
 * Processes at work on one fake ECS, and the walk through the orders of their calls; see
 * test_execute_model.c.
 */

#include "handlers/deploy/plan_revision.h"
#include "tests/unit/handlers/deploy_process.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#define MAX_PROCESSES 8
#define WRITE_TAKES_MS 1000 /* so that the times in answers tell the order of writes */
#define MAX_DEPTH 256
#define START_MS INT64_C(1760000000000)

/* What is registered by hand: a setting more than the first revision has. */
#define FOREIGN_SETTING "\"cpu\":\"1024\""
#define FOREIGN_REQUEST                                                                            \
    "{\"family\":\"web\"," FOREIGN_SETTING                                                         \
    ",\"containerDefinitions\":[{\"name\":\"app\",\"image\":"                                      \
    "\"" FAKE_REPO ":old\",\"cpu\":0}],\"tags\":[{\"key\":\"team\",\"value\":\"web\"}]}"

/* --- a scenario --- */

struct scenario {
    const char *name;
    size_t n;                             /* events */
    int64_t event_time_ms[MAX_PROCESSES]; /* later is newer */
    /* What the events ask for: a deploy of an image by default. With any of the others there is a
     * past to go back to: revision 38 completed, 39 did not, and 40 runs. */
    enum { IS_DEPLOY, IS_ROLLBACK, IS_ROLLBACK_TO_39, IS_REVISION_38 } kinds[MAX_PROCESSES];
    bool has_past;
    bool running_completed;
    bool forgets_replaced;
    int foreign_at;   /* before that call of all a revision by hand is registered; 0: none is */
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
    struct fake_ecs *ecs;
    pthread_t thread;
    sem_t turn;
    enum thread_state state;
    size_t chosen;    /* which of its pending calls is next */
    uint64_t history; /* of what it has been answered */
    int calls;        /* that were carried out */
    bool is_dead;     /* killed: nothing it does has an effect any more */
    char event_id[16], tag[8];
    struct process process;
};

struct world {
    const struct scenario *scenario;
    struct arena arena;
    struct fake_clock clock;
    struct fake_ecs ecs;
    size_t n_actors;
    int calls;                          /* of all processes */
    sem_t turn;                         /* the scheduler's */
    struct actor actors[MAX_PROCESSES]; /* large: only those in use are cleared */
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
    if (++actor->world->calls == actor->world->scenario->foreign_at) {
        (void)fake_add_revision(actor->ecs, VIEW(FOREIGN_REQUEST), 0);
    }
    if (fake_is_write(exchange)) {
        actor->world->clock.wall_ms += WRITE_TAKES_MS;
    }
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

/* With a past, the events come after it. */
static int64_t event_time(const struct scenario *scenario, size_t event) {
    return scenario->event_time_ms[event] + (scenario->has_past ? START_MS : 0);
}

static void add_actor(struct world *world, size_t event) {
    struct actor *actor = &world->actors[world->n_actors];
    memset(actor, 0, offsetof(struct actor, process));
    actor->world = world;
    actor->index = world->n_actors;
    actor->event = event;
    actor->ecs = &world->ecs;
    actor->history = event + 1;
    sem_init(&actor->turn, 0, 0);
    snprintf(actor->event_id, sizeof(actor->event_id), "event-%zu", event);
    snprintf(actor->tag, sizeof(actor->tag), "t%02zu", event);
    process_init(&actor->process, &world->clock.clock);
    actor->process.http.choose = choose;
    actor->process.http.answer = answer;
    actor->process.http.state = actor;
    struct trigger *trigger = process_add(&actor->process, "web", actor->event_id,
                                          event_time(world->scenario, event), actor->tag);
    switch (world->scenario->kinds[event]) {
    case IS_DEPLOY:
        break;
    case IS_ROLLBACK_TO_39:
        trigger->to = VIEW("39");
        trigger->kind = TRIGGER_ROLLBACK;
        break;
    case IS_ROLLBACK:
        trigger->kind = TRIGGER_ROLLBACK;
        break;
    case IS_REVISION_38:
        trigger->kind = TRIGGER_DEPLOY_REVISION;
        trigger->task_definition = VIEW("web:38");
        break;
    }
    fake_check(pthread_create(&actor->thread, NULL, run_actor, actor) == 0, "thread");
    world->n_actors++;
}

static void put_past(struct world *world, struct fake_revision *r, const char *id,
                     const char *previous, bool is_completed) {
    struct view time = revision_time_text(clock_wall_ms(world->ecs.clock), &world->arena);
    fake_put_tag(&world->ecs, r, VIEW("slipway:event-id"), view_of(id));
    fake_put_tag(&world->ecs, r, VIEW("slipway:event-time"), time);
    fake_put_tag(&world->ecs, r, VIEW("slipway:previous"), view_of(previous));
    if (is_completed) {
        fake_put_tag(&world->ecs, r, VIEW("slipway:completed"), time);
    }
}

/* Revisions 38 and 39, an hour and half an hour ago, and the deploy of 40. */
static void begin_past(struct world *world) {
    struct view request = process_first_request(&world->arena, "web");
    world->clock.wall_ms = START_MS - 3600000;
    put_past(world, fake_add_revision(&world->ecs, request, 38), "past-38", "web:37", true);
    world->clock.wall_ms += 1800000;
    put_past(world, fake_add_revision(&world->ecs, request, 39), "past-39", "web:38", false);
    world->clock.wall_ms += 900000;
}

/* Revision 40 runs; without a past nothing of slipway's has been there. */
static void begin_world(struct world *world, const struct scenario *scenario) {
    memset(world, 0, offsetof(struct world, actors));
    world->scenario = scenario;
    world->arena = ARENA_INIT(64 * 1024 * 1024);
    sem_init(&world->turn, 0, 0);
    fake_clock_init(&world->clock, START_MS);
    world->ecs.arena = &world->arena;
    world->ecs.clock = &world->clock.clock;
    world->ecs.forgets_replaced = scenario->forgets_replaced;
    if (scenario->has_past) {
        begin_past(world);
    }
    struct fake_revision *first =
        fake_add_revision(&world->ecs, process_first_request(&world->arena, "web"), 40);
    if (scenario->has_past) {
        put_past(world, first, "past-40", "web:39", scenario->running_completed);
    }
    fake_add_service(&world->ecs, VIEW("web"), first);
    world->clock.wall_ms = START_MS;
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

/* An event is delivered once more when all is over, and its process let go to its end. */
static const struct change *deliver_again(struct world *world, size_t event) {
    size_t index = world->n_actors;
    world->clock.monotonic_ms = 1000;
    add_actor(world, event);
    world->actors[index].state = RUNNING;
    while (world->actors[index].state != DONE) {
        step(world, index, 0);
    }
    return &world->actors[index].process.changes[0];
}

/* --- the walk through all orders --- */

struct choice {
    size_t actor, call;
    bool is_read;
    size_t wave; /* of the actor */
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

/* Reads that follow one another may be swapped: of such orders only the one is walked in which
 * they stand by actor and place. */
static bool is_swapped(const struct choice *last, const struct choice *next) {
    if (!last->is_read || !next->is_read) {
        return false;
    }
    return next->actor != last->actor ? next->actor < last->actor
                                      : next->wave == last->wave && next->call < last->call;
}

/* What is walked from a state depends on the last read, too. */
static uint64_t state_of(const struct world *world, const struct choice *last) {
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
    if (last->is_read) {
        hash = mix(hash, &last->actor, sizeof(last->actor));
        bool is_same_wave = world->actors[last->actor].process.http.waves == last->wave;
        hash = is_same_wave ? mix(hash, &last->call, sizeof(last->call)) : hash;
    }
    return hash;
}

static void list_choices(const struct world *world, const struct choice *last,
                         struct frame *frame) {
    frame->n = 0;
    frame->at = 0;
    for (size_t i = 0; i < world->n_actors; i++) {
        const struct actor *actor = &world->actors[i];
        const struct fake_http *http = &actor->process.http;
        for (size_t call = 0; actor->state == WAITING && call < http->n; call++) {
            const struct choice choice = {.actor = i,
                                          .call = call,
                                          .is_read = !fake_is_write(http->pending[call]),
                                          .wave = http->waves};
            if (!is_swapped(last, &choice)) {
                frame->choices[frame->n++] = choice;
            }
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

static struct choice pick(struct world *world, struct walk *walk, size_t depth,
                          const struct choice *last, bool *ret_new) {
    struct frame *frame = &walk->frames[depth];
    if (depth < walk->depth) {
        return frame->choices[frame->at];
    }
    list_choices(world, last, frame);
    *ret_new = *ret_new && frame->n > 0 && !see(walk, state_of(world, last));
    if (!*ret_new) { /* walked elsewhere: to the end somehow, without alternatives */
        const struct choice any = {.actor = MAX_PROCESSES};
        list_choices(world, &any, frame);
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
    struct choice last = {.actor = MAX_PROCESSES};
    for (size_t depth = 0;; depth++) {
        struct frame probe;
        const struct choice any = {.actor = MAX_PROCESSES};
        settle(world);
        list_choices(world, &any, &probe);
        if (probe.n == 0) {
            return;
        }
        fake_check(depth < MAX_DEPTH, "a run without end");
        struct choice choice;
        if (walk->random != 0) {
            choice = pick_by_chance(walk, &probe, last.actor);
        } else {
            choice = pick(world, walk, depth, &last, &is_new);
        }
        last = choice;
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

#endif
