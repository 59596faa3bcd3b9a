/*
 * _dbr.progress on the secondary: how far an init has come, written in the same transactions as the
 * rows, so that --resume never believes a copy that was not committed. Gone when init is done.
 *
 * A table has one record with piece 0 once it is complete. Where it is copied in several
 * transactions (repl/piece.h), each has a record of its own before that, numbered from 1.
 *
 * Everything here is called outside of a transaction, and gets past the weather by itself.
 */
#ifndef DBR_REPL_LEDGER_H
#define DBR_REPL_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"

#define LEDGER "_dbr.progress"
#define LEDGER_IMPORT "_dbr.import" /* of dbr-import, which nothing resumes */
#define LEDGER_WHOLE 0              /* the piece that says that a table is complete */

/* Statements that make the (empty) ledger; for a simple query or as single pipeline entries. */
extern const char *const ledger_create[];
extern const size_t ledger_create_count;
/* Statements after which there is none, to be run before the tables are dropped that it tells of.
 */
extern const char *const ledger_forget[];
extern const size_t ledger_forget_count;

/* Makes a ledger, empty, where there is no plan to run with it. */
bool ledger_make(struct conn *conn, const char *ledger, struct err *err);
bool ledger_drop(struct conn *conn, const char *ledger, struct err *err);

/* Names of the tables that are complete, and of those that were begun and are not. *exists: an init
 * has begun here. The lists are emptied first. */
bool ledger_read(struct conn *conn, bool *exists, struct strlist *complete, struct strlist *begun,
                 struct err *err);

/* The statement that adds records is this, then any number of them. */
void ledger_add_begin(struct buf *sql, const char *ledger);
void ledger_add_record(struct buf *sql, const char *table, int64_t piece, int64_t rows);

/* Takes the rows of a table that is not complete away again, and its records. */
bool ledger_empty(struct conn *conn, const char *schema, const char *table, struct err *err);

#endif
