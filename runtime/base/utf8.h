#ifndef SLIPWAY_BASE_UTF8_H
#define SLIPWAY_BASE_UTF8_H

/*
 * UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF. For the modules of
 * this folder that read or write text from outside.
 */

#include "runtime/base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* The length of the valid sequence at the start of `bytes`: 1 to 4, or 0 when there is none. */
size_t utf8_sequence(struct view bytes);
/* As utf8_sequence(); writes the code point when there is one. */
size_t utf8_decode(struct view bytes, uint32_t *ret_code_point);
/* Writes 1 to 4 bytes and returns their number. Surrogates and values beyond U+10FFFF become
 * U+FFFD. */
size_t utf8_encode(uint32_t code_point, char ret_bytes[static 4]);
/* The longest prefix of at most `max_bytes` that does not end inside a sequence. */
struct view utf8_cut(struct view text, size_t max_bytes);
/* No control character (C0, DEL, C1), which may break a line or drive a terminal, no separator of
 * lines or paragraphs, and none that makes text read in another order than it is. */
bool utf8_is_harmless(uint32_t code_point);

#endif
