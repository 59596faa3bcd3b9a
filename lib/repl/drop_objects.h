/*
 * The objects that a file defines, looked up on a target and dropped there: those alone, and only
 * when nothing else needs one of them.
 */
#ifndef DBR_REPL_DROP_OBJECTS_H
#define DBR_REPL_DROP_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "db/conn.h"

struct drop_object {
    /* The word of CREATE: TABLE, FOREIGN TABLE, VIEW, MATERIALIZED VIEW, SEQUENCE, INDEX, TYPE,
     * DOMAIN, FUNCTION, PROCEDURE, AGGREGATE, OPERATOR, OPERATOR CLASS, OPERATOR FAMILY, COLLATION,
     * CONVERSION, STATISTICS, TEXT SEARCH CONFIGURATION, TEXT SEARCH DICTIONARY. Any other is never
     * found. */
    const char *object;
    const char *schema; /* NULL: the connection's */
    const char *name;   /* as it is, without quotes */
    /* Functions, procedures and aggregates: their arguments as the file writes them (see
     * repl/routine_arguments.h); operators: "(left, right)", NONE for a missing one; operator
     * classes and families: their method. NULL: whatever they are, when there is one object of that
     * name alone. */
    const char *arguments;
};

/*
 * found[i]: the target has an object in the place of objects[i], of that kind or of another one
 * that excludes it (a view in the place of a table). One round trip.
 */
bool objects_find(struct conn *conn, const struct drop_object *objects, size_t count, bool *found,
                  struct err *err);

/*
 * Drops those that exist, with all that is a part of them, in the transaction that is open; at most
 * three round trips. ERR_REFUSED, and nothing dropped, naming up to five: where an object is of
 * another kind there or belongs to an extension, and where something that is neither among the
 * objects nor a part of one needs one of them (a view, a foreign key, a column of that type, a
 * partition or a child, a function), in any schema.
 *
 * CockroachDB: tables, views, sequences, types and functions are dropped with RESTRICT, so that the
 * server refuses what others need.
 */
bool objects_drop(struct conn *conn, const struct drop_object *objects, size_t count,
                  struct err *err);

#endif
