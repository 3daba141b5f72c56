/* Each allocation of a command fails once, and once from there on: either it says all that it would
 * have said, or it leaves with 1 and says something of it. What AWS was told to write is never
 * more. */

#include "tests/unit/cli/oom_commands.h"

static size_t count(struct view text, const char *word) {
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        n += view_starts_with(view_slice(text, i, text.len), view_of(word));
    }
    return n;
}

static void judge(const char *line, size_t n, const struct ran *whole, const struct ran *ran) {
    static const char *const writes[] = {"RegisterTaskDefinition ", "UpdateService ", "PutEvents ",
                                         "TagResource "};
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        if (count(buf_view(&ran->asked), writes[i]) > count(buf_view(&whole->asked), writes[i])) {
            fail_msg("%s, allocation %zu: %smore than once", line, n, writes[i]);
        }
    }
    if (ran->status == whole->status) {
        /* an event that is sent is sent, though its id could not be read */
        bool is_sent =
            strstr(ran->out, "sent DEPLOY of 'backend'\nthe function") == ran->out ||
            strstr(ran->out, "sent DEPLOY of 'backend' on bus 'deploys'\nthe function") == ran->out;
        if (ran->status == EXIT_STATUS_DONE && !is_sent && strcmp(ran->out, whole->out) != 0) {
            fail_msg("%s, allocation %zu: says\n%s instead of\n%s", line, n, ran->out, whole->out);
        }
        return;
    }
    if (ran->status != EXIT_STATUS_FAILED && ran->status != EXIT_STATUS_USAGE) {
        fail_msg("%s, allocation %zu: left with %d", line, n, ran->status);
    }
    if (ran->err_len == 0 && !strstr(ran->out, "remedy")) {
        fail_msg("%s, allocation %zu: left with %d and says\n%s", line, n, ran->status, ran->out);
    }
}

static void in_folder(const char *name, const char *const *lines, size_t n) {
    struct setting setting;
    char folder[GOLDEN_PATH_BYTES];
    snprintf(folder, sizeof(folder), "%s/commands/%s", TEST_DATA_DIR, name);
    assert_int_equal(chdir(folder), 0);
    setting_read(&setting);
    for (size_t i = 0; i < n; i++) {
        ran_each_fails(lines[i], &setting, judge);
    }
    free(setting.text);
}
#define IN_FOLDER(name, ...)                                                                       \
    in_folder(name, (const char *const[]){__VA_ARGS__},                                            \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void plans(void **state) {
    (void)state;
    IN_FOLDER("plan", "slipway plan backend git-abc123f",
              "slipway plan --json backend git-abc123f");
}

static void deploys(void **state) {
    (void)state;
    IN_FOLDER("deploy-without-terminal", "slipway deploy -y backend git-abc123f",
              "slipway deploy -y --json --no-wait backend git-abc123f");
    IN_FOLDER("deploy-fails", "slipway deploy --yes backend git-abc123f");
    IN_FOLDER("deploy-update-fails", "slipway deploy --yes backend git-abc123f");
    IN_FOLDER("unchanged-and-failed", "slipway deploy --yes -c prod.yaml backend git-abc123f");
    IN_FOLDER("refused", "slipway deploy --yes backend git-0000000");
}

static void events(void **state) {
    (void)state;
    IN_FOLDER("via-event", "slipway deploy -y --via-event backend git-abc123f",
              "slipway deploy -y --via-event --json backend git-abc123f");
    IN_FOLDER("via-event-on-another-bus", "slipway deploy -y --via-event backend git-abc123f");
    IN_FOLDER("event", "slipway event -n entries.json");
}

static void reads(void **state) {
    (void)state;
    IN_FOLDER("status-coloured", "slipway status", "slipway status --json");
    IN_FOLDER("status-by-convention", "slipway status");
    IN_FOLDER("status-of-tasks-and-functions", "slipway status");
    IN_FOLDER("status-of-pinned-tasks", "slipway status --json", "slipway history report");
    IN_FOLDER("status-of-tasks-pinned-to-what-is-gone", "slipway status");
    IN_FOLDER("status-of-an-alias", "slipway status");
    IN_FOLDER("history-on-a-terminal", "slipway history --max=3 backend",
              "slipway history --json --max=3 backend");
}

static void texts(void **state) {
    (void)state;
    IN_FOLDER("help", "slipway man", "slipway completion bash", "slipway completion zsh",
              "slipway deploy --help", "slipway plan --frob", "slipway frob");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans), cmocka_unit_test(deploys), cmocka_unit_test(events),
        cmocka_unit_test(reads), cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
