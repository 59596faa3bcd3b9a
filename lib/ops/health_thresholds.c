/* Judgement by the thresholds of the configuration: conflicts, verification, breakers, backups,
 * certificates. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/report.h"
#include "ops/backups.h"
#include "ops/health_checks.h"
#include "ops/health_judge.h"
#include "ops/samples.h"
#include "ops/unrecorded.h"
#include "repl/merge.h"
#include "state/breaker.h"

#define DURATION_SIZE 32
#define NAME_SIZE 64

/* Every alert of one database has its name in it. */
static const char *name_for(const char *what, enum role role, char *name)
{
    (void)snprintf(name, NAME_SIZE, "%s-%s", what, role_name(role));
    return name;
}

static void set_figures(struct alert *alert, double value, double threshold)
{
    alert->measured = true;
    alert->value = value;
    alert->threshold = threshold;
}

static void judge_conflicts(const struct config *config, const struct state *state,
                            struct health_judgement *judgement)
{
    int64_t conflicts = json_int(json_get(state->root, "sync"), "conflicts", 0);
    int64_t equal = json_int(json_get(state->root, "sync"), "conflictsEqual", 0);
    if (conflicts <= config->alerts.conflicts)
        return;
    set_figures(health_judge_alert(judgement, "conflicts", HEALTH_DEGRADED,
                                   "the last sync found %lld rows that were changed on both "
                                   "sides: %s",
                                   (long long)conflicts, merge_losers(conflicts, equal)),
                (double)conflicts, (double)config->alerts.conflicts);
}

static int64_t time_of(const struct json *object, const char *name)
{
    int64_t time;
    return clock_parse(json_str(object, name, NULL), &time) ? time : 0;
}

/* When every table was compared as a whole: by a verification, or table by table by plain syncs. */
static int64_t verified_at(const struct state *state)
{
    const struct json *sync = json_get(state->root, "sync");
    const struct json *tables = json_get(state->root, "tables");
    int64_t begun = time_of(json_get(state->root, "init"), "time");
    int64_t oldest = 0;
    for (const struct json *table = json_first(tables); table; table = json_next(table)) {
        int64_t time = time_of(table, "lastFingerprint");
        time = time > 0 ? time : begun;
        oldest = oldest == 0 || time < oldest ? time : oldest;
    }
    int64_t verified = time_of(json_get(sync, "lastVerification"), "time");
    verified = verified > begun ? verified : begun;
    return oldest > verified ? oldest : verified;
}

static void judge_verification(const struct config *config, const struct state *state,
                               struct health_judgement *judgement)
{
    char text[DURATION_SIZE];
    int64_t at = verified_at(state);
    int64_t age = (clock_now_us() - at) / 1000;
    if (at == 0 || config->alerts.verification_ms == 0)
        return;
    if (health_is_ahead(at))
        (void)health_judge_alert(judgement, "verification-old", HEALTH_DEGRADED,
                                 "the time of the last comparison is to come, how old it is is not "
                                 "known: run dbr-sync --verify");
    if (age <= config->alerts.verification_ms)
        return;
    set_figures(health_judge_alert(judgement, "verification-old", HEALTH_DEGRADED,
                                   "not every table was compared within the last %s: run dbr-sync "
                                   "--verify",
                                   report_duration(age, text)),
                (double)age, (double)config->alerts.verification_ms);
}

/* together: nothing at all answers, and that is the alert. */
static void judge_breaker(const struct state *state, enum role role, bool together,
                          struct health_judgement *judgement)
{
    char name[NAME_SIZE];
    struct breaker breaker;
    breaker_read(&breaker, state, role);
    if (breaker.status == BREAKER_CLOSED)
        return;
    (void)name_for("breaker-open", role, name);
    if (together)
        strlist_add(&judgement->alerts.covered, name);
    else
        (void)health_judge_alert(judgement, name, HEALTH_DEGRADED,
                                 "the circuit breaker of the %s is open: %lld failures in a row",
                                 role_name(role), (long long)breaker.failures_in_a_row);
}

static void judge_backups(const struct config *config, struct health_judgement *judgement)
{
    struct backups_newest newest;
    char text[DURATION_SIZE];
    int64_t limit = config->alerts.backup_ms;
    if (!config->backup_dir || limit == 0)
        return;
    bool found = backups_find_newest(config->backup_dir, BACKUP_DATABASE, &newest);
    int64_t age = found ? (clock_now_us() - newest.time_us) / 1000 : 0;
    if (!found)
        (void)health_judge_alert(judgement, "backup-late", HEALTH_DEGRADED,
                                 "there is no backup of the database in %s: run dbr-backup db",
                                 config->backup_dir);
    else if (health_is_ahead(newest.time_us))
        (void)health_judge_alert(judgement, "backup-late", HEALTH_DEGRADED,
                                 "the time of the newest backup of the database is to come, how "
                                 "old it is is not known: run dbr-backup db");
    else if (age > limit)
        set_figures(health_judge_alert(judgement, "backup-late", HEALTH_DEGRADED,
                                       "the newest backup of the database is %s old: run "
                                       "dbr-backup db",
                                       report_duration(age, text)),
                    (double)age, (double)limit);
}

static void judge_certificate(const struct config *config, const struct state *state,
                              enum role role, struct health_judgement *judgement)
{
    char name[NAME_SIZE];
    char text[DURATION_SIZE];
    int64_t expires = time_of(health_entry(state, role), "certificateExpires");
    int64_t left = (expires - clock_now_us()) / 1000;
    if (expires == 0 || config->alerts.certificate_ms == 0 || left > config->alerts.certificate_ms)
        return;
    (void)name_for("certificate-expiring", role, name);
    /* The graver severity is what tells of it anew; the database answers as before. */
    if (left <= 0)
        health_judge_alert(judgement, name, HEALTH_DEGRADED,
                           "the certificate of the %s has expired", role_name(role))
            ->critical = true;
    else
        set_figures(health_judge_alert(judgement, name, HEALTH_DEGRADED,
                                       "the certificate of the %s expires in %s", role_name(role),
                                       report_duration(left, text)),
                    (double)left, (double)config->alerts.certificate_ms);
}

/* A check after the one of the record found no place in it. */
static void judge_record(const struct config *config, const struct state *state,
                         struct health_judgement *judgement)
{
    bool critical;
    int64_t told_us;
    if (!unrecorded_lasts(config, &critical, &told_us) ||
        told_us <= time_of(health_entry(state, state_active(state)), "lastCheck"))
        return;
    (void)health_judge_alert(judgement, UNRECORDED_ALERT,
                             critical ? HEALTH_CRITICAL : HEALTH_DEGRADED,
                             "later checks could not be recorded%s: run dbr-health to see why",
                             critical ? ", and found a database down that is needed" : "");
}

void health_judge_thresholds(const struct config *config, const struct state *state,
                             struct health_judgement *judgement)
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    const struct json *health = json_get(state->root, "health");
    bool together = json_bool(health, "bothDown", false) || json_bool(health, "isolated", false);
    bool pair = config->urls[ROLE_SECONDARY] != NULL;
    for (size_t i = 0; i < (pair ? 2U : 1U); i++) {
        judge_breaker(state, roles[i], together, judgement);
        judge_certificate(config, state, roles[i], judgement);
    }
    if (pair && state_init_status(state) == INIT_DONE) {
        judge_conflicts(config, state, judgement);
        judge_verification(config, state, judgement);
    }
    judge_record(config, state, judgement);
    judge_backups(config, judgement);
    samples_judge(config, state, judgement);
    health_checks_judge(state, judgement);
}
