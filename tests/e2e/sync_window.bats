#!/usr/bin/env bats
# Proves: the change window alone (fingerprints are left to the daily run by DB_FINGERPRINT_ROWS=0) loses no row: transactions
# open across a sync, equal, NULL and future times, prepared transactions, rows committed while it runs.

load ../lib/helper

setup() {
    pair_setup empty
    p1 <<'SQL'
CREATE TABLE items (id serial PRIMARY KEY, t text, updated_at timestamp DEFAULT now());
CREATE INDEX items_updated ON items (updated_at);
INSERT INTO items (t, updated_at) SELECT 'row ' || i, timestamp '2025-01-01' + i * interval '1 minute' FROM generate_series(1, 2000) i;
CREATE TABLE zoned (id serial PRIMARY KEY, t text, updated_at timestamptz DEFAULT now());
INSERT INTO zoned (t) SELECT 'row ' || i FROM generate_series(1, 100) i;
CREATE TABLE dated (id serial PRIMARY KEY, t text, updated_at date DEFAULT current_date);
INSERT INTO dated (t) SELECT 'row ' || i FROM generate_series(1, 100) i;
GRANT ALL ON ALL TABLES IN SCHEMA public TO other;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO other;
SQL
    env_set DB_FINGERPRINT_ROWS 0
    init_pair
    # The first run may make the daily fingerprint; after it there is only the window.
    run_dbr sync
    exits 0
}
teardown() { pair_teardown; }

other_url() { echo "${P1_URL/app:/other:}"; }

synced() {
    run_dbr sync
    exits 0
    same_rows
    run_dbr sync --verify
    exits 0
}

@test "a change that moves updated_at arrives" {
    p1 -c "UPDATE items SET t = 'changed', updated_at = now() WHERE id = 7" -c "INSERT INTO items (t) VALUES ('new')"
    out_of_step
    synced
}

@test "the window alone is at work here: a silent change waits for the fingerprint" {
    p1 -c "UPDATE items SET t = 'silent' WHERE id = 8"
    run_dbr sync
    exits 0
    different_rows
    run_dbr sync --verify
    exits 4
    run_dbr sync --full
    exits 0
    same_rows
}

@test "what a window cannot be read of is named, with the reason" {
    p1 -c "CREATE TABLE keyless (t text, updated_at timestamptz DEFAULT now())" -c "INSERT INTO keyless VALUES ('a')"
    run_dbr init-secondary --update
    exits 0
    run_dbr sync
    exits 0
    p1 -c "INSERT INTO keyless VALUES ('b')"
    run_dbr sync
    exits 0
    stderr_has "Table keyless is large and has no key: it is compared once a day" "Table dated is large and has no change column"
    is "$(p2 -c "SELECT count(*) FROM keyless")" 1
}

@test "a transaction open across one, two and three syncs" {
    session_open slow "$P1_URL"
    session slow "BEGIN"
    session slow "INSERT INTO items (t) VALUES ('late insert')"
    session slow "UPDATE items SET t = 'late update', updated_at = now() WHERE id = 3"
    for i in 1 2 3; do
        sleep 0.3
        p1 -c "UPDATE items SET t = 'meanwhile $i', updated_at = now() WHERE id = 1000 + $i"
        run_dbr sync
        exits 0
    done
    session slow "COMMIT"
    session_close slow
    out_of_step
    synced
}

@test "the same, by a role whose transactions cannot be seen" {
    session_open slow "$(other_url)"
    session slow "BEGIN"
    session slow "INSERT INTO items (t) VALUES ('late insert')"
    sleep 0.3
    run_dbr sync
    exits 0
    sleep 0.3
    p1 -c "INSERT INTO items (t) VALUES ('meanwhile')"
    run_dbr sync
    exits 0
    session slow "COMMIT"
    session_close slow
    out_of_step
    synced
}

@test "a transaction that began before and wrote only after the sync" {
    session_open slow "$P1_URL"
    session slow "BEGIN"
    session slow "SELECT now()"
    sleep 0.3
    run_dbr sync
    exits 0
    session slow "INSERT INTO items (t) VALUES ('assigned late')"
    session slow "INSERT INTO zoned (t) VALUES ('assigned late')"
    session slow "COMMIT"
    session_close slow
    out_of_step
    synced
}

@test "a prepared transaction across a sync" {
    p1 -c "BEGIN" -c "INSERT INTO items (t) VALUES ('prepared')" -c "PREPARE TRANSACTION 'dbr_test_$DB'"
    sleep 0.3
    run_dbr sync
    exits 0
    run_dbr sync
    exits 0
    p1 -c "COMMIT PREPARED 'dbr_test_$DB'"
    out_of_step
    synced
}

@test "NULL in updated_at, set and changed" {
    p1 -c "INSERT INTO items (t, updated_at) VALUES ('null', NULL)" -c "UPDATE items SET updated_at = NULL, t = 'x' WHERE id = 12"
    out_of_step
    synced
    p1 -c "UPDATE items SET t = 'null again' WHERE updated_at IS NULL"
    out_of_step
    synced
}

@test "a row from the future hides nothing" {
    p1 -c "INSERT INTO items (t, updated_at) VALUES ('future', '2999-12-31'), ('infinite', 'infinity'), ('ancient', '-infinity')" \
        -c "UPDATE items SET t = 'now', updated_at = now() WHERE id = 20"
    run_dbr sync
    exits 0
    p1 -c "UPDATE items SET t = 'later', updated_at = now() WHERE id = 21" -c "UPDATE items SET t = 'future 2' WHERE t = 'future'"
    run_dbr sync
    exits 0
    is "$(p2 -c "SELECT string_agg(t, ',' ORDER BY id) FROM items WHERE id IN (20, 21)")" now,later
    is "$(p2 -c "SELECT count(*) FROM items WHERE t = 'future 2'")" 1
}

@test "many rows of one instant, larger than a batch" {
    env_set DB_SYNC_BATCH_SIZE 10
    p1 -c "UPDATE items SET t = 'same instant', updated_at = now() WHERE id <= 955"
    out_of_step
    synced
    p1 -c "INSERT INTO items (t, updated_at) SELECT 'same again', max(updated_at) FROM items, generate_series(1, 5) GROUP BY generate_series"
    out_of_step
    synced
}

@test "a date as change column is not trusted with two changes of one day" {
    p1 -c "UPDATE dated SET t = 'first', updated_at = current_date WHERE id = 1"
    run_dbr sync
    exits 0
    stderr_has dated
    run_dbr sync --full
    exits 0
    same_rows
    p1 -c "UPDATE dated SET t = 'second', updated_at = current_date WHERE id = 2" -c "INSERT INTO dated (t) VALUES ('third')"
    out_of_step
    run_dbr sync --full
    exits 0
    same_rows
}

@test "a server in another time zone" {
    p1 -c "ALTER DATABASE $DB SET timezone = 'America/Los_Angeles'"
    run_dbr sync
    exits 0
    p1 -c "INSERT INTO items (t) VALUES ('west')" -c "INSERT INTO zoned (t) VALUES ('west')"
    out_of_step
    synced
    p1 -c "ALTER DATABASE $DB SET timezone = 'Asia/Kolkata'"
    p1 -c "INSERT INTO items (t) VALUES ('east')" -c "INSERT INTO zoned (t) VALUES ('east')"
    out_of_step
    synced
}

@test "writers at work during ten syncs" {
    for w in 1 2 3; do
        (for i in $(seq 60); do
            p1 -c "BEGIN" -c "INSERT INTO items (t) VALUES ('w$w $i')" -c "UPDATE items SET t = 'w$w $i', updated_at = now() WHERE id = $i * 10 + $w" \
                -c "SELECT pg_sleep(0.0$((i % 5)))" -c "COMMIT" >/dev/null
        done) 3>&- &
    done
    for i in $(seq 10); do
        run_dbr sync
        exits 0
    done
    wait
    synced
}

@test "a killed run is made good by the next" {
    env_set DB_SYNC_BATCH_SIZE 20
    p1 -c "UPDATE items SET t = 'changed', updated_at = now()"
    for after in 0.01 0.03 0.05 0.08; do
        start_dbr sync
        sleep $after
        kill -KILL "$PID" 2>/dev/null || true
        finish_dbr
    done
    synced
}
