/* The queue of a load: statements under way, and what each result means. For lib/repl/load*.c. */
#ifndef DBR_REPL_LOAD_QUEUE_H
#define DBR_REPL_LOAD_QUEUE_H

#include "repl/load.h"

enum load_entry_kind {
    LOAD_RUN,    /* must succeed */
    LOAD_TRY,    /* may fail, which is told */
    LOAD_AFTER,  /* belongs to a LOAD_TRY before it, and is skipped with it */
    LOAD_ROWS,   /* an INSERT: its rows are counted */
    LOAD_NO_ROWS /* asks whether a table has rows: it must not */
};

/* Queues sql in the place of the statement that load->line and load->text tell of. Sends what is
 * queued when it has become much. */
bool load_queue(struct load *load, enum load_entry_kind kind, const char *sql, struct err *err);
/* Sends everything and reads every result; the connection is out of pipeline mode then. */
bool load_flush(struct load *load, struct err *err);
/* Adds rows of the file's current table to those that were taken. */
void load_count(struct load *load, size_t table, int64_t rows);
/* The number of the file's current table. */
size_t load_table(const struct load *load);
/* Notes that the current statement, or one that failed, is not run. detail: what the server says of
 * it, or NULL. */
void load_skip(struct load *load, int64_t line, const char *title, const char *why,
               const char *detail);
/* "line N: TITLE: " before the message; ERR_REFUSED where the object is there already. */
bool load_blame(struct err *err, int64_t line, const char *title);

#endif
