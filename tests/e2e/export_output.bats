#!/usr/bin/env bats
# Proves: the file appears whole or not at all, whatever happens to the run, and an older one stays; standard output, pipes and
# devices are written to directly; wrong options are named.

load ../lib/helper

setup() { pair_setup app; }
teardown() { pair_teardown; }

nothing_left() {
    local left
    left=$(find . -maxdepth 1 -name '*.tmp*')
    [ -z "$left" ] || fail "left over: $left"
}

@test "a file of one's own, complete" {
    run_dbr export --output=shop.sql
    exits 0
    stdout_has users 174
    is "$(stat -c %a shop.sql)" 600
    is "$(head -n 1 shop.sql)" "-- dbr export"
    local sum
    sum=$(tail -n 1 shop.sql)
    is "$sum" "-- crc32: $(head -n -1 shop.sql | gzip -c | tail -c 8 | od -An -tx4 -N4 --endian=little | tr -d ' ')"
    nothing_left
}

@test "compressed by name, or when asked; the level counts" {
    run_dbr export --output=one.sql.gz --level=1
    exits 0
    run_dbr export --output=nine.sql.gz --level=9
    exits 0
    run_dbr export --output=plain.sql --gzip
    exits 0
    gzip -t one.sql.gz nine.sql.gz
    gzip -dc plain.sql >/dev/null
    [ "$(stat -c %s nine.sql.gz)" -lt "$(stat -c %s one.sql.gz)" ] || fail "level 9 is no smaller than level 1"
    diff <(gzip -dc one.sql.gz | grep -vE '^-- (snapshot|crc32)') <(gzip -dc nine.sql.gz | grep -vE '^-- (snapshot|crc32)')
}

@test "standard output" {
    run_dbr export --output=-
    exits 0
    stdout_has "-- dbr export complete"
    stderr_has "to standard output"
    run_dbr export -q
    exits 0
    stdout_has "-- dbr export complete"
}

@test "standard output by another name" {
    # Nothing but the script gets into it, and what stood there before stays.
    echo before >shop.sql
    status=0
    # shellcheck disable=SC2094 # the very same file is meant
    "$DBR_BIN/dbr-export" --env-file "$ENV_FILE" --output=shop.sql >>shop.sql 2>err || status=$?
    is "$status" 0
    is "$(head -n 2 shop.sql)" $'before
-- dbr export'
    is "$(tail -n 1 shop.sql | cut -c 1-10)" "-- crc32: "
    grep -q "to standard output" err
    run_dbr export --output=/dev/stdout
    exits 0
    is "$(tail -n 1 <<<"$output" | cut -c 1-10)" "-- crc32: "
    run_dbr export --output=/dev/stdout --json
    exits 2
    json_is .error.code usage
    json_is '[keys[] | select(. == "rows")] | length' 0
    # Its name still says that it is compressed.
    # shellcheck disable=SC2094 # here, too
    "$DBR_BIN/dbr-export" --env-file "$ENV_FILE" --output=shop.sql.gz >shop.sql.gz 2>err
    gzip -t shop.sql.gz
}

@test "the file that the configuration is read from is spared" {
    local before
    before=$(cksum <"$ENV_FILE")
    ln -s "$ENV_FILE" link.env
    for place in "$ENV_FILE" link.env; do
        run_dbr export --output="$place"
        exits 2
        stderr_has "reads its configuration from"
    done
    # shellcheck disable=SC2094 # and here
    "$DBR_BIN/dbr-export" --env-file "$ENV_FILE" >>"$ENV_FILE" 2>err && fail "the env file was written to"
    is "$(cksum <"$ENV_FILE")" "$before"
}

@test "JSON" {
    run_dbr export --output=shop.sql --json
    exits 0
    json_true .success
    json_is .source primary
    json_is .rows 807
    json_is '.tables | length' 15
    json_is '.tables[] | select(.name == "users") | .rows' 174
    json_is .storedBytes "$(stat -c %s shop.sql)"
    json_is .crc32 "$(tail -n 1 shop.sql | cut -d' ' -f3)"
    is "$(jq -r .event "$STATE_DIR/events.jsonl" 2>/dev/null || echo none)" none
    init_pair
    run_dbr export --source=secondary --output=shop.sql --json
    exits 0
    json_is .source secondary
    is "$(tail -n 1 "$STATE_DIR/events.jsonl" | jq -r '.event + " " + .source')" "export secondary"
}

@test "a full disk" {
    echo old >shop.sql
    run_dbr export --output=/dev/full
    exits 1
    stderr_has "No space left on device"
    (
        ulimit -f 16
        run_dbr export --output=shop.sql
        exits 1
        stderr_has "cannot write"
    )
    is "$(cat shop.sql)" old
    nothing_left
}

@test "what a killed run leaves beside the file goes with the next one" {
    local other=shop.sql.gz.$$.0.tmp dead
    dead=$(bash -c 'echo $$')
    : >"shop.sql.gz.$dead.0.tmp"
    echo x >"shop.sql.gz.$dead.12.tmp"
    : >"$other"                         # its process lives
    : >"other.sql.$dead.0.tmp"           # of another file
    : >"shop.sql.gz.$dead.0.tmp.mine"    # of nobody
    ln -s "$other" "shop.sql.gz.$dead.7.tmp"
    run_dbr export --output=shop.sql.gz
    exits 0
    is "$(compgen -G "*.tmp*" | sort | xargs)" "$(printf '%s\n' "$other" "other.sql.$dead.0.tmp" "shop.sql.gz.$dead.0.tmp.mine" "shop.sql.gz.$dead.7.tmp" | sort | xargs)"
}

@test "a signal at any moment leaves the older file" {
    local i ended=0
    p1 -c "INSERT INTO leads (name) SELECT repeat(md5(i::text), 20) FROM generate_series(1, 30000) i"
    echo old >shop.sql.gz
    for i in 1 2 3 4 5 6; do
        start_dbr export --output=shop.sql.gz
        sleep "0.0$((i * 3))"
        kill -TERM "$PID" 2>/dev/null || true
        finish_dbr
        if [ "$status" -eq 143 ]; then
            ended=$((ended + 1))
            is "$(cat shop.sql.gz)" old
        else
            exits 0
            gzip -t shop.sql.gz
            echo old >shop.sql.gz
        fi
        nothing_left
    done
    [ $ended -gt 0 ] || fail "no run was stopped"
}

@test "a server that goes away leaves nothing" {
    p1 -c "INSERT INTO leads (name) SELECT repeat(md5(i::text), 20) FROM generate_series(1, 50000) i"
    link_open near one 20
    env_set DATABASE_URL "$(link_url near "$P1_URL")"
    link_tell near drop-after 2000000
    run_dbr export --output=shop.sql
    exits 3
    stderr_has "was lost"
    [ ! -e shop.sql ] || fail "there is a file"
    nothing_left
}

@test "links are followed, devices and pipes written to" {
    mkdir real
    touch real/shop.sql
    ln -s real/shop.sql link.sql
    run_dbr export --output=link.sql
    exits 0
    [ -L link.sql ] && [ -f real/shop.sql ] || fail "the link was replaced"
    run_dbr export --output=/dev/null
    exits 0
    [ -c /dev/null ] || fail "/dev/null is no device any more"
    mkfifo pipe
    cat pipe >from-pipe &
    run_dbr export --output=pipe
    exits 0
    wait $!
    grep -q "^-- dbr export complete" from-pipe
    [ -p pipe ] || fail "the pipe was replaced"
}

@test "wrong options and places" {
    run_dbr export --output=
    exits 2
    stderr_has "--output has an empty value"
    run_dbr export --output=nowhere/shop.sql
    exits 2
    stderr_has nowhere
    run_dbr export --output=.
    exits 2
    run_dbr export --output=- --json
    exits 2
    json_is .error.code usage
    run_dbr export --json
    exits 2
    run_dbr export --output=shop.sql --level=3
    exits 2
    stderr_has "--level is for output that is compressed"
    run_dbr export --output=shop.sql.gz --level=0
    exits 2
    run_dbr export --output=shop.sql --schema-only --data-only
    exits 2
    run_dbr export --output=shop.sql --schema-only --inserts
    exits 2
    run_dbr export --output=shop.sql --source=third
    exits 2
    stderr_has third
    run_dbr export --output=shop.sql --tables=usres
    exits 2
    stderr_has usres 'did you mean users?'
    run_dbr export --tables=nothing_like_it --output=-
    exits 2
    stderr_has 'no table nothing_like_it' 'hint: check the name, and DB_SCHEMA'
    [ ! -e shop.sql ] || fail "there is a file"
}

@test "which database: the state says, or the option does" {
    init_pair
    run_dbr failover --yes
    exits 0
    run_dbr export --output=shop.sql
    exits 0
    is "$(grep -c '^-- source: secondary' shop.sql)" 1
    echo '{' >"$STATE_DIR/state.json"
    run_dbr export --output=again.sql
    exits 2
    [ ! -e again.sql ]
    run_dbr export --source=secondary --output=again.sql
    exits 0
    stderr_has "the state is not asked"
    rm "$STATE_DIR/state.json"
    env_unset DATABASE_URL_SECONDARY
    run_dbr export --source=secondary --output=third.sql
    exits 2
    stderr_has DATABASE_URL_SECONDARY
    run_dbr export --output=third.sql
    exits 0
}

@test "a state that is the past does not choose the standby for the active database" {
    init_pair
    cp "$STATE_DIR/state.json" "$BATS_TEST_TMPDIR/before"
    run_dbr failover --yes
    exits 0
    cp "$BATS_TEST_TMPDIR/before" "$STATE_DIR/state.json"
    run_dbr export --output=shop.sql
    exits 5
    stderr_has "it is fenced as a standby is" --source=primary
    [ ! -e shop.sql ]
    rm "$STATE_DIR/state.json"
    run_dbr export --output=shop.sql
    exits 5
    run_dbr export --source=primary --output=shop.sql
    exits 0
    is "$(grep -c '^-- source: primary' shop.sql)" 1
}

@test "a database that is another one than before is refused" {
    init_pair
    database_create one "${DB}_x" app
    env_set DATABASE_URL "$(server_url one "${DB}_x")"
    run_dbr export --source=primary --output=shop.sql
    exits 5
    stderr_has "is not the database it was"
    database_drop one "${DB}_x"
}
