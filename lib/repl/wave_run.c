/*
 * Running a wave. The target's versions of a batch are read whole (a batch is small), the source's
 * rows pass one by one: each is matched with the version that it overwrites, for the archive, and
 * packed into the arrays of the INSERT.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/pipeline.h"
#include "db/row_sql.h"
#include "repl/instant.h"
#include "repl/row_limit.h"
#include "repl/wave.h"

/* Of the rows of one statement: with what stands around them it stays below 4 MiB. */
#define STATEMENT_BYTES ((size_t)2 * 1024 * 1024)

/* The target's versions of a batch, in key order. */
struct versions {
    struct result *result;
    size_t *order;
    bool *matched; /* the source has a row of that key */
    size_t count, width;
};

struct batch_run {
    struct wave *wave;
    struct applier *applier;
    struct wave_batch *batch;
    const struct row_table *source, *target;
    struct versions old;
    struct arrays rows; /* for the INSERT */
    bool cleared;       /* what the rows replace is deleted */
    bool row_failed;    /* what became of a row failed, not the source */
};

static int compare_keys_of(const struct result *a, size_t i, const struct result *b, size_t j,
                           size_t width)
{
    size_t k;

    for (k = 0; k < width; k++) {
        const char *x = result_text(a, i, k);
        const char *y = result_text(b, j, k);
        int order = strcmp(x ? x : "", y ? y : "");

        if (order)
            return order;
    }
    return 0;
}

static int compare_positions(const void *a, const void *b, void *context)
{
    const struct versions *v = context;

    return compare_keys_of(v->result, *(const size_t *)a, v->result, *(const size_t *)b, v->width);
}

static void versions_init(struct versions *v, struct result *result, size_t width)
{
    size_t i;

    v->result = result;
    v->count = result_rows(result);
    v->width = width;
    v->order = mem_array(NULL, v->count + 1, sizeof(*v->order));
    v->matched = mem_alloc((v->count + 1) * sizeof(*v->matched));
    for (i = 0; i < v->count; i++)
        v->order[i] = i;
    if (v->count > 1)
        qsort_r(v->order, v->count, sizeof(*v->order), compare_positions, v);
}

static void versions_release(struct versions *v)
{
    free(v->order);
    free(v->matched);
    result_free(v->result);
}

/*
 * Marks a version with the key of `row`, one that was not marked before; returns it, or v->count.
 * Equal rows of a table without key are marked one by one: what is left over is lost.
 */
static size_t versions_match(struct versions *v, const struct result *row)
{
    size_t low = 0;
    size_t high = v->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_keys_of(v->result, v->order[middle], row, 0, v->width) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < v->count && v->matched[v->order[low]])
        low++;
    if (low == v->count || compare_keys_of(v->result, v->order[low], row, 0, v->width) != 0)
        return v->count;
    v->matched[v->order[low]] = true;
    return v->order[low];
}

/* False for rows without key that only the client compares as a whole (db/row_sql.h): all that are
 * replaced count as lost. */
static bool told_by_key(const struct row_table *table)
{
    return table->key_count > 0 || row_sql_client_columns(table) == 0;
}

/* A standby row that is newer than the active's: somebody wrote to the standby. */
static bool is_conflict(const struct batch_run *run, const struct result *row, size_t at)
{
    const struct row_table *table = run->source;
    size_t column;

    if (!table->change || table->key_count == 0)
        return false;
    for (column = 0; table->columns[column] != table->change; column++)
        ;
    column += row_sql_key_width(table);
    return instant_is_later(result_text(run->old.result, at, column), result_text(row, 0, column));
}

/* Why a version of the target goes to the archive. */
static const char *reason(const struct applier *a, const char *ordinary)
{
    return a->merge ? "merge" : ordinary;
}

/* Nothing is lost where the target has the row already, as it is. */
static bool is_same(const struct batch_run *run, const struct result *row, size_t at)
{
    size_t width = row_sql_key_width(run->source);
    size_t i;

    for (i = width; i < width + run->source->column_count; i++) {
        const char *old = result_text(run->old.result, at, i);
        const char *new = result_text(row, 0, i);

        if (!old != !new || (old && strcmp(old, new) != 0))
            return false;
    }
    return true;
}

/* Of equal rows of a multiset nothing is lost. */
static bool archive_overwritten(struct batch_run *run, const struct result *row, size_t at,
                                struct err *err)
{
    struct applier *a = run->applier;
    bool conflict;

    if (at == run->old.count || run->source->key_count == 0 || run->wave->checked ||
        is_same(run, row, at))
        return true;
    conflict = is_conflict(run, row, at);
    run->batch->conflicts += conflict;
    return archive_add(a->archive, run->target, reason(a, conflict ? "conflict" : "update"), row, 0,
                       run->old.result, at, err);
}

/* The rows at hand as a statement; before the first one those go that cannot be upserted. */
static bool queue_rows_at_hand(struct batch_run *run, struct err *err)
{
    struct applier *a = run->applier;
    bool upsert = row_sql_can_upsert(run->target);
    struct buf sql = BUF_INIT;
    bool ok = true;

    if (!upsert && a->way == APPLY_UPSERT && !run->cleared)
        ok = wave_queue_delete(run->wave, a, run->batch->pair, &run->batch->changed, run->old.count,
                               err);
    run->cleared = true;
    if (ok && run->rows.rows) {
        row_sql_insert(&sql, run->target, upsert);
        ok = wave_queue_insert(run->wave, a, run->batch->pair, sql.data, &run->rows, err);
        buf_release(&sql);
        arrays_reset(&run->rows);
    }
    return ok;
}

static bool refuse_row(struct batch_run *run, const struct result *row, size_t bytes,
                       struct err *err)
{
    struct buf name = BUF_INIT;

    row_limit_name_keys(&name, run->source, row, 0);
    row_limit_refuse(err, run->applier->conns[TARGET], name.data, bytes);
    buf_release(&name);
    return false;
}

/* A statement is bounded by what its rows really are: what they were found by may leave out wide
 * columns. */
static bool add_row(struct batch_run *run, const struct result *row, struct err *err)
{
    size_t width = row_sql_key_width(run->source);
    size_t before;
    size_t bytes = 0;
    size_t i;

    for (i = 0; i < run->rows.width; i++)
        bytes += result_length(row, 0, width + i);
    if (run->rows.rows && arrays_bytes(&run->rows) + bytes > STATEMENT_BYTES &&
        !(queue_rows_at_hand(run, err) && pipeline_send(&run->applier->conns[TARGET], 1, err)))
        return false;
    before = arrays_bytes(&run->rows);
    arrays_add_row(&run->rows, row, 0, width);
    bytes = arrays_bytes(&run->rows) - before;
    return conn_kind(run->applier->conns[TARGET]) != ENGINE_COCKROACH || bytes <= ROW_LIMIT ||
           refuse_row(run, row, bytes, err);
}

static bool take_row(void *context, const struct result *row, struct err *err)
{
    struct batch_run *run = context;
    struct applier *a = run->applier;
    size_t at = told_by_key(run->source) ? versions_match(&run->old, row) : run->old.count;

    if (run->batch->kind == BATCH_LOSE)
        run->row_failed =
            !archive_add(a->archive, run->target, "conflict",
                         at < run->old.count ? run->old.result : NULL, at, row, 0, err);
    else
        run->row_failed = !archive_overwritten(run, row, at, err) ||
                          (run->batch->kind == BATCH_UPSERT && !add_row(run, row, err));
    return !run->row_failed;
}

struct conn *wave_asked_again(const struct applier *a)
{
    return a->recheck ? a->recheck : a->conns[SOURCE];
}

static bool queue_rows(struct applier *a, struct wave_batch *b, struct err *err)
{
    const struct pairing *pair = &a->pairs->items[b->pair];

    if (b->changed.rows && !wave_queue_for_keys(a->conns[TARGET], &pair->rows[TARGET],
                                                row_sql_rows_of, &b->changed, err))
        return false;
    return b->kind == BATCH_DELETE || wave_queue_for_keys(a->conns[SOURCE], &pair->rows[SOURCE],
                                                          row_sql_rows_of, &b->keys, err);
}

static bool queue_reads(struct applier *a, struct wave_batch *b, bool *snapshot_ended,
                        struct err *err)
{
    if (!(b->wide ? wave_wide_queue(a, b, err) : queue_rows(a, b, err)))
        return false;
    if (!b->gone.rows)
        return true;
    if (!*snapshot_ended && !a->recheck) {
        if (!pipeline_add(a->conns[SOURCE], "COMMIT", 0, NULL, err))
            return false;
        *snapshot_ended = true;
    }
    return wave_queue_for_keys(wave_asked_again(a), &a->pairs->items[b->pair].rows[SOURCE],
                               row_sql_keys_of, &b->gone, err);
}

/* Equal rows of which the source has fewer. */
static bool archive_surplus(struct batch_run *run, struct err *err)
{
    const struct versions *old = &run->old;
    size_t i;

    for (i = 0; i < old->count && run->target->key_count == 0; i++)
        if (!old->matched[i] &&
            !archive_add(run->applier->archive, run->target, reason(run->applier, "delete"), NULL,
                         0, old->result, i, err))
            return false;
    return true;
}

static bool queue_insert(struct batch_run *run, struct err *err)
{
    return queue_rows_at_hand(run, err) &&
           wave_queue_parent_locks(run->wave, run->applier, run->batch, err) &&
           wave_queue_base(run->wave, run->applier, run->batch, err);
}

/* True when the list of keys (as row_sql_keys_of selects it) has the key of version i. */
static bool listed(const struct result *keys, const struct versions *v, size_t i)
{
    size_t j;
    size_t k;

    for (j = 0; j < result_rows(keys); j++) {
        for (k = 0;
             k < v->width && !strcmp(result_text(keys, j, 3 + k), result_text(v->result, i, k));
             k++)
            ;
        if (k == v->width)
            return true;
    }
    return false;
}

/* Keys of versions, by what becomes of them: of BATCH_CLEAR they may let go alone, and be written
 * or deleted later. */
enum fate { DELETED, WRITTEN_LATER, DELETED_LATER, FATES };

/* Archives the versions that the source does not have, and collects the keys. */
static bool doom(struct batch_run *run, const struct result *again, struct arrays *keys,
                 struct err *err)
{
    struct applier *a = run->applier;
    struct versions *old = &run->old;
    bool parks = run->batch->kind == BATCH_CLEAR && wave_parks(a, run->batch->pair);
    enum fate fate;
    size_t i;

    for (i = 0; i < old->count; i++) {
        if (!old->matched[i]) {
            if (again && listed(again, old, i)) {
                run->wave->kept++;
                /* It must not stay without its values: another round decides about it. */
                a->left += a->together;
                continue;
            }
            if (!run->wave->checked && !archive_add(a->archive, run->target, reason(a, "delete"),
                                                    NULL, 0, old->result, i, err))
                return false;
        }
        fate = !parks ? DELETED : old->matched[i] ? WRITTEN_LATER : DELETED_LATER;
        arrays_add_row(&keys[fate], old->result, i, 0);
    }
    return true;
}

static bool run_deletes(struct batch_run *run, struct err *err)
{
    struct result *again = NULL;
    struct arrays keys[FATES];
    size_t pair = run->batch->pair;
    enum fate fate;
    bool ok = true;

    if (run->batch->gone.rows) {
        ok = pipeline_next(wave_asked_again(run->applier), &again, err);
        run->wave->source_failed = !ok;
    }
    for (fate = DELETED; fate < FATES; fate++)
        arrays_init(&keys[fate], row_sql_key_width(run->target));
    ok =
        ok && doom(run, again, keys, err) &&
        wave_queue_park(run->wave, run->applier, pair, &keys[WRITTEN_LATER], false, err) &&
        wave_queue_park(run->wave, run->applier, pair, &keys[DELETED_LATER], true, err) &&
        wave_queue_delete(run->wave, run->applier, pair, &keys[DELETED], keys[DELETED].rows, err) &&
        (run->target->key_count > 0 || keys[DELETED].rows == 0 ||
         wave_queue_base(run->wave, run->applier, run->batch, err));
    for (fate = DELETED; fate < FATES; fate++)
        arrays_release(&keys[fate]);
    result_free(again);
    return ok;
}

/* The answer to the COMMIT before the first question outside the snapshot. */
static bool read_commit(struct wave *wave, struct applier *a, const struct wave_batch *b,
                        bool *pending, struct err *err)
{
    if (!b->gone.rows || !*pending)
        return true;
    *pending = false;
    wave->source_failed = !pipeline_next(a->conns[SOURCE], NULL, err);
    return !wave->source_failed;
}

static bool run_rows(struct wave *wave, struct applier *a, struct wave_batch *b,
                     bool *commit_pending, struct err *err)
{
    struct batch_run run = {.wave = wave, .applier = a, .batch = b};
    struct result *old = NULL;
    bool ok = true;

    run.source = &a->pairs->items[b->pair].rows[SOURCE];
    run.target = &a->pairs->items[b->pair].rows[TARGET];
    if (b->changed.rows && !pipeline_next(a->conns[TARGET], &old, err))
        return false;
    versions_init(&run.old, old, row_sql_key_width(run.target));
    arrays_init(&run.rows, run.target->column_count);
    if (b->kind != BATCH_DELETE) {
        ok = pipeline_rows(a->conns[SOURCE], take_row, &run, err);
        wave->source_failed = !ok && !run.row_failed;
    }
    ok = ok && read_commit(wave, a, b, commit_pending, err);
    if (ok)
        ok = b->kind == BATCH_LOSE ||
             (b->kind == BATCH_UPSERT ? archive_surplus(&run, err) && queue_insert(&run, err)
                                      : run_deletes(&run, err));
    arrays_release(&run.rows);
    versions_release(&run.old);
    return ok;
}

static bool run_batch(struct wave *wave, struct applier *a, struct wave_batch *b,
                      bool *commit_pending, struct err *err)
{
    bool ok;

    b->conflicts = 0;
    ok = b->wide ? read_commit(wave, a, b, commit_pending, err) && wave_wide_run(wave, a, b, err)
                 : run_rows(wave, a, b, commit_pending, err);
    return ok && pipeline_send(&a->conns[TARGET], 1, err);
}

/* Queues and sends what the wave asks of both sides. */
static bool ask(struct wave *wave, struct applier *a, bool *snapshot_ended, struct err *err)
{
    size_t i;

    for (i = 0; i < wave->count; i++)
        if (!queue_reads(a, &wave->batches[i], snapshot_ended, err))
            return false;
    return pipeline_sync(a->conns[SOURCE], err) && pipeline_sync(a->conns[TARGET], err) &&
           (!a->recheck || pipeline_sync(a->recheck, err)) && pipeline_send(a->conns, 2, err) &&
           (!a->recheck || pipeline_send(&a->recheck, 1, err));
}

bool wave_run(struct wave *wave, struct applier *a, bool *snapshot_ended, struct err *err)
{
    bool ended_before = *snapshot_ended;
    bool commit_pending;
    size_t i;

    wave->kept = 0;
    wave->pending_count = 0;
    wave->source_failed = false;
    if (!ask(wave, a, snapshot_ended, err))
        return false;
    for (; wave->before > 0; wave->before--)
        if (!pipeline_next(a->conns[TARGET], NULL, err))
            return false;
    commit_pending = *snapshot_ended && !ended_before;
    for (i = 0; i < wave->count; i++)
        if (!run_batch(wave, a, &wave->batches[i], &commit_pending, err)) {
            a->failed = wave->batches[i].pair;
            return false;
        }
    return archive_sync(a->archive, err);
}
