# shellcheck shell=bash
# The stand-in before a server: dbr sees a database that behaves as CockroachDB does, the tests look at the PostgreSQL behind it.
#
#     DBR_TEST_SECONDARY=standin tests/run NAME...     # DBR_TEST_PRIMARY likewise
#
#     on_standin && skip "..."                         # true when the secondary is one; on_standin one: when the primary is
#     needs_postgres "why"                             # skips a test of what a secondary like CockroachDB has not
#     standin_tell inject commit 40001                 # see tests/cockroach-grammar/standin/control.go; -p one: to the primary's

standin_source() { echo "$(servers_root)/tests/cockroach-grammar"; }

# standin_build: prints the program; exits 3 and says why when it cannot be built here.
standin_build() { "$(standin_source)/build" standin; }

# standin_prepare NAME DATABASE...: what the stand-in needs in the databases of a server.
standin_prepare() {
    local name=$1 database
    shift
    for database in "$@"; do
        server_sql "$name" "$database" -f "$(standin_source)/standin/catalog.sql" -f "$(standin_source)/standin/functions.sql" >/dev/null || return 1
    done
}

# server_prepare NAME MAJOR|standin: a server with the roles and the templates that each test's databases are copied from.
server_prepare() {
    local major=$2 locale='' settings=()
    if [ "$2" = standin ]; then
        major='' locale="LC_COLLATE 'C'" settings=("track_commit_timestamp = on" "jit = off")
    fi
    server_start "$1" "$major" "${settings[@]}"
    server_sql "$1" postgres >/dev/null <<SQL
CREATE ROLE app LOGIN PASSWORD '$SERVERS_APP_PASSWORD';
CREATE ROLE other LOGIN PASSWORD '$SERVERS_APP_PASSWORD';
CREATE DATABASE template_empty OWNER app TEMPLATE template0 $locale;
CREATE DATABASE template_app OWNER app TEMPLATE template0 $locale;
SQL
    psql -X -q -v ON_ERROR_STOP=1 -d "$(server_url "$1" template_app)" -f "$(servers_root)/tests/data/app.sql" >/dev/null
    [ "$2" = standin ] || return 0
    server_sql "$1" postgres -c "CREATE ROLE admin" -c "GRANT admin TO app" # as a provider makes users
    standin_prepare "$1" postgres template_empty template_app
}

# For a test file that makes the weather, which must not rain on others: a pair of servers of its own, the secondary with a
# stand-in before it. standin_file_setup [OPTION...] in setup_file, standin_file_teardown in teardown_file.
standin_file_setup() {
    standin_build >/dev/null || skip "$(standin_build)"
    unset SERVERS_DIR SERVERS_OWNER
    servers_init
    server_prepare one '' &
    server_prepare two standin
    wait $!
    standin_start two "$@"
    export SERVERS_DIR
}
standin_file_teardown() { servers_stop_all; }

# standin_start NAME [OPTION...]: before server NAME; from then on server_url and server_port lead to it. Ends with this shell.
standin_start() {
    local name=$1 program dir=$SERVERS_DIR/$1.standin try
    shift
    program=$(standin_build) || return
    mkdir "$dir"
    "$program" --target "127.0.0.1:$(server_own_port "$name")" --directory "$dir" "$@" </dev/null >"$dir/log" 2>&1 3>&- &
    for ((try = 0; try < 500; try++)); do
        [ ! -e "$dir/port" ] || break
        sleep 0.02
    done
    cp "$dir/port" "$SERVERS_DIR/$name.front" || {
        cat "$dir/log" >&2
        return 1
    }
}

# standin_tell [-p NAME] COMMAND...: to the one before server two, or NAME.
standin_tell() {
    local name=two
    if [ "$1" = -p ]; then
        name=$2
        shift 2
    fi
    # Nothing but sockets is loaded, which takes a fraction of the time.
    python3 -S -c 'import _socket, sys
s = _socket.socket(_socket.AF_UNIX)
s.connect(sys.argv[1] + "/control")
s.send((" ".join(sys.argv[2:]) + "\n").encode())
while data := s.recv(65536):
    sys.stdout.write(data.decode())' "$SERVERS_DIR/$name.standin" "$@"
}

# shellcheck disable=SC2119,SC2120 # the name is optional
on_standin() { [ -e "$SERVERS_DIR/${1:-two}.front" ]; }

# shellcheck disable=SC2119 # the secondary
needs_postgres() { if on_standin; then skip "$1"; fi; }

# standin_behind URL: the same database without the stand-in.
standin_behind() {
    local url=$1 front name
    for front in "$SERVERS_DIR"/*.front; do
        [ -e "$front" ] || continue
        name=$(basename "$front" .front)
        url=${url/"@127.0.0.1:$(<"$front")/"/"@127.0.0.1:$(server_own_port "$name")/"}
    done
    echo "$url"
}
