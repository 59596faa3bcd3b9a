/* What the files that compare two models share; private to lib/repl/schema_diff*.c. */
#ifndef DBR_REPL_SCHEMA_DIFF_H
#define DBR_REPL_SCHEMA_DIFF_H

#include <stdbool.h>

#include "db/engine_ddl.h"
#include "repl/schema_plan_build.h"

struct diff {
    const struct model *source, *target;
    const struct engine *engine; /* of the target */
    bool same_text;              /* one engine, one major version: expressions are printed alike */
    bool postgres;               /* both are PostgreSQL */
    bool unlike;                 /* one is PostgreSQL, the other CockroachDB */
    struct ddl ddl;              /* gathers statements until they are taken */
    struct ddl attachments;      /* of new partitions, until their tables have their columns */
    struct plan *additions, *removals;
    bool *kept;               /* by object of the target: it belongs to tables that are left out */
    bool replans;             /* a removal drops a table that is to be made anew */
    bool views_added_again;   /* an addition retypes a column that views may use */
    bool views_removed_again; /* a removal does */
    bool renaming;            /* columns of the table at hand get other names, with consent */
};

/* Moves what the writers left to the additions. */
void diff_add(struct diff *diff, enum plan_phase phase);
void diff_remove(struct diff *diff);
/* A removal takes the rows of this table of the target, or the values of its column (else NULL). */
void diff_lose(struct diff *diff, const struct model_table *target,
               const struct model_column *column);
/* Forgets what the writers left, notes included. */
void diff_discard(struct diff *diff);

/* Fills diff->kept, which the caller frees. */
void diff_find_excluded(struct diff *diff);
/* Something of that name is needed by a table that is left out, or by what belongs to it. */
bool diff_excluded_uses(const struct diff *diff, const char *name);
/* A table that is partitioned on one side only, or a partition of such a one: it cannot be altered
 * into the other. */
bool diff_replaced(const struct diff *diff, const struct model_table *source);

/* Types, their values and attributes; sequences. */
void diff_types(struct diff *diff);
void diff_type(struct diff *diff, const struct model_type *type);
void diff_sequences(struct diff *diff);
void diff_drop_sequences(struct diff *diff);
/* Takes sequences that stay from columns that are dropped. */
void diff_keep_sequences(struct diff *diff);
/* A table that both have. */
void diff_table(struct diff *diff, const struct model_table *source,
                const struct model_table *target);
/* Tables that are partitions or inherit, and are not or do not on the other side. */
void diff_drop_parents(struct diff *diff);
void diff_add_parents(struct diff *diff);
/* A new table some of whose partitions belong to another one on the target. */
bool diff_partitions_taken(const struct diff *diff, const struct model_table *table);
/* Gets names that a new object wants out of the hands of old ones that may still be there. */
void diff_free_index_names(struct diff *diff, const struct model_table *source);
void diff_free_sequence_names(struct diff *diff, const struct model_table *source);
void diff_columns(struct diff *diff, const struct model_table *source,
                  const struct model_table *target);
/* The i-th columns of a table are one that was renamed on the source. */
bool diff_renamed(const struct diff *diff, const struct model_table *source,
                  const struct model_table *target, size_t i);
/* The name on the source of a column of the target's table, NULL for NULL; and an expression with
 * such names, malloced. */
const char *diff_new_name(const struct diff *diff, const char *table, const char *column);
char *diff_new_names(const struct diff *diff, const char *table, const char *text);
/* Definitions that are equal once columns of the table, and of the one it refers to (or NULL), have
 * the names of the source. */
bool diff_same_renamed(const struct diff *diff, const char *table, const char *ref_table,
                       const char *ours, const char *theirs);
/* Views, functions, triggers and the like: PostgreSQL to PostgreSQL only. */
void diff_object(struct diff *diff, const struct model_object *object);
void diff_drop_views(struct diff *diff);
void diff_drop_objects(struct diff *diff);

/* The types of a column on either side, in the spelling of one engine. False: no difference. */
bool diff_column_type(const struct model_column *source, const struct model *source_model,
                      const struct model_column *target, const struct model *target_model);
/* True when every value of type `from` is one of type `to`, unchanged. */
bool diff_widens(const char *from, const char *to);
/*
 * Between unlike engines. Equal: as far as both can have it, and by what it means where they print
 * it otherwise.
 */
bool diff_same_default(const struct diff *diff, const struct model_column *ours,
                       const struct model_column *theirs);
bool diff_same_generated(const struct diff *diff, const struct model_table *table,
                         const struct model_column *ours, const struct model_column *theirs);
bool diff_same_constraint(const struct diff *diff, const struct model_table *source,
                          const struct model_constraint *ours, const struct model_table *target,
                          const struct model_constraint *theirs);
bool diff_same_index(const struct diff *diff, const struct model_table *source,
                     const struct model_index *ours, const struct model_table *target,
                     const struct model_index *theirs);
/* NOT NULL, by itself or by a domain. */
bool diff_required(const struct model *model, const struct model_column *column);
/* A check or an index of that name stands on CockroachDB for what the table has otherwise: the
 * check of a column's domain, NULLS NOT DISTINCT. */
bool diff_stands_in(const struct model *model, const struct model_table *table, const char *name);
/* What the target alone has is missing on the source, and not something that a CockroachDB there
 * cannot have. */
bool diff_missing_constraint(const struct diff *diff, const struct model_table *table,
                             const struct model_constraint *constraint);
bool diff_missing_index(const struct diff *diff, const struct model_table *table,
                        const struct model_index *index);
bool diff_missing_type(const struct diff *diff, const struct model_type *type);
bool diff_missing_table(const struct diff *diff, const struct model_table *table);
/* Equal texts, NULL counting as a value. */
bool diff_same(const char *a, const char *b);
/* Equal but for blanks, parentheses and casts: the server prints an expression otherwise once it
 * has read its own print of it. */
bool diff_alike(const char *a, const char *b);
/* Equal, or a list of values (status IN ('a', 'b')) that is printed otherwise the second time. */
bool diff_same_expr(const char *a, const char *b);
/*
 * A constraint of the target that the source does not have, in one line (malloced): rows of the
 * source may break it. NULL when there is none.
 */
char *diff_stricter(const struct model_table *source, const struct model *source_model,
                    const struct model_table *target, const struct model *target_model,
                    const char *target_role);

#endif
