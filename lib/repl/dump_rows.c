/* Rows from COPY ... TO STDOUT into the three forms of a script. */
#include "repl/dump_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/siphash.h"
#include "cli/progress.h"
#include "db/copy.h"
#include "db/copy_text.h"
#include "db/engine_dml.h"
#include "db/quote.h"
#include "db/row_sql.h"

#define COCKROACH_BLOCK ((int64_t)2 * 1024 * 1024)
#define INSERT_ROWS 500
#define INSERT_BYTES ((int64_t)256 * 1024)
#define PROGRESS_ROWS 2000
#define LINE_BYTES ((size_t)64 * 1024) /* gathered before they go out */

struct field {
    const char *data; /* NULL for NULL */
    size_t len;
};

struct rows_writer {
    struct dump *dump;
    struct dump_table *table;
    struct buf names;     /* ("a", "b") */
    struct buf relation;  /* "public"."users" */
    struct field *fields; /* of a row, in the memory that it came in */
    size_t field_count, column_count;
    struct buf line; /* part of a row, put together */
    bool open;       /* a block or statement has begun */
    int64_t block_rows, block_bytes;
    int64_t told;
    struct siphash written, again; /* of the rows in the script, of those that came once more */
    int64_t known;                 /* rows in the script that are still to come once more */
};

static bool put(struct rows_writer *w, const char *data, size_t len, struct err *err)
{
    w->table->bytes += (int64_t)len;
    w->block_bytes += (int64_t)len;
    return outfile_write(w->dump->out, data, len, err);
}

static bool puts_all(struct rows_writer *w, const char *const *texts, struct err *err)
{
    for (; *texts; texts++)
        if (!outfile_write(w->dump->out, *texts, strlen(*texts), err))
            return false;
    return true;
}

static bool is_cockroach(const struct rows_writer *w)
{
    return w->dump->dialect->kind == ENGINE_COCKROACH;
}

/* The server can be asked for the same rows again. */
static bool is_repeatable(const struct rows_writer *w)
{
    return w->dump->snapshot->moment != NULL;
}

/* --- blocks ------------------------------------------------------------------- */

static bool open_copy(struct rows_writer *w, struct err *err)
{
    const char *const texts[] = {"COPY ",
                                 w->relation.data,
                                 " ",
                                 w->names.data,
                                 is_cockroach(w) ? " FROM STDIN WITH CSV NULL '\\N';\n"
                                                 : " FROM stdin;\n",
                                 NULL};
    w->open = true;
    w->block_rows = w->block_bytes = 0;
    return puts_all(w, texts, err);
}

static bool close_copy(struct rows_writer *w, struct err *err)
{
    static const char *const texts[] = {"\\.\n", NULL};
    if (!w->open)
        return true;
    w->open = false;
    return puts_all(w, texts, err);
}

static bool has_identity_always(const struct model_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].identity == 'a')
            return true;
    return false;
}

static bool open_insert(struct rows_writer *w, struct err *err)
{
    bool overriding = has_identity_always(w->table->table);
    const char *const texts[] = {"INSERT INTO ",
                                 w->relation.data,
                                 " ",
                                 w->names.data,
                                 overriding ? w->dump->dialect->dml->overriding : "",
                                 " VALUES\n",
                                 NULL};
    w->open = true;
    w->block_rows = w->block_bytes = 0;
    return puts_all(w, texts, err);
}

static bool close_insert(struct rows_writer *w, struct err *err)
{
    static const char *const texts[] = {";\n", NULL};
    if (!w->open)
        return true;
    w->open = false;
    return puts_all(w, texts, err);
}

/* --- rows --------------------------------------------------------------------- */

static bool keep_field(void *context, size_t column, const char *data, size_t len, struct err *err)
{
    struct rows_writer *w = context;
    (void)err;
    if (column < w->column_count)
        w->fields[column] = (struct field){data, len};
    w->field_count = column + 1;
    return true;
}

static bool split_row(struct rows_writer *w, char *data, size_t len, struct err *err)
{
    return copy_text_split(data, len, keep_field, w, err) &&
           (w->field_count == w->column_count ||
            err_internal(err, "the server sent a row of %zu values for %zu columns", w->field_count,
                         w->column_count));
}

static bool flush_line(struct rows_writer *w, struct err *err)
{
    bool ok = put(w, w->line.data, w->line.len, err);
    buf_reset(&w->line);
    return ok;
}

/* A wide value goes out in pieces: a row is never held twice. */
static bool add_fields(struct rows_writer *w, const char *between,
                       bool (*piece)(struct buf *, const char *, size_t, size_t *), struct err *err)
{
    for (size_t i = 0; i < w->field_count; i++) {
        size_t at = 0;
        bool more = true;
        buf_adds(&w->line, i ? between : "");
        while (more) {
            more = piece(&w->line, w->fields[i].data, w->fields[i].len, &at);
            if (w->line.len >= LINE_BYTES && !flush_line(w, err))
                return false;
        }
    }
    return true;
}

static bool insert_row(struct rows_writer *w, struct err *err)
{
    if (w->open && (w->block_rows >= INSERT_ROWS || w->block_bytes >= INSERT_BYTES) &&
        !close_insert(w, err))
        return false;
    bool first = !w->open;
    if (first && !open_insert(w, err))
        return false;
    w->block_rows++;
    buf_adds(&w->line, first ? "(" : ",\n(");
    if (!add_fields(w, ", ", copy_text_literal_piece, err))
        return false;
    buf_addch(&w->line, ')');
    return flush_line(w, err);
}

/* Whether psql would take a line of the row for the end of the rows. */
static bool ends_block(const struct rows_writer *w)
{
    for (size_t i = 0; i < w->field_count; i++)
        if (copy_text_ends_csv(w->fields[i].data, w->fields[i].len))
            return true;
    return false;
}

static bool csv_row(struct rows_writer *w, struct err *err)
{
    if (ends_block(w))
        return close_copy(w, err) && insert_row(w, err) && close_insert(w, err);
    if (w->open && w->block_bytes >= COCKROACH_BLOCK && !close_copy(w, err))
        return false;
    if (!w->open && !open_copy(w, err))
        return false;
    if (!add_fields(w, ",", copy_text_csv_piece, err))
        return false;
    buf_addch(&w->line, '\n');
    return flush_line(w, err);
}

static bool text_row(struct rows_writer *w, const char *data, size_t len, struct err *err)
{
    return (w->open || open_copy(w, err)) && put(w, data, len + 1, err); /* its line end, too */
}

/* What a server sends ends up before a shell's eyes: a row must not be able to end its block. */
static bool check_row(const struct rows_writer *w, const char *data, size_t len, struct err *err)
{
    if (len > 0 && data[len - 1] == '\n' && !memchr(data, '\n', len - 1) &&
        !(len == 3 && memcmp(data, "\\.", 2) == 0))
        return true;
    return err_internal(err,
                        "the server sent a row of table %s that is not in the text format of COPY",
                        w->table->table->name);
}

static bool refuse_order(struct err *err)
{
    err_set(err, ERR_FAILED,
            "the connection was lost, and then the server sent the rows in another order");
    return err_hint(err, "nothing of the script stays; run the program again");
}

/*
 * The server sends the rows of a moment in the order of their key, so that after a lost connection
 * those that are in the script can be let pass. Whether they are the same is not left to chance.
 */
static bool pass_row(struct rows_writer *w, const char *data, size_t len, struct err *err)
{
    siphash_add(&w->again, data, len);
    if (--w->known > 0)
        return true;
    struct siphash written = w->written, again = w->again;
    return siphash_end(&written) == siphash_end(&again) || refuse_order(err);
}

static bool write_row(struct rows_writer *w, char *data, size_t len, struct err *err)
{
    if (!check_row(w, data, len, err))
        return false;
    if (w->known > 0)
        return pass_row(w, data, len, err);
    if (is_repeatable(w))
        siphash_add(&w->written, data, len);
    len--;
    w->table->rows++;
    w->dump->rows++;
    if (!w->dump->inserts && !is_cockroach(w))
        return text_row(w, data, len, err);
    return split_row(w, data, len, err) &&
           (w->dump->inserts ? insert_row(w, err) : csv_row(w, err));
}

/* --- a table ------------------------------------------------------------------ */

/* The value as the dialect of the script takes it. */
static void add_expression(struct buf *sql, const struct rows_writer *w,
                           const struct model_column *column)
{
    const struct model *model = &w->dump->snapshot->model;
    struct buf name = BUF_INIT;
    struct exchange x;

    quote_ident(&name, column->name);
    if (model->engine == w->dump->dialect->kind) {
        buf_adds(sql, name.data);
    } else {
        exchange_make(&x, model, column, NULL, NULL);
        exchange_expression(sql, x.read, name.data);
        exchange_release(&x);
    }
    buf_release(&name);
}

/* Only where they may have to be sent again: it is the order in which they lie. */
static void add_order(struct buf *sql, const struct rows_writer *w)
{
    const struct model_table *table = w->table->table;

    if (!is_repeatable(w) || table->key_kind != KEY_PRIMARY)
        return;
    for (size_t i = 0; i < table->key_count; i++) {
        buf_adds(sql, i ? ", " : " ORDER BY ");
        quote_ident(sql, table->columns[table->key_columns[i]].name);
    }
}

static void add_copy_out(struct buf *sql, struct rows_writer *w)
{
    const struct model *model = &w->dump->snapshot->model;
    const struct model_table *table = w->table->table;
    const struct row_table from = {
        .schema = model->schema, .table = table, .dml = conn_engine(w->dump->snapshot->conn)->dml};
    size_t n = 0;

    buf_adds(sql, "COPY (SELECT ");
    for (size_t i = 0; i < table->column_count; i++) {
        if (!model_column_copied(&table->columns[i]))
            continue;
        buf_adds(sql, n ? ", " : "");
        buf_adds(&w->names, n++ ? ", " : "(");
        add_expression(sql, w, &table->columns[i]);
        quote_ident(&w->names, table->columns[i].name);
    }
    w->column_count = n;
    w->fields = mem_array(NULL, n, sizeof *w->fields);
    buf_addch(&w->names, ')');
    buf_adds(sql, " FROM ");
    row_sql_relation(sql, &from);
    add_order(sql, w);
    buf_adds(sql, ") TO STDOUT");
    quote_name(&w->relation, model->schema, table->name);
}

static void tell(struct rows_writer *w, bool last)
{
    if (!last && w->dump->rows - w->told < PROGRESS_ROWS)
        return;
    w->told = w->dump->rows;
    progress_update("exporting", w->dump->rows, w->dump->estimate, outfile_bytes(w->dump->out));
}

static bool write_rows(struct rows_writer *w, struct err *err)
{
    char *data;
    size_t len;

    for (;;) {
        if (!copy_out_read(w->dump->snapshot->conn, &data, &len, err))
            return false;
        if (len == 0)
            break;
        if (!write_row(w, data, len, err))
            return false;
        tell(w, false);
    }
    if (w->known > 0)
        return refuse_order(err);
    tell(w, true);
    return w->dump->inserts ? close_insert(w, err) : close_copy(w, err);
}

static bool copy_rows(struct rows_writer *w, const char *sql, struct err *err)
{
    struct snapshot *snapshot = w->dump->snapshot;
    struct weather weather = {0};
    int64_t before = 0;

    while (!(copy_out_begin(snapshot->conn, sql, err) && write_rows(w, err))) {
        if (w->table->rows > before)
            weather_clear(&weather);
        before = w->known = w->table->rows;
        siphash_init(&w->again);
        if (!snapshot_resume(snapshot, &weather, err))
            return false;
    }
    return true;
}

bool dump_rows(struct dump *dump, struct dump_table *table, struct err *err)
{
    struct rows_writer w = {.dump = dump,
                            .table = table,
                            .names = BUF_INIT,
                            .relation = BUF_INIT,
                            .line = BUF_INIT,
                            .told = dump->rows};
    struct buf sql = BUF_INIT;

    siphash_init(&w.written);
    add_copy_out(&sql, &w);
    bool ok = copy_rows(&w, sql.data, err);
    buf_release(&sql);
    buf_release(&w.names);
    buf_release(&w.relation);
    buf_release(&w.line);
    free(w.fields);
    return ok ? true : err_prefix(err, "table %s", table->table->name);
}
