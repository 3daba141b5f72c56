#ifndef SLIPWAY_TESTS_CLI_AWS_STAND_IN_H
#define SLIPWAY_TESTS_CLI_AWS_STAND_IN_H

/*
 * What a command says to AWS's answers, compared with a file that a person can read; golden.h for
 * commands that ask AWS. Included once in a program: it takes the place of libcurl's http.
 *
 * A case is a folder with
 *
 *     setting               NAME=value lines: environment variables (over those of `defaults`
 *                           below), and in lower case what the terminal is: see struct setting
 *     DescribeServices.json, DescribeServices.2.json, …
 *                           what AWS answers to the first call, to the second, …; the last of them
 *                           to all that follow, and where there is none, the one of data/aws. One
 *                           with "__type" is an error.
 *     DescribeTaskDefinition@41.json, DescribeTaskDefinition@other.json
 *                           the answer for that revision, and for those that have none, whenever
 *                           they are asked for
 *     NAME.expected         as in golden.h, and behind "--- asked" what AWS was asked, in order;
 *                           of what writes, with the body
 */

#include "tests/unit/cli/golden.h"
#include "tests/unit/handlers/fake_http.h"

#include "runtime/http/http_curl.h"

#include <sys/stat.h>

/* What a test that makes allocations fail does around those of the stand-in itself. */
#ifndef STAND_IN_BEGIN
#define STAND_IN_BEGIN() ((void)0)
#define STAND_IN_END() ((void)0)
#endif

#define STAND_IN_MAX_VARIABLES 40
#define STAND_IN_MAX_OPERATIONS 32
#define STAND_IN_WALL_MS INT64_C(1795214344000) /* 2026-11-20T22:39:04Z */

struct setting {
    char *text; /* owned: the lines, cut */
    const char *names[STAND_IN_MAX_VARIABLES];
    const char *values[STAND_IN_MAX_VARIABLES];
    size_t n;
};

struct stand_in {
    struct fake_http fake;
    struct fake_clock clock;
    const struct setting *setting;
    struct buf asked;
    char last[64]; /* operation, and how often in a row */
    int n_last;
    char operations[STAND_IN_MAX_OPERATIONS][64];
    int calls[STAND_IN_MAX_OPERATIONS];
    size_t n_operations;
    volatile sig_atomic_t interrupted;
    bool catches;
    int64_t interrupt_after_ms; /* of sleeping; 0: never */
};

static struct stand_in *stand_in;

/* --- the setting --- */

static const char *const stand_in_defaults[][2] = {
    {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
    {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
    {"AWS_REGION", "us-east-1"},
    {"AWS_ACCOUNT_ID", "222222222222"},
    {"HOME", "/nonexistent"},
    {"PROJECT_NAME", "myproject"},
    {"PROJECT_ENV", "prod"},
    {"ECR_STRATEGY", "cross_account"},
    {"ECR_ACCOUNT_ID", "111111111111"},
    {"ECR_ACCOUNT_REGION", "us-east-1"},
};

/* NULL: not set, or empty. */
static inline const char *setting_get(const void *state, const char *name) {
    const struct setting *setting = state;
    for (size_t i = 0; i < setting->n; i++) {
        if (strcmp(setting->names[i], name) == 0) {
            return setting->values[i][0] != '\0' ? setting->values[i] : NULL;
        }
    }
    for (size_t i = 0; i < sizeof(stand_in_defaults) / sizeof(stand_in_defaults[0]); i++) {
        if (strcmp(stand_in_defaults[i][0], name) == 0) {
            return stand_in_defaults[i][1];
        }
    }
    return NULL;
}

static inline int64_t setting_number(const struct setting *setting, const char *name) {
    int64_t number = 0;
    const char *text = setting_get(setting, name);
    if (text != NULL && !view_to_i64(view_of(text), &number)) {
        golden_fail(name, "is no number");
    }
    return number;
}

static inline void setting_read(struct setting *setting) {
    size_t len;
    *setting = (struct setting){.text = golden_read("setting", &len)};
    for (char *rest = setting->text, *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *value = strchr(line, '=');
        if (value != NULL && setting->n < STAND_IN_MAX_VARIABLES) {
            *value = '\0';
            setting->names[setting->n] = line;
            setting->values[setting->n++] = value + 1;
        }
    }
}

/* --- answers --- */

static inline int stand_in_count(const char *operation) {
    size_t i = 0;
    while (i < stand_in->n_operations && strcmp(stand_in->operations[i], operation) != 0) {
        i++;
    }
    if (i == STAND_IN_MAX_OPERATIONS) {
        golden_fail(operation, "is one operation too many");
    }
    if (i == stand_in->n_operations) {
        snprintf(stand_in->operations[i], sizeof(stand_in->operations[i]), "%s", operation);
        stand_in->n_operations++;
    }
    return ++stand_in->calls[i];
}

/* "41" of a request for family:41; empty where there is no revision. */
static inline struct view stand_in_revision(struct view body) {
    static const struct view member = VIEW("\"taskDefinition\":\"");
    struct view revision = {0};
    struct view more;
    while (body.len > 0 && !view_starts_with(body, member)) {
        body = view_slice(body, 1, body.len);
    }
    body = view_slice(body, member.len, body.len);
    return view_cut(body, '"', &body, &more) && view_cut_last(body, ':', &more, &revision)
               ? revision
               : (struct view){0};
}

/* As golden_read(), and quick enough for thousands of times. */
static inline char *stand_in_read(const char *path, size_t *ret_len) {
    FILE *stream = fopen(path, "rbe");
    struct stat status;
    if (stream == NULL || fstat(fileno(stream), &status) != 0) {
        golden_fail(path, "no such answer");
        return NULL;
    }
    char *text = malloc((size_t)status.st_size + 1);
    if (text == NULL) {
        golden_fail(path, "no memory");
        return NULL;
    }
    *ret_len = fread(text, 1, (size_t)status.st_size, stream);
    text[*ret_len] = '\0';
    fclose(stream);
    return text;
}

/* The newest of the numbered answers up to this call's; the caller frees it. */
static inline char *stand_in_answer(const char *operation, struct view body, int number,
                                    size_t *ret_len) {
    char path[GOLDEN_PATH_BYTES];
    struct view revision = stand_in_revision(body);
    snprintf(path, sizeof(path), "%s@" VIEW_FMT ".json", operation, VIEW_ARG(revision));
    if (revision.len > 0 && access(path, R_OK) != 0) {
        snprintf(path, sizeof(path), "%s@other.json", operation);
    }
    if (revision.len > 0 && access(path, R_OK) == 0) {
        return stand_in_read(path, ret_len);
    }
    for (; number > 1; number--) {
        snprintf(path, sizeof(path), "%s.%d.json", operation, number);
        if (access(path, R_OK) == 0) {
            return stand_in_read(path, ret_len);
        }
    }
    snprintf(path, sizeof(path), "%s.json", operation);
    if (access(path, R_OK) != 0) {
        snprintf(path, sizeof(path), TEST_DATA_DIR "/aws/%s.json", operation);
    }
    return stand_in_read(path, ret_len);
}

static inline bool stand_in_writes(const char *operation) {
    static const char *const reads[] = {"Describe", "List", "Get", "BatchGet"};
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        if (strncmp(operation, reads[i], strlen(reads[i])) == 0) {
            return false;
        }
    }
    return true;
}

/* "Action=GetCallerIdentity&…" of the query protocol. */
static inline struct view stand_in_operation(const struct http_exchange *exchange) {
    struct view operation = fake_any_operation(exchange);
    struct view rest;
    if (operation.len == 0 && view_starts_with(exchange->body, VIEW("Action="))) {
        operation = view_slice(exchange->body, strlen("Action="), exchange->body.len);
        (void)view_cut(operation, '&', &operation, &rest);
    }
    return operation;
}

static inline void stand_in_end_note(struct stand_in *s) {
    if (s->n_last > 1) {
        buf_appendf(&s->asked, " (%d)", s->n_last);
    }
    buf_append_str(&s->asked, s->n_last > 0 ? "\n" : "");
    s->n_last = 0;
}

/* A line for each call; equal reads share one. */
static inline void stand_in_note(struct stand_in *s, const char *operation, struct view body) {
    bool writes = stand_in_writes(operation);
    if (writes || s->n_last == 0 || strcmp(s->last, operation) != 0) {
        stand_in_end_note(s);
        buf_append_str(&s->asked, operation);
    }
    if (writes) {
        buf_append_char(&s->asked, ' ');
        buf_append(&s->asked, body);
    }
    snprintf(s->last, sizeof(s->last), "%s", operation);
    s->n_last++;
    if (writes) {
        stand_in_end_note(s);
    }
}

static inline void stand_in_respond(void *state, struct http_exchange *exchange) {
    struct stand_in *s = state;
    char operation[64];
    size_t len = 0;
    STAND_IN_BEGIN();
    snprintf(operation, sizeof(operation), VIEW_FMT, VIEW_ARG(stand_in_operation(exchange)));
    char *text = stand_in_answer(operation, exchange->body, stand_in_count(operation), &len);
    bool is_error = strstr(text, "\"__type\"") != NULL || strstr(text, "<Error>") != NULL;
    stand_in_note(s, operation, exchange->body);
    fake_respond(exchange, is_error ? 400 : 200, (struct view){text, len});
    free(text);
    STAND_IN_END();
}

/* Where nothing is under way, a wait is a sleep. */
static inline struct http_exchange *stand_in_wait(void *state, int64_t timeout_ms) {
    struct http_exchange *ended = fake_http_wait(state, timeout_ms);
    if (ended == NULL && timeout_ms > 0) {
        clock_sleep_ms(&stand_in->clock.clock, timeout_ms);
    }
    return ended;
}

int http_curl_new(const struct http_curl_options *options, struct http *ret_http, struct err *err) {
    static const struct http_ops ops = {.start = fake_http_start,
                                        .wait = stand_in_wait,
                                        .cancel = fake_http_cancel,
                                        .warm = fake_http_warm};
    (void)options;
    (void)err;
    *ret_http = (struct http){.ops = &ops, .state = &stand_in->fake};
    return 0;
}

void http_curl_free(struct http *http) {
    *http = (struct http){0};
}

/* --- the terminal --- */

static inline void stand_in_sleep(void *state, int64_t duration_ms) {
    fake_clock_sleep(state, duration_ms);
    struct fake_clock *clock = state;
    if (stand_in->interrupt_after_ms > 0 && clock->slept_ms >= stand_in->interrupt_after_ms) {
        if (!stand_in->catches) {
            golden_fail("Ctrl-C", "would have ended the process");
        }
        stand_in->interrupted = 1;
    }
}

static inline void stand_in_catch(void) {
    stand_in->catches = true;
}

static inline void stand_in_init(struct stand_in *s, const struct setting *setting) {
    *s = (struct stand_in){.setting = setting, .asked = BUF_INIT(GOLDEN_MAX_BYTES)};
    fake_http_init(&s->fake);
    s->fake.answer = stand_in_respond;
    s->fake.state = s;
    fake_clock_init(&s->clock, STAND_IN_WALL_MS);
    s->clock.clock.sleep_ms = stand_in_sleep;
    s->interrupt_after_ms = setting_number(setting, "interrupt_after_ms");
    stand_in = s;
}

/* Runs it in the current folder; the words are cut, '' is an empty one. */
static inline int stand_in_cli(struct stand_in *s, char *command_line, FILE *out, FILE *err) {
    struct arena arena = ARENA_INIT((size_t)256 * 1024 * 1024);
    const struct environment env = {.get = setting_get, .state = s->setting};
    const char *typed = setting_get(s->setting, "typed");
    char *words[GOLDEN_MAX_WORDS + 1] = {0};
    char answers[64];
    int n = 0;
    for (char *rest = command_line, *word; (word = strsep(&rest, " ")) != NULL;) {
        if (word[0] != '\0' && n < GOLDEN_MAX_WORDS) {
            words[n++] = strcmp(word, "''") == 0 ? word + 2 : word;
        }
    }
    /* "yny" are three lines. */
    size_t len = 0;
    for (; typed != NULL && *typed != '\0' && len + 2 < sizeof(answers); typed++) {
        answers[len++] = *typed;
        answers[len++] = '\n';
    }
    FILE *in = fmemopen(answers, len > 0 ? len : 1, "r");
    if (len == 0) {
        (void)fgetc(in); /* closed */
    }
    struct cli cli = {
        .env = &env,
        .clock = &s->clock.clock,
        .in = in,
        .out = out,
        .err = err,
        .colours = setting_number(s->setting, "colours") != 0,
        .is_interactive = setting_number(s->setting, "interactive") != 0,
        .columns = (size_t)setting_number(s->setting, "columns"),
        .out_columns = (size_t)setting_number(s->setting, "out_columns"),
        .interrupted = &s->interrupted,
        .catch_interrupts = stand_in_catch,
        .arena = &arena,
    };
    int status = cli_run(&cli, n, words);
    fclose(in);
    arena_release(&arena);
    return status;
}

static inline void stand_in_run(char *command_line, struct buf *transcript) {
    struct setting setting;
    struct stand_in s;
    char *said[2] = {0};
    size_t lengths[2];
    setting_read(&setting);
    stand_in_init(&s, &setting);
    FILE *out = open_memstream(&said[0], &lengths[0]);
    FILE *err = open_memstream(&said[1], &lengths[1]);
    int status = stand_in_cli(&s, command_line, out, err);
    fclose(out);
    fclose(err);
    stand_in_end_note(&s);
    buf_append(transcript, (struct view){said[0], lengths[0]});
    if (lengths[1] > 0) {
        buf_append_str(transcript, "--- stderr\n");
        buf_append(transcript, (struct view){said[1], lengths[1]});
    }
    if (s.asked.len > 0) {
        buf_append_str(transcript, "--- asked\n");
        buf_append(transcript, buf_view(&s.asked));
    }
    if (status != EXIT_STATUS_DONE) {
        buf_appendf(transcript, "--- exit %d\n", status);
    }
    free(said[0]);
    free(said[1]);
    free(setting.text);
    buf_release(&s.asked);
    stand_in = NULL;
}

/* As golden_check(). */
static inline bool stand_in_check(const char *path) {
    struct buf transcript = BUF_INIT(GOLDEN_MAX_BYTES);
    size_t len = 0;
    char *expected = golden_read(path, &len);
    if (expected == NULL || strncmp(expected, "$ ", 2) != 0 || strchr(expected, '\n') == NULL) {
        golden_fail(path, "does not begin with a command line");
        return false;
    }
    *strchr(expected, '\n') = '\0';
    buf_appendf(&transcript, "%s\n", expected);
    stand_in_run(expected + 2, &transcript);
    bool is_same = golden_matches(path, buf_view(&transcript));
    free(expected);
    buf_release(&transcript);
    return is_same;
}

#endif
