#!/usr/bin/env bats
# Proves: triggers and rules of every kind of relation, with dbr as the plain owner: on the standby those that would fire on
# applied rows sleep, those on views do not stand in the way, and a switch wakes exactly those that slept.

load ../lib/helper
setup() {
    needs_postgres "triggers and rules are not carried to CockroachDB"
    pair_setup empty
    p1 <<'SQL'
CREATE TABLE t (id int PRIMARY KEY, v int, updated_at timestamptz DEFAULT now());
CREATE TABLE log (id serial PRIMARY KEY, what text);
CREATE TABLE keep (id int PRIMARY KEY, v int);
CREATE TABLE also (id int PRIMARY KEY, v int);
CREATE TABLE p (id int, v int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE p_low PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p_high PARTITION OF p DEFAULT;
CREATE VIEW seen AS SELECT id, v FROM t WHERE v > 0;
CREATE VIEW ruled AS SELECT id, v FROM t;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO log (what) VALUES (TG_NAME || ' ' || TG_OP); RETURN NULL; END$$;
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN IF TG_OP = 'DELETE' THEN RETURN NULL; END IF; NEW.v := NEW.v + 1000; RETURN NEW; END$$;
CREATE FUNCTION through() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN UPDATE t SET v = NEW.v WHERE id = OLD.id; RETURN NEW; END$$;
CREATE TRIGGER instead INSTEAD OF UPDATE ON seen FOR EACH ROW EXECUTE FUNCTION through();
CREATE TRIGGER on_t BEFORE UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION spoil();
CREATE TRIGGER on_p AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER on_part BEFORE UPDATE ON p_low FOR EACH ROW EXECUTE FUNCTION spoil();
CREATE RULE ruled_update AS ON UPDATE TO ruled DO INSTEAD UPDATE t SET v = NEW.v WHERE id = OLD.id;
CREATE RULE kept AS ON DELETE TO keep DO INSTEAD NOTHING;
CREATE RULE noted AS ON INSERT TO also DO ALSO INSERT INTO log (what) VALUES ('rule');
CREATE RULE kept AS ON UPDATE TO also DO INSTEAD NOTHING;
ALTER TABLE also ENABLE ALWAYS RULE noted;
INSERT INTO t SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO keep SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO also SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO p SELECT i, i FROM generate_series(91, 110) i;
SQL
}
teardown() { pair_teardown; }

states() {
    sql "$1" -c "SELECT string_agg(c.relname || '.' || x.name || ' ' || x.state, ', ' ORDER BY c.relname, x.name, x.state) FROM pg_class c
        JOIN (SELECT tgrelid AS r, tgname AS name, tgenabled::text AS state FROM pg_trigger WHERE NOT tgisinternal
              UNION ALL SELECT ev_class, rulename, ev_enabled::text FROM pg_rewrite WHERE rulename <> '_RETURN') x ON x.r = c.oid
        WHERE c.relname IN ('t', 'p', 'p_low', 'p_high', 'keep', 'also', 'seen', 'ruled')"
}

AWAKE="also.kept O, also.noted A, keep.kept O, p.on_p O, p_high.on_p O, p_low.on_p O, p_low.on_part O, ruled.ruled_update O, seen.instead O, t.on_t O"
ASLEEP="also.kept D, also.noted D, keep.kept D, p.on_p D, p_high.on_p D, p_low.on_p D, p_low.on_part D, ruled.ruled_update O, seen.instead O, t.on_t D"

# On SERVER's side every table changes in every way, past what would keep it from that.
change() {
    p"$1" <<SQL
BEGIN;
ALTER TABLE keep DISABLE RULE kept;
ALTER TABLE also DISABLE RULE kept;
ALTER TABLE t DISABLE TRIGGER on_t;
DELETE FROM keep WHERE id = $2;
DELETE FROM t WHERE id = $2;
UPDATE also SET v = -$2 WHERE id = $2;
INSERT INTO also VALUES ($2 + 100, 0);
ALTER TABLE t ENABLE TRIGGER on_t;
ALTER TABLE keep ENABLE RULE kept;
ALTER TABLE also ENABLE RULE kept;
UPDATE t SET v = 0 WHERE id = $2 + 1;
UPDATE p SET v = 0 WHERE id IN (91, 110);
INSERT INTO p VALUES ($2, 0), ($2 + 1000, 0);
COMMIT;
SQL
}

@test "the owner goes there and back" {
    run_dbr init-secondary
    exits 0
    stdout_has 'rule kept on keep' 'trigger on_part on p_low'
    same_rows
    same_schema
    is "$(states "$P2_URL")" "$ASLEEP"
    is "$(states "$P1_URL")" "$AWAKE"
    change 1 1
    run_dbr sync
    exits 0
    in_step
    run_dbr init-secondary --update
    exits 0
    is "$(states "$P2_URL")" "$ASLEEP"
    run_dbr failover --yes
    exits 0
    is "$(states "$P2_URL")" "$AWAKE"
    is "$(states "$P1_URL")" "$ASLEEP"
    change 2 3
    run_dbr sync
    exits 0
    in_step
    change 2 5
    run_dbr failback --yes
    exits 0
    is "$(states "$P1_URL")" "$AWAKE"
    same_rows
    in_step
}

@test "a forced failover, a merge, and back" {
    init_pair
    change 1 1
    link_open wire one 0
    env_set DATABASE_URL "$(link_url wire "$P1_URL")"
    env_set HEALTH_CHECK_TIMEOUT 1
    link_tell wire refuse
    run_dbr failover --yes
    exits 0
    is "$(states "$P2_URL")" "$AWAKE"
    change 2 3
    link_tell wire pass
    run_dbr sync
    exits 0
    is "$(states "$P2_URL")" "$AWAKE"
    run_dbr failback --yes
    exits 0
    is "$(states "$P1_URL")" "$AWAKE"
    in_step
}

@test "tables that are named: their partitions sleep too" {
    env_set DB_SYNC_TABLES p,keep
    run_dbr init-secondary
    exits 0
    is "$(states "$P2_URL" | tr , '\n' | grep -c ' D')" 5
    change 1 1
    run_dbr sync
    exits 0
    stderr_lacks 'disabled again'
    is "$(p2 -c "SELECT sum(v) FROM p")" "$(p1 -c "SELECT sum(v) FROM p")"
}

@test "tables that are left out keep theirs, and so do their partitions" {
    env_set DB_SYNC_EXCLUDE_TABLES p
    run_dbr init-secondary
    exits 0
    stdout_lacks 'disabled: trigger on_part on p_low'
    change 1 1
    run_dbr sync
    exits 0
}

@test "what somebody enabled on the standby is disabled again before rows are applied" {
    init_pair
    p2w -c "ALTER TABLE t ENABLE TRIGGER on_t" -c "ALTER TABLE keep ENABLE RULE kept" -c "ALTER TABLE also ENABLE RULE noted"
    change 1 1
    run_dbr sync
    exits 0
    stderr_has 'disabled again'
    is "$(states "$P2_URL")" "$ASLEEP"
    in_step
}
