/* COPY blocks, large or small, and INSERT statements. */
#include "repl/load_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/progress.h"
#include "db/copy.h"
#include "db/copy_csv.h"
#include "db/copy_text.h"
#include "db/engine_dml.h"
#include "db/quote.h"
#include "repl/load_define.h"
#include "repl/load_queue.h"

/* A block up to this size travels among the statements. */
#define SMALL_BLOCK ((size_t)128 * 1024)
#define SMALL_ROWS 2000

void load_tell(const struct load *load)
{
    const struct sql_file *file = load->file;
    progress_update_bytes("importing", infile_position(file->in), infile_size(file->in),
                          file->rows);
}

/* --- where they go ------------------------------------------------------------ */

static void add_relation(struct buf *sql, const struct statement *s)
{
    if (s->schema)
        quote_name(sql, s->schema, s->name);
    else
        quote_ident(sql, s->name);
}

static void add_columns(struct buf *sql, const struct statement *s)
{
    for (size_t i = 0; i < s->columns.count; i++) {
        buf_adds(sql, i ? ", " : " (");
        quote_ident(sql, s->columns.items[i]);
    }
    if (s->columns.count > 0)
        buf_addch(sql, ')');
}

/* A table that was there before the file must be empty. */
static bool is_made(const struct load *load)
{
    const struct statement *s = &load->file->statement;
    return load_has_created(load, "TABLE", s->schema, s->name);
}

/* A table has rows of its own; those of its heirs, which may come first, are theirs. A partitioned
 * table's are in its partitions. */
static const char *own_rows(const struct load *load)
{
    const struct statement *s = &load->file->statement;
    const struct model *model = load->existing->model;
    const struct model_table *table = NULL;
    if (!s->schema || strcmp(s->schema, model->schema) == 0)
        table = model_table(model, s->name);
    return model->engine == ENGINE_POSTGRES && table && table->kind == 'r' ? "ONLY " : "";
}

static bool make_ready(struct load *load, const struct buf *relation, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok = load->existing->ready || ((load->entry_count == 0 || load_flush(load, err)) &&
                                        existing_begin(load->existing, err));
    buf_addf(&sql, "SELECT EXISTS (SELECT 1 FROM %s%s)", own_rows(load), relation->data);
    ok = ok && load_queue(load, LOAD_NO_ROWS, sql.data, err);
    buf_release(&sql);
    return ok;
}

static bool stage(struct load *load, struct buf *relation, struct err *err)
{
    const struct statement *s = &load->file->statement;
    if (s->schema && strcmp(s->schema, load->upsert->model->schema) != 0)
        err_set_hint(err, ERR_REFUSED,
                     "set DB_SCHEMA to that schema, or take the table out of the file",
                     "table %s lies in schema %s, and dbr keeps %s", s->name, s->schema,
                     load->upsert->model->schema);
    else if ((load->entry_count == 0 || load_flush(load, err)) &&
             upsert_stage(load->upsert, s->name, &s->columns, relation, err))
        return true;
    return load_blame(err, load->line, "rows");
}

/* Appends the staging table, or the table itself, with the columns, and sees to it that it can take
 * rows. */
static bool find_place(struct load *load, struct buf *relation, struct err *err)
{
    size_t table = load_table(load);
    if (load->upsert)
        return stage(load, relation, err);
    add_relation(relation, &load->file->statement);
    bool first = table >= load->taken_count;
    bool ok = !first || is_made(load) || make_ready(load, relation, err);
    load_count(load, table, 0);
    add_columns(relation, &load->file->statement);
    return ok;
}

/* --- a small block ------------------------------------------------------------ */

struct literals {
    struct buf *sql;
    size_t count; /* fields of the row */
};

static bool add_literal(void *context, size_t column, const char *data, size_t len, struct err *err)
{
    struct literals *row = context;
    (void)err;
    buf_adds(row->sql, column ? ", " : "(");
    copy_text_literal(row->sql, data, len);
    row->count = column + 1;
    return true;
}

static bool add_row(const struct load *load, struct buf *sql, char *line, size_t len,
                    struct err *err)
{
    size_t wanted = load->file->statement.columns.count;
    struct literals row = {sql, 0};

    if (len > 0 && line[len - 1] == '\r')
        len--;
    if (!(load->file->statement.csv ? copy_csv_split(line, len, add_literal, &row, err)
                                    : copy_text_split(line, len, add_literal, &row, err)))
        return false;
    buf_addch(sql, ')');
    return row.count == wanted ||
           err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE, "a row has %zu values for %zu columns",
                        row.count, wanted);
}

/* Where the row ends that begins at `at`, its line end not included. */
static size_t row_length(const struct load *load, size_t at)
{
    const char *row = load->block.data + at;
    size_t left = load->block.len - at;
    bool quoted = false;
    if (load->file->statement.csv) {
        size_t len = copy_csv_row(row, left, &quoted);
        return len > 0 ? len - 1 : left;
    }
    const char *end = memchr(row, '\n', left);
    return end ? (size_t)(end - row) : left;
}

/* The block as one INSERT; identity columns take the values that they had. */
static bool queue_small(struct load *load, const struct buf *relation, struct err *err)
{
    const struct buf *block = &load->block;
    struct buf sql = BUF_INIT;
    bool ok = true;

    buf_addf(&sql, "INSERT INTO %s%s VALUES ", relation->data,
             conn_engine(load->conn)->dml->overriding);
    load->rows = 0;
    for (size_t at = 0; ok && at < block->len; load->rows++) {
        size_t len = row_length(load, at);
        buf_adds(&sql, load->rows ? ", " : "");
        ok = add_row(load, &sql, block->data + at, len, err);
        at += len + 1;
    }
    ok = ok ? load_queue(load, LOAD_ROWS, sql.data, err) : load_blame(err, load->line, "rows");
    buf_release(&sql);
    return ok;
}

/*
 * Reads up to SMALL_BLOCK of the block. *whole: that is all of it, and it may become an INSERT:
 * rules, which a COPY passes by, stand on no table that the file has just made.
 */
static bool read_small(struct load *load, bool *whole, struct err *err)
{
    const struct statement *s = &load->file->statement;
    bool known = s->csv ? strcmp(s->options, LOAD_CSV) == 0 : !*s->options;
    bool plain = known && s->columns.count > 0 && (load->upsert || is_made(load));
    int64_t before = load->file->table->rows;

    buf_reset(&load->block);
    *whole = false;
    while (load->block.len <= SMALL_BLOCK && !*whole) {
        const char *data;
        size_t len;
        if (!sql_file_rows(load->file, &data, &len, err))
            return false;
        *whole = len == 0;
        buf_add(&load->block, data, len);
    }
    *whole = *whole && plain && load->file->table->rows - before <= SMALL_ROWS;
    return true;
}

/* --- a large one -------------------------------------------------------------- */

/* The server counts the lines of the block; people look for them in the file. */
static bool blame_copy(const struct load *load, struct err *err)
{
    static const char word[] = ", line ";
    const char *at = strstr(err->message, word);
    int64_t line = load->line;
    char *title = statement_title(load->text);

    if (at && strstr(err->message, "(COPY "))
        line += strtoll(at + sizeof word - 1, NULL, 10);
    load_blame(err, line, title);
    free(title);
    return false;
}

static bool send_rows(struct load *load, struct err *err)
{
    const char *data = load->block.data;
    size_t len = load->block.len;

    while (len > 0) {
        if (!copy_in_write(load->conn, data, len, err))
            return blame_copy(load, err);
        load_tell(load);
        if (!sql_file_rows(load->file, &data, &len, err))
            return false;
    }
    return true;
}

/* What the server says about a broken-off COPY comes with its end. */
static bool copy_large(struct load *load, const struct buf *relation, struct err *err)
{
    struct buf sql = BUF_INIT;
    long long rows = 0;

    buf_addf(&sql, "COPY %s FROM STDIN %s", relation->data, load->file->statement.options);
    bool ok = (load->entry_count == 0 || load_flush(load, err));
    if (ok && !copy_in_begin(load->conn, sql.data, err))
        ok = blame_copy(load, err);
    else if (ok) {
        ok = send_rows(load, err);
        if (!ok)
            copy_in_abort(load->conn);
        else if (!copy_in_end(load->conn, &rows, err))
            ok = blame_copy(load, err);
    }
    if (ok)
        load_count(load, load_table(load), rows);
    buf_release(&sql);
    return ok;
}

bool load_copy(struct load *load, struct err *err)
{
    struct buf relation = BUF_INIT;
    bool whole;
    bool ok = read_small(load, &whole, err);

    if (ok && load->block.len == 0) {
        ok = load->upsert || find_place(load, &relation, err);
    } else if (ok) {
        ok = find_place(load, &relation, err) &&
             (whole                                       ? queue_small(load, &relation, err)
              : conn_kind(load->conn) == ENGINE_COCKROACH ? load_apart_copy(load, &relation, err)
                                                          : copy_large(load, &relation, err));
    }
    load_tell(load);
    buf_release(&relation);
    return ok;
}

bool load_insert(struct load *load, struct err *err)
{
    const struct statement *s = &load->file->statement;
    struct buf relation = BUF_INIT;
    bool ok = find_place(load, &relation, err);

    load->rows = s->rows;
    if (ok && !load->upsert) {
        ok = load_queue(load, LOAD_ROWS, load->file->item.text, err);
    } else if (ok) {
        struct buf sql = BUF_INIT;
        buf_addf(&sql, "INSERT INTO %s%s", relation.data, load->file->item.text + s->rest);
        ok = load_queue(load, LOAD_ROWS, sql.data, err);
        buf_release(&sql);
    }
    load_tell(load);
    buf_release(&relation);
    return ok;
}
