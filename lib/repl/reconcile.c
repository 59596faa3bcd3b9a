/*
 * Reconciling two databases. A failed attempt leaves nothing behind on the target (one
 * transaction), so each further attempt starts from the connections on: what it finds then is the
 * truth, also after a COMMIT whose answer was lost.
 */
#include "repl/reconcile_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/quote.h"
#include "repl/fence.h"
#include "repl/sequences.h"
#include "repl/triggers.h"

#define AWAY_MS 30000
#define WAVE_OCTETS ((int64_t)4 * 1024 * 1024)
#define WAVE_ROWS 8000 /* where each wave is a transaction of its own */
#define WHOLE_ROWS 100000

static void close_attempt(struct reconciliation *r)
{
    free(r->conflicts);
    r->conflicts = NULL;
    comparisons_release(&r->all);
    pairings_release(&r->pairs);
    session_close(&r->session);
    strlist_release(&r->added);
    free(r->moment);
    r->moment = NULL;
}

static bool has_deletes_held_back(const struct pairing *pair, const struct comparison *c)
{
    return pair->hold_deletes && c->inserts + c->updates == 0;
}

static bool anything_to_write(const struct reconciliation *r)
{
    size_t i;

    for (i = 0; i < r->pairs.count; i++) {
        const struct comparison *c = &r->all.items[i];

        if (pairing_active(&r->pairs.items[i]) && c->changes.count > 0 &&
            !has_deletes_held_back(&r->pairs.items[i], c))
            return true;
    }
    return false;
}

/* The base of a merge is to be marked even when nothing of the primary wins. */
static bool has_work(const struct reconciliation *r, const struct reconcile_options *options)
{
    if (options->merge)
        return options->merge->base.found && !options->merge->base.merged_at;
    return anything_to_write(r) || r->sequences > 0 || r->session.off[TARGET].keys;
}

/* A trigger or rule of a table that is kept in step and would fire on the rows that are applied. */
static bool is_awake(const struct reconciliation *r, const struct model_object *object)
{
    return object->on_table && object->trigger_state != 'D' &&
           (object->trigger_state != 'O' || !r->session.unchecked) &&
           pairings_index_of_rows(&r->pairs, object->table) < r->pairs.count;
}

/* Those of an active database are awake: for a merge they sleep until its COMMIT. Those of a
 * standby sleep, unless somebody has woken them. */
static bool quiet_triggers(struct reconciliation *r, const struct config *config, bool *quieted,
                           struct err *err)
{
    const struct model *model = &r->session.models[TARGET];
    struct conn *target = r->session.conns[TARGET];
    size_t statements;
    size_t i;

    *quieted = false;
    for (i = 0; i < model->object_count; i++)
        *quieted = *quieted || is_awake(r, &model->objects[i]);
    if (!*quieted)
        return true;
    if (!triggers_queue_quiet(target, config, r->session.unchecked, &statements, err) ||
        !pipeline_sync(target, err) || !pipeline_send(&target, 1, err))
        return false;
    while (statements-- > 0)
        if (!pipeline_next(target, NULL, err))
            return false;
    return true;
}

static void take_results(struct reconciliation *r, const struct applier *applier,
                         struct merge *merge, bool ok)
{
    size_t i;

    for (i = 0; ok && i < r->pairs.count; i++)
        r->conflicts[i] = applier->applied[i].conflicts;
    if (ok || r->piecemeal)
        r->kept_deletes += applier->kept_deletes;
    /* Steps forward are what gives the weather its attempts back. */
    if (!ok && r->piecemeal && reconcile_keep_applied(r, merge, applier->applied)) {
        weather_clear(&r->weather);
        r->setbacks = 0;
    }
    r->too_large = applier->too_large;
    r->exhausted = applier->exhausted;
}

static bool apply(struct reconciliation *r, const struct config *config,
                  const struct reconcile_options *options, size_t *failed, struct err *err)
{
    struct applier applier;
    bool quieted;
    bool ok;

    memset(&applier, 0, sizeof(applier));
    applier.conns[SOURCE] = r->session.conns[SOURCE];
    applier.conns[TARGET] = r->session.conns[TARGET];
    applier.pairs = &r->pairs;
    applier.all = &r->all;
    applier.archive = &r->archive;
    applier.way = r->way;
    applier.unchecked = r->session.unchecked;
    applier.temporary = r->session.temporary;
    applier.merge = options->merge != NULL;
    applier.piecemeal = r->piecemeal;
    applier.states = options->merge && r->piecemeal ? options->merge->states : NULL;
    applier.base = applier.states ? &options->merge->base : NULL;
    applier.turn = &r->turn;
    applier.committing = &r->committing;
    applier.replaced = &r->replaced;
    applier.keys_off = r->keys_off;
    applier.keys_were_off = r->session.off[TARGET].keys;
    applier.size = &r->size;
    applier.batch_rows = options->batch_rows;
    if (!quiet_triggers(r, config, &quieted, err) ||
        ((r->way == APPLY_REPLACE || r->replaced.count) &&
         !conn_clone(r->session.conns[SOURCE], &applier.recheck, err)))
        return false;
    applier.applied = mem_alloc((r->pairs.count + 1) * sizeof(*applier.applied));
    applier.quiet = quieted && options->merge;
    ok = apply_run(&applier, err);
    conn_close(applier.recheck);
    take_results(r, &applier, options->merge, ok);
    free(applier.applied);
    r->quieted = ok && quieted && !options->merge;
    *failed = applier.failed;
    return ok;
}

/*
 * Rows that cannot be upserted are deleted and inserted again. Where the target checks foreign
 * keys, that must not reach the rows that refer to them: the way that takes the keys off is used.
 */
static bool must_replace(const struct reconciliation *r, size_t i)
{
    return pairing_active(&r->pairs.items[i]) && r->all.items[i].changes.count > 0 &&
           !row_sql_can_upsert(&r->pairs.items[i].rows[TARGET]) &&
           r->all.items[i].changes.count > (size_t)r->all.items[i].inserts;
}

/* The application is not to see a row deleted that others refer to. */
static bool refuse_replaced(const char *table, struct err *err)
{
    err_set(err, ERR_REFUSED,
            "table %s cannot be merged: its rows have no key by which they could be written over, "
            "and other tables refer to them",
            table);
    return err_hint(err, "make the rows of both databases alike, or give the table a primary key "
                         "on both, then run this again");
}

static bool choose_way(struct reconciliation *r, const struct reconcile_options *options,
                       struct err *err)
{
    size_t i;

    for (i = 0; i < r->pairs.count && !r->session.unchecked; i++) {
        const char *name = r->pairs.items[i].name;

        if (!must_replace(r, i))
            continue;
        if (!r->piecemeal && options->merge && reconcile_takes_along(r))
            return reconcile_refuse_meanwhile(name, err);
        if (!r->piecemeal)
            r->way = APPLY_REPLACE;
        else if (!model_is_referred_to(&r->session.models[TARGET], name))
            continue;
        else if (options->merge)
            return refuse_replaced(name, err);
        else if (!strlist_has(&r->replaced, name))
            strlist_add(&r->replaced, name);
    }
    return true;
}

/* Decides what a merge writes. *again: there are tables that must be locked before it is decided.
 */
static bool merge(struct reconciliation *r, const struct reconcile_options *options, bool *again,
                  struct err *err)
{
    size_t locked = options->merge ? options->merge->locked.count : 0;

    *again = false;
    if (!options->merge)
        return true;
    if (!merge_step(options->merge, r->session.conns, &r->pairs, &r->all, err))
        return false;
    *again = options->write && r->session.unchecked && options->merge->locked.count > locked;
    return true;
}

/* Lent connections serve as long as they live. */
static struct conn *const *lent_of(const struct reconcile_options *options)
{
    if (!options->lent || !conn_alive(options->lent[ROLE_PRIMARY]) ||
        !conn_alive(options->lent[ROLE_SECONDARY]))
        return NULL;
    return options->lent;
}

static void choose_size(struct reconciliation *r, const struct reconcile_options *options)
{
    r->piecemeal = conn_kind(r->session.conns[TARGET]) == ENGINE_COCKROACH &&
                   !(options->merge && options->merge->whole);
    if (r->size.octets == 0)
        r->size = (struct apply_size){WAVE_OCTETS, r->piecemeal ? WAVE_ROWS : SIZE_MAX, WHOLE_ROWS};
}

/*
 * Of two databases of which one is fenced and the other is not, the one that takes writes is the
 * active one, whatever the state says: it was written by hand, or belongs to another machine, and
 * what it takes for the standby is what the application uses. A switch and a merge know better.
 */
static bool check_active(const struct reconciliation *r, const struct config *config,
                         const struct reconcile_options *options, struct err *err)
{
    const struct session *s = &r->session;

    if (!config->fence || options->lent || options->merge || !s->source_fenced || s->fenced)
        return true;
    return fence_refuse_wrong_state(s->roles[SOURCE], config->state_dir, err);
}

/* One attempt. *failed: the pairing to blame, or pairs.count. */
static bool attempt(struct reconciliation *r, const struct config *config,
                    const struct state *state, const struct reconcile_options *options,
                    size_t *failed, struct err *err)
{
    bool again;

    *failed = SIZE_MAX;
    if (!session_open(&r->session, config, state, options->source, options->latest,
                      lent_of(options), err) ||
        !check_active(r, config, options, err))
        return false;
    choose_size(r, options);
    reconcile_want_rows_back(r);
    if (options->write)
        reconcile_put_source_keys_back(r);
    if (!reconcile_find(r, config, state, options, err) || !merge(r, options, &again, err))
        return false;
    if (again || reconcile_needs_more(r)) {
        close_attempt(r);
        return attempt(r, config, state, options, failed, err);
    }
    if (!choose_way(r, options, err))
        return false;
    r->sequences = sequences_differ(&r->session.models[SOURCE], &r->session.models[TARGET]);
    reconcile_guard(r, config, state, options);
    if (!options->write || !has_work(r, options))
        return true;
    r->applied = apply(r, config, options, failed, err);
    return r->applied;
}

static void forget(struct reconciliation *r)
{
    size_t i;

    for (i = 0; i < r->earlier_count; i++)
        free(r->earlier[i].table);
    free(r->earlier);
    r->earlier = NULL;
    r->earlier_count = 0;
    strlist_release(&r->failures);
    strlist_release(&r->complete);
    strlist_release(&r->replaced);
}

/* What the runs before have applied stays, with what it overwrote in the archive. */
static bool give_up(struct reconciliation *r)
{
    struct err ignored = ERR_INIT;

    archive_close(&r->archive, &ignored);
    forget(r);
    return false;
}

bool reconcile(struct reconciliation *r, const struct config *config, const struct state *state,
               const struct reconcile_options *options, struct err *err)
{
    memset(r, 0, sizeof(*r));
    r->added = (struct strlist)STRLIST_INIT;
    r->failures = (struct strlist)STRLIST_INIT;
    r->complete = (struct strlist)STRLIST_INIT;
    r->replaced = (struct strlist)STRLIST_INIT;
    /* A switch has the application waiting. */
    r->weather.away_ms = options->lent ? 0 : AWAY_MS;
    archive_init(&r->archive, state->dir, options->program);
    for (;;) {
        struct err why = ERR_INIT;
        size_t failed;
        bool connected;
        bool again;

        r->committing = false;
        r->attempts++;
        if (attempt(r, config, state, options, &failed, err)) {
            reconcile_add_earlier(r, options->merge);
            if (options->write)
                reconcile_forget_rows_out(r);
            return archive_close(&r->archive, err);
        }
        connected = r->session.connected;
        again = reconcile_end_archive(r, err, &why);
        if (!again && weather_kind(err) != WEATHER_NONE)
            *err = why;
        again = again && reconcile_try_again(r, options->merge, connected, failed, err);
        if (!again)
            reconcile_put_keys_back(r);
        close_attempt(r);
        if (!again) {
            weather_give_up(&r->weather, err);
            return give_up(r);
        }
        err_clear(err);
    }
}

bool reconcile_equal(const struct reconciliation *r)
{
    size_t i;

    for (i = 0; i < r->pairs.count; i++)
        if (pairing_active(&r->pairs.items[i]) && !r->all.items[i].equal)
            return false;
    return true;
}

void reconcile_release(struct reconciliation *r)
{
    struct err ignored = ERR_INIT;

    archive_close(&r->archive, &ignored);
    close_attempt(r);
    forget(r);
}
