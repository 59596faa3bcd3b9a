/*
 * Rows that swap unique values, or take over those of rows that go: their table is replaced in one
 * transaction, on CockroachDB (apply_pieces.c).
 */
#include "repl/apply_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "repl/keys_off.h"
#include "repl/weather.h"

#define WHOLE_OCTETS ((int64_t)32 * 1024 * 1024)

bool apply_is_replaced(const struct applier *a, size_t pair)
{
    return strlist_has(a->replaced, a->pairs->items[pair].name);
}

struct replacing {
    size_t pair;
    struct applied *before; /* of all pairings */
    int64_t kept_before;
    size_t left_before;
    bool alone; /* without the rest of the round */
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
    struct graph graph;
    bool ok = true;
    size_t i;

    apply_references(&graph, model);
    a->early = true;
    for (i = a->pairs->count; i-- > 0 && ok;)
        if (pairing_active(&a->pairs->items[i]) &&
            apply_needs(&graph, model, a->states[i].table->name, a->states[pair].table->name))
            ok = apply_add_table(s, BATCH_DELETE, i, err) && apply_flush(s, false, err);
    a->early = false;
    graph_release(&graph);
    return ok;
}

/* They were committed. With the rest of the round nothing was too early for it, but for what an
 * earlier table keeps out of the round. */
static void note_early(struct applier *a, const struct replacing *r)
{
    size_t i;

    for (i = 0; i < a->pairs->count; i++) {
        struct applied *sum = &a->applied[i];

        sum->early += sum->deletes - r->before[i].deletes;
        if (a->together)
            sum->too_early = r->before[i].early > 0 ? r->before[i].too_early : 0;
    }
}

static bool is_stale(struct replacing *r, const struct applier *a, struct err *err)
{
    r->stale = a->left > r->left_before;
    if (r->stale)
        err_set_hint(err, ERR_FAILED, "run the program again: it begins from what there is now",
                     "rows were changed meanwhile");
    return r->stale;
}

static bool clear(struct applying *s, size_t pair, struct err *err)
{
    if (apply_add_table(s, BATCH_CLEAR, pair, err) && apply_flush(s, false, err))
        return true;
    return !strcmp(err->sqlstate, "23514") &&
           err_prefix(err, "its rows were to let go of their unique values for a moment");
}

/* What changes is deleted, or lets go, before it is written. */
static bool rewrite(struct applying *s, struct replacing *r, size_t pair, struct err *err)
{
    bool ok;

    if (!clear(s, pair, err) || is_stale(r, s->a, err))
        return false;
    s->wave.checked = true;
    ok = apply_add_table(s, BATCH_UPSERT, pair, err) && apply_flush(s, false, err);
    s->wave.checked = false;
    return ok;
}

/* Deletes what has let go, or what nobody has looked at yet; not what was committed before. */
static bool delete_rest(struct applying *s, const struct replacing *r, size_t pair, struct err *err)
{
    bool ok;

    if (pair < r->pair && apply_is_replaced(s->a, pair) && !wave_parks(s->a, pair))
        return true;
    s->wave.checked = pair >= r->pair && apply_is_replaced(s->a, pair);
    ok = apply_add_table(s, BATCH_DELETE, pair, err) && apply_flush(s, false, err);
    s->wave.checked = false;
    return ok;
}

/* A row goes once those that referred to it have been written, and they once what they refer to now
 * is there: all that is left of the round belongs to the transaction. */
static bool finish_round(struct applying *s, struct replacing *r, struct err *err)
{
    struct applier *a = s->a;
    size_t i;

    for (i = r->pair + 1; i < a->pairs->count; i++)
        if (!(apply_is_replaced(a, i) ? rewrite(s, r, i, err)
                                      : apply_add_table(s, BATCH_UPSERT, i, err)) ||
            !apply_flush(s, false, err))
            return false;
    for (i = a->pairs->count; i-- > 0;)
        if (!delete_rest(s, r, i, err))
            return false;
    return !is_stale(r, a, err);
}

static bool replace_rows(struct applying *s, void *context, struct err *err)
{
    struct replacing *r = context;
    struct applier *a = s->a;

    wave_reset(&s->wave);
    s->wave.parked = 0;
    undo_counts(a, r);
    a->left = r->left_before;
    a->together = false;
    if (wave_parks(a, r->pair) && !delete_early(s, r->pair, err))
        return false;
    a->together = !r->alone && a->applied[r->pair].too_early > r->before[r->pair].too_early;
    return rewrite(s, r, r->pair, err) && (!a->together || finish_round(s, r, err));
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

/* Where a check keeps rows that go from letting go it may be that nobody waits for their values: as
 * before, they go at the end. */
static bool replace(struct applying *s, struct replacing *r, size_t whole, struct err *err)
{
    struct err why;

    if (apply_transact(s, replace_rows, r, whole, err))
        return true;
    if (!s->a->together || strcmp(err->sqlstate, "23514") != 0)
        return false;
    why = *err;
    r->alone = true;
    if (weather_settle(s->a->conns[TARGET], err) && apply_transact(s, replace_rows, r, whole, err))
        return true;
    if (!strcmp(err->sqlstate, "23505"))
        *err = why;
    return false;
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

bool apply_replace_table(struct applying *s, size_t pair, struct err *err)
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
    ok = replace(s, &replacing, a->states ? 0 : count, err);
    s->whole = s->reading = false;
    if (!ok)
        undo_counts(a, &replacing);
    else if (wave_parks(a, pair))
        note_early(a, &replacing);
    s->done = ok && a->together;
    a->together = false;
    free(replacing.before);
    if (!ok && replacing.stale)
        return leave(s, err);
    if (!ok && a->failed == a->pairs->count)
        a->failed = pair;
    return ok;
}
