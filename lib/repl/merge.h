/*
 * Merging what a returning primary holds into the secondary that is active now, against the base
 * that the forced failover froze (repl/base.h).
 *
 * The merge brings to the secondary only what the primary wins. On PostgreSQL that is one
 * transaction of the secondary: in it the databases are compared, rows written and the base marked
 * as merged. From its commit on the active wins everywhere, and an ordinary sync secondary ->
 * primary does the rest. A merge that is killed leaves everything as it was; a second one has
 * nothing to do. What the application writes to the secondary meanwhile is never overwritten
 * unseen: the server refuses (40001) and the merge begins again.
 *
 * On CockroachDB a transaction that had read every table would never be let through beside an
 * application that writes. There it is decided as of a moment (repl/moment.h), and written in many
 * short transactions, each of which looks first whether its rows are still as they were then: those
 * that are not are left to the next round, which decides them anew. When none is left the base is
 * marked. A merge that is killed before has brought over a part, in which the databases now agree:
 * the next one finds no difference there and does the rest.
 */
#ifndef DBR_REPL_MERGE_H
#define DBR_REPL_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/row_sql.h"
#include "repl/base.h"
#include "repl/compare.h"
#include "repl/pairing.h"
#include "state/config.h"
#include "state/state.h"

/* --- one row ------------------------------------------------------------------------------------
 */

/* What became of a row since the base was frozen. */
enum merge_state {
    ROW_AS_BASE,
    ROW_CHANGED,
    ROW_MISSING, /* the base has it */
    ROW_NEW,     /* the base has it not */
    ROW_ABSENT   /* nor has the base */
};

struct merge_row {
    bool in_base, on_primary, on_secondary;
    int64_t base_hash, primary_hash, secondary_hash;
    /* The change column as an instant (repl/instant.h); NULL: no column, or NULL in it. */
    const char *primary_time, *secondary_time;
    bool has_time;             /* the table has a change column */
    bool unlike;               /* multisets: the rows differ in columns that the client compares */
    bool secondary_differs;    /* ... and the secondary's differ so from those of the base */
    const char *failover_time; /* the secondary's clock */
    bool unmerged;             /* the base proves nothing of the primary: the two had gone apart
                                  before it was frozen (state/journal.h), or the primary may have
                                  lost the row in a crash */
};

enum merge_winner { WINNER_NONE, WINNER_PRIMARY, WINNER_SECONDARY };

struct merge_decision {
    enum merge_winner winner; /* WINNER_NONE: both are alike, nothing to do */
    bool conflict;            /* a version of the other side is lost that somebody had written */
    bool clocks;              /* two clocks were compared to decide */
};

struct merge_decision merge_decide(const struct merge_row *row);
/* What db/merge_sql.h says of a row, as one number: its hash (KEY_ROW: how many) and own hash (0
 * where there is none). What is absent has those of 0. */
uint64_t merge_state_sum(int64_t hash, uint64_t own);
/* Rows without a key, as often as they occur: hashes are the numbers of equal rows. */
struct merge_decision merge_decide_multiset(const struct merge_row *row);

/* --- all rows -----------------------------------------------------------------------------------
 */

struct merge_counts {
    int64_t inserted[2], updated[2], deleted[2]; /* by enum role: on the primary (by the sync that
                                                    follows), on the secondary (by the merge) */
    int64_t conflicts;
    int64_t kept;  /* of them: parents that were deleted on one side and are kept for a child */
    int64_t equal; /* of them: equal rows without a key, of which the greater number stays; no row
                      was overwritten, so that the archive has none */
};

/* Set the first part, zero the rest; reconcile fills it in. Release when done. */
struct merge {
    const char *run;             /* the base must be of this failover */
    bool force;                  /* past the delete guard and the clocks */
    int64_t skew_ms;             /* measured difference of the two clocks; -1: not known */
    int64_t max_skew_ms;         /* DB_MAX_CLOCK_SKEW_MS */
    int max_delete_percent;      /* DB_MAX_DELETE_PERCENT */
    const struct config *config; /* to ask for the TimeZone of each database */
    const struct state *state;   /* to know of tables that were unmerged already */
    /* results */
    struct base base;
    struct merge_counts *counts; /* per pairing */
    size_t count;
    int64_t by_clock; /* decisions that needed the clocks */
    bool committed;   /* an attempt before this one had committed, and its answer was lost: counts
                         are its */
    bool whole; /* CockroachDB: one transaction reads and writes everything, since the order of the
                   tables does not fulfil their foreign keys; else the merge is in pieces */
    struct row_table *states; /* per pairing: the secondary's rows as their state is asked for */
    struct strlist locked;    /* tables that the next attempt must lock first */
};

void merge_release(struct merge *merge);
struct merge_counts merge_totals(const struct merge *merge);
/* What became of the losers of so many conflicts, of which so many are equal rows without a key. */
const char *merge_losers(int64_t conflicts, int64_t equal);

/*
 * Between compare and apply, SOURCE being the primary: reads the base, decides every difference and
 * leaves in all->items[].changes what is to be applied to the secondary (kinds as in compare.h, and
 * 'l' for versions of the primary that lose and go to the archive). ERR_REFUSED for what the table
 * of outcomes does not decide. Both connections are in their transactions; that of the secondary
 * may write temporary tables even in a dry run, but reads only where the merge is in pieces.
 */
bool merge_step(struct merge *merge, struct conn *const conns[2], struct pairings *pairs,
                struct comparisons *all, struct err *err);

#endif
