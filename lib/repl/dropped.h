/* What a schema change takes away with tables and columns: kept in salvage before that. */
#ifndef DBR_REPL_DROPPED_H
#define DBR_REPL_DROPPED_H

#include <stdbool.h>

#include "base/err.h"
#include "db/conn.h"
#include "repl/archive.h"
#include "repl/schema_plan.h"

/*
 * Adds to the archive, reason "drop", the rows of the tables that the removals drop, and keys and
 * values of the columns that they drop or retype; whole rows where a table has no key. What holds
 * nothing (NULL in all of these columns) and generated columns are left out. model is that of the
 * connection's database, and the one that the plan was made from. On disk when it returns true. One
 * round trip, and memory for one row.
 */
bool dropped_keep(struct conn *conn, const struct model *model, const struct plan *removals,
                  struct archive *archive, struct err *err);

#endif
