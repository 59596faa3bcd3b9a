/*
 * Everything of the schema that is neither table, type nor sequence: extensions it uses, functions,
 * views, triggers, rules, policies, statistics, and what dbr can only name. All queries give the
 * same columns:
 *
 *     oid, node, kind, word, name for people, bare name, schema, table, definition, flag, state,
 * comment, comment_on
 *
 * kind is one letter, see object_kind(); node is the letter of struct catalog_node where others can
 * need the object.
 */
#include "repl/catalog_read.h"

#include <string.h>

#define SCHEMA_OID "(SELECT oid FROM pg_namespace WHERE nspname = $1)"
#define NOT_OF_EXTENSION(class, oid)                                                               \
    " NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '" class "'::regclass AND e.objid "    \
                                                                     "= " oid                      \
                                                                     " AND e.deptype = 'e')"
#define OPTIONS(of)                                                                                \
    "(SELECT string_agg(quote_ident(split_part(u, '=', 1)) || '=' || quote_literal(substr(u, "     \
    "strpos(u, '=') + 1)), ', ')"                                                                  \
    " FROM unnest(" of ") u)"
#define QUALIFIED(name) "quote_ident($1) || '.' || quote_ident(" name ")"

/* pg_get_functiondef refuses aggregates, so their definition is put together here. */
static const char functions_sql[] =
    "SELECT p.oid, 'f', CASE p.prokind WHEN 'p' THEN 'P' WHEN 'a' THEN 'A' ELSE 'F' END,"
    " CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,"
    " p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.proname, NULL, NULL,"
    " CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE"
    "   'CREATE AGGREGATE ' || " QUALIFIED(
        "p.proname") " || '('"
                     "   || CASE WHEN p.pronargs = 0 THEN '*' ELSE "
                     "pg_get_function_arguments(p.oid) END || ') (SFUNC = '"
                     "   || g.aggtransfn || ', STYPE = ' || format_type(g.aggtranstype, NULL)"
                     "   || CASE WHEN g.aggtransspace > 0 THEN ', SSPACE = ' || g.aggtransspace "
                     "ELSE '' END"
                     "   || CASE WHEN g.aggfinalfn <> 0 THEN ', FINALFUNC = ' || g.aggfinalfn"
                     "     || CASE WHEN g.aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END"
                     "     || CASE g.aggfinalmodify WHEN 's' THEN ', FINALFUNC_MODIFY = SHAREABLE' "
                     "WHEN 'w' THEN ', FINALFUNC_MODIFY = READ_WRITE'"
                     "        ELSE ', FINALFUNC_MODIFY = READ_ONLY' END ELSE '' END"
                     "   || CASE WHEN g.aggcombinefn <> 0 THEN ', COMBINEFUNC = ' || "
                     "g.aggcombinefn ELSE '' END"
                     "   || CASE WHEN g.aggserialfn <> 0 THEN ', SERIALFUNC = ' || g.aggserialfn "
                     "|| ', DESERIALFUNC = ' || g.aggdeserialfn ELSE '' END"
                     "   || coalesce(', INITCOND = ' || quote_literal(g.agginitval), '')"
                     "   || CASE WHEN g.aggmtransfn <> 0 THEN ', MSFUNC = ' || g.aggmtransfn || ', "
                     "MINVFUNC = ' || g.aggminvtransfn"
                     "     || ', MSTYPE = ' || format_type(g.aggmtranstype, NULL)"
                     "     || CASE WHEN g.aggmtransspace > 0 THEN ', MSSPACE = ' || "
                     "g.aggmtransspace ELSE '' END"
                     "     || CASE WHEN g.aggmfinalfn <> 0 THEN ', MFINALFUNC = ' || g.aggmfinalfn"
                     "       || CASE WHEN g.aggmfinalextra THEN ', MFINALFUNC_EXTRA' ELSE '' END "
                     "ELSE '' END"
                     "     || coalesce(', MINITCOND = ' || quote_literal(g.aggminitval), '') ELSE "
                     "'' END"
                     "   || coalesce(', SORTOP = OPERATOR(' || quote_ident(so.nspname) || '.' || "
                     "op.oprname || ')', '')"
                     "   || CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', "
                     "PARALLEL = RESTRICTED' ELSE '' END"
                     "   || CASE WHEN g.aggkind = 'h' THEN ', HYPOTHETICAL' ELSE '' END || ')' END,"
                     " false, NULL, obj_description(p.oid, 'pg_proc'),"
                     " CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' WHEN 'a' THEN 'AGGREGATE ' ELSE "
                     "'FUNCTION ' END"
                     "   || " QUALIFIED(
                         "p.proname") " || '('"
                                      "   || CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*' "
                                      "ELSE pg_get_function_identity_arguments(p.oid) END || ')'"
                                      " FROM pg_proc p LEFT JOIN pg_aggregate g ON g.aggfnoid = "
                                      "p.oid LEFT JOIN pg_operator op ON op.oid = g.aggsortop"
                                      " LEFT JOIN pg_namespace so ON so.oid = op.oprnamespace"
                                      " WHERE p.pronamespace = " SCHEMA_OID
                                      " AND " NOT_OF_EXTENSION("pg_proc", "p.oid")
    /* The constructors of range types come with their types. */
    " AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = "
    "p.oid"
    "   AND i.deptype = 'i')"
    " ORDER BY p.prokind = 'a', p.proname, pg_get_function_identity_arguments(p.oid)";

/* "security_invoker" is the only option of views that older servers do not know; the writer drops
 * it for them. */
static const char views_sql[] =
    "SELECT c.oid, 'r', CASE c.relkind WHEN 'v' THEN 'V' ELSE 'M' END,"
    " CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, c.relname, c.relname, "
    "NULL, NULL,"
    " CASE c.relkind WHEN 'v' THEN 'CREATE VIEW ' ELSE 'CREATE MATERIALIZED VIEW ' END "
    "|| " QUALIFIED("c.relname") "   || coalesce(' WITH (' || " OPTIONS(
        "c.reloptions") " || ')', '')"
                        "   || ' AS' || CASE WHEN pg_get_viewdef(c.oid) LIKE ' %' THEN '' ELSE ' ' "
                        "END"
                        "   || rtrim(pg_get_viewdef(c.oid), ';') || CASE c.relkind WHEN 'm' THEN ' "
                        "WITH NO DATA' ELSE '' END,"
                        " c.relispopulated, NULL, obj_description(c.oid, 'pg_class'),"
                        " CASE c.relkind WHEN 'v' THEN 'VIEW ' ELSE 'MATERIALIZED VIEW ' END "
                        "|| " QUALIFIED(
                            "c.relname") " FROM pg_class c WHERE c.relkind IN ('v', 'm') AND "
                                         "c.relnamespace = " SCHEMA_OID
                                         " AND c.relpersistence <> 't' AND " NOT_OF_EXTENSION(
                                             "pg_class", "c.oid") " ORDER BY c.relname";

/* Things attached to tables and views, in the order in which they are created. */
static const char
    attached_sql
        [] =
            "SELECT 0 AS oid, NULL AS node, 'S', 'statistics', s.stxname::text, s.stxname, NULL, "
            "c.relname,"
            " pg_get_statisticsobjdef(s.oid), false, NULL, obj_description(s.oid, "
            "'pg_statistic_ext'),"
            " 'STATISTICS ' || " QUALIFIED(
                "s.stxname") " FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid WHERE "
                             "s.stxnamespace = " SCHEMA_OID " UNION ALL "
                             "SELECT 1, NULL, 'I', 'index', x.relname, x.relname, NULL, c.relname, "
                             "pg_get_indexdef(x.oid), false, NULL,"
                             " obj_description(x.oid, 'pg_class'), 'INDEX ' || " QUALIFIED(
                                 "x.relname") " FROM pg_class c JOIN pg_index i ON i.indrelid = "
                                              "c.oid JOIN pg_class x ON x.oid = i.indexrelid"
                                              " WHERE c.relkind = 'm' AND c.relnamespace "
                                              "= " SCHEMA_OID " AND " NOT_OF_EXTENSION(
                                                  "pg_class",
                                                  "c.oid") " UNION ALL "
                                                           "SELECT 2, NULL, 'D', 'default', "
                                                           "a.attname || ' of view ' || c.relname, "
                                                           "a.attname, NULL, c.relname,"
                                                           " 'ALTER VIEW ' || " QUALIFIED(
                                                               "c.relname") " || ' ALTER COLUMN ' "
                                                                            "|| "
                                                                            "quote_ident(a.attname)"
                                                                            "   || ' SET DEFAULT ' "
                                                                            "|| "
                                                                            "pg_get_expr(d.adbin, "
                                                                            "d.adrelid), false, "
                                                                            "NULL, NULL, NULL"
                                                                            " FROM pg_class c JOIN "
                                                                            "pg_attrdef d ON "
                                                                            "d.adrelid = c.oid"
                                                                            " JOIN pg_attribute a "
                                                                            "ON a.attrelid = c.oid "
                                                                            "AND a.attnum = d.adnum"
                                                                            " WHERE c.relkind = "
                                                                            "'v' AND "
                                                                            "c.relnamespace "
                                                                            "= " SCHEMA_OID
                                                                            " AND"
                                                                            " " NOT_OF_EXTENSION(
                                                                                "pg_class", "c.oid") " UNION ALL "
                                                                                                     "SELECT 3, NULL, 'R', 'rule', r.rulename || ' on ' || c.relname, r.rulename, NULL, c.relname,"
                                                                                                     " rtrim(pg_get_ruledef(r.oid), ';'), c.relkind IN ('r', 'p'), r.ev_enabled::text, obj_description(r.oid, 'pg_rewrite'),"
                                                                                                     " 'RULE ' || quote_ident(r.rulename) || ' ON ' || " QUALIFIED("c.relname") " FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
                                                                                                                                                                                " WHERE r.rulename <> '_RETURN' AND c.relnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_rewrite", "r.oid") " AND " NOT_OF_EXTENSION("pg_class", "c.oid") " UNION ALL "
                                                                                                                                                                                                                                                                                                                                                "SELECT 4, NULL, 'T', 'trigger', t.tgname || ' on ' || c.relname, t.tgname, NULL, c.relname,"
                                                                                                                                                                                                                                                                                                                                                " pg_get_triggerdef(t.oid), c.relkind IN ('r', 'p'), t.tgenabled::text, obj_description(t.oid, 'pg_trigger'),"
                                                                                                                                                                                                                                                                                                                                                " 'TRIGGER ' || quote_ident(t.tgname) || ' ON ' || " QUALIFIED(
                                                                                                                                                                                                                                                                                                                                                    "c.relname") " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                                                                                                                                                                                                                                                                                                                                                                 " WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND c.relkind IN ('r', 'p', 'v') AND c.relnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_trigger", "t.oid") " AND " NOT_OF_EXTENSION("pg_class",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "c.oid") " UNION ALL "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "SELECT 5, NULL, 'Y', 'policy', p.polname || ' on ' || c.relname, p.polname, NULL, c.relname,"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      " 'CREATE POLICY ' || quote_ident(p.polname) || ' ON ' || " QUALIFIED("c.relname") "   || CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "   || CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE'"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "      WHEN 'd' THEN ' FOR DELETE' ELSE '' END"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "   || CASE WHEN 0 = ANY (p.polroles) THEN '' ELSE ' TO ' || (SELECT string_agg(quote_ident(o.rolname), ', ' ORDER BY o.rolname)"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "      FROM pg_roles o WHERE o.oid = ANY (p.polroles)) END"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "   || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "   || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''),"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         " false, NULL, obj_description(p.oid, 'pg_policy'),"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         " 'POLICY ' || quote_ident(p.polname) || ' ON ' || " QUALIFIED("c.relname") " FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = " SCHEMA_OID
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     " ORDER BY 1, 5";

/* Objects that dbr names without being able to write them, and extensions, collations, partitions
 * elsewhere. */
static const char others_sql[] = "SELECT DISTINCT 0::oid AS oid, NULL AS node, 'E', 'extension', "
                                 "e.extname::text, e.extname, n.nspname, NULL,"
                                 " 'CREATE EXTENSION IF NOT EXISTS ' || quote_ident(e.extname)"
                                 "   || CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE ' SCHEMA ' "
                                 "|| quote_ident(n.nspname) END,"
                                 " u.objid IS NOT NULL, NULL, NULL, NULL"
                                 " FROM pg_extension e JOIN pg_namespace n ON n.oid = "
                                 "e.extnamespace"
                                 " LEFT JOIN (SELECT DISTINCT m.refobjid AS objid FROM pg_depend d"
                                 "   LEFT JOIN pg_type a ON d.refclassid = 'pg_type'::regclass AND "
                                 "a.oid = d.refobjid AND a.typcategory = 'A'"
                                 "   JOIN pg_depend m ON m.classid = d.refclassid AND m.deptype = "
                                 "'e'"
                                 "     AND m.objid = coalesce(nullif(a.typelem, 0), d.refobjid)"
                                 "   LEFT JOIN pg_attrdef ad ON d.classid = 'pg_attrdef'::regclass "
                                 "AND ad.oid = d.objid"
                                 "   LEFT JOIN pg_rewrite rw ON d.classid = 'pg_rewrite'::regclass "
                                 "AND rw.oid = d.objid"
                                 "   LEFT JOIN pg_class c ON c.oid = CASE WHEN d.classid = "
                                 "'pg_class'::regclass THEN d.objid"
                                 "     ELSE coalesce(ad.adrelid, rw.ev_class) END"
                                 "   LEFT JOIN pg_constraint k ON d.classid = "
                                 "'pg_constraint'::regclass AND k.oid = d.objid"
                                 "   LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND "
                                 "p.oid = d.objid"
                                 "   LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND "
                                 "t.oid = d.objid"
                                 "   WHERE d.deptype IN ('n', 'a') AND d.refobjid >= 10000"
                                 "   AND coalesce(c.relnamespace, k.connamespace, p.pronamespace, "
                                 "t.typnamespace) = " SCHEMA_OID
                                 "   AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = "
                                 "d.classid AND x.objid = d.objid AND x.deptype = 'e')"
                                 " ) u ON u.objid = e.oid"
                                 " WHERE e.extname <> 'plpgsql' AND (u.objid IS NOT NULL OR "
                                 "n.nspname = $1)"
                                 " UNION ALL "
                                 "SELECT c.oid, 'c', 'C', 'collation', c.collname, c.collname, "
                                 "NULL, NULL,"
                                 " CASE WHEN c.collprovider IN ('c', 'i', 'b') THEN 'CREATE "
                                 "COLLATION ' || " QUALIFIED("c.collname") "   || ' (PROVIDER = ' "
                                                                           "|| CASE c.collprovider "
                                                                           "WHEN 'i' THEN 'icu' "
                                                                           "WHEN 'b' THEN "
                                                                           "'builtin' ELSE 'libc' "
                                                                           "END"
                                                                           "   || CASE WHEN "
                                                                           "c.collprovider IN "
                                                                           "('i', 'b') THEN ', "
                                                                           "LOCALE = ' || "
                                                                           "quote_literal(<<17?c."
                                                                           "colllocale:<<15?c."
                                                                           "colliculocale:c."
                                                                           "collcollate>>>>)"
                                                                           "      ELSE ', "
                                                                           "LC_COLLATE = ' || "
                                                                           "quote_literal(c."
                                                                           "collcollate) || ', "
                                                                           "LC_CTYPE = ' || "
                                                                           "quote_literal(c."
                                                                           "collctype) END"
                                                                           "   <<16?|| coalesce(', "
                                                                           "RULES = ' || "
                                                                           "quote_literal(c."
                                                                           "collicurules), ''):>>"
                                                                           "   || CASE WHEN "
                                                                           "c.collisdeterministic "
                                                                           "THEN '' ELSE ', "
                                                                           "DETERMINISTIC = false' "
                                                                           "END || ')' END,"
                                                                           " false, NULL, "
                                                                           "obj_description(c.oid, "
                                                                           "'pg_collation'), "
                                                                           "'COLLATION ' "
                                                                           "|| " QUALIFIED(
                                                                               "c.collname") " FROM"
                                                                                             " pg_"
                                                                                             "colla"
                                                                                             "tion "
                                                                                             "c "
                                                                                             "WHERE"
                                                                                             " c."
                                                                                             "colln"
                                                                                             "amesp"
                                                                                             "ace "
                                                                                             "="
                                                                                             " " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_collation", "c.oid") " UNION ALL "
                                                                                                                                                              "SELECT 0, NULL, 'p', 'partition', quote_ident(n.nspname) || '.' || quote_ident(c.relname) || ' of ' || p.relname,"
                                                                                                                                                              " c.relname, n.nspname, p.relname, pg_get_expr(c.relpartbound, c.oid), false, NULL, NULL, NULL"
                                                                                                                                                              " FROM pg_class p JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = i.inhrelid"
                                                                                                                                                              " JOIN pg_namespace n ON n.oid = c.relnamespace"
                                                                                                                                                              " WHERE p.relkind = 'p' AND p.relnamespace = " SCHEMA_OID
                                                                                                                                                              " AND c.relnamespace <> p.relnamespace"
                                                                                                                                                              " UNION ALL "
                                                                                                                                                              "SELECT 0, NULL, 'x', 'foreign table', c.relname, c.relname, NULL, NULL, NULL, false, NULL, NULL,"
                                                                                                                                                              " 'FOREIGN TABLE ' || " QUALIFIED("c.relname") " FROM pg_class c WHERE c.relkind = 'f' AND c.relnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_class",
                                                                                                                                                                                                                                                                                                                "c.oid") " UNION ALL "
                                                                                                                                                                                                                                                                                                                         "SELECT 0, NULL, 'o', 'operator', o.oprname || ' (' || coalesce(format_type(nullif(o.oprleft, 0), NULL), 'NONE') || ', '"
                                                                                                                                                                                                                                                                                                                         "   || format_type(o.oprright, NULL) || ')', o.oprname, NULL, NULL, NULL, false, NULL, NULL,"
                                                                                                                                                                                                                                                                                                                         " 'OPERATOR ' || quote_ident($1) || '.' || o.oprname || ' (' || coalesce(format_type(nullif(o.oprleft, 0), NULL), 'NONE')"
                                                                                                                                                                                                                                                                                                                         "   || ', ' || format_type(o.oprright, NULL) || ')'"
                                                                                                                                                                                                                                                                                                                         " FROM pg_operator o WHERE o.oprnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_operator", "o.oid") " UNION ALL "
                                                                                                                                                                                                                                                                                                                                                                                                                                   "SELECT 0, NULL, 'x', 'operator family', f.opfname || ' using ' || am.amname, f.opfname, NULL, NULL, NULL, false, NULL, NULL,"
                                                                                                                                                                                                                                                                                                                                                                                                                                   " 'OPERATOR FAMILY ' || " QUALIFIED(
                                                                                                                                                                                                                                                                                                                                                                                                                                       "f.opfname") " || ' USING ' || am.amname"
                                                                                                                                                                                                                                                                                                                                                                                                                                                    " FROM pg_opfamily f JOIN pg_am am ON am.oid = f.opfmethod"
                                                                                                                                                                                                                                                                                                                                                                                                                                                    " WHERE f.opfnamespace = " SCHEMA_OID
                                                                                                                                                                                                                                                                                                                                                                                                                                                    " AND " NOT_OF_EXTENSION("pg_opfamily",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "f.oid") " UNION ALL "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "SELECT 0, NULL, 'x', 'base type', t.typname, t.typname, NULL, NULL, NULL, false, NULL, NULL,"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      " 'TYPE ' || " QUALIFIED(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          "t.typname") " FROM pg_type t WHERE t.typtype = 'b' AND t.typcategory <> 'A' AND t.typnamespace = " SCHEMA_OID
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       " AND " NOT_OF_EXTENSION("pg_type", "t.oid") " UNION ALL "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    "SELECT 0, NULL, 'x', 'text search configuration', c.cfgname, c.cfgname, NULL, NULL, NULL, false, NULL, NULL,"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    " 'TEXT SEARCH CONFIGURATION ' || " QUALIFIED(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        "c.cfgname") " FROM pg_ts_config c WHERE c.cfgnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_ts_config",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        "c.oid") " UNION ALL "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 "SELECT 0, NULL, 'x', 'text search dictionary', d.dictname, d.dictname, NULL, NULL, NULL, false, NULL, NULL,"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 " 'TEXT SEARCH DICTIONARY ' || " QUALIFIED("d.dictname") " FROM pg_ts_dict d WHERE d.dictnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_ts_dict", "d.oid") " UNION ALL "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "SELECT 0, NULL, 'x', 'conversion', c.conname, c.conname, NULL, NULL, NULL, false, NULL, NULL,"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   " 'CONVERSION ' || " QUALIFIED(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "c.conname") " FROM pg_conversion c WHERE c.connamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_conversion",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        "c.oid") " UNION ALL "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 "SELECT 0, NULL, 'x', 'event trigger', v.evtname, v.evtname, NULL, NULL, NULL, false, NULL, NULL, NULL"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 " FROM pg_event_trigger v JOIN pg_proc p ON p.oid = v.evtfoid WHERE p.pronamespace = " SCHEMA_OID
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 " UNION ALL "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 "SELECT 0, NULL, 'x', 'cast', format_type(c.castsource, NULL) || ' as ' || format_type(c.casttarget, NULL), 'cast',"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 " NULL, NULL, NULL, false, NULL, NULL, NULL"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 " FROM pg_cast c JOIN pg_proc p ON p.oid = c.castfunc WHERE p.pronamespace = " SCHEMA_OID
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 " AND " NOT_OF_EXTENSION(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     "pg_cast",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     "c.oid") " AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              "   AND i.deptype = 'i')"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              " ORDER BY 3, 5";

static enum model_object_kind object_kind(char letter)
{
    switch (letter) {
    case 'F':
        return OBJECT_FUNCTION;
    case 'P':
        return OBJECT_PROCEDURE;
    case 'A':
        return OBJECT_AGGREGATE;
    case 'V':
        return OBJECT_VIEW;
    case 'M':
        return OBJECT_MATERIALIZED_VIEW;
    case 'S':
        return OBJECT_STATISTICS;
    case 'I':
        return OBJECT_INDEX;
    case 'R':
        return OBJECT_RULE;
    case 'T':
        return OBJECT_TRIGGER;
    case 'Y':
        return OBJECT_POLICY;
    case 'E':
        return OBJECT_EXTENSION;
    case 'C':
        return OBJECT_COLLATION;
    case 'p':
        return OBJECT_PARTITION;
    case 'o':
        return OBJECT_OPERATOR;
    default:
        return OBJECT_OTHER;
    }
}

/* Appends: several families add to the same array. */
static bool read_objects(struct catalog_reader *reader, const struct result *result,
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
        char letter = catalog_char(&row);
        object->kind = object_kind(letter);
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
        if (strcmp(object->word, "foreign table") == 0)
            object->kind = OBJECT_FOREIGN_TABLE;
    }
    model->objects = objects;
    model->object_count = old + rows;
    reader->object_oids = oids;
    reader->object_nodes = nodes;
    return true;
}

const struct catalog_family catalog_functions = {"functions", functions_sql,
                                                 catalog_cockroach_functions, read_objects};
const struct catalog_family catalog_views = {"views", views_sql, catalog_cockroach_views,
                                             read_objects};
const struct catalog_family catalog_attached = {"triggers, rules and policies", attached_sql, NULL,
                                                read_objects};
const struct catalog_family catalog_others = {"other objects", others_sql, catalog_cockroach_others,
                                              read_objects};
