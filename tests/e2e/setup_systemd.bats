#!/usr/bin/env bats
# Proves: dbr-setup --systemd installs timers that a real systemd runs, as confined as the units say, with the env file as a
# credential; the service that watches is ready, alive and restarted when it hangs; again is no change; --uninstall leaves nothing.
# bats file_tags=once

load ../lib/helper
load ../lib/systemd
setup() {
    systemd_possible || skip "no systemd in namespaces here"
    pair_setup app
    systemd_start
    # /srv is that of the systemd: services have a /tmp of their own.
    SRV=$SYSTEMD_DIR/srv
    mkdir "$SRV/shop"
    STATE_DIR=$SRV/state
    # What is checked for leaks when it ends is not allowed to look at itself. The programs may stand below a /tmp that is not theirs.
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_systemd sh -c 'mkdir /etc/systemd/system/service.d &&
        printf "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0:exitcode=99\nStandardError=append:/srv/log\nBindReadOnlyPaths=%s\n" "$1" >/etc/systemd/system/service.d/test.conf' \
        sh "$DBR_BIN"
    sed "s|^DB_STATE_DIR=.*|DB_STATE_DIR=/srv/state|" "$ENV_FILE" >"$SRV/shop/.env.production"
    chmod 600 "$SRV/shop/.env.production"
    OWN=$ENV_FILE
    ENV_FILE=$SRV/shop/.env.production
}
teardown() {
    [ -n "${DB-}" ] || return 0
    systemd_stop
    pair_teardown
}

# dbr-setup where that systemd is.
run_setup() { RUN_IN=in_systemd run_program dbr-setup --env-file=/srv/shop/.env.production "$@"; }
ctl() { in_systemd systemctl "$@"; }
start() { ctl start "$1" || fail "$(ctl status --no-pager --full "$1"; cat "$SRV/log")"; }
shown() { ctl show --value --property="$2" "$1"; }
state() { jq -r "$1" "$STATE_DIR/state.json"; }

@test "timers and services do what they are for, and a second run changes nothing" {
    local before unit
    env_set DB_BACKUP_DIR /srv/backups
    run_setup --systemd --yes
    exits 0
    stdout_has "created       dbr-sync@shop.timer is enabled" "created       backup directory /srv/backups"
    for unit in sync verify health backup; do
        is "$(ctl is-active "dbr-$unit@shop.timer")" active
        is "$(ctl is-enabled "dbr-$unit@shop.timer")" enabled
        is "$(shown "dbr-$unit@shop.timer" Persistent)" yes
        [ "$(shown "dbr-$unit@shop.timer" RandomizedDelayUSec)" != 0 ]
    done
    output=$(in_systemd "$DBR_BIN/dbr-health" --doctor --env-file=/srv/shop/.env.production) || true
    stdout_has "dbr-sync is started by dbr-sync@shop.timer" "dbr-health is started by dbr-health@shop.timer"
    # They do start by themselves, and are not to do so amid what follows.
    ctl stop dbr-health@shop.timer dbr-sync@shop.timer
    p1 -c "UPDATE users SET balance = balance + 1 WHERE id = 7"
    before=$(state .sync.lastSync)
    start dbr-sync@shop.service
    [ "$(state .sync.lastSync)" != "$before" ]
    same_rows
    start dbr-verify@shop.service
    is "$(shown dbr-verify@shop.service Result)" success
    start dbr-health@shop.service
    [ -s "$STATE_DIR/history.jsonl" ]
    start dbr-backup@shop.service
    compgen -G "$SRV/backups/db-backup-*.sql.gz"
    # A difference is a failure of the unit.
    p2w -c "DELETE FROM leads"
    ! ctl start dbr-verify@shop.service 2>/dev/null || fail "no failure"
    is "$(shown dbr-verify@shop.service ExecMainStatus)" 4
    # A secondary that is down is none of the check.
    env_set DATABASE_URL_SECONDARY "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    start dbr-health@shop.service
    is "$(shown dbr-health@shop.service ExecMainStatus)" 1
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    run_setup --systemd --yes
    exits 0
    stdout_has "created       dbr-sync@shop.timer is enabled" "unchanged     dbr-verify@shop.timer is enabled"
    run_setup --systemd --yes
    exits 0
    ! grep -qv '^unchanged \|^checked ' <<<"$output" || fail "something changed"
}

@test "the schedule follows the configuration, and only what differs is changed" {
    run_setup --systemd --yes --no-init --dry-run
    exits 0
    stdout_has "would create  dbr-sync@shop.timer is enabled"
    is "$(in_systemd find /etc/systemd/system -name '*dbr*')" ""
    run_setup --systemd --yes --no-init
    exits 0
    is "$(shown dbr-sync@shop.timer TimersCalendar | grep -c 'OnCalendar=\*-\*-\* \*:00:00')" 1
    env_set DB_SYNC_INTERVAL_MS 900000
    run_setup --systemd --no-init
    exits 0
    stdout_has "created       /etc/systemd/system/dbr-sync@shop.timer.d/dbr-setup.conf" "unchanged     dbr-sync@shop.timer is enabled"
    is "$(grep -cv '^unchanged \|^checked \|^not done' <<<"$output")" 1
    is "$(shown dbr-sync@shop.timer TimersCalendar | grep -c 'OnCalendar=\*-\*-\* \*:00/15:00')" 1
    env_unset DB_SYNC_INTERVAL_MS
    run_setup --systemd --no-init --watch
    exits 0
    stdout_has "removed       /etc/systemd/system/dbr-sync@shop.timer.d/dbr-setup.conf" "removed       dbr-health@shop.timer" \
        "created       dbr-watch@shop.service is enabled, which checks every 300 s (DB_HEALTH_CHECK_INTERVAL_MS), so that a failover after 3 failures takes up to 900 s"
    is "$(ctl is-active dbr-watch@shop.service)" active
    # The same name for another pair.
    mkdir "$SRV/other"
    cp "$ENV_FILE" "$SRV/other/shop.env"
    run_setup --env-file=/srv/other/shop.env --systemd --no-init
    exits 5
    stderr_has "is for /srv/shop/.env.production" "--name"
    run_setup --env-file=/srv/other/shop.env --systemd --no-init --name=second
    exits 0
    run_setup --env-file=/srv/other/shop.env --uninstall --systemd --name=second
    exits 0
    is "$(ctl is-active dbr-watch@shop.service)" active
    # What is not from here stays.
    in_systemd sh -c 'echo "[Service]" >/etc/systemd/system/dbr-sync@shop.service.d/own.conf'
    run_setup --uninstall
    exits 0
    stdout_has "removed       dbr-watch@shop.service"
    is "$(in_systemd find /etc/systemd/system -name '*dbr*' -o -name own.conf | sort)" "/etc/systemd/system/dbr-sync@shop.service.d
/etc/systemd/system/dbr-sync@shop.service.d/own.conf"
    is "$(ctl list-units --state=active --plain --no-legend 'dbr-*.timer' 'dbr-*.service')" ""
    run_setup --uninstall
    exits 0
    stdout_has "unchanged     no units of /srv/shop/.env.production"
}

@test "a watch that runs is started again when the env file has changed, and only then" {
    local pid
    run_setup --systemd --watch --yes
    exits 0
    pid=$(shown dbr-watch@shop.service MainPID)
    run_setup --systemd --watch
    exits 0
    stdout_lacks "is started again"
    is "$(shown dbr-watch@shop.service MainPID)" "$pid"
    printf '%s\n' "$P2_URL?application_name=rotated" >"$SRV/new"
    run_setup --systemd --watch --secondary-from=/srv/new --yes --dry-run
    exits 0
    stdout_has "would change  dbr-watch@shop.service"
    is "$(shown dbr-watch@shop.service MainPID)" "$pid"
    run_setup --systemd --watch --secondary-from=/srv/new --yes
    exits 0
    stdout_has "changed       env file" "unchanged     units of shop" "changed       dbr-watch@shop.service, which ran with the env file of before"
    [ "$(shown dbr-watch@shop.service MainPID)" != "$pid" ]
    is "$(ctl is-active dbr-watch@shop.service)" active
    in_systemd grep -q application_name=rotated /run/credentials/dbr-watch@shop.service/env
    # Also what somebody wrote there by hand.
    pid=$(shown dbr-watch@shop.service MainPID)
    env_set DB_FAILBACK_THRESHOLD 7
    run_setup --systemd --watch --dry-run
    exits 0
    stdout_has "would change  dbr-watch@shop.service"
    is "$(shown dbr-watch@shop.service MainPID)" "$pid"
    run_setup --systemd --watch
    exits 0
    in_systemd grep -q DB_FAILBACK_THRESHOLD=7 /run/credentials/dbr-watch@shop.service/env
    # One that does not run is started by its enabling.
    ctl stop dbr-watch@shop.service
    run_setup --systemd --watch
    exits 0
    stdout_has "created       dbr-watch@shop.service is enabled"
    stdout_lacks "is started again"
}

@test "an env file has one schedule: not two names, not cron beside systemd" {
    run_setup --systemd --yes --no-init --name=first
    exits 0
    run_setup --systemd --yes --no-init
    exits 5
    stderr_has "has a schedule already, the units of first in /etc/systemd/system" \
        "hint: dbr-setup --uninstall --systemd --name=first --env-file=/srv/shop/.env.production takes it out"
    run_setup --systemd --yes --no-init --name=first
    exits 0
    run_setup --cron --yes --no-init --dry-run
    exits 5
    stderr_has "the units of first" "--uninstall --systemd --name=first"
    run_setup --cron --systemd
    exits 2
    stderr_has "--cron and --systemd exclude each other"
    is "$(in_systemd find /etc/systemd/system -name '*dbr*@shop*')" ""
    # Another env file is another pair.
    cp -p "$ENV_FILE" "$SRV/other.env"
    RUN_IN=in_systemd run_program dbr-setup --env-file=/srv/other.env --systemd --yes --no-init
    exits 0
    # Found by what they are for, whatever they are called; and what is switched off stands in nobody's way.
    run_setup --uninstall --name=other
    exits 5
    stderr_has "is for /srv/other.env"
    run_setup --uninstall --name=no-such
    exits 0
    is "$(ctl is-active dbr-sync@first.timer)" active
    run_setup --uninstall
    exits 0
    stdout_has "removed       dbr-sync@first.timer" "removed       dbr-health@first.timer"
    is "$(ctl list-units --state=active --plain --no-legend 'dbr-*.timer' | grep -vc '@other')" 0
    is "$(ctl is-active dbr-sync@other.timer)" active
    run_setup --systemd --no-init
    exits 0
    RUN_IN=in_systemd run_program dbr-setup --env-file=/srv/other.env --uninstall --name=other
    exits 0
    stdout_has "removed       dbr-sync@other.timer"
    stdout_lacks crontab
    is "$(ctl is-active dbr-sync@shop.timer)" active
    command -v crontab >/dev/null && [ -d /var/spool/cron/crontabs ] || return 0
    # A crontab of that systemd's own.
    in_systemd mount -t tmpfs tmpfs /var/spool/cron/crontabs
    run_setup --uninstall
    exits 0
    run_setup --cron --no-init
    exits 0
    run_setup --systemd --no-init
    exits 5
    stderr_has "has a schedule already, the lines of a crontab" "hint: dbr-setup --uninstall --cron --env-file=/srv/shop/.env.production"
    run_setup --uninstall --cron
    exits 0
    run_setup --systemd --no-init
    exits 0
}

@test "a new pair for a user of its own, from nothing but two URLs" {
    export DATABASE_URL=$P1_URL DATABASE_URL_SECONDARY=$P2_URL
    in_systemd install -d /srv/etc/dbr
    RUN_IN=in_systemd run_program dbr-setup --env-file=/srv/etc/dbr/shop.env --state-dir=/srv/lib/dbr/shop --systemd --run-as=nobody --yes
    exits 0
    unset DATABASE_URL DATABASE_URL_SECONDARY
    is "$(stat -c '%U %a' "$SRV/etc/dbr/shop.env" "$SRV/lib/dbr/shop" | paste -sd ' ')" "nobody 600 nobody 700"
    is "$(shown dbr-sync@shop.service User)" nobody
    start dbr-sync@shop.service
    start dbr-health@shop.service
    is "$(find "$SRV/lib/dbr/shop" -user root)" ""
    same_rows
}

@test "the user of a service need not be able to read the env file" {
    chmod 755 "$SRV" "$SRV/shop"
    # What root alone can read, with a key to write into it.
    env_unset DB_STATE_DIR
    run_setup --systemd --run-as=nobody --state-dir=/srv/state --yes
    exits 0
    stdout_has "changed       env file /srv/shop/.env.production, mode 600: DB_STATE_DIR" "created       tables and rows on the secondary"
    stdout_lacks "/tmp/dbr-setup"
    is "$(stat -c '%U %a' "$ENV_FILE")" "root 600"
    is "$(stat -c %U "$STATE_DIR" "$STATE_DIR/state.json" | paste -sd ' ')" "nobody nobody"
    same_rows
    start dbr-sync@shop.service
    run_setup --systemd --run-as=nobody --yes
    exits 0
    ! grep -qv '^unchanged \|^checked ' <<<"$output" || fail "something changed"
    run_setup --uninstall
    exits 0
    # Cron hands nobody anything.
    run_setup --cron --run-as=nobody --yes --dry-run
    exits 5
    stderr_has "nobody cannot read /srv/shop/.env.production" "chown nobody"
    env_set DB_SYNC_INTERVAL_MS never
    run_setup --systemd --run-as=nobody
    exits 2
    stderr_has "of /srv/shop/.env.production"
    stderr_lacks "/tmp/dbr-setup"
    env_unset DB_SYNC_INTERVAL_MS
}

@test "a unit of somebody else stays as it is" {
    in_systemd sh -c 'echo "[Unit]" >/etc/systemd/system/dbr-sync@.service'
    run_setup --systemd --yes --no-init
    exits 5
    stderr_has "/etc/systemd/system/dbr-sync@.service exists, and is not from dbr-setup"
    is "$(in_systemd cat /etc/systemd/system/dbr-sync@.service)" "[Unit]"
    run_setup --systemd --yes --no-init --state-dir="$BATS_TEST_TMPDIR/state"
    exits 5
    stderr_has "have a /tmp of their own" "--state-dir"
}

@test "the watch is ready after the first check, and restarted when it hangs" {
    local pid
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    in_systemd sh -c 'mkdir /etc/systemd/system/dbr-watch@.service.d &&
        printf "[Service]\nWatchdogSec=5s\nRestartSec=0\n" >/etc/systemd/system/dbr-watch@.service.d/watchdog.conf'
    run_setup --systemd --watch --yes
    exits 0
    is "$(ctl is-active dbr-watch@shop.service)" active
    [ -s "$STATE_DIR/history.jsonl" ]
    is "$(shown dbr-watch@shop.service StatusText)" healthy
    pid=$(shown dbr-watch@shop.service MainPID)
    in_systemd kill -STOP "$pid"
    wait_for 30 restarted "$pid" || fail "it still hangs"
    is "$(shown dbr-watch@shop.service NRestarts)" 1
    ctl stop dbr-watch@shop.service
    is "$(shown dbr-watch@shop.service Result)" success
}
restarted() {
    local now
    now=$(shown dbr-watch@shop.service MainPID)
    [ "$now" != 0 ] && [ "$now" != "$1" ] && [ "$(ctl is-active dbr-watch@shop.service)" = active ]
}

@test "a switch that takes longer than the watchdog waits is not broken off" {
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    # shellcheck disable=SC2016 # the hook's own
    env_set DB_ON_EVENT '[ "$DBR_EVENT" != failover ] || sleep 10'
    in_systemd sh -c 'mkdir /etc/systemd/system/dbr-watch@.service.d &&
        printf "[Service]\nWatchdogSec=5s\n" >/etc/systemd/system/dbr-watch@.service.d/watchdog.conf'
    run_setup --systemd --watch --yes
    exits 0
    link_tell one refuse
    wait_for 40 eval '[ "$(state .activeDatabase)" = secondary ]' || fail "no failover: $(cat "$SRV/log")"
    wait_for 40 eval '[ "$(shown dbr-watch@shop.service StatusText)" = degraded ]' || fail "$(ctl status --no-pager dbr-watch@shop.service)"
    is "$(shown dbr-watch@shop.service NRestarts)" 0
    is "$(ctl is-active dbr-watch@shop.service)" active
}

@test "a watch that cannot run is started again and again, and told of once" {
    env_set DB_ON_EVENT "'echo \"\$DBR_EVENT \$DBR_REASON: \$DBR_MESSAGE\" >>/srv/state/told'"
    in_systemd sh -c 'mkdir /etc/systemd/system/dbr-watch@.service.d &&
        printf "[Service]\nExecStart=\nExecStart=/bin/sh -c \"exit 3\"\nRestartSec=1s\n" >/etc/systemd/system/dbr-watch@.service.d/watchdog.conf'
    run_setup --systemd --watch --yes
    wait_for 40 eval '[ "$(shown dbr-watch@shop.service NRestarts)" -ge 12 ]' || fail "$(ctl status --no-pager dbr-watch@shop.service)"
    wait_for 20 test -s "$STATE_DIR/told" || fail "not told: $(ctl status --no-pager dbr-failure@shop.service)"
    is "$(cat "$STATE_DIR/told")" "error systemd: dbr-watch@shop.service does not work (exit-code 3): journalctl -u dbr-watch@shop.service"
    is "$(jq -r 'select(.event == "error") | .reason' "$STATE_DIR/events.jsonl")" systemd
}

@test "the doctor: timers of another pair are none of this one's, and one that is stopped is told of" {
    cp "$ENV_FILE" "$SRV/shop/other.env"
    run_setup --systemd --yes
    exits 0
    ctl stop dbr-health@shop.timer dbr-sync@shop.timer
    doctor() { output=$(in_systemd "$DBR_BIN/dbr-health" --doctor --env-file="$1") || true; }
    doctor /srv/shop/.env.production
    stdout_has "dbr-sync would be started by dbr-sync@shop.timer, which is enabled, but stopped" "next: systemctl start dbr-health@shop.timer"
    ctl start dbr-health@shop.timer dbr-sync@shop.timer
    doctor /srv/shop/.env.production
    stdout_has "dbr-sync is started by dbr-sync@shop.timer" "dbr-health is started by dbr-health@shop.timer"
    doctor /srv/shop/other.env
    stdout_has "nothing starts dbr-sync by itself" "nothing starts dbr-health by itself"
    stdout_lacks @shop.timer
}

@test "dbr-backup schedule --install --systemd: a confined service that does its work, and none beside that of dbr-setup" {
    backup() { RUN_IN=in_systemd run_program dbr-backup --env-file=/srv/shop/.env.production schedule --install --systemd; }
    env_set DB_BACKUP_DIR /srv/backups
    env_set DB_BACKUP_SECURITY_PATHS /srv/shop/key
    echo secret >"$SRV/shop/key"
    chown nobody: "$SRV/shop/key" "$ENV_FILE"
    chmod 600 "$SRV/shop/key"
    backup
    exits 0
    stdout_has "dbr-backup.timer is enabled"
    start dbr-backup.service
    [ -n "$(find "$SRV/backups" -name 'security-backup-*.tar.gz')" ]
    [ -n "$(find "$SRV/backups" -name 'db-backup-*')" ] || fail "$(find "$SRV/backups")"
    in_systemd systemd-analyze security --threshold=25 dbr-backup.service >"$BATS_TEST_TMPDIR/exposure" || fail "$(cat "$BATS_TEST_TMPDIR/exposure")"
    ctl disable --now dbr-backup.timer
    run_setup --systemd --yes
    exits 0
    backup
    exits 5
    stderr_has "dbr-backup@shop.timer makes the backups of this env file already"
}

@test "the user of the watch leads no hand of root: neither to write nor to read" {
    env_set DB_ON_EVENT "'echo \"\$DBR_MESSAGE\" >>/srv/state/told; env >>/srv/state/leak'"
    chown -R nobody: "$SRV/shop"
    run_setup --systemd --watch --run-as=nobody --yes
    exits 0
    as_nobody() { in_systemd setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
    in_systemd sh -c 'umask 077; echo "SECRET_OF_ROOT=1" >/run/rootfile'
    for place in dbr-watch-shop/failure dbr-failure/shop dbr-failure; do
        as_nobody ln -s /run/rootfile "/run/$place" 2>/dev/null || true
    done
    as_nobody kill -KILL "$(shown dbr-watch@shop.service MainPID)"
    wait_for 20 test -s "$STATE_DIR/told" || fail "not told: $(ctl status --no-pager dbr-failure@shop.service)"
    is "$(cat "$STATE_DIR/told")" "dbr-watch@shop.service does not work (signal KILL): journalctl -u dbr-watch@shop.service"
    is "$(in_systemd cat /run/rootfile)" "SECRET_OF_ROOT=1"
    is "$(in_systemd stat -c '%U %a' /run/dbr-failure)" "root 700"
    wait_for 10 eval '[ "$(shown dbr-failure@shop.service ActiveState)" = inactive ]'
    # Told of once: the next failure is not this one.
    is "$(in_systemd ls /run/dbr-failure)" ""
    lacks "$(cat "$STATE_DIR/leak")" environment SECRET_OF_ROOT
}

@test "an env file that is gone costs nobody the report of the next failure" {
    env_set DB_ON_EVENT "'echo \"\$DBR_MESSAGE\" >>/srv/state/told'"
    run_setup --systemd --watch --yes
    exits 0
    in_systemd mv /srv/shop/.env.production /srv/shop/gone
    ctl restart dbr-watch@shop.service 2>/dev/null || true
    wait_for 30 eval '[ "$(shown dbr-watch@shop.service NRestarts)" -ge 2 ]' || fail "$(ctl status --no-pager dbr-watch@shop.service)"
    # Between two starts there is none.
    wait_for 20 eval '[ "$(shown dbr-watch@shop.service ExecMainStatus)" = 243 ]' || fail "$(ctl status --no-pager dbr-watch@shop.service)"
    is "$(shown dbr-failure@shop.service Result)" success
    in_systemd mv /srv/shop/gone /srv/shop/.env.production
    wait_for 40 eval '[ "$(shown dbr-watch@shop.service ActiveState)" = active ]' || fail "$(ctl status --no-pager dbr-watch@shop.service)"
    ctl kill --signal=KILL dbr-watch@shop.service
    wait_for 20 test -s "$STATE_DIR/told" || fail "not told: $(ctl status --no-pager dbr-failure@shop.service)"
}

@test "a service is confined, and a check that does not work is told of" {
    cat >"$SRV/hook" <<'SH'
#!/bin/sh
{
    echo "$DBR_EVENT $DBR_REASON: $DBR_MESSAGE"
    touch /srv/outside /etc/outside /root/outside
    grep -E '^(NoNewPrivs|CapEff|Seccomp):' /proc/self/status
    ls /tmp
} >/srv/state/hook.out 2>&1
SH
    chmod 755 "$SRV/hook"
    touch "$SRV/seen-from-outside"
    env_set DB_ON_EVENT /srv/hook
    run_setup --systemd --yes
    exits 0
    env_set HEALTH_CHECK_TIMEOUT never
    ! ctl start dbr-health@shop.service 2>/dev/null || fail "no failure"
    is "$(shown dbr-health@shop.service ExecMainStatus)" 3
    # The report reads the same configuration; where that is what is broken it cannot run the hook, but the event is kept.
    env_unset HEALTH_CHECK_TIMEOUT
    in_systemd sh -c 'mkdir -p /etc/systemd/system/dbr-health@.service.d &&
        printf "[Service]\nExecStart=\nExecStart=/bin/sh -c \"exit 3\"\n" >/etc/systemd/system/dbr-health@.service.d/own-start.conf'
    ctl daemon-reload
    ctl reset-failed
    ! ctl start dbr-health@shop.service 2>/dev/null || fail "no failure"
    wait_for 20 test -s "$STATE_DIR/hook.out" || fail "not told: $(ctl status --no-pager dbr-failure@shop.service)"
    wait_for 20 grep -q Seccomp "$STATE_DIR/hook.out"
    output=$(cat "$STATE_DIR/hook.out")
    stdout_has "error systemd: dbr-health@shop.service does not work (exit-code 3)" "Read-only file system"
    grep -qE '^NoNewPrivs:[[:blank:]]1$' <<<"$output"
    grep -qE '^CapEff:[[:blank:]]0+$' <<<"$output"
    grep -qE '^Seccomp:[[:blank:]]2$' <<<"$output"
    [ ! -e "$SRV/outside" ]
    [ ! -e /etc/outside ]
    [ ! -e /root/outside ]
    is "$(jq -r 'select(.event == "error") | .reason' "$STATE_DIR/events.jsonl" | tail -n 1)" systemd
}
