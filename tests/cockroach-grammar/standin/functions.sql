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
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA crdb_standin TO public;
COMMIT;
