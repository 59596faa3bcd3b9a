/*
 * Judging what servers said. Each finding says what there is and why it matters; what to do about
 * it stands beside it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/report.h"
#include "db/quote.h"
#include "ops/doctor_server.h"

#define OLDEST_COCKROACH 230100
#define OLDEST_POSTGRES 140000
/* Integers up to this one are exact in JavaScript and in most readers of JSON. */
#define EXACT_INTEGER ((int64_t)1 << 53)
/* Row versions that are kept for less cut short what reads at one moment. */
#define GC_SECONDS_WANTED 3600
#define NAMED_COLUMNS 3
/* What the free plan of CockroachDB Cloud holds in a month; beyond it writes fail. */
#define FREE_PLAN_OCTETS ((int64_t)10 << 30)
#define FREE_PLAN_PERCENT 80

struct judge {
    const struct doctor_facts *facts;
    const struct config *config;
    enum role role;
    const char *area;
    struct findings *findings;
};

static bool is(const struct judge *j, enum doctor_setting setting, const char *value)
{
    return j->facts->settings[setting] && strcmp(j->facts->settings[setting], value) == 0;
}

/* "ALTER DATABASE "app" SET ...", with the name quoted; for advice. */
static char *alter(const char *what, const char *name, const char *change)
{
    struct buf out = BUF_INIT;
    buf_addf(&out, "%s ", what);
    quote_ident(&out, name ? name : "?");
    buf_addf(&out, " %s", change);
    return buf_detach(&out);
}

/* --- both engines ---------------------------------------------------------------- */

static void judge_version(const struct judge *j)
{
    bool postgres = j->facts->engine == ENGINE_POSTGRES;
    if (j->facts->version >= (postgres ? OLDEST_POSTGRES : OLDEST_COCKROACH))
        return;
    findings_add(j->findings, FINDING_DATABASE, j->area, "upgrade the server",
                 "%s is older than %s: statements of dbr would fail there", j->facts->version_text,
                 postgres ? "PostgreSQL 14" : "CockroachDB v23.1");
}

static void judge_tls(const struct judge *j)
{
    const struct conn_tls *tls = &j->facts->tls;
    if (!tls->encrypted && !tls->local)
        findings_add(
            j->findings, FINDING_WARNING, j->area,
            "write sslmode=verify-full into the URL (dbr.env(5), TLS)",
            "the connection is not encrypted: whoever is on the way reads rows and logins");
    if (!tls->encrypted)
        return;
    bool named = strcmp(tls->mode, "verify-full") == 0;
    bool verified = named || strcmp(tls->mode, "verify-ca") == 0;
    findings_add(
        j->findings, verified || tls->local ? FINDING_WELL : FINDING_WARNING, j->area,
        verified || tls->local ? NULL : "write sslmode=verify-full into the URL (dbr.env(5), TLS)",
        "encrypted%s%s, %s (sslmode=%s)%s%s%s", tls->protocol[0] ? " with " : "", tls->protocol,
        named      ? "the server is verified"
        : verified ? "the server's authority is verified, not its name"
                   : "the server is not verified",
        tls->mode, tls->certificate[0] ? ", the client's certificate is " : "", tls->certificate,
        verified || tls->local
            ? ""
            : ": whoever is on the way may answer in its place and gets the password");
}

static void judge_schema(const struct judge *j)
{
    const struct doctor_facts *f = j->facts;
    const char *schema = j->config->schema;
    bool needed = j->role == ROLE_PRIMARY;
    if (!f->schema_exists)
        findings_add(j->findings, needed ? FINDING_DATABASE : FINDING_WELL, j->area,
                     needed ? "correct DB_SCHEMA, or create the schema" : NULL,
                     "there is no schema %s%s", schema, needed ? "" : " yet");
    else if (!f->may_use_schema || !f->may_create_in_schema)
        findings_add(j->findings, FINDING_WARNING, j->area,
                     "grant the role of the URL USAGE and CREATE on the schema",
                     "the role may not %s schema %s", f->may_use_schema ? "create in" : "use",
                     schema);
}

static void judge_tables(const struct judge *j)
{
    const struct doctor_facts *f = j->facts;
    const char *schema = j->config->schema;
    if (f->unreadable > 0)
        findings_add(j->findings, FINDING_DATABASE, j->area,
                     "connect as the owner of the tables, or grant SELECT on all of them",
                     "the role may not read %" PRId64 " of the %" PRId64 " tables in schema %s",
                     f->unreadable, f->tables, schema);
    else if (f->unwritable > 0)
        findings_add(j->findings, FINDING_WARNING, j->area,
                     "connect as the owner of the tables, or grant INSERT, UPDATE and DELETE",
                     "the role may not write %" PRId64 " of the %" PRId64 " tables in schema %s",
                     f->unwritable, f->tables, schema);
    else if (f->tables >= 0)
        findings_add(j->findings, FINDING_WELL, j->area, NULL,
                     "%" PRId64 " tables in schema %s, all readable and writable", f->tables,
                     schema);
}

static void judge_database(const struct judge *j)
{
    const struct doctor_facts *f = j->facts;
    if (!f->knows_database || f->admin)
        return;
    if (j->role == ROLE_SECONDARY && !f->may_create_schema)
        findings_add(j->findings, FINDING_DATABASE, j->area,
                     "GRANT CREATE ON DATABASE to the role of the URL, for dbr's own schema _dbr",
                     "the role may not create schemas in this database");
    if (j->config->fence && !f->owns_database)
        findings_add(
            j->findings, FINDING_WARNING, j->area,
            "make the role of the URL a member of the database's owner, or set DB_FENCE=off",
            "the role does not own the database: it cannot be made read-only");
}

static void judge_rights(const struct judge *j)
{
    if (j->facts->trouble) {
        findings_add(j->findings, FINDING_WARNING, j->area, NULL, "cannot ask for rights: %s",
                     j->facts->trouble);
    } else {
        judge_schema(j);
        judge_tables(j);
    }
    judge_database(j);
}

static void judge_connections(const struct judge *j)
{
    const struct doctor_facts *f = j->facts;
    const struct config_value *threshold = config_value(j->config, "DB_ALERT_CONNECTIONS_PERCENT");
    if (f->connections < 0 || f->connection_limit < 0 ||
        f->connections * 100 < f->connection_limit * threshold->number)
        return;
    findings_add(j->findings, FINDING_WARNING, j->area,
                 "close idle connections of the application, or raise the limit",
                 "%" PRId64 " of %" PRId64 " connections are in use: where none is left (53300) a "
                 "sync fails, and a switch cannot be made",
                 f->connections, f->connection_limit);
}

/* --- CockroachDB ----------------------------------------------------------------- */

static void judge_new_tables(const struct judge *j)
{
    bool rowid = j->facts->settings[SETTING_SERIAL] &&
                 strncmp(j->facts->settings[SETTING_SERIAL], "sql_sequence", 12) != 0;
    bool wide = is(j, SETTING_INT_SIZE, "8");
    if (!rowid && !wide)
        return;
    char *serial =
        alter("ALTER DATABASE", j->facts->database, "SET serial_normalization = 'sql_sequence'");
    char *size = alter("ALTER DATABASE", j->facts->database, "SET default_int_size = 4");
    char *next =
        mem_printf("%s%s%s", rowid ? serial : "", rowid && wide ? "; " : "", wide ? size : "");
    findings_add(j->findings, FINDING_WARNING, j->area, next,
                 "%s%s%s: migrations that the application runs here after a failover would make "
                 "%s",
                 rowid ? "SERIAL makes ids by unique_rowid(), beyond 2^53" : "",
                 rowid && wide ? ", and " : "", wide ? "INTEGER is 8 bytes wide" : "",
                 rowid ? "ids that JavaScript cannot hold and integer columns of the primary "
                         "cannot take back"
                       : "columns that integer columns of the primary cannot take back");
    free(serial);
    free(size);
    free(next);
}

static void judge_rowid_columns(const struct judge *j)
{
    struct buf names = BUF_INIT;
    size_t count = 0;
    for (size_t i = 0; i < j->facts->column_count; i++) {
        const struct doctor_column *c = &j->facts->columns[i];
        if (c->by_rowid && ++count <= NAMED_COLUMNS)
            buf_addf(&names, "%s%s.%s", count > 1 ? ", " : "", c->table, c->name);
    }
    if (count > NAMED_COLUMNS)
        buf_addf(&names, " and %zu more", count - NAMED_COLUMNS);
    if (count > 0)
        findings_add(j->findings, FINDING_WARNING, j->area,
                     "give each a sequence: CREATE SEQUENCE, then ALTER TABLE ... ALTER COLUMN ... "
                     "SET DEFAULT nextval(...); dbr-init-secondary --recreate does so by itself",
                     "new values of %s come from unique_rowid(): beyond 2^53, where JavaScript "
                     "loses digits, and too wide for an integer column of the primary",
                     names.data);
    buf_release(&names);
}

static void judge_large_ids(const struct judge *j)
{
    const struct doctor_column *worst = NULL;
    size_t count = 0;
    for (size_t i = 0; i < j->facts->column_count; i++) {
        const struct doctor_column *c = &j->facts->columns[i];
        if (!c->has_largest || c->largest <= EXACT_INTEGER)
            continue;
        count++;
        if (!worst || c->largest > worst->largest)
            worst = c;
    }
    if (worst)
        findings_add(j->findings, FINDING_WARNING, j->area,
                     "read these columns as text in the application (node-postgres does), or give "
                     "the rows new ids",
                     "%zu key columns hold ids beyond 2^53 (%s.%s: %" PRId64 "): JavaScript and "
                     "JSON clients lose the last digits without an error",
                     count, worst->table, worst->name, worst->largest);
}

/* Without these a switch can place no fence, or not end who writes past it. */
static void judge_fence_rights(const struct judge *j)
{
    const struct doctor_facts *f = j->facts;
    if (f->admin || !j->config->fence)
        return;
    if (f->knows_grants && !(f->may_see_sessions && f->may_cancel_sessions)) {
        char *next = alter("GRANT SYSTEM VIEWACTIVITY, CANCELQUERY TO", f->user, "(as an admin)");
        findings_add(j->findings, FINDING_WARNING, j->area, next,
                     "the role is not seen to have VIEWACTIVITY and CANCELQUERY: a switch could "
                     "not end the sessions that write here");
        free(next);
    }
    if (j->config->fence_role && !f->makes_roles) {
        char *next = alter("ALTER ROLE", f->user, "CREATEROLE (as an admin)");
        findings_add(j->findings, FINDING_WARNING, j->area, next,
                     "the role has no CREATEROLE: it cannot bar %s (DB_FENCE_ROLE) from logging in",
                     j->config->fence_role);
        free(next);
    }
}

/* Whom a fence does not hold. */
static void judge_application(const struct judge *j)
{
    const struct doctor_facts *f = j->facts;
    const char *fence_role = j->config->fence_role;
    if (f->user && strcmp(f->user, "root") == 0)
        findings_add(j->findings, FINDING_WARNING, j->area,
                     "connect as another role, dbr and the application both",
                     "the role is root, which settings of a database never hold: an application "
                     "that uses it writes past the fence");
    else if (f->fence_role_admin && fence_role) {
        char *next = alter("REVOKE admin FROM", fence_role, "; then grant it what it needs");
        findings_add(j->findings, FINDING_WARNING, j->area, next,
                     "%s (DB_FENCE_ROLE) is an admin: no REVOKE holds it, and it may lift its own "
                     "fence",
                     fence_role);
        free(next);
    } else if (f->admin && !fence_role && j->config->fence)
        findings_add(j->findings, FINDING_WARNING, j->area,
                     "give the application a role of its own without admin (users made in the "
                     "Cloud Console have it: REVOKE admin FROM it), and name it in DB_FENCE_ROLE",
                     "the role of the URL is an admin: an application that uses it, too, is held "
                     "by a setting that it may override, and by no REVOKE");
}

static void judge_guardrails(const struct judge *j)
{
    static const struct {
        enum doctor_setting setting;
        const char *name, *off, *change, *why;
    } rails[] = {
        {SETTING_FULL_SCAN, "disallow_full_table_scans", "off",
         "SET disallow_full_table_scans = off", "comparing and copying read whole tables"},
        {SETTING_ROWS_READ, "transaction_rows_read_err", "0", "SET transaction_rows_read_err = 0",
         "comparing a table of more rows fails"},
        {SETTING_ROWS_WRITTEN, "transaction_rows_written_err", "0",
         "SET transaction_rows_written_err = 0", "a batch of more rows fails"},
    };
    for (size_t i = 0; i < sizeof rails / sizeof *rails; i++) {
        if (!j->facts->settings[rails[i].setting] || is(j, rails[i].setting, rails[i].off))
            continue;
        char *next = alter("ALTER ROLE", j->facts->user, rails[i].change);
        findings_add(j->findings, FINDING_WARNING, j->area, next, "%s is %s: %s", rails[i].name,
                     j->facts->settings[rails[i].setting], rails[i].why);
        free(next);
    }
}

static void judge_history(const struct judge *j)
{
    if (j->facts->gc_seconds < 0 || j->facts->gc_seconds >= GC_SECONDS_WANTED)
        return;
    char *next =
        alter("ALTER DATABASE", j->facts->database, "CONFIGURE ZONE USING gc.ttlseconds = 14400");
    findings_add(j->findings, FINDING_WARNING, j->area, next,
                 "older versions of rows are kept for %" PRId64
                 " s only (gc.ttlseconds): an export "
                 "or failback that takes longer fails",
                 j->facts->gc_seconds);
    free(next);
}

static void judge_remains(const struct judge *j)
{
    if (j->facts->keys_off)
        findings_add(j->findings, FINDING_WARNING, j->area,
                     "run dbr-sync, which puts them back; one that is off even then has rows that "
                     "do not fulfil it: mend those first",
                     "foreign keys are off since a sync was broken off: %s", j->facts->keys_off);
    if (j->facts->rows_out)
        findings_add(j->findings, FINDING_WARNING, j->area,
                     "run dbr-sync, which brings them back; they are in salvage/ of the state "
                     "directory as well",
                     "rows are missing since a sync was broken off, in table %s",
                     j->facts->rows_out);
}

/* What is neither good nor bad, but has to be known. */
static void tell(const struct judge *j)
{
    struct buf text = BUF_INIT;
    if (j->facts->connections >= 0)
        buf_addf(&text, "sessions seen: %" PRId64, j->facts->connections);
    if (j->facts->gc_seconds >= 0)
        buf_addf(&text, "%solder versions of rows are kept for %" PRId64 " s", text.len ? ", " : "",
                 j->facts->gc_seconds);
    if (is(j, SETTING_DDL, "on"))
        buf_addf(&text,
                 "%sDDL in a transaction commits what came before it (autocommit_before_ddl)",
                 text.len ? ", " : "");
    if (text.len)
        findings_add(j->findings, FINDING_WELL, j->area, NULL, "%s", text.data);
    buf_release(&text);
}

void doctor_judge(const struct doctor_facts *facts, const struct config *config, enum role role,
                  const char *area, struct findings *findings)
{
    const struct judge judge = {facts, config, role, area, findings};
    judge_version(&judge);
    judge_tls(&judge);
    judge_rights(&judge);
    judge_connections(&judge);
    if (facts->engine == ENGINE_POSTGRES)
        return;
    judge_fence_rights(&judge);
    judge_application(&judge);
    judge_rowid_columns(&judge);
    judge_large_ids(&judge);
    judge_new_tables(&judge);
    judge_guardrails(&judge);
    judge_history(&judge);
    judge_remains(&judge);
    tell(&judge);
}

/* Names of one zone. */
static bool is_utc(const char *zone)
{
    static const char *const names[] = {"UTC",  "Etc/UTC", "GMT",     "Etc/GMT",
                                        "Zulu", "GMT0",    "Etc/UCT", "UCT"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(zone, names[i]) == 0)
            return true;
    }
    return false;
}

void doctor_judge_zones(const struct doctor_facts *primary, const struct doctor_facts *secondary,
                        struct findings *findings)
{
    const char *here = primary->settings[SETTING_TIME_ZONE];
    const char *there = secondary->settings[SETTING_TIME_ZONE];
    if (!here || !there || strcasecmp(here, there) == 0 || (is_utc(here) && is_utc(there)))
        return;
    char *change = mem_printf("SET TimeZone = '%s' (on the secondary)", here);
    char *next = alter("ALTER DATABASE", secondary->database, change);
    findings_add(findings, FINDING_WARNING, "pair", next,
                 "the application's sessions have time zone %s on the primary and %s on the "
                 "secondary: after a switch now() in a timestamp column without time zone is "
                 "another time",
                 here, there);
    free(change);
    free(next);
}

void doctor_judge_storage(const struct doctor_facts *primary, const struct doctor_facts *secondary,
                          const char *shown, struct findings *findings)
{
    char size[32];
    if (secondary->engine != ENGINE_COCKROACH || primary->octets < 0 ||
        !strstr(shown, ".cockroachlabs.cloud") ||
        primary->octets < FREE_PLAN_OCTETS / 100 * FREE_PLAN_PERCENT)
        return;
    findings_add(findings, FINDING_WARNING, "pair",
                 "see the storage limit of the cluster in the Cloud Console, and raise it or leave "
                 "large tables out (DB_SYNC_EXCLUDE_TABLES)",
                 "the tables take %s on the primary: the free plan of CockroachDB Cloud ends at 10 "
                 "GiB, where writes fail and one session at a time is let in",
                 report_bytes(primary->octets, size));
}
