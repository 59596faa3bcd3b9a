#!/usr/bin/env bats
# Every error says what to do next: scripts/check-hints finds none that does not, and would. Needs neither programs nor a server.

setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    mkdir -p "$BATS_TEST_TMPDIR/lib/state" "$BATS_TEST_TMPDIR/cmd"
}

# source_is BODY: a file with one function.
source_is() {
    printf 'static bool f(struct err *err)\n{\n%s\n}\n' "$1" >"$BATS_TEST_TMPDIR/${2:-lib/state/x.c}"
    run "$ROOT/scripts/check-hints" "$BATS_TEST_TMPDIR"
}

@test "no error in the sources lacks a hint" {
    run "$ROOT/scripts/check-hints"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "the check finds what lacks one" {
    source_is '    return err_set(err, ERR_FAILED, "no");'
    [ "$status" -eq 1 ] && [ "$output" = "lib/state/x.c:3: an error without a hint" ]
    source_is $'    if (a)\n        return err_set(err, ERR_FAILED, "no");\n    err_set(err, ERR_FAILED, "b");\n    return err_hint(err, "c");'
    [ "$status" -eq 1 ] && [ "$output" = "lib/state/x.c:4: an error without a hint" ]
    source_is '    return err_set_hint(err, ERR_FAILED, "", "no");'
    [ "$status" -eq 1 ] && [ "$output" = "lib/state/x.c:3: the hint is empty" ]
    source_is '    return err_set(err, ERR_FAILED, "activeDatabase");' lib/state/state_check.c
    [ "$status" -eq 1 ] && [[ $output = *"lib/state/state_check.c:3: an error without a hint"* ]]
}

@test "the check is content with what has one" {
    source_is $'    bool ok = err_set(err, ERR_FAILED, "no");\n    if (!ok)\n        err_hint(err, "go on");\n    return ok;'
    [ "$status" -eq 0 ]
    source_is '    return err_set_hint(err, ERR_FAILED, "go on", "no") || err_internal(err, "no");'
    [ "$status" -eq 0 ]
    source_is '    return err_set(err, ERR_USAGE, "activeDatabase");' lib/state/state_check.c
    [ "$status" -eq 0 ]
}
