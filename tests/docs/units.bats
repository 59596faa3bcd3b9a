#!/usr/bin/env bats
# Proves: the units of systemd are valid, confine what they run (an exposure of 2.0 at most, also as root), and are confined alike;
# the lines for cron are the same in both files; the file for logrotate can be read. Needs the programs and no server.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    bin=$(realpath "${DBR_BIN:-build/bin}")
    mkdir "$BATS_TEST_TMPDIR/units"
    for unit in scripts/systemd/*; do
        sed "s|/usr/local/bin/|$bin/|g" "$unit" >"$BATS_TEST_TMPDIR/units/${unit##*/}"
    done
}

# The directives that confine, without comments.
confinement() { sed -n '/^UMask=/,/^$/p' "$1" | grep -v '^#'; }

@test "systemd finds nothing wrong with any unit" {
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    for unit in scripts/systemd/*; do
        name=${unit##*/}
        SYSTEMD_UNIT_PATH=$BATS_TEST_TMPDIR/units: run --separate-stderr systemd-analyze verify --man=no "${name/@/@shop}"
        # It looks at all that it can find; what concerns others is none of this test's business.
        # shellcheck disable=SC2154 # set by run
        problems=$(grep -E 'dbr-|^Unknown|^Failed' <<<"$stderr" || true)
        echo "$name: $problems"
        [ -z "$problems" ]
    done
}

@test "the exposure of each service is 2.0 at most, as dbr and as root" {
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    for unit in "$BATS_TEST_TMPDIR"/units/*.service; do
        for user in dbr root; do
            # Without a threshold of its own the command fails above 100, which is 10.0.
            sed "s/^User=.*/User=$user/" "$unit" >"${unit/@/@$user}"
            run systemd-analyze security --offline=yes --threshold=20 "${unit/@/@$user}"
            echo "$output"
            [ "$status" -eq 0 ]
            grep -q 'Overall exposure level' <<<"$output"
        done
    done
}

@test "an unconfined service would not pass" {
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    sed '/^ProtectSystem=\|^CapabilityBoundingSet=\|^SystemCallFilter=/d' "$BATS_TEST_TMPDIR/units/dbr-sync@.service" \
        >"$BATS_TEST_TMPDIR/units/dbr-sync@open.service"
    run systemd-analyze security --offline=yes --threshold=20 "$BATS_TEST_TMPDIR/units/dbr-sync@open.service"
    [ "$status" -ne 0 ]
}

@test "all services are confined alike, and take the env file as a credential" {
    for unit in scripts/systemd/*.service; do
        echo "$unit"
        [ -n "$(confinement "$unit")" ]
        [ "$(confinement "$unit")" = "$(confinement scripts/systemd/dbr-sync@.service)" ]
        grep -qx 'LoadCredential=env:/etc/dbr/%i.env' "$unit"
        grep -qE '^ExecStart=/usr/local/bin/dbr-[a-z]+ .*--env-file=%d/env$' "$unit"
        # But for what one unit tells another of itself.
        ! grep '^Environment' "$unit" | grep -qvx 'EnvironmentFile=-%t/dbr-failure/%i' || false
    done
}

@test "each timer spreads its starts and makes up for those that were missed" {
    for timer in scripts/systemd/*.timer; do
        echo "$timer"
        [ -f "${timer%.timer}.service" ]
        grep -qE '^RandomizedDelaySec=[0-9]+' "$timer"
        grep -qx Persistent=true "$timer"
        when=$(sed -n 's/^OnCalendar=//p' "$timer")
        [ -n "$when" ]
        ! command -v systemd-analyze >/dev/null || systemd-analyze calendar "$when"
    done
}

@test "the lines for cron are the same in both files, name no shell's file, and keep what is printed" {
    crontab=scripts/cron/dbr.crontab
    system=scripts/cron/dbr.cron.d
    [ "$(grep -v '^#' "$crontab")" = "$(grep -v '^#' "$system" | sed 's/  dbr  /  /')" ]
    while read -r line; do
        grep -qE '^([0-9*]+ ){5} ?/usr/local/bin/dbr-[a-z]+ .*--quiet .*--env-file=/[a-z/.]+ >>/[a-z/.]+ 2>&1$' <<<"$line"
    done < <(grep -v '^#' "$crontab")
}

@test "cron takes the lines" {
    command -v crontab >/dev/null || skip "no crontab"
    spool=/var/spool/cron/crontabs
    [ "$(id -u)" -eq 0 ] && [ -d $spool ] && unshare --mount true 2>/dev/null || skip "no spool of its own without root and namespaces"
    # Debian's crontab checks each line when it puts them in place. The machine's own crontabs are out of sight here.
    cat >"$BATS_TEST_TMPDIR/place" <<'SCRIPT'
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=1730,gid="$(stat -c %g "$1")" tmpfs "$1"
crontab -u nobody "$2"
crontab -u nobody -l
SCRIPT
    sed 's/^17 /77 /' scripts/cron/dbr.crontab >"$BATS_TEST_TMPDIR/wrong"
    listed=$(unshare --mount sh "$BATS_TEST_TMPDIR/place" $spool scripts/cron/dbr.crontab)
    [ "$(grep -c . <<<"$listed")" -ge "$(grep -c . scripts/cron/dbr.crontab)" ]
    run unshare --mount sh "$BATS_TEST_TMPDIR/place" $spool "$BATS_TEST_TMPDIR/wrong"
    [ "$status" -ne 0 ]
    [[ "$output" == *"bad minute"* ]]
}

@test "logrotate rotates what cron keeps, and nothing that the programs rotate" {
    command -v logrotate >/dev/null || skip "no logrotate"
    state=$BATS_TEST_TMPDIR/state
    mkdir -m 700 "$state"
    sed -e "s|/var/lib/dbr/|$state/|; s|^/var/backups/dbr/||" -e "s/^ *su dbr dbr/su $(id -un) $(id -gn)/" \
        -e "s| /var/backups/dbr/[^ ]* | |" scripts/logrotate/dbr >"$BATS_TEST_TMPDIR/rotate"
    ! grep -qE '/(history|events)\.jsonl' <(grep -v '^#' scripts/logrotate/dbr) || false
    chmod 644 "$BATS_TEST_TMPDIR/rotate"
    echo trouble >"$state/cron.log"
    logrotate --state "$BATS_TEST_TMPDIR/status" --force "$BATS_TEST_TMPDIR/rotate"
    ls "$state"
    [ "$(cat "$state/cron.log.1")" = trouble ]
    [ ! -e "$state/cron.log" ]
}
