/*
 * Finding the differences of two databases, table by table, in a constant number of round trips:
 *
 *   1. fingerprints (or bucket sums for large tables) of all tables, on both servers at once,
 *   2. key and row hash of what lies in unequal tables or buckets, merged here into a list of
 * changes.
 *
 * Between unlike engines some columns can only be compared here (db/exchange.h). They are in no
 * sum; their texts come with the keys of the second round, pass through db/canonical.h as they
 * arrive, and are not held. Of what a proof (repl/proof.h) shows to be as it was when it was last
 * found equal, nothing is read, so that a run without changes costs what it costs between like
 * engines, and any other one reads the buckets in which something has changed.
 *
 * Both connections must be in a repeatable-read transaction. Nothing is written to either database.
 */
#ifndef DBR_REPL_COMPARE_H
#define DBR_REPL_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/query.h"
#include "repl/keyset.h"
#include "repl/pairing.h"

enum compare_method {
    COMPARE_SKIP,    /* held, not selected, or not due this time */
    COMPARE_WHOLE,   /* one fingerprint; all keys when it differs */
    COMPARE_BUCKETS, /* fingerprint by key bucket; the keys of unequal buckets */
    COMPARE_WINDOW,  /* rows changed since the watermark; sees no deletes */
    COMPARE_COPY     /* the target's table is known to be empty: everything is an insert */
};

struct bucket {
    int64_t id, rows;
    uint64_t sum, own;
};

struct comparison {
    enum compare_method method;
    const char *since; /* COMPARE_WINDOW: the watermark; borrowed */
    int64_t mask;      /* COMPARE_BUCKETS */
    int64_t rows[2];   /* by side; -1 not counted */
    uint64_t sum[2];   /* of the row hashes, modulo 2^64 */
    uint64_t own[2];   /* of the own hashes, where the table has client columns */
    struct bucket *buckets[2];
    size_t bucket_count[2];
    int64_t *dirty; /* ids of buckets that are unequal, or not proven to be equal */
    size_t dirty_count;
    struct keyset asked; /* buckets whose client columns are read: id, own sums of both sides as
                            row_hash and digest */
    bool equal;
    bool unproven; /* equal as far as the servers tell */
    struct keyset
        changes; /* kind: 'i' only the source has it, 'u' they differ, 'd' only the target has it */
    int64_t inserts, updates, deletes; /* in rows */
};

struct comparisons {
    struct comparison *items; /* parallel to the pairings */
    size_t count;
    const char *dir; /* the state directory, for proofs and what is too long for memory; borrowed */
    bool distrust;   /* proofs are not believed: everything is read */
    bool remember;   /* what is found equal is written down */
};

void comparisons_init(struct comparisons *all, const struct pairings *pairs, const char *spill_dir);
void comparisons_release(struct comparisons *all);
/* As if nothing was found yet. */
void comparison_restart(struct comparisons *all, size_t item, enum compare_method method);

/* COMPARE_WHOLE or COMPARE_BUCKETS by the size of the table. */
enum compare_method compare_by_size(const struct pairing *pair);
/* The greater of both sides' estimates; guessed from the size where a table was never analysed. */
int64_t compare_row_estimate(const struct pairing *pair);

/* COMPARE_BUCKETS: the number of buckets, by the size of the table and the proof that there is. */
void compare_cut(const struct pairings *pairs, struct comparisons *all, size_t pair);

/* Round 1: queues on both connections / reads. Each queued segment ends with a pipeline_sync. */
bool compare_queue_sums(struct conn *const conns[2], const struct pairings *pairs,
                        struct comparisons *all, struct err *err);
bool compare_receive_sums(struct conn *const conns[2], const struct pairings *pairs,
                          struct comparisons *all, struct err *err);
/* Decimal text of any length, modulo 2^64. */
uint64_t compare_parse_sum(const char *text);
/* Takes the result of row_sql_fingerprint of one side. */
void compare_take_sum(struct comparison *c, enum side side, const struct result *result);
/* Round 2, sends and reads itself; does nothing when everything is equal. A table that could only
 * be found equal here is so afterwards. */
bool compare_keys(struct conn *const conns[2], const struct pairings *pairs,
                  struct comparisons *all, struct err *err);

#endif
