/*
 * One family of metrics after the other, each with its HELP and TYPE. A figure that is not known is
 * left out. No timestamps: the collector wants none.
 */
#include "ops/health_prometheus.h"

#include <string.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/version.h"
#include "ops/backups.h"
#include "state/breaker.h"
#include "state/journal.h"

static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};

struct exporter {
    const struct config *config;
    const struct state *state;
    const struct health_judgement *judgement;
    size_t count; /* of databases */
    struct buf *text;
};

/* --- lines ---------------------------------------------------------------------------- */

static void begin(struct exporter *e, const char *name, const char *type, const char *help)
{
    buf_addf(e->text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_label(struct exporter *e, const char *name, const char *value)
{
    buf_addf(e->text, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            buf_addch(e->text, '\\');
        if (*value == '\n')
            buf_adds(e->text, "\\n");
        else
            buf_addch(e->text, *value);
    }
    buf_addch(e->text, '"');
}

static void sample(struct exporter *e, const char *name, double value)
{
    buf_addf(e->text, "%s %.15g\n", name, value);
}

/* With one label, or two. */
static void labelled(struct exporter *e, const char *name, const char *label, const char *value,
                     const char *label2, const char *value2, double number)
{
    buf_addf(e->text, "%s{", name);
    add_label(e, label, value);
    if (label2 && value2) {
        buf_addch(e->text, ',');
        add_label(e, label2, value2);
    }
    buf_addf(e->text, "} %.15g\n", number);
}

static void single(struct exporter *e, const char *name, const char *type, const char *help,
                   double value)
{
    begin(e, name, type, help);
    sample(e, name, value);
}

/* Seconds since 1970 of a time in a document; nothing where there is none. */
static bool seconds_of(const struct json *object, const char *member, double *seconds)
{
    int64_t time;
    if (!clock_parse(json_str(object, member, NULL), &time))
        return false;
    *seconds = (double)time / 1e6;
    return true;
}

/* --- databases -------------------------------------------------------------------------- */

/* A figure of each database, or false where it is not known. */
typedef bool of_role(const struct exporter *e, enum role role, double *value);

static void by_role(struct exporter *e, const char *name, const char *type, const char *help,
                    of_role *get)
{
    double value;
    bool begun = false;
    for (size_t i = 0; i < e->count && i < 2; i++) {
        if (!get(e, roles[i], &value))
            continue;
        if (!begun)
            begin(e, name, type, help);
        begun = true;
        labelled(e, name, "role", role_name(roles[i]), NULL, NULL, value);
    }
}

static bool is_up(const struct exporter *e, enum role role, double *value)
{
    *value = json_bool(health_entry(e->state, role), "connected", false);
    return true;
}

static bool latency(const struct exporter *e, enum role role, double *value)
{
    const struct json *entry = health_entry(e->state, role);
    *value = (double)json_int(entry, "latency", 0) / 1000;
    return json_bool(entry, "connected", false);
}

static bool is_active(const struct exporter *e, enum role role, double *value)
{
    *value = state_active(e->state) == role;
    return true;
}

static bool failures(const struct exporter *e, enum role role, double *value)
{
    *value = (double)json_int(health_entry(e->state, role), "consecutiveFailures", 0);
    return true;
}

static bool last_check(const struct exporter *e, enum role role, double *value)
{
    return seconds_of(health_entry(e->state, role), "lastCheck", value);
}

static bool certificate(const struct exporter *e, enum role role, double *value)
{
    return seconds_of(health_entry(e->state, role), "certificateExpires", value);
}

static bool fence_debt(const struct exporter *e, enum role role, double *value)
{
    *value = journal_debt(e->state, role) != NULL;
    return true;
}

static bool breaker_open(const struct exporter *e, enum role role, double *value)
{
    struct breaker breaker;
    breaker_read(&breaker, e->state, role);
    *value = breaker.status != BREAKER_CLOSED;
    return true;
}

static bool breaker_requests(const struct exporter *e, enum role role, double *value)
{
    struct breaker breaker;
    breaker_read(&breaker, e->state, role);
    *value = (double)breaker.requests;
    return true;
}

static bool breaker_failures(const struct exporter *e, enum role role, double *value)
{
    struct breaker breaker;
    breaker_read(&breaker, e->state, role);
    *value = (double)breaker.failures;
    return true;
}

static void add_databases(struct exporter *e)
{
    by_role(e, "dbr_up", "gauge", "Whether the database answered the last check.", is_up);
    by_role(e, "dbr_latency_seconds", "gauge", "Time the last check took, connecting included.",
            latency);
    by_role(e, "dbr_active", "gauge", "Whether the application uses this database.", is_active);
    by_role(e, "dbr_consecutive_failures", "gauge", "Failed checks in a row.", failures);
    by_role(e, "dbr_last_check_timestamp_seconds", "gauge", "Time of the last check.", last_check);
    by_role(e, "dbr_certificate_expiry_timestamp_seconds", "gauge",
            "When the certificate of the server expires.", certificate);
    by_role(e, "dbr_fence_debt", "gauge", "Whether the fence of the database is owed.", fence_debt);
    by_role(e, "dbr_breaker_open", "gauge", "Whether the circuit breaker is open or half open.",
            breaker_open);
    by_role(e, "dbr_breaker_requests_total", "counter",
            "Requests that the circuit breaker has counted.", breaker_requests);
    by_role(e, "dbr_breaker_failures_total", "counter",
            "Failures that the circuit breaker has counted.", breaker_failures);
}

/* --- the pair ----------------------------------------------------------------------------- */

static void add_sync(struct exporter *e)
{
    const struct json *sync = json_get(e->state->root, "sync");
    double time;
    if (seconds_of(sync, "lastSync", &time))
        single(e, "dbr_last_sync_timestamp_seconds", "gauge", "Time of the last complete sync.",
               time);
    if (seconds_of(json_get(sync, "lastVerification"), "time", &time))
        single(e, "dbr_last_verification_timestamp_seconds", "gauge",
               "Time of the last verification.", time);
    single(e, "dbr_sync_healthy", "gauge", "Whether the last sync succeeded and is not late.",
           !e->judgement->sync_late && strcmp(json_str(sync, "status", "healthy"), "healthy") == 0);
    single(e, "dbr_sync_records_total", "counter", "Records that syncs have changed.",
           (double)json_int(sync, "totalRecords", json_int(sync, "recordsSynced", 0)));
    single(e, "dbr_sync_conflicts", "gauge", "Conflicts of the last sync.",
           (double)json_int(sync, "conflicts", 0));
    single(e, "dbr_sync_conflicts_total", "counter", "Conflicts of all syncs.",
           (double)json_int(sync, "totalConflicts", json_int(sync, "conflicts", 0)));
    if (seconds_of(json_get(e->state->root, "lastSwitch"), "time", &time))
        single(e, "dbr_last_switch_timestamp_seconds", "gauge",
               "Time of the last failover or failback.", time);
}

static void add_backups(struct exporter *e)
{
    bool begun = false;
    for (int kind = 0; e->config->backup_dir && kind < BACKUP_KINDS; kind++) {
        struct backups_newest newest;
        if (!backups_find_newest(e->config->backup_dir, (enum backup_kind)kind, &newest))
            continue;
        if (!begun)
            begin(e, "dbr_last_backup_timestamp_seconds", "gauge", "Time of the newest backup.");
        begun = true;
        labelled(e, "dbr_last_backup_timestamp_seconds", "kind",
                 backups_kind_name((enum backup_kind)kind), NULL, NULL,
                 (double)newest.time_us / 1e6);
    }
}

static void add_alerts(struct exporter *e)
{
    const struct alerts *alerts = &e->judgement->alerts;
    single(e, "dbr_status", "gauge", "0 healthy, 1 degraded, 2 critical.",
           (double)e->judgement->status);
    single(e, "dbr_alerts", "gauge", "Number of alerts that are raised.", (double)alerts->count);
    if (alerts->count == 0)
        return;
    begin(e, "dbr_alert", "gauge", "1 for each alert that is raised.");
    for (size_t i = 0; i < alerts->count; i++)
        labelled(e, "dbr_alert", "name", alerts->items[i].name, "severity",
                 alerts->items[i].critical ? "critical" : "warning", 1);
}

/* --- further checks -------------------------------------------------------------------------- */

static void add_checks_of(struct exporter *e, const char *name, const char *help,
                          const char *member, double scale)
{
    const struct json *checks = json_get(e->state->root, "checks");
    bool begun = false;
    for (const struct json *check = json_first(checks); check; check = json_next(check)) {
        const struct json *value = json_get(check, member);
        bool flag = strcmp(member, "ok") == 0;
        if (!value || json_is_null(value))
            continue;
        if (!begun)
            begin(e, name, "gauge", help);
        begun = true;
        labelled(e, name, "check", json_str(check, "name", ""), NULL, NULL,
                 flag ? json_bool(check, member, false) : json_double(check, member, 0) * scale);
    }
}

void health_prometheus_text(const struct config *config, const struct state *state,
                            const struct health_judgement *judgement, struct buf *text)
{
    bool pair = config->urls[ROLE_SECONDARY] != NULL;
    struct exporter e = {config, state, judgement, pair ? 2 : 1, text};
    begin(&e, "dbr_build_info", "gauge", "Version of dbr.");
    labelled(&e, "dbr_build_info", "version", DBR_VERSION, NULL, NULL, 1);
    single(&e, "dbr_redundancy_enabled", "gauge", "Whether a secondary is configured.", pair);
    add_databases(&e);
    if (pair)
        add_sync(&e);
    add_backups(&e);
    add_alerts(&e);
    add_checks_of(&e, "dbr_check_up", "Whether a further check passed.", "ok", 1);
    add_checks_of(&e, "dbr_check_value", "What a further check printed.", "value", 1);
    add_checks_of(&e, "dbr_check_duration_seconds", "Time a further check took.", "durationMs",
                  0.001);
}

bool health_prometheus_write(const struct config *config, const struct state *state,
                             const struct health_judgement *judgement, const char *path,
                             struct err *err)
{
    struct buf text = BUF_INIT;
    health_prometheus_text(config, state, judgement, &text);
    bool ok = fsio_write_atomic(path, 0644, text.data, text.len, err);
    buf_release(&text);
    return ok;
}
