/* What a merge asks of bases and tables. */
#include "db/merge_sql.h"

#include <string.h>

#include "db/engine_dml.h"
#include "db/quote.h"

void merge_sql_parameters(struct buf *sql, const struct row_table *t)
{
    size_t width = row_sql_key_width(t);
    size_t i;

    buf_adds(sql, "unnest(");
    for (i = 0; i < width; i++)
        buf_addf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
    buf_adds(sql, ") WITH ORDINALITY AS x(");
    for (i = 0; i < width; i++)
        buf_addf(sql, "k%zu, ", i + 1);
    buf_adds(sql, "n)");
}

/* FROM the rows whose keys are in the parameters. */
static void add_from_asked(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, " FROM ");
    merge_sql_parameters(sql, t);
    buf_adds(sql, " JOIN ");
    row_sql_relation(sql, t);
    buf_adds(sql, " AS t ON ");
    row_sql_match(sql, t);
}

/* The columns of a row of a base. */
static void add_frozen(struct buf *sql, const struct row_table *t)
{
    bool clients = row_sql_client_columns(t) > 0;
    size_t i;

    for (i = 0; i < t->key_count; i++) {
        row_sql_key(sql, t, i);
        buf_addf(sql, " AS k%zu, ", i + 1);
    }
    row_sql_hash(sql, t);
    buf_adds(sql, t->key_count ? " AS row_hash" : "::text AS k1, count(*) AS row_hash");
    if (clients) {
        buf_adds(sql, t->key_count ? ", " : ", sum(");
        row_sql_own_hash(sql, t);
        buf_adds(sql, t->key_count ? "::text AS own_hash" : ")::text AS own_hash");
    }
}

static void add_key_names(struct buf *sql, const struct row_table *t, const char *of)
{
    size_t i;

    for (i = 0; i < row_sql_key_width(t); i++)
        buf_addf(sql, "%s%sk%zu", i ? ", " : "", of, i + 1);
}

static void add_column_names(struct buf *sql, const struct row_table *t)
{
    add_key_names(sql, t, "");
    buf_adds(sql, row_sql_client_columns(t) ? ", row_hash, own_hash" : ", row_hash");
}

void merge_sql_freeze(struct buf *sql, const struct row_table *t, const char *relation)
{
    buf_adds(sql, "CREATE TABLE IF NOT EXISTS ");
    quote_name(sql, "_dbr", relation);
    if (t->dml->keyed_query) {
        buf_adds(sql, " (");
        add_column_names(sql, t);
        buf_adds(sql, ", PRIMARY KEY (");
        add_key_names(sql, t, "");
        buf_adds(sql, "))");
    }
    buf_adds(sql, " AS SELECT ");
    add_frozen(sql, t);
    buf_adds(sql, " FROM ");
    row_sql_relation(sql, t);
    buf_adds(sql, " AS t");
    if (t->key_count == 0)
        buf_adds(sql, " GROUP BY 1");
}

void merge_sql_forget(struct buf *sql, const struct row_table *t, const char *relation)
{
    buf_adds(sql, "DELETE FROM ");
    quote_name(sql, "_dbr", relation);
    buf_adds(sql, " AS b WHERE (");
    add_key_names(sql, t, "b.");
    buf_adds(sql, ") IN (SELECT ");
    add_key_names(sql, t, "x.");
    buf_adds(sql, " FROM ");
    merge_sql_parameters(sql, t);
    buf_addch(sql, ')');
}

void merge_sql_learn(struct buf *sql, const struct row_table *t, const char *relation)
{
    buf_adds(sql, "INSERT INTO ");
    quote_name(sql, "_dbr", relation);
    buf_adds(sql, " (");
    add_column_names(sql, t);
    buf_adds(sql, ") SELECT ");
    add_frozen(sql, t);
    if (t->key_count) {
        add_from_asked(sql, t);
        return;
    }
    buf_adds(sql, " FROM ");
    row_sql_relation(sql, t);
    buf_adds(sql, " AS t WHERE ");
    row_sql_hash(sql, t);
    buf_adds(sql, " IN (SELECT x.k1::int8 FROM ");
    merge_sql_parameters(sql, t);
    buf_adds(sql, ") GROUP BY 1");
}

static void add_instant(struct buf *sql, const struct row_table *t, const char *zone)
{
    if (!t->change) {
        buf_adds(sql, "NULL");
        return;
    }
    buf_adds(sql, "(t.");
    quote_ident(sql, t->change->name);
    if (strcmp(t->change->type_name, "timestamptz") != 0) {
        buf_adds(sql, " AT TIME ZONE ");
        quote_literal(sql, zone);
    }
    buf_adds(sql, ")::text");
}

/* What is selected of client columns, behind the rest. */
static void add_clients(struct buf *sql, const struct row_table *t, bool named)
{
    size_t n = row_sql_client_columns(t);
    size_t i;

    if (n == 0)
        return;
    buf_adds(sql, ", ");
    row_sql_own_hash(sql, t);
    buf_adds(sql, named ? "::text AS o" : "::text");
    for (i = 0; i < n; i++) {
        buf_adds(sql, ", ");
        row_sql_client(sql, t, i);
        if (named)
            buf_addf(sql, " AS u%zu", i + 1);
    }
}

static void add_states_of_rows(struct buf *sql, const struct row_table *t)
{
    size_t n = row_sql_client_columns(t);
    size_t i;

    buf_addf(sql, "SELECT x.n, %s, NULL", n ? "1" : "count(*)");
    if (n)
        buf_adds(sql, ", q.o");
    for (i = 0; i < n; i++)
        buf_addf(sql, ", q.u%zu", i + 1);
    buf_adds(sql, " FROM ");
    merge_sql_parameters(sql, t);
    buf_adds(sql, " JOIN (SELECT ");
    row_sql_hash(sql, t);
    buf_adds(sql, " AS h");
    add_clients(sql, t, true);
    buf_adds(sql, " FROM ");
    row_sql_relation(sql, t);
    buf_adds(sql, " AS t) AS q ON q.h = x.k1::int8");
    if (n == 0)
        buf_adds(sql, " GROUP BY 1");
}

void merge_sql_states(struct buf *sql, const struct row_table *t, const char *zone)
{
    if (t->key_count == 0) {
        add_states_of_rows(sql, t);
        return;
    }
    buf_adds(sql, "SELECT x.n, ");
    row_sql_hash(sql, t);
    buf_adds(sql, ", ");
    add_instant(sql, t, zone);
    add_clients(sql, t, false);
    add_from_asked(sql, t);
}

void merge_sql_base(struct buf *sql, const struct row_table *t, const char *relation)
{
    size_t i;

    buf_addf(sql, "SELECT x.n, b.row_hash%s FROM ",
             row_sql_client_columns(t) ? ", b.own_hash" : "");
    merge_sql_parameters(sql, t);
    buf_adds(sql, " JOIN ");
    quote_name(sql, "_dbr", relation);
    buf_adds(sql, " AS b ON ");
    for (i = 0; i < row_sql_key_width(t); i++)
        buf_addf(sql, "%sb.k%zu%s = x.k%zu%s", i ? " AND " : "", i + 1, t->dml->bytewise, i + 1,
                 t->dml->bytewise);
}

/* The rows of the child, as t; where it is the table itself without those with these keys. */
static void add_children(struct buf *sql, const struct row_table *t,
                         const struct model_table *child)
{
    size_t i;

    buf_adds(sql, "(SELECT * FROM ");
    quote_name(sql, t->schema, child->name);
    buf_adds(sql, " AS t");
    if (child == t->table) {
        buf_adds(sql, " WHERE NOT EXISTS (SELECT 1 FROM unnest(");
        for (i = 0; i < row_sql_key_width(t); i++)
            buf_addf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
        buf_adds(sql, ") AS x(");
        for (i = 0; i < row_sql_key_width(t); i++)
            buf_addf(sql, "%sk%zu", i ? ", " : "", i + 1);
        buf_adds(sql, ") WHERE ");
        row_sql_match(sql, t);
        buf_addch(sql, ')');
    }
    buf_addch(sql, ')');
}

void merge_sql_referred(struct buf *sql, const struct row_table *t, const struct model_table *child,
                        const struct model_constraint *key)
{
    size_t i;

    buf_adds(sql, "SELECT DISTINCT x.n FROM ");
    merge_sql_parameters(sql, t);
    buf_adds(sql, " JOIN ");
    row_sql_relation(sql, t);
    buf_adds(sql, " AS t ON ");
    row_sql_match(sql, t);
    buf_adds(sql, " JOIN ");
    add_children(sql, t, child);
    buf_adds(sql, " AS c ON ");
    for (i = 0; i < key->column_count; i++) {
        buf_adds(sql, i ? " AND c." : "c.");
        quote_ident(sql, child->columns[key->columns[i]].name);
        buf_adds(sql, " = t.");
        quote_ident(sql, key->ref_columns[i]);
    }
}

void merge_sql_index_base(struct buf *sql, const struct row_table *t, const char *relation)
{
    size_t i;

    buf_adds(sql, "CREATE INDEX ON ");
    quote_name(sql, "_dbr", relation);
    buf_adds(sql, " (");
    for (i = 0; i < row_sql_key_width(t); i++)
        buf_addf(sql, "%sk%zu%s", i ? ", " : "", i + 1, t->dml->bytewise);
    buf_addch(sql, ')');
}

void merge_sql_lock_parents(struct buf *sql, const struct row_table *t,
                            const struct model_constraint *key)
{
    size_t i;

    buf_adds(sql, "SELECT count(*) FROM (SELECT 1 FROM ");
    merge_sql_parameters(sql, t);
    buf_adds(sql, " JOIN ");
    row_sql_relation(sql, t);
    buf_adds(sql, " AS t ON ");
    row_sql_match(sql, t);
    buf_adds(sql, " JOIN ");
    quote_name(sql, t->schema, key->ref_table);
    buf_adds(sql, " AS p ON ");
    for (i = 0; i < key->column_count; i++) {
        buf_adds(sql, i ? " AND p." : "p.");
        quote_ident(sql, key->ref_columns[i]);
        buf_adds(sql, " = t.");
        quote_ident(sql, t->table->columns[key->columns[i]].name);
    }
    buf_adds(sql, " FOR KEY SHARE OF p) AS q");
}
