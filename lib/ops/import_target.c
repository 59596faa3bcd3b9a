/* The database that a file goes to: is it the right one, and is there room in it? */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/engine_dml.h"
#include "db/pipeline.h"
#include "db/query.h"
#include "db/quote.h"
#include "ops/import_run.h"
#include "repl/apply.h"
#include "repl/catalog.h"
#include "repl/identity.h"
#include "repl/switch_mark.h"
#include "repl/weather.h"

#define NAMED 5            /* objects in a message */
#define BEGIN_STATEMENTS 2 /* that open the transaction */

static bool queue(struct conn *conn, struct err *err)
{
    bool postgres = conn_kind(conn) == ENGINE_POSTGRES;

    return identity_queue(conn, err) && switch_mark_queue_look(conn, NULL, err) &&
           (!postgres ||
            (pipeline_add(conn, "BEGIN", 0, NULL, err) &&
             pipeline_add(conn, "SET LOCAL lock_timeout = '" LOCK_TIMEOUT "'", 0, NULL, err))) &&
           pipeline_add(conn, "SELECT nspname FROM pg_catalog.pg_namespace", 0, NULL, err) &&
           catalog_queue(conn, err) && pipeline_sync(conn, err) && pipeline_send(&conn, 1, err);
}

static bool receive(struct import_run *run, struct err *err)
{
    struct conn *conn = run->conn;
    char *identities[2] = {NULL, NULL};
    int64_t epoch = 0;
    bool found;
    struct result *result = NULL;
    bool ok = identity_receive(conn, &identities[run->role], err) &&
              switch_mark_receive(conn, &found, &epoch, err) &&
              identity_check(&run->state, identities, err) &&
              switch_mark_check(&run->state, epoch, 0, err);

    free(identities[run->role]);
    for (size_t i = 0; ok && conn_kind(conn) == ENGINE_POSTGRES && i < BEGIN_STATEMENTS; i++)
        ok = pipeline_next(conn, NULL, err);
    ok = ok && pipeline_next(conn, &result, err);
    for (size_t i = 0; ok && i < result_rows(result); i++)
        strlist_add(&run->schemas, result_text(result, i, 0));
    result_free(result);
    return ok && catalog_receive(conn, &run->model, err) && pipeline_end(conn, err);
}

/* There each statement is committed by itself: what a failed import has made is dropped again, and
 * for that it must be known beforehand. */
static bool check_cockroach(const struct import_run *run, struct err *err)
{
    if (run->options->upsert) {
        err_set(err, ERR_REFUSED, "--upsert needs PostgreSQL, and the %s is %s",
                role_name(run->role), conn_version_text(run->conn));
        return err_hint(err, "import into the PostgreSQL database, then run dbr-sync");
    }
    if (run->outlined)
        return true;
    err_set(err, ERR_REFUSED, "for %s the input is read twice, and %s can be read only once",
            conn_version_text(run->conn), infile_name(run->in));
    return err_hint(err, "save it to a file first");
}

static bool check_dialect(const struct import_run *run, struct err *err)
{
    if (conn_kind(run->conn) == ENGINE_COCKROACH && !check_cockroach(run, err))
        return false;
    return !run->outlined ||
           sql_dialect_fits(run->outline.dialect, infile_name(run->in), run->conn, err);
}

bool import_open_target(struct import_run *run, struct err *err)
{
    const struct conn_params params = {role_name(run->role), run->config.urls[run->role],
                                       run->config.schema, 0, false};

    return conn_open(&params, &run->conn, err) && queue(run->conn, err) && receive(run, err) &&
           check_dialect(run, err);
}

/* --- room --------------------------------------------------------------------- */

static void add_name(struct buf *text, const struct drop_object *object)
{
    for (const char *p = object->object; *p; p++)
        buf_addch(text, *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p);
    buf_addf(text, " %s", object->name);
}

/* Tables come first: they hold the rows. */
static size_t add_found(const struct import_run *run, const bool *found, bool tables,
                        struct buf *names, size_t count)
{
    for (size_t i = 0; i < run->outline.object_count; i++) {
        const struct drop_object *object = &run->outline.objects[i];
        if (!found[i] || (strcmp(object->object, "TABLE") == 0) != tables)
            continue;
        if (count < NAMED) {
            buf_adds(names, count ? ", " : "");
            add_name(names, object);
        }
        count++;
    }
    return count;
}

static bool refuse_found(const struct import_run *run, const bool *found, struct err *err)
{
    struct buf names = BUF_INIT;
    size_t count = add_found(run, found, true, &names, 0);

    count = add_found(run, found, false, &names, count);
    if (count > NAMED)
        buf_addf(&names, " and %zu more", count - NAMED);
    err_set(err, ERR_REFUSED, "the %s holds already what the file defines: %s",
            role_name(run->role), names.data);
    buf_release(&names);
    if (conn_kind(run->conn) == ENGINE_COCKROACH)
        return err_hint(err, "they were there before, or an import that was killed left them: drop "
                             "them, or the whole database and create it anew, then import; the "
                             "active database's rows come there with dbr-init-secondary "
                             "--recreate");
    return err_hint(err, "--upsert merges the file's rows into these tables, --clean drops them "
                         "first; or import into an empty database");
}

static bool is_kept(const struct import_run *run, const struct sql_file_table *table)
{
    return !table->schema || strcmp(table->schema, run->model.schema) == 0;
}

/* The tables of a file without definitions are there, */
static bool check_tables(struct import_run *run, struct err *err)
{
    for (size_t i = 0; run->outlined && i < run->outline.table_count; i++) {
        const struct sql_file_table *table = &run->outline.tables[i];
        const struct model_table *there = model_table(&run->model, table->name);
        if (is_kept(run, table) && there) {
            strlist_add(&run->tables, table->name);
            strlist_add(&run->tables, model_root(&run->model, there)->name);
        }
        if (!is_kept(run, table) || there ||
            outline_creates(&run->outline, table->schema, table->name))
            continue;
        err_set(err, ERR_REFUSED, "the file holds rows of table %s, which the %s does not have",
                table->name, role_name(run->role));
        return err_hint(err,
                        "create it first, for example by importing a file that has the schema");
    }
    return true;
}

/* and empty: also those of which the file says that they are. */
static bool check_empty(void *context, struct err *err)
{
    const struct import_run *run = context;
    struct buf sql = BUF_INIT;
    struct result *result = NULL;

    if (!run->outlined || run->options->upsert)
        return true;
    for (size_t i = 0; i < run->outline.table_count; i++) {
        const struct sql_file_table *table = &run->outline.tables[i];
        const struct model_table *there = model_table(&run->model, table->name);
        if (!is_kept(run, table) || !there ||
            outline_creates(&run->outline, table->schema, table->name))
            continue;
        buf_adds(&sql, sql.len ? " UNION ALL SELECT " : "SELECT ");
        quote_literal(&sql, table->name);
        buf_adds(&sql, " WHERE EXISTS (SELECT 1 FROM ");
        buf_adds(&sql, there->kind == 'r' ? conn_engine(run->conn)->dml->only : "");
        quote_name(&sql, run->model.schema, table->name);
        buf_addch(&sql, ')');
    }
    bool ok = sql.len == 0 || query_run(run->conn, sql.data, 0, NULL, &result, err);
    if (ok && result && result_rows(result) > 0) {
        ok = err_set(err, ERR_REFUSED, "the table %s of the %s has rows", result_text(result, 0, 0),
                     role_name(run->role));
        err_hint(err, conn_kind(run->conn) == ENGINE_COCKROACH
                          ? "empty it first; an import that was killed may have left them"
                          : "--upsert merges the rows of the file into it");
    }
    result_free(result);
    buf_release(&sql);
    return ok;
}

static bool drop(struct import_run *run, const bool *found, struct err *err)
{
    if (conn_kind(run->conn) == ENGINE_COCKROACH) {
        err_set(err, ERR_REFUSED, "--clean needs PostgreSQL, and the %s is %s",
                role_name(run->role), conn_version_text(run->conn));
        return err_hint(err, "nothing brings the tables back there when the import fails: drop "
                             "them yourself, then import");
    }
    for (size_t i = 0; i < run->outline.object_count; i++)
        run->dropped += found[i];
    return run->dropped == 0 ||
           objects_drop(run->conn, run->outline.objects, run->outline.object_count, err);
}

struct finding {
    struct import_run *run;
    bool *found;
};

static bool find_objects(void *context, struct err *err)
{
    const struct finding *f = context;

    return objects_find(f->run->conn, f->run->outline.objects, f->run->outline.object_count,
                        f->found, err);
}

bool import_make_room(struct import_run *run, struct err *err)
{
    if (run->options->upsert || !run->outlined || run->outline.object_count == 0)
        return check_tables(run, err) && weather_pass(run->conn, check_empty, run, err);
    bool *found = mem_alloc(run->outline.object_count * sizeof *found);
    bool any = false;
    struct finding finding = {run, found};
    bool ok = weather_pass(run->conn, find_objects, &finding, err);
    for (size_t i = 0; i < run->outline.object_count; i++)
        any = any || found[i];
    if (ok && any)
        ok = run->options->clean ? drop(run, found, err) : refuse_found(run, found, err);
    free(found);
    return ok && check_tables(run, err) && weather_pass(run->conn, check_empty, run, err);
}
