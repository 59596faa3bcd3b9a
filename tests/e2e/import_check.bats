#!/usr/bin/env bats
# Proves: a file that is cut off, damaged, foreign, made of two, or that holds what an import must not run, is refused before
# anything is written, and named with its line; --check needs no database and no configuration.

load ../lib/helper

setup() {
    pair_setup app
    run_dbr export --output=shop.sql
    exits 0
    gzip -k shop.sql
}
teardown() { pair_teardown; }

check() {
    RUN=$((RUN + 1))
    LAST="dbr-import --check $*"
    status=0
    env -i "$DBR_BIN/dbr-import" --check "$@" >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" </dev/null || status=$?
    output=$(cat "$RUNS/$RUN.out") errors=$(cat "$RUNS/$RUN.err")
    sound
}

# refuses FILE WORD...: by --check, and by an import, which leaves the target empty.
refuses() {
    local file=$1
    shift
    check --input="$file"
    exits 5
    stderr_has "$@"
    run_dbr import --target=secondary --input="$file"
    exits 5
    stderr_has "$@"
    is "$(p2 -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
}

@test "what a file holds" {
    check --input=shop.sql
    exits 0
    stdout_has "dbr-export of primary, PostgreSQL" users 174
    stderr_has "shop.sql is whole"
    check --input=shop.sql.gz --json
    exits 0
    json_true .complete
    json_is .rows 807
    json_is .gzip true
    json_is '.tables[] | select(.name == "users") | .rows' 174
    pg_dump -d "$P2_URL" >dump.sql 2>/dev/null || skip "pg_dump is older than the server"
    check --input=dump.sql
    exits 0
    stdout_has "pg_dump of PostgreSQL"
}

@test "cut off anywhere" {
    local size n
    size=$(stat -c %s shop.sql)
    for n in 1 20 200 3000 $((size / 3)) $((size / 2)) $((size - 1000)) $((size - 20)) $((size - 9)); do
        head -c "$n" shop.sql >cut.sql
        check --input=cut.sql
        exits 5
    done
    head -c $((size - 300)) shop.sql >cut.sql
    refuses cut.sql "cut off"
    size=$(stat -c %s shop.sql.gz)
    for n in 1 5 12 $((size / 2)) $((size - 9)) $((size - 4)) $((size - 1)); do
        head -c "$n" shop.sql.gz >cut.gz
        check --input=cut.gz
        exits 5
    done
    refuses cut.gz "cut off"
    : >empty.sql
    refuses empty.sql "is empty"
}

@test "one bit flipped anywhere" {
    local i size at
    size=$(stat -c %s shop.sql)
    for i in $(seq 1 12); do
        at=$((i * 7919 * 31 % size))
        cp shop.sql flipped.sql
        python3 - flipped.sql $at $((i % 8)) <<'PY'
import sys
path, at, bit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open(path, "r+b") as f:
    f.seek(at)
    b = f.read(1)[0]
    f.seek(at)
    f.write(bytes([b ^ (1 << bit)]))
PY
        check --input=flipped.sql
        exits 5
    done
    size=$(stat -c %s shop.sql.gz)
    for i in $(seq 1 6); do
        at=$((10 + i * 7919 * 31 % (size - 10)))
        cp shop.sql.gz flipped.gz
        python3 -c "
import sys
f = open('flipped.gz', 'r+b'); f.seek($at); b = f.read(1)[0]; f.seek($at); f.write(bytes([b ^ 4]))"
        check --input=flipped.gz
        exits 5
    done
    refuses flipped.gz flipped.gz
}

@test "a row more or less" {
    sed '/^1\t/d' shop.sql >less.sql
    refuses less.sql damaged
    # Even where somebody has put the sum right.
    python3 - <<'PY'
import zlib
lines = open("less.sql", "rb").read().splitlines(True)
body = b"".join(lines[:-1])
open("forged.sql", "wb").write(body + b"-- crc32: %08x\n" % zlib.crc32(body))
PY
    refuses forged.sql "is damaged: it holds"
}

@test "two files in one" {
    cat shop.sql shop.sql >two.sql
    refuses two.sql "are these two in one?"
    cat shop.sql.gz shop.sql.gz >two.gz
    refuses two.gz "are these two in one?"
    { cat shop.sql && echo "DROP TABLE users;"; } >more.sql
    refuses more.sql "something follows the end"
    if pg_dump -d "$P1_URL" >dump.sql 2>/dev/null; then
        cat dump.sql dump.sql >two.sql
        refuses two.sql "two in one"
        { cat dump.sql && echo "SELECT 1;"; } >more.sql
        refuses more.sql "something follows the end"
        head -n -8 dump.sql >cut.sql
        refuses cut.sql "cut off"
    fi
}

@test "files of other kinds" {
    echo "not sql at all" >text.sql
    refuses text.sql "is no file that dbr-export or pg_dump wrote" "run other SQL with psql"
    echo "DROP TABLE users;" >hand.sql
    refuses hand.sql "is no file that dbr-export or pg_dump wrote"
    printf -- '-- MySQL dump 10.13\n\nCREATE TABLE `t` (id int);\n' >mysql.sql
    refuses mysql.sql "is no file that"
    head -c 100000 /dev/urandom >random.sql
    refuses random.sql random.sql
    printf 'PGDMP\001\016' >custom.dump
    refuses custom.dump pg_restore
    printf '\x28\xb5\x2f\xfd1234' >packed.zst
    refuses packed.zst zstd
    printf -- '--\n-- PostgreSQL database cluster dump\n--\n' >cluster.sql
    refuses cluster.sql pg_dumpall
    check --input=nosuch.sql
    exits 2
    check --input=.
    exits 2
}

# A file of pg_dump's form around some SQL.
around() {
    printf -- '--\n-- PostgreSQL database dump\n--\n\n%s\n\n--\n-- PostgreSQL database dump complete\n--\n\n' "$1" >around.sql
}

@test "statements that no dump has" {
    local sql
    for sql in "DELETE FROM users;" "UPDATE users SET balance = 0;" "TRUNCATE users;" "DO 'BEGIN END';" "SELECT pg_sleep(1);" \
        "WITH x AS (DELETE FROM users RETURNING 1) SELECT * FROM x;" "COPY users FROM '/etc/passwd';" "COPY users FROM PROGRAM 'id';" \
        "COPY users TO PROGRAM 'id';" "INSERT INTO users SELECT * FROM users;" "VACUUM;" "ALTER SYSTEM SET fsync = off;" \
        "CREATE TABLE t AS SELECT * FROM users;" "selec 1;" "LOCK TABLE users;" "CALL f();" "EXECUTE p;" "LISTEN x;"; do
        around "$sql"
        check --input=around.sql
        exits 5
        stderr_has "line 5" "does not run such a statement"
    done
    around "DELETE FROM users;"
    refuses around.sql "line 5"
    around '\connect postgres'
    refuses around.sql "line 5" "without it"
    around '\! id'
    refuses around.sql "line 5"
    around "CREATE DATABASE x;"
    refuses around.sql "line 5"
    around "SET client_encoding = 'SJIS';"
    refuses around.sql "--encoding=UTF8"
    around "SET standard_conforming_strings = off;"
    refuses around.sql standard_conforming_strings
    around "CREATE TABLE t (a text DEFAULT 'x;"
    refuses around.sql "line 5" "never ends"
    around "CREATE TABLE t (a int) \\! id ;"
    refuses around.sql "line 5"
}

@test "for the other engine" {
    needs_postgres "the file is written for PostgreSQL"
    run_dbr export --dialect=cockroach --output=other.sql
    exits 0
    check --input=other.sql
    exits 0
    stdout_has "for cockroach"
    run_dbr import --target=secondary --input=other.sql
    exits 5
    stderr_has "is written for cockroach" "--dialect=postgres"
}

@test "made by a newer dbr" {
    sed 's/^-- format: 1/-- format: 2/' shop.sql >newer.sql
    refuses newer.sql "format 2"
}

@test "a pipe is checked before the commit" {
    needs_postgres "the file is written for PostgreSQL"
    head -c 60000 shop.sql >cut.sql
    for file in cut.sql two.sql; do
        [ -e $file ] || cat shop.sql shop.sql >$file
        status=0
        errors=$(bash -c 'cat "$2" | "$0" --env-file "$1" --target=secondary --input=- 2>&1 >/dev/null' "$DBR_BIN/dbr-import" "$ENV_FILE" $file) || status=$?
        exits 5
        stderr_has "standard input: line"
        is "$(p2 -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0
    done
}
