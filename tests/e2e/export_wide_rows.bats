#!/usr/bin/env bats
# Proves: a row that is wider than any buffer is exported as it is, in each form, and takes no more than 16 MiB and twice its
# width of memory.

load ../lib/helper

setup() {
    pair_setup empty
    p1 -c "CREATE TABLE docs (id int PRIMARY KEY, body text, file bytea)"
}
teardown() { pair_teardown; }

# comes_back OPTION...: rows written in that form, and loaded by psql.
comes_back() {
    run_dbr export --data-only --output=docs.sql "$@"
    exits 0
    # A setting that only CockroachDB has.
    p2 -c "TRUNCATE docs" -f <(grep -av '^SET default_int_size' docs.sql)
    same_rows
}

@test "COPY, INSERT and CSV hold wide rows as they are" {
    # What each form must quote, also where its pieces may end.
    p1 <<'SQL'
INSERT INTO docs VALUES
 (1, repeat('it''s "15\', 100000), NULL),
 (2, 'plain', decode(repeat(md5('x'), 50000), 'hex')),
 (3, repeat(E'a line, and\n\\.\nanother', 50000), ''),
 (4, repeat('''', 100000) || repeat('"', 100000) || repeat('\', 100000), NULL);
SQL
    p2 -c "CREATE TABLE docs (id int PRIMARY KEY, body text, file bytea)"
    comes_back
    comes_back --inserts
    comes_back --dialect=cockroach
    comes_back --dialect=cockroach --inserts
}

@test "memory is bounded by the widest row" {
    case $DBR_BIN in *address*) skip "the sanitizer needs memory of its own" ;; esac
    [ -x /usr/bin/time ] || skip "no /usr/bin/time"
    p1 -c "INSERT INTO docs VALUES (1, repeat('it''s \"15\', 1600000), NULL)"
    # As the server sends it: with its backslashes doubled.
    local width=$((1600000 * 10 / 1024)) form
    for form in --data-only --inserts --dialect=cockroach; do
        /usr/bin/time -f %M -o rss "$DBR_BIN/dbr-export" --env-file "$ENV_FILE" -q "$form" --output=docs.sql
        [ "$(cat rss)" -lt $((16384 + 2 * width)) ] || fail "$form took $(cat rss) KiB"
    done
}
