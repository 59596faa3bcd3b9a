/*
 * Statements about the rows of one table, for either engine: fingerprints, lists of keys, reading
 * and writing rows by key. Each function appends one statement; nothing is executed here. Keys and
 * values travel as text, one array parameter per column ($1::text[], ...), cast on the server, so
 * that a statement's text does not depend on the number of rows.
 */
#ifndef DBR_DB_ROW_SQL_H
#define DBR_DB_ROW_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "db/engine.h"
#include "db/exchange.h"
#include "db/model.h"

/*
 * How a row becomes 64 bits. NATIVE: hashtextextended over the row's text, for two PostgreSQL
 * servers of one encoding. PORTABLE: md5 over length-prefixed columns, the same number on every
 * engine, at 2.5 times the cost.
 */
enum hash_form { HASH_NATIVE, HASH_PORTABLE };

/* One table as rows see it on one server. The arrays belong to whoever built it (repl/pairing.h).
 */
struct row_table {
    const char *schema;
    const struct model_table *table; /* of this server's model */
    const struct engine_dml *dml;
    const struct model_column **columns; /* the copied ones, in the same order on both servers */
    size_t column_count;
    const struct model_column **keys; /* count 0: KEY_ROW, the row hash is the key */
    size_t key_count;
    enum hash_form form;
    bool convert_encoding; /* the server's encoding is not UTF8 (PORTABLE only) */
    /* Between unlike engines: of the columns, then of the keys, which are all hashed; else NULL. */
    const struct exchange *exchange;
    const struct model_column *change; /* the change column, or NULL */
};

/*
 * Columns that the client compares (EXCHANGE_CLIENT) are in no hash; where a table has some, its
 * statements select more:
 *
 *   - sums also have the sum of own hashes. The own hash of a row is one of its key and of those
 *     columns as this server prints them: it says whether they changed on this server, and nothing
 *     about the other one;
 *   - lists of keys also have, after the key, the texts of those columns, and count their octets
 *     not. Equal rows of KEY_ROW have a line each then, with 1 as their number.
 */
size_t row_sql_client_columns(const struct row_table *t);
/* The place in columns of client column n. */
size_t row_sql_client_column(const struct row_table *t, size_t n);

/* SELECT count, sum of row hashes (, sum of own hashes). */
void row_sql_fingerprint(struct buf *sql, const struct row_table *t);
/* SELECT bucket, count, sum of row hashes (, sum of own hashes), ordered by bucket = key hash &
 * mask.
 */
void row_sql_buckets(struct buf *sql, const struct row_table *t, int64_t mask);

/* Which rows a list of keys is of. */
struct row_choice {
    int64_t mask; /* not 0: only those in the `count` buckets of `dirty` */
    const int64_t *dirty;
    size_t count;
    const char *since; /* not NULL: only those changed at or after that instant ("2026-01-24
                          20:34:43.910+00") or with NULL in the change column */
    bool keys_alone;   /* without the texts of client columns, but with their octets */
};

/*
 * SELECT key hash, row hash, octets, key... (, text...) ordered by key hash and key. For KEY_ROW
 * the key is the row hash as text and the second column the number of equal rows.
 */
void row_sql_keys(struct buf *sql, const struct row_table *t, const struct row_choice *choice);
/* The same columns for the keys in the parameters; those that do not exist are left out. */
void row_sql_keys_of(struct buf *sql, const struct row_table *t);
/* SELECT key..., column... of the rows whose keys are in the parameters, as the other side takes
 * their values. */
void row_sql_rows_of(struct buf *sql, const struct row_table *t);
/* SELECT column... of every row, likewise. */
void row_sql_all_rows(struct buf *sql, const struct row_table *t);
/* INSERT of the rows in the parameters, one text array per column. upsert: ON CONFLICT (key) DO
 * UPDATE. */
void row_sql_insert(struct buf *sql, const struct row_table *t, bool upsert);
/* DELETE of the rows whose keys are in the parameters. */
void row_sql_delete(struct buf *sql, const struct row_table *t);
/*
 * What the server says of the rows that it took, in time for the COMMIT that is queued behind: a
 * statement fails when triggers or rules kept rows out. open and close enclose an INSERT or DELETE
 * that must take this many rows; left_over follows a DELETE by key (not KEY_ROW), with the same
 * parameters, and wants to find none of them.
 */
void row_sql_counted_open(struct buf *sql);
void row_sql_counted_close(struct buf *sql, size_t rows);
void row_sql_left_over(struct buf *sql, const struct row_table *t);
/* Reads the numbers from the message of such a failure; false when it is another one. */
bool row_sql_read_shortfall(const char *message, size_t *missing, size_t *rows);
/* COPY; format is what follows FORMAT: "binary", "text", "csv". */
void row_sql_copy_out(struct buf *sql, const struct row_table *t, const char *format);
void row_sql_copy_in(struct buf *sql, const struct row_table *t, const char *format);

/* Parts, for statements of another kind over a table named t: its row hash; its own hash; text of a
 * key column; a client column as the other side takes it; its name after FROM; the condition that
 * its key is that in `x` (columns k1, k2, ... of text). */
void row_sql_hash(struct buf *sql, const struct row_table *t);
void row_sql_own_hash(struct buf *sql, const struct row_table *t);
void row_sql_key(struct buf *sql, const struct row_table *t, size_t i);
void row_sql_client(struct buf *sql, const struct row_table *t, size_t n);
void row_sql_relation(struct buf *sql, const struct row_table *t);
void row_sql_match(struct buf *sql, const struct row_table *t);

/* Number of parameters of the statements above: key columns (1 for KEY_ROW). */
size_t row_sql_key_width(const struct row_table *t);
/* True when an upsert is possible; otherwise rows are replaced by delete and insert. */
bool row_sql_can_upsert(const struct row_table *t);

#endif
