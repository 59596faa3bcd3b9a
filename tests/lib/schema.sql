-- Everything that the schema public of a database consists of, one line each, for a comparison with diff. Server versions of a
-- mixed pair print views differently: views come by name and columns. Partitions have an identity of their own since 17 only.
SET search_path = pg_catalog;

SELECT 'table ' || c.relname || ' ' || c.relkind::text || ' ' || c.relpersistence::text || ' ' || coalesce(pg_get_partkeydef(c.oid), '')
       || ' ' || coalesce(pg_get_expr(c.relpartbound, c.oid), '')
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1;

SELECT 'column ' || c.relname || ' ' || row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum) || ' ' || a.attname || ' '
       || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
       || ' ' || CASE WHEN c.relispartition THEN '' ELSE a.attidentity::text END || a.attgenerated::text || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
       || CASE WHEN a.attcollation <> t.typcollation THEN ' collate ' || l.collname ELSE '' END
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1;

SELECT 'constraint ' || coalesce(c.relname::text, t.typname::text) || ' ' || o.conname || ' ' || pg_get_constraintdef(o.oid)
FROM pg_constraint o
LEFT JOIN pg_class c ON c.oid = o.conrelid
LEFT JOIN pg_type t ON t.oid = o.contypid
WHERE o.connamespace = 'public'::regnamespace AND o.contype IN ('p', 'u', 'f', 'c', 'x')
    -- What a key to a partitioned table makes for each partition has names of the server's choice.
    AND NOT EXISTS (SELECT FROM pg_constraint parent WHERE parent.oid = o.conparentid AND parent.conrelid = o.conrelid)
ORDER BY 1;

SELECT 'index ' || pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1;

SELECT 'sequence ' || c.relname || ' ' || format_type(s.seqtypid, NULL) || ' ' || s.seqstart || ' ' || s.seqincrement || ' '
       || s.seqmin || ' ' || s.seqmax || ' ' || s.seqcycle::text || ' owned by '
       || coalesce(d.refobjid::regclass || '.' || d.refobjsubid, 'nobody')
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
    AND d.refclassid = 'pg_class'::regclass
WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1;

SELECT 'enum ' || t.typname || ' ' || string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder)
FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace = 'public'::regnamespace GROUP BY t.typname ORDER BY 1;

SELECT 'domain ' || typname || ' ' || format_type(typbasetype, typtypmod) || ' ' || typnotnull::text || ' ' || coalesce(typdefault, '')
FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'd' ORDER BY 1;

SELECT 'function ' || p.oid::regprocedure || ' ' || md5(pg_get_functiondef(p.oid))
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1;

SELECT 'trigger ' || c.relname || ' ' || pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
    AND t.tgparentid = 0 -- those of partitions are the server's work, and internal ones for PostgreSQL 14
ORDER BY 1;

SELECT 'comment ' || x.type || ' ' || x.identity || ' ' || quote_literal(d.description)
FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) x
WHERE x.schema = 'public' ORDER BY 1;
