#!/usr/bin/env bats
# Proves: the checks of DB_CHECKS run at the same time and within limits; what fails, or prints a number beyond its threshold, is an
# alert, in the document, the report, the line of a plugin and the figures for Prometheus; their commands are shown nowhere.
# bats file_tags=postgres

load ../lib/helper
setup() {
    pair_setup app
    init_pair
}
teardown() { pair_teardown; }

check() { json ".checks[] | select(.name == \"$1\") | $2"; }
metric() { grep -F -- "$1 " "$BATS_TEST_TMPDIR/dbr.prom" | cut -d ' ' -f 2; }

@test "passed, failed, numbers with thresholds" {
    SECRET=s3cret-in-a-check
    echo 7 >queue
    env_set DB_CHECKS "\"good=echo fine\; echo more;bad=: $SECRET\\; echo 'no luck' >&2\\; exit 3;queue[warn>5,crit>50]=cat $PWD/queue;left[warn<10]=echo 12.5;word[warn>1]=echo many;gone=no-such-program-here\""
    run_dbr health --json --prometheus dbr.prom
    exits 1
    is "$(json '[.checks[].name] | join(" ")')" "good bad queue left word gone"
    is "$(check good .ok)" true
    is "$(check good .message)" fine
    is "$(check bad .ok)" false
    is "$(check bad .message)" "it ended with exit status 3: no luck"
    is "$(check queue '"\(.ok) \(.severity) \(.value) \(.warn) \(.crit)"')" "false warning 7 5 50"
    is "$(check left '"\(.ok) \(.value)"')" "true 12.5"
    is "$(check word .message)" "it printed no number"
    is "$(check gone .severity)" warning
    is "$(json '[.alerts[].name] | join(" ")')" "check-bad check-queue check-word check-gone"
    json_true '.alerts[] | select(.name == "check-queue") | .value == 7 and .threshold == 5'
    is "$(metric 'dbr_check_up{check="good"}')" 1
    is "$(metric 'dbr_check_up{check="bad"}')" 0
    is "$(metric 'dbr_check_value{check="left"}')" 12.5
    if command -v promtool >/dev/null; then promtool check metrics <dbr.prom; fi
    echo 51 >queue
    run_dbr health
    exits 1
    stdout_has "check queue: 51 is more than 50" "check-queue  critical" "queue  NO" "good   yes"
    echo 2 >queue
    run_dbr health --nagios
    exits 1
    stdout_has "'check_queue'=2;~:5;~:50" "'check_left'=12.5"
    run_dbr health --cached --json
    is "$(check queue .value)" 2
    run_dbr health --doctor
    stdout_lacks "$SECRET"
    env_unset DB_CHECKS
    run_dbr health --json
    exits 0
    json_is '.checks | length' 0
}

@test "at the same time, and within the limit" {
    env_set HEALTH_CHECK_TIMEOUT 2
    # Each waits for the other; the third never ends, and neither does what it started.
    env_set DB_CHECKS "\"a=until [ -e b.there ]\\; do sleep 0.05\\; done\\; touch a.there;b=touch b.there\\; until [ -e a.there ]\\; do sleep 0.05\\; done;c=sh -c 'while :\\; do touch alive\\; sleep 0.1\\; done';d=yes\""
    run_dbr health --json
    exits 1
    is "$(check a .ok)" true
    is "$(check b .ok)" true
    is "$(check c .message)" "it did not end within 2 s and was terminated"
    is "$(check d .ok)" false
    json_true '.primary.connected and .primary.latency < 2000'
    rm alive
    sleep 0.5
    [ ! -e alive ]
}

@test "--peek runs them and records nothing; a list that cannot be read is told without a command" {
    env_set DB_CHECKS "one=false"
    run_dbr health --peek --json
    exits 1
    is "$(check one .ok)" false
    run_dbr health --cached
    exits 3
    SECRET=s3cret-in-a-check
    env_set DB_CHECKS "'one[warn=1]=$SECRET'"
    run_dbr health
    exits 3
    stderr_has DB_CHECKS "check \"one\" has no thresholds like"
}

@test "a check that is stopped says nothing of what it ended" {
    env_set DB_CHECKS "'slow=touch $BATS_TEST_TMPDIR/begun && sleep 60'"
    env_set HEALTH_CHECK_TIMEOUT 50
    start_dbr health --nagios
    wait_for 20 test -e "$BATS_TEST_TMPDIR/begun" || fail "the check did not begin"
    kill -TERM "$PID"
    finish_dbr
    exits 143
    stdout_lacks "DBR WARNING"
    [ ! -e "$STATE_DIR/events.jsonl" ] || ! grep -q check-slow "$STATE_DIR/events.jsonl" || fail "an alert"
}
