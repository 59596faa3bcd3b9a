# Holds the page of the configuration, dbr.env(5), and the table of keys together. Needs neither programs nor a server.

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    page=man/dbr.env.5
}

# Names and aliases in the table.
keys() {
    grep -ohE '"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+"' lib/state/config_keys.c | tr -d '"' | sort -u
}

@test "dbr.env(5) has every key of the table" {
    [ -f "$page" ]
    [ -n "$(keys)" ]
    missing=$(comm -23 <(keys) <(grep -oE '[A-Z][A-Z0-9]*(_[A-Z0-9]+)+' "$page" | sort -u))
    echo "missing from $page: $missing"
    [ -z "$missing" ]
}

@test "every key that dbr.env(5) explains exists" {
    [ -f "$page" ]
    unknown=$(comm -13 <(keys) <(awk '$1 == ".It" {
        for (i = 2; i < NF; i++) if ($i == "Ev" && $(i + 1) ~ /^(DB|DBR|DATABASE|HEALTH|AUTO|MIRROR)_/) print $(i + 1)
    }' "$page" | grep -vx DBR_ENV_FILE | sort -u))
    echo "not in the table: $unknown"
    [ -z "$unknown" ]
}
