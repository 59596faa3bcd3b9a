/* Counting traffic. Connections of one role share their counters, whatever threads they are used
 * in. */
#include "db/conn_traffic.h"

#include <stdlib.h>
#include <string.h>

#include "db/conn_internal.h"

struct traffic *traffic_of(const char *role)
{
    static struct traffic primary, secondary, others;

    if (strcmp(role, "primary") == 0)
        return &primary;
    return strcmp(role, "secondary") == 0 ? &secondary : &others;
}

struct conn_traffic conn_traffic(const char *role)
{
    const struct traffic *traffic = traffic_of(role);

    return (struct conn_traffic){traffic->connections,  traffic->statements,   traffic->round_trips,
                                 traffic->rows_read,    traffic->rows_written, traffic->bytes_read,
                                 traffic->bytes_written};
}

void conn_traffic_wrote(struct conn *conn, int64_t rows)
{
    conn->traffic->rows_written += rows;
}

/* Around a statement: Parse, Bind, Describe, Execute; around its answer: ParseComplete,
 * BindComplete, CommandComplete. */
#define ASKED_FRAME 41
#define ANSWER_FRAME 16
#define VALUE_FRAME 4
#define ROW_FRAME 7
#define COLUMN_FRAME 19

void traffic_asked(struct conn *conn, const char *sql, size_t n, const char *const *values)
{
    size_t size = ASKED_FRAME + strlen(sql) + n * VALUE_FRAME;
    size_t i;

    for (i = 0; i < n; i++)
        if (values[i])
            size += strlen(values[i]);
    conn->traffic->statements++;
    conn->traffic->bytes_written += (int64_t)size;
    conn->asked = true;
}

void traffic_waits(struct conn *conn)
{
    if (conn->asked)
        conn->traffic->round_trips++;
    conn->asked = false;
}

/* Its tag, "INSERT 0 5" say, counts rows of queries as well. */
static int64_t rows_written(PGresult *result)
{
    static const char *const writers[] = {"INSERT", "UPDATE", "DELETE", "MERGE"};
    const char *tag = PQcmdStatus(result);
    size_t i;

    for (i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
        if (strncmp(tag, writers[i], strlen(writers[i])) == 0)
            return strtoll(PQcmdTuples(result), NULL, 10);
    return 0;
}

void traffic_row(struct conn *conn, const PGresult *result)
{
    int rows = PQntuples(result);
    int columns = PQnfields(result);
    int64_t size = (int64_t)rows * (ROW_FRAME + (int64_t)columns * VALUE_FRAME);
    int i;
    int j;

    for (i = 0; i < rows; i++)
        for (j = 0; j < columns; j++)
            size += PQgetlength(result, i, j);
    conn->traffic->rows_read += rows;
    conn->traffic->bytes_read += size;
}

void traffic_answered(struct conn *conn, PGresult *result)
{
    int columns = PQnfields(result);
    int64_t size = ANSWER_FRAME + (int64_t)strlen(PQcmdStatus(result));
    int i;

    for (i = 0; i < columns; i++)
        size += COLUMN_FRAME + (int64_t)strlen(PQfname(result, i));
    traffic_row(conn, result);
    conn->traffic->bytes_read += size;
    conn->traffic->rows_written += rows_written(result);
}
