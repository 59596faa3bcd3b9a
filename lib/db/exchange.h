/*
 * How the values of a column pass between PostgreSQL and CockroachDB, and how the two columns are
 * compared. Every type ends in one of three ways, as the table in cockroach_rules.c has it:
 *
 *   hashed in the servers  each has an expression for the same text: what PostgreSQL prints
 *   in the client          the texts differ, what they mean does not (db/canonical.h)
 *   named                  compared by nothing, and said so by name
 */
#ifndef DBR_DB_EXCHANGE_H
#define DBR_DB_EXCHANGE_H

#include <stdbool.h>

#include "base/buf.h"
#include "db/canonical.h"
#include "db/model.h"

enum exchange_compared { EXCHANGE_HASHED, EXCHANGE_CLIENT, EXCHANGE_NAMED };

/* One column as one side of the two sees it. Templates: exchange_expression. */
struct exchange {
    enum exchange_compared compared;
    bool ended;              /* its text never holds a semicolon */
    struct canonical form;   /* EXCHANGE_CLIENT: of what is read */
    char *text;              /* what is hashed, and what a key is written as */
    char *read;              /* the value as the other side takes it */
    char *write;             /* the value of this side from such a text */
    char *cast;              /* the type to which the text of a key is cast */
    struct canonical *parts; /* behind form */
};

/*
 * counterpart is the column of the other engine, in the model `other`; NULL where it is not known,
 * as when the other server is away or the values go to a file: then it is taken to be what dbr
 * would make it. Release what was made.
 */
void exchange_make(struct exchange *x, const struct model *model, const struct model_column *column,
                   const struct model *other, const struct model_column *counterpart);
void exchange_release(struct exchange *x);

/* A template with the column, parameter or expression that it is about. */
void exchange_expression(struct buf *sql, const char *template, const char *name);

#endif
