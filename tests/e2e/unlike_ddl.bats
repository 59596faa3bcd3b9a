#!/usr/bin/env bats
# Proves: of a schema that CockroachDB takes otherwise, or not at all, each object is carried in its meaning or named with what becomes
# of it; CockroachDB's parser takes what is written; a stand-in holds it, with its rows; and dbr(7) tells of every kind of note.

load ../lib/helper

setup_file() { standin_file_setup; }
teardown_file() { [ -z "${SERVERS_DIR:-}" ] || standin_file_teardown; }

setup() {
    pair_setup empty
    as_superuser
    p1 -f "$ROOT/tests/data/unlike.sql" >/dev/null 2>"$BATS_TEST_TMPDIR/load" || {
        ! grep -q 'de-x-icu\|ICU is not' "$BATS_TEST_TMPDIR/load" || skip "this server has no ICU"
        fail "$(cat "$BATS_TEST_TMPDIR/load")"
    }
}
teardown() { pair_teardown; }

# written: the statements and the notes that dbr has for the schema.
written() {
    run_dbr init-secondary --dry-run --dialect=cockroach
    exits 0
    NOTES=$(sed -nE 's/^-- (substituted|not carried over): /\1: /p' <<<"$output")
}

@test "every object that is not carried as it is has its note, and no other" {
    written
    diff -u "$ROOT/tests/data/unlike.notes" <(LC_ALL=C sort <<<"$NOTES") >"$BATS_TEST_TMPDIR/diff" ||
        fail "other notes:" "$(cat "$BATS_TEST_TMPDIR/diff")"
}

@test "what is carried is written in CockroachDB's words" {
    written
    stdout_has '"half" INT4 GENERATED ALWAYS AS ((n // 2)) STORED' '"whole" INT4 GENERATED ALWAYS AS (((m * (2)::DECIMAL))::INT4) STORED' \
        'CONSTRAINT "halves" CHECK (((n // 2) < 5))' "CONSTRAINT \"not_blank\" CHECK ((btrim(trimmed, ' ') <> ''::STRING))" \
        "CONSTRAINT \"not_blank_too\" CHECK ((TRIM(BOTH ' ' FROM trimmed_too) <> ''::STRING))" \
        "CONSTRAINT \"pattern\" CHECK ((p ~ '(?s)^[a-z]+.[0-9]{2,4}\$'::STRING))" '"thirds" INT4 DEFAULT (10 // 3)' \
        '"stamp" INT8 DEFAULT ((EXTRACT(epoch FROM now())::DECIMAL * (1000)::DECIMAL))::INT8' \
        "\"price\" DECIMAL(19,2) DEFAULT '-1234.50'::DECIMAL(19,2)" "\"fixed\" CHAR(5) DEFAULT 'ab'::STRING" \
        'CONSTRAINT "label_tag_check" CHECK (("label" <> '"''::STRING))" '"id" INT4 NOT NULL DEFAULT nextval(' \
        'CREATE SEQUENCE "public"."rounds" AS INT2 INCREMENT BY 2 MINVALUE -3 MAXVALUE 100 START WITH 5;' \
        'CREATE INDEX "keys_order" ON "public"."keys" ("d" DESC NULLS LAST, "e" ASC NULLS FIRST);' \
        'ADD CONSTRAINT "keys_d_e_a_key" UNIQUE ("d", "e") STORING ("a");' 'MATCH FULL ON UPDATE CASCADE;' \
        'ADD CONSTRAINT "later" CHECK ((n <> 99)) NOT VALID;' 'COMMENT ON INDEX "public"."keys"@"keys_half"'
    stdout_lacks '@"keys_gist"' '"keys_b_key"' '"keys_f_excl"' 'DEFERRABLE;' 'CYCLE;' 'COLLATE'
}

@test "CockroachDB's parser takes every statement" {
    local said program
    program=$("$ROOT/tests/cockroach-grammar/build") || skip "$program"
    written
    said=$("$program" "$RUNS/$RUN.out" 2>&1) || fail "CockroachDB would refuse:" "$said"
    [ "${said% statements}" -ge 30 ] || fail "$said"
}

@test "a stand-in holds the schema with its rows, and generated columns have the same values" {
    local column
    p1 -c "DROP POLICY own ON notes" -c "ALTER TABLE notes DISABLE ROW LEVEL SECURITY"
    run_dbr init-secondary
    exits 0
    run_dbr sync --verify
    exits 0
    for column in half third whole lowered picked root exact length; do
        is "$(p2 -c "SELECT $column FROM generated ORDER BY id")" "$(p1 -c "SELECT ${column} FROM generated ORDER BY id")"
    done
    p1 -c "UPDATE generated SET n = -9, t = ' x '" -c "UPDATE types SET fixed = 'x', sorted = 'q'" -c "UPDATE checks SET n = 8"
    run_dbr sync
    exits 0
    run_dbr sync --verify
    exits 0
    is "$(p2 -c "SELECT half, length FROM generated WHERE id = 1")" "-4|1"
    run_dbr init-secondary --update
    exits 0
    stdout_has "nothing to change"
}

# rows: what dbr(7) has between its marks, a line for each: "kind|text".
rows() {
    sed -n '/^\.\\" notes for CockroachDB$/,/^\.\\" end of notes$/p' "$ROOT/man/dbr.7" | awk '
        /^\.It / { if (text) print text; sub(/^\.It /, ""); gsub(/"/, ""); text = $0 "|"; first = 1; next }
        /^\./ { next }
        text { text = text (first ? "" : " ") $0; first = 0 }
        END { print text }' | sed 's/\\e/\\/g; s/\\-/-/g; s/\\&//g'
}

@test "the list in dbr(7) and the notes agree" {
    local kind text pattern sources all='' note
    written
    sources=$(cat "$ROOT"/lib/db/cockroach_*.c | tr -d '\n' | sed -E 's/"[ \t]*"//g; s/%[zu]*[sdu]|%\.\*s/.../g; s/\\\\/\\/g; s/\\"/"/g')
    while IFS='|' read -r kind text; do
        pattern=$(sed -E 's/[][\.*^$()+?{}|/]/\\&/g; s/\\\.\\\.\\\./.*/g' <<<"$text")
        pattern="^[a-z ]+: ${kind}[^:]*: $pattern\$"
        grep -qE "$pattern" <<<"$NOTES" || has "$sources" "lib/db" "$text"
        all+="$pattern"$'\n'
    done < <(rows)
    [ "$(wc -l <<<"$all")" -gt 50 ] || fail "the list is short: $all"
    while read -r note; do
        grep -qEf <(printf %s "$all") <<<"$note" || fail "dbr(7) does not tell of: $note"
    done <<<"$NOTES"
}
