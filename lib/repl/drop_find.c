/*
 * Names to objects, all in one query. Types of arguments are found by their spelling: whatever
 * type's name is the longest end of an argument. to_regtype() would raise an error for what is
 * none.
 */
#include "repl/drop_find.h"

#include <string.h>

#include "base/buf.h"
#include "db/quote.h"
#include "repl/routine_arguments.h"

/* $1 words, $2 schemas, $3 names, $4 arguments. Names are cast to name, which cuts them where the
 * server would. */
#define WANTED                                                                                     \
    "WITH wanted AS (SELECT w.place, w.word, n.oid AS space, w.name::name AS name, w.arguments "   \
    "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS w(word, "      \
    "space, name, arguments, place) JOIN pg_namespace n ON n.nspname = w.space::name)"

/* All names by which a type may go, and their arrays. */
#define TYPES                                                                                      \
    ", named AS (SELECT t.oid, t.typarray, s.spelling FROM pg_type t JOIN pg_namespace n ON "      \
    "n.oid = t.typnamespace CROSS JOIN LATERAL (VALUES (format_type(t.oid, NULL)), "               \
    "(quote_ident(n.nspname) || '.' || quote_ident(t.typname)), ('\"' || replace(n.nspname, "      \
    "'\"', '\"\"') || '\".\"' || replace(t.typname, '\"', '\"\"') || '\"'), (CASE WHEN "           \
    "pg_type_is_visible(t.oid) THEN '\"' || replace(t.typname, '\"', '\"\"') || '\"' END), (CASE " \
    "WHEN n.nspname = 'pg_catalog' AND t.typname <> 'char' THEN t.typname END)) AS s(spelling) "   \
    "UNION SELECT t.oid, t.typarray, a.spelling FROM (VALUES ('int', 'int4'), ('decimal', "        \
    "'numeric'), ('dec', 'numeric'), ('float', 'float8'), ('char', 'bpchar'), ('char varying', "   \
    "'varchar'), ('national character varying', 'varchar'), ('nchar', 'bpchar')) AS a(spelling, "  \
    "type) JOIN pg_type t ON t.typname = a.type AND t.typnamespace = "                             \
    "'pg_catalog'::regnamespace), spelled AS (SELECT oid, spelling FROM named UNION SELECT "       \
    "typarray, spelling || '[]' FROM named WHERE typarray <> 0)"

#define ROUTINES "('FUNCTION', 'PROCEDURE', 'AGGREGATE')"

/* Those routines whose input arguments have the types that were meant. */
#define MATCHED                                                                                    \
    ", argument AS (SELECT w.place, a.number, a.text FROM wanted w CROSS JOIN LATERAL "            \
    "unnest(string_to_array(w.arguments, chr(31))) WITH ORDINALITY AS a(text, number) WHERE "      \
    "w.word IN " ROUTINES                                                                          \
    "), meant AS (SELECT DISTINCT ON (a.place, a.number) a.place, a.number, "                      \
    "s.oid AS type FROM argument a CROSS JOIN LATERAL generate_series(1, length(a.text)) AS g "    \
    "JOIN"                                                                                         \
    " spelled s ON s.spelling = substr(a.text, g) WHERE g = 1 OR substr(a.text, g - 1, 1) = ' ' "  \
    "ORDER BY a.place, a.number, g), routine AS (SELECT w.place, p.oid, p.prokind, w.arguments, "  \
    "count(*) OVER (PARTITION BY w.place) AS rivals, coalesce((SELECT "                            \
    "string_agg(m.type::text, ' ' ORDER BY m.number) FROM meant m WHERE m.place = w.place), '') "  \
    "= array_to_string(p.proargtypes::oid[], ' ') AND p.pronargs = (SELECT count(*) FROM "         \
    "argument "                                                                                    \
    "a WHERE a.place = w.place) AND w.arguments IS NOT NULL AS same FROM wanted w JOIN pg_proc p " \
    "ON p.pronamespace = w.space "                                                                 \
    "AND p.proname = w.name WHERE w.word IN " ROUTINES ")"

/* class, oid, what it is, what DROP calls it */
#define FOUND                                                                                      \
    ", found AS (SELECT w.place, 'pg_class'::regclass AS class, c.oid, CASE c.relkind WHEN 'r' "   \
    "THEN 'TABLE' WHEN 'p' THEN 'TABLE' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'v' THEN 'VIEW' WHEN "  \
    "'m' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'c' THEN 'TYPE' ELSE 'INDEX' END " \
    "AS actual, c.relkind IN ('r', 'p') AS plain FROM wanted w JOIN pg_class c ON c.relnamespace " \
    "= w.space AND c.relname = w.name WHERE w.word IN ('TABLE', 'FOREIGN TABLE', 'VIEW', "         \
    "'MATERIALIZED VIEW', 'SEQUENCE', 'INDEX')"                                                    \
    " UNION ALL SELECT w.place, 'pg_type'::regclass, t.oid, CASE WHEN t.typtype = 'd' THEN "       \
    "'DOMAIN' WHEN t.typtype <> 'c' OR r.relkind = 'c' THEN 'TYPE' WHEN r.relkind = 'v' THEN "     \
    "'VIEW' WHEN r.relkind = 'm' THEN 'MATERIALIZED VIEW' WHEN r.relkind = 'f' THEN 'FOREIGN "     \
    "TABLE' ELSE 'TABLE' END, false FROM wanted w JOIN pg_type t ON t.typnamespace = w.space AND " \
    "t.typname = w.name LEFT JOIN pg_class r ON r.oid = t.typrelid WHERE w.word IN ('TYPE', "      \
    "'DOMAIN') AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)"                    \
    " UNION ALL SELECT place, 'pg_proc'::regclass, oid, CASE prokind WHEN 'p' THEN 'PROCEDURE' "   \
    "WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, false FROM routine WHERE same OR (arguments "  \
    "IS NULL AND rivals = 1)"                                                                      \
    " UNION ALL SELECT place, 'pg_operator'::regclass, oid, 'OPERATOR', false FROM (SELECT "       \
    "w.place, o.oid, w.arguments, count(*) OVER (PARTITION BY w.place) AS rivals, l.type AS "      \
    "l, r.type AS r, o.oprleft, o.oprright FROM wanted w JOIN pg_operator o ON o.oprnamespace = "  \
    "w.space AND o.oprname = w.name LEFT JOIN LATERAL (SELECT max(s.oid) AS type FROM spelled s "  \
    "WHERE s.spelling = split_part(w.arguments, chr(31), 1)) l ON true LEFT JOIN LATERAL (SELECT " \
    "max(s.oid) AS type FROM spelled s WHERE s.spelling = split_part(w.arguments, chr(31), 2)) r " \
    "ON true WHERE w.word = 'OPERATOR') o WHERE (arguments IS NULL AND rivals = 1) OR "            \
    "(coalesce(l, 0) = oprleft AND coalesce(r, 0) = oprright)"                                     \
    " UNION ALL SELECT w.place, 'pg_opclass'::regclass, o.oid, w.word, false FROM wanted w JOIN "  \
    "pg_opclass o ON o.opcnamespace = w.space AND o.opcname = w.name JOIN pg_am a ON a.oid = "     \
    "o.opcmethod AND a.amname = coalesce(w.arguments, a.amname) WHERE w.word = 'OPERATOR CLASS'"   \
    " UNION ALL SELECT w.place, 'pg_opfamily'::regclass, o.oid, w.word, false FROM wanted w JOIN " \
    "pg_opfamily o ON o.opfnamespace = w.space AND o.opfname = w.name JOIN pg_am a ON a.oid = "    \
    "o.opfmethod AND a.amname = coalesce(w.arguments, a.amname) WHERE w.word = 'OPERATOR FAMILY'"  \
    " UNION ALL SELECT w.place, 'pg_collation'::regclass, o.oid, w.word, false FROM wanted w "     \
    "JOIN "                                                                                        \
    "pg_collation o ON o.collnamespace = w.space AND o.collname = w.name WHERE w.word = "          \
    "'COLLATION' AND o.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = "    \
    "current_database()))"                                                                         \
    " UNION ALL SELECT w.place, 'pg_conversion'::regclass, o.oid, w.word, false FROM wanted w "    \
    "JOIN"                                                                                         \
    " pg_conversion o ON o.connamespace = w.space AND o.conname = w.name WHERE w.word = "          \
    "'CONVERSION'"                                                                                 \
    " UNION ALL SELECT w.place, 'pg_statistic_ext'::regclass, o.oid, w.word, false FROM wanted w " \
    "JOIN pg_statistic_ext o ON o.stxnamespace = w.space AND o.stxname = w.name WHERE w.word = "   \
    "'STATISTICS'"                                                                                 \
    " UNION ALL SELECT w.place, 'pg_ts_config'::regclass, o.oid, w.word, false FROM wanted w "     \
    "JOIN "                                                                                        \
    "pg_ts_config o ON o.cfgnamespace = w.space AND o.cfgname = w.name WHERE w.word = 'TEXT "      \
    "SEARCH CONFIGURATION'"                                                                        \
    " UNION ALL SELECT w.place, 'pg_ts_dict'::regclass, o.oid, w.word, false FROM wanted w JOIN "  \
    "pg_ts_dict o ON o.dictnamespace = w.space AND o.dictname = w.name WHERE w.word = 'TEXT "      \
    "SEARCH DICTIONARY')"

/* A procedure may differ from another one by nothing but the modes of its arguments. */
#define IDENTITY                                                                                   \
    "CASE f.actual WHEN 'PROCEDURE' THEN (SELECT quote_ident(i.schema) || '.' || "                 \
    "quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')' FROM "      \
    "pg_proc p WHERE p.oid = f.oid) ELSE i.identity END"

#define POSTGRES                                                                                   \
    WANTED TYPES MATCHED FOUND                                                                     \
        " SELECT f.place, f.class::oid, f.oid, f.actual, CASE WHEN f.actual = 'DOMAIN' THEN "      \
        "'TYPE' "                                                                                  \
        "WHEN f.actual IN " ROUTINES " THEN 'ROUTINE' ELSE f.actual END, " IDENTITY ", (SELECT "   \
        "min(e.extname) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE "         \
        "d.classid = "                                                                             \
        "f.class AND d.objid = f.oid AND d.deptype = 'e' AND d.refclassid = "                      \
        "'pg_extension'::regclass), f.plain FROM found f CROSS JOIN LATERAL "                      \
        "pg_identify_object(f.class, f.oid, 0) i ORDER BY f.place"

/* Identities are written here, not by the server: quote_ident() is its own there. */
#define COCKROACH                                                                                  \
    WANTED                                                                                         \
    " SELECT w.place, 0, c.oid, CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED "  \
    "VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'r' THEN 'TABLE' ELSE 'INDEX' END, CASE c.relkind WHEN "  \
    "'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'r' THEN "    \
    "'TABLE' ELSE 'INDEX' END, NULL, NULL, false FROM wanted w JOIN pg_class c ON c.relnamespace " \
    "= w.space AND c.relname = w.name AND c.relkind IN ('r', 'v', 'm', 'S') WHERE w.word IN "      \
    "('TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE')"                          \
    " UNION ALL SELECT w.place, 0, t.oid, w.word, 'TYPE', NULL, NULL, false FROM wanted w JOIN "   \
    "pg_type t ON t.typnamespace = w.space AND t.typname = w.name LEFT JOIN pg_class r ON r.oid "  \
    "= t.typrelid WHERE w.word IN ('TYPE', 'DOMAIN') AND t.typtype IN ('e', 'c') AND "             \
    "coalesce(r.relkind, 'c') = 'c'"                                                               \
    " UNION ALL SELECT w.place, 0, min(p.oid::int8)::oid, w.word, w.word, NULL, NULL, false FROM " \
    "wanted w JOIN pg_proc p ON p.pronamespace = w.space AND p.proname = w.name WHERE w.word IN "  \
    "('FUNCTION', 'PROCEDURE') GROUP BY w.place, w.word ORDER BY 1"

static bool is_routine(const char *word)
{
    return !strcmp(word, "FUNCTION") || !strcmp(word, "PROCEDURE") || !strcmp(word, "AGGREGATE");
}

static void add_item(struct buf *array, const char *text)
{
    quote_array_item(array, text, text ? strlen(text) : 0);
}

static void add_arguments(struct buf *array, const struct drop_object *object)
{
    struct buf list = BUF_INIT;

    if (object->arguments && (is_routine(object->object) || !strcmp(object->object, "OPERATOR")))
        routine_arguments(&list, object->arguments);
    else if (object->arguments)
        buf_adds(&list, object->arguments);
    add_item(array, object->arguments ? list.data : NULL);
    buf_release(&list);
}

bool drop_find(struct conn *conn, const struct drop_object *objects, size_t count,
               struct result **result, struct err *err)
{
    struct buf arrays[4] = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
    const char *values[4];
    size_t i;
    bool ok;

    for (i = 0; i < 4; i++)
        quote_array_open(&arrays[i]);
    for (i = 0; i < count; i++) {
        add_item(&arrays[0], objects[i].object);
        add_item(&arrays[1], objects[i].schema ? objects[i].schema : conn_schema(conn));
        add_item(&arrays[2], objects[i].name);
        add_arguments(&arrays[3], &objects[i]);
    }
    for (i = 0; i < 4; i++) {
        quote_array_close(&arrays[i]);
        values[i] = arrays[i].data;
    }
    ok = query_run(conn, conn_kind(conn) == ENGINE_COCKROACH ? COCKROACH : POSTGRES, 4, values,
                   result, err);
    for (i = 0; i < 4; i++)
        buf_release(&arrays[i]);
    return ok || err_prefix(err, "looking for the file's objects");
}
