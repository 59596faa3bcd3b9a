/*
 * Everything of the schema that is neither table, type nor sequence. This file holds functions and
 * views; what hangs on tables and what dbr can only name stands in catalog_others.c. All queries
 * give the same columns:
 *
 *     oid, node, kind, word, name for people, bare name, schema, table, definition, flag, state,
 * comment, comment_on
 *
 * kind is one letter, see object_kind(); node is the letter of struct catalog_node where others can
 * need the object.
 */
#include "repl/catalog_objects.h"

#include <string.h>

/* clang-format off */
/* pg_get_functiondef refuses aggregates, so their definition is put together here. */
static const char functions_sql[] =
    "SELECT p.oid, 'f', CASE p.prokind WHEN 'p' THEN 'P' WHEN 'a' THEN 'A' ELSE 'F' END,"
    " CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,"
    " p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.proname, NULL, NULL,"
    " CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE"
    "   'CREATE AGGREGATE ' || " QUALIFIED("p.proname") " || '('"
    "   || CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END"
    "   || ') (SFUNC = ' || g.aggtransfn || ', STYPE = ' || format_type(g.aggtranstype, NULL)"
    "   || CASE WHEN g.aggtransspace > 0 THEN ', SSPACE = ' || g.aggtransspace ELSE '' END"
    "   || CASE WHEN g.aggfinalfn <> 0 THEN ', FINALFUNC = ' || g.aggfinalfn"
    "     || CASE WHEN g.aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END"
    "     || CASE g.aggfinalmodify WHEN 's' THEN ', FINALFUNC_MODIFY = SHAREABLE'"
    "        WHEN 'w' THEN ', FINALFUNC_MODIFY = READ_WRITE'"
    "        ELSE ', FINALFUNC_MODIFY = READ_ONLY' END ELSE '' END"
    "   || CASE WHEN g.aggcombinefn <> 0 THEN ', COMBINEFUNC = ' || g.aggcombinefn ELSE '' END"
    "   || CASE WHEN g.aggserialfn <> 0 THEN ', SERIALFUNC = ' || g.aggserialfn"
    "     || ', DESERIALFUNC = ' || g.aggdeserialfn ELSE '' END"
    "   || coalesce(', INITCOND = ' || quote_literal(g.agginitval), '')"
    "   || CASE WHEN g.aggmtransfn <> 0 THEN ', MSFUNC = ' || g.aggmtransfn"
    "     || ', MINVFUNC = ' || g.aggminvtransfn || ', MSTYPE = ' || format_type(g.aggmtranstype, NULL)"
    "     || CASE WHEN g.aggmtransspace > 0 THEN ', MSSPACE = ' || g.aggmtransspace ELSE '' END"
    "     || CASE WHEN g.aggmfinalfn <> 0 THEN ', MFINALFUNC = ' || g.aggmfinalfn"
    "       || CASE WHEN g.aggmfinalextra THEN ', MFINALFUNC_EXTRA' ELSE '' END ELSE '' END"
    "     || coalesce(', MINITCOND = ' || quote_literal(g.aggminitval), '') ELSE '' END"
    "   || coalesce(', SORTOP = OPERATOR(' || quote_ident(so.nspname) || '.' || op.oprname || ')', '')"
    "   || CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE'"
    "      WHEN 'r' THEN ', PARALLEL = RESTRICTED' ELSE '' END"
    "   || CASE WHEN g.aggkind = 'h' THEN ', HYPOTHETICAL' ELSE '' END || ')' END,"
    " false, NULL, obj_description(p.oid, 'pg_proc'),"
    " CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' WHEN 'a' THEN 'AGGREGATE ' ELSE 'FUNCTION ' END"
    "   || " QUALIFIED("p.proname") " || '('"
    "   || CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*'"
    "      ELSE pg_get_function_identity_arguments(p.oid) END || ')'"
    " FROM pg_proc p LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid"
    " LEFT JOIN pg_operator op ON op.oid = g.aggsortop"
    " LEFT JOIN pg_namespace so ON so.oid = op.oprnamespace"
    " WHERE p.pronamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_proc", "p.oid")
    /* The constructors of range types come with their types. */
    " AND " NOT_INTERNAL("p.oid")
    " ORDER BY p.prokind = 'a', p.proname, pg_get_function_identity_arguments(p.oid)";

static const char views_sql[] =
    "SELECT c.oid, 'r', CASE c.relkind WHEN 'v' THEN 'V' ELSE 'M' END,"
    " CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, c.relname, c.relname, NULL, NULL,"
    " CASE c.relkind WHEN 'v' THEN 'CREATE VIEW ' ELSE 'CREATE MATERIALIZED VIEW ' END"
    "   || " QUALIFIED("c.relname") " || coalesce(' WITH (' || " OPTIONS("c.reloptions") " || ')', '')"
    "   || ' AS' || CASE WHEN pg_get_viewdef(c.oid) LIKE ' %' THEN '' ELSE ' ' END"
    "   || rtrim(pg_get_viewdef(c.oid), ';')"
    "   || CASE c.relkind WHEN 'm' THEN ' WITH NO DATA' ELSE '' END,"
    " c.relispopulated, NULL, obj_description(c.oid, 'pg_class'),"
    " CASE c.relkind WHEN 'v' THEN 'VIEW ' ELSE 'MATERIALIZED VIEW ' END || " QUALIFIED("c.relname")
    " FROM pg_class c WHERE c.relkind IN ('v', 'm') AND c.relnamespace = " SCHEMA_OID
    " AND c.relpersistence <> 't' AND " NOT_OF_EXTENSION("pg_class", "c.oid") " ORDER BY c.relname";
/* clang-format on */

static enum model_object_kind object_kind(char letter)
{
    static const struct {
        char letter;
        enum model_object_kind kind;
    } kinds[] = {
        {'F', OBJECT_FUNCTION},
        {'P', OBJECT_PROCEDURE},
        {'A', OBJECT_AGGREGATE},
        {'V', OBJECT_VIEW},
        {'M', OBJECT_MATERIALIZED_VIEW},
        {'S', OBJECT_STATISTICS},
        {'I', OBJECT_INDEX},
        {'R', OBJECT_RULE},
        {'T', OBJECT_TRIGGER},
        {'t', OBJECT_TRIGGER_STATE},
        {'Y', OBJECT_POLICY},
        {'E', OBJECT_EXTENSION},
        {'C', OBJECT_COLLATION},
        {'p', OBJECT_PARTITION},
        {'o', OBJECT_OPERATOR},
        {'f', OBJECT_FOREIGN_TABLE},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].letter == letter)
            return kinds[i].kind;
    return OBJECT_OTHER;
}

/* Appends: several families add to the same array. */
bool catalog_read_objects(struct catalog_reader *reader, const struct result *result,
                          struct err *err)
{
    (void)err;
    struct model *model = reader->model;
    size_t rows = result_rows(result), old = model->object_count;
    struct model_object *objects = catalog_room(reader, old + rows, sizeof *objects);
    uint32_t *oids = catalog_room(reader, old + rows, sizeof *oids);
    char *nodes = catalog_room(reader, old + rows, sizeof *nodes);
    if (old > 0) {
        memcpy(objects, model->objects, old * sizeof *objects);
        memcpy(oids, reader->object_oids, old * sizeof *oids);
        memcpy(nodes, reader->object_nodes, old * sizeof *nodes);
    }
    for (size_t i = 0; i < rows; i++) {
        struct model_object *object = &objects[old + i];
        struct catalog_row row = {&model->arena, result, i, 0};
        oids[old + i] = catalog_oid(&row);
        nodes[old + i] = catalog_char(&row);
        object->kind = object_kind(catalog_char(&row));
        object->word = catalog_name(&row);
        object->name = catalog_name(&row);
        object->plain = catalog_name(&row);
        object->schema = catalog_text(&row);
        object->table = catalog_text(&row);
        object->definition = catalog_text(&row);
        bool flag = catalog_bool(&row);
        object->populated = object->kind == OBJECT_MATERIALIZED_VIEW && flag;
        object->on_table = (object->kind == OBJECT_TRIGGER || object->kind == OBJECT_RULE) && flag;
        object->early = object->kind == OBJECT_EXTENSION && flag;
        object->trigger_state = catalog_char(&row);
        object->comment = catalog_text(&row);
        object->comment_on = catalog_text(&row);
    }
    model->objects = objects;
    model->object_count = old + rows;
    reader->object_oids = oids;
    reader->object_nodes = nodes;
    return true;
}

const struct catalog_family catalog_functions = {"functions", functions_sql,
                                                 catalog_cockroach_functions, catalog_read_objects};
const struct catalog_family catalog_views = {"views", views_sql, catalog_cockroach_views,
                                             catalog_read_objects};
