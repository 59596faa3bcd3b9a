/* The ledger of an init in the schema _dbr, which is never copied, exported or compared. */
#include "repl/ledger.h"

#include <inttypes.h>
#include <stdlib.h>

#include "db/query.h"
#include "db/quote.h"
#include "repl/weather.h"

#define CREATE_SCHEMA "CREATE SCHEMA IF NOT EXISTS _dbr"
#define DROP "DROP TABLE IF EXISTS "
#define COLUMNS                                                                                    \
    " (table_name text, piece int8, copied_rows int8 NOT NULL, PRIMARY KEY (table_name, piece))"

const char *const ledger_create[] = {
    CREATE_SCHEMA,
    DROP LEDGER,
    "CREATE TABLE " LEDGER COLUMNS,
};
const size_t ledger_create_count = sizeof(ledger_create) / sizeof(ledger_create[0]);

const char *const ledger_forget[] = {
    CREATE_SCHEMA,
    DROP LEDGER,
};
const size_t ledger_forget_count = sizeof(ledger_forget) / sizeof(ledger_forget[0]);

struct naming {
    struct conn *conn;
    const char *ledger;
};

/* Runs `before`, the ledger's name, `after`. */
static bool run(const struct naming *n, const char *before, const char *after, struct err *err)
{
    struct buf sql = BUF_INIT;
    bool ok;

    buf_addf(&sql, "%s%s%s", before, n->ledger, after);
    ok = query_run(n->conn, sql.data, 0, NULL, NULL, err);
    buf_release(&sql);
    return ok;
}

static bool make(void *context, struct err *err)
{
    const struct naming *n = context;

    return query_run(n->conn, CREATE_SCHEMA, 0, NULL, NULL, err) && run(n, DROP, "", err) &&
           run(n, "CREATE TABLE ", COLUMNS, err);
}

bool ledger_make(struct conn *conn, const char *ledger, struct err *err)
{
    struct naming naming = {conn, ledger};

    return weather_pass(conn, make, &naming, err);
}

static bool drop(void *context, struct err *err)
{
    return run(context, DROP, "", err);
}

bool ledger_drop(struct conn *conn, const char *ledger, struct err *err)
{
    struct naming naming = {conn, ledger};

    return weather_pass(conn, drop, &naming, err);
}

struct reading {
    struct conn *conn;
    bool *exists;
    struct strlist *complete, *begun;
};

static bool read_tables(const struct reading *r, struct err *err)
{
    struct result *result;
    size_t i;

    if (!query_run(r->conn, "SELECT table_name, min(piece) FROM " LEDGER " GROUP BY table_name", 0,
                   NULL, &result, err))
        return false;
    for (i = 0; i < result_rows(result); i++)
        strlist_add(result_int(result, i, 1) == LEDGER_WHOLE ? r->complete : r->begun,
                    result_text(result, i, 0));
    result_free(result);
    return true;
}

static bool read(void *context, struct err *err)
{
    const struct reading *r = context;
    struct result *result;

    strlist_release(r->complete);
    strlist_release(r->begun);
    if (!query_run(r->conn,
                   "SELECT count(*) > 0 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                   "ON n.oid = c.relnamespace WHERE n.nspname = '_dbr' AND c.relname = 'progress'",
                   0, NULL, &result, err))
        return false;
    *r->exists = result_bool(result, 0, 0);
    result_free(result);
    return !*r->exists || read_tables(r, err);
}

bool ledger_read(struct conn *conn, bool *exists, struct strlist *complete, struct strlist *begun,
                 struct err *err)
{
    struct reading reading = {conn, exists, complete, begun};

    *exists = false;
    return weather_pass(conn, read, &reading, err);
}

void ledger_add_begin(struct buf *sql, const char *ledger)
{
    buf_addf(sql, "INSERT INTO %s (table_name, piece, copied_rows) VALUES ", ledger);
}

void ledger_add_record(struct buf *sql, const char *table, int64_t piece, int64_t rows)
{
    buf_adds(sql, sql->data[sql->len - 1] == ')' ? ", (" : "(");
    quote_literal(sql, table);
    buf_addf(sql, ", %" PRId64 ", %" PRId64 ")", piece, rows);
}

struct emptying {
    struct conn *conn;
    const char *schema, *table;
};

/* The rows first: as long as there are records, the table is known not to be complete. */
static bool empty(void *context, struct err *err)
{
    const struct emptying *e = context;
    struct buf sql = BUF_INIT;
    bool ok;

    buf_adds(&sql, "TRUNCATE TABLE ");
    quote_name(&sql, e->schema, e->table);
    ok = query_run(e->conn, sql.data, 0, NULL, NULL, err);
    buf_reset(&sql);
    buf_adds(&sql, "DELETE FROM " LEDGER " WHERE table_name = ");
    quote_literal(&sql, e->table);
    ok = ok && query_run(e->conn, sql.data, 0, NULL, NULL, err);
    buf_release(&sql);
    return ok ? true : err_prefix(err, "emptying table %s", e->table);
}

bool ledger_empty(struct conn *conn, const char *schema, const char *table, struct err *err)
{
    struct emptying emptying = {conn, schema, table};

    return weather_pass(conn, empty, &emptying, err);
}
