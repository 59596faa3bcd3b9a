#!/usr/bin/env bats
# Proves: rows that the standby keeps out without an error are noticed before the commit: the table fails by name and is left as it
# was, the others go through, and nothing is called equal that is not.

load ../lib/helper
# Clones of a trigger of a partitioned table, enabled on one partition, are what nobody looks for.
setup() {
    needs_postgres "a trigger of the secondary keeps rows out"
    pair_setup empty
    p1 <<'SQL'
CREATE TABLE p (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE p_low PARTITION OF p FOR VALUES FROM (0) TO (1000);
CREATE TABLE multiset (id int, v text) PARTITION BY RANGE (id);
CREATE TABLE multiset_all PARTITION OF multiset DEFAULT;
CREATE TABLE other (id int PRIMARY KEY, v text);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    IF TG_OP = 'DELETE' THEN IF OLD.v = 'out' THEN RETURN NULL; END IF; RETURN OLD; END IF;
    IF NEW.v LIKE 'out%' THEN RETURN NULL; END IF; RETURN NEW; END$$;
CREATE TRIGGER swallow BEFORE INSERT OR UPDATE OR DELETE ON p FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER swallow BEFORE INSERT OR UPDATE OR DELETE ON multiset FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE p DISABLE TRIGGER swallow;
ALTER TABLE multiset DISABLE TRIGGER swallow;
INSERT INTO p SELECT i, CASE WHEN i < 10 THEN 'out' ELSE 'in' END FROM generate_series(1, 20) i;
INSERT INTO multiset SELECT i % 5, CASE WHEN i < 10 THEN 'out' ELSE 'in' END FROM generate_series(1, 20) i;
INSERT INTO other SELECT i, 'o' FROM generate_series(1, 20) i;
SQL
    init_pair
    p2w -c "ALTER TABLE p_low ENABLE TRIGGER swallow" -c "ALTER TABLE multiset_all ENABLE TRIGGER swallow"
}
teardown() { pair_teardown; }

# not_taken TABLE NUMBERS SQL
not_taken() {
    p1 -c "$3" -c "UPDATE other SET v = v || 'x' WHERE id < 5"
    run_dbr sync --json
    exits 1
    json_is .success false
    json_is ".tables[] | select(.name == \"$1\") | .error" \
        "the secondary did not take $2 rows of $1: a trigger or rule there?"
    json_is '.tables[] | select(.name == "other") | .updated' 4
    p2w -c "ALTER TABLE p_low DISABLE TRIGGER swallow" -c "ALTER TABLE multiset_all DISABLE TRIGGER swallow"
    run_dbr sync
    exits 0
    in_step
}

@test "an insert" { not_taken p "2 of 3" "INSERT INTO p VALUES (21, 'out'), (22, 'in'), (23, 'out')"; }
@test "an update" { not_taken p "1 of 2" "UPDATE p SET v = 'out 2' WHERE id = 15; UPDATE p SET v = 'in 2' WHERE id = 16"; }
@test "a delete" { not_taken p "3 of 4" "DELETE FROM p WHERE id IN (1, 2, 3, 15)"; }
@test "a wide row" { not_taken p "1 of 1" "UPDATE p SET v = 'out' || repeat('w', 3000000) WHERE id = 15"; }
@test "a wide row that goes" {
    p2w -c "ALTER TABLE p_low DISABLE TRIGGER swallow"
    p1 -c "INSERT INTO p VALUES (99, repeat('w', 3000000))"
    run_dbr sync
    exits 0
    p2w -c "CREATE OR REPLACE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'" \
        -c "ALTER TABLE p_low ENABLE TRIGGER swallow"
    not_taken p "1 of 1" "DELETE FROM p WHERE id = 99"
}
@test "rows without a key" { not_taken multiset "1 of 2" "INSERT INTO multiset VALUES (1, 'in 2'), (1, 'out 2')"; }
@test "rows without a key that go" { not_taken multiset "2 of 4" "DELETE FROM multiset WHERE ctid IN (SELECT min(ctid) FROM multiset WHERE id = 1 GROUP BY v)"; }

@test "init --update says it too" {
    p1 -c "INSERT INTO p VALUES (21, 'out')"
    run_dbr init-secondary --update
    [ "$status" -ne 0 ] || fail "init called it done"
    has "$output$errors" output 'the secondary did not take 1 of 1 rows of p'
    # It has disabled the trigger.
    run_dbr sync
    exits 0
    in_step
}
