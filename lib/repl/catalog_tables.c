/*
 * Tables and columns of the kept schema, columns of its composite types included. Partitions and
 * inheritance children are told apart here; a table whose partitioned parent lies in another schema
 * counts as a table of its own, since its rows would otherwise belong to nobody.
 */
#include "repl/catalog_read.h"

#include <string.h>

static const char tables_sql[] =
    "SELECT c.oid, c.relname, c.relkind, c.relpersistence = 'u', c.relispartition,"
    " (SELECT array_agg(p.relname ORDER BY i.inhseqno) FROM pg_inherits i"
    "   JOIN pg_class p ON p.oid = i.inhparent"
    "   WHERE i.inhrelid = c.oid AND p.relnamespace = c.relnamespace),"
    " (SELECT min(quote_ident(n.nspname) || '.' || quote_ident(p.relname)) FROM pg_inherits i"
    "   JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace"
    "   WHERE i.inhrelid = c.oid AND p.relnamespace <> c.relnamespace),"
    " CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,"
    " pg_get_expr(c.relpartbound, c.oid), c.relrowsecurity, c.relforcerowsecurity,"
    " (SELECT a.amname FROM pg_am a WHERE a.oid = c.relam AND a.amname <> 'heap'), c.relreplident,"
    " (SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
    "   WHERE i.indrelid = c.oid AND i.indisreplident),"
    " (SELECT string_agg(o.part, ', ') FROM ("
    "   SELECT quote_ident(split_part(u, '=', 1)) || '=' || quote_literal(substr(u, strpos(u, '=') "
    "+ 1)) AS part"
    "     FROM unnest(c.reloptions) u"
    "   UNION ALL"
    "   SELECT 'toast.' || quote_ident(split_part(u, '=', 1)) || '=' || quote_literal(substr(u, "
    "strpos(u, '=') + 1))"
    "     FROM pg_class t, unnest(t.reloptions) u WHERE t.oid = c.reltoastrelid) o),"
    " obj_description(c.oid, 'pg_class'), s.tuples, s.bytes,"
    " c.relhasrules AND EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type = "
    "'2')"
    " FROM pg_class c CROSS JOIN LATERAL ("
    "   SELECT CASE WHEN c.relkind = 'p' THEN (SELECT CASE WHEN max(l.reltuples) >= 0"
    "       THEN sum(greatest(l.reltuples, 0))::bigint ELSE -1 END"
    "     FROM pg_partition_tree(c.oid) pt JOIN pg_class l ON l.oid = pt.relid WHERE pt.isleaf AND "
    "l.relkind = 'r')"
    "     ELSE c.reltuples::bigint END AS tuples,"
    "   CASE WHEN c.relkind = 'p' THEN (SELECT sum(pg_table_size(pt.relid))::bigint"
    "     FROM pg_partition_tree(c.oid) pt WHERE pt.isleaf) ELSE pg_table_size(c.oid) END AS "
    "bytes) s"
    " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)"
    " AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'"
    " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = "
    "c.oid"
    "   AND e.deptype = 'e')"
    " ORDER BY c.oid";

static bool read_tables(struct catalog_reader *reader, const struct result *result, struct err *err)
{
    (void)err;
    struct model *model = reader->model;
    model->table_count = result_rows(result);
    model->tables = catalog_room(reader, model->table_count, sizeof *model->tables);
    reader->table_oids = catalog_room(reader, model->table_count, sizeof *reader->table_oids);
    for (size_t i = 0; i < model->table_count; i++) {
        struct model_table *table = &model->tables[i];
        struct catalog_row row = {&model->arena, result, i, 0};
        reader->table_oids[i] = catalog_oid(&row);
        table->name = catalog_name(&row);
        table->kind = catalog_char(&row);
        table->unlogged = catalog_bool(&row);
        bool attached = catalog_bool(&row);
        size_t parents;
        const char **names = catalog_array(&row, &parents);
        table->outside_parent = catalog_text(&row);
        table->partition_key = catalog_text(&row);
        const char *bound = catalog_text(&row);
        if (parents > 0)
            table->parent = names[0];
        if (attached && parents > 0) {
            table->partition = true;
            table->partition_bound = bound;
        } else {
            table->inherits = names;
            table->inherit_count = parents;
        }
        table->row_security = catalog_bool(&row);
        table->force_row_security = catalog_bool(&row);
        table->access_method = catalog_text(&row);
        table->replica_identity = catalog_char(&row);
        table->replica_index = catalog_text(&row);
        table->options = catalog_text(&row);
        table->comment = catalog_text(&row);
        table->row_estimate = result_text(result, i, row.column) ? catalog_int(&row) : -1;
        row.column = 17;
        table->bytes = catalog_int(&row);
        table->update_rule = catalog_bool(&row);
    }
    return true;
}

const struct catalog_family catalog_tables = {"tables", tables_sql, catalog_cockroach_tables,
                                              read_tables};

static const char columns_sql[] =
    "SELECT a.attrelid, c.relkind = 'c', c.reltype, a.attname, format_type(a.atttypid, "
    "a.atttypmod),"
    " t.typname, tn.nspname, e.typname, coalesce(e.typtype, t.typtype), t.typcategory, a.atttypmod,"
    " a.attnotnull <<18?AND coalesce(nn.convalidated, true):>>,"
    " <<18?a.attnotnull AND NOT coalesce(nn.convalidated, true):false>>, <<18?nn.conname:NULL>>,"
    " pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity, s.relname,"
    " CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN"
    "   CASE WHEN con.nspname IN ('pg_catalog', $1) THEN '' ELSE quote_ident(con.nspname) || '.' "
    "END"
    "   || quote_ident(co.collname) END,"
    " col_description(a.attrelid, a.attnum),"
    " CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' "
    "THEN 'external'"
    "   WHEN 'm' THEN 'main' ELSE 'extended' END END,"
    " CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,"
    /* pg_attver is a mark that servers from 15.20 on make and keep themselves. */
    " (SELECT string_agg(quote_ident(split_part(u, '=', 1)) || '=' || quote_literal(substr(u, "
    "strpos(u, '=') + 1)), ', ')"
    "   FROM unnest(a.attoptions) u WHERE u NOT LIKE 'pg_attver=%'),"
    " coalesce(a.attstattarget, -1), NOT a.attislocal, false, a.attndims"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = "
    "a.atttypid"
    " JOIN pg_namespace tn ON tn.oid = t.typnamespace"
    " LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'"
    " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " LEFT JOIN pg_collation co ON co.oid = a.attcollation"
    " LEFT JOIN pg_namespace con ON con.oid = co.collnamespace"
    " <<18?LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND "
    "nn.conkey = ARRAY[a.attnum]:>>"
    " LEFT JOIN (SELECT DISTINCT ON (o.refobjid, o.refobjsubid) o.refobjid, o.refobjsubid, "
    "q.relname"
    "   FROM pg_depend o JOIN pg_class q ON q.oid = o.objid AND q.relkind = 'S'"
    "   WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass AND "
    "o.deptype IN ('a', 'i')"
    "   AND o.refobjsubid > 0 ORDER BY o.refobjid, o.refobjsubid, o.deptype DESC, q.relname) s"
    "   ON s.refobjid = a.attrelid AND s.refobjsubid = a.attnum"
    " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)"
    " AND c.relkind IN ('r', 'p', 'c') AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY a.attrelid, a.attnum";

/* CockroachDB has the number of the column beside what PostgreSQL gives, and tells of a serial
 * column by its default alone. */
static void complete_column(struct catalog_row *row, const char *schema,
                            struct model_column *column)
{
    column->number = (int)catalog_int(row);
    column->type = catalog_cockroach_type(row->arena, schema, column);
    if (column->identity == 'b') /* 'd' in early versions */
        column->identity = 'd';
    column->sequence = catalog_cockroach_sequence(row->arena, column->default_expr);
}

static void read_column(struct catalog_row *row, struct model_column *column)
{
    column->name = catalog_name(row);
    column->type = catalog_name(row);
    column->type_name = catalog_name(row);
    column->type_schema = catalog_name(row);
    column->element_name = catalog_text(row);
    column->type_kind = catalog_char(row);
    column->type_category = catalog_char(row);
    column->typmod = (int32_t)catalog_int(row);
    column->not_null = catalog_bool(row);
    column->not_null_unvalidated = catalog_bool(row);
    column->not_null_name = catalog_text(row);
    const char *expr = catalog_expression(row);
    column->generated = catalog_char(row);
    if (column->generated)
        column->generated_expr = expr;
    else
        column->default_expr = expr;
    column->identity = catalog_char(row);
    column->sequence = catalog_text(row);
    column->collation = catalog_text(row);
    column->comment = catalog_text(row);
    column->storage = catalog_text(row);
    column->compression = catalog_text(row);
    column->options = catalog_text(row);
    column->statistics = (int)catalog_int(row);
    column->inherited_only = catalog_bool(row);
    column->hidden = catalog_bool(row);
    column->dimensions = (int)catalog_int(row);
}

static bool read_columns(struct catalog_reader *reader, const struct result *result,
                         struct err *err)
{
    (void)err;
    bool cockroach = reader->model->engine == ENGINE_COCKROACH;
    size_t rows = result_rows(result);
    for (size_t first = 0, count; first < rows; first += count) {
        count = catalog_group(result, first);
        struct catalog_row head = {&reader->model->arena, result, first, 0};
        struct model_table *table = catalog_table(reader, catalog_oid(&head));
        bool composite = catalog_bool(&head);
        struct model_type *type = composite ? catalog_type(reader, catalog_oid(&head)) : NULL;
        if (!table && !type)
            continue;
        struct model_column *columns = catalog_room(reader, count, sizeof *columns);
        for (size_t i = 0; i < count; i++) {
            struct catalog_row row = {&reader->model->arena, result, first + i, 3};
            read_column(&row, &columns[i]);
            if (cockroach)
                complete_column(&row, reader->model->schema, &columns[i]);
            /* A parent that is not created leaves its columns to the child. */
            if (table && table->outside_parent)
                columns[i].inherited_only = false;
        }
        if (table) {
            table->columns = columns;
            table->column_count = count;
        } else {
            type->attributes = columns;
            type->attribute_count = count;
        }
    }
    return true;
}

const struct catalog_family catalog_columns = {"columns", columns_sql, catalog_cockroach_columns,
                                               read_columns};
