/* Following foreign keys in sets. In all of them "t" is a table of the application and "x" the
 * staging table beside it, as row_sql_match wants it. */
#include "db/stage_sql.h"

#include <string.h>

#include "db/engine_dml.h"
#include "db/quote.h"

#define COMING "('i', 'u', 'I', 'J')"

static void add_stage(struct buf *sql, const struct stage *stage, enum engine_kind engine)
{
    buf_addf(sql, engine == ENGINE_COCKROACH ? "_dbr.merge_%zu" : "pg_temp.dbr_merge_%zu",
             stage->number);
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

void stage_sql_create(struct buf *sql, const struct stage *stage, enum engine_kind engine)
{
    size_t i;

    buf_adds(sql, engine == ENGINE_COCKROACH ? "CREATE TABLE " : "CREATE TEMPORARY TABLE ");
    add_stage(sql, stage, engine);
    buf_adds(sql, " (kind text, octets int8");
    for (i = 0; i < row_sql_key_width(stage->rows); i++)
        buf_addf(sql, ", k%zu text", i + 1);
    for (i = 0; i < stage->value_count; i++)
        buf_addf(sql, ", c%zu text", i + 1);
    buf_adds(sql, engine == ENGINE_COCKROACH ? ")" : ") ON COMMIT DROP");
}

void stage_sql_drop(struct buf *sql, const struct stage *stage, enum engine_kind engine)
{
    buf_adds(sql, "DROP TABLE ");
    add_stage(sql, stage, engine);
}

void stage_sql_add(struct buf *sql, const struct stage *stage, enum engine_kind engine)
{
    size_t width = 2 + row_sql_key_width(stage->rows) + stage->value_count;
    size_t i;

    buf_adds(sql, "INSERT INTO ");
    add_stage(sql, stage, engine);
    buf_adds(sql, " SELECT x.a1, x.a2::int8");
    for (i = 2; i < width; i++)
        buf_addf(sql, ", x.a%zu", i + 1);
    buf_adds(sql, " FROM unnest(");
    for (i = 0; i < width; i++)
        buf_addf(sql, "%s$%zu::text[]", i ? ", " : "", i + 1);
    buf_adds(sql, ") AS x(");
    for (i = 0; i < width; i++)
        buf_addf(sql, "%sa%zu", i ? ", " : "", i + 1);
    buf_addch(sql, ')');
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

    buf_adds(sql, "SELECT kind, octets");
    for (i = 0; i < row_sql_key_width(stage->rows); i++)
        buf_addf(sql, ", k%zu", i + 1);
    buf_adds(sql, " FROM ");
    add_stage(sql, stage, engine);
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
                        const char *before, const char *after)
{
    buf_adds(sql, "u AS (UPDATE ");
    add_stage(sql, stage, engine);
    buf_addf(sql, " AS x SET kind = '%s' FROM ", after);
    row_sql_relation(sql, stage->rows);
    buf_addf(sql, " AS t WHERE x.kind = '%s' AND ", before);
    row_sql_match(sql, stage->rows);
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
    add_changed(sql, link->parent, engine, "d", "k");
    add_referred(sql, link);
}

void stage_sql_keep_value(struct buf *sql, const struct stage_link *link, enum engine_kind engine)
{
    size_t i;

    add_staying(sql, link, engine);
    add_changed(sql, link->parent, engine, "u", "m");
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
    buf_adds(sql, "WITH u AS (UPDATE ");
    add_stage(sql, link->parent, engine);
    buf_adds(sql, " AS p SET kind = CASE p.kind WHEN 'b' THEN 'I' ELSE 'J' END WHERE p.kind IN "
                  "('b', 'L') AND EXISTS (SELECT 1 FROM ");
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
