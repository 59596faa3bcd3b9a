/* The parts of a script around the rows. */
#include "repl/dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/version.h"
#include "db/quote.h"
#include "db/script.h"
#include "repl/catalog.h"
#include "repl/dump_choice.h"
#include "repl/dump_notes.h"
#include "repl/dump_rows.h"
#include "repl/nested.h"
#include "repl/sequences.h"

#define DUMP_FORMAT 1

/* What a restoring session must agree on, whoever opens it. */
static const char *const postgres_settings[] = {
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET client_encoding = 'UTF8'",
    "SET standard_conforming_strings = on",
    "SET client_min_messages = warning",
    "SET row_security = off",
    "SET datestyle = 'ISO, MDY'",
    "SET intervalstyle = 'postgres'",
    "SET lc_monetary = 'C'",
    "SET xmloption = content",
    NULL,
};
static const char *const cockroach_settings[] = {
    "SET client_encoding = 'UTF8'",
    "SET standard_conforming_strings = on",
    "SET client_min_messages = warning",
    "SET datestyle = 'ISO, MDY'",
    "SET intervalstyle = 'postgres'",
    "SET default_int_size = 8",
    NULL,
};

const char *dump_content(const struct dump *dump)
{
    return dump->schema && dump->data ? "schema and data" : dump->schema ? "schema" : "data";
}

/* --- choosing ----------------------------------------------------------------- */

static bool is_copied(const struct model_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (model_column_copied(&table->columns[i]))
            return model_table_copied(table);
    return false;
}

/* Tables come parents first: one that refers to a later one closes a circle. */
static void find_cycles(struct dump *dump)
{
    for (size_t i = 0; i < dump->count; i++) {
        const struct model_table *table = dump->items[i].table;
        for (size_t c = 0; c < table->constraint_count; c++) {
            const struct model_constraint *key = &table->constraints[c];
            if (key->type != 'f' || key->ref_outside)
                continue;
            for (size_t j = i + 1; j < dump->count; j++)
                if (strcmp(dump->items[j].table->name, key->ref_table) == 0 &&
                    !strlist_has(&dump->cycles, table->name))
                    strlist_add(&dump->cycles, table->name);
        }
    }
}

bool dump_prepare(struct dump *dump, struct err *err)
{
    struct model *model = &dump->snapshot->model;
    const struct conn *conn = dump->snapshot->conn;
    bool same = conn_engine(conn) == dump->dialect;

    /* Only for the names: what the tables refer to is planned with them. */
    if (!catalog_filter(model, NULL, dump->tables, NULL, err) ||
        (dump->dialect->kind == ENGINE_COCKROACH && !nested_find(dump->snapshot->conn, model, err)))
        return false;
    for (size_t i = 0; i < model->table_count; i++)
        model->tables[i].excluded = false;
    plan_create_script(model, dump->dialect, same ? conn_version(conn) : 0, &dump->plan);
    dump_gather_notes(dump);
    dump->items = mem_alloc((model->table_count + 1) * sizeof *dump->items);
    for (size_t i = 0; i < model->table_count && dump->data; i++) {
        const struct model_table *table = &model->tables[i];
        if (!is_copied(table) || !dump_table_chosen(dump, table->name))
            continue;
        dump->items[dump->count++] = (struct dump_table){.table = table};
        if (table->row_estimate > 0)
            dump->estimate += table->row_estimate;
    }
    find_cycles(dump);
    return true;
}

void dump_release(struct dump *dump)
{
    plan_release(&dump->plan);
    strlist_release(&dump->cycles);
    free(dump->items);
    dump->items = NULL;
}

/* --- text --------------------------------------------------------------------- */

static bool put(struct dump *dump, const struct buf *text, struct err *err)
{
    return outfile_write(dump->out, text->data, text->len, err);
}

/* A comment ends with its line: text with line breaks must not escape from it. */
static void add_comment(struct buf *out, const char *key, const char *text)
{
    buf_addf(out, "-- %s: ", key);
    buf_add_clean(out, text);
    buf_addch(out, '\n');
}

static void add_named(struct buf *out, const char *key, const char *name)
{
    buf_addf(out, "-- %s", key);
    json_quote(out, name);
    buf_addch(out, '\n');
}

/* One statement and no more, whatever a server says of its objects. */
struct text_source {
    const char *data;
    size_t left;
};

static bool read_text(void *context, char *data, size_t size, size_t *len, struct err *err)
{
    struct text_source *source = context;
    (void)err;
    *len = source->left < size ? source->left : size;
    memcpy(data, source->data, *len);
    source->data += *len;
    source->left -= *len;
    return true;
}

static bool check_single(const struct buf *sql, const char *object, struct err *err)
{
    struct text_source source = {sql->data, sql->len};
    struct script *script = script_new(read_text, &source);
    struct script_item item;
    struct err why = ERR_INIT;
    bool ok = script_next(script, &item, &why) && item.kind == SCRIPT_STATEMENT &&
              script_next(script, &item, &why) && item.kind == SCRIPT_END;
    script_free(script);
    return ok || err_set_hint(err, ERR_FAILED,
                              "leave that object's table out (--tables), or drop the object: it "
                              "could not be read back from the file",
                              "the definition of %s cannot be written: %s", object,
                              why.message[0] ? why.message : "it is not one statement");
}

static bool put_statement(struct dump *dump, const char *sql, const char *object, struct err *err)
{
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s;\n", sql);
    bool ok = check_single(&text, object, err) && put(dump, &text, err);
    buf_release(&text);
    return ok;
}

/* --- parts -------------------------------------------------------------------- */

static void add_header(struct dump *dump, struct buf *out)
{
    const struct snapshot *s = dump->snapshot;
    buf_adds(out, "-- dbr export\n");
    buf_addf(out, "-- format: %d\n", DUMP_FORMAT);
    add_comment(out, "dialect", dump->dialect->name);
    buf_addf(out, "-- source: %s, %s\n", role_name(s->role), conn_version_text(s->conn));
    add_comment(out, "snapshot", s->time);
    add_named(out, "schema: ", s->model.schema);
    add_comment(out, "content", dump_content(dump));
    buf_addf(out, "-- version: dbr %s\n", DBR_VERSION);
    for (size_t i = 0; dump_selects(dump) && i < dump->tables->count; i++)
        add_named(out, "table: ", dump->tables->items[i]);
    if (!dump->schema)
        for (size_t i = 0; i < dump->cycles.count; i++)
            add_named(out, "cycle: ", dump->cycles.items[i]);
    dump_add_notes(dump, out, NULL);
    buf_adds(out, "\n\\set ON_ERROR_STOP on\n");
    const char *const *settings =
        dump->dialect->kind == ENGINE_POSTGRES ? postgres_settings : cockroach_settings;
    for (; *settings; settings++)
        buf_addf(out, "%s;\n", *settings);
}

static bool write_statements(struct dump *dump, enum plan_phase from, enum plan_phase to,
                             struct err *err)
{
    struct buf notes = BUF_INIT;
    const char *last = NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < dump->plan.statement_count; i++) {
        const struct plan_statement *s = &dump->plan.statements[i];
        if (s->phase < from || s->phase > to || !dump_statement_chosen(dump, s))
            continue;
        buf_reset(&notes);
        if (!(last && strcmp(last, s->object) == 0))
            dump_add_notes(dump, &notes, s->object);
        last = s->object;
        ok = put(dump, &notes, err) && put_statement(dump, s->sql, s->object, err) &&
             stop_check(err);
    }
    buf_release(&notes);
    return ok;
}

static bool write_positions(struct dump *dump, struct err *err)
{
    const struct model *model = &dump->snapshot->model;
    bool stored = model->engine == ENGINE_POSTGRES && dump->dialect->kind == ENGINE_POSTGRES;
    struct buf sql = BUF_INIT;
    bool ok = true;
    for (size_t i = 0; ok && i < model->sequence_count; i++) {
        if (!dump_sequence_chosen(dump, &model->sequences[i]))
            continue;
        buf_reset(&sql);
        buf_adds(&sql, "SELECT ");
        sequence_add_setval(&sql, model->schema, &model->sequences[i], stored);
        ok = put_statement(dump, sql.data, model->sequences[i].name, err);
    }
    buf_release(&sql);
    return ok;
}

static bool write_rows(struct dump *dump, struct err *err)
{
    for (size_t i = 0; i < dump->count; i++)
        if (!dump_rows(dump, &dump->items[i], err))
            return false;
    return write_positions(dump, err);
}

/* The sum covers every byte before its own line. */
static bool write_trailer(struct dump *dump, struct err *err)
{
    struct buf text = BUF_INIT;
    buf_adds(&text, "\n-- dbr export complete\n");
    for (size_t i = 0; i < dump->count; i++) {
        char *key = mem_printf("rows: %" PRId64 " ", dump->items[i].rows);
        add_named(&text, key, dump->items[i].table->name);
        free(key);
    }
    bool ok = put(dump, &text, err);
    dump->crc = outfile_crc(dump->out);
    buf_reset(&text);
    buf_addf(&text, "-- crc32: %08" PRIx32 "\n", dump->crc);
    ok = ok && put(dump, &text, err);
    buf_release(&text);
    return ok;
}

bool dump_write(struct dump *dump, struct err *err)
{
    struct buf header = BUF_INIT;
    add_header(dump, &header);
    bool ok = put(dump, &header, err) && write_statements(dump, PLAN_SCHEMA, PLAN_EARLY, err) &&
              (!dump->data || write_rows(dump, err)) &&
              write_statements(dump, PLAN_KEYS, PLAN_COMMENTS, err) && write_trailer(dump, err);
    buf_release(&header);
    return ok;
}
