# shellcheck shell=bash
# shellcheck disable=SC2034 # variables for the tests
# Real web servers with the configurations of scripts/web, in which only names of files, addresses and users are put in, as whoever
# installs them does.
#
#     setup() { pair_setup app; web_setup; }
#     teardown() { web_teardown; pair_teardown; }
#     nginx_start; get /api/system/health; answers 200

web_setup() {
    WEB=$BATS_TEST_TMPDIR/web
    mkdir "$WEB"
    WEB_PORT=$(servers_free_port)
    WEB_HOST=dbr.example.com
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WEB/key.pem" -out "$WEB/cert.pem" -days 2 -subj "/CN=$WEB_HOST" 2>/dev/null
}

web_teardown() {
    local pid
    for pid in "$WEB"/*.pid; do
        [ -e "$pid" ] || continue
        # The workers of fcgiwrap outlive it.
        kill -- "-$(cat "$pid")" 2>/dev/null || kill "$(cat "$pid")" 2>/dev/null
    done
    return 0
}

# web_run NAME COMMAND...: in the background, as a service of its own.
web_run() {
    local name=$1
    shift
    setsid "$@" </dev/null >"$WEB/$name.log" 2>&1 3>&- &
    echo $! >"$WEB/$name.pid"
}

fcgiwrap_start() {
    # Each worker serves one request at a time.
    web_run fcgiwrap fcgiwrap -f -c 6 -p "$DBR_BIN/dbr-api" -s "unix:$WEB/fcgiwrap.sock"
    wait_for 10 test -S "$WEB/fcgiwrap.sock" || fail "fcgiwrap did not start: $(cat "$WEB/fcgiwrap.log")"
}

# The shipped file with the names of this test.
web_configuration() {
    sed -e "s#/run/dbr-fcgiwrap.sock#$WEB/fcgiwrap.sock#" -e "s#/usr/local/bin#$DBR_BIN#" -e "s#/etc/dbr/dbr.env#$ENV_FILE#" \
        -e "s#/usr/local/share/dbr/web#$ROOT/scripts/web#" -e "s#/etc/ssl/certs/dbr.example.com.pem#$WEB/cert.pem#" \
        -e "s#/etc/ssl/private/dbr.example.com.key#$WEB/key.pem#" -e "s#/var/log/[a-z0-9]*/dbr-access.log#$WEB/access.log#" "$@" \
        "$ROOT/scripts/web/$CONF"
}

nginx_start() {
    local user=""
    fcgiwrap_start
    [ "$(id -u)" -ne 0 ] || user="user root;"
    CONF=nginx.conf web_configuration -e '/^ *listen \[::\]/d' -e "s/listen 443 /listen 127.0.0.1:$WEB_PORT /" \
        -e "s/listen 80;/listen unix:$(printf %s "$WEB" | sed 's/\//\\\//g')\/plain.sock;/" >"$WEB/dbr.conf"
    cat >"$WEB/nginx.conf" <<END
$user
daemon off;
pid $WEB/nginx-own.pid;
error_log $WEB/error.log notice;
events { }
http {
    include /etc/nginx/mime.types;
    client_body_temp_path $WEB/body;
    proxy_temp_path $WEB/proxy;
    fastcgi_temp_path $WEB/fastcgi;
    uwsgi_temp_path $WEB/uwsgi;
    scgi_temp_path $WEB/scgi;
    ${web_more:-}
    include $WEB/dbr.conf;
}
END
    PATH=$PATH:/usr/sbin
    nginx -t -c "$WEB/nginx.conf" >"$WEB/check" 2>&1 || fail "$(cat "$WEB/check")"
    web_run nginx nginx -c "$WEB/nginx.conf"
    web_wait
}

apache_start() {
    fcgiwrap_start
    CONF=apache.conf web_configuration -e '/<VirtualHost \*:80>/,/<\/VirtualHost>/d' -e "s/\*:443/127.0.0.1:$WEB_PORT/" >"$WEB/dbr.conf"
    {
        echo "ServerRoot $WEB"
        echo "ServerName localhost"
        echo "PidFile $WEB/apache-own.pid"
        echo "DefaultRuntimeDir $WEB"
        echo "ErrorLog $WEB/error.log"
        echo "Listen 127.0.0.1:$WEB_PORT"
        for module in mpm_event authn_core authz_core dir mime headers ssl proxy proxy_fcgi alias; do
            echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
        done
        echo "TypesConfig /etc/mime.types"
        # Its workers may not run as root: they have to reach the socket and the files of the test.
        [ "$(id -u)" -ne 0 ] || printf 'User www-data\nGroup www-data\n'
        cat "$WEB/dbr.conf"
    } >"$WEB/apache.conf"
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_TEST_TMPDIR" "$WEB"
    chmod 666 "$WEB/fcgiwrap.sock"
    PATH=$PATH:/usr/sbin
    web_run apache apache2 -f "$WEB/apache.conf" -DFOREGROUND
    web_wait
}

busybox_start() {
    DBR_ENV_FILE=$ENV_FILE web_run busybox "$ROOT/scripts/web/busybox-httpd" "127.0.0.1:$WEB_PORT"
    wait_for 10 web_listens || fail "busybox httpd did not start: $(cat "$WEB/busybox.log")"
}

web_listens() { (exec 9<>"/dev/tcp/127.0.0.1/$WEB_PORT") 2>/dev/null; }
web_wait() { wait_for 20 web_listens || fail "the web server did not start: $(cat "$WEB"/*.log)"; }

# request PATH [CURL_ARGUMENT...]: sets http, headers and, as run_dbr does, the body. SCHEME is https unless set.
request() {
    local path=$1 url=${SCHEME:-https}://$WEB_HOST:$WEB_PORT
    shift
    RUN=$((RUN + 1))
    LAST="request $path $*"
    status=0
    curl -sS --http1.1 --max-time 60 --cacert "$WEB/cert.pem" --noproxy '*' --resolve "$WEB_HOST:$WEB_PORT:127.0.0.1" --path-as-is \
        -o "$RUNS/$RUN.out" -D "$RUNS/$RUN.headers" "$@" "$url$path" 2>"$RUNS/$RUN.err" || status=$?
    errors=$(cat "$RUNS/$RUN.err")
    [ -e "$RUNS/$RUN.out" ] || : >"$RUNS/$RUN.out"
    output=$(tr -d '\0' <"$RUNS/$RUN.out")
    [ "$status" -eq 0 ] || fail "curl: exit status $status: $errors" || return
    headers=$(tr -d '\r' <"$RUNS/$RUN.headers")
    http=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' <<<"$headers")
}

# request_post PATH [BODY [CURL_ARGUMENT...]]: with token and content type.
request_post() {
    local path=$1 body=${2:-'{}'}
    shift
    [ $# -eq 0 ] || shift
    request "$path" -H "Authorization: Bearer $API_TOKEN" -H "Content-Type: application/json" -d "$body" "$@"
}
