# shellcheck shell=bash
# A real cron of a test's own, in namespaces: crontabs are its own, and those of the machine are not run. Needs root.
#
#     cron_possible || skip "..."
#     cron_start
#     in_cron crontab -l
#     cron_stop

cron_possible() {
    [ "$(id -u)" -eq 0 ] && command -v crontab >/dev/null && [ -x /usr/sbin/cron ] && [ -d /var/spool/cron/crontabs ] &&
        unshare --mount --pid --fork --mount-proc true 2>/dev/null
}

cron_start() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    setsid unshare --mount --pid --fork --kill-child --mount-proc sh -c '
        set -e
        mount --make-rprivate /
        mount -t tmpfs -o mode=1730,gid="$(stat -c %g /var/spool/cron/crontabs)" tmpfs /var/spool/cron/crontabs
        # It compares by the second: a table that comes in the second in which it starts would not be seen.
        touch -d "1 hour ago" /var/spool/cron/crontabs
        mount -t tmpfs tmpfs /etc/cron.d
        [ ! -d /etc/logrotate.d ] || mount -t tmpfs tmpfs /etc/logrotate.d
        mount -t tmpfs tmpfs /run
        mount --bind /dev/null /etc/crontab
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/sbin/cron -f' </dev/null >"$BATS_TEST_TMPDIR/cron.log" 2>&1 3>&- &
    CRON_PARENT=$!
    wait_for 20 cron_is_up || fail "cron did not start: $(cat "$BATS_TEST_TMPDIR/cron.log")"
}

cron_is_up() { CRON_PID=$(pgrep -P "$CRON_PARENT") && [ "$(cat "/proc/$CRON_PID/comm")" = cron ]; }

in_cron() { nsenter --target "$CRON_PID" --mount --pid --wdns="$PWD" -- "$@" 3>&-; }

cron_stop() {
    [ -n "${CRON_PID:-}" ] || return 0
    kill -KILL "$CRON_PID" 2>/dev/null || true
    wait "$CRON_PARENT" 2>/dev/null || true
    CRON_PID=
}
