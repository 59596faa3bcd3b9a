#!/usr/bin/env bats
# Proves: the scripts for DB_ON_EVENT work as they are shipped and installed: each event of dbr arrives at a mail program, an HTTP
# receiver or a log socket as it should, whatever is in its texts, and no address shows on a command line.
# bats file_tags=once

load ../lib/helper
setup() {
    pair_setup app
    NOTIFY=$ROOT/scripts/notify
    mkdir got
    unset DBR_EVENT DBR_ACTIVE DBR_REASON DBR_MESSAGE DBR_SEVERITY DBR_ALERTS DBR_FILE DBR_TIME
}
teardown() {
    [ -z "${RECEIVER:-}" ] || kill "$RECEIVER" 2>/dev/null || true
    pair_teardown
}

# Each request is a file got/N: method and path, content type, body. The path /refuse is answered with 500.
http_receiver() {
    python3 - got 3>&- <<'PY' &
import http.server, os, sys
count = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global count
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        count += 1
        with open(f"{sys.argv[1]}/.new", "wb") as f:
            f.write(f"{self.command} {self.path}\n{self.headers.get('Content-Type')}\n".encode() + body)
        os.rename(f"{sys.argv[1]}/.new", f"{sys.argv[1]}/{count}")
        self.send_response(500 if self.path.startswith("/refuse") else 200)
        self.end_headers()
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open("port.new", "w") as f: f.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
PY
    RECEIVER=$!
    wait_for 20 test -e port || fail "no receiver"
    URL=http://127.0.0.1:$(cat port)
}

log_receiver() {
    python3 - log 3>&- <<'PY' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("log.socket")
with open(sys.argv[1], "a", buffering=1) as out:
    while True:
        out.write(s.recv(8192).decode(errors="replace").rstrip("\0\n") + "\n")
PY
    RECEIVER=$!
    wait_for 20 test -S log.socket || fail "no receiver"
}

got() { sed -n "${2}p" "got/$1"; }
body() { tail -n +3 "got/$1"; }
# in_body NUMBER FILTER VALUE: the body is JSON of that.
in_body() { is "$(body "$1" | jq -r "$2")" "$3"; }

# What a message may hold; DBR_MESSAGE is of one line.
NASTY='"quoted" \back\ <b>&amp; $(touch hacked) `touch hacked` ñ 100% '"'"'x'"'"' @'

@test "webhook: an alert raised and over, a failover" {
    http_receiver
    echo "$URL/hook?token=s3cret" >address
    SECRET=s3cret
    link_open two two 0
    env_set DATABASE_URL_SECONDARY "$(link_url two "$P2_URL")"
    env_set DB_ON_EVENT "'$NOTIFY/webhook @$PWD/address'"
    init_pair
    link_tell two refuse
    run_dbr health
    exits 1
    stderr_lacks WARNING
    is "$(got 1 1)" "POST /hook?token=s3cret"
    is "$(got 1 2)" application/json
    in_body 1 '"\(.event) \(.reason) \(.severity) \(.active)"' "alert standby-down warning primary"
    body 1 | jq -e '(.message | contains("is down")) and (.host | length > 0) and (.time | test("^20.*Z$"))' >/dev/null
    link_tell two pass
    run_dbr health
    exits 0
    in_body 2 '"\(.event) \(.reason) \(.severity)"' "alert standby-down ok"
    run_dbr failover --yes --reason 'a "drill"'
    exits 0
    in_body 3 '"\(.event) \(.active) \(.reason)"' 'failover secondary a "drill"'
    [ ! -e got/4 ]
}

@test "webhook and slack: any text, a receiver that refuses, no address on a command line" {
    http_receiver
    DBR_EVENT=alert DBR_REASON=disk DBR_SEVERITY=critical DBR_MESSAGE=$NASTY DBR_FILE=$'/a\nb' "$NOTIFY/webhook" "$URL/a"
    in_body 1 .message "$NASTY"
    in_body 1 .file "/a b"
    DBR_EVENT=alert DBR_REASON=disk DBR_SEVERITY=critical DBR_MESSAGE=$NASTY "$NOTIFY/slack" "$URL/b"
    in_body 2 .text ":red_circle: *alert disk (critical)* on $(uname -n): $(sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g' <<<"$NASTY")"
    "$NOTIFY/slack" "$URL/c"
    in_body 3 '.text | contains("test message")' true
    [ ! -e hacked ]
    run -1 "$NOTIFY/webhook" "$URL/refuse"
    # What curl was called with is written down by one before it.
    mkdir bin
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/sh\necho "$@" >>%s\nexec %s "$@"\n' "$PWD/arguments" "$(command -v curl)" >bin/curl
    chmod +x bin/curl
    echo "$URL/s3cret" >address
    PATH=$PWD/bin:$PATH "$NOTIFY/webhook" @address
    lacks "$(cat arguments)" arguments s3cret
    run -2 "$NOTIFY/webhook"
    run -2 "$NOTIFY/webhook" @none
    run -2 "$NOTIFY/webhook" "file:///etc/passwd"
}

@test "ping: fail, over, note" {
    http_receiver
    DBR_EVENT=alert DBR_REASON=disk DBR_SEVERITY=warning DBR_MESSAGE="disk: 95 % in use" "$NOTIFY/ping" "$URL/uuid/"
    is "$(got 1 1)" "POST /uuid/fail"
    is "$(body 1)" "$(uname -n): alert disk (warning): disk: 95 % in use"
    DBR_EVENT=alert DBR_REASON=disk DBR_SEVERITY=ok DBR_MESSAGE="over" "$NOTIFY/ping" "$URL/uuid"
    is "$(got 2 1)" "POST /uuid"
    DBR_EVENT=failover DBR_ACTIVE=secondary DBR_MESSAGE=m "$NOTIFY/ping" "$URL/uuid"
    is "$(got 3 1)" "POST /uuid/log"
    is "$(body 3)" "$(uname -n): failover to the secondary: m"
    DBR_EVENT=sync "$NOTIFY/ping" --only=alert,failover "$URL/uuid"
    [ ! -e got/4 ]
    # Another alert lasts: all is not well yet.
    DBR_EVENT=alert DBR_REASON=disk DBR_SEVERITY=ok DBR_ALERTS=1 DBR_MESSAGE="over" "$NOTIFY/ping" "$URL/uuid"
    is "$(got 4 1)" "POST /uuid/log"
    DBR_EVENT=alert DBR_REASON=cpu DBR_SEVERITY=ok DBR_ALERTS=0 DBR_MESSAGE="over" "$NOTIFY/ping" "$URL/uuid"
    is "$(got 5 1)" "POST /uuid"
}

@test "mail: headers of ASCII, the text in the body" {
    printf '#!/bin/sh\necho "$@" >>%s\ncat >%s\n' "$PWD/got/arguments" "$PWD/got/mail" >sendmail
    chmod +x sendmail
    export SENDMAIL=$PWD/sendmail FROM=dbr@example.com
    env_set DB_ON_EVENT "'$NOTIFY/mail ops@example.com dba+x@example.com'"
    init_pair
    run_dbr failover --yes --reason $'Wartung ä\nBcc: all@example.com'
    exits 0
    stderr_lacks "DB_ON_EVENT ended"
    is "$(cat got/arguments)" "-t -oi"
    grep -qx "To: ops@example.com, dba+x@example.com" got/mail
    grep -qx "From: dbr@example.com" got/mail
    grep -qx "Subject: \[dbr\] $(uname -n): failover to the secondary" got/mail
    grep -qx "Auto-Submitted: auto-generated" got/mail
    ! grep -q '^Bcc' got/mail || fail "a header of the reason"
    sed '/^$/q' got/mail | LC_ALL=C grep -P '[^\x00-\x7F]' && fail "not ASCII"
    grep -q "reason:   Wartung ä Bcc: all@example.com" got/mail
    run -2 "$NOTIFY/mail"
    run -2 "$NOTIFY/mail" "-f root"
    printf '#!/bin/sh\nexit 75\n' >sendmail
    run -1 "$NOTIFY/mail" ops@example.com
}

@test "syslog: a line with its priority" {
    log_receiver
    DBR_EVENT=alert DBR_REASON=disk DBR_SEVERITY=warning DBR_MESSAGE=$NASTY "$NOTIFY/syslog" --socket "$PWD/log.socket"
    wait_for 20 test -s log
    # daemon (3) * 8 + warning (4)
    grep -qF "<28>" log
    has "$(cat log)" log "dbr: alert disk (warning): $NASTY"
    DBR_EVENT=alert DBR_REASON=disk DBR_SEVERITY=critical DBR_MESSAGE=x "$NOTIFY/syslog" --socket "$PWD/log.socket"
    wait_for 20 grep -qF "<26>" log
    [ ! -e hacked ]
}
