/* What the files of the applier share. For lib/repl/apply*.c only. */
#ifndef DBR_REPL_APPLY_INTERNAL_H
#define DBR_REPL_APPLY_INTERNAL_H

#include "repl/apply.h"
#include "repl/graph.h"
#include "repl/wave.h"

struct applying {
    struct applier *a;
    struct wave wave;
    bool snapshot_ended;
    bool reading; /* piecemeal: the target is still in the transaction of the comparison */
    bool whole;   /* piecemeal: the waves belong to one transaction */
    bool done;    /* piecemeal: a table that was replaced took the rest of the round along */
};

/* Adds the changes of a table, or of all of them, that are of this kind; what has gathered is run
 * when it is a wave. */
bool apply_add_table(struct applying *s, enum batch_kind kind, size_t pair, struct err *err);
bool apply_add_all(struct applying *s, enum batch_kind kind, bool children_first, struct err *err);
/* Runs what has gathered; last: its writes are queued, and read by the caller. */
bool apply_flush(struct applying *s, bool last, struct err *err);
/* Reads n results of statements on the target. */
bool apply_read_results(struct conn *conn, size_t n, struct err *err);

/* apply_pieces.c */
bool apply_pieces(struct applying *s, struct err *err);
/* Commits the wave by itself. */
bool apply_commit_wave(struct applying *s, struct err *err);
/* Runs what `run` does, and reads what it adds to wave.before, as one transaction, again while it
 * is the weather. whole: rows that only this transaction as a whole may replace; 0 for a wave. */
typedef bool (*apply_body)(struct applying *s, void *context, struct err *err);
bool apply_transact(struct applying *s, apply_body run, void *context, size_t whole,
                    struct err *err);
/* Which tables of the target refer to which; release the graph when done. */
void apply_references(struct graph *graph, const struct model *model);
/* True when the table is the other one, or refers to it, also by way of others. */
bool apply_needs(struct graph *graph, const struct model *model, const char *table,
                 const char *other);
/* Upserts and deletes of all tables, parents first and then children first. */
bool apply_upsert_all(struct applying *s, struct err *err);
bool apply_delete_all(struct applying *s, struct err *err);

/* apply_replace.c */
bool apply_is_replaced(const struct applier *applier, size_t pair);
/* Every changed row of the table is deleted, or lets go of its unique values, before any is
 * written. */
bool apply_replace_table(struct applying *s, size_t pair, struct err *err);

/* apply_merge.c */
bool apply_merge_pieces(struct applying *s, struct err *err);

#endif
