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
    size_t first;      /* the place of the first of them among all that are put */
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
            piece->rows = piece->taken = result_int(result, i, 2);
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
    p->pieces[0].taken = rows;
    if (rows >= 0 && rows != p->pieces[0].rows)
        return err_set_hint(err, ERR_FAILED,
                            "run the program again: what was not taken is sent anew",
                            "the %s took %lld of %lld rows of table %s", conn_role(conn), rows,
                            (long long)p->pieces[0].rows, p->pieces[0].table);
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

static bool begins_next(const struct putting *p)
{
    return !p->queue && p->pieces[0].more;
}

/* Rows come in a statement of their own, but for the mere record that a table is complete. */
static bool has_statement(const struct putting *p, size_t i)
{
    return p->queue && !p->pieces[i].in && p->pieces[i].number != LEDGER_WHOLE;
}

static bool queue_rows(struct putting *p, struct err *err)
{
    struct conn *conn = p->w->conn;
    size_t i;

    if (!pipeline_add(conn, "BEGIN", 0, NULL, err))
        return false;
    for (i = 0; i < p->count; i++)
        if (has_statement(p, i) &&
            (!p->queue(p->context, p->first + i, conn, err) || !pipeline_send(&conn, 1, err)))
            return false;
    return true;
}

static bool receive_rows(struct putting *p, struct err *err)
{
    size_t i;

    if (!pipeline_next(p->w->conn, NULL, err))
        return false;
    for (i = 0; i < p->count; i++) {
        struct result *result;

        if (!has_statement(p, i))
            continue;
        p->pieces[i].failed = !pipeline_next(p->w->conn, &result, err);
        if (p->pieces[i].failed)
            return err_prefix(err, "table %s", p->pieces[i].table);
        p->pieces[i].taken = result_affected(result);
        result_free(result);
    }
    return true;
}

/* The answers to the records, to COMMIT, and to the BEGIN of the next transaction. */
static bool receive_end(struct putting *p, struct err *err)
{
    struct conn *conn = p->w->conn;
    struct err later = ERR_INIT;

    if (!pipeline_next(conn, NULL, err)) {
        p->recorded = !strcmp(err->sqlstate, "23505");
        return false;
    }
    if (!pipeline_next(conn, NULL, err))
        return false;
    /* That the next one has not begun says nothing of this one. */
    p->w->begun = begins_next(p) && pipeline_next(conn, NULL, &later);
    if (!pipeline_end(conn, &later))
        p->w->begun = false;
    return true;
}

static bool attempt(struct putting *p, struct err *err)
{
    struct conn *conn = p->w->conn;
    bool ok;

    if (p->queue)
        ok = queue_rows(p, err);
    else
        ok = (p->w->begun || query_run(conn, "BEGIN", 0, NULL, NULL, err)) &&
             (p->len == 0 || copy_rows(p, err));
    if (!ok || !queue_records(p, err) || !pipeline_add(conn, "COMMIT", 0, NULL, err) ||
        !pipeline_sync(conn, err))
        return false;
    if (begins_next(p) && (!pipeline_add(conn, "BEGIN", 0, NULL, err) || !pipeline_sync(conn, err)))
        return false;
    p->unsure = true;
    return pipeline_send(&conn, 1, err) && (!p->queue || receive_rows(p, err)) &&
           receive_end(p, err);
}

/* One look, where it is needed, and one attempt. */
static bool step(struct putting *p, struct err *err)
{
    size_t before = missing(p);

    if (p->unsure) {
        if (!look(p, err))
            return false;
        if (p->recorded && missing(p) == before)
            return err_internal(err, "%s has records of table %s that are not this run's",
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
    size_t i;

    while (!step(p, err)) {
        struct err why = *err;

        p->w->begun = false;
        if (p->w->cancelled && *p->w->cancelled)
            return false;
        if (p->divisible && weather_is_size(err)) {
            (void)weather_settle(p->w->conn, &why);
            weather_count();
            return false;
        }
        /* A record that is in the way is looked for at once. */
        if (!(p->recorded && weather_settle(p->w->conn, &why)) &&
            !weather_recover(&weather, p->w->conn, err))
            return false;
        err_clear(err);
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

bool piece_leave(struct piece_writer *writer, struct err *err)
{
    bool begun = writer->begun;

    writer->begun = false;
    return !begun || weather_settle(writer->conn, err);
}

/* Those from `first` on, and their halves. */
static bool insert_some(struct piece_writer *writer, struct piece *pieces, size_t first,
                        size_t count, piece_queue queue, void *context, struct err *err)
{
    struct putting p = {.w = writer,
                        .pieces = pieces + first,
                        .count = count,
                        .first = first,
                        .queue = queue,
                        .context = context,
                        .divisible = count > 1};

    if (count == 0 || put(&p, err))
        return true;
    if (count == 1 || !weather_is_size(err))
        return false;
    err_clear(err);
    return insert_some(writer, pieces, first, count / 2, queue, context, err) &&
           insert_some(writer, pieces, first + count / 2, count - count / 2, queue, context, err);
}

bool piece_insert(struct piece_writer *writer, struct piece *pieces, size_t count,
                  piece_queue queue, void *context, struct err *err)
{
    return insert_some(writer, pieces, 0, count, queue, context, err);
}
