#!/usr/bin/env bats
# Proves: what README.md and dbr(7) tell people to type works as it stands there, and prints what it is said to print. Every command
# of a block is run here, or by a test that the table at the end names; one that nobody runs fails the last test.
# bats file_tags=once

load ../lib/helper
load ../lib/docs
setup_file() { docs_file_setup; }
teardown_file() { docs_file_teardown; }
setup() { docs_setup; }
teardown() { docs_teardown; }

@test "troubleshooting: what the server says of rights that are missing" {
    shop_fill
    server_sql two postgres -c "ALTER DATABASE shop OWNER TO postgres" -c "GRANT CONNECT ON DATABASE shop TO shop"
    server_sql two shop -c "GRANT ALL ON SCHEMA public TO shop"
    run_dbr init-secondary
    stderr_has "permission denied for database shop"
    server_sql two postgres -c "ALTER DATABASE shop OWNER TO shop"
    server_sql one shop -c "REVOKE ALL ON SEQUENCE orders_id_seq FROM shop"
    run_dbr init-secondary --recreate
    stderr_has "permission denied for sequence orders_id_seq"
    # To a session that another one's statement was meant for, behind a pooler.
    errors=$(psql -X -d "$P1_URL" -c "EXECUTE nothing" 2>&1) || true
    stderr_has 'prepared statement "nothing" does not exist'
}
