# shellcheck shell=bash
# An independent comparison of two databases, made with psql alone: nothing of dbr takes part in it.
#
#     compare_databases URL1 URL2 [SCHEMA]     # prints the differences as diff does; fails when there are any

# Prints every row of every table (columns by name, rows in a fixed order; partitions as the one table they make) and what each sequence would give next.
compare_contents() {
    PGOPTIONS='-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c search_path=pg_catalog' \
        PGCLIENTENCODING=UTF8 psql -X -q -At -v ON_ERROR_STOP=1 -v schema="${2:-public}" -d "$1" <<'SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT format('SELECT %L', '== table ' || c.relname),
       format('COPY (SELECT %s FROM %s %I.%I ORDER BY (ROW(%s)::text) COLLATE "C") TO STDOUT', a.list, CASE c.relkind WHEN 'r' THEN 'ONLY' END, n.nspname, c.relname, a.list)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT coalesce(string_agg(quote_ident(attname), ', ' ORDER BY attname COLLATE "C"), '') AS list
    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
WHERE n.nspname = :'schema' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname COLLATE "C" \gexec
SELECT format('SELECT %L, CASE WHEN is_called THEN last_value + %s ELSE last_value END FROM %I.%I', '== sequence ' || c.relname,
              s.seqincrement, n.nspname, c.relname)
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :'schema'
ORDER BY c.relname COLLATE "C" \gexec
COMMIT;
SQL
}

compare_databases() {
    local work status=0
    work=$(mktemp -d) || return 2
    if compare_contents "$1" "${3:-public}" >"$work/one" && compare_contents "$2" "${3:-public}" >"$work/two"; then
        diff -U 0 "$work/one" "$work/two" || status=1
    else
        status=2
    fi
    rm -rf "$work"
    return $status
}
