# shellcheck shell=bash
# A backup every night: a line of the crontab, or units of systemd.
# The build puts this file into dbr-backup.
# shellcheck disable=SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

# Sets cron_mark, cron_line, service and timer.
make_schedule() {
    local words=("$(realpath -s -- "$0")" full --quiet) word line='' directory=''
    # What was found in the current directory must be found there at night, too.
    [ -z "$DBR_ENV_FILE" ] || words+=("--env-file=$DBR_ENV_FILE")
    ! given state-dir || words+=("--state-dir=$(realpath -m -- "${GIVEN[state-dir]}")")
    [[ "$DB_BACKUP_DIR:" == /* && ":$DB_BACKUP_CONFIG_PATHS:$DB_BACKUP_SECURITY_PATHS" != *:[!/:]* ]] || directory=$PWD
    for word in "${words[@]}"; do
        shell_word "$word"
        line+="${line:+ }$REPLY"
    done
    if [ -n "$directory" ]; then
        shell_word "$directory"
        line="cd $REPLY && $line"
    fi
    cron_mark="# dbr-backup of ${DBR_ENV_FILE:-the environment}, written by dbr-backup schedule --install"
    cron_line="0 2 * * * ${line//%/\\%}"

    line=''
    for word in "${words[@]}"; do
        unit_word "$word"
        line+="${line:+ }${REPLY//\$/\$\$}"
    done
    [ -z "$directory" ] || directory=$'\n'WorkingDirectory=${directory//%/%%}
    make_confinement
    service="$UNIT_MARK
[Unit]
Description=dbr: backup of the active database
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=$line$directory
TimeoutStartSec=12h
$confinement"
    timer="$UNIT_MARK
[Unit]
Description=dbr: backup every night

[Timer]
OnCalendar=*-*-* 02:00:00
Persistent=true

[Install]
WantedBy=timers.target"
}

# Sets confinement: that of dbr-backup@.service, for a service that writes here only. Root reads and keeps files of others, which its
# capabilities are for; the manager of a user cannot do all of it.
make_confinement() {
    local path
    confinement='UMask=0077
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallFilter=@chown
SystemCallErrorNumber=EPERM'
    [ "$(id -u)" -eq 0 ] || return 0
    confinement+='
CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_CHOWN CAP_FOWNER
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
KeyringMode=private'
    for path in "$DIR" "$(realpath -m -- "$DB_STATE_DIR")"; do
        unit_word "$path"
        confinement+=$'\n'ReadWritePaths=$REPLY
    done
}

UNIT_MARK='# Written by dbr-backup schedule --install --systemd'

do_schedule() {
    local cron_mark cron_line service timer unit_dir=/etc/systemd/system control=(systemctl)
    if [ "$(id -u)" -ne 0 ]; then
        unit_dir=${XDG_CONFIG_HOME:-${HOME:-/}/.config}/systemd/user
        control=(systemctl --user)
    fi
    [ -n "$DBR_ENV_FILE" ] || warn 'no env file was read: a timer does not have your environment, name the file with --env-file'
    make_schedule
    if given install && given systemd; then
        install_units
    elif given install; then
        install_cron
    else
        given systemd || say "# For crontab -e, or: dbr-backup schedule --install
$cron_line
"
        say "# $unit_dir/dbr-backup.service
$service

# $unit_dir/dbr-backup.timer; then: ${control[*]} daemon-reload && ${control[*]} enable --now dbr-backup.timer
$timer"
    fi
}

install_cron() {
    local old new
    need_scratch
    command -v crontab >/dev/null || die 1 'there is no crontab program' 'install cron, or use --systemd'
    if ! old=$(LC_ALL=C crontab -l 2>"$SCRATCH/err"); then
        # Anything else than its absence: what cannot be read must not be replaced.
        grep -qiE 'no crontab for|No such file' "$SCRATCH/err" || die 1 "cannot read your crontab: $(head -n 1 "$SCRATCH/err")"
        old=''
    fi
    new=$(CRON_MARK=$cron_mark awk '$0 == ENVIRON["CRON_MARK"] { mark = NR; next }
        mark && NR == mark + 1 && /dbr-backup.* full / { next } { print }' <<<"$old")
    new+="${new:+$'\n'}$cron_mark"$'\n'"$cron_line"
    if [ "$new" = "$old" ]; then
        say "already in your crontab: $cron_line"
    elif given dry-run; then
        say "would add to your crontab: $cron_line"
    else
        printf '%s\n' "$new" | crontab - 2>"$SCRATCH/err" || die 1 "cannot write your crontab: $(head -n 1 "$SCRATCH/err")"
        say "added to your crontab: $cron_line"
    fi
}

# Two timers would make the same backups, one after the other.
check_other_timer() {
    local file name
    for file in "$unit_dir"/dbr-backup@*.service.d/*.conf; do
        grep -qxF "LoadCredential=env:${DBR_ENV_FILE//%/%%}" "$file" 2>/dev/null || continue
        name=${file#"$unit_dir/"}
        name=${name%%.service.d/*}.timer
        ! "${control[@]}" --quiet is-enabled "$name" >/dev/null 2>&1 ||
            die 5 "$name makes the backups of this env file already" "keep that one, or first: ${control[*]} disable --now $name"
    done
}

# What the service may write in must be there when it starts.
make_writable() {
    local path why
    [ "$(id -u)" -eq 0 ] || return 0
    for path in "$DIR" "$(realpath -m -- "$DB_STATE_DIR")"; do
        [[ $path/ != /tmp/* && $path/ != /var/tmp/* ]] ||
            die 5 "a service of the system has a /tmp of its own, and does not see $path" 'keep backups and state elsewhere: DB_BACKUP_DIR, DB_STATE_DIR'
        given dry-run || why=$(umask 077 && mkdir -p -- "$path" 2>&1) || die 1 "cannot make $path: ${why##*: }"
    done
}

install_units() {
    local name path why changed=''
    check_other_timer
    make_writable
    for name in service timer; do
        path=$unit_dir/dbr-backup.$name
        [[ ! -e $path || $(head -n 1 "$path") == "$UNIT_MARK" ]] || die 5 "$path exists, and is not from here" 'move it away'
        [ "$(cat "$path" 2>/dev/null)" != "${!name}" ] || continue
        changed=yes
        if given dry-run; then
            say "would write $path"
            continue
        fi
        why=$( (umask 022 && mkdir -p -- "$unit_dir" && printf '%s\n' "${!name}" >"$path.new" && mv -- "$path.new" "$path") 2>&1) ||
            die 1 "cannot write $path: ${why##*: }"
        say "written: $path"
    done
    given dry-run && return
    [ -n "$changed" ] || say 'the units are up to date'
    why=$("${control[@]}" daemon-reload 2>&1 && "${control[@]}" enable --now dbr-backup.timer 2>&1) ||
        die 1 "the units are written, but not started: ${why##*$'\n'}" "${control[*]} enable --now dbr-backup.timer"
    say 'dbr-backup.timer is enabled'
}
