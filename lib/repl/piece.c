/*
 * Exactly once: write, record, COMMIT; after anything that leaves open what became of the COMMIT,
 * look at the records before the next attempt. What looking does not see yet, the unique number of
 * the record stops.
 */
#include "repl/piece.h"

#include <string.h>

#include "base/buf.h"
#include "db/copy.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "repl/ledger.h"

struct putting {
    struct piece_writer *w;
    struct piece *pieces;
    size_t count;
    piece_queue queue; /* NULL: by COPY */
    void *context;
    const char *copy_sql, *data;
    size_t len;
    bool divisible;
    bool unsure;   /* the COMMIT was sent and not answered */
    bool recorded; /* the server says that a record of these is there */
};

static size_t missing(const struct putting *p)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < p->count; i++)
        n += !p->pieces[i].in;
    return n;
}

static struct piece *find(struct putting *p, const char *table, int64_t number)
{
    size_t i;

    for (i = 0; i < p->count; i++)
        if (p->pieces[i].number == number && !strcmp(p->pieces[i].table, table))
            return &p->pieces[i];
    return NULL;
}

/* Asks the ledger which pieces are in. */
static bool look(struct putting *p, struct err *err)
{
    struct buf sql = BUF_INIT;
    struct result *result = NULL;
    size_t i;
    bool ok;

    buf_addf(&sql, "SELECT table_name, piece, copied_rows FROM %s WHERE table_name IN (",
             p->w->ledger);
    for (i = 0; i < p->count; i++) {
        buf_adds(&sql, i ? ", " : "");
        quote_literal(&sql, p->pieces[i].table);
    }
    buf_addch(&sql, ')');
    ok = query_run(p->w->conn, sql.data, 0, NULL, &result, err);
    for (i = 0; ok && i < result_rows(result); i++) {
        struct piece *piece = find(p, result_text(result, i, 0), result_int(result, i, 1));

        if (piece) {
            piece->in = true;
            piece->rows = result_int(result, i, 2);
        }
    }
    result_free(result);
    buf_release(&sql);
    return ok;
}

static bool copy_rows(struct putting *p, struct err *err)
{
    struct conn *conn = p->w->conn;
    long long rows = -1;

    if (!copy_in_begin(conn, p->copy_sql, err))
        return false;
    if (!copy_in_write(conn, p->data, p->len, err)) {
        copy_in_abort(conn);
        return false;
    }
    if (!copy_in_end(conn, &rows, err))
        return false;
    if (rows >= 0 && rows != p->pieces[0].rows)
        return err_set(err, ERR_FAILED, "the %s took %lld of %lld rows of table %s",
                       conn_role(conn), rows, (long long)p->pieces[0].rows, p->pieces[0].table);
    return true;
}

static bool queue_records(struct putting *p, struct err *err)
{
    struct buf sql = BUF_INIT;
    size_t i;
    bool ok;

    ledger_add_begin(&sql, p->w->ledger);
    for (i = 0; i < p->count; i++) {
        const struct piece *piece = &p->pieces[i];

        if (piece->in)
            continue;
        ledger_add_record(&sql, piece->table, piece->number, piece->rows);
        if (piece->last)
            ledger_add_record(&sql, piece->table, LEDGER_WHOLE, piece->total);
    }
    ok = pipeline_add(p->w->conn, sql.data, 0, NULL, err);
    buf_release(&sql);
    return ok;
}

/* By COPY a piece is followed by another, unless it is the end of its table. */
static bool begins_next(const struct putting *p)
{
    return !p->queue && !p->pieces[0].last && p->pieces[0].number != LEDGER_WHOLE;
}

/* Whose rows a statement holds; the first one is BEGIN. */
static const char *table_of(const struct putting *p, size_t statement)
{
    size_t i;

    for (i = 0; i + 1 < p->count; i++)
        if (!p->pieces[i].in && p->pieces[i].number != LEDGER_WHOLE && statement-- <= 1)
            break;
    return p->pieces[i].table;
}

static bool receive(struct putting *p, size_t queued, struct err *err)
{
    struct conn *conn = p->w->conn;
    struct err later = ERR_INIT;
    size_t i;

    for (i = 0; i < queued; i++)
        if (!pipeline_next(conn, NULL, err))
            return err_prefix(err, "table %s", table_of(p, i));
    if (!pipeline_next(conn, NULL, err)) {
        p->recorded = !strcmp(err->sqlstate, "23505");
        return false;
    }
    if (!pipeline_next(conn, NULL, err))
        return false;
    /* The next transaction; that it has not begun says nothing of this one. */
    p->w->begun = begins_next(p) && pipeline_next(conn, NULL, &later);
    if (!pipeline_end(conn, &later))
        p->w->begun = false;
    return true;
}

static bool attempt(struct putting *p, struct err *err)
{
    struct conn *conn = p->w->conn;
    size_t queued = 0;

    if (p->queue) {
        if (!pipeline_add(conn, "BEGIN", 0, NULL, err) || !p->queue(p->context, conn, &queued, err))
            return false;
        queued++;
    } else {
        if (!p->w->begun && !query_run(conn, "BEGIN", 0, NULL, NULL, err))
            return false;
        if (p->len > 0 && !copy_rows(p, err))
            return false;
    }
    if (!queue_records(p, err) || !pipeline_add(conn, "COMMIT", 0, NULL, err) ||
        !pipeline_sync(conn, err))
        return false;
    if (begins_next(p) && (!pipeline_add(conn, "BEGIN", 0, NULL, err) || !pipeline_sync(conn, err)))
        return false;
    p->unsure = true;
    return pipeline_send(&conn, 1, err) && receive(p, queued, err);
}

/* One look, where it is needed, and one attempt. */
static bool step(struct putting *p, struct err *err)
{
    size_t before = missing(p);

    if (p->unsure) {
        if (!look(p, err))
            return false;
        if (p->recorded && missing(p) == before)
            return err_set(err, ERR_FAILED, "%s has records of table %s that are not this run's",
                           p->w->ledger, p->pieces[0].table);
        p->unsure = p->recorded = false;
    }
    if (missing(p) == 0 || attempt(p, err))
        return true;
    p->unsure = p->unsure && (p->recorded || weather_kind(err) == WEATHER_UNSURE ||
                              weather_kind(err) == WEATHER_LOST);
    return false;
}

static bool put(struct putting *p, struct err *err)
{
    struct weather weather = {0};
    struct err ignored = ERR_INIT;
    size_t i;

    while (!step(p, err)) {
        p->w->begun = false;
        if (p->w->cancelled && *p->w->cancelled)
            return false;
        if (p->divisible && weather_is_size(err)) {
            (void)weather_settle(p->w->conn, &ignored);
            return false;
        }
        if (p->recorded ? !weather_settle(p->w->conn, err)
                        : !weather_recover(&weather, p->w->conn, err))
            return false;
    }
    for (i = 0; i < p->count; i++)
        p->pieces[i].in = true;
    return true;
}

bool piece_copy(struct piece_writer *writer, struct piece *piece, const char *sql, const char *data,
                size_t len, bool divisible, struct err *err)
{
    struct putting p = {.w = writer,
                        .pieces = piece,
                        .count = 1,
                        .copy_sql = sql,
                        .data = data,
                        .len = len,
                        .divisible = divisible};

    return put(&p, err);
}

bool piece_insert(struct piece_writer *writer, struct piece *pieces, size_t count,
                  piece_queue queue, void *context, bool divisible, struct err *err)
{
    struct putting p = {.w = writer,
                        .pieces = pieces,
                        .count = count,
                        .queue = queue,
                        .context = context,
                        .divisible = divisible};

    return put(&p, err);
}
