#!/usr/bin/env bats
# Proves: triggers of the application fire for what the application writes, on whichever side it is, and never for rows that dbr
# moves; a materialized view is there after a switch.

load ../lib/helper
setup() { pair_setup empty; }
teardown() { pair_teardown; }

make_application() {
    p1 <<'SQL'
CREATE TABLE orders (id serial PRIMARY KEY, amount int, updated_at timestamptz DEFAULT now());
CREATE TABLE audit (id serial PRIMARY KEY, order_id int, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO audit (order_id, what) VALUES (coalesce(NEW.id, OLD.id), TG_NAME || ' ' || TG_OP); RETURN NULL; END$$;
CREATE TRIGGER ordinary AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER always AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE orders ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER asleep AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE orders DISABLE TRIGGER asleep;
CREATE MATERIALIZED VIEW total AS SELECT sum(amount) AS sum FROM orders;
INSERT INTO orders (amount) VALUES (1), (2);
SQL
}

enabled() { sql "$1" -c "SELECT string_agg(tgname || ' ' || tgenabled::text, ', ' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 'orders'::regclass"; }
audited() { sql "$1" -c "SELECT count(*) FROM audit"; }

there_and_back() {
    local awake="always A, asleep D, ordinary O" rows=4
    init_pair
    is "$(enabled "$P1_URL")" "$awake"
    is "$(audited "$P2_URL")" $rows
    p1 -c "INSERT INTO orders (amount) VALUES (3)" -c "UPDATE orders SET amount = 4 WHERE id = 1" -c "DELETE FROM orders WHERE id = 2"
    rows=$((rows + 6))
    run_dbr sync
    exits 0
    is "$(audited "$P1_URL")" $rows
    is "$(audited "$P2_URL")" $rows
    p1 -c "INSERT INTO orders (amount) VALUES (5)"
    rows=$((rows + 2))
    run_dbr failover --yes
    exits 0
    is "$(enabled "$P2_URL")" "$awake"
    is "$(audited "$P2_URL")" $rows
    p2 -c "INSERT INTO orders (amount) VALUES (6)" -c "DELETE FROM orders WHERE id = 1"
    rows=$((rows + 4))
    is "$(audited "$P2_URL")" $rows
    run_dbr sync
    exits 0
    is "$(audited "$P1_URL")" $rows
    p2 -c "UPDATE orders SET amount = 7"
    rows=$(audited "$P2_URL")
    run_dbr failback --yes
    exits 0
    is "$(enabled "$P1_URL")" "$awake"
    is "$(audited "$P1_URL")" "$rows"
    p1 -c "INSERT INTO orders (amount) VALUES (8)"
    is "$(audited "$P1_URL")" $((rows + 2))
    run_dbr sync
    exits 0
    in_step
}

@test "dbr as the owner: the triggers sleep on the standby" {
    needs_postgres "triggers and views are not carried to CockroachDB"
    make_application
    there_and_back
}

@test "dbr as a superuser" {
    needs_postgres "triggers and views are not carried to CockroachDB"
    make_application
    as_superuser
    there_and_back
}

@test "a forced failover wakes them, and the merge is not audited" {
    needs_postgres "triggers and views are not carried to CockroachDB"
    make_application
    init_pair
    link_open wire one 0
    env_set DATABASE_URL "$(link_url wire "$P1_URL")"
    env_set HEALTH_CHECK_TIMEOUT 1
    p1 -c "INSERT INTO orders (amount) VALUES (10)"
    link_tell wire refuse
    run_dbr failover --yes
    exits 0
    p2 -c "INSERT INTO orders (amount) VALUES (20)"
    link_tell wire pass
    run_dbr sync
    exits 0
    # Two orders with two lines of audit each, however they were merged.
    is "$(audited "$P2_URL")" 8
    is "$(p2 -c "SELECT string_agg(amount::text, ' ' ORDER BY amount) FROM orders")" "1 2 10 20"
    p2 -c "INSERT INTO orders (amount) VALUES (30)"
    is "$(audited "$P2_URL")" 10
    run_dbr failback --yes
    exits 0
    is "$(audited "$P1_URL")" 10
    run_dbr sync
    in_step
}

@test "a materialized view is there, and said to be as old as its last refresh" {
    needs_postgres "triggers and views are not carried to CockroachDB"
    make_application
    init_pair
    p1 -c "INSERT INTO orders (amount) VALUES (4)"
    run_dbr failover --yes
    exits 0
    stderr_has "last refresh on the secondary: total;"
    is "$(p2 -c "SELECT sum FROM total")" 3
    p2 -c "REFRESH MATERIALIZED VIEW total"
    is "$(p2 -c "SELECT sum FROM total")" 7
    run_dbr failback --yes --json
    exits 0
    json_true '[.warnings[] | select(contains("last refresh on the primary: total;"))] | length == 1'
}
