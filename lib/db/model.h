/*
 * The model of one schema: what lib/repl/catalog reads from either engine and what the engines'
 * writers turn into SQL. Plain data; everything belongs to the arena of struct model. Expressions
 * and definitions are text as the source engine prints it with search_path set to the schema alone
 * (so names inside the schema are unqualified).
 */
#ifndef DBR_DB_MODEL_H
#define DBR_DB_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "db/conn.h"

struct model_column {
    const char *name;
    const char *type; /* format_type(): "character varying(255)", "numeric(12,6)", "order_status",
                         "text[]" */
    const char *type_name;    /* pg_type.typname: "varchar", "_text" */
    const char *type_schema;  /* schema of the type: "pg_catalog", the kept schema, ... */
    const char *element_name; /* typname of the element for arrays, else NULL */
    char type_kind; /* pg_type.typtype: b base, e enum, d domain, c composite, r range, m multirange
                       (of the element for arrays) */
    char type_category; /* pg_type.typcategory of the column's own type: A array, N numeric, S
                           string ... */
    int32_t typmod;
    int dimensions; /* of an array as it was declared, 0 for none; CockroachDB: always 0 */
    int number;     /* CockroachDB: pg_attribute.attnum */
    bool not_null;
    const char *not_null_name;  /* PostgreSQL 18: the name of the constraint, else NULL */
    const char *default_expr;   /* pg_get_expr, NULL when none; NULL for generated columns */
    const char *generated_expr; /* NULL unless generated */
    char generated;             /* 0, 's' stored, 'v' virtual */
    char identity;              /* 0, 'a' always, 'd' by default */
    const char *sequence;  /* name of the sequence that the column owns (serial or identity), NULL
                              when none */
    const char *collation; /* quoted name where it is not the type's default, else NULL */
    const char *comment;
    const char *storage;       /* "external", ... where not the type's default, else NULL */
    const char *compression;   /* "lz4", "pglz" where set, else NULL */
    const char *options;       /* attoptions as "n_distinct"='5', ..., or NULL */
    int statistics;            /* statistics target, -1: the default */
    bool not_null_unvalidated; /* PostgreSQL 18: NOT NULL NOT VALID (not_null is false then) */
    bool default_late;   /* the default needs a function that needs this table: set after it */
    bool inherited_only; /* not defined locally (inheritance child) */
    bool hidden;         /* CockroachDB's rowid and the like: never copied */
};

struct model_constraint {
    const char *name;
    char type;              /* c check, f foreign key, p primary key, u unique, x exclusion */
    const char *definition; /* pg_get_constraintdef */
    size_t *columns;        /* indexes into the table's columns */
    size_t column_count;
    const char *ref_table; /* foreign keys: the table in the kept schema, or schema-qualified when
                              elsewhere */
    bool ref_outside;      /* the referenced table is not in the model */
    const char **ref_columns;
    size_t ref_column_count;
    char on_delete, on_update; /* pg_constraint.confdeltype: a r c n d */
    char match;                /* s simple, f full */
    bool deferrable, deferred;
    bool validated;
    bool enforced;   /* PostgreSQL 18 NOT ENFORCED: false */
    bool inherited;  /* comes from a parent table: created with it */
    bool no_inherit; /* a check for this table alone */
    bool period;     /* PostgreSQL 18: WITHOUT OVERLAPS, or a foreign key with PERIOD */
    bool late;       /* a check that needs a function that needs this table: added after it */
    const char *check_expr; /* the expression of a check, without the word CHECK */
    const char *comment;
};

struct model_index_part {
    const char *column;     /* a plain column, or NULL */
    const char *expression; /* an expression, or NULL */
    const char *opclass;    /* where not the default of the type and method, else NULL */
    const char *collation;  /* where not the column's, else NULL */
    bool descending;
    bool nulls_first;
};

struct model_index {
    const char *name;
    const char *definition; /* pg_get_indexdef */
    const char *method;     /* btree, gin, gist, brin, hash, spgist, ... */
    bool unique;
    bool primary;
    bool nulls_not_distinct;
    bool valid;
    bool immediate;  /* false: backs a deferrable constraint, so no ON CONFLICT arbiter */
    bool exclusion;  /* backs an exclusion or a WITHOUT OVERLAPS constraint: no arbiter either */
    bool constraint; /* backs a constraint of the same name: created by it */
    bool inherited;  /* a partition's part of a partitioned index: created with it */
    struct model_index_part *parts; /* key parts */
    size_t part_count;
    const char **include;
    size_t include_count;
    const char *predicate; /* partial index, else NULL */
    const char *comment;
};

enum model_key_kind {
    KEY_PRIMARY, /* the primary key */
    KEY_UNIQUE,  /* a unique index over NOT NULL columns */
    KEY_ROW      /* none of these: rows are compared as a multiset, the row hash is the key */
};

struct model_table {
    const char *name;
    char kind;          /* r table, p partitioned table */
    bool partition;     /* a partition of another table: its rows belong to the root, which alone is
                           copied */
    const char *parent; /* of a partition, or of a single-inheritance child; else NULL */
    const char **inherits; /* parents by plain inheritance */
    size_t inherit_count;
    const char *partition_key;   /* pg_get_partkeydef, for kind p */
    const char *partition_bound; /* "FOR VALUES ..." for a partition */
    bool excluded; /* left out by DB_SYNC_TABLES or DB_SYNC_EXCLUDE_TABLES: see catalog_filter */
    bool unlogged;
    bool row_security;          /* row security is on */
    bool force_row_security;    /* ... for the owner too */
    const char *outside_parent; /* the qualified parent in another schema; the table is kept as one
                                   of its own */
    const char *access_method;  /* where not heap, else NULL */
    char replica_identity;      /* pg_class.relreplident: d n f i */
    const char *replica_index;  /* the index for i */
    const char *options;        /* reloptions as "fillfactor"='70', ..., or NULL */
    const char *comment;
    int64_t
        row_estimate; /* pg_class.reltuples summed over partitions; -1 unknown (never analysed) */
    int64_t bytes;    /* pg_table_size summed over partitions */
    struct model_column *columns;
    size_t column_count;
    struct model_constraint *constraints;
    size_t constraint_count;
    struct model_index *indexes;
    size_t index_count;
    /* The key by which rows are told apart; chosen by the catalog. */
    enum model_key_kind key_kind;
    const char *key_name; /* the index, or NULL for KEY_ROW */
    size_t *key_columns;  /* indexes into columns */
    size_t key_count;
    bool update_rule;    /* has an ON UPDATE rule: INSERT ... ON CONFLICT is refused, even while the
                            rule is disabled */
    bool key_deferrable; /* cannot be an ON CONFLICT arbiter (deferrable, or WITHOUT OVERLAPS) */
};

struct model_sequence {
    const char *name;
    const char *type; /* integer, bigint, smallint */
    int64_t start, minimum, maximum, increment, cache;
    bool cycle;
    const char *owner_table, *owner_column; /* OWNED BY, or the identity column; NULL when free */
    bool identity;                          /* created by its identity column */
    bool called;
    int64_t last_value; /* as SELECT last_value, is_called FROM seq: next is last_value + (called ?
                           increment : 0) */
    const char *comment;
    bool unlogged;
};

enum model_type_kind { TYPE_ENUM, TYPE_DOMAIN, TYPE_COMPOSITE, TYPE_RANGE };

struct model_type {
    const char *name;
    enum model_type_kind kind;
    const char **labels; /* enum labels in order */
    size_t label_count;
    const char *base; /* domain: format_type of the base */
    const char *base_collation;
    bool not_null;
    const char *default_expr;
    struct model_constraint *checks; /* domain checks */
    size_t check_count;
    struct model_column *attributes; /* composite: name, type, collation */
    size_t attribute_count;
    const char *definition; /* range: the text after CREATE TYPE name AS */
    const char *comment;
};

enum model_object_kind {
    OBJECT_VIEW,
    OBJECT_MATERIALIZED_VIEW,
    OBJECT_FUNCTION,
    OBJECT_PROCEDURE,
    OBJECT_AGGREGATE,
    OBJECT_TRIGGER,
    OBJECT_EXTENSION,
    OBJECT_POLICY,
    OBJECT_RULE,
    OBJECT_OPERATOR,
    OBJECT_STATISTICS,
    OBJECT_FOREIGN_TABLE,
    OBJECT_OTHER,
    OBJECT_COLLATION,
    OBJECT_INDEX,        /* of a materialized view */
    OBJECT_PARTITION,    /* of a table of this schema, lying in another schema */
    OBJECT_TRIGGER_STATE /* of a trigger that a partition has from the table above it */
};

struct model_object {
    enum model_object_kind kind;
    const char *name;   /* for people: "refresh_totals(integer)", "audit_users on users" */
    const char *word;   /* for people: "function", "text search configuration" */
    const char *plain;  /* the bare name of the object, unquoted */
    const char *schema; /* extensions: where they are installed */
    const char
        *table; /* triggers, policies, rules, indexes, partitions: their table or view, else NULL */
    bool early; /* tables or types need it: created before the rows come */
    bool on_table;          /* triggers and rules: on a table, not on a view */
    const char *definition; /* the CREATE statement, or NULL where none can be written */
    bool populated;         /* materialized views */
    char trigger_state;     /* pg_trigger.tgenabled: O, D, R, A */
    const char *comment;
    const char *comment_on; /* what COMMENT ON and DROP take: FUNCTION "f"(integer) */
};

/* One step of creation: types, tables and objects may need each other in any direction. */
enum model_step_kind { STEP_TYPE, STEP_TABLE, STEP_OBJECT };
struct model_step {
    enum model_step_kind kind;
    size_t index; /* into types, tables or objects */
};

struct model {
    struct arena arena;
    enum engine_kind engine;
    int version;              /* as conn_version */
    int64_t statistics_since; /* the server began its statistics then, in microseconds: it does so
                                 after a crash, which empties UNLOGGED tables. 0: not known */
    const char *schema;
    const char *schema_comment;
    const char **other_schemas; /* what there is instead; filled only when the schema is missing */
    size_t other_schema_count;
    bool schema_missing;
    struct model_table *tables; /* parents by foreign key first; see repl/order.h for cycles */
    size_t table_count;
    struct model_sequence *sequences;
    size_t sequence_count;
    struct model_type *types;
    size_t type_count;
    struct model_object *objects; /* in an order in which they can be created */
    size_t object_count;
    struct model_step *
        steps; /* everything in an order in which it can be created; none: types, tables, objects */
    size_t step_count;
};

/* NULL when the model has no table of that name. */
const struct model_table *model_table(const struct model *model, const char *name);
const struct model_column *model_column(const struct model_table *table, const char *name);
/* A column that dbr writes: not generated, not hidden. */
bool model_column_copied(const struct model_column *column);
/* A table without a column: its rows have no values, so nothing can be copied or compared. */
bool model_table_bare(const struct model_table *table);
/* A table whose rows dbr copies: neither a partition (its root is copied), nor excluded, nor bare.
 */
bool model_table_copied(const struct model_table *table);
/* A crash of the server empties the table, or a partition of it: it is UNLOGGED. */
bool model_table_volatile(const struct model *model, const struct model_table *table);
const struct model_type *model_type(const struct model *model, const char *name);
const struct model_sequence *model_sequence(const struct model *model, const char *name);
const struct model_constraint *model_constraint(const struct model_table *table, const char *name);
const struct model_index *model_index(const struct model_table *table, const char *name);
/* Rows of some table may refer to those of this one. */
bool model_is_referred_to(const struct model *model, const char *table);
/* The root of a partition (through all levels), the table itself when it is none. */
const struct model_table *model_root(const struct model *model, const struct model_table *table);
void model_release(struct model *model); /* a zeroed model is fine */

#endif
