/* Parts of statements that the files of row_sql.h share; not for other files. */
#ifndef DBR_DB_ROW_SQL_INTERNAL_H
#define DBR_DB_ROW_SQL_INTERNAL_H

#include "db/row_sql.h"

/* t."name" */
void row_sql_add_column(struct buf *sql, const struct model_column *column);
/* FROM the rows, as t, whose keys are in the parameters. */
void row_sql_add_from_keys(struct buf *sql, const struct row_table *t);
/* INSERT INTO the copied columns, up to the SELECT. */
void row_sql_add_insert(struct buf *sql, const struct row_table *t);
/* ON CONFLICT (key) DO UPDATE: the last part of an upsert. */
void row_sql_add_on_conflict(struct buf *sql, const struct row_table *t);

#endif
