/* Which tables and columns rows are staged for. The merge is in upsert_merge.c. */
#include "repl/upsert.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/engine.h"
#include "db/query.h"
#include "repl/pairing.h"

void upsert_init(struct upsert *upsert, struct conn *conn, const struct model *model,
                 struct archive *archive, const char *change_column)
{
    memset(upsert, 0, sizeof(*upsert));
    upsert->conn = conn;
    upsert->model = model;
    upsert->archive = archive;
    upsert->change_column = change_column;
}

static bool check_column(const struct model_table *table, const char *name, struct err *err)
{
    const struct model_column *column = model_column(table, name);

    if (!column)
        return err_set(err, ERR_REFUSED, "the file has rows with a column %s, which table %s lacks",
                       name, table->name) ||
               err_hint(err, "import with --clean to replace the table by that of the file");
    if (!model_column_copied(column))
        return err_set_hint(
            err, ERR_REFUSED,
            "leave the column out of the file, or import with --clean to replace the table by that "
            "of the file",
            "the file has values for column %s of table %s, which is generated there", name,
            table->name);
    return true;
}

static bool check_columns(const struct model_table *table, const struct strlist *columns,
                          struct err *err)
{
    size_t i;
    size_t j;

    for (i = 0; i < columns->count; i++) {
        if (!check_column(table, columns->items[i], err))
            return false;
        for (j = 0; j < i; j++)
            if (!strcmp(columns->items[i], columns->items[j]))
                return err_set_hint(err, ERR_REFUSED, HINT_DAMAGED_FILE,
                                    "the file names column %s of table %s twice", columns->items[i],
                                    table->name);
    }
    for (i = 0; i < table->key_count; i++) {
        const char *key = table->columns[table->key_columns[i]].name;

        if (!strlist_has(columns, key))
            return err_set_hint(
                err, ERR_REFUSED, "make the file with all columns, or import with --clean",
                "the file's rows of table %s lack column %s of its key", table->name, key);
    }
    return true;
}

static void all_columns(const struct model_table *table, struct strlist *columns)
{
    size_t i;

    for (i = 0; i < table->column_count; i++)
        if (model_column_copied(&table->columns[i]))
            strlist_add(columns, table->columns[i].name);
}

/* A name that no column has, however long they are: none has this start and this many underscores.
 */
static char *free_name(const struct model_table *table)
{
    struct buf name = BUF_INIT;

    buf_adds(&name, "dbr_n");
    while (model_column(table, name.data))
        buf_addch(&name, '_');
    return buf_detach(&name);
}

static void fill(struct upsert_table *t, const struct upsert *upsert,
                 const struct model_table *table, const struct strlist *columns)
{
    struct row_table *rows = &t->sql.rows;
    const struct model_column *change = pairing_change_column(table, upsert->change_column);
    size_t i;

    t->table = table;
    t->columns = mem_array(NULL, table->column_count + table->key_count + 1, sizeof(*t->columns));
    t->staged = mem_alloc(table->column_count + 1);
    t->ordinal = free_name(table);
    rows->schema = upsert->model->schema;
    rows->table = table;
    rows->dml = conn_engine(upsert->conn)->dml;
    rows->columns = t->columns;
    for (i = 0; i < table->column_count; i++) {
        if (!model_column_copied(&table->columns[i]))
            continue;
        t->staged[rows->column_count] = strlist_has(columns, table->columns[i].name);
        t->columns[rows->column_count++] = &table->columns[i];
    }
    rows->keys = t->columns + rows->column_count;
    for (i = 0; i < table->key_count; i++)
        rows->keys[rows->key_count++] = &table->columns[table->key_columns[i]];
    rows->change = change && strlist_has(columns, change->name) ? change : NULL;
    t->sql.staged = t->staged;
    t->sql.ordinal = t->ordinal;
    t->sql.number = upsert->count + 1;
}

static void release_table(struct upsert_table *t)
{
    free(t->columns);
    free(t->staged);
    free(t->ordinal);
}

static bool same_columns(const struct upsert_table *t, const struct strlist *columns)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < t->sql.rows.column_count; i++) {
        if (!t->staged[i])
            continue;
        count++;
        if (!strlist_has(columns, t->columns[i]->name))
            return false;
    }
    return count == columns->count;
}

static struct upsert_table *find(const struct upsert *upsert, const struct model_table *table)
{
    size_t i;

    for (i = 0; i < upsert->count; i++)
        if (upsert->tables[i].table == table)
            return &upsert->tables[i];
    return NULL;
}

static bool stage_first(struct upsert *upsert, const struct model_table *table,
                        const struct strlist *columns, struct err *err)
{
    struct upsert_table t = {0};
    struct buf sql = BUF_INIT;
    bool ok;

    fill(&t, upsert, table, columns);
    upsert_sql_stage(&sql, &t.sql);
    ok = query_script(upsert->conn, sql.data, err) ||
         err_prefix(err, "making room for the rows of table %s", table->name);
    buf_release(&sql);
    if (!ok) {
        release_table(&t);
        return false;
    }
    if (upsert->count == upsert->cap) {
        upsert->cap = upsert->cap ? 2 * upsert->cap : 16;
        upsert->tables = mem_array(upsert->tables, upsert->cap, sizeof(*upsert->tables));
    }
    upsert->tables[upsert->count++] = t;
    return true;
}

static void add_relation(struct buf *relation, const struct upsert_table *t,
                         const struct strlist *columns)
{
    const struct model_column **list = mem_array(NULL, columns->count + 1, sizeof(*list));
    size_t i;

    for (i = 0; i < columns->count; i++)
        list[i] = model_column(t->table, columns->items[i]);
    buf_reset(relation);
    upsert_sql_relation(relation, &t->sql, list, columns->count);
    free(list);
}

static bool stage(struct upsert *upsert, const struct model_table *table,
                  const struct strlist *columns, struct buf *relation, struct err *err)
{
    const struct upsert_table *t = find(upsert, table);

    if (!check_columns(table, columns, err))
        return false;
    if (t && !same_columns(t, columns))
        return err_set(err, ERR_REFUSED, "the file has rows of table %s with different columns",
                       table->name) ||
               err_hint(err, "write the rows that lack a column to a file of their own");
    if (!t && !stage_first(upsert, table, columns, err))
        return false;
    add_relation(relation, find(upsert, table), columns);
    return true;
}

bool upsert_stage(struct upsert *upsert, const char *name, const struct strlist *columns,
                  struct buf *relation, struct err *err)
{
    const struct model_table *table = model_table(upsert->model, name);
    const struct model_table *root;
    struct strlist all = STRLIST_INIT;
    bool ok;

    if (!table)
        return err_set(err, ERR_REFUSED, "the %s has no table %s", conn_role(upsert->conn), name) ||
               err_hint(err, "import without --upsert to create what the file defines");
    root = model_root(upsert->model, table);
    if (root->key_kind == KEY_ROW)
        return err_set(err, ERR_REFUSED,
                       "table %s has no key (a primary key, or a unique index over NOT NULL "
                       "columns), by which rows could be merged",
                       root->name) ||
               err_hint(err,
                        "add a key to it, or merge the other tables alone: import the file into "
                        "an empty scratch database, dbr-export --tables=... from there, and "
                        "import that; dbr(7), \"Restore\", has the commands");
    if (columns->count > 0)
        return stage(upsert, root, columns, relation, err);
    /* The order of a partition's columns may be another. */
    all_columns(table, &all);
    ok = stage(upsert, root, &all, relation, err);
    strlist_release(&all);
    return ok;
}

void upsert_release(struct upsert *upsert)
{
    size_t i;

    for (i = 0; i < upsert->count; i++)
        release_table(&upsert->tables[i]);
    free(upsert->tables);
    memset(upsert, 0, sizeof(*upsert));
}
