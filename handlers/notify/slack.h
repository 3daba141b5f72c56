#ifndef SLIPWAY_HANDLERS_NOTIFY_SLACK_H
#define SLIPWAY_HANDLERS_NOTIFY_SLACK_H

/*
 * A message for Slack's incoming webhooks, in Block Kit. Values are escaped by construction: they
 * stand in code spans, in which Slack formats nothing, with '&', '<' and '>' as entities, so that
 * no value can mention anybody or be a link. What is too long is cut between characters, and shows
 * it; what to do about a failure has its own room. Pure. Slack API documentation, "Formatting text
 * for app surfaces", "Block Kit: blocks".
 */

#include "handlers/notify/notice.h"

/* Changes that one message tells of, what went wrong first; the rest is counted. Block Kit takes 50
 * blocks. */
#define SLACK_MAX_CHANGES 20

/* {"text":"…","blocks":[{"type":"header",…},{"type":"section",…},{"type":"context",…}]} of those
 * changes that are worth telling. .data NULL: memory ran out; empty: none is. */
struct view slack_message(const struct config *config, const struct change *changes, size_t n,
                          struct arena *arena);

#endif
