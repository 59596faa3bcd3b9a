# dbr-env: the active database's URL in every format and to a command, and never a guess. Needs no server.
# bats file_tags=postgres

load ../lib/helper

P='postgresql://app:se%40cret1@one.example.com/app?sslmode=require&application_name=$y'
S="postgresql://app:it's\"\$\`@two.example.com/app"

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    STATE_DIR=$PWD/state
    ENV_FILE=$PWD/dbr.env
    RUNS=$PWD/runs
    RUN=0
    mkdir "$RUNS"
    (umask 077 && printf '%s\n' "DATABASE_URL='$P'" "DB_STATE_DIR=$STATE_DIR" >"$ENV_FILE")
    printf 'DATABASE_URL_SECONDARY=%s\n' "$S" >>"$ENV_FILE"
}

active() {
    mkdir -p "$STATE_DIR"
    chmod 700 "$STATE_DIR"
    echo "{\"version\": 1, \"activeDatabase\": \"$1\", \"init\": {\"status\": \"done\"}, \"lastSwitch\": {\"op\": \"failover\"}}" >"$STATE_DIR/state.json"
}

# What a shell makes of stdout.
evaluated() { env -i sh -c "$output"'; printf %s "$'"$1"'"'; }

@test "without a state the primary is active, and nothing is created" {
    run_dbr env
    exits 0
    is "$output" "DATABASE_URL='$P'"
    stderr_has "there is no state"
    [ ! -e "$STATE_DIR" ]
}

@test "every format yields the URL of the active database" {
    active secondary
    run_dbr env
    exits 0
    is "$(evaluated DATABASE_URL)" "$S"
    run_dbr env --format=url
    exits 0
    is "$output" "$S"
    run_dbr env --format=dotenv --name=MAIN_DB
    exits 0
    is "$(evaluated MAIN_DB)" "${S/\'/%27}"
    if command -v node >/dev/null; then
        echo "$output" >app.env
        is "$(node --env-file=app.env -p process.env.MAIN_DB)" "${S/\'/%27}"
    fi
    run_dbr env --json
    exits 0
    json_is .url "$S"
    json_is .activeDatabase secondary
    json_is .name DATABASE_URL
    env_set DB_ACTIVE_ENV_VAR OTHER
    run_dbr env -q
    exits 0
    is "$(evaluated OTHER)" "$S"
}

@test "blanks and line ends of a keyword=value string survive" {
    env_unset DATABASE_URL_SECONDARY
    printf 'DATABASE_URL="%s"\n' "host=h"'\n'"password='a b' dbname=d#e" >"$ENV_FILE"
    chmod 600 "$ENV_FILE"
    for format in shell dotenv; do
        run_dbr env --state-dir "$STATE_DIR" --format $format
        exits 0
        is "$(evaluated DATABASE_URL)" "host=h
password='a b' dbname=d#e"
    done
}

@test "a command gets the variable, its own signals, and its exit status passes through" {
    active secondary
    run_dbr env -- sh -c 'printf "%s|%s" "$DATABASE_URL" "$1"; exit 7' sh --json
    exits 7
    is "$output" "$S|--json"
    run_dbr env --name X printenv X
    exits 0
    is "$output" "$S"
    run_dbr env -- sh -c 'grep SigIgn /proc/self/status | cut -f 2'
    is "$((0x$output & (1 << 12)))" 0
    run_dbr env -- no-such-command
    exits 127
    stderr_has "cannot run no-such-command"
    run_dbr env -- "$STATE_DIR"
    exits 126
    run_dbr env -- sh -c 'kill -TERM $$'
    exits 143
}

@test "what cannot be known is not guessed" {
    active secondary
    echo '{' >"$STATE_DIR/state.json"
    run_dbr env
    exits 2
    stdout_empty
    run_dbr env -- touch ran
    exits 2
    [ ! -e ran ]
    active secondary
    env_unset DATABASE_URL_SECONDARY
    run_dbr env
    exits 2
    stderr_has "DATABASE_URL_SECONDARY is not set"
    printf 'DATABASE_URL_SECONDARY=%s\n' "$S" >>"$ENV_FILE"
    DATABASE_URL=$S run_dbr env
    exits 2
    stderr_has "are the same"
}

@test "--check tells whether the targets agree" {
    active primary
    run_dbr env --check
    exits 0
    stdout_has "no target is configured"
    env_set DB_ACTIVE_ENV_FILE "$PWD/app.env"
    run_dbr env --check
    exits 4
    stderr_has "app.env does not exist"
    echo "DATABASE_URL=$P" >app.env
    run_dbr env --check
    exits 0
    stdout_has "all targets point at the primary"
    active secondary
    run_dbr env --check --json
    exits 4
    json_is .agrees false
    json_is '.differing[0] | test("DATABASE_URL of .*app.env is primary")' true
}

@test "options that do not go together are refused" {
    for options in "--format=url -- true" "--json -- true" "--check -- true" "--check --name=X" "--name=1X" "--format=csh"; do
        # shellcheck disable=SC2086 # several words
        run_dbr env $options
        exits 2
    done
}

@test "--config prints keys of the configuration for a shell, and no secret" {
    env_set DB_BACKUP_DIR "\"/b/it's \$HOME\""
    run_dbr env --config=DB_BACKUP_DIR,DB_BACKUP_CONFIG_PATHS --config=DB_BACKUP_KEEP_DAILY,DBR_ENV_FILE
    exits 0
    is "$(evaluated DB_BACKUP_DIR)" "/b/it's \$HOME"
    is "$(evaluated DB_BACKUP_CONFIG_PATHS)" ""
    is "$(evaluated DB_BACKUP_KEEP_DAILY)" 7
    is "$(evaluated DBR_ENV_FILE)" "$ENV_FILE"
    [ ! -e "$STATE_DIR" ]
    DB_BACKUP_DIR=/environment run_dbr env --config=DB_BACKUP_DIR,DB_BACKUP_CONFIG_PATHS --json
    exits 0
    json_is .config.DB_BACKUP_DIR /environment
    json_is .config.DB_BACKUP_CONFIG_PATHS null
    env_set DBR_API_TOKEN hush
    for key in DATABASE_URL DATABASE_URL_SECONDARY DB_PGBOUNCER_ADMIN_URL DBR_API_TOKEN DB_ON_EVENT; do
        run_dbr env --config=DB_SCHEMA,$key
        exits 2
        stdout_empty
        stderr_has "$key may hold a secret"
    done
    run_dbr env --config=DB_BACKUP_DI
    exits 2
    stderr_has "did you mean DB_BACKUP_DIR?"
    run_dbr env --config=DB_SCHEMA --format=url
    exits 2
    # Another key's trouble is not this one's.
    env_unset DATABASE_URL
    env_set DB_BACKUP_KEEP_DAILY many
    run_dbr env --config=DB_SCHEMA
    exits 0
    run_dbr env --config=DB_BACKUP_KEEP_DAILY
    exits 2
    stderr_has "correct line"
    run_program dbr-env --env-file nowhere --config=DB_SCHEMA
    exits 2
    stdout_empty
}

# set_keys KEYS FILE VALUE...: values never stand in arguments.
set_keys() {
    local keys=$1 file=$2
    shift 2
    status=0
    printf '%s\n' "$@" | "$DBR_BIN/dbr-env" --set="$keys" --env-file="$file" >"$RUNS/out" 2>"$RUNS/err" || status=$?
    output=$(cat "$RUNS/out")
    errors=$(cat "$RUNS/err")
    sound
}

@test "--set writes keys into the env file, and leaves all else" {
    set_keys DATABASE_URL,DB_STATE_DIR new.env "$P" "/srv/it's here"
    exits 0
    is "$output" "DATABASE_URL changed
DB_STATE_DIR changed"
    is "$(stat -c %a new.env)" 600
    is "$(cat new.env)" "DATABASE_URL='$P'
DB_STATE_DIR=\"/srv/it's here\""
    printf '# mine\r\n  export DATABASE_URL="a\nb" # old\nOTHER=`1 2` \n\nDATABASE_URL_SECONDARY=s' >old.env
    chmod 644 old.env
    set_keys DATABASE_URL old.env "$S"
    exits 0
    is "$(cat old.env)" "$(printf '# mine\r\n  export DATABASE_URL='"'postgresql://app:it%%27s\"\$\`@two.example.com/app'"'\nOTHER=`1 2` \n\nDATABASE_URL_SECONDARY=s')"
    is "$(stat -c %a old.env)" 600
    # Once more: nothing is written, not even where a quote had to be encoded, or the quotes are others.
    touch -d 2020-01-01 old.env
    set_keys DATABASE_URL,DATABASE_URL_SECONDARY old.env "$S" s
    exits 0
    is "$output" "DATABASE_URL unchanged
DATABASE_URL_SECONDARY unchanged"
    is "$(stat -c %Y old.env)" "$(date -d 2020-01-01 +%s)"
}

@test "--set refuses what it cannot write, and then writes nothing" {
    cp "$ENV_FILE" before
    set_keys DB_SCHEMA,DB_NO_SUCH "$ENV_FILE" one two
    exits 2
    stderr_has DB_NO_SUCH
    set_keys DB_SCHEMA,DATABASE_URL "$ENV_FILE" one
    exits 2
    stderr_has "no value for DATABASE_URL"
    set_keys DATABASE_URL "$ENV_FILE" "host=x password='\$hush'"
    exits 2
    stderr_lacks hush
    stdout_empty
    cmp before "$ENV_FILE"
    echo "BROKEN='" >>"$ENV_FILE"
    set_keys DB_SCHEMA "$ENV_FILE" one
    exits 2
    for file in "$PWD" nowhere/new.env; do
        set_keys DB_SCHEMA "$file" one
        exits 2
        stderr_has "$file"
    done
    run_program dbr-env --set=DB_SCHEMA
    exits 2
    stderr_has "--set needs --env-file"
    run_dbr env --set=DB_SCHEMA --check
    exits 2
}
