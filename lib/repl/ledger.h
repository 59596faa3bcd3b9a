/*
 * _dbr.progress on the secondary: which tables an init has finished, written in the same
 * transaction as their rows, so that --resume never believes a copy that was not committed. Gone
 * when init is done.
 */
#ifndef DBR_REPL_LEDGER_H
#define DBR_REPL_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"

/* Statements that make the (empty) ledger; for a simple query or as single pipeline entries. */
extern const char *const ledger_create[];
extern const size_t ledger_create_count;

/* Makes it where there is no plan to run with it. */
bool ledger_make(struct conn *conn, struct err *err);

/* Names of the finished tables. *exists: an init has begun here. */
bool ledger_read(struct conn *conn, bool *exists, struct strlist *tables, struct err *err);
bool ledger_drop(struct conn *conn, struct err *err);

#endif
