/*
 * The statements that create a schema on an engine, in dependency order, with notes on what is
 * substituted or not carried over. Writes SQL only; running it is the caller's part.
 */
#ifndef DBR_REPL_SCHEMA_PLAN_H
#define DBR_REPL_SCHEMA_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "db/engine.h"
#include "base/strlist.h"
#include "db/model.h"

enum plan_phase {
    PLAN_SCHEMA,    /* CREATE SCHEMA IF NOT EXISTS */
    PLAN_STRUCTURE, /* types, sequences, functions that tables need, tables without keys and foreign
                       keys, ownership of sequences */
    PLAN_EARLY, /* before the rows: how tables are stored, and indexes that can be built on an empty
                   table only */
    PLAN_KEYS,  /* primary keys, unique and exclusion constraints, indexes: after the data */
    PLAN_FOREIGN_KEYS, /* after the keys */
    PLAN_PROGRAMS,     /* other functions, views, materialized views, triggers: last */
    PLAN_COMMENTS
};

struct plan_statement {
    enum plan_phase phase;
    char *sql;     /* one statement, no semicolon at the end */
    char *object;  /* for people: "index users_email_idx" */
    char *table;   /* the table that it belongs to, or NULL */
    char *advice;  /* what to do when a function that it calls does not find a name, or NULL: then
                      it is reported and is not the end */
    bool optional; /* a failure is reported by name and is not the end (views, functions, triggers,
                      comments) */
};

enum plan_note_kind {
    NOTE_SUBSTITUTED,
    NOTE_NOT_CARRIED,
    NOTE_NEEDED /* of a script: must be there where it is restored; text says what for */
};

struct plan_note {
    enum plan_note_kind kind;
    char *object; /* "column users.balance", "trigger audit_users on users" */
    char *text;   /* "money becomes DECIMAL(19,2)" */
    char *beside; /* object of the statement that it belongs to, or NULL */
};

/* Rows that a removal takes away: those of a table, or the values of a column (else NULL). */
struct plan_loss {
    char *table, *column;
};

struct plan {
    struct plan_statement *statements;
    size_t statement_count;
    struct plan_note *notes;
    size_t note_count;
    struct plan_loss *losses; /* plan_update's removals only; repl/dropped.h keeps them */
    size_t loss_count;
};
#define PLAN_INIT                                                                                  \
    {                                                                                              \
        NULL, 0, NULL, 0, NULL, 0                                                                  \
    }

/* Everything that creates the source's schema on the target engine (target_version as conn_version,
 * 0: newest). */
void plan_create(const struct model *source, const struct engine *target, int target_version,
                 struct plan *plan);
/* The same for a script: it is written for that version, and a later one can run it, too. What
 * becomes of the rows is not said. */
void plan_create_script(const struct model *source, const struct engine *target, int target_version,
                        struct plan *plan);

/*
 * What follows the source's migrations on a target that exists: additions become statements of
 * `additions`; what would have to be dropped or retyped becomes statements of `removals`, which
 * need --force. Both may be empty. Tables new on the target are created whole (their rows are the
 * caller's part): new_tables names them.
 *
 * True when a removal drops a table that is to be made anew, since it cannot be altered (it has
 * become a partitioned one): nothing else is planned for that table. Once the removals have run,
 * read the target again and plan again.
 */
bool plan_update(const struct model *source, const struct model *target,
                 const struct engine *engine, struct plan *additions, struct plan *removals,
                 struct strlist *new_tables);

/* The views of the target that the source has too, as they were when its model was read: for an
 * update that fails after it has dropped them. */
void plan_views(const struct model *source, const struct model *target, const struct engine *engine,
                struct plan *plan);

/*
 * Drops everything of the target's schema that plan_create could have created (tables, views,
 * sequences, types, functions), not the schema itself and nothing of extensions.
 */
void plan_drop(const struct model *target, const struct engine *engine, struct plan *plan);

/*
 * How a table differs between the two in what rows need: columns missing on either side or of
 * another type, constraints that only the target has. NULL when it does not; else one line for
 * people (malloced): "column email is missing on the secondary".
 */
char *plan_table_difference(const struct model_table *source, const struct model *source_model,
                            const struct model_table *target, const struct model *target_model,
                            const char *target_role);

/* True when --update follows what differs only with consent: something is dropped or retyped. */
bool plan_difference_needs_force(const struct model_table *source, const struct model *source_model,
                                 const struct model_table *target,
                                 const struct model *target_model);

void plan_release(struct plan *plan);

#endif
