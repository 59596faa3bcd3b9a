-- The catalog of this database as CockroachDB would show it, for the stand-in server.
--
-- A superuser runs this script in a PostgreSQL database (14-18). It makes the schema crdb_standin anew, which the stand-in puts in
-- the place of pg_catalog and information_schema: whatever is not in it does not exist there, and the views have CockroachDB's
-- columns and no others. The names of the two schemas do not clash, so each object has the name it stands for.
--
-- pg_catalog       pg_am pg_attrdef pg_attribute pg_class pg_collation pg_constraint pg_database pg_db_role_setting pg_depend
--                  pg_description pg_enum pg_index pg_indexes pg_matviews pg_namespace pg_proc pg_roles pg_sequence pg_sequences
--                  pg_settings pg_tables pg_type pg_user pg_views
-- there but empty  pg_aggregate pg_cast pg_conversion pg_cursors pg_event_trigger pg_extension pg_foreign_table pg_inherits pg_language
--                  pg_locks pg_opclass pg_operator pg_opfamily pg_partitioned_table pg_policies pg_policy pg_prepared_xacts
--                  pg_publication pg_publication_rel pg_publication_tables pg_range pg_replication_origin pg_replication_slots
--                  pg_rewrite pg_rules pg_shdescription pg_stat_activity pg_stat_all_tables pg_stat_database pg_stat_replication
--                  pg_stat_ssl pg_stat_subscription pg_stat_user_tables pg_statistic_ext pg_subscription pg_subscription_rel
--                  pg_tablespace pg_timezone_names pg_trigger pg_ts_config pg_ts_dict
-- information_schema  check_constraints columns key_column_usage referential_constraints schemata sequences statistics
--                  table_constraints tables views
-- functions        col_description format_type obj_description pg_get_constraintdef pg_get_expr pg_get_indexdef pg_get_serial_sequence
--                  pg_get_viewdef pg_sequence_last_value has_system_privilege
--                  unique_rowid cluster_logical_timestamp
-- for the server   cancel(session_id) cluster_id() mvcc_timestamp(xmin) refuse(sqlstate, message, hint)
--                  sequence_row(sequence): the row (last_value, log_cnt, is_called) that a sequence has as a table
--                  session_id() sessions(): what SHOW CLUSTER SESSIONS shows
-- its own          attribute bare deparse element expression_column index_text keyless part shown spell stored type_oid type_spelling
--
-- Numbers: a user's type is seen with its number plus 100000, what PostgreSQL has no row for (key and index of a table without a
-- primary key, the constraint of a unique index) with that of what it belongs to plus 1500000000 and more. The server does not
-- need to translate these.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = pg_catalog;
BEGIN;
DROP SCHEMA IF EXISTS crdb_standin CASCADE;
CREATE SCHEMA crdb_standin;

-- Spelling -----------------------------------------------------------------------------------------------------------------------

-- An expression without parentheses around the whole.
CREATE FUNCTION crdb_standin.bare(expression text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    plain text := regexp_replace(expression, '''(?:[^'']|'''')*''|"(?:[^"]|"")*"', '', 'g');
    depth integer := 0;
    here text;
BEGIN
    IF expression NOT LIKE '(%)' THEN RETURN expression; END IF;
    FOR i IN 1 .. length(plain) - 1 LOOP
        here := substr(plain, i, 1);
        depth := depth + CASE here WHEN '(' THEN 1 WHEN ')' THEN -1 ELSE 0 END;
        IF depth = 0 THEN RETURN expression; END IF;
    END LOOP;
    RETURN crdb_standin.bare(substr(expression, 2, length(expression) - 2));
END $$;

-- A type as CockroachDB spells it, from PostgreSQL's spelling, which may begin a longer text. A user's type comes with the database.
CREATE FUNCTION crdb_standin.type_spelling(type text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    spellings CONSTANT text[] := ARRAY['text', 'STRING', 'character varying', 'VARCHAR', 'bpchar', 'CHAR', 'character', 'CHAR',
        'integer', 'INT4', 'bigint', 'INT8', 'smallint', 'INT2', 'numeric', 'DECIMAL', 'double precision', 'FLOAT8',
        'real', 'FLOAT4', 'boolean', 'BOOL', 'bytea', 'BYTES', 'bit varying', 'VARBIT', 'bit', 'BIT',
        'jsonb', 'JSONB', 'json', 'JSONB', 'date', 'DATE', 'uuid', 'UUID', 'interval', 'INTERVAL', 'inet', 'INET', 'name', 'NAME',
        'oid', 'OID', 'regclass', 'REGCLASS', 'regtype', 'REGTYPE', 'tsvector', 'TSVECTOR', 'tsquery', 'TSQUERY'];
BEGIN
    IF type ~ '^time' THEN
        type := regexp_replace(type, '^(time|timestamp)(\(\d\))? without time zone', '\1\2');
        type := regexp_replace(type, '^(time|timestamp)(\(\d\))? with time zone', '\1tz\2');
        RETURN upper(substring(type FROM '^[a-z]+')) || substr(type, length(substring(type FROM '^[a-z]+')) + 1);
    END IF;
    FOR i IN 1 .. array_length(spellings, 1) BY 2 LOOP
        IF type ~ ('^' || spellings[i] || '\M') THEN
            RETURN spellings[i + 1] || substr(type, length(spellings[i]) + 1);
        END IF;
    END LOOP;
    RETURN CASE WHEN type ~ '^(\w+|"(?:[^"]|"")+")\.' THEN quote_ident(current_database()) || '.' ELSE '' END || type;
END $$;

-- An expression as pg_get_expr gives it, in CockroachDB's words.
CREATE FUNCTION crdb_standin.spell(expression text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    segment text;
    piece text;
    result text := '';
BEGIN
    IF expression IS NULL THEN RETURN NULL; END IF;
    FOR segment IN SELECT m[1] FROM regexp_matches(crdb_standin.bare(expression), '(''(?:[^'']|'''')*''|"(?:[^"]|"")*"|[^''"]+)', 'g') m
    LOOP
        IF segment ~ '^[''"]' THEN
            result := result || segment;
            CONTINUE;
        END IF;
        segment := regexp_replace(segment, '\mCURRENT_(TIMESTAMP|DATE|USER)\M', 'current_\1()', 'g');
        segment := replace(replace(replace(segment, 'current_TIMESTAMP', 'current_timestamp'), 'current_DATE', 'current_date'), 'current_USER', 'current_user');
        segment := replace(replace(replace(segment, ' !~~* ', ' NOT ILIKE '), ' ~~* ', ' ILIKE '), ' <> ', ' != ');
        segment := replace(replace(segment, ' !~~ ', ' NOT LIKE '), ' ~~ ', ' LIKE ');
        -- Where the segment begins with a type, that follows a literal.
        FOREACH piece IN ARRAY regexp_split_to_array(replace(segment, '::', '::' || chr(1)), '::') LOOP
            result := result || CASE WHEN piece LIKE chr(1) || '%' THEN '::' || crdb_standin.type_spelling(substr(piece, 2)) ELSE piece END;
        END LOOP;
    END LOOP;
    -- The words of the SQL standard are a function, a cast needs no parentheses around a name, a number or a call, and a number that is
    -- cast to its own type is that number.
    result := regexp_replace(result, '\mPOSITION\(\(([^()]*)\) IN \(([^()]*)\)\)', 'strpos(\2, \1)', 'g');
    result := regexp_replace(result, '(^|[^A-Za-z0-9_"])\(([a-z_][a-z0-9_]*|"(?:[^"]|"")+"|-?[0-9.]+|[a-z_][a-z0-9_.]*\([^()]*\))\)::', '\1\2::', 'g');
    result := regexp_replace(result, '(^|[^A-Za-z0-9_"''.])(-?[0-9.]+)::(?:DECIMAL|FLOAT8|INT8)\M(?![(\[])', '\1\2', 'g');
    RETURN regexp_replace(result, '\mcrdb_standin\.', '', 'g');
END $$;

-- Names in full, whatever the search path of the session is.
CREATE FUNCTION crdb_standin.deparse(tree pg_node_tree, relation oid) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog
    AS 'SELECT crdb_standin.spell(pg_catalog.pg_get_expr($1, $2))';
CREATE FUNCTION crdb_standin.element(index oid, number integer) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog
    AS 'SELECT crdb_standin.spell(pg_catalog.pg_get_indexdef($1, $2, false))';

CREATE FUNCTION crdb_standin.type_oid(type oid) RETURNS oid LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN type >= 16384::oid THEN (type::int8 + 100000)::oid ELSE type END;

-- A user's type goes by its bare name.
CREATE FUNCTION crdb_standin.format_type(type oid, typmod int8) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT CASE WHEN $1 >= 100000::oid THEN
        (SELECT CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN e.typname || '[]' ELSE t.typname::text END
         FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem WHERE t.oid = ($1::int8 - 100000)::oid)
        ELSE pg_catalog.format_type($1, $2::int4) END
$$;

-- What is there -------------------------------------------------------------------------------------------------------------------

CREATE VIEW crdb_standin.shown AS
    SELECT n.oid, n.nspname, n.nspowner FROM pg_namespace n
    WHERE n.nspname <> 'crdb_standin' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema';

CREATE VIEW crdb_standin.keyless AS
    SELECT c.oid, c.relname, c.relnamespace, c.relowner, (c.oid::int8 + 1500000000)::oid AS index, (c.oid::int8 + 1600000000)::oid AS "constraint",
        (c.relnatts + 1)::int2 AS attnum,
        (SELECT r.name FROM (SELECT 0 AS n, 'rowid'::name AS name UNION ALL SELECT n, ('rowid_' || n)::name FROM generate_series(1, 9) n) r
         WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = r.name) ORDER BY r.n LIMIT 1) AS attname
    FROM pg_class c JOIN crdb_standin.shown s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary);

-- Every column of every index, those of an INCLUDE too.
CREATE VIEW crdb_standin.part AS
    SELECT i.indexrelid, i.indrelid, k.n::integer, k.attnum, k.n > i.indnkeyatts AS storing, i.indoption[k.n - 1] & 1 = 1 AND k.n <= i.indnkeyatts AS descending,
        am.amname IN ('gin', 'gist') AND k.n = i.indnkeyatts AS inverted, i.indcollation[k.n - 1] AS collation,
        CASE WHEN k.attnum = 0 THEN crdb_standin.element(i.indexrelid, k.n::integer) END AS expression,
        CASE WHEN o.opcname IN ('gin_trgm_ops', 'gist_trgm_ops') THEN ' gin_trgm_ops' ELSE '' END AS opclass
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am am ON am.oid = x.relam
    JOIN pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'm') JOIN crdb_standin.shown s ON s.oid = c.relnamespace
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
    LEFT JOIN pg_opclass o ON k.n <= i.indnkeyatts AND o.oid = i.indclass[k.n - 1];

-- The hidden column that an expression in an index makes of its table; equal expressions share one.
CREATE VIEW crdb_standin.expression_column AS
    WITH part AS MATERIALIZED (SELECT * FROM crdb_standin.part WHERE attnum = 0)
    SELECT p.indrelid, p.indexrelid, p.n, p.expression,
        ('crdb_internal_idx_expr' || CASE WHEN e.number > 1 THEN '_' || e.number - 1 ELSE '' END)::name AS attname,
        (c.relnatts + (SELECT count(*) FROM crdb_standin.keyless k WHERE k.oid = c.oid) + e.number)::int2 AS attnum
    FROM part p JOIN pg_class c ON c.oid = p.indrelid
    JOIN (SELECT f.indrelid, f.expression, row_number() OVER (PARTITION BY f.indrelid ORDER BY f.first) AS number
          FROM (SELECT p.indrelid, p.expression, min(p.indexrelid::int8 * 100 + p.n) AS first FROM part p
                GROUP BY p.indrelid, p.expression) f) e ON e.indrelid = p.indrelid AND e.expression = p.expression;

-- One stored number: what comes next is that and the increment.
CREATE FUNCTION crdb_standin.stored(sequence oid) RETURNS int8 LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    result int8;
BEGIN
    EXECUTE format('SELECT CASE WHEN f.is_called THEN f.last_value ELSE f.last_value - o.seqincrement END FROM %s AS f, pg_sequence AS o WHERE o.seqrelid = $1',
                   sequence::regclass) INTO result USING sequence;
    RETURN result;
END $$;

-- Catalog --------------------------------------------------------------------------------------------------------------------------

-- A view that is "kept" is worked out once, and not for each row that it is joined to, as the planner would have it.
CREATE VIEW crdb_standin.pg_namespace AS
    SELECT n.oid, n.nspname, n.nspowner, NULL::text[] AS nspacl FROM pg_namespace n
    WHERE n.oid IN (SELECT oid FROM crdb_standin.shown) OR n.nspname IN ('pg_catalog', 'information_schema')
    UNION ALL SELECT 4294967294::oid, 'crdb_internal'::name, 10::oid, NULL UNION ALL SELECT 4294967195::oid, 'pg_extension', 10::oid, NULL;

CREATE VIEW crdb_standin.pg_am AS
    SELECT a.oid::oid, a.amname::name, 0::int2 AS amstrategies, 0::int2 AS amsupport, a.forward AS amcanorder, false AS amcanorderbyop,
        a.forward AS amcanbackward, a.forward AS amcanunique, a.forward AS amcanmulticol, a.forward AS amoptionalkey,
        a.forward AS amsearcharray, true AS amsearchnulls, NULL::oid AS amhandler, 'i'::"char" AS amtype
    FROM (VALUES (2631952481, 'prefix', true), (4004609370, 'inverted', false)) a(oid, amname, forward);

CREATE VIEW crdb_standin.pg_class AS WITH kept AS MATERIALIZED (
    SELECT r.oid, r.relname, r.relnamespace, r.reltype, 0::oid AS reloftype, r.relowner, r.relam, 0::oid AS relfilenode, 0::oid AS reltablespace,
        NULL::int4 AS relpages, NULL::float4 AS reltuples, 0::int4 AS relallvisible, 0::oid AS reltoastrelid,
        r.relkind IN ('r', 'm', 'S') AS relhasindex, false AS relisshared, r.relpersistence, false AS relistemp, r.relkind, r.relnatts,
        r.relchecks, false AS relhasoids, r.relkind IN ('r', 'm', 'S') AS relhaspkey, false AS relhasrules, r.relhastriggers,
        false AS relhassubclass, 0::int8 AS relfrozenxid, NULL::text[] AS relacl, NULL::text[] AS reloptions,
        false AS relforcerowsecurity, NULL::bool AS relispartition, NULL::bool AS relispopulated,
        CASE WHEN r.relkind IN ('r', 'm') THEN 'd' ELSE 'n' END::"char" AS relreplident,
        NULL::oid AS relrewrite, false AS relrowsecurity, NULL::text AS relpartbound, NULL::int8 AS relminmxid
    FROM (
        SELECT c.oid, c.relname, c.relnamespace, crdb_standin.type_oid(c.reltype) AS reltype, c.relowner,
            CASE WHEN c.relkind = 'r' THEN 2631952481::oid WHEN c.relkind <> 'i' THEN 0::oid WHEN am.amname IN ('gin', 'gist') THEN 4004609370::oid
                ELSE 2631952481::oid END AS relam,
            c.relpersistence, c.relkind, (c.relnatts + (SELECT count(*) FROM crdb_standin.keyless k WHERE k.oid = c.oid))::int2 AS relnatts,
            c.relchecks, c.relhastriggers AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS relhastriggers
        FROM pg_class c JOIN crdb_standin.shown s ON s.oid = c.relnamespace LEFT JOIN pg_am am ON am.oid = c.relam
        WHERE c.relkind IN ('r', 'v', 'm', 'S', 'i', 'c')
        UNION ALL SELECT k.index, (k.relname || '_pkey')::name, k.relnamespace, 0, k.relowner, 2631952481, 'p', 'i', 1, 0, false FROM crdb_standin.keyless k) r
) SELECT * FROM kept;

-- Columns of tables and views, and of composite types.
CREATE VIEW crdb_standin.attribute AS
    SELECT a.attrelid, a.attname, a.atttypid, a.attlen, a.attnum, a.atttypmod, a.attnotnull, a.atthasdef OR a.attidentity <> '' AS atthasdef,
        a.attidentity, a.attgenerated, a.attisdropped, a.attcollation
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'v', 'm', 'c') JOIN crdb_standin.shown s ON s.oid = c.relnamespace
    WHERE a.attnum > 0
    UNION ALL
    SELECT k.oid, k.attname, 20, 8, k.attnum, -1, true, true, '', '', false, 0 FROM crdb_standin.keyless k;

-- An index has the columns that it stores too, numbered by their places in it; a sequence has one column.
CREATE VIEW crdb_standin.pg_attribute AS WITH kept AS MATERIALIZED (
    WITH part AS MATERIALIZED (SELECT * FROM crdb_standin.part), expression_column AS MATERIALIZED (SELECT * FROM crdb_standin.expression_column)
    SELECT a.attrelid, a.attname, crdb_standin.type_oid(a.atttypid) AS atttypid, 0::int4 AS attstattarget, a.attlen, a.attnum, 0::int4 AS attndims,
        -1::int4 AS attcacheoff, a.atttypmod, NULL::bool AS attbyval, NULL::"char" AS attstorage, NULL::"char" AS attalign, a.attnotnull,
        a.atthasdef, a.attidentity, a.attgenerated, a.attisdropped, true AS attislocal, 0::int4 AS attinhcount, a.attcollation,
        NULL::text[] AS attacl, NULL::text[] AS attoptions, NULL::text[] AS attfdwoptions, NULL::bool AS atthasmissing
    FROM (
        SELECT * FROM crdb_standin.attribute
        UNION ALL
        SELECT k.index, k.attname, 20, 8, 1, -1, true, true, '', '', false, 0 FROM crdb_standin.keyless k
        UNION ALL
        SELECT c.oid, 'value', 20, 8, 1, -1, true, false, '', '', false, 0 FROM pg_class c JOIN crdb_standin.shown s ON s.oid = c.relnamespace WHERE c.relkind = 'S'
        UNION ALL
        SELECT p.indexrelid, a.attname, a.atttypid, a.attlen, p.n, a.atttypmod, a.attnotnull, a.atthasdef, a.attidentity, a.attgenerated, false, a.attcollation
        FROM part p JOIN pg_attribute a ON a.attrelid = p.indrelid AND a.attnum = p.attnum
        UNION ALL
        SELECT e.indexrelid, e.attname, a.atttypid, a.attlen, e.n, a.atttypmod, false, true, '', 'v', false, a.attcollation
        FROM expression_column e JOIN pg_attribute a ON a.attrelid = e.indexrelid AND a.attnum = e.n
        UNION ALL
        -- The number of a column that cannot be seen looks like that of a dropped one.
        SELECT DISTINCT e.indrelid, ('........pg.dropped.' || e.attnum || '........')::name, 2283::oid, -1, e.attnum, -1, false, false, ''::"char", ''::"char", true, 0
        FROM expression_column e) a
) SELECT * FROM kept;

CREATE VIEW crdb_standin.pg_attrdef AS WITH kept AS MATERIALIZED (
    SELECT d.oid, d.adrelid, d.adnum, d.adbin, d.adbin AS adsrc FROM (
        SELECT d.oid, d.adrelid, d.adnum, crdb_standin.deparse(d.adbin, d.adrelid) AS adbin
        FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN crdb_standin.shown s ON s.oid = c.relnamespace
        UNION ALL
        SELECT k."constraint", k.oid, k.attnum, 'unique_rowid()' FROM crdb_standin.keyless k
        UNION ALL
        SELECT i.objid, i.refobjid, i.refobjsubid::int2,
            format('nextval(%L::REGCLASS)', quote_ident(n.nspname) || '.' || quote_ident(q.relname))
        FROM pg_depend i JOIN pg_class q ON q.oid = i.objid AND q.relkind = 'S' JOIN pg_namespace n ON n.oid = q.relnamespace
        JOIN crdb_standin.shown s ON s.oid = n.oid
        WHERE i.classid = 'pg_class'::regclass AND i.refclassid = 'pg_class'::regclass AND i.deptype = 'i' AND i.refobjsubid > 0) d
) SELECT * FROM kept;

-- What is said of an index in words and lists.
CREATE VIEW crdb_standin.index_text AS
    WITH part AS MATERIALIZED (SELECT p.*, a.attname FROM crdb_standin.part p LEFT JOIN pg_attribute a ON a.attrelid = p.indrelid AND a.attnum = p.attnum)
    SELECT i.indexrelid, t.elements, t.storing, t.options, t.expressions, crdb_standin.deparse(i.indpred, i.indrelid) AS predicate
    FROM (SELECT p.indexrelid,
              string_agg(CASE WHEN p.expression IS NULL THEN quote_ident(p.attname) WHEN p.expression ~ '^[a-z_0-9.]+\(.*\)$' THEN p.expression
                      ELSE '(' || p.expression || ')' END || p.opclass || CASE WHEN p.inverted THEN '' WHEN p.descending THEN ' DESC' ELSE ' ASC' END,
                  ', ' ORDER BY p.n) FILTER (WHERE NOT p.storing) AS elements,
              ' STORING (' || string_agg(quote_ident(p.attname), ', ' ORDER BY p.n) FILTER (WHERE p.storing) || ')' AS storing,
              string_agg(CASE WHEN p.descending THEN '1' ELSE '2' END, ' ' ORDER BY p.n) FILTER (WHERE NOT p.storing) AS options,
              array_agg('(' || p.expression || ')' ORDER BY p.n) FILTER (WHERE p.attnum = 0) AS expressions
          FROM part p GROUP BY p.indexrelid) t
    JOIN pg_index i ON i.indexrelid = t.indexrelid;

CREATE VIEW crdb_standin.pg_constraint AS WITH kept AS MATERIALIZED (
    WITH index_text AS MATERIALIZED (SELECT * FROM crdb_standin.index_text)
    SELECT q.oid, q.conname, q.connamespace, q.contype::text, false AS condeferrable, false AS condeferred, q.convalidated, q.conrelid, 0::oid AS contypid,
        q.conindid, q.confrelid, q.confupdtype::text, q.confdeltype::text, q.confmatchtype::text, true AS conislocal, 0::int4 AS coninhcount,
        true AS connoinherit, q.conkey, q.confkey, NULL::oid[] AS conpfeqop, NULL::oid[] AS conppeqop, NULL::oid[] AS conffeqop,
        NULL::oid[] AS conexclop, CASE WHEN q.contype = 'c' THEN substr(q.def, 7) END AS conbin, CASE WHEN q.contype = 'c' THEN substr(q.def, 7) END AS consrc,
        q.def || CASE WHEN q.convalidated THEN '' ELSE ' NOT VALID' END AS condef, NULL::oid AS conparentid
    FROM (
        SELECT c.oid, c.conname, c.connamespace, c.contype, c.convalidated, c.conrelid, CASE WHEN c.contype = 'c' THEN 0 ELSE c.conindid END AS conindid,
            c.confrelid, CASE WHEN c.contype = 'f' THEN c.confupdtype END AS confupdtype, CASE WHEN c.contype = 'f' THEN c.confdeltype END AS confdeltype,
            CASE WHEN c.contype = 'f' THEN c.confmatchtype END AS confmatchtype, c.conkey, c.confkey,
            CASE c.contype
                WHEN 'c' THEN 'CHECK ((' || crdb_standin.deparse(c.conbin, c.conrelid) || '))'
                WHEN 'f' THEN 'FOREIGN KEY ('
                    || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(attnum, n)
                        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum)
                    || ') REFERENCES ' || CASE WHEN f.relnamespace = r.relnamespace THEN '' ELSE quote_ident(fn.nspname) || '.' END || quote_ident(f.relname) || '('
                    || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(attnum, n)
                        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum)
                    || ')' || CASE c.confmatchtype WHEN 'f' THEN ' MATCH FULL' ELSE '' END
                    || CASE c.confdeltype WHEN 'r' THEN ' ON DELETE RESTRICT' WHEN 'c' THEN ' ON DELETE CASCADE' WHEN 'n' THEN ' ON DELETE SET NULL'
                        WHEN 'd' THEN ' ON DELETE SET DEFAULT' ELSE '' END
                    || CASE c.confupdtype WHEN 'r' THEN ' ON UPDATE RESTRICT' WHEN 'c' THEN ' ON UPDATE CASCADE' WHEN 'n' THEN ' ON UPDATE SET NULL'
                        WHEN 'd' THEN ' ON UPDATE SET DEFAULT' ELSE '' END
                WHEN 'p' THEN 'PRIMARY KEY (' || t.elements || ')'
                ELSE 'UNIQUE (' || t.elements || ')' END AS def
        FROM pg_constraint c JOIN crdb_standin.shown s ON s.oid = c.connamespace JOIN pg_class r ON r.oid = c.conrelid AND r.relkind = 'r'
        LEFT JOIN pg_class f ON f.oid = c.confrelid LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
        LEFT JOIN index_text t ON t.indexrelid = c.conindid AND c.contype <> 'f'
        WHERE c.contype IN ('p', 'u', 'f', 'c')
        UNION ALL
        SELECT (i.indexrelid::int8 + 1700000000)::oid, x.relname, x.relnamespace, 'u', true, i.indrelid, i.indexrelid, 0, NULL, NULL, NULL,
            (SELECT array_agg(coalesce(e.attnum, p.attnum) ORDER BY p.n) FROM crdb_standin.part p
             LEFT JOIN crdb_standin.expression_column e ON e.indexrelid = p.indexrelid AND e.n = p.n
             WHERE p.indexrelid = i.indexrelid AND NOT p.storing), NULL,
            'UNIQUE (' || t.elements || ')' || coalesce(' WHERE (' || t.predicate || ')', '')
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid AND c.relkind = 'r' JOIN crdb_standin.shown s ON s.oid = c.relnamespace
        JOIN pg_class x ON x.oid = i.indexrelid JOIN index_text t ON t.indexrelid = i.indexrelid
        WHERE i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u'))
        UNION ALL
        SELECT k."constraint", (k.relname || '_pkey')::name, k.relnamespace, 'p', true, k.oid, k.index, 0, NULL, NULL, NULL, ARRAY[k.attnum], NULL,
            'PRIMARY KEY (' || k.attname || ' ASC)'
        FROM crdb_standin.keyless k
        UNION ALL
        SELECT (c.oid::int8 + 1900000000)::oid, 'primary', c.relnamespace, 'p', true, c.oid, (c.oid::int8 + 1800000000)::oid, 0, NULL, NULL, NULL, '{1}', NULL,
            'PRIMARY KEY (value ASC)'
        FROM pg_class c JOIN crdb_standin.shown s ON s.oid = c.relnamespace WHERE c.relkind = 'S') q
) SELECT * FROM kept;

-- A sequence has an index as well, which pg_class does not have.
CREATE VIEW crdb_standin.pg_index AS WITH kept AS MATERIALIZED (
    WITH index_text AS MATERIALIZED (SELECT * FROM crdb_standin.index_text)
    SELECT i.indexrelid, i.indrelid, i.indnatts, i.indisunique, false AS indnullsnotdistinct, i.indisprimary, false AS indisexclusion, i.indisunique AS indimmediate,
        false AS indisclustered, true AS indisvalid, false AS indcheckxmin, false AS indisready, true AS indislive, false AS indisreplident,
        i.indkey, i.indcollation, regexp_replace(repeat('0 ', i.indnkeyatts::int4), ' $', '')::oidvector AS indclass, i.indoption, i.indexprs, i.indpred, i.indnkeyatts
    FROM (
        SELECT i.indexrelid, i.indrelid, i.indnatts, i.indisunique, i.indisprimary, i.indkey, i.indcollation, i.indnkeyatts,
            t.options::int2vector AS indoption, t.expressions::text AS indexprs, t.predicate AS indpred
        FROM pg_index i JOIN index_text t ON t.indexrelid = i.indexrelid
        UNION ALL
        SELECT k.index, k.oid, 1, true, true, k.attnum::text::int2vector, '0', 1, '2', NULL, NULL FROM crdb_standin.keyless k
        UNION ALL
        SELECT (c.oid::int8 + 1800000000)::oid, c.oid, 1, false, true, '1', '0', 1, '2', NULL, NULL
        FROM pg_class c JOIN crdb_standin.shown s ON s.oid = c.relnamespace WHERE c.relkind = 'S') i
) SELECT * FROM kept;

CREATE VIEW crdb_standin.pg_indexes AS WITH kept AS MATERIALIZED (
    WITH index_text AS MATERIALIZED (SELECT * FROM crdb_standin.index_text), class AS MATERIALIZED (SELECT oid, relname, relnamespace, relam FROM crdb_standin.pg_class)
    SELECT i.indexrelid AS crdb_oid, n.nspname AS schemaname, c.relname AS tablename, coalesce(x.relname, 'primary') AS indexname, NULL::name AS tablespace,
        'CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(coalesce(x.relname, 'primary')) || ' ON '
        || quote_ident(current_database()) || '.' || quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        || ' USING ' || CASE x.relam WHEN 4004609370 THEN 'gin' ELSE 'btree' END || ' (' || coalesce(t.elements, k.attname || ' ASC', 'value ASC') || ')'
        || coalesce(t.storing, '') || coalesce(' WHERE (' || t.predicate || ')', '') AS indexdef
    FROM crdb_standin.pg_index i JOIN class c ON c.oid = i.indrelid LEFT JOIN class x ON x.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN index_text t ON t.indexrelid = i.indexrelid LEFT JOIN crdb_standin.keyless k ON k.index = i.indexrelid
) SELECT * FROM kept;

CREATE VIEW crdb_standin.pg_type AS WITH kept AS MATERIALIZED (
    SELECT crdb_standin.type_oid(t.oid) AS oid, t.typname, t.typnamespace, t.typowner, t.typlen, t.typbyval, t.typtype, t.typcategory,
        t.typispreferred, t.typisdefined, t.typdelim, t.typrelid, crdb_standin.type_oid(t.typelem) AS typelem,
        crdb_standin.type_oid(t.typarray) AS typarray, NULL::"char" AS typalign, NULL::"char" AS typstorage, false AS typnotnull, 0::oid AS typbasetype,
        -1::int4 AS typtypmod, 0::int4 AS typndims, t.typcollation, NULL::text AS typdefaultbin, NULL::text AS typdefault, NULL::text[] AS typacl
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typnamespace IN (SELECT oid FROM crdb_standin.shown) AND (c.oid IS NULL OR c.relkind IN ('r', 'v', 'm', 'c', 'S'))
    OR t.typnamespace = 'pg_catalog'::regnamespace AND ltrim(t.typname, '_') IN ('bool', 'bytea', 'char', 'name', 'int8', 'int2', 'int2vector', 'int4', 'anyelement',
        'regproc', 'text', 'oid', 'oidvector', 'json', 'float4', 'float8', 'unknown', 'inet', 'bpchar', 'varchar', 'date', 'time', 'timestamp',
        'timestamptz', 'interval', 'timetz', 'bit', 'varbit', 'numeric', 'refcursor', 'regprocedure', 'regclass', 'regtype', 'record', 'void',
        'uuid', 'tsvector', 'tsquery', 'jsonb', 'regnamespace', 'regrole', 'pg_lsn', 'trigger')
) SELECT * FROM kept;

CREATE VIEW crdb_standin.pg_enum AS
    SELECT e.oid, crdb_standin.type_oid(e.enumtypid) AS enumtypid,
        (row_number() OVER (PARTITION BY e.enumtypid ORDER BY e.enumsortorder) - 1)::float4 AS enumsortorder, e.enumlabel::text AS enumlabel
    FROM pg_enum e;

-- Whatever was asked for, a sequence is of type INT8.
CREATE VIEW crdb_standin.pg_sequence AS
    SELECT q.seqrelid, 20::oid AS seqtypid, q.seqstart, q.seqincrement, q.seqmax, q.seqmin, 1::int8 AS seqcache, false AS seqcycle
    FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN crdb_standin.shown s ON s.oid = c.relnamespace;

CREATE FUNCTION crdb_standin.pg_sequence_last_value(sequence oid) RETURNS int8 LANGUAGE sql STABLE
    RETURN (SELECT nullif(crdb_standin.stored(q.seqrelid), q.seqstart - q.seqincrement) FROM pg_sequence q WHERE q.seqrelid = sequence);

CREATE VIEW crdb_standin.pg_sequences AS
    SELECT s.nspname AS schemaname, c.relname AS sequencename, pg_get_userbyid(c.relowner) AS sequenceowner, 20::regtype AS data_type,
        q.seqstart AS start_value, q.seqmin AS min_value, q.seqmax AS max_value, q.seqincrement AS increment_by, false AS cycle,
        1::int8 AS cache_size, crdb_standin.pg_sequence_last_value(q.seqrelid) AS last_value
    FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN crdb_standin.shown s ON s.oid = c.relnamespace;

CREATE VIEW crdb_standin.pg_depend AS
    SELECT 'pg_class'::regclass::oid AS classid, d.objid, 0::int4 AS objsubid, 'pg_class'::regclass::oid AS refclassid, d.refobjid, d.refobjsubid, 'a'::"char" AS deptype
    FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN crdb_standin.shown s ON s.oid = c.relnamespace
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT 'pg_constraint'::regclass, c.oid, 0, 'pg_class'::regclass, c.conindid, 0, 'n' FROM pg_constraint c JOIN crdb_standin.shown s ON s.oid = c.connamespace
    WHERE c.contype = 'f'
    UNION ALL
    SELECT d.classid, d.objid, 0, d.refclassid, d.refobjid, d.refobjsubid, d.deptype FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid
    JOIN crdb_standin.shown s ON s.oid = c.relnamespace WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n';

CREATE VIEW crdb_standin.pg_description AS
    SELECT CASE d.classoid WHEN 'pg_type'::regclass THEN crdb_standin.type_oid(d.objoid) ELSE d.objoid END AS objoid, d.classoid, d.objsubid, d.description
    FROM pg_description d WHERE d.objoid >= 16384::oid OR d.classoid = 'pg_namespace'::regclass;

CREATE VIEW crdb_standin.pg_proc AS
    SELECT p.oid, p.proname, p.pronamespace, p.proowner, p.prolang, NULL::float4 AS procost, NULL::float4 AS prorows, 0::oid AS provariadic,
        NULL::text AS prosupport, p.prokind, false AS prosecdef, p.proleakproof, p.proisstrict, p.proretset, p.provolatile, NULL::"char" AS proparallel, p.pronargs,
        p.pronargdefaults, crdb_standin.type_oid(p.prorettype) AS prorettype,
        (SELECT coalesce(string_agg(crdb_standin.type_oid(u.type)::text, ' ' ORDER BY u.n), '') FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u(type, n))::oidvector AS proargtypes,
        p.proallargtypes, p.proargmodes::text[] AS proargmodes, p.proargnames, NULL::text AS proargdefaults, NULL::oid[] AS protrftypes, p.prosrc,
        NULL::text AS probin, NULL::text[] AS proconfig, NULL::text[] AS proacl
    FROM pg_proc p JOIN crdb_standin.shown s ON s.oid = p.pronamespace;

CREATE FUNCTION crdb_standin.pg_get_viewdef(view oid) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT regexp_replace(crdb_standin.spell(rtrim(btrim(regexp_replace(pg_catalog.pg_get_viewdef($1), '\s+', ' ', 'g')), ';')),
        '\m(FROM|JOIN) (\(*)(' || (SELECT string_agg(quote_ident(s.nspname), '|') FROM crdb_standin.shown s) || ')\.',
        '\1 \2' || quote_ident(current_database()) || '.\3.', 'g')
$$;

CREATE VIEW crdb_standin.pg_views AS
    SELECT s.nspname AS schemaname, c.relname AS viewname, pg_get_userbyid(c.relowner) AS viewowner, crdb_standin.pg_get_viewdef(c.oid) AS definition
    FROM pg_class c JOIN crdb_standin.shown s ON s.oid = c.relnamespace WHERE c.relkind = 'v';
CREATE VIEW crdb_standin.pg_matviews AS
    SELECT s.nspname AS schemaname, c.relname AS matviewname, pg_get_userbyid(c.relowner) AS matviewowner, NULL::name AS tablespace,
        c.relhasindex AS hasindexes, c.relispopulated AS ispopulated, crdb_standin.pg_get_viewdef(c.oid) AS definition
    FROM pg_class c JOIN crdb_standin.shown s ON s.oid = c.relnamespace WHERE c.relkind = 'm';
CREATE VIEW crdb_standin.pg_tables AS
    SELECT s.nspname AS schemaname, c.relname AS tablename, pg_get_userbyid(c.relowner) AS tableowner, NULL::name AS tablespace, true AS hasindexes,
        false AS hasrules, false AS hastriggers, false AS rowsecurity
    FROM pg_class c JOIN crdb_standin.shown s ON s.oid = c.relnamespace WHERE c.relkind = 'r';

CREATE VIEW crdb_standin.pg_roles AS
    SELECT r.oid, r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, false AS rolcatupdate, r.rolcanlogin, false AS rolreplication,
        -1::int4 AS rolconnlimit, '********'::text AS rolpassword, r.rolvaliduntil, false AS rolbypassrls, r.rolconfig
    FROM pg_roles r WHERE r.rolname NOT LIKE 'pg\_%';
CREATE VIEW crdb_standin.pg_user AS
    SELECT r.rolname AS usename, r.oid AS usesysid, r.rolcreatedb AS usecreatedb, r.rolsuper AS usesuper, false AS userepl, false AS usebypassrls,
        '********'::text AS passwd, NULL::timestamp AS valuntil, r.rolconfig AS useconfig
    FROM crdb_standin.pg_roles r WHERE r.rolcanlogin;
CREATE VIEW crdb_standin.pg_db_role_setting AS SELECT d.setconfig, d.setdatabase, d.setrole FROM pg_db_role_setting d;
CREATE VIEW crdb_standin.pg_database AS
    SELECT d.oid, d.datname, d.datdba, 6::int4 AS encoding, 'en_US.utf8'::text AS datcollate, 'en_US.utf8'::text AS datctype, false AS datistemplate,
        true AS datallowconn, -1::int4 AS datconnlimit, 0::oid AS datlastsysoid, NULL::int8 AS datfrozenxid, NULL::int8 AS datminmxid,
        0::oid AS dattablespace, NULL::text[] AS datacl
    FROM pg_database d WHERE split_part(d.datname, '__', 1) IN ('postgres', split_part(current_database(), '__', 1));
CREATE VIEW crdb_standin.pg_collation AS
    SELECT c.oid, regexp_replace(c.collname, '-x-icu$', '') AS collname, c.collnamespace, NULL::oid AS collowner, 6::int4 AS collencoding, NULL::text AS collcollate,
        NULL::text AS collctype, NULL::"char" AS collprovider, NULL::text AS collversion, NULL::bool AS collisdeterministic
    FROM pg_collation c WHERE c.collname = 'default' OR c.collname LIKE '%-x-icu' OR c.collnamespace IN (SELECT oid FROM crdb_standin.shown);
CREATE VIEW crdb_standin.pg_settings AS
    SELECT s.name, s.setting, s.unit, s.category, s.short_desc, s.extra_desc, s.context, s.vartype, s.source, s.min_val, s.max_val,
        s.enumvals::text AS enumvals, s.boot_val, s.reset_val, NULL::text AS sourcefile, NULL::int4 AS sourceline, false AS pending_restart
    FROM pg_settings s;

-- There but empty.
DO $do$
DECLARE
    definition text;
BEGIN
    FOREACH definition IN ARRAY string_to_array($list$
pg_aggregate: aggfnoid regproc, aggkind "char", aggnumdirectargs int2, aggtransfn regproc, aggfinalfn regproc, agginitval text
pg_cast: oid oid, castsource oid, casttarget oid, castfunc oid, castcontext "char", castmethod "char"
pg_conversion: oid oid, conname name, connamespace oid, conowner oid, conforencoding int4, contoencoding int4, conproc oid, condefault bool
pg_cursors: name text, statement text, is_holdable bool, is_binary bool, is_scrollable bool, creation_time timestamptz
pg_event_trigger: evtname name, evtevent name, evtowner oid, evtfoid oid, evtenabled "char", evttags text[], oid oid
pg_extension: oid oid, extname name, extowner oid, extnamespace oid, extrelocatable bool, extversion text, extconfig text, extcondition text
pg_foreign_table: ftrelid oid, ftserver oid, ftoptions text[]
pg_inherits: inhrelid oid, inhparent oid, inhseqno int4
pg_language: oid oid, lanname name, lanowner oid, lanispl bool, lanpltrusted bool, lanplcallfoid oid, laninline oid, lanvalidator oid, lanacl text[]
pg_locks: locktype text, database oid, relation oid, page int4, tuple int2, virtualxid text, transactionid int8, classid oid, objid oid, objsubid int2, virtualtransaction text, pid int4, mode text, granted bool, fastpath bool
pg_opclass: oid oid, opcmethod oid, opcname name, opcnamespace oid, opcowner oid, opcfamily oid, opcintype oid, opcdefault bool, opckeytype oid
pg_operator: oid oid, oprname name, oprnamespace oid, oprowner oid, oprkind text, oprcanmerge bool, oprcanhash bool, oprleft oid, oprright oid, oprresult oid, oprcom oid, oprnegate oid, oprcode oid, oprrest oid, oprjoin oid
pg_opfamily: oid oid, opfmethod oid, opfname name, opfnamespace oid, opfowner oid
pg_partitioned_table: partrelid oid, partstrat "char", partattrs int2vector, partclass oidvector, partcollation oidvector, partdefid oid, partexprs text, partnatts int2
pg_policies: schemaname name, tablename name, policyname name, permissive text, roles name[], cmd text, qual text, with_check text
pg_policy: oid oid, polname name, polrelid oid, polcmd "char", polpermissive bool, polroles oid[], polqual text, polwithcheck text
pg_prepared_xacts: transaction int8, gid text, prepared timestamptz, owner name, database name
pg_publication: oid oid, pubname name, pubowner oid, puballtables bool, pubinsert bool, pubupdate bool, pubdelete bool, pubtruncate bool, pubviaroot bool
pg_publication_rel: oid oid, prpubid oid, prrelid oid
pg_publication_tables: pubname name, schemaname name, tablename name
pg_range: rngtypid oid, rngsubtype oid, rngcollation oid, rngsubopc oid, rngcanonical oid, rngsubdiff oid
pg_replication_origin: roident oid, roname text
pg_replication_slots: slot_name name, plugin name, slot_type text, datoid oid, database name, temporary bool, active bool, active_pid int4
pg_rewrite: oid oid, rulename name, ev_class oid, ev_type text, ev_enabled text, is_instead bool, ev_qual text, ev_action text
pg_rules: schemaname name, tablename name, rulename name, definition text
pg_shdescription: objoid oid, classoid oid, description text
pg_stat_activity: datid oid, datname name, pid int4, usesysid oid, usename name, application_name text, client_addr inet, client_hostname text, client_port int4, backend_start timestamptz, xact_start timestamptz, query_start timestamptz, state_change timestamptz, wait_event_type text, wait_event text, state text, backend_xid int4, backend_xmin int4, query text, backend_type text, leader_pid int4
pg_stat_all_tables: relid oid, schemaname name, relname name, seq_scan int8, n_live_tup int8, n_dead_tup int8
pg_stat_user_tables: relid oid, schemaname name, relname name, seq_scan int8, n_live_tup int8, n_dead_tup int8
pg_stat_database: datid oid, datname name, numbackends int4, xact_commit int8, xact_rollback int8
pg_stat_replication: pid int4, usesysid oid, usename name, application_name text, client_addr inet, state text
pg_stat_ssl: pid int4, ssl bool, version text, cipher text, bits int4
pg_stat_subscription: subid oid, subname name, pid int4
pg_statistic_ext: oid oid, stxrelid oid, stxname name, stxnamespace oid, stxowner oid, stxstattarget int4, stxkeys int2vector, stxkind "char"[]
pg_subscription: oid oid, subdbid oid, subname name, subowner oid, subenabled bool, subconninfo text, subslotname name, subsynccommit text, subpublications text[]
pg_subscription_rel: srsubid oid, srrelid oid, srsubstate "char", srsublsn text
pg_trigger: oid oid, tgrelid oid, tgname name, tgfoid oid, tgtype int2, tgenabled text, tgisinternal bool, tgconstrrelid oid, tgconstrindid oid, tgconstraint oid, tgdeferrable bool, tginitdeferred bool, tgnargs int2, tgattr int2vector, tgargs bytea, tgqual text, tgoldtable name, tgnewtable name, tgparentid oid
pg_tablespace: oid oid, spcname name, spcowner oid, spclocation text, spcacl text[], spcoptions text[]
pg_timezone_names: name text, abbrev text, utc_offset interval, is_dst bool
pg_ts_config: oid oid, cfgname name, cfgnamespace oid, cfgowner oid, cfgparser oid
pg_ts_dict: oid oid, dictname name, dictnamespace oid, dictowner oid, dicttemplate oid, dictinitoption text$list$, E'\n') LOOP
        CONTINUE WHEN definition = '';
        EXECUTE format('CREATE VIEW crdb_standin.%I AS SELECT %s WHERE false', split_part(definition, ': ', 1),
            regexp_replace(split_part(definition, ': ', 2), '(\w+) ([^,]+)', 'NULL::\2 AS \1', 'g'));
    END LOOP;
END $do$;

-- Information schema ---------------------------------------------------------------------------------------------------------------

CREATE VIEW crdb_standin.columns AS WITH kept AS MATERIALIZED (
    WITH attrdef AS MATERIALIZED (SELECT * FROM crdb_standin.pg_attrdef)
    SELECT current_database()::text AS table_catalog, n.nspname::text AS table_schema, c.relname::text AS table_name, a.attname::text AS column_name,
        ds.description AS column_comment, a.attnum::int8 AS ordinal_position, CASE WHEN a.attgenerated = '' THEN d.adbin END AS column_default,
        CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END AS is_nullable,
        CASE WHEN t.typcategory = 'A' THEN 'ARRAY' WHEN a.type >= 100000::oid THEN 'USER-DEFINED' ELSE crdb_standin.format_type(a.type, NULL) END AS data_type,
        CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod::int8 - 4 END AS character_maximum_length,
        CASE WHEN t.typname = 'numeric' AND a.atttypmod > 4 THEN (a.atttypmod::int8 - 4) >> 16 END AS numeric_precision,
        CASE WHEN t.typname = 'numeric' AND a.atttypmod > 4 THEN (a.atttypmod::int8 - 4) & 65535 END AS numeric_scale,
        CASE WHEN t.typname LIKE 'time%' THEN coalesce(nullif(a.atttypmod, -1), 6)::int8 END AS datetime_precision,
        CASE WHEN a.attcollation NOT IN (0, 100) THEN co.collname END AS collation_name,
        current_database()::text AS udt_catalog, tn.nspname::text AS udt_schema, t.typname::text AS udt_name,
        CASE WHEN a.attidentity = '' THEN 'NO' ELSE 'YES' END AS is_identity,
        CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity_generation,
        CASE WHEN a.attgenerated = '' THEN 'NEVER' ELSE 'ALWAYS' END AS is_generated,
        CASE WHEN a.attgenerated = '' THEN '' ELSE d.adbin END AS generation_expression,
        CASE WHEN c.relkind = 'r' THEN 'YES' ELSE 'NO' END AS is_updatable,
        CASE WHEN EXISTS (SELECT FROM crdb_standin.keyless k WHERE k.oid = c.oid AND k.attname = a.attname) THEN 'YES' ELSE 'NO' END AS is_hidden,
        CASE WHEN t.typcategory <> 'A' AND a.type >= 100000::oid THEN tn.nspname || '.' || t.typname
            ELSE crdb_standin.type_spelling(crdb_standin.format_type(a.type, a.atttypmod)) END AS crdb_sql_type
    FROM (SELECT a.*, crdb_standin.type_oid(a.atttypid) AS type FROM crdb_standin.attribute a) a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'v', 'm')
    JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
    LEFT JOIN attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN crdb_standin.pg_collation co ON co.oid = a.attcollation
    LEFT JOIN pg_description ds ON ds.classoid = 'pg_class'::regclass AND ds.objoid = a.attrelid AND ds.objsubid = a.attnum
    WHERE NOT a.attisdropped
) SELECT * FROM kept;

-- A primary key stores all other columns; any other index ends with the columns of the primary key that it lacks.
CREATE VIEW crdb_standin.statistics AS WITH kept AS MATERIALIZED (
    WITH part AS MATERIALIZED (SELECT * FROM crdb_standin.part), expression_column AS MATERIALIZED (SELECT * FROM crdb_standin.expression_column),
        class AS MATERIALIZED (SELECT oid, relname, relnamespace FROM crdb_standin.pg_class), keys AS MATERIALIZED (SELECT * FROM crdb_standin.pg_index),
        attribute AS MATERIALIZED (SELECT * FROM crdb_standin.attribute)
    SELECT current_database()::text AS table_catalog, n.nspname::text AS table_schema, c.relname::text AS table_name,
        CASE WHEN i.indisunique THEN 'NO' ELSE 'YES' END AS non_unique, n.nspname::text AS index_schema, x.relname::text AS index_name,
        row_number() OVER (PARTITION BY i.indexrelid ORDER BY p.rank, p.n)::int8 AS seq_in_index, p.name::text AS column_name, NULL::text AS "collation",
        NULL::int8 AS cardinality, p.direction, p.storing, p.implicit, 'YES'::text AS is_visible, 1::float8 AS visibility
    FROM keys i JOIN class x ON x.oid = i.indexrelid JOIN class c ON c.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT CASE WHEN p.storing THEN 3 ELSE 1 END AS rank, p.n, coalesce(e.attname, a.attname) AS name,
            CASE WHEN p.storing THEN 'N/A' WHEN p.descending THEN 'DESC' ELSE 'ASC' END AS direction, CASE WHEN p.storing THEN 'YES' ELSE 'NO' END AS storing, 'NO' AS implicit
        FROM part p LEFT JOIN pg_attribute a ON a.attrelid = p.indrelid AND a.attnum = p.attnum
        LEFT JOIN expression_column e ON e.indexrelid = p.indexrelid AND e.n = p.n WHERE p.indexrelid = i.indexrelid
        UNION ALL SELECT 1, 1, k.attname, 'ASC', 'NO', 'NO' FROM crdb_standin.keyless k WHERE k.index = i.indexrelid
        UNION ALL SELECT 3, a.attnum, a.attname, 'N/A', 'YES', 'NO' FROM attribute a
            WHERE i.indisprimary AND a.attrelid = i.indrelid AND NOT a.attisdropped AND a.attnum <> ALL (i.indkey::int2[])
        UNION ALL SELECT 2, a.attnum, a.attname, 'ASC', 'NO', 'YES' FROM keys k JOIN attribute a ON a.attrelid = k.indrelid AND a.attnum = ANY (k.indkey::int2[])
            WHERE NOT i.indisprimary AND k.indrelid = i.indrelid AND k.indisprimary AND a.attnum <> ALL (i.indkey::int2[])) p
) SELECT * FROM kept;

CREATE VIEW crdb_standin.schemata AS
    SELECT current_database()::text AS catalog_name, n.nspname::text AS schema_name, NULL::text AS default_character_set_name, NULL::text AS sql_path,
        CASE WHEN n.oid IN (SELECT oid FROM crdb_standin.shown) THEN 'YES' ELSE 'NO' END AS crdb_is_user_defined FROM crdb_standin.pg_namespace n;
CREATE VIEW crdb_standin.tables AS
    SELECT current_database()::text AS table_catalog, s.nspname::text AS table_schema, c.relname::text AS table_name,
        CASE WHEN c.relkind = 'v' THEN 'VIEW' ELSE 'BASE TABLE' END AS table_type, CASE WHEN c.relkind = 'r' THEN 'YES' ELSE 'NO' END AS is_insertable_into, 1::int8 AS version
    FROM pg_class c JOIN crdb_standin.shown s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm');
CREATE VIEW crdb_standin.views AS
    SELECT current_database()::text AS table_catalog, v.schemaname::text AS table_schema, v.viewname::text AS table_name, v.definition AS view_definition,
        'NONE'::text AS check_option, 'NO'::text AS is_updatable, 'NO'::text AS is_insertable_into FROM crdb_standin.pg_views v;
CREATE VIEW crdb_standin.sequences AS
    SELECT current_database()::text AS sequence_catalog, s.nspname::text AS sequence_schema, c.relname::text AS sequence_name,
        'bigint'::text AS data_type, 64::int8 AS numeric_precision, 2::int8 AS numeric_precision_radix, 0::int8 AS numeric_scale,
        q.seqstart::text AS start_value, q.seqmin::text AS minimum_value, q.seqmax::text AS maximum_value, q.seqincrement::text AS increment, 'NO'::text AS cycle_option
    FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN crdb_standin.shown s ON s.oid = c.relnamespace;
CREATE VIEW crdb_standin.table_constraints AS
    SELECT current_database()::text AS constraint_catalog, n.nspname::text AS constraint_schema, q.conname::text AS constraint_name,
        current_database()::text AS table_catalog, n.nspname::text AS table_schema, c.relname::text AS table_name,
        CASE q.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' WHEN 'f' THEN 'FOREIGN KEY' ELSE 'CHECK' END AS constraint_type,
        'NO'::text AS is_deferrable, 'NO'::text AS initially_deferred
    FROM crdb_standin.pg_constraint q JOIN pg_class c ON c.oid = q.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace;
CREATE VIEW crdb_standin.check_constraints AS
    SELECT current_database()::text AS constraint_catalog, n.nspname::text AS constraint_schema, q.conname::text AS constraint_name, q.consrc AS check_clause
    FROM crdb_standin.pg_constraint q JOIN pg_namespace n ON n.oid = q.connamespace WHERE q.contype = 'c';
CREATE VIEW crdb_standin.key_column_usage AS
    SELECT current_database()::text AS constraint_catalog, n.nspname::text AS constraint_schema, q.conname::text AS constraint_name,
        current_database()::text AS table_catalog, n.nspname::text AS table_schema, c.relname::text AS table_name, a.attname::text AS column_name,
        k.n::int8 AS ordinal_position, CASE WHEN q.contype = 'f' THEN k.n::int8 END AS position_in_unique_constraint
    FROM crdb_standin.pg_constraint q JOIN pg_class c ON c.oid = q.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL unnest(q.conkey) WITH ORDINALITY k(attnum, n) JOIN crdb_standin.pg_attribute a ON a.attrelid = q.conrelid AND a.attnum = k.attnum
    WHERE q.contype IN ('p', 'u', 'f');
CREATE VIEW crdb_standin.referential_constraints AS
    SELECT current_database()::text AS constraint_catalog, n.nspname::text AS constraint_schema, q.conname::text AS constraint_name,
        CASE q.confmatchtype WHEN 'f' THEN 'FULL' ELSE 'NONE' END AS match_option, c.relname::text AS table_name, f.relname::text AS referenced_table_name
    FROM crdb_standin.pg_constraint q JOIN pg_namespace n ON n.oid = q.connamespace JOIN pg_class c ON c.oid = q.conrelid JOIN pg_class f ON f.oid = q.confrelid
    WHERE q.contype = 'f';

-- Functions ------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION crdb_standin.pg_get_expr(expression text, relation oid, pretty bool DEFAULT false) RETURNS text LANGUAGE sql IMMUTABLE RETURN expression;
CREATE FUNCTION crdb_standin.pg_get_constraintdef("constraint" oid, pretty bool DEFAULT false) RETURNS text LANGUAGE sql STABLE
    RETURN (SELECT q.condef FROM crdb_standin.pg_constraint q WHERE q.oid = "constraint");
CREATE FUNCTION crdb_standin.pg_get_indexdef(index oid) RETURNS text LANGUAGE sql STABLE
    RETURN (SELECT i.indexdef FROM crdb_standin.pg_indexes i WHERE i.crdb_oid = index);
CREATE FUNCTION crdb_standin.pg_get_indexdef(index oid, number int8, pretty bool) RETURNS text LANGUAGE sql STABLE
    RETURN CASE WHEN number = 0 THEN crdb_standin.pg_get_indexdef(index)
        ELSE (SELECT coalesce(p.expression, a.attname) FROM crdb_standin.part p LEFT JOIN pg_attribute a ON a.attrelid = p.indrelid AND a.attnum = p.attnum
              WHERE p.indexrelid = index AND p.n = number) END;
CREATE FUNCTION crdb_standin.obj_description(object oid) RETURNS text LANGUAGE sql STABLE
    RETURN (SELECT d.description FROM crdb_standin.pg_description d WHERE d.objoid = object AND d.objsubid = 0 LIMIT 1);
CREATE FUNCTION crdb_standin.obj_description(object oid, catalog text) RETURNS text LANGUAGE sql STABLE
    RETURN (SELECT d.description FROM crdb_standin.pg_description d WHERE d.objoid = object AND d.objsubid = 0 AND d.classoid = ('pg_catalog.' || catalog)::regclass);
CREATE FUNCTION crdb_standin.col_description(relation oid, number int8) RETURNS text LANGUAGE sql STABLE
    RETURN (SELECT d.description FROM crdb_standin.pg_description d WHERE d.objoid = relation AND d.objsubid = number AND d.classoid = 'pg_class'::regclass);
CREATE FUNCTION crdb_standin.pg_get_serial_sequence(relation text, name text) RETURNS text LANGUAGE sql STABLE RETURN pg_get_serial_sequence(relation, name);

-- nextval, setval and currval need no other form: PostgreSQL's flag serves for a stored number below the minimum, or above the
-- maximum going down.
CREATE FUNCTION crdb_standin.sequence_row(sequence regclass) RETURNS TABLE(last_value int8, log_cnt int8, is_called bool) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT CASE WHEN q.is_called THEN q.last_value ELSE q.last_value - s.seqincrement END, 0::int8, true
        FROM %s q, pg_catalog.pg_sequence s WHERE s.seqrelid = $1', sequence) USING sequence;
END $$;

CREATE FUNCTION crdb_standin.unique_rowid() RETURNS int8 LANGUAGE sql VOLATILE
    RETURN ((extract(epoch FROM clock_timestamp() - timestamptz '2015-01-01 00:00:00+00') * 100000)::int8 << 15) | (random() * 32767)::int8;
CREATE FUNCTION crdb_standin.cluster_logical_timestamp() RETURNS numeric LANGUAGE sql STABLE
    RETURN (extract(epoch FROM transaction_timestamp()) * 1000000000)::numeric(30, 10);
-- When the row was committed, in nanoseconds; needs track_commit_timestamp. NULL while its transaction runs.
CREATE FUNCTION crdb_standin.mvcc_timestamp(xmin xid) RETURNS numeric LANGUAGE sql STABLE
    RETURN (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000000)::numeric(30, 10);

CREATE FUNCTION crdb_standin.refuse(sqlstate text, message text, hint text DEFAULT NULL) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF coalesce(hint, '') = '' THEN
        RAISE EXCEPTION USING ERRCODE = sqlstate, MESSAGE = message;
    END IF;
    RAISE EXCEPTION USING ERRCODE = sqlstate, MESSAGE = message, HINT = hint;
END $$;

-- From v26.1 on what is internal is refused to whoever has not asked for it.
CREATE FUNCTION crdb_standin.cluster_id() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF substring(current_setting('crdb_standin.version') FROM ' v(\d+)')::int >= 26
       AND coalesce(current_setting('crdb_standin.allow_unsafe_internals', true), 'off') NOT IN ('on', 'true', '1') THEN
        PERFORM crdb_standin.refuse('42501', 'Access to crdb_internal and system is restricted.',
                                    'These interfaces are not supported in production. To proceed, set the session variable allow_unsafe_internals = true.');
    END IF;
    RETURN (SELECT md5(system_identifier::text)::uuid FROM pg_control_system());
END $$;
-- Admins have all of them; nothing here grants one to somebody else.
CREATE FUNCTION crdb_standin.has_system_privilege(privilege text) RETURNS bool LANGUAGE sql STABLE
    RETURN pg_has_role(current_user, 'admin', 'MEMBER');

-- One server behind serves many tests at a time: a database, and those whose names go on with "__" after its name, are a cluster.
CREATE FUNCTION crdb_standin.is_of_cluster(database name) RETURNS bool LANGUAGE sql STABLE
    RETURN split_part(database, '__', 1) = split_part(current_database(), '__', 1);
CREATE FUNCTION crdb_standin.session_id() RETURNS text LANGUAGE sql STABLE RETURN lpad(to_hex(pg_backend_pid()), 32, '0');
CREATE FUNCTION crdb_standin.sessions() RETURNS TABLE(node_id int8, session_id text, status text, user_name text, client_address text, application_name text,
        active_queries text, last_active_query text, num_txns_executed int8, session_start timestamptz, active_query_start timestamptz, kv_txn text,
        alloc_bytes int8, max_alloc_bytes int8, pg_backend_pid int8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT 1, lpad(to_hex(a.pid), 32, '0'), CASE WHEN a.state = 'active' THEN 'ACTIVE' ELSE 'IDLE' END, a.usename::text, host(a.client_addr) || ':' || a.client_port,
        a.application_name, CASE WHEN a.state = 'active' THEN a.query ELSE '' END, CASE WHEN a.state = 'active' THEN '' ELSE a.query END, 0,
        a.backend_start, CASE WHEN a.state = 'active' THEN a.query_start END, CASE WHEN a.xact_start IS NOT NULL THEN md5(a.pid::text)::uuid::text END, 0, 0, a.pid
    FROM pg_stat_activity a WHERE a.backend_type = 'client backend' AND crdb_standin.is_of_cluster(a.datname) ORDER BY a.backend_start $$;
-- False when there is no such session.
CREATE FUNCTION crdb_standin.cancel(session_id text) RETURNS bool LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce((SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
        WHERE a.backend_type = 'client backend' AND lpad(to_hex(a.pid), 32, '0') = $1), false) $$;

GRANT USAGE ON SCHEMA crdb_standin TO public;
GRANT SELECT ON ALL TABLES IN SCHEMA crdb_standin TO public;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA crdb_standin TO public;
COMMIT;
