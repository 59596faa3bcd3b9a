#!/usr/bin/env bats
# Proves: a file of some tables holds them with what belongs to them and nothing else; rows without definitions come parents
# first, and tables that refer to each other in a circle are named; names of all kinds.

load ../lib/helper

setup() { pair_setup empty; }
teardown() { pair_teardown; }

@test "some tables, with sequences, keys and triggers" {
    p1 <<'SQL'
CREATE TYPE mood AS ENUM ('ok', 'bad');
CREATE SEQUENCE free;
CREATE TABLE parents (id serial PRIMARY KEY, m mood DEFAULT 'ok', UNIQUE (m, id));
CREATE TABLE children (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES parents, n int DEFAULT nextval('free'));
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER keep BEFORE UPDATE ON children FOR EACH ROW EXECUTE FUNCTION f();
CREATE VIEW v AS SELECT * FROM children;
COMMENT ON TABLE children IS 'of parents';
INSERT INTO parents SELECT FROM generate_series(1, 5);
INSERT INTO children (parent) SELECT id FROM parents;
SQL
    run_dbr export --tables=children --output=c.sql
    exits 0
    stderr_has 'needs table parents (foreign key children_parent_fkey of table children)' \
        'needs sequence free (default of column children.n)'
    stderr_lacks mood 'not carried over'
    output=$(cat c.sql)
    stdout_has '-- note: needs table parents (foreign key children_parent_fkey of table children)' \
        '-- note: needs sequence free (default of column children.n)'
    stdout_has 'CREATE TABLE "public"."children"' 'children_parent_fkey' 'CREATE TRIGGER keep' "'of parents'" '-- table: "children"' \
        '-- rows: 5 "children"'
    stdout_lacks 'CREATE TYPE' 'CREATE VIEW' 'CREATE FUNCTION' 'CREATE SEQUENCE' 'TABLE "public"."parents"' '-- rows: 5 "parents"'
    # The lost table comes back where the others are.
    p1 -c "DROP TABLE children CASCADE"
    p1 -f c.sql >/dev/null
    is "$(p1 -c "SELECT count(*), max(id) FROM children")" "5|5"
    p1 -c "INSERT INTO children (parent) VALUES (1)"
    is "$(p1 -c "SELECT max(id) FROM children")" 6
}

@test "a table that others refer to: the recipe for a table that was lost, their foreign keys included" {
    needs_postgres "the recipe exports for PostgreSQL"
    p1 -c "CREATE TABLE acc (id int PRIMARY KEY)" -c "CREATE TABLE \"Child\" (id int PRIMARY KEY, acc int CONSTRAINT \"to acc\" REFERENCES acc ON DELETE CASCADE)" \
        -c "INSERT INTO acc VALUES (1)" -c "INSERT INTO \"Child\" VALUES (1, 1)"
    init_pair
    p1 -c "DROP TABLE acc CASCADE" 2>/dev/null
    run_dbr sync
    exits 5
    run_dbr export --source=secondary --tables=acc --output=acc.sql
    exits 0
    stderr_has 'not carried over: foreign key to acc of table Child: it refers to acc; where it is gone: ALTER TABLE'
    run_dbr import --target=primary --input=acc.sql --yes
    exits 0
    p1 -c "$(sed -n 's/^-- note: not carried over: foreign key .*where it is gone: //p' acc.sql)"
    run_dbr sync
    exits 0
    same_schema
    in_step
    # With both in the file there is nothing to say, nor is there of rows alone.
    run_dbr export --source=secondary --tables=acc,Child --output=both.sql
    stderr_lacks "where it is gone"
    run_dbr export --source=secondary --tables=acc --data-only --output=rows.sql
    stderr_lacks "where it is gone"
}

# needs EXPECTED OPTION...: what the last export says that it needs, by name.
needs() {
    local expected=$1
    shift
    run_dbr export --json --output=needs.sql "$@"
    exits 0
    is "$(jq -r '[.notes[] | select(.kind == "needed") | .object] | sort | join(", ")' <<<"$output")" "$expected"
    is "$(grep -ac '^-- note: needs ' needs.sql || true)" "$(jq '[.notes[] | select(.kind == "needed")] | length' <<<"$output")"
}

@test "what some tables need is named, and nothing else" {
    p1 <<'SQL'
CREATE TYPE mood AS ENUM ('ok', 'bad');
CREATE DOMAIN small AS int CHECK (VALUE < 10);
CREATE SEQUENCE free;
CREATE SEQUENCE "The 'Free'.One";
CREATE TABLE parents (id serial PRIMARY KEY, m mood DEFAULT 'ok');
CREATE TABLE kin (id int PRIMARY KEY DEFAULT nextval('parents_id_seq'), moods mood[], s small, t text DEFAULT 'nextval(''free''::regclass)');
CREATE TABLE odd (id int DEFAULT (nextval('free') + nextval('"The ''Free''.One"')), p parents);
CREATE TABLE heir (more int) INHERITS (kin);
CREATE TABLE part (id int REFERENCES parents, up int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (100);
ALTER TABLE part ADD PRIMARY KEY (id);
CREATE TABLE self (id int PRIMARY KEY, up int REFERENCES self, p int REFERENCES part);
SQL
    needs ""
    needs "type mood" --tables=parents
    needs "sequence parents_id_seq, type mood, type small" --tables=kin
    needs "type mood, type small" --tables=kin,parents
    needs "sequence The 'Free'.One, sequence free, table parents" --tables=odd
    needs "sequence The 'Free'.One, sequence free, type mood" --tables=odd,parents
    needs "sequence parents_id_seq, table kin, type mood, type small" --tables=heir
    needs "table parents" --tables=part
    needs "table part" --tables=self
    needs "table part" --tables=self --schema-only
    needs "table part" --tables=self --data-only
    needs "" --tables=self,part,parents --data-only
    # A domain becomes its type there.
    needs "sequence parents_id_seq, type mood" --tables=kin --dialect=cockroach
}

@test "rows without values of their own are missed aloud" {
    p1 <<'SQL'
CREATE TABLE gg (a int GENERATED ALWAYS AS (1 + 1) STORED);
CREATE TABLE bare ();
CREATE TABLE t (id int PRIMARY KEY);
INSERT INTO gg DEFAULT VALUES;
INSERT INTO bare DEFAULT VALUES;
SQL
    for mode in --gzip --data-only --inserts --tables=gg,bare --dialect=cockroach; do
        run_dbr export "$mode" --output=rows.sql
        exits 0
        stderr_has 'rows of table gg: its columns are all generated' 'rows of table bare: it has no columns'
        [ "$mode" != --gzip ] || { gzip -dc rows.sql >plain.sql && mv plain.sql rows.sql; }
        is "$(grep -c '^-- note: .*rows of table gg: .* not written' rows.sql)" 1
        is "$(grep -c '^-- note: .*rows of table bare: .* not written' rows.sql)" 1
        is "$(grep -c 'rows of table t:' rows.sql || true)" 0
    done
    run_dbr export --data-only --json --output=rows.sql
    exits 0
    json_is '[.notes[] | select(.kind == "notCarried") | .object] | sort | join(", ")' 'rows of table bare, rows of table gg'
    run_dbr export --data-only --tables=t --output=rows.sql
    exits 0
    stderr_lacks 'rows of table'
    run_dbr export --schema-only --output=rows.sql
    exits 0
    stderr_lacks 'rows of table'
}

@test "rows alone come parents first, and circles are named" {
    p1 <<'SQL'
CREATE TABLE a_child (id int PRIMARY KEY, p int);
CREATE TABLE z_parent (id int PRIMARY KEY);
ALTER TABLE a_child ADD FOREIGN KEY (p) REFERENCES z_parent;
CREATE TABLE chicken (id int PRIMARY KEY, egg int);
CREATE TABLE egg (id int PRIMARY KEY, chicken int REFERENCES chicken);
ALTER TABLE chicken ADD FOREIGN KEY (egg) REFERENCES egg;
INSERT INTO z_parent VALUES (1); INSERT INTO a_child VALUES (1, 1);
INSERT INTO chicken VALUES (1, NULL); INSERT INTO egg VALUES (1, 1); UPDATE chicken SET egg = 1;
SQL
    run_dbr export --data-only --tables=a_child,z_parent --output=rows.sql
    exits 0
    stderr_lacks circle
    p1 -c "TRUNCATE z_parent, a_child"
    p1 -f rows.sql >/dev/null
    is "$(p1 -c "SELECT count(*) FROM a_child")" 1
    run_dbr export --data-only --output=rows.sql
    exits 0
    stderr_has "in a circle" dbr-import
    grep -qE '^-- cycle: "(chicken|egg)"' rows.sql
    # CockroachDB cannot put the check of a key off, so neither can dbr-import there.
    run_dbr export --data-only --dialect=cockroach --output=rows.sql
    exits 0
    stderr_has "in a circle" "drop a foreign key"
    stderr_lacks dbr-import
}

@test "names cannot leave their comment or statement" {
    p1 <<'SQL'
CREATE TABLE "a
\! touch pwned
-- rows: 5" (id int PRIMARY KEY, "c
\! touch pwned" text);
INSERT INTO "a
\! touch pwned
-- rows: 5" VALUES (1, E'x\n\\.\n\\! touch pwned\n');
COMMENT ON TABLE "a
\! touch pwned
-- rows: 5" IS E'\n\\! touch pwned\n';
SQL
    run_dbr export --output=evil.sql
    exits 0
    p2 -f evil.sql >/dev/null
    same_rows
    [ ! -e pwned ] || fail "a name ran a command"
    run_dbr export --dialect=cockroach --output=evil2.sql
    exits 0
    psql -X -q -d "$P2_URL" -f evil2.sql >/dev/null 2>&1 || true
    [ ! -e pwned ] || fail "a name ran a command"
}

@test "another schema" {
    p1 -c 'CREATE SCHEMA "the Shop"' -c 'CREATE TABLE "the Shop".t (id serial PRIMARY KEY)' -c 'INSERT INTO "the Shop".t DEFAULT VALUES' \
        -c "CREATE TABLE other (id int)"
    env_set DB_SCHEMA "the Shop"
    run_dbr export --output=shop.sql
    exits 0
    run ! grep -q other shop.sql
    sql "$(standin_behind "$P2_URL")" -f shop.sql >/dev/null
    both_compared "the Shop"
    env_set DB_SCHEMA nosuch
    run_dbr export --output=none.sql
    exits 2
    stderr_has nosuch
}

@test "tables that a sync leaves out are exported" {
    p1 -c "CREATE TABLE a (id int PRIMARY KEY)" -c "CREATE TABLE b (id int PRIMARY KEY)"
    env_set DB_SYNC_EXCLUDE_TABLES b
    run_dbr export --output=both.sql
    exits 0
    grep -q 'CREATE TABLE "public"."b"' both.sql
}
