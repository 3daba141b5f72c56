#ifndef SLIPWAY_BASE_ASCII_H
#define SLIPWAY_BASE_ASCII_H

/* Characters of ASCII, whatever the locale: no other byte is a letter or a digit. */

#include <stdbool.h>

static inline bool ascii_is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What a URI takes as it is. RFC 3986, section 2.3. */
static inline bool ascii_is_unreserved(char c) {
    return ascii_is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static inline char ascii_lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

#endif
