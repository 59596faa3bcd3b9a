/* What the CockroachDB writers share among their files; not for others. */
#ifndef DBR_DB_COCKROACH_DDL_H
#define DBR_DB_COCKROACH_DDL_H

#include "db/engine_ddl.h"

/*
 * Appends what a type of the source (as format_type prints it) becomes. *why gets what is to be
 * said of it, or NULL where nothing changes; the text is static. version 0: one spelling for all
 * versions, for comparing.
 */
void cockroach_type(struct buf *sql, const struct model *model, const char *type, int version,
                    const char **why);
/* The same for a column, whose dimensions count too. */
void cockroach_column_type(struct buf *sql, const struct model *model,
                           const struct model_column *column, int version, const char **why);
/* A version that has everything. */
#define COCKROACH_NEWEST 999999
/* True when values of the type can stand in a key or in an ordinary index. */
bool cockroach_indexable(const struct model *model, const struct model_column *column);
/* The enum, domain, composite or range of the schema that a type names, or NULL; arrays are looked
 * through. */
const struct model_type *cockroach_named_type(const struct model *model, const char *type);
/* A composite type that can be created there. */
bool cockroach_composite(const struct model_type *type);

/* Where an expression stands, which decides what it may refer to. */
struct cockroach_expr {
    const struct model *model;
    int version;
    const struct model_table *table; /* whose columns it may use; NULL for a default */
    bool no_generated;               /* it must not use generated columns */
    const char *value;               /* the column that VALUE of a domain's check stands for */
    bool check;                      /* it is asked again whenever a row comes */
    struct buf why;                  /* what cannot be carried over */
    const char *loose;               /* what may differ in what it gives; static, or NULL */
};
/*
 * Appends a PostgreSQL expression as CockroachDB takes it. False, with the reason in `why` (which
 * the caller releases), when it uses what does not exist there; sql is as before then.
 */
bool cockroach_expression(struct buf *sql, struct cockroach_expr *context, const char *expr);
/* Names what may differ in the value of an expression that is carried. */
void cockroach_note_loose(struct ddl *ddl, const struct cockroach_expr *context,
                          const char *object);

/* A column of CREATE TABLE or ADD COLUMN; without_default leaves out the default. */
void cockroach_column(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                      const struct model_column *column, bool not_null, bool without_default);
/* The expression of a column's default; NULL when there is none or it cannot be carried (noted). */
char *cockroach_default(struct ddl *ddl, const struct model_table *table,
                        const struct model_column *column);
void cockroach_table(struct ddl *ddl, const struct model_table *table);

/* The unique index that becomes the primary key of a table that has none, or NULL. */
const struct model_index *cockroach_promoted(const struct model *model,
                                             const struct model_table *table);
/* Appends "(a, b)" when all columns can be in a key. */
bool cockroach_key_columns(struct buf *sql, const struct model *model,
                           const struct model_table *table, const size_t *columns, size_t count);
/* Appends CHECK (...); false when it cannot be carried (noted). */
bool cockroach_check(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                     const struct model_constraint *constraint);
void cockroach_constraint(struct ddl *ddl, const struct model_table *table,
                          const struct model_constraint *constraint);
void cockroach_index(struct ddl *ddl, const struct model_table *table,
                     const struct model_index *index);
/* " STORING (...)" for INCLUDE; nothing when the key holds all of it. */
void cockroach_storing(struct buf *sql, const struct model_table *table,
                       const struct model_index *index);
/* What stands for NULLS NOT DISTINCT. */
void cockroach_nulls_index(struct ddl *ddl, const struct model_table *table,
                           const struct model_index *index, const char *object);
void cockroach_keys(struct ddl *ddl, const struct model_table *table);
void cockroach_comments(struct ddl *ddl);
/* A collation that orders as CockroachDB does, or none. */
bool cockroach_plain_collation(const char *collation);
void cockroach_foreign_keys(struct ddl *ddl, const struct model_table *table);

#endif
