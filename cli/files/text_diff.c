/*
 * E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), in the linear-space form:
 * the middle of a shortest path through the grid of old and new lines is found from both ends, then
 * each half is solved by itself. Beyond MAX_STEPS edits in one box the middle is where the search
 * has come furthest: not the shortest script any more, but time stays bounded.
 */

#include "cli/files/text_diff.h"

#include <stdint.h>
#include <string.h>

#define MAX_STEPS 512
#define COLOUR_REMOVED "\033[31m"
#define COLOUR_ADDED "\033[32m"
#define COLOUR_PLACE "\033[36m"
#define COLOUR_NAMES "\033[1m"
#define COLOUR_END "\033[0m"

struct line {
    struct view text; /* with its LF */
    uint64_t hash;
};

struct lines {
    struct line *at;
    size_t n;
    bool *changed; /* of each: removed, or added */
};

/* The part of both texts that is being compared: [old_begin, old_end) and [new_begin, new_end). */
struct box {
    ptrdiff_t old_begin, old_end, new_begin, new_end;
};

struct search {
    struct lines old_lines, new_lines;
    ptrdiff_t *forward, *backward; /* by diagonal: how far along the old lines */
    ptrdiff_t middle;              /* index of diagonal 0 */
};

/* --- lines --- */

static uint64_t hash_of(struct view text) {
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

static int split(struct view text, struct arena *arena, struct lines *ret_lines, struct err *err) {
    size_t n = text.len > 0 && text.data[text.len - 1] != '\n';
    for (size_t i = 0; i < text.len; i++) {
        n += text.data[i] == '\n';
    }
    struct lines lines = {.at = ARENA_ARRAY(arena, n, struct line),
                          .changed = ARENA_ARRAY(arena, n, bool)};
    if (!lines.at || !lines.changed) {
        return err_out_of_memory(err, "diff");
    }
    while (lines.n < n) {
        const char *newline = memchr(text.data, '\n', text.len);
        size_t len = newline ? (size_t)(newline - text.data) + 1 : text.len;
        struct view line = view_slice(text, 0, len);
        lines.at[lines.n++] = (struct line){.text = line, .hash = hash_of(line)};
        text = view_slice(text, len, text.len);
    }
    *ret_lines = lines;
    return 0;
}

static bool is_equal(const struct search *search, ptrdiff_t old_line, ptrdiff_t new_line) {
    const struct line *a = &search->old_lines.at[old_line];
    const struct line *b = &search->new_lines.at[new_line];
    return a->hash == b->hash && view_equal(a->text, b->text);
}

/* --- the shortest script --- */

struct point {
    ptrdiff_t old_line, new_line;
};

/* One step from the box's beginning: true where the path meets the one from its end. */
static bool step_forward(const struct search *search, const struct box *box, ptrdiff_t steps,
                         struct point *ret_meeting) {
    ptrdiff_t *reach = search->forward + search->middle;
    const ptrdiff_t *other = search->backward + search->middle;
    ptrdiff_t n = box->old_end - box->old_begin;
    ptrdiff_t m = box->new_end - box->new_begin;
    ptrdiff_t delta = n - m;
    for (ptrdiff_t k = -steps; k <= steps; k += 2) {
        bool down = k == -steps || (k != steps && reach[k - 1] < reach[k + 1]);
        ptrdiff_t x = down ? reach[k + 1] : reach[k - 1] + 1;
        while (x >= 0 && x < n && x - k >= 0 && x - k < m &&
               is_equal(search, box->old_begin + x, box->new_begin + x - k)) {
            x++;
        }
        reach[k] = x;
        ptrdiff_t back = delta - k; /* the same diagonal, counted from the end */
        if (delta % 2 != 0 && back > -steps && back < steps && x + other[back] >= n && x <= n &&
            x - k <= m) {
            *ret_meeting = (struct point){box->old_begin + x, box->new_begin + x - k};
            return true;
        }
    }
    return false;
}

static bool step_backward(const struct search *search, const struct box *box, ptrdiff_t steps,
                          struct point *ret_meeting) {
    ptrdiff_t *reach = search->backward + search->middle;
    const ptrdiff_t *other = search->forward + search->middle;
    ptrdiff_t n = box->old_end - box->old_begin;
    ptrdiff_t m = box->new_end - box->new_begin;
    ptrdiff_t delta = n - m;
    for (ptrdiff_t k = -steps; k <= steps; k += 2) {
        bool down = k == -steps || (k != steps && reach[k - 1] < reach[k + 1]);
        ptrdiff_t x = down ? reach[k + 1] : reach[k - 1] + 1;
        while (x >= 0 && x < n && x - k >= 0 && x - k < m &&
               is_equal(search, box->old_end - x - 1, box->new_end - (x - k) - 1)) {
            x++;
        }
        reach[k] = x;
        ptrdiff_t front = delta - k;
        if (delta % 2 == 0 && front >= -steps && front <= steps && x + other[front] >= n &&
            x <= n && x - k <= m) {
            *ret_meeting = (struct point){box->old_end - x, box->new_end - (x - k)};
            return true;
        }
    }
    return false;
}

/* The point inside the box that the search from its beginning has come furthest to. */
static struct point furthest(const struct search *search, const struct box *box, ptrdiff_t steps) {
    const ptrdiff_t *reach = search->forward + search->middle;
    ptrdiff_t n = box->old_end - box->old_begin;
    ptrdiff_t m = box->new_end - box->new_begin;
    struct point best = {box->old_begin, box->new_begin};
    for (ptrdiff_t k = -steps; k <= steps; k += 2) {
        ptrdiff_t x = reach[k];
        ptrdiff_t y = x - k;
        if (x >= 0 && x <= n && y >= 0 && y <= m &&
            x + y > best.old_line - box->old_begin + best.new_line - box->new_begin) {
            best = (struct point){box->old_begin + x, box->new_begin + y};
        }
    }
    return best;
}

/* Where to cut the box in two, both smaller than it. */
static struct point middle_of(const struct search *search, const struct box *box) {
    struct point point = {box->old_begin, box->new_begin};
    search->forward[search->middle + 1] = 0;
    search->backward[search->middle + 1] = 0;
    for (ptrdiff_t steps = 0; steps <= MAX_STEPS; steps++) {
        if (step_forward(search, box, steps, &point) || step_backward(search, box, steps, &point)) {
            return point;
        }
    }
    return furthest(search, box, MAX_STEPS);
}

static void mark(struct lines *lines, ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t i = begin; i < end; i++) {
        lines->changed[i] = true;
    }
}

static void trim(const struct search *search, struct box *box) {
    while (box->old_begin < box->old_end && box->new_begin < box->new_end &&
           is_equal(search, box->old_begin, box->new_begin)) {
        box->old_begin++;
        box->new_begin++;
    }
    while (box->old_begin < box->old_end && box->new_begin < box->new_end &&
           is_equal(search, box->old_end - 1, box->new_end - 1)) {
        box->old_end--;
        box->new_end--;
    }
}

/* The first half by recursion, which halves the edits or takes a MAX_STEPS piece; the second in
 * this loop. So the depth is the logarithm of the edits. */
static void compare(struct search *search, struct box box) {
    for (;;) {
        trim(search, &box);
        if (box.old_begin == box.old_end || box.new_begin == box.new_end) {
            mark(&search->old_lines, box.old_begin, box.old_end);
            mark(&search->new_lines, box.new_begin, box.new_end);
            return;
        }
        struct point point = middle_of(search, &box);
        compare(search, (struct box){box.old_begin, point.old_line, box.new_begin, point.new_line});
        box.old_begin = point.old_line;
        box.new_begin = point.new_line;
    }
}

static int find_changes(struct search *search, struct arena *arena, struct err *err) {
    size_t n = 2 * (size_t)MAX_STEPS + 3;
    search->middle = MAX_STEPS + 1;
    search->forward = ARENA_ARRAY(arena, n, ptrdiff_t);
    search->backward = ARENA_ARRAY(arena, n, ptrdiff_t);
    if (!search->forward || !search->backward) {
        return err_out_of_memory(err, "diff");
    }
    compare(search, (struct box){.old_end = (ptrdiff_t)search->old_lines.n,
                                 .new_end = (ptrdiff_t)search->new_lines.n});
    return 0;
}

/* --- printing --- */

struct printer {
    const struct text_diff_options *options;
    const struct lines *old_lines, *new_lines;
    struct buf *out;
};

static void colour(const struct printer *printer, const char *sequence) {
    if (printer->options->is_coloured) {
        buf_append_str(printer->out, sequence);
    }
}

static void print_visibly(struct buf *out, struct view text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            buf_append_char(out, '^');
            buf_append_char(out, (char)(c ^ 0x40));
        } else {
            buf_append_char(out, text.data[i]);
        }
    }
}

static void print_line(const struct printer *printer, char sign, struct view line) {
    bool ends = view_ends_with(line, VIEW("\n"));
    struct view text = view_slice(line, 0, line.len - (ends ? 1 : 0));
    const char *sequence = sign == '-' ? COLOUR_REMOVED : sign == '+' ? COLOUR_ADDED : "";
    colour(printer, sequence);
    buf_append_char(printer->out, sign);
    if (printer->options->is_coloured) {
        /* The CR of a CRLF is in each line: it would only be noise. */
        print_visibly(printer->out,
                      view_ends_with(text, VIEW("\r")) ? view_slice(text, 0, text.len - 1) : text);
    } else {
        buf_append(printer->out, text);
    }
    if (sequence[0] != '\0') {
        colour(printer, COLOUR_END);
    }
    buf_append_str(printer->out, ends ? "\n" : "\n\\ No newline at end of file\n");
}

/* "12,3"; an empty range is said by the line before it. */
static void print_range(struct buf *out, size_t begin, size_t n) {
    buf_append_i64(out, (int64_t)(n > 0 ? begin + 1 : begin));
    if (n != 1) {
        buf_append_char(out, ',');
        buf_append_i64(out, (int64_t)n);
    }
}

/* A hunk: old lines [old_begin, old_end) and the new ones that stand for them. */
struct hunk {
    size_t old_begin, old_end, new_begin, new_end;
};

static bool is_changed(const struct lines *lines, size_t i) {
    return i < lines->n && lines->changed[i];
}

/* Steps over changed lines on both sides. */
static void skip_changes(const struct printer *printer, size_t *old_line, size_t *new_line) {
    while (is_changed(printer->old_lines, *old_line)) {
        (*old_line)++;
    }
    while (is_changed(printer->new_lines, *new_line)) {
        (*new_line)++;
    }
}

/* From a first change at (old_line, new_line): further changes belong to the hunk as long as no
 * more than two contexts of unchanged lines are in between. */
static struct hunk hunk_at(const struct printer *printer, size_t old_line, size_t new_line) {
    size_t context = printer->options->context;
    size_t before = old_line < context ? old_line : context;
    struct hunk hunk = {.old_begin = old_line - before, .new_begin = new_line - before};
    for (;;) {
        skip_changes(printer, &old_line, &new_line);
        size_t same = 0;
        while (old_line + same < printer->old_lines->n &&
               !is_changed(printer->old_lines, old_line + same) &&
               !is_changed(printer->new_lines, new_line + same)) {
            same++;
        }
        bool is_last =
            old_line + same == printer->old_lines->n && new_line + same == printer->new_lines->n;
        if (is_last || same > 2 * context) {
            size_t after = same < context ? same : context;
            hunk.old_end = old_line + after;
            hunk.new_end = new_line + after;
            return hunk;
        }
        old_line += same;
        new_line += same;
    }
}

static void print_hunk(const struct printer *printer, const struct hunk *hunk) {
    struct buf *out = printer->out;
    colour(printer, COLOUR_PLACE);
    buf_append_str(out, "@@ -");
    print_range(out, hunk->old_begin, hunk->old_end - hunk->old_begin);
    buf_append_str(out, " +");
    print_range(out, hunk->new_begin, hunk->new_end - hunk->new_begin);
    buf_append_str(out, " @@");
    colour(printer, COLOUR_END);
    buf_append_char(out, '\n');
    size_t new_line = hunk->new_begin;
    for (size_t old_line = hunk->old_begin; old_line < hunk->old_end || new_line < hunk->new_end;) {
        if (old_line < hunk->old_end && printer->old_lines->changed[old_line]) {
            print_line(printer, '-', printer->old_lines->at[old_line++].text);
        } else if (new_line < hunk->new_end && printer->new_lines->changed[new_line]) {
            print_line(printer, '+', printer->new_lines->at[new_line++].text);
        } else {
            print_line(printer, ' ', printer->old_lines->at[old_line++].text);
            new_line++;
        }
    }
}

static void print_name(const struct printer *printer, const char *sign, const char *name) {
    colour(printer, COLOUR_NAMES);
    buf_appendf(printer->out, "%s %s", sign, name);
    colour(printer, COLOUR_END);
    buf_append_char(printer->out, '\n');
}

static void print_all(const struct printer *printer) {
    size_t old_line = 0;
    size_t new_line = 0;
    print_name(printer, "---", printer->options->old_name);
    print_name(printer, "+++", printer->options->new_name);
    while (old_line < printer->old_lines->n || new_line < printer->new_lines->n) {
        if (!is_changed(printer->old_lines, old_line) &&
            !is_changed(printer->new_lines, new_line)) {
            old_line++;
            new_line++;
            continue;
        }
        struct hunk hunk = hunk_at(printer, old_line, new_line);
        print_hunk(printer, &hunk);
        old_line = hunk.old_end;
        new_line = hunk.new_end;
    }
}

int text_diff(struct view old_text, struct view new_text, const struct text_diff_options *options,
              struct arena *arena, struct buf *out, struct err *err) {
    struct search search = {0};
    if (view_equal(old_text, new_text)) {
        return 0;
    }
    if (split(old_text, arena, &search.old_lines, err) < 0 ||
        split(new_text, arena, &search.new_lines, err) < 0 ||
        find_changes(&search, arena, err) < 0) {
        return -1;
    }
    print_all(&(struct printer){options, &search.old_lines, &search.new_lines, out});
    return buf_check(out, "diff", err);
}
