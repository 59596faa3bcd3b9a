/* Sequences with their positions, and enum, domain, composite and range types of the kept schema.
 */
#include "repl/catalog_read.h"

#include <string.h>

/*
 * The position of a sequence that was never used can only be read from the sequence itself, and
 * whose names are not known when the query is sent; query_to_xml runs a query from text within this
 * one.
 */
static const char sequences_sql[] =
    "SELECT c.oid, c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqmin, s.seqmax, "
    "s.seqincrement,"
    " s.seqcache, s.seqcycle, t.relname, a.attname, o.deptype = 'i',"
    " coalesce(substring(v.x FROM '<is_called>(true|false)')::bool, s.last IS NOT NULL),"
    " coalesce(substring(v.x FROM '<last_value>(-?[0-9]+)')::bigint, s.last, s.seqstart),"
    " obj_description(c.oid, 'pg_class'), c.relpersistence = 'u'"
    " FROM pg_class c JOIN LATERAL (SELECT q.*, pg_sequence_last_value(c.oid) AS last"
    "   FROM pg_sequence q WHERE q.seqrelid = c.oid) s ON true"
    " LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid"
    "   AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i')"
    " LEFT JOIN pg_class t ON t.oid = o.refobjid"
    " LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid"
    " CROSS JOIN LATERAL (SELECT CASE WHEN has_sequence_privilege(c.oid, 'SELECT') THEN"
    "   query_to_xml(format('SELECT last_value, is_called FROM %I.%I', $1::text, c.relname), "
    "false, true, '')::text END AS x) v"
    " WHERE c.relkind = 'S' AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)"
    " AND c.relpersistence <> 't'"
    " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = "
    "c.oid"
    "   AND e.deptype = 'e')"
    " ORDER BY c.relname";

static bool read_sequences(struct catalog_reader *reader, const struct result *result,
                           struct err *err)
{
    (void)err;
    struct model *model = reader->model;
    model->sequence_count = result_rows(result);
    model->sequences = catalog_room(reader, model->sequence_count, sizeof *model->sequences);
    for (size_t i = 0; i < model->sequence_count; i++) {
        struct model_sequence *sequence = &model->sequences[i];
        struct catalog_row row = {&model->arena, result, i, 1};
        sequence->name = catalog_name(&row);
        sequence->type = catalog_name(&row);
        sequence->start = catalog_int(&row);
        sequence->minimum = catalog_int(&row);
        sequence->maximum = catalog_int(&row);
        sequence->increment = catalog_int(&row);
        sequence->cache = catalog_int(&row);
        sequence->cycle = catalog_bool(&row);
        sequence->owner_table = catalog_text(&row);
        sequence->owner_column = catalog_text(&row);
        sequence->identity = catalog_bool(&row);
        sequence->called = catalog_bool(&row);
        sequence->last_value = catalog_int(&row);
        sequence->comment = catalog_text(&row);
        sequence->unlogged = catalog_bool(&row);
        const struct model_table *owner = model_table(model, sequence->owner_table);
        const struct model_column *column =
            owner ? model_column(owner, sequence->owner_column) : NULL;
        if (model->engine == ENGINE_COCKROACH) /* it does not tell the two kinds of owner apart */
            sequence->identity = column && column->identity;
    }
    return true;
}

const struct catalog_family catalog_sequences = {"sequences", sequences_sql,
                                                 catalog_cockroach_sequences, read_sequences};

static const char types_sql[] =
    "SELECT t.oid, t.typname, t.typtype,"
    " (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = "
    "t.oid),"
    " format_type(nullif(t.typbasetype, 0), t.typtypmod),"
    " CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN"
    "   CASE WHEN cn.nspname IN ('pg_catalog', $1) THEN '' ELSE quote_ident(cn.nspname) || '.' END"
    "   || quote_ident(co.collname) END,"
    " t.typnotnull, pg_get_expr(t.typdefaultbin, 0),"
    " 'RANGE (SUBTYPE = ' || format_type(r.rngsubtype, NULL)"
    "   || CASE WHEN NOT o.opcdefault THEN ', SUBTYPE_OPCLASS = ' || quote_ident(onsp.nspname) || "
    "'.' || quote_ident(o.opcname) ELSE '' END"
    "   || CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> rs.typcollation THEN ', COLLATION = "
    "'"
    "     || r.rngcollation::regcollation ELSE '' END"
    "   || CASE WHEN r.rngcanonical <> 0 THEN ', CANONICAL = ' || r.rngcanonical ELSE '' END"
    "   || CASE WHEN r.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff ELSE '' END"
    "   || coalesce(', MULTIRANGE_TYPE_NAME = ' || quote_ident(mn.nspname) || '.' || "
    "quote_ident(m.typname), '') || ')',"
    " obj_description(t.oid, 'pg_type')"
    " FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid LEFT JOIN pg_type b ON b.oid = "
    "t.typbasetype"
    " LEFT JOIN pg_collation co ON co.oid = t.typcollation LEFT JOIN pg_namespace cn ON cn.oid = "
    "co.collnamespace"
    " LEFT JOIN pg_range r ON r.rngtypid = t.oid AND t.typtype = 'r'"
    " LEFT JOIN pg_type rs ON rs.oid = r.rngsubtype LEFT JOIN pg_opclass o ON o.oid = r.rngsubopc"
    " LEFT JOIN pg_namespace onsp ON onsp.oid = o.opcnamespace"
    " LEFT JOIN pg_type m ON m.oid = r.rngmultitypid LEFT JOIN pg_namespace mn ON mn.oid = "
    "m.typnamespace"
    " WHERE t.typnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)"
    " AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))"
    " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = "
    "t.oid"
    "   AND e.deptype = 'e')"
    " ORDER BY t.oid";

static enum model_type_kind type_kind(char typtype)
{
    switch (typtype) {
    case 'e':
        return TYPE_ENUM;
    case 'd':
        return TYPE_DOMAIN;
    case 'r':
        return TYPE_RANGE;
    default:
        return TYPE_COMPOSITE;
    }
}

static bool read_types(struct catalog_reader *reader, const struct result *result, struct err *err)
{
    (void)err;
    struct model *model = reader->model;
    model->type_count = result_rows(result);
    model->types = catalog_room(reader, model->type_count, sizeof *model->types);
    reader->type_oids = catalog_room(reader, model->type_count, sizeof *reader->type_oids);
    for (size_t i = 0; i < model->type_count; i++) {
        struct model_type *type = &model->types[i];
        struct catalog_row row = {&model->arena, result, i, 0};
        reader->type_oids[i] = catalog_oid(&row);
        type->name = catalog_name(&row);
        type->kind = type_kind(catalog_char(&row));
        type->labels = catalog_array(&row, &type->label_count);
        type->base = catalog_text(&row);
        type->base_collation = catalog_text(&row);
        type->not_null = catalog_bool(&row);
        type->default_expr = catalog_text(&row);
        type->definition = catalog_text(&row);
        type->comment = catalog_text(&row);
    }
    return true;
}

const struct catalog_family catalog_types = {"types", types_sql, catalog_cockroach_types,
                                             read_types};
