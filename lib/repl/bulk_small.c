/*
 * Many small tables: all of the source's rows are asked for at once, and packed into batches as
 * they arrive. On PostgreSQL the batches go out at once, all in one transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/row_sql.h"
#include "repl/bulk_internal.h"
#include "repl/ledger.h"
#include "repl/row_limit.h"

#define BATCH_BYTES ((size_t)1024 * 1024)

/* Rows of one small table on their way from one pipeline into the other. */
struct packing {
    struct conn *target;
    const struct pairing *pair;
    size_t place; /* of the pairing */
    struct arrays rows;
    struct buf sql;
    long batch_rows;
    struct bulk_result *result;
    struct group *group; /* CockroachDB; else NULL: statements are queued at once, */
    size_t queued;       /* and so many results are still to be read */
    bool named;          /* the error names its table already */
};

static bool hand_over(struct packing *p, bool last, struct err *err)
{
    p->named = !group_add(p->group, p->place, &p->rows, last, p->result->rows, err);
    return !p->named;
}

static bool flush_rows(struct packing *p, struct err *err)
{
    if (p->rows.rows == 0)
        return true;
    if (p->group)
        return hand_over(p, false, err);
    if (!arrays_queue(&p->rows, p->target, p->sql.data, err) || !pipeline_send(&p->target, 1, err))
        return false;
    p->queued++;
    arrays_reset(&p->rows);
    return true;
}

static bool refuse_row(const struct packing *p, const struct result *row, size_t bytes,
                       struct err *err)
{
    const struct row_table *table = &p->pair->rows[SOURCE];
    struct buf name = BUF_INIT;

    row_limit_name_row(&name, table, row, 0, (long long)p->result->rows + 1);
    row_limit_refuse(err, p->target, name.data, bytes);
    buf_release(&name);
    return false;
}

static bool pack_row(void *context, const struct result *row, struct err *err)
{
    struct packing *p = context;
    size_t bytes = 0;
    size_t before;
    size_t i;

    for (i = 0; i < p->rows.width; i++)
        bytes += result_length(row, 0, i);
    if (p->rows.rows > 0 &&
        (arrays_bytes(&p->rows) + bytes > BATCH_BYTES || p->rows.rows >= (size_t)p->batch_rows) &&
        !flush_rows(p, err))
        return false;
    before = arrays_bytes(&p->rows);
    arrays_add_row(&p->rows, row, 0, 0);
    if (p->group && arrays_bytes(&p->rows) - before > ROW_LIMIT)
        return refuse_row(p, row, arrays_bytes(&p->rows) - before, err);
    p->result->rows++;
    p->result->bytes += (int64_t)bytes;
    return true;
}

/* What is left of the rows, and the record that the table is complete. */
static bool end_table(struct packing *p, struct err *err)
{
    struct buf record = BUF_INIT;
    bool ok;

    if (p->group)
        return hand_over(p, true, err);
    ledger_add_begin(&record, LEDGER);
    ledger_add_record(&record, p->pair->name, LEDGER_WHOLE, p->result->rows);
    ok = flush_rows(p, err) && pipeline_add(p->target, record.data, 0, NULL, err);
    p->queued++;
    buf_release(&record);
    return ok;
}

static bool pack_table(struct packing *p, struct conn *source, struct err *err)
{
    const struct row_table *rows = &p->pair->rows[TARGET];
    int64_t started = clock_mono_ms();
    bool ok;

    memset(p->result, 0, sizeof(*p->result));
    arrays_init(&p->rows, rows->column_count);
    p->sql = (struct buf)BUF_INIT;
    row_sql_insert(&p->sql, rows, false);
    ok = pipeline_rows(source, pack_row, p, err) && end_table(p, err);
    p->result->duration_ms = clock_mono_ms() - started;
    p->result->done = ok;
    arrays_release(&p->rows);
    buf_release(&p->sql);
    return ok || p->named ? ok : err_prefix(err, "table %s", p->pair->name);
}

static bool queue_selects(struct conn *source, const struct pairings *pairs, const bool *take,
                          struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok = true;

    for (i = 0; i < pairs->count && ok; i++) {
        if (!take[i])
            continue;
        buf_reset(&sql);
        row_sql_all_rows(&sql, &pairs->items[i].rows[SOURCE]);
        ok = pipeline_add(source, sql.data, 0, NULL, err);
    }
    buf_release(&sql);
    return ok && pipeline_sync(source, err) && pipeline_send(&source, 1, err);
}

/* Reads what came of the statements of every table. */
static bool receive(struct conn *target, const struct pairings *pairs, size_t *queued,
                    struct err *err)
{
    size_t i;

    if (!pipeline_next(target, NULL, err))
        return false;
    for (i = 0; i < pairs->count; i++)
        while (queued[i] > 0 && queued[i]--)
            if (!pipeline_next(target, NULL, err))
                return err_prefix(err, "table %s", pairs->items[i].name);
    return pipeline_next(target, NULL, err);
}

bool bulk_copy_small(struct conn *source, struct conn *target, const struct pairings *pairs,
                     const bool *take, long batch_rows, struct bulk_result *results,
                     struct err *err)
{
    bool whole = conn_kind(target) == ENGINE_POSTGRES;
    struct group *group = whole ? NULL : group_new(target, pairs);
    size_t *queued = mem_alloc((pairs->count + 1) * sizeof(*queued));
    size_t i;
    bool ok = queue_selects(source, pairs, take, err) &&
              (!whole || pipeline_add(target, "BEGIN", 0, NULL, err));

    for (i = 0; i < pairs->count && ok; i++) {
        struct packing p = {.target = target,
                            .pair = &pairs->items[i],
                            .place = i,
                            .batch_rows = batch_rows,
                            .result = &results[i],
                            .group = group};

        if (!take[i])
            continue;
        ok = pack_table(&p, source, err);
        queued[i] = p.queued;
    }
    if (ok && whole)
        ok = pipeline_add(target, "COMMIT", 0, NULL, err) && pipeline_sync(target, err) &&
             pipeline_send(&target, 1, err) && receive(target, pairs, queued, err);
    else if (ok)
        ok = group_put(group, err);
    group_free(group);
    free(queued);
    return ok;
}
