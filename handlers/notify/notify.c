#include "handlers/notify/notify.h"

#include "handlers/notify/notice.h"
#include "handlers/notify/slack.h"
#include "handlers/notify/webhook.h"
#include "handlers/report.h"
#include "runtime/aws/events.h"
#include "runtime/aws/sns.h"
#include "runtime/aws/ssm.h"

#include <inttypes.h>
#include <stdlib.h>

/* How long telling may take, and what is kept for the answer after it. */
#define TELL_MS 3000
#define RESERVE_MS 500
/* With less there is no use in beginning. */
#define WORTHWHILE_MS 200
/* Changes of one invocation that SNS is told of, each in a message of its own: what went wrong
 * first. */
#define SNS_MAX_MESSAGES 50
/* Amazon SNS API Reference, Publish: a subject has less than 100 characters. */
#define SUBJECT_BYTES ((size_t)99)
/* PutEvents takes 256 KB in all; what is not detail needs a little of it. */
#define PUT_EVENTS_DETAIL_BYTES ((size_t)200 * 1024)
#define PARAMETER_BYTES ((size_t)16 * 1024)

struct notifier {
    const struct config *config;
    struct aws *aws;
    struct secret webhook; /* empty: none, or not read yet from its parameter */
};

/* One round of telling. */
struct telling {
    struct notifier *notifier;
    const struct log *log;
    const struct change *changes;
    size_t n;
    int64_t deadline_ms;
    struct arena *arena;
    struct err err; /* memory that ran out */

    struct aws_call *calls;
    enum channel { TO_SNS, TO_EVENT_BUS, TO_PARAMETER } * channels;
    size_t n_calls;
    struct webhook_post post;
    struct view slack; /* the message; empty: none */
};

int notifier_new(const struct notifier_options *options, struct notifier **ret_notifier,
                 struct err *err) {
    const struct config *config = options->config;
    struct view url = view_trim(environment_get(options->env, "SLACK_WEBHOOK_URL"));
    if (!config->has_slack_webhook && config->slack_webhook_parameter.len == 0 &&
        config->sns_topic_arn.len == 0 && config->notify_event_bus.len == 0) {
        *ret_notifier = NULL;
        return 0;
    }
    struct notifier *notifier = calloc(1, sizeof(*notifier));
    if (notifier == NULL) {
        return err_out_of_memory(err, "the notifications");
    }
    notifier->config = config;
    notifier->aws = options->aws;
    if (config->has_slack_webhook &&
        secret_set(&notifier->webhook, url, "the notifications", err) != 0) {
        notifier_free(notifier);
        return -1;
    }
    *ret_notifier = notifier;
    return 0;
}

void notifier_free(struct notifier *notifier) {
    if (notifier != NULL) {
        secret_wipe(&notifier->webhook);
        free(notifier);
    }
}

/* --- warnings --- */

static void warn(const struct telling *t, const char *channel, const struct err *error) {
    LOG(t->log, LOG_WARN, "a notification could not be sent; the deploy is not affected",
        LOG_STR("channel", channel), LOG_STR("code", err_name(error->code)),
        LOG_STR("cause", error->message), LOG_STR("remedy", error->remedy));
}

/* --- EventBridge and SNS --- */

/* The revision or what ECS knows of it, for rules that match resources. */
static void set_resources(const struct change *change, struct view *storage,
                          struct events_entry *entry) {
    struct view revision =
        change->to_task_definition.len > 0 ? change->to_task_definition : change->reuse;
    entry->resources = storage;
    if (change->facts != NULL && change->facts->service.arn.len > 0) {
        storage[entry->n_resources++] = change->facts->service.arn;
    }
    if (revision.len > 0) {
        storage[entry->n_resources++] = revision;
    }
}

static int add_call(struct telling *t, const struct aws_call *call, enum channel channel) {
    t->calls[t->n_calls] = *call;
    t->channels[t->n_calls++] = channel;
    return 0;
}

/* Entries of one PutEvents. */
struct batch {
    struct events_entry entries[EVENTS_PUT_EVENTS_MAX];
    struct view resources[EVENTS_PUT_EVENTS_MAX][2];
    size_t n;
    size_t detail_bytes;
};

static int flush_batch(struct telling *t, struct batch *batch) {
    struct view bus = t->notifier->config->notify_event_bus;
    struct aws_call call;
    if (batch->n == 0) {
        return 0;
    }
    if (events_put_events_call(batch->entries, batch->n, bus, events_bus_region(bus), t->arena,
                               &call, &t->err) != 0) {
        return -1;
    }
    *batch = (struct batch){.n = 0};
    return add_call(t, &call, TO_EVENT_BUS);
}

static void put_entry(struct batch *batch, const struct change *change, const char *detail_type,
                      struct view detail) {
    struct events_entry *entry = &batch->entries[batch->n];
    *entry = (struct events_entry){
        .source = VIEW("slipway"), .detail_type = view_of(detail_type), .detail = detail};
    set_resources(change, batch->resources[batch->n], entry);
    batch->detail_bytes += detail.len;
    batch->n++;
}

static int add_events(struct telling *t) {
    struct batch batch = {.n = 0};
    for (size_t i = 0; i < t->n; i++) {
        const char *type = notice_detail_type(notice_of(t->notifier->config, &t->changes[i]));
        if (type == NULL) {
            continue;
        }
        struct view detail = notice_detail(t->notifier->config, &t->changes[i], t->arena);
        if (detail.data == NULL) {
            return err_out_of_memory(&t->err, "the notifications");
        }
        if ((batch.n == EVENTS_PUT_EVENTS_MAX ||
             batch.detail_bytes + detail.len > PUT_EVENTS_DETAIL_BYTES) &&
            flush_batch(t, &batch) != 0) {
            return -1;
        }
        put_entry(&batch, &t->changes[i], type, detail);
    }
    return flush_batch(t, &batch);
}

/* FNV-1a, 64 bits; what was hashed before goes in as `hash`. */
static uint64_t hash_more(uint64_t hash, struct view bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ (unsigned char)bytes.data[i]) * UINT64_C(0x100000001b3);
    }
    return (hash ^ 0xFFU) * UINT64_C(0x100000001b3); /* no byte of UTF-8: the end of a part */
}

/* The same for the same outcome of the same event on the same target, so that a FIFO topic passes
 * on only one of them; of characters that SNS takes, whatever the event's id has. */
static struct view deduplication_of(const struct telling *t, const struct change *change) {
    const char *status = change_status_name(change->status);
    uint64_t hash = hash_more(UINT64_C(0xcbf29ce484222325), change->trigger->event_id);
    hash = hash_more(hash, report_target(change));
    hash = hash_more(hash, view_of(rollout_outcome_name(change->rollout.outcome)));
    return arena_printf(t->arena, "%s.%016" PRIx64, status, hash);
}

static int add_message(struct telling *t, const struct change *change, enum notice_kind kind) {
    const struct config *config = t->notifier->config;
    struct aws_call call;
    struct view target = report_target(change);
    const struct sns_attribute attributes[] = {
        {"status", view_of(change_status_name(change->status))},
        {"outcome", view_of(rollout_outcome_name(change->rollout.outcome))},
        {"service", target},
        {"environment", config->env},
        {"project", config->project},
    };
    struct view subject =
        arena_printf(t->arena, VIEW_FMT " " VIEW_FMT ": " VIEW_FMT " %s", VIEW_ARG(config->project),
                     VIEW_ARG(config->env), VIEW_ARG(target), notice_title(change, kind));
    const struct sns_message message = {
        .topic_arn = config->sns_topic_arn,
        .subject = view_slice(subject, 0, SUBJECT_BYTES),
        .message = notice_detail(config, change, t->arena),
        .attributes = attributes,
        .n_attributes = sizeof(attributes) / sizeof(attributes[0]),
        .group = config->project,
        .deduplication = deduplication_of(t, change),
    };
    if (subject.data == NULL || message.message.data == NULL ||
        message.deduplication.data == NULL) {
        return err_out_of_memory(&t->err, "the notifications");
    }
    return sns_publish_call(&message, t->arena, &call, &t->err) != 0 ? -1
                                                                     : add_call(t, &call, TO_SNS);
}

static void warn_of_unpublished(const struct telling *t, size_t n) {
    LOG(t->log, LOG_WARN, "too many changes for SNS; the deploys are not affected",
        LOG_STR("channel", "SNS"), LOG_I64("published", SNS_MAX_MESSAGES),
        LOG_I64("not_published", (int64_t)n),
        LOG_STR("remedy", "send fewer events at once, or listen to NOTIFY_EVENT_BUS"));
}

/* Of what went wrong, or of the rest; *n counts those there are, sent or not. */
static int add_messages_of(struct telling *t, bool trouble, size_t *n) {
    for (size_t i = 0; i < t->n; i++) {
        enum notice_kind kind = notice_of(t->notifier->config, &t->changes[i]);
        if (kind == NOTICE_NONE || notice_is_trouble(kind) != trouble) {
            continue;
        }
        if ((*n)++ < SNS_MAX_MESSAGES && add_message(t, &t->changes[i], kind) != 0) {
            return -1;
        }
    }
    return 0;
}

static int add_messages(struct telling *t) {
    size_t n = 0;
    if (add_messages_of(t, true, &n) != 0 || add_messages_of(t, false, &n) != 0) {
        return -1;
    }
    if (n > SNS_MAX_MESSAGES) {
        warn_of_unpublished(t, n - SNS_MAX_MESSAGES);
    }
    return 0;
}

/* --- Slack --- */

static bool tells_slack(const struct notifier *notifier) {
    return notifier->config->has_slack_webhook || notifier->config->slack_webhook_parameter.len > 0;
}

static void begin_post(struct telling *t) {
    t->post = (struct webhook_post){
        .http = aws_http(t->notifier->aws),
        .clock = aws_clock(t->notifier->aws),
        .address = &t->notifier->webhook,
        .body = t->slack,
        .deadline_ms = t->deadline_ms,
    };
    webhook_begin(&t->post);
}

static void end_post(struct telling *t) {
    struct err error;
    bool is_gone = false;
    err_init(&error);
    if (webhook_end(&t->post, &is_gone, &error) != 0) {
        warn(t, "Slack", &error);
    }
    /* Somebody may have put a new one into the parameter: it is read again next time. */
    if (is_gone && !t->notifier->config->has_slack_webhook) {
        secret_wipe(&t->notifier->webhook);
    }
}

static int add_parameter(struct telling *t) {
    struct aws_call call;
    return ssm_get_parameter_call(t->notifier->config->slack_webhook_parameter, t->arena, &call,
                                  &t->err) != 0
               ? -1
               : add_call(t, &call, TO_PARAMETER);
}

static void take_parameter(struct telling *t, struct aws_call *call) {
    struct buf value BUF_AUTO_WIPE = BUF_INIT(PARAMETER_BYTES);
    struct err error;
    err_init(&error);
    if (ssm_get_parameter_result(call, &value, &error) == 0) {
        struct view address = view_trim(buf_view(&value));
        if (!config_webhook_is_valid(address)) {
            (void)err_set(&error, ERR_BAD_RESPONSE,
                          "the parameter of SLACK_WEBHOOK_PARAMETER holds no address that begins "
                          "with 'https://'");
            err_remedy(&error, "put the incoming webhook's address into the parameter");
        } else if (secret_set(&t->notifier->webhook, address, "the webhook", &error) == 0) {
            return;
        }
    }
    warn(t, "Slack", &error);
}

/* --- all of it --- */

static bool is_worth_telling(const struct telling *t) {
    for (size_t i = 0; i < t->n; i++) {
        if (notice_of(t->notifier->config, &t->changes[i]) != NOTICE_NONE) {
            return true;
        }
    }
    return false;
}

static int build_calls(struct telling *t) {
    const struct config *config = t->notifier->config;
    /* A message and an event of each change at most, and the parameter. */
    size_t most = 2 * t->n + 2;
    t->calls = ARENA_ARRAY(t->arena, most, struct aws_call);
    t->channels = ARENA_ARRAY(t->arena, most, enum channel);
    if (t->calls == NULL || t->channels == NULL) {
        return err_out_of_memory(&t->err, "the notifications");
    }
    if (tells_slack(t->notifier)) {
        t->slack = slack_message(config, t->changes, t->n, t->arena);
        if (t->slack.data == NULL) {
            return err_out_of_memory(&t->err, "the notifications");
        }
        if (secret_is_empty(&t->notifier->webhook) && add_parameter(t) != 0) {
            return -1;
        }
    }
    if (config->sns_topic_arn.len > 0 && add_messages(t) != 0) {
        return -1;
    }
    return config->notify_event_bus.len > 0 ? add_events(t) : 0;
}

static void take_answers(struct telling *t) {
    for (size_t i = 0; i < t->n_calls; i++) {
        struct err error;
        err_init(&error);
        switch (t->channels[i]) {
        case TO_SNS:
            if (sns_publish_result(&t->calls[i], &error) != 0) {
                warn(t, "SNS", &error);
            }
            break;
        case TO_EVENT_BUS:
            if (events_put_events_result(&t->calls[i], &error) != 0) {
                warn(t, "EventBridge", &error);
            }
            break;
        case TO_PARAMETER:
            take_parameter(t, &t->calls[i]);
            break;
        }
    }
}

static void send_all(struct telling *t) {
    bool is_posted = t->slack.len > 0 && !secret_is_empty(&t->notifier->webhook);
    if (is_posted) {
        begin_post(t);
    }
    if (t->n_calls > 0) {
        aws_call_all(t->notifier->aws, t->calls, t->n_calls, t->deadline_ms, t->arena);
        take_answers(t);
    }
    if (!is_posted && t->slack.len > 0 && !secret_is_empty(&t->notifier->webhook)) {
        begin_post(t);
        is_posted = true;
    }
    if (is_posted) {
        end_post(t);
    }
}

void notifier_tell(struct notifier *notifier, const struct log *log, const struct change *changes,
                   size_t n, int64_t deadline_ms, struct arena *arena) {
    if (notifier == NULL) {
        return;
    }
    struct telling t = {
        .notifier = notifier, .log = log, .changes = changes, .n = n, .arena = arena};
    int64_t now_ms = clock_monotonic_ms(aws_clock(notifier->aws));
    int64_t left_ms = deadline_ms - RESERVE_MS - now_ms;
    err_init(&t.err);
    if (!is_worth_telling(&t)) {
        return;
    }
    t.deadline_ms = now_ms + (left_ms < TELL_MS ? left_ms : TELL_MS);
    if (left_ms < WORTHWHILE_MS) {
        (void)err_set(&t.err, ERR_DEADLINE_EXCEEDED, "there is no time left to tell anybody");
        warn(&t, "all", &t.err);
    } else if (build_calls(&t) != 0) {
        warn(&t, "all", &t.err);
    } else {
        send_all(&t);
    }
}
