/*
 * Statements about the staging tables of a merge, in which foreign keys are followed on the server:
 * one table for each one concerned, with the decisions about its rows and what the primary's
 * versions hold in the columns of foreign keys. On PostgreSQL they are temporary tables that go
 * with the transaction. CockroachDB makes no table within one: there all are parts of a single
 * table of _dbr, which is made with the base and whose rows no transaction leaves behind.
 *
 *   kind   what is decided (repl/merge_internal.h); beside those: 'k' a delete that is not done,
 *          'm' an update that is not done, 'I' and 'J' rows that are put back (were b, L)
 *   octets length of the row
 *   state  of the row on the secondary, when it was decided (repl/merge.h)
 *   k1...  the key, c1... the primary's values, as text
 *   note   the caller's, beside the decision
 */
#ifndef DBR_DB_STAGE_SQL_H
#define DBR_DB_STAGE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "db/conn.h"
#include "db/row_sql.h"

/* One concerned table. */
struct stage {
    const struct row_table *rows; /* on the secondary */
    size_t number;                /* names the staging table, or its part */
    const char **values;          /* names of the columns whose values it holds */
    size_t value_count;
    bool changes; /* it has rows that the merge writes or deletes */
};

/* One foreign key between concerned tables. */
struct stage_link {
    const struct stage *child, *parent;
    const char *relation; /* the referring table: the child's, or a partition of it */
    const char **from;    /* columns of the child */
    const char **to;      /* columns of the parent */
    size_t count;
};

/* On CockroachDB: the table, and the statement that makes it. */
#define STAGE_SQL_SHARED "_dbr.merge_rows"
extern const char stage_sql_shared[];

/* PostgreSQL: makes the temporary table. CockroachDB: takes the rows out again. */
void stage_sql_create(struct buf *sql, const struct stage *stage);
void stage_sql_clear(struct buf *sql, const struct stage *stage);
/* INSERT of rows, one text array per column: kind, octets, state, key..., value..., note; staged:
 * how many rows it has already. */
void stage_sql_add(struct buf *sql, const struct stage *stage, enum engine_kind engine,
                   int64_t staged);
/* On the primary: SELECT place, value... for the keys in the parameters. */
void stage_sql_values(struct buf *sql, const struct row_table *primary, const struct stage *stage);
/* SELECT kind, octets, state, note, key... of all rows. */
void stage_sql_read(struct buf *sql, const struct stage *stage, enum engine_kind engine);

/* Each SELECTs the number of decisions that it changed.
 * keep: parents are not deleted under rows that stay; nor are columns changed that these refer to.
 * restore: parents that the secondary deleted are put back for rows of the primary that come. */
void stage_sql_keep(struct buf *sql, const struct stage_link *link, enum engine_kind engine);
void stage_sql_keep_value(struct buf *sql, const struct stage_link *link, enum engine_kind engine);
void stage_sql_restore(struct buf *sql, const struct stage_link *link, enum engine_kind engine);
/* SELECT count, one key of the rows that come and would refer to nothing. */
void stage_sql_orphans(struct buf *sql, const struct stage_link *link, enum engine_kind engine);

#endif
