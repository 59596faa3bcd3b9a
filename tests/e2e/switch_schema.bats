#!/usr/bin/env bats
# Proves: what the application migrates while the secondary is active reaches the primary by dbr-init-secondary --update, and until
# then neither a sync nor a failback goes past it.

load ../lib/helper
setup() {
    pair_setup app
    env_set HEALTH_CHECK_TIMEOUT 1
    init_pair
}
teardown() { pair_teardown; }

active() { jq -r .activeDatabase "$STATE_DIR/state.json"; }

# Both refuse and name the way; the secondary goes on, and the way leads home.
way_home() {
    run_dbr sync
    refused "$@" "dbr-init-secondary --update"
    run_dbr failback --yes
    refused "$@" "dbr-init-secondary --update"
    is "$(active)" secondary
    p2 -c "INSERT INTO leads (name) VALUES ('goes on')"
    run_dbr init-secondary --update
    exits 0
    is "$(active)" secondary
    same_schema
    run_dbr sync
    exits 0
    run_dbr failback --yes
    exits 0
    p1 -c "INSERT INTO leads (name) VALUES ('home')"
    run_dbr sync
    exits 0
    same_schema
    in_step
}

@test "a new table and a new column, after a planned failover" {
    run_dbr failover --yes
    exits 0
    p2 -c "CREATE TABLE fresh (id serial PRIMARY KEY, lead int REFERENCES leads)" -c "INSERT INTO fresh (lead) VALUES (1), (2)" \
        -c "ALTER TABLE leads ADD COLUMN score int NOT NULL DEFAULT 1" -c "CREATE INDEX ON leads (score)"
    way_home leads
}

@test "after a forced failover that has been merged" {
    link_open wire one 0
    env_set DATABASE_URL "$(link_url wire "$P1_URL")"
    link_tell wire refuse
    run_dbr failover --yes
    exits 0
    link_tell wire pass
    run_dbr sync
    exits 0
    p2 -c "ALTER TABLE leads ADD COLUMN score int"
    way_home leads
}

@test "before the merge: refused, and nothing that only the primary has is overwritten without consent" {
    link_open wire one 0
    env_set DATABASE_URL "$(link_url wire "$P1_URL")"
    p1 -c "INSERT INTO leads (name) VALUES ('stranded')"
    link_tell wire refuse
    run_dbr failover --yes
    exits 0
    p2 -c "ALTER TABLE leads ADD COLUMN score int"
    link_tell wire pass
    run_dbr sync
    refused leads
    run_dbr init-secondary --update
    refused leads "--update --force" salvage
    is "$(p1 -c "SELECT count(*) FROM leads WHERE name = 'stranded'")" 1
    # Without the column, the merge; or with consent, without it.
    p2 -c "ALTER TABLE leads DROP COLUMN score"
    run_dbr sync
    exits 0
    is "$(p2 -c "SELECT count(*) FROM leads WHERE name = 'stranded'")" 1
}

@test "before the merge, with consent: the secondary's rows win, the others are salvaged" {
    link_open wire one 0
    env_set DATABASE_URL "$(link_url wire "$P1_URL")"
    p1 -c "INSERT INTO leads (name) VALUES ('stranded')"
    link_tell wire refuse
    run_dbr failover --yes
    exits 0
    p2 -c "ALTER TABLE leads ADD COLUMN score int"
    link_tell wire pass
    run_dbr init-secondary --update --force
    exits 0
    stderr_has "not merged"
    zcat "$STATE_DIR"/salvage/*.gz | grep -q stranded || fail "the stranded row is lost"
    run_dbr failback --yes
    exits 0
    run_dbr sync
    same_schema
    in_step
}

@test "a public schema that was made again, without the comment that a new database has, is no other schema" {
    needs_postgres "the comment is that of a new database of PostgreSQL"
    schema_clear one
    schema_clear two
    server_sql two "$DB" -c "COMMENT ON SCHEMA public IS 'standard public schema'"
    p1 -c "CREATE TABLE leads (id int PRIMARY KEY)"
    rm -r "$STATE_DIR"
    run_dbr init-secondary
    exits 0
    run_dbr failover --yes
    exits 0
    run_dbr health --doctor
    stdout_has "schema public is the same on both"
    run_dbr failback --yes
    exits 0
    stderr_lacks "comment on public" "schema of the primary"
    # What somebody wrote about it is carried.
    p1 -c "COMMENT ON SCHEMA public IS 'of the shop'"
    run_dbr init-secondary --update
    exits 0
    is "$(p2 -c "SELECT obj_description('public'::regnamespace)")" "of the shop"
}
