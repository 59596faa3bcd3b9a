#!/usr/bin/env bats
# Proves: --schema-only, --jobs, --no-verify and the configured table lists do what they say.

load ../lib/helper
setup() { pair_setup app; }
teardown() { pair_teardown; }

@test "--schema-only makes the tables and leaves them empty; a sync fills them" {
    run_dbr init-secondary --schema-only
    exits 0
    same_schema
    is "$(p2 -c "SELECT count(*) FROM users")" 0
    run_dbr sync --verify
    exits 4
    run_dbr sync
    exits 0
    in_step
}

@test "--jobs copies the same with one and with many connections" {
    run_dbr init-secondary --jobs 1
    exits 0
    in_step
    run_dbr init-secondary --recreate --jobs=8
    exits 0
    same_schema
    in_step
}

@test "--jobs goes on with fewer connections where a server has no room for all" {
    p1 -c "CREATE TABLE big_1 (id int PRIMARY KEY, t text)" -c "CREATE TABLE big_2 (LIKE big_1 INCLUDING ALL)" \
        -c "INSERT INTO big_1 SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 20000) i" \
        -c "INSERT INTO big_2 TABLE big_1"
    server_sql two postgres -c "ALTER DATABASE $DB CONNECTION LIMIT 2"
    run_dbr init-secondary --jobs 4 --json
    exits 0
    json_true '[.warnings[] | select(startswith("only 2 of 4 tables") and contains("too many connections"))] | length == 1'
    server_sql two postgres -c "ALTER DATABASE $DB CONNECTION LIMIT -1"
    same_schema
    in_step
}

@test "--jobs must be a sensible number" {
    for n in 0 -1 1x "" 99999999999999999999; do
        run_dbr init-secondary --jobs="$n"
        exits 2
        stderr_has jobs
    done
    is "$(p2 -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
}

@test "--no-verify says what it did not do" {
    run_dbr init-secondary --no-verify --json
    exits 0
    json_is '[.tables[].verified] | any' false
    in_step
}

@test "tables that the configuration leaves out are neither made nor missed" {
    env_set DB_SYNC_EXCLUDE_TABLES "legal_signatures,landing_videos"
    run_dbr init-secondary
    exits 0
    is "$(p2 -c "SELECT to_regclass('legal_signatures') IS NULL AND to_regclass('landing_videos') IS NULL")" t
    is "$(p2 -c "SELECT count(*) FROM users")" 174
    p1 -c "DELETE FROM legal_signatures" -c "UPDATE leads SET phone = '1'"
    run_dbr sync --json
    exits 0
    json_is .updated 4
    run_dbr sync --verify
    exits 0
}

@test "an unknown table in the configuration is an error with the nearest name" {
    env_set DB_SYNC_EXCLUDE_TABLES "legal_signature"
    run_dbr init-secondary
    exits 2
    stderr_has legal_signature legal_signatures
    is "$(p2 -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
}

@test "another schema than public" {
    p1 -c "CREATE SCHEMA \"Shop 2\"" -c "CREATE TYPE \"Shop 2\".size AS ENUM ('s', 'l')" \
        -c "CREATE TABLE \"Shop 2\".items (id serial PRIMARY KEY, s \"Shop 2\".size DEFAULT 's')" \
        -c "INSERT INTO \"Shop 2\".items (s) VALUES ('l'), ('s')"
    env_set DB_SCHEMA '"Shop 2"'
    run_dbr init-secondary
    exits 0
    is "$(p2 -c "SELECT to_regclass('public.users') IS NULL")" t
    both_compared "Shop 2" || fail "the rows differ"
    p1 -c "UPDATE \"Shop 2\".items SET s = 'l'"
    run_dbr sync --json
    exits 0
    json_is .updated 1
    both_compared "Shop 2" || fail "the rows differ"
}

@test "the change column may have another name" {
    p1 -c "CREATE TABLE notes (id int PRIMARY KEY, changed_at timestamptz DEFAULT now(), t text)" -c "INSERT INTO notes VALUES (1, now(), 'x')"
    env_set DB_UPDATED_AT_COLUMN changed_at
    init_pair
    p1 -c "UPDATE notes SET t = 'y', changed_at = now()"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "--tables with a table that the configuration leaves out says so" {
    env_set DB_SYNC_EXCLUDE_TABLES landing_videos
    run_dbr init-secondary
    exits 0
    run_dbr sync --tables landing_videos
    exits 2
    stderr_has "the configuration leaves table landing_videos out" DB_SYNC_EXCLUDE_TABLES
}

@test "a state directory that others can read earns a warning" {
    init_pair
    chmod 755 "$STATE_DIR"
    run_dbr sync
    exits 0
    stderr_has "chmod 700"
}
