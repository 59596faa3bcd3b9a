#!/usr/bin/env bats
# Proves: dbr-setup --cron puts lines into the crontab that the real cron takes and runs, keeps all others, changes only what
# differs, and takes them out again.
# bats file_tags=once

load ../lib/helper
load ../lib/cron
setup() {
    cron_possible || skip "no cron in namespaces here"
    pair_setup app
    cron_start
}
teardown() {
    [ -n "${DB-}" ] || return 0
    cron_stop
    pair_teardown
}

run_setup() { RUN_IN=in_cron run_program dbr-setup --env-file="$ENV_FILE" "$@"; }
table() { in_cron crontab -l "$@"; }
lines() { table | grep -c "^[^#].*$1"; }

@test "cron runs what was installed, and a run that is well leaves no word" {
    run_setup --cron --yes
    exits 0
    stdout_has "created       lines in the crontab of root, which log to $STATE_DIR/cron.log"
    is "$(lines dbr-sync)" 2
    is "$(lines dbr-health)" 1
    is "$(lines dbr-backup)" 0
    output=$(in_cron "$DBR_BIN/dbr-health" --doctor --env-file="$ENV_FILE") || true
    stdout_has "dbr-sync is started by the crontab of this user" "dbr-health is started by the crontab of this user"
    # Cron looks at its tables at each full minute.
    wait_for 130 test -s "$STATE_DIR/history.jsonl" || fail "cron ran nothing: $(cat "$BATS_TEST_TMPDIR/cron.log")"
    sleep 1
    [ ! -s "$STATE_DIR/cron.log" ] || fail "it said: $(cat "$STATE_DIR/cron.log")"
}

@test "each line does its work from another directory, and says what is wrong" {
    local line
    env_set DB_BACKUP_DIR "$PWD/it's 100% here"
    run_setup --cron --yes
    exits 0
    p1 -c "UPDATE users SET balance = balance + 1 WHERE id = 7"
    table | grep -v '^#' | while read -r line; do
        # As cron does it: five fields, "\%" is "%".
        (cd / && in_cron env -i HOME=/root PATH=/usr/bin:/bin /bin/sh -c "$(sed -E 's/^([^ ]+ ){5} *//; s/\\%/%/g' <<<"$line")")
    done
    same_rows
    [ ! -s "$STATE_DIR/cron.log" ]
    compgen -G "$PWD/it's 100% here/db-backup-*.sql.gz"
    [ -s "$STATE_DIR/history.jsonl" ]
    env_set DATABASE_URL_SECONDARY "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    line=$(table | grep -- '--verify')
    (cd / && in_cron env -i HOME=/root PATH=/usr/bin:/bin /bin/sh -c "$(sed -E 's/^([^ ]+ ){5} *//; s/\\%/%/g' <<<"$line")") || true
    output=$(cat "$STATE_DIR/cron.log")
    stdout_has "cannot connect to the secondary"
}

@test "again, another interval, another pair, and out again" {
    local own before
    own=$'# mine\n5 4 * * * true dbr-sync % x'
    printf '%s\n' "$own" | in_cron crontab -
    run_setup --cron --yes --no-init --dry-run
    exits 0
    stdout_has "would create  lines in the crontab"
    is "$(table)" "$own"
    run_setup --cron --yes --no-init
    exits 0
    is "$(table | head -n 2)" "$own"
    before=$(table)
    run_setup --cron --no-init
    exits 0
    stdout_has "unchanged     lines in the crontab"
    is "$(table)" "$before"
    run_setup --print
    exits 0
    is "$output" "$(tail -n +3 <<<"$before")"
    env_set DB_SYNC_INTERVAL_MS 600000
    run_setup --cron --no-init
    exits 0
    stdout_has "changed       lines in the crontab"
    table | grep -qE '^[0-9]-59/10 \* \* \* \*  .*/dbr-sync --quiet --wait=600 '
    is "$(table | wc -l)" "$(wc -l <<<"$before")"
    cp "$ENV_FILE" other.env
    run_setup --env-file="$PWD/other.env" --cron --no-init
    exits 0
    is "$(lines "env-file=$PWD/other.env")" 3
    is "$(lines "env-file=$ENV_FILE")" 3
    run_setup --uninstall --cron
    exits 0
    stdout_has "removed       lines of the crontab of root"
    is "$(lines "env-file=$ENV_FILE")" 0
    is "$(lines "env-file=$PWD/other.env")" 3
    run_setup --env-file="$PWD/other.env" --uninstall --cron
    exits 0
    is "$(table)" "$own"
    run_setup --uninstall --cron
    exits 0
    stdout_has "unchanged     no lines of $ENV_FILE"
}

@test "each difference counts, also to a field that an asterisk would match, and brackets are no pattern" {
    local before
    env_set DB_SYNC_INTERVAL_MS 14400000
    run_setup --cron --yes --no-init
    exits 0
    is "$(lines '\*/4 .*/dbr-sync --quiet --wait=600')" 1
    env_set DB_SYNC_INTERVAL_MS 3600000
    run_setup --cron --no-init
    exits 0
    stdout_has "changed       lines in the crontab"
    is "$(lines '\*/4 ')" 0
    is "$(table | grep -cE '^[0-9]+ \* \* \* \*  .*/dbr-sync --quiet --wait=600')" 1
    before=$(table)
    # Somebody switched it off.
    awk '/dbr-health/ { $0 = "#" $0 } { print }' <<<"$before" | in_cron crontab -
    is "$(lines dbr-health)" 0
    run_setup --cron --no-init
    exits 0
    stdout_has "changed       lines in the crontab"
    is "$(table)" "$before"
    mkdir 'a[1]*b'
    cp -p "$ENV_FILE" 'a[1]*b/dbr.env'
    run_setup --env-file="$PWD/a[1]*b/dbr.env" --cron --yes --no-init
    exits 0
    stdout_has "created       lines in the crontab"
    run_setup --env-file="$PWD/a[1]*b/dbr.env" --cron --yes --no-init
    exits 0
    stdout_has "unchanged     lines in the crontab"
}

@test "where there was no crontab, there is none afterwards; half of the lines are a person's to mend" {
    run_setup --cron --yes --no-init
    exits 0
    run_setup --uninstall --cron
    exits 0
    ! table 2>/dev/null || fail "there is one"
    run_setup --cron --yes --no-init
    exits 0
    table | grep -v 'dbr-setup ends' >half
    in_cron crontab half
    run_setup --cron --yes --no-init
    exits 5
    stderr_has "without the other" "crontab -e"
    is "$(table)" "$(cat half)"
}

@test "its log is rotated, by a file that is taken away again" {
    command -v logrotate >/dev/null || skip "no logrotate"
    run_setup --cron --logrotate --yes --no-init --dry-run
    exits 0
    stdout_has "would create  /etc/logrotate.d/dbr-"
    is "$(in_cron ls /etc/logrotate.d)" ""
    # Somebody else's file of that name stays.
    in_cron sh -c 'echo other >/etc/logrotate.d/dbr-dbr'
    run_setup --cron --logrotate --yes --no-init
    exits 0
    stdout_has "created       /etc/logrotate.d/dbr-dbr-2"
    run_setup --cron --logrotate --yes --no-init
    exits 0
    stdout_has "unchanged     /etc/logrotate.d/dbr-dbr-2"
    echo trouble >"$STATE_DIR/cron.log"
    # The directories above are not those of a real machine.
    in_cron logrotate --state "$BATS_TEST_TMPDIR/status" --force /etc/logrotate.d/dbr-dbr-2
    is "$(cat "$STATE_DIR/cron.log.1")" trouble
    run_setup --print --cron --logrotate
    exits 0
    stdout_has "# /etc/logrotate.d/dbr-dbr-2" "\"$STATE_DIR/cron.log\" {" "su root root"
    run_setup --uninstall
    exits 0
    stdout_has "removed       /etc/logrotate.d/dbr-dbr-2"
    is "$(in_cron ls /etc/logrotate.d)" dbr-dbr
    run_setup --logrotate
    exits 2
    stderr_has "--logrotate goes with --cron"
}

@test "as another user" {
    chmod a+rx "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" "$(dirname "$(dirname "$BATS_TEST_TMPDIR")")"
    cd /
    run_setup --cron --yes --run-as=nobody
    exits 5
    stderr_has "nobody cannot read $ENV_FILE" "chown nobody"
    chown nobody "$ENV_FILE"
    run_setup --cron --yes --run-as=nobody
    exits 0
    stdout_has "created       lines in the crontab of nobody"
    is "$(stat -c '%U %a' "$STATE_DIR")" "nobody 700"
    is "$(stat -c %U "$STATE_DIR/state.json")" nobody
    is "$(table -u nobody | grep -c '^[^#]')" 3
    ! table 2>/dev/null || fail "root has one"
    same_rows
    # As root alone: the state is nobody's, and stays so.
    run_setup --cron --yes
    exits 5
    stderr_has "$STATE_DIR belongs to nobody" "hint: add --run-as=nobody"
    ! table 2>/dev/null || fail "root has one"
    is "$(find "$STATE_DIR" -user root)" ""
    run_setup --uninstall
    exits 5
    stdout_has "unchanged     no lines of $ENV_FILE in the crontab of root"
    stderr_has "the crontab of nobody has the lines" "hint: add --run-as=nobody"
    is "$(table -u nobody | grep -c '^[^#]')" 3
    run_setup --uninstall --run-as=nobody --cron
    exits 0
    ! table -u nobody 2>/dev/null || fail "nobody has one still"
}

@test "several at once lose no lines" {
    local i pids=()
    for i in 1 2 3 4 5 6; do
        cp -p "$ENV_FILE" "$i.env"
        in_cron timeout 60 "$DBR_BIN/dbr-setup" --env-file="$PWD/$i.env" --state-dir="$PWD/states/$((i % 4))" --cron --yes --no-init </dev/null >"$RUNS/at-once-$i" 2>&1 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || fail "$(tail -n 3 "$RUNS"/at-once-*)"; done
    is "$(table | grep -c 'dbr-setup begins')" 6
    for i in 1 2 3 4 5 6; do
        in_cron timeout 60 "$DBR_BIN/dbr-setup" --env-file="$PWD/$i.env" --uninstall </dev/null >"$RUNS/at-once-$i" 2>&1 3>&- &
    done
    wait_for 60 eval '! table >/dev/null 2>&1' || fail "$(table)"
}

@test "what was written is read back" {
    # A crontab that loses what it is given, as another writer in between would have it.
    mkdir bin
    printf '#!/bin/sh\ncase $* in *-l) exec /usr/bin/crontab "$@" ;; esac\necho "# of somebody else" | /usr/bin/crontab -\n' >bin/crontab
    chmod +x bin/crontab
    PATH=$PWD/bin:$PATH run_setup --cron --yes --no-init
    exits 1
    stderr_has "does not hold what was written" "hint: run dbr-setup again"
    stdout_lacks "lines in the crontab"
    run_setup --cron --yes --no-init
    exits 0
    stdout_has "created       lines in the crontab"
}
