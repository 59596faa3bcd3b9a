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
#define WHOLE_OCTETS ((int64_t)32 * 1024 * 1024)

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

struct choosing {
    struct applier *a;
    struct graph graph; /* of the target's tables: children need parents */
};

static size_t table_number(const struct model *model, const char *name)
{
    const struct model_table *table = model_table(model, name);

    return table ? (size_t)(table - model->tables) : model->table_count;
}

static void add_edges(struct choosing *c)
{
    const struct model *model = c->a->pairs->models[TARGET];
    size_t i;
    size_t j;

    c->graph = (struct graph){.count = model->table_count};
    for (i = 0; i < model->table_count; i++)
        for (j = 0; j < model->tables[i].constraint_count; j++) {
            const struct model_constraint *key = &model->tables[i].constraints[j];

            if (key->type == 'f' && !key->ref_outside)
                graph_edge(&c->graph, i, table_number(model, key->ref_table));
        }
    graph_freeze(&c->graph);
}

/* True when the table is the other one, or refers to it, also by way of others. */
static bool needs(struct choosing *c, size_t table, size_t other)
{
    size_t i;

    if (table == other)
        return true;
    graph_restart(&c->graph);
    graph_visit(&c->graph, table);
    for (i = 0; i < c->graph.ordered; i++)
        if (c->graph.order[i] == other)
            return true;
    return false;
}

/* --- rows that swap unique values ---------------------------------------------- */

static bool is_replaced(const struct applier *a, size_t pair)
{
    return strlist_has(a->replaced, a->pairs->items[pair].name);
}

struct replacing {
    size_t pair;
    struct applied *before; /* of all pairings */
    int64_t kept_before;
    size_t left_before;
    bool stale; /* a merge: rows are not as they were when it was decided */
};

/* Nothing of it was committed. */
static void undo_counts(struct applier *a, const struct replacing *r)
{
    memcpy(a->applied, r->before, a->pairs->count * sizeof(*a->applied));
    a->kept_deletes = r->kept_before;
}

/* Rows that go hold unique values no longer; before them those that refer to them. A row that stays
 * after all keeps its own. */
static bool delete_early(struct applying *s, size_t pair, struct err *err)
{
    struct applier *a = s->a;
    const struct model *model = a->pairs->models[TARGET];
    struct choosing choosing = {.a = a};
    size_t parent = table_number(model, a->states[pair].table->name);
    bool ok = true;
    size_t i;

    add_edges(&choosing);
    a->early = true;
    for (i = a->pairs->count; i-- > 0 && ok;)
        if (pairing_active(&a->pairs->items[i]) &&
            needs(&choosing, table_number(model, a->states[i].table->name), parent))
            ok = apply_add_table(s, BATCH_DELETE, i, err) && apply_flush(s, false, err);
    a->early = false;
    graph_release(&choosing.graph);
    return ok;
}

/* They were committed. */
static void note_early(struct applier *a, const struct replacing *r)
{
    size_t i;

    for (i = 0; i < a->pairs->count; i++)
        a->applied[i].early += a->applied[i].deletes - r->before[i].deletes;
}

static bool replace_rows(struct applying *s, void *context, struct err *err)
{
    struct replacing *r = context;
    bool ok;

    wave_reset(&s->wave);
    undo_counts(s->a, r);
    s->a->left = r->left_before;
    if (wave_parks(s->a, r->pair) && !delete_early(s, r->pair, err))
        return false;
    if (!apply_add_table(s, BATCH_CLEAR, r->pair, err) || !apply_flush(s, false, err))
        return false;
    r->stale = s->a->left > r->left_before;
    if (r->stale)
        return err_set_hint(err, ERR_FAILED,
                            "run the program again: it begins from what there is now",
                            "rows were changed meanwhile");
    s->wave.checked = true;
    ok = apply_add_table(s, BATCH_UPSERT, r->pair, err) && apply_flush(s, false, err);
    s->wave.checked = false;
    return ok;
}

/* The whole table is left to the next round. */
static bool leave(struct applying *s, struct err *err)
{
    s->a->failed = s->a->pairs->count;
    wave_reset(&s->wave);
    return weather_settle(s->a->conns[TARGET], err);
}

/* Whether all changes of a table may be one transaction: the rows pass in waves all the same, so
 * that only the server has to hold them. */
static bool fits(const struct applier *a, size_t pair, bool *fit, struct err *err)
{
    struct keyset *changes = &a->all->items[pair].changes;
    struct key_item item;
    int64_t octets = 0;
    bool end = false;

    keyset_rewind(changes);
    while (keyset_next(changes, &item, &end, err))
        octets += item.octets;
    *fit = changes->count <= a->size->whole_rows && octets <= WHOLE_OCTETS;
    return end;
}

/* Between the transactions rows are missing: until they are back that stands in the database. */
static bool replace_apart(struct applying *s, size_t pair, struct err *err)
{
    struct conn *target = s->a->conns[TARGET];
    const char *name = s->a->pairs->items[pair].name;

    return pipeline_end(target, err) && rows_out_note(target, name, err) &&
           apply_add_table(s, BATCH_CLEAR, pair, err) && apply_flush(s, false, err) &&
           apply_add_table(s, BATCH_UPSERT, pair, err) && apply_flush(s, false, err) &&
           pipeline_end(target, err) && rows_out_forget(target, name, err);
}

/* Every changed row of the table is deleted, or lets go of its unique values, before any is
 * written. */
static bool replace_table(struct applying *s, size_t pair, struct err *err)
{
    struct applier *a = s->a;
    struct replacing replacing = {
        .pair = pair, .kept_before = a->kept_deletes, .left_before = a->left};
    size_t count = a->all->items[pair].changes.count;
    bool fit;
    bool ok;

    if (count == 0 || !pairing_active(&a->pairs->items[pair]))
        return true;
    if (!apply_flush(s, false, err) || !fits(a, pair, &fit, err))
        return false;
    /* An active database must not be without them. */
    if (!fit && !a->states)
        return replace_apart(s, pair, err);
    replacing.before = mem_array(NULL, a->pairs->count, sizeof(*replacing.before));
    memcpy(replacing.before, a->applied, a->pairs->count * sizeof(*replacing.before));
    s->whole = true;
    ok = apply_transact(s, replace_rows, &replacing, a->states ? 0 : count, err);
    s->whole = s->reading = false;
    if (!ok)
        undo_counts(a, &replacing);
    else if (wave_parks(a, pair))
        note_early(a, &replacing);
    free(replacing.before);
    if (!ok && replacing.stale)
        return leave(s, err);
    if (!ok && a->failed == a->pairs->count)
        a->failed = pair;
    return ok;
}

/* --- keys that are in the way ---------------------------------------------------- */

static bool has_changes(const struct applier *a, const char *table)
{
    size_t i = pairings_index_of_rows(a->pairs, table);

    return i < a->pairs->count && a->all->items[i].changes.count > 0;
}

static bool is_in_the_way(void *context, const struct model_table *table,
                          const struct model_constraint *key)
{
    struct choosing *c = context;
    const struct model *model = c->a->pairs->models[TARGET];
    size_t parent = pairings_index_of_rows(c->a->pairs, key->ref_table);

    if (!has_changes(c->a, key->ref_table))
        return false;
    if (parent < c->a->pairs->count && is_replaced(c->a, parent))
        return true;
    return c->a->keys_off && has_changes(c->a, table->name) &&
           needs(c, table_number(model, key->ref_table), table_number(model, table->name));
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
    add_edges(&choosing);
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

    for (i = 0; i < s->a->pairs->count; i++)
        if (!(is_replaced(s->a, i) ? replace_table(s, i, err)
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
        if ((!is_replaced(s->a, i) || wave_parks(s->a, i)) &&
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
    return !off || (pipeline_end(target, err) && keys_off_put_back(target, err));
}
