# dbr-backup schedule: the cron line and the units, and their installation. Needs no server, cron or systemd.

load ../lib/helper
load ../lib/backups

setup() {
    files_setup
    mkdir stubs
    export PATH=$PWD/stubs:$PATH CRONTAB=$PWD/crontab
    # A crontab program that keeps the table in a file.
    stub crontab 'case $1 in
    -l) [ -e "$CRONTAB" ] || { echo "no crontab for ${USER:-user}" >&2; exit 1; }; cat "$CRONTAB" ;;
    -) cat >"$CRONTAB.new" && mv "$CRONTAB.new" "$CRONTAB" && echo x >>"$CRONTAB.writes" ;;
    *) exit 2 ;;
    esac'
}

stub() {
    printf '#!/bin/sh\n%s\n' "$2" >"stubs/$1"
    chmod +x "stubs/$1"
}

writes() { wc -l <"$CRONTAB.writes"; }

@test "the line that is printed runs a backup, from any directory" {
    mkdir -p "it's % here/files"
    cd "it's % here"
    cp ../files/app.yml files/
    cp "$ENV_FILE" own.env
    chmod 600 own.env
    ENV_FILE=own.env
    env_set DB_BACKUP_CONFIG_PATHS files/app.yml
    env_unset DB_BACKUP_DIR
    run_dbr backup schedule
    exits 0
    line=$(grep '^0 2 \* \* \* ' <<<"$output")
    # As cron does it: five fields, "\%" is "%".
    command=$(sed 's/^0 2 \* \* \* //;s/\\%/%/g' <<<"$line")
    (cd / && env -i HOME=/ PATH=/usr/bin:/bin sh -c "$command" 2>"$RUNS/cron") || true # there is no database
    [ -e "$PWD/backups/config-backup-$TODAY.tar.gz" ]
}

@test "the units are valid, and run the same" {
    run_dbr backup schedule --systemd
    exits 0
    # systemd strips what it takes for a comment, so the output is both files in one.
    mkdir units
    awk '/^# .*dbr-backup.service$/ { file = "units/dbr-backup.service" } /^# .*dbr-backup.timer;/ { file = "units/dbr-backup.timer" } { print >file }' <<<"$output"
    grep -qF "ExecStart=\"$(realpath -s "$DBR_BIN")/dbr-backup\" \"full\" \"--quiet\" \"--env-file=$ENV_FILE\"" units/dbr-backup.service
    grep -q '^OnCalendar=\*-\*-\* 02:00:00$' units/dbr-backup.timer
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    systemd-analyze calendar '*-*-* 02:00:00' >/dev/null
    systemd-analyze verify --man=no "$PWD/units/dbr-backup.service" "$PWD/units/dbr-backup.timer" 2>&1 | tee problems
    run ! grep -E 'dbr-backup\.(service|timer)' problems
}

@test "the service is confined, root's as much as those of dbr-setup" {
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    run_dbr backup schedule --systemd
    exits 0
    mkdir units
    awk '/^# .*dbr-backup.timer;/ { exit } { print }' <<<"$output" >units/dbr-backup.service
    stdout_has NoNewPrivileges=yes RestrictNamespaces=yes SystemCallFilter=@system-service
    [ "$(id -u)" -eq 0 ] || skip "the manager of a user cannot do more"
    stdout_has "ReadWritePaths=\"$BACKUPS\""
    run systemd-analyze security --offline=yes --threshold=25 units/dbr-backup.service
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "--install puts the line into the crontab once, and leaves the others" {
    printf '%s\n' '# mine' '5 4 * * * echo dbr-backup full x' >"$CRONTAB"
    run_dbr backup schedule --install
    exits 0
    is "$(head -n 2 "$CRONTAB")" "# mine
5 4 * * * echo dbr-backup full x"
    is "$(wc -l <"$CRONTAB")" 4
    run_dbr backup schedule --install
    exits 0
    stdout_has "already in your crontab"
    is "$(writes)" 1
    # A line that has been changed by hand, or is of an older version, is replaced; that of another env file stays.
    sed -i 's/^0 2 /30 3 /' "$CRONTAB"
    cp "$ENV_FILE" other.env
    run_program dbr-backup --env-file other.env schedule --install
    exits 0
    is "$(grep -c "$PWD/other.env\$" "$CRONTAB")" 1
    run_dbr backup schedule --install
    exits 0
    is "$(grep -c '^0 2 ' "$CRONTAB")" 2
    is "$(wc -l <"$CRONTAB")" 6
}

@test "--install makes a crontab where there is none, and a dry run none" {
    run_dbr backup schedule --install --dry-run
    exits 0
    stdout_has "would add to your crontab: 0 2 * * * "
    [ ! -e "$CRONTAB" ]
    run_dbr backup schedule --install
    exits 0
    is "$(wc -l <"$CRONTAB")" 2
}

@test "a crontab that cannot be read is not replaced" {
    stub crontab '[ "$1" = -l ] && { echo "you are not allowed to use this program" >&2; exit 1; }; touch replaced'
    run_dbr backup schedule --install
    exits 1
    stderr_has "cannot read your crontab: you are not allowed"
    [ ! -e replaced ]
}

@test "--systemd --install writes the units of this user and enables the timer" {
    # shellcheck disable=SC2016 # the stub's own
    stub systemctl 'echo "$*" >>"$CRONTAB.systemctl"'
    as_user=()
    if [ "$(id -u)" -eq 0 ]; then
        as_user=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
        chmod 711 "$(dirname "$BATS_TEST_TMPDIR")" "$(dirname "$(dirname "$BATS_TEST_TMPDIR")")"
        chmod -R a+rwX "$BATS_TEST_TMPDIR"
    fi
    HOME=$PWD/home
    export HOME
    mkdir -m 777 home
    install() { "${as_user[@]}" "$DBR_BIN/dbr-backup" --env-file "$ENV_FILE" schedule --systemd --install "$@" >out 2>err; }
    unset XDG_CONFIG_HOME
    install --dry-run
    [ ! -e home/.config ]
    install
    is "$(head -n 1 home/.config/systemd/user/dbr-backup.service)" "# Written by dbr-backup schedule --install --systemd"
    is "$(cat "$CRONTAB.systemctl")" "--user daemon-reload
--user enable --now dbr-backup.timer"
    install
    grep -q "up to date" out
    # What somebody else wrote stays.
    rm home/.config/systemd/user/dbr-backup.timer
    echo "[Timer]" >home/.config/systemd/user/dbr-backup.timer
    status=0
    install || status=$?
    is "$status" 5
    is "$(cat home/.config/systemd/user/dbr-backup.timer)" "[Timer]"
}
