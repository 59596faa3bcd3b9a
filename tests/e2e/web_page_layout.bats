#!/usr/bin/env bats
# Proves: the status page can be read, and tells the truth, in what is less usual: no secondary, long names of tables, a week, servers
# that answer within a few milliseconds, a narrow telephone in Spanish, a damaged record, a server that has never answered, or does
# not answer what was asked of it.
# bats file_tags=once

load ../lib/helper
load ../lib/api
load ../lib/web
load ../lib/browser
setup() {
    pair_setup app
    web_setup
}
teardown() {
    web_teardown
    pair_teardown
}
telephone='page._do("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}})'

@test "without a secondary, that there is none is said as wide as it would be shown" {
    env_unset DATABASE_URL_SECONDARY
    run_dbr health
    nginx_start
    browse <<PY
width = lambda: page.script("return [...document.querySelectorAll('#databases > article')].map((e) => [e.clientWidth, e.querySelector('p.quiet') ? e.scrollWidth : 0])")
page.wait_text("#databases", "No secondary is configured")
(first, _), (second, all) = width()
assert abs(first - second) < 2 and all <= second, width()
$telephone
page.wait(lambda: width()[0][0] < 340 and width()[1][0] == width()[0][0], "both are as wide as the telephone")
PY
}

@test "long names, a week, low latencies, a narrow telephone" {
    local name=a_very_long_name_of_a_table_as_some_generators_of_schemas_give
    p1 -c "CREATE TABLE $name (id int PRIMARY KEY)"
    init_pair
    history_make 200
    sed -i 's/"latency":[0-9]*/"latency":1/g' "$STATE_DIR/history.jsonl"
    run_dbr health
    nginx_start
    browse <<'PY'
ticks = lambda anchor: page.script("return [...document.querySelectorAll('[data-testid=latency-chart] .tick')].filter((e) => e.getAttribute('text-anchor') === arguments[0]).map((e) => e.textContent)", anchor)
page.wait(lambda: page.all("[data-testid=latency-chart] path"), "the chart is drawn")
assert len(set(ticks("end"))) == len(ticks("end")) >= 2, ticks("end")
page.click("[data-key=period-7d]")
page.wait(lambda: len(ticks("middle")) == 7 and len(set(ticks("middle"))) == 7, "each day has its name")
page.wait_text("[data-testid=database-primary]", "Size")
page.click("[data-key=tables-summary]")
page.wait_text("[data-testid=tables]", "users")
fits = page.script("const e = document.querySelector('[data-key=tables-scroll]'); return [e.scrollWidth, e.clientWidth]")
assert fits[0] <= fits[1], fits
# What was scrolled to is still there when the page is told anew.
page.script("const e = document.querySelector('[data-key=tables-scroll]'); e.scrollTop = 90; e.dataset.old = 'yes'")
page.wait(lambda: page.script("return !document.querySelector('[data-key=tables-scroll]').dataset.old"), "the tables are shown anew", 30)
assert page.script("return document.querySelector('[data-key=tables-scroll]').scrollTop") == 90
PY
    browse 'size = (500, 900)' 'language = "es"' <<PY
$telephone
page.wait_text("[data-testid=breaker-secondary]", "Cerrado")
page.wait_text("#breakers", "Restablecer")
fits = page.script("const e = document.querySelector('#breakers .scroll'); return [e.scrollWidth, e.clientWidth]")
assert fits[0] <= fits[1] and fits[1] < 340, fits
assert "Fallos / total" in page.script("return getComputedStyle(document.querySelector('#breakers [data-label]'), '::before').content")
PY
}

@test "a damaged record of events, and a server that has never answered" {
    init_pair
    printf '{"event":"first"}\n{"time":"soon","event":"second","message":{"a":1}}\n{"time":1e300}\n' >>"$STATE_DIR/events.jsonl"
    run_dbr health
    nginx_start
    browse <<'PY'
page.wait_text("[data-testid=events]", "second")
page.wait_text("[data-testid=events]", "first")
page.wait_text("[data-testid=events]", "initialised")
PY
    echo broken >"$STATE_DIR/state.json"
    browse <<'PY'
page.expected.append("status of 500")
page.wait_text("#banner", "cannot tell")
page.wait_text("#sync", "no data")
page.wait_text("#alerts", "no data")
PY
}

@test "what was asked for and not answered is not called undone" {
    init_pair
    token_set
    run_dbr health
    nginx_start
    browse "nginx = $(cat "$WEB/nginx.pid")" <<'PY'
page.expected += ["ERR_CONNECTION", "ERR_SOCKET", "ERR_EMPTY", "ERR_HTTP2", "status of 5"]
page.wait_text("[data-testid=status]", "Healthy")
os.kill(nginx, 15)
page.click("#do-sync")
page.type("#dialog-word", "SYNC")
page.type("#dialog-token", token)
page.click("#dialog-confirm")
page.wait_text("#notice", "The server did not answer. Whether it was done")
assert "not completed" not in page.text("#notice"), page.text("#notice")
page.click("#language-button")
page.wait_text("#notice", "El servidor no respondió.")
PY
}
