/*
 * What was found equal of the columns that only the client can compare (db/exchange.h), so that
 * they need not be read anew in every run. For each bucket of keys a proof has the sums of own
 * hashes (db/row_sql.h) that both servers had when the client found their rows equal. A server that
 * has the same sum still has the same rows: where both have, nothing is read.
 *
 * A proof is a file of the state directory, proofs/HASH, and no more than a memory: without it, or
 * with one that is damaged or of another shape of the table, the columns are read. It says nothing
 * of who is source and who target, and so outlives a switch.
 */
#ifndef DBR_REPL_PROOF_H
#define DBR_REPL_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "repl/pairing.h"

struct proof {
    int64_t mask;         /* bucket = key hash & mask; 0: the whole table is one */
    uint64_t (*sums)[2];  /* by bucket, then by engine */
    unsigned char *known; /* a bit for each bucket */
    int engines[2];       /* by side: place in sums */
};

/* Reads what is known of a pairing for buckets of that mask; nothing when there is no such proof.
 * Release in any case. */
void proof_read(struct proof *proof, const char *dir, const struct pairings *pairs, size_t pair,
                int64_t mask);
bool proof_write(const struct proof *proof, const char *dir, const struct pairings *pairs,
                 size_t pair, struct err *err);
void proof_release(struct proof *proof);

/* own: sums by side. */
bool proof_holds(const struct proof *proof, int64_t bucket, const uint64_t own[2]);
void proof_set(struct proof *proof, int64_t bucket, const uint64_t own[2]);
void proof_drop(struct proof *proof, int64_t bucket);

/* The mask of the proof that there is, so that buckets are cut as they were; -1 when there is none.
 */
int64_t proof_mask(const char *dir, const struct pairings *pairs, size_t pair);

#endif
