#!/usr/bin/env bats
# Holds README.md and the man pages to what is there: every program that they start takes these words, every option, key, file and
# section that they name exists, every message that they quote is one of the sources. tests/e2e/docs_commands.bats runs the commands.
# Needs the programs and no server.
# shellcheck disable=SC2013,SC2016 # words of one line each, and texts with backquotes

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    bin=$(realpath "${DBR_BIN:-build/bin}")
    findings=
}

docs() { python3 tests/lib/docs.py "$@"; }

# One test reports all that is wrong, not only the first thing.
finding() { findings+="$*"$'\n'; }
no_findings() {
    printf '%s' "$findings"
    [ -z "$findings" ]
}

@test "every program that the documentation starts takes these options and values" {
    local where program words at
    docs invocations README.md man/* >"$BATS_TEST_TMPDIR/list"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/list")" -gt 100 ]
    while IFS=$'\t' read -r where program words; do
        if [ ! -x "$bin/$program" ]; then
            finding "$where: there is no $program"
            continue
        fi
        # With --help all that stands before it is read, and nothing done. Behind "--" stands another program.
        eval "set -- $words"
        at=()
        while [ $# -gt 0 ] && [ "$1" != -- ]; do at+=("$1") && shift; done
        [ "$program" != dbr-pm2-hook ] || at=()
        "$bin/$program" "${at[@]}" --help >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" ||
            finding "$where: $program $words: $(head -n 1 "$BATS_TEST_TMPDIR/err")"
        grep -q '^Usage: ' "$BATS_TEST_TMPDIR/out" || [ "$program" = dbr-pm2-hook ] || finding "$where: $program $words: no help"
    done <"$BATS_TEST_TMPDIR/list"
    no_findings
}

@test "the test above finds what is wrong" {
    printf '%s\n' '```sh' 'dbr-sync --verifi' 'dbr-nothing' '```' '`dbr-health --auot` `dbr-export --source=third`' >"$BATS_TEST_TMPDIR/x.md"
    docs invocations "$BATS_TEST_TMPDIR/x.md" >"$BATS_TEST_TMPDIR/list"
    [ "$(cut -f 1 "$BATS_TEST_TMPDIR/list" | paste -sd ' ')" = "x.md:2 x.md:3 x.md:5 x.md:5" ]
    run "$bin/dbr-sync" --verifi --help
    [ "$status" -eq 2 ]
    run "$bin/dbr-export" --source=third --help
    [ "$status" -eq 2 ]
}

@test "a transcript is held to what is printed, but for times, sizes and addresses" {
    cd "$BATS_TEST_TMPDIR"
    local docs=$BATS_TEST_DIRNAME/../lib/docs.py
    printf '%s\n' 'a  1  2026-01-01T00:00:00.000Z  3.5 ms' '...' 'z 7.1 KB' >expected
    printf '%s\n' 'a 1 2026-11-27T22:00:00.123Z 12 ms' b c 'z 812 B' >actual
    python3 "$docs" like expected actual
    sed -i 's/^a 1/a 2/' actual
    run python3 "$docs" like expected actual
    [ "$status" -eq 1 ]
    sed -i 's/^a 2/a 1/; $d' actual
    run python3 "$docs" like expected actual
    [ "$status" -eq 1 ]
    printf '%s\n' 'z 1 B' more >>actual
    run python3 "$docs" like expected actual
    [ "$status" -eq 1 ]
}

# Of all programs: "--name" and "-x".
options() {
    local program
    for program in "$bin"/dbr-*; do
        [ "${program##*/}" = dbr-pm2-hook ] || "$program" --list-options
    done | awk -F '\t' '{ print "--" $1; if ($2 != "-") print "-" $2 }' | sort -u
}

@test "every option that README.md and dbr(7) name exists" {
    options >"$BATS_TEST_TMPDIR/options"
    # Those of others than dbr.
    printf '%s\n' --as-is --fast --keep --no-force --user -1 -cp >>"$BATS_TEST_TMPDIR/options"
    {
        docs inline README.md man/dbr.7 | grep -oP '^\S+\t\K--[a-z][a-z-]*(?=[ =]|$)'
        grep -oP '^\.(Pq |Po |It )?Fl \K-[a-z-]+|^\.Fl \K[a-z](?= |$)' man/dbr.7 | sed 's/^/-/'
        grep -oP '(?<=[ (`])--[a-z][a-z-]+' README.md
    } | sort -u >"$BATS_TEST_TMPDIR/named"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/named")" -gt 20 ]
    for option in $(comm -23 "$BATS_TEST_TMPDIR/named" <(sort -u "$BATS_TEST_TMPDIR/options")); do
        finding "$option: $(grep -nF -e "$option" README.md | head -n 2)"
    done
    no_findings
}

@test "every key that README.md and dbr(7) name is in dbr.env(5), or set for hooks" {
    local key
    for key in $(grep -ohE '\b(DB|DBR|DATABASE|HEALTH|AUTO|MIRROR)_[A-Z_]*[A-Z]\b' README.md man/dbr.7 | sort -u); do
        grep -q "\"$key\"" lib/state/config_keys.c || grep -qrE "\"${key}[\"=]" lib/ops lib/state || finding "$key"
    done
    no_findings
}

@test "every file, target and section that README.md names exists" {
    local word page section
    for word in $(grep -ohE '\b(scripts|lib|cmd|tests|man)/[A-Za-z0-9_./-]*[A-Za-z0-9_-]' README.md | sort -u); do
        case $word in
        lib/systemd/system) word=scripts/systemd ;; # as installed
        lib/dbr* | lib/prometheus/*) continue ;;     # of /var
        *NAME.*) continue ;;
        esac
        [ -e "$word" ] || compgen -G "$word*" >/dev/null || finding "there is no $word"
    done
    for word in $(grep -ohE 'share/dbr/[a-z0-9_./-]*[a-z0-9]' README.md man/* | sort -u); do
        [ -e "scripts/${word#share/dbr/}" ] || finding "there is no $word"
    done
    for word in $(grep -ohP '`make \K[a-z-]+(?=[ `])' README.md | sort -u); do
        grep -qE "^(\.PHONY:.* )?${word}[ :]" Makefile || finding "there is no target $word"
    done
    for word in $(grep -ohP '\]\(#\K[^)]+' README.md | sort -u); do
        sed -n 's/^##* //p' README.md | tr '[:upper:]' '[:lower:]' | sed 's/[^[:alnum:] _-]//g; s/ /-/g' | grep -qxF -- "$word" ||
            finding "there is no section #$word"
    done
    while read -r page section; do
        grep -qE "^\.S[hs] \"?$section\"?\$" "man/$page" || finding "man/$page has no section $section"
    done < <(tr '\n' ' ' <README.md | grep -oE '`man [157] [a-z.-]+`, "[^"]+"' | sed -E 's/`man ([157]) ([a-z.-]+)`, "(.*)"/\2.\1 \3/')
    no_findings
}

@test "README.md and dbr(7) name every program, and pages refer to pages that are there" {
    local program page
    for program in "$bin"/dbr-*; do
        program=${program##*/}
        grep -qE "^\| \`$program\` \|" README.md || finding "README.md: the table of programs lacks $program"
        grep -q "^\.It Xr $program 1\$" man/dbr.7 || finding "man/dbr.7 does not list $program"
        sed -n '/^\.Sh SEE ALSO/,$p' man/dbr.7 | grep -q "^\.Xr $program 1" || finding "man/dbr.7 does not refer to $program"
    done
    for page in $(grep -ohE '^\.(It )?Xr dbr[a-z.-]* [157]' man/* | sed -E 's/.*Xr ([^ ]+) /\1./' | sort -u); do
        [ -e "man/$page" ] || finding "there is no man/$page"
    done
    no_findings
}

@test "mandoc has nothing against the pages" {
    command -v mandoc >/dev/null || skip "mandoc is not installed"
    for page in man/*.[157]; do
        mandoc -T lint -W warning "$page" || finding "$page"
    done
    no_findings
}

# A macro goes on to the end of its line, so that words behind an option become options, and only the first page of a list a page.
@test "no page prints words as options, or a page without its parentheses" {
    command -v mandoc >/dev/null || skip "mandoc is not installed"
    for page in man/*.[157]; do
        while IFS= read -r line; do finding "$page: $line"; done < <(printed "$page" | wrong_words)
        ! grep -nE '^\.S[sh] (No|Ns|Pf|Ar|Cm|Fl|Ql|Dq|Pa|Ev) ' "$page" || finding "$page: a heading that begins with a macro"
    done
    no_findings
    printf '%s\n' '.Dd January 1, 2026' '.Dt X 1' '.Os' '.Sh NAME' '.Nm x' '.Nd y' '.Sh DESCRIPTION' '.Fl -doctor does not' '.Xr dbr-sync 1 , dbr-failover 1' >"$BATS_TEST_TMPDIR/x.1"
    [ "$(printed "$BATS_TEST_TMPDIR/x.1" | wrong_words | wc -l)" -eq 2 ]
}
printed() { mandoc -T utf8 -O width=500 "$1" | col -b; }
wrong_words() { grep -oE -e '--[a-z-]+ -[a-z]+ -[a-z]+|dbr[a-z-]* [157]( |,|$)'; }

# A message is made of what stands in one literal, or in several where ": " joins them; "..." stands for what differs.
@test "every message that the troubleshooting quotes is one of dbr's, or of those that it knows" {
    python3 tests/lib/messages.py README.md lib cmd scripts tests/unit tests/e2e
}

@test "the test above finds a message that nobody prints" {
    printf '%s\n' '## Troubleshooting' '| message | do |' '|---|---|' '| `the databases differ` | x |' '| `the data bases differ` | x |' >"$BATS_TEST_TMPDIR/x.md"
    run python3 tests/lib/messages.py "$BATS_TEST_TMPDIR/x.md" lib cmd scripts
    [ "$status" -eq 1 ]
    [ "$output" = "nobody prints: the data bases differ" ]
}
