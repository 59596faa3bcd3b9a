/*
 * Makes the target's rows what the source's are, from the changes that a comparison found: in one
 * transaction, upserts parents first, then deletes children first. Rows travel in waves: each wave
 * is fetched from both sides in one round trip (the source's rows, the target's versions that will
 * be lost) and written in the next; a row that is too wide for that passes in pieces. So memory
 * stays bounded.
 *
 * Before anything is committed the lost versions are on disk (repl/archive.h), and every key to be
 * deleted has been asked for once more on the source, outside its snapshot.
 */
#ifndef DBR_REPL_APPLY_H
#define DBR_REPL_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "repl/archive.h"
#include "repl/compare.h"
#include "repl/pairing.h"
#include "repl/turn.h"

enum apply_way {
    APPLY_UPSERT, /* upserts, then deletes: the ordinary way */
    APPLY_REPLACE /* what changes is deleted first, then inserted: for rows that swap unique values
                   */
};

/* How much of it goes together. */
struct apply_size {
    int64_t octets;
    size_t rows;
    size_t whole_rows; /* piecemeal: rows of a table that are replaced in one transaction, as long
                          as no server finds that too large */
};

/* What was applied to one table and committed, in rows. */
struct applied {
    int64_t inserts, updates, deletes;
    int64_t conflicts; /* standby rows newer than the active's that were overwritten; of a merge
                          what it had decided as such */
    int64_t kept;      /* a merge: of them, parents that are kept for a child */
    /* A merge in pieces: deleted before others were written, and found too early for that. What was
       deleted and is there again is the application's: none of the table is in this round. */
    int64_t early, too_early;
};

struct applier {
    struct conn *conns[2]; /* by side; the source in its snapshot, the target in a transaction */
    struct conn
        *recheck; /* a second connection to the source, where rows are replaced, else NULL */
    struct pairings *pairs;
    struct comparisons *all;
    struct archive *archive;
    enum apply_way way;
    bool unchecked; /* session_replication_role is replica: no foreign keys, no triggers */
    bool temporary; /* temporary tables may be made on the target: wide rows go in pieces */
    bool staging;   /* the one for the pieces was made */
    const struct row_table *states; /* a merge in pieces: merge.h; else NULL */
    const struct base *base;        /* the same: what it is decided against */
    struct turn *turn;              /* the same: that of its transactions */
    bool early;                     /* the same: rows are deleted before others are written, in one
                                       transaction with them: those that nothing refers to */
    bool together;                  /* the same: rows that are referred to let go as well, and are
                                       deleted once what refers to them was written */
    bool *committing; /* set once a COMMIT may have been sent, of the one transaction */
    bool merge;     /* a merge into the active database (repl/merge.h): its reasons for the archive,
                       sequences forward only, the base is marked before the COMMIT */
    bool quiet;     /* triggers were disabled for this transaction: enabled before its COMMIT */
    bool piecemeal; /* CockroachDB: many short transactions instead of one (apply_pieces.c) */
    const struct strlist *replaced; /* piecemeal: tables where what changes is deleted first */
    bool keys_off; /* piecemeal: foreign keys of cycles are taken off (repl/keys_off.h), since no
                      order of the tables fulfils them */
    bool keys_were_off;      /* piecemeal: some are off since an earlier run; all are put back */
    struct apply_size *size; /* made smaller where the server finds one too large */
    long batch_rows;
    /* results */
    struct applied *applied; /* per pairing */
    int64_t kept_deletes;    /* keys that turned up on the source again: not deleted */
    size_t left;             /* a merge in pieces: rows that were changed meanwhile: not written */
    size_t failed;           /* the pairing whose statement failed; pairs->count when none */
    bool too_large;          /* size was made smaller: another attempt may succeed */
    bool exhausted;          /* it was tried as often as the weather may ask for */
};

/*
 * The start of the target's transaction: read-only for a run that only compares. It waits at most
 * LOCK_TIMEOUT for a lock that somebody else holds. Queues / reads the results.
 */
#define LOCK_TIMEOUT "60s"
bool apply_queue_begin(struct conn *target, bool write, bool unchecked, struct err *err);
bool apply_receive_begin(struct conn *target, bool write, bool unchecked, struct err *err);

/*
 * Applies everything and commits; sequences are moved in the same breath. On failure the target's
 * transaction is rolled back and applier->failed names the table, where one is to blame.
 *
 * piecemeal: the target is in a transaction that only reads, and each wave is committed by itself,
 * parents first; what the weather hits is tried again. What is applied then stays after a failure,
 * and another attempt, or another run, goes on from there.
 */
bool apply_run(struct applier *applier, struct err *err);

/* Whether session_replication_role may be set and temporary tables be made: asked once per run,
 * with the catalog. */
bool apply_queue_privileges(struct conn *target, struct err *err);
bool apply_receive_privileges(struct conn *target, bool *unchecked, bool *temporary,
                              struct err *err);

#endif
