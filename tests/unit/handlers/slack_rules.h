#ifndef SLIPWAY_TESTS_UNIT_HANDLERS_SLACK_RULES_H
#define SLIPWAY_TESTS_UNIT_HANDLERS_SLACK_RULES_H

/*
 * What Slack takes, and what slipway promises besides: nothing of a value is markup. Written from
 * Slack's documentation ("Reference: blocks", "Formatting text for app surfaces"), not from
 * slack.c. Each function returns what is wrong, or NULL.
 */

#include "runtime/base/json.h"
#include "runtime/base/utf8.h"

#include <string.h>

#define SLACK_BLOCKS 50
#define SLACK_SECTION_CHARACTERS 3000
#define SLACK_HEADER_CHARACTERS 150

static inline size_t slack_characters(struct view text) {
    size_t n = 0;
    while (text.len > 0) {
        size_t len = utf8_sequence(text);
        text = view_slice(text, len > 0 ? len : 1, text.len);
        n++;
    }
    return n;
}

/* Nothing invisible, nothing that breaks a line but '\n', nothing that turns the text around. */
static inline const char *slack_characters_problem(struct view text) {
    while (text.len > 0) {
        uint32_t c = 0;
        size_t len = utf8_decode(text, &c);
        if (len == 0) {
            return "a character is cut";
        }
        if ((c < ' ' && c != '\n') || (c >= 0x7F && c < 0xA0)) {
            return "a control character";
        }
        if (c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) ||
            (c >= 0x2066 && c <= 0x2069)) {
            return "a character that turns or breaks the text";
        }
        text = view_slice(text, len, text.len);
    }
    return NULL;
}

static inline const char *slack_entities_problem(struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        struct view rest = view_slice(text, i, text.len);
        if (text.data[i] == '<' || text.data[i] == '>') {
            return "markup that is not escaped";
        }
        if (text.data[i] == '&' && !view_starts_with(rest, VIEW("&amp;")) &&
            !view_starts_with(rest, VIEW("&lt;")) && !view_starts_with(rest, VIEW("&gt;"))) {
            return "an entity that is cut";
        }
    }
    return NULL;
}

/* Spans end on the line on which they begin, blocks end at all. */
static inline const char *slack_spans_problem(struct view text) {
    bool in_span = false, in_block = false;
    for (size_t i = 0; i < text.len; i++) {
        if (view_starts_with(view_slice(text, i, text.len), VIEW("```")) && !in_span) {
            in_block = !in_block;
            i += 2;
        } else if (text.data[i] == '`' && in_block) {
            return "a backtick in a block";
        } else if (text.data[i] == '`') {
            in_span = !in_span;
        } else if (text.data[i] == '\n' && in_span) {
            return "a span of two lines";
        }
    }
    return in_span || in_block ? "a span or a block that does not end" : NULL;
}

static inline const char *slack_text_problem(const struct json *object, const char *type,
                                             size_t most) {
    struct view text = json_string(json_get(object, "text"));
    const char *problem;
    if (!view_equal(json_string(json_get(object, "type")), view_of(type)) ||
        json_count(object) != 2) {
        return "no text object of its type";
    }
    if (text.len == 0 || slack_characters(text) > most) {
        return "a text that is empty or too long";
    }
    if ((problem = slack_characters_problem(text)) != NULL) {
        return problem;
    }
    if (strcmp(type, "plain_text") == 0) {
        return view_contains_char(text, '<') || view_contains_char(text, '\n')
                   ? "markup or a line break in a header"
                   : NULL;
    }
    problem = slack_entities_problem(text);
    return problem != NULL ? problem : slack_spans_problem(text);
}

static inline const char *slack_block_problem(const struct json *block) {
    struct view type = json_string(json_get(block, "type"));
    const struct json *text = json_get(block, "text");
    if (view_equal(type, VIEW("header"))) {
        return slack_text_problem(text, "plain_text", SLACK_HEADER_CHARACTERS);
    }
    if (view_equal(type, VIEW("section"))) {
        return slack_text_problem(text, "mrkdwn", SLACK_SECTION_CHARACTERS);
    }
    const struct json *elements = json_get(block, "elements");
    if (!view_equal(type, VIEW("context")) || json_count(elements) != 1) {
        return "a block of another type";
    }
    return slack_text_problem(json_first(elements), "mrkdwn", SLACK_SECTION_CHARACTERS);
}

static inline const char *slack_message_problem(const struct json *message) {
    const struct json *blocks = json_get(message, "blocks");
    struct view text = json_string(json_get(message, "text"));
    if (json_count(message) != 2 || text.len == 0) {
        return "members other than a text and blocks";
    }
    const char *problem = slack_entities_problem(text);
    if (problem == NULL) {
        problem = slack_characters_problem(text);
    }
    if (json_count(blocks) < 3 || json_count(blocks) > SLACK_BLOCKS) {
        return "too few blocks, or too many";
    }
    for (const struct json *b = json_first(blocks); b != NULL && problem == NULL;
         b = json_next(b)) {
        problem = slack_block_problem(b);
    }
    return problem;
}

#endif
