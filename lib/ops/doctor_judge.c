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
#include "ops/doctor_judge.h"

#define OLDEST_COCKROACH 230100
#define OLDEST_POSTGRES 140000
/* What the free plan of CockroachDB Cloud holds in a month; beyond it writes fail. */
#define FREE_PLAN_OCTETS ((int64_t)10 << 30)
#define FREE_PLAN_PERCENT 80

char *doctor_alter(const char *what, const char *name, const char *change)
{
    struct buf out = BUF_INIT;
    buf_addf(&out, "%s ", what);
    quote_ident(&out, name ? name : "?");
    buf_addf(&out, " %s", change);
    return buf_detach(&out);
}

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

/* What a switch would refuse, or do without: the fence asks the same before it is placed. */
static void judge_fence(const struct judge *j)
{
    if (j->facts->fence_trouble.code != ERR_NONE && j->facts->owns_database)
        findings_add(j->findings, FINDING_WARNING, j->area, j->facts->fence_trouble.hint,
                     "no fence could be placed as configured, and a switch would be refused: %s",
                     j->facts->fence_trouble.message);
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
        judge_fence(&judge);
    else
        doctor_judge_cockroach(&judge);
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
    char *next = doctor_alter("ALTER DATABASE", secondary->database, change);
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
