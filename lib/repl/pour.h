/*
 * The rows of one COPY on their way into CockroachDB: they gather until they are a piece
 * (repl/piece.h), which is kept until its transaction is certain, while their source waits. What
 * the server finds too large is put in halves, and so is what follows.
 *
 *     struct pour *pour = pour_new(&to);
 *     pour_row(pour, row, len, err)   for each; then
 *     pour_end(pour, true, err)       and pour_free(pour)
 */
#ifndef DBR_REPL_POUR_H
#define DBR_REPL_POUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/conn.h"

/* What becomes of a row that is too wide for any message: an error that names it. */
typedef bool (*pour_refuse)(void *context, const char *row, size_t len, int64_t place,
                            struct err *err);

/* Where the rows go; everything is borrowed. */
struct pour_to {
    struct conn *conn;
    const char *ledger, *table;     /* the name of the table in the ledger */
    int64_t first_piece;            /* its number */
    const char *copy;               /* the statement */
    const volatile bool *cancelled; /* as for piece_writer */
    pour_refuse refuse;
    void *context; /* of refuse */
};

struct pour;
struct pour *pour_new(const struct pour_to *to);
/* One row with its line end. It is not held twice when it is wide. */
bool pour_row(struct pour *pour, const char *row, size_t len, struct err *err);
/* Puts what is left; whole: with the record that the table is complete. */
bool pour_end(struct pour *pour, bool whole, struct err *err);
int64_t pour_rows(const struct pour *pour);       /* that are in for certain */
int64_t pour_next_piece(const struct pour *pour); /* its number */
void pour_free(struct pour *pour);                /* NULL is fine */

#endif
