-- A schema of what CockroachDB takes and does otherwise, or does not take at all, for PostgreSQL 14 and later. What dbr makes of
-- each object is told in tests/e2e/unlike_ddl.bats and, by kind, in dbr(7). Loads into an empty database with psql.

SET client_min_messages = warning;
CREATE SCHEMA elsewhere;
CREATE SEQUENCE elsewhere.numbers;

-- Types that become others.
CREATE TYPE mood AS ENUM ('', 'it''s', 'a"b', 'Größe');
CREATE DOMAIN tag AS text CHECK (VALUE <> '') CHECK (VALUE ~ '^\w+$');
CREATE DOMAIN tags AS tag[] CHECK (cardinality(VALUE) < 10);
CREATE DOMAIN short_tag AS tag DEFAULT 'none' NOT NULL CHECK (length(VALUE) < 10);
CREATE DOMAIN german AS text COLLATE "de-x-icu";
CREATE TYPE place AS (x numeric, label text COLLATE "de-x-icu");
CREATE TYPE visit AS (at place, who mood);
COMMENT ON DOMAIN tag IS 'one word';
COMMENT ON COLUMN place.x IS 'to the east';
CREATE TABLE types (
    id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 10 START WITH 20 INCREMENT BY 10 CYCLE CACHE 5) PRIMARY KEY,
    fixed character(5) DEFAULT 'ab',
    price money DEFAULT '-1234.50',
    coarse numeric(3, -2),
    fine numeric(2, 5),
    doc xml DEFAULT '<a/>',
    raw json DEFAULT '{"b": 1, "a": 2}',
    during int4range DEFAULT '[1,5)',
    spans int4multirange,
    network cidr,
    mac macaddr DEFAULT '08:00:2b:01:02:03',
    at point DEFAULT '(1,2)',
    grid integer[][] DEFAULT '{{1,2},{3,4}}',
    bounds integer[] DEFAULT '[0:1]={1,2}',
    path jsonpath,
    found tsvector[],
    query tsquery,
    what regclass,
    txn xid,
    label short_tag,
    labels tag[],
    many tags,
    name german,
    home place,
    visits visit,
    homes place[],
    sorted text COLLATE "de-x-icu",
    mood mood DEFAULT 'it''s'
);
CREATE SEQUENCE rounds AS smallint MINVALUE -3 MAXVALUE 100 START WITH 5 INCREMENT BY 2 CYCLE;
COMMENT ON SEQUENCE rounds IS 'round and round';

-- Defaults.
CREATE TABLE defaults (
    id bigint PRIMARY KEY DEFAULT nextval('elsewhere.numbers'),
    thirds integer DEFAULT (10 / 3),
    rounded integer DEFAULT 1.6,
    digits text DEFAULT 5,
    moment text DEFAULT now(),
    day date DEFAULT now() + interval '1 day',
    today date DEFAULT CURRENT_DATE,
    stamp bigint DEFAULT (extract(epoch FROM now()) * 1000)::bigint,
    utc timestamp DEFAULT (now() AT TIME ZONE 'utc'),
    odd_zone timestamp DEFAULT (now() AT TIME ZONE 'UTC+3'),
    formatted text DEFAULT to_char(now(), 'YYYY-MM'),
    shifted integer DEFAULT (1 << 3),
    spread int4range DEFAULT int4range(1, 2),
    who text DEFAULT CURRENT_USER,
    back text DEFAULT E'a\\b\nc',
    wait interval DEFAULT interval '90 minutes'
);

-- Checks.
CREATE TABLE checks (
    id integer PRIMARY KEY,
    n integer CONSTRAINT halves CHECK (n / 2 < 5),
    m numeric CONSTRAINT thirds CHECK (m / 3 < 5),
    f double precision CONSTRAINT text_of_float CHECK (f::text <> '1e+06'),
    t text CONSTRAINT ordered CHECK (t < 'zz'),
    c text COLLATE "C" CONSTRAINT ordered_bytes CHECK (c < 'zz'),
    p text CONSTRAINT pattern CHECK (p ~ '^[a-z]+.[0-9]{2,4}$'),
    w text CONSTRAINT words CHECK (w ~ '\mword\M'),
    l text CONSTRAINT ahead CHECK (l ~ '^(?=.*[0-9])'),
    r text CONSTRAINT again CHECK (r ~ '(.)\1'),
    s text CONSTRAINT similar_to CHECK (s SIMILAR TO 'a%'),
    k text CONSTRAINT like_escaped CHECK (k LIKE 'a!_%' ESCAPE '!'),
    trimmed text CONSTRAINT not_blank CHECK (btrim(trimmed) <> ''),
    trimmed_too text CONSTRAINT not_blank_too CHECK (trim(trimmed_too) <> ''),
    joined text CONSTRAINT joined CHECK (joined || n <> 'x1'),
    octal text CONSTRAINT octal CHECK (octal::integer > 0),
    day text CONSTRAINT dated CHECK (day::date > '2000-01-01'),
    born date CONSTRAINT not_born_yet CHECK (born <= CURRENT_DATE),
    until timestamptz CONSTRAINT open CHECK (until > now()),
    fixed character(4) CONSTRAINT fixed_length CHECK (octet_length(fixed) = 4) CONSTRAINT fixed_value CHECK (fixed <> 'no  '),
    bytes bytea CONSTRAINT some_bytes CHECK (length(bytes) > 0) CONSTRAINT base64 CHECK (encode(bytes, 'base64') <> ''),
    data jsonb CONSTRAINT kind CHECK (data ->> 'kind' IN ('a', 'b')) CONSTRAINT has_kind CHECK (data ? 'kind' AND data @> '{"v": 1}')
        CONSTRAINT deep CHECK (data #> '{a,b}' IS NULL) CONSTRAINT by_path CHECK (NOT data @? '$.bad') CONSTRAINT larger CHECK (data > '1'),
    many integer[] CONSTRAINT slice CHECK (many[1:2] <> '{}') CONSTRAINT first CHECK (many[1] > 0),
    span interval CONSTRAINT short_span CHECK (span < interval '1 month' * 2),
    during int4range CONSTRAINT not_empty CHECK (NOT isempty(during)) CONSTRAINT given CHECK (during IS NOT NULL),
    CONSTRAINT one_of CHECK (num_nonnulls(n, m, f) >= 0),
    CONSTRAINT yeared CHECK (extract(year FROM born) / 2 > 900),
    CONSTRAINT cased CHECK (CASE WHEN n > 0 THEN n ELSE 1 END / 2 >= 0)
);
ALTER TABLE checks ADD CONSTRAINT later CHECK (n <> 99) NOT VALID;

-- Generated columns.
CREATE TABLE generated (
    id integer PRIMARY KEY,
    n integer,
    m numeric(10, 4),
    f double precision,
    t text,
    data jsonb,
    half integer GENERATED ALWAYS AS (n / 2) STORED,
    third numeric GENERATED ALWAYS AS (m / 3) STORED,
    whole integer GENERATED ALWAYS AS (m * 2) STORED,
    lowered text GENERATED ALWAYS AS (lower(t)) STORED,
    picked text GENERATED ALWAYS AS (data ->> 'name') STORED,
    root double precision GENERATED ALWAYS AS (sqrt(f)) STORED,
    exact numeric GENERATED ALWAYS AS (f::numeric) STORED,
    length integer GENERATED ALWAYS AS (length(btrim(t))) STORED,
    replaced text GENERATED ALWAYS AS (regexp_replace(t, 'a', 'b')) STORED
);

-- Keys and indexes.
CREATE TABLE keys (
    id integer PRIMARY KEY,
    a numeric UNIQUE,
    b jsonb UNIQUE,
    c timestamp UNIQUE DEFERRABLE INITIALLY DEFERRED,
    d text,
    e integer,
    f int4range,
    EXCLUDE USING gist (f WITH &&),
    UNIQUE (d, e) INCLUDE (a)
);
COMMENT ON CONSTRAINT keys_b_key ON keys IS 'goes with its key';
COMMENT ON CONSTRAINT keys_f_excl ON keys IS 'goes with its constraint';
CREATE INDEX keys_half ON keys ((e / 2)) WHERE d ~ 'a.b';
CREATE UNIQUE INDEX keys_lower ON keys (lower(d));
CREATE INDEX keys_order ON keys (d DESC NULLS LAST, e NULLS FIRST);
CREATE INDEX keys_some ON keys (e) WHERE d > 'm';
CREATE INDEX keys_pattern ON keys (d text_pattern_ops) WITH (fillfactor = 70);
CREATE INDEX keys_german ON keys (d COLLATE "de-x-icu");
CREATE INDEX keys_brin ON keys USING brin (e);
CREATE INDEX keys_hash ON keys USING hash (e);
CREATE INDEX keys_spgist ON keys USING spgist (d);
CREATE INDEX keys_gist ON keys USING gist (f);
CREATE INDEX keys_gin ON keys USING gin (b jsonb_path_ops);
CREATE INDEX keys_inside ON keys ((b -> 'a'));
CREATE INDEX keys_word ON keys (initcap(d));
COMMENT ON INDEX keys_gist IS 'goes with its index';
COMMENT ON INDEX keys_half IS 'halves';
CREATE TABLE referring (
    id integer PRIMARY KEY,
    a integer REFERENCES keys (a),
    b jsonb REFERENCES keys (b),
    d text,
    e integer,
    part integer,
    FOREIGN KEY (d, e) REFERENCES keys (d, e) MATCH FULL ON UPDATE CASCADE DEFERRABLE
);
ALTER TABLE referring ADD CONSTRAINT referring_later FOREIGN KEY (id) REFERENCES keys ON DELETE CASCADE NOT VALID;
CREATE TABLE parts (id integer, at date) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2000-01-01') TO ('2100-01-01');
CREATE UNIQUE INDEX parts_1_id ON parts_1 (id);
ALTER TABLE referring ADD FOREIGN KEY (part) REFERENCES parts_1 (id);
CREATE TABLE parent (id integer PRIMARY KEY, n integer CHECK (n > 0));
CREATE TABLE child (extra text) INHERITS (parent);
ALTER TABLE child ALTER COLUMN extra SET STORAGE MAIN;
CREATE UNLOGGED TABLE notes (id integer PRIMARY KEY, note text) WITH (fillfactor = 50);
ALTER TABLE notes REPLICA IDENTITY FULL;

-- What goes with PostgreSQL alone.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch();
CREATE VIEW few AS SELECT id FROM notes;
CREATE MATERIALIZED VIEW stored AS SELECT id FROM notes;
CREATE RULE quiet AS ON DELETE TO notes DO ALSO NOTIFY gone;
CREATE POLICY own ON notes USING (id > 0);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE STATISTICS pairs ON d, e FROM keys;
CREATE COLLATION numbered (PROVIDER = icu, LOCALE = 'en-u-kn');

INSERT INTO types (label, labels, many, name, home, visits, homes, sorted, spans, network)
    VALUES ('one', '{a,b}', '{c}', 'Ä', '(1.5,x)', '("(2,y)",it''s)', '{"(1,a)"}', 'z', '{[1,3),[5,7)}', '10.0.0.0/8'), ('two', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO defaults DEFAULT VALUES;
INSERT INTO checks (id, n, m, f, t, c, p, s, k, trimmed, trimmed_too, joined, octal, day, born, until, fixed, bytes, data, many, span, during, w, l, r)
    VALUES (1, 9, 14, 1.5, 'a', 'a', E'ab\n123', 'abc', 'a_b', E'\t', E'\t', 'x', '010', '2020-02-03', '2020-01-01', '2999-01-01', 'ab', '\x00',
        '{"kind": "a", "v": 1}', '{1,2}', '1 day', '[1,2)', 'a word', 'a1', 'aa');
INSERT INTO generated (id, n, m, f, t, data) VALUES (1, 7, 10, 2, E' Ab\t', '{"name": "n"}'), (2, -7, -1, 0.1, NULL, NULL);
INSERT INTO keys (id, a, b, c, d, e, f) VALUES (1, 1, '1', '2020-01-01', 'D', 7, '[1,2)'), (2, 2, '2', NULL, NULL, NULL, NULL);
INSERT INTO parts VALUES (1, '2020-01-01');
INSERT INTO referring VALUES (1, 1, '1', 'D', 7, 1), (2, NULL, NULL, NULL, NULL, NULL);
INSERT INTO parent VALUES (1, 1);
INSERT INTO child VALUES (2, 2, 'x');
INSERT INTO notes VALUES (1, 'n');
