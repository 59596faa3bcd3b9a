/*
 * One check in order: probe both databases at the same time, settle what an earlier run left, take
 * the state, see that they are the databases of that state, count, switch when that is due, judge,
 * save, report. What the judgement rests on stands in health_judge.c, what a switch rests on in
 * auto.c.
 */
#include "ops/health_check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "ops/health_act.h"
#include "ops/health_checks.h"
#include "ops/health_judge.h"
#include "ops/health_record.h"
#include "ops/health_plugin.h"
#include "ops/health_probes.h"
#include "ops/health_prometheus.h"
#include "ops/health_report.h"
#include "ops/samples.h"
#include "ops/unrecorded.h"
#include "state/config.h"
#include "state/state.h"

#define DURATION_SIZE 32
#define RECORD_AGE_MS INT64_C(900000) /* or three intervals: then a record is old */

/* One check, from the first look to the report. */
struct check {
    struct cli *cli;
    const struct config *config;
    const struct health_options *options;
    struct state state;
    struct checked seen;
    struct health_checks further;
    struct health_aside *aside;  /* NULL without --watch */
    struct err file_err;         /* of the file for Prometheus */
    struct buf plugin;           /* the line of --nagios */
    bool judged;                 /* and reported: cli->status is that of the situation */
    struct buf situation;        /* what it was judged by, in words */
    struct strlist changes;      /* what was not so at the check before */
    struct alerts news;          /* what somebody is to be told of */
    enum auto_decision decision; /* after the count */
};

bool health_check_draws(const struct cli *cli, const struct health_options *options)
{
    return options->watch && !cli->common.json && !cli->common.quiet &&
           terminal_moves(STDOUT_FILENO);
}

/* plugin gets the line of --nagios: there is one only, and how the run ends is known later. */
static void report(struct cli *cli, const struct config *config,
                   const struct health_options *options, const struct state *state,
                   const struct health_judgement *judgement, struct buf *plugin)
{
    struct buf line = BUF_INIT;
    bool watch = options->watch;
    cli->status = (int)judgement->status;
    if (options->nagios) {
        buf_reset(plugin);
        health_plugin_line(config, state, judgement, plugin);
    } else if (cli->common.json && !watch) {
        health_document(config, state, judgement, cli->document);
    } else if (cli->common.json) {
        /* A run without an end cannot be one document: one for each check, on a line of its own. */
        struct json *document = json_object();
        health_document(config, state, judgement, document);
        json_print(document, false, &line);
        json_free(document);
        puts(line.data);
        cli->document_done = true;
    } else if (cli->common.quiet && judgement->status == HEALTH_OK) {
        /* Nothing to say. */
    } else if (cli->common.quiet || (watch && !health_check_draws(cli, options))) {
        /* A log gets one line for each check that is not well. */
        health_line(config, state, judgement, &line);
        puts(line.data);
    } else {
        if (watch)
            fputs("\033[H\033[J", stdout);
        health_table(cli, config, state, judgement);
    }
    buf_release(&line);
}

static bool export_to_prometheus(const struct config *config, const struct health_options *options,
                                 const struct state *state,
                                 const struct health_judgement *judgement, struct err *err)
{
    return !options->prometheus ||
           health_prometheus_write(config, state, judgement, options->prometheus, err);
}

/* Judges what the state holds now, and reports; false when the file for Prometheus could not be
 * written. */
static bool judge_and_report(struct check *check, const struct strlist *notes, struct err *err)
{
    struct health_judgement judgement;
    health_judge(check->config, &check->state, &judgement);
    for (size_t i = 0; i < notes->count; i++)
        health_judge_add(&judgement, HEALTH_DEGRADED, notes->items[i]);
    health_apply_status(&check->state, &judgement, &check->changes);
    alerts_apply(&judgement.alerts, &check->state, clock_now_us(), check->config->alerts.repeat_ms,
                 &check->news);
    report(check->cli, check->config, check->options, &check->state, &judgement, &check->plugin);
    buf_reset(&check->situation);
    for (size_t i = 0; i < judgement.warnings.count; i++)
        buf_addf(&check->situation, "%s%s", i ? "; " : "", judgement.warnings.items[i]);
    check->judged = true;
    bool ok = export_to_prometheus(check->config, check->options, &check->state, &judgement, err);
    health_judgement_release(&judgement);
    return ok;
}

/* A failback that was refused is eligible only as long as it is due. */
static void decide(struct check *check)
{
    struct auto_view view;
    check->decision = AUTO_NONE;
    if (check->seen.count < 2)
        return;
    auto_view_read(&view, check->config, &check->state);
    check->decision = auto_decide(&view);
    if (!auto_is_due(check->decision))
        auto_clear_blocked(&check->state);
}

/* Puts what was seen into the state in memory. counts: as a check in a row. *acts: there is
 * something to be done before the report. */
static bool conclude(struct check *check, bool counts, bool *acts, struct err *err)
{
    struct strlist notes = STRLIST_INIT;
    bool may_act = counts && check->options->automatic && check->seen.count == 2;
    bool ok = health_probes_check_active(check->config, &check->state, err) &&
              health_probes_check_identities(&check->state, &check->seen, &notes, err);
    if (ok) {
        health_apply(check->config, &check->state, &check->seen, counts, &check->changes);
        health_checks_remember(&check->further, &check->state);
        samples_remember(check->config, check->seen.probes, check->seen.count, &check->state);
        decide(check);
        *acts = may_act && health_must_act(&check->state, check->decision);
        /* The check stands whatever becomes of that file. */
        if (!*acts)
            (void)judge_and_report(check, &notes, &check->file_err);
    }
    strlist_release(&notes);
    return ok;
}

/* The same with the state taken for writing, and saved. */
static bool record(struct check *check, bool counts, bool *acts, struct err *err)
{
    if (!state_begin(&check->state, err))
        return false;
    if (!conclude(check, counts, acts, err)) {
        state_rollback(&check->state);
        return false;
    }
    if (!state_commit(&check->state, err))
        return false;
    if (counts)
        health_append_history(&check->state);
    health_append_events(&check->state, &check->changes);
    strlist_release(&check->changes);
    if (check->aside)
        health_aside_tell(check->aside, &check->news, check->config, &check->state);
    else
        alerts_tell(&check->news, check->config, &check->state);
    return true;
}

/* Acts, and looks again: what is reported is the situation afterwards. */
static bool act(struct check *check, struct err *err)
{
    bool acts;
    return health_act(check->cli, check->config, &check->state, check->decision, err) &&
           health_probes_run(check->config, &check->state, &check->seen, err) &&
           record(check, false, &acts, err);
}

static bool look(struct check *check, struct err *err)
{
    bool settled = false;
    if (!health_probes_run(check->config, &check->state, &check->seen, err))
        return false;
    health_probes_log(&check->seen);
    if (check->options->peek)
        return true;
    return health_settle(check->cli, check->config, &check->state, &check->seen, &settled, err) &&
           (!settled || health_probes_run(check->config, &check->state, &check->seen, err));
}

/* --- without a record ------------------------------------------------------------------------ */

/* Which database is the active one is not known, or they are not those of the state: one that does
 * not answer may be what the application needs. */
static bool describe_probes(const struct checked *seen, struct buf *text)
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    bool missing = false;
    for (size_t i = 0; i < seen->count && i < PROBE_MAX; i++) {
        const struct probe *probe = &seen->probes[i];
        if (probe->connected)
            continue;
        buf_addf(text, "%s%s does not answer: %s", missing ? "; " : "", role_name(roles[i]),
                 probe->err.message);
        missing = true;
    }
    return missing;
}

/* One at a time, so that what comes after does not arrive before. */
static bool may_tell_of_record(const struct check *check)
{
    return !check->aside || !check->aside->record;
}

/* telling: NULL when there is nothing to tell. --watch does not wait for it. */
static void tell_of_record(struct check *check, struct unrecorded_telling *telling)
{
    if (check->aside)
        check->aside->record = telling;
    else
        unrecorded_end(telling, check->config);
}

/*
 * What was seen is reported and told all the same: who waits for an outage to be told of must not
 * wait for a disk that is full. How grave it is is the exit status. A switch is not made: it could
 * not be told to the other programs either.
 */
static void go_without_record(struct check *check, const struct err *why)
{
    struct cli *cli = check->cli;
    struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    bool acts;
    if (check->seen.count == 0) {
        if (!health_probes_run(check->config, &check->state, &check->seen, &ignored))
            return;
        health_probes_log(&check->seen);
    }
    if (check->state.dir && !check->judged)
        (void)conclude(check, false, &acts, &ignored);
    bool critical = check->judged ? cli->status == HEALTH_CRITICAL
                                  : describe_probes(&check->seen, &check->situation);
    bool stands_still = critical && check->options->automatic && check->seen.count == 2;
    buf_addf(&text, "the check could not be recorded: %s", why->message);
    if (check->situation.len > 0)
        buf_addf(&text, "; %s", check->situation.data);
    if (stands_still)
        buf_adds(&text, "; nothing is switched by itself meanwhile");
    if (may_tell_of_record(check))
        tell_of_record(check, unrecorded_tell(check->config, state_active(&check->state), critical,
                                              text.data, alerts_count(&check->state)));
    cli->failed_status = critical ? HEALTH_CRITICAL : 0;
    buf_release(&text);
}

/* What comes after the check itself. */
static bool end_check(struct check *check, bool ok, struct err *err)
{
    struct cli *cli = check->cli;
    cli->failed_status = 0;
    if (!ok && err->code != ERR_STOPPED && !check->options->peek)
        go_without_record(check, err);
    if (ok && !check->options->peek && may_tell_of_record(check))
        tell_of_record(check, unrecorded_over(check->config, state_active(&check->state),
                                              alerts_count(&check->state)));
    if (!ok || check->file_err.code == ERR_NONE)
        return ok;
    *err = check->file_err;
    cli->failed_status = cli->status == HEALTH_CRITICAL ? HEALTH_CRITICAL : 0;
    return false;
}

/* There is one line only, and how the run ends is known now. Without a situation the error is all
 * that there is to say (see cmd/dbr-health.c). */
static void print_plugin(struct check *check, bool ok, const struct err *err)
{
    bool critical = check->cli->failed_status == HEALTH_CRITICAL;
    if (ok) {
        puts(check->plugin.data);
        return;
    }
    if (err->code == ERR_STOPPED || (check->plugin.len == 0 && !critical))
        return;
    if (check->plugin.len == 0)
        health_plugin_words(HEALTH_CRITICAL, check->situation.data, &check->plugin);
    health_plugin_trouble(err, critical, &check->plugin);
    puts(check->plugin.data);
    check->cli->document_done = true;
}

bool health_check_once(struct cli *cli, const struct config *config,
                       const struct health_options *options, struct health_aside *aside,
                       struct err *err)
{
    struct check check = {.cli = cli,
                          .config = config,
                          .options = options,
                          .aside = aside,
                          .plugin = BUF_INIT,
                          .situation = BUF_INIT};
    bool acts = false;
    check.state = (struct state)STATE_INIT;
    check.changes = (struct strlist)STRLIST_INIT;
    /* An unusable state is found before anybody waits for a database. */
    bool ok = options->peek ? state_peek(&check.state, config->state_dir, err)
                            : state_load(&check.state, config->state_dir, err);
    if (ok)
        health_checks_start(&check.further, config);
    ok = ok && look(&check, err);
    health_checks_wait(&check.further);
    /* The further checks were ended by that as well, and say nothing. */
    ok = ok && stop_check(err);
    if (options->peek)
        ok = ok && conclude(&check, true, &acts, err);
    else
        ok = ok && record(&check, true, &acts, err);
    ok = ok && (!acts || act(&check, err));
    ok = end_check(&check, ok, err);
    if (options->nagios)
        print_plugin(&check, ok, err);
    buf_release(&check.plugin);
    buf_release(&check.situation);
    health_probes_release(&check.seen);
    health_checks_release(&check.further);
    strlist_release(&check.changes);
    alerts_release(&check.news);
    state_release(&check.state);
    return ok;
}

/* A record that nobody has renewed tells how the databases were, not how they are. */
static void judge_age(const struct config *config, const struct state *state,
                      struct health_judgement *judgement)
{
    struct buf text = BUF_INIT;
    char age_text[DURATION_SIZE];
    int64_t when;
    const struct json *entry = health_entry(state, state_active(state));
    int64_t most = 3 * config->health_interval_ms;
    most = most > RECORD_AGE_MS ? most : RECORD_AGE_MS;
    if (!clock_parse(json_str(entry, "lastCheck", NULL), &when))
        return;
    int64_t age = (clock_now_us() - when) / 1000;
    if (!health_is_ahead(when) && age <= most)
        return;
    if (age < 0)
        buf_adds(&text, "the time of the last check is to come");
    else
        buf_addf(&text, "the last check is %s old", report_duration(age, age_text));
    buf_adds(&text, ": run dbr-health, from cron or as a service");
    health_judge_add(judgement, HEALTH_DEGRADED, text.data);
    buf_release(&text);
}

bool health_check_cached(struct cli *cli, const struct config *config,
                         const struct health_options *options, struct err *err)
{
    struct state state = STATE_INIT;
    struct health_judgement judgement;
    if (!state_peek(&state, config->state_dir, err))
        return false;
    bool ok = health_probes_check_active(config, &state, err);
    if (ok && !health_entry(&state, state_active(&state))) {
        err_set(err, ERR_USAGE, "no health check is recorded in %s", config->state_dir);
        ok = err_hint(err, "run dbr-health once without --cached");
    }
    if (ok) {
        struct alerts news = ALERTS_INIT;
        struct buf plugin = BUF_INIT;
        health_judge(config, &state, &judgement);
        judge_age(config, &state, &judgement);
        alerts_apply(&judgement.alerts, &state, clock_now_us(), 0, &news);
        alerts_release(&news);
        report(cli, config, options, &state, &judgement, &plugin);
        ok = export_to_prometheus(config, options, &state, &judgement, err);
        if (ok && options->nagios)
            puts(plugin.data);
        buf_release(&plugin);
        health_judgement_release(&judgement);
    }
    state_release(&state);
    return ok;
}
