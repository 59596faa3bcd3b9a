/*
 * Running a wave. The target's versions of a batch are read whole (a batch is small), the source's
 * rows pass one by one: each is matched with the version that it overwrites, for the archive, and
 * packed into the arrays of the INSERT.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/merge_sql.h"
#include "db/pipeline.h"
#include "db/row_sql.h"
#include "repl/instant.h"
#include "repl/wave.h"

/* The target's versions of a batch, in key order. */
struct versions {
    struct result *result;
    size_t *order;
    bool *matched; /* the source has a row of that key */
    size_t count, width;
};

struct batch_run {
    struct applier *applier;
    struct wave_batch *batch;
    const struct row_table *source, *target;
    struct versions old;
    struct arrays rows; /* for the INSERT */
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

static bool take_row(void *context, const struct result *row, struct err *err)
{
    struct batch_run *run = context;
    struct applier *a = run->applier;
    size_t at = told_by_key(run->source) ? versions_match(&run->old, row) : run->old.count;

    if (run->batch->kind == BATCH_LOSE)
        return archive_add(a->archive, run->target, "conflict",
                           at < run->old.count ? run->old.result : NULL, at, row, 0, err);
    /* Of equal rows of a multiset nothing is lost. */
    if (at < run->old.count && run->source->key_count > 0) {
        bool conflict = is_conflict(run, row, at);

        a->conflicts[run->batch->pair] += conflict;
        if (!archive_add(a->archive, run->target, reason(a, conflict ? "conflict" : "update"), row,
                         0, run->old.result, at, err))
            return false;
    }
    if (run->batch->kind == BATCH_UPSERT)
        arrays_add_row(&run->rows, row, 0, row_sql_key_width(run->source));
    return true;
}

bool wave_queue_for_keys(struct conn *conn, const struct row_table *table,
                         void (*write)(struct buf *, const struct row_table *), struct arrays *keys,
                         struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    write(&sql, table);
    ok = arrays_queue(keys, conn, sql.data, err);
    buf_release(&sql);
    return ok;
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

void wave_note_pending(struct wave *wave, size_t pair)
{
    if (wave->pending_count == wave->pending_cap) {
        wave->pending_cap = wave->pending_cap ? wave->pending_cap * 2 : 64;
        wave->pending = mem_array(wave->pending, wave->pending_cap, sizeof(*wave->pending));
    }
    wave->pending[wave->pending_count++] = pair;
}

/* A statement that must take that many rows. */
static bool queue_counted(struct wave *wave, struct applier *a, size_t pair, const char *statement,
                          struct arrays *arrays, size_t rows, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    row_sql_counted_open(&sql);
    buf_adds(&sql, statement);
    row_sql_counted_close(&sql, rows);
    wave_note_pending(wave, pair);
    ok = arrays_queue(arrays, a->conns[TARGET], sql.data, err);
    buf_release(&sql);
    return ok;
}

bool wave_queue_insert(struct wave *wave, struct applier *a, size_t pair, const char *sql,
                       struct arrays *rows, struct err *err)
{
    return queue_counted(wave, a, pair, sql, rows, rows->rows, err);
}

/* Rows with a key may be gone already: with their parent, or because an upsert changed how their
 * key is written. What counts is that none is left. */
bool wave_queue_delete(struct wave *wave, struct applier *a, size_t pair, struct arrays *keys,
                       size_t rows, struct err *err)
{
    const struct row_table *table = &a->pairs->items[pair].rows[TARGET];
    struct buf sql = BUF_INIT;
    bool ok;

    if (!keys->rows)
        return true;
    if (table->key_count == 0) {
        row_sql_delete(&sql, table);
        ok = queue_counted(wave, a, pair, sql.data, keys, rows, err);
        buf_release(&sql);
        return ok;
    }
    wave_note_pending(wave, pair);
    wave_note_pending(wave, pair);
    return wave_queue_for_keys(a->conns[TARGET], table, row_sql_delete, keys, err) &&
           wave_queue_for_keys(a->conns[TARGET], table, row_sql_left_over, keys, err);
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

bool wave_queue_parent_locks(struct wave *wave, struct applier *a, struct wave_batch *b,
                             struct err *err)
{
    const struct row_table *rows = &a->pairs->items[b->pair].rows[TARGET];
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < rows->table->constraint_count && ok && a->merge && a->unchecked; i++) {
        const struct model_constraint *c = &rows->table->constraints[i];

        if (c->type != 'f' || c->ref_outside || c->inherited)
            continue;
        buf_reset(&sql);
        merge_sql_lock_parents(&sql, rows, c);
        wave_note_pending(wave, b->pair);
        ok = arrays_queue(&b->keys, a->conns[TARGET], sql.data, err);
    }
    buf_release(&sql);
    return ok;
}

static bool queue_insert(struct wave *wave, struct batch_run *run, struct err *err)
{
    struct applier *a = run->applier;
    bool upsert = row_sql_can_upsert(run->target);
    struct buf sql = BUF_INIT;
    bool ok;

    if (!upsert && a->way == APPLY_UPSERT &&
        !wave_queue_delete(wave, a, run->batch->pair, &run->batch->changed, run->old.count, err))
        return false;
    if (!run->rows.rows)
        return true;
    row_sql_insert(&sql, run->target, upsert);
    ok = wave_queue_insert(wave, a, run->batch->pair, sql.data, &run->rows, err);
    buf_release(&sql);
    return ok && wave_queue_parent_locks(wave, a, run->batch, err);
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

/* Archives the versions that the source does not have, and collects the keys to delete. */
static bool doom(struct batch_run *run, const struct result *again, struct arrays *doomed,
                 struct err *err)
{
    struct applier *a = run->applier;
    struct versions *old = &run->old;
    size_t i;

    for (i = 0; i < old->count; i++) {
        if (!old->matched[i]) {
            if (again && listed(again, old, i)) {
                a->kept_deletes++;
                continue;
            }
            if (!archive_add(a->archive, run->target, reason(a, "delete"), NULL, 0, old->result, i,
                             err))
                return false;
        }
        arrays_add_row(doomed, old->result, i, 0);
    }
    return true;
}

static bool run_deletes(struct wave *wave, struct batch_run *run, struct err *err)
{
    struct result *again = NULL;
    struct arrays doomed;
    bool ok = true;

    if (run->batch->gone.rows)
        ok = pipeline_next(wave_asked_again(run->applier), &again, err);
    arrays_init(&doomed, row_sql_key_width(run->target));
    ok = ok && doom(run, again, &doomed, err) &&
         wave_queue_delete(wave, run->applier, run->batch->pair, &doomed, doomed.rows, err);
    arrays_release(&doomed);
    result_free(again);
    return ok;
}

/* The answer to the COMMIT before the first question outside the snapshot. */
static bool read_commit(struct applier *a, const struct wave_batch *b, bool *pending,
                        struct err *err)
{
    if (!b->gone.rows || !*pending)
        return true;
    *pending = false;
    return pipeline_next(a->conns[SOURCE], NULL, err);
}

static bool run_rows(struct wave *wave, struct applier *a, struct wave_batch *b,
                     bool *commit_pending, struct err *err)
{
    struct batch_run run = {.applier = a, .batch = b};
    struct result *old = NULL;
    bool ok = true;

    run.source = &a->pairs->items[b->pair].rows[SOURCE];
    run.target = &a->pairs->items[b->pair].rows[TARGET];
    if (b->changed.rows && !pipeline_next(a->conns[TARGET], &old, err))
        return false;
    versions_init(&run.old, old, row_sql_key_width(run.target));
    arrays_init(&run.rows, run.target->column_count);
    if (b->kind != BATCH_DELETE)
        ok = pipeline_rows(a->conns[SOURCE], take_row, &run, err);
    ok = ok && read_commit(a, b, commit_pending, err);
    if (ok)
        ok = b->kind == BATCH_LOSE ||
             (b->kind == BATCH_UPSERT ? archive_surplus(&run, err) && queue_insert(wave, &run, err)
                                      : run_deletes(wave, &run, err));
    arrays_release(&run.rows);
    versions_release(&run.old);
    return ok;
}

static bool run_batch(struct wave *wave, struct applier *a, struct wave_batch *b,
                      bool *commit_pending, struct err *err)
{
    bool ok = b->wide ? read_commit(a, b, commit_pending, err) && wave_wide_run(wave, a, b, err)
                      : run_rows(wave, a, b, commit_pending, err);

    return ok && pipeline_send(&a->conns[TARGET], 1, err);
}

bool wave_run(struct wave *wave, struct applier *a, bool *snapshot_ended, struct err *err)
{
    bool ended_before = *snapshot_ended;
    bool commit_pending;
    size_t i;

    for (i = 0; i < wave->count; i++)
        if (!queue_reads(a, &wave->batches[i], snapshot_ended, err))
            return false;
    if (!pipeline_sync(a->conns[SOURCE], err) || !pipeline_sync(a->conns[TARGET], err) ||
        (a->recheck && !pipeline_sync(a->recheck, err)) || !pipeline_send(a->conns, 2, err) ||
        (a->recheck && !pipeline_send(&a->recheck, 1, err)))
        return false;
    commit_pending = *snapshot_ended && !ended_before;
    for (i = 0; i < wave->count; i++)
        if (!run_batch(wave, a, &wave->batches[i], &commit_pending, err)) {
            a->failed = wave->batches[i].pair;
            return false;
        }
    return archive_sync(a->archive, err);
}

/* Says in words that rows were not taken. */
static void explain(const struct applier *a, size_t pair, struct err *err)
{
    size_t missing;
    size_t rows;
    char state[sizeof(err->sqlstate)];

    if (!row_sql_read_shortfall(err->message, &missing, &rows))
        return;
    memcpy(state, err->sqlstate, sizeof(state));
    err_set(err, ERR_FAILED, "the %s did not take %zu of %zu rows of %s: a trigger or rule there?",
            conn_role(a->conns[TARGET]), missing, rows, a->pairs->items[pair].name);
    memcpy(err->sqlstate, state, sizeof(state));
    err_hint(err, "disable or drop there what keeps the rows out");
}

bool wave_finish(struct wave *wave, struct applier *a, struct err *err)
{
    size_t i;

    for (i = 0; i < wave->pending_count; i++)
        if (!pipeline_next(a->conns[TARGET], NULL, err)) {
            a->failed = wave->pending[i];
            explain(a, a->failed, err);
            return false;
        }
    wave->pending_count = 0;
    return true;
}
