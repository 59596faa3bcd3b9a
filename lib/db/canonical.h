/*
 * Values that PostgreSQL and CockroachDB print differently, compared by what they mean: 64 bits of
 * a value's text that are the same whichever engine printed it. Nothing goes through a floating
 * point number that was not one in the database, and nothing is held but the members of the JSON
 * objects that are open.
 *
 * Kept apart is what both engines keep apart: 1.0 and 1.00, 0 and NULL, "" and NULL, 1 and "1" in
 * JSON. Taken as the same: 1E+5 and 100000, {"a": 1, "b": 2} and {"b":2,"a":1}, "\b" and "\u0008",
 * 1e+06 and 1000000 of a float, 10.0.0.1 and 10.0.0.1/32 of an address. Of members of one name the
 * last counts.
 */
#ifndef DBR_DB_CANONICAL_H
#define DBR_DB_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum canonical_kind {
    CANONICAL_TEXT,    /* the bytes as they are */
    CANONICAL_PADDED,  /* blanks at the end mean nothing */
    CANONICAL_DECIMAL, /* digits and scale */
    CANONICAL_FLOAT4,  /* the bits of the number */
    CANONICAL_FLOAT8,
    CANONICAL_ADDRESS, /* inet and cidr: bytes and length of the prefix */
    CANONICAL_JSON,
    CANONICAL_VECTOR, /* [1,2.5]: float4 each */
    CANONICAL_RECORD  /* (1,"a b",): its attributes */
};

struct canonical {
    enum canonical_kind kind;
    bool array; /* {1,NULL}: elements of that kind, in any number of dimensions */
    const struct canonical *parts; /* CANONICAL_RECORD */
    size_t part_count;
};

/*
 * text NULL: SQL NULL. A text that is not what `form` says is taken byte by byte, so that it
 * differs from any other.
 */
uint64_t canonical_digest(const struct canonical *form, const char *text, size_t len);

#endif
