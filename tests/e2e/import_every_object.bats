#!/usr/bin/env bats
# Proves: what dbr-export or pg_dump wrote is on the other database, object by object and row by row, after dbr-import: from a
# file, compressed, through a pipe, as COPY blocks and as INSERT statements.

load ../lib/helper
load ../lib/every_object

setup() {
    needs_postgres "what only PostgreSQL has is restored into it"
    pair_setup empty
    as_superuser
}
teardown() { pair_teardown; }

import() { run_dbr import --target=secondary "$@"; }

again() { schema_clear two; }

@test "every object and row of an export" {
    every_object_load
    run_dbr export --output=every.sql.gz
    exits 0
    import --input=every.sql.gz
    exits 0
    stdout_has customers measurements
    stderr_has "Import completed: every.sql.gz into the secondary"
    stderr_lacks "not run"
    same_print
    same_rows
    is "$(p2 -c "SELECT count(*) FROM totals")" 1
    is "$(p2 -c "SELECT last_value, is_called FROM \"Free Sequence\"")" "500|f"
    again
    run_dbr export --inserts --output=every.sql
    exits 0
    import --input=every.sql
    exits 0
    same_print
    same_rows
}

@test "every object and row of pg_dump" {
    printable || skip "pg_dump is older than the server"
    every_object_load
    every_object_closed
    local way
    for way in "" --inserts "--column-inserts --rows-per-insert=2" "--clean --if-exists" --quote-all-identifiers; do
        # shellcheck disable=SC2086 # words
        pg_dump $way -d "$P1_URL" >dump.sql
        import --input=dump.sql
        exits 0
        printed "$P1_URL" >schema1
        printed "$P2_URL" >schema2
        diff schema1 schema2 >differences || fail "the schemas differ after pg_dump $way:" "$(head -n 40 differences)"
        same_rows
        again
    done
}

@test "definitions first, rows later" {
    every_object_load
    every_object_closed
    run_dbr export --schema-only --output=schema.sql
    exits 0
    for rows in "export --data-only" "export --data-only --inserts" pg_dump; do
        import --input=schema.sql
        exits 0
        is "$(p2 -c "SELECT count(*) FROM customers")" 0
        if [ "$rows" != pg_dump ]; then
            # shellcheck disable=SC2086 # words
            run_dbr $rows --output=rows.sql
            exits 0
        else
            pg_dump --data-only -d "$P1_URL" >rows.sql 2>/dev/null || break
        fi
        import --input=rows.sql
        exits 0
        same_rows
        same_print
        import --input=rows.sql
        exits 5
        stderr_has "has rows" --upsert
        again
    done
}

@test "through a pipe, from a redirected file, and compressed through a pipe" {
    every_object_load
    run_dbr export --output=every.sql
    exits 0
    for how in 'cat every.sql |' 'gzip -c every.sql |' '<every.sql'; do
        if [ "$how" = '<every.sql' ]; then
            "$DBR_BIN/dbr-import" --env-file "$ENV_FILE" --target=secondary --input=- <every.sql >out 2>err || fail "$how: $(cat err)"
        else
            bash -c "$how \"\$0\" --env-file \"\$1\" --target=secondary --input=-" "$DBR_BIN/dbr-import" "$ENV_FILE" >out 2>err ||
                fail "$how: $(cat err)"
        fi
        same_rows
        again
    done
}

@test "the application's data, small blocks and large ones" {
    p1 -f "$ROOT/tests/data/app.sql" >/dev/null
    # More than a block that travels among the statements, and rows wider than any buffer.
    p1 -c "INSERT INTO leads (name, message) SELECT 'n' || i, repeat(E'tab\t line\n back\\\\ ', 20) FROM generate_series(1, 5000) i" \
        -c "INSERT INTO leads (name, message) SELECT 'wide', repeat(md5(i::text), 20000) FROM generate_series(1, 5) i"
    run_dbr export --output=shop.sql
    exits 0
    import --input=shop.sql --json
    exits 0
    json_true .success
    json_is .origin dbr-export
    json_is .inserted "$(jq -n "$(p1 -c "SELECT count(*) FROM leads") + 803")"
    json_is '.tables[] | select(.name == "users") | .inserted' 174
    same_rows
    same_schema
    is "$(tail -n 1 "$STATE_DIR/events.jsonl" | jq -r '.event + " " + .target')" "import secondary"
    again
    pg_dump -d "$P1_URL" 2>/dev/null | gzip -c >shop.sql.gz || true
    if printable; then
        import --input=shop.sql.gz
        exits 0
        same_rows
    fi
}

@test "how the source stores a table is left out where the target cannot" {
    [[ $(major1) -ge 15 && $(major2) -ge 15 ]] || skip "a table cannot change its access method"
    p1 >/dev/null <<'SQL'
CREATE ACCESS METHOD "other heap" TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE t (id integer PRIMARY KEY, v text) USING "other heap" WITH (fillfactor = 50);
CREATE TABLE p (id integer) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p DEFAULT USING "other heap";
INSERT INTO t VALUES (1, 'one');
INSERT INTO p VALUES (1);
SQL
    run_dbr export --output=t.sql
    exits 0
    import --input=t.sql
    exits 0
    stderr_has "not run: line $(grep -n '"t" SET ACCESS' t.sql | cut -d: -f1): ALTER TABLE ONLY \"public\".\"t\" SET ACCESS METHOD" 'access method "other heap" does not exist'
    same_rows
    same_schema
    again
    run_dbr init-secondary
    exits 0
    stdout_has "access method of table t" 'access method "other heap" does not exist'
    same_rows
    again
    p2w -c 'CREATE ACCESS METHOD "other heap" TYPE TABLE HANDLER heap_tableam_handler'
    import --input=t.sql
    exits 0
    stderr_lacks "not run"
    is "$(p2 -c "SELECT count(*) FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'other heap' AND relname IN ('t', 'p_1')")" 2
}

@test "a twin that was restored counts as one" {
    p1 -f "$ROOT/tests/data/app.sql" >/dev/null
    init_pair
    run_dbr export --output=shop.sql.gz
    exits 0
    p1 -c "UPDATE users SET display_name = 'after the export' WHERE id = 3" -c "DELETE FROM leads"
    run_dbr import --target=primary --input=shop.sql.gz --clean --yes
    exits 0
    is "$(p1 -c "SELECT count(*) FROM leads")" 4
    run_dbr sync
    exits 0
    in_step
}
