/* Parts that statements about rows are made of: columns and keys as text, hashes, conditions. */
#include "db/row_sql.h"

#include <string.h>

#include "db/engine_dml.h"
#include "db/quote.h"
#include "db/row_sql_internal.h"

void row_sql_add_column(struct buf *sql, const struct model_column *column)
{
    buf_adds(sql, "t.");
    quote_ident(sql, column->name);
}

void row_sql_add_table(struct buf *sql, const struct row_table *t, bool only)
{
    if (only && t->table->kind != 'p')
        buf_adds(sql, t->dml->only);
    quote_name(sql, t->schema, t->table->name);
}

void row_sql_add_names(struct buf *sql, const struct model_column **columns, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (i)
            buf_adds(sql, ", ");
        quote_ident(sql, columns[i]->name);
    }
}

/* --- columns ---------------------------------------------------------------------------------- */

/* Places run over the columns, then over the keys. */
static const struct model_column *column_at(const struct row_table *t, size_t place)
{
    return place < t->column_count ? t->columns[place] : t->keys[place - t->column_count];
}

static void add_template(struct buf *sql, const struct row_table *t, size_t place,
                         const char *template)
{
    struct buf name = BUF_INIT;

    row_sql_add_column(&name, column_at(t, place));
    exchange_expression(sql, template, name.data);
    buf_release(&name);
}

void row_sql_add_read(struct buf *sql, const struct row_table *t, size_t place)
{
    add_template(sql, t, place, t->exchange ? t->exchange[place].read : "$");
}

static void add_text(struct buf *sql, const struct row_table *t, size_t place)
{
    add_template(sql, t, place, t->exchange ? t->exchange[place].text : "$::text");
}

void row_sql_key(struct buf *sql, const struct row_table *t, size_t i)
{
    add_text(sql, t, t->column_count + i);
}

size_t row_sql_client_columns(const struct row_table *t)
{
    size_t n = 0;
    size_t i;

    for (i = 0; t->exchange && i < t->column_count; i++)
        n += t->exchange[i].compared == EXCHANGE_CLIENT;
    return n;
}

size_t row_sql_client_column(const struct row_table *t, size_t n)
{
    size_t i;

    for (i = 0; i < t->column_count; i++)
        if (t->exchange[i].compared == EXCHANGE_CLIENT && n-- == 0)
            break;
    return i;
}

void row_sql_client(struct buf *sql, const struct row_table *t, size_t n)
{
    row_sql_add_read(sql, t, row_sql_client_column(t, n));
}

/* --- texts and hashes ------------------------------------------------------------------------- */

/* A text with its length before it: ('a b', 'c') and ('a', 'b c') differ, and so do NULL and the
 * empty string. */
static void add_prefixed(struct buf *sql, const struct row_table *t, const char *text)
{
    if (t->convert_encoding)
        buf_addf(sql, "coalesce(octet_length(convert_to(%s, 'UTF8'))::text || ':' || %s, '-')",
                 text, text);
    else
        buf_addf(sql, "coalesce(octet_length(%s)::text || ':' || %s, '-')", text, text);
}

/* A long expression whose text cannot hold a semicolon is written once, with one behind it. */
static void add_part(struct buf *sql, const struct row_table *t, size_t place)
{
    struct buf text = BUF_INIT;

    add_text(&text, t, place);
    if (t->exchange && t->exchange[place].ended)
        buf_addf(sql, "coalesce(%s || ';', '~')", text.data);
    else
        add_prefixed(sql, t, text.data);
    buf_release(&text);
}

static void add_portable_text(struct buf *sql, const struct row_table *t, size_t first,
                              size_t count)
{
    bool any = false;
    size_t i;

    for (i = first; i < first + count; i++) {
        if (t->exchange && t->exchange[i].compared != EXCHANGE_HASHED)
            continue;
        buf_adds(sql, any ? " || " : "");
        add_part(sql, t, i);
        any = true;
    }
    if (!any)
        buf_adds(sql, "''");
}

static void add_values(struct buf *sql, const struct row_table *t, size_t first, size_t count)
{
    size_t i;

    if (t->form == HASH_PORTABLE) {
        add_portable_text(sql, t, first, count);
        return;
    }
    buf_adds(sql, "ROW(");
    for (i = first; i < first + count; i++) {
        if (i > first)
            buf_adds(sql, ", ");
        row_sql_add_column(sql, column_at(t, i));
    }
    buf_adds(sql, ")::text");
}

void row_sql_add_row_text(struct buf *sql, const struct row_table *t)
{
    add_values(sql, t, 0, t->column_count);
}

void row_sql_hash(struct buf *sql, const struct row_table *t)
{
    struct buf text = BUF_INIT;

    row_sql_add_row_text(&text, t);
    t->dml->hash(sql, t, text.data);
    buf_release(&text);
}

void row_sql_add_key_hash(struct buf *sql, const struct row_table *t)
{
    struct buf text = BUF_INIT;

    if (t->key_count == 0) {
        row_sql_hash(sql, t);
        return;
    }
    if (t->key_count == 1 && t->form == HASH_NATIVE) {
        row_sql_add_column(&text, t->keys[0]);
        buf_adds(&text, "::text");
    } else {
        add_values(&text, t, t->column_count, t->key_count);
    }
    t->dml->hash(sql, t, text.data);
    buf_release(&text);
}

/* Never compared with the other server's: each hashes as it does best. */
void row_sql_own_hash(struct buf *sql, const struct row_table *t)
{
    struct row_table own = *t;
    struct buf text = BUF_INIT;
    struct buf value = BUF_INIT;
    size_t n = row_sql_client_columns(t);
    size_t i;

    own.form = HASH_NATIVE;
    own.convert_encoding = false;
    if (t->key_count == 0)
        row_sql_add_row_text(&text, t);
    else
        add_portable_text(&text, &own, t->column_count, t->key_count);
    for (i = 0; i < n; i++) {
        buf_reset(&value);
        buf_addch(&value, '(');
        row_sql_client(&value, t, i);
        buf_adds(&value, ")::text");
        buf_adds(&text, " || ");
        add_prefixed(&text, &own, value.data);
    }
    t->dml->hash(sql, &own, text.data);
    buf_release(&text);
    buf_release(&value);
}

/* --- rows by key -------------------------------------------------------------------------------
 */

void row_sql_add_key_parameters(struct buf *sql, const struct row_table *t)
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
        buf_addf(sql, " = x.k%zu::%s", i + 1,
                 t->exchange ? t->exchange[t->column_count + i].cast : t->keys[i]->type);
    }
}

/* Equal by the index but not as text: 1.0 and 1.00, 'a' and 'A' under some collations. */
static void add_key_exact(struct buf *sql, const struct row_table *t)
{
    size_t i;

    for (i = 0; i < t->key_count; i++) {
        buf_adds(sql, " AND (");
        row_sql_key(sql, t, i);
        buf_addf(sql, ")%s = x.k%zu%s", t->dml->bytewise, i + 1, t->dml->bytewise);
    }
}

void row_sql_add_from_keys(struct buf *sql, const struct row_table *t)
{
    if (t->key_count == 0) {
        buf_adds(sql, " FROM ");
        row_sql_add_table(sql, t, true);
        buf_adds(sql, " AS t WHERE ");
        row_sql_hash(sql, t);
        buf_adds(sql, " = ANY ($1::int8[])");
        return;
    }
    buf_adds(sql, " FROM ");
    row_sql_add_key_parameters(sql, t);
    buf_adds(sql, " JOIN ");
    row_sql_add_table(sql, t, true);
    buf_adds(sql, " AS t ON ");
    add_key_match(sql, t);
    add_key_exact(sql, t);
}

void row_sql_match(struct buf *sql, const struct row_table *t)
{
    if (t->key_count == 0) {
        row_sql_hash(sql, t);
        buf_adds(sql, " = x.k1::int8");
        return;
    }
    add_key_match(sql, t);
    add_key_exact(sql, t);
}

void row_sql_relation(struct buf *sql, const struct row_table *t)
{
    row_sql_add_table(sql, t, true);
}

size_t row_sql_key_width(const struct row_table *t)
{
    return t->key_count ? t->key_count : 1;
}
