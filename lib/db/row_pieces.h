/*
 * Statements about one row that is too wide to be held in memory: it is read in pieces, put down in
 * pieces in a temporary table of the other server, and made whole there by one INSERT. Only for an
 * engine whose row statements can do that (engine_dml.pieces) and tables with a key.
 *
 * A value is a sequence of bytes: those of a bytea column themselves, of any other column its text
 * in UTF-8.
 */
#ifndef DBR_DB_ROW_PIECES_H
#define DBR_DB_ROW_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "db/row_sql.h"

/* Bytes of a piece, except of the last one of a value. */
#define ROW_PIECE_SIZE ((size_t)256 * 1024)

/* True for a column whose bytes are those of the value, not of its text. */
bool row_pieces_raw(const struct model_column *column);

/*
 * SELECT field, place, bytes of the row whose key is in the parameters (arrays of one item), by
 * field and place. Field 0 is the first key column; the columns follow the key. An empty value has
 * one empty piece, NULL one that is NULL. To be queued with pipeline_ask_bytes.
 */
void row_pieces_read(struct buf *sql, const struct row_table *t);

/* Makes the temporary table, for the rest of the transaction. */
#define ROW_PIECES_BEGIN                                                                           \
    "CREATE TEMPORARY TABLE dbr_pieces (field int4, place int4, bytes bytea) ON COMMIT DROP"
/* Pieces would gain nothing from being compressed on their way. */
#define ROW_PIECES_STORAGE "ALTER TABLE pg_temp.dbr_pieces ALTER bytes SET STORAGE EXTERNAL"
/* One piece: parameters are the field as row_pieces_read numbers it, place, bytes. */
#define ROW_PIECES_ADD "INSERT INTO pg_temp.dbr_pieces VALUES ($1, $2, $3)"
/* Forgets the pieces of a row. */
#define ROW_PIECES_CLEAR "TRUNCATE pg_temp.dbr_pieces"

/* INSERT of the row that the pieces make; a field without pieces is NULL. upsert: as
 * row_sql_insert. */
void row_pieces_insert(struct buf *sql, const struct row_table *t, bool upsert);

#endif
