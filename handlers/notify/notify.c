#include "handlers/notify/notify.h"

int notifier_new(const struct notifier_options *options, struct notifier **ret_notifier,
                 struct err *err) {
    (void)options;
    (void)err;
    *ret_notifier = NULL;
    return 0;
}

void notifier_free(struct notifier *notifier) {
    (void)notifier;
}

void notifier_tell(struct notifier *notifier, const struct log *log, const struct change *changes,
                   size_t n, int64_t deadline_ms, struct arena *arena) {
    (void)notifier;
    (void)log;
    (void)changes;
    (void)n;
    (void)deadline_ms;
    (void)arena;
}
