#ifndef SLIPWAY_BASE_LOG_H
#define SLIPWAY_BASE_LOG_H

/*
 * Log lines in the two formats of Lambda's advanced logging controls: JSON (one object a line,
 * with timestamp, level, requestId, message, then the fields) and text. Each line is one write(2).
 * Only main, the runtime loop and the handler's report log; lower layers return errors.
 *
 * AWS Lambda Developer Guide, "Configuring advanced logging controls for your function".
 */

#include "runtime/base/clock.h"
#include "runtime/base/err.h"
#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL };
enum log_format { LOG_TEXT, LOG_JSON };

struct log {
    enum log_level level; /* lines below it are dropped */
    enum log_format format;
    const struct clock *clock;
    struct view request_id;                       /* put on each line while set; borrowed */
    struct view tenant_id;                        /* the same */
    void (*write)(void *state, struct view line); /* one whole line with its '\n' */
    void *state;
};

/* One named value of a line. A secret has no place here. */
struct log_field {
    const char *name;
    enum { LOG_FIELD_VIEW, LOG_FIELD_I64, LOG_FIELD_BOOL, LOG_FIELD_RAW_JSON } type;
    struct view view;
    int64_t number;
};
#define LOG_VIEW(field_name, value)                                                                \
    ((struct log_field){.name = (field_name), .type = LOG_FIELD_VIEW, .view = (value)})
#define LOG_STR(field_name, value) LOG_VIEW(field_name, view_of(value))
#define LOG_I64(field_name, value)                                                                 \
    ((struct log_field){.name = (field_name), .type = LOG_FIELD_I64, .number = (value)})
#define LOG_BOOL(field_name, value)                                                                \
    ((struct log_field){.name = (field_name), .type = LOG_FIELD_BOOL, .number = (value)})
/* Valid JSON, put as it is in the JSON format and as text in the other. */
#define LOG_RAW_JSON(field_name, value)                                                            \
    ((struct log_field){.name = (field_name), .type = LOG_FIELD_RAW_JSON, .view = (value)})

/* To stdout, INFO, text. */
void log_init(struct log *log, const struct clock *clock);
/* "info", "INFO", "warn", "warning", …; false for anything else. */
bool log_level_parse(struct view text, enum log_level *ret_level);
bool log_format_parse(struct view text, enum log_format *ret_format);

bool log_enabled(const struct log *log, enum log_level level);
void log_write(const struct log *log, enum log_level level, const char *message,
               const struct log_field *fields, size_t n_fields);
/* LOG(log, LOG_INFO, "deployed", LOG_STR("service", "backend")); fields are optional. The variable
 * arguments are the message and the fields, so that they are never none, which C17 does not have;
 * LOG_END_ makes the same true of the fields alone. */
#define LOG(log, level, ...)                                                                       \
    log_write((log), (level), LOG_MESSAGE_(__VA_ARGS__, LOG_END_),                                 \
              (const struct log_field[]){LOG_FIELDS_(__VA_ARGS__, LOG_END_)},                      \
              sizeof((const struct log_field[]){LOG_FIELDS_(__VA_ARGS__, LOG_END_)}) /             \
                      sizeof(struct log_field) -                                                   \
                  1)
#define LOG_MESSAGE_(message, ...) (message)
#define LOG_FIELDS_(message, ...) __VA_ARGS__
#define LOG_END_ ((struct log_field){.name = NULL})
/* An error's errorType, errorMessage and remedy as fields of one line. */
void log_error(const struct log *log, enum log_level level, const char *message,
               const struct err *err);
/* A line as it is, level or not: for metrics in the embedded metric format. */
void log_raw(const struct log *log, struct view line_without_newline);

#endif
