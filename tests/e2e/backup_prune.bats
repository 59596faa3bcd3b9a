# dbr-backup prune: which backups stay, against another computation; damaged ones do not count; nothing else is touched. Needs no
# server.

load ../lib/helper
load ../lib/backups

setup() {
    files_setup
    run_dbr backup config -q
    exits 0
    mv "$BACKUPS/config-backup-$TODAY.tar.gz" sound.tar.gz
}

# keep DAILY WEEKLY MONTHLY
keep() {
    env_set DB_BACKUP_KEEP_DAILY "$1"
    env_set DB_BACKUP_KEEP_WEEKLY "$2"
    env_set DB_BACKUP_KEEP_MONTHLY "$3"
}

# Makes a sound backup of each name.
make() {
    local name
    for name in "$@"; do cp --remove-destination sound.tar.gz "$BACKUPS/$name"; done
}

damage() {
    rm -f "$BACKUPS/$1" # may be a link to the sound one
    head -c 100 sound.tar.gz >"$BACKUPS/$1"
}

# Every day of two years, some of them two or eleven times, some not at all, of names that sort otherwise than by date and number.
fill() {
    python3 - "$BACKUPS" "$1" <<'PY'
import datetime, os, random, sys
random.seed(int(sys.argv[2]))
day = datetime.date(2023, 6, 1)
while day < datetime.date(2025, 6, 3):
    for n in range(random.choice([0, 1, 1, 1, 1, 2] + [11] * (random.random() < 0.02))):
        os.link("sound.tar.gz", f"{sys.argv[1]}/config-backup-{day}{f'-{n + 1}' if n else ''}.tar.gz")
    day += datetime.timedelta(days=1)
PY
}

# What is to stay of the sound names on stdin, worked out rule by rule.
expected() {
    python3 -c '
import datetime, re, sys
daily, weekly, monthly = map(int, sys.argv[1:])
def parse(name):
    date, n = re.fullmatch(r"config-backup-(\d+-\d+-\d+)(?:-(\d+))?\.tar\.gz", name).groups()
    return datetime.date.fromisoformat(date), int(n or 1)
names = sorted(sys.stdin.read().split(), key=parse)
keep = set(names[-1:])
for count, period in ((daily, lambda d: d), (weekly, lambda d: d.isocalendar()[:2]), (monthly, lambda d: (d.year, d.month))):
    newest = {}
    for name in names:
        newest[period(parse(name)[0])] = name
    periods = sorted(newest)
    keep |= {newest[p] for p in periods[max(0, len(periods) - count):]}
print("\n".join(sorted(keep)))' "$@"
}

@test "two years of backups come down to days, weeks and months" {
    local seed=1 rule
    for rule in "7 4 12" "0 3 0" "0 0 0" "10 20 2"; do
        rm -f "$BACKUPS"/config-backup-*
        fill $((seed++))
        # shellcheck disable=SC2086 # three words
        keep $rule
        # shellcheck disable=SC2086 # three words
        backups config | expected $rule >left
        run_dbr backup prune --json
        exits 0
        backups config | diff left - || fail "not what $rule keeps"
        json_is '.damaged | length' 0
    done
}

@test "damaged ones do not count, and what they would have replaced stays" {
    keep 2 2 2
    fill 7
    newest=$(backups config | sort -V | tail -n 1)
    damage "$newest"
    damage config-backup-2025-05-28.tar.gz
    damage config-backup-2025-04-30.tar.gz
    make config-backup-2025-04-29.tar.gz
    backups config | grep -vxF -e "$newest" -e config-backup-2025-05-28.tar.gz -e config-backup-2025-04-30.tar.gz | expected 2 2 2 >sound
    run_dbr backup prune --json
    exits 1
    json_is .success false
    is "$(comm -23 sound <(backups config))" ""
    json_is ".damaged | index(\"$BACKUPS/$newest\") != null" true
    [ -e "$BACKUPS/$newest" ]
    json ".damaged[]" | sed 's,.*/,,' | sort - sound >left
    backups config | diff left -
}

@test "the only sound one stays, however old" {
    keep 1 0 0
    make config-backup-2001-01-01.tar.gz
    for day in 10 11 12 13; do damage config-backup-2025-01-$day.tar.gz; done
    run_dbr backup prune
    exits 1
    stderr_has "config-backup-2025-01-13.tar.gz is damaged and does not count"
    [ -e "$BACKUPS/config-backup-2001-01-01.tar.gz" ]
}

@test "those of days to come take no place, stay, and are named" {
    keep 1 1 1
    make config-backup-2199-0{1,2}-01.tar.gz config-backup-2025-01-0{1,2}.tar.gz
    run_dbr backup prune --json
    exits 0
    is "$(backups config | tr '\n' ' ')" "config-backup-2025-01-02.tar.gz config-backup-2199-01-01.tar.gz config-backup-2199-02-01.tar.gz "
    json_is '.warnings | length' 2
    json_is '.warnings[1] | startswith("config-backup-2199-01-01.tar.gz is dated later than today")' true
    # What is verified is the newest of those that count.
    run_dbr backup verify --quick --json
    json_is '.files[0].date' 2025-01-02
    rm "$BACKUPS"/config-backup-2025-*
    run_dbr backup verify --quick --json
    json_is '.files[0].date' 2199-02-01
}

@test "each kind is judged by itself" {
    keep 1 0 0
    make config-backup-2025-01-0{1,2}.tar.gz security-backup-2024-01-0{1,2}.tar.gz
    run_dbr backup prune
    exits 0
    is "$(backups config) $(backups security)" "config-backup-2025-01-02.tar.gz security-backup-2024-01-02.tar.gz"
    grep -q "Backup removed: security-backup-2024-01-01.tar.gz" "$LOG"
}

@test "what is not named like a backup, is no file, or has no real date is left alone" {
    keep 0 0 0
    local others=(config-backup-2025-02-30.tar.gz config-backup-2025-01-01-1.tar.gz config-backup-2025-01-01-02.tar.gz
        config-backup-2025-01-01.tar.gz.bak my-config-backup-2025-01-01.tar.gz config-backup-2025-1-1.tar.gz
        config-backup-2025-01-01.sql.gz db-backup-2025-01-01.tar.gz "config-backup-2025-01-01 .tar.gz" $'config-backup-2025-01-02\n.tar.gz')
    make "${others[@]}" config-backup-2025-01-01.tar.gz config-backup-2025-01-02.tar.gz
    ln -s /nowhere "$BACKUPS/config-backup-2024-01-01.tar.gz"
    mkdir "$BACKUPS/config-backup-2024-01-02.tar.gz"
    run_dbr backup prune
    exits 0
    [ ! -e "$BACKUPS/config-backup-2025-01-01.tar.gz" ]
    [ -e "$BACKUPS/config-backup-2025-01-02.tar.gz" ]
    for name in "${others[@]}"; do
        [ -e "$BACKUPS/$name" ] || fail "$name is gone"
    done
    [ -L "$BACKUPS/config-backup-2024-01-01.tar.gz" ]
    [ -d "$BACKUPS/config-backup-2024-01-02.tar.gz" ]
}

@test "a dry run names the same files and removes none" {
    fill 3
    before=$(backups config)
    run_dbr backup prune --dry-run
    exits 0
    is "$(backups config)" "$before"
    named=$(sed -n "s,^would remove $BACKUPS/,,p" <<<"$output" | sort)
    run_dbr backup prune -q
    exits 0
    is "$(sort <<<"$before" | comm -23 - <(backups config))" "$named"
}

@test "what cannot be judged keeps its kind from being pruned" {
    [ "$(id -u)" -ne 0 ] || restrict=(setpriv "--bounding-set=-dac_override,-dac_read_search")
    keep 1 0 0
    make config-backup-2025-01-0{1,2,3}.tar.gz
    chmod 0 "$BACKUPS/config-backup-2025-01-03.tar.gz"
    status=0
    "${restrict[@]}" "$DBR_BIN/dbr-backup" --env-file "$ENV_FILE" prune 2>err || status=$?
    is "$status" 1
    grep -q "config-backup-2025-01-03.tar.gz: cannot be read; nothing of its kind is removed" err
    is "$(backups config | wc -l)" 3
}

@test "what is removed lies in the directory, whatever it is called" {
    local name
    keep 1 0 0
    for name in "a&b" -rf "it's \\ here"; do
        mkdir -p "$PWD/$name"
        env_unset DB_BACKUP_DIR
        cp sound.tar.gz "./$name/config-backup-2025-01-01.tar.gz"
        cp sound.tar.gz "./$name/config-backup-2025-01-02.tar.gz"
        DB_BACKUP_DIR=$name run_dbr backup prune
        exits 0
        is "$(ls "./$name")" "config-backup-2025-01-02.tar.gz
logs"
    done
}

@test "a lock or a log that leads elsewhere is not written to" {
    echo mine >other
    rm -f "$BACKUPS/.lock" "$LOG"
    ln -s ../../../other "$LOG"
    run_dbr backup prune
    exits 0
    stderr_has "backup.log is no file of its own"
    ln -sf ../other "$BACKUPS/.lock"
    run_dbr backup prune
    exits 1
    stderr_has ".lock is no file of its own"
    rm "$BACKUPS/.lock"
    mkfifo "$BACKUPS/.lock"
    run_dbr backup prune
    exits 1
    is "$(cat other)" mine
    rm "$BACKUPS/.lock"
    [ "$(id -u)" -eq 0 ] || skip "only root can give a directory away"
    chown nobody "$BACKUPS"
    run_dbr backup prune
    exits 0
    stderr_has "$BACKUPS belongs to nobody"
}

@test "numbers are decimal, and what is none is refused" {
    make config-backup-2025-01-{01,02,03,04,05,06,07,08,09}.tar.gz
    keep 08 0 0
    run_dbr backup prune -q
    exits 0
    is "$(backups config | wc -l)" 8
    keep x 0 0
    run_dbr backup prune
    exits 2
    stderr_has DB_BACKUP_KEEP_DAILY
}
