/*
 * Tables of the two databases side by side: which are compared row by row, and why others are not.
 * Source and target are the direction of the data (active to standby), whatever the roles.
 */
#ifndef DBR_REPL_PAIRING_H
#define DBR_REPL_PAIRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "db/model.h"
#include "db/row_sql.h"

enum side { SOURCE, TARGET };

enum hold_kind {
    HOLD_NONE,
    HOLD_SCHEMA,   /* columns differ, or the table is new: dbr-init-secondary --update */
    HOLD_GUARD,    /* would delete too much, or was emptied on the active: --force */
    HOLD_UNMERGED, /* was left out of a merge, or emptied by a crash, and rows of the standby would
                      be lost: --force */
    HOLD_LINKED,   /* hangs on a table that is held */
    HOLD_FAILED    /* the target refused its rows */
};

struct pairing {
    const char *name;
    struct row_table rows[2]; /* by side; rows[TARGET].table NULL when it is missing there */
    enum hold_kind hold;
    char *why;                 /* one line, NULL unless held */
    bool needs_force;          /* HOLD_SCHEMA: --update follows it only with --force */
    bool orphans;              /* HOLD_FAILED: rows refer to some that are not there */
    bool hold_deletes;         /* only its deletes wait: a held table still refers to its rows */
    bool selected;             /* --tables, DB_SYNC_TABLES */
    struct strlist uncompared; /* columns that are compared by nothing: EXCHANGE_NAMED */
    const struct model_column **storage; /* the arrays behind rows[], to be freed */
    struct exchange *exchanges;          /* likewise; none between like engines */
    size_t exchange_count;
};

struct pairings {
    struct pairing *items; /* parents before children */
    size_t count;
    const struct model *models[2];
    struct strlist strays; /* tables that only the target has */
};

/*
 * change_column: its name (DB_UPDATED_AT_COLUMN). keys_later: the target's keys are not built yet,
 * so their absence is no reason to hold a table. The models must outlive the pairings.
 */
void pairings_build(struct pairings *pairs, const struct model *source, const struct model *target,
                    const struct conn *const conns[2], const char *change_column, bool keys_later);

/*
 * --tables: selects these and, with them, the tables that they refer to (else their rows would
 * refer to nothing); the added ones are named in `added` (NULL: none is added). ERR_USAGE for a
 * table that does not exist, with the nearest name.
 */
bool pairings_select(struct pairings *pairs, const struct strlist *tables, struct strlist *added,
                     struct err *err);

/* Holds a table; a reason that is already there stays. */
void pairing_hold(struct pairing *pair, enum hold_kind kind, const char *why);

/*
 * Holds what hangs on held tables: every table that refers to one, and the deletes of tables that
 * one refers to. To be called again after each new hold.
 */
void pairings_spread_holds(struct pairings *pairs);

/* The change column of that name, NULL where the table has none that holds an instant. */
const struct model_column *pairing_change_column(const struct model_table *table, const char *name);
/* Selected and not held. */
bool pairing_active(const struct pairing *pair);
size_t pairings_index(const struct pairings *pairs, const char *name); /* count when missing */
/* Calls visit(child, parent) for every foreign key between two pairings. */
typedef void (*pairing_visit)(struct pairings *pairs, size_t child, size_t parent, void *context);
void pairings_each_reference(struct pairings *pairs, pairing_visit visit, void *context);
/* As pairings_index, where a partition stands for its root. */
size_t pairings_index_of_rows(const struct pairings *pairs, const char *name);
/* The portable hash for rows that have no other key, so that they are found in a base. */
void pairings_hash_rows_alike(struct pairings *pairs, const struct conn *const conns[2]);
bool pairing_is_utf8(const struct conn *conn); /* the server's encoding */
void pairings_release(struct pairings *pairs);

#endif
