/* Wording and layout of the health report. The keys of the document are an interface: they may be
 * added to, never renamed. */
#include "ops/health_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/report.h"
#include "ops/auto.h"
#include "ops/health_checks.h"
#include "ops/operation.h"
#include "state/breaker.h"
#include "state/journal.h"

#define TEXT_SIZE 32
#define DAY_US INT64_C(86400000000)

/* A copy of a member, or null. */
static void carry(struct json *to, const struct json *from, const char *name)
{
    const struct json *value = json_get(from, name);
    if (value)
        json_set(to, name, json_copy(value));
    else
        json_set_null(to, name);
}

static void database_object(struct json *document, const struct state *state, enum role role)
{
    static const char *const carried[] = {"latency",
                                          "lastCheck",
                                          "consecutiveFailures",
                                          "consecutiveSuccesses",
                                          "engine",
                                          "version",
                                          "error",
                                          "failure",
                                          "readOnly",
                                          "certificateExpires",
                                          "clockSkewMs"};
    const struct json *entry = health_entry(state, role);
    struct json *database = json_set_object(document, role_name(role));
    json_set_bool(database, "connected", json_bool(entry, "connected", false));
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++)
        carry(database, entry, carried[i]);
    /* Clients count with these. */
    json_set_int(database, "consecutiveFailures", json_int(entry, "consecutiveFailures", 0));
    json_set_int(database, "consecutiveSuccesses", json_int(entry, "consecutiveSuccesses", 0));
    json_set_int(database, "consecutiveDown", json_int(entry, "consecutiveDown", 0));
    struct breaker breaker;
    breaker_read(&breaker, state, role);
    json_set_str(database, "breaker", breaker_status_name(breaker.status));
}

static int64_t to_go(int64_t threshold, int64_t count)
{
    return count < threshold ? threshold - count : 0;
}

static void last_switch(struct json *object, const struct state *state)
{
    static const char *const told[] = {"op", "kind", "by", "time", "reason"};
    const struct json *last = json_get(state->root, "lastSwitch");
    if (!last) {
        json_set_null(object, "lastSwitch");
        return;
    }
    struct json *part = json_set_object(object, "lastSwitch");
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        carry(part, last, told[i]);
}

/* What automation would do next, and what is left open by the switch before. */
static void switching_object(struct json *document, const struct config *config,
                             const struct state *state)
{
    struct auto_view view;
    auto_view_read(&view, config, state);
    enum auto_decision decision = auto_decide(&view);
    bool failover = view.active == ROLE_PRIMARY;
    char *blocked = auto_blocked(state);
    const char *obstacle = auto_obstacle(decision);
    struct json *object = json_set_object(document, "switching");
    json_set_bool(object, "autoFailover", view.failover_on);
    json_set_bool(object, "autoFailback", view.failback_on);
    json_set_str(object, "next", failover ? "failover" : "failback");
    if (failover)
        json_set_int(object, "failuresToGo",
                     to_go(view.failover_threshold, view.sides[ROLE_PRIMARY].down));
    else
        json_set_null(object, "failuresToGo");
    if (failover)
        json_set_null(object, "successesToGo");
    else
        json_set_int(object, "successesToGo",
                     to_go(view.failback_threshold, view.sides[ROLE_PRIMARY].successes));
    json_set_int(object, "effectiveFailbackThreshold", view.failback_threshold);
    json_set_bool(object, "eligible", auto_is_due(decision));
    json_set_str(object, "blockedBy", obstacle ? obstacle : blocked);
    json_set_str(object, "retryAt", decision == AUTO_FAILBACK_WAIT ? auto_retry_at(state) : NULL);
    json_set_str(object, "fenceDebt", journal_debt(state, role_other(view.active)));
    if (journal_merge_unknown(state))
        json_set_null(object, "mergePending");
    else
        json_set_bool(object, "mergePending", !failover && journal_merge(state));
    json_set_bool(object, "isolated", view.isolated);
    last_switch(object, state);
    free(blocked);
}

static void sync_object(struct json *document, const struct state *state,
                        const struct health_judgement *judgement)
{
    const struct json *sync = json_get(state->root, "sync");
    const char *status = json_str(sync, "status", "healthy");
    struct json *object = json_set_object(document, "syncStatus");
    carry(object, sync, "lastSync");
    json_set_int(object, "recordsSynced", json_int(sync, "recordsSynced", 0));
    if (judgement->sync_late && strcmp(status, "healthy") == 0)
        status = "late";
    json_set_str(object, "status", status);
    carry(object, sync, "durationMs");
    json_set_int(object, "conflicts", json_int(sync, "conflicts", 0));
    carry(object, sync, "lastVerification");
    carry(object, sync, "error");
    struct json *tables = json_set_array(object, "tables");
    for (const struct json *table = json_first(json_get(state->root, "tables")); table;
         table = json_next(table)) {
        struct json *item = json_add(tables, json_object());
        json_set_str(item, "name", json_key(table));
        carry(item, table, "rows");
        carry(item, table, "lastFingerprint");
    }
}

void health_document(const struct config *config, const struct state *state,
                     const struct health_judgement *judgement, struct json *document)
{
    static const char *const init_names[] = {"none", "running", "failed", "done"};
    bool redundant = config->urls[ROLE_SECONDARY] != NULL;
    json_set_bool(document, "success", true);
    json_set_bool(document, "redundancyEnabled", redundant);
    json_set_str(document, "status", health_status_name(judgement->status));
    database_object(document, state, ROLE_PRIMARY);
    if (redundant)
        database_object(document, state, ROLE_SECONDARY);
    else
        json_set_null(document, "secondary");
    json_set_str(document, "activeDatabase", role_name(state_active(state)));
    carry(document, json_get(state->root, "sync"), "lastSync");
    sync_object(document, state, judgement);
    json_set_str(document, "initStatus", init_names[state_init_status(state)]);
    if (redundant)
        switching_object(document, config, state);
    else
        json_set_null(document, "switching");
    alerts_document(&judgement->alerts, document);
    operation_report(document, state);
    if (json_is_array(json_get(state->root, "checks")))
        json_set(document, "checks", json_copy(json_get(state->root, "checks")));
    else
        json_set(document, "checks", json_array());
    struct json *warnings = json_set_array(document, "warnings");
    for (size_t i = 0; i < judgement->warnings.count; i++)
        json_add_str(warnings, judgement->warnings.items[i]);
}

/* Of a check of today the time alone: a line of 80 columns has no room for more. */
static const char *check_time(const struct json *entry, char *text)
{
    const char *full = json_str(entry, "lastCheck", NULL);
    int64_t when;
    if (!full || !clock_parse(full, &when) || llabs(clock_now_us() - when) >= DAY_US)
        return full;
    (void)snprintf(text, TEXT_SIZE, "%.8sZ", full + strlen("2026-01-24T"));
    return text;
}

static void database_row(struct report *report, const struct state *state, enum role role)
{
    const struct json *entry = health_entry(state, role);
    bool connected = json_bool(entry, "connected", false);
    bool cockroach = strcmp(json_str(entry, "engine", ""), "cockroach") == 0;
    const char *version = json_str(entry, "version", NULL);
    char failures[TEXT_SIZE];
    char latency[TEXT_SIZE];
    char time[TEXT_SIZE];
    char *engine =
        version ? mem_printf("%s %s", cockroach ? "CockroachDB" : "PostgreSQL", version) : NULL;
    (void)snprintf(latency, sizeof latency, "%lld ms", (long long)json_int(entry, "latency", 0));
    const char *const cells[] = {
        role_name(role),
        state_active(state) == role ? "active" : "standby",
        connected ? "yes" : "NO",
        connected ? latency : NULL,
        engine,
        check_time(entry, time),
        report_count(json_int(entry, "consecutiveFailures", 0), failures),
    };
    report_row(report, cells);
    report_mark(report, 2, connected ? REPORT_GOOD : REPORT_BAD);
    free(engine);
}

/* What keeps one that is due from being made is among the warnings. */
static void count_sentence(const char *op, const char *kind, int64_t count, int64_t threshold,
                           struct buf *text)
{
    if (count < threshold)
        buf_addf(text, "automatic %s: %lld of %lld %s checks in a row", op, (long long)count,
                 (long long)threshold, kind);
    else
        buf_addf(text, "automatic %s: due, %lld %s checks in a row (threshold %lld)", op,
                 (long long)count, kind, (long long)threshold);
}

/* How far it is to the next switch, while one comes nearer. */
static void switching_sentence(const struct config *config, const struct state *state,
                               struct buf *text)
{
    struct auto_view view;
    auto_view_read(&view, config, state);
    const struct auto_side *primary = &view.sides[ROLE_PRIMARY];
    if (view.active == ROLE_PRIMARY && primary->down > 0 && view.failover_on)
        count_sentence("failover", "failed", primary->down, view.failover_threshold, text);
    else if (view.active == ROLE_SECONDARY && view.failback_on)
        count_sentence("failback", "good", primary->successes, view.failback_threshold, text);
}

static void sync_sentence(const struct config *config, const struct state *state,
                          const struct health_judgement *judgement, struct buf *text)
{
    const struct json *sync = json_get(state->root, "sync");
    char age[TEXT_SIZE];
    char records[TEXT_SIZE];
    if (!config->urls[ROLE_SECONDARY])
        buf_adds(text, "redundancy is disabled (DATABASE_URL_SECONDARY is not set)");
    else if (judgement->sync_age_ms < 0)
        buf_adds(text, "last sync: never");
    else
        buf_addf(text, "last sync: %s ago, %s records",
                 report_duration(judgement->sync_age_ms, age),
                 report_count(json_int(sync, "recordsSynced", 0), records));
}

/* The warnings say what they are; this since when. */
static void print_alerts(const struct cli *cli, const struct alerts *alerts)
{
    static const char *const headings[] = {"ALERT", "SEVERITY", "SINCE"};
    if (alerts->count == 0)
        return;
    struct report *report = report_new(headings, sizeof headings / sizeof headings[0]);
    for (size_t i = 0; i < alerts->count; i++) {
        const struct alert *alert = &alerts->items[i];
        const char *const cells[] = {alert->name, alert->critical ? "critical" : "warning",
                                     alert->since};
        report_row(report, cells);
        report_mark(report, 1, alert->critical ? REPORT_BAD : REPORT_WARNING);
    }
    putchar('\n');
    report_print(report, stdout, cli->color_out);
    report_free(report);
}

void health_table(const struct cli *cli, const struct config *config, const struct state *state,
                  const struct health_judgement *judgement)
{
    static const char *const headings[] = {"DATABASE", "ROLE",       "CONNECTED", ">LATENCY",
                                           "ENGINE",   "LAST CHECK", ">FAILURES"};
    static const enum report_mark marks[] = {REPORT_GOOD, REPORT_WARNING, REPORT_BAD};
    struct buf text = BUF_INIT;
    struct report *report = report_new(headings, sizeof headings / sizeof headings[0]);
    database_row(report, state, ROLE_PRIMARY);
    if (config->urls[ROLE_SECONDARY])
        database_row(report, state, ROLE_SECONDARY);
    report_word(stdout, cli->color_out, "status: ", marks[judgement->status],
                health_status_name(judgement->status));
    putchar('\n');
    report_print(report, stdout, cli->color_out);
    report_free(report);
    sync_sentence(config, state, judgement, &text);
    printf("\n%s\n", text.data);
    buf_reset(&text);
    if (config->urls[ROLE_SECONDARY])
        switching_sentence(config, state, &text);
    if (text.len > 0)
        printf("%s\n", text.data);
    for (size_t i = 0; i < judgement->warnings.count; i++) {
        buf_reset(&text);
        buf_add_clean(&text, judgement->warnings.items[i]);
        printf("warning: %s\n", text.data);
    }
    buf_release(&text);
    health_checks_print(state, cli->color_out);
    print_alerts(cli, &judgement->alerts);
}

void health_line(const struct config *config, const struct state *state,
                 const struct health_judgement *judgement, struct buf *line)
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    char now[CLOCK_TEXT_SIZE];
    buf_addf(line, "%s %s active=%s", clock_format(clock_now_us(), now),
             health_status_name(judgement->status), role_name(state_active(state)));
    for (size_t i = 0; i < (config->urls[ROLE_SECONDARY] ? 2U : 1U); i++) {
        const struct json *entry = health_entry(state, roles[i]);
        if (json_bool(entry, "connected", false))
            buf_addf(line, " %s=%lldms", role_name(roles[i]),
                     (long long)json_int(entry, "latency", 0));
        else
            buf_addf(line, " %s=%s", role_name(roles[i]), json_str(entry, "failure", "unknown"));
    }
    for (size_t i = 0; i < judgement->warnings.count; i++) {
        buf_adds(line, i ? "; " : " | ");
        buf_add_clean(line, judgement->warnings.items[i]);
    }
}
