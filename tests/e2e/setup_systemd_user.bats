#!/usr/bin/env bats
# Proves: dbr-setup --systemd --user installs timers that the systemd of a user without rights runs.
# bats file_tags=once

load ../lib/helper
load ../lib/systemd
setup() {
    systemd_possible || skip "no systemd in namespaces here"
    pair_setup app
    SYSTEMD_DIR=$BATS_TEST_TMPDIR/systemd
    mkdir -p "$SYSTEMD_DIR/units" "$SYSTEMD_DIR/srv/home" "$SYSTEMD_DIR/srv/run"
    chown -R nobody "$SYSTEMD_DIR/srv"
    chmod 700 "$SYSTEMD_DIR/srv/run"
    # As user@.service does it.
    cat >"$SYSTEMD_DIR/units/manager.service" <<'UNIT'
[Unit]
DefaultDependencies=no
[Service]
User=nobody
Type=notify
Delegate=yes
Environment=HOME=/srv/home XDG_RUNTIME_DIR=/srv/run ASAN_OPTIONS=detect_leaks=0:exitcode=99
ExecStart=/lib/systemd/systemd --user --unit=basic.target --log-target=console --log-level=info
StandardError=append:/srv/log
KillMode=mixed
UNIT
    systemd_start
    in_systemd systemctl start manager.service || fail "$(cat "$SYSTEMD_DIR/log" "$SYSTEMD_DIR/srv/log")"
    STATE_DIR=$SYSTEMD_DIR/srv/home/.local/state/dbr
    sed -i "s|^DB_STATE_DIR=.*|DB_STATE_DIR=/srv/home/.local/state/dbr|" "$ENV_FILE"
    install -o nobody -m 600 "$ENV_FILE" "$SYSTEMD_DIR/srv/home/shop.env"
}
teardown() {
    [ -n "${DB-}" ] || return 0
    systemd_stop
    pair_teardown
}

as_user() {
    in_systemd setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups env -u XDG_CONFIG_HOME HOME=/srv/home XDG_RUNTIME_DIR=/srv/run "$@"
}
run_setup() { RUN_IN=as_user run_program dbr-setup --env-file=/srv/home/shop.env "$@"; }
ctl() { as_user systemctl --user "$@"; }

@test "timers of a user are enabled, run, and are removed" {
    chmod a+rx "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" "$(dirname "$(dirname "$BATS_TEST_TMPDIR")")"
    cd /
    run_setup --systemd --yes
    exits 5
    stderr_has "units of the system are for root" "--user"
    run_setup --systemd --user --yes
    exits 0
    stdout_has "created       dbr-sync@shop.timer is enabled"
    stderr_has "loginctl enable-linger nobody"
    p1 -c "UPDATE users SET balance = balance + 1 WHERE id = 7"
    ctl start dbr-sync@shop.service || fail "$(ctl status --no-pager --full dbr-sync@shop.service; cat "$SYSTEMD_DIR/srv/log")"
    same_rows
    ctl start dbr-health@shop.service
    [ -s "$STATE_DIR/history.jsonl" ]
    is "$(ctl show --value --property=NoNewPrivileges dbr-sync@shop.service)" yes
    run_setup --systemd --user --yes --watch
    exits 0
    is "$(ctl is-active dbr-watch@shop.service)" active
    run_setup --systemd --user --yes --watch
    exits 0
    ! grep -qv '^unchanged \|^checked ' <<<"$output" || fail "something changed"
    # Wherever its schedule is.
    run_setup --uninstall
    exits 0
    stdout_has "removed       dbr-watch@shop.service"
    [ -z "$(find "$SYSTEMD_DIR/srv/home/.config" -name '*dbr*')" ] || fail "left: $(find "$SYSTEMD_DIR/srv/home/.config")"
}
