# The application's env file as the pointer: only its line changes, whoever reads it meanwhile sees a whole file, and dbr's own env
# file is never taken for it.

load ../lib/helper

setup() {
    pair_setup empty
    p1 -c "CREATE TABLE t (id int PRIMARY KEY)"
    init_pair
    APP_ENV=$BATS_TEST_TMPDIR/app/.env
    mkdir app
    env_set DB_ACTIVE_ENV_FILE "$APP_ENV"
}

teardown() { pair_teardown; }

# shellcheck disable=SC1090 # made by the test
app_url() { (. "$APP_ENV" && echo "$DATABASE_URL"); }

@test "failover and failback rewrite the line, and a reader never sees half a file" {
    SECRET=
    printf '%s\r\n' '# app' 'PORT=3000' "export DATABASE_URL=\"$P1_URL\" # the database" "MOTTO='a" "DATABASE_URL=b'" >"$APP_ENV"
    chmod 640 "$APP_ENV"
    cp "$APP_ENV" before
    limit=$((SECONDS + 30))
    (
        while [ ! -e stop ] && [ "$SECONDS" -lt "$limit" ]; do
            grep -q "^DATABASE_URL=b'" app/.env && [ "$(wc -l <app/.env)" = 5 ] || echo torn >>torn
        done
    ) 3>&- &
    reader=$!
    run_dbr failover --yes
    exits 0
    is "$(stat -c %a "$APP_ENV")" 640
    sed "s#^export DATABASE_URL=.*#export DATABASE_URL='$P2_URL'\r#" before >expected
    cmp expected "$APP_ENV"
    stderr_has "DB_ACTIVE_ENV_FILE points at the secondary"
    run_dbr failback --yes
    exits 0
    sed "s#^export DATABASE_URL=.*#export DATABASE_URL='$P1_URL'\r#" before >expected
    cmp expected "$APP_ENV"
    touch stop
    wait $reader
    [ ! -e torn ]
    is "$(ls -A app)" .env
}

@test "a file that is not there yet is made, for its owner only" {
    run_dbr failover --yes
    exits 0
    is "$(app_url)" "$P2_URL"
    is "$(stat -c %a "$APP_ENV")" 600
}

@test "a symbolic link stays one, and another name of the variable is taken" {
    echo "X=1" >real.env
    ln -s ../real.env "$APP_ENV"
    env_set DB_ACTIVE_ENV_VAR MAIN_DB
    run_dbr failover --yes
    exits 0
    [ -L "$APP_ENV" ]
    is "$(cat real.env)" "X=1
MAIN_DB='$P2_URL'"
}

@test "dbr's own env file is refused by any of its names" {
    for name in "$ENV_FILE" "$BATS_TEST_TMPDIR/app/../dbr.env"; do
        env_set DB_ACTIVE_ENV_FILE "$name"
        run_dbr failover --yes
        exits 2
        stderr_has "reads its own configuration from"
    done
    ln -s "$ENV_FILE" app/soft
    ln "$ENV_FILE" app/hard
    for name in soft hard; do
        env_set DB_ACTIVE_ENV_FILE "$BATS_TEST_TMPDIR/app/$name"
        [ "$name" != hard ] || { rm app/hard && ln "$ENV_FILE" app/hard; }
        run_dbr failover --yes
        exits 2
        stderr_has "reads its own configuration from"
    done
}

@test "what cannot be written is refused before anything changes, and set right by the next run after it" {
    env_set DB_ACTIVE_ENV_FILE "$BATS_TEST_TMPDIR/nowhere/.env"
    run_dbr failover --yes
    exits 2
    stderr_has "cannot write to the directory"
    mkdir "$APP_ENV"
    env_set DB_ACTIVE_ENV_FILE "$APP_ENV"
    run_dbr failover --yes
    exits 2
    stderr_has "is not a regular file"
    run_dbr health --doctor
    exits 3
    stdout_has "is not a regular file"
    p1 -c "INSERT INTO t VALUES (1)"
    rmdir "$APP_ENV"
    run_dbr failover --yes
    exits 0
    run_dbr health --doctor
    stdout_has "all targets of a switch point at the secondary"
    echo "DATABASE_URL=$P1_URL" >"$APP_ENV"
    run_dbr health --doctor
    stdout_has "DATABASE_URL of $APP_ENV is primary" "run dbr-failover"
    run_dbr failover --yes
    exits 0
    is "$(app_url)" "$P2_URL"
}

@test "what did not follow is set right by the program whose hint that is, whichever was run" {
    env_set DB_ACTIVE_ENV_FILE "$BATS_TEST_TMPDIR/gone/app.env"
    run_dbr failback --yes
    exits 1
    stderr_has "the primary is active, but not everything followed" "run dbr-failback again"
    mkdir gone
    run_dbr failback --yes
    exits 0
    run_dbr env --check
    exits 0
    run_dbr failover --yes
    exits 0
    echo "DATABASE_URL=elsewhere" >gone/app.env
    run_dbr env --check
    exits 4
    stderr_has "run dbr-failover: the secondary is active already"
    run_dbr failover --yes
    exits 0
    run_dbr env --check
    exits 0
    # Where the state is lost, the primary is taken for active, and dbr-failback would say so to the application.
    rm -r "$STATE_DIR"
    run_dbr env --check
    exits 4
    stderr_has "The state file is lost"
    stderr_lacks "dbr-failback"
    run_dbr health --doctor
    stdout_has "The state file is lost"
    stdout_lacks "dbr-failback"
}
