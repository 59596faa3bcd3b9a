/* What either engine is asked, statement by statement, and who reads the answer. */
#include "ops/doctor_questions.h"

#include "base/mem.h"
#include "repl/measures.h"

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

const struct question doctor_postgres_questions[] = {
    {SCHEMA_RIGHTS, SCHEMA, read_schema, 0, true},
    {TABLE_RIGHTS, SCHEMA, read_tables, 0, true},
    {DATABASE_RIGHTS, NOTHING, read_database, 0, false},
    {"SHOW TimeZone", NOTHING, NULL, SETTING_TIME_ZONE, false},
    {MEASURES_POSTGRES_CONNECTIONS, NOTHING, read_connections, 0, false},
    {TABLE_OCTETS, SCHEMA, read_octets, 0, false},
    {doctor_roles_sql, SCHEMA, doctor_read_roles, 0, false},
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

const struct question doctor_cockroach_questions[] = {
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
    {doctor_roles_sql, SCHEMA, doctor_read_roles, 0, false},
};

const size_t doctor_postgres_question_count =
    sizeof doctor_postgres_questions / sizeof *doctor_postgres_questions;
const size_t doctor_cockroach_question_count =
    sizeof doctor_cockroach_questions / sizeof *doctor_cockroach_questions;
