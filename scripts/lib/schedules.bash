# shellcheck shell=bash
# What schedules an env file has on this machine, of dbr-setup: lines of a crontab, timers of the system, timers of a user. One is
# enough: two of them check and sync twice.
# The build puts this file into dbr-setup.
# shellcheck disable=SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

# Sets unit_dir: where units are that this run writes, of the system or of the owner.
find_unit_dir() {
    unit_dir=/etc/systemd/system
    given user || return 0
    unit_dir=${XDG_CONFIG_HOME:-${HOME:-/}/.config}/systemd/user
}

# names_in DIRECTORY: sets names, those of the pairs there whose drop-ins name this env file.
names_in() {
    local file
    names=()
    for file in "$1"/dbr-sync@*.service.d/dbr-setup.conf; do
        [[ -f $file && $(head -n 1 -- "$file" 2>/dev/null) == "$MARK $ENV_FILE" ]] || continue
        file=${file#"$1/dbr-sync@"}
        names+=("${file%.service.d/dbr-setup.conf}")
    done
}

# enabled_in DIRECTORY NAME: whether something starts units of that pair. Another one's name may go on after a dot.
enabled_in() { compgen -G "$1/*.wants/dbr-*@$2.timer" >/dev/null || compgen -G "$1/*.wants/dbr-*@$2.service" >/dev/null; }

# refuse_beside WHERE OPTIONS: of the schedule that is there, and how it is taken out.
refuse_beside() {
    shell_word "--env-file=$ENV_FILE"
    die 5 "$ENV_FILE has a schedule already, $1: two would check and sync twice" "$PROGRAM --uninstall $2 $REPLY takes it out; then run this again"
}

# Before anything is written: no schedule of this env file but the one that is asked for.
check_alone() {
    local name names unit_dir own_dir='' directory other option=''
    ! given cron || ! given systemd || die 2 '--cron and --systemd exclude each other: two schedules would check and sync twice' 'one of the two'
    given cron || given systemd || return 0
    if given systemd; then
        pair_name
        find_unit_dir
        own_dir=$unit_dir
        ! given run-as || option=" --run-as=${GIVEN[run-as]}"
        ! crontab_of -l 2>/dev/null | grep -xF -- "$BEGIN $ENV_FILE" >/dev/null || refuse_beside 'the lines of a crontab' "--cron$option"
    fi
    for directory in /etc/systemd/system "${XDG_CONFIG_HOME:-${HOME:-/}/.config}/systemd/user"; do
        names_in "$directory"
        for other in "${names[@]}"; do
            [[ $directory != "$own_dir" || $other != "$name" ]] || continue
            enabled_in "$directory" "$other" || continue
            if [ "$directory" = /etc/systemd/system ]; then option=''; else option=' --user'; fi
            refuse_beside "the units of $other in $directory" "--systemd$option --name=$other"
        done
    done
}
