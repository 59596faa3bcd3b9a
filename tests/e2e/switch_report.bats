#!/usr/bin/env bats
# Proves: a switch says what it did in one screen, one document and one event; it asks once, at a terminal only; a dry run writes
# nothing anywhere.

load ../lib/helper
setup() {
    pair_setup app
    init_pair
    APP_ENV=$BATS_TEST_TMPDIR/app.env
    env_set DB_ACTIVE_ENV_FILE "$APP_ENV"
    (umask 077 && echo "DATABASE_URL=unchanged" >"$APP_ENV")
}
teardown() { pair_teardown; }

active() { jq -r .activeDatabase "$STATE_DIR/state.json"; }
writes() { sql "$1" -c "INSERT INTO app_config (key, value) VALUES ('probe', '1')" -c "DELETE FROM app_config WHERE key = 'probe'" 2>/dev/null; }

# What a run may leave a trace in.
traces() {
    find "$STATE_DIR" "$APP_ENV" -type f -print0 | sort -z | xargs -0 sha256sum
    local url
    for url in "$P1_URL" "$P2_URL"; do
        sql "$url" -f "$ROOT/tests/lib/schema.sql"
        sql "$url" -c "SELECT * FROM leads ORDER BY id" -c "SELECT last_value FROM leads_id_seq" \
            -c "SELECT nspname FROM pg_namespace ORDER BY 1" -c "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE datname = '$DB'"
    done
}

# In a terminal of its own, where it is answered: ANSWER PROGRAM ARGUMENT...
at_terminal() {
    local answer=$1
    RUN=$((RUN + 1))
    LAST="dbr-$2 (at a terminal)"
    status=0
    python3 - "$answer" "$DBR_BIN/dbr-$2" --env-file "$ENV_FILE" "${@:3}" >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" 3>&- <<'PYTHON' || status=$?
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
text, answered, end = b"", False, time.time() + 60
while time.time() < end:
    if select.select([fd], [], [], 1)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        text += data
        if not answered and b"[y/N]" in text:
            os.write(fd, sys.argv[1].encode() + b"\n")
            answered = True
sys.stdout.buffer.write(text)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
    output=$(cat "$RUNS/$RUN.out")
    errors=$(cat "$RUNS/$RUN.err")
}

@test "on the screen, and as an event" {
    p1 -c "UPDATE leads SET phone = '1' WHERE id = 1"
    run_dbr failover --yes --reason "maintenance of 'one'"
    exits 0
    stderr_has "[DB-Redundancy] INITIATING FAILOVER TO SECONDARY DATABASE"
    grep -qE '^Before$' <<<"$output"
    grep -qE '^After$' <<<"$output"
    grep -qE '^primary +active +yes +yes +-$' <<<"$output" || fail "before: primary"
    grep -qE '^secondary +active +yes +yes +-$' <<<"$output" || fail "after: secondary"
    grep -qE '^primary +standby +yes +no ' <<<"$output" || fail "after: primary"
    grep -qE '^leads +4 +0 +1 +0 +0 +equal$' <<<"$output" || fail "the rows of leads"
    jq -e 'select(.event == "failover") | .active == "secondary" and .reason == "maintenance of '"'one'"'" and .kind == "planned" and
        .by == "manual" and .recordsSynced == 1 and (.message | contains("the secondary is active now"))' "$STATE_DIR/events.jsonl" || fail "the event"
    run_dbr failback --yes
    exits 0
    stderr_has "[DB-Redundancy] INITIATING FAILBACK TO PRIMARY DATABASE"
    jq -e 'select(.event == "failback") | .active == "primary" and .reason == null' "$STATE_DIR/events.jsonl" || fail "the event"
}

@test "as a document" {
    p1 -c "INSERT INTO leads (name) VALUES ('new')"
    run_dbr failover --yes --json
    exits 0
    json_true '.success and .program == "dbr-failover" and .operation == "failover" and .kind == "planned" and (.dryRun | not)'
    json_true '.activeDatabase == "secondary" and .recordsSynced == 1 and .inserted == 1 and .updated == 0 and .deleted == 0'
    json_true '.databases.primary.before == {"role": "active", "reachable": true, "writable": true, "lagMs": null}'
    json_true '.databases.primary.after | .role == "standby" and .reachable and (.writable | not) and (.lagMs >= 0)'
    json_true '.databases.secondary.after == {"role": "active", "reachable": true, "writable": true, "lagMs": null}'
    json_true '.failedTargets == [] and (.tables | length) == 15 and .pointerMovedMs >= 0 and (has("stranded") | not)'
    json_true '.tables[] | select(.name == "leads") | .inserted == 1 and .verified == true'
    run_dbr failover --yes --json
    exits 0
    json_true '.success and .alreadyActive and .activeDatabase == "secondary"'
    rm "$APP_ENV"
    mkdir "$APP_ENV"
    run_dbr failback --yes --json
    [ "$status" -ne 0 ] || fail "a pointer that cannot be written was not noticed"
    json_is .success false
    json_true '.error | has("code") and has("message") and has("hint")'
}

@test "-q prints nothing" {
    p1 -c "INSERT INTO leads (name) VALUES ('new')"
    run_dbr failover --yes -q
    exits 0
    stdout_empty
    stderr_empty
    run_dbr failover --yes -q
    exits 0
    stdout_empty
    stderr_empty
    is "$(active)" secondary
}

@test "nobody to ask: exit 5, and nothing has changed" {
    traces >before
    run_dbr failover
    refused --yes
    run_dbr failover --json
    exits 5
    json_is .error.code refused
    npm_config_yes=true npm_lifecycle_event=x run_dbr failover
    exits 5
    traces >after
    diff before after
}

@test "at a terminal it asks once" {
    traces >before
    at_terminal n failover
    exits 5
    stdout_has "planned failover: make the secondary the active database?"
    at_terminal "" failover
    exits 5
    traces >after
    diff before after
    at_terminal y failover
    exits 0
    is "$(grep -cF '[y/N]' <<<"$output")" 1
    is "$(active)" secondary
    at_terminal n failover # nothing to do: nothing to ask
    exits 0
    stdout_lacks "[y/N]"
}

@test "a dry run writes nothing anywhere" {
    p1 -c "INSERT INTO leads (name) VALUES ('new')"
    traces >before
    run_dbr failover --dry-run
    exits 0
    stdout_has "planned failover, not carried out"
    grep -qE '^leads +5 +1 +0 +0 ' <<<"$output" || fail "the row to be synced is not counted"
    run_dbr failover --dry-run --force
    exits 0
    stdout_has "forced failover, not carried out"
    npm_config_dry_run=true npm_lifecycle_event=db:failover run_dbr failover --yes
    exits 0
    stderr_has dry
    run_dbr failback --dry-run
    exits 0
    stdout_has already
    run_dbr failover --dry-run --json
    exits 0
    json_true '.dryRun and .activeDatabase == "primary" and .inserted == 1 and (.databases.primary | has("after") | not)'
    traces >after
    diff before after
    writes "$P1_URL" || fail "the primary takes no writes"
}
