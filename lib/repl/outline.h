/*
 * What a file holds, found by reading it once to its end without a database: a file that fails the
 * checks of sql_file.h is refused here, before anything is written anywhere.
 */
#ifndef DBR_REPL_OUTLINE_H
#define DBR_REPL_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "repl/drop_objects.h"
#include "repl/sql_file.h"

struct outline {
    enum sql_origin origin;
    const struct engine *dialect;
    char *source, *snapshot;
    char *schema;                  /* dbr: of all objects; else NULL */
    struct sql_file_table *tables; /* whose rows it holds, in their order */
    size_t table_count;
    /* Objects that it creates, in their order. A partition, an index or a trigger goes with its
     * table. */
    struct drop_object *objects;
    size_t object_count;
    int64_t rows, statements;
    int64_t bytes; /* of the SQL text */
};

bool outline_read(struct outline *outline, struct infile *in, struct err *err);
/* True when the file creates that table. schema may be NULL. */
bool outline_creates(const struct outline *outline, const char *schema, const char *name);
void outline_release(struct outline *outline); /* a zeroed one is fine */

#endif
