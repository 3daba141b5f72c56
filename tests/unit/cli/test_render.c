/* render.h: each form gives back what went in to the program that reads it, and the function that
 * has these variables looks for each image where the file says it is. */

#include "cli/settings/check.h"
#include "cli/settings/render.h"
#include "handlers/deploy/target.h"
#include "runtime/base/json.h"
#include "tests/unit/cli/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEXT_BYTES ((size_t)1024 * 1024)

static const char *const odd[] = {
    "",     "a",     "a b",  "'",   "''",  "\"",       "\\",       "\\\\'", "$HOME",   "$(id)",
    "`id`", "!x",    "a\nb", "\t",  "*",   "?",        "[a]",      "{a,b}", "~",       "#a",
    "a#b",  "a;b",   "a&b",  "a|b", "<a",  "a=b",      "-n",       "--x",   "${x}",    "%{x}",
    "$${",  "%%{if", "$",    "%",   "${{", "\x01\x7f", "ä—\u2028", "a,b",   "\\u0041", "$\"{"};

#define N_ODD (sizeof(odd) / sizeof(odd[0]))

/* --- a shell --- */

/* What a shell makes of `printf %s WORDS`. */
static void ask_shell(const struct buf *words, char *answer, size_t size) {
    struct buf command BUF_AUTO = BUF_INIT(TEXT_BYTES);
    buf_appendf(&command, "printf '%%s|' %s", buf_cstr(words));
    FILE *shell = popen(buf_cstr(&command), "re");
    assert_non_null(shell);
    size_t n = fread(answer, 1, size - 1, shell);
    answer[n] = '\0';
    assert_int_equal(pclose(shell), 0);
}

static void a_shell_reads_a_word_as_it_was(void **state) {
    (void)state;
    struct buf words BUF_AUTO = BUF_INIT(TEXT_BYTES);
    struct buf expected BUF_AUTO = BUF_INIT(TEXT_BYTES);
    char answer[8192];
    for (size_t i = 0; i < N_ODD; i++) {
        render_append_shell_word(&words, view_of(odd[i]));
        buf_append_char(&words, ' ');
        buf_appendf(&expected, "%s|", odd[i]);
    }
    for (char c = 1; c < 0x7f; c++) { /* each byte alone, and after a plain one */
        const char text[] = {'a', c, '\0'};
        render_append_shell_word(&words, view_of(text + 1));
        buf_append_char(&words, ' ');
        render_append_shell_word(&words, view_of(text));
        buf_append_char(&words, ' ');
        buf_appendf(&expected, "%s|%s|", text + 1, text);
    }
    ask_shell(&words, answer, sizeof(answer));
    assert_string_equal(answer, buf_cstr(&expected));
}

static void a_plain_word_is_not_quoted(void **state) {
    (void)state;
    struct buf word BUF_AUTO = BUF_INIT(TEXT_BYTES);
    render_append_shell_word(&word, VIEW("ProjectName=my-project_1.2:3/4@5,6%+"));
    assert_string_equal(buf_cstr(&word), "ProjectName=my-project_1.2:3/4@5,6%+");
}

/* --- Terraform --- */

/* The quoted text as Terraform reads it: escapes, and doubled introducers of templates. */
static void read_hcl(const char *text, struct buf *out) {
    assert_int_equal(*text++, '"');
    while (*text != '"') {
        assert_int_not_equal(*text, '\0');
        assert_int_not_equal(*text, '\n');
        bool begins_template = (text[0] == '$' || text[0] == '%') && text[1] == '{';
        assert_false(begins_template);
        if ((text[0] == '$' || text[0] == '%') && text[1] == text[0] && text[2] == '{') {
            buf_append_char(out, *text);
            buf_append_char(out, '{');
            text += 3;
        } else if (*text == '\\' && text[1] == 'u') {
            char digits[5] = {0};
            memcpy(digits, text + 2, 4);
            buf_append_char(out, (char)strtol(digits, NULL, 16));
            text += 6;
        } else if (*text == '\\') {
            assert_non_null(strchr("\"\\", text[1]));
            buf_append_char(out, text[1]);
            text += 2;
        } else {
            buf_append_char(out, *text++);
        }
    }
    assert_string_equal(text, "\"");
}

static void terraform_reads_a_string_as_it_was(void **state) {
    (void)state;
    for (size_t i = 0; i < N_ODD; i++) {
        struct buf text BUF_AUTO = BUF_INIT(TEXT_BYTES);
        struct buf back BUF_AUTO = BUF_INIT(TEXT_BYTES);
        render_append_hcl_string(&text, view_of(odd[i]));
        read_hcl(buf_cstr(&text), &back);
        assert_string_equal(buf_cstr(&back), odd[i]);
    }
}

/* --- SAM --- */

/* A word as SAM reads it (its types.py): a value in double quotes, with \" inside, is without. */
static void read_sam(const char *word, struct buf *out) {
    const char *value = strchr(word, '=');
    assert_non_null(value);
    value++;
    size_t len = strlen(value);
    bool is_quoted = len >= 2 && value[0] == '"' && value[len - 1] == '"';
    const char *end = value + len - is_quoted;
    for (const char *c = value + is_quoted; c < end; c++) {
        bool is_escape = *c == '\\' && (c[1] == '"' || c[1] == '\'' || c[1] == ' ');
        c += is_escape;
        buf_append_char(out, *c);
    }
    assert_true(is_quoted || strpbrk(value, " \"'") == NULL);
}

static void sam_reads_a_value_as_it_was(void **state) {
    (void)state;
    static const char *const values[] = {
        "", "myproject", "{}", "{\"backend\":{},\"a\":{\"repository\":\"team/a\"}}", "a,b", "a b"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct buf words BUF_AUTO = BUF_INIT(TEXT_BYTES);
        struct buf back BUF_AUTO = BUF_INIT(TEXT_BYTES);
        char word[1024];
        const struct rendered rendered = {
            .variables = {{"ECS_SERVICE_MAP", "EcsServiceMap", view_of(values[i])}}, .n = 1};
        render_sam(&rendered, &words);
        assert_true(view_ends_with(buf_view(&words), VIEW("\n")));
        ask_shell(&words, word, sizeof(word));
        assert_true(view_ends_with(view_of(word), VIEW("|")));
        word[strlen(word) - 1] = '\0';
        read_sam(word, &back);
        assert_string_equal(buf_cstr(&back), values[i]);
    }
}

/* --- the function --- */

struct variables {
    const struct rendered *rendered;
    struct view region, account;
};

static const char *get_variable(const void *state, const char *name) {
    const struct variables *variables = state;
    for (size_t i = 0; i < variables->rendered->n; i++) {
        if (strcmp(name, variables->rendered->variables[i].name) == 0) {
            return variables->rendered->variables[i].value.data;
        }
    }
    return strcmp(name, "AWS_REGION") == 0 ? variables->region.data : NULL;
}

static void assert_repository(const struct config *config, const struct settings *settings,
                              const struct workload *workload, struct arena *arena) {
    struct settings_repository expected;
    struct target target;
    struct err err;
    err_init(&err);
    assert_int_equal(settings_repository(settings, workload, arena, &expected, &err), 0);
    struct view name = workload ? workload->name.text : VIEW("backend");
    assert_int_equal(target_resolve(config, name, arena, &target, &err), 0);
    assert_int_equal(target.kind, workload ? workload_target_kind(workload->kind) : TARGET_SERVICE);
    struct view own =
        settings->account_id.text.len > 0 ? settings->account_id.text : VIEW("<account_id>");
    struct view uri = image_repository_uri(&target.repository, own, arena);
    if (!view_equal(uri, expected.uri)) {
        fail_msg("%s: '" VIEW_FMT "': the function looks in '" VIEW_FMT
                 "', the file says '" VIEW_FMT "'",
                 settings->file, VIEW_ARG(name), VIEW_ARG(uri), VIEW_ARG(expected.uri));
    }
}

/* Whether the file could be rendered. */
static bool check_file(const char *path) {
    struct arena arena ARENA_AUTO = ARENA_INIT((size_t)256 * 1024 * 1024);
    struct problems problems = PROBLEMS_INIT(&arena);
    struct settings settings;
    struct rendered rendered;
    struct config config;
    struct err err;
    size_t len = 0;
    char *text = golden_read(path, &len);
    err_init(&err);
    assert_int_equal(
        settings_read((struct view){text, len}, path, &arena, &problems, &settings, &err), 0);
    bool is_fine = settings.root != NULL;
    if (is_fine) {
        assert_int_equal(check_settings(&settings, 1, &problems, &err), 0);
        is_fine = problems_count(&problems, SEVERITY_ERROR) == 0 &&
                  render(&settings, &arena, &rendered, &err) == 0;
    }
    if (is_fine) {
        const struct variables variables = {&rendered, arena_copy(&arena, settings.region.text),
                                            settings.account_id.text};
        const struct environment env = {.get = get_variable, .state = &variables};
        assert_int_equal(config_load(&env, &arena, &config, &err), 0);
        assert_true(view_equal(config.project, settings.project.text));
        assert_true(view_equal(config.env, settings.env.text));
        assert_int_equal(config.ecr_strategy, settings_strategy(&settings));
        for (size_t i = 0; i <= settings.n_workloads; i++) {
            assert_repository(&config, &settings, i == 0 ? NULL : &settings.workloads[i - 1],
                              &arena);
        }
    }
    free(text);
    return is_fine;
}

/* Every file of every case of a folder of data/; how many could be rendered. */
static size_t check_folder(const char *folder) {
    size_t n_cases;
    size_t n_fine = 0;
    char **cases = golden_list(folder, "", &n_cases);
    for (size_t i = 0; i < n_cases; i++) {
        char path[2 * GOLDEN_PATH_BYTES];
        size_t n;
        snprintf(path, sizeof(path), "%s/%s", folder, cases[i]);
        char **names = golden_list(path, ".yaml", &n);
        for (size_t k = 0; k < n; k++) {
            snprintf(path, sizeof(path), "%s/%s/%s", folder, cases[i], names[k]);
            n_fine += check_file(path);
        }
        golden_free(names, n);
    }
    golden_free(cases, n_cases);
    return n_fine;
}

static void the_function_looks_where_the_file_says(void **state) {
    (void)state;
    assert_true(check_folder(TEST_DATA_DIR "/check") > 20);
    assert_true(check_folder(TEST_DATA_DIR "/migrate") > 5);
    assert_true(check_folder(TEST_DATA_DIR "/render") > 10);
}

/* --- what is printed as JSON --- */

static void json_gives_each_value_back(void **state) {
    (void)state;
    const struct json_limits limits = {.max_bytes = TEXT_BYTES, .max_depth = 2};
    for (size_t i = 0; i < N_ODD; i++) {
        struct buf text BUF_AUTO = BUF_INIT(TEXT_BYTES);
        struct json *json JSON_AUTO = NULL;
        struct err err;
        err_init(&err);
        const struct rendered rendered = {
            .variables = {{"A", "A", VIEW("x")}, {"B", "B", view_of(odd[i])}}, .n = 2};
        render_json(&rendered, &text);
        assert_int_equal(json_parse(buf_view(&text), &limits, "json", &json, &err), 0);
        assert_int_equal(json_count(json), 2);
        assert_true(view_equal(json_string(json_get(json, "A")), VIEW("x")));
        assert_true(view_equal(json_string(json_get(json, "B")), view_of(odd[i])));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shell_reads_a_word_as_it_was),
        cmocka_unit_test(a_plain_word_is_not_quoted),
        cmocka_unit_test(terraform_reads_a_string_as_it_was),
        cmocka_unit_test(sam_reads_a_value_as_it_was),
        cmocka_unit_test(the_function_looks_where_the_file_says),
        cmocka_unit_test(json_gives_each_value_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
