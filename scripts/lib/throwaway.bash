# shellcheck shell=bash
# Throwaway PostgreSQL servers for dbr-backup and dbr-drill: sockets only, no password, gone with the script, however that ends.
#
#     find_server || ...                         # server_bin and server_major of the newest programs here
#     server_make "$SCRATCH/one" && server_begin "$SCRATCH/one" [SETTING...]
#     server_sql "$SCRATCH/one" <<<'SELECT 1'    # as the superuser postgres
#     server_end "$SCRATCH/one"                  # at once; server_begin starts it again
#     servers_remove
#
# A server is named by its directory, a new one in a directory that only we may enter. What it prints is in DIRECTORY.log. The build
# puts this file where a script names it, after program.bash.
# shellcheck disable=SC2034,SC2317 # variables of the script

declare -A SERVER_PIDS=() SERVER_SOCKETS=() # directory -> process, directory of its socket

# The newest server programs of this machine; false when there are none.
find_server() {
    local bin version
    server_bin='' server_major=0
    for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin "$(dirname -- "$(command -v initdb || echo /none/initdb)")"; do
        [[ -x $bin/initdb && -x $bin/postgres && -x $bin/psql ]] || continue
        version=$("$bin/postgres" --version 2>/dev/null | sed -n 's/.*PostgreSQL) \([0-9]*\).*/\1/p')
        [ "${version:-0}" -gt "$server_major" ] || continue
        server_bin=$bin server_major=$version
    done
    [ -n "$server_bin" ]
}

# Servers refuse to run as root.
as_server() {
    local account=() guard=()
    if [ "$(id -u)" -eq 0 ]; then
        account=("--reuid=$server_account" "--regid=$(id -g "$server_account")" --clear-groups)
    fi
    # So that not even a kill of this script leaves one behind.
    ! setpriv --pdeathsig=INT true 2>/dev/null || guard=(--pdeathsig=INT)
    if [ $((${#account[@]} + ${#guard[@]})) -gt 0 ]; then
        exec setpriv "${account[@]}" "${guard[@]}" "$@"
    else
        exec "$@"
    fi
}

server_make() {
    local socket=$1
    server_account=nobody
    ! id -u postgres >/dev/null 2>&1 || server_account=postgres
    mkdir "$1" || return
    # The path of a socket may have 107 bytes.
    [ ${#socket} -le 85 ] || socket=$(mktemp -d "/tmp/$PROGRAM.XXXXXX") || return
    SERVER_SOCKETS[$1]=$socket
    if [ "$(id -u)" -eq 0 ]; then
        chmod 711 "$(dirname -- "$1")"
        chown "$server_account" "$1" "$socket"
    fi
    (cd / && LC_ALL=C as_server "$server_bin/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --no-sync) >"$1.log" 2>&1
}

server_begin() {
    local i setting directory=$1 settings=()
    shift
    for setting in listen_addresses= fsync=off full_page_writes=off autovacuum=off "$@"; do settings+=(-c "$setting"); done
    (cd / && LC_ALL=C as_server "$server_bin/postgres" -D "$directory/data" -k "${SERVER_SOCKETS[$directory]}" "${settings[@]}") \
        </dev/null >"$directory.log" 2>&1 &
    SERVER_PIDS[$directory]=$!
    for ((i = 0; i < 1200; i++)); do
        [ "$(sed -n 8p "$directory/data/postmaster.pid" 2>/dev/null | tr -d ' ')" != ready ] || return 0
        kill -0 "${SERVER_PIDS[$directory]}" 2>/dev/null || return
        sleep 0.05
    done
    return 1
}

# Without waiting for its clients.
server_end() {
    local pid=${SERVER_PIDS[$1]-}
    [ -n "$pid" ] || return 0
    kill -QUIT "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    SERVER_PIDS[$1]=''
}

servers_end() {
    local directory
    for directory in "${!SERVER_PIDS[@]}"; do server_end "$directory"; done
}

servers_remove() {
    local directory
    servers_end
    for directory in "${!SERVER_SOCKETS[@]}"; do rm -rf -- "$directory" "${SERVER_SOCKETS[$directory]}"; done
    SERVER_SOCKETS=()
}

# The SQL on stdin; arguments are psql's.
server_sql() {
    local directory=$1
    shift
    env -i "PATH=$PATH" "$server_bin/psql" -X -q -A -t -h "${SERVER_SOCKETS[$directory]}" -U postgres -d postgres "$@" 2>/dev/null
}
