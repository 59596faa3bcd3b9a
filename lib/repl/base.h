/*
 * The base of a merge: what both databases last agreed on. A forced failover freezes it on the
 * secondary before that takes writes: for every table its keys and row hashes, in tables of the
 * schema _dbr, which is never copied, exported or compared. The other server is away then, so the
 * hash is always the portable one, and keys are kept as text, so that nothing of the application's
 * schema hangs on a base. Texts of keys differ where the keys do.
 *
 * Where the primary is of the other engine, columns that only the client can compare are in no row
 * hash (db/exchange.h), and what they held cannot be kept: it would be a copy of them. Beside
 * row_hash stands own_hash (as text), of these columns as the secondary itself prints them. It
 * tells whether the secondary has changed a row; and for a row that it has not changed, the
 * secondary still has what the base had, to compare the primary's with. In a row that it has
 * changed, these columns of the primary count as they were in the base: what the secondary has wins
 * in either case but that of a later change column, which is in the row hash; and what it wins over
 * is archived.
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
    char *relation; /* in _dbr: "base_<run>_1" with columns k1, k2, ..., row_hash */
    struct strlist keys, columns, types; /* columns in the order in which they were hashed; keys is
                                            empty for KEY_ROW, where k1 is the row hash and row_hash
                                            the number of equal rows */
    struct strlist clients; /* of them, those that are in no hash: left to the client */
    int64_t rows;
};

struct base {
    bool found;
    char *run;       /* whose failover it was */
    char *frozen_at; /* the secondary's clock, "2026-01-24 20:34:43.91+00" */
    char *merged_at; /* NULL until a merge has committed: from then on the active wins everywhere */
    bool cross_engine; /* the primary is of the other engine */
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
 * Queue the statements that freeze every copied table of the model: the tables, and the rows of
 * _dbr.base that make of them the base of that failover. *statements tells how many results to
 * read. `old`: names of tables in _dbr, of which those of earlier bases are dropped.
 *
 * On PostgreSQL both belong into the caller's transaction. On CockroachDB, where no schema change
 * is part of one, the tables are segments of their own, and the rows go into the caller's segment.
 * That one fails where a table is missing, and no other run makes tables of the same names: when it
 * succeeds the base is complete.
 */
bool base_queue_freeze(struct conn *secondary, const struct model *model, const char *run,
                       bool cross_engine, const struct strlist *old, size_t *statements,
                       struct err *err);
bool base_queue_catalog(struct conn *secondary, const struct model *model, const char *run,
                        bool cross_engine, size_t *statements, struct err *err);
/* SELECTs the names of the tables of bases in _dbr, "base" among them. */
extern const char base_names[];

/* The statement that marks the base as merged, for the transaction of the merge. */
extern const char base_mark_merged[];

/* Once the failback that merged it is complete. One round trip. */
bool base_drop(struct conn *secondary, const struct base *base, struct err *err);

/*
 * The columns of a table of the base as the rows of one side see them: names of the base, in its
 * order, of this side's model. other: the model of the other side, NULL where it is away. False
 * when this side lacks one. Release in either case.
 */
bool base_rows(struct row_table *rows, const struct base *base, const struct base_table *table,
               const struct conn *conn, const struct model *model, const struct model *other);
void base_rows_release(struct row_table *rows);

#endif
