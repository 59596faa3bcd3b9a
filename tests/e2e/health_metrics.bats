#!/usr/bin/env bats
# Proves: --metrics measures the machine, the application, both databases and the backups, as tables and as a document.
# bats file_tags=postgres

load ../lib/helper
setup() { pair_setup app; }
teardown() {
    [ -z "${SERVICE:-}" ] || kill "$SERVICE" 2>/dev/null || true
    pair_teardown
}

@test "machine, databases, tables, backups" {
    init_pair
    p1 -c "ANALYZE leads"
    p1 -c "CREATE TABLE \"Parts\" (id int, day date) PARTITION BY RANGE (day)" \
        -c "CREATE TABLE parts_1 PARTITION OF \"Parts\" FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')" \
        -c "INSERT INTO \"Parts\" SELECT n, '2026-01-05' FROM generate_series(1, 5000) n"
    p1 -c "ANALYZE \"Parts\""
    mkdir "$BATS_TEST_TMPDIR/backups"
    head -c 1234 /dev/zero >"$BATS_TEST_TMPDIR/backups/db-backup-2026-01-02.sql.gz"
    env_set DB_BACKUP_DIR "$BATS_TEST_TMPDIR/backups"
    session_open long "$P1_URL"
    session long "BEGIN; SELECT pg_sleep(0.2)"
    run_dbr health --metrics --json
    exits 0
    json_true .success
    json_true '.system.cpu.percent >= 0 and .system.cpu.percent <= 100 and .system.cpu.cores >= 1'
    json_true '.system.memory.usedBytes > 0 and .system.memory.usedBytes <= .system.memory.totalBytes'
    json_true '.system.disk.totalBytes > 0 and .system.disk.percent >= 0 and .system.uptimeSeconds > 0'
    json_is .application null
    json_true '.primary.connected and .secondary.connected'
    json_true '.primary.sizeBytes > 1000000'
    json_true '.primary.connections | .used >= 2 and .limit > .used and .percent > 0'
    json_true '.primary.longestTransactionMs >= 200 and (.secondary.longestTransactionMs // 0) == 0'
    json_is .primary.replicas 0
    json_is .primary.replicationLagMs null
    json_is '.primary.notAvailable | length' 0
    is "$(json '.primary.tables[] | select(.name == "leads") | .rows')" "$(p1 -c "SELECT count(*) FROM leads")"
    is "$(json '.primary.tables[] | select(.name == "Parts") | .rows')" 5000
    json_true '.primary.tables[] | select(.name == "Parts") | .bytes > 100000'
    json_true '.primary.tables | all(.name != "parts_1")'
    json_is .backups.db.name db-backup-2026-01-02.sql.gz
    json_is .backups.db.bytes 1234
    json_is .backups.config null
    json_is '.alerts | length' 0
    run_dbr health --metrics
    exits 0
    stdout_has CPU memory "disk of the state directory" primary secondary Parts "newest backup (db): db-backup-2026-01-02.sql.gz"
    session_close long
}

@test "what a session of another role does is not known, and not nothing" {
    init_pair
    session_open long "${P1_URL/app:/other:}"
    session long "BEGIN; SELECT 1"
    run_dbr health --metrics --json
    json_is .primary.longestTransactionMs null
}

@test "the application by its pid file, or by those of PM2" {
    sleep 1000 3>&- &
    SERVICE=$!
    echo $SERVICE >"$BATS_TEST_TMPDIR/app.pid"
    env_set DB_APP_PID_FILE "$BATS_TEST_TMPDIR/app.pid"
    run_dbr health --metrics --json
    exits 0
    json_is .application.source pid-file
    json_is .application.pid "$SERVICE"
    json_true '.application.running and .application.memoryBytes > 0 and .application.cpuPercent >= 0'
    json_is .application.restarts null
    mkfifo "$BATS_TEST_TMPDIR/pipe" # nobody writes there
    env_set DB_APP_PID_FILE "$BATS_TEST_TMPDIR/pipe"
    run_dbr health --metrics --json
    exits 0
    json_is .application.running false
    env_unset DB_APP_PID_FILE
    env_set DB_APP_PM2_NAME "my shop"
    export PM2_HOME=$BATS_TEST_TMPDIR/pm2
    mkdir -p "$PM2_HOME/pids" "$BATS_TEST_TMPDIR/bin"
    echo $SERVICE >"$PM2_HOME/pids/my-shop-0.pid"
    echo $SERVICE >"$PM2_HOME/pids/my-shop-other-1.pid"
    # What PM2 prints; it is asked only while its daemon runs.
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/sh\necho "[PM2] hello"\necho '\''[{"name":"my shop","pm2_env":{"restart_time":3}},{"name":"b","pm2_env":{"restart_time":9}}]'\''\n' \
        >"$BATS_TEST_TMPDIR/bin/pm2"
    chmod +x "$BATS_TEST_TMPDIR/bin/pm2"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH run_dbr health --metrics --json
    json_is .application.processes 1
    json_is .application.restarts null
    touch "$PM2_HOME/rpc.sock"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH run_dbr health --metrics --json
    json_is .application.restarts 3
    json_is .application.pid "$SERVICE"
    kill "$SERVICE"
    wait "$SERVICE" || true
    SERVICE=
    run_dbr health --metrics --json
    exits 0
    json_is .application.running false
    run_dbr health --metrics
    stdout_has "application my shop: not running"
}

@test "a database that is away, and none at all" {
    env_set DATABASE_URL_SECONDARY "postgresql://app@127.0.0.1:$(servers_free_port)/$DB"
    run_dbr health --metrics --json
    exits 0
    json_is .secondary.connected false
    json_true '.secondary.error | contains("refused")'
    json_true '.primary.sizeBytes > 0'
    env_unset DATABASE_URL_SECONDARY
    run_dbr health --metrics --json
    exits 0
    json_is .secondary null
    run_dbr health --metrics --cached
    exits 3
}
