/* The doctor on the wire: does each database answer, is it the right one, may dbr do there what it
 * will have to do? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/query.h"
#include "ops/doctor_checks.h"
#include "repl/identity.h"
#include "repl/probe.h"
#include "repl/switch_mark.h"
#include "state/journal.h"

/* Tables of the schema that the role cannot read, and cannot write. Both engines know these
 * functions. */
#define TABLE_RIGHTS                                                                               \
    "SELECT count(*) FILTER (WHERE NOT has_table_privilege(c.oid, 'SELECT')),"                     \
    " count(*) FILTER (WHERE NOT (has_table_privilege(c.oid, 'INSERT')"                            \
    " AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))),"        \
    " count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "              \
    "c.relnamespace"                                                                               \
    " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')"
#define SCHEMA_RIGHTS                                                                              \
    "SELECT has_schema_privilege(n.nspname, 'USAGE'), has_schema_privilege(n.nspname, 'CREATE')"   \
    " FROM pg_catalog.pg_namespace n WHERE n.nspname = $1"
#define DATABASE_RIGHTS                                                                            \
    "SELECT has_database_privilege(current_database(), 'CREATE'),"                                 \
    " pg_catalog.pg_has_role(d.datdba, 'USAGE')"                                                   \
    " FROM pg_catalog.pg_database d WHERE d.datname = current_database()"

struct subject {
    enum role role;
    const char *area;
    const struct config *config;
    struct findings *findings;
};

static void check_schema_rights(const struct subject *s, struct conn *conn)
{
    const char *schema = s->config->schema;
    struct result *result = NULL;
    struct err err = ERR_INIT;
    if (!query_run(conn, SCHEMA_RIGHTS, 1, &schema, &result, &err)) {
        findings_add(s->findings, FINDING_WARNING, s->area, NULL, "cannot ask for rights: %s",
                     err.message);
    } else if (result_rows(result) == 0) {
        bool needed = s->role == ROLE_PRIMARY;
        findings_add(s->findings, needed ? FINDING_DATABASE : FINDING_WELL, s->area,
                     needed ? "correct DB_SCHEMA, or create the schema" : NULL,
                     "there is no schema %s%s", schema, needed ? "" : " yet");
    } else if (!result_bool(result, 0, 0) || !result_bool(result, 0, 1)) {
        findings_add(s->findings, FINDING_WARNING, s->area,
                     "grant the role of the URL USAGE and CREATE on the schema",
                     "the role may not %s schema %s",
                     result_bool(result, 0, 0) ? "create in" : "use", schema);
    }
    result_free(result);
}

static void check_table_rights(const struct subject *s, struct conn *conn)
{
    const char *schema = s->config->schema;
    struct result *result = NULL;
    struct err err = ERR_INIT;
    if (!query_run(conn, TABLE_RIGHTS, 1, &schema, &result, &err)) {
        findings_add(s->findings, FINDING_WARNING, s->area, NULL, "cannot ask for rights: %s",
                     err.message);
        return;
    }
    long long unreadable = result_int(result, 0, 0);
    long long unwritable = result_int(result, 0, 1);
    long long all = result_int(result, 0, 2);
    result_free(result);
    if (unreadable > 0)
        findings_add(s->findings, FINDING_DATABASE, s->area,
                     "connect as the owner of the tables, or grant SELECT on all of them",
                     "the role may not read %lld of the %lld tables in schema %s", unreadable, all,
                     schema);
    else if (unwritable > 0)
        findings_add(s->findings, FINDING_WARNING, s->area,
                     "connect as the owner of the tables, or grant INSERT, UPDATE and DELETE",
                     "the role may not write %lld of the %lld tables in schema %s", unwritable, all,
                     schema);
    else
        findings_add(s->findings, FINDING_WELL, s->area, NULL,
                     "%lld tables in schema %s, all readable and writable", all, schema);
}

static void check_database_rights(const struct subject *s, struct conn *conn)
{
    struct result *result = NULL;
    struct err err = ERR_INIT;
    if (!query_run(conn, DATABASE_RIGHTS, 0, NULL, &result, &err) || result_rows(result) == 0) {
        result_free(result);
        return; /* not every engine answers this; init will tell */
    }
    if (s->role == ROLE_SECONDARY && !result_bool(result, 0, 0))
        findings_add(s->findings, FINDING_DATABASE, s->area,
                     "GRANT CREATE ON DATABASE to the role of the URL, for dbr's own schema _dbr",
                     "the role may not create schemas in this database");
    if (s->config->fence && !result_bool(result, 0, 1))
        findings_add(
            s->findings, FINDING_WARNING, s->area,
            "make the role of the URL a member of the database's owner, or set DB_FENCE=off",
            "the role does not own the database: it cannot be made read-only");
    result_free(result);
}

static void check_rights(const struct subject *s)
{
    struct conn_params params = {role_name(s->role), s->config->urls[s->role], s->config->schema,
                                 s->config->health_timeout_ms, false};
    struct conn *conn = NULL;
    struct err err = ERR_INIT;
    if (!conn_open(&params, &conn, &err)) {
        findings_add(s->findings, FINDING_DATABASE, s->area, err.hint, "%s", err.message);
        return;
    }
    check_schema_rights(s, conn);
    check_table_rights(s, conn);
    check_database_rights(s, conn);
    conn_close(conn);
}

static void check_answer(const struct subject *s, const struct probe *probe,
                         const struct state *state)
{
    if (!probe->connected) {
        findings_add(s->findings, FINDING_DATABASE, s->area,
                     probe->err.hint[0] ? probe->err.hint : NULL, "%s", probe->err.message);
        return;
    }
    findings_add(s->findings, FINDING_WELL, s->area, NULL, "%s answers in %lld ms: %s, %s%s",
                 s->config->shown[s->role], (long long)probe->latency_ms, probe->version,
                 probe->identity,
                 probe->in_recovery ? ", a physical standby"
                 : probe->read_only ? ", read-only for the application"
                                    : "");
    if (state && state_active(state) == s->role && probe->read_only)
        findings_add(s->findings, FINDING_DATABASE, s->area,
                     state_init_status(state) == INIT_NONE
                         ? "see who made it read-only; if dbr has switched to the secondary and "
                           "the state was lost, go on as dbr(7) says of a lost state file"
                         : "see who made it read-only, and lift that",
                     "the active database takes no writes");
    if (state && state_init_status(state) == INIT_DONE && state_active(state) != s->role &&
        s->config->fence && !probe->read_only)
        findings_add(s->findings, FINDING_WARNING, s->area,
                     "run dbr-sync, which makes it read-only again (or set DB_FENCE=off)",
                     "the standby takes writes: its fence is gone");
    long long skew = probe->clock_skew_ms < 0 ? -probe->clock_skew_ms : probe->clock_skew_ms;
    if (skew > s->config->max_clock_skew_ms)
        findings_add(s->findings, FINDING_WARNING, s->area,
                     "set the clock of this machine or of the server by NTP",
                     "its clock and this machine's differ by %lld ms", skew);
}

static int64_t under_way(const struct state *state)
{
    struct journal left;

    return state && journal_read(state, &left) ? left.epoch : 0;
}

/* A state that has missed a switch takes the one database for the other: nothing is to be advised
 * from it. */
static bool is_current(const struct state *state, const struct probe *answers, size_t count)
{
    struct err ignored = ERR_INIT;

    for (size_t i = 0; state && i < count; i++) {
        if (!switch_mark_check(state, answers[i].epoch, under_way(state), &ignored))
            return false;
    }
    return true;
}

static void check_pair(const struct config *config, const struct state *state,
                       const struct probe probes[2], struct findings *findings)
{
    static const char area[] = "pair";
    const struct state nothing = STATE_INIT;
    char *identities[2] = {probes[0].identity, probes[1].identity};
    struct err err = ERR_INIT;
    int64_t epoch = probes[0].epoch > probes[1].epoch ? probes[0].epoch : probes[1].epoch;
    if (!identity_check(state ? state : &nothing, identities, &err) ||
        (state && !switch_mark_check(state, epoch, under_way(state), &err)))
        findings_add(findings, FINDING_SETUP, area, err.hint, "%s", err.message);
    else if (identities[0] && identities[1])
        findings_add(findings, FINDING_WELL, area, NULL, "two different databases%s",
                     state && state_identity(state, ROLE_SECONDARY) ? ", those of the state" : "");
    if (!probes[0].connected || !probes[1].connected)
        return;
    long long skew = probes[0].clock_skew_ms - probes[1].clock_skew_ms;
    if (llabs(skew) > config->max_clock_skew_ms)
        findings_add(findings, FINDING_WARNING, area, "set the clocks of both servers by NTP",
                     "the clocks of the two servers differ by %lld ms", llabs(skew));
    bool same_engine = strcmp(probes[0].engine, probes[1].engine) == 0;
    if (same_engine && probes[0].version_number / 10000 > probes[1].version_number / 10000)
        findings_add(findings, FINDING_WARNING, area,
                     "upgrade the secondary's server to the primary's version",
                     "the secondary (%s) is older than the primary (%s)", probes[1].version,
                     probes[0].version);
}

void doctor_check_databases(const struct config *config, const struct state *state,
                            struct findings *findings)
{
    static const enum role roles[2] = {ROLE_PRIMARY, ROLE_SECONDARY};
    struct probe probes[2] = {{.connected = false}, {.connected = false}};
    struct conn_params params[2];
    enum role asked[2];
    struct probe answers[2] = {{.connected = false}, {.connected = false}};
    struct err err = ERR_INIT;
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        if (!config->urls[roles[i]])
            continue;
        asked[count] = roles[i];
        params[count++] = (struct conn_params){role_name(roles[i]), config->urls[roles[i]],
                                               config->schema, config->health_timeout_ms, false};
    }
    if (count == 0 || !probe_run(params, count, config->health_timeout_ms, answers, &err)) {
        for (size_t i = 0; i < count; i++)
            probe_release(&answers[i]);
        return;
    }
    const struct state *believed = is_current(state, answers, count) ? state : NULL;
    for (size_t i = 0; i < count; i++) {
        struct subject subject = {asked[i], role_name(asked[i]), config, findings};
        probes[asked[i]] = answers[i];
        check_answer(&subject, &answers[i], believed);
        if (answers[i].connected)
            check_rights(&subject);
    }
    check_pair(config, state, probes, findings);
    for (size_t i = 0; i < count; i++)
        probe_release(&answers[i]);
}
