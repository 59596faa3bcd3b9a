/* Indexes of tables with their parts. Indexes of materialized views are objects: see
 * catalog_objects.c. */
#include "repl/catalog_read.h"

#include <string.h>

static const char indexes_sql[] =
    "SELECT i.indrelid, i.indexrelid, x.relname, pg_get_indexdef(i.indexrelid), am.amname, "
    "i.indisunique,"
    " i.indisprimary, <<15?i.indnullsnotdistinct:false>>, i.indisvalid AND i.indisready, "
    "i.indimmediate,"
    " i.indisexclusion,"
    " EXISTS (SELECT FROM pg_constraint con WHERE con.conindid = i.indexrelid AND con.conrelid = "
    "i.indrelid"
    "   AND con.contype IN ('p', 'u', 'x')),"
    " EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid),"
    " pg_get_expr(i.indpred, i.indrelid), obj_description(i.indexrelid, 'pg_class')"
    " FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid"
    " JOIN pg_am am ON am.oid = x.relam"
    " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND c.relkind IN "
    "('r', 'p')"
    " AND i.indislive"
    " ORDER BY i.indrelid, x.relname";

/* CockroachDB gives the parts with the index. */
static void complete_index(struct catalog_row *row, const struct model_table *table,
                           struct model_index *index)
{
    struct catalog_index_lists lists = {.keys = catalog_name(row), .options = catalog_name(row)};
    lists.parts = (long)catalog_int(row);
    lists.expressions = catalog_array(row, &lists.expression_count);
    index->definition = catalog_cockroach_definition(row->arena, index->definition);
    catalog_cockroach_parts(row->arena, table, &lists, index);
}

static bool read_indexes(struct catalog_reader *reader, const struct result *result,
                         struct err *err)
{
    (void)err;
    size_t rows = result_rows(result);
    reader->index_oids = catalog_room(reader, rows, sizeof *reader->index_oids);
    reader->indexes = catalog_room(reader, rows, sizeof(struct model_index *));
    for (size_t first = 0, count; first < rows; first += count) {
        count = catalog_group(result, first);
        struct model_table *table = catalog_table(reader, (uint32_t)result_int(result, first, 0));
        if (!table)
            continue;
        table->indexes = catalog_room(reader, count, sizeof *table->indexes);
        table->index_count = count;
        for (size_t i = 0; i < count; i++) {
            struct model_index *index = &table->indexes[i];
            struct catalog_row row = {&reader->model->arena, result, first + i, 1};
            reader->index_oids[reader->index_count] = catalog_oid(&row);
            reader->indexes[reader->index_count++] = index;
            index->name = catalog_name(&row);
            index->definition = catalog_name(&row);
            index->method = catalog_name(&row);
            index->unique = catalog_bool(&row);
            index->primary = catalog_bool(&row);
            index->nulls_not_distinct = catalog_bool(&row);
            index->valid = catalog_bool(&row);
            index->immediate = catalog_bool(&row);
            index->exclusion = catalog_bool(&row);
            index->constraint = catalog_bool(&row);
            index->inherited = catalog_bool(&row);
            index->predicate = catalog_expression(&row);
            index->comment = catalog_text(&row);
            if (reader->model->engine == ENGINE_COCKROACH)
                complete_index(&row, table, index);
        }
    }
    return true;
}

const struct catalog_family catalog_indexes = {"indexes", indexes_sql, catalog_cockroach_indexes,
                                               read_indexes};

/* One row per column of an index; rows of one index stand together, in the order of the indexes. */
static const char index_parts_sql[] =
    "SELECT i.indexrelid, k.n > i.indnkeyatts, a.attname,"
    " CASE WHEN k.num = 0 THEN pg_get_indexdef(i.indexrelid, k.n::int, false) END,"
    " CASE WHEN NOT o.opcdefault THEN CASE WHEN onsp.nspname IN ('pg_catalog', $1) THEN ''"
    "   ELSE quote_ident(onsp.nspname) || '.' END || quote_ident(o.opcname) END,"
    " CASE WHEN co.oid <> coalesce(a.attcollation, 0) AND NOT (k.num = 0 AND co.collname = "
    "'default') THEN"
    "   CASE WHEN cnsp.nspname IN ('pg_catalog', $1) THEN '' ELSE quote_ident(cnsp.nspname) || '.' "
    "END"
    "   || quote_ident(co.collname) END,"
    " coalesce(i.indoption[k.n - 1], 0) & 1 <> 0, coalesce(i.indoption[k.n - 1], 0) & 2 <> 0"
    " FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid"
    " CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(num, n)"
    " LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num AND k.num <> 0"
    " LEFT JOIN pg_opclass o ON k.n <= i.indnkeyatts AND o.oid = i.indclass[k.n - 1]"
    " LEFT JOIN pg_namespace onsp ON onsp.oid = o.opcnamespace"
    " LEFT JOIN pg_collation co ON k.n <= i.indnkeyatts AND co.oid = i.indcollation[k.n - 1]"
    " LEFT JOIN pg_namespace cnsp ON cnsp.oid = co.collnamespace"
    " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND c.relkind IN "
    "('r', 'p')"
    " AND i.indislive"
    " ORDER BY i.indrelid, x.relname, k.n";

static void read_parts(struct catalog_reader *reader, struct model_index *index,
                       const struct result *result, size_t first, size_t count)
{
    index->parts = catalog_room(reader, count, sizeof *index->parts);
    index->include = catalog_room(reader, count, sizeof *index->include);
    for (size_t i = 0; i < count; i++) {
        struct catalog_row row = {&reader->model->arena, result, first + i, 1};
        bool include = catalog_bool(&row);
        const char *column = catalog_text(&row);
        if (include) {
            index->include[index->include_count++] = column;
            continue;
        }
        struct model_index_part *part = &index->parts[index->part_count++];
        part->column = column;
        part->expression = catalog_text(&row);
        part->opclass = catalog_text(&row);
        part->collation = catalog_text(&row);
        part->descending = catalog_bool(&row);
        part->nulls_first = catalog_bool(&row);
    }
}

static bool read_index_parts(struct catalog_reader *reader, const struct result *result,
                             struct err *err)
{
    (void)err;
    size_t rows = result_rows(result), at = 0;
    for (size_t first = 0, count; first < rows; first += count) {
        count = catalog_group(result, first);
        uint32_t oid = (uint32_t)result_int(result, first, 0);
        while (at < reader->index_count && reader->index_oids[at] != oid)
            at++;
        if (at == reader->index_count)
            at = 0; /* an index of a table that is left out: search the next one from the start */
        else
            read_parts(reader, reader->indexes[at++], result, first, count);
    }
    return true;
}

const struct catalog_family catalog_index_parts = {"index columns", index_parts_sql, NULL,
                                                   read_index_parts};
