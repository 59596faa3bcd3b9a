/* What bites on CockroachDB and nowhere else. */
#include <inttypes.h>
#include <string.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ops/doctor_judge.h"

/* Integers up to this one are exact in JavaScript and in most readers of JSON. */
#define EXACT_INTEGER ((int64_t)1 << 53)
/* Row versions that are kept for less cut short what reads at one moment. */
#define GC_SECONDS_WANTED 3600
#define NAMED_COLUMNS 3

static bool is(const struct judge *j, enum doctor_setting setting, const char *value)
{
    return j->facts->settings[setting] && strcmp(j->facts->settings[setting], value) == 0;
}

static void judge_new_tables(const struct judge *j)
{
    bool rowid = j->facts->settings[SETTING_SERIAL] &&
                 strncmp(j->facts->settings[SETTING_SERIAL], "sql_sequence", 12) != 0;
    bool wide = is(j, SETTING_INT_SIZE, "8");
    if (!rowid && !wide)
        return;
    char *serial = doctor_alter("ALTER DATABASE", j->facts->database,
                                "SET serial_normalization = 'sql_sequence'");
    char *size = doctor_alter("ALTER DATABASE", j->facts->database, "SET default_int_size = 4");
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
        char *next =
            doctor_alter("GRANT SYSTEM VIEWACTIVITY, CANCELQUERY TO", f->user, "(as an admin)");
        findings_add(j->findings, FINDING_WARNING, j->area, next,
                     "the role is not seen to have VIEWACTIVITY and CANCELQUERY: a switch could "
                     "not end the sessions that write here");
        free(next);
    }
    if (j->config->fence_role && !f->makes_roles) {
        char *next = doctor_alter("ALTER ROLE", f->user, "CREATEROLE (as an admin)");
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
        char *next = doctor_alter("REVOKE admin FROM", fence_role, "; then grant it what it needs");
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
        char *next = doctor_alter("ALTER ROLE", j->facts->user, rails[i].change);
        findings_add(j->findings, FINDING_WARNING, j->area, next, "%s is %s: %s", rails[i].name,
                     j->facts->settings[rails[i].setting], rails[i].why);
        free(next);
    }
}

static void judge_history(const struct judge *j)
{
    if (j->facts->gc_seconds < 0 || j->facts->gc_seconds >= GC_SECONDS_WANTED)
        return;
    char *next = doctor_alter("ALTER DATABASE", j->facts->database,
                              "CONFIGURE ZONE USING gc.ttlseconds = 14400");
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

void doctor_judge_cockroach(const struct judge *j)
{
    judge_fence_rights(j);
    judge_application(j);
    judge_rowid_columns(j);
    judge_large_ids(j);
    judge_new_tables(j);
    judge_guardrails(j);
    judge_history(j);
    judge_remains(j);
    tell(j);
}
