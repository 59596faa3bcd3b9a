/*
 * What a sync that was broken off has left undone in a database that has become the active one, as
 * the state remembers it until it is mended: foreign keys that are off, rows that are out.
 *
 * Member of the state:
 *  remains: {"role": of the database, "keysOff": ["table.key", ...], "rowsOut": ["table",
 *            ...], "tried": time}
 */
#ifndef DBR_STATE_REMAINS_H
#define DBR_STATE_REMAINS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/strlist.h"
#include "state/state.h"

struct remains {
    struct strlist keys_off; /* "table.key" */
    struct strlist rows_out; /* tables */
};
bool remains_found(const struct remains *remains);

/* Whether the active database has any. */
bool remains_any(const struct state *state);
/* The same, and mending was not tried within the last hour, where trying reads whole tables. */
bool remains_due(const struct state *state);
/* Appends what they are, in words. */
void remains_describe(const struct state *state, struct buf *text);
/* What that database has now, tried just now; nothing: mended. Between state_begin and
 * state_commit. */
void remains_set(struct state *state, enum role role, const struct remains *remains);

#endif
