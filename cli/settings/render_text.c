#include "cli/settings/render.h"
#include "runtime/base/ascii.h"
#include "runtime/base/json_write.h"

#include <string.h>

/* --- JSON --- */

void render_json(const struct rendered *rendered, struct buf *out) {
    buf_append_str(out, "{");
    for (size_t i = 0; i < rendered->n; i++) {
        buf_append_str(out, i > 0 ? ",\n  " : "\n  ");
        json_append_string(out, view_of(rendered->variables[i].name));
        buf_append_str(out, ": ");
        json_append_string(out, rendered->variables[i].value);
    }
    buf_append_str(out, "\n}\n");
}

/* --- SAM --- */

static bool is_plain(char c, const char *others) {
    return ascii_is_alphanumeric(c) || (c != '\0' && strchr(others, c));
}

static bool is_plain_text(struct view text, const char *others) {
    for (size_t i = 0; i < text.len; i++) {
        if (!is_plain(text.data[i], others)) {
            return false;
        }
    }
    return text.len > 0;
}

/* Single quotes take all but themselves; that one comes between two pairs. */
void render_append_shell_word(struct buf *out, struct view word) {
    if (is_plain_text(word, "_-./:=,@%+")) {
        buf_append(out, word);
        return;
    }
    buf_append_char(out, '\'');
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] == '\'') {
            buf_append_str(out, "'\\''");
        } else {
            buf_append_char(out, word.data[i]);
        }
    }
    buf_append_char(out, '\'');
}

/* SAM splits what it is given at blanks once more, and takes a value in double quotes with \"
 * inside as one. It leaves other backslashes alone: there are none in what config_load() accepts.
 */
static void append_sam_value(struct buf *out, struct view value) {
    if (is_plain_text(value, "_-./:@+")) {
        buf_append(out, value);
        return;
    }
    buf_append_char(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '"') {
            buf_append_char(out, '\\');
        }
        buf_append_char(out, value.data[i]);
    }
    buf_append_char(out, '"');
}

void render_sam(const struct rendered *rendered, struct buf *out) {
    struct buf word BUF_AUTO = BUF_INIT(out->limit);
    for (size_t i = 0; i < rendered->n; i++) {
        buf_clear(&word);
        buf_appendf(&word, "%s=", rendered->variables[i].parameter);
        append_sam_value(&word, rendered->variables[i].value);
        buf_append_str(out, i > 0 ? " " : "");
        render_append_shell_word(out, buf_view(&word));
        out->failed = out->failed || word.failed;
    }
    buf_append_char(out, '\n');
}

/* --- Terraform --- */

/* "Strings and Templates" of the Terraform language: ${ and %{ begin templates. */
void render_append_hcl_string(struct buf *out, struct view value) {
    buf_append_char(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        bool begins_template =
            (c == '$' || c == '%') && i + 1 < value.len && value.data[i + 1] == '{';
        if (c == '"' || c == '\\') {
            buf_append_char(out, '\\');
        } else if (begins_template) {
            buf_append_char(out, c);
        }
        if ((unsigned char)c < ' ') {
            buf_appendf(out, "\\u%04x", (unsigned)c);
        } else {
            buf_append_char(out, c);
        }
    }
    buf_append_char(out, '"');
}

void render_tfvars(const struct rendered *rendered, struct buf *out) {
    size_t width = 0;
    for (size_t i = 0; i < rendered->n; i++) {
        size_t len = strlen(rendered->variables[i].name);
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < rendered->n; i++) {
        const char *name = rendered->variables[i].name;
        for (size_t k = 0; name[k] != '\0'; k++) {
            buf_append_char(out, ascii_lower(name[k]));
        }
        buf_appendf(out, "%*s = ", (int)(width - strlen(name)), "");
        render_append_hcl_string(out, rendered->variables[i].value);
        buf_append_char(out, '\n');
    }
}
