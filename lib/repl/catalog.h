/*
 * Reads one schema of a database into the model. All queries are queued in one pipeline segment, so
 * that both databases are read in one round trip together with whatever else the caller queues:
 *
 *     catalog_queue(conn, err); pipeline_sync(conn, err); ... pipeline_send(...); ...
 * catalog_receive(conn, &model, err);
 */
#ifndef DBR_REPL_CATALOG_H
#define DBR_REPL_CATALOG_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "db/model.h"

/* Adds the catalog queries with pipeline_add; the caller adds pipeline_sync. */
bool catalog_queue(struct conn *conn, struct err *err);
/* Reads their results (one pipeline_next for each). Tables come parents first. The caller releases
 * the model. */
bool catalog_receive(struct conn *conn, struct model *model, struct err *err);

/* Marks tables that the configuration leaves out. tables empty: all. */
void catalog_exclude(struct model *model, const struct strlist *tables,
                     const struct strlist *exclude);
/*
 * The same, after a look at the names: an unknown one is ERR_USAGE naming it and the nearest table.
 * other: the model of the other database, whose tables are known as well (one that is left out need
 * not be on the secondary); NULL: none.
 */
bool catalog_filter(struct model *model, const struct model *other, const struct strlist *tables,
                    const struct strlist *exclude, struct err *err);

/* ERR_USAGE, with the nearest schema, when the database does not have the one that was read. */
bool catalog_check_schema(const struct model *model, const char *role, struct err *err);

/* True when the schema holds nothing that init would create (no table, type, sequence, view or
 * function). */
bool catalog_is_empty(const struct model *model);

#endif
