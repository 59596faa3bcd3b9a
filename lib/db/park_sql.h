/*
 * Rows whose unique values are wanted by others of the same transaction: before these are written
 * they let go of them, and get what they are to have then. A value is let go of by NULL, or by one
 * that nobody has.
 */
#ifndef DBR_DB_PARK_SQL_H
#define DBR_DB_PARK_SQL_H

#include <stdbool.h>

#include "base/buf.h"
#include "db/row_sql.h"

/*
 * UPDATE of the rows whose keys are in the parameters: in each unique index beside the key one
 * column is changed that no foreign key has to do with. An index without such a column is left out;
 * false when that leaves none, and nothing was appended.
 */
bool park_sql(struct buf *sql, const struct row_table *t, const struct model *model);

#endif
