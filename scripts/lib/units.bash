# shellcheck shell=bash
# The schedule of dbr-setup as units of systemd: instances of the installed templates, with drop-ins for what differs.
# The build puts this file into dbr-setup.
# shellcheck disable=SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

SERVICES=(sync verify backup health watch failure)

# What the manager of a user cannot do, or does with the rights of the system only.
FOR_USERS='CapabilityBoundingSet=~
ProtectSystem=no
ProtectHome=no
PrivateTmp=no
PrivateDevices=no
PrivateMounts=no
ProtectClock=no
ProtectControlGroups=no
ProtectHostname=no
ProtectKernelLogs=no
ProtectKernelModules=no
ProtectKernelTunables=no
KeyringMode=inherit'

# Sets name, unit_dir, control, templates (where they are) and copies (whether systemd does not look there itself).
find_units() {
    local place
    pair_name
    find_unit_dir
    control=(systemctl) copies=yes
    ! given user || control+=(--user)
    # Beside the programs as installed, or as built.
    for place in "$BIN/../lib/systemd/system" "$BIN/../../scripts/systemd" "$BIN/../../../scripts/systemd" ''; do
        [ ! -e "$place/dbr-sync@.service" ] || break
    done
    [ -n "$place" ] || die 1 "cannot find the units below $BIN/.." 'install them beside the programs: make install'
    templates=$(realpath -- "$place")
    if ! given user && [[ $templates =~ ^(/usr|/usr/local)?/lib/systemd/system$ ]]; then copies=; fi
}

# Sets content: a template as it is installed where systemd looks.
make_copy() { # FILE
    content="$MARK $BIN"$'\n'$(sed "s|^ExecStart=[^ ]*/dbr-|ExecStart=$BIN/dbr-|; $(given user && echo 's|^WantedBy=multi-user.target|WantedBy=default.target|')" "$templates/$1")
}

# Sets content: what is this pair's own.
make_drop_in() {
    local path writable lines user
    owner
    user=$REPLY
    writable=("$STATE_DIR")
    [ -z "$BACKS_UP" ] || writable+=("$(realpath -m -- "$DB_BACKUP_DIR")")
    for path in "$DB_ACTIVE_ENV_FILE" "$DB_PGBOUNCER_INI"; do
        # A file is replaced in its directory.
        [ -z "$path" ] || writable+=("$(dirname -- "$(realpath -m -- "$path")")")
    done
    if given user; then
        lines=$'User=\n'"$FOR_USERS"
    else
        lines="User=$user"
        for path in "${writable[@]}"; do
            unit_word "$path"
            lines+=$'\n'"ReadWritePaths=$REPLY"
        done
    fi
    [ -z "$DIRECTORY" ] || lines+=$'\n'"WorkingDirectory=${DIRECTORY//%/%%}"
    content="$MARK $ENV_FILE
[Service]
$lines
StateDirectory=
LoadCredential=
LoadCredential=env:${ENV_FILE//%/%%}"
}

# Sets content: when DB_SYNC_INTERVAL_MS asks for something else than every hour, else nothing.
make_timer_drop_in() {
    local every when
    content=
    sync_interval
    [ "$every" -ne 60 ] || return 0
    if [ "$every" -lt 60 ]; then when="*:0/$every"; else when="0/$((every / 60)):00"; fi
    [ "$every" -ne 1440 ] || when=daily
    content="$MARK $ENV_FILE
[Timer]
OnCalendar=
OnCalendar=$when
RandomizedDelaySec=$((every < 60 ? every * 10 : 600))s"
}

# check_ours PATH OF: what somebody else wrote is not touched, nor what belongs to another env file of the same name.
check_ours() {
    local first
    [ -e "$1" ] || return 0
    first=$(head -n 1 -- "$1")
    [[ $first == "$MARK "* ]] || die 5 "$1 exists, and is not from dbr-setup" 'move it away'
    [[ $first == "$MARK $2" || $2 == "$BIN" ]] || die 5 "$1 is for ${first#"$MARK "}" 'give this pair another name: --name'
}

# put PATH OF: writes content there, for all to read, when it differs.
put() {
    local why state=created
    check_ours "$1" "$2"
    if [ -e "$1" ]; then
        state=changed
        [ "$(cat -- "$1")" != "$content" ] || return 0
    fi
    files_changed=yes
    if ! given dry-run; then
        why=$( (umask 022 && mkdir -p -- "$(dirname -- "$1")" && printf '%s\n' "$content" >"$1.new" && mv -- "$1.new" "$1") 2>&1) ||
            die 1 "cannot write $1: ${why##*: }" 'run it as a user who may'
    fi
    step $state "$1"
}

# take_away PATH OF: a file of ours.
take_away() {
    local why
    [ -e "$1" ] || return 0
    check_ours "$1" "$2"
    files_changed=yes
    if ! given dry-run; then
        why=$(rm -f -- "$1" 2>&1) || die 1 "cannot remove $1: ${why##*: }"
        rmdir -- "$(dirname -- "$1")" 2>/dev/null || true
    fi
    step removed "$1"
}

# Sets wanted and unwanted: the units to start, and those not to.
choose_units() {
    wanted=("dbr-sync@$name.timer" "dbr-verify@$name.timer") unwanted=()
    if given watch; then
        wanted+=("dbr-watch@$name.service") unwanted+=("dbr-health@$name.timer")
    else
        wanted+=("dbr-health@$name.timer") unwanted+=("dbr-watch@$name.service")
    fi
    if [ -n "$BACKS_UP" ]; then wanted+=("dbr-backup@$name.timer"); else unwanted+=("dbr-backup@$name.timer"); fi
}

is_on() { "${control[@]}" --quiet is-enabled "$1" >/dev/null 2>&1 && "${control[@]}" --quiet is-active "$1" >/dev/null 2>&1; }
is_partly_on() { "${control[@]}" --quiet is-enabled "$1" >/dev/null 2>&1 || "${control[@]}" --quiet is-active "$1" >/dev/null 2>&1; }

need_systemctl() { command -v systemctl >/dev/null || die 1 'there is no systemctl' 'use --cron'; }

switch_off() {
    local unit why
    for unit in "$@"; do
        is_partly_on "$unit" || continue
        if ! given dry-run; then
            why=$("${control[@]}" disable --now "$unit" 2>&1) || die 1 "cannot stop $unit: ${why##*$'\n'}" "${control[*]} disable --now $unit"
        fi
        step removed "$unit"
    done
}

# A service reads the env file when it starts: one that runs since before the last change knows what stood there then.
restart_older() {
    local unit since why
    for unit in "${wanted[@]}"; do
        [[ $unit == *.service ]] || continue
        "${control[@]}" --quiet is-active "$unit" >/dev/null 2>&1 || continue
        since=$("${control[@]}" show --timestamp=us+utc --property=ExecMainStartTimestamp --value "$unit" 2>/dev/null)
        since=$(date -d "$since" +%s%N 2>/dev/null) || since=0
        [[ -n $ENV_FILE_CHANGED || $(date -r "$ENV_FILE" +%s%N) -gt $since ]] || continue
        if ! given dry-run; then
            why=$("${control[@]}" restart "$unit" 2>&1) || die 1 "$unit does not start with the env file as it is now: ${why##*$'\n'}" "${control[*]} status $unit"
        fi
        step changed "$unit, which ran with the env file of before, is started again"
    done
}

# Sets REPLY: how often a watch looks, which is seldom by default where a timer does so every minute.
pace_of() {
    local seconds
    REPLY=
    [[ $1 == dbr-watch@* ]] || return 0
    seconds=$(((DB_HEALTH_CHECK_INTERVAL_MS + 999) / 1000))
    REPLY=", which checks every $seconds s (DB_HEALTH_CHECK_INTERVAL_MS), so that a failover after $DB_FAILOVER_THRESHOLD failures takes up to $((seconds * DB_FAILOVER_THRESHOLD)) s"
}

install_units() {
    local name unit_dir control copies templates content files_changed='' wanted unwanted unit file why pace
    need_systemctl
    find_units
    [[ $STATE_DIR/ != /tmp/* && $STATE_DIR/ != /var/tmp/* ]] || given user ||
        die 5 "services of the system have a /tmp of their own, and do not see $STATE_DIR" 'keep the state elsewhere: --state-dir'
    if [ -n "$copies" ]; then
        for file in "$templates"/dbr-*; do
            make_copy "${file##*/}"
            put "$unit_dir/${file##*/}" "$BIN"
        done
    fi
    for unit in "${SERVICES[@]}"; do
        make_drop_in
        put "$unit_dir/dbr-$unit@$name.service.d/dbr-setup.conf" "$ENV_FILE"
    done
    make_timer_drop_in
    file=$unit_dir/dbr-sync@$name.timer.d/dbr-setup.conf
    if [ -n "$content" ]; then put "$file" "$ENV_FILE"; else take_away "$file" "$ENV_FILE"; fi
    [ -n "$files_changed" ] || step unchanged "units of $name in $unit_dir"
    choose_units
    if [ -n "$files_changed" ] && ! given dry-run; then
        why=$("${control[@]}" daemon-reload 2>&1) || die 1 "the units are written, but systemd does not take them: ${why##*$'\n'}" "${control[*]} daemon-reload, then run $PROGRAM again"
        "${control[@]}" try-restart "${wanted[@]}" >/dev/null 2>&1 || true
    fi
    restart_older
    switch_off "${unwanted[@]}"
    for unit in "${wanted[@]}"; do
        pace_of "$unit"
        pace=$REPLY
        if is_on "$unit"; then
            step unchanged "$unit is enabled$pace"
            continue
        fi
        if ! given dry-run; then
            why=$("${control[@]}" enable --now "$unit" 2>&1) || die 1 "the units are written, but $unit does not start: ${why##*$'\n'}" "${control[*]} status $unit"
        fi
        step created "$unit is enabled$pace"
    done
    ! given user || [ "$(loginctl show-user "$(id -un)" --property=Linger --value 2>/dev/null)" = yes ] ||
        warn "units of a user run while that user is logged in: loginctl enable-linger $(id -un)"
}

# Those of this env file, whatever their name, or those of --name: of the system, of the user, or of both where --systemd does not
# say.
uninstall_units() {
    local name names unit_dir control copies templates content
    command -v systemctl >/dev/null || return 0
    find_units
    names_in "$unit_dir"
    if given name; then
        check_ours "$unit_dir/dbr-sync@$name.service.d/dbr-setup.conf" "$ENV_FILE"
        # Only what is ours is switched off.
        [[ " ${names[*]} " == *" $name "* ]] && names=("$name") || names=()
    fi
    [ ${#names[@]} -gt 0 ] || { given user && ! given systemd; } || step unchanged "no units of $ENV_FILE in $unit_dir"
    for name in "${names[@]}"; do uninstall_pair; done
    given systemd || given user || {
        GIVEN[user]=yes
        uninstall_units
        unset 'GIVEN[user]'
    }
}

uninstall_pair() {
    local unit file files_changed=''
    for unit in "${SERVICES[@]}"; do
        switch_off "dbr-$unit@$name.timer"
    done
    switch_off "dbr-watch@$name.service"
    take_away "$unit_dir/dbr-sync@$name.timer.d/dbr-setup.conf" "$ENV_FILE"
    for unit in "${SERVICES[@]}"; do
        take_away "$unit_dir/dbr-$unit@$name.service.d/dbr-setup.conf" "$ENV_FILE"
    done
    # Copies serve all pairs.
    if [ -n "$copies" ] && ! compgen -G "$unit_dir/dbr-sync@*.service.d/dbr-setup.conf" >/dev/null; then
        for file in "$templates"/dbr-*; do take_away "$unit_dir/${file##*/}" "$BIN"; done
    fi
    given dry-run || "${control[@]}" daemon-reload >/dev/null 2>&1 || true
}

print_units() {
    local name unit_dir control copies templates content wanted unwanted unit file
    find_units
    if [ -n "$copies" ]; then
        for file in "$templates"/dbr-*; do
            make_copy "${file##*/}"
            printf '# %s\n%s\n\n' "$unit_dir/${file##*/}" "$content"
        done
    fi
    for unit in "${SERVICES[@]}"; do
        make_drop_in
        printf '# %s\n%s\n\n' "$unit_dir/dbr-$unit@$name.service.d/dbr-setup.conf" "$content"
    done
    make_timer_drop_in
    [ -z "$content" ] || printf '# %s\n%s\n\n' "$unit_dir/dbr-sync@$name.timer.d/dbr-setup.conf" "$content"
    choose_units
    printf '# Then: %s daemon-reload && %s enable --now %s\n' "${control[*]}" "${control[*]}" "${wanted[*]}"
}
