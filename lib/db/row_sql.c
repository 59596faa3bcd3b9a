/*
 * Statements about rows. The row text is built once per row (inside a subquery that OFFSET 0 keeps
 * the planner from flattening), since both its hash and its length are wanted.
 */
#include "db/row_sql.h"

#include <inttypes.h>
#include <string.h>

#include "db/engine_dml.h"
#include "db/quote.h"
#include "db/row_sql_internal.h"

void row_sql_add_column(struct buf *sql, const struct model_column *column)
{
    buf_adds(sql, "t.");
    quote_ident(sql, column->name);
}

static void add_table(struct buf *sql, const struct row_table *t, bool only)
{
    if (only && t->table->kind != 'p')
        buf_adds(sql, t->dml->only);
    quote_name(sql, t->schema, t->table->name);
}

static void add_names(struct buf *sql, const struct model_column **columns, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (i)
            buf_adds(sql, ", ");
        quote_ident(sql, columns[i]->name);
    }
}

/* Length-prefixed parts: ('a b', 'c') and ('a', 'b c') differ, and so do NULL and the empty string.
 */
static void add_portable_text(struct buf *sql, const struct row_table *t,
                              const struct model_column **columns, size_t count)
{
    struct buf name = BUF_INIT;
    struct buf text = BUF_INIT;
    size_t i;
    bool first = true;

    for (i = 0; i < count; i++) {
        if (t->cross_engine && !t->dml->portable(columns[i]))
            continue;
        buf_reset(&name);
        buf_reset(&text);
        row_sql_add_column(&name, columns[i]);
        t->dml->column_text(&text, columns[i], name.data);
        buf_adds(sql, first ? "" : " || ");
        if (t->convert_encoding)
            buf_addf(sql, "coalesce(octet_length(convert_to(%s, 'UTF8'))::text || ':' || %s, '-')",
                     text.data, text.data);
        else
            buf_addf(sql, "coalesce(octet_length(%s)::text || ':' || %s, '-')", text.data,
                     text.data);
        first = false;
    }
    if (first)
        buf_adds(sql, "''");
    buf_release(&name);
    buf_release(&text);
}

static void add_row_text(struct buf *sql, const struct row_table *t,
                         const struct model_column **columns, size_t count)
{
    size_t i;

    if (t->form == HASH_PORTABLE) {
        add_portable_text(sql, t, columns, count);
        return;
    }
    buf_adds(sql, "ROW(");
    for (i = 0; i < count; i++) {
        if (i)
            buf_adds(sql, ", ");
        row_sql_add_column(sql, columns[i]);
    }
    buf_adds(sql, ")::text");
}

static void add_row_hash(struct buf *sql, const struct row_table *t)
{
    struct buf text = BUF_INIT;

    add_row_text(&text, t, t->columns, t->column_count);
    t->dml->hash(sql, t, text.data);
    buf_release(&text);
}

static void add_key_hash(struct buf *sql, const struct row_table *t)
{
    struct buf text = BUF_INIT;

    if (t->key_count == 0) {
        add_row_hash(sql, t);
        return;
    }
    if (t->key_count == 1 && t->form == HASH_NATIVE) {
        row_sql_add_column(&text, t->keys[0]);
        buf_adds(&text, "::text");
    } else {
        add_row_text(&text, t, t->keys, t->key_count);
    }
    t->dml->hash(sql, t, text.data);
    buf_release(&text);
}

void row_sql_fingerprint(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, "SELECT count(*), coalesce(sum(");
    add_row_hash(sql, t);
    buf_adds(sql, "), 0)::text FROM ");
    add_table(sql, t, true);
    buf_adds(sql, " AS t");
}

void row_sql_buckets(struct buf *sql, const struct row_table *t, int64_t mask)
{
    buf_adds(sql, "SELECT (");
    add_key_hash(sql, t);
    buf_addf(sql, " & %" PRId64 ") AS bucket, count(*), sum(", mask);
    add_row_hash(sql, t);
    buf_adds(sql, ")::text FROM ");
    add_table(sql, t, true);
    buf_adds(sql, " AS t GROUP BY 1 ORDER BY 1");
}

/* The join of parameters and table by key; "x" has one column k1, k2, ... per key column. */
static void add_key_parameters(struct buf *sql, const struct row_table *t)
{
    size_t i;

    buf_adds(sql, "unnest(");
    for (i = 0; i < t->key_count; i++)
        buf_addf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
    buf_adds(sql, ") AS x(");
    for (i = 0; i < t->key_count; i++)
        buf_addf(sql, "%sk%zu", i ? ", " : "", i + 1);
    buf_adds(sql, ")");
}

static void add_key_match(struct buf *sql, const struct row_table *t)
{
    size_t i;

    for (i = 0; i < t->key_count; i++) {
        buf_adds(sql, i ? " AND " : "");
        row_sql_add_column(sql, t->keys[i]);
        buf_addf(sql, " = x.k%zu::%s", i + 1, t->keys[i]->type);
    }
}

/* Equal by the index but not as text: 1.0 and 1.00, 'a' and 'A' under some collations. */
static void add_key_exact(struct buf *sql, const struct row_table *t)
{
    size_t i;

    for (i = 0; i < t->key_count; i++) {
        buf_adds(sql, " AND (");
        row_sql_add_column(sql, t->keys[i]);
        buf_addf(sql, "::text)%s = x.k%zu%s", t->dml->bytewise, i + 1, t->dml->bytewise);
    }
}

void row_sql_add_from_keys(struct buf *sql, const struct row_table *t)
{
    if (t->key_count == 0) {
        buf_adds(sql, " FROM ");
        add_table(sql, t, true);
        buf_adds(sql, " AS t WHERE ");
        add_row_hash(sql, t);
        buf_adds(sql, " = ANY ($1::int8[])");
        return;
    }
    buf_adds(sql, " FROM ");
    add_key_parameters(sql, t);
    buf_adds(sql, " JOIN ");
    add_table(sql, t, true);
    buf_adds(sql, " AS t ON ");
    add_key_match(sql, t);
    add_key_exact(sql, t);
}

/* What every list of keys selects: key hash, row text, key columns, from `source` (with its WHERE).
 */
static void add_key_list(struct buf *sql, const struct row_table *t, const char *source)
{
    struct buf text = BUF_INIT;
    size_t i;

    buf_adds(sql, "SELECT q.kh, ");
    t->dml->hash(sql, t, "q.r");
    buf_adds(sql, ", octet_length(q.r)");
    for (i = 0; i < t->key_count; i++)
        buf_addf(sql, ", q.k%zu", i + 1);
    buf_adds(sql, " FROM (SELECT ");
    add_key_hash(sql, t);
    buf_adds(sql, " AS kh, ");
    add_row_text(&text, t, t->columns, t->column_count);
    buf_addf(sql, "%s AS r", text.data);
    for (i = 0; i < t->key_count; i++) {
        buf_adds(sql, ", ");
        row_sql_add_column(sql, t->keys[i]);
        buf_addf(sql, "::text AS k%zu", i + 1);
    }
    buf_addf(sql, "%s OFFSET 0) AS q ORDER BY q.kh", source);
    for (i = 0; i < t->key_count; i++)
        buf_addf(sql, ", q.k%zu%s", i + 1, t->dml->bytewise);
    buf_release(&text);
}

/* Rows as a multiset: one line for each distinct row, with how often it occurs. */
static void add_row_list(struct buf *sql, const struct row_table *t, const char *source)
{
    struct buf text = BUF_INIT;

    add_row_text(&text, t, t->columns, t->column_count);
    buf_adds(sql, "SELECT w.kh, count(*), max(w.octets), w.kh::text FROM (SELECT ");
    t->dml->hash(sql, t, "q.r");
    buf_addf(sql, " AS kh, octet_length(q.r) AS octets FROM (SELECT %s AS r%s OFFSET 0) AS q) AS w",
             text.data, source);
    buf_adds(sql, " GROUP BY w.kh ORDER BY w.kh");
    buf_release(&text);
}

static void add_since(struct buf *where, const struct row_table *t, const char *since)
{
    buf_addch(where, '(');
    row_sql_add_column(where, t->change);
    buf_adds(where, " >= ");
    quote_literal(where, since);
    /* A timestamp without zone holds the clock of a zone that dbr does not know: up to 14 hours
     * behind UTC. */
    if (!strcmp(t->change->type_name, "timestamptz"))
        buf_adds(where, "::timestamptz");
    else
        buf_addf(where, "::timestamp - interval '15 hours'");
    buf_adds(where, " OR ");
    row_sql_add_column(where, t->change);
    buf_adds(where, " IS NULL)");
}

void row_sql_keys(struct buf *sql, const struct row_table *t, int64_t mask, const int64_t *dirty,
                  size_t n, const char *since)
{
    struct buf source = BUF_INIT;
    size_t i;

    buf_adds(&source, " FROM ");
    add_table(&source, t, true);
    buf_adds(&source, " AS t");
    if (mask) {
        buf_adds(&source, " WHERE (");
        add_key_hash(&source, t);
        buf_addf(&source, " & %" PRId64 ") = ANY ('{", mask);
        for (i = 0; i < n; i++)
            buf_addf(&source, "%s%" PRId64, i ? "," : "", dirty[i]);
        buf_adds(&source, "}'::int8[])");
    }
    if (since && t->change) {
        buf_adds(&source, mask ? " AND " : " WHERE ");
        add_since(&source, t, since);
    }
    if (t->key_count == 0)
        add_row_list(sql, t, source.data);
    else
        add_key_list(sql, t, source.data);
    buf_release(&source);
}

void row_sql_keys_of(struct buf *sql, const struct row_table *t)
{
    struct buf source = BUF_INIT;

    row_sql_add_from_keys(&source, t);
    if (t->key_count == 0)
        add_row_list(sql, t, source.data);
    else
        add_key_list(sql, t, source.data);
    buf_release(&source);
}

void row_sql_rows_of(struct buf *sql, const struct row_table *t)
{
    size_t i;

    buf_adds(sql, "SELECT ");
    if (t->key_count == 0) {
        add_row_hash(sql, t);
        buf_adds(sql, "::text, ");
    }
    for (i = 0; i < t->key_count; i++) {
        row_sql_add_column(sql, t->keys[i]);
        buf_adds(sql, "::text, ");
    }
    for (i = 0; i < t->column_count; i++) {
        buf_adds(sql, i ? ", " : "");
        row_sql_add_column(sql, t->columns[i]);
    }
    row_sql_add_from_keys(sql, t);
}

void row_sql_all_rows(struct buf *sql, const struct row_table *t)
{
    size_t i;

    buf_adds(sql, "SELECT ");
    for (i = 0; i < t->column_count; i++) {
        buf_adds(sql, i ? ", " : "");
        row_sql_add_column(sql, t->columns[i]);
    }
    buf_adds(sql, " FROM ");
    add_table(sql, t, true);
    buf_adds(sql, " AS t");
}

static void add_assignments(struct buf *sql, const struct row_table *t)
{
    bool first = true;
    size_t i;

    for (i = 0; i < t->column_count; i++) {
        if (t->columns[i]->identity == 'a')
            continue; /* only DEFAULT may be assigned; as a key it is equal anyway */
        buf_adds(sql, first ? "" : ", ");
        quote_ident(sql, t->columns[i]->name);
        buf_adds(sql, " = excluded.");
        quote_ident(sql, t->columns[i]->name);
        first = false;
    }
    if (first)
        buf_truncate(sql, sql->len - strlen("UPDATE SET ")), buf_adds(sql, "NOTHING");
}

void row_sql_add_insert(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, "INSERT INTO ");
    add_table(sql, t, false);
    buf_adds(sql, " (");
    add_names(sql, t->columns, t->column_count);
    buf_addf(sql, ")%s SELECT ", t->dml->overriding);
}

void row_sql_add_on_conflict(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, " ON CONFLICT (");
    add_names(sql, t->keys, t->key_count);
    buf_adds(sql, ") DO UPDATE SET ");
    add_assignments(sql, t);
}

void row_sql_insert(struct buf *sql, const struct row_table *t, bool upsert)
{
    size_t i;

    row_sql_add_insert(sql, t);
    for (i = 0; i < t->column_count; i++)
        buf_addf(sql, "%sx.c%zu::%s", i ? ", " : "", i + 1, t->columns[i]->type);
    buf_adds(sql, " FROM unnest(");
    for (i = 0; i < t->column_count; i++)
        buf_addf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
    buf_adds(sql, ") AS x(");
    for (i = 0; i < t->column_count; i++)
        buf_addf(sql, "%sc%zu", i ? ", " : "", i + 1);
    buf_addch(sql, ')');
    if (upsert)
        row_sql_add_on_conflict(sql, t);
}

void row_sql_delete(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, "DELETE FROM ");
    add_table(sql, t, true);
    buf_adds(sql, " AS t WHERE ");
    if (t->key_count == 0) {
        add_row_hash(sql, t);
        buf_adds(sql, " = ANY ($1::int8[])");
        return;
    }
    buf_adds(sql, "EXISTS (SELECT 1 FROM ");
    add_key_parameters(sql, t);
    buf_adds(sql, " WHERE ");
    add_key_match(sql, t);
    add_key_exact(sql, t);
    buf_addch(sql, ')');
}

void row_sql_copy_out(struct buf *sql, const struct row_table *t, const char *format)
{
    buf_adds(sql, "COPY (SELECT ");
    add_names(sql, t->columns, t->column_count);
    buf_adds(sql, " FROM ");
    add_table(sql, t, true);
    buf_addf(sql, ") TO STDOUT WITH (FORMAT %s)", format);
}

void row_sql_copy_in(struct buf *sql, const struct row_table *t, const char *format)
{
    buf_adds(sql, "COPY ");
    add_table(sql, t, false);
    buf_adds(sql, " (");
    add_names(sql, t->columns, t->column_count);
    buf_addf(sql, ") FROM STDIN WITH (FORMAT %s)", format);
}

size_t row_sql_key_width(const struct row_table *t)
{
    return t->key_count ? t->key_count : 1;
}

bool row_sql_can_upsert(const struct row_table *t)
{
    size_t i;
    size_t j;

    if (t->key_count == 0 || t->table->key_deferrable || t->table->update_rule)
        return false;
    for (i = 0; i < t->column_count; i++) {
        if (t->columns[i]->identity != 'a')
            continue;
        for (j = 0; j < t->key_count && t->keys[j] != t->columns[i]; j++)
            ;
        if (j == t->key_count)
            return false;
    }
    return true;
}

void row_sql_hash(struct buf *sql, const struct row_table *t)
{
    add_row_hash(sql, t);
}

void row_sql_relation(struct buf *sql, const struct row_table *t)
{
    add_table(sql, t, true);
}

void row_sql_match(struct buf *sql, const struct row_table *t)
{
    if (t->key_count == 0) {
        add_row_hash(sql, t);
        buf_adds(sql, " = x.k1::int8");
        return;
    }
    add_key_match(sql, t);
    add_key_exact(sql, t);
}
