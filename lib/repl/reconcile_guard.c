/* The delete guard, and that of two databases that are both empty. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "repl/crash.h"
#include "repl/reconcile_internal.h"
#include "state/journal.h"

#define GUARD_ROWS 100

/* Deletes that would take too much of a table, or all of it, are not believed without --force.
 * NULL where they are fine; else why not (malloced). */
static char *guard_reason(const struct comparison *c, const struct config *config)
{
    if (c->method != COMPARE_WHOLE && c->method != COMPARE_BUCKETS)
        return NULL;
    if (c->rows[SOURCE] == 0 && c->rows[TARGET] > 0)
        return mem_printf("it is empty on the active database but has %" PRId64
                          " rows on the standby",
                          c->rows[TARGET]);
    if (c->deletes > GUARD_ROWS && c->deletes * 100 > c->rows[TARGET] * config->max_delete_percent)
        return mem_printf("%" PRId64 " of %" PRId64
                          " rows would be deleted, more than DB_MAX_DELETE_PERCENT (%d)",
                          c->deletes, c->rows[TARGET], config->max_delete_percent);
    return NULL;
}

/* Rows of a table that was not merged may be stranded ones, which nobody else has. */
static char *unmerged_reason(const struct pairing *pair, const struct comparison *c,
                             const struct state *state)
{
    bool unmerged = journal_unmerged(state, pair->name);

    if (c->updates + c->deletes == 0 || !(unmerged || journal_left_out(state, pair->name)))
        return NULL;
    return mem_printf(
        "it was %s, and %" PRId64 " rows of the standby would be overwritten or deleted",
        unmerged ? "not merged (a forced failback, or a database that came back older)"
                 : "left out of the merge or sync of a switch",
        c->updates + c->deletes);
}

/* What the active database has lost in a crash may be on the standby alone. */
static char *crash_reason(const struct session *session, const struct pairing *pair,
                          const struct comparison *c, const struct state *state)
{
    const struct json *known = json_get(json_get(state->root, "tables"), pair->name);

    if (!pairing_active(pair) || c->deletes == 0 || !crash_emptied(known, session, pair))
        return NULL;
    return mem_printf("it is UNLOGGED, the server of the active database has crashed (or its "
                      "statistics were reset), which empties it, and %" PRId64
                      " rows of the standby would be deleted",
                      c->deletes);
}

static void hold(struct pairing *pair, enum hold_kind kind, char *why)
{
    if (why)
        pairing_hold(pair, kind, why);
    free(why);
}

/* The first reason that there is counts. */
static void guard(const struct session *session, struct pairing *pair, const struct comparison *c,
                  const struct config *config, const struct state *state)
{
    hold(pair, HOLD_UNMERGED, unmerged_reason(pair, c, state));
    hold(pair, HOLD_UNMERGED, crash_reason(session, pair, c, state));
    hold(pair, HOLD_GUARD, guard_reason(c, config));
}

bool reconcile_would_guard(const struct reconciliation *r, const struct config *config)
{
    bool would = false;
    size_t i;

    for (i = 0; i < r->pairs.count && !would; i++) {
        char *why =
            pairing_active(&r->pairs.items[i]) ? guard_reason(&r->all.items[i], config) : NULL;

        would = why != NULL;
        free(why);
    }
    return would;
}

void reconcile_guard(struct reconciliation *r, const struct config *config,
                     const struct state *state, const struct reconcile_options *options)
{
    size_t i;

    /* A run that only compares has nothing to guard; a merge has seen to it. */
    if (options->force || options->compare_only || options->merge)
        return;
    for (i = 0; i < r->pairs.count; i++)
        guard(&r->session, &r->pairs.items[i], &r->all.items[i], config, state);
    pairings_spread_holds(&r->pairs);
}

bool reconcile_check_gone(const struct reconciliation *r, const struct state *state,
                          struct err *err)
{
    const struct json *known = json_get(state->root, "tables");
    size_t count = 0;

    for (const struct json *table = json_first(known); table; table = json_next(table))
        count++;
    if (count == 0 || r->pairs.count > 0 || r->pairs.strays.count > 0)
        return true;
    err_set(err, ERR_REFUSED,
            "neither database holds a table any more, and the last sync knew of %zu: %s%s", count,
            json_key(json_first(known)), count > 1 ? ", ..." : "");
    return err_hint(
        err, "look whether both URLs lead where they should; if both databases are lost, see "
             "\"Both databases are lost\" in dbr(7); if the tables were dropped on purpose, run "
             "dbr-sync --force");
}
