/*
 * One mechanism for sync, verify and repair: open both databases, find the differences, apply them
 * to the target, all of it again when the weather (serialization failures, a lost connection,
 * unique values that swap) asks for it.
 */
#ifndef DBR_REPL_RECONCILE_H
#define DBR_REPL_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strlist.h"
#include "repl/apply.h"
#include "repl/archive.h"
#include "repl/compare.h"
#include "repl/merge.h"
#include "repl/pairing.h"
#include "repl/session.h"
#include "repl/weather.h"
#include "state/config.h"
#include "state/state.h"

struct reconcile_options {
    enum role source;    /* the active database */
    bool write;          /* false: compare only */
    bool compare_only;   /* --verify: nothing but the named tables, and nothing to guard */
    bool every_table;    /* compare every table completely, whatever its size (--full, --verify,
                            --repair) */
    bool force;          /* past the delete guard */
    bool latest;         /* as for session_open: the source is fenced */
    struct merge *merge; /* repl/merge_run.h: bring what the primary wins to the secondary; else
                            NULL */
    const struct strlist *tables; /* --tables; empty: all */
    struct conn *const *lent;     /* as for session_open, as long as they live; NULL: none */
    long batch_rows;
    const char *program; /* names the salvage file: "sync" */
};

/* Of one table. */
struct earlier {
    char *table;
    struct applied sum;
};

struct reconciliation {
    struct session session;
    struct pairings pairs;
    struct comparisons all;
    struct archive archive;
    struct strlist added;    /* tables that --tables did not name but that must come along */
    struct strlist complete; /* large tables that this run must compare completely after all */
    struct strlist failures; /* "table<TAB>SQLSTATE<TAB>reason", kept over attempts: left out of the
                                next one */
    int64_t *conflicts;      /* per pairing */
    struct earlier *earlier; /* what attempts that failed had committed before that */
    size_t earlier_count;
    int64_t kept_deletes;
    size_t sequences; /* that stood elsewhere on the target */
    int setbacks;     /* of a merge in pieces: by foreign keys, or without a step forward */
    char *moment;     /* of a merge in pieces: as of which the target is read */
    struct turn turn; /* the same */
    bool committing;  /* the attempt has come to its COMMIT, where it is one transaction */
    bool piecemeal;   /* the target is CockroachDB: apply.h */
    enum apply_way way;
    struct strlist replaced; /* on CockroachDB: tables where what changes is deleted first, */
    bool keys_off;           /* and whether the order of the tables does not fulfil their keys */
    struct apply_size size;
    bool too_large; /* size was made smaller */
    bool exhausted; /* the applier has tried as often as it may */
    bool applied;   /* something was written */
    bool quieted;   /* triggers or rules of the standby were awake: they are disabled again */
    int attempts;
    bool full; /* every table is compared completely: what a window left out stands in the way */
    struct weather weather;
};

/*
 * On success everything in r describes the (last) attempt, and the session is open until
 * reconcile_release. Tables that were left as they are have a hold in r->pairs: that is not a
 * failure of reconcile.
 */
bool reconcile(struct reconciliation *r, const struct config *config, const struct state *state,
               const struct reconcile_options *options, struct err *err);
/* True when a write without force would leave a table for its deletes. */
bool reconcile_would_guard(const struct reconciliation *r, const struct config *config);
/* ERR_REFUSED where neither database holds a table, and the state knows of some: two empty
 * databases are alike, and most likely not those that were meant, or both lost. */
bool reconcile_check_gone(const struct reconciliation *r, const struct state *state,
                          struct err *err);
void reconcile_release(struct reconciliation *r);

/* True when no active table differs; sequences are not considered. Meaningful after a run that
 * compared only. */
bool reconcile_equal(const struct reconciliation *r);

#endif
