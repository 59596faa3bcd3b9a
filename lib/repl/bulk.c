/*
 * Bulk copies. Binary COPY is used only for types whose binary form is the same on every server
 * version: arrays, enums and composites carry object ids of their own server in it.
 */
#include "repl/bulk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/progress.h"
#include "db/copy.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "db/row_sql.h"
#include "repl/batch.h"

#define SMALL_BYTES ((int64_t)256 * 1024)
#define BATCH_BYTES ((size_t)1024 * 1024)
/* CockroachDB wants one COPY to stay small: each is one transaction there. */
#define COCKROACH_CHUNK ((int64_t)2 * 1024 * 1024)
#define CSV "csv, NULL '\\N'"

static bool is_scalar(const struct model_column *column)
{
    static const char *const types[] = {
        "int2",   "int4",      "int8",        "float4",   "float8", "numeric", "bool",
        "text",   "varchar",   "bpchar",      "bytea",    "uuid",   "date",    "time",
        "timetz", "timestamp", "timestamptz", "interval", "json",   "jsonb",   "inet",
        "cidr",   "macaddr",   "bit",         "varbit"};
    size_t i;

    if (strcmp(column->type_schema, "pg_catalog") != 0)
        return false;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (!strcmp(column->type_name, types[i]))
            return true;
    return false;
}

const char *bulk_format(const struct pairing *pair, const struct conn *source,
                        const struct conn *target)
{
    size_t i;

    if (conn_kind(target) == ENGINE_COCKROACH)
        return CSV;
    if (conn_kind(source) == ENGINE_COCKROACH)
        return "csv"; /* its COPY does not quote values that equal another NULL string */
    for (i = 0; i < pair->rows[SOURCE].column_count; i++)
        if (!is_scalar(pair->rows[SOURCE].columns[i]) ||
            !is_scalar(pair->rows[TARGET].columns[i]) ||
            strcmp(pair->rows[SOURCE].columns[i]->type_name,
                   pair->rows[TARGET].columns[i]->type_name) != 0)
            return "text";
    return "binary";
}

bool bulk_is_small(const struct pairing *pair)
{
    return pair->rows[SOURCE].table->bytes <= SMALL_BYTES;
}

void bulk_progress_sql(struct buf *sql, const char *table, int64_t rows)
{
    buf_adds(sql, "INSERT INTO _dbr.progress (table_name, copied_rows) VALUES (");
    quote_literal(sql, table);
    buf_addf(sql, ", %" PRId64 ")", rows);
}

struct relay {
    struct conn *source, *target;
    const struct pairing *pair;
    const volatile bool *cancelled;
    struct bulk_result *result;
    const char *copy_in;
    int64_t chunk; /* bytes in the current COPY of the target */
    int64_t told;  /* rows at the last progress update */
};

static void tell(struct relay *r)
{
    char *what;

    if (r->result->rows - r->told < 5000)
        return;
    r->told = r->result->rows;
    what = mem_printf("copying %s", r->pair->name);
    progress_update(what, r->result->rows, r->pair->rows[SOURCE].table->row_estimate,
                    r->result->bytes);
    free(what);
}

static bool next_chunk(struct relay *r, struct err *err)
{
    r->chunk = 0;
    return copy_in_end(r->target, NULL, err) && copy_in_begin(r->target, r->copy_in, err);
}

static bool relay_rows(struct relay *r, struct err *err)
{
    char *data;
    size_t len;

    for (;;) {
        if (!copy_out_read(r->source, &data, &len, err))
            return false;
        if (len == 0)
            return true;
        if (!copy_in_write(r->target, data, len, err))
            return false;
        r->result->rows++;
        r->result->bytes += (int64_t)len;
        r->chunk += (int64_t)len;
        tell(r);
        if (r->cancelled && *r->cancelled)
            return err_set(err, ERR_STOPPED, "given up after another table failed");
        if (conn_kind(r->target) == ENGINE_COCKROACH && r->chunk >= COCKROACH_CHUNK &&
            !next_chunk(r, err))
            return false;
    }
}

/* What the target says about a broken-off COPY is the reason, rather than what the relay saw. */
static bool relay_copy(struct relay *r, const char *copy_out, struct err *err)
{
    long long rows = -1;

    if (!copy_out_begin(r->source, copy_out, err) || !copy_in_begin(r->target, r->copy_in, err))
        return false;
    if (!relay_rows(r, err)) {
        copy_in_abort(r->target);
        return false;
    }
    if (!copy_in_end(r->target, &rows, err))
        return false;
    if (conn_kind(r->target) == ENGINE_POSTGRES && rows >= 0)
        r->result->rows = rows; /* a binary COPY has a header and a trailer of their own */
    return true;
}

bool bulk_copy(struct conn *source, struct conn *target, const struct pairing *pair,
               const volatile bool *cancelled, struct bulk_result *result, struct err *err)
{
    const char *format = bulk_format(pair, source, target);
    struct relay relay = {source, target, pair, cancelled, result, NULL, 0, 0};
    struct buf out = BUF_INIT;
    struct buf in = BUF_INIT;
    struct buf record = BUF_INIT;
    int64_t started = clock_mono_ms();
    bool ok;

    memset(result, 0, sizeof(*result));
    row_sql_copy_out(&out, &pair->rows[SOURCE], format);
    row_sql_copy_in(&in, &pair->rows[TARGET], format);
    relay.copy_in = in.data;
    ok = query_script(target, "BEGIN", err) && relay_copy(&relay, out.data, err);
    if (ok) {
        bulk_progress_sql(&record, pair->name, result->rows);
        buf_adds(&record, "; COMMIT");
        ok = query_script(target, record.data, err);
    }
    result->duration_ms = clock_mono_ms() - started;
    result->done = ok;
    buf_release(&out);
    buf_release(&in);
    buf_release(&record);
    return ok ? true : err_prefix(err, "table %s", pair->name);
}

/* Rows of one small table on their way from one pipeline into the other. */
struct packing {
    struct conn *target;
    struct arrays rows;
    struct buf sql;
    size_t bytes;
    long batch_rows;
    struct bulk_result *result;
    size_t queued; /* statements whose results are still to be read */
};

static bool flush_rows(struct packing *p, struct err *err)
{
    if (p->rows.rows == 0)
        return true;
    if (!arrays_queue(&p->rows, p->target, p->sql.data, err) || !pipeline_send(&p->target, 1, err))
        return false;
    p->queued++;
    p->bytes = 0;
    arrays_reset(&p->rows);
    return true;
}

static bool pack_row(void *context, const struct result *row, struct err *err)
{
    struct packing *p = context;
    size_t bytes = 0;
    size_t i;

    for (i = 0; i < p->rows.width; i++)
        bytes += result_length(row, 0, i);
    if (p->rows.rows > 0 &&
        (p->bytes + bytes > BATCH_BYTES || p->rows.rows >= (size_t)p->batch_rows) &&
        !flush_rows(p, err))
        return false;
    arrays_add_row(&p->rows, row, 0, 0);
    p->bytes += bytes;
    p->result->rows++;
    p->result->bytes += (int64_t)bytes;
    return true;
}

static bool pack_table(struct conn *source, struct conn *target, const struct pairing *pair,
                       long batch_rows, struct bulk_result *result, size_t *queued, struct err *err)
{
    struct packing p = {
        .target = target, .sql = BUF_INIT, .batch_rows = batch_rows, .result = result};
    struct buf record = BUF_INIT;
    int64_t started = clock_mono_ms();
    bool ok;

    memset(result, 0, sizeof(*result));
    arrays_init(&p.rows, pair->rows[TARGET].column_count);
    row_sql_insert(&p.sql, &pair->rows[TARGET], false);
    ok = pipeline_rows(source, pack_row, &p, err) && flush_rows(&p, err);
    if (ok) {
        bulk_progress_sql(&record, pair->name, result->rows);
        ok = pipeline_add(target, record.data, 0, NULL, err);
    }
    *queued = p.queued + 1;
    result->duration_ms = clock_mono_ms() - started;
    result->done = ok;
    arrays_release(&p.rows);
    buf_release(&p.sql);
    buf_release(&record);
    return ok ? true : err_prefix(err, "table %s", pair->name);
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

bool bulk_copy_small(struct conn *source, struct conn *target, const struct pairings *pairs,
                     const bool *take, long batch_rows, struct bulk_result *results,
                     struct err *err)
{
    size_t *queued = mem_alloc((pairs->count + 1) * sizeof(*queued));
    size_t i;
    bool ok;

    ok = queue_selects(source, pairs, take, err) && pipeline_add(target, "BEGIN", 0, NULL, err);
    for (i = 0; i < pairs->count && ok; i++)
        if (take[i])
            ok = pack_table(source, target, &pairs->items[i], batch_rows, &results[i], &queued[i],
                            err);
    ok = ok && pipeline_add(target, "COMMIT", 0, NULL, err) && pipeline_sync(target, err) &&
         pipeline_send(&target, 1, err) && pipeline_next(target, NULL, err);
    for (i = 0; i < pairs->count && ok; i++)
        while (ok && take[i] && queued[i]-- > 0)
            if (!pipeline_next(target, NULL, err))
                ok = err_prefix(err, "table %s", pairs->items[i].name);
    ok = ok && pipeline_next(target, NULL, err);
    free(queued);
    return ok;
}
