# shellcheck shell=bash
# The two databases that a rehearsal works on: throwaway servers, or two empty databases of the user, filled and emptied.
# The build puts this file into dbr-drill.
# shellcheck disable=SC2034,SC2154,SC2317 # variables of the script and of its frame; functions that it calls

# Programs that work on the copies do so in this environment.
enter_copies() {
    local name value sets=()
    CALL_WITH=()
    end_with_us
    CALL_WITH+=(env)
    for name in "${REAL_VARIABLES[@]}" AUTO_FAILOVER_ENABLED AUTO_FAILBACK_ENABLED PGHOSTADDR PGSERVICE; do CALL_WITH+=(-u "$name"); done
    for name in "${KEPT_VARIABLES[@]}"; do
        value=REAL_$name
        value=${!value}
        [[ $name != DB_SYNC_TABLES || -z $value ]] || value+=,dbr_drill
        if [ -n "$value" ]; then sets+=("$name=$value"); else CALL_WITH+=(-u "$name"); fi
    done
    for name in DB_ON_EVENT DB_ACTIVE_ENV_FILE DB_PGBOUNCER_INI DB_PGBOUNCER_ADMIN_URL DB_FENCE_ROLE; do sets+=("$name="); done
    CALL_WITH+=("${sets[@]}")
}

must() { call "$@" >/dev/null || die $? "$call_error" "$call_hint"; }

# The real database is only read, and the state only copied: an export writes an event into it. The rows are in a file without a name,
# descriptor 9, so that not even a kill of everything leaves them behind.
take_copy() {
    local options=(--source=primary)
    mkdir "$SCRATCH/real"
    if [ -e "$REAL_DB_STATE_DIR/state.json" ]; then
        cp -- "$REAL_DB_STATE_DIR/state.json" "$SCRATCH/real" || die 2 "cannot read $REAL_DB_STATE_DIR/state.json" "run it as the user that runs the other programs"
        options[0]=--source=active
    fi
    ! given schema-only || options+=(--schema-only)
    log 'reading the active database'
    { exec 9<>"$SCRATCH/real.sql" && rm -- "$SCRATCH/real.sql"; } || die 1 "cannot write to $SCRATCH" 'TMPDIR names a directory with room for the copy'
    call dbr-export "${COMMON[@]}" "--state-dir=$SCRATCH/real" "${options[@]}" >&9 || die $? "$call_error" "$call_hint"
}

# Two servers of our own, with a role that is no superuser, as that of the real pair.
make_servers() {
    local name
    find_server || die 5 'there are no server programs of PostgreSQL on this machine' \
        'install them (Debian: postgresql), or name two empty databases with --copies=FILE'
    PATH=$server_bin:$PATH
    for name in one two; do
        { server_make "$SCRATCH/$name" && server_begin "$SCRATCH/$name" && server_prepare "$SCRATCH/$name"; } ||
            die 1 "cannot start a server: $(grep -m 1 -iE 'error|fatal|no space|could not' "$SCRATCH/$name.log" 2>/dev/null)" \
                'TMPDIR names a directory with room for two copies; or name two empty databases with --copies=FILE'
    done
    printf "%s=\"host='%s' user=drill dbname=drill\"\n" DATABASE_URL "${SERVER_SOCKETS[$SCRATCH/one]}" \
        DATABASE_URL_SECONDARY "${SERVER_SOCKETS[$SCRATCH/two]}" >"$SCRATCH/drill.env"
    guard "${SERVER_SOCKETS[@]}"
}

server_prepare() { server_sql "$1" <<<'CREATE ROLE drill LOGIN' && server_sql "$1" <<<'CREATE DATABASE drill OWNER drill'; }

# What works for us ends with us, however we end.
end_with_us() {
    ! setpriv --pdeathsig=TERM true 2>/dev/null || CALL_WITH=(setpriv --pdeathsig=TERM)
}

# guard DIRECTORY...: takes them and SCRATCH away where a kill has left this script no time to; again while those that end with it may
# still write there. A process that is killed stays in the list until its parent has asked for its end.
guard() {
    # shellcheck disable=SC2016 # expanded by the guard
    setsid bash -c '
        alive() { kill -0 "$1" 2>/dev/null && ! grep -q "^State:.*Z" "/proc/$1/status" 2>/dev/null; }
        pid=$1 && shift
        while alive "$pid" && [ -d "$1" ]; do sleep 1; done
        for round in 1 2 3 4 5; do
            ! alive "$pid" || exit
            rm -rf -- "$@"
            sleep 1
        done
    ' guard $$ "$SCRATCH" "$@" </dev/null >/dev/null 2>&1 3>&- 4>&- 9>&- &
    disown
}

# find_url [STATE_DIR]: the URL of the database that is active (there): REPLY without its password, which goes to PGPASSWORD and so into no
# list of processes.
find_url() {
    local url
    find_program dbr-env || return
    url=$("${CALL_WITH[@]}" "$REPLY" "${PAIR[@]}" ${1+"--state-dir=$1"} --format=url 2>/dev/null) || return
    PGPASSWORD=''
    if [[ $url =~ ^([a-z]+://[^/?#@]*):([^/?#@]*)@(.*)$ ]]; then
        url=${BASH_REMATCH[1]}@${BASH_REMATCH[3]}
        decode "${BASH_REMATCH[2]}"
    elif [[ $url =~ ^([a-z]+://.*[?&])password=([^\&]*)\&?(.*)$ ]]; then
        url=${BASH_REMATCH[1]}${BASH_REMATCH[3]}
        decode "${BASH_REMATCH[2]}"
    elif [[ $url =~ ^(.*)password\ *=\ *(\'([^\'\\]|\\.)*\'|[^\ ]*)(.*)$ ]]; then
        url=${BASH_REMATCH[1]}${BASH_REMATCH[4]}
        PGPASSWORD=${BASH_REMATCH[2]}
        [[ $PGPASSWORD != \'* ]] || PGPASSWORD=${PGPASSWORD:1:-1}
        PGPASSWORD=$(sed -E 's/\\(.)/\1/g' <<<"$PGPASSWORD")
    fi
    if [ -n "$PGPASSWORD" ]; then export PGPASSWORD; else unset PGPASSWORD; fi
    REPLY=$url
}

decode() {
    local text=${1//\\/\\\\}
    printf -v PGPASSWORD %b "${text//%/\\x}"
}

# The SQL on stdin at the copy that is active, as the application would connect.
active_sql() {
    find_url "$@" || return
    psql -X -q -At -v ON_ERROR_STOP=1 -v schema="$REAL_DB_SCHEMA" -d "$REPLY" 2>"$SCRATCH/psql"
}

# --copies: only where there is nothing may everything be dropped at the end.
check_copies() {
    local found
    command -v psql >/dev/null || die 1 'there is no psql' 'install the client of PostgreSQL (Debian: postgresql-client)'
    call_silent=yes must dbr-env "${PAIR[@]}" # says what is wrong with the file
    found=$(active_sql <<<"SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN (:'schema', '_dbr')") || die 3 "cannot connect to the first database of ${GIVEN[copies]}: $(sed -n '1s/^psql: *//p' "$SCRATCH/psql")" \
        "dbr-health --peek --env-file=${GIVEN[copies]} tells more"
    [ "$found" = 0 ] || die 5 "the first database of ${GIVEN[copies]} is not empty" 'name two databases that hold nothing: at the end they are emptied'
}

# Policies name roles, which are not part of a copy.
import_copy() {
    local role tried=''
    until call dbr-import "${PAIR[@]}" --target=primary --input=/dev/fd/9 --yes >/dev/null; do
        [[ -z ${GIVEN[copies]-} && $call_error =~ role\ \"(.*)\"\ does\ not\ exist ]] ||
            die 1 "the copy cannot be filled: $call_error" "${call_hint:-name two empty databases with --copies=FILE, where its roles and extensions are}"
        role=${BASH_REMATCH[1]}
        [ "$role" != "$tried" ] || die 1 "the copy cannot be filled: $call_error" 'name two empty databases with --copies=FILE, where its roles are'
        tried=$role
        server_sql "$SCRATCH/one" -v role="$role" <<<'CREATE ROLE :"role";' && server_sql "$SCRATCH/two" -v role="$role" <<<'CREATE ROLE :"role";'
    done
}

fill_copies() {
    local status
    log 'filling the copies'
    mkdir "$SCRATCH/state"
    FILLED=${GIVEN[copies]:+primary}
    active_sql <<<'SET client_min_messages = error; CREATE SCHEMA IF NOT EXISTS :"schema";' ||
        die 1 "the copy cannot be filled: $(cat "$SCRATCH/psql")" 'the role must own the database'
    import_copy
    exec 9>&-
    active_sql <<<'CREATE TABLE :"schema".dbr_drill (id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());' ||
        die 1 "the table dbr_drill cannot be made: $(cat "$SCRATCH/psql")" 'the name must be free, and the role own the schema'
    call dbr-init-secondary "${PAIR[@]}" --yes >/dev/null
    status=$?
    if [ $status -eq 5 ]; then
        call_hint='name two databases that hold nothing'
    else
        FILLED=${GIVEN[copies]:+both} # also where it failed midway
    fi
    [ $status -eq 0 ] || die $status "$call_error" "$call_hint"
}

# A state that says so makes dbr-env print the URL of that database.
empty_copies() {
    local role switch
    mkdir -p "$SCRATCH/look"
    for role in primary secondary; do
        [[ $role != secondary || $FILLED = both ]] || continue
        if [ "$role" = primary ]; then switch=failback; else switch=failover; fi
        printf '{"version": 1, "activeDatabase": "%s", "init": {"status": "done"}, "lastSwitch": {"op": "%s"}}\n' "$role" "$switch" \
            >"$SCRATCH/look/state.json"
        PGOPTIONS='-c default_transaction_read_only=off -c client_min_messages=error' active_sql "$SCRATCH/look" <<'SQL' ||
DROP SCHEMA IF EXISTS _dbr CASCADE;
DROP SCHEMA IF EXISTS :"schema" CASCADE;
CREATE SCHEMA :"schema";
SELECT format('ALTER DATABASE %I RESET default_transaction_read_only', current_database()) \gexec
SQL
            warn "the $role of ${GIVEN[copies]} could not be emptied: $(head -n 1 "$SCRATCH/psql")"
    done
}
