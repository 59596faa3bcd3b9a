/*
 * Merging by UPDATE and by INSERT of what is missing, not by ON CONFLICT: the tables are locked
 * against other writers, and so keys that cannot arbitrate, rules and counts need no way of their
 * own.
 */
#include "db/upsert_sql.h"

#include "db/engine_dml.h"
#include "db/quote.h"
#include "db/row_sql_internal.h"

static void add_stage(struct buf *sql, const struct upsert_rows *u)
{
    buf_addf(sql, "pg_temp.dbr_upsert_%zu", u->number);
}

static void add_of(struct buf *sql, const char *from, const struct model_column *column)
{
    buf_adds(sql, from);
    quote_ident(sql, column->name);
}

/* The staged columns, each after `from`; from a column that is not staged nothing is taken. */
static void add_staged(struct buf *sql, const struct upsert_rows *u, const char *from)
{
    bool first = true;
    size_t i;

    for (i = 0; i < u->rows.column_count; i++) {
        if (!u->staged[i])
            continue;
        if (!first)
            buf_adds(sql, ", ");
        add_of(sql, from, u->rows.columns[i]);
        first = false;
    }
}

static void add_keys(struct buf *sql, const struct upsert_rows *u, const char *from)
{
    size_t i;

    for (i = 0; i < u->rows.key_count; i++) {
        buf_adds(sql, i ? ", " : "");
        add_of(sql, from, u->rows.keys[i]);
    }
}

static void add_match(struct buf *sql, const struct upsert_rows *u)
{
    size_t i;

    for (i = 0; i < u->rows.key_count; i++) {
        buf_adds(sql, i ? " AND " : "");
        add_of(sql, "t.", u->rows.keys[i]);
        add_of(sql, " = x.", u->rows.keys[i]);
    }
}

void upsert_sql_stage(struct buf *sql, const struct upsert_rows *u)
{
    buf_adds(sql, "CREATE TEMPORARY TABLE ");
    add_stage(sql, u);
    buf_adds(sql, " ON COMMIT DROP AS SELECT ");
    add_staged(sql, u, "t.");
    buf_adds(sql, " FROM ");
    row_sql_relation(sql, &u->rows);
    buf_adds(sql, " AS t WITH NO DATA; ALTER TABLE ");
    add_stage(sql, u);
    buf_adds(sql, " ADD COLUMN ");
    quote_ident(sql, u->ordinal);
    /* Where a row lies does not tell its place in the file: small ones fill earlier pages. */
    buf_adds(sql, " bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000)");
}

void upsert_sql_relation(struct buf *sql, const struct upsert_rows *u,
                         const struct model_column *const *columns, size_t count)
{
    size_t i;

    add_stage(sql, u);
    for (i = 0; i < count; i++) {
        buf_adds(sql, i ? ", " : " (");
        quote_ident(sql, columns[i]->name);
    }
    buf_addch(sql, ')');
}

void upsert_sql_analyze(struct buf *sql, const struct upsert_rows *u)
{
    buf_adds(sql, "ANALYZE ");
    add_stage(sql, u);
    buf_adds(sql, " (");
    add_keys(sql, u, "");
    buf_addch(sql, ')');
}

void upsert_sql_repeats(struct buf *sql, const struct upsert_rows *u)
{
    buf_adds(sql, "WITH d AS (DELETE FROM ");
    add_stage(sql, u);
    buf_adds(sql, " AS x USING (SELECT s.ctid AS place, row_number() OVER (PARTITION BY ");
    add_keys(sql, u, "s.");
    buf_adds(sql, " ORDER BY ");
    if (u->rows.change) {
        add_of(sql, "s.", u->rows.change);
        buf_adds(sql, " DESC NULLS LAST, ");
    }
    buf_adds(sql, "s.");
    quote_ident(sql, u->ordinal);
    buf_adds(sql, " DESC) AS rank FROM ");
    add_stage(sql, u);
    buf_adds(sql, " AS s) AS r WHERE x.ctid = r.place AND r.rank > 1 RETURNING 1) "
                  "SELECT (SELECT count(*) FROM ");
    add_stage(sql, u);
    buf_adds(sql, "), (SELECT count(*) FROM d)");
}

/* Whether the file's row is older than the table's: true or false. */
static void add_older(struct buf *sql, const struct upsert_rows *u)
{
    if (!u->rows.change) {
        buf_adds(sql, "false");
        return;
    }
    buf_addch(sql, '(');
    add_of(sql, "t.", u->rows.change);
    buf_adds(sql, " IS NOT NULL AND (");
    add_of(sql, "x.", u->rows.change);
    buf_adds(sql, " IS NULL OR ");
    add_of(sql, "x.", u->rows.change);
    buf_adds(sql, " < ");
    add_of(sql, "t.", u->rows.change);
    buf_adds(sql, "))");
}

void upsert_sql_settle(struct buf *sql, const struct upsert_rows *u)
{
    buf_adds(sql, "WITH d AS (DELETE FROM ");
    add_stage(sql, u);
    buf_adds(sql, " AS x USING ");
    row_sql_relation(sql, &u->rows);
    buf_adds(sql, " AS t WHERE ");
    add_match(sql, u);
    buf_adds(sql, " AND (");
    add_older(sql, u);
    /* By its text, since values may be equal and yet print differently, or have no equality. */
    buf_adds(sql, " OR ROW(");
    add_staged(sql, u, "t.");
    buf_adds(sql, ")::text IS NOT DISTINCT FROM ROW(");
    add_staged(sql, u, "x.");
    buf_adds(sql, ")::text) RETURNING ");
    add_older(sql, u);
    buf_adds(sql, " AS older) SELECT count(*) FILTER (WHERE older), count(*) FILTER (WHERE NOT "
                  "older) FROM d");
}

static void add_version(struct buf *sql, const struct upsert_rows *u, bool coming)
{
    size_t i;

    buf_addf(sql, "SELECT %d, x.", coming);
    quote_ident(sql, u->ordinal);
    buf_adds(sql, ", ");
    add_keys(sql, u, "t.");
    for (i = 0; i < u->rows.column_count; i++)
        add_of(sql, coming && u->staged[i] ? ", x." : ", t.", u->rows.columns[i]);
}

void upsert_sql_lost(struct buf *sql, const struct upsert_rows *u)
{
    buf_adds(sql, "SELECT v.* FROM ");
    add_stage(sql, u);
    buf_adds(sql, " AS x JOIN ");
    row_sql_relation(sql, &u->rows);
    buf_adds(sql, " AS t ON ");
    add_match(sql, u);
    buf_adds(sql, " CROSS JOIN LATERAL (");
    add_version(sql, u, false);
    buf_adds(sql, " UNION ALL ");
    add_version(sql, u, true);
    buf_adds(sql, ") AS v");
}

static bool is_key(const struct upsert_rows *u, const struct model_column *column)
{
    size_t i;

    for (i = 0; i < u->rows.key_count && u->rows.keys[i] != column; i++)
        ;
    return i < u->rows.key_count;
}

/* An identity column of the key has the same value already. */
static bool is_assigned(const struct upsert_rows *u, size_t i)
{
    const struct model_column *column = u->rows.columns[i];

    return u->staged[i] && !(column->identity == 'a' && is_key(u, column));
}

static void add_update(struct buf *sql, const struct upsert_rows *u)
{
    bool first = true;
    size_t i;

    buf_adds(sql, "UPDATE ");
    row_sql_relation(sql, &u->rows);
    buf_adds(sql, " AS t SET ");
    for (i = 0; i < u->rows.column_count; i++) {
        if (!is_assigned(u, i))
            continue;
        if (!first)
            buf_adds(sql, ", ");
        quote_ident(sql, u->rows.columns[i]->name);
        add_of(sql, " = x.", u->rows.columns[i]);
        first = false;
    }
    buf_adds(sql, " FROM ");
    add_stage(sql, u);
    buf_adds(sql, " AS x WHERE ");
    add_match(sql, u);
}

static bool has_assignments(const struct upsert_rows *u)
{
    size_t i;

    for (i = 0; i < u->rows.column_count && !is_assigned(u, i); i++)
        ;
    return i < u->rows.column_count;
}

/*
 * All but what was updated. Asking the table itself for the keys would be the plain way, but where
 * it is thought to be empty the server would read it anew for every row, while it grows.
 */
static void add_insert(struct buf *sql, const struct upsert_rows *u, size_t number)
{
    buf_adds(sql, "INSERT INTO ");
    quote_name(sql, u->rows.schema, u->rows.table->name);
    buf_adds(sql, " (");
    add_staged(sql, u, "");
    buf_addf(sql, ")%s SELECT ", u->rows.dml->overriding);
    add_staged(sql, u, "x.");
    buf_adds(sql, " FROM ");
    add_stage(sql, u);
    buf_adds(sql, " AS x");
    if (!has_assignments(u))
        return;
    buf_addf(sql, " WHERE NOT EXISTS (SELECT 1 FROM u%zu WHERE u%zu.place = x.", number, number);
    quote_ident(sql, u->ordinal);
    buf_addch(sql, ')');
}

static void add_count(struct buf *sql, char from, size_t number)
{
    buf_addf(sql, "(SELECT count(*) FROM %c%zu)", from, number);
}

void upsert_sql_write(struct buf *sql, const struct upsert_rows *const *all, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        buf_adds(sql, i ? ", " : "WITH ");
        if (has_assignments(all[i])) {
            buf_addf(sql, "u%zu AS (", i + 1);
            add_update(sql, all[i]);
            buf_adds(sql, " RETURNING x.");
            quote_ident(sql, all[i]->ordinal);
            buf_adds(sql, " AS place), ");
        }
        buf_addf(sql, "i%zu AS (", i + 1);
        add_insert(sql, all[i], i + 1);
        buf_adds(sql, " RETURNING 1)");
    }
    /* In this order they are run as well: an updated row may free a value that an inserted one
     * takes. */
    for (i = 0; i < count; i++) {
        buf_adds(sql, i ? ", " : " SELECT ");
        if (has_assignments(all[i]))
            add_count(sql, 'u', i + 1);
        else
            buf_addch(sql, '0');
        buf_adds(sql, ", ");
        add_count(sql, 'i', i + 1);
    }
}

static bool opens(const struct upsert_rows *u, size_t i)
{
    return is_assigned(u, i) && u->rows.columns[i]->identity == 'a';
}

bool upsert_sql_assigns_identity(const struct upsert_rows *u)
{
    size_t i;

    for (i = 0; i < u->rows.column_count && !opens(u, i); i++)
        ;
    return i < u->rows.column_count;
}

void upsert_sql_identity(struct buf *sql, const struct upsert_rows *u, bool open)
{
    bool first = true;
    size_t i;

    buf_adds(sql, "ALTER TABLE ");
    quote_name(sql, u->rows.schema, u->rows.table->name);
    for (i = 0; i < u->rows.column_count; i++) {
        if (!opens(u, i))
            continue;
        add_of(sql, first ? " ALTER COLUMN " : ", ALTER COLUMN ", u->rows.columns[i]);
        buf_adds(sql, open ? " SET GENERATED BY DEFAULT" : " SET GENERATED ALWAYS");
        first = false;
    }
}
