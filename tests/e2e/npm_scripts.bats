# scripts/npm with the real npm: package.json gets the scripts, once, and options that npm swallows never lead to another run than
# the one that was asked for.
# bats file_tags=once

load ../lib/helper
load ../lib/node

setup() {
    if ! command -v npm >/dev/null || ! command -v node >/dev/null; then skip "npm is not installed"; fi
    pair_setup app
    # As installed.
    mkdir -p shop dbr/bin dbr/share/dbr/npm
    cp "$ROOT"/scripts/npm/* dbr/share/dbr/npm
    ln -s "$(realpath "$DBR_BIN")"/dbr-* dbr/bin
    ENV_FILE=$PWD/shop/.env
    mv dbr.env "$ENV_FILE"
    printf '{\n\t"name": "shop",\n\t"scripts": {\n\t\t"start": "node index.js"\n\t},\n\t"version": "1.0.0"\n}\n' >shop/package.json
    export npm_config_update_notifier=false npm_config_cache=$BATS_TEST_TMPDIR/cache
}

teardown() { [ -z "${DB:-}" ] || pair_teardown; }

# add ARGUMENT...: add-scripts. npm_run SCRIPT ARGUMENT...: as typed in a directory of the application.
add() { in_shop ../dbr/share/dbr/npm/add-scripts "$@"; }
npm_run() { in_shop npm run "$@"; }
in_shop() {
    RUN=$((RUN + 1))
    LAST=$*
    status=0
    (cd shop && PATH=$BATS_TEST_TMPDIR/dbr/bin:$PATH timeout -k 5 "$DBR_TEST_TIMEOUT" "$@") >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" </dev/null 3>&- || status=$?
    output=$(cat "$RUNS/$RUN.out")
    errors=$(cat "$RUNS/$RUN.err")
    sound
}
active() { jq -r .activeDatabase "$STATE_DIR/state.json"; }

@test "the scripts are added once, and nothing else changes" {
    add --dry-run
    exits 0
    stdout_has 'would add: "db:sync": "dbr-sync"'
    is "$(grep -c db: shop/package.json)" 0
    add
    exits 0
    is "$(jq -r '.scripts | length' shop/package.json)" 8
    is "$(jq -c 'del(.scripts[])' shop/package.json)" '{"name":"shop","scripts":{},"version":"1.0.0"}'
    for name in init-secondary sync failover failback health export import; do
        is "$(jq -r ".scripts[\"db:$name\"]" shop/package.json)" "dbr-$name"
    done
    grep -q $'^\t\t"start": "node index.js",$' shop/package.json || fail "its formatting is gone"
    # Every script of the fragment is added.
    is "$(jq -cS .scripts "$ROOT/scripts/npm/scripts.json")" "$(jq -cS '.scripts | del(.start)' shop/package.json)"
    touch -d 2020-01-01 shop/package.json
    add
    exits 0
    stdout_has "all scripts are in"
    is "$(stat -c %y shop/package.json | cut -c 1-4)" 2020
}

@test "a script of that name that is not ours stays, unless it is to be replaced" {
    (cd shop && npm pkg set 'scripts.db:sync=prisma db push')
    add
    exits 5
    stderr_has 'left as it is: "db:sync": "prisma db push"' --replace
    is "$(jq -r '.scripts["db:sync"]' shop/package.json)" "prisma db push"
    is "$(jq -r '.scripts["db:health"]' shop/package.json)" dbr-health
    add --replace "--env-file=$PWD/it's mine.env"
    exits 0
    is "$(jq -r '.scripts["db:sync"]' shop/package.json)" "dbr-sync '--env-file=$PWD/it'\\''s mine.env'"
    (umask 077 && cp "$ENV_FILE" "it's mine.env")
    rm "$ENV_FILE"
    npm_run -s db:health -- --peek --json
    json_is .primary.connected true
    add --nonsense
    exits 2
    rm shop/package.json
    add
    exits 2
    stderr_has "there is no ./package.json"
    echo '{' >shop/package.json
    add
    exits 1
    stderr_has "npm cannot read"
}

@test "an installation that is not in PATH is named by its path" {
    mv dbr "my dbr"
    (cd shop && "../my dbr/share/dbr/npm/add-scripts")
    is "$(jq -r '.scripts["db:sync"]' shop/package.json)" "'$PWD/my dbr/bin/dbr-sync'"
    (cd shop && npm run -s db:sync -- --version)
}

@test "from init to a failover and back with npm run" {
    add
    npm_run -s db:init-secondary
    exits 0
    same_rows
    p1 -c "INSERT INTO leads (name) VALUES ('one more')"
    npm_run -s db:sync -- --dry-run
    exits 0
    stderr_lacks npm
    different_rows
    npm_run -s db:sync
    exits 0
    same_rows
    npm_run -s db:failover -- --reason=maintenance
    exits 5
    stderr_has "add --yes to consent"
    is "$(active)" primary
    npm_run -s db:failover -- --reason=maintenance --yes
    exits 0
    is "$(active)" secondary
    npm_run -s db:failback -- --yes
    exits 0
    is "$(active)" primary
    npm_run -s db:export -- --output=shop.sql.gz
    exits 0
    npm_run -s db:import -- --check --input=shop.sql.gz
    exits 0
    npm_run -s db:health
    exits 0
    stdout_has "status: healthy"
}

@test "options that npm swallows count, or nothing is done" {
    add
    npm_run -s db:init-secondary --no-verify
    exits 2
    stderr_has "npm kept --no-verify for itself; nothing was done" "hint: npm run db:init-secondary -- --no-verify"
    npm_run -s db:init-secondary --dry-run
    exits 0
    stderr_has "npm was given --dry-run: this is a dry run"
    is "$(p2 -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" 0
    npm_run -s db:init-secondary
    exits 0
    p1 -c "INSERT INTO leads (name) VALUES ('one more')"
    npm_run -s db:sync --dry-run
    exits 0
    stderr_has "this is a dry run"
    npm_run -s db:sync --verify
    exits 2
    stderr_has "npm kept --verify for itself"
    npm_run -s db:sync --tables=users --force
    exits 2
    stderr_has "hint: npm run db:sync -- --force --tables=a,b"
    npm_run -s db:sync --tables users
    exits 2
    npm_run -s db:sync --state-dir=/nonexistent
    exits 2
    stderr_has "hint: npm run db:sync -- --state-dir=DIR"
    different_rows
    npm_run -s db:failover --force
    exits 2
    stderr_has "npm kept --force for itself" "hint: npm run db:failover -- --force"
    npm_run -s db:failover --yes
    exits 5
    stderr_has "npm kept --yes for itself: write npm run db:failover -- --yes" "consent is needed"
    npm_run -s db:failover --dry-run -- --yes
    exits 0
    is "$(active)" primary
    npm_run -s db:health --json
    json_is .activeDatabase primary
    stderr_has "the result is printed as JSON"
    # Which npm takes for its own --update-notifier, without a trace.
    npm_run -s db:init-secondary --update
    exits 5
    npm_run -s db:health --peek
    exits 3
    npm_run -s db:export --output=x.sql
    exits 2
    [ ! -e shop/x.sql ]
}

@test "the command of DB_ON_EVENT and an application are told nothing of npm's options" {
    env_set DB_ON_EVENT "\"env >$PWD/hook.env; dbr-env --format=url >$PWD/hook.url\""
    add
    npm_run -s db:init-secondary
    npm_run -s db:failover --json -- --yes
    exits 0
    json_is .activeDatabase secondary
    is "$(grep -c '^npm_' hook.env)" 0
    is "$(cat hook.url)" "$P2_URL"
    (cd shop && npm pkg set 'scripts.start=dbr-env -- env')
    npm_run -s start --json --check
    exits 0
    stdout_has "DATABASE_URL=$P2_URL" npm_config_json=true
    rm hook.url "$RUNS/$RUN.out" # they hold the password, on purpose
}
