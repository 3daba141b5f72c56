#include "runtime/base/utf8.h"

/* The Unicode Standard, table 3-7: the first byte fixes the length and the range of the second. */
static size_t sequence_shape(unsigned char first, unsigned char *ret_low, unsigned char *ret_high) {
    *ret_low = 0x80;
    *ret_high = 0xBF;
    if (first < 0xC2) {
        return 0;
    }
    if (first < 0xE0) {
        return 2;
    }
    if (first < 0xF0) {
        *ret_low = first == 0xE0 ? 0xA0 : 0x80;
        *ret_high = first == 0xED ? 0x9F : 0xBF;
        return 3;
    }
    if (first < 0xF5) {
        *ret_low = first == 0xF0 ? 0x90 : 0x80;
        *ret_high = first == 0xF4 ? 0x8F : 0xBF;
        return 4;
    }
    return 0;
}

size_t utf8_sequence(struct view bytes) {
    if (bytes.len == 0) {
        return 0;
    }
    const unsigned char *p = (const unsigned char *)bytes.data;
    if (p[0] < 0x80) {
        return 1;
    }
    unsigned char low;
    unsigned char high;
    size_t len = sequence_shape(p[0], &low, &high);
    if (len == 0 || len > bytes.len || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return len;
}

size_t utf8_decode(struct view bytes, uint32_t *ret_code_point) {
    static const unsigned char first_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t len = utf8_sequence(bytes);
    if (len == 0) {
        return 0;
    }
    const unsigned char *p = (const unsigned char *)bytes.data;
    uint32_t code_point = p[0] & first_mask[len];
    for (size_t i = 1; i < len; i++) {
        code_point = code_point << 6 | (p[i] & 0x3F);
    }
    *ret_code_point = code_point;
    return len;
}

size_t utf8_encode(uint32_t code_point, char ret_bytes[static 4]) {
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) {
        code_point = 0xFFFD;
    }
    if (code_point < 0x80) {
        ret_bytes[0] = (char)code_point;
        return 1;
    }
    size_t len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static const unsigned char first_bits[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--) {
        ret_bytes[i] = (char)(0x80 | (code_point & 0x3F));
        code_point >>= 6;
    }
    ret_bytes[0] = (char)(first_bits[len] | code_point);
    return len;
}

struct view utf8_cut(struct view text, size_t max_bytes) {
    if (text.len <= max_bytes) {
        return text;
    }
    /* Step back over at most three continuation bytes: only a sequence that the cut splits goes. */
    size_t len = max_bytes;
    size_t back = 0;
    while (back < 3 && len > back && ((unsigned char)text.data[len - back] & 0xC0) == 0x80) {
        back++;
    }
    size_t start = len - back;
    size_t sequence = utf8_sequence((struct view){text.data + start, text.len - start});
    if (sequence > back) {
        len = start;
    }
    return (struct view){text.data, len};
}

bool utf8_is_harmless(uint32_t code_point) {
    uint32_t c = code_point;
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
        return false;
    }
    return !(c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
             (c >= 0x2066 && c <= 0x2069));
}
