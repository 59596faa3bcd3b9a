# dbr-env: the active database's URL in every format and to a command, and never a guess. Needs no server.

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
