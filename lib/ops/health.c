/*
 * One check in order: probe both databases at the same time, take the state, see that they are the
 * databases of that state, count, judge, save, report. What the judgement rests on stands in
 * health_judge.c.
 */
#include "ops/health.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "ops/doctor.h"
#include "ops/health_judge.h"
#include "ops/health_record.h"
#include "ops/health_report.h"
#include "repl/identity.h"
#include "repl/probe.h"
#include "state/config.h"
#include "state/state.h"

int health_exit_status(enum err_code code)
{
    return code == ERR_NONE ? 0 : 3;
}

static bool probe_all(const struct config *config, struct probe *probes, size_t count,
                      struct err *err)
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    struct conn_params params[2];
    for (size_t i = 0; i < count; i++)
        params[i] = (struct conn_params){role_name(roles[i]), config->urls[roles[i]],
                                         config->schema, config->health_timeout_ms, false};
    if (!probe_run(params, count, config->health_timeout_ms, probes, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!probes[i].connected)
            log_error("Health check failed for %s: %s", role_name(roles[i]), probes[i].err.message);
    }
    return true;
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
    if (identity_check(state, identities, &refusal))
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

/* Counts, judges and reports; with record the state has been taken for writing, and is saved. */
static bool conclude(struct cli *cli, const struct config *config, struct state *state,
                     const struct probe *probes, size_t count, bool record, bool watch,
                     struct err *err)
{
    struct strlist changes = STRLIST_INIT;
    struct strlist notes = STRLIST_INIT;
    struct health_judgement judgement = {HEALTH_OK, false, -1, STRLIST_INIT};
    bool ok = check_active(config, state, err) && check_identities(state, probes, &notes, err);
    if (ok) {
        health_apply(state, probes, count, &changes);
        health_judge(config, state, &judgement);
        for (size_t i = 0; i < notes.count; i++)
            health_judge_add(&judgement, HEALTH_DEGRADED, notes.items[i]);
        health_apply_status(state, &judgement, &changes);
        report(cli, config, state, &judgement, watch);
        ok = !record || state_commit(state, err);
        if (ok && record)
            health_append(state, &changes);
    }
    strlist_release(&changes);
    strlist_release(&notes);
    health_judgement_release(&judgement);
    return ok;
}

static bool check_once(struct cli *cli, const struct config *config,
                       const struct health_options *options, struct err *err)
{
    struct state state = STATE_INIT;
    struct probe probes[2] = {{.connected = false}, {.connected = false}};
    size_t count = config->urls[ROLE_SECONDARY] ? 2 : 1;
    /* An unusable state is found before anybody waits for a database. */
    bool ok = options->peek ? state_peek(&state, config->state_dir, err)
                            : state_load(&state, config->state_dir, err);
    ok = ok && probe_all(config, probes, count, err);
    if (ok && !options->peek && !state_begin(&state, err)) {
        struct err ignored = ERR_INIT;
        /* What was seen is told all the same; that it could not be kept is the result of the run.
         */
        if (err->code == ERR_LOCKED)
            (void)conclude(cli, config, &state, probes, count, false, options->watch, &ignored);
        ok = false;
    }
    ok = ok && conclude(cli, config, &state, probes, count, !options->peek, options->watch, err);
    if (!ok)
        state_rollback(&state);
    for (size_t i = 0; i < count; i++)
        probe_release(&probes[i]);
    state_release(&state);
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
        health_judge(config, &state, &judgement);
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

static bool watch(struct cli *cli, const struct config *config,
                  const struct health_options *options, struct err *err)
{
    bool first = true;
    for (;;) {
        int64_t started = clock_mono_ms();
        err_clear(err);
        bool ok = check_once(cli, config, options, err);
        if (!ok && (first || err->code == ERR_STOPPED))
            return false;
        /* A state that was locked or a disk that was full may be well again at the next check. */
        if (!ok)
            log_error("%s", err->message);
        if (!flushed(err))
            return false;
        first = false;
        int64_t left = config->health_interval_ms - (clock_mono_ms() - started);
        if (left > 0)
            clock_sleep_ms(left);
        if (!stop_check(err))
            return false;
    }
}

/* Each of these is a run of its own kind; --peek may go with --watch. */
static bool check_options(const struct health_options *options, struct err *err)
{
    const char *other = options->peek ? "--peek" : options->watch ? "--watch" : NULL;
    if (options->doctor && (options->cached || other))
        return err_set(err, ERR_USAGE, "--doctor and %s exclude each other",
                       options->cached ? "--cached" : other);
    if (options->cached && other)
        return err_set(err, ERR_USAGE, "--cached and %s exclude each other", other);
    return true;
}

static bool run_mode(struct cli *cli, const struct config *config,
                     const struct health_options *options, struct err *err)
{
    if (options->cached)
        return print_cached(cli, config, err);
    if (options->watch)
        return watch(cli, config, options, err);
    return check_once(cli, config, options, err);
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
