/* Pieces of SQL and the reader that the two files about objects share; private to them. */
#ifndef DBR_REPL_CATALOG_OBJECTS_H
#define DBR_REPL_CATALOG_OBJECTS_H

#include "repl/catalog_read.h"

/* clang-format off */
#define SCHEMA_OID "(SELECT oid FROM pg_namespace WHERE nspname = $1)"
#define NOT_OF_EXTENSION(class, oid) \
    "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '" class "'::regclass AND e.objid = " oid \
    " AND e.deptype = 'e')"
/* A function that belongs to another object. */
#define NOT_INTERNAL(oid) \
    "NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = " oid \
    " AND i.deptype = 'i')"
/* reloptions as a list for WITH (...). */
/* pg_attver is a mark that servers from 15.20 on make and keep themselves. */
#define OPTIONS(of) \
    "(SELECT string_agg(quote_ident(split_part(u, '=', 1)) || '='" \
    " || quote_literal(substr(u, strpos(u, '=') + 1)), ', ') FROM unnest(" of ") u" \
    " WHERE u NOT LIKE 'pg_attver=%')"
#define QUALIFIED(name) "quote_ident($1) || '.' || quote_ident(" name ")"
/* clang-format on */

bool catalog_read_objects(struct catalog_reader *reader, const struct result *result,
                          struct err *err);

#endif
