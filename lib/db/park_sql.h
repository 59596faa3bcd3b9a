/*
 * Rows whose unique values are wanted by others of the same transaction: before these are written
 * they let go of them, and get what they are to have then. A value is let go of by NULL, or by one
 * that nobody has.
 */
#ifndef DBR_DB_PARK_SQL_H
#define DBR_DB_PARK_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "db/row_sql.h"

/*
 * UPDATE of the rows whose keys are in the parameters: in each unique index beside the key one
 * column is changed that no foreign key has to do with, also where it stands in an expression or a
 * generated column. An index without such a column is left out; false when that leaves none, and
 * nothing was appended. going: they are deleted after that, and refer to no row of their own table
 * any more. before: rows of the same transaction that have let go already.
 */
bool park_sql(struct buf *sql, const struct row_table *t, const struct model *model, bool going,
              int64_t before);

#endif
