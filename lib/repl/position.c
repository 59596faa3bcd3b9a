/* Where a database is in its own history, against where it was. */
#include "repl/position.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "state/journal.h"

/*
 * What is flushed outlasts any crash. A transaction that has ended left its record in the log
 * before the snapshot was taken: with all of the log flushed after that, none before the snapshot's
 * oldest one is ever forgotten. A server that only replays another's log tells nothing of its own.
 */
#define QUESTION                                                                                   \
    "SELECT (flushed - '0/0'::pg_catalog.pg_lsn)::int8,"                                           \
    " CASE WHEN flushed >= inserted THEN pg_catalog.txid_snapshot_xmin(seen) END,"                 \
    " pg_catalog.txid_snapshot_xmax(seen)"                                                         \
    " FROM (SELECT pg_catalog.txid_current_snapshot() AS seen,"                                    \
    " pg_catalog.pg_current_wal_insert_lsn() AS inserted,"                                         \
    " pg_catalog.pg_current_wal_flush_lsn() AS flushed"                                            \
    " WHERE NOT pg_catalog.pg_is_in_recovery() OFFSET 0) AS here"

#define OLDER                                                                                      \
    "the %s is older than it was when dbr saw it last: restored from a backup or a snapshot?"

bool position_queue(struct conn *conn, struct err *err)
{
    return conn_kind(conn) != ENGINE_POSTGRES ||
           (pipeline_add(conn, QUESTION, 0, NULL, err) && pipeline_sync(conn, err));
}

bool position_receive(struct conn *conn, struct position *now, struct err *err)
{
    struct result *result = NULL;

    memset(now, 0, sizeof(*now));
    if (conn_kind(conn) != ENGINE_POSTGRES)
        return true;
    /* Some that speak PostgreSQL's protocol have no such log. */
    if (!pipeline_next(conn, &result, err)) {
        if (!conn_alive(conn) || err->code == ERR_STOPPED)
            return false;
        err_clear(err);
        return true;
    }
    if (result_rows(result) == 1) {
        now->log = result_int(result, 0, 0);
        now->ended = result_text(result, 0, 1) ? result_int(result, 0, 1) : 0;
        now->next = result_int(result, 0, 2);
    }
    result_free(result);
    return true;
}

struct position position_known(const struct state *state, enum role role)
{
    const struct json *known = json_get(json_get(state->root, "positions"), role_name(role));

    return (struct position){.log = json_int(known, "log", 0),
                             .ended = json_int(known, "transactions", 0)};
}

bool position_is_behind(const struct position_look *look)
{
    return (look->now.log > 0 && look->now.log < look->before.log) ||
           (look->now.next > 0 && look->now.next < look->before.ended);
}

bool position_went_back(const struct state *state, enum role role, const struct position_look *look)
{
    return position_is_behind(look) &&
           (role == state_active(state) || (role == ROLE_PRIMARY && journal_merge(state)));
}

bool position_check(const struct state *state, const struct position_look looks[2], struct err *err)
{
    for (enum role role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        if (!position_went_back(state, role, &looks[role]))
            continue;
        err_set(err, ERR_REFUSED, OLDER, role_name(role));
        return err_hint(err,
                        "run dbr-health: it notes that, so that nothing is deleted on the %s "
                        "for it, and says what to do",
                        role_name(role_other(role)));
    }
    return true;
}

static void forget_watermarks(struct state *state)
{
    struct json *table = json_first(json_get(state->root, "tables"));

    for (; table; table = json_next(table))
        json_remove(table, "watermark");
}

void position_remember(struct state *state, enum role role, const struct position_look *look)
{
    struct json *positions = json_get(state->root, "positions");
    struct position known = position_known(state, role);
    bool behind = position_is_behind(look);
    struct json *entry;

    if (look->now.log <= 0)
        return;
    if (!json_is_object(positions))
        positions = json_set_object(state->root, "positions");
    entry = json_get(positions, role_name(role));
    if (!json_is_object(entry))
        entry = json_set_object(positions, role_name(role));
    if (behind)
        forget_watermarks(state);
    /* Another run may have looked since. */
    if (behind || look->now.log > known.log)
        json_set_int(entry, "log", look->now.log);
    if (behind || look->now.ended > known.ended)
        json_set_int(entry, "transactions", look->now.ended);
}

bool position_note(struct state *state, enum role role, const struct position_look *look)
{
    bool back = position_went_back(state, role, look);

    if (back) {
        journal_set_all_unmerged(state);
        log_warn(OLDER " Nothing is deleted on the %s for what it lacks: see dbr(7), \"A "
                       "database that comes back older\"",
                 role_name(role), role_name(role_other(role)));
    }
    position_remember(state, role, look);
    return back;
}

void position_tell(struct buf *text, enum role role)
{
    buf_addf(text, "%s is older than it was: what it has lost stays on the %s", role_name(role),
             role_name(role_other(role)));
}
