/*
 * A table on its way into CockroachDB: rows gather until they are a piece, which is kept until its
 * transaction is certain, while the source's COPY waits. What the server finds too large is put in
 * halves, and so is what follows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/copy.h"
#include "repl/bulk_internal.h"
#include "repl/ledger.h"
#include "repl/piece.h"
#include "repl/row_limit.h"

#define PIECE_BYTES ((size_t)2 * 1024 * 1024)
#define PIECE_ROWS 10000

struct gathering {
    struct relay *relay;
    struct piece_writer writer;
    struct buf rows;   /* gathered, not put yet */
    size_t *ends;      /* of each of them in rows */
    size_t count;      /* of them */
    size_t most_bytes; /* of a piece; one row may be longer */
    size_t most_rows;
    int64_t number; /* of the last piece */
    int64_t put;    /* rows that are in for certain */
};

static bool refuse_row(struct gathering *g, const char *data, size_t len, struct err *err)
{
    struct relay *r = g->relay;
    struct buf name = BUF_INIT;

    row_limit_name_csv(&name, &r->pair->rows[SOURCE], data, len, (long long)g->put + 1);
    row_limit_refuse(err, r->target, name.data, len);
    buf_release(&name);
    return false;
}

/* The first `count` rows of the data; *rows tells how many of them are in then. */
static bool put_rows(struct gathering *g, const char *data, size_t len, size_t count, bool last,
                     size_t *rows, struct err *err)
{
    struct piece piece = {.table = g->relay->pair->name,
                          .number = g->number + 1,
                          .rows = (int64_t)count,
                          .last = last,
                          .total = g->put + (int64_t)count};

    if (!piece_copy(&g->writer, &piece, g->relay->copy_in, data, len, count > 1, err))
        return count == 1 && !strcmp(err->sqlstate, "54000") ? refuse_row(g, data, len, err)
                                                             : false;
    g->number++;
    g->put += piece.rows;
    *rows = (size_t)piece.rows;
    return true;
}

static void drop_front(struct gathering *g, size_t rows)
{
    size_t len = rows ? g->ends[rows - 1] : 0;
    size_t i;

    memmove(g->rows.data, g->rows.data + len, g->rows.len - len);
    buf_truncate(&g->rows, g->rows.len - len);
    g->count -= rows;
    for (i = 0; i < g->count; i++)
        g->ends[i] = g->ends[i + rows] - len;
}

/* How many of the gathered rows make the next piece. */
static size_t next_piece(const struct gathering *g)
{
    size_t n = g->count < g->most_rows ? g->count : g->most_rows;

    while (n > 1 && g->ends[n - 1] > g->most_bytes)
        n--;
    return n;
}

/* What was too large may have been so for a moment only. */
static void grow(struct gathering *g)
{
    g->most_rows += g->most_rows / 8 + 1;
    if (g->most_rows > PIECE_ROWS)
        g->most_rows = PIECE_ROWS;
    g->most_bytes += g->most_bytes / 8;
    if (g->most_bytes > PIECE_BYTES)
        g->most_bytes = PIECE_BYTES;
}

static bool put_gathered(struct gathering *g, bool last, struct err *err)
{
    while (g->count > 0) {
        size_t n = next_piece(g);
        size_t rows;

        if (put_rows(g, g->rows.data, g->ends[n - 1], n, last && n == g->count, &rows, err)) {
            drop_front(g, rows < g->count ? rows : g->count);
            grow(g);
            continue;
        }
        if (n == 1 || !weather_is_size(err))
            return false;
        g->most_rows = n / 2;
        g->most_bytes = g->ends[n - 1] / 2;
        err_clear(err);
    }
    return true;
}

static bool add_row(struct gathering *g, const char *data, size_t len, struct err *err)
{
    size_t rows;

    if (len > ROW_LIMIT)
        return refuse_row(g, data, len, err);
    if ((g->count >= g->most_rows || g->rows.len + len > g->most_bytes) &&
        !put_gathered(g, false, err))
        return false;
    /* A wide row is not held twice. */
    if (len > g->most_bytes)
        return put_rows(g, data, len, 1, false, &rows, err);
    buf_add(&g->rows, data, len);
    g->ends[g->count++] = g->rows.len;
    return true;
}

/* The record that the table is complete goes with the last piece, where there is one. */
static bool end(struct gathering *g, struct err *err)
{
    struct piece whole = {.table = g->relay->pair->name, .number = LEDGER_WHOLE, .rows = g->put};

    if (g->count > 0)
        return put_gathered(g, true, err);
    return piece_copy(&g->writer, &whole, NULL, NULL, 0, false, err);
}

static bool gather(struct gathering *g, struct err *err)
{
    struct relay *r = g->relay;
    char *data;
    size_t len;

    if (!copy_out_begin(r->source, r->copy_out, err))
        return false;
    for (;;) {
        if (!copy_out_read(r->source, &data, &len, err))
            return false;
        if (len == 0)
            return end(g, err);
        if (!add_row(g, data, len, err) || !bulk_count_row(r, len, err))
            return false;
    }
}

bool bulk_relay_pieces(struct relay *r, struct err *err)
{
    struct gathering g = {
        .relay = r,
        .writer = {.conn = r->target, .ledger = LEDGER, .cancelled = r->cancelled},
        .rows = BUF_INIT,
        .ends = mem_array(NULL, PIECE_ROWS, sizeof(size_t)),
        .most_bytes = PIECE_BYTES,
        .most_rows = PIECE_ROWS};
    bool ok = gather(&g, err);

    buf_release(&g.rows);
    free(g.ends);
    return ok;
}
