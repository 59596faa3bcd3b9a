/*
 * Runs the statements of a file on a database. What is small travels together: statements are
 * queued in a pipeline, and the rows of small blocks become INSERT statements among them, since a
 * COPY costs a round trip of its own. Large blocks pass to COPY in pieces, unparsed.
 *
 * On PostgreSQL the caller has opened a transaction and ends it: a failure leaves nothing.
 */
#ifndef DBR_REPL_LOAD_H
#define DBR_REPL_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "repl/existing.h"
#include "repl/sql_file.h"
#include "repl/upsert.h"

struct load_entry; /* a statement under way */

struct load {
    struct conn *conn;
    struct sql_file *file;
    struct upsert *upsert;     /* rows are staged for a merge, and nothing else is run; else NULL */
    struct existing *existing; /* is made ready before rows go into tables that were there */
    const struct strlist *schemas; /* that exist on the target */
    /* results */
    int64_t *taken; /* per table of the file: rows that the server took */
    size_t taken_count;
    struct strlist
        skipped;    /* statements that were not run, or that the target could not run, and why */
    int64_t owners; /* statements about owners and privileges, which are never run */
    /* under way */
    struct strlist created; /* tables that the file has made: "schema<TAB>name" */
    struct load_entry *entries;
    size_t entry_count, entry_cap;
    size_t queued_bytes;
    struct buf block; /* of a COPY whose size is not known yet */
};

/* Everything up to the end of the file, which is whole then, and every row was taken. */
bool load_run(struct load *load, struct err *err);
void load_release(struct load *load);

#endif
