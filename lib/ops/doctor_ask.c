/*
 * Asking. Every question is a segment of its own in one pipeline, so that a refusal harms no other;
 * what it would have told stays unknown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/stop.h"
#include "db/engine.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "ops/doctor_server.h"
#include "repl/measures.h"

enum parameter { NOTHING, SCHEMA, FENCE_ROLE };

struct question {
    const char *sql;
    enum parameter parameter;
    void (*read)(struct doctor_facts *facts, const struct result *answer);
    int setting; /* SHOW of it; read is NULL */
    bool rights; /* not to be answered is worth telling */
};

static void read_schema(struct doctor_facts *facts, const struct result *answer)
{
    facts->schema_exists = result_rows(answer) == 1;
    if (!facts->schema_exists)
        return;
    facts->may_use_schema = result_bool(answer, 0, 0);
    facts->may_create_in_schema = result_bool(answer, 0, 1);
}

static void read_tables(struct doctor_facts *facts, const struct result *answer)
{
    facts->unreadable = result_int(answer, 0, 0);
    facts->unwritable = result_int(answer, 0, 1);
    facts->tables = result_int(answer, 0, 2);
}

static void read_database(struct doctor_facts *facts, const struct result *answer)
{
    facts->knows_database = result_rows(answer) == 1;
    if (!facts->knows_database)
        return;
    facts->may_create_schema = result_bool(answer, 0, 0);
    facts->owns_database = result_bool(answer, 0, 1);
    facts->user = mem_strdup(result_text(answer, 0, 2));
}

static void read_connections(struct doctor_facts *facts, const struct result *answer)
{
    facts->connections = result_int(answer, 0, 0);
    if (result_text(answer, 0, 1))
        facts->connection_limit = result_int(answer, 0, 1);
}

static void read_sessions(struct doctor_facts *facts, const struct result *answer)
{
    facts->connections = result_int(answer, 0, 0);
}

static void read_limit(struct doctor_facts *facts, const struct result *answer)
{
    if (result_rows(answer) == 1 && result_int(answer, 0, 0) >= 0)
        facts->connection_limit = result_int(answer, 0, 0);
}

static void read_grants(struct doctor_facts *facts, const struct result *answer)
{
    facts->knows_grants = true;
    facts->may_see_sessions = result_bool(answer, 0, 0);
    facts->may_cancel_sessions = result_bool(answer, 0, 1);
}

static void read_octets(struct doctor_facts *facts, const struct result *answer)
{
    facts->octets = result_int(answer, 0, 0);
}

static void read_makes_roles(struct doctor_facts *facts, const struct result *answer)
{
    facts->makes_roles = result_rows(answer) == 1 && result_bool(answer, 0, 0);
}

static void read_fence_role(struct doctor_facts *facts, const struct result *answer)
{
    facts->fence_role_admin = result_bool(answer, 0, 0);
}

static void read_keys_off(struct doctor_facts *facts, const struct result *answer)
{
    if (result_text(answer, 0, 0))
        facts->keys_off = mem_strdup(result_text(answer, 0, 0));
    if (result_text(answer, 0, 1))
        facts->rows_out = mem_strdup(result_text(answer, 0, 1));
}

/* Row by row the levels that it is put together from; the last word that names it counts. */
static void read_zone(struct doctor_facts *facts, const struct result *answer)
{
    static const char word[] = "gc.ttlseconds = ";

    for (size_t i = 0; i < result_rows(answer); i++) {
        const char *text = result_text(answer, i, result_columns(answer) - 1);
        const char *at = text ? strstr(text, word) : NULL;

        if (at)
            facts->gc_seconds = strtoll(at + strlen(word), NULL, 10);
    }
}

static void read_columns(struct doctor_facts *facts, const struct result *answer)
{
    size_t count = result_rows(answer);

    facts->columns = mem_array(NULL, count + 1, sizeof *facts->columns);
    for (size_t i = 0; i < count; i++)
        facts->columns[i] = (struct doctor_column){.table = mem_strdup(result_text(answer, i, 0)),
                                                   .name = mem_strdup(result_text(answer, i, 1)),
                                                   .by_rowid = result_bool(answer, i, 2),
                                                   .is_key = result_bool(answer, i, 3)};
    facts->column_count = count;
}

/* Both engines know these functions. */
#define SCHEMA_RIGHTS                                                                              \
    "SELECT has_schema_privilege(n.nspname, 'USAGE'), has_schema_privilege(n.nspname, 'CREATE')"   \
    " FROM pg_catalog.pg_namespace n WHERE n.nspname = $1"
/* Tables of the schema that the role cannot read, and cannot write. */
#define TABLE_RIGHTS                                                                               \
    "SELECT count(*) FILTER (WHERE NOT has_table_privilege(c.oid, 'SELECT')),"                     \
    " count(*) FILTER (WHERE NOT (has_table_privilege(c.oid, 'INSERT')"                            \
    " AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))),"        \
    " count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "              \
    "c.relnamespace"                                                                               \
    " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')"
#define DATABASE_RIGHTS                                                                            \
    "SELECT has_database_privilege(current_database(), 'CREATE'),"                                 \
    " pg_catalog.pg_has_role(d.datdba, 'USAGE'), current_user"                                     \
    " FROM pg_catalog.pg_database d WHERE d.datname = current_database()"

#define TABLE_OCTETS                                                                               \
    "SELECT coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::bigint"                    \
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"         \
    " WHERE n.nspname = $1 AND c.relkind = 'r'"

static const struct question postgres_questions[] = {
    {SCHEMA_RIGHTS, SCHEMA, read_schema, 0, true},
    {TABLE_RIGHTS, SCHEMA, read_tables, 0, true},
    {DATABASE_RIGHTS, NOTHING, read_database, 0, false},
    {"SHOW TimeZone", NOTHING, NULL, SETTING_TIME_ZONE, false},
    {MEASURES_POSTGRES_CONNECTIONS, NOTHING, read_connections, 0, false},
    {TABLE_OCTETS, SCHEMA, read_octets, 0, false},
};

/* unique_rowid() and unordered_unique_rowid(); not the hidden column of a table without a key. */
#define LONG_COLUMNS                                                                               \
    "SELECT l.relname, l.attname, l.by_rowid, l.is_key FROM (SELECT c.relname, a.attname,"         \
    " coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE '%unique_rowid()%', false) AS by_rowid,"       \
    " EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid"                   \
    " AND k.contype IN ('p', 'u', 'f') AND k.conkey[1] = a.attnum) AS is_key"                      \
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"         \
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"                                        \
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"                                             \
    " LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"          \
    " LEFT JOIN information_schema.columns i ON i.table_schema = n.nspname"                        \
    " AND i.table_name = c.relname AND i.column_name = a.attname"                                  \
    " WHERE n.nspname = $1 AND c.relkind = 'r' AND t.typname = 'int8' AND a.attnum > 0"            \
    " AND NOT a.attisdropped AND coalesce(i.is_hidden, 'NO') <> 'YES') AS l"                       \
    " WHERE l.by_rowid OR l.is_key ORDER BY l.relname, l.attname"
#define GRANTS                                                                                     \
    "WITH g AS (SHOW SYSTEM GRANTS) SELECT"                                                        \
    " coalesce(bool_or(g.privilege_type IN ('ALL', 'VIEWACTIVITY', 'VIEWACTIVITYREDACTED')),"      \
    " false), coalesce(bool_or(g.privilege_type IN ('ALL', 'CANCELQUERY')), false)"                \
    " FROM g WHERE g.grantee = current_user"

/* There is no such table before a sync has made it. */
#define KEYS_OFF                                                                                   \
    "SELECT string_agg(k.table_name || '.' || k.key_name, ', ' ORDER BY k.table_name, k.key_name)" \
    " FILTER (WHERE k.key_name <> ''), string_agg(k.table_name, ', ' ORDER BY k.table_name)"       \
    " FILTER (WHERE k.key_name = '') FROM _dbr.keys_off AS k WHERE k.schema_name = $1"

static const struct question cockroach_questions[] = {
    {SCHEMA_RIGHTS, SCHEMA, read_schema, 0, true},
    {TABLE_RIGHTS, SCHEMA, read_tables, 0, true},
    {DATABASE_RIGHTS, NOTHING, read_database, 0, false},
    {"SHOW TimeZone", NOTHING, NULL, SETTING_TIME_ZONE, false},
    {"SHOW serial_normalization", NOTHING, NULL, SETTING_SERIAL, false},
    /* dbr's own sessions set this one. */
    {"RESET default_int_size", NOTHING, NULL, -1, false},
    {"SHOW default_int_size", NOTHING, NULL, SETTING_INT_SIZE, false},
    {"SHOW autocommit_before_ddl", NOTHING, NULL, SETTING_DDL, false},
    {"SHOW disallow_full_table_scans", NOTHING, NULL, SETTING_FULL_SCAN, false},
    {"SHOW transaction_rows_read_err", NOTHING, NULL, SETTING_ROWS_READ, false},
    {"SHOW transaction_rows_written_err", NOTHING, NULL, SETTING_ROWS_WRITTEN, false},
    {MEASURES_COCKROACH_SESSIONS, NOTHING, read_sessions, 0, false},
    {MEASURES_COCKROACH_LIMIT, NOTHING, read_limit, 0, false},
    {GRANTS, NOTHING, read_grants, 0, false},
    {"SELECT r.rolcreaterole FROM pg_catalog.pg_roles r WHERE r.rolname = current_user", NOTHING,
     read_makes_roles, 0, false},
    {"SELECT pg_has_role($1::STRING, 'admin', 'MEMBER')", FENCE_ROLE, read_fence_role, 0, false},
    {LONG_COLUMNS, SCHEMA, read_columns, 0, false},
    {KEYS_OFF, SCHEMA, read_keys_off, 0, false},
};

/* The questions of one server; the last one is written for its database. */
struct round {
    const struct question *questions;
    size_t count;
    const char *parameters[3];
    struct buf zone;
};

static bool is_asked(const struct round *round, const struct question *q)
{
    return q->parameter == NOTHING || round->parameters[q->parameter];
}

static bool queue(struct conn *conn, const struct round *round, struct err *err)
{
    for (size_t i = 0; i < round->count; i++) {
        const struct question *q = &round->questions[i];
        if (is_asked(round, q) && (!pipeline_add(conn, q->sql, q->parameter == NOTHING ? 0 : 1,
                                                 &round->parameters[q->parameter], err) ||
                                   !pipeline_sync(conn, err)))
            return false;
    }
    if (round->zone.len &&
        (!pipeline_add(conn, round->zone.data, 0, NULL, err) || !pipeline_sync(conn, err)))
        return false;
    return pipeline_send(&conn, 1, err);
}

/* False when no further answer can be had. *answer is NULL for a question that was refused. */
static bool hear(struct conn *conn, struct result **answer, struct err *refusal, struct err *err)
{
    struct err why = ERR_INIT;
    *answer = NULL;
    if (pipeline_next(conn, answer, &why))
        return true;
    if (!conn_alive(conn) || why.code == ERR_STOPPED || stop_signal()) {
        *err = why;
        return false;
    }
    *refusal = why;
    return true;
}

static void take(struct doctor_facts *facts, const struct question *q, const struct result *answer,
                 const struct err *refusal)
{
    if (!answer) {
        if (q->rights && !facts->trouble)
            facts->trouble = mem_strdup(refusal->message);
    } else if (q->read) {
        q->read(facts, answer);
    } else if (q->setting >= 0 && result_rows(answer) == 1) {
        facts->settings[q->setting] = mem_strdup(result_text(answer, 0, 0));
    }
}

static bool receive(struct conn *conn, const struct round *round, struct doctor_facts *facts,
                    struct err *err)
{
    struct result *answer;
    struct err refusal = ERR_INIT;
    for (size_t i = 0; i < round->count; i++) {
        if (!is_asked(round, &round->questions[i]))
            continue;
        if (!hear(conn, &answer, &refusal, err))
            return false;
        take(facts, &round->questions[i], answer, &refusal);
        result_free(answer);
    }
    if (round->zone.len) {
        if (!hear(conn, &answer, &refusal, err))
            return false;
        if (answer)
            read_zone(facts, answer);
        result_free(answer);
    }
    return true;
}

bool doctor_largest_sql(const struct doctor_facts *facts, const char *schema, struct buf *sql)
{
    for (size_t i = 0; i < facts->column_count; i++) {
        if (!facts->columns[i].is_key)
            continue;
        buf_addf(sql, "%sSELECT %zu, max(", sql->len ? " UNION ALL " : "", i);
        quote_ident(sql, facts->columns[i].name);
        buf_adds(sql, ") FROM ");
        quote_ident(sql, schema);
        buf_addch(sql, '.');
        quote_ident(sql, facts->columns[i].table);
    }
    return sql->len > 0;
}

static bool queue_largest(struct conn *conn, const char *schema, const struct doctor_facts *facts,
                          bool *queued, struct err *err)
{
    struct buf sql = BUF_INIT;
    *queued = doctor_largest_sql(facts, schema, &sql);
    bool ok = !*queued || (pipeline_add(conn, sql.data, 0, NULL, err) && pipeline_sync(conn, err) &&
                           pipeline_send(&conn, 1, err));
    buf_release(&sql);
    return ok;
}

static bool receive_largest(struct conn *conn, struct doctor_facts *facts, struct err *err)
{
    struct result *answer = NULL;
    struct err refusal = ERR_INIT;
    if (!hear(conn, &answer, &refusal, err))
        return false;
    for (size_t i = 0; answer && i < result_rows(answer); i++) {
        size_t at = (size_t)result_int(answer, i, 0);
        if (at >= facts->column_count || !result_text(answer, i, 1))
            continue;
        facts->columns[at].has_largest = true;
        facts->columns[at].largest = result_int(answer, i, 1);
    }
    result_free(answer);
    return true;
}

static void begin(struct doctor_asked *server, const struct config *config, struct round *round)
{
    struct conn *conn = server->conn;
    struct doctor_facts *facts = &server->facts;
    bool postgres = conn_kind(conn) == ENGINE_POSTGRES;
    const char *admin = conn_parameter(conn, "is_superuser");
    *round =
        (struct round){.questions = postgres ? postgres_questions : cockroach_questions,
                       .count = postgres ? sizeof postgres_questions / sizeof *postgres_questions
                                         : sizeof cockroach_questions / sizeof *cockroach_questions,
                       .parameters = {[SCHEMA] = config->schema, [FENCE_ROLE] = config->fence_role},
                       .zone = BUF_INIT};
    *facts = (struct doctor_facts){.engine = conn_kind(conn),
                                   .version = conn_version(conn),
                                   .database = mem_strdup(server->database),
                                   .admin = admin && strcmp(admin, "on") == 0,
                                   .tables = -1,
                                   .octets = -1,
                                   .connections = -1,
                                   .connection_limit = -1,
                                   .gc_seconds = -1};
    (void)snprintf(facts->version_text, sizeof facts->version_text, "%s", conn_version_text(conn));
    conn_tls_read(conn, &facts->tls);
    if (!postgres) {
        buf_adds(&round->zone, "SHOW ZONE CONFIGURATION FROM DATABASE ");
        quote_ident(&round->zone, server->database);
    }
}

void doctor_ask(struct doctor_asked *servers, size_t count, const struct config *config)
{
    struct round *rounds = mem_array(NULL, count + 1, sizeof *rounds);
    bool *ok = mem_array(NULL, count + 1, sizeof *ok);
    bool *again = mem_array(NULL, count + 1, sizeof *again);
    struct err ending = ERR_INIT;
    for (size_t i = 0; i < count; i++) {
        begin(&servers[i], config, &rounds[i]);
        ok[i] = queue(servers[i].conn, &rounds[i], &servers[i].err);
    }
    for (size_t i = 0; i < count; i++) {
        struct doctor_asked *s = &servers[i];
        again[i] = false;
        ok[i] = ok[i] && receive(s->conn, &rounds[i], &s->facts, &s->err) &&
                queue_largest(s->conn, config->schema, &s->facts, &again[i], &s->err);
        buf_release(&rounds[i].zone);
    }
    for (size_t i = 0; i < count; i++) {
        if (ok[i] && again[i])
            (void)receive_largest(servers[i].conn, &servers[i].facts, &servers[i].err);
        (void)pipeline_end(servers[i].conn, &ending); /* refusals were taken note of */
    }
    free(rounds);
    free(ok);
    free(again);
}

void doctor_facts_release(struct doctor_facts *facts)
{
    free(facts->database);
    free(facts->user);
    free(facts->trouble);
    free(facts->keys_off);
    free(facts->rows_out);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        free(facts->settings[i]);
    for (size_t i = 0; i < facts->column_count; i++) {
        free(facts->columns[i].table);
        free(facts->columns[i].name);
    }
    free(facts->columns);
    *facts = (struct doctor_facts){.engine = ENGINE_POSTGRES};
}
