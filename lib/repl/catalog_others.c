/*
 * What hangs on tables and views (statistics, rules, triggers, policies), extensions, collations,
 * partitions in other schemas, and what dbr can only name. The columns are those of
 * catalog_objects.c.
 */
#include "repl/catalog_objects.h"

/* clang-format off */
/* In the order in which they are created. */
static const char attached_sql[] =
    "SELECT 0 AS oid, NULL AS node, 'S', 'statistics', s.stxname::text, s.stxname, NULL, c.relname,"
    " pg_get_statisticsobjdef(s.oid), false, NULL, obj_description(s.oid, 'pg_statistic_ext'),"
    " 'STATISTICS ' || " QUALIFIED("s.stxname")
    " FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid WHERE s.stxnamespace = " SCHEMA_OID
    " UNION ALL "
    "SELECT 1, NULL, 'I', 'index', x.relname, x.relname, NULL, c.relname, pg_get_indexdef(x.oid), false, NULL,"
    " obj_description(x.oid, 'pg_class'), 'INDEX ' || " QUALIFIED("x.relname")
    " FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid"
    " WHERE c.relkind = 'm' AND c.relnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_class", "c.oid")
    " UNION ALL "
    "SELECT 1, NULL, 'D', 'storage settings', 'of materialized view ' || c.relname, c.relname, NULL, c.relname,"
    " 'ALTER MATERIALIZED VIEW ' || " QUALIFIED("c.relname") " || s.actions, false, NULL, NULL, NULL"
    " FROM pg_class c CROSS JOIN LATERAL (SELECT string_agg(concat_ws(',',"
    "     CASE WHEN a.attstorage <> y.typstorage THEN ' ALTER COLUMN ' || quote_ident(a.attname) || ' SET STORAGE '"
    "       || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,"
    "     CASE WHEN a.attstattarget >= 0 THEN ' ALTER COLUMN ' || quote_ident(a.attname) || ' SET STATISTICS '"
    "       || a.attstattarget END,"
    "     ' ALTER COLUMN ' || quote_ident(a.attname) || ' SET (' || " OPTIONS("a.attoptions") " || ')'), ',' ORDER BY a.attnum)"
    "     FILTER (WHERE a.attstorage <> y.typstorage OR a.attstattarget >= 0 OR " OPTIONS("a.attoptions") " IS NOT NULL) AS actions"
    "   FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid"
    "   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) s"
    " WHERE c.relkind = 'm' AND s.actions IS NOT NULL AND c.relnamespace = " SCHEMA_OID
    " AND " NOT_OF_EXTENSION("pg_class", "c.oid")
    " UNION ALL "
    "SELECT 1, NULL, 'D', 'compression', 'of column ' || c.relname || '.' || a.attname, a.attname, NULL, c.relname,"
    " 'ALTER MATERIALIZED VIEW ' || " QUALIFIED("c.relname") " || ' ALTER COLUMN ' || quote_ident(a.attname)"
    "   || ' SET COMPRESSION ' || CASE a.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END, false, NULL, NULL, NULL"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relkind = 'm' AND a.attnum > 0 AND a.attcompression IN ('l', 'p') AND c.relnamespace = " SCHEMA_OID
    " AND " NOT_OF_EXTENSION("pg_class", "c.oid")
    " UNION ALL "
    "SELECT 2, NULL, 'D', 'default', a.attname || ' of view ' || c.relname, a.attname, NULL, c.relname,"
    " 'ALTER VIEW ' || " QUALIFIED("c.relname") " || ' ALTER COLUMN ' || quote_ident(a.attname)"
    "   || ' SET DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), false, NULL, NULL, NULL"
    " FROM pg_class c JOIN pg_attrdef d ON d.adrelid = c.oid"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum"
    " WHERE c.relkind = 'v' AND c.relnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_class", "c.oid")
    " UNION ALL "
    "SELECT 2, NULL, 'K', 'comment', a.attname || ' of ' || c.relname, a.attname, NULL, c.relname,"
    " 'COMMENT ON COLUMN ' || " QUALIFIED("c.relname") " || '.' || quote_ident(a.attname) || ' IS '"
    "   || quote_literal(d.description), false, NULL, NULL, NULL"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = a.attnum"
    " WHERE c.relkind IN ('v', 'm') AND a.attnum > 0 AND c.relnamespace = " SCHEMA_OID
    " AND " NOT_OF_EXTENSION("pg_class", "c.oid")
    " UNION ALL "
    "SELECT 3, NULL, 'R', 'rule', r.rulename || ' on ' || c.relname, r.rulename, NULL, c.relname,"
    " CASE WHEN r.rulename <> '_RETURN' THEN rtrim(pg_get_ruledef(r.oid), ';') END, c.relkind IN ('r', 'p'), r.ev_enabled::text,"
    " obj_description(r.oid, 'pg_rewrite'),"
    " 'RULE ' || quote_ident(r.rulename) || ' ON ' || " QUALIFIED("c.relname")
    " FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
    " WHERE r.ev_type <> '1' AND c.relnamespace = " SCHEMA_OID
    " AND " NOT_OF_EXTENSION("pg_rewrite", "r.oid") " AND " NOT_OF_EXTENSION("pg_class", "c.oid")
    " UNION ALL "
    "SELECT 4, NULL, 'T', 'trigger', t.tgname || ' on ' || c.relname, t.tgname, NULL, c.relname,"
    " pg_get_triggerdef(t.oid), c.relkind IN ('r', 'p'), t.tgenabled::text, obj_description(t.oid, 'pg_trigger'),"
    " 'TRIGGER ' || quote_ident(t.tgname) || ' ON ' || " QUALIFIED("c.relname")
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND c.relkind IN ('r', 'p', 'v')"
    " AND c.relnamespace = " SCHEMA_OID
    " AND " NOT_OF_EXTENSION("pg_trigger", "t.oid") " AND " NOT_OF_EXTENSION("pg_class", "c.oid")
    " UNION ALL "
    "SELECT 5, NULL, 't', 'state of trigger', t.tgname || ' on ' || c.relname, t.tgname, NULL, c.relname,"
    " NULL, false, t.tgenabled::text, NULL, NULL"
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " CROSS JOIN LATERAL (WITH RECURSIVE up AS (SELECT t.tgparentid AS above, t.tgenabled AS state"
    "   UNION ALL SELECT p.tgparentid, p.tgenabled FROM up JOIN pg_trigger p ON p.oid = up.above)"
    "   SELECT state FROM up WHERE above = 0) top"
    " WHERE t.tgparentid <> 0 AND (t.tgenabled <> 'O' OR top.state <> 'O') AND c.relnamespace = " SCHEMA_OID
    " AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.oid = t.tgconstraint AND k.contype <> 't')"
    " UNION ALL "
    "SELECT 6, NULL, 'Y', 'policy', p.polname || ' on ' || c.relname, p.polname, NULL, c.relname,"
    " 'CREATE POLICY ' || quote_ident(p.polname) || ' ON ' || " QUALIFIED("c.relname")
    "   || CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END"
    "   || CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE'"
    "      WHEN 'd' THEN ' FOR DELETE' ELSE '' END"
    "   || CASE WHEN 0 = ANY (p.polroles) THEN ''"
    "      ELSE ' TO ' || (SELECT string_agg(quote_ident(o.rolname), ', ' ORDER BY o.rolname)"
    "        FROM pg_roles o WHERE o.oid = ANY (p.polroles)) END"
    "   || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')"
    "   || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''),"
    " false, NULL, obj_description(p.oid, 'pg_policy'),"
    " 'POLICY ' || quote_ident(p.polname) || ' ON ' || " QUALIFIED("c.relname")
    " FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = " SCHEMA_OID
    " ORDER BY 1, 5";

/*
 * Extensions are those that something in the schema needs (flag), and those installed into it. An array of an extension's
 * type does not belong to the extension, but its elements do.
 */
static const char others_sql[] =
    "SELECT DISTINCT 0::oid AS oid, NULL AS node, 'E', 'extension', e.extname::text, e.extname, n.nspname, NULL,"
    " 'CREATE EXTENSION IF NOT EXISTS ' || quote_ident(e.extname)"
    "   || CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE ' SCHEMA ' || quote_ident(n.nspname) END,"
    " u.objid IS NOT NULL, NULL, NULL, NULL"
    " FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
    " LEFT JOIN (SELECT DISTINCT m.refobjid AS objid FROM pg_depend d"
    "   LEFT JOIN pg_type a ON d.refclassid = 'pg_type'::regclass AND a.oid = d.refobjid AND a.typcategory = 'A'"
    "   JOIN pg_depend m ON m.classid = d.refclassid AND m.deptype = 'e'"
    "     AND m.objid = coalesce(nullif(a.typelem, 0), d.refobjid)"
    "   LEFT JOIN pg_attrdef ad ON d.classid = 'pg_attrdef'::regclass AND ad.oid = d.objid"
    "   LEFT JOIN pg_rewrite rw ON d.classid = 'pg_rewrite'::regclass AND rw.oid = d.objid"
    "   LEFT JOIN pg_class c ON c.oid = CASE WHEN d.classid = 'pg_class'::regclass THEN d.objid"
    "     ELSE coalesce(ad.adrelid, rw.ev_class) END"
    "   LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid"
    "   LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid"
    "   LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid"
    "   WHERE d.deptype IN ('n', 'a') AND d.refobjid >= 10000"
    "   AND coalesce(c.relnamespace, k.connamespace, p.pronamespace, t.typnamespace) = " SCHEMA_OID
    "   AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = d.classid AND x.objid = d.objid"
    "     AND x.deptype = 'e')"
    " ) u ON u.objid = e.oid"
    " WHERE e.extname <> 'plpgsql' AND (u.objid IS NOT NULL OR n.nspname = $1)"
    " UNION ALL "
    "SELECT c.oid, 'c', 'C', 'collation', c.collname, c.collname, NULL, NULL,"
    " CASE WHEN c.collprovider IN ('c', 'i', 'b') THEN 'CREATE COLLATION ' || " QUALIFIED("c.collname")
    "   || ' (PROVIDER = ' || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END"
    "   || CASE WHEN c.collprovider IN ('i', 'b') THEN ', LOCALE = '"
    "        || quote_literal(<<17?c.colllocale:<<15?c.colliculocale:c.collcollate>>>>)"
    "      ELSE ', LC_COLLATE = ' || quote_literal(c.collcollate)"
    "        || ', LC_CTYPE = ' || quote_literal(c.collctype) END"
    "   <<16?|| coalesce(', RULES = ' || quote_literal(c.collicurules), ''):>>"
    "   || CASE WHEN c.collisdeterministic THEN '' ELSE ', DETERMINISTIC = false' END || ')' END,"
    " false, NULL, obj_description(c.oid, 'pg_collation'), 'COLLATION ' || " QUALIFIED("c.collname")
    " FROM pg_collation c WHERE c.collnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_collation", "c.oid")
    " UNION ALL "
    "SELECT 0, NULL, 'p', 'partition',"
    " quote_ident(n.nspname) || '.' || quote_ident(c.relname) || ' of ' || p.relname,"
    " c.relname, n.nspname, p.relname, pg_get_expr(c.relpartbound, c.oid), false, NULL, NULL, NULL"
    " FROM pg_class p JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = i.inhrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE p.relkind = 'p' AND p.relnamespace = " SCHEMA_OID " AND c.relnamespace <> p.relnamespace"
    " UNION ALL "
    "SELECT 0, NULL, 'x', 'clustering', 'of table ' || c.relname || ' by index ' || x.relname, x.relname, NULL,"
    " c.relname, NULL, false, NULL, NULL, NULL"
    " FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid"
    " WHERE i.indisclustered AND c.relkind IN ('r', 'p') AND c.relnamespace = " SCHEMA_OID
    " UNION ALL "
    "SELECT 0, NULL, 'x', 'row type', format_type(c.reloftype, NULL) || ' of table ' || c.relname, c.relname, NULL,"
    " c.relname, NULL, false, NULL, NULL, NULL"
    " FROM pg_class c WHERE c.reloftype <> 0 AND c.relkind IN ('r', 'p') AND c.relnamespace = " SCHEMA_OID
    " UNION ALL "
    "SELECT 0, NULL, 'f', 'foreign table', c.relname, c.relname, NULL, NULL, NULL, false, NULL, NULL,"
    " 'FOREIGN TABLE ' || " QUALIFIED("c.relname")
    " FROM pg_class c WHERE c.relkind = 'f' AND c.relnamespace = " SCHEMA_OID
    " AND " NOT_OF_EXTENSION("pg_class", "c.oid")
    " UNION ALL "
    "SELECT 0, NULL, 'o', 'operator', o.oprname || ' (' || coalesce(format_type(nullif(o.oprleft, 0), NULL), 'NONE')"
    "   || ', ' || format_type(o.oprright, NULL) || ')', o.oprname, NULL, NULL, NULL, false, NULL, NULL,"
    " 'OPERATOR ' || quote_ident($1) || '.' || o.oprname || ' ('"
    "   || coalesce(format_type(nullif(o.oprleft, 0), NULL), 'NONE') || ', ' || format_type(o.oprright, NULL) || ')'"
    " FROM pg_operator o WHERE o.oprnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_operator", "o.oid")
    " UNION ALL "
    "SELECT 0, NULL, 'x', 'operator family', f.opfname || ' using ' || am.amname, f.opfname, NULL, NULL, NULL,"
    " false, NULL, NULL, 'OPERATOR FAMILY ' || " QUALIFIED("f.opfname") " || ' USING ' || am.amname"
    " FROM pg_opfamily f JOIN pg_am am ON am.oid = f.opfmethod"
    " WHERE f.opfnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_opfamily", "f.oid")
    " UNION ALL "
    "SELECT 0, NULL, 'x', 'base type', t.typname, t.typname, NULL, NULL, NULL, false, NULL, NULL,"
    " 'TYPE ' || " QUALIFIED("t.typname")
    " FROM pg_type t WHERE t.typtype = 'b' AND t.typcategory <> 'A' AND t.typnamespace = " SCHEMA_OID
    " AND " NOT_OF_EXTENSION("pg_type", "t.oid")
    " UNION ALL "
    "SELECT 0, NULL, 'x', 'text search configuration', c.cfgname, c.cfgname, NULL, NULL, NULL, false, NULL, NULL,"
    " 'TEXT SEARCH CONFIGURATION ' || " QUALIFIED("c.cfgname")
    " FROM pg_ts_config c WHERE c.cfgnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_ts_config", "c.oid")
    " UNION ALL "
    "SELECT 0, NULL, 'x', 'text search dictionary', d.dictname, d.dictname, NULL, NULL, NULL, false, NULL, NULL,"
    " 'TEXT SEARCH DICTIONARY ' || " QUALIFIED("d.dictname")
    " FROM pg_ts_dict d WHERE d.dictnamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_ts_dict", "d.oid")
    " UNION ALL "
    "SELECT 0, NULL, 'x', 'conversion', c.conname, c.conname, NULL, NULL, NULL, false, NULL, NULL,"
    " 'CONVERSION ' || " QUALIFIED("c.conname")
    " FROM pg_conversion c WHERE c.connamespace = " SCHEMA_OID " AND " NOT_OF_EXTENSION("pg_conversion", "c.oid")
    " UNION ALL "
    "SELECT DISTINCT 0::oid, NULL, 'x', 'publication', p.pubname::text, p.pubname, NULL, NULL, NULL, false, NULL, NULL, NULL"
    " FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid JOIN pg_class c ON c.oid = r.prrelid"
    " WHERE c.relnamespace = " SCHEMA_OID
    " UNION ALL "
    "SELECT 0, NULL, 'x', 'event trigger', v.evtname, v.evtname, NULL, NULL, NULL, false, NULL, NULL, NULL"
    " FROM pg_event_trigger v JOIN pg_proc p ON p.oid = v.evtfoid WHERE p.pronamespace = " SCHEMA_OID
    " UNION ALL "
    "SELECT 0, NULL, 'x', 'cast', format_type(c.castsource, NULL) || ' as ' || format_type(c.casttarget, NULL), 'cast',"
    " NULL, NULL, NULL, false, NULL, NULL, NULL"
    " FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget"
    " LEFT JOIN pg_proc p ON p.oid = c.castfunc"
    " WHERE " SCHEMA_OID " IN (s.typnamespace, t.typnamespace, coalesce(p.pronamespace, 0))"
    " AND " NOT_OF_EXTENSION("pg_cast", "c.oid") " AND (p.oid IS NULL OR " NOT_INTERNAL("p.oid") ")"
    " ORDER BY 3, 5";
/* clang-format on */

const struct catalog_family catalog_attached = {"triggers, rules and policies", attached_sql, NULL,
                                                catalog_read_objects};
const struct catalog_family catalog_others = {"other objects", others_sql, catalog_cockroach_others,
                                              catalog_read_objects};
