/*
 * One check in order: probe both databases at the same time, settle what an earlier run left, take
 * the state, see that they are the databases of that state, count, switch when that is due, judge,
 * save, report. What the judgement rests on stands in health_judge.c, what a switch rests on in
 * auto.c.
 */
#include "ops/health.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/stop.h"
#include "ops/breakers.h"
#include "ops/doctor.h"
#include "ops/health_act.h"
#include "ops/health_judge.h"
#include "ops/health_record.h"
#include "ops/health_report.h"
#include "ops/metrics.h"
#include "ops/timeline.h"
#include "ops/witness.h"
#include "repl/identity.h"
#include "repl/probe.h"
#include "repl/switch_mark.h"
#include "state/config.h"
#include "state/journal.h"
#include "state/state.h"

int health_exit_status(enum err_code code)
{
    return code == ERR_NONE ? 0 : 3;
}

/* What --watch carries from one check to the next. */
struct watched {
    struct machine_cpu cpu;
    struct metrics measured; /* before this check */
    /* By role. A database that is away is not waited for twice. */
    bool answered[2];
};

/* One check, from the first look to the report. */
struct check {
    struct cli *cli;
    const struct config *config;
    const struct health_options *options;
    struct state state;
    struct checked seen;
    struct watched *watched;     /* NULL without --watch */
    struct strlist changes;      /* what was not so at the check before */
    struct alerts news;          /* what somebody is to be told of */
    enum auto_decision decision; /* after the count */
};

static void forget_probes(struct checked *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        probe_release(&seen->probes[i]);
}

/* Where nothing answers, the witnesses say whether it is this machine that is cut off. */
static bool find_isolation(const struct config *config, struct checked *seen, struct err *err)
{
    struct err answer = ERR_INIT;
    seen->isolated = false;
    for (size_t i = 0; i < seen->count; i++)
        if (seen->probes[i].failure != CONN_DOWN)
            return true;
    seen->isolated = witness_configured(config) && !witness_check(config, &answer);
    return stop_check(err);
}

static bool probe_all(struct check *check, struct err *err)
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    const struct config *config = check->config;
    struct checked *seen = &check->seen;
    struct conn_params params[2];
    forget_probes(seen);
    seen->count = config->urls[ROLE_SECONDARY] ? 2 : 1;
    for (size_t i = 0; i < seen->count; i++)
        params[i] = (struct conn_params){role_name(roles[i]), config->urls[roles[i]],
                                         config->schema, config->health_timeout_ms, false};
    if (!probe_run(params, seen->count, config->health_timeout_ms, seen->probes, err))
        return false;
    return find_isolation(config, seen, err);
}

static void log_failures(const struct checked *seen)
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    for (size_t i = 0; i < seen->count && i < PROBE_MAX; i++) {
        if (!seen->probes[i].connected)
            log_error("Health check failed for %s: %s", role_name(roles[i]),
                      seen->probes[i].err.message);
    }
}

/* A state that needs the secondary while none is configured would be judged by the wrong database.
 */
static bool check_active(const struct config *config, const struct state *state, struct err *err)
{
    if (config->urls[ROLE_SECONDARY] || state_active(state) == ROLE_PRIMARY)
        return true;
    err_set(err, ERR_USAGE, "the secondary is active, but DATABASE_URL_SECONDARY is not set");
    return err_hint(err, "set it again, in the env file that dbr has been run with so far");
}

/*
 * The databases must be those of the state. While the active one is down that comes second: the
 * outage is what whoever is called must hear of.
 */
static bool check_identities(const struct state *state, const struct probe *probes,
                             struct strlist *notes, struct err *err)
{
    char *identities[2] = {probes[ROLE_PRIMARY].identity, probes[ROLE_SECONDARY].identity};
    struct err refusal = ERR_INIT;
    int64_t epoch = probes[ROLE_PRIMARY].epoch > probes[ROLE_SECONDARY].epoch
                        ? probes[ROLE_PRIMARY].epoch
                        : probes[ROLE_SECONDARY].epoch;
    struct journal left;
    int64_t under_way = journal_read(state, &left) ? left.epoch : 0;
    if (identity_check(state, identities, &refusal) &&
        switch_mark_check(state, epoch, under_way, &refusal))
        return true;
    if (probes[state_active(state)].connected) {
        *err = refusal;
        return false;
    }
    strlist_addf(notes, "%s: %s", refusal.message, refusal.hint);
    return true;
}

static void report(struct cli *cli, const struct config *config, const struct state *state,
                   const struct health_judgement *judgement, bool watch)
{
    struct buf line = BUF_INIT;
    cli->status = (int)judgement->status;
    if (cli->common.json && !watch) {
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
    } else if (watch && !isatty(STDOUT_FILENO)) {
        health_line(config, state, judgement, &line);
        puts(line.data);
    } else {
        if (watch)
            fputs("\033[H\033[2J", stdout);
        health_table(cli, config, state, judgement);
    }
    buf_release(&line);
}

/* Judges what the state holds now, and reports. */
static void judge_and_report(struct check *check, const struct strlist *notes)
{
    struct health_judgement judgement;
    health_judge(check->config, &check->state, &judgement);
    for (size_t i = 0; i < notes->count; i++)
        health_judge_add(&judgement, HEALTH_DEGRADED, notes->items[i]);
    health_apply_status(&check->state, &judgement, &check->changes);
    alerts_apply(&judgement.alerts, &check->state, clock_now_us(), check->config->alerts.repeat_ms,
                 &check->news);
    report(check->cli, check->config, &check->state, &judgement, check->options->watch);
    health_judgement_release(&judgement);
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
    bool ok = check_active(check->config, &check->state, err) &&
              check_identities(&check->state, check->seen.probes, &notes, err);
    if (ok) {
        health_apply(check->config, &check->state, &check->seen, counts, &check->changes);
        if (check->watched)
            metrics_remember(&check->watched->measured, &check->state);
        decide(check);
        *acts = may_act && health_must_act(&check->state, check->decision);
        if (!*acts)
            judge_and_report(check, &notes);
    }
    strlist_release(&notes);
    return ok;
}

/* The same with the state taken for writing, and saved. */
static bool record(struct check *check, bool counts, bool *acts, struct err *err)
{
    if (!state_begin(&check->state, err)) {
        struct err ignored = ERR_INIT;
        /* What was seen is told all the same; that it could not be kept is the result of the run.
         */
        if (err->code == ERR_LOCKED) {
            (void)conclude(check, false, acts, &ignored);
            *acts = false;
        }
        return false;
    }
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
    alerts_tell(&check->news, check->config, &check->state);
    alerts_release(&check->news);
    return true;
}

/* Acts, and looks again: what is reported is the situation afterwards. */
static bool act(struct check *check, struct err *err)
{
    bool acts;
    return health_act(check->cli, check->config, &check->state, check->decision, err) &&
           probe_all(check, err) && record(check, false, &acts, err);
}

static bool look(struct check *check, struct err *err)
{
    bool settled = false;
    if (!probe_all(check, err))
        return false;
    log_failures(&check->seen);
    if (check->options->peek)
        return true;
    return health_settle(check->cli, check->config, &check->state, &check->seen, &settled, err) &&
           (!settled || probe_all(check, err));
}

static bool check_once(struct cli *cli, const struct config *config,
                       const struct health_options *options, struct watched *watched,
                       struct err *err)
{
    struct check check = {.cli = cli, .config = config, .options = options, .watched = watched};
    bool acts = false;
    check.state = (struct state)STATE_INIT;
    check.changes = (struct strlist)STRLIST_INIT;
    /* An unusable state is found before anybody waits for a database. */
    bool ok = options->peek ? state_peek(&check.state, config->state_dir, err)
                            : state_load(&check.state, config->state_dir, err);
    ok = ok && look(&check, err);
    if (options->peek)
        ok = ok && conclude(&check, true, &acts, err);
    else
        ok = ok && record(&check, true, &acts, err);
    ok = ok && (!acts || act(&check, err));
    for (size_t i = 0; watched && i < 2; i++)
        watched->answered[i] = i < check.seen.count && check.seen.probes[i].connected;
    forget_probes(&check.seen);
    strlist_release(&check.changes);
    alerts_release(&check.news);
    state_release(&check.state);
    return ok;
}

static bool print_cached(struct cli *cli, const struct config *config, struct err *err)
{
    struct state state = STATE_INIT;
    struct health_judgement judgement;
    if (!state_peek(&state, config->state_dir, err))
        return false;
    bool ok = check_active(config, &state, err);
    if (ok && !health_entry(&state, state_active(&state))) {
        err_set(err, ERR_USAGE, "no health check is recorded in %s", config->state_dir);
        ok = err_hint(err, "run dbr-health once without --cached");
    }
    if (ok) {
        struct alerts news = ALERTS_INIT;
        health_judge(config, &state, &judgement);
        alerts_apply(&judgement.alerts, &state, clock_now_us(), 0, &news);
        alerts_release(&news);
        report(cli, config, &state, &judgement, false);
        health_judgement_release(&judgement);
    }
    state_release(&state);
    return ok;
}

/* What the terminal or pipe does not take any more is no reason to go on for ever. */
static bool flushed(struct err *err)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return err_set_errno(err, ERR_FAILED, errno, "cannot write to standard output");
}

/* Tells the service manager of each check; ready: of the first. */
static void notify(const struct cli *cli, bool ok, bool ready)
{
    struct buf text = BUF_INIT;
    const char *status = health_status_name((enum health_status)cli->status);
    buf_addf(&text, "%sSTATUS=%s\nWATCHDOG=1", ready ? "READY=1\n" : "",
             ok ? status : "the last check could not be made");
    notify_send(text.data);
    buf_release(&text);
}

/* Sleeps until a time of clock_mono_ms, and tells the watchdog meanwhile that this is no hang. */
static void sleep_until(int64_t until)
{
    int64_t slice = notify_watchdog_ms();
    for (int64_t left = until - clock_mono_ms(); left > 0 && !stop_signal();
         left = until - clock_mono_ms()) {
        clock_sleep_ms(slice > 0 && slice < left ? slice : left);
        if (slice > 0)
            notify_send("WATCHDOG=1");
    }
}

static bool watch_on(struct cli *cli, const struct config *config,
                     const struct health_options *options, struct err *err)
{
    bool first = true;
    struct watched watched = {.answered = {true, true}};
    for (;;) {
        int64_t started = clock_mono_ms();
        err_clear(err);
        bool ok = metrics_sample(config, watched.answered, &watched.cpu, &watched.measured, err) &&
                  check_once(cli, config, options, &watched, err);
        metrics_release(&watched.measured);
        if (!ok && (first || err->code == ERR_STOPPED))
            return false;
        /* A state that was locked or a disk that was full may be well again at the next check. */
        if (!ok)
            log_error("%s", err->message);
        if (!flushed(err))
            return false;
        notify(cli, ok, first);
        first = false;
        sleep_until(started + config->health_interval_ms);
        if (!stop_check(err))
            return false;
    }
}

static bool watch(struct cli *cli, const struct config *config,
                  const struct health_options *options, struct err *err)
{
    bool ok = watch_on(cli, config, options, err);
    notify_send("STOPPING=1");
    return ok;
}

/* Each of these is a run of its own kind; --peek and --auto may go with --watch. */
static bool check_options(const struct health_options *options, struct err *err)
{
    const struct {
        const char *name;
        bool given, alone;
    } kinds[] = {
        {"--doctor", options->doctor, true},     {"--cached", options->cached, true},
        {"--breakers", options->breakers, true}, {"--reset-breaker", options->reset_breaker, true},
        {"--history", options->history, true},   {"--metrics", options->metrics, true},
        {"--peek", options->peek, false},        {"--watch", options->watch, false},
        {"--auto", options->automatic, false},
    };
    const size_t count = sizeof kinds / sizeof kinds[0];
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count && kinds[i].given && kinds[i].alone; j++)
            if (kinds[j].given)
                return err_set(err, ERR_USAGE, "%s and %s exclude each other", kinds[i].name,
                               kinds[j].name);
    }
    if (options->peek && options->automatic)
        return err_set(err, ERR_USAGE, "--peek and --auto exclude each other");
    return true;
}

static bool run_mode(struct cli *cli, const struct config *config,
                     const struct health_options *options, struct err *err)
{
    if (options->reset_breaker)
        return breakers_reset(cli, config, options->reset_breaker, err);
    if (options->breakers)
        return breakers_print(cli, config, err);
    if (options->metrics)
        return metrics_run(cli, config, err);
    if (options->history)
        return timeline_run(cli, config, options->history, err);
    if (options->cached)
        return print_cached(cli, config, err);
    if (options->watch)
        return watch(cli, config, options, err);
    return check_once(cli, config, options, NULL, err);
}

bool ops_health(struct cli *cli, const struct health_options *options, struct err *err)
{
    struct config config;
    if (!check_options(options, err))
        return false;
    if (options->doctor)
        return ops_doctor(cli, err);
    bool ok = config_load(&config, cli->common.env_file, cli->common.state_dir, false, err);
    for (size_t i = 0; ok && i < config.warnings.count; i++)
        log_warn("%s", config.warnings.items[i]);
    ok = ok && run_mode(cli, &config, options, err);
    config_release(&config);
    return ok;
}
