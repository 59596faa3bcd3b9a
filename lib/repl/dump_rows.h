/*
 * The rows of one table in a script. The server sends them in the text format of COPY; for
 * PostgreSQL they pass as they come. CockroachDB is given CSV, since its text format undoes
 * backslashes of some types only, in blocks of a few megabytes, since each is one transaction
 * there.
 */
#ifndef DBR_REPL_DUMP_ROWS_H
#define DBR_REPL_DUMP_ROWS_H

#include "repl/dump.h"

/* Writes the block or blocks, and counts in table and dump. */
bool dump_rows(struct dump *dump, struct dump_table *table, struct err *err);

#endif
