#!/usr/bin/env bats
# Proves: TLS is verified as the URL says, and never less; what is not in order is named with what to do, and is never taken for an
# outage. A PostgreSQL server with a private CA, and a front that finds "its cluster" by name as that of CockroachDB Cloud does.
# bats file_tags=postgres

load ../lib/helper

CLUSTER=shop-twin-1234
HOST=$CLUSTER.x1y.cockroachlabs.cloud

# --- certificates and servers ---------------------------------------------------

# certificate NAME HOSTS [OPENSSL_OPTION...]: a key and a certificate of the CA; HOSTS as in subjectAltName.
certificate() {
    openssl req -new -newkey rsa:2048 -nodes -keyout "$CERTS/$1.key" -out "$CERTS/$1.csr" -subj "/CN=$1" 2>/dev/null
    openssl x509 -req -in "$CERTS/$1.csr" -CA "$CERTS/ca.crt" -CAkey "$CERTS/ca.key" -CAcreateserial -out "$CERTS/$1.crt" \
        -extfile <(echo "subjectAltName=$2") "${@:3}" 2>/dev/null
}

# ca NAME: a CA of our own.
ca() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$CERTS/$1.key" -out "$CERTS/$1.crt" -days 30 -subj "/CN=$1" 2>/dev/null
}

setup_file() {
    CERTS=$SERVERS_DIR/certificates
    export CERTS
    mkdir -m 755 "$CERTS"
    ca ca
    ca stranger
    certificate right "DNS:db.example.com,DNS:$HOST" -days 30
    certificate elsewhere "DNS:db.example.org" -days 30
    # openssl has no option for the past; "faketime" is not everywhere. A certificate of -days 0 is over at once.
    certificate expired "DNS:db.example.com" -days 0
    [ -z "$(servers_account)" ] || chown "$(servers_account)" "$CERTS"/*.key
    chmod 600 "$CERTS"/*.key
    server_start tls "" "ssl = on" "ssl_cert_file = '$CERTS/right.crt'" "ssl_key_file = '$CERTS/right.key'"
    server_sql tls postgres -c "CREATE ROLE app LOGIN PASSWORD '$SERVERS_APP_PASSWORD'" \
        -c "CREATE DATABASE template_small OWNER app TEMPLATE template0"
    psql -X -q -v ON_ERROR_STOP=1 -d "$(server_url tls template_small)" \
        -c "CREATE TABLE leads (id int PRIMARY KEY, name text, updated_at timestamptz)" \
        -c "INSERT INTO leads SELECT n, 'name ' || n, now() FROM generate_series(1, 20) n"
}

teardown_file() {
    server_stop tls
    rm -rf "$SERVERS_DIR"/tls* "$CERTS"
}

setup() {
    pair_setup empty
    database_create tls "$DB" small
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir -p "$HOME/.postgresql"
    cp "$CERTS/ca.crt" "$HOME/.postgresql/root.crt"
    P1_URL=$(server_url tls "$DB")
    primary "db.example.com" "sslmode=verify-full"
}

teardown() {
    local file
    for file in "$BATS_TEST_TMPDIR"/front-*/pid; do
        [ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
    done
    if [ -e "$BATS_TEST_TMPDIR/changed" ]; then
        serve right
        without_tls let_in
    fi
    database_drop tls "$DB"
    pair_teardown
}

# primary HOST PARAMETERS [PORT] [DATABASE]: the primary's URL. HOST is a name for TLS alone, the address is ours.
primary() {
    local database=${4:-$DB}
    env_set DATABASE_URL \
        "postgresql://app:$SERVERS_APP_PASSWORD_ENCODED@$1:${3:-$(server_port tls)}/$database?hostaddr=127.0.0.1&$2"
}

# serve NAME: the server shows that certificate from now on, till the end of the test.
serve() {
    local wanted
    touch "$BATS_TEST_TMPDIR/changed"
    wanted=$(openssl x509 -in "$CERTS/$1.crt" -noout -fingerprint)
    server_sql tls postgres -c "ALTER SYSTEM SET ssl_cert_file = '$CERTS/$1.crt'" \
        -c "ALTER SYSTEM SET ssl_key_file = '$CERTS/$1.key'" -c "SELECT pg_reload_conf()" >/dev/null
    wait_for 10 shows "$(server_port tls)" "$wanted"
}
shows() {
    [ "$(openssl s_client -starttls postgres -connect "127.0.0.1:$1" </dev/null 2>/dev/null |
        openssl x509 -noout -fingerprint 2>/dev/null)" = "$2" ]
}

# front NAME CERTIFICATE: port in FRONT.
front() {
    local dir=$BATS_TEST_TMPDIR/front-$1
    mkdir "$dir"
    python3 "$ROOT/tests/lib/tls_front.py" --target "127.0.0.1:$(server_port tls)" --certificate "$CERTS/$2.crt" \
        --key "$CERTS/$2.key" --cluster "$CLUSTER" --directory "$dir" </dev/null >"$dir/out" 2>&1 3>&- &
    wait_for 10 test -e "$dir/port" || fail "the front did not start: $(cat "$dir/out")"
    FRONT=$(cat "$dir/port")
    FRONT_DIR=$dir
}

libpq_version() { python3 -c 'import ctypes; print(ctypes.CDLL("libpq.so.5").PQlibVersion())'; }

# --- claims ------------------------------------------------------------------------

# barred MESSAGE HINT [STATUS]: a sync fails with these words; three checks with --auto call it configuration, count nothing and
# switch nothing.
barred() {
    local i
    run_dbr sync
    exits "${3:-3}"
    stderr_has "$1" "$2"
    for ((i = 0; i < 3; i++)); do
        run_dbr health --auto --json
        exits 2
        json_is .activeDatabase primary
        json_is .primary.failure config
        json_is .switching.failuresToGo 3
    done
    json ".warnings[]" | grep -qF -- "$1" || fail "no warning has: $1"
    is "$(jq -r .health.primary.consecutiveDown "$STATE_DIR/state.json")" 0
}

# believed: the state says that there is a standby, as after an init.
believed() {
    mkdir -m 700 "$STATE_DIR"
    (umask 077 && echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"}}' >"$STATE_DIR/state.json")
}

# --- what is in order ----------------------------------------------------------------

# without_tls WORD: whether the server lets those in who come without, barred_by_rule or let_in.
without_tls() {
    local kind=host
    touch "$BATS_TEST_TMPDIR/changed"
    [ "$1" = let_in ] || kind=hostssl
    # shellcheck disable=SC2016 # expanded by the inner shell
    servers_as sh -c 'printf "%s\n" "$1" "$2" >"$3"' rules "local all all scram-sha-256" \
        "$kind all all 127.0.0.1/32 scram-sha-256" "$SERVERS_DIR/tls/data/pg_hba.conf"
    server_sql tls postgres -c "SELECT pg_reload_conf()" >/dev/null
    wait_for 10 "$1"
}
let_in() { psql -Xqc "SELECT 1" -d "$P1_URL?sslmode=disable" >/dev/null 2>&1; }
barred_by_rule() { ! let_in; }

@test "verify-full with the right CA, in ~/.postgresql/root.crt and named in the URL" {
    init_pair
    without_tls barred_by_rule
    run_dbr sync --verify
    exits 0
    rm "$HOME/.postgresql/root.crt"
    primary "db.example.com" "sslmode=verify-full&sslrootcert=$CERTS/ca.crt"
    run_dbr sync --json
    exits 0
    json_is '.warnings | length' 0
    run_dbr health --doctor
    stdout_has "encrypted with TLSv1" "the server is verified (sslmode=verify-full)" "ok       primary       the server's certificate expires in "
    DB_ALERT_CERTIFICATE_MS=3456000000 run_dbr health --doctor
    stdout_has "warning  primary       the server's certificate expires in " "what to do: renew the certificate"
    env_set DATABASE_URL "$P1_URL?sslmode=disable"
    run_dbr sync
    exits 3
    stderr_has "no encryption" "whether the server lets this host in"
}

# --- what is not -----------------------------------------------------------------------

@test "a CA that is not in root.crt" {
    believed
    cp "$CERTS/stranger.crt" "$HOME/.postgresql/root.crt"
    barred "certificate verify failed" "is not signed by a CA in ~/.postgresql/root.crt, or has expired"
    # The command that is advised shows who has signed it.
    command=$(grep -hom 1 'openssl s_client .* -dates' "$RUNS"/*.err | head -n 1)
    [[ $(bash -c "$command" 2>/dev/null) == *"issuer=CN = ca"* ]] || fail "$command"
}

@test "a certificate that has expired" {
    believed
    serve expired
    barred "certificate verify failed" "or has expired, or this machine's clock is wrong"
}

@test "a certificate of another host, and an address in place of a name" {
    believed
    serve elsewhere
    barred 'server certificate for "db.example.org" does not match host name "db.example.com"' \
        "the host name in the URL is not the one in the certificate"
    serve right
    env_set DATABASE_URL "$P1_URL?sslmode=verify-full"
    run_dbr sync
    exits 3
    stderr_has 'does not match host name "127.0.0.1"' "host=NAME&hostaddr=127.0.0.1"
}

@test "no root.crt" {
    believed
    rm "$HOME/.postgresql/root.crt"
    barred "root.crt\" does not exist" "put the provider's CA certificate into ~/.postgresql/root.crt"
    stderr_lacks "disable server certificate verification"
    primary "$HOST" "sslmode=verify-full"
    barred "root.crt\" does not exist" \
        "curl --create-dirs -o \$HOME/.postgresql/root.crt 'https://cockroachlabs.cloud/clusters/<cluster id>/cert'"
    run_dbr sync
    stderr_has "the id of $CLUSTER is in the address of its page" "sslrootcert=" "Let's Encrypt"
}

@test "a server without TLS" {
    believed
    env_set DATABASE_URL "$(server_url one "$DB")?sslmode=verify-full"
    barred "server does not support SSL" "the URL asks for TLS"
}

@test "broken settings of TLS are configuration" {
    believed
    primary "db.example.com" "sslmode=full"
    barred 'invalid sslmode value: "full"' "correct this parameter"
    primary "db.example.com" "sslmode=verify-full&sslcert=$CERTS/right.crt&sslkey=$BATS_TEST_TMPDIR/none"
    barred "private key file" "sslcert and sslkey"
}

# --- the CAs of this machine -----------------------------------------------------------

@test "sslrootcert=system with a libpq that does not know it: refused, not weakened" {
    [ "$(libpq_version)" -lt 160000 ] || skip "this libpq knows it"
    believed
    for mode in verify-full require; do
        primary "db.example.com" "sslmode=$mode&sslrootcert=system"
        barred "sslrootcert=system, which libpq knows from version 16 on" "sslmode=verify-full&sslrootcert=/" 2
    done
    # Without sslmode newer ones verify in full: this one would not at all.
    primary "db.example.com" "sslrootcert=system"
    barred "sslrootcert=system, which libpq knows from version 16 on" "sslmode=verify-full&sslrootcert=/" 2
    PGSSLROOTCERT=system run_dbr health --json
    json_is .primary.failure config
}

@test "sslrootcert=system with a libpq that knows it" {
    if [ "$(libpq_version)" -lt 160000 ]; then
        bin=$(servers_npm_bin 17 2>/dev/null) || skip "no libpq of version 16 or newer"
        export LD_LIBRARY_PATH=$bin/../lib
        [ "$(libpq_version)" -ge 160000 ] || skip "no libpq of version 16 or newer"
    fi
    rm -r "$HOME/.postgresql"
    env_set DATABASE_URL_SECONDARY "$P2_URL?sslmode=disable"
    primary "db.example.com" "sslrootcert=system"
    export SSL_CERT_FILE=$CERTS/ca.crt SSL_CERT_DIR=$BATS_TEST_TMPDIR
    init_pair
    run_dbr health
    exits 0
    SSL_CERT_FILE=$CERTS/stranger.crt barred "certificate verify failed" "is not signed by a CA in system"
    primary "db.example.com" "sslmode=require&sslrootcert=system"
    barred 'weak sslmode "require" may not be used with sslrootcert=system' "write sslmode=verify-full"
    primary "$HOST" "sslmode=verify-full"
    barred "root.crt\" does not exist" "sslrootcert=system"
}

# --- finding a cluster -------------------------------------------------------------------

# by WHAT: how the front found the cluster each time.
by() { is "$(jq -r .by "$FRONT_DIR/log" | sort -u)" "$1"; }

@test "a cluster is found by the host name" {
    front a right
    primary "$HOST" "sslmode=verify-full" "$FRONT"
    init_pair
    in_step
    by sni
    is "$(jq -r .sni "$FRONT_DIR/log" | sort -u)" "$HOST"
}

@test "a cluster is found by options=--cluster, beside settings of the user's and of dbr" {
    front a right
    primary "db.example.com" "sslmode=verify-full&options=-c%20work_mem%3D5MB%20--cluster%3D$CLUSTER" "$FRONT"
    init_pair
    in_step
    by options
    jq -r .options "$FRONT_DIR/log" | while read -r options; do
        has "$options" options "-c work_mem=5MB" "-c search_path="
        lacks "$options" options cluster
    done
    primary "db.example.com" "sslmode=verify-full" "$FRONT"
    env_set DATABASE_URL_SECONDARY "$P2_URL?options=-c%20lock_timeout%3D0"
    PGOPTIONS="--cluster=$CLUSTER" run_dbr sync
    exits 0
    primary "$HOST" "sslmode=verify-full&options=--cluster%3D$CLUSTER" "$FRONT"
    run_dbr sync
    exits 0
}

@test "a cluster is found by the name of the database" {
    front a right
    primary "db.example.com" "sslmode=verify-full" "$FRONT" "$CLUSTER.$DB"
    init_pair
    in_step
    by database
    run_dbr failover --yes
    exits 0
    run_dbr failback --yes
    exits 0
    in_step
}

@test "a cluster that is not found: configuration" {
    front a right
    primary "$HOST" "sslmode=verify-full" "$FRONT"
    believed
    primary "db.example.com" "sslmode=verify-full" "$FRONT"
    barred "codeParamsRoutingFailed: missing cluster identifier" "NAME-1234.REGION.cockroachlabs.cloud"
    primary "$HOST" "sslmode=verify-full&options=--cluster%3Dshop-twin-77" "$FRONT"
    barred "codeParamsRoutingFailed: cluster shop-twin-77 not found" "options=--cluster%3DNAME-1234"
    primary "$HOST" "sslmode=verify-full&sslsni=0" "$FRONT"
    barred "missing cluster identifier" "NAME-1234.REGION.cockroachlabs.cloud"
    # By its address. verify-full would stop at the name; whoever verifies less gets this far.
    env_set DATABASE_URL "${P1_URL/:$(server_port tls)/:$FRONT}?sslmode=verify-ca"
    barred "missing cluster identifier" "a host that is an address does not say which cluster is meant"
    env_set DATABASE_URL "${P1_URL/:$(server_port tls)/:$FRONT}?sslmode=disable"
    barred "server requires encryption" "write sslmode=verify-full&sslrootcert="
}

@test "not on the IP allowlist, and slowed down after failed logins: configuration, asked once a run" {
    front a right
    primary "$HOST" "sslmode=verify-full" "$FRONT"
    believed
    echo denied >"$FRONT_DIR/mode"
    barred "codeProxyRefusedConnection: connection refused" "IP allowlist"
    echo throttled >"$FRONT_DIR/mode"
    barred "too many failed authentication attempts" "wait a few minutes"
    rm "$FRONT_DIR/mode"
    sed -i '/^DATABASE_URL=/s#//app:[^@]*@#//app:not-it@#' "$ENV_FILE"
    : >"$FRONT_DIR/log"
    barred 'password authentication failed for user "app"' "check user and password"
    is "$(wc -l <"$FRONT_DIR/log")" 4
}

@test "a cluster that is disabled is an outage" {
    front a right
    primary "$HOST" "sslmode=verify-full" "$FRONT"
    init_pair
    echo disabled >"$FRONT_DIR/mode"
    run_dbr sync
    exits 3
    stderr_has "its request units are used up" "see the cluster in the Cloud Console"
    run_dbr health --auto
    exits 2
    run_dbr health --auto --json
    exits 2
    json_is .primary.failure down
    run_dbr health --auto --json
    exits 1
    json_is .activeDatabase secondary
}

@test "channel_binding=require of another provider's URL" {
    front a right
    primary "$HOST" "sslmode=verify-full" "$FRONT"
    init_pair
    primary "$HOST" "sslmode=verify-full&channel_binding=require" "$FRONT"
    barred "channel binding is required" "CockroachDB does not offer channel binding: leave channel_binding=require"
    # A server that has it is asked for it.
    primary "db.example.com" "sslmode=verify-full&channel_binding=require"
    run_dbr sync
    exits 0
}

@test "a cluster's URL that does not verify: a warning each time, and nothing is changed" {
    front a elsewhere
    primary "$HOST" "sslmode=require&sslrootcert=$BATS_TEST_TMPDIR/none" "$FRONT"
    init_pair
    stderr_has "DATABASE_URL: sslmode=require does not make sure that it is the cluster that answers" "sslmode=verify-full"
    run_dbr health
    exits 0
    stderr_has "WARNING: DATABASE_URL: sslmode=require"
    run_dbr health --doctor
    exits 1
    stdout_has "sslmode=require does not make sure"
    primary "$HOST" "application_name=x" "$FRONT"
    run_dbr sync --json
    exits 0
    json_true '.warnings | any(contains("a URL without sslmode"))'
    # With verify-full the same front is not trusted.
    primary "$HOST" "sslmode=verify-full" "$FRONT"
    barred 'server certificate for "db.example.org" does not match' "the host name in the URL"
    stderr_lacks "does not make sure"
}

@test "health says when the certificate expires, and warns in time" {
    run_dbr health --json
    json_true .primary.connected
    json_is .primary.certificateExpires \
        "$(TZ=UTC date -d "$(openssl x509 -in "$CERTS/right.crt" -noout -enddate | cut -d = -f 2)" +%Y-%m-%dT%H:%M:%S.000Z)"
    json_is .secondary.certificateExpires null
    json_true '.alerts | all(.name != "certificate-expiring-primary")'
    env_set DB_ALERT_CERTIFICATE_MS $((40 * 86400000))
    run_dbr health --json
    exits 1
    json_true '.alerts | any(.name == "certificate-expiring-primary" and (.message | contains("expires in 29 d")))'
}
