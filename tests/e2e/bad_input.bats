#!/usr/bin/env bats
# Proves: bad input to init and sync ends in one clear line, a hint, the documented exit code, and nothing changed; no password is
# ever echoed.

load ../lib/helper
setup() {
    pair_setup app
    SECRET=unguessable-and-fake
}
teardown() { pair_teardown; }

untouched() { is "$(p2 -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" 0; }

# One line of error, perhaps a hint, no rubbish.
one_line() {
    is "$(grep -cE '^dbr-[a-z-]+: error: ' <<<"$errors")" 1
    [ "$(wc -l <<<"$errors")" -le 4 ] || fail "more than an error and a hint"
}

@test "unknown options name the nearest" {
    run_dbr sync --verfy
    exits 2
    one_line
    stderr_has --verfy --verify
    run_dbr init-secondary --recreat
    exits 2
    stderr_has --recreat --recreate
    run_dbr sync -Z
    exits 2
    run_dbr sync --verify=yes
    exits 2
    run_dbr sync --tables
    exits 2
    untouched
}

@test "stray arguments are errors" {
    run_dbr sync users
    exits 2
    stderr_has users
    run_dbr init-secondary -- x
    exits 2
    untouched
}

@test "usage errors under --json are one document" {
    run_dbr sync --json --verfy
    exits 2
    json_is .success false
    json_is .error.code usage
    json_is '.error | has("message") and has("hint")' true
}

@test "help and version go to stdout and need no configuration" {
    for program in dbr-init-secondary dbr-sync dbr-health; do
        run_program $program --help
        exits 0
        stderr_empty
        stdout_has "$program" --json --env-file
        run_program $program --version
        exits 0
        stderr_empty
        stdout_has "$program"
    done
}

@test "a missing env file is named" {
    run_program dbr-sync --env-file "$BATS_TEST_TMPDIR/none.env"
    exits 2
    one_line
    stderr_has none.env
    run_program dbr-sync --env-file "$BATS_TEST_TMPDIR"
    exits 2
}

@test "no configuration at all" {
    mkdir empty
    cd empty
    run_program dbr-sync
    exits 2
    stderr_has DATABASE_URL
}

@test "no secondary: redundancy is disabled" {
    env_unset DATABASE_URL_SECONDARY
    run_dbr init-secondary
    exits 2
    stderr_has DATABASE_URL_SECONDARY
    run_dbr sync
    exits 2
}

@test "broken URLs: the password is not echoed, not even with -v and --json" {
    for url in "postgresql://app:$SECRET@[::1/db" "postgresql://app:$SECRET%zz@127.0.0.1/db" "postgresql://app:$SECRET@127.0.0.1:port/db" \
        "postgresql:/app:$SECRET@127.0.0.1/db" "mysql://app:$SECRET@127.0.0.1/db" "postgresql://app:$SECRET@127.0.0.1/db?nonsense=1" \
        "host=127.0.0.1 password=$SECRET bogus" "password='$SECRET" "postgresql://app:$SECRET@127.0.0.1:1:2/db" "$SECRET" "  postgresql://app:$SECRET@" \
        "postgresql://app:$SECRET@127.0.0.1:99999/db" "postgresql://app:$SECRET @127.0.0.1/db"; do
        for key in DATABASE_URL DATABASE_URL_SECONDARY; do
            cp "$ENV_FILE" keep.env
            env_set $key "\"$url\""
            for program in init-secondary sync health; do
                run_dbr $program -v
                [ "$status" -ne 0 ] || fail "$program took $url"
                stdout_lacks "$SECRET"
                stderr_lacks "$SECRET"
                run_dbr $program --json -v
                [ "$status" -ne 0 ] || fail "$program took $url"
                stdout_lacks "$SECRET"
                stderr_lacks "$SECRET"
                jq -es 'length == 1' "$RUNS/$RUN.out" >/dev/null || fail "$program --json printed no document"
            done
            cp keep.env "$ENV_FILE"
        done
    done
    untouched
}

@test "a URL that only makes no sense is a usage error" {
    env_set DATABASE_URL_SECONDARY "postgresql://app:$SECRET@127.0.0.1:port/db"
    run_dbr sync
    exits 2
    one_line
    stderr_has DATABASE_URL_SECONDARY
}

@test "a wrong password: exit 3, who and where, and no retry storm" {
    env_set DATABASE_URL_SECONDARY "postgresql://app:$SECRET@127.0.0.1:$(server_port two)/$DB"
    run_dbr init-secondary
    exits 3
    one_line
    stderr_has secondary
    stderr_lacks "$SECRET"
    env_set DATABASE_URL "postgresql://app:$SECRET@127.0.0.1:$(server_port one)/$DB"
    env_set DATABASE_URL_SECONDARY "$P2_URL"
    run_dbr init-secondary
    exits 3
    stderr_has primary
    untouched
}

@test "an unknown role and an unknown database" {
    env_set DATABASE_URL_SECONDARY "${P2_URL%/*}/no_such_database"
    run_dbr init-secondary
    exits 3
    stderr_has no_such_database
    env_set DATABASE_URL_SECONDARY "${P2_URL/app:/nobody_here:}"
    run_dbr init-secondary
    exits 3
}

@test "a server that is away: exit 3, named, soon" {
    for url in "postgresql://app:$SECRET@127.0.0.1:1/db" "postgresql://app:$SECRET@no-such-host.invalid/db" "postgresql://app:$SECRET@/db?host=/nonexistent"; do
        env_set DATABASE_URL_SECONDARY "$url"
        started=$SECONDS
        run_dbr init-secondary
        exits 3
        stderr_has secondary
        stderr_lacks "$SECRET"
        run_dbr sync
        [ "$status" -eq 3 ] || [ "$status" -eq 5 ] || fail "exit status $status"
        [ $((SECONDS - started)) -lt 25 ] || fail "took $((SECONDS - started)) s"
    done
}

@test "a server that accepts and never answers ends within the connect timeout of its URL" {
    link_open hole two 0
    link_tell hole blackhole
    env_set DATABASE_URL_SECONDARY "$(link_url hole "$P2_URL")?connect_timeout=2"
    started=$SECONDS
    run_dbr init-secondary
    exits 3
    stderr_has "did not answer within 2 s"
    [ $((SECONDS - started)) -lt 8 ] || fail "took $((SECONDS - started)) s"
}

@test "sync before init is refused, and says what to do" {
    run_dbr sync
    exits 5
    one_line
    stderr_has dbr-init-secondary
    run_dbr sync --json
    json_is .error.code refused
    json_is '.error.hint | contains("dbr-init-secondary")' true
    untouched
}

@test "malformed settings name the key" {
    for pair in DB_MAX_DELETE_PERCENT=ten DB_MAX_DELETE_PERCENT=-1 DB_SYNC_BATCH_SIZE=0 DB_FINGERPRINT_ROWS=1e6 DB_SYNC_OVERLAP_MS=5m DB_FENCE=perhaps; do
        cp "$ENV_FILE" keep.env
        env_set "${pair%%=*}" "${pair#*=}"
        run_dbr sync
        exits 2
        stderr_has "${pair%%=*}"
        cp keep.env "$ENV_FILE"
    done
}

@test "a schema that does not exist on the primary" {
    env_set DB_SCHEMA nowhere
    run_dbr init-secondary
    exits 2
    stderr_has nowhere
    untouched
    run_dbr init-secondary --dry-run --dialect=cockroach
    exits 2
}

@test "a schema that is mistyped after init is no schema in step" {
    init_pair
    before=$(jq -c .sync "$STATE_DIR/state.json")
    p1 -c "UPDATE users SET balance = 5 WHERE id = 1"
    env_set DB_SCHEMA publik
    for what in sync "sync --verify" "sync --repair" "sync --dry-run" "init-secondary --update" "init-secondary --recreate" \
        "failover --yes"; do
        # shellcheck disable=SC2086
        run_dbr $what
        exits 2
        stderr_has publik DB_SCHEMA=public
    done
    is "$(jq -c .sync "$STATE_DIR/state.json")" "$before"
    is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" primary
    env_unset DB_SCHEMA
    run_dbr sync
    exits 0
    in_step
}

@test "another schema than the one that init copied is refused, with the way out" {
    init_pair
    p1 -c "CREATE SCHEMA other" -c "CREATE TABLE other.t (id int PRIMARY KEY)" -c "INSERT INTO other.t VALUES (1)"
    env_set DB_SCHEMA other
    for what in sync "sync --verify" "init-secondary --update" init-secondary; do
        # shellcheck disable=SC2086
        run_dbr $what
        refused other public DB_STATE_DIR --recreate
    done
    run_dbr init-secondary --recreate
    exits 0
    is "$(p2 -c "SELECT count(*) FROM other.t")" 1
    run_dbr sync
    exits 0
}

@test "an env file that others can read, or with a line without =, earns a warning" {
    chmod 644 "$ENV_FILE"
    echo "what is this" >>"$ENV_FILE"
    run_dbr init-secondary
    exits 0
    stderr_has WARNING 644 "line $(wc -l <"$ENV_FILE")"
    stderr_lacks "what is this"
    in_step
}

@test "CRLF, BOM, quotes, comments and export in the env file" {
    printf '\357\273\277# comment\r\nexport DATABASE_URL="%s" # primary\r\nDATABASE_URL_SECONDARY='"'%s'"'\r\nDB_STATE_DIR=`%s`\r\n' "$P1_URL" "$P2_URL" "$STATE_DIR" >"$ENV_FILE"
    run_dbr init-secondary
    exits 0
    in_step
}

@test "the environment goes before the env file, and the alias works" {
    env_unset DATABASE_URL_SECONDARY
    env_set MIRROR_DATABASE_URL "$P2_URL"
    env_set DATABASE_URL "postgresql://app:$SECRET@127.0.0.1:1/db"
    DATABASE_URL=$P1_URL run_dbr init-secondary
    exits 0
    same_rows
}

@test "a URL with an ampersand and one as a conninfo string" {
    env_set DATABASE_URL "$P1_URL?sslmode=prefer&application_name=my%20app"
    env_set DATABASE_URL_SECONDARY "\"host=127.0.0.1 port=$(server_port two) user=app dbname=$DB password='$SERVERS_APP_PASSWORD'\""
    run_dbr init-secondary
    exits 0
    in_step
}
