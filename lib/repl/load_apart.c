/* Statements and rows of a file where each transaction must be small. */
#include "repl/load_queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/copy_csv.h"
#include "db/pipeline.h"
#include "repl/ledger.h"
#include "repl/load_rows.h"
#include "repl/piece.h"
#include "repl/pour.h"
#include "repl/rounds.h"
#include "repl/row_limit.h"

/* --- statements --------------------------------------------------------------- */

struct running {
    struct load *load;
    const struct load_entry *entries;
};

static bool failed(void *context, size_t i, struct err *err)
{
    const struct running *r = context;
    const struct load_entry *e = &r->entries[i];

    if (e->kind != LOAD_TRY && e->kind != LOAD_SETTING)
        return load_blame(err, e->line, e->title);
    load_skip(r->load, e->line, e->title, load_cannot, err->message);
    return true;
}

static bool took(void *context, size_t i, const struct result *result, struct err *err)
{
    const struct running *r = context;

    return load_take(r->load, &r->entries[i], result, err);
}

static bool run_statements(struct load *load, const struct load_entry *entries, size_t count,
                           struct err *err)
{
    struct running running = {load, entries};
    struct rounds rounds = {.conn = load->conn,
                            .statements = mem_alloc(count * sizeof *rounds.statements),
                            .count = count,
                            .context = &running,
                            .failed = failed,
                            .took = took};
    for (size_t i = 0; i < count; i++)
        rounds.statements[i].sql = entries[i].sql;
    bool ok = rounds_run(&rounds, err);
    free(rounds.statements);
    return ok;
}

/* --- rows ---------------------------------------------------------------------- */

static bool make_ledger(struct load *load, struct err *err)
{
    load->has_ledger = load->has_ledger || ledger_make(load->conn, LEDGER_IMPORT, err);
    return load->has_ledger;
}

static bool queue_rows(void *context, size_t i, struct conn *conn, struct err *err)
{
    const struct load_entry *entries = context;

    return pipeline_add(conn, entries[i].sql, 0, NULL, err);
}

static bool blame_rows(const struct load_entry *entries, const struct piece *pieces, size_t count,
                       struct err *err)
{
    size_t i = 0;

    while (i + 1 < count && !pieces[i].failed)
        i++;
    return load_blame(err, entries[i].line, entries[i].title);
}

static bool put_rows(struct load *load, struct load_entry *entries, size_t count, struct err *err)
{
    struct piece_writer writer = {.conn = load->conn, .ledger = LEDGER_IMPORT};
    struct piece *pieces = mem_alloc(count * sizeof *pieces);

    for (size_t i = 0; i < count; i++)
        pieces[i] = (struct piece){.table = load->file->tables[entries[i].table].name,
                                   .number = ++load->pieces,
                                   .rows = entries[i].rows};
    bool ok =
        make_ledger(load, err) && (piece_insert(&writer, pieces, count, queue_rows, entries, err) ||
                                   blame_rows(entries, pieces, count, err));
    for (size_t i = 0; ok && i < count; i++)
        load_count(load, entries[i].table, pieces[i].taken);
    free(pieces);
    return ok;
}

/* What comes one after the other of one sort goes together. */
bool load_apart_flush(struct load *load, struct err *err)
{
    bool ok = true;

    for (size_t i = 0, n; ok && i < load->entry_count; i += n) {
        struct load_entry *first = &load->entries[i];
        bool rows = first->kind == LOAD_ROWS;
        for (n = 1; i + n < load->entry_count && (first[n].kind == LOAD_ROWS) == rows; n++)
            ;
        ok = rows ? put_rows(load, first, n, err) : run_statements(load, first, n, err);
    }
    return ok;
}

/* --- a COPY block --------------------------------------------------------------- */

struct block {
    struct load *load;
    struct pour *pour;
    struct buf part; /* of a row that goes on */
    bool quoted;     /* it goes on within a quoted field */
};

static bool refuse_row(void *context, const char *row, size_t len, int64_t place, struct err *err)
{
    const struct block *b = context;
    char *name = mem_printf("number %" PRId64 " of the block", place);

    (void)row;
    row_limit_refuse(err, b->load->conn, name, len);
    free(name);
    return false;
}

/* Length of the row that begins or goes on here, its line end included; 0: it does not end here. */
static size_t row_end(struct block *b, const char *data, size_t len)
{
    if (b->load->file->statement.csv)
        return copy_csv_row(data, len, &b->quoted);
    const char *end = memchr(data, '\n', len);
    return end ? (size_t)(end - data) + 1 : 0;
}

static bool take(struct block *b, const char *data, size_t len, struct err *err)
{
    while (len > 0) {
        size_t row = row_end(b, data, len);
        bool ok = true;
        if (row == 0 || b->part.len > 0) {
            buf_add(&b->part, data, row ? row : len);
            ok = row == 0 || pour_row(b->pour, b->part.data, b->part.len, err);
            if (row > 0)
                buf_reset(&b->part);
        } else {
            ok = pour_row(b->pour, data, row, err);
        }
        if (!ok || row == 0)
            return ok;
        data += row;
        len -= row;
    }
    return true;
}

static bool take_all(struct block *b, struct err *err)
{
    const char *data = b->load->block.data;
    size_t len = b->load->block.len;

    while (len > 0) {
        if (!take(b, data, len, err))
            return false;
        load_tell(b->load);
        if (!sql_file_rows(b->load->file, &data, &len, err))
            return false;
    }
    return (b->part.len == 0 || pour_row(b->pour, b->part.data, b->part.len, err)) &&
           pour_end(b->pour, false, err);
}

/* A block is cut into several of the same options: a header, for one, would be taken for a row. */
static bool check_options(const struct load *load, struct err *err)
{
    const char *options = load->file->statement.options;

    if (!*options || strcmp(options, LOAD_CSV) == 0)
        return true;
    err_set_hint(err, ERR_REFUSED,
                 "make the file with dbr-export or with pg_dump in its plain format",
                 "COPY has options that dbr-export does not write: %s", options);
    return load_blame(err, load->line, "rows");
}

bool load_apart_copy(struct load *load, const struct buf *relation, struct err *err)
{
    struct buf sql = BUF_INIT;
    struct block block = {.load = load, .part = BUF_INIT};
    struct pour_to to = {.conn = load->conn,
                         .ledger = LEDGER_IMPORT,
                         .table = load->file->table->name,
                         .first_piece = load->pieces + 1,
                         .refuse = refuse_row,
                         .context = &block};

    buf_addf(&sql, "COPY %s FROM STDIN %s", relation->data, load->file->statement.options);
    to.copy = sql.data;
    block.pour = pour_new(&to);
    bool ok = check_options(load, err) && (load->entry_count == 0 || load_flush(load, err)) &&
              make_ledger(load, err);
    if (ok && !take_all(&block, err)) {
        char *title = statement_title(load->text);
        ok = load_blame(err, load->line, title);
        free(title);
    }
    load->pieces = pour_next_piece(block.pour) - 1;
    load_count(load, load_table(load), pour_rows(block.pour));
    pour_free(block.pour);
    buf_release(&block.part);
    buf_release(&sql);
    return ok;
}

bool load_leave(struct load *load, struct err *err)
{
    return !load->has_ledger || ledger_drop(load->conn, LEDGER_IMPORT, err);
}
