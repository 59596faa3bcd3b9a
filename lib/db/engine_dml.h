/*
 * What differs between the engines in statements about rows. The statements themselves are written
 * by row_sql.h, once for both, from these parts.
 */
#ifndef DBR_DB_ENGINE_DML_H
#define DBR_DB_ENGINE_DML_H

#include <stdbool.h>

#include "base/buf.h"
#include "db/model.h"

struct row_table;

struct engine_dml {
    const char *only;       /* "ONLY ", or "" where tables do not inherit */
    const char *overriding; /* before the rows of an INSERT: " OVERRIDING SYSTEM VALUE", or "" */
    const char *bytewise;   /* collation of byte order for text: " COLLATE \"C\"", or "" where it is
                               the default */
    bool keyed_query;       /* CREATE TABLE ... AS takes a primary key */
    /* A row too wide for memory can be read and written in pieces: row_pieces.h. */
    bool pieces;
    /* 64 bits of a text expression. */
    void (*hash)(struct buf *sql, const struct row_table *t, const char *text);
};

extern const struct engine_dml postgres_dml;
extern const struct engine_dml cockroach_dml;

#endif
