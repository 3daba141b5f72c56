#include "runtime/base/json_scan.h"

#include "runtime/base/json_scan_internal.h"
#include "runtime/base/utf8.h"

#include <stdio.h>
#include <string.h>

/* Containers open at once, whatever the caller admits: 5 KB of stack. ECS and EventBridge nest
 * less than 20 deep. */
#define JSON_SCAN_DEPTH_CEILING 512
/* Offsets are kept in 32 bits. Lambda's own ceiling on a payload is 6 MB. */
#define JSON_SCAN_BYTES_CEILING ((size_t)1024 * 1024 * 1024)

struct open_container {
    bool is_object;
    uint32_t first_name; /* of the object, in the stack of names */
};

struct scanner {
    struct view text;
    const char *at;
    const char *end;
    const struct json_scan_rules *rules;
    const char *subject;
    struct err *err;
    size_t max_depth;
    size_t depth; /* open containers */
    struct open_container open[JSON_SCAN_DEPTH_CEILING];
    struct json_names names;
};

static size_t offset_of(const struct scanner *s, const char *at) {
    return (size_t)(at - s->text.data);
}

/* One character only: the text around a mistake may hold a secret. */
static int expected(struct scanner *s, const char *what) {
    size_t offset = offset_of(s, s->at);
    if (s->at == s->end) {
        return err_set(s->err, ERR_EVENT_MALFORMED,
                       "'%s' is not valid JSON: expected %s at byte %zu, found the end", s->subject,
                       what, offset);
    }
    unsigned char c = (unsigned char)*s->at;
    size_t len = utf8_sequence((struct view){s->at, (size_t)(s->end - s->at)});
    if (c < 0x20 || len == 0) { /* a NUL would end the message */
        return err_set(s->err, ERR_EVENT_MALFORMED,
                       "'%s' is not valid JSON: expected %s at byte %zu, found the byte 0x%02x",
                       s->subject, what, offset, (unsigned)c);
    }
    return err_set(s->err, ERR_EVENT_MALFORMED,
                   "'%s' is not valid JSON: expected %s at byte %zu, found '%.*s'", s->subject,
                   what, offset, (int)len, s->at);
}

/* Something at `at` that is not allowed there. */
static int forbidden(struct scanner *s, const char *at, const char *what) {
    return err_set(s->err, ERR_EVENT_MALFORMED, "'%s' is not valid JSON: %s at byte %zu",
                   s->subject, what, offset_of(s, at));
}

/* For what is valid JSON and still not accepted. */
static int refused(struct scanner *s, const char *at, const char *what) {
    return err_set(s->err, ERR_EVENT_MALFORMED, "'%s' is not accepted: %s at byte %zu", s->subject,
                   what, offset_of(s, at));
}

static void skip_space(struct scanner *s) {
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t')) {
        s->at++;
    }
}

static bool is_next(const struct scanner *s, char c) {
    return s->at < s->end && *s->at == c;
}

static bool is_digit_next(const struct scanner *s) {
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The four digits behind "\u", which is consumed already. */
static int scan_hex(struct scanner *s, unsigned *ret_value) {
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = s->at < s->end ? hex_digit(*s->at) : -1;
        if (digit < 0) {
            return expected(s, "four hexadecimal digits after '\\u'");
        }
        value = value << 4 | (unsigned)digit;
        s->at++;
    }
    *ret_value = value;
    return 0;
}

static bool next_is_low_surrogate(const struct scanner *s) {
    return s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u' &&
           (s->at[2] == 'd' || s->at[2] == 'D') && hex_digit(s->at[3]) >= 0xC &&
           hex_digit(s->at[4]) >= 0 && hex_digit(s->at[5]) >= 0;
}

static int scan_unicode_escape(struct scanner *s, const char *start) {
    unsigned value = 0;
    if (scan_hex(s, &value) != 0) {
        return -1;
    }
    if (value == 0 && s->rules->no_nul_escape) {
        return refused(s, start, "a NUL character '\\u0000'");
    }
    if (value >= 0xD800 && value <= 0xDFFF) {
        if (value < 0xDC00 && next_is_low_surrogate(s)) {
            s->at += 6;
        } else if (s->rules->no_lone_surrogate) {
            return refused(s, start, "half of a surrogate pair");
        }
    }
    return 0;
}

static int scan_escape(struct scanner *s) {
    const char *start = s->at++;
    if (s->at == s->end) {
        return expected(s, "an escape");
    }
    if (*s->at == 'u') {
        s->at++;
        return scan_unicode_escape(s, start);
    }
    if (*s->at == '\0' || strchr("\"\\/bfnrt", *s->at) == NULL) {
        return expected(s, "one of \"\\/bfnrtu after a backslash");
    }
    s->at++;
    return 0;
}

/* What is not plain ASCII inside a string. */
static int scan_special(struct scanner *s) {
    unsigned char c = (unsigned char)*s->at;
    if (c == '\\') {
        return scan_escape(s);
    }
    if (c < 0x20) {
        return forbidden(s, s->at,
                         c == 0 ? "a NUL byte in a string"
                                : "a control character in a string without an escape");
    }
    size_t len = utf8_sequence((struct view){s->at, (size_t)(s->end - s->at)});
    if (len == 0) {
        return forbidden(s, s->at, "a byte that is not UTF-8");
    }
    s->at += len;
    return 0;
}

static inline bool is_plain(char c) {
    unsigned char byte = (unsigned char)c;
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static int scan_string(struct scanner *s) {
    const char *start = s->at++;
    for (;;) {
        const char *at = s->at;
        while (at < s->end && is_plain(*at)) {
            at++;
        }
        s->at = at;
        if (at == s->end) {
            return forbidden(s, start, "a string without its end");
        }
        if (*at == '"') {
            s->at++;
            return 0;
        }
        if (scan_special(s) != 0) {
            return -1;
        }
    }
}

static int scan_digits(struct scanner *s) {
    if (!is_digit_next(s)) {
        return expected(s, "a digit");
    }
    while (is_digit_next(s)) {
        s->at++;
    }
    return 0;
}

static int scan_integer(struct scanner *s) {
    if (!is_next(s, '0')) {
        return scan_digits(s);
    }
    s->at++;
    return is_digit_next(s) ? expected(s, "no digit after a leading 0") : 0;
}

static int scan_number(struct scanner *s) {
    const char *start = s->at;
    if (is_next(s, '-')) {
        s->at++;
    }
    if (scan_integer(s) != 0) {
        return -1;
    }
    if (is_next(s, '.')) {
        s->at++;
        if (scan_digits(s) != 0) {
            return -1;
        }
    }
    if (is_next(s, 'e') || is_next(s, 'E')) {
        s->at++;
        if (is_next(s, '+') || is_next(s, '-')) {
            s->at++;
        }
        if (scan_digits(s) != 0) {
            return -1;
        }
    }
    size_t ceiling = s->rules->max_number_bytes;
    if (ceiling > 0 && (size_t)(s->at - start) > ceiling) {
        return refused(s, start, "a number with too many digits");
    }
    return 0;
}

static int scan_word(struct scanner *s, struct view word) {
    struct view rest = {s->at, (size_t)(s->end - s->at)};
    if (!view_starts_with(rest, word)) {
        return expected(s, "a value");
    }
    s->at += word.len;
    return 0;
}

/* A name and its colon, with the white space before each. */
static int scan_name(struct scanner *s) {
    skip_space(s);
    if (!is_next(s, '"')) {
        return expected(s, "a name in double quotes");
    }
    const char *start = s->at;
    if (scan_string(s) != 0) {
        return -1;
    }
    if (!json_names_push(&s->names, (struct view){start, (size_t)(s->at - start)})) {
        return err_out_of_memory(s->err, s->subject);
    }
    skip_space(s);
    if (!is_next(s, ':')) {
        return expected(s, "':'");
    }
    s->at++;
    return 0;
}

static int close_container(struct scanner *s) {
    s->at++;
    s->depth--;
    uint32_t offset;
    if (!s->open[s->depth].is_object ||
        json_names_pop(&s->names, s->open[s->depth].first_name, &offset)) {
        return 0;
    }
    const char *at = s->text.data + offset;
    struct view name = json_string_extent((struct view){at, (size_t)(s->end - at)});
    return err_set(s->err, ERR_EVENT_MALFORMED,
                   "'%s' is not accepted: the name " VIEW_FMT " stands twice in an object, again "
                   "at byte %zu",
                   s->subject, VIEW_ARG(view_slice(name, 0, 128)), (size_t)offset);
}

/* '{' or '['; *ret_want_value is false when the container is empty and so is over. */
static int open_container(struct scanner *s, bool *ret_want_value) {
    bool is_object = *s->at++ == '{';
    s->open[s->depth++] = (struct open_container){is_object, s->names.count};
    skip_space(s);
    *ret_want_value = !is_next(s, is_object ? '}' : ']');
    if (!*ret_want_value) {
        return close_container(s);
    }
    return is_object ? scan_name(s) : 0;
}

static int begin_value(struct scanner *s, bool *ret_want_value) {
    if (s->depth >= s->max_depth) {
        return err_set(s->err, ERR_EVENT_MALFORMED,
                       "'%s' is not accepted: nested deeper than %zu levels at byte %zu",
                       s->subject, s->max_depth, offset_of(s, s->at));
    }
    *ret_want_value = false;
    switch (s->at < s->end ? *s->at : '\0') {
    case '{':
    case '[':
        return open_container(s, ret_want_value);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, VIEW("true"));
    case 'f':
        return scan_word(s, VIEW("false"));
    case 'n':
        return scan_word(s, VIEW("null"));
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return scan_number(s);
    default:
        return expected(s, "a value");
    }
}

static int after_value(struct scanner *s, bool *ret_want_value) {
    bool is_object = s->open[s->depth - 1].is_object;
    if (is_next(s, ',')) {
        s->at++;
        *ret_want_value = true;
        return is_object ? scan_name(s) : 0;
    }
    if (is_next(s, is_object ? '}' : ']')) {
        return close_container(s);
    }
    return expected(s, is_object ? "',' or '}'" : "',' or ']'");
}

static int scan_document(struct scanner *s) {
    bool want_value = true;
    if (view_starts_with(s->text, VIEW("\xEF\xBB\xBF"))) {
        return forbidden(s, s->at, "a byte order mark");
    }
    for (;;) {
        skip_space(s);
        if (want_value) {
            if (begin_value(s, &want_value) != 0) {
                return -1;
            }
        } else if (s->depth == 0) {
            return s->at == s->end ? 0 : expected(s, "nothing more");
        } else if (after_value(s, &want_value) != 0) {
            return -1;
        }
    }
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

int json_scan_with(struct view text, const struct json_limits *limits,
                   const struct json_scan_rules *rules, const char *subject,
                   struct json_span *ret_root, struct err *err) {
    size_t max_bytes = smaller(limits->max_bytes, JSON_SCAN_BYTES_CEILING);
    if (text.len > max_bytes) {
        return err_set(err, ERR_EVENT_MALFORMED,
                       "'%s' is not accepted: it has %zu bytes, more than %zu", subject, text.len,
                       max_bytes);
    }
    if (text.data == NULL) {
        text.data = "";
    }
    struct scanner s; /* 8 KB, of which little is touched: not zeroed */
    s.text = text;
    s.at = text.data;
    s.end = text.data + text.len;
    s.rules = rules;
    s.subject = subject;
    s.err = err;
    s.max_depth = smaller(limits->max_depth, JSON_SCAN_DEPTH_CEILING);
    s.depth = 0;
    json_names_init(&s.names, text);
    int result = scan_document(&s);
    json_names_release(&s.names);
    if (result == 0) {
        ret_root->text = view_trim(text);
        ret_root->type = json_type_of_text(ret_root->text);
    }
    return result;
}

int json_scan(struct view text, const struct json_limits *limits, const char *subject,
              struct json_span *ret_root, struct err *err) {
    static const struct json_scan_rules plain;
    return json_scan_with(text, limits, &plain, subject, ret_root, err);
}
