/*
 * What a database is measured by: its size and that of its tables, connections, the longest
 * transaction, physical replicas. Both databases are asked at once, in one round trip after
 * connecting. What an engine does not tell, or the role may not see, is -1.
 */
#ifndef DBR_REPL_MEASURES_H
#define DBR_REPL_MEASURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"

/*
 * Sessions of the whole server against its limit, or of the database or role where that is nearer,
 * as one row; the probe and the doctor ask this, too. What the server hides of others' sessions
 * leaves them countable.
 */
#define MEASURES_POSTGRES_CONNECTIONS                                                              \
    "SELECT u.used, u.room FROM pg_catalog.pg_database d, pg_catalog.pg_roles r, LATERAL (VALUES"  \
    " ((SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid IS NOT NULL),"            \
    "  pg_catalog.current_setting('max_connections')::bigint -"                                    \
    "  pg_catalog.current_setting('superuser_reserved_connections')::bigint),"                     \
    " ((SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid),"                \
    "  nullif(d.datconnlimit, -1)::bigint),"                                                       \
    " ((SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.usesysid = r.oid"               \
    "   AND a.datid IS NOT NULL), nullif(r.rolconnlimit, -1)::bigint)) u(used, room)"              \
    " WHERE d.datname = pg_catalog.current_database() AND r.rolname = current_user"                \
    " AND u.room IS NOT NULL ORDER BY u.room - u.used LIMIT 1"
/* The limit is one of each node: the sessions of the node that has most of them. */
#define MEASURES_COCKROACH_SESSIONS                                                                \
    "WITH s AS (SHOW CLUSTER SESSIONS) SELECT coalesce(max(n.used), 0)::INT8 FROM"                 \
    " (SELECT count(*) AS used FROM s WHERE s.status <> 'CLOSED'"                                  \
    "  AND s.application_name NOT LIKE '$ internal%' GROUP BY s.node_id) AS n"
#define MEASURES_COCKROACH_LIMIT "SHOW CLUSTER SETTING server.max_connections_per_gateway"

struct measures_table {
    char *name;
    int64_t rows; /* as the server estimates */
    int64_t bytes;
};

struct measures {
    bool connected;
    struct err err; /* why not */
    enum engine_kind engine;
    int64_t bytes;
    int64_t connections, connection_limit;
    int64_t longest_transaction_ms; /* of the application's sessions; 0: none is open */
    int64_t replicas;               /* that stream from it */
    int64_t lag_ms; /* of the slowest of them; of a physical standby its own; -1: none */
    struct measures_table *tables;
    size_t table_count;
    struct strlist missing; /* names of what could not be had, as in the JSON */
};

/* Asks count (at most 2) databases. The timeout of params holds for connecting, and once more for
 * the answers. False: ERR_STOPPED. */
bool measures_ask(const struct conn_params *params, size_t count, struct measures *measures,
                  struct err *err);
void measures_release(struct measures *measures);

#endif
