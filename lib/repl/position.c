/* Where a database is in its own history, against where it was. */
#include "repl/position.h"

#include "base/json.h"
#include "base/log.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "state/journal.h"

/* What is flushed outlasts any crash. One that only replays another's log tells nothing of its own.
 */
#define QUESTION                                                                                   \
    "SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN"                                     \
    " (pg_catalog.pg_current_wal_flush_lsn() - '0/0'::pg_catalog.pg_lsn)::int8 END"

#define OLDER                                                                                      \
    "the %s is older than it was when dbr saw it last: restored from a backup or a snapshot?"

bool position_queue(struct conn *conn, struct err *err)
{
    return conn_kind(conn) != ENGINE_POSTGRES ||
           (pipeline_add(conn, QUESTION, 0, NULL, err) && pipeline_sync(conn, err));
}

bool position_receive(struct conn *conn, int64_t *position, struct err *err)
{
    struct result *result = NULL;

    *position = 0;
    if (conn_kind(conn) != ENGINE_POSTGRES)
        return true;
    /* Some that speak PostgreSQL's protocol have no such log. */
    if (!pipeline_next(conn, &result, err)) {
        if (!conn_alive(conn) || err->code == ERR_STOPPED)
            return false;
        err_clear(err);
        return true;
    }
    if (result_rows(result) == 1 && result_text(result, 0, 0))
        *position = result_int(result, 0, 0);
    result_free(result);
    return true;
}

static int64_t known(const struct state *state, enum role role)
{
    return json_int(json_get(state->root, "positions"), role_name(role), 0);
}

bool position_went_back(const struct state *state, enum role role, int64_t position)
{
    if (position <= 0 || position >= known(state, role))
        return false;
    return role == state_active(state) || (role == ROLE_PRIMARY && journal_merge(state));
}

bool position_check(const struct state *state, const int64_t positions[2], struct err *err)
{
    for (enum role role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++) {
        if (!position_went_back(state, role, positions[role]))
            continue;
        err_set(err, ERR_REFUSED, OLDER, role_name(role));
        return err_hint(err,
                        "run dbr-health: it notes that, so that nothing is deleted on the %s "
                        "for it, and says what to do",
                        role_name(role_other(role)));
    }
    return true;
}

void position_remember(struct state *state, enum role role, int64_t position)
{
    struct json *positions = json_get(state->root, "positions");

    if (position <= 0)
        return;
    if (!json_is_object(positions))
        positions = json_set_object(state->root, "positions");
    json_set_int(positions, role_name(role), position);
}

static void mark_unmerged(struct state *state)
{
    const struct json *table = json_first(json_get(state->root, "tables"));

    for (; table; table = json_next(table))
        journal_set_unmerged(state, json_key(table), true);
}

bool position_note(struct state *state, enum role role, int64_t position)
{
    bool back = position_went_back(state, role, position);

    if (back) {
        mark_unmerged(state);
        log_warn(OLDER " Nothing is deleted on the %s for what it lacks: see dbr(7), \"A "
                       "database that comes back older\"",
                 role_name(role), role_name(role_other(role)));
    }
    position_remember(state, role, position);
    return back;
}

void position_tell(struct buf *text, enum role role)
{
    buf_addf(text, "%s is older than it was: what it has lost stays on the %s", role_name(role),
             role_name(role_other(role)));
}
