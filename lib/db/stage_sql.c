/* Following foreign keys in sets. In all of them "t" is a table of the application and "x" the
 * staging table beside it, as row_sql_match wants it. */
#include "db/stage_sql.h"

#include <inttypes.h>
#include <string.h>

#include "db/quote.h"

#define COMING "('i', 'u', 'I', 'J')"

#define SHARED STAGE_SQL_SHARED

const char stage_sql_shared[] =
    "CREATE TABLE IF NOT EXISTS " SHARED " (pair int8, place int8, kind text NOT NULL, octets "
    "int8 NOT NULL, state int8 NOT NULL, keys text[] NOT NULL, vals text[] NOT NULL, PRIMARY KEY "
    "(pair, place))";

/* The staged rows as a table to read from. */
static void add_stage(struct buf *sql, const struct stage *stage, enum engine_kind engine)
{
    size_t i;

    if (engine == ENGINE_POSTGRES) {
        buf_addf(sql, "pg_temp.dbr_merge_%zu", stage->number);
        return;
    }
    buf_adds(sql, "(SELECT place, kind, octets, state");
    for (i = 1; i <= row_sql_key_width(stage->rows); i++)
        buf_addf(sql, ", keys[%zu] AS k%zu", i, i);
    for (i = 1; i <= stage->value_count; i++)
        buf_addf(sql, ", vals[%zu] AS c%zu", i, i);
    buf_addf(sql, ", vals[%zu] AS note FROM " SHARED " WHERE pair = %zu)", i, stage->number);
}

/* "UPDATE ... SET kind = `kind` FROM more WHERE": changes what `alias` (of one character) reads. */
static void add_update(struct buf *sql, const struct stage *stage, enum engine_kind engine,
                       const char *alias, const char *kind, const char *more)
{
    if (engine == ENGINE_POSTGRES) {
        buf_adds(sql, "UPDATE ");
        add_stage(sql, stage, engine);
        buf_addf(sql, " AS %s SET kind = %s%s%s WHERE ", alias, kind, more ? " FROM " : "",
                 more ? more : "");
        return;
    }
    buf_addf(sql, "UPDATE " SHARED " AS m SET kind = %s FROM ", kind);
    add_stage(sql, stage, engine);
    buf_addf(sql, " AS %s%s%s WHERE m.pair = %zu AND m.place = %s.place AND ", alias,
             more ? ", " : "", more ? more : "", stage->number, alias);
}

/* "c3" for a column whose values are staged. */
static void add_value(struct buf *sql, const struct stage *stage, const char *column)
{
    size_t i;

    for (i = 0; i < stage->value_count && strcmp(stage->values[i], column) != 0; i++)
        ;
    buf_addf(sql, "c%zu", i + 1);
}

static const char *type_of(const struct stage *stage, const char *column)
{
    return model_column(stage->rows->table, column)->type;
}

void stage_sql_create(struct buf *sql, const struct stage *stage)
{
    size_t i;

    buf_adds(sql, "CREATE TEMPORARY TABLE ");
    add_stage(sql, stage, ENGINE_POSTGRES);
    buf_adds(sql, " (kind text, octets int8, state int8");
    for (i = 0; i < row_sql_key_width(stage->rows); i++)
        buf_addf(sql, ", k%zu text", i + 1);
    for (i = 0; i < stage->value_count; i++)
        buf_addf(sql, ", c%zu text", i + 1);
    buf_adds(sql, ", note text) ON COMMIT DROP");
}

void stage_sql_clear(struct buf *sql, const struct stage *stage)
{
    buf_addf(sql, "DELETE FROM " SHARED " WHERE pair = %zu", stage->number);
}

static void add_array(struct buf *sql, size_t first, size_t count)
{
    size_t i;

    buf_adds(sql, ", ARRAY[");
    for (i = first; i < first + count; i++)
        buf_addf(sql, "%sx.a%zu", i > first ? ", " : "", i + 1);
    buf_adds(sql, "]::text[]");
}

void stage_sql_add(struct buf *sql, const struct stage *stage, enum engine_kind engine,
                   int64_t staged)
{
    size_t keys = row_sql_key_width(stage->rows);
    size_t width = 3 + keys + stage->value_count + 1;
    size_t i;

    buf_adds(sql, "INSERT INTO ");
    if (engine == ENGINE_POSTGRES) {
        add_stage(sql, stage, engine);
        buf_adds(sql, " SELECT x.a1, x.a2::int8, x.a3::int8");
        for (i = 3; i < width; i++)
            buf_addf(sql, ", x.a%zu", i + 1);
    } else {
        buf_addf(sql,
                 SHARED " (pair, place, kind, octets, state, keys, vals) SELECT %zu, x.n + %" PRId64
                        ", x.a1, x.a2::int8, x.a3::int8",
                 stage->number, staged);
        add_array(sql, 3, keys);
        add_array(sql, 3 + keys, stage->value_count + 1);
    }
    buf_adds(sql, " FROM unnest(");
    for (i = 0; i < width; i++)
        buf_addf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
    buf_adds(sql, ") WITH ORDINALITY AS x(");
    for (i = 0; i < width; i++)
        buf_addf(sql, "a%zu, ", i + 1);
    buf_adds(sql, "n)");
}

void stage_sql_values(struct buf *sql, const struct row_table *primary, const struct stage *stage)
{
    size_t width = row_sql_key_width(primary);
    size_t i;

    buf_adds(sql, "SELECT x.n");
    for (i = 0; i < stage->value_count; i++) {
        buf_adds(sql, ", t.");
        quote_ident(sql, stage->values[i]);
        buf_adds(sql, "::text");
    }
    buf_adds(sql, " FROM unnest(");
    for (i = 0; i < width; i++)
        buf_addf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
    buf_adds(sql, ") WITH ORDINALITY AS x(");
    for (i = 0; i < width; i++)
        buf_addf(sql, "k%zu, ", i + 1);
    buf_adds(sql, "n) JOIN ");
    row_sql_relation(sql, primary);
    buf_adds(sql, " AS t ON ");
    row_sql_match(sql, primary);
}

void stage_sql_read(struct buf *sql, const struct stage *stage, enum engine_kind engine)
{
    size_t i;

    buf_adds(sql, "SELECT kind, octets, state, note");
    for (i = 0; i < row_sql_key_width(stage->rows); i++)
        buf_addf(sql, ", k%zu", i + 1);
    buf_adds(sql, " FROM ");
    add_stage(sql, stage, engine);
    buf_adds(sql, " AS x");
}

/* r: what the rows of the secondary refer to that stay as they are. */
static void add_staying(struct buf *sql, const struct stage_link *link, enum engine_kind engine)
{
    size_t i;

    buf_adds(sql, "WITH r AS (SELECT ");
    for (i = 0; i < link->count; i++) {
        buf_adds(sql, i ? ", t." : "t.");
        quote_ident(sql, link->from[i]);
        buf_addf(sql, " AS f%zu", i + 1);
    }
    buf_adds(sql, " FROM ");
    if (!strcmp(link->relation, link->child->rows->table->name))
        row_sql_relation(sql, link->child->rows);
    else
        quote_name(sql, link->child->rows->schema, link->relation);
    buf_adds(sql, " AS t");
    if (link->child->changes) {
        buf_adds(sql, " WHERE NOT EXISTS (SELECT 1 FROM ");
        add_stage(sql, link->child, engine);
        buf_adds(sql, " AS x WHERE x.kind IN ('u', 'd') AND ");
        row_sql_match(sql, link->child->rows);
        buf_addch(sql, ')');
    }
    buf_adds(sql, "), ");
}

static void add_changed(struct buf *sql, const struct stage *stage, enum engine_kind engine,
                        char before, char after)
{
    const char kind[] = {'\'', after, '\'', '\0'};
    struct buf table = BUF_INIT;

    row_sql_relation(&table, stage->rows);
    buf_adds(&table, " AS t");
    buf_adds(sql, "u AS (");
    add_update(sql, stage, engine, "x", kind, table.data);
    buf_addf(sql, "x.kind = '%c' AND ", before);
    row_sql_match(sql, stage->rows);
    buf_release(&table);
}

static void add_referred(struct buf *sql, const struct stage_link *link)
{
    size_t i;

    buf_adds(sql, " AND EXISTS (SELECT 1 FROM r WHERE ");
    for (i = 0; i < link->count; i++) {
        buf_addf(sql, "%sr.f%zu = t.", i ? " AND " : "", i + 1);
        quote_ident(sql, link->to[i]);
    }
    buf_adds(sql, ") RETURNING 1) SELECT count(*) FROM u");
}

void stage_sql_keep(struct buf *sql, const struct stage_link *link, enum engine_kind engine)
{
    add_staying(sql, link, engine);
    add_changed(sql, link->parent, engine, 'd', 'k');
    add_referred(sql, link);
}

void stage_sql_keep_value(struct buf *sql, const struct stage_link *link, enum engine_kind engine)
{
    size_t i;

    add_staying(sql, link, engine);
    add_changed(sql, link->parent, engine, 'u', 'm');
    buf_adds(sql, " AND (");
    for (i = 0; i < link->count; i++) {
        buf_adds(sql, i ? " OR t." : "t.");
        quote_ident(sql, link->to[i]);
        buf_adds(sql, " IS DISTINCT FROM x.");
        add_value(sql, link->parent, link->to[i]);
        buf_addf(sql, "::%s", type_of(link->parent, link->to[i]));
    }
    buf_addch(sql, ')');
    add_referred(sql, link);
}

/* p and x: staged rows of parent and child with the same values. */
static void add_same_values(struct buf *sql, const struct stage_link *link)
{
    size_t i;

    for (i = 0; i < link->count; i++) {
        buf_adds(sql, i ? " AND x." : "x.");
        add_value(sql, link->child, link->from[i]);
        buf_addf(sql, "::%s = p.", type_of(link->parent, link->to[i]));
        add_value(sql, link->parent, link->to[i]);
        buf_addf(sql, "::%s", type_of(link->parent, link->to[i]));
    }
}

void stage_sql_restore(struct buf *sql, const struct stage_link *link, enum engine_kind engine)
{
    buf_adds(sql, "WITH u AS (");
    add_update(sql, link->parent, engine, "p", "CASE p.kind WHEN 'b' THEN 'I' ELSE 'J' END", NULL);
    buf_adds(sql, "p.kind IN ('b', 'L') AND EXISTS (SELECT 1 FROM ");
    add_stage(sql, link->child, engine);
    buf_adds(sql, " AS x WHERE x.kind IN " COMING " AND ");
    add_same_values(sql, link);
    buf_adds(sql, ") RETURNING 1) SELECT count(*) FROM u");
}

void stage_sql_orphans(struct buf *sql, const struct stage_link *link, enum engine_kind engine)
{
    size_t i;

    /* r: what there is to refer to among the rows of the secondary that stay */
    buf_adds(sql, "WITH r AS (SELECT ");
    for (i = 0; i < link->count; i++) {
        buf_adds(sql, i ? ", t." : "t.");
        quote_ident(sql, link->to[i]);
        buf_addf(sql, " AS f%zu", i + 1);
    }
    buf_adds(sql, " FROM ");
    row_sql_relation(sql, link->parent->rows);
    buf_adds(sql, " AS t");
    if (link->parent->changes) {
        buf_adds(sql, " WHERE NOT EXISTS (SELECT 1 FROM ");
        add_stage(sql, link->parent, engine);
        buf_adds(sql, " AS x WHERE x.kind IN ('u', 'd') AND ");
        row_sql_match(sql, link->parent->rows);
        buf_addch(sql, ')');
    }
    buf_adds(sql, ") SELECT count(*), min(x.k1) FROM ");
    add_stage(sql, link->child, engine);
    buf_adds(sql, " AS x WHERE x.kind IN " COMING);
    for (i = 0; i < link->count; i++) {
        buf_adds(sql, " AND x.");
        add_value(sql, link->child, link->from[i]);
        buf_adds(sql, " IS NOT NULL");
    }
    buf_adds(sql, " AND NOT EXISTS (SELECT 1 FROM r WHERE ");
    for (i = 0; i < link->count; i++) {
        buf_addf(sql, "%sr.f%zu = x.", i ? " AND " : "", i + 1);
        add_value(sql, link->child, link->from[i]);
        buf_addf(sql, "::%s", type_of(link->parent, link->to[i]));
    }
    buf_adds(sql, ") AND NOT EXISTS (SELECT 1 FROM ");
    add_stage(sql, link->parent, engine);
    buf_adds(sql, " AS p WHERE p.kind IN " COMING " AND ");
    add_same_values(sql, link);
    buf_addch(sql, ')');
}
