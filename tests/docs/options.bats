# Holds together what a program accepts (its option table, by --list-options), what --help says, what its man page says,
# and what the shells complete. Needs the programs and no server.

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    bin=${DBR_BIN:-build/bin}
    programs=()
    local source
    for source in cmd/dbr-*.c; do
        [ -e "$source" ] || continue
        source=${source##*/}
        programs+=("${source%.c}")
    done
    programs+=(dbr-backup dbr-drill dbr-setup) # scripts, with tables and listings like those of the others
    findings=
}

# One test reports all that is wrong, not only the first thing.
finding() {
    findings+="$*"$'\n'
}

no_findings() {
    printf '%s' "$findings"
    [ -z "$findings" ]
}

# "--name" and "-x" of each option, as the program itself lists them.
listed() {
    "$bin/$1" --list-options | awk -F '\t' '{ print "--" $1; if ($2 != "-") print "-" $2 }' | sort -u
}

# The same from the list items of a man page: ".It Fl y , Fl -yes" and ".It Fl -tables Ns = Ns Ar LIST".
documented() {
    awk '$1 == ".It" {
        for (i = 2; i < NF; i++) {
            if ($i != "Fl") continue
            flag = "-"
            while ($(i + 1) == "Fl") { flag = flag "-"; i++ }
            word = $(i + 1)
            sub(/=.*/, "", word)
            gsub(/\\&|\\-/, "-", word)
            if (word ~ /^-*[A-Za-z0-9][A-Za-z0-9-]*$/) print flag word
        }
    }' "man/$1.1" | sort -u
}

@test "there are programs, and each has been built" {
    [ "${#programs[@]}" -gt 0 ]
    for program in "${programs[@]}"; do
        [ -x "$bin/$program" ] || finding "$program is not built"
    done
    no_findings
}

@test "every program has a man page" {
    for program in "${programs[@]}"; do
        [ -f "man/$program.1" ] || finding "man/$program.1 is missing"
    done
    [ -f man/dbr.env.5 ] || finding "man/dbr.env.5 is missing"
    [ -f man/dbr.7 ] || finding "man/dbr.7 is missing"
    no_findings
}

@test "every option is in the man page, and every option of the man page exists" {
    for program in "${programs[@]}"; do
        if [ ! -f "man/$program.1" ]; then
            finding "man/$program.1 is missing"
            continue
        fi
        local missing unknown
        missing=$(comm -23 <(listed "$program") <(documented "$program"))
        unknown=$(comm -13 <(listed "$program") <(documented "$program"))
        for option in $missing; do finding "man/$program.1 lacks $option"; done
        for option in $unknown; do finding "man/$program.1 has $option, which $program does not take"; done
    done
    no_findings
}

@test "--help names every option" {
    for program in "${programs[@]}"; do
        "$bin/$program" --help >"$BATS_TEST_TMPDIR/help"
        for option in $(listed "$program"); do
            grep -qE -- "(^| )$option([ =,[]|\$)" "$BATS_TEST_TMPDIR/help" ||
                finding "$program --help lacks $option"
        done
    done
    no_findings
}

@test "--help, --version and an unknown option behave alike in every program" {
    for program in "${programs[@]}"; do
        local usage=2 status=0
        [ "$program" = dbr-health ] && usage=3
        "$bin/$program" --help >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || finding "$program --help fails"
        [ -s "$BATS_TEST_TMPDIR/out" ] || finding "$program --help prints nothing on stdout"
        [ ! -s "$BATS_TEST_TMPDIR/err" ] || finding "$program --help prints on stderr"
        "$bin/$program" --version | grep -qE "^$program [0-9]+\.[0-9]+\.[0-9]+\$" ||
            finding "$program --version: $("$bin/$program" --version)"
        "$bin/$program" --no-such-option >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
        [ "$status" -eq "$usage" ] || finding "$program --no-such-option exits $status"
        [ ! -s "$BATS_TEST_TMPDIR/out" ] || finding "$program --no-such-option prints on stdout"
        grep -q -- --no-such-option "$BATS_TEST_TMPDIR/err" || finding "$program does not name the unknown option"
    done
    no_findings
}

@test "no help text is longer than a line may be, ends in a full stop, or is missing" {
    for program in "${programs[@]}"; do
        while IFS=$'\t' read -r name _ _ _ text; do
            [ -n "$text" ] || finding "$program --$name has no help"
            case $text in *.) finding "$program --$name: the help ends in a full stop" ;; esac
            [ "${#text}" -le 100 ] || finding "$program --$name: the help is ${#text} characters long"
        done < <("$bin/$program" --list-options)
        local longest
        longest=$("$bin/$program" --help | awk '{ if (length($0) > n) n = length($0) } END { print n }')
        [ "$longest" -le 100 ] || finding "$program --help has a line of $longest characters"
    done
    no_findings
}

@test "no letter and no name stands for two options" {
    for program in "${programs[@]}"; do
        local twice
        twice=$("$bin/$program" --list-options |
            awk -F '\t' '{ print "--" $1; if ($2 != "-") print "-" $2 }' | sort | uniq -d)
        [ -z "$twice" ] || finding "$program has twice: $twice"
    done
    no_findings
}

@test "completions are those of the programs as they are" {
    run scripts/make-completions --check "$bin" completions
    printf '%s\n' "$output"
    [ "$status" -eq 0 ]
}

@test "completions are valid in their shells" {
    for program in "${programs[@]}"; do
        bash -n "completions/bash/$program" || finding "completions/bash/$program"
        if command -v zsh >/dev/null; then
            zsh -n "completions/zsh/_$program" || finding "completions/zsh/_$program"
        fi
        if command -v fish >/dev/null; then
            fish -n "completions/fish/$program.fish" || finding "completions/fish/$program.fish"
        fi
    done
    no_findings
}

# "program option min max" of each option that takes a number, from the option tables.
ranges() {
    local program
    for program in "${programs[@]}"; do
        [ -e "cmd/$program.c" ] || continue
        tr -s '\n ' ' ' <"cmd/$program.c" | grep -oE '"[a-z-]+", "[A-Z]+", "[^"]*", OPTION_NUMBER, &[a-z_.]+, [0-9]+, [0-9]+' |
            sed -E "s/^\"([a-z-]+)\".*, ([0-9]+), ([0-9]+)\$/$program \1 \2 \3/"
    done
}

@test "the man pages give numbers the ranges of the option table" {
    [ "$(ranges | wc -l)" -ge "$(cat cmd/dbr-*.c | grep -c OPTION_NUMBER)" ]
    while read -r program option min max; do
        awk -v item="Fl -$option " '$1 == ".It" { in_it = index($0, item) } in_it { print }' "man/$program.1" |
            tr '\n' ' ' | grep -qE "(from|Pq) $min to ${max}[ ,.;]" || finding "man/$program.1: --$option is not \"$min to $max\""
    done < <(ranges)
    no_findings
}
