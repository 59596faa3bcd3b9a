/*
 * What went over the wire between this process and a database, over all of its connections since it
 * began: rows that queries and COPY delivered, rows that statements wrote and COPY took, and the
 * bytes of all messages, without those of connecting and what TLS adds. Rows that a server reads
 * for itself, to compare them say, are not among them.
 */
#ifndef DBR_DB_CONN_TRAFFIC_H
#define DBR_DB_CONN_TRAFFIC_H

#include <stdint.h>

#include "db/conn.h"

struct conn_traffic {
    int64_t connections;
    int64_t statements;
    int64_t round_trips; /* waits for an answer, without those of connecting */
    int64_t rows_read, rows_written;
    int64_t bytes_read, bytes_written;
};

/* role: "primary" or "secondary", as in conn_params. Thread safe. */
struct conn_traffic conn_traffic(const char *role);
/* Rows written by a statement that does not say so itself, one that is a SELECT outside. */
void conn_traffic_wrote(struct conn *conn, int64_t rows);

#endif
