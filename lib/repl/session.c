/* Opening both databases in as few round trips as connecting allows, plus one. */
#include "repl/session.h"

#include <stdlib.h>
#include <string.h>

#include "db/pipeline.h"
#include "db/query.h"
#include "repl/apply.h"
#include "repl/catalog.h"
#include "repl/fence.h"
#include "repl/identity.h"
#include "repl/moment.h"
#include "repl/position.h"
#include "repl/switch_mark.h"
#include "repl/watermark.h"
#include "repl/weather.h"
#include "state/journal.h"

static bool connect_both(struct session *s, const struct config *config, struct err *err)
{
    struct conn_params params[2];
    struct err errs[2] = {ERR_INIT, ERR_INIT};
    enum side side;

    for (side = SOURCE; side <= TARGET; side++) {
        params[side].role = role_name(s->roles[side]);
        params[side].url = config->urls[s->roles[side]];
        params[side].schema = config->schema;
        params[side].timeout_ms = 0;
        params[side].as_application = false;
    }
    if (conn_open_many(params, 2, s->conns, NULL, errs))
        return true;
    *err = s->conns[SOURCE] ? errs[TARGET] : errs[SOURCE];
    if (errs[SOURCE].code == ERR_STOPPED)
        *err = errs[SOURCE];
    return false;
}

/* CockroachDB is read as of a moment, which must be known first: that costs a round trip more. */
static bool wants_moment(const struct session *s, bool latest)
{
    return conn_kind(s->conns[SOURCE]) == ENGINE_COCKROACH && !latest;
}

static bool queue_snapshot(struct session *s, struct err *err)
{
    struct conn *source = s->conns[SOURCE];

    return moment_queue_begin(source, s->moment, err) &&
           pipeline_add(source, "SET LOCAL lock_timeout = '" LOCK_TIMEOUT "'", 0, NULL, err) &&
           catalog_queue(source, err) && pipeline_sync(source, err);
}

static bool receive_snapshot(struct session *s, struct err *err)
{
    struct conn *source = s->conns[SOURCE];
    size_t settings = 2; /* BEGIN and the timeout */

    while (settings-- > 0)
        if (!pipeline_next(source, NULL, err))
            return false;
    return catalog_receive(source, &s->models[SOURCE], err);
}

static bool queue(struct session *s, const struct config *config, bool latest, struct err *err)
{
    struct conn *source = s->conns[SOURCE];
    struct conn *target = s->conns[TARGET];

    return identity_queue(source, err) && switch_mark_queue_look(source, NULL, err) &&
           position_queue(source, err) && identity_queue(target, err) &&
           switch_mark_queue_look(target, NULL, err) && position_queue(target, err) &&
           fence_queue_state(source, NULL, err) &&
           watermark_queue(source, config->overlap_ms, err) && pipeline_sync(source, err) &&
           keys_off_queue_look(source, err) &&
           (wants_moment(s, latest) ? moment_queue(source, err) : queue_snapshot(s, err)) &&
           apply_queue_privileges(target, err) &&
           fence_queue_state(target, config->fence_role, err) && keys_off_queue_look(target, err) &&
           catalog_queue(target, err) && pipeline_sync(target, err) &&
           pipeline_send(s->conns, 2, err);
}

static int64_t last_epoch(const struct session *s)
{
    return s->epochs[SOURCE] > s->epochs[TARGET] ? s->epochs[SOURCE] : s->epochs[TARGET];
}

static bool receive_source(struct session *s, bool latest, struct err *err)
{
    struct conn *source = s->conns[SOURCE];

    if (!fence_receive_state(source, &s->source_fenced, err) ||
        !watermark_receive(source, &s->watermark, err) ||
        !keys_off_receive_look(source, &s->off[SOURCE], err))
        return false;
    if (wants_moment(s, latest) && !(moment_receive(source, &s->moment, err) &&
                                     queue_snapshot(s, err) && pipeline_send(&source, 1, err)))
        return false;
    return receive_snapshot(s, err);
}

static bool receive_position(struct session *s, enum side side, const struct state *state,
                             struct err *err)
{
    struct position_look *look = &s->looks[s->roles[side]];

    look->before = position_known(state, s->roles[side]);
    return position_receive(s->conns[side], &look->now, err);
}

static bool receive(struct session *s, const struct state *state, bool latest, struct err *err)
{
    struct conn *source = s->conns[SOURCE];
    struct conn *target = s->conns[TARGET];
    bool found;

    return identity_receive(source, &s->identities[s->roles[SOURCE]], err) &&
           switch_mark_receive(source, &found, &s->epochs[SOURCE], err) &&
           receive_position(s, SOURCE, state, err) &&
           identity_receive(target, &s->identities[s->roles[TARGET]], err) &&
           switch_mark_receive(target, &found, &s->epochs[TARGET], err) &&
           receive_position(s, TARGET, state, err) && identity_check(state, s->identities, err) &&
           switch_mark_check(state, last_epoch(s), 0, err) &&
           position_check(state, s->looks, err) && receive_source(s, latest, err) &&
           apply_receive_privileges(target, &s->unchecked, &s->temporary, err) &&
           fence_receive_state(target, &s->fenced, err) &&
           keys_off_receive_look(target, &s->off[TARGET], err) &&
           catalog_receive(target, &s->models[TARGET], err);
}

/* What is left out of the source is left out of the target: neither compared nor called a stray. */
static void mirror_exclusions(struct session *s, const struct config *config)
{
    struct model *target = &s->models[TARGET];
    size_t i;

    for (i = 0; i < target->table_count; i++) {
        struct model_table *table = &target->tables[i];
        const struct model_table *other = model_table(&s->models[SOURCE], table->name);
        const char *name = model_root(target, table)->name;

        if (other)
            table->excluded = other->excluded;
        else
            table->excluded = (config->tables.count && !strlist_has(&config->tables, name)) ||
                              strlist_has(&config->exclude, name);
    }
}

bool session_read_target(struct session *s, const struct config *config, struct err *err)
{
    struct conn *target = s->conns[TARGET];

    model_release(&s->models[TARGET]);
    memset(&s->models[TARGET], 0, sizeof(s->models[TARGET]));
    if (!catalog_queue(target, err) || !pipeline_sync(target, err) ||
        !pipeline_send(&target, 1, err) || !catalog_receive(target, &s->models[TARGET], err) ||
        !pipeline_end(target, err))
        return false;
    mirror_exclusions(s, config);
    return true;
}

/* Rows of one schema say nothing of another: the state's watermarks belong to the one it knows. */
static bool check_schema(const struct session *s, const struct state *state, struct err *err)
{
    const char *known = state_schema(state);
    const char *schema = s->models[SOURCE].schema;

    if (!catalog_check_schema(&s->models[SOURCE], role_name(s->roles[SOURCE]), err))
        return false;
    if (!known || strcmp(known, schema) == 0)
        return true;
    err_set(err, ERR_REFUSED, "the secondary was made for the schema %s, and DB_SCHEMA is now %s",
            known, schema);
    return err_hint(err,
                    "set DB_SCHEMA=%s; to keep %s as well use another DB_STATE_DIR, to keep "
                    "it instead run dbr-init-secondary --recreate",
                    known, schema);
}

void session_remember(const struct session *s, struct state *state)
{
    enum role role;

    identity_remember(state, s->identities);
    for (role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
        position_remember(state, role, &s->looks[role]);
    journal_learn_epoch(state, last_epoch(s));
    state_set_schema(state, s->models[SOURCE].schema);
}

bool session_open(struct session *s, const struct config *config, const struct state *state,
                  enum role source, bool latest, struct conn *const *lent, struct err *err)
{
    bool connected;

    memset(s, 0, sizeof(*s));
    s->roles[SOURCE] = source;
    s->roles[TARGET] = role_other(source);
    s->lent = lent != NULL;
    if (lent) {
        s->conns[SOURCE] = lent[s->roles[SOURCE]];
        s->conns[TARGET] = lent[s->roles[TARGET]];
    }
    s->connected = lent || connect_both(s, config, err);
    if (s->connected && queue(s, config, latest, err) && receive(s, state, latest, err) &&
        check_schema(s, state, err) &&
        catalog_filter(&s->models[SOURCE], &s->models[TARGET], &config->tables, &config->exclude,
                       err)) {
        mirror_exclusions(s, config);
        return true;
    }
    connected = s->connected;
    session_close(s);
    s->connected = connected;
    return false;
}

/* CockroachDB before version 25.1 says as an error that there was no transaction. */
static bool receive_rollback(struct conn *conn, struct err *err)
{
    struct err why = ERR_INIT;

    if (pipeline_next(conn, NULL, &why) || !strcmp(why.sqlstate, "25P01"))
        return true;
    *err = why;
    return false;
}

bool session_settle(struct session *s, struct err *err)
{
    enum side side;

    for (side = SOURCE; side <= TARGET; side++)
        if (!pipeline_end(s->conns[side], err) ||
            !pipeline_add(s->conns[side], "ROLLBACK", 0, NULL, err) ||
            !pipeline_sync(s->conns[side], err))
            return false;
    if (!pipeline_send(s->conns, 2, err))
        return false;
    for (side = SOURCE; side <= TARGET; side++)
        if (!receive_rollback(s->conns[side], err) || !pipeline_end(s->conns[side], err))
            return false;
    return true;
}

/* Each outside of a transaction, also where the other one is lost: its owner goes on with it. */
static void give_back(struct session *s)
{
    struct err ignored = ERR_INIT;
    enum side side;

    (void)pipeline_end(s->conns[SOURCE], &ignored);
    (void)pipeline_end(s->conns[TARGET], &ignored);
    if (conn_alive(s->conns[SOURCE]) && conn_alive(s->conns[TARGET]) && session_settle(s, &ignored))
        return;
    for (side = SOURCE; side <= TARGET; side++)
        if (conn_alive(s->conns[side]))
            (void)weather_settle(s->conns[side], &ignored);
}

void session_close(struct session *s)
{
    enum side side;

    if (s->lent)
        give_back(s);
    for (side = SOURCE; side <= TARGET; side++) {
        if (!s->lent)
            conn_close(s->conns[side]);
        model_release(&s->models[side]);
        free(s->identities[side]);
        off_release(&s->off[side]);
    }
    free(s->watermark);
    free(s->moment);
    memset(s, 0, sizeof(*s));
}
