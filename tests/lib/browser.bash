# shellcheck shell=bash
# A real Chromium before the status page; see page.py.

# browse [NAME=VALUE...] <<'PY': runs the script with "page" open on the status page; the names are variables in it, "language", "size"
# and "dark" are how the page is opened. What it prints is shown when it fails.
browse() {
    {
        printf 'import os, sys, time\nsys.path.insert(0, %s)\nfrom page import Page\n' "'$ROOT/tests/lib'"
        printf 'token = os.environ["API_TOKEN"]\nlanguage, size, dark = "en", (1280, 900), False\n'
        printf '%s\n' "$@"
        printf 'with Page("%s://%s:%s/", language, size, dark) as page:\n' "${SCHEME:-https}" "$WEB_HOST" "$WEB_PORT"
        sed 's/^/    /'
    } >"$BATS_TEST_TMPDIR/browse.py"
    API_TOKEN=$API_TOKEN timeout -k 5 "$((DBR_TEST_TIMEOUT * 3))" python3 -B "$BATS_TEST_TMPDIR/browse.py" >"$BATS_TEST_TMPDIR/browse.out" 2>&1 3>&- ||
        fail "the page: $(tail -c 6000 "$BATS_TEST_TMPDIR/browse.out")"
}

# history_make HOURS: a record of checks every five minutes, with an outage of the primary and a failover and failback in it.
history_make() {
    python3 -B - "$STATE_DIR" "$1" <<'PY'
import json, math, random, sys, time
directory, hours = sys.argv[1], int(sys.argv[2])
pick = random.Random(7)
now = time.time()
stamp = lambda t: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".%03dZ" % (t % 1 * 1000)
count = hours * 12
out = range(count * 5 // 8, count * 5 // 8 + 7)
with open(f"{directory}/history.jsonl", "w") as file:
    for n in range(count):
        when = now - (count - n) * 300
        side = lambda base, up: {"connected": up, "latency": round(base * (1 + 0.15 * math.sin(n / 17)) + pick.expovariate(1 / 14)) if up else None}
        active = "secondary" if n in range(out[3], out[3] + 30) else "primary"
        file.write(json.dumps({"time": stamp(when), "active": active, "primary": side(205, n not in out), "secondary": side(330, n % 97 != 0)}, separators=(",", ":")) + "\n")
events = open(f"{directory}/events.jsonl").read().splitlines()
for n, kind, active, text in ((out[3], "failover", "secondary", "the secondary is active"), (out[3] + 30, "failback", "primary", "the primary is active")):
    events.insert(0, json.dumps({"time": stamp(now - (count - n) * 300), "event": kind, "active": active, "reason": "3 checks in a row failed" if kind == "failover" else None, "message": text}))
events.sort(key=lambda line: json.loads(line)["time"])
open(f"{directory}/events.jsonl", "w").write("\n".join(events) + "\n")
PY
}
