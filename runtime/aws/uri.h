#ifndef SLIPWAY_AWS_URI_H
#define SLIPWAY_AWS_URI_H

/*
 * Percent-encoding as AWS wants it, in signatures and in forms alike: everything but letters,
 * digits and "-._~" is escaped, in capitals. Private to runtime/aws. RFC 3986, section 2.
 */

#include "runtime/base/buf.h"
#include "runtime/base/view.h"

/* Appends `text` encoded, but for the character `also`, which is left as it is ('\0': none). */
void uri_append_encoded(struct buf *buf, struct view text, char also);
/* Appends `text` decoded. A percent sign that begins no escape stands for itself. */
void uri_append_decoded(struct buf *buf, struct view text);

#endif
