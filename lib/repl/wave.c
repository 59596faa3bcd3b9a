/* Filling a wave: rows into batches, batches into waves, both bounded in bytes. What happens with
 * one: wave_run.c. */
#include "repl/wave.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/engine_dml.h"
#include "db/row_sql.h"

#define WAVE_BATCHES 256
#define BATCH_OCTETS ((int64_t)1024 * 1024)

void wave_init(struct wave *wave)
{
    memset(wave, 0, sizeof(*wave));
}

static void init(struct wave_batch *batch, size_t width, const char *dir)
{
    arrays_init(&batch->keys, width);
    arrays_init(&batch->changed, width);
    arrays_init(&batch->gone, width);
    keyset_init(&batch->items, dir);
}

static void release(struct wave_batch *batch)
{
    arrays_release(&batch->keys);
    arrays_release(&batch->changed);
    arrays_release(&batch->gone);
    keyset_release(&batch->items);
}

void wave_reset(struct wave *wave)
{
    size_t i;

    for (i = 0; i < wave->count; i++)
        release(&wave->batches[i]);
    wave->count = wave->rows = wave->pending_count = 0;
    wave->octets = 0;
}

void wave_release(struct wave *wave)
{
    wave_reset(wave);
    free(wave->batches);
    free(wave->pending);
    wave_init(wave);
}

bool wave_full(const struct wave *wave, const struct applier *a, int64_t octets)
{
    return wave->count > 0 && (wave->octets + octets > a->size->octets ||
                               wave->rows >= a->size->rows || wave->count >= WAVE_BATCHES);
}

/*
 * Beyond the size of a batch, where both engines and the target's privileges allow it. A row
 * without key is told by its hash, which does not say that there is only one.
 */
static bool goes_in_pieces(const struct applier *a, size_t pair, int64_t octets)
{
    const struct row_table *rows = a->pairs->items[pair].rows;

    return octets > BATCH_OCTETS && a->temporary && rows[SOURCE].key_count > 0 &&
           rows[SOURCE].dml->pieces && rows[TARGET].dml->pieces;
}

static struct wave_batch *new_batch(struct wave *wave, enum batch_kind kind, size_t pair,
                                    size_t width, const char *dir)
{
    struct wave_batch *batch;

    if (wave->count == wave->cap || !wave->batches) {
        wave->cap = wave->cap ? wave->cap * 2 : 16;
        wave->batches = mem_array(wave->batches, wave->cap, sizeof(*wave->batches));
    }
    batch = &wave->batches[wave->count++];
    *batch = (struct wave_batch){.kind = kind, .pair = pair};
    init(batch, width, dir);
    return batch;
}

/* Counts are of rows: of rows without key an item stands for several that are equal. */
static void count(struct wave_batch *batch, const struct key_item *item, bool multiset)
{
    int64_t n = multiset ? item->row_hash : 1;
    char kind = item->counts_as ? item->counts_as : item->kind;

    if (kind == 'i')
        batch->inserts += n;
    else if (kind == 'u')
        batch->updates += n;
    else if (kind == 'd')
        batch->deletes += n;
    batch->decided += item->conflict ? n : 0;
    batch->kept += item->kept ? n : 0;
}

static bool has_room(const struct wave_batch *batch, const struct applier *a, int64_t octets)
{
    return batch->keys.rows < (size_t)a->batch_rows && batch->keys.rows < a->size->rows &&
           batch->octets + octets <= BATCH_OCTETS && batch->octets + octets <= a->size->octets;
}

static bool put(struct wave_batch *batch, const struct applier *a, const struct key_item *item,
                struct err *err)
{
    const struct row_table *rows = a->pairs->items[batch->pair].rows;
    /* What was committed and is run again must find nothing of itself in the way. */
    bool replaces = a->piecemeal && !row_sql_can_upsert(&rows[TARGET]);

    arrays_add_key(&batch->keys, item);
    if (item->kind != 'i' || replaces)
        arrays_add_key(&batch->changed, item);
    if (item->kind == 'd')
        arrays_add_key(&batch->gone, item);
    if (batch->kind == BATCH_CLEAR ? item->kind == 'd' && !wave_parks(a, batch->pair)
                                   : batch->kind != BATCH_LOSE)
        count(batch, item, rows[SOURCE].key_count == 0);
    batch->octets += item->octets;
    return !a->states || keyset_add(&batch->items, item, err);
}

bool wave_add(struct wave *wave, const struct applier *applier, enum batch_kind kind, size_t pair,
              const struct key_item *item, struct err *err)
{
    const struct row_table *rows = applier->pairs->items[pair].rows;
    struct wave_batch *batch = wave->count ? &wave->batches[wave->count - 1] : NULL;

    if (!batch || batch->kind != kind || batch->pair != pair ||
        !has_room(batch, applier, item->octets)) {
        batch = new_batch(wave, kind, pair, row_sql_key_width(&rows[SOURCE]),
                          applier->all->items[pair].changes.dir);
        batch->wide = goes_in_pieces(applier, pair, item->octets);
    }
    wave->octets += item->octets;
    wave->rows++;
    return put(batch, applier, item, err);
}

bool wave_choose(struct wave *wave, const struct applier *a, size_t number, const bool *kept,
                 struct err *err)
{
    struct wave_batch before = wave->batches[number];
    struct wave_batch *batch = &wave->batches[number];
    size_t width = before.keys.width;
    struct key_item item;
    size_t place = 0;
    bool end = false;
    bool ok = true;

    *batch = (struct wave_batch){.kind = before.kind, .pair = before.pair};
    init(batch, width, before.items.dir);
    keyset_rewind(&before.items);
    while (ok && keyset_next(&before.items, &item, &end, err))
        if (kept[place++])
            ok = put(batch, a, &item, err);
    release(&before);
    return ok && end;
}

void wave_tidy(struct wave *wave)
{
    size_t kept = 0;
    size_t i;

    for (i = 0; i < wave->count; i++)
        if (wave->batches[i].keys.rows == 0)
            release(&wave->batches[i]);
        else
            wave->batches[kept++] = wave->batches[i];
    wave->count = kept;
}

void wave_doubt(struct wave *wave)
{
    size_t i;

    for (i = 0; i < wave->count; i++)
        if (wave->batches[i].conflicts > wave->batches[i].conflicts_before)
            wave->batches[i].conflicts_before = wave->batches[i].conflicts;
}

void wave_settle(const struct wave *wave, struct applier *a)
{
    size_t i;

    for (i = 0; i < wave->count; i++) {
        const struct wave_batch *b = &wave->batches[i];
        struct applied *sum = &a->applied[b->pair];

        sum->inserts += b->inserts;
        sum->updates += b->updates;
        sum->deletes += b->deletes;
        /* One that is run again after it was committed finds no conflict any more. */
        if (a->merge)
            sum->conflicts += b->decided;
        else
            sum->conflicts +=
                b->conflicts > b->conflicts_before ? b->conflicts : b->conflicts_before;
        sum->kept += b->kept;
    }
    a->kept_deletes += wave->kept;
}
