#include "cli/ecr/lifecycle_look.h"
#include "cli/table.h"

#define CHECK_MS ((int64_t)5 * 60 * 1000)
/* Digits of a digest that tell it from others. */
#define DIGEST_SHOWN (sizeof("sha256:") - 1 + 12)

/* --- saying it --- */

bool lifecycle_running_is_lost(const struct lifecycle_running *running) {
    return !running->image || running->image->is_archived || running->verdict.rule;
}

static struct view name_of(const struct lifecycle_running *running, struct arena *arena) {
    const struct ecr_stored_image *image = running->image;
    struct view digest = image ? image->digest : running->digest;
    struct view tag = running->tag;
    if (tag.len == 0 && image && image->n_tags > 0) {
        tag = image->tags[0];
    }
    digest = view_slice(digest, 0, DIGEST_SHOWN);
    return arena_printf(arena, VIEW_FMT "%s" VIEW_FMT "%s of " VIEW_FMT, VIEW_ARG(tag),
                        tag.len > 0 && digest.len > 0 ? " (" : "", VIEW_ARG(digest),
                        tag.len > 0 && digest.len > 0 ? ")" : "", VIEW_ARG(running->revision));
}

struct view lifecycle_running_line(const struct lifecycle_running *running, struct arena *arena) {
    struct view name = name_of(running, arena);
    const struct lifecycle_rule *rule = running->verdict.rule;
    const struct lifecycle_rule *matched = running->verdict.matched;
    if (!name.data) {
        return name;
    }
    if (!running->image) {
        return arena_printf(arena, VIEW_FMT " is not in the repository any more", VIEW_ARG(name));
    }
    if (running->image->is_archived) {
        return arena_printf(arena, VIEW_FMT " is in the archive, and cannot be pulled",
                            VIEW_ARG(name));
    }
    if (rule) {
        return arena_printf(arena, VIEW_FMT " would be %s by rule %lld%s" VIEW_FMT "%s",
                            VIEW_ARG(name), rule->archives ? "archived" : "expired",
                            (long long)rule->priority, rule->description.len > 0 ? ", '" : "",
                            VIEW_ARG(rule->description), rule->description.len > 0 ? "'" : "");
    }
    if (running->verdict.is_listed) {
        return arena_printf(arena, VIEW_FMT " stays: an index that stays lists it", VIEW_ARG(name));
    }
    return matched ? arena_printf(arena, VIEW_FMT " stays by rule %lld", VIEW_ARG(name),
                                  (long long)matched->priority)
                   : arena_printf(arena, VIEW_FMT " stays: no rule matches it", VIEW_ARG(name));
}

void look_say(struct look *look, bool is_fine, struct view target, struct view text) {
    const struct cli *cli = look->session->cli;
    struct view clean = table_clean(text, look->arena);
    struct view name = table_clean(target, look->arena);
    fprintf(cli->out, "%s%s%s " VIEW_FMT ": ", cli_colour(cli, is_fine ? COLOUR_GREEN : COLOUR_RED),
            is_fine ? "✓" : "✗", cli_colour(cli, COLOUR_NONE), VIEW_ARG(name));
    cli_write(cli->out, clean);
    fputs("\n", cli->out);
    look->has_failed = look->has_failed || !is_fine;
}

void look_say_error(struct look *look, struct view target, const struct err *err) {
    look_say(look, false, target, view_of(err->message));
    fprintf(look->session->cli->out, "  remedy: %s\n", err->remedy);
}

void look_call(struct look *look, struct aws_call *calls, size_t n) {
    aws_call_all(look->session->aws, calls, n, look->deadline_ms, look->arena);
}

/* --- judging --- */

static const struct ecr_stored_image *image_of(const struct stock *stock,
                                               const struct lifecycle_running *running) {
    for (size_t i = 0; i < stock->n; i++) {
        const struct ecr_stored_image *image = &stock->images[i];
        if (running->digest.len > 0) {
            if (view_equal(image->digest, running->digest)) {
                return image;
            }
            continue;
        }
        for (size_t j = 0; j < image->n_tags; j++) {
            if (view_equal(image->tags[j], running->tag)) {
                return image;
            }
        }
    }
    return NULL;
}

static int judge_stock(struct look *look, struct stock *stock, struct err *err) {
    const struct lifecycle_policy *policy =
        look->check->policy ? look->check->policy : &stock->policy;
    return lifecycle_evaluate(policy, stock->images, stock->n,
                              clock_wall_ms(look->session->cli->clock), look->arena,
                              &stock->verdicts, err);
}

/* The stock's running images, and whether a rule takes one of them that an index may list: that
 * has to be asked for. */
static bool judge_found(struct look *look, const struct stock *stock) {
    bool needs_indexes = false;
    for (size_t i = 0; i < look->n_found; i++) {
        struct lifecycle_running *running = &look->found[i].running;
        if (look->found[i].stock != stock) {
            continue;
        }
        running->image = image_of(stock, running);
        if (running->image) {
            running->verdict = stock->verdicts[running->image - stock->images];
            needs_indexes =
                needs_indexes || (running->verdict.rule && !ecr_is_index(running->image));
        }
    }
    return needs_indexes;
}

static int judge(struct look *look, struct err *err) {
    for (size_t i = 0; i < look->n_stocks; i++) {
        struct stock *stock = &look->stocks[i];
        if (stock->is_failed) {
            continue;
        }
        if (judge_stock(look, stock, err) < 0) {
            return -1;
        }
        if (judge_found(look, stock)) {
            if (look_at_indexes(look, stock, err) < 0 || judge_stock(look, stock, err) < 0) {
                return -1;
            }
            (void)judge_found(look, stock);
        }
    }
    return 0;
}

/* The tasks run what the revision's tag names still: that has a line. */
static bool is_told(const struct look *look, const struct found *found) {
    for (size_t i = 0; found->is_of_tasks && i < look->n_found; i++) {
        const struct found *other = &look->found[i];
        if (!other->is_of_tasks && other->target == found->target && found->running.image &&
            other->running.image == found->running.image) {
            return true;
        }
    }
    return false;
}

static int tell(struct look *look, struct err *err) {
    bool is_any_lost = false;
    for (size_t i = 0; i < look->n_found; i++) {
        const struct lifecycle_running *running = &look->found[i].running;
        struct view line = lifecycle_running_line(running, look->arena);
        if (!line.data) {
            return err_out_of_memory(err, "lines");
        }
        if (!look->found[i].stock->is_failed && !is_told(look, &look->found[i])) {
            bool is_lost = lifecycle_running_is_lost(running);
            is_any_lost = is_any_lost || (is_lost && running->verdict.rule);
            look_say(look, !is_lost, running->target, line);
        }
    }
    if (is_any_lost) {
        fputs("remedy: keep more images, or give what runs a tag that a rule keeps\n",
              look->session->cli->out);
    }
    return 0;
}

int lifecycle_check(struct session *session, const struct lifecycle_check *check) {
    const struct cli *cli = session->cli;
    struct look look = {
        .session = session,
        .arena = cli->arena,
        .deadline_ms = clock_monotonic_ms(cli->clock) + CHECK_MS,
        .check = check,
        .stocks = ARENA_ARRAY(cli->arena, check->n_targets, struct stock),
    };
    struct err err;
    err_init(&err);
    if (!look.stocks) {
        (void)err_out_of_memory(&err, "repositories");
        return cli_fail(cli, &err);
    }
    if (look_at_what_runs(&look, &err) < 0 || look_at_tasks(&look, &err) < 0 ||
        look_at_stocks(&look, &err) < 0 || judge(&look, &err) < 0 || tell(&look, &err) < 0) {
        return cli_fail(cli, &err);
    }
    return look.has_failed ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}
