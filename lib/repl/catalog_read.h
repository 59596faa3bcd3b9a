/*
 * What the readers of the catalog share: the reader's state, a cursor over the columns of one row,
 * and finding tables and types by oid. Private to lib/repl/catalog*.c.
 *
 * A family is one query per engine and one reader. Both engines' queries give the same columns in
 * the same order, so that a reader need not know where its rows come from. In PostgreSQL SQL,
 * <<15?a:b>> stands for a on servers from major version 15 on, else b; $1 is the kept schema.
 */
#ifndef DBR_REPL_CATALOG_READ_H
#define DBR_REPL_CATALOG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "db/model.h"
#include "db/query.h"

/* An object of the source by its kind (r relation, t type, f function, c collation) and oid. */
struct catalog_node {
    char kind;
    uint32_t oid;
    struct model_step step;
};

struct catalog_reader {
    struct model *model;
    uint32_t *table_oids;  /* of model->tables, in their order */
    uint32_t *type_oids;   /* of model->types */
    uint32_t *object_oids; /* of model->objects */
    char *object_nodes;    /* catalog_node.kind of each object, 0 where nothing can need it */
    uint32_t *index_oids;  /* of the indexes of all tables, in the order in which they were read */
    struct model_index **indexes;
    size_t index_count;
    /* CockroachDB: what comments are for, beside the above. */
    uint32_t schema_oid;
    uint32_t *constraint_oids; /* of the constraints of all tables */
    struct model_constraint **constraints;
    size_t constraint_count;
};

struct catalog_family {
    const char *name;
    const char *postgres;
    const char *cockroach; /* NULL: nothing to read there */
    bool (*read)(struct catalog_reader *reader, const struct result *result, struct err *err);
};

/* The cursor: each catalog_ call takes the next column. Strings are copied to the model's arena. */
struct catalog_row {
    struct arena *arena;
    const struct result *result;
    size_t row;
    size_t column;
};
/* The one that every database is born with counts as none: a public schema that was dropped and
 * made again (as tools for migrations do) has lost it, and is no other schema for that. */
void catalog_schema_comment(struct catalog_reader *reader, const char *text);
const char *catalog_text(struct catalog_row *row); /* NULL for SQL NULL */
const char *catalog_name(struct catalog_row *row); /* "" for SQL NULL */
/* As catalog_text, in CockroachDB's spelling without its annotations and the database's name. */
const char *catalog_expression(struct catalog_row *row);
char catalog_char(struct catalog_row *row); /* first character, 0 for NULL and for "" and ' ' */
bool catalog_bool(struct catalog_row *row);
int64_t catalog_int(struct catalog_row *row);
uint32_t catalog_oid(struct catalog_row *row);
/* A one-dimensional array; NULL elements become "". */
const char **catalog_array(struct catalog_row *row, size_t *count);

/* Room for count objects of size bytes in the model's arena (never NULL). */
void *catalog_room(struct catalog_reader *reader, size_t count, size_t size);
struct model_table *catalog_table(const struct catalog_reader *reader, uint32_t oid);
struct model_type *catalog_type(const struct catalog_reader *reader, uint32_t oid);
/* The number of rows from `first` on that have the same oid in column 0. */
size_t catalog_group(const struct result *result, size_t first);

extern const struct catalog_family catalog_tables, catalog_columns, catalog_constraints,
    catalog_indexes, catalog_index_parts, catalog_sequences, catalog_types, catalog_functions,
    catalog_views, catalog_attached, catalog_others, catalog_comments, catalog_edges;

/* Chooses how the rows of a table are told apart; once constraints and indexes are there. */
void catalog_choose_key(struct model *model, struct model_table *table);
/* Puts tables in foreign-key order, parents first. */
void catalog_order_tables(struct catalog_reader *reader);

/* CockroachDB's queries, in catalog_cockroach.c. */
extern const char catalog_cockroach_schema[], catalog_cockroach_tables[],
    catalog_cockroach_columns[], catalog_cockroach_constraints[], catalog_cockroach_indexes[],
    catalog_cockroach_sequences[], catalog_cockroach_types[], catalog_cockroach_functions[],
    catalog_cockroach_views[], catalog_cockroach_others[];

/* What its definitions say, in catalog_spelling.c: columns and referenced table of a key. */
void catalog_cockroach_key(struct arena *arena, const char *schema, const struct model_table *table,
                           struct model_constraint *constraint);
/* Method and parts of an index, from its lists and its definition. */
struct catalog_index_lists {
    const char *keys, *options; /* numbers: "3 0 1" */
    long parts;                 /* that many keys; the others are stored beside them */
    const char **expressions;   /* for each key 0 */
    size_t expression_count;
};
void catalog_cockroach_parts(struct arena *arena, const struct model_table *table,
                             const struct catalog_index_lists *lists, struct model_index *index);
/* See catalog_expression. NULL gives NULL. */
const char *catalog_cockroach_expression(struct arena *arena, const char *text);
/* The definition of an index without the name of the database. */
const char *catalog_cockroach_definition(struct arena *arena, const char *definition);
/* The sequence that a default takes its values from, or NULL. */
const char *catalog_cockroach_sequence(struct arena *arena, const char *expr);
/* The type of a column as PostgreSQL's format_type() has it, which quotes names. */
const char *catalog_cockroach_type(struct arena *arena, const char *schema,
                                   const struct model_column *column);

#endif
