/* What holds for every file that is migrated: all cases of data/migrate, as they are and changed.
 */

#define _GNU_SOURCE /* memmem() */
#include "tests/unit/cli/migrate_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char **cases;
static size_t n_cases;

static void for_each_case(void (*check)(const char *name)) {
    for (size_t i = 0; i < n_cases; i++) {
        check(cases[i]);
    }
}

static void assert_text(const char *name, const struct migrate_file *file, struct view expected) {
    struct view text = file->migration.text;
    size_t at = 0;
    while (at < text.len && at < expected.len && text.data[at] == expected.data[at]) {
        at++;
    }
    if (at < text.len || at < expected.len) {
        struct view got = view_slice(text, at, 200);
        struct view wanted = view_slice(expected, at, 200);
        fail_msg("%s/%s: from byte %zu expected '" VIEW_FMT "', got '" VIEW_FMT "'", name,
                 file->name, at, VIEW_ARG(wanted), VIEW_ARG(got));
    }
}

/* --- lossless --- */

/* Where the number of schema_version stands, if it is a scalar that is there. */
static struct view cut_version(const struct settings *settings, struct view text, struct buf *out) {
    const struct yaml_value *version = settings->schema_version.value;
    if (version == NULL) {
        return text;
    }
    size_t from = version->place.offset;
    size_t to = version->place.end;
    if (!version->is_alias && (text.data[from] == '"' || text.data[from] == '\'')) {
        from++;
        to--;
    }
    buf_append(out, view_slice(text, 0, from));
    buf_append(out, view_slice(text, to, text.len));
    return buf_view(out);
}

/* Each byte of the first text comes in the second one, in order: it was only added to. */
static bool is_within(struct view less, struct view more) {
    size_t k = 0;
    for (size_t i = 0; i < more.len && k < less.len; i++) {
        k += more.data[i] == less.data[k];
    }
    return k == less.len;
}

/* Each line of a file without braces is there as it was, but for that of the version. */
static void assert_lines_stay(const char *name, struct view was, struct view is, size_t version) {
    size_t number = 0;
    struct view line;
    while (view_split(&was, '\n', &line)) {
        struct view now = {0};
        number++;
        if (number == version) {
            continue;
        }
        bool found = false;
        while (!found && view_split(&is, '\n', &now)) {
            found = view_equal(line, now);
            if (was.len == 0) { /* the last line may have ended there */
                found = found || view_equal(view_trim(line), view_trim(now));
            }
        }
        if (!found) {
            fail_msg("%s: line %zu is gone: %.*s", name, number, (int)line.len, line.data);
        }
    }
}

/* Brackets take what is added on their own lines; a CR alone parts lines, too. */
static bool is_in_plain_lines(struct view text) {
    bool has_crlf = memmem(text.data, text.len, "\r\n", 2) != NULL;
    return memchr(text.data, '{', text.len) == NULL && memchr(text.data, '[', text.len) == NULL &&
           (has_crlf || memchr(text.data, '\r', text.len) == NULL);
}

static void is_only_added_to(const char *name) {
    struct migrate_case *c = case_load(name, NULL);
    for (size_t i = 0; i < c->n; i++) {
        const struct migrate_file *file = &c->files[i];
        struct buf cut = BUF_INIT(GOLDEN_MAX_BYTES);
        if (file->result == 0) {
            const struct yaml_value *version = c->settings[i].schema_version.value;
            assert_true(
                is_within(cut_version(&c->settings[i], file->text, &cut), file->migration.text));
            if (is_in_plain_lines(file->text)) {
                assert_lines_stay(name, file->text, file->migration.text,
                                  version ? version->place.line : 0);
            }
        }
        buf_release(&cut);
    }
    case_free(c);
}

static void every_case_is_only_added_to(void **state) {
    (void)state;
    for_each_case(is_only_added_to);
}

/* --- again --- */

static void assert_settled(const char *name, const struct migrate_case *c) {
    struct migrate_case *again = calloc(1, sizeof(*again));
    again->arena = ARENA_INIT((size_t)256 * 1024 * 1024);
    for (size_t i = 0; i < c->n; i++) {
        const struct migrate_file *file = &c->files[i];
        case_add(again, file->name, file->result == 0 ? file->migration.text : file->text);
    }
    case_migrate(again);
    for (size_t i = 0; i < c->n; i++) {
        const struct migrate_file *file = &again->files[i];
        assert_int_equal(file->result, c->files[i].result);
        if (file->result == 0) {
            assert_false(file->migration.is_changed);
            assert_true(file->migration.from >= SETTINGS_VERSION_NEWEST);
            assert_int_equal(file->migration.n_notes, 0);
            assert_text(name, file, file->text);
        }
    }
    case_free(again);
}

static void a_second_time_changes_nothing(const char *name) {
    struct migrate_case *c = case_load(name, NULL);
    assert_settled(name, c);
    case_free(c);
}

static void no_case_changes_a_second_time(void **state) {
    (void)state;
    for_each_case(a_second_time_changes_nothing);
}

/* --- the same file, otherwise ended, marked or indented --- */

static void to_crlf(struct view text, struct buf *out) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r')) {
            buf_append_char(out, '\r');
        }
        buf_append_char(out, text.data[i]);
    }
}

static void to_marked(struct view text, struct buf *out) {
    if (!view_starts_with(text, VIEW("\xEF\xBB\xBF"))) {
        buf_append_str(out, "\xEF\xBB\xBF");
    }
    buf_append(out, text);
}

static void to_unended(struct view text, struct buf *out) {
    size_t n = text.len;
    n -= n > 0 && text.data[n - 1] == '\n';
    n -= n > 0 && n < text.len && text.data[n - 1] == '\r';
    buf_append(out, view_slice(text, 0, n));
}

static bool is_regular(struct view text) {
    return memchr(text.data, '\r', text.len) == NULL;
}

/* migrate(change(x)) is change(migrate(x)). */
static void assert_commutes(const char *name, case_change *change) {
    struct migrate_case *c = case_load(name, NULL);
    struct migrate_case *changed = case_load(name, change);
    for (size_t i = 0; i < c->n; i++) {
        const struct migrate_file *file = &c->files[i];
        struct buf expected = BUF_INIT(GOLDEN_MAX_BYTES);
        if (file->result == 0 && is_regular(file->text)) {
            change(file->migration.text, &expected);
            if (changed->files[i].result < 0) {
                fail_msg("%s: %s", name, changed->files[i].err.message);
            }
            assert_text(name, &changed->files[i], buf_view(&expected));
        }
        buf_release(&expected);
    }
    case_free(changed);
    case_free(c);
}

static void with_crlf(const char *name) {
    assert_commutes(name, to_crlf);
}

static void with_a_byte_order_mark(const char *name) {
    assert_commutes(name, to_marked);
}

static void without_the_last_lines_end(const char *name) {
    assert_commutes(name, to_unended);
}

static void every_case_with_crlf(void **state) {
    (void)state;
    for_each_case(with_crlf);
}

static void every_case_with_a_byte_order_mark(void **state) {
    (void)state;
    for_each_case(with_a_byte_order_mark);
}

static void every_case_without_its_last_lines_end(void **state) {
    (void)state;
    for_each_case(without_the_last_lines_end);
}

/* --- those that are refused say where --- */

static void is_refused_with_its_place(const char *name) {
    struct migrate_case *c = case_load(name, NULL);
    bool is_refused = view_starts_with(view_of(name), VIEW("refused-"));
    for (size_t i = 0; i < c->n; i++) {
        const struct migrate_file *file = &c->files[i];
        if (is_refused != (file->result < 0)) {
            fail_msg("%s: %s", name, file->result < 0 ? file->err.message : "is not refused");
        }
        if (is_refused && c->settings[i].root != NULL) {
            assert_int_equal(file->err.code, ERR_CONFIG_INVALID);
            assert_true(view_starts_with(view_of(file->err.message), view_of(file->name)));
            assert_true(file->err.remedy[0] != '\0');
        }
    }
    case_free(c);
}

static void what_is_refused_says_where(void **state) {
    (void)state;
    for_each_case(is_refused_with_its_place);
}

/* --- large --- */

/* Each service has a comment of that many bytes. */
static void append_services(struct buf *text, int n, int comment_bytes, const char *config) {
    for (int i = 0; i < n; i++) {
        buf_appendf(text, "  - name: service-%d # %0*d\n    port: %d\n%s", i, comment_bytes, i, i,
                    config);
    }
}

static struct migrate_case *migrate_text(const struct buf *text) {
    struct migrate_case *c = calloc(1, sizeof(*c));
    c->arena = ARENA_INIT((size_t)512 * 1024 * 1024);
    case_add(c, "dev.yaml", buf_view(text));
    case_migrate(c);
    return c;
}

static void a_hundred_kilobytes(void **state) {
    (void)state;
    struct buf text BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    struct buf expected BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    buf_append_str(&text, "env: dev\nservices:\n");
    buf_append_str(&expected, "env: dev\necr_strategy: local\necr_trusted_accounts: []\n"
                              "schema_version: 10\nservices:\n");
    append_services(&text, SETTINGS_MAX_ITEMS, 100, "");
    append_services(&expected, SETTINGS_MAX_ITEMS, 100,
                    "    ecr_config:\n      mode: create_ecr\n");
    assert_true(text.len > (size_t)100 * 1024);
    struct migrate_case *c = migrate_text(&text);
    assert_int_equal(c->files[0].result, 0);
    assert_text("large", &c->files[0], buf_view(&expected));
    assert_int_equal(c->files[0].migration.n_notes, SETTINGS_MAX_ITEMS + 2);
    case_free(c);
}

static void assert_refused(const struct buf *text, const char *message) {
    struct migrate_case *c = migrate_text(text);
    assert_int_equal(c->files[0].result, -1);
    assert_string_equal(c->files[0].err.message, message);
    case_free(c);
}

/* What the reader leaves out would be without an ecr_config for ever after. */
static void more_items_than_are_read(void **state) {
    (void)state;
    struct buf text BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    buf_append_str(&text, "env: dev\nservices:\n");
    append_services(&text, SETTINGS_MAX_ITEMS + 1, 1, "");
    assert_refused(&text, "dev.yaml:2003:5: 'services' has more than 1000 items");
}

/* What comes out would be more than the reader takes. */
static void too_large_with_what_is_added(void **state) {
    (void)state;
    struct buf text BUF_AUTO = BUF_INIT(GOLDEN_MAX_BYTES);
    buf_append_str(&text, "env: dev\nservices:\n");
    append_services(&text, SETTINGS_MAX_ITEMS, 1000, "");
    assert_true(text.len < YAML_MAX_BYTES);
    assert_refused(&text, "dev.yaml:1:1: with what is added it cannot be read: the file has more "
                          "than 1048576 bytes");
}

/* Memory may end anywhere: that is an error and nothing else. */
static void any_memory_is_enough_or_said_to_be_too_little(void **state) {
    (void)state;
    static const char text[] = "env: prod\nproject: p\nregion: us-east-1\naccount_id: '1'\n"
                               "services:\n  - name: a\n  - {name: b}\n";
    static const char other[] = "env: x\naccount_id: '2'\necr_account_id: '1'\n";
    size_t n_failed = 0;
    for (size_t bytes = 4096; bytes < (size_t)1024 * 1024; bytes += 512) {
        struct arena enough ARENA_AUTO = ARENA_INIT((size_t)64 * 1024 * 1024);
        struct arena arena ARENA_AUTO = ARENA_INIT(bytes);
        struct settings settings[2];
        struct migration migration;
        struct problems problems = PROBLEMS_INIT(&enough);
        struct err err;
        err_init(&err);
        assert_int_equal(settings_read(view_of(text), "a", &enough, &problems, &settings[0], &err),
                         0);
        assert_int_equal(settings_read(view_of(other), "b", &enough, &problems, &settings[1], &err),
                         0);
        if (migrate(&settings[0], view_of(text), settings, 2, &arena, &migration, &err) == 0) {
            assert_true(n_failed > 0);
            assert_true(migration.is_changed);
            return;
        }
        assert_int_equal(err.code, ERR_OUT_OF_MEMORY);
        n_failed++;
    }
    fail_msg("a megabyte is not enough");
}

int main(void) {
    cases = golden_list(CASES_FOLDER, "", &n_cases);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_only_added_to),
        cmocka_unit_test(no_case_changes_a_second_time),
        cmocka_unit_test(every_case_with_crlf),
        cmocka_unit_test(every_case_with_a_byte_order_mark),
        cmocka_unit_test(every_case_without_its_last_lines_end),
        cmocka_unit_test(what_is_refused_says_where),
        cmocka_unit_test(a_hundred_kilobytes),
        cmocka_unit_test(more_items_than_are_read),
        cmocka_unit_test(too_large_with_what_is_added),
        cmocka_unit_test(any_memory_is_enough_or_said_to_be_too_little),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    golden_free(cases, n_cases);
    return failed;
}
