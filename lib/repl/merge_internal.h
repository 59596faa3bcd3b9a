/* What the files of a merge share: the differences with their decisions. For lib/repl/merge*.c
 * only.
 */
#ifndef DBR_REPL_MERGE_INTERNAL_H
#define DBR_REPL_MERGE_INTERNAL_H

#include "repl/batch.h"
#include "repl/merge.h"

/*
 * Kinds of items in a list of decisions:
 *   i u d  the primary wins: inserted, updated, deleted on the secondary
 *   l      both have it, the primary's version loses and goes to the archive
 *   L      the secondary deleted it, the primary's version loses and goes to the archive
 *   b      the secondary deleted it, the primary has it as it was ("buried")
 */
struct tally {
    int64_t taken;   /* i and u */
    int64_t updates; /* u, and those left to the secondary */
    int64_t dropped; /* d */
    int64_t buried;  /* b and L */
};

struct merging {
    struct merge *merge;
    struct conn *conns[2]; /* by side; the primary is the source */
    struct pairings *pairs;
    struct comparisons *all;
    struct row_table (*rows)[2]; /* per pairing: the columns of the base, portable hash */
    struct keyset *decided;      /* per pairing */
    struct tally *tallies;       /* per pairing */
    char *zones[2];              /* by side; what timestamps without zone are read in */
};

/* Decides every difference of the comparisons: fills decided, tallies and the counts. */
bool merge_decide_all(struct merging *m, struct err *err);

/* ERR_REFUSED for what stands in the way: before anything is decided, and after. */
bool merge_check_base(const struct merge *merge, struct err *err);
bool merge_check_holds(const struct base *base, const struct pairings *pairs, struct err *err);
bool merge_check_table(const struct merging *m, size_t pair, struct err *err);
bool merge_guard(const struct merging *m, struct err *err);

/*
 * Foreign keys: a parent deleted on one side whose child was added or changed on the other is kept.
 * Changes the lists of decisions and the counts; costs nothing when nothing was deleted.
 */
bool merge_keep_parents(struct merging *m, struct err *err);

#endif
