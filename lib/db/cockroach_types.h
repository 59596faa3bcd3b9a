/*
 * The one table of types between the engines: what a type of PostgreSQL becomes on CockroachDB, how
 * its values get there and back, and how they are compared. For the CockroachDB writers and
 * exchange.c only.
 */
#ifndef DBR_DB_COCKROACH_TYPES_H
#define DBR_DB_COCKROACH_TYPES_H

#include "base/buf.h"
#include "db/canonical.h"
#include "db/exchange.h"
#include "db/model.h"

/*
 * Expressions are templates: $ stands for the column or the value, @ for the type as PostgreSQL
 * spells it, # for the schema of the type with its dot where the spelling has one.
 */
struct type_rule {
    const char *from; /* as format_type() prints it, without precision and array brackets */
    const char *to;   /* CockroachDB's spelling */
    bool precision;   /* what stood in parentheses is kept */
    int since;        /* before this version, and for comparing, it is STRING */
    bool alone;       /* it has no array of them */
    const char *why;  /* what to say of it */

    enum canonical_kind kind;        /* what its text is made of; what is not TEXT or PADDED never
                                        holds a semicolon in what is hashed */
    enum exchange_compared compared; /* a single value; of arrays, those of TEXT are hashed */
    const char *as;                  /* the type as which PostgreSQL reads it, or NULL */
    const char *write;               /* PostgreSQL takes the text back by this, or NULL */
    const char *text_postgres;       /* the text that is hashed, where it is not what is read */
    const char *text_cockroach;
};

/* NULL for a type that CockroachDB lacks: it becomes STRING holding the text form. */
const struct type_rule *cockroach_rule(const char *name);

/* A type's text taken apart: "numeric(12,6)[]", "time(3) without time zone", "public.\"Mixed
 * Case\"[]". */
struct type_text {
    struct buf qualifier; /* "public.", or "" */
    struct buf name;      /* without qualifier and quotes */
    struct buf precision; /* "(12,6)" or "" */
    bool array, nested;
};

struct type_text cockroach_take_apart(const char *type);
void cockroach_type_text_release(struct type_text *type);

#endif
