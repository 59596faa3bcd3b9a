/*
 * Applying on CockroachDB, where a transaction must stay small: each wave is one, in an order in
 * which every state that is committed fulfils the foreign keys. A wave that the weather hits is run
 * again; one of which it is not known whether it was committed may be run again as well: rows with
 * a key are written as they were, others are deleted before they are inserted. In a merge that is
 * found out (repl/turn.h), since the application may have changed again what was committed.
 *
 * What is lost by a wave is in the archive before its COMMIT, and taken back when it was undone.
 */
#include "repl/apply_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/row_sql.h"
#include "repl/graph.h"
#include "repl/keys_off.h"
#include "repl/sequences.h"
#include "repl/weather.h"

/* The transaction begins with the first wave's questions, behind the end of the comparison's. */
static bool queue_begin(struct applying *s, struct err *err)
{
    struct conn *target = s->a->conns[TARGET];

    s->wave.before = (size_t)2 + s->reading + (s->a->states != NULL);
    return (!s->reading || pipeline_add(target, "COMMIT", 0, NULL, err)) &&
           apply_queue_begin(target, true, false, err) &&
           (!s->a->states || turn_queue(s->a->turn, target, err));
}

static bool commit(struct applying *s, bool *sent, struct err *err)
{
    struct conn *target = s->a->conns[TARGET];

    /* What is queued may be sent at once. */
    *sent = true;
    return pipeline_add(target, "COMMIT", 0, NULL, err) && pipeline_sync(target, err) &&
           pipeline_send(&target, 1, err) && apply_read_results(target, s->wave.before, err) &&
           wave_finish(&s->wave, s->a, err) && pipeline_next(target, NULL, err);
}

/* The source's snapshot cannot be had again: it must have come through unharmed. */
static bool settle_source(struct applier *a, const struct wave *wave)
{
    struct err ignored = ERR_INIT;

    return !wave->source_failed && conn_alive(a->conns[SOURCE]) &&
           pipeline_end(a->conns[SOURCE], &ignored) &&
           (!a->recheck || (conn_alive(a->recheck) && pipeline_end(a->recheck, &ignored)));
}

/* What the undone transaction would have lost is not lost; of one in doubt it may be. */
static bool keep_archive(struct applying *s, bool doubt, struct err *err)
{
    struct err why = ERR_INIT;

    if (doubt)
        wave_doubt(&s->wave);
    if (doubt ? archive_mark(s->a->archive, &why) : archive_back(s->a->archive, &why))
        return true;
    *err = why;
    return false;
}

/* The longer a transaction, the more can come between: what failed that often may be too long. */
#define PATIENCE 6
#define CALM_ROWS 250

/* What is replaced in one transaction must come apart otherwise, which is tried last. */
#define WHOLE_PATIENCE 12

static bool give_up_whole(struct applier *a, const struct weather *weather, size_t rows,
                          const struct err *err)
{
    bool tired = weather->attempts >= WHOLE_PATIENCE && rows > CALM_ROWS &&
                 weather_kind(err) == WEATHER_CONFLICT;

    if (!tired && !(weather_is_size(err) && err->code != ERR_REFUSED))
        return false;
    a->size->whole_rows = rows / 2;
    a->too_large = true;
    return true;
}

/* Whether less at once may get past the error: the size for the next attempt is set then. */
static bool make_smaller(struct applier *a, const struct wave *wave, const struct weather *weather,
                         const struct err *err)
{
    bool tired = weather->attempts >= PATIENCE && wave->rows > CALM_ROWS &&
                 weather_kind(err) == WEATHER_CONFLICT;
    bool large = weather_is_size(err) && err->code != ERR_REFUSED && wave->rows > 1;

    if (!tired && !large)
        return false;
    a->size->rows = large ? wave->rows / 2 : wave->rows / 4;
    if (tired && a->size->rows < CALM_ROWS)
        a->size->rows = CALM_ROWS;
    a->size->octets = wave->octets / 2;
    a->too_large = true;
    return true;
}

/* A merge: what became of a COMMIT in doubt. Where that cannot be found out its lines stay in the
 * archive. *err is left as it is when it was not committed. */
static bool find_out(struct applying *s, struct weather *weather, bool *committed, struct err *err)
{
    struct conn *target = s->a->conns[TARGET];
    struct err why = *err;
    struct err ignored = ERR_INIT;

    if (!weather_recover(weather, target, err) ||
        !turn_settle(s->a->turn, target, committed, err)) {
        s->a->exhausted = weather_kind(err) != WEATHER_NONE;
        (void)archive_mark(s->a->archive, &ignored);
        return false;
    }
    if (!*committed)
        *err = why;
    return true;
}

/* The transaction has come to its end. */
static bool finish(struct applier *a, struct err *err)
{
    a->failed = a->pairs->count;
    return archive_mark(a->archive, err);
}

bool apply_transact(struct applying *s, apply_body run, void *context, size_t whole,
                    struct err *err)
{
    struct applier *a = s->a;
    struct weather weather = {0};

    for (;;) {
        bool sent = false;
        bool committed = false;
        bool doubt;

        if (queue_begin(s, err) && run(s, context, err) && commit(s, &sent, err)) {
            if (a->states)
                turn_passed(a->turn);
            return finish(a, err);
        }
        s->reading = false;
        doubt = sent && weather_is_doubt(err);
        if (doubt && a->states && !find_out(s, &weather, &committed, err))
            return false;
        if (committed)
            return finish(a, err);
        if (!keep_archive(s, doubt && !a->states, err) || !settle_source(a, &s->wave))
            return false;
        if (a->states)
            turn_explain(err);
        if (whole ? give_up_whole(a, &weather, whole, err)
                  : make_smaller(a, &s->wave, &weather, err))
            return false;
        if (!weather_recover(&weather, a->conns[TARGET], err)) {
            a->exhausted = weather_kind(err) != WEATHER_NONE;
            return false;
        }
        a->failed = a->pairs->count;
    }
}

static bool run_wave(struct applying *s, void *context, struct err *err)
{
    (void)context;
    return wave_check(&s->wave, s->a, err) &&
           (s->wave.count == 0 || wave_run(&s->wave, s->a, &s->snapshot_ended, err));
}

bool apply_commit_wave(struct applying *s, struct err *err)
{
    if (!apply_transact(s, run_wave, NULL, 0, err))
        return false;
    s->reading = false;
    wave_settle(&s->wave, s->a);
    return true;
}

/* --- foreign keys ------------------------------------------------------------- */

static size_t table_number(const struct model *model, const char *name)
{
    const struct model_table *table = model_table(model, name);

    return table ? (size_t)(table - model->tables) : model->table_count;
}

void apply_references(struct graph *graph, const struct model *model)
{
    size_t i;
    size_t j;

    *graph = (struct graph){.count = model->table_count};
    for (i = 0; i < model->table_count; i++)
        for (j = 0; j < model->tables[i].constraint_count; j++) {
            const struct model_constraint *key = &model->tables[i].constraints[j];

            if (key->type == 'f' && !key->ref_outside)
                graph_edge(graph, i, table_number(model, key->ref_table));
        }
    graph_freeze(graph);
}

bool apply_needs(struct graph *graph, const struct model *model, const char *table,
                 const char *other)
{
    size_t from = table_number(model, table);
    size_t to = table_number(model, other);
    size_t i;

    if (from == to)
        return true;
    graph_restart(graph);
    graph_visit(graph, from);
    for (i = 0; i < graph->ordered; i++)
        if (graph->order[i] == to)
            return true;
    return false;
}

/* --- keys that are in the way ---------------------------------------------------- */

static bool has_changes(const struct applier *a, const char *table)
{
    size_t i = pairings_index_of_rows(a->pairs, table);

    return i < a->pairs->count && a->all->items[i].changes.count > 0;
}

struct choosing {
    struct applier *a;
    struct graph graph;
};

static bool is_in_the_way(void *context, const struct model_table *table,
                          const struct model_constraint *key)
{
    struct choosing *c = context;
    size_t parent = pairings_index_of_rows(c->a->pairs, key->ref_table);

    if (!has_changes(c->a, key->ref_table))
        return false;
    if (parent < c->a->pairs->count && apply_is_replaced(c->a, parent))
        return true;
    return c->a->keys_off && has_changes(c->a, table->name) &&
           apply_needs(&c->graph, c->a->pairs->models[TARGET], key->ref_table, table->name);
}

/* Schema changes are made outside of transactions: that of the comparison is over then. *off: some
 * keys are off now. */
static bool take_keys_off(struct applying *s, bool *off, struct err *err)
{
    struct applier *a = s->a;
    struct conn *target = a->conns[TARGET];
    struct choosing choosing = {.a = a};
    size_t count = 0;
    bool ok;

    *off = a->keys_were_off;
    if (!a->keys_off && a->replaced->count == 0)
        return true;
    s->reading = false;
    apply_references(&choosing.graph, a->pairs->models[TARGET]);
    ok = pipeline_end(target, err) && query_script(target, "COMMIT", err) &&
         keys_off_take(target, a->pairs->models[TARGET], is_in_the_way, &choosing, &count, err);
    *off = *off || count > 0;
    graph_release(&choosing.graph);
    return ok;
}

/* --- all of it ---------------------------------------------------------------- */

static bool move_sequences(void *context, struct err *err)
{
    const struct applier *a = context;
    struct conn *target = a->conns[TARGET];
    size_t statements = 0;

    return sequences_queue(target, a->pairs->models[SOURCE], a->pairs->models[TARGET],
                           SEQUENCES_DIFFERING, &statements, err) &&
           (statements == 0 || (pipeline_sync(target, err) && pipeline_send(&target, 1, err) &&
                                apply_read_results(target, statements, err)));
}

bool apply_upsert_all(struct applying *s, struct err *err)
{
    size_t i;

    for (i = 0; i < s->a->pairs->count && !s->done; i++)
        if (!(apply_is_replaced(s->a, i) ? apply_replace_table(s, i, err)
                                         : apply_add_table(s, BATCH_UPSERT, i, err)))
            return false;
    return apply_flush(s, false, err);
}

/* A wave of its own begins: the source's snapshot ends with the first of them (where rows are
 * replaced, what is deleted is asked for on a connection of its own). */
bool apply_delete_all(struct applying *s, struct err *err)
{
    size_t i;

    for (i = s->a->pairs->count; i-- > 0;) {
        if (s->a->applied[i].early > 0)
            s->a->left += (size_t)s->a->applied[i].too_early;
        if (!s->done && (!apply_is_replaced(s->a, i) || wave_parks(s->a, i)) &&
            !apply_add_table(s, BATCH_DELETE, i, err))
            return false;
    }
    return apply_flush(s, false, err);
}

bool apply_pieces(struct applying *s, struct err *err)
{
    struct conn *target = s->a->conns[TARGET];
    bool off;

    s->reading = true;
    if (!take_keys_off(s, &off, err) || !apply_upsert_all(s, err) || !apply_delete_all(s, err))
        return false;
    if (s->reading &&
        !(pipeline_add(target, "COMMIT", 0, NULL, err) && pipeline_sync(target, err) &&
          pipeline_send(&target, 1, err) && pipeline_next(target, NULL, err)))
        return false;
    if (!weather_pass(target, move_sequences, s->a, err))
        return false;
    return !off || (pipeline_end(target, err) &&
                    keys_off_put_back(target, s->a->pairs->models[SOURCE], err));
}
