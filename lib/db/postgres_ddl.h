/* What the PostgreSQL writers share among their files; not for others. */
#ifndef DBR_DB_POSTGRES_DDL_H
#define DBR_DB_POSTGRES_DDL_H

#include "db/engine_ddl.h"

#define POSTGRES_15 150000
#define POSTGRES_16 160000
#define POSTGRES_17 170000
#define POSTGRES_18 180000

/* An expression of the source in PostgreSQL's spelling: CockroachDB writes STRING. */
void postgres_expr(struct buf *sql, const struct model *model, const char *expr);
/* "name" type and everything that CREATE TABLE says of a column; not_null false leaves NOT NULL
 * out. */
void postgres_column(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                     const struct model_column *column, bool not_null);
/* The definition of a constraint as the target's version takes it. False: noted, nothing to write.
 */
bool postgres_constraint_text(struct ddl *ddl, struct buf *sql, const struct model_table *table,
                              const struct model_constraint *constraint);

void postgres_constraint(struct ddl *ddl, const struct model_table *table,
                         const struct model_constraint *constraint);
void postgres_index(struct ddl *ddl, const struct model_table *table,
                    const struct model_index *index);
void postgres_keys(struct ddl *ddl, const struct model_table *table);
void postgres_foreign_keys(struct ddl *ddl, const struct model_table *table);
void postgres_table(struct ddl *ddl, const struct model_table *table);
void postgres_table_late(struct ddl *ddl, const struct model_table *table);
void postgres_row_security(struct ddl *ddl, const struct model_table *table);
/* CockroachDB's SERIAL, whose default PostgreSQL does not have: becomes an identity. */
bool postgres_row_id(const struct model *model, const struct model_column *column);
/* A default that the target may refuse: written by postgres_defaults_last alone. */
bool postgres_default_doubtful(const struct ddl *ddl, const struct model_column *column);
void postgres_defaults_last(struct ddl *ddl, const struct model_table *table);
void postgres_object(struct ddl *ddl, const struct model_object *object);
void postgres_comments(struct ddl *ddl);

#endif
