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

void wave_reset(struct wave *wave)
{
    size_t i;

    for (i = 0; i < wave->count; i++) {
        arrays_release(&wave->batches[i].keys);
        arrays_release(&wave->batches[i].changed);
        arrays_release(&wave->batches[i].gone);
    }
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
                                    size_t width)
{
    struct wave_batch *batch;

    if (wave->count == wave->cap || !wave->batches) {
        wave->cap = wave->cap ? wave->cap * 2 : 16;
        wave->batches = mem_array(wave->batches, wave->cap, sizeof(*wave->batches));
    }
    batch = &wave->batches[wave->count++];
    *batch = (struct wave_batch){.kind = kind, .pair = pair};
    arrays_init(&batch->keys, width);
    arrays_init(&batch->changed, width);
    arrays_init(&batch->gone, width);
    return batch;
}

/* Counts are of rows: of rows without key an item stands for several that are equal. */
static void count(struct wave_batch *batch, const struct key_item *item, bool multiset)
{
    int64_t n = multiset ? item->row_hash : 1;

    if (item->kind == 'i')
        batch->inserts += n;
    else if (item->kind == 'u')
        batch->updates += n;
    else if (item->kind == 'd')
        batch->deletes += n;
}

static bool has_room(const struct wave_batch *batch, const struct applier *a, int64_t octets)
{
    return batch->keys.rows < (size_t)a->batch_rows && batch->keys.rows < a->size->rows &&
           batch->octets + octets <= BATCH_OCTETS && batch->octets + octets <= a->size->octets;
}

void wave_add(struct wave *wave, const struct applier *applier, enum batch_kind kind, size_t pair,
              const struct key_item *item)
{
    const struct row_table *rows = applier->pairs->items[pair].rows;
    struct wave_batch *batch = wave->count ? &wave->batches[wave->count - 1] : NULL;
    /* What was committed and is run again must find nothing of itself in the way. */
    bool replaces = applier->piecemeal && !row_sql_can_upsert(&rows[TARGET]);

    if (!batch || batch->kind != kind || batch->pair != pair ||
        !has_room(batch, applier, item->octets)) {
        batch = new_batch(wave, kind, pair, row_sql_key_width(&rows[SOURCE]));
        batch->wide = goes_in_pieces(applier, pair, item->octets);
    }
    arrays_add_key(&batch->keys, item);
    if (item->kind != 'i' || replaces)
        arrays_add_key(&batch->changed, item);
    if (item->kind == 'd')
        arrays_add_key(&batch->gone, item);
    if (kind != BATCH_CLEAR)
        count(batch, item, rows[SOURCE].key_count == 0);
    batch->octets += item->octets;
    wave->octets += item->octets;
    wave->rows++;
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
        sum->conflicts += b->conflicts > b->conflicts_before ? b->conflicts : b->conflicts_before;
    }
    a->kept_deletes += wave->kept;
}
