/*
 * Arbitrary values in a message for Slack. Three bytes choose what became of the change, how its
 * deployment went, and how many changes there are; the rest is the values, parted by '~'. Whatever
 * they are, the message is JSON that Slack takes, with nothing of a value as markup
 * (slack_rules.h); the same twice; and what to do about a failure is in it, whole. And programs get
 * JSON.
 */

#include "handlers/notify/notice.h"
#include "handlers/notify/slack.h"
#include "runtime/base/json_scan.h"
#include "tests/fuzz/require.h"
#include "tests/unit/handlers/slack_rules.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define MAX_CHANGES 24
#define LIMITS                                                                                     \
    { .max_bytes = 1024 * 1024, .max_depth = 16 }

static const struct config config = {
    .project = {"myproject", 9}, .env = {"prod", 4}, .is_prod = true};

/* Everything that a message shows. */
struct values {
    struct target target;
    struct trigger trigger;
    struct err err;
    struct change change;
};

static struct view next_value(struct view *rest) {
    struct view value = {0};
    (void)view_split(rest, '~', &value);
    return value;
}

static bool is_plain(struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c < ' ' || c > '~' || c == '&' || c == '<' || c == '>' || c == '`') {
            return false;
        }
    }
    return true;
}

static bool contains(struct view text, struct view part) {
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (view_equal(view_slice(text, i, part.len), part)) {
            return true;
        }
    }
    return false;
}

static void read_values(struct view rest, struct values *v) {
    struct change *change = &v->change;
    v->target.name = v->trigger.service = next_value(&rest);
    change->tag = next_value(&rest);
    change->digest = next_value(&rest);
    change->from_task_definition = next_value(&rest);
    change->to_task_definition = next_value(&rest);
    change->version = next_value(&rest);
    change->deployment_id = next_value(&rest);
    change->note = next_value(&rest);
    change->rollout.remedy = next_value(&rest);
    change->rollout.why = next_value(&rest);
    v->trigger.reason = next_value(&rest);
    v->trigger.event_id = rest;
}

static void choose(const uint8_t *choice, struct values *v) {
    struct change *change = &v->change;
    change->trigger = &v->trigger;
    change->status = (enum change_status)(choice[0] % (CHANGE_FAILED + 1));
    change->rollout.outcome = (enum rollout_outcome)(choice[1] % (ROLLOUT_IMPAIRED + 1));
    change->verdict = change->status == CHANGE_REPORTED ? VERDICT_REPORT : VERDICT_DEPLOY;
    change->rollout.duration_ms = (int64_t)choice[1] * choice[2] - 1;
    v->target.kind = (enum target_kind)(choice[1] % 3);
    change->target = choice[2] % 2 ? &v->target : NULL;
    if (change->status == CHANGE_REFUSED || change->status == CHANGE_FAILED) {
        err_init(&v->err);
        err_set(&v->err, ERR_IMAGE_NOT_FOUND, VIEW_FMT, VIEW_ARG(change->rollout.why));
        err_remedy(&v->err, "go back");
        change->err = &v->err;
    }
}

/* In the section of the first change. */
static void require_remedy(const struct json *root, const struct change *change) {
    const struct json *section = json_next(json_first(json_get(root, "blocks")));
    struct view text = json_string(json_get(json_get(section, "text"), "text"));
    struct view remedy = change->err ? VIEW("go back") : change->rollout.remedy;
    struct view why = change->rollout.why;
    if (is_plain(remedy) && remedy.len <= 700) {
        require(contains(text, remedy));
    }
    if (!change->err && is_plain(why) && why.len <= 250) {
        require(contains(text, why));
    }
}

static void check_detail(const struct change *change, struct arena *arena) {
    static const struct json_limits limits = LIMITS;
    struct view detail = notice_detail(&config, change, arena);
    struct json_span span;
    struct err err;
    err_init(&err);
    require(detail.data != NULL && json_scan(detail, &limits, "detail", &span, &err) == 0);
}

static void check_message(struct view message, const struct change *change) {
    static const struct json_limits limits = LIMITS;
    struct json *root JSON_AUTO = NULL;
    struct err err;
    err_init(&err);
    require(json_parse(message, &limits, "message", &root, &err) == 0);
    require(slack_message_problem(root) == NULL);
    require_remedy(root, change);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct arena arena = {.limit_bytes = ARENA_BYTES};
    static struct change changes[MAX_CHANGES];
    struct values v = {0};
    if (size < 3 || size > 16384) {
        return 0;
    }
    arena_reset(&arena);
    read_values((struct view){(const char *)data + 3, size - 3}, &v);
    choose(data, &v);
    size_t n = (size_t)(data[2] / 2) % MAX_CHANGES + 1;
    for (size_t i = 0; i < n; i++) {
        changes[i] = v.change;
    }
    struct view message = slack_message(&config, changes, n, &arena);
    require(message.data != NULL);
    require((message.len == 0) == (notice_of(&config, &v.change) == NOTICE_NONE));
    require(view_equal(message, slack_message(&config, changes, n, &arena)));
    if (message.len > 0) {
        check_message(message, &v.change);
    }
    check_detail(&v.change, &arena);
    return 0;
}
