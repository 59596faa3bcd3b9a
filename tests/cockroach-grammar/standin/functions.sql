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
-- Trigram indexes are built in there.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA crdb_standin;
    END IF;
END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA crdb_standin TO public;
COMMIT;
