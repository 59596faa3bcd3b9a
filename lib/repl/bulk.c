/*
 * Bulk copies. Binary COPY is used only for types whose binary form is the same on every server
 * version: arrays, enums and composites carry object ids of their own server in it.
 */
#include "repl/bulk.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/progress.h"
#include "db/copy.h"
#include "db/query.h"
#include "db/row_sql.h"
#include "repl/bulk_internal.h"
#include "repl/ledger.h"

#define SMALL_BYTES ((int64_t)256 * 1024)
#define TELL_ROWS 5000
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

static void tell(struct relay *r, int64_t step)
{
    if (r->result->rows - r->told < step)
        return;
    progress_part(r->pair->name, r->result->rows - r->told, r->result->bytes - r->told_bytes);
    r->told = r->result->rows;
    r->told_bytes = r->result->bytes;
}

bool bulk_count_row(struct relay *r, size_t len, struct err *err)
{
    r->result->rows++;
    r->result->bytes += (int64_t)len;
    tell(r, TELL_ROWS);
    if (r->cancelled && *r->cancelled)
        return err_set_hint(err, ERR_STOPPED, "see the error of the other table",
                            "given up after another table failed");
    return true;
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
        if (!copy_in_write(r->target, data, len, err) || !bulk_count_row(r, len, err))
            return false;
    }
}

/* What the target says about a broken-off COPY is the reason, rather than what the relay saw. */
static bool relay_copy(struct relay *r, struct err *err)
{
    long long rows = -1;

    if (!copy_out_begin(r->source, r->copy_out, err) || !copy_in_begin(r->target, r->copy_in, err))
        return false;
    if (!relay_rows(r, err)) {
        copy_in_abort(r->target);
        return false;
    }
    if (!copy_in_end(r->target, &rows, err))
        return false;
    if (rows >= 0)
        r->result->rows = rows; /* a binary COPY has a header and a trailer of their own */
    return true;
}

/* All of it, and its record, in one transaction. */
static bool relay_whole(struct relay *r, struct err *err)
{
    struct buf record = BUF_INIT;
    bool ok = query_script(r->target, "BEGIN", err) && relay_copy(r, err);

    if (ok) {
        ledger_add_begin(&record, LEDGER);
        ledger_add_record(&record, r->pair->name, LEDGER_WHOLE, r->result->rows);
        buf_adds(&record, "; COMMIT");
        ok = query_script(r->target, record.data, err);
    }
    buf_release(&record);
    return ok;
}

bool bulk_copy(struct conn *source, struct conn *target, const struct pairing *pair,
               const volatile bool *cancelled, struct bulk_result *result, struct err *err)
{
    const char *format = bulk_format(pair, source, target);
    struct buf out = BUF_INIT;
    struct buf in = BUF_INIT;
    struct relay relay = {source, target, pair, cancelled, result, NULL, NULL, 0, 0};
    int64_t started = clock_mono_ms();
    bool ok;

    memset(result, 0, sizeof(*result));
    row_sql_copy_out(&out, &pair->rows[SOURCE], format);
    row_sql_copy_in(&in, &pair->rows[TARGET], format);
    relay.copy_out = out.data;
    relay.copy_in = in.data;
    ok = conn_kind(target) == ENGINE_COCKROACH ? bulk_relay_pieces(&relay, err)
                                               : relay_whole(&relay, err);
    tell(&relay, 0);
    result->duration_ms = clock_mono_ms() - started;
    result->done = ok;
    buf_release(&out);
    buf_release(&in);
    return ok ? true : err_prefix(err, "table %s", pair->name);
}
