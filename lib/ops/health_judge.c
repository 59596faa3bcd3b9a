/* The rules by which a pair is healthy, degraded or critical. Each finding is one warning in words.
 */
#include "ops/health_judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "cli/report.h"
#include "ops/auto.h"
#include "state/journal.h"
#include "state/remains.h"

#define DURATION_SIZE 32
#define AHEAD_US INT64_C(60000000) /* clocks are set back by less */

const char *health_status_name(enum health_status status)
{
    static const char *const names[] = {"healthy", "degraded", "critical"};
    return names[status];
}

const struct json *health_entry(const struct state *state, enum role role)
{
    const struct json *entry = json_get(json_get(state->root, "health"), role_name(role));
    return json_is_object(entry) ? entry : NULL;
}

void health_judge_add(struct health_judgement *judgement, enum health_status status,
                      const char *warning)
{
    if (status > judgement->status)
        judgement->status = status;
    strlist_add(&judgement->warnings, warning);
}

/* The text is kept in the list of warnings. */
__attribute__((format(printf, 3, 0))) static const char *
add_text(struct health_judgement *judgement, enum health_status status, const char *format,
         va_list args)
{
    struct buf text = BUF_INIT;
    buf_vaddf(&text, format, args);
    health_judge_add(judgement, status, text.data);
    buf_release(&text);
    return judgement->warnings.items[judgement->warnings.count - 1];
}

static void add(struct health_judgement *judgement, enum health_status status, const char *format,
                ...) __attribute__((format(printf, 3, 4)));

static void add(struct health_judgement *judgement, enum health_status status, const char *format,
                ...)
{
    va_list args;
    va_start(args, format);
    (void)add_text(judgement, status, format, args);
    va_end(args);
}

struct alert *health_judge_alert(struct health_judgement *judgement, const char *name,
                                 enum health_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = add_text(judgement, status, format, args);
    va_end(args);
    return alerts_add(&judgement->alerts, name, status == HEALTH_CRITICAL, text);
}

static bool is_connected(const struct state *state, enum role role)
{
    return json_bool(health_entry(state, role), "connected", false);
}

static bool is_flagged(const struct state *state, const char *name)
{
    return json_bool(json_get(state->root, "health"), name, false);
}

static bool is_out_together(const struct state *state)
{
    return is_flagged(state, "isolated") || is_flagged(state, "bothDown");
}

/* The warnings that say it are those of each database and of automation. */
static void judge_together(const struct state *state, struct health_judgement *judgement)
{
    if (is_flagged(state, "isolated"))
        (void)alerts_add(&judgement->alerts, "isolated", true, HEALTH_ISOLATED);
    else if (is_flagged(state, "bothDown"))
        (void)alerts_add(&judgement->alerts, "both-down", true, HEALTH_BOTH_DOWN);
}

/* A database that does not answer: what that means depends on who is out. */
static void judge_missing(const struct state *state, enum role role, bool active,
                          struct health_judgement *judgement)
{
    const struct json *entry = health_entry(state, role);
    const char *part = active ? "active" : "standby";
    const char *failure = json_str(entry, "failure", "down");
    enum health_status status = active ? HEALTH_CRITICAL : HEALTH_DEGRADED;
    if (!entry) {
        add(judgement, status, "the %s (%s) has not been checked yet", role_name(role), part);
        return;
    }
    /* Out of connections or disk, say: it runs, and those who are connected are served. */
    if (strcmp(failure, "degraded") == 0)
        status = HEALTH_DEGRADED;
    struct buf text = BUF_INIT;
    const char *error = json_str(entry, "error", "no reason recorded");
    const char *hint = json_str(entry, "hint", NULL);
    if (strcmp(failure, "config") == 0)
        buf_addf(&text, "%s (%s) does not let dbr in: %s%s%s", role_name(role), part, error,
                 hint ? ": " : "", hint ? hint : "");
    else
        buf_addf(&text, "%s (%s) %s: %s", role_name(role), part,
                 strcmp(failure, "degraded") == 0 ? "is in trouble" : "is down", error);
    /* Where nothing at all answers, that is the alert. */
    if (is_out_together(state)) {
        health_judge_add(judgement, status, text.data);
        strlist_add(&judgement->alerts.covered, "active-down");
        strlist_add(&judgement->alerts.covered, "standby-down");
    } else {
        (void)health_judge_alert(judgement, active ? "active-down" : "standby-down", status, "%s",
                                 text.data);
    }
    buf_release(&text);
}

static bool is_after(const struct json *object, const char *name, int64_t time)
{
    int64_t other;
    return clock_parse(json_str(object, name, NULL), &other) && other > time;
}

/* Whether a database takes writes is seen by its check, and set by switches and by init: what was
 * seen before or during one of these says nothing of now. */
static bool knows_fence(const struct state *state, enum role role)
{
    struct journal journal;
    int64_t checked = 0;
    (void)clock_parse(json_str(health_entry(state, role), "lastCheck", NULL), &checked);
    return !journal_read(state, &journal) &&
           !is_after(json_get(state->root, "lastSwitch"), "time", checked) &&
           !is_after(json_get(state->root, "init"), "time", checked);
}

static void judge_active(const struct config *config, const struct state *state, enum role active,
                         struct health_judgement *judgement)
{
    const struct json *entry = health_entry(state, active);
    const char *name = role_name(active);
    if (json_bool(entry, "inRecovery", false))
        add(judgement, HEALTH_DEGRADED, "%s (active) is a physical standby: it takes no writes",
            name);
    else if (json_bool(entry, "readOnly", false) && knows_fence(state, active))
        add(judgement, HEALTH_DEGRADED,
            "%s (active) is read-only (default_transaction_read_only is on)", name);
    if (json_int(entry, "latency", 0) >= config->health_timeout_ms * INT64_C(4) / 5)
        add(judgement, HEALTH_DEGRADED, "%s (active) is slow: %lld ms", name,
            (long long)json_int(entry, "latency", 0));
}

/* After init the standby takes no writes but dbr's; one that does will differ before long. */
static void judge_fence(const struct config *config, const struct state *state, enum role standby,
                        struct health_judgement *judgement)
{
    if (config->fence && journal_fence_trouble(state, standby))
        (void)health_judge_alert(judgement, "fence-gone", HEALTH_DEGRADED, "%s",
                                 journal_fence_trouble(state, standby));
    if (config->fence && state_init_status(state) == INIT_DONE && !journal_debt(state, standby) &&
        !json_bool(health_entry(state, standby), "readOnly", true) && knows_fence(state, standby))
        (void)health_judge_alert(
            judgement, "fence-gone", HEALTH_DEGRADED, "%s (standby) takes writes, %s",
            role_name(standby),
            json_bool(health_entry(state, role_other(standby)), "readOnly", false)
                ? "and the active database does not: does the state name the right one? See "
                  "dbr(7), \"The state file is corrupt\""
                : "its fence is gone: run dbr-sync, which puts it back");
}

static void judge_clocks(const struct config *config, const struct state *state,
                         struct health_judgement *judgement)
{
    int64_t skew = json_int(health_entry(state, ROLE_PRIMARY), "clockSkewMs", 0) -
                   json_int(health_entry(state, ROLE_SECONDARY), "clockSkewMs", 0);
    if (skew < 0)
        skew = -skew;
    if (skew > config->max_clock_skew_ms)
        (void)health_judge_alert(judgement, "clock-skew", HEALTH_DEGRADED,
                                 "the clocks of the two servers differ by %lld ms",
                                 (long long)skew);
}

bool health_is_busy(const struct state *state)
{
    char *path = state_path(state, "op.lock");
    bool held = lock_holder(path) != 0;
    free(path);
    return held;
}

static void judge_init(const struct state *state, struct health_judgement *judgement)
{
    switch (state_init_status(state)) {
    case INIT_NONE:
        add(judgement, HEALTH_DEGRADED, "secondary is not initialised: run dbr-init-secondary");
        break;
    case INIT_FAILED:
        add(judgement, HEALTH_DEGRADED,
            "initialisation of the secondary failed: run dbr-init-secondary --resume (%s)",
            json_str(json_get(state->root, "init"), "reason", "no reason recorded"));
        break;
    case INIT_RUNNING:
        if (health_is_busy(state))
            add(judgement, HEALTH_DEGRADED, "initialisation of the secondary is running");
        else
            add(judgement, HEALTH_DEGRADED,
                "initialisation of the secondary was broken off: run "
                "dbr-init-secondary --resume");
        break;
    case INIT_DONE:
        if (state_update_failure(state))
            (void)health_judge_alert(judgement, "schema-behind", HEALTH_DEGRADED,
                                     "the last dbr-init-secondary --update did not follow the "
                                     "schema: %s",
                                     state_update_failure(state));
        break;
    }
}

static void judge_sync(const struct config *config, const struct state *state,
                       struct health_judgement *judgement)
{
    const struct json *sync = json_get(state->root, "sync");
    const char *status = json_str(sync, "status", "healthy");
    char age[DURATION_SIZE];
    if (strcmp(status, "healthy") != 0)
        (void)health_judge_alert(judgement, "sync-failed", HEALTH_DEGRADED, "the last sync %s: %s",
                                 strcmp(status, "refused") == 0 ? "was refused"
                                 : strcmp(status, "different") == 0
                                     ? "or verification found differences"
                                     : "failed",
                                 json_str(sync, "error", "no reason recorded"));
    int64_t last;
    if (clock_parse(json_str(sync, "lastSync", NULL), &last) && health_is_ahead(last)) {
        judgement->sync_late = true;
        (void)health_judge_alert(judgement, "sync-late", HEALTH_DEGRADED,
                                 "the time of the last sync is to come (%s), how old it is is not "
                                 "known: run dbr-sync",
                                 json_str(sync, "lastSync", ""));
    } else if (judgement->sync_age_ms > 2 * config->sync_interval_ms) {
        judgement->sync_late = true;
        (void)health_judge_alert(judgement, "sync-late", HEALTH_DEGRADED,
                                 "the last sync is %s old: run dbr-sync",
                                 report_duration(judgement->sync_age_ms, age));
    }
}

static void judge_remains(const struct state *state, struct health_judgement *judgement)
{
    struct buf text = BUF_INIT;
    if (!remains_any(state))
        return;
    remains_describe(state, &text);
    (void)health_judge_alert(judgement, "sync-remains", HEALTH_DEGRADED, "%s", text.data);
    buf_release(&text);
}

/* What a switch has left to be done. */
bool health_unmerged(const struct state *state, struct buf *text, struct buf *remedy)
{
    enum role active = state_active(state);
    enum role standby = role_other(active);
    if (!journal_unmerged(state, NULL) || journal_merge(state))
        return false;
    buf_addf(text,
             "the %s may hold rows that the %s has not and that are merged by nobody (of a forced "
             "failback, or the %s came back older)",
             role_name(standby), role_name(active), role_name(active));
    buf_addf(remedy, "dbr-export --source=%s copies them%s, dbr-sync --force gives them up",
             role_name(standby),
             standby == ROLE_SECONDARY
                 ? ", dbr-failover --force makes the secondary active with them"
                 : "");
    return true;
}

static void judge_switches(const struct state *state, struct health_judgement *judgement)
{
    struct journal journal;
    struct buf unmerged = BUF_INIT, remedy = BUF_INIT;
    enum role standby = role_other(state_active(state));
    if (journal_read(state, &journal)) {
        const char *name = switch_op_name(journal.op);
        if (health_is_busy(state))
            add(judgement, HEALTH_DEGRADED, "a %s is running since %s", name, journal.started);
        else
            add(judgement, HEALTH_DEGRADED,
                "a %s that was begun at %s stopped at step %s: the next run finishes or undoes it",
                name, journal.started, switch_step_name(journal.step));
    }
    if (journal_debt(state, standby))
        (void)health_judge_alert(
            judgement, "fence-debt", HEALTH_DEGRADED,
            "%s (standby) is not fenced since %s: the next run that reaches it does that first",
            role_name(standby), journal_debt(state, standby));
    if (state_active(state) == ROLE_SECONDARY && journal_merge(state))
        add(judgement, HEALTH_DEGRADED,
            "what the primary took before the failover is not merged yet: dbr-sync or "
            "dbr-failback does it once the primary is back");
    if (health_unmerged(state, &unmerged, &remedy))
        (void)health_judge_alert(judgement, "not-merged", HEALTH_DEGRADED, "%s: %s", unmerged.data,
                                 remedy.data);
    buf_release(&unmerged);
    buf_release(&remedy);
    judge_remains(state, judgement);
    if (auto_unfollowed(state))
        (void)health_judge_alert(judgement, "switch-incomplete", HEALTH_DEGRADED,
                                 "the last switch stands, but not everything followed: %s",
                                 auto_unfollowed(state));
}

/* What automation would do, and what keeps it from that. */
static void judge_automation(const struct config *config, const struct state *state,
                             struct health_judgement *judgement)
{
    struct auto_view view;
    auto_view_read(&view, config, state);
    enum auto_decision decision = auto_decide(&view);
    const char *op = view.active == ROLE_PRIMARY ? "failover" : "failback";
    const char *obstacle = auto_obstacle(decision);
    char *blocked = auto_blocked(state);
    /* How bad that is has been judged by what led to it. */
    if (obstacle && auto_is_due(decision))
        add(judgement, HEALTH_OK, "a %s is due, but %s", op, obstacle);
    else if (obstacle)
        add(judgement, HEALTH_OK, "no automatic %s: %s", op, obstacle);
    else if (blocked && auto_is_due(decision))
        (void)health_judge_alert(judgement, "switch-blocked", HEALTH_DEGRADED,
                                 "a %s is due, but %s", op, blocked);
    else if (decision == AUTO_FAILOVER)
        add(judgement, HEALTH_OK, "a failover is due: run dbr-failover, or dbr-health --auto");
    free(blocked);
}

bool health_is_ahead(int64_t time_us)
{
    return time_us - clock_now_us() > AHEAD_US;
}

static int64_t sync_age(const struct state *state)
{
    int64_t when;
    const char *text = json_str(json_get(state->root, "sync"), "lastSync", NULL);
    if (!text || !clock_parse(text, &when) || health_is_ahead(when))
        return -1;
    int64_t age = (clock_now_us() - when) / 1000;
    return age > 0 ? age : 0;
}

static void judge_pair(const struct config *config, const struct state *state, enum role active,
                       struct health_judgement *judgement)
{
    enum role standby = role_other(active);
    if (is_connected(state, standby))
        judge_fence(config, state, standby, judgement);
    else
        judge_missing(state, standby, false, judgement);
    if (is_connected(state, active) && is_connected(state, standby))
        judge_clocks(config, state, judgement);
    judge_init(state, judgement);
    if (state_init_status(state) == INIT_DONE)
        judge_sync(config, state, judgement);
    judge_switches(state, judgement);
    judge_automation(config, state, judgement);
}

void health_judge(const struct config *config, const struct state *state,
                  struct health_judgement *judgement)
{
    enum role active = state_active(state);
    *judgement =
        (struct health_judgement){HEALTH_OK, false, sync_age(state), STRLIST_INIT, ALERTS_INIT};
    judge_together(state, judgement);
    if (is_connected(state, active))
        judge_active(config, state, active, judgement);
    else
        judge_missing(state, active, true, judgement);
    if (config->urls[ROLE_SECONDARY])
        judge_pair(config, state, active, judgement);
    health_judge_thresholds(config, state, judgement);
    alerts_recall(&judgement->alerts, state);
}

void health_judgement_release(struct health_judgement *judgement)
{
    strlist_release(&judgement->warnings);
    alerts_release(&judgement->alerts);
}
