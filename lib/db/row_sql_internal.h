/* Parts of statements that the files of row_sql.h share; not for other files. */
#ifndef DBR_DB_ROW_SQL_INTERNAL_H
#define DBR_DB_ROW_SQL_INTERNAL_H

#include "db/row_sql.h"

/* t."name" */
void row_sql_add_column(struct buf *sql, const struct model_column *column);
/* A column, by its place, as the other side takes its value. */
void row_sql_add_read(struct buf *sql, const struct row_table *t, size_t place);
/* "a", "b" */
void row_sql_add_names(struct buf *sql, const struct model_column **columns, size_t count);
/* The table; `only`: without what inherits from it. */
void row_sql_add_table(struct buf *sql, const struct row_table *t, bool only);
/* The text of which the row hash is one, and the key hash. */
void row_sql_add_row_text(struct buf *sql, const struct row_table *t);
void row_sql_add_key_hash(struct buf *sql, const struct row_table *t);
/* unnest($1::text[], ...) AS x(k1, ...) */
void row_sql_add_key_parameters(struct buf *sql, const struct row_table *t);
/* FROM the rows, as t, whose keys are in the parameters. */
void row_sql_add_from_keys(struct buf *sql, const struct row_table *t);
/* INSERT INTO the copied columns, up to the SELECT. */
void row_sql_add_insert(struct buf *sql, const struct row_table *t);
/* ON CONFLICT (key) DO UPDATE: the last part of an upsert. */
void row_sql_add_on_conflict(struct buf *sql, const struct row_table *t);

#endif
