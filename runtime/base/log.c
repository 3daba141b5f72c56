#include "runtime/base/log.h"

#include "runtime/base/buf.h"
#include "runtime/base/json_write.h"
#include "runtime/base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* CloudWatch Logs: an event has at most 256 KB; the default of its older quota, safe everywhere. */
#define LOG_LINE_BYTES ((size_t)256 * 1024)
/* One message or value, before escaping, which makes it six times as long at worst. */
#define LOG_VALUE_BYTES ((size_t)16 * 1024)
/* Kept free for the end of a line whose fields do not all fit. */
#define LOG_TAIL_BYTES 64
/* A line when no memory is left. */
#define LOG_EMERGENCY_BYTES 512
/* How long a full pipe may hold a line up. */
#define LOG_WRITE_TIMEOUT_MS 1000

static const char *const level_names[] = {
    [LOG_TRACE] = "TRACE", [LOG_DEBUG] = "DEBUG", [LOG_INFO] = "INFO",
    [LOG_WARN] = "WARN",   [LOG_ERROR] = "ERROR", [LOG_FATAL] = "FATAL",
};

/* Nobody is left to be told when the log cannot be written: the rest of the line is dropped. */
static void write_stdout(void *state, struct view line) {
    (void)state;
    while (line.len > 0) {
        ssize_t written = write(STDOUT_FILENO, line.data, line.len);
        if (written >= 0) {
            line = view_slice(line, (size_t)written, line.len);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};
            if (poll(&ready, 1, LOG_WRITE_TIMEOUT_MS) == 0) {
                return;
            }
        } else if (errno != EINTR) {
            return;
        }
    }
}

void log_init(struct log *log, const struct clock *clock) {
    *log =
        (struct log){.level = LOG_INFO, .format = LOG_TEXT, .clock = clock, .write = write_stdout};
}

bool log_level_parse(struct view text, enum log_level *ret_level) {
    if (view_equal_nocase(text, VIEW("warning"))) {
        *ret_level = LOG_WARN;
        return true;
    }
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (view_equal_nocase(text, view_of(level_names[i]))) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_format_parse(struct view text, enum log_format *ret_format) {
    bool json = view_equal_nocase(text, VIEW("json"));
    if (!json && !view_equal_nocase(text, VIEW("text"))) {
        return false;
    }
    *ret_format = json ? LOG_JSON : LOG_TEXT;
    return true;
}

bool log_enabled(const struct log *log, enum log_level level) {
    return level >= log->level;
}

static const char *level_name(enum log_level level) {
    size_t index = (size_t)level;
    return index < sizeof(level_names) / sizeof(level_names[0]) ? level_names[index] : "ERROR";
}

static struct view cut_value(struct view value) {
    return utf8_cut(value, LOG_VALUE_BYTES);
}

/* Raw line breaks in valid JSON are white space; they must not break the line. */
static void append_one_line(struct buf *buf, struct view bytes) {
    size_t start = buf->len;
    buf_append(buf, bytes);
    for (size_t i = start; i < buf->len; i++) {
        if (buf->data[i] == '\n' || buf->data[i] == '\r') {
            buf->data[i] = ' ';
        }
    }
}

/* Text without the quotes that json_append_string() puts, so that "a" stays "a" in a message. */
static void append_text(struct buf *buf, struct view text) {
    while (text.len > 0) {
        uint32_t c = 0;
        size_t len = utf8_decode(text, &c);
        if (len == 0) {
            buf_append(buf, VIEW(UTF8_REPLACEMENT));
            len = 1;
        } else if (c == '\n') {
            buf_append(buf, VIEW("\\n"));
        } else if (c == '\r') {
            buf_append(buf, VIEW("\\r"));
        } else if (c == '\t') {
            buf_append(buf, VIEW("\\t"));
        } else if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029) {
            buf_appendf(buf, "\\u%04x", (unsigned)c);
        } else {
            buf_append(buf, (struct view){text.data, len});
        }
        text = view_slice(text, len, text.len);
    }
}

/* A value that is one word stands as it is; any other is quoted, so that a line can be split. */
static void append_text_value(struct buf *buf, struct view value) {
    bool quoted = value.len == 0;
    for (size_t i = 0; i < value.len && !quoted; i++) {
        quoted =
            (unsigned char)value.data[i] <= ' ' || value.data[i] == '"' || value.data[i] == '=';
    }
    if (quoted) {
        json_append_string(buf, value);
    } else {
        append_text(buf, value);
    }
}

static void text_field(struct buf *buf, const struct log_field *field) {
    buf_append_char(buf, ' ');
    append_text(buf, view_of(field->name));
    buf_append_char(buf, '=');
    switch (field->type) {
    case LOG_FIELD_VIEW:
        append_text_value(buf, cut_value(field->view));
        break;
    case LOG_FIELD_I64:
        buf_append_i64(buf, field->number);
        break;
    case LOG_FIELD_BOOL:
        buf_append_str(buf, field->number ? "true" : "false");
        break;
    case LOG_FIELD_RAW_JSON:
        append_one_line(buf, field->view);
        break;
    }
}

static void json_field(struct buf *buf, const struct log_field *field) {
    buf_append_char(buf, ',');
    json_append_string(buf, view_of(field->name));
    buf_append_char(buf, ':');
    switch (field->type) {
    case LOG_FIELD_VIEW:
        json_append_string(buf, cut_value(field->view));
        break;
    case LOG_FIELD_I64:
        buf_append_i64(buf, field->number);
        break;
    case LOG_FIELD_BOOL:
        buf_append_str(buf, field->number ? "true" : "false");
        break;
    case LOG_FIELD_RAW_JSON:
        append_one_line(buf, field->view.len > 0 ? field->view : VIEW("null"));
        break;
    }
}

/* `[INFO] 2026-11-20T22:39:04.123Z requestId message` */
static void text_head(struct buf *buf, const struct log *log, const char *level, const char *time,
                      struct view message) {
    buf_appendf(buf, "[%s] %s ", level, time);
    if (log->request_id.len > 0) {
        append_text(buf, cut_value(log->request_id));
        buf_append_char(buf, ' ');
    }
    append_text(buf, message);
    if (log->tenant_id.len > 0) {
        text_field(buf, &LOG_VIEW("tenantId", log->tenant_id));
    }
}

/* `{"timestamp":"…","level":"INFO","requestId":"…","tenantId":"…","message":"…"` */
static void json_head(struct buf *buf, const struct log *log, const char *level, const char *time,
                      struct view message) {
    struct json_writer w = json_writer(buf);
    json_begin_object(&w, NULL);
    json_put_string(&w, "timestamp", view_of(time));
    json_put_string(&w, "level", view_of(level));
    json_put_optional(&w, "requestId", cut_value(log->request_id));
    json_put_optional(&w, "tenantId", cut_value(log->tenant_id));
    json_put_string(&w, "message", message);
}

/* A field that does not fit is left out whole, and the line says so. */
static void put_fields(struct buf *buf, bool json, const struct log_field *fields,
                       size_t n_fields) {
    bool cut = false;
    for (size_t i = 0; i < n_fields; i++) {
        size_t mark = buf->len;
        (json ? json_field : text_field)(buf, &fields[i]);
        if (buf->failed || buf->len > LOG_LINE_BYTES - LOG_TAIL_BYTES) {
            cut = true;
            buf->failed = false;
            buf->len = mark;
            buf->data[mark] = '\0';
        }
    }
    if (cut) {
        (json ? json_field : text_field)(buf, &LOG_BOOL("truncated", true));
    }
}

/* No memory for the line: what is most needed, from the stack. */
static void write_emergency(const struct log *log, const char *level, const char *time,
                            struct view message) {
    char line[LOG_EMERGENCY_BYTES];
    char text[LOG_EMERGENCY_BYTES / 2] = "";
    size_t len = 0;
    while (len < message.len && len < sizeof(text)) {
        char c = message.data[len];
        bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        if (!plain) {
            c = '?';
        }
        text[len++] = c;
    }
    bool json = log->format == LOG_JSON;
    int n = snprintf(line, sizeof(line), "%s%s%s%s%s%.*s%s\n", json ? "{\"level\":\"" : "[", level,
                     json ? "\",\"timestamp\":\"" : "] ", time, json ? "\",\"message\":\"" : " ",
                     (int)len, text, json ? "\"}" : "");
    if (n > 0) {
        log->write(log->state, (struct view){line, (size_t)n});
    }
}

void log_write(const struct log *log, enum log_level level, const char *message,
               const struct log_field *fields, size_t n_fields) {
    if (!log_enabled(log, level)) {
        return;
    }
    char time[TIME_RFC3339_BYTES];
    time_format_rfc3339(clock_wall_ms(log->clock), time);
    struct view text = cut_value(view_of(message));
    struct buf buf BUF_AUTO = BUF_INIT(LOG_LINE_BYTES);
    bool json = log->format == LOG_JSON;
    (json ? json_head : text_head)(&buf, log, level_name(level), time, text);
    if (buf.failed) {
        write_emergency(log, level_name(level), time, text);
        return;
    }
    put_fields(&buf, json, fields, n_fields);
    buf_append_str(&buf, json ? "}\n" : "\n");
    if (buf.failed) {
        write_emergency(log, level_name(level), time, text);
        return;
    }
    log->write(log->state, buf_view(&buf));
}

void log_error(const struct log *log, enum log_level level, const char *message,
               const struct err *err) {
    LOG(log, level, message, LOG_STR("errorType", err_name(err->code)),
        LOG_STR("errorMessage", err->message), LOG_STR("remedy", err->remedy));
}

void log_raw(const struct log *log, struct view line_without_newline) {
    struct buf buf BUF_AUTO = BUF_INIT(line_without_newline.len + 1);
    append_one_line(&buf, line_without_newline);
    buf_append_char(&buf, '\n');
    if (!buf.failed) {
        log->write(log->state, buf_view(&buf));
        return;
    }
    log->write(log->state, line_without_newline);
    log->write(log->state, VIEW("\n"));
}
