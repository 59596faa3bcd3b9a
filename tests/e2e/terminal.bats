#!/usr/bin/env bats
# bats file_tags=plain
# Proves: what a person sees on a terminal. Tables fit it, whatever is in them; colours, symbols and progress come by what it can
# do and what is wished; --watch draws over itself; nothing in a name reaches it as a control. And none of it goes into a pipe.

load ../lib/helper
ESC=$'\e'
setup() {
    pair_setup empty
    unset COLUMNS NO_COLOR
    export TERM=xterm LC_ALL=C.UTF-8
}
teardown() { pair_teardown; }

# on_terminal COLUMNS PROGRAM ...: as run_dbr, with everything on one terminal; $output without its line ends' CR. Options of
# terminal.py in WHEN.
WHEN=()
on_terminal() {
    RUN=$((RUN + 1))
    LAST="dbr-$2 ${*:3} (on a terminal of $1 columns)"
    status=0
    python3 "$ROOT/tests/lib/terminal.py" --columns "$1" "${WHEN[@]}" "$DBR_BIN/dbr-$2" --env-file "$ENV_FILE" "${@:3}" \
        >"$RUNS/$RUN.out" 2>"$RUNS/$RUN.err" 3>&- || status=$?
    output=$(tr -d '\0\r' <"$RUNS/$RUN.out")
    errors=$(cat "$RUNS/$RUN.err")
    sound
}

# The widest line of $output as a terminal shows it: without colours, log lines and what progress erases.
widest() {
    python3 - "$RUNS/$RUN.out" <<'END'
import re, sys, unicodedata
def columns(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
text = open(sys.argv[1], newline="", encoding="utf-8").read()
lines = [re.sub(r"\x1b\[[0-9;]*m", "", line.split("\x1b[K")[-1].rstrip("\r")) for line in text.split("\n")]
print(max(columns(line) for line in lines if "[DB-Redundancy]" not in line))
END
}

uncolored() { sed "s/${ESC}\[[0-9;]*m//g" "$RUNS/$RUN.out"; }
# What a line still shows when all is over.
not_erased() { sed "s/.*${ESC}\[K//" "$RUNS/$RUN.out"; }

wide_tables() {
    p1 -c "CREATE TABLE a_name_that_is_rather_long_for_a_table (id int PRIMARY KEY, updated_at timestamptz);
        INSERT INTO a_name_that_is_rather_long_for_a_table SELECT g, now() FROM generate_series(1, 1200) g;
        CREATE TABLE \"日本語のテーブル\" (id int PRIMARY KEY, updated_at timestamptz);
        CREATE TABLE b (id int PRIMARY KEY, updated_at timestamptz)"
}

@test "tables are as wide as the terminal allows, and whole in a pipe" {
    wide_tables
    run_dbr init-secondary -q
    exits 0
    for columns in 120 72 60 45 30; do
        on_terminal "$columns" sync --full
        exits 0
        [ "$(widest)" -le "$columns" ] || fail "a line of $(widest) columns"
        stdout_has 1,200 equal
        case $columns in
        120) stdout_has a_name_that_is_rather_long_for_a_table ;;
        72) stdout_has "a_name_that_is_r…  1,200" 日本語 ;;
        30) stdout_has "Conflicts" ;;
        esac
    done
    # Letters of two columns do not move those behind them.
    on_terminal 120 sync --full --no-color
    is "$(grep -E '^(b|日本語のテーブル) ' <<<"$output" | sed 's/.*equal$//' | sort -u)" ""
    python3 - "$RUNS/$RUN.out" <<'END'
import sys, unicodedata
width = lambda text: sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
rows = [line.rstrip() for line in open(sys.argv[1], encoding="utf-8") if line.rstrip().endswith("equal")]
assert len(rows) == 3 and len({width(row) for row in rows}) == 1, rows
END
    COLUMNS=60 on_terminal 120 sync --full
    [ "$(widest)" -le 60 ] || fail "COLUMNS is not heeded: $(widest)"
    # Without UTF-8 there is none of it but in names.
    LC_ALL=C on_terminal 72 sync --full
    stdout_has "a_name_that" "~ " "+ equal"
    stdout_lacks "…" "✓"
    COLUMNS=60 run_dbr sync --full
    stdout_has "a_name_that_is_rather_long_for_a_table  1,200         0        0        0          0  equal"
    stdout_lacks "$ESC" "✓" "…"
}

# A pair that is well, as far as the state says.
well() {
    env_set DB_FENCE off # none has fenced
    mkdir -m 700 "$STATE_DIR"
    echo '{"version": 1, "activeDatabase": "primary", "init": {"status": "done"}}' >"$STATE_DIR/state.json"
}

@test "colours and symbols by what is wished and what the terminal can" {
    well
    on_terminal 100 health
    exits 0
    stdout_has "status: ${ESC}[1m${ESC}[32m✓ healthy${ESC}[0m" "${ESC}[32m✓ yes${ESC}[0m" "${ESC}[1mDATABASE"
    local wish
    for wish in NO_COLOR=1 TERM=dumb option; do
        case $wish in
        option) on_terminal 100 health --no-color ;;
        *) export "${wish?}" && on_terminal 100 health ;;
        esac
        exits 0
        stdout_has "status: ✓ healthy" "✓ yes"
        stdout_lacks "$ESC"
        unset NO_COLOR
        export TERM=xterm
    done
    LC_ALL=C on_terminal 100 health
    stdout_has "+ healthy" "+ yes"
    # What is wrong has another sign, not only another colour.
    link_open one one 0
    env_set DATABASE_URL "$(link_url one "$P1_URL")"
    link_tell one refuse
    on_terminal 100 health --no-color
    exits 2
    stdout_has "status: ✗ critical" "✗ NO"
    run_dbr health
    exits 2
    stdout_has "status: critical"
    stdout_lacks "✗" "$ESC"
    run_dbr health --json
    json_is .status critical
}

@test "nothing in a name is obeyed by the terminal" {
    p1 -c "CREATE TABLE \"x${ESC}]0;owned${ESC}[2J\" (id int PRIMARY KEY);
        INSERT INTO \"x${ESC}]0;owned${ESC}[2J\" VALUES (1);
        CREATE TABLE \"y$(printf '\u202e')z$(printf '\u009b')31m\" (id int PRIMARY KEY)"
    local run
    for run in "init-secondary" "sync --full" "sync --verify" "export --source=primary --output=$BATS_TEST_TMPDIR/x.sql" \
        "import --check --input=$BATS_TEST_TMPDIR/x.sql" "health --metrics"; do
        # shellcheck disable=SC2086 # the words of a command
        on_terminal 100 $run --no-color
        exits 0
        # What is left of escapes is what erases the line of the progress.
        output=${output//"${ESC}[K"/}
        stdout_lacks "$ESC" "$(printf '\u202e')" "$(printf '\u009b')"
    done
    on_terminal 100 sync --full
    stdout_has "x?]0;owned?[2J" "y?z?31m"
}

@test "a check is whole on 80 columns" {
    wide_tables
    init_pair
    on_terminal 80 health
    exits 0
    grep -qE "^primary +active .*yes .* PostgreSQL [0-9.]+ +[0-9:]{8}Z +0$" < <(uncolored | tr -d '\r') || fail "$output"
    [ "$(widest)" -le 80 ] || fail "a line of $(widest) columns"
}

@test "--watch draws over itself, follows the width, and ends on Ctrl-C" {
    well
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    WHEN=(--when 'next check: .*Ctrl-C' columns=100 --when 'next check: .*Ctrl-C' signal=2)
    on_terminal 100 health --watch
    exits 130
    # On a screen of its own, which is left at the end.
    has "$output" stdout "${ESC}[?1049h${ESC}[H${ESC}[J"
    is "$(grep -o "1049[hl]" <<<"$output" | paste -sd ' ')" "1049h 1049l"
    is "$(grep -c "${ESC}\[H${ESC}\[J" <<<"$output")" 2
    is "$(grep -c 'healthy' <<<"$output")" 2
    # The next check is far away: it is the width that has changed.
    env_set DB_HEALTH_CHECK_INTERVAL_MS 600000
    WHEN=(--when 'next check: .*Ctrl-C' columns=50 --when 'next check: .*Ctrl-C' signal=15)
    on_terminal 100 health --watch
    exits 143
    is "$(grep -c "${ESC}\[H${ESC}\[J" <<<"$output")" 2
    is "$(grep -c '^LATENCY ' <<<"$(uncolored)")" 2
    # A terminal that cannot move its cursor gets a line for each check.
    env_set DB_HEALTH_CHECK_INTERVAL_MS 1000
    WHEN=(--when 'active=primary.*\n(.*\n)*.*active=primary' signal=2)
    TERM=dumb on_terminal 100 health --watch
    exits 130
    stdout_lacks "$ESC" "next check"
    stdout_has "healthy active=primary primary="
}

@test "progress on the terminal, and nothing of it is left there or elsewhere" {
    p1 -c "CREATE TABLE big (id int PRIMARY KEY, v text, updated_at timestamptz);
        INSERT INTO big SELECT g, repeat('x', 100), now() FROM generate_series(1, 60000) g; ANALYZE big"
    on_terminal 100 init-secondary
    exits 0
    stdout_has "copying big  " "% " " of 60,000 rows"
    # Each is erased by what comes next; the table stands on clean lines.
    is "$(not_erased | grep -cE 'copying|comparing')" 0
    p1 -c "UPDATE big SET v = 'y', updated_at = now()"
    on_terminal 100 sync --full
    exits 0
    stdout_has "comparing big  " "writing big  " " of 60,000 rows"
    is "$(not_erased | grep -cE 'writing|comparing')" 0
    on_terminal 100 export --source=primary --output="$BATS_TEST_TMPDIR/big.sql"
    exits 0
    stdout_has "exporting  " "% "
    # Neither where the line cannot be erased, nor where nobody looks, nor where quiet or a document is wished.
    p1 -c "UPDATE big SET v = 'z', updated_at = now()"
    TERM=dumb on_terminal 100 sync --full
    stdout_lacks "$ESC" "writing big" "comparing"
    on_terminal 100 sync --full -q
    stdout_empty
    on_terminal 100 sync --full --json
    stdout_has '"success": true'
    stdout_lacks "$ESC" comparing
    run_dbr sync --full
    stderr_lacks comparing writing "$ESC"
    on_terminal 100 import --target=primary --input="$BATS_TEST_TMPDIR/big.sql" --clean --yes
    exits 0
    stdout_has "importing  " "% "
}
