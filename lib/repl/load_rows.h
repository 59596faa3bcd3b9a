/* Rows of a file on their way to the target. For lib/repl/load*.c. */
#ifndef DBR_REPL_LOAD_ROWS_H
#define DBR_REPL_LOAD_ROWS_H

#include "repl/load.h"

/* The options of a COPY block in CSV as dbr-export writes it. */
#define LOAD_CSV "WITH CSV NULL '\\N'"

void load_tell(const struct load *load); /* the progress */

/* The file's current COPY block, or its INSERT statement. */
bool load_copy(struct load *load, struct err *err);
bool load_insert(struct load *load, struct err *err);

#endif
