#include "runtime/base/err.h"

#include "runtime/base/utf8.h"
#include "runtime/base/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct code_row {
    const char *name;
    enum err_class class;
    const char *remedy;
};

static const struct code_row code_rows[] = {
#define ERR_X(symbol, wire_name, err_class, remedy_text)                                           \
    [symbol] = {(wire_name), (err_class), (remedy_text)},
    ERR_CODES(ERR_X)
#undef ERR_X
};

static const struct code_row *code_row(enum err_code code) {
    size_t index = (size_t)code;
    return &code_rows[index < sizeof(code_rows) / sizeof(code_rows[0]) ? index : ERR_NONE];
}

/* One character of `text` as it may stand in a message, in at most 16 bytes; its length, and in
 * *ret_taken how much of the text it is. */
static size_t printable_unit(struct view text, char unit[static 16], size_t *ret_taken) {
    uint32_t c;
    size_t len = utf8_decode(text, &c);
    if (len == 0) {
        *ret_taken = 1;
        return (size_t)snprintf(unit, 16, "\\x%02x", (unsigned)(unsigned char)text.data[0]);
    }
    *ret_taken = len;
    if (utf8_is_harmless(c)) {
        memcpy(unit, text.data, len);
        return len;
    }
    return (size_t)snprintf(unit, 16, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
}

/* How many bytes at the start of `text`, `max` at most, stand for themselves. Nearly all of a
 * message does, and a config's faults are 2 KB of it. */
static size_t plain_length(struct view text, size_t max) {
    size_t ceiling = text.len < max ? text.len : max;
    size_t len = 0;
    while (len < ceiling && text.data[len] >= 0x20 && text.data[len] < 0x7F) {
        len++;
    }
    return len;
}

/* Untrusted input lands in messages (a tag with a newline): what comes out is one printable line
 * of valid UTF-8. `size` counts the NUL. */
static void put_printable(char *out, size_t size, struct view text) {
    size_t used = 0;
    while (text.len > 0) {
        size_t plain = plain_length(text, size - 1 - used);
        if (plain > 0) {
            memcpy(out + used, text.data, plain);
            used += plain;
            text = view_slice(text, plain, text.len);
            continue;
        }
        char unit[16];
        size_t taken;
        size_t len = printable_unit(text, unit, &taken);
        if (len > size - 1 - used) {
            break;
        }
        memcpy(out + used, unit, len);
        used += len;
        text = view_slice(text, taken, text.len);
    }
    out[used] = '\0';
}

/* Formats beside the destination: an argument may point into it. */
static void format_printable(char *out, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
static void format_printable(char *out, size_t size, const char *format, va_list arguments) {
    char text[ERR_MESSAGE_BYTES + 4]; /* a character more, so that the cut falls on a border */
    int len = vsnprintf(text, sizeof(text), format, arguments);
    if (len < 0) {
        put_printable(out, size, VIEW("the message could not be formatted"));
        return;
    }
    struct view whole = {text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1};
    put_printable(out, size, utf8_cut(whole, size - 1));
}

void err_init(struct err *err) {
    err->code = ERR_NONE;
    err->message[0] = '\0';
    err->remedy[0] = '\0';
}

int err_set(struct err *err, enum err_code code, const char *format, ...) {
    if (err_is_set(err)) {
        return -1;
    }
    /* A caller that passes on an empty code has still failed; its error must not read as success.
     */
    err->code = code == ERR_NONE ? ERR_BAD_RESPONSE : code;
    va_list arguments;
    va_start(arguments, format);
    format_printable(err->message, sizeof(err->message), format, arguments);
    va_end(arguments);
    put_printable(err->remedy, sizeof(err->remedy), view_of(err_default_remedy(err->code)));
    return -1;
}

void err_remedy(struct err *err, const char *format, ...) {
    if (!err_is_set(err)) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    format_printable(err->remedy, sizeof(err->remedy), format, arguments);
    va_end(arguments);
}

int err_out_of_memory(struct err *err, const char *subject) {
    return err_set(err, ERR_OUT_OF_MEMORY, "no memory left for '%s'", subject ? subject : "");
}

const char *err_name(enum err_code code) {
    return code_row(code)->name;
}

bool err_may_pass(enum err_code code) {
    return code == ERR_THROTTLED || code == ERR_AWS_UNAVAILABLE || code == ERR_DEADLINE_EXCEEDED;
}

enum err_class err_class(enum err_code code) {
    return code_row(code)->class;
}

const char *err_default_remedy(enum err_code code) {
    return code_row(code)->remedy;
}
