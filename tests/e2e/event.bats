# dbr-event: what a script reports is recorded and passed on, and is never lost for a command that fails. Needs no server.
# bats file_tags=postgres

load ../lib/helper
load ../lib/backups

setup() { files_setup; }

event() { tail -n 1 "$STATE_DIR/events.jsonl" | jq -r "$1"; }

@test "an event is recorded and DB_ON_EVENT is run" {
    # shellcheck disable=SC2016 # the hook's own
    env_set DB_ON_EVENT "'echo \"\$DBR_EVENT|\$DBR_ACTIVE|\$DBR_REASON|\$DBR_FILE|\$DBR_MESSAGE\" >told'"
    run_dbr event --event=backup --reason=db --file="/b/it's" --message=$'all\n"well"' -q
    exits 0
    stdout_empty
    stderr_empty
    is "$(cat told)" "backup|primary|db|/b/it's|all \"well\""
    is "$(event '"\(.event)|\(.active)|\(.reason)|\(.file)|\(.message)"')" "$(cat told)"
    is "$(stat -c %a "$STATE_DIR")" 700
    run_dbr event --event=alert --message=short
    exits 0
    is "$(cat told)" "alert|primary|||short"
    is "$(event 'has("file")')" false
}

@test "a command that fails is told, and the event is recorded" {
    env_set DB_ON_EVENT "'echo no mail; exit 5'"
    run_dbr event --event=error --message=trouble --json
    exits 1
    json_is .error.code failed
    json_is '.error.message | contains("exit status 5: no mail")' true
    is "$(event .message)" trouble
}

@test "no password is recorded or passed on, whoever's it is" {
    env_set DATABASE_URL postgresql://app:fake%3Apass@127.0.0.1:1/app
    # shellcheck disable=SC2016 # the hook's own
    env_set DB_ON_EVENT "'echo \"\$DBR_REASON|\$DBR_MESSAGE|\$DBR_FILE\" >told'"
    run_dbr event --event=error --reason='for fake:pass' --file=/b/fake:pass.gz \
        --message='failed: postgresql://app:fake%3Apass@127.0.0.1/app, its password is fake:pass'
    exits 0
    is "$(event .message)" 'failed: postgresql://app:***@127.0.0.1/app, its password is ***'
    is "$(event .reason)" 'for ***'
    is "$(event .file)" '/b/***.gz'
    is "$(cat told)" "$(event '.reason + "|" + .message')|/b/fake:pass.gz"
    # Those of other databases, also as they are written by mistake.
    while IFS='|' read -r given stored; do
        run_dbr event --event=error --message="$given"
        exits 0
        is "$(event .message)" "$stored"
    done <<'END'
(postgres://u:not-this@db.example.com/x)|(postgres://u:***@db.example.com/x)
"POSTGRESQL://u:not/th@is@db.example.com/x" and a@b|"POSTGRESQL://u:***@db.example.com/x" and a@b
postgresql://u@db.example.com:5432/x?sslpassword=not-this&application_name=a|postgresql://u@db.example.com:5432/x?sslpassword=***&application_name=a
host=db password='not \' this' user=u password=not-this|host=db password=*** user=u password=***
https://token:not-this@example.com/ at 10:00|https://token:***@example.com/ at 10:00
postgresql://u@db.example.com:5432/x, https://example.com:80/|postgresql://u@db.example.com:5432/x, https://example.com:80/
END
}

@test "what is missing or unknown is refused, and a state that cannot be read" {
    for options in "--event=backup" "--message=x" "--event=failover --message=x"; do
        # shellcheck disable=SC2086 # several words
        run_dbr event $options
        exits 2
    done
    mkdir -m 700 "$STATE_DIR"
    echo '{' >"$STATE_DIR/state.json"
    run_dbr event --event=alert --message=x
    exits 2
    [ ! -e "$STATE_DIR/events.jsonl" ]
}
