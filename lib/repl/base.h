/*
 * The base of a merge: what both databases last agreed on. A forced failover freezes it on the
 * secondary before that takes writes: for every table its keys and row hashes, in tables of the
 * schema _dbr, which is never copied, exported or compared. The other server is away then, so the
 * hash is always the portable one, and keys are kept as text, so that nothing of the application's
 * schema hangs on a base.
 *
 * _dbr.base has one row per table and is written last: a base is complete when it is there.
 */
#ifndef DBR_REPL_BASE_H
#define DBR_REPL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "db/model.h"
#include "db/row_sql.h"

struct base_table {
    char *name;
    char *relation;                      /* in _dbr: "base_1" with columns k1, k2, ..., row_hash */
    struct strlist keys, columns, types; /* columns in the order in which they were hashed; keys is
                                            empty for KEY_ROW, where k1 is the row hash and row_hash
                                            the number of equal rows */
    int64_t rows;
};

struct base {
    bool found;
    char *run;       /* whose failover it was */
    char *frozen_at; /* the secondary's clock, "2026-01-24 20:34:43.91+00" */
    char *merged_at; /* NULL until a merge has committed: from then on the active wins everywhere */
    bool cross_engine; /* columns that the two engines print differently are not in the hashes */
    struct base_table *tables;
    size_t count;
};

/*
 * Reads what is there; found false when nothing is. The caller compares base->run. One round trip
 * when there is none, two otherwise. Works inside a transaction and inside a pipeline whose results
 * have all been read. A zeroed base is fine for base_release.
 */
bool base_read(struct conn *secondary, struct base *base, struct err *err);
void base_release(struct base *base);
const struct base_table *base_table(const struct base *base, const char *name);

/*
 * Queues the statements that freeze every copied table of the model; *statements tells how many
 * results to read. Inside the caller's transaction on PostgreSQL; on CockroachDB outside of one.
 * The caller has read what is there (`old`): the same run means that nothing is to be done, an
 * unmerged base of another run that nothing may be done; a merged one is replaced.
 */
bool base_queue_freeze(struct conn *secondary, const struct model *model, const char *run,
                       bool cross_engine, const struct base *old, size_t *statements,
                       struct err *err);

/* The statement that marks the base as merged, for the transaction of the merge. */
extern const char base_mark_merged[];

/* Once the failback that merged it is complete. One round trip. */
bool base_drop(struct conn *secondary, const struct base *base, struct err *err);

/*
 * The columns of a table of the base as the rows of one side see them: names of the base, in its
 * order, of this side's model. False when this side lacks one. Release in either case.
 */
bool base_rows(struct row_table *rows, const struct base *base, const struct base_table *table,
               const struct conn *conn, const struct model *model);
void base_rows_release(struct row_table *rows);

#endif
