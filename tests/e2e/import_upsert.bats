#!/usr/bin/env bats
# Proves: --upsert merges a file's rows by key into tables that are in use: last write wins, what is overwritten is salvaged,
# triggers do not touch the rows and are afterwards as they were, and what cannot be merged is refused by name.

load ../lib/helper

setup() {
    needs_postgres "--upsert goes into PostgreSQL only"
    pair_setup empty
    for side in p1 p2; do
        $side >/dev/null <<'SQL'
CREATE TABLE a (id integer PRIMARY KEY, b_id integer, v text);
CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a, v text);
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b;
CREATE TABLE notes (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "te""xt" text, amount numeric, doc json, at point,
    upper text GENERATED ALWAYS AS (upper("te""xt")) STORED, updated_at timestamptz);
CREATE TABLE "select" (id integer, part integer, v text, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE "one.1" (v text, part integer NOT NULL, id integer NOT NULL);
ALTER TABLE "select" ATTACH PARTITION "one.1" FOR VALUES IN (1);
CREATE TABLE late (id integer PRIMARY KEY DEFERRABLE, v text);
CREATE TABLE ruled (id integer PRIMARY KEY, v text);
CREATE RULE keep_old AS ON UPDATE TO ruled DO INSTEAD NOTHING;
SQL
    done
}
teardown() { pair_teardown; }

# dump TABLE...: the primary's rows, as pg_dump writes them, in dump.sql
dump() {
    local table arguments=()
    for table in "$@"; do arguments+=(-t "$table"); done
    pg_dump --data-only --no-owner "${arguments[@]}" -d "$P1_URL" >dump.sql 2>/dev/null || copied "$@"
}
# The same on a server that is newer than the installed pg_dump.
copied() {
    local table columns
    for table in "$@"; do
        columns=$(p1 -c "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = '$table'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''")
        echo "COPY public.$table ($columns) FROM stdin;"
        p1 -c "COPY (SELECT $columns FROM ONLY $table) TO STDOUT"
        echo '\.'
    done | dumped
    mv file.sql dump.sql
}
# SQL from standard input between what pg_dump writes around it, in file.sql
dumped() {
    { printf -- '--\n-- PostgreSQL database dump\n--\n\n' && cat && printf -- '\n--\n-- PostgreSQL database dump complete\n--\n\n'; } >file.sql
}
upsert() { run_dbr import --target=secondary --input="${1:-dump.sql}" --upsert --yes "${@:2}"; }
states() { p2 -c "SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger ORDER BY 1, 2" -c "SELECT rulename, ev_enabled FROM pg_rewrite ORDER BY 1"; }
salvaged() { zcat "$STATE_DIR"/salvage/*import*.jsonl.gz 2>/dev/null; }
count_of() { jq -r --arg table "$1" --arg key "$2" '.tables[] | select(.name == $table) | .[$key]' <<<"$output"; }

@test "rows of a partition: the partitioned table is compared as a whole by the next sync" {
    p1 -c "INSERT INTO \"select\" VALUES (1, 1, 'x')"
    run_dbr init-secondary --recreate
    exits 0
    jq -e '.tables["select"].watermark' "$STATE_DIR/state.json" >/dev/null || fail "$(cat "$STATE_DIR/state.json")"
    dump '"one.1"'
    upsert
    exits 0
    jq -e '.tables["select"] == null and .tables.notes.watermark != null' "$STATE_DIR/state.json" >/dev/null || fail "$(cat "$STATE_DIR/state.json")"
}

@test "rows are inserted, updated, kept and left alone, and what is overwritten is salvaged" {
    p1 -c "INSERT INTO notes OVERRIDING SYSTEM VALUE VALUES (1, 'file', 1.00, '{\"a\": 1}', '(1,2)', DEFAULT, '2024-02-01'),
        (2, 'old', 2, NULL, NULL, DEFAULT, '2024-01-01'), (3, 'same', 3, NULL, NULL, DEFAULT, NULL), (4, 'new', 4, NULL, NULL, DEFAULT, NULL)"
    p2 -c "INSERT INTO notes OVERRIDING SYSTEM VALUE VALUES (1, 'target', 1.0, '{\"a\":1}', '(1,2)', DEFAULT, '2024-01-01'),
        (2, 'newer', 2, NULL, NULL, DEFAULT, '2024-03-01'), (3, 'same', 3, NULL, NULL, DEFAULT, NULL), (9, 'own', 9, NULL, NULL, DEFAULT, NULL)"
    dump notes
    upsert dump.sql --json
    exits 0
    is "$(count_of notes inserted)" 1
    is "$(count_of notes updated)" 1
    is "$(p2 -c "SELECT id, \"te\"\"xt\", amount, upper FROM notes ORDER BY 1")" $'1|file|1.00|FILE\n2|newer|2|NEWER\n3|same|3|SAME\n4|new|4|NEW\n9|own|9|OWN'
    is "$(salvaged | wc -l)" 1
    is "$(salvaged | jq -r '[.table, .reason, .key.id, .lost["te\"xt"], .lost.amount, .kept["te\"xt"]] | join(" ")')" "notes import 1 target 1.0 file"
    upsert dump.sql --json
    exits 0
    is "$(count_of notes updated)" 0
    is "$(salvaged | wc -l)" 1
}

@test "cycles, partitions, deferrable keys and rules" {
    p1 -c "INSERT INTO a VALUES (1, NULL, 'a')" -c "INSERT INTO b VALUES (1, 1, 'b')" -c "UPDATE a SET b_id = 1" \
        -c "INSERT INTO \"select\" VALUES (1, 1, 'p'), (2, 1, 'q')" -c "INSERT INTO late VALUES (1, 'x'), (2, 'y')" \
        -c "INSERT INTO ruled VALUES (1, 'file'), (2, 'file')"
    p2 -c "INSERT INTO \"select\" VALUES (1, 1, 'before')" -c "INSERT INTO late VALUES (1, 'before')" \
        -c "INSERT INTO ruled VALUES (1, 'before')"
    dump a b '"one.1"' '"select"' late ruled
    upsert
    exits 0
    for table in a b '"select"' late ruled; do
        is "$(p2 -c "SELECT * FROM $table ORDER BY 1")" "$(p1 -c "SELECT * FROM $table ORDER BY 1")"
    done
}

@test "of several rows with one key the newest counts, then the last" {
    dumped <<'SQL'
INSERT INTO notes (id, "te""xt", updated_at) OVERRIDING SYSTEM VALUE VALUES (1, 'first', '2024-01-01'), (1, 'newest', '2024-03-01'), (1, 'last', '2024-02-01');
INSERT INTO late (id, v) VALUES (1, 'first');
INSERT INTO late (id, v) VALUES (1, 'last');
SQL
    upsert file.sql
    exits 0
    is "$(p2 -c 'SELECT "te""xt" FROM notes')" newest
    is "$(p2 -c 'SELECT v FROM late')" last
}

@test "triggers stay out of it and are as they were" {
    p2 >/dev/null <<'SQL'
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := 'spoiled'; RETURN NEW; END $$;
CREATE TRIGGER plain BEFORE INSERT OR UPDATE ON late FOR EACH ROW EXECUTE FUNCTION spoil();
CREATE TRIGGER always BEFORE INSERT OR UPDATE ON late FOR EACH ROW EXECUTE FUNCTION spoil();
ALTER TABLE late ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER off BEFORE INSERT OR UPDATE ON late FOR EACH ROW EXECUTE FUNCTION spoil();
ALTER TABLE late DISABLE TRIGGER off;
CREATE TRIGGER parts BEFORE INSERT OR UPDATE ON "select" FOR EACH ROW EXECUTE FUNCTION spoil();
SQL
    local before
    before=$(states)
    p1 -c "INSERT INTO late VALUES (1, 'x')" -c "INSERT INTO \"select\" VALUES (1, 1, 'p')"
    dump late '"one.1"' '"select"'
    upsert
    exits 0
    is "$(p2 -c 'SELECT v FROM late')" x
    is "$(p2 -c 'SELECT v FROM "select"')" p
    is "$(states)" "$before"
}

@test "columns that the file lacks keep their values" {
    p2 -c "INSERT INTO a VALUES (1, NULL, 'mine')"
    dumped <<<"INSERT INTO a (id) VALUES (1), (2);"
    upsert file.sql
    exits 0
    is "$(p2 -c 'SELECT id, v FROM a ORDER BY 1')" $'1|mine\n2|'
}

@test "what cannot be merged is refused by name and nothing changes" {
    p2 -c "CREATE TABLE keyless (x integer)"
    dumped <<<"INSERT INTO late VALUES (5, 'x'); INSERT INTO keyless VALUES (1);"
    upsert file.sql
    exits 5
    # Never a step that would drop what came since the file was made.
    stderr_has keyless "dbr-export --tables"
    stderr_lacks --clean
    dumped <<<"INSERT INTO late (id, nope) VALUES (5, 'x');"
    upsert file.sql
    exits 5
    stderr_has nope late
    dumped <<<"INSERT INTO late (v) VALUES ('x');"
    upsert file.sql
    exits 5
    stderr_has 'column id' late
    is "$(p2 -c 'SELECT count(*) FROM late')" 0
}

@test "a row that another unique value or a foreign key keeps out names the table and changes nothing" {
    p2 -c "ALTER TABLE late ADD UNIQUE (v)" -c "INSERT INTO late VALUES (1, 'taken'), (2, 'two')"
    dumped <<<"INSERT INTO a VALUES (7, NULL, 'x'); INSERT INTO late VALUES (2, 'taken');"
    upsert file.sql
    exits 1
    stderr_has late taken
    is "$(p2 -c 'SELECT count(*) FROM a')" 0
    is "$(salvaged)" ""
    dumped <<<"INSERT INTO a VALUES (7, 99, 'x');"
    upsert file.sql
    exits 1
    stderr_has 'a_b_id_fkey'
}
