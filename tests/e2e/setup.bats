#!/usr/bin/env bats
# Proves: dbr-setup takes two URLs from wherever they are, examines before it writes, writes env file and directories once and
# nothing twice, inits with consent only, goes on where it stopped, and never shows a password, nor puts one into arguments.
# bats file_tags=once

load ../lib/helper
setup() {
    pair_setup app
    mkdir shop
    cd shop || return 1
    FILE=$PWD/.env.production
}
teardown() { pair_teardown; }

run_setup() { run_program dbr-setup "$@"; }
urls() { export DATABASE_URL=$P1_URL DATABASE_URL_SECONDARY=$P2_URL; }
# What the file says of a key, as node and dbr read it.
value() { env -i PATH="$PATH" sh -c '. "$1"; eval "printf %s \"\$$2\""' value "$FILE" "$1"; }
nothing_written() {
    [ ! -e "$FILE" ] || fail "the env file was written"
    [ ! -e "$STATE_DIR" ] || fail "the state directory was made"
    is "$(p2 -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" 0
}

@test "from the environment to a pair in step, and again: nothing" {
    urls
    run_setup --state-dir="$STATE_DIR" --yes
    exits 0
    stdout_has "created       env file $FILE, mode 600: DATABASE_URL, DATABASE_URL_SECONDARY, DB_STATE_DIR" \
        "created       state directory $STATE_DIR" "created       tables and rows on the secondary" "checked       pair: two different databases"
    is "$(stat -c %a "$FILE" "$STATE_DIR" | paste -sd ' ')" "600 700"
    is "$(value DATABASE_URL)" "$P1_URL"
    is "$(value DATABASE_URL_SECONDARY)" "$P2_URL"
    is "$(value DB_STATE_DIR)" "$STATE_DIR"
    same_rows
    unset DATABASE_URL DATABASE_URL_SECONDARY
    touch -d 2020-01-01 "$FILE"
    cp -p "$FILE" before
    run_setup
    exits 0
    stdout_has "unchanged     env file" "unchanged     state directory" "unchanged     the secondary is initialised"
    stdout_lacks created
    ! grep -q '^changed' <<<"$output" || fail "something changed"
    is "$(stat -c %Y "$FILE")" "$(stat -c %Y before)"
    cmp before "$FILE"
    run_setup --quiet
    exits 0
    stdout_empty
    # The programs find it without an option.
    run_program dbr-sync --verify
    exits 0
}

@test "from files and from standard input, keeping what else is in the env file" {
    printf '%s\r\n' "$P1_URL" >one
    (umask 077 && printf '# of the application\nexport PORT=3000 # not dbr'"'"'s\nDB_BACKUP_DIR=%s/backups\n' "$PWD" >"$FILE")
    run_setup --primary-from=one --secondary-from=- --state-dir="$STATE_DIR" --no-init </dev/null
    exits 2
    stderr_has "standard input has no line for --secondary-from"
    status=0
    printf '%s\n%s\n' "$P1_URL" "$P2_URL" | "$DBR_BIN/dbr-setup" --primary-from=- --secondary-from=- --state-dir="$STATE_DIR" --no-init >"$RUNS/out" 2>&1 ||
        status=$?
    output=$(cat "$RUNS/out")
    exits 0
    stdout_has "created       backup directory $PWD/backups" "not done"
    is "$(head -n 3 "$FILE")" "# of the application
export PORT=3000 # not dbr's
DB_BACKUP_DIR=$PWD/backups"
    is "$(value DATABASE_URL_SECONDARY)" "$P2_URL"
    is "$(stat -c %a backups)" 700
    # Another URL than the one in the file: with consent only.
    cp "$FILE" before
    DATABASE_URL="$P1_URL?application_name=x" run_setup --no-init
    exits 5
    stderr_has "replace DATABASE_URL in $FILE?" "--yes"
    cmp before "$FILE"
    DATABASE_URL="$P1_URL?application_name=x" run_setup --no-init --yes
    exits 0
    stdout_has "changed       env file $FILE, mode 600: DATABASE_URL"
    is "$(value DATABASE_URL)" "$P1_URL?application_name=x"
    # A file that others may read, and an application of another user perhaps does.
    chmod 644 "$FILE"
    run_setup --no-init
    exits 5
    stderr_has "mode 644" "an application of another user could not read it"
    is "$(stat -c %a "$FILE")" 644
    run_setup --no-init --yes
    exits 0
    is "$(stat -c %a "$FILE")" 600
}

@test "the env file is the one that all programs take" {
    local kept
    (umask 077 && printf '%s\n' PORT=3000 "DATABASE_URL=$P1_URL" "DATABASE_URL_SECONDARY=$P2_URL" "DB_STATE_DIR=$STATE_DIR" \
        AUTO_FAILOVER_ENABLED=false DB_SYNC_EXCLUDE_TABLES=leads >.env)
    kept=$(cat .env)
    run_setup --no-init
    exits 0
    stdout_has "checked       env file: $PWD/.env" "unchanged     env file $PWD/.env"
    [ ! -e "$FILE" ] || fail "another env file stands in the way of the first"
    is "$(cat .env)" "$kept"
    run_setup --print
    exits 0
    stdout_has "--env-file=$PWD/.env >>"
    # What is missing there is written there.
    sed -i /^DB_STATE_DIR=/d .env
    run_setup --no-init --state-dir="$STATE_DIR"
    exits 0
    stdout_has "changed       env file $PWD/.env, mode 600: DB_STATE_DIR"
    is "$(grep -c . .env) $(stat -c %a .env)" "6 600"
    is "$(head -n 1 .env)" PORT=3000
    # One that has nothing of dbr is the application's alone, and .env.production goes before it.
    echo PORT=3000 >.env
    urls
    run_setup --no-init --state-dir="$STATE_DIR"
    exits 0
    stdout_has "checked       env file: $FILE (a new one)" "created       env file $FILE"
    is "$(cat .env)" PORT=3000
    echo DB_SCHEMA=public >>.env
    run_setup --no-init
    exits 0
    stdout_has "unchanged     env file $FILE"
    DBR_ENV_FILE=$PWD/named.env run_setup --no-init --state-dir="$STATE_DIR"
    exits 0
    stdout_has "created       env file $PWD/named.env"
}

@test "the env file of the machine counts where there is none here" {
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_own_etc() {
        unshare --mount sh -c 'set -e
            mount -t tmpfs tmpfs /mnt
            mkdir /mnt/upper /mnt/work
            mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc
            [ ! -e /etc/dbr ]
            mkdir /etc/dbr
            cp -p "$ENV_FILE" /etc/dbr/dbr.env
            "$@"' sh "$@"
    }
    export ENV_FILE
    [ "$(id -u)" -eq 0 ] && in_own_etc true 2>/dev/null || skip "no /etc of its own in a namespace here"
    RUN_IN=in_own_etc run_setup --no-init
    exits 0
    stdout_has "unchanged     env file /etc/dbr/dbr.env"
    stderr_lacks "read .env"
    echo PORT=3000 >.env
    RUN_IN=in_own_etc run_setup --no-init
    exits 0
    stdout_has "unchanged     env file /etc/dbr/dbr.env"
    stderr_has "programs that are started here without --env-file read .env"
    [ ! -e "$FILE" ]
}

@test "a key without a value is one that is missing" {
    local line
    for line in DATABASE_URL= "DATABASE_URL=''" 'export DATABASE_URL="" # yours'; do
        (umask 077 && printf '%s\n' "$line" "DATABASE_URL_SECONDARY=$P2_URL" "DB_STATE_DIR=" >"$FILE")
        printf '%s\n' "$P1_URL" >one
        run_setup --no-init
        exits 2
        stderr_has "DATABASE_URL is not set in $FILE" "--primary-from"
        # Nothing is replaced, so that nobody need agree to it.
        run_setup --no-init --primary-from=one --state-dir="$STATE_DIR"
        exits 0
        stdout_has "changed       env file $FILE, mode 600: DATABASE_URL, DB_STATE_DIR"
        is "$(value DATABASE_URL) $(value DB_STATE_DIR)" "$P1_URL $STATE_DIR"
    done
}

@test "at a terminal: what is asked for is not shown, and no is no" {
    cat >typist <<'PY'
import os, pty, select, sys
# typist ANSWERS PROGRAM...: each line of the file ANSWERS is typed after what it waits for: "text that is shown<tab>answer".
answers = [line.rstrip("\n").split("\t") for line in open(sys.argv[1])]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = ""
while True:
    try:
        data = os.read(fd, 4096).decode(errors="replace")
    except OSError:
        break
    if not data:
        break
    sys.stdout.write(data)
    shown += data
    if answers and answers[0][0] in shown:
        shown = ""
        os.write(fd, (answers.pop(0)[1] + "\n").encode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
    type_in() {
        printf '%s\n' "$@" >answers
        status=0
        timeout -k 5 "$DBR_TEST_TIMEOUT" python3 typist answers "$DBR_BIN/dbr-setup" --state-dir="$STATE_DIR" >"$RUNS/typed" 2>&1 3>&- || status=$?
        rm answers
        output=$(cat "$RUNS/typed")
    }
    type_in "primary (not shown"$'\t'"$P1_URL" "secondary (not shown"$'\t'"$P2_URL" "copy all rows? [y/N]"$'\t'"no"
    exits 5
    stdout_has "not agreed to" "created       env file"
    is "$(value DATABASE_URL)" "$P1_URL"
    # As a template has it: nothing yet.
    sed -i 's/^DATABASE_URL=.*/DATABASE_URL=/' "$FILE"
    type_in "primary (not shown"$'\t'"$P1_URL" "copy all rows? [y/N]"$'\t'"no"
    exits 5
    is "$(value DATABASE_URL)" "$P1_URL"
    type_in "copy all rows? [y/N]"$'\t'"y"
    exits 0
    stdout_has "unchanged     env file" "created       tables and rows on the secondary"
    stdout_lacks "not shown"
    same_rows
}

@test "at a terminal: a mistyped URL is asked for again, and nothing that is pasted is shown" {
    # at_terminal INPUT COMMAND...: what is typed is there before anything asks for it.
    cat >typist <<'PY'
import os, pty, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "-c", 'before=$(stty -g); "$@"; status=$?; [ "$before" = "$(stty -g)" ] || echo "terminal changed"; exit $status',
                       "x"] + sys.argv[2:])
shown = b""
typed = open(sys.argv[1], "rb").read()
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    shown += data
    # All at once, as a paste is.
    if b"primary (" in shown and typed:
        os.write(fd, typed)
        typed = b""
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
    type_in() {
        printf '%s\n' "$@" >typed
        status=0
        timeout -k 5 "$DBR_TEST_TIMEOUT" python3 typist typed "$DBR_BIN/dbr-setup" --state-dir="$STATE_DIR" --no-init >"$RUNS/typed" 2>&1 3>&- || status=$?
        rm typed
        output=$(cat "$RUNS/typed")
        stdout_lacks "terminal changed"
    }
    SECRET=hunter2
    # Neither, then the right ones, in the order in which they are asked for.
    type_in "psql postgresql://app:hunter2@db.example.com/x" "postgresql://app:hunter2@127.0.0.1:$(servers_free_port)/$DB" ""
    exits 2
    stdout_has "starts with neither postgresql:// nor postgres://" "nothing around it" "another one, or Enter to end" "Connection refused" \
        "no URL was given"
    nothing_written
    type_in "postgresql://app:hunter2@127.0.0.1:$(servers_free_port)/$DB" "$P1_URL" "$P1_URL" "$P2_URL"
    exits 0
    stdout_has "Connection refused" "primary and secondary are the same database" "created       env file"
    is "$(value DATABASE_URL) $(value DATABASE_URL_SECONDARY)" "$P1_URL $P2_URL"
}

@test "a URL that is wrong is named with where it came from; one that nobody typed ends the run" {
    echo "psql x" >bad
    DATABASE_URL_SECONDARY=$P2_URL run_setup --primary-from=bad --state-dir="$STATE_DIR" --yes
    exits 2
    stderr_has "DATABASE_URL is not a usable database URL" "hint: correct the first line of bad"
    DATABASE_URL="psql x" DATABASE_URL_SECONDARY=$P2_URL run_setup --state-dir="$STATE_DIR" --yes
    exits 2
    stderr_has "hint: correct the environment variable"
    nothing_written
}

@test "a secondary that is not empty is found before anything is written" {
    urls
    p2 -c "CREATE TYPE mood AS ENUM ('fine')"
    run_setup --yes --state-dir="$STATE_DIR" --dry-run
    exits 5
    stderr_has "the secondary is not empty: its schema public has 0 tables" "dbr-setup --no-init"
    p2 -c "DROP TYPE mood" -c "CREATE TABLE users (id int)"
    run_setup --yes --state-dir="$STATE_DIR"
    exits 5
    stderr_has "the secondary is not empty: its schema public has 1 tables"
    [ ! -e "$FILE" ]
    [ ! -e "$STATE_DIR" ]
    # As the hint says.
    run_setup --no-init --state-dir="$STATE_DIR"
    exits 0
    stderr_has "WARNING: the secondary is not empty"
    stdout_has "not done      the secondary is not initialised (--no-init): dbr-init-secondary --env-file=$FILE"
    unset DATABASE_URL DATABASE_URL_SECONDARY
    run_program dbr-init-secondary --recreate --yes
    exits 0
    run_setup
    exits 0
    stdout_has "unchanged     the secondary is initialised"
    same_rows
}

@test "a primary that has nothing yet is found before anything is written" {
    local words
    urls
    schema_clear one
    for words in --dry-run --yes; do
        run_setup $words --cron --state-dir="$STATE_DIR"
        exits 5
        stderr_has "the schema public of the primary holds nothing to copy" "hint: run the migrations" "then dbr-setup again (or dbr-setup --no-init now)"
        stdout_lacks create
        nothing_written
    done
    run_setup --json --yes --state-dir="$STATE_DIR"
    exits 5
    json_is .error.code refused
    json_is '.steps | length' 0
    # As the hint says.
    run_setup --no-init --state-dir="$STATE_DIR"
    exits 0
    stdout_has "created       env file" "not done      the secondary is not initialised (--no-init)"
    stderr_has "WARNING: primary: the schema public of the primary holds nothing to copy"
    p1 -c "CREATE TYPE mood AS ENUM ('fine')"
    run_setup --yes
    exits 0
    stdout_has "created       tables and rows on the secondary"
    is "$(p2 -c "SELECT count(*) FROM pg_type WHERE typname = 'mood'")" 1
}

@test "a dry run and a print change nothing" {
    urls
    run_setup --dry-run --cron --state-dir="$STATE_DIR"
    exits 0
    stdout_has "would create  env file" "would create  state directory" "would create  tables and rows"
    nothing_written
    npm_lifecycle_event=db:setup npm_config_dry_run=true run_setup --yes --state-dir="$STATE_DIR"
    exits 0
    stderr_has "npm was given --dry-run"
    nothing_written
    run_setup --print --state-dir="$STATE_DIR"
    exits 0
    stdout_has "dbr-setup begins: $FILE" "/dbr-sync --quiet --wait=600 --env-file=$FILE >>$STATE_DIR/cron.log 2>&1"
    run_setup --print --systemd --user --state-dir="$STATE_DIR"
    exits 0
    stdout_has "LoadCredential=env:$FILE" "enable --now dbr-sync@shop.timer"
    nothing_written
}

@test "a mistyped key is named" {
    urls
    (umask 077 && echo DB_SYNC_TABELS=leads >"$FILE")
    run_setup --state-dir="$STATE_DIR" --yes --dry-run
    exits 0
    stderr_has "DB_SYNC_TABELS is no key of dbr: did you mean DB_SYNC_TABLES?"
}

@test "what the doctor refuses is not written" {
    export DATABASE_URL=$P1_URL DATABASE_URL_SECONDARY=$P1_URL
    run_setup --yes --state-dir="$STATE_DIR"
    exits 5
    stderr_has "same database" "hint: "
    nothing_written
    DATABASE_URL_SECONDARY="postgresql://app:hunter2@127.0.0.1:$(servers_free_port)/$DB"
    SECRET=hunter2
    run_setup --yes --state-dir="$STATE_DIR" --json
    exits 3
    json_is .success false
    json_is .error.code unreachable
    json_is '.checks[] | select(.area == "secondary") | .level' error
    json_is '.checks[] | select(.area == "configuration") | .message' "env file $FILE"
    json_is '.steps | length' 0
    nothing_written
    export DATABASE_URL_SECONDARY="postgresql://app:hunter2@[::1/x"
    run_setup --yes --state-dir="$STATE_DIR"
    exits 2
    stderr_has DATABASE_URL_SECONDARY
    nothing_written
    # A role without rights.
    server_sql one "$DB" -c "REVOKE ALL ON users FROM app" -c "ALTER TABLE users OWNER TO postgres"
    export DATABASE_URL_SECONDARY=$P2_URL
    run_setup --yes --state-dir="$STATE_DIR"
    exits 3
    stderr_has "may not read 1 of the 15 tables"
    nothing_written
}

@test "exchanged URLs of a pair are named as that first, before what is odd about the databases" {
    urls
    run_setup --state-dir="$STATE_DIR" --yes
    exits 0
    DATABASE_URL=$P2_URL DATABASE_URL_SECONDARY=$P1_URL run_setup --json --yes
    exits 5
    has "$(jq -r .error.message <<<"$output")" error "the primary is not the database it was"
    has "$(jq -r .error.hint <<<"$output")" hint "look exchanged"
    DATABASE_URL=$P2_URL DATABASE_URL_SECONDARY=$P1_URL run_setup --yes
    exits 5
    has "$(grep -m 1 "^hint: " "$RUNS/$RUN.err")" hint "look exchanged"
    is "$(value DATABASE_URL)" "$P1_URL"
}

@test "no password in the arguments of any process, or in what is said" {
    urls
    # Whatever is started while it runs is looked at.
    python3 - "$BATS_TEST_TMPDIR/arguments" 3>&- <<'PY' &
import glob, sys
seen = set()
with open(sys.argv[1], "w", buffering=1) as out:
    out.write("watching\n")
    while True:
        for name in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                text = open(name, errors="replace").read().replace("\0", " ")
            except OSError:
                continue
            if text not in seen:
                seen.add(text)
                out.write(text + "\n")
PY
    local watcher=$!
    wait_for 10 grep -q watching "$BATS_TEST_TMPDIR/arguments"
    run_setup --yes --verbose --state-dir="$STATE_DIR"
    kill "$watcher"
    exits 0
    grep -q dbr-init-secondary "$BATS_TEST_TMPDIR/arguments" || fail "nothing was seen"
    ! grep dbr- "$BATS_TEST_TMPDIR/arguments" | grep -F -e "$SERVERS_APP_PASSWORD" -e "$SERVERS_APP_PASSWORD_ENCODED" || fail "a password was seen"
    # The test's own end looks for one in what was printed.
    run_setup "postgresql://app:hunter2@db.example.com/x"
    exits 2
    stderr_has "unexpected argument (a URL)"
    SECRET=hunter2
}

@test "it goes on where it stopped" {
    urls
    run_setup --state-dir="$STATE_DIR"
    exits 5
    stderr_has "consent is needed" "--yes"
    stdout_has "created       env file" "created       state directory"
    unset DATABASE_URL DATABASE_URL_SECONDARY
    # An init that fails.
    server_sql two "$DB" -c "CREATE SCHEMA elsewhere" \
        -c "CREATE FUNCTION elsewhere.no() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not today''; END'" \
        -c "CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION elsewhere.no()"
    run_setup --yes
    exits 1
    stderr_has "not today" "dbr-init-secondary did not finish"
    server_sql two "$DB" -c "DROP EVENT TRIGGER no"
    run_setup --yes --json
    exits 0
    json_is '[.steps[] | .state] | join(" ")' "unchanged unchanged created"
    json_is '.checks | length > 3' true
    same_rows
}

@test "bad options, files and directories: a clear error, and nothing done" {
    local words
    while IFS='|' read -r words expected; do
        # shellcheck disable=SC2086 # words of options
        run_setup $words
        exits 2
        stderr_has "$expected"
        stdout_lacks created
    done <<'END'
--no-such|unknown option --no-such
--crom|did you mean --cron?
--user|--user goes with --systemd
--watch --cron|--watch goes with --systemd
--systemd --name=../x|--name takes letters
--run-as=nobody-of-that-name|there is no user nobody-of-that-name
--run-as=nobody --systemd --user|exclude each other
--env-file=/nowhere/at/all.env|there is no directory /nowhere/at
--env-file=/|is no file
--primary-from=/nowhere/url|cannot read a line of /nowhere/url
--primary-from=|has an empty value
stray|unexpected argument stray
END
    run_setup --json --print
    exits 2
    json_is .error.message "--print and --json exclude each other"
    run_setup
    exits 2
    stderr_has "DATABASE_URL is not set in $FILE" "--primary-from"
    urls
    touch in-the-way
    run_setup --yes --state-dir="$PWD/in-the-way"
    exits 2
    run_setup --yes --state-dir="$PWD/in-the-way/below"
    exits 2
    [ ! -e "$FILE" ]
    (umask 077 && echo "DB_BACKUP_DIR=$PWD/in-the-way/below" >"$FILE")
    for words in --dry-run --yes; do
        run_setup $words --state-dir="$STATE_DIR"
        exits 2
        stderr_has "cannot make $PWD/in-the-way/below: $PWD/in-the-way is no directory"
    done
    is "$(cat "$FILE")" "DB_BACKUP_DIR=$PWD/in-the-way/below"
    # A file that no line can be added to: its last quote is never closed.
    (umask 077 && printf "PORT=3000\nKEY='\n" >"$FILE")
    cp "$FILE" before
    run_setup --yes --state-dir="$STATE_DIR"
    exits 2
    stderr_has "$FILE"
    cmp before "$FILE"
    [ ! -e "$STATE_DIR" ]
    run_setup --json --yes --state-dir="$STATE_DIR"
    exits 2
    json_is .error.code usage
}
