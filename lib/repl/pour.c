/* Gathering rows, and cutting them into pieces. */
#include "repl/pour.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "repl/ledger.h"
#include "repl/piece.h"
#include "repl/row_limit.h"
#include "repl/weather.h"

#define PIECE_BYTES ((size_t)2 * 1024 * 1024)
#define PIECE_ROWS 10000

struct pour {
    struct pour_to to;
    struct piece_writer writer;
    struct buf rows;   /* gathered, not put yet */
    size_t *ends;      /* of each of them in rows */
    size_t count;      /* of them */
    size_t most_bytes; /* of a piece; one row may be longer */
    size_t most_rows;
    int64_t number; /* of the next piece */
    int64_t put;    /* rows that are in for certain */
};

struct pour *pour_new(const struct pour_to *to)
{
    struct pour *p = mem_alloc(sizeof(*p));

    p->to = *to;
    p->writer =
        (struct piece_writer){.conn = to->conn, .ledger = to->ledger, .cancelled = to->cancelled};
    p->rows = (struct buf)BUF_INIT;
    p->ends = mem_array(NULL, PIECE_ROWS, sizeof(*p->ends));
    p->most_bytes = PIECE_BYTES;
    p->most_rows = PIECE_ROWS;
    p->number = to->first_piece;
    return p;
}

void pour_free(struct pour *p)
{
    if (!p)
        return;
    buf_release(&p->rows);
    free(p->ends);
    free(p);
}

static bool refuse(const struct pour *p, const char *row, size_t len, size_t before,
                   struct err *err)
{
    return p->to.refuse(p->to.context, row, len, p->put + (int64_t)before + 1, err);
}

/* What a piece is to its table. */
enum place { WITHIN, LAST_OF_COPY, LAST_OF_TABLE };

/* The first `count` rows of the data; *rows tells how many of them are in then. */
static bool put(struct pour *p, const char *data, size_t len, size_t count, enum place place,
                size_t *rows, struct err *err)
{
    struct piece piece = {.table = p->to.table,
                          .number = p->number,
                          .rows = (int64_t)count,
                          .last = place == LAST_OF_TABLE,
                          .total = p->put + (int64_t)count,
                          .more = place == WITHIN};

    if (!piece_copy(&p->writer, &piece, p->to.copy, data, len, count > 1, err))
        return count == 1 && !strcmp(err->sqlstate, "54000") ? refuse(p, data, len, 0, err) : false;
    p->number++;
    p->put += piece.rows;
    *rows = (size_t)piece.rows;
    return true;
}

static void drop_front(struct pour *p, size_t rows)
{
    size_t len = rows ? p->ends[rows - 1] : 0;
    size_t i;

    memmove(p->rows.data, p->rows.data + len, p->rows.len - len);
    buf_truncate(&p->rows, p->rows.len - len);
    p->count -= rows;
    for (i = 0; i < p->count; i++)
        p->ends[i] = p->ends[i + rows] - len;
}

/* How many of the gathered rows make the next piece. */
static size_t next_piece(const struct pour *p)
{
    size_t n = p->count < p->most_rows ? p->count : p->most_rows;

    while (n > 1 && p->ends[n - 1] > p->most_bytes)
        n--;
    return n;
}

/* What was too large may have been so for a moment only. */
static void grow(struct pour *p)
{
    p->most_rows += p->most_rows / 8 + 1;
    if (p->most_rows > PIECE_ROWS)
        p->most_rows = PIECE_ROWS;
    p->most_bytes += p->most_bytes / 8;
    if (p->most_bytes > PIECE_BYTES)
        p->most_bytes = PIECE_BYTES;
}

/* Puts what has gathered; the last piece of it has that place. */
static bool put_gathered(struct pour *p, enum place place, struct err *err)
{
    while (p->count > 0) {
        size_t n = next_piece(p);
        size_t rows = 0;

        if (put(p, p->rows.data, p->ends[n - 1], n, n < p->count ? WITHIN : place, &rows, err)) {
            drop_front(p, rows < p->count ? rows : p->count);
            grow(p);
            continue;
        }
        if (n == 1 || !weather_is_size(err))
            return false;
        p->most_rows = n / 2;
        p->most_bytes = p->ends[n - 1] / 2;
        err_clear(err);
    }
    return true;
}

bool pour_row(struct pour *p, const char *row, size_t len, struct err *err)
{
    size_t rows;

    if (len > ROW_LIMIT)
        return refuse(p, row, len, p->count, err);
    if ((p->count >= p->most_rows || p->rows.len + len > p->most_bytes) &&
        !put_gathered(p, WITHIN, err))
        return false;
    if (len > p->most_bytes)
        return put(p, row, len, 1, WITHIN, &rows, err);
    buf_add(&p->rows, row, len);
    p->ends[p->count++] = p->rows.len;
    return true;
}

/* The record that the table is complete goes with the last piece, where there is one. */
bool pour_end(struct pour *p, bool whole, struct err *err)
{
    struct piece record = {.table = p->to.table, .number = LEDGER_WHOLE, .rows = p->put};

    if (p->count > 0)
        return put_gathered(p, whole ? LAST_OF_TABLE : LAST_OF_COPY, err);
    return whole ? piece_copy(&p->writer, &record, NULL, NULL, 0, false, err)
                 : piece_leave(&p->writer, err);
}

int64_t pour_rows(const struct pour *p)
{
    return p->put;
}

int64_t pour_next_piece(const struct pour *p)
{
    return p->number;
}
