/*
 * Tables that were there before the rows of a file come into them, on PostgreSQL, for the rest of
 * the transaction: their triggers and rules do not fire, and foreign keys between them, which the
 * order of the file need not fulfil row by row (circles), are checked at the end. All of it by what
 * the owner of the tables may do: no superuser is needed.
 */
#ifndef DBR_REPL_EXISTING_H
#define DBR_REPL_EXISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "db/model.h"

struct existing {
    struct conn *conn;
    const struct model *model;    /* of the target, before the import */
    const struct strlist *tables; /* that rows are for; NULL: it is not known, all of them */
    bool ready;                   /* existing_begin was called */
    size_t queued;                /* statements whose results are still to be read */
};

/* Each takes one round trip; no pipeline is open. */
bool existing_begin(struct existing *existing, struct err *err);
/* Checks what was put off, and puts everything back as it was. */
bool existing_end(struct existing *existing, struct err *err);

#endif
