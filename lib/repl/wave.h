/* One wave of the applier: batches of rows that are fetched together and written together. For
 * lib/repl/apply.c only. */
#ifndef DBR_REPL_WAVE_H
#define DBR_REPL_WAVE_H

#include "repl/apply.h"
#include "repl/batch.h"

enum batch_kind {
    BATCH_UPSERT, /* rows of the source, written to the target; versions that they overwrite are
                     archived */
    BATCH_DELETE, /* rows that the source does not have: asked for again, archived, deleted */
    BATCH_LOSE,   /* rows of the source that lose a merge: archived, nothing is written */
    BATCH_CLEAR   /* APPLY_REPLACE: both of these archived and deleted, so that an upsert finds no
                     unique value in its way. In a merge, where others refer to the table, they
                     let go of their unique values alone */
};

struct wave_batch {
    enum batch_kind kind;
    size_t pair;
    int64_t octets;
    int64_t inserts, updates, deletes; /* rows, as the comparison counts them */
    int64_t decided, kept;    /* a merge: of them, conflicts, and parents kept for a child */
    int64_t conflicts;        /* standby rows newer than the active's, found while it ran */
    int64_t conflicts_before; /* the same of a run of which it is not known what became */
    bool settled;             /* a merge in pieces: no row of it needs to be asked for again */
    bool wide;                /* one row, too wide to be held: it passes in pieces */
    struct arrays keys;       /* of all rows */
    struct arrays changed;    /* of those that exist on the target */
    struct arrays gone;       /* of those that the source does not have */
    struct keyset items;      /* a merge in pieces: in the order of keys */
};

struct wave {
    struct wave_batch *batches;
    size_t count, cap;
    int64_t octets;
    size_t rows;
    size_t before;      /* results of the target that come before those of the wave */
    int64_t kept;       /* keys that turned up on the source again */
    bool checked;       /* behind BATCH_CLEAR: all rows have been seen, and archived */
    int64_t parked;     /* rows that have let go of their unique values so far */
    bool source_failed; /* it was the source that failed */
    size_t *pending;    /* pairings of the statements whose results are still to be read */
    size_t pending_count, pending_cap;
};

void wave_init(struct wave *wave);
void wave_release(struct wave *wave);
void wave_reset(struct wave *wave);
/* True when another row of that length should wait for the next wave. */
bool wave_full(const struct wave *wave, const struct applier *applier, int64_t octets);
/* Adds a row to the last batch when it is of the same kind and table and has room, else to a new
 * one. */
bool wave_add(struct wave *wave, const struct applier *applier, enum batch_kind kind, size_t pair,
              const struct key_item *item, struct err *err);
/* Makes it a batch of those of its items alone for which kept[place]. */
bool wave_choose(struct wave *wave, const struct applier *applier, size_t batch, const bool *kept,
                 struct err *err);
/* Takes batches out that have no rows. */
void wave_tidy(struct wave *wave);

/*
 * Fetches what the wave needs from both sides in one round trip, archives what will be lost and
 * queues the writes on the target. *snapshot_ended: the source's snapshot was ended, as it is
 * before the first BATCH_DELETE. May be done again when the transaction was undone.
 */
bool wave_run(struct wave *wave, struct applier *applier, bool *snapshot_ended, struct err *err);
/* Reads the results of the writes; on failure applier->failed names the table. */
bool wave_finish(struct wave *wave, struct applier *applier, struct err *err);
/* Counts the wave among what was applied. */
void wave_settle(const struct wave *wave, struct applier *applier);
/* It is not known whether what the wave wrote was committed: it will be run again. */
void wave_doubt(struct wave *wave);

/*
 * Before wave_run, does nothing but for a merge in pieces, where it asks, in the transaction of the
 * wave, whether its rows are still as they were when that was decided, and whether rows to be
 * deleted have rows that would go with them. Those that are not so are taken out and counted in
 * applier->left.
 */
bool wave_check(struct wave *wave, struct applier *applier, struct err *err);

/* What the files of a wave share. */

/* A statement with keys as its parameters. */
bool wave_queue_for_keys(struct conn *conn, const struct row_table *table,
                         void (*write)(struct buf *, const struct row_table *), struct arrays *keys,
                         struct err *err);
/* INSERT, as `sql` has it, that must take that many rows. */
bool wave_queue_insert(struct wave *wave, struct applier *applier, size_t pair, const char *sql,
                       struct arrays *rows, struct err *err);
/* DELETE by these keys on the target, of that many rows; nothing without keys. */
bool wave_queue_delete(struct wave *wave, struct applier *applier, size_t pair, struct arrays *keys,
                       size_t rows, struct err *err);
/*
 * After an upsert of a merge. The application may delete what the new rows refer to, after the
 * snapshot was taken. Where the server does not check foreign keys for us, locking the parents
 * makes it refuse (40001).
 */
bool wave_queue_parent_locks(struct wave *wave, struct applier *applier, struct wave_batch *batch,
                             struct err *err);
/*
 * After an upsert of a merge in pieces, or a delete of rows without key (wave_queue_delete does the
 * like for others), in its transaction: what was brought over is what both sides agree on from then
 * on. A later round, or a run after this one was broken off, would take what the application makes
 * of these rows meanwhile for changes of before.
 */
bool wave_queue_base(struct wave *wave, struct applier *applier, struct wave_batch *batch,
                     struct err *err);
/* BATCH_CLEAR leaves the rows of this table where they are. */
bool wave_parks(const struct applier *applier, size_t pair);
/* Has the rows with these keys let go of their unique values; going: they are to be deleted. */
bool wave_queue_park(struct wave *wave, struct applier *applier, size_t pair, struct arrays *keys,
                     bool going, struct err *err);
/* A statement that was queued on the target, about this pairing. */
void wave_note_pending(struct wave *wave, size_t pair);
/* The connection that is asked again for the keys of rows to delete. */
struct conn *wave_asked_again(const struct applier *applier);

/* A wide batch: queues its reads / does what wave_run does after them, when the answer to the
 * COMMIT of the source's snapshot has been read. */
bool wave_wide_queue(struct applier *applier, struct wave_batch *batch, struct err *err);
bool wave_wide_run(struct wave *wave, struct applier *applier, struct wave_batch *batch,
                   struct err *err);

#endif
