/*
 * Statements that merge the rows of a file into a table of PostgreSQL. The rows lie in a staging
 * table, beside the number of each in the file; it shrinks to those that are written before they
 * are. In all of them "t" is the table and "x" the staging table.
 */
#ifndef DBR_DB_UPSERT_SQL_H
#define DBR_DB_UPSERT_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "db/row_sql.h"

struct upsert_rows {
    struct row_table
        rows;            /* the table; its change column is NULL where the file does not hold it */
    const bool *staged;  /* of rows.columns: the file holds it; every column of the key is one */
    const char *ordinal; /* column of the staging table that no column of the table is named as */
    size_t number;       /* names the staging table */
};

/* Two statements: the staging table, which goes with the transaction, with the staged columns, free
 * of constraints, and the ordinal. */
void upsert_sql_stage(struct buf *sql, const struct upsert_rows *u);
/* What INSERT INTO and COPY name: the staging table and these of its columns, in this order. */
void upsert_sql_relation(struct buf *sql, const struct upsert_rows *u,
                         const struct model_column *const *columns, size_t count);
/* Tells the planner about the keys in the staging table. */
void upsert_sql_analyze(struct buf *sql, const struct upsert_rows *u);
/* Leaves one row of each key. SELECT rows before, rows that went. */
void upsert_sql_repeats(struct buf *sql, const struct upsert_rows *u);
/* Leaves the rows that are to be written. SELECT rows that are older than the table's, rows that
 * the table has already. */
void upsert_sql_settle(struct buf *sql, const struct upsert_rows *u);
/*
 * Two rows, one after the other, for each row that will be overwritten: first (0) and second (1),
 * its ordinal, the key, the columns, first as they are, then as they will be.
 */
void upsert_sql_lost(struct buf *sql, const struct upsert_rows *u);
/*
 * Writes what the staging tables hold, all of them in one statement, so that neither the tables'
 * order nor cycles of foreign keys matter. SELECT rows updated, rows inserted, of each in turn.
 */
void upsert_sql_write(struct buf *sql, const struct upsert_rows *const *all, size_t count);
/* True when the statement above assigns to an identity column that takes no value on an update. */
bool upsert_sql_assigns_identity(const struct upsert_rows *u);
/* Lets these take values, and no longer. */
void upsert_sql_identity(struct buf *sql, const struct upsert_rows *u, bool open);

#endif
