/*
 * Runs the statements of a file on a database. What is small travels together: statements are
 * queued in a pipeline, and the rows of small blocks become INSERT statements among them, since a
 * COPY costs a round trip of its own. Large blocks pass to COPY in pieces, unparsed.
 *
 * On PostgreSQL the caller has opened a transaction and ends it: a failure leaves nothing. On
 * CockroachDB, where no transaction is large enough, what the file defines is the caller's to drop
 * then; rows in tables that were there before stay.
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

/* How many statements were not run for one reason. */
struct load_skips {
    const char *why; /* a literal */
    int64_t count;
};
#define LOAD_SKIP_KINDS 8
/* That are named for each: large objects and statistics come by the hundred thousand. */
#define LOAD_SKIP_NAMED 5

/* A position of a sequence, set at the very end. */
struct load_position {
    int64_t line;
    char *sql;
};

struct load {
    struct conn *conn;
    struct sql_file *file;
    struct upsert *upsert;     /* rows are staged for a merge, and nothing else is run; else NULL */
    struct existing *existing; /* is made ready before rows go into tables that were there */
    const struct strlist *schemas; /* that exist on the target */
    bool cleaned; /* the caller has dropped what the file defines: DROP has nothing to do */
    /* results */
    int64_t *taken; /* per table of the file: rows that the server took */
    size_t taken_count;
    struct strlist skipped; /* statements that were not run, or that the target could not run: the
                               first ones of each reason, then how many more */
    int64_t owners;         /* those about owners and privileges, which are never run */
    /* under way */
    struct load_skips skips[LOAD_SKIP_KINDS];
    struct strlist created; /* what the file has made: "TABLE<TAB>schema<TAB>name" */
    struct load_position *positions;
    size_t position_count;
    int64_t line;     /* of the statement that is queued, */
    const char *text; /* and what it says */
    int64_t rows;     /* that it holds, of an INSERT */
    struct load_entry *entries;
    size_t entry_count, entry_cap;
    size_t queued_bytes;
    struct buf block; /* of a COPY whose size is not known yet */
    /* CockroachDB */
    bool has_ledger;       /* LEDGER_IMPORT was made */
    int64_t pieces;        /* that were put */
    struct strlist filled; /* tables that were there, empty, and may hold rows of the file now */
};

/* Everything up to the end of the file, which is whole then, and every row was taken. */
bool load_run(struct load *load, struct err *err);
/*
 * Sets the positions of sequences. A rollback does not undo that for sequences which were there
 * before: to be called when nothing else is left to fail.
 */
bool load_finish(struct load *load, struct err *err);
/* CockroachDB: removes the records of the rows. */
bool load_leave(struct load *load, struct err *err);
void load_release(struct load *load);

#endif
