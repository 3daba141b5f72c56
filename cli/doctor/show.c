#include "cli/doctor/show.h"

#include "cli/table.h"
#include "runtime/base/json_write.h"

#define JSON_BYTES ((size_t)4 * 1024 * 1024)

static const struct {
    const char *sign;
    enum colour colour;
} signs[] = {
    [DOCTOR_WELL] = {"✓", COLOUR_GREEN},
    [DOCTOR_WARNING] = {"!", COLOUR_YELLOW},
    [DOCTOR_WRONG] = {"✗", COLOUR_RED},
};

/* "✗ image of backend: Image not found: …" */
static int show_one(const struct doctor_finding *finding, const struct cli *cli) {
    struct view message = table_clean(finding->message, cli->arena);
    struct view subject = table_clean(finding->subject, cli->arena);
    struct view remedy = table_clean(finding->remedy, cli->arena);
    const char *named = doctor_case_name(finding->named);
    if (!message.data || !subject.data || !remedy.data) {
        return -1;
    }
    fprintf(cli->out, "%s%s%s %s%s", cli_colour(cli, signs[finding->state].colour),
            signs[finding->state].sign, cli_colour(cli, COLOUR_NONE), finding->check,
            subject.len > 0 ? " of " : "");
    cli_write(cli->out, subject);
    fprintf(cli->out, ": %s%s", named, named[0] != '\0' ? ": " : "");
    cli_write(cli->out, message);
    if (remedy.len > 0) {
        fputs("\n  remedy: ", cli->out);
        cli_write(cli->out, remedy);
    }
    fputc('\n', cli->out);
    return 0;
}

int doctor_show(const struct doctor_findings *findings, const struct cli *cli, struct err *err) {
    if (findings->failed) {
        return err_out_of_memory(err, "findings");
    }
    for (size_t i = 0; i < findings->n; i++) {
        if (show_one(&findings->items[i], cli) < 0) {
            return err_out_of_memory(err, "findings");
        }
    }
    return 0;
}

int doctor_show_json(const struct doctor_findings *findings, const struct cli *cli,
                     struct err *err) {
    struct buf text BUF_AUTO = BUF_INIT(JSON_BYTES);
    struct json_writer w = json_writer(&text);
    if (findings->failed) {
        return err_out_of_memory(err, "findings");
    }
    json_begin_array(&w, NULL);
    for (size_t i = 0; i < findings->n; i++) {
        const struct doctor_finding *finding = &findings->items[i];
        json_begin_object(&w, NULL);
        json_put_string(&w, "state", view_of(doctor_state_name(finding->state)));
        json_put_string(&w, "check", view_of(finding->check));
        json_put_optional(&w, "subject", finding->subject);
        json_put_optional(&w, "case", view_of(doctor_case_name(finding->named)));
        json_put_string(&w, "message", finding->message);
        json_put_optional(&w, "remedy", finding->remedy);
        json_end_object(&w);
    }
    json_end_array(&w);
    buf_append_char(&text, '\n');
    if (buf_check(&text, "findings", err) < 0) {
        return -1;
    }
    cli_write(cli->out, buf_view(&text));
    return 0;
}
