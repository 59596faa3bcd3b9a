#!/usr/bin/env bats
# Proves: what scripts build on: one JSON document on stdout whatever happens, the keys and kinds of the contract, silent success
# with -q, no colours in pipes.
# bats file_tags=plain

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

RESULT_KEYS='["conflicts","deleted","durationMs","inserted","program","recordsSynced","success","tables","updated","warnings"]'

result_shape() {
    json_is "($RESULT_KEYS - keys) | length" 0
    json_is '[.recordsSynced, .inserted, .updated, .deleted, .conflicts, .durationMs | type] | unique | join(",")' number
    json_is '.recordsSynced == .inserted + .updated + .deleted' true
    json_is '.warnings | type' array
    json_is '[.tables[] | (["name", "rows", "inserted", "updated", "deleted", "conflicts", "verified", "error"] - keys) | length] | add // 0' 0
}

@test "results of init and sync" {
    run_dbr init-secondary --recreate --json
    exits 0
    result_shape
    p1 -f "$ROOT/tests/data/changes.sql"
    run_dbr sync --json
    exits 0
    result_shape
    run_dbr sync --verify --json
    exits 0
    result_shape
    run_dbr init-secondary --resume --json
    exits 0
    result_shape
    run_dbr init-secondary --update --json
    exits 0
    result_shape
    run_dbr init-secondary --update --dry-run --json
    exits 0
    result_shape
    json_true .dryRun
    run_dbr init-secondary --dry-run --json
    exits 0
    result_shape
    run_dbr sync --full --json
    exits 0
    result_shape
    run_dbr sync --dry-run --json
    exits 0
    result_shape
}

@test "failures: success false and error with code, message and hint" {
    p2w -c "UPDATE users SET balance = 0"
    run_dbr sync --verify --json
    exits 4
    json_is '.error | keys - ["code", "hint", "message"] | length' 0
    json_is .error.code different
    run_dbr init-secondary --json
    exits 5
    json_is .success false
    json_is .error.code refused
    json_is '.error.hint | length > 0' true
    env_set DATABASE_URL_SECONDARY "postgresql://app:x@127.0.0.1:1/x"
    run_dbr sync --json
    exits 3
    json_is .error.code unreachable
}

@test "JSON stays one document with -v, and the log stays on stderr" {
    run_dbr sync --json -v
    exits 0
    json_is .success true
    stderr_has "[DB-Redundancy]"
}

@test "quiet: nothing on success, the error on failure" {
    p1 -f "$ROOT/tests/data/changes.sql"
    run_dbr sync -q
    exits 0
    stdout_empty
    stderr_empty
    p2w -c "DELETE FROM users WHERE id = 170" || p2w -c "UPDATE users SET balance = 1 WHERE id = 170"
    run_dbr sync --verify --quiet
    exits 4
    [ -n "$errors" ] || fail "a failure without a word"
}

@test "no colours and no progress bars in pipes" {
    unset NO_COLOR
    run_dbr sync --full
    exits 0
    stdout_lacks $'\e'
    stderr_lacks $'\e' $'\r'
}

@test "a closed stdout is no crash" {
    status=0
    "$DBR_BIN/dbr-sync" --env-file "$ENV_FILE" 3>&- | true
    "$DBR_BIN/dbr-sync" --env-file "$ENV_FILE" >&- 2>&- 3>&- || status=$?
    [ "$status" -lt 126 ] || fail "exit status $status"
    in_step
}

@test "stdout on a full disk fails" {
    status=0
    "$DBR_BIN/dbr-sync" --env-file "$ENV_FILE" --json >/dev/full 2>"$RUNS/full.err" 3>&- || status=$?
    [ "$status" -ne 0 ] || fail "the report was lost, and the exit status is 0"
}

@test "every program prints the options it knows for completions" {
    for program in dbr-init-secondary dbr-sync dbr-health; do
        run_program $program --list-options
        exits 0
        stdout_has env-file json
    done
}

@test "scripts, too: what cannot be written to standard output is an error" {
    local words at=$ENV_FILE
    env_set DB_BACKUP_DIR "$PWD/backups"
    run_dbr backup full
    exits 0
    while read -r words; do
        # shellcheck disable=SC2086 # words of options
        { status=0 && "$DBR_BIN"/dbr-$words --env-file="$at" >/dev/full 2>"$RUNS/full" </dev/null; } || status=$?
        errors=$(cat "$RUNS/full") output='' LAST="dbr-$words >/dev/full"
        exits 1
        stderr_has "dbr-${words%% *}: error: cannot write to standard output" "hint: make room on that file system"
        stderr_lacks "line "
    done <<'END'
setup --print
setup --dry-run
setup --json --dry-run
backup list
backup list --json
backup verify
drill --dry-run
END
    for words in setup backup drill; do
        for at in --help --version --list-options; do
            status=0
            "$DBR_BIN/dbr-$words" "$at" >/dev/full 2>"$RUNS/full" </dev/null || status=$?
            errors=$(cat "$RUNS/full") output='' LAST="dbr-$words $at >/dev/full"
            exits 1
            stderr_has "error: cannot write to standard output"
        done
        status=0
        "$DBR_BIN/dbr-$words" --help >&- 2>"$RUNS/full" || status=$?
        errors=$(cat "$RUNS/full")
        exits 1
        stderr_has "error: cannot write to standard output"
        # What nobody reads is none.
        "$DBR_BIN/dbr-$words" --help | head -n 1 >"$RUNS/one"
        is "$(cut -d ' ' -f 1-2 "$RUNS/one")" "Usage: dbr-$words"
    done
}
