/*
 * Comments on CockroachDB, where each look at pg_description costs as much as all of it: one query
 * for the database, whose rows find their objects here. PostgreSQL's queries ask for each comment
 * with its object.
 */
#include "repl/catalog_read.h"

#define CATALOG(name) "'pg_catalog." name "'::REGCLASS"

static const char
    comments_sql[] =
        "SELECT CASE d.classoid WHEN " CATALOG("pg_class") " THEN 'r' WHEN " CATALOG(
            "pg_constraint") " THEN 'c'"
                             " WHEN " CATALOG(
                                 "pg_type") " THEN 't' ELSE 'n' END, d.objoid::INT8, d.objsubid, "
                                            "d.description"
                                            " FROM pg_catalog.pg_description d WHERE d.classoid IN "
                                            "(" CATALOG("pg_class") ", " CATALOG("pg_constraint") ", " CATALOG(
                                                "pg_type") ", " CATALOG("pg_namespace") ")"
                                                                                        " AND "
                                                                                        "$1::"
                                                                                        "STRING IS "
                                                                                        "NOT NULL";

/* A table, a column of it, an index, or a view. */
static void relation_comment(struct catalog_reader *reader, uint32_t oid, int64_t column,
                             const char *text)
{
    struct model_table *table = catalog_table(reader, oid);
    if (table && column == 0)
        table->comment = text;
    for (size_t i = 0; table && column > 0 && i < table->column_count; i++)
        if (table->columns[i].number == column)
            table->columns[i].comment = text;
    for (size_t i = 0; !table && i < reader->index_count; i++)
        if (reader->index_oids[i] == oid)
            reader->indexes[i]->comment = text;
    for (size_t i = 0; !table && column == 0 && i < reader->model->object_count; i++)
        if (reader->object_oids[i] == oid && reader->object_nodes[i] == 'r')
            reader->model->objects[i].comment = text;
}

static bool read_comments(struct catalog_reader *reader, const struct result *result,
                          struct err *err)
{
    (void)err;
    for (size_t i = 0; i < result_rows(result); i++) {
        struct catalog_row row = {&reader->model->arena, result, i, 0};
        char kind = catalog_char(&row);
        uint32_t oid = catalog_oid(&row);
        int64_t column = catalog_int(&row);
        const char *text = catalog_text(&row);
        struct model_type *type = kind == 't' ? catalog_type(reader, oid) : NULL;
        if (kind == 'r')
            relation_comment(reader, oid, column, text);
        if (type)
            type->comment = text;
        if (kind == 'n' && oid == reader->schema_oid)
            catalog_schema_comment(reader, text);
        for (size_t c = 0; kind == 'c' && c < reader->constraint_count; c++)
            if (reader->constraint_oids[c] == oid)
                reader->constraints[c]->comment = text;
    }
    return true;
}

const struct catalog_family catalog_comments = {"comments", NULL, comments_sql, read_comments};
