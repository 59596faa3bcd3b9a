# shellcheck shell=bash
# The schedule of dbr-setup as lines of a crontab, between two marks of its own, and the rotation of what these lines log.
# The build puts this file into dbr-setup; files are put in their places by units.bash.
# shellcheck disable=SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

# Sets block. Minutes differ from pair to pair and from machine to machine, and are the same each time.
make_block() {
    local minute env log every sync_when prefix=''
    minute=$(($(cksum <<<"$(uname -n) $ENV_FILE" | cut -d ' ' -f 1) % 60))
    sync_interval
    if [ "$every" -eq 1 ]; then
        sync_when='* * * * *'
    elif [ "$every" -lt 60 ]; then
        sync_when="$((minute % every))-59/$every * * * *"
    elif [ "$every" -eq 60 ]; then
        sync_when="$minute * * * *"
    elif [ "$every" -lt 1440 ]; then
        sync_when="$minute */$((every / 60)) * * *"
    else
        sync_when="$minute 1 * * *"
    fi
    shell_word "--env-file=$ENV_FILE" && env=$REPLY
    shell_word "$STATE_DIR/cron.log" && log=$REPLY
    if [ -n "$DIRECTORY" ]; then
        shell_word "$DIRECTORY"
        prefix="cd $REPLY && "
    fi
    block=
    cron_line "$sync_when" dbr-sync '--quiet --wait=600'
    cron_line "$(((minute + 23) % 60)) 3 * * 0" dbr-sync '--quiet --verify --wait=600'
    [ -z "$BACKS_UP" ] || cron_line "$(((minute + 3) % 60)) 2 * * *" dbr-backup 'full --quiet'
    cron_line '* * * * *' dbr-health '--auto --quiet'
    block="$BEGIN $ENV_FILE"$'\n'"$block$END $ENV_FILE"
}

cron_line() { # WHEN PROGRAM OPTIONS
    local command
    shell_word "$BIN/$2"
    command="$prefix$REPLY $3 $env >>$log 2>&1"
    block+="$1  ${command//%/\\%}"$'\n'
}

# The crontab of the owner: arguments for crontab.
crontab_of() {
    local user=()
    [ ${#CALL_WITH[@]} -eq 0 ] || user=(-u "${GIVEN[run-as]}")
    crontab "${user[@]}" "$@"
}

# Sets old: the crontab as it is. Anything else than its absence is an error: what cannot be read must not be replaced.
read_crontab() {
    command -v crontab >/dev/null || die 1 'there is no crontab program' 'install cron, or use --systemd'
    old=$(LC_ALL=C crontab_of -l 2>"$SCRATCH/err" && echo .) || {
        grep -qiE 'no crontab for|No such file' "$SCRATCH/err" || die 1 "cannot read the crontab: $(head -n 1 "$SCRATCH/err")" 'see cron.allow and cron.deny'
        old=.
    }
    old=${old%.}
    old=${old%$'\n'}
}

# Sets rest: the crontab without what dbr-setup wrote for this env file.
without_block() {
    rest=$(BEGIN="$BEGIN $ENV_FILE" END="$END $ENV_FILE" awk '
        $0 == ENVIRON["BEGIN"] { if (in_block) exit 1; in_block = 1; next }
        $0 == ENVIRON["END"] { if (!in_block) exit 1; in_block = 0; next }
        !in_block { print } END { if (in_block) exit 1 }' <<<"$old") ||
        die 5 "the crontab has one of the lines \"$BEGIN\" and \"$END\" of $ENV_FILE without the other" 'crontab -e, and take out what is left of the lines between them'
}

write_crontab() {
    printf '%s\n' "$1" | crontab_of - 2>"$SCRATCH/err" || die 1 "cannot write the crontab: $(head -n 1 "$SCRATCH/err")"
}

# From the reading to the writing nobody else of dbr-setup writes that user's crontab. What is locked is a directory that is there
# already: no file is made that others could make first. Until unlock_crontab, or the end of the run.
CRONTAB_LOCK=''
lock_crontab() {
    local home status=0
    ! given dry-run && command -v flock >/dev/null || return 0
    owner
    home=$(getent passwd "$REPLY" | cut -d : -f 6)
    [[ -d $home && -r $home ]] || home=$BIN
    exec {CRONTAB_LOCK}<"$home" || return 0
    flock -E 75 -w 60 "$CRONTAB_LOCK" 2>/dev/null || status=$?
    # Where a file system knows no locks, what is read back has to do.
    [ $status -ne 75 ] || die 6 "another $PROGRAM has been writing the crontab of $REPLY for a minute" 'wait for it, then run it again'
}
unlock_crontab() {
    [ -z "$CRONTAB_LOCK" ] || exec {CRONTAB_LOCK}<&-
    CRONTAB_LOCK=''
}

has_block() { # CRONTAB
    [[ $'\n'$1$'\n' == *$'\n'"$block"$'\n'* ]]
}

install_cron() {
    local old rest block new state=created
    make_block
    lock_crontab
    read_crontab
    without_block
    # Where the lines stand they stay. They are full of asterisks, and are no pattern.
    if grep -qxF -- "$BEGIN $ENV_FILE" <<<"$old"; then
        state=changed
        ! has_block "$old" || state=unchanged
    fi
    # What dbr-backup installed itself is not to be doubled.
    if [ -n "$BACKS_UP" ] && grep -v '^#' <<<"$rest" | grep -F -- "$ENV_FILE" | grep -q 'dbr-backup.* full '; then
        warn 'the crontab has a line for dbr-backup besides: take one of the two out'
    fi
    if [[ $state != unchanged ]] && ! given dry-run; then
        new=$rest${rest:+$'\n'}$block
        write_crontab "$new"
        read_crontab
        has_block "$old" || die 1 'the crontab does not hold what was written: something else wrote it at the same time' "run $PROGRAM again"
    fi
    unlock_crontab
    owner
    step $state "lines in the crontab of $REPLY, which log to $STATE_DIR/cron.log"
}

uninstall_cron() {
    local old rest
    command -v crontab >/dev/null || return 0
    lock_crontab
    read_crontab
    without_block
    owner
    if [ "$rest" = "$old" ]; then
        unlock_crontab
        step unchanged "no lines of $ENV_FILE in the crontab of $REPLY"
        return
    fi
    if ! given dry-run; then
        if [ -n "$rest" ]; then write_crontab "$rest"; else crontab_of -r 2>"$SCRATCH/err" || die 1 "cannot remove the crontab: $(head -n 1 "$SCRATCH/err")"; fi
    fi
    unlock_crontab
    step removed "lines of the crontab of $REPLY"
}

# As root: the crontab that runs this pair may be that of another user, whose the state is.
tell_other_crontab() {
    local user STATE_DIR
    [ "$(id -u)" -eq 0 ] && ! given run-as && command -v crontab >/dev/null && [ -r "$ENV_FILE" ] || return 0
    call_silent=yes call dbr-env "--env-file=$ENV_FILE" --config=DB_STATE_DIR >"$SCRATCH/config" || return 0
    STATE_DIR=$(eval "$(cat "$SCRATCH/config")" && realpath -m -- "$DB_STATE_DIR")
    other_owner
    user=$REPLY
    [[ -n $user ]] && crontab -u "$user" -l 2>/dev/null | grep -xF -- "$BEGIN $ENV_FILE" >/dev/null || return 0
    problem 5 "the crontab of $user has the lines of $ENV_FILE, and keeps them" "add --run-as=$user"
}

# --- the rotation of its log --------------------------------------------------------------

ROTATIONS=/etc/logrotate.d

# Sets rotation: the file of this env file, or one that nobody has.
find_rotation() {
    local n=''
    while :; do
        rotation=$ROTATIONS/dbr-${name//./_}${n:+-$n} # some endings are not read
        [[ -e $rotation && $(head -n 1 -- "$rotation") != "$MARK $ENV_FILE" ]] || return 0
        n=$((${n:-1} + 1))
    done
}

# Sets content: who may enter the directory of the log rotates it.
make_rotation() {
    local owner
    owner
    owner=$REPLY
    [[ $STATE_DIR != *[\"\\*?[]* ]] || die 2 "logrotate does not take the path $STATE_DIR" 'a state directory without quotes, backslashes and * ? ['
    content="$MARK $ENV_FILE
\"$STATE_DIR/cron.log\" {
    su $owner $(id -gn -- "$owner")
    weekly
    maxsize 1M
    rotate 8
    missingok
    notifempty
    nocreate
    compress
    delaycompress
}"
}

install_rotation() {
    local name content rotation files_changed=''
    [ -d "$ROTATIONS" ] || die 1 "there is no $ROTATIONS" 'install logrotate'
    pair_name
    find_rotation
    make_rotation
    put "$rotation" "$ENV_FILE"
    [ -n "$files_changed" ] || step unchanged "$rotation"
}

uninstall_rotation() {
    local name rotation files_changed=''
    pair_name
    find_rotation
    take_away "$rotation" "$ENV_FILE"
}
