/*
 * Arrays of arrays. PostgreSQL takes them in any array column, whatever it was declared as, and
 * CockroachDB in none: columns that hold some become JSONB there (db/model.h dimensions), which
 * only a look at the rows can tell.
 */
#ifndef DBR_REPL_NESTED_H
#define DBR_REPL_NESTED_H

#include <stdbool.h>

#include "base/err.h"
#include "db/conn.h"
#include "db/model.h"

/*
 * Looks at the array columns of the copied tables and corrects their dimensions: one round trip,
 * none where there is no such column or conn is not PostgreSQL.
 */
bool nested_find(struct conn *conn, struct model *model, struct err *err);

#endif
