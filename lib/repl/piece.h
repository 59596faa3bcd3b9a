/*
 * Rows for CockroachDB in pieces, each in a short transaction of its own. With its rows a piece
 * leaves a record of its number in a ledger (repl/ledger.h). A number that is there already makes
 * the server refuse the transaction: whatever became of a COMMIT that was not answered, a piece
 * that is put until that succeeds is there exactly once.
 */
#ifndef DBR_REPL_PIECE_H
#define DBR_REPL_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"
#include "repl/weather.h"

struct piece {
    const char *table; /* as the ledger names it */
    int64_t number;    /* from 1; LEDGER_WHOLE for none but the record that the table is complete */
    int64_t rows;      /* set to those of the record where an earlier attempt has put it */
    bool last;         /* the table is complete with it, and has `total` rows then */
    int64_t total;
    bool more;     /* by COPY: another follows, whose transaction is begun in the same round trip */
    int64_t taken; /* set: rows that the server took, as it counts them */
    bool in;       /* it is there, for certain */
    bool failed;   /* it was its statement that failed */
};

struct piece_writer {
    struct conn *conn;              /* opened anew in its place where it is lost */
    const char *ledger;             /* the table, "_dbr.progress" */
    const volatile bool *cancelled; /* gives up with ERR_STOPPED once true; NULL: never */
    bool begun;                     /* private: a transaction is open */
};

/*
 * Puts one piece by COPY; sql is the COPY statement, data the rows in its format. divisible: where
 * the server finds the piece too large (weather_is_size), it fails without another attempt, and a
 * smaller one of the same number may be put instead.
 */
bool piece_copy(struct piece_writer *writer, struct piece *piece, const char *sql, const char *data,
                size_t len, bool divisible, struct err *err);

/* Ends the transaction that was begun for a piece which does not come. */
bool piece_leave(struct piece_writer *writer, struct err *err);

/*
 * Puts several, of several tables, in one transaction and one round trip; in halves where the
 * server finds that too large. `queue` adds the statement with the rows of pieces[i] to the
 * pipeline; it is asked for each that is not in yet, in order, but not for LEDGER_WHOLE. An error
 * names the table.
 */
typedef bool (*piece_queue)(void *context, size_t i, struct conn *conn, struct err *err);
bool piece_insert(struct piece_writer *writer, struct piece *pieces, size_t count,
                  piece_queue queue, void *context, struct err *err);

#endif
