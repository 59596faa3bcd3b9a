-- What the stand-in server rewrites statements to, beside catalog.sql, which has to be run before. A superuser runs it.
\set ON_ERROR_STOP on
BEGIN;
-- '0x12ab' as the number that it is; PostgreSQL casts it from version 16 on.
CREATE FUNCTION crdb_standin.hexadecimal(digits text) RETURNS int8 LANGUAGE sql IMMUTABLE
    RETURN ('x' || lpad(substr(digits, 3), 16, '0'))::bit(64)::int8;
CREATE FUNCTION crdb_standin.version() RETURNS text LANGUAGE sql STABLE
    RETURN current_setting('crdb_standin.version');
CREATE FUNCTION crdb_standin.experimental_strftime(moment timestamptz, form text) RETURNS text LANGUAGE sql STABLE
    RETURN to_char(moment, replace(replace(replace(replace(replace(replace(replace(replace(
        '"' || form || '"', '%Y', '"YYYY"'), '%m', '"MM"'), '%d', '"DD"'), '%H', '"HH24"'), '%M', '"MI"'), '%S', '"SS"'), '%f', '"US"'), '""', ''));
-- Values as text: numbers and JSON as CockroachDB writes them, all others as PostgreSQL does. The proxy does the same on the wire.
CREATE FUNCTION crdb_standin.text(value anyelement) RETURNS text LANGUAGE sql STABLE AS 'SELECT value::text';
-- For these PostgreSQL would prefer a conversion to another of these functions' types.
CREATE FUNCTION crdb_standin.text(value text) RETURNS text LANGUAGE sql IMMUTABLE RETURN value;
CREATE FUNCTION crdb_standin.text(value "char") RETURNS text LANGUAGE sql IMMUTABLE RETURN value::text;
CREATE FUNCTION crdb_standin.text(value int2) RETURNS text LANGUAGE sql IMMUTABLE RETURN value::text;
CREATE FUNCTION crdb_standin.text(value int4) RETURNS text LANGUAGE sql IMMUTABLE RETURN value::text;
CREATE FUNCTION crdb_standin.text(value int8) RETURNS text LANGUAGE sql IMMUTABLE RETURN value::text;
CREATE FUNCTION crdb_standin.text(value numeric) RETURNS text LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN abs(value) >= 0.000001 OR scale(value) IS NULL OR value = 0 AND scale(value) <= 6 THEN value::text
    ELSE (SELECT CASE WHEN value < 0 THEN '-' ELSE '' END || left(d, 1) || CASE WHEN length(d) > 1 THEN '.' || substr(d, 2) ELSE '' END
              || 'E-' || scale(value) - length(d) + 1
          FROM coalesce(nullif(ltrim(replace(abs(value)::text, '.', ''), '0'), ''), '0') AS d) END;
CREATE FUNCTION crdb_standin.text(value float8) RETURNS text LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN abs(value) >= 1e6 AND abs(value) < 1e15 THEN
        (SELECT CASE WHEN value < 0 THEN '-' ELSE '' END || left(d, 1) || CASE WHEN length(d) > 1 THEN '.' || substr(d, 2) ELSE '' END
             || 'e+' || lpad((length(split_part(abs(value)::text, '.', 1)) - 1)::text, 2, '0')
         FROM rtrim(replace(abs(value)::text, '.', ''), '0') AS d)
    ELSE value::text END;
CREATE FUNCTION crdb_standin.text(value float4) RETURNS text LANGUAGE sql IMMUTABLE RETURN value::text;
CREATE FUNCTION crdb_standin.text(value inet) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN masklen(value) = CASE family(value) WHEN 4 THEN 32 ELSE 128 END THEN host(value) ELSE value::text END;
CREATE FUNCTION crdb_standin.text(value jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    CASE jsonb_typeof(value)
    WHEN 'object' THEN
        RETURN '{' || coalesce((SELECT string_agg(replace(replace(to_jsonb(e.key)::text, '\b', '\u0008'), '\f', '\u000c') || ': ' || crdb_standin.text(e.value), ', '
            ORDER BY e.key COLLATE "C") FROM jsonb_each(value) e), '') || '}';
    WHEN 'array' THEN
        RETURN '[' || coalesce((SELECT string_agg(crdb_standin.text(e.value), ', ' ORDER BY e.n) FROM jsonb_array_elements(value) WITH ORDINALITY e(value, n)), '') || ']';
    WHEN 'number' THEN
        RETURN crdb_standin.text(value::numeric);
    WHEN 'string' THEN
        RETURN regexp_replace(regexp_replace(value::text, '((?:^|[^\\])(?:\\\\)*)\\b', '\1\u0008', 'g'), '((?:^|[^\\])(?:\\\\)*)\\f', '\1\u000c', 'g');
    ELSE
        RETURN value::text;
    END CASE;
END $$;
-- Values as DECIMAL: a float with all of its digits, which PostgreSQL cuts to 15.
CREATE FUNCTION crdb_standin.decimal(value anyelement) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT value::numeric';
CREATE FUNCTION crdb_standin.decimal(value text) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN value::numeric;
CREATE FUNCTION crdb_standin.decimal(value numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN value;
CREATE FUNCTION crdb_standin.decimal(value int2) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN value::numeric;
CREATE FUNCTION crdb_standin.decimal(value int4) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN value::numeric;
CREATE FUNCTION crdb_standin.decimal(value int8) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN value::numeric;
CREATE FUNCTION crdb_standin.decimal(value float4) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN value::text::numeric;
CREATE FUNCTION crdb_standin.decimal(value float8) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN value::text::numeric;
CREATE FUNCTION crdb_standin.decimal(value timestamp) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN extract(epoch FROM value);
CREATE FUNCTION crdb_standin.decimal(value timestamptz) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN extract(epoch FROM value);
-- Arrays have one dimension, which begins at 1.
CREATE FUNCTION crdb_standin.flat(value anyarray) RETURNS anyarray LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF array_ndims(value) > 1 THEN
        RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = format('could not parse "%s" as an array: unimplemented: nested arrays not supported', value);
    ELSIF array_lower(value, 1) <> 1 THEN
        RAISE EXCEPTION USING ERRCODE = '22P02', MESSAGE = format('could not parse "%s" as an array: array must be enclosed in { and }', value);
    END IF;
    RETURN value;
END $$;
-- A unique constraint goes with its index, but only with CASCADE.
CREATE FUNCTION crdb_standin.drop_index(namespace text, relation text, name text, if_exists bool, cascade bool) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    index oid;
    "constraint" text;
BEGIN
    SELECT x.oid, q.conname INTO index, "constraint" FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_constraint q ON q.conindid = x.oid AND q.contype = 'u'
        WHERE n.nspname = namespace AND x.relname = name AND (relation = '' OR c.relname = relation);
    IF index IS NULL AND NOT if_exists THEN
        RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = format('index "%s" does not exist', name);
    ELSIF "constraint" IS NOT NULL AND NOT cascade THEN
        RAISE EXCEPTION USING ERRCODE = '2BP01', MESSAGE = format('index "%s" is in use as unique constraint', name), HINT = 'use CASCADE if you really want to drop it.';
    ELSIF "constraint" IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %I.%I DROP CONSTRAINT %I CASCADE', namespace, relation, "constraint");
    ELSIF index IS NOT NULL THEN
        EXECUTE format('DROP INDEX %I.%I', namespace, name) || CASE WHEN cascade THEN ' CASCADE' ELSE '' END;
    END IF;
END $$;
-- The primary key of CREATE TABLE ... AS, which rewrite.go leaves out: k1, k2, ... is what dbr calls the columns of one.
CREATE FUNCTION crdb_standin.key_of_query() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
    made record;
    names text[];
BEGIN
    FOR made IN SELECT objid, object_identity FROM pg_event_trigger_ddl_commands() WHERE schema_name = '_dbr' LOOP
        names := ARRAY(SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = made.objid AND attname ~ '^k[0-9]+$' ORDER BY attnum);
        IF cardinality(names) > 0 THEN
            EXECUTE format('ALTER TABLE %s ALTER %s SET NOT NULL', made.object_identity, array_to_string(names, ' SET NOT NULL, ALTER '));
            EXECUTE format('CREATE UNIQUE INDEX ON %s (md5(%s))', made.object_identity, array_to_string(names, '), md5('));
        END IF;
    END LOOP;
END $$;
CREATE EVENT TRIGGER key_of_query ON ddl_command_end WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION crdb_standin.key_of_query();
-- Trigram indexes are built in there.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA crdb_standin;
    END IF;
END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA crdb_standin TO public;
-- Division of integers that leaves out the fraction, which is PostgreSQL's own.
CREATE FUNCTION crdb_standin.quotient(int4, int4) RETURNS int4 LANGUAGE internal IMMUTABLE STRICT AS 'int4div';
CREATE FUNCTION crdb_standin.quotient(int8, int8) RETURNS int8 LANGUAGE internal IMMUTABLE STRICT AS 'int8div';
CREATE FUNCTION crdb_standin.quotient(int4, int8) RETURNS int8 LANGUAGE internal IMMUTABLE STRICT AS 'int48div';
CREATE FUNCTION crdb_standin.quotient(int8, int4) RETURNS int8 LANGUAGE internal IMMUTABLE STRICT AS 'int84div';
CREATE OPERATOR pg_catalog.// (LEFTARG = int4, RIGHTARG = int4, FUNCTION = crdb_standin.quotient);
CREATE OPERATOR pg_catalog.// (LEFTARG = int8, RIGHTARG = int8, FUNCTION = crdb_standin.quotient);
CREATE OPERATOR pg_catalog.// (LEFTARG = int4, RIGHTARG = int8, FUNCTION = crdb_standin.quotient);
CREATE OPERATOR pg_catalog.// (LEFTARG = int8, RIGHTARG = int4, FUNCTION = crdb_standin.quotient);
COMMIT;
