/*
 * What kind of statement one is that pg_dump or dbr-export wrote, and what it is about: enough to
 * decide whether to run, to skip or to refuse it. The text is looked at, never run.
 *
 * Only forms that those programs write get a kind of their own; whatever else the server would
 * take, and whatever could hide something else, is STATEMENT_OTHER. No sandbox is made of it: a
 * function or a default that a file defines runs later, with the rights of whoever uses it.
 */
#ifndef DBR_DB_STATEMENT_H
#define DBR_DB_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strlist.h"

enum statement_kind {
    STATEMENT_CREATE,      /* makes an object of its own: object, schema, name (TABLE, TYPE, DOMAIN,
                              SEQUENCE, VIEW, MATERIALIZED VIEW, FUNCTION, CAST, FOREIGN TABLE, ...) */
    STATEMENT_CREATE_PART, /* makes a part of a table or view: INDEX, TRIGGER, RULE, POLICY; object,
                              name, and the table in of_schema, of_name */
    STATEMENT_CREATE_SCHEMA,
    STATEMENT_CREATE_EXTENSION, /* name; schema: where it goes */
    STATEMENT_ALTER,            /* changes the definition of an object: object, schema, name */
    STATEMENT_COMMENT, /* COMMENT ON; object tells on what. A COLUMN, CONSTRAINT, TRIGGER, RULE or
                          POLICY is the name, what it belongs to is in of_schema, of_name */
    STATEMENT_COPY,    /* COPY table (columns) FROM stdin: schema, name, columns, options */
    STATEMENT_INSERT,  /* INSERT INTO table, constants only: schema, name, columns */
    STATEMENT_SETVAL,  /* SELECT setval(...) of constants: the sequence in schema, name */
    STATEMENT_SET,     /* SET name = value, SELECT set_config('name', 'value', ...): name, value */
    STATEMENT_TRANSACTION, /* BEGIN, START TRANSACTION, COMMIT, END */
    STATEMENT_OWNER,       /* ALTER ... OWNER TO, GRANT, REVOKE, ALTER DEFAULT PRIVILEGES, SECURITY
                              LABEL, SET [SESSION] AUTHORIZATION, SET ROLE */
    STATEMENT_DROP,        /* DROP ..., ALTER TABLE or DOMAIN that drops a constraint, column or
                              default, and CREATE OR REPLACE VIEW of NULLs alone, as pg_dump --clean
                              writes: object, schema, name */
    STATEMENT_REFRESH,     /* REFRESH MATERIALIZED VIEW: schema, name */
    STATEMENT_SERVER,      /* belongs to the server or cluster, not to the data: PUBLICATION,
                              SUBSCRIPTION, EVENT TRIGGER, SERVER, USER MAPPING, FOREIGN DATA WRAPPER,
                              LANGUAGE, ACCESS METHOD, TABLESPACE, ROLE; LARGE OBJECT (lo_create(),
                              lowrite(), ...), STATISTICS DATA (pg_restore_relation_stats(), ...),
                              BINARY UPGRADE; COMMENT ON one of these or a DATABASE; object, name */
    STATEMENT_DATABASE,    /* CREATE, DROP or ALTER DATABASE */
    STATEMENT_OTHER        /* anything else: SELECT of something else, UPDATE, DELETE, DO, TRUNCATE,
                              COPY TO, COPY FROM a file or program, words that are no SQL */
};

struct statement {
    enum statement_kind kind;
    char *object;    /* upper case: "TABLE", "MATERIALIZED VIEW"; never NULL ("": none) */
    char *schema;    /* unquoted and folded as the server does; NULL where there is none */
    char *name;      /* likewise */
    char *arguments; /* what DROP takes behind the name: of a FUNCTION, PROCEDURE or
                        AGGREGATE "(...)" without defaults; of an OPERATOR its operands, of a
                        CAST its types, "USING method" of an OPERATOR CLASS or FAMILY, "FOR
                        type LANGUAGE name" of a TRANSFORM. NULL for everything else */
    char *of_schema, *of_name; /* what a part belongs to */
    bool if_not_exists;        /* STATEMENT_CREATE: it may leave what is there */
    bool storage; /* ALTER: no more than how rows are stored, which a server may not know */
    char *value;  /* STATEMENT_SET: NULL when it is not one simple value */
    struct strlist columns; /* STATEMENT_COPY and STATEMENT_INSERT, unquoted; empty: all */
    bool csv;               /* STATEMENT_COPY: WITH CSV or (FORMAT csv) */
    char *options; /* STATEMENT_COPY: what follows FROM stdin, "" when nothing; else NULL */
    int64_t rows;  /* STATEMENT_INSERT: how many it holds; else 0 */
    size_t rest;   /* STATEMENT_INSERT: where in the text table and columns have been named */
};

/* Fills the statement, which must be released. Never fails: what is not understood is
 * STATEMENT_OTHER, with what else was read of it. */
void statement_read(const char *text, struct statement *statement);
void statement_release(struct statement *statement);

/* For messages: "CREATE TABLE public.users", one line of at most 80 bytes, no constants of it;
 * "a statement" where it begins with no word. The caller frees it. */
char *statement_title(const char *text);

#endif
