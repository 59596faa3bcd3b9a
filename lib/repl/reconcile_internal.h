/* What the files of a reconciliation share. For lib/repl/reconcile*.c only. */
#ifndef DBR_REPL_RECONCILE_INTERNAL_H
#define DBR_REPL_RECONCILE_INTERNAL_H

#include "repl/reconcile.h"

/* Begins the target's transaction and compares what is to be compared; fills pairs and all. */
bool reconcile_find(struct reconciliation *r, const struct config *config,
                    const struct state *state, const struct reconcile_options *options,
                    struct err *err);
/* Whether tables must be compared completely after all: r->complete has them then. */
bool reconcile_needs_more(struct reconciliation *r);

/* Holds tables whose deletes are not believed without consent. */
void reconcile_guard(struct reconciliation *r, const struct config *config,
                     const struct state *state, const struct reconcile_options *options);

/* Leaves out the tables whose rows an earlier attempt could not write. */
void reconcile_hold_failures(struct reconciliation *r);

/* Rows that the target's foreign keys would take along, were what they refer to deleted and
 * inserted again. */
bool reconcile_takes_along(const struct reconciliation *r);
/* Whether another attempt may succeed, and prepares it; waits where it is the weather. failed: the
 * pairing to blame. */
bool reconcile_try_again(struct reconciliation *r, struct merge *merge, bool connected,
                         size_t failed, struct err *err);
/* Always false: only in pieces, which the application comes between, would this table go through.
 */
bool reconcile_refuse_meanwhile(const char *table, struct err *err);

/* After a failed attempt: what was not lost leaves the archive. why: of a failure of that. */
bool reconcile_end_archive(struct reconciliation *r, const struct err *err, struct err *why);

/* Keeps what a failed attempt had committed; true when that is anything. What a merge has decided
 * and not brought over stays in its counts. */
bool reconcile_keep_applied(struct reconciliation *r, struct merge *merge,
                            const struct applied *applied);
/* Counts it with what the last attempt applied. */
void reconcile_add_earlier(struct reconciliation *r, struct merge *merge);

/* reconcile_remains.c: what a run that was broken off has left (repl/keys_off.h). */

/* Tables of which rows are out are compared completely: what is out may be older than any window.
 */
void reconcile_want_rows_back(struct reconciliation *r);
/* The active database is without foreign keys that a sync of its time as the standby took off. */
void reconcile_put_source_keys_back(const struct reconciliation *r);
/* After an attempt that succeeded in writing. */
void reconcile_forget_rows_out(const struct reconciliation *r);
/* After a run that gave up: whoever looks at the standby should find its keys there, and hears of
 * rows that are out. */
void reconcile_put_keys_back(const struct reconciliation *r);

#endif
