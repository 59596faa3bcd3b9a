#!/usr/bin/env bats
# Proves: the status page in a real Chromium, before real nginx and real databases: it shows what is so, does what is confirmed and
# nothing else, draws the history, speaks Spanish, and keeps what it knew when the server is away.
# bats file_tags=once

load ../lib/helper
load ../lib/api
load ../lib/web
load ../lib/browser
setup() {
    pair_setup app
    init_pair
    run_dbr sync
    token_set
    web_setup
    history_make 24
    # What the machine is busy with is not the matter here.
    env_set DB_ALERT_CPU_PERCENT 100
    env_set DB_ALERT_MEMORY_PERCENT 100
    env_set DB_ALERT_DISK_PERCENT 100
    run_dbr health
    nginx_start
}
teardown() {
    web_teardown
    pair_teardown
}
is_active() { is "$(jq -r .activeDatabase "$STATE_DIR/state.json")" "$1"; }

@test "what it is made of comes with a policy that keeps everything else out" {
    request /
    answers 200
    stdout_has "<!doctype html>"
    grep -qi "^content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'" <<<"$headers" || fail "no policy: $headers"
    header_has "X-Content-Type-Options: nosniff"
    header_has "X-Frame-Options: DENY"
    # Nothing inline, nothing from elsewhere.
    ! grep -qE '<script>|<style|style=|[ "]on[a-z]+=|https?://' "$RUNS/$RUN.out" || fail "inline or foreign"
    ! grep -rnE 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?://' "$ROOT"/scripts/web/panel/*.js | grep -v 'http://www.w3.org/2000/svg' || fail "markup from text"
    for file in app.js style.css favicon.svg; do
        request "/$file"
        answers 200
    done
    request /app.js
    grep -qiE '^content-type: (text|application)/javascript' <<<"$headers" || fail "$headers"
    request /nope.html
    answers 404
    request /../nginx.conf
    [ "$http" != 200 ] || fail "out of the root"
    request / -X POST -d x
    answers 403
}

@test "every word is there in both languages" {
    python3 -B - "$ROOT/scripts/web/panel" <<'PY' || fail "words are missing"
import pathlib, re, sys
directory = pathlib.Path(sys.argv[1])
text = (directory / "words.js").read_text()
parts = re.split(r"^  (?:en|es): \{$", text, flags=re.M)[1:]
keys = [set(re.findall(r"^ {4,6}(\w+): ", part, flags=re.M)) for part in parts]
assert len(keys) == 2 and len(keys[0]) > 100, keys
assert keys[0] == keys[1], keys[0] ^ keys[1]
for name, fields in ((k, None) for k in keys[0]):
    both = [sorted(re.findall(r"\{(\w+)\}", re.search(rf"^ {{4,6}}{name}: \"(.*)\",$", part, flags=re.M).group(1))) if re.search(rf"^ {{4,6}}{name}: \"(.*)\",$", part, flags=re.M) else [] for part in parts]
    assert both[0] == both[1], (name, both)
used = set()
for file in directory.glob("*.js"):
    if file.name != "words.js":
        used |= set(re.findall(r"\bword\(\"(\w+)\"", file.read_text()))
used |= set(re.findall(r"data-words=\"(\w+)\"", (directory / "index.html").read_text()))
assert used <= keys[0], used - keys[0]
PY
}

@test "health, tables, events, breakers, charts" {
    browse <<'PY'
page.wait_text("[data-testid=status]", "Healthy")
page.wait_text("[data-testid=database-primary]", "PostgreSQL")
assert page.text("[data-testid=role-primary]") == "Active"
assert page.text("[data-testid=role-secondary]") == "Standby"
assert page.text("[data-testid=state-primary]") == "Connected"
assert page.text("[data-testid=latency-primary]").isdigit()
page.wait_text("[data-testid=database-primary]", "Size")
page.wait_text("[data-testid=events]", "initialised")
page.wait_text("[data-testid=breaker-secondary]", "Closed")
page.click("[data-key=tables-summary]")
page.wait_text("[data-testid=tables]", "custom_pools")
assert not page.enabled("#do-failback") and page.enabled("#do-failover") and page.enabled("#do-sync")
# The charts: two lines, broken where the primary was out; both switches; the strips; values under the pointer and by key.
page.wait(lambda: len(page.all("[data-testid=latency-chart] path.line-primary")) >= 2, "the line of the primary has a gap")
assert len(page.all("[data-testid=latency-chart] path.line-secondary")) >= 1
assert len(page.all("[data-testid=latency-chart] .switch")) == 2
assert len(page.all("[data-testid=availability-chart] .cell-bad")) >= 6
page.point_at("[data-testid=latency-chart]", 40, 10)
page.wait(lambda: page.shown(".tip"), "the values are shown")
assert "Primary: " in page.text(".tip") and "ms" in page.text(".tip"), page.text(".tip")
page.script("document.querySelector('[data-testid=latency-chart]').focus()")
page.press("end")
last = page.script("return document.querySelector('.plot [aria-live]').textContent")
page.press("left")
before = page.script("return document.querySelector('.plot [aria-live]').textContent")
assert "Secondary: " in last and before != last, (last, before)
page.click("[data-key=history-summary]")
page.wait_text("[data-testid=history-table]", "Availability")
assert len(page.all("[data-testid=history-table] tbody tr")) > 30
page.picture("light")
page.click("[data-key=period-7d]")
page.wait(lambda: page.attribute("[data-key=period-7d]", "aria-pressed") == "true", "a week is chosen")
page.wait(lambda: len(page.all("[data-testid=latency-chart] path.line-primary")) >= 1, "the week is drawn")
PY
}

@test "a failover needs the typed word and the token, and is seen done in the pointer; then back" {
    browse <<'PY'
page.wait_text("[data-testid=role-primary]", "Active")
page.click("#do-failover")
assert page.focused() == "dialog-word", page.focused()
assert not page.enabled("#dialog-confirm")
page.type("#dialog-word", "failove")
page.type("#dialog-token", token)
assert not page.enabled("#dialog-confirm")
page.type("#dialog-word", "r")
assert page.enabled("#dialog-confirm")
page.type("#dialog-reason", "from the <b>page</b>")
page.picture("dialog")
page.press("escape")
page.wait(lambda: not page.shown("#dialog"), "the dialog is closed")
# A wrong token first.
page.click("#do-failover")
page.type("#dialog-word", "FAILOVER")
page.type("#dialog-token", "wrong")
page.click("#dialog-confirm")
page.wait_text("#notice", "That is not the token.")
page.expected.append("status of 403")
page.click("#token-button")
page.type("#dialog-token", token)
page.press("enter")
page.wait(lambda: not page.shown("#dialog"), "the dialog is closed")
page.click("#do-failover")
page.type("#dialog-word", "FAILOVER")
page.type("#dialog-reason", "from the <b>page</b>")
page.press("enter")
page.wait_text("#notice", "the secondary is the active database", 40)
page.wait_text("[data-testid=role-secondary]", "Active")
page.wait_text("[data-testid=role-primary]", "Standby")
assert not page.enabled("#do-failover") and page.enabled("#do-failback")
page.wait_text("[data-testid=events]", "<b>page</b>")
assert page.script("return sessionStorage.getItem('dbr-token') === null && !JSON.stringify(localStorage).includes(arguments[0])", token)
page.picture("failed-over")
PY
    is_active secondary
    is "$(jq -r .lastSwitch.reason "$STATE_DIR/state.json")" "status page (127.0.0.1, HTTP API): from the <b>page</b>"
    p2 -c "UPDATE users SET balance = 7 WHERE id = 1"
    browse <<'PY'
page.wait_text("[data-testid=role-secondary]", "Active")
page.click("#do-failback")
page.type("#dialog-word", "FAILBACK")
page.type("#dialog-token", token)
page.click("#dialog-keep")
page.click("#dialog-confirm")
page.wait_text("#notice", "the primary is the active database", 40)
page.wait_text("[data-testid=role-primary]", "Active")
# Kept for this tab: the next action asks for the word alone.
page.reload()
page.wait_text("[data-testid=role-primary]", "Active")
page.click("#do-sync")
assert not page.all("#dialog-token")
page.type("#dialog-word", "sync")
page.click("#dialog-confirm")
page.wait_text("#notice", "Sync completed", 40)
page.click("[data-key=reset-primary]")
page.click("#dialog-confirm")
page.wait_text("#notice", "The circuit breaker is closed.")
PY
    is_active primary
    is "$(p1 -c "SELECT balance::int FROM users WHERE id = 1")" 7
    in_step
}

@test "a long run is followed, and one that fails is told" {
    session_open blocker "$P1_URL"
    session blocker "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE"
    browse "directory = '$BATS_TEST_TMPDIR/'" <<'PY' &
page.wait_text("[data-testid=status]", "Healthy")
page.click("#do-sync")
page.type("#dialog-word", "SYNC")
page.type("#dialog-token", token)
page.click("#dialog-confirm")
page.wait_text("[data-testid=operation]", "dbr-sync is at work")
assert not page.enabled("#do-sync") and not page.enabled("#do-failover")
page.wait_text("#notice", "still running", 40)
page.picture("running")
open(directory + "wants-end", "w").close()
page.wait_text("#notice", "Sync completed: 0 records updated.", 40)
page.wait(lambda: page.enabled("#do-failover"), "the buttons are back")
PY
    local browser=$!
    page_wants end
    session blocker "COMMIT"
    wait "$browser"
    wait_for 30 op_free
    jq '.init.status = "none"' <"$STATE_DIR/state.json" >"$STATE_DIR/new"
    mv "$STATE_DIR/new" "$STATE_DIR/state.json"
    browse <<'PY'
page.wait_text("[data-testid=status]", "Degraded")
page.click("#do-sync")
page.type("#dialog-word", "SYNC")
page.type("#dialog-token", token)
page.click("#dialog-confirm")
page.wait_text("#notice", "The sync was not completed.", 40)
assert "dbr-init-secondary" in page.text("#notice"), page.text("#notice")
page.expected.append("status of 422")
page.wait_text("[data-testid=alerts]", "not initialised")
PY
}
op_free() { flock -n "$STATE_DIR/op.lock" true; }

@test "Spanish, dark, on a telephone, by keyboard" {
    browse 'language = "es"' 'size = (1280, 900)' 'dark = True' <<'PY'
page.wait_text("[data-testid=status]", "En orden")
assert page.script("return document.documentElement.lang") == "es"
page.wait_text("[data-testid=role-primary]", "Activa")
page.wait_text("[data-testid=state-secondary]", "Conectada")
page.wait_text("[data-testid=events]", "init")
page.wait(lambda: page.all("[data-testid=latency-chart] path"), "the chart is drawn")
assert page.script("return getComputedStyle(document.body).backgroundColor") == "rgb(13, 19, 29)"
page.picture("dark-es")
page.click("#theme-button")
page.wait(lambda: page.script("return getComputedStyle(document.body).backgroundColor") == "rgb(243, 245, 249)", "it is light")
page.click("#language-button")
page.wait_text("[data-testid=status]", "Healthy")
page.reload()
page.wait_text("[data-testid=status]", "Healthy")
page.click("#language-button")
page.wait_text("[data-testid=status]", "En orden")
PY
    browse 'size = (500, 900)' <<'PY'
page._do("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}})
page.wait_text("[data-testid=status]", "Healthy")
page.wait(lambda: page.all("[data-testid=latency-chart] path"), "the chart is drawn")
page.wait_text("[data-testid=events]", "init")
assert page.script("return document.documentElement.scrollWidth") <= 360, page.script("return document.documentElement.scrollWidth")
page.picture("phone")
# Everything that can be done is reached with the tabulator, in order, and is seen to have the focus.
page.script("document.activeElement.blur()")
seen = []
for _ in range(40):
    page.press("tab")
    name = page.focused()
    if name == "BODY":
        break
    seen.append(name)
for name in ("token-button", "theme-button", "language-button", "do-sync", "do-failover", "period-24h", "latency-chart", "history-summary", "reset-primary"):
    assert name in seen, (name, seen)
assert seen.index("token-button") < seen.index("do-sync") < seen.index("latency-chart"), seen
# What has a role for a screen reader has a name.
unnamed = page.script("""
    return [...document.querySelectorAll('button, input, [role=region], [role=img], article, dialog, section')]
        .filter((e) => !(e.textContent.trim() || e.ariaLabel || e.getAttribute('aria-labelledby') || document.querySelector(`label[for="${e.id}"]`)))
        .map((e) => e.outerHTML.slice(0, 120))""")
assert unnamed == [], unnamed
page.script("document.querySelector('#do-sync').focus()")
page.press("enter")
page.wait(lambda: page.focused() == "dialog-word", "the dialog has the focus")
page.press("escape")
page.wait(lambda: page.focused() == "do-sync", "the focus is back")
PY
}

@test "the server away: it says so, keeps what it knew, and goes on by itself" {
    browse "directory = '$BATS_TEST_TMPDIR/'" <<'PY' &
page.expected += ["ERR_CONNECTION", "ERR_SOCKET", "status of 5"]
page.wait_text("[data-testid=status]", "Healthy")
page.wait_text("[data-testid=database-primary]", "Size")
latency = page.text("[data-testid=latency-secondary]")
def ask(text):
    open(directory + "wants-" + text, "w").close()
    page.wait(lambda: os.path.exists(directory + "has-" + text), "the server is " + text, 60)
ask("down")
page.wait_text("#banner", "The server does not answer. Shown is what was known", 30)
assert page.text("[data-testid=latency-secondary]") == latency
assert page.attribute("#status", "data-state") == "unknown"
page.picture("away")
ask("up")
page.wait(lambda: not page.shown("#banner"), "the banner is gone", 60)
page.wait_text("[data-testid=status]", "Healthy")
ask("broken")
page.wait_text("#banner", "cannot tell", 30)
assert page.text("[data-testid=latency-secondary]") == latency
PY
    local browser=$!
    page_wants down
    kill "$(cat "$WEB/nginx.pid")"
    wait_for 10 silent
    page_has down
    page_wants up
    web_run nginx nginx -c "$WEB/nginx.conf"
    web_wait
    page_has up
    page_wants broken
    echo broken >"$STATE_DIR/state.json"
    page_has broken
    wait "$browser"
}

@test "a database that is down is seen; reads that want the token ask for it; BusyBox httpd serves it, too" {
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    env_set HEALTH_CHECK_TIMEOUT 1
    env_set DBR_API_PROTECT_READS true
    link_tell one refuse
    run_dbr health
    browse <<'PY'
page.expected += ["status of 401", "status of 503"]
page.wait_text("#banner", "wants the token for reading")
page.click("#token-button")
page.type("#dialog-token", token)
page.press("enter")
page.wait_text("[data-testid=status]", "Critical")
page.wait_text("[data-testid=state-primary]", "Down")
assert page.text("[data-testid=latency-primary]") == "–"
page.wait_text("[data-testid=alerts]", "primary")
assert "127.0.0.1" not in page.text("body") and "postgresql" not in page.text("body")
page.picture("critical")
PY
    env_set DBR_API_PROTECT_READS false
    link_tell one pass
    run_dbr health
    kill "$(cat "$WEB/nginx.pid")"
    wait_for 10 silent
    DBR_API_HOSTS=$WEB_HOST busybox_start
    SCHEME=http
    browse <<'PY'
page.expected.append("status of 404")
page.wait_text("[data-testid=status]", "Healthy")
page.wait(lambda: page.all("[data-testid=latency-chart] path"), "the chart is drawn")
PY
}
page_wants() { wait_for 90 test -e "$BATS_TEST_TMPDIR/wants-$1" || fail "the page: $(cat "$BATS_TEST_TMPDIR/browse.out")"; }
page_has() { : >"$BATS_TEST_TMPDIR/has-$1"; }
silent() { ! web_listens; }
