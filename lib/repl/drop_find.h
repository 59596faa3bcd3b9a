/* Looking up objects by name; a part of drop_objects.h, not for other files. */
#ifndef DBR_REPL_DROP_FIND_H
#define DBR_REPL_DROP_FIND_H

#include "db/query.h"
#include "repl/drop_objects.h"

/* Columns of a row of drop_find. */
enum drop_column {
    DROP_PLACE,     /* in the objects, from 1 */
    DROP_CLASS,     /* oid of the catalog */
    DROP_OID,       /* of the object */
    DROP_ACTUAL,    /* the word of CREATE for what is there */
    DROP_WORD,      /* what DROP calls it */
    DROP_IDENTITY,  /* what DROP takes */
    DROP_EXTENSION, /* that it belongs to, or NULL */
    DROP_PLAIN      /* true for a table that can be locked */
};

/* One row for each object that is there, by kind. The caller frees the result. */
bool drop_find(struct conn *conn, const struct drop_object *objects, size_t count,
               struct result **result, struct err *err);

#endif
