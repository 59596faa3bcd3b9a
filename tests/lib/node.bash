# shellcheck shell=bash
# Node programs for the tests: those of tests/app/package-lock.json, fetched once into tests/.cache with npm.
#
#     setup_file() { node_fetch; }
#     setup() { node_setup; ... }          # skips where npm or its registry is missing; puts pm2 into PATH
#
# PM2_HOME is a directory of its own; node_teardown ends the PM2 that runs there.

node_cache() { echo "$ROOT/tests/.cache/node-$(sha256sum "$ROOT/tests/app/package-lock.json" | cut -c 1-16)"; }

node_fetch() {
    local cache work
    command -v npm >/dev/null && command -v node >/dev/null || return 0
    mkdir -p "$ROOT/tests/.cache"
    cache=$(node_cache)
    (
        flock 9
        [ ! -d "$cache" ] || exit 0
        work=$(mktemp -d "$ROOT/tests/.cache/unpack.XXXXXX")
        cp "$ROOT/tests/app/package.json" "$ROOT/tests/app/package-lock.json" "$work"
        if timeout 300 npm ci --silent --no-audit --no-fund --omit=optional --ignore-scripts --prefix "$work" >"$work/log" 2>&1 </dev/null; then
            mv -T "$work" "$cache"
        else
            cat "$work/log" >&2
            rm -rf "$work"
        fi
    ) 9>"$ROOT/tests/.cache/node.lock" 3>&-
}

node_setup() {
    if ! command -v npm >/dev/null || ! command -v node >/dev/null; then skip "npm is not installed"; fi
    [ -d "$(node_cache)" ] || skip "npm could not fetch what tests/app needs from its registry"
    # As short as can be: PM2 puts sockets there.
    PM2_HOME=$(mktemp -d /tmp/pm2.XXXXXX)
    export PM2_HOME
    PATH=$(node_cache)/node_modules/.bin:$PATH
}

node_teardown() {
    [ -n "${PM2_HOME:-}" ] || return 0
    timeout 20 pm2 kill >/dev/null 2>&1 3>&- || true
    rm -rf "$PM2_HOME"
}
