/*
 * Sums and lists of keys. The row text is built once per row (inside a subquery that OFFSET 0 keeps
 * the planner from flattening), since both its hash and its length are wanted.
 */
#include <inttypes.h>
#include <string.h>

#include "db/engine_dml.h"
#include "db/quote.h"
#include "db/row_sql.h"
#include "db/row_sql_internal.h"

void row_sql_fingerprint(struct buf *sql, const struct row_table *t)
{
    buf_adds(sql, "SELECT count(*), coalesce(sum(");
    row_sql_hash(sql, t);
    if (row_sql_client_columns(t)) {
        buf_adds(sql, "), 0)::text, coalesce(sum(");
        row_sql_own_hash(sql, t);
    }
    buf_adds(sql, "), 0)::text FROM ");
    row_sql_add_table(sql, t, true);
    buf_adds(sql, " AS t");
}

void row_sql_buckets(struct buf *sql, const struct row_table *t, int64_t mask)
{
    buf_adds(sql, "SELECT (");
    row_sql_add_key_hash(sql, t);
    buf_addf(sql, " & %" PRId64 ") AS bucket, count(*), sum(", mask);
    row_sql_hash(sql, t);
    if (row_sql_client_columns(t)) {
        buf_adds(sql, ")::text, sum(");
        row_sql_own_hash(sql, t);
    }
    buf_adds(sql, ")::text FROM ");
    row_sql_add_table(sql, t, true);
    buf_adds(sql, " AS t GROUP BY 1 ORDER BY 1");
}

/* The texts of client columns as u1, u2, ... of the innermost query, or their length as u. */
static void add_client_texts(struct buf *sql, const struct row_table *t, bool lengths)
{
    size_t n = row_sql_client_columns(t);
    size_t i;

    for (i = 0; i < n; i++) {
        buf_adds(sql, !lengths ? ", "
                      : i      ? " + coalesce(octet_length(("
                               : ", coalesce(octet_length((");
        row_sql_client(sql, t, i);
        if (lengths)
            buf_adds(sql, ")::text), 0)");
        else
            buf_addf(sql, " AS u%zu", i + 1);
    }
    if (n && lengths)
        buf_adds(sql, " AS u");
}

static void add_client_names(struct buf *sql, const struct row_table *t, char from)
{
    size_t n = row_sql_client_columns(t);
    size_t i;

    for (i = 0; i < n; i++)
        buf_addf(sql, ", %c.u%zu", from, i + 1);
}

static const char *octets(const struct row_table *t, bool lengths)
{
    return lengths && row_sql_client_columns(t) ? "octet_length(q.r) + q.u" : "octet_length(q.r)";
}

/* What every list of keys selects, from `source` (with its WHERE). */
static void add_key_list(struct buf *sql, const struct row_table *t, const char *source,
                         bool keys_alone)
{
    size_t i;

    buf_adds(sql, "SELECT q.kh, ");
    t->dml->hash(sql, t, "q.r");
    buf_addf(sql, ", %s", octets(t, keys_alone));
    for (i = 0; i < t->key_count; i++)
        buf_addf(sql, ", q.k%zu", i + 1);
    if (!keys_alone)
        add_client_names(sql, t, 'q');
    buf_adds(sql, " FROM (SELECT ");
    row_sql_add_key_hash(sql, t);
    buf_adds(sql, " AS kh, ");
    row_sql_add_row_text(sql, t);
    buf_adds(sql, " AS r");
    for (i = 0; i < t->key_count; i++) {
        buf_adds(sql, ", ");
        row_sql_key(sql, t, i);
        buf_addf(sql, " AS k%zu", i + 1);
    }
    add_client_texts(sql, t, keys_alone);
    buf_addf(sql, "%s OFFSET 0) AS q ORDER BY q.kh", source);
    for (i = 0; i < t->key_count; i++)
        buf_addf(sql, ", q.k%zu%s", i + 1, t->dml->bytewise);
}

/* Rows as a multiset: one line for each distinct row, with how often it occurs; a line for each row
 * where that is not all there is to it. */
static void add_row_list(struct buf *sql, const struct row_table *t, const char *source,
                         bool keys_alone)
{
    bool single = row_sql_client_columns(t) && !keys_alone;

    buf_adds(sql, single ? "SELECT w.kh, 1, w.octets, w.kh::text"
                         : "SELECT w.kh, count(*), max(w.octets), w.kh::text");
    if (single)
        add_client_names(sql, t, 'w');
    buf_adds(sql, " FROM (SELECT ");
    t->dml->hash(sql, t, "q.r");
    buf_addf(sql, " AS kh, %s AS octets", octets(t, keys_alone));
    if (single)
        add_client_names(sql, t, 'q');
    buf_adds(sql, " FROM (SELECT ");
    row_sql_add_row_text(sql, t);
    buf_adds(sql, " AS r");
    add_client_texts(sql, t, keys_alone);
    buf_addf(sql, "%s OFFSET 0) AS q) AS w%s ORDER BY w.kh", source,
             single ? "" : " GROUP BY w.kh");
}

static void add_list(struct buf *sql, const struct row_table *t, const char *source,
                     bool keys_alone)
{
    if (t->key_count == 0)
        add_row_list(sql, t, source, keys_alone);
    else
        add_key_list(sql, t, source, keys_alone);
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

void row_sql_keys(struct buf *sql, const struct row_table *t, const struct row_choice *choice)
{
    struct buf source = BUF_INIT;
    size_t i;

    buf_adds(&source, " FROM ");
    row_sql_add_table(&source, t, true);
    buf_adds(&source, " AS t");
    if (choice->mask) {
        buf_adds(&source, " WHERE (");
        row_sql_add_key_hash(&source, t);
        buf_addf(&source, " & %" PRId64 ") = ANY ('{", choice->mask);
        for (i = 0; i < choice->count; i++)
            buf_addf(&source, "%s%" PRId64, i ? "," : "", choice->dirty[i]);
        buf_adds(&source, "}'::int8[])");
    }
    if (choice->since && t->change) {
        buf_adds(&source, choice->mask ? " AND " : " WHERE ");
        add_since(&source, t, choice->since);
    }
    add_list(sql, t, source.data, choice->keys_alone);
    buf_release(&source);
}

void row_sql_keys_of(struct buf *sql, const struct row_table *t)
{
    struct buf source = BUF_INIT;

    row_sql_add_from_keys(&source, t);
    add_list(sql, t, source.data, false);
    buf_release(&source);
}
