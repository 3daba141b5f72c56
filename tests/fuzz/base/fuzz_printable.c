/*
 * Any bytes in a message, a log line or a JSON string come out as one line: valid UTF-8, no control
 * characters; valid JSON where that is promised.
 */

#include "runtime/base/buf.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/json_write.h"
#include "runtime/base/log.h"
#include "runtime/base/utf8.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

static const struct json_limits limits = {.max_bytes = 1 << 20, .max_depth = 3};

static void require_one_line(struct view text) {
    while (text.len > 0) {
        uint32_t c = 0;
        size_t len = utf8_decode(text, &c);
        require(len > 0 && c >= 0x20 && c != 0x7F && c != 0x2028 && c != 0x2029);
        text = view_slice(text, len, text.len);
    }
}

static int64_t some_time(void *state) {
    (void)state;
    return 0;
}

static void check_line(void *state, struct view line) {
    const struct log *log = *(const struct log **)state;
    require(line.len > 0 && line.data[line.len - 1] == '\n');
    line.len--;
    require_one_line(line);
    if (log->format == LOG_JSON) {
        struct json_span root;
        struct err err;
        err_init(&err);
        require(json_scan(line, &limits, "line", &root, &err) == 0);
    }
}

static void check_cut(struct view text, size_t at) {
    struct view cut = utf8_cut(text, at);
    require(cut.data == text.data && cut.len <= text.len && (cut.len <= at));
    require(cut.len == text.len || cut.len + 3 >= at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view text = {(const char *)data, size};
    struct err err;
    err_init(&err);
    err_set(&err, ERR_TAG_INVALID, "tag '" VIEW_FMT "' is none", VIEW_ARG(text));
    err_remedy(&err, VIEW_FMT VIEW_FMT, VIEW_ARG(text), VIEW_ARG(text));
    require_one_line(view_of(err.message));
    require_one_line(view_of(err.remedy));
    require(strlen(err.message) < sizeof(err.message) && strlen(err.remedy) < sizeof(err.remedy));

    static struct buf buf = {.limit = 8 << 20};
    buf_clear(&buf);
    json_append_string(&buf, text);
    require_one_line(buf_view(&buf));
    if (size > 0) {
        check_cut(text, data[0]);
    }

    const struct clock clock = {.wall_ms = some_time};
    struct log log;
    const struct log *self = &log;
    log_init(&log, &clock);
    log.write = check_line;
    log.state = &self;
    log.request_id = view_slice(text, 0, size / 4);
    log.tenant_id = view_slice(text, size / 4, size / 4);
    char *message = strndup((const char *)data, size / 2);
    log.format = size % 2 == 0 ? LOG_JSON : LOG_TEXT;
    LOG(&log, LOG_ERROR, message, LOG_VIEW("all", text), LOG_I64("size", (int64_t)size));
    free(message);
    return 0;
}
