/* Opening a snapshot: one round trip that asks for everything, a second one that locks, or on
 * CockroachDB begins. */
#include "repl/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/engine.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "repl/apply.h"
#include "repl/catalog.h"
#include "repl/fence.h"
#include "repl/identity.h"
#include "repl/moment.h"
#include "repl/switch_mark.h"
#include "repl/triggers.h"

/* Tables that are truncated or rewritten so often are no state to be kept. */
#define ATTEMPTS 5

static const char clock_sql[] =
    "SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', "
    "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";

static bool is_cockroach(const struct snapshot *s)
{
    return conn_kind(s->conn) == ENGINE_COCKROACH;
}

static bool queue_begin(struct snapshot *s, const char *moment, struct err *err)
{
    return moment_queue_begin(s->conn, moment, err) &&
           (moment || pipeline_add(s->conn, clock_sql, 0, NULL, err)) &&
           catalog_queue(s->conn, err) && pipeline_sync(s->conn, err);
}

static bool receive_time(struct snapshot *s, struct err *err)
{
    struct result *result;

    if (!pipeline_next(s->conn, &result, err))
        return false;
    const char *time = result_text(result, 0, 0);
    size_t len = time ? strnlen(time, sizeof s->time - 1) : 0;
    memcpy(s->time, time ? time : "", len);
    s->time[len] = '\0';
    result_free(result);
    return true;
}

static bool receive_begin(struct snapshot *s, const char *moment, struct err *err)
{
    if (!pipeline_next(s->conn, NULL, err))
        return false;
    if (moment)
        clock_format(moment_us(moment), s->time);
    return (moment || receive_time(s, err)) && catalog_receive(s->conn, &s->model, err);
}

/* What dbr itself has disabled on a standby stands in the model as it is when it is awake. */
static bool queue_look(struct snapshot *s, struct err *err)
{
    return identity_queue(s->conn, err) && switch_mark_queue_look(s->conn, NULL, err) &&
           triggers_queue_look(s->conn, err) && fence_queue_state(s->conn, NULL, err) &&
           pipeline_sync(s->conn, err) &&
           (is_cockroach(s) ? moment_queue(s->conn, err) : queue_begin(s, NULL, err));
}

static bool receive_look(struct snapshot *s, const struct state *state, struct quieted *quieted,
                         struct err *err)
{
    char *identities[2] = {NULL, NULL};
    int64_t epoch = 0;
    bool found;
    bool ok = identity_receive(s->conn, &identities[s->role], err) &&
              switch_mark_receive(s->conn, &found, &epoch, err) &&
              triggers_receive_look(s->conn, quieted, err) &&
              fence_receive_state(s->conn, &s->fenced, err) &&
              (!state ||
               (identity_check(state, identities, err) && switch_mark_check(state, epoch, 0, err)));
    free(identities[s->role]);
    return ok;
}

static void add_tables(struct buf *sql, const struct model *model)
{
    size_t n = 0;
    for (size_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        if (table->partition && model_table(model, table->parent))
            continue; /* locked with the table that it belongs to */
        buf_adds(sql, n++ ? ", " : "");
        quote_name(sql, model->schema, table->name);
    }
}

/*
 * *moved: a table has been truncated or rewritten since the snapshot. The catalog is read as the
 * snapshot has it, the function tells where the rows lie by now.
 */
static bool lock_tables(struct snapshot *s, bool *moved, struct err *err)
{
    const char *schema = s->model.schema;
    struct buf sql = BUF_INIT;
    struct result *result = NULL;

    *moved = false;
    if (is_cockroach(s) || s->model.table_count == 0)
        return true;
    buf_adds(&sql, "LOCK TABLE ");
    add_tables(&sql, &s->model);
    buf_adds(&sql, " IN ACCESS SHARE MODE");
    bool ok =
        pipeline_add(s->conn, "SET LOCAL lock_timeout = '" LOCK_TIMEOUT "'", 0, NULL, err) &&
        pipeline_add(s->conn, sql.data, 0, NULL, err) &&
        pipeline_add(s->conn,
                     "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
                     "n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r' AND "
                     "pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode",
                     1, &schema, err) &&
        pipeline_sync(s->conn, err) && pipeline_send(&s->conn, 1, err) &&
        pipeline_next(s->conn, NULL, err);
    if (ok && !pipeline_next(s->conn, NULL, err))
        ok = err_prefix(err, "cannot lock the tables against changes of their definition");
    ok = ok && pipeline_next(s->conn, &result, err);
    *moved = ok && result_int(result, 0, 0) > 0;
    result_free(result);
    buf_release(&sql);
    return ok;
}

static bool begin_anew(struct snapshot *s, struct err *err)
{
    model_release(&s->model);
    memset(&s->model, 0, sizeof s->model);
    return pipeline_end(s->conn, err) && query_run(s->conn, "ROLLBACK", 0, NULL, NULL, err) &&
           queue_begin(s, NULL, err) && pipeline_send(&s->conn, 1, err) &&
           receive_begin(s, NULL, err);
}

static bool settle(struct snapshot *s, struct err *err)
{
    bool moved = true;

    for (int attempt = 1; moved; attempt++) {
        if (!lock_tables(s, &moved, err))
            return false;
        if (moved && attempt == ATTEMPTS) {
            err_set(err, ERR_FAILED,
                    "tables of the %s are truncated or rewritten again and again: no "
                    "consistent snapshot can be had",
                    role_name(s->role));
            return err_hint(err, "try again when that has ended");
        }
        if (moved && !begin_anew(s, err))
            return false;
    }
    return pipeline_end(s->conn, err);
}

/* CockroachDB is read as of a moment, which must be known first. */
static bool begin(struct snapshot *s, struct err *err)
{
    if (!is_cockroach(s))
        return receive_begin(s, NULL, err);
    return moment_receive(s->conn, &s->moment, err) && queue_begin(s, s->moment, err) &&
           pipeline_send(&s->conn, 1, err) && receive_begin(s, s->moment, err);
}

struct opening {
    struct snapshot *snapshot;
    const struct state *state;
};

static void forget(struct snapshot *s)
{
    free(s->moment);
    s->moment = NULL;
    model_release(&s->model);
    memset(&s->model, 0, sizeof s->model);
}

/* Once more from the start: nothing that an attempt before has read may be used. */
static bool look(void *context, struct err *err)
{
    const struct opening *opening = context;
    struct snapshot *s = opening->snapshot;
    struct quieted quieted = {NULL};

    forget(s);
    bool ok = queue_look(s, err) && pipeline_send(&s->conn, 1, err) &&
              receive_look(s, opening->state, &quieted, err) && begin(s, err) &&
              catalog_check_schema(&s->model, role_name(s->role), err) && settle(s, err);
    if (ok)
        triggers_as_awake(&s->model, &quieted);
    quieted_release(&quieted);
    return ok;
}

bool snapshot_open(struct snapshot *s, const struct config *config, const struct state *state,
                   enum role role, struct err *err)
{
    const struct conn_params params = {role_name(role), config->urls[role], config->schema, 0,
                                       false};
    struct opening opening = {s, state};

    memset(s, 0, sizeof *s);
    s->role = role;
    bool ok = conn_open(&params, &s->conn, err) && weather_pass(s->conn, look, &opening, err);
    if (!ok)
        snapshot_close(s);
    return ok;
}

static bool begin_again(struct snapshot *s, struct err *err)
{
    return moment_queue_begin(s->conn, s->moment, err) && pipeline_sync(s->conn, err) &&
           pipeline_send(&s->conn, 1, err) && pipeline_next(s->conn, NULL, err) &&
           pipeline_end(s->conn, err);
}

bool snapshot_resume(struct snapshot *s, struct weather *weather, struct err *err)
{
    while (is_cockroach(s) && weather_recover(weather, s->conn, err))
        if (begin_again(s, err))
            return true;
    return false;
}

void snapshot_close(struct snapshot *s)
{
    conn_close(s->conn);
    forget(s);
    memset(s, 0, sizeof *s);
}
