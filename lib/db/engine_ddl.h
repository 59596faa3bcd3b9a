/*
 * Writers of DDL, one set per engine: the model of a source in, statements of the target engine
 * out, with a note for everything that becomes something else or is not carried over. Writers never
 * talk to a server.
 *
 *     struct ddl ddl; ddl_init(&ddl, model, engine, version);
 *     engine->ddl->table(&ddl, table);   ... any number
 *     ... ddl.statements, ddl.notes ...
 *     ddl_release(&ddl);
 *
 * Names of the schema's own objects are written qualified; expressions are those of the source and
 * count on search_path being the kept schema.
 */
#ifndef DBR_DB_ENGINE_DDL_H
#define DBR_DB_ENGINE_DDL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "db/model.h"

struct ddl_statement {
    char *sql;
    char *object;  /* for people: "index users_email_idx" */
    char *table;   /* whose work it belongs to; the root's name for partitions; NULL when none */
    bool optional; /* a failure is worth a note and no more */
};

struct ddl_note {
    bool substituted; /* else: not carried over */
    size_t before;    /* the statement that it stands before: an index, or their number */
    char *object;
    char *text;
};

struct ddl {
    const struct model *model;
    int version; /* of the target, as conn_version; never 0 after ddl_init */
    struct ddl_statement *statements;
    size_t statement_count;
    struct ddl_note *notes;
    size_t note_count;
};

struct engine_ddl {
    int newest;              /* the version to assume where none is known */
    bool identity_sequences; /* identity columns take their values from a sequence of their own */
    void (*schema)(struct ddl *ddl);
    void (*type)(struct ddl *ddl, const struct model_type *type);
    /* What waits until the rows are there; NULL: nothing. */
    void (*type_late)(struct ddl *ddl, const struct model_type *type);
    void (*sequence)(struct ddl *ddl, const struct model_sequence *sequence);
    /* The table with columns and checks, a partition attached; what loading rows does not need
     * comes in keys(). */
    void (*table)(struct ddl *ddl, const struct model_table *table);
    /* Defaults and checks that had to wait for functions. */
    void (*table_late)(struct ddl *ddl, const struct model_table *table);
    void (*sequence_owner)(struct ddl *ddl, const struct model_sequence *sequence);
    void (*keys)(struct ddl *ddl, const struct model_table *table);
    /* Foreign keys, and constraints that rows may break (NOT VALID). */
    void (*foreign_keys)(struct ddl *ddl, const struct model_table *table);
    void (*row_security)(struct ddl *ddl, const struct model_table *table);
    /* Defaults that the target may refuse, optional statements; NULL: it has none. */
    void (*defaults_last)(struct ddl *ddl, const struct model_table *table);
    bool (*default_doubtful)(const struct ddl *ddl, const struct model_column *column);
    void (*object)(struct ddl *ddl, const struct model_object *object);
    void (*comments)(struct ddl *ddl);

    /* Parts, for changes to a table that exists. */
    void (*add_column)(struct ddl *ddl, const struct model_table *table,
                       const struct model_column *column);
    /* One key, check or foreign key, complete. */
    void (*constraint)(struct ddl *ddl, const struct model_table *table,
                       const struct model_constraint *constraint);
    void (*index)(struct ddl *ddl, const struct model_table *table,
                  const struct model_index *index);
    /* SET or DROP DEFAULT, as the column has one or not. */
    void (*column_default)(struct ddl *ddl, const struct model_table *table,
                           const struct model_column *column);
    void (*column_type)(struct ddl *ddl, const struct model_table *table,
                        const struct model_column *column);
    void (*drop_index)(struct ddl *ddl, const struct model_table *table, const char *name,
                       bool unique);
    /* The type that the column has, or would get, on this engine. */
    void (*type_text)(struct buf *text, const struct model *model,
                      const struct model_column *column);
    /* An expression of the model in this engine's words, false where it does not have it; a table
     * whose columns it may use, or NULL. NULL: the words are those of the model. */
    bool (*expression)(struct buf *text, const struct model *model, const struct model_table *table,
                       const char *expr);
};

extern const struct engine_ddl postgres_ddl;
extern const struct engine_ddl cockroach_ddl;

struct engine;
void ddl_init(struct ddl *ddl, const struct model *model, const struct engine *target, int version);
void ddl_release(struct ddl *ddl);

/* Adds a statement; sql is emptied. table may be NULL. */
void ddl_add(struct ddl *ddl, struct buf *sql, const struct model_table *table, bool optional,
             const char *object, ...) __attribute__((format(printf, 5, 6)));
/* "object": "text" in a note; object and text are for people. */
void ddl_substituted(struct ddl *ddl, const char *object, const char *text, ...)
    __attribute__((format(printf, 3, 4)));
void ddl_not_carried(struct ddl *ddl, const char *object, const char *text, ...)
    __attribute__((format(printf, 3, 4)));

/* "schema"."name" of an object of the model. */
void ddl_name(struct buf *sql, const struct model *model, const char *name);
/* A foreign key's table as the model names it: in the schema, or qualified already. */
void ddl_ref_table(struct buf *sql, const struct model *model,
                   const struct model_constraint *constraint);
/* ("a", "b") */
void ddl_columns(struct buf *sql, const struct model_table *table, const size_t *columns,
                 size_t count);
void ddl_names(struct buf *sql, const char *const *names, size_t count);
/* " ON DELETE CASCADE", " ON UPDATE ...": nothing for the default. */
void ddl_actions(struct buf *sql, const struct model_constraint *constraint);
/* COMMENT ON ... IS text, an optional statement; nothing where text is NULL. on ("TABLE "a"."b"")
 * is emptied. people: what it is called. */
void ddl_comment(struct ddl *ddl, struct buf *on, const struct model_table *table, const char *text,
                 const char *people);
/* The comments of a table and of its columns. */
void ddl_comment_columns(struct ddl *ddl, const struct model_table *table);
/* AS type INCREMENT BY ... of a sequence; type is written as given, NULL for none. */
void ddl_sequence_options(struct buf *sql, const struct model_sequence *sequence, const char *type,
                          bool cycle);

/* Where needle stands in sql outside of quotes, or NULL. */
const char *ddl_find(const char *sql, const char *needle);

#endif
