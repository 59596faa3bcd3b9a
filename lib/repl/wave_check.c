/* Whether the rows of a wave are still what a merge has decided about. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/merge_sql.h"
#include "db/pipeline.h"
#include "repl/merge.h"
#include "repl/wave.h"

/* A row as it is now. */
struct row_now {
    int64_t hash;
    uint64_t own;
    bool there;
    bool referred; /* others would be deleted or changed with it */
};

struct states {
    struct row_now *items; /* by place */
    size_t count;
};

/* --- asking ----------------------------------------------------------------------------------- */

/* Of rows that have let go it is still asked who refers to them. */
static bool is_checked(const struct wave *wave, const struct wave_batch *batch)
{
    return wave->checked ? batch->kind == BATCH_DELETE : batch->kind != BATCH_LOSE;
}

/* The server deletes or changes rows that refer by it, instead of refusing. Neither may what is
 * deleted early be referred to, nor a row by one of its own table, which may be deleted by another
 * batch. */
static bool minds(const struct applier *a, const struct wave_batch *batch,
                  const struct model_table *child, const struct model_constraint *key)
{
    const struct model_table *table = a->states[batch->pair].table;

    return batch->kind == BATCH_DELETE && key->type == 'f' && !key->ref_outside &&
           !strcmp(key->ref_table, table->name) &&
           (a->early || child == table || strchr("cnd", key->on_delete));
}

/* Calls step for every foreign key by which rows must not be referred to. */
typedef bool (*key_step)(struct applier *a, struct wave_batch *batch,
                         const struct model_table *child, const struct model_constraint *key,
                         void *context, struct err *err);

static bool each_key(struct applier *a, struct wave_batch *batch, key_step step, void *context,
                     struct err *err)
{
    const struct model *model = a->pairs->models[TARGET];
    size_t i;
    size_t j;

    for (i = 0; i < model->table_count; i++)
        for (j = 0; j < model->tables[i].constraint_count; j++) {
            const struct model_constraint *key = &model->tables[i].constraints[j];

            if (minds(a, batch, &model->tables[i], key) &&
                !step(a, batch, &model->tables[i], key, context, err))
                return false;
        }
    return true;
}

static bool queue_referred(struct applier *a, struct wave_batch *batch,
                           const struct model_table *child, const struct model_constraint *key,
                           void *context, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    (void)context;
    merge_sql_referred(&sql, &a->states[batch->pair], child, key);
    ok = arrays_queue(&batch->keys, a->conns[TARGET], sql.data, err);
    buf_release(&sql);
    return ok;
}

static bool queue(struct applier *a, struct wave_batch *batch, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    merge_sql_states(&sql, &a->states[batch->pair], "UTC");
    ok = arrays_queue(&batch->keys, a->conns[TARGET], sql.data, err) &&
         each_key(a, batch, queue_referred, NULL, err);
    buf_release(&sql);
    return ok;
}

/* --- judging ---------------------------------------------------------------------------------- */

static struct row_now *state_at(const struct states *states, const struct result *row)
{
    int64_t place = result_int(row, 0, 0);

    return place >= 1 && (size_t)place <= states->count ? &states->items[place - 1] : NULL;
}

static bool read_state(void *context, const struct result *row, struct err *err)
{
    struct row_now *state = state_at(context, row);

    (void)err;
    if (!state)
        return true;
    state->there = true;
    state->hash += result_int(row, 0, 1);
    if (result_columns(row) > 3)
        state->own += compare_parse_sum(result_text(row, 0, 3));
    return true;
}

static bool read_place(void *context, const struct result *row, struct err *err)
{
    struct row_now *state = state_at(context, row);

    (void)err;
    if (state)
        state->referred = true;
    return true;
}

static bool read_referred(struct applier *a, struct wave_batch *batch,
                          const struct model_table *child, const struct model_constraint *key,
                          void *context, struct err *err)
{
    (void)batch;
    (void)child;
    (void)key;
    return pipeline_rows(a->conns[TARGET], read_place, context, err);
}

enum verdict {
    KEEP,
    LEAVE, /* to the next round */
    PASS   /* there is nothing to do, or it is too early */
};

/* What the primary adds must still be absent, what it changes or deletes as it was. A row that is
 * to be deleted and is gone needs nothing. */
static enum verdict verdict_of(const struct applier *a, bool checked, const struct row_now *state,
                               const struct key_item *item)
{
    if (item->kind == 'i')
        return state->there ? LEAVE : KEEP;
    if (item->kind == 'd' && !state->there)
        return PASS;
    if (!state->there || (!checked && merge_state_sum(state->hash, state->own) != item->digest))
        return LEAVE;
    if (!state->referred)
        return KEEP;
    return a->early ? PASS : LEAVE;
}

/* Rows of the batch do not count as referring, being deleted as well. One that stays after all
 * does. */
static bool refers_to_itself(const struct applier *a, const struct wave_batch *batch)
{
    const struct model_table *table = a->states[batch->pair].table;
    size_t i;

    for (i = 0; i < table->constraint_count; i++)
        if (minds(a, batch, table, &table->constraints[i]))
            return true;
    return false;
}

static bool judge(struct wave *wave, struct applier *a, size_t number, const struct states *states,
                  struct err *err)
{
    struct keyset *items = &wave->batches[number].items;
    bool *kept = mem_alloc((states->count + 1) * sizeof(*kept));
    struct key_item item;
    size_t taken_out = 0;
    size_t place = 0;
    bool end = false;
    bool ok;

    keyset_rewind(items);
    while (keyset_next(items, &item, &end, err)) {
        enum verdict verdict = verdict_of(a, wave->checked, &states->items[place], &item);

        kept[place++] = verdict == KEEP;
        taken_out += verdict != KEEP;
        a->left += verdict == LEAVE;
        a->applied[wave->batches[number].pair].too_early +=
            verdict == PASS && states->items[place - 1].there;
    }
    ok = end && (taken_out == 0 || wave_choose(wave, a, number, kept, err));
    wave->batches[number].settled = taken_out == 0 || !refers_to_itself(a, &wave->batches[number]);
    free(kept);
    return ok;
}

static bool receive(struct wave *wave, struct applier *a, size_t number, struct err *err)
{
    struct wave_batch *batch = &wave->batches[number];
    struct states states = {.count = batch->keys.rows};
    bool ok;

    states.items = mem_alloc((states.count + 1) * sizeof(*states.items));
    ok = pipeline_rows(a->conns[TARGET], read_state, &states, err) &&
         each_key(a, batch, read_referred, &states, err) && judge(wave, a, number, &states, err);
    free(states.items);
    return ok;
}

static bool ask(struct wave *wave, struct applier *a, struct err *err)
{
    struct conn *target = a->conns[TARGET];
    size_t i;

    for (i = 0; i < wave->count; i++)
        if (!wave->batches[i].settled && !queue(a, &wave->batches[i], err))
            return false;
    if (!pipeline_sync(target, err) || !pipeline_send(&target, 1, err))
        return false;
    for (; wave->before > 0; wave->before--)
        if (!pipeline_next(target, NULL, err))
            return false;
    return true;
}

/* *settled: no row was taken out that another one of its batch may depend on. */
static bool answer(struct wave *wave, struct applier *a, bool *settled, struct err *err)
{
    size_t i;

    *settled = true;
    for (i = 0; i < wave->count; i++) {
        if (wave->batches[i].settled)
            continue;
        if (!receive(wave, a, i, err)) {
            a->failed = wave->batches[i].pair;
            return false;
        }
        *settled = *settled && wave->batches[i].settled;
    }
    return true;
}

bool wave_check(struct wave *wave, struct applier *a, struct err *err)
{
    bool settled = true;
    size_t i;

    if (!a->states)
        return true;
    for (i = 0; i < wave->count; i++) {
        wave->batches[i].settled = !is_checked(wave, &wave->batches[i]);
        settled = settled && wave->batches[i].settled;
    }
    while (!settled)
        if (!ask(wave, a, err) || !answer(wave, a, &settled, err))
            return false;
    wave_tidy(wave);
    return true;
}
