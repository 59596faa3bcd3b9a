/*
 * Statements of a merge about the rows of one table: its base, and what became of rows since. Keys
 * travel as in row_sql.h. The tables of a base lie in the schema _dbr and have columns k1, k2, ...
 * of text and row_hash.
 */
#ifndef DBR_DB_MERGE_SQL_H
#define DBR_DB_MERGE_SQL_H

#include <stddef.h>

#include "base/buf.h"
#include "db/row_sql.h"

/* Part of a statement: the parameters as rows, unnest($1::text[], ...) WITH ORDINALITY AS x(k1,
 * ..., n). */
void merge_sql_parameters(struct buf *sql, const struct row_table *t);

/* CREATE TABLE IF NOT EXISTS _dbr.relation AS key and hash of every row; for KEY_ROW hash and
 * number. With client columns (row_sql.h) also own_hash: the own hash as text, for KEY_ROW its sum.
 * On CockroachDB the key is its primary key: a merge in pieces asks and changes it by the keys of
 * each wave, beside the application. */
void merge_sql_freeze(struct buf *sql, const struct row_table *t, const char *relation);

/*
 * SELECT place (from 1), row hash (KEY_ROW: number of equal rows), change column as an instant in
 * UTC, of the rows whose keys are in the parameters. zone: what a timestamp without zone is read
 * in. With client columns also the own hash as text and their texts; equal rows of KEY_ROW have a
 * line each then.
 */
void merge_sql_states(struct buf *sql, const struct row_table *t, const char *zone);

/*
 * The base of the rows whose keys are in the parameters becomes what they are now: what it had of
 * them is forgotten, then learnt anew. CockroachDB only, where texts are compared bytewise.
 */
void merge_sql_forget(struct buf *sql, const struct row_table *t, const char *relation);
void merge_sql_learn(struct buf *sql, const struct row_table *t, const char *relation);

/* SELECT place, row hash (, own hash) of the base for the keys in the parameters; t is any side's.
 */
void merge_sql_base(struct buf *sql, const struct row_table *t, const char *relation);

/* An index of a base by its key: worth it when keys are asked for in many waves. */
void merge_sql_index_base(struct buf *sql, const struct row_table *t, const char *relation);

/* SELECT place of those keys in the parameters whose rows other rows refer to by this foreign key
 * of `child`; rows of the table itself that are among the keys do not count. */
void merge_sql_referred(struct buf *sql, const struct row_table *t, const struct model_table *child,
                        const struct model_constraint *key);

/* Locks the rows that the rows with these keys refer to by a foreign key of the table, so that they
 * cannot be deleted, and fails (40001) where one was since the snapshot. PostgreSQL only. */
void merge_sql_lock_parents(struct buf *sql, const struct row_table *t,
                            const struct model_constraint *key);

#endif
