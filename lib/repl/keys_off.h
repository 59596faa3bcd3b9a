/*
 * Foreign keys that are taken off while rows are applied: on CockroachDB they can neither be
 * deferred nor switched off, so that rows of tables that refer to each other, or that swap unique
 * values, could not be written in any order. Schema changes are no part of a transaction there.
 * Which keys are off stands in _dbr.keys_off of that database before they are, and until they are
 * back: what a run that was killed has left off is put back by the next one.
 *
 * There, too, stands of which tables rows are out: deleted and committed, and not inserted yet, as
 * it must be where more rows swap unique values than one transaction takes. The next complete
 * comparison of the table brings them back.
 */
#ifndef DBR_REPL_KEYS_OFF_H
#define DBR_REPL_KEYS_OFF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strlist.h"
#include "db/conn.h"
#include "db/model.h"

/* Which keys: called for each foreign key within the schema. */
typedef bool (*keys_off_choice)(void *context, const struct model_table *table,
                                const struct model_constraint *key);

/* What the notes of a database tell. */
struct off {
    bool keys;           /* foreign keys are off */
    struct strlist rows; /* tables of which rows are out */
};
void off_release(struct off *off);

/* These two outside of a transaction; they get past the weather by themselves. *count: how many are
 * off now, those that were before included. */
bool keys_off_take(struct conn *conn, const struct model *model, keys_off_choice choice,
                   void *context, size_t *count, struct err *err);
/* Puts all back that are off. ERR_FAILED when rows do not fulfil one: it stays off, and noted. One
 * that the source has not any more, where it is not NULL, is forgotten instead. */
bool keys_off_put_back(struct conn *conn, const struct model *source, struct err *err);
/* Adds "table.key" for each key that is off, and each table of which rows are out. */
bool keys_off_list(struct conn *conn, struct strlist *keys, struct strlist *tables,
                   struct err *err);

/* Notes that rows of a table are about to be out / that they are back. Likewise. */
bool rows_out_note(struct conn *conn, const char *table, struct err *err);
bool rows_out_forget(struct conn *conn, const char *table, struct err *err);

/* Looks at the notes, in a pipeline segment of its own: there may be none. */
bool keys_off_queue_look(struct conn *conn, struct err *err);
bool keys_off_receive_look(struct conn *conn, struct off *off, struct err *err);

#endif
