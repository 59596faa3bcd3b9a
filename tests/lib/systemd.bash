# shellcheck shell=bash
# A real systemd of a test's own, in namespaces: it knows the units of one directory, its /run and /etc/systemd/system are its own,
# and nothing of what a machine does when it boots is done. Needs root.
#
#     systemd_possible || skip "..."
#     systemd_start            # units: $SYSTEMD_DIR/units; $SYSTEMD_DIR/srv is its /srv
#     in_systemd systemctl ...
#     systemd_stop

systemd_possible() {
    [ "$(id -u)" -eq 0 ] && command -v systemctl >/dev/null && [ -x /lib/systemd/systemd ] &&
        unshare --mount --pid --fork --mount-proc --uts --ipc --cgroup true 2>/dev/null && [ -n "$(systemd_cgroups)" ]
}

# Where the hierarchy of version 2 is mounted.
systemd_cgroups() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }

systemd_start() {
    local target
    SYSTEMD_DIR=${SYSTEMD_DIR:-$BATS_TEST_TMPDIR/systemd}
    SYSTEMD_CGROUP=$(systemd_cgroups)/dbr-test-$$
    mkdir -p "$SYSTEMD_DIR/units" "$SYSTEMD_DIR/srv"
    mkdir "$SYSTEMD_CGROUP"
    # What services and timers hang on by themselves, with nothing behind it.
    for target in sysinit basic timers multi-user network-online shutdown local-fs paths sockets slices; do
        printf '[Unit]\nDefaultDependencies=no\n' >"$SYSTEMD_DIR/units/$target.target"
    done
    cat >"$SYSTEMD_DIR/start" <<'SH'
set -e
mount --make-rprivate /
mount --bind "$1/srv" /srv
cgroups=/sys/fs/cgroup
umount -R $cgroups
mount -t cgroup2 cgroup2 $cgroups
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs tmpfs /etc/systemd/system
# When a timer last ran (Persistent=).
mkdir -p /var/lib/systemd
mount -t tmpfs tmpfs /var/lib/systemd
# Nobody cleans up, loads or sets anything that is the machine's.
for place in /usr/lib/tmpfiles.d /usr/lib/systemd/system /usr/lib/systemd/system-generators /usr/lib/systemd/system-environment-generators; do
    [ ! -d $place ] || mount -t tmpfs tmpfs $place
done
mount -o bind,ro /proc/sys /proc/sys
mkdir -p /run/systemd/system
# As a machine has it, and within these namespaces only: credentials come to services that way.
mount --make-rshared /
exec env -i container=dbr-test PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH="$1/units:/etc/systemd/system:/run/systemd/system" \
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=console --log-level=info --show-status=no
SH
    # shellcheck disable=SC2016 # expanded by the inner shell
    setsid sh -c 'echo $$ >"$1/cgroup.procs" && exec unshare --mount --pid --fork --kill-child --mount-proc --uts --ipc --cgroup bash "$2/start" "$2"' \
        start "$SYSTEMD_CGROUP" "$SYSTEMD_DIR" </dev/null >"$SYSTEMD_DIR/log" 2>&1 3>&- &
    SYSTEMD_PARENT=$!
    wait_for 20 systemd_is_up || fail "systemd did not start: $(cat "$SYSTEMD_DIR/log")"
}

systemd_is_up() {
    SYSTEMD_PID=$(pgrep -P "$SYSTEMD_PARENT") && [ "$(cat "/proc/$SYSTEMD_PID/comm")" = systemd ] &&
        in_systemd systemctl is-active --quiet multi-user.target 2>/dev/null
}

# With the environment of the test.
in_systemd() { nsenter --target "$SYSTEMD_PID" --mount --pid --uts --ipc --cgroup --wdns="$PWD" -- "$@" 3>&-; }

systemd_stop() {
    [ -n "${SYSTEMD_PID:-}" ] || return 0
    # What still runs takes its private /tmp along.
    in_systemd timeout 20 systemctl stop 'dbr-*' 2>/dev/null || true
    # With it go all in its namespace; unshare waits for it.
    kill -KILL "$SYSTEMD_PID" 2>/dev/null || true
    wait "$SYSTEMD_PARENT" 2>/dev/null || true
    wait_for 10 systemd_gone || true
    find "$SYSTEMD_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null || true
    SYSTEMD_PID=
}

systemd_gone() { [ -z "$(find "$SYSTEMD_CGROUP" -name cgroup.procs -exec cat {} + 2>/dev/null)" ]; }
