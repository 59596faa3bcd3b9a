#!/usr/bin/env bats
# Proves: changes that leave no trace in updated_at are found: silent updates, deletes, NULL or old or future times, tables without
# the column, and stray rows on the standby.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

@test "an update that does not touch updated_at" {
    p1 -c "UPDATE users SET balance = balance + 0.000001 WHERE id = 100"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .updated 1
    json_is .recordsSynced 1
    in_step
}

@test "an update that moves updated_at backwards" {
    p1 -c "UPDATE users SET balance = 3, updated_at = '1999-01-01' WHERE id = 4"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "an update that sets updated_at to NULL, and a NULL that changes" {
    p1 -c "UPDATE users SET balance = 3, updated_at = NULL WHERE id = 4"
    out_of_step
    run_dbr sync
    exits 0
    in_step
    p1 -c "UPDATE users SET balance = 4 WHERE id = 4"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "a row from the future hides no later change" {
    p1 -c "UPDATE users SET updated_at = '2999-01-01', balance = 1 WHERE id = 4"
    run_dbr sync
    exits 0
    p1 -c "UPDATE users SET updated_at = now(), balance = 2 WHERE id = 5" -c "UPDATE users SET balance = 9 WHERE id = 4"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "tables without updated_at" {
    p1 -c "UPDATE position_history SET fees = 9 WHERE id IN (1, 144)" -c "UPDATE legal_signatures SET ip = NULL WHERE id = 3" \
        -c "INSERT INTO referred_users (referral_id) VALUES (5)" -c "DELETE FROM referred_users WHERE id = 7"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .recordsSynced 5
    in_step
}

@test "deletes, of first, middle and last keys, and of a parent with its children" {
    p1 -c "DELETE FROM position_history WHERE id IN (1, 70, 144)" -c "DELETE FROM app_config WHERE key IN ('fees', 'z''quote')" \
        -c "DELETE FROM referral_subscribers WHERE referral_code = (SELECT code FROM referrals WHERE id = 5)" \
        -c "DELETE FROM referrals WHERE id = 5"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "a deleted row does not come back" {
    p1 -c "DELETE FROM leads WHERE id = 2"
    run_dbr sync
    exits 0
    run_dbr sync --full
    exits 0
    is "$(p1 -c "SELECT count(*) FROM leads")$(p2 -c "SELECT count(*) FROM leads")" 33
    in_step
}

@test "a restored row is not deleted again" {
    p1 -c "CREATE TABLE kept AS SELECT * FROM leads WHERE id = 2" -c "DELETE FROM leads WHERE id = 2"
    run_dbr sync
    p1 -c "INSERT INTO leads SELECT * FROM kept" -c "DROP TABLE kept"
    run_dbr sync
    exits 0
    is "$(p2 -c "SELECT count(*) FROM leads")" 4
    in_step
}

@test "a key that is deleted and made again, with other content" {
    p1 -c "DELETE FROM app_config WHERE key = 'fees'" -c "INSERT INTO app_config (key, value) VALUES ('fees', '\"new\"')"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .recordsSynced 1
    in_step
}

@test "a changed key is a delete and an insert" {
    p1 -c "UPDATE landing_videos SET id = 50 WHERE id = 5" -c "UPDATE app_config SET key = 'FEES' WHERE key = 'fees'" \
        -c "UPDATE referrals SET code = 'WB-RENAMED' WHERE id = 5"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "stray rows and changes on the standby give way, and are kept aside" {
    p2w -c "INSERT INTO leads (name) VALUES ('stray lead')" -c "UPDATE users SET display_name = 'stray name' WHERE id = 9" \
        -c "DELETE FROM position_history WHERE id = 5"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .deleted 1
    json_is .inserted 1
    json_is .updated 1
    zcat "$STATE_DIR"/salvage/*.jsonl.gz >"$BATS_TEST_TMPDIR/salvage"
    grep -q 'stray lead' "$BATS_TEST_TMPDIR/salvage" || fail "the stray row was not kept aside"
    grep -q 'stray name' "$BATS_TEST_TMPDIR/salvage" || fail "the stray change was not kept aside"
    in_step
}

@test "differences in what prints alike in short: floats, numeric scale, trailing blanks, case, NULL and empty" {
    p1 -c "UPDATE real_positions SET entry_price = entry_price + 1e-12 WHERE id = 4" -c "UPDATE managed_nfts SET metadata = metadata || '{\"a\": 1.0}'" \
        -c "UPDATE leads SET message = message || ' ' WHERE id = 1" -c "UPDATE leads SET email = upper(email) WHERE id = 2" \
        -c "UPDATE leads SET phone = '' WHERE phone IS NULL" -c "UPDATE landing_videos SET subtitles = '{\"\"}' WHERE id = 1"
    out_of_step
    run_dbr sync
    exits 0
    in_step
    p1 -c "UPDATE managed_nfts SET metadata = metadata || '{\"a\": 1.00}'"
    out_of_step
    run_dbr sync
    exits 0
    in_step
}

@test "two changes whose hashes would cancel each other: rows that swap their content" {
    p1 -c "UPDATE leads SET (name, email, message) = (SELECT name, email, message FROM leads o WHERE o.id = 3 - leads.id) WHERE id IN (1, 2)"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .updated 2
    in_step
}

@test "all rows of a table change" {
    p1 -c "UPDATE users SET is_active = NOT is_active" -c "UPDATE position_history SET action = 'x'"
    out_of_step
    run_dbr sync --json
    exits 0
    json_is .updated 318
    in_step
}
