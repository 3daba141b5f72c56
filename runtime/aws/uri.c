#include "runtime/aws/uri.h"

#include "runtime/base/ascii.h"

#include <stdbool.h>

static const char hex_upper[] = "0123456789ABCDEF";

void uri_append_encoded(struct buf *buf, struct view text, char also) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (ascii_is_unreserved(text.data[i]) || text.data[i] == also) {
            buf_append_char(buf, text.data[i]);
        } else {
            char escape[3] = {'%', hex_upper[c >> 4], hex_upper[c & 15]};
            buf_append(buf, (struct view){escape, sizeof(escape)});
        }
    }
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void uri_append_decoded(struct buf *buf, struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        int high = i + 2 < text.len && text.data[i] == '%' ? hex_value(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.data[i + 2]) : -1;
        if (low >= 0) {
            buf_append_char(buf, (char)(high << 4 | low));
            i += 2;
        } else {
            buf_append_char(buf, text.data[i]);
        }
    }
}
