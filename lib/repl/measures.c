/* Asking for measures. Each question is a segment of its own: what is refused takes nothing else
 * with it. */
#include "repl/measures.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stop.h"
#include "db/pipeline.h"
#include "db/query.h"

struct question {
    const char *name; /* in the JSON */
    const char *sql;  /* NULL: this engine does not tell */
    bool schema;      /* $1 is the schema */
    void (*read)(struct measures *, const struct result *);
};

/* NULL is -1. */
static int64_t number(const struct result *result, size_t row, size_t column)
{
    return result_text(result, row, column) ? result_int(result, row, column) : -1;
}

static void read_bytes(struct measures *m, const struct result *result)
{
    m->bytes = number(result, 0, 0);
}

static void read_connections(struct measures *m, const struct result *result)
{
    if (result_rows(result) == 0)
        return;
    m->connections = number(result, 0, 0);
    if (result_columns(result) > 1)
        m->connection_limit = number(result, 0, 1);
}

static void read_limit(struct measures *m, const struct result *result)
{
    m->connection_limit = number(result, 0, 0);
}

static void read_tables(struct measures *m, const struct result *result)
{
    m->table_count = result_rows(result);
    m->tables = mem_array(NULL, m->table_count + 1, sizeof *m->tables);
    for (size_t i = 0; i < m->table_count; i++)
        m->tables[i] = (struct measures_table){mem_strdup(result_text(result, i, 0)),
                                               number(result, i, 1), number(result, i, 2)};
}

static void read_transaction(struct measures *m, const struct result *result)
{
    m->longest_transaction_ms = number(result, 0, 0);
}

static void read_replicas(struct measures *m, const struct result *result)
{
    m->replicas = number(result, 0, 0);
    m->lag_ms = number(result, 0, 1);
}

/* A partitioned table is as large as its partitions together. */
static const struct question postgres_questions[] = {
    {"connections", MEASURES_POSTGRES_CONNECTIONS, false, read_connections},
    {"size", "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())", false,
     read_bytes},
    {"tables",
     "SELECT c.relname, sum(CASE WHEN s.n_live_tup > 0 THEN s.n_live_tup"
     " WHEN p.reltuples >= 0 THEN p.reltuples"
     " WHEN pg_catalog.pg_relation_size(p.oid) = 0 THEN 0 END)::bigint, "
     "sum(pg_catalog.pg_total_relation_size(p.oid))::bigint"
     " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
     " CROSS JOIN LATERAL (SELECT c.oid AS id UNION"
     " SELECT t.relid FROM pg_catalog.pg_partition_tree(c.oid) t WHERE t.isleaf) parts"
     " LEFT JOIN pg_catalog.pg_class p ON p.oid = parts.id AND p.relkind = 'r'"
     " LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = p.oid"
     " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
     " GROUP BY c.relname ORDER BY 3 DESC, 1",
     true, read_tables},
    /* What a session of another role does is hidden, its kind as well: then it is not known. */
    {"longestTransaction",
     "SELECT CASE WHEN bool_or(a.backend_type IS NULL) THEN NULL ELSE"
     " coalesce(extract(epoch FROM max(pg_catalog.clock_timestamp() - a.xact_start)) * 1000, 0) "
     "END::bigint FROM pg_catalog.pg_stat_activity a"
     " WHERE a.datname = pg_catalog.current_database()"
     " AND coalesce(a.backend_type, 'client backend') = 'client backend'"
     " AND a.pid <> pg_catalog.pg_backend_pid()",
     false, read_transaction},
    {"replicationLag",
     "SELECT count(*), (coalesce(CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN NULL"
     " WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN 0"
     " ELSE extract(epoch FROM pg_catalog.clock_timestamp() -"
     " pg_catalog.pg_last_xact_replay_timestamp()) END,"
     " max(extract(epoch FROM r.replay_lag))) * 1000)::bigint"
     " FROM pg_catalog.pg_stat_replication r",
     false, read_replicas},
};

/* Sizes and transactions are in crdb_internal, which is closed from v26.1 on. */
static const struct question cockroach_questions[] = {
    {"connections", MEASURES_COCKROACH_SESSIONS, false, read_connections},
    {"connectionLimit", MEASURES_COCKROACH_LIMIT, false, read_limit},
    {"tables",
     "SELECT c.relname, c.reltuples::INT8, NULL::INT8 FROM pg_catalog.pg_class c"
     " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
     " WHERE n.nspname = $1 AND c.relkind = 'r' ORDER BY 1",
     true, read_tables},
    {"size", NULL, false, NULL},
    {"longestTransaction", NULL, false, NULL},
    {"replicationLag", NULL, false, NULL},
};

static const struct question *questions_of(enum engine_kind engine, size_t *count)
{
    if (engine == ENGINE_POSTGRES) {
        *count = sizeof postgres_questions / sizeof *postgres_questions;
        return postgres_questions;
    }
    *count = sizeof cockroach_questions / sizeof *cockroach_questions;
    return cockroach_questions;
}

static bool queue(struct conn *conn, struct err *err)
{
    size_t count;
    const struct question *q = questions_of(conn_kind(conn), &count);
    const char *schema = conn_schema(conn);
    for (size_t i = 0; i < count; i++) {
        if (q[i].sql && (!pipeline_add(conn, q[i].sql, q[i].schema ? 1 : 0, &schema, err) ||
                         !pipeline_sync(conn, err)))
            return false;
    }
    return true;
}

static bool receive(struct conn *conn, struct measures *m, struct err *err)
{
    size_t count;
    const struct question *q = questions_of(conn_kind(conn), &count);
    for (size_t i = 0; i < count; i++) {
        struct result *result = NULL;
        struct err refusal = ERR_INIT;
        bool had = q[i].sql && pipeline_next(conn, &result, &refusal);
        if (!had && (!conn_alive(conn) || refusal.code == ERR_STOPPED)) {
            *err = refusal;
            return false;
        }
        if (had)
            q[i].read(m, result);
        else
            strlist_add(&m->missing, q[i].name);
        result_free(result);
    }
    struct err ending = ERR_INIT;
    (void)pipeline_end(conn, &ending); /* refusals were taken note of */
    return true;
}

bool measures_ask(const struct conn_params *params, size_t count, struct measures *measures,
                  struct err *err)
{
    struct conn *conns[2] = {NULL, NULL};
    struct conn *open[2];
    struct err errs[2] = {ERR_INIT, ERR_INIT};
    size_t opened = 0;
    (void)conn_open_many(params, count, conns, NULL, errs);
    for (size_t i = 0; i < count; i++) {
        measures[i] = (struct measures){.bytes = -1,
                                        .connections = -1,
                                        .connection_limit = -1,
                                        .longest_transaction_ms = -1,
                                        .replicas = -1,
                                        .lag_ms = -1,
                                        .missing = STRLIST_INIT,
                                        .err = errs[i]};
        if (conns[i] && params[i].timeout_ms > 0)
            conn_limit_time(conns[i], params[i].timeout_ms);
        if (!conns[i] || !queue(conns[i], &measures[i].err))
            continue;
        measures[i].engine = conn_kind(conns[i]);
        measures[i].connected = true;
        open[opened++] = conns[i];
    }
    bool sent = opened == 0 || pipeline_send(open, opened, err);
    for (size_t i = 0; i < count; i++) {
        struct measures *m = &measures[i];
        if (m->connected)
            m->connected = sent && receive(conns[i], m, &m->err);
        if (!sent && m->err.code == ERR_NONE)
            m->err = *err;
        conn_close(conns[i]);
    }
    err_clear(err);
    return stop_check(err);
}

void measures_release(struct measures *measures)
{
    for (size_t i = 0; i < measures->table_count; i++)
        free(measures->tables[i].name);
    free(measures->tables);
    measures->tables = NULL;
    measures->table_count = 0;
    strlist_release(&measures->missing);
}
