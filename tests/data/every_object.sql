-- A schema with every kind of object that dbr carries over, under names that need quoting, for PostgreSQL 14 and later.
-- Each object is there for one reason; the comment above it says which. Loads into an empty database with psql.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Types: enums with difficult labels, domains over domains, composites within composites, ranges.
CREATE TYPE order_status AS ENUM ('pending', 'it''s paid', 'sh"ipped', 'zurück', '');
CREATE TYPE "Mixed Case" AS ENUM ('a', 'B');
CREATE DOMAIN positive AS integer CONSTRAINT positive_check CHECK (VALUE > 0);
CREATE DOMAIN small_positive AS positive DEFAULT 7 NOT NULL CHECK (VALUE < 1000);
CREATE DOMAIN email AS citext COLLATE "C" CONSTRAINT "has @" CHECK (VALUE ~ '@');
CREATE DOMAIN labels AS text[] CHECK (array_length(VALUE, 1) < 10);
ALTER DOMAIN labels ADD CONSTRAINT labels_named CHECK (VALUE[1] <> '') NOT VALID;
CREATE TYPE address AS (street text, "house no" integer, city character varying(80) COLLATE "C");
CREATE TYPE person AS (name text, home address, states order_status[]);
CREATE FUNCTION float_gap(a double precision, b double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE AS 'SELECT a - b';
CREATE TYPE float_range AS RANGE (SUBTYPE = double precision, SUBTYPE_DIFF = float_gap,
    MULTIRANGE_TYPE_NAME = float_multirange);
CREATE COLLATION german (PROVIDER = libc, LC_COLLATE = 'C', LC_CTYPE = 'C');
COMMENT ON TYPE order_status IS 'how far an order is';
COMMENT ON DOMAIN positive IS 'it''s above zero';
COMMENT ON CONSTRAINT positive_check ON DOMAIN positive IS 'above zero';
COMMENT ON COLUMN address.street IS 'a street';

-- Sequences: free, descending, cycling, cached, and of each width.
CREATE SEQUENCE invoice_numbers AS bigint START WITH 1000 INCREMENT BY 5 MINVALUE 10 MAXVALUE 99999 CACHE 20 CYCLE;
CREATE SEQUENCE countdown AS smallint INCREMENT BY -1 MINVALUE -100 MAXVALUE 100 START WITH 100;
CREATE SEQUENCE "Free Sequence";
COMMENT ON SEQUENCE invoice_numbers IS 'numbers of invoices';
SELECT nextval('invoice_numbers'), nextval('invoice_numbers') \g /dev/null
SELECT setval('"Free Sequence"', 500, false) \g /dev/null

-- Functions that tables need: in a default, a check, a generated column, an index; one of them with a string body that
-- calls another, and one that needs the table that needs it.
CREATE FUNCTION normal_name(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(btrim(name)) $$;
CREATE FUNCTION slug_of(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    -- a quote ' and a dollar $ in a body
    RETURN replace(normal_name(name), ' ', '-');
END $$;
CREATE FUNCTION next_code() RETURNS text LANGUAGE sql AS 'SELECT ''C'' || nextval(''invoice_numbers'')';

-- Serial, identity of both kinds, defaults of every kind, generated column, storage, statistics target.
CREATE TABLE customers (
    id serial PRIMARY KEY,
    code text DEFAULT next_code() NOT NULL,
    name character varying(120) NOT NULL,
    slug text GENERATED ALWAYS AS (slug_of((name)::text)) STORED,
    contact email,
    favourite positive DEFAULT 3,
    status order_status DEFAULT 'pending' NOT NULL,
    moods "Mixed Case"[] DEFAULT '{a,B}'::"Mixed Case"[],
    home address,
    who person,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    grid integer[][],
    settings jsonb DEFAULT '{"a": "it''s"}'::jsonb NOT NULL,
    raw json,
    document xml,
    balance numeric(12,6) DEFAULT 0 NOT NULL,
    anything numeric,
    price money DEFAULT 0,
    ratio double precision DEFAULT 1.5,
    small_ratio real,
    flag boolean DEFAULT true NOT NULL,
    bits bit(8) DEFAULT B'10101010',
    more_bits bit varying(20),
    picture bytea DEFAULT '\xdeadbeef'::bytea,
    born date DEFAULT CURRENT_DATE,
    wakes time(3) without time zone,
    zoned time with time zone,
    every_now interval DEFAULT '1 day'::interval,
    days interval day to second(3),
    token uuid DEFAULT gen_random_uuid(),
    ip inet,
    network cidr,
    mac macaddr,
    mac8 macaddr8,
    place point,
    region polygon,
    words tsvector,
    query tsquery,
    valid_in tstzrange,
    numbers int4multirange,
    gaps float_range,
    fixed character(3) DEFAULT 'abc',
    one_char "char",
    nick name COLLATE "C",
    german_name text COLLATE german,
    insensitive citext,
    "desc" text DEFAULT 'back\slash',
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT name_not_empty CHECK ((name)::text <> ''),
    CONSTRAINT slug_known CHECK (slug_of((name)::text) <> 'root'),
    CONSTRAINT customers_code_key UNIQUE (code)
) WITH (fillfactor = 70, autovacuum_enabled = false);
ALTER TABLE customers ALTER COLUMN picture SET STORAGE EXTERNAL;
ALTER TABLE customers ALTER COLUMN name SET STATISTICS 500;
ALTER TABLE customers ALTER COLUMN balance SET (n_distinct = 100);
ALTER TABLE customers ALTER COLUMN document SET COMPRESSION pglz;
COMMENT ON TABLE customers IS 'people -- and "firms"; DROP TABLE customers';
COMMENT ON COLUMN customers.name IS E'line one\nline two \\ backslash';
COMMENT ON CONSTRAINT name_not_empty ON customers IS 'no empty names';

CREATE TABLE identities (
    always_id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 10 CACHE 3) PRIMARY KEY,
    default_id integer GENERATED BY DEFAULT AS IDENTITY,
    small_id smallserial NOT NULL,
    big_id bigserial NOT NULL
);

-- Names: quotes, blanks, unicode, reserved words, SQL, 63 bytes, mixed case.
CREATE TABLE "select" (
    "from" integer PRIMARY KEY,
    "a""b" text,
    "it's" text DEFAULT 'x''y',
    "Mixed" text,
    "größe 😀" numeric,
    "drop table ""select""; --" text,
    "a column name of sixty-three bytes, which is the longest there is" text,
    CONSTRAINT "Check ""it""" CHECK ("a""b" <> "it's")
);
CREATE INDEX "Index of ""Mixed""" ON "select" ("Mixed", "größe 😀");
COMMENT ON COLUMN "select"."a""b" IS 'a quote in a name';
COMMENT ON INDEX "Index of ""Mixed""" IS 'an index with a name';
CREATE TABLE "index" ("where" integer, "order" integer, PRIMARY KEY ("where", "order"));

-- Keys: composite, deferrable, NULLable unique, INCLUDE, a foreign key on each, self reference, cycle, actions, match full.
CREATE TABLE orders (
    customer_id integer NOT NULL CONSTRAINT orders_customer_fkey REFERENCES customers ON DELETE CASCADE ON UPDATE RESTRICT,
    number integer NOT NULL,
    parent_customer integer,
    parent_number integer,
    main_item bigint,
    reference text,
    during tstzrange,
    room integer,
    note text,
    CONSTRAINT orders_pkey PRIMARY KEY (customer_id, number),
    CONSTRAINT orders_reference_key UNIQUE (reference) INCLUDE (note) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT orders_parent_fkey FOREIGN KEY (parent_customer, parent_number) REFERENCES orders (customer_id, number)
        MATCH FULL ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT orders_room_excl EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (room IS NOT NULL)
);
CREATE TABLE items (
    id bigint PRIMARY KEY,
    customer_id integer,
    number integer DEFAULT 1,
    label text NOT NULL,
    FOREIGN KEY (customer_id, number) REFERENCES orders ON DELETE SET DEFAULT
);
ALTER TABLE orders ADD CONSTRAINT orders_main_item_fkey FOREIGN KEY (main_item) REFERENCES items (id);
ALTER TABLE orders ADD CONSTRAINT orders_note_check CHECK (note <> 'bad') NOT VALID;
ALTER TABLE items ADD CONSTRAINT items_self_fkey FOREIGN KEY (id) REFERENCES items (id) NOT VALID;
COMMENT ON CONSTRAINT orders_customer_fkey ON orders IS 'whose order';
COMMENT ON CONSTRAINT orders_pkey ON orders IS 'the key';

-- No key at all; a unique index over NOT NULL columns instead of a key; unlogged.
CREATE TABLE log_lines (at timestamp with time zone, line text);
CREATE TABLE "_AToB" ("A" integer NOT NULL, "B" integer NOT NULL);
CREATE UNIQUE INDEX "_AToB_AB_unique" ON "_AToB" ("A", "B");
ALTER TABLE "_AToB" REPLICA IDENTITY USING INDEX "_AToB_AB_unique";
ALTER TABLE log_lines REPLICA IDENTITY FULL;
CREATE UNLOGGED TABLE scratch (id serial PRIMARY KEY);
CREATE TABLE no_columns ();

-- Indexes of every kind.
CREATE INDEX customers_partial ON customers (created_at DESC NULLS LAST) WHERE status = 'pending';
CREATE UNIQUE INDEX customers_lower_name ON customers (lower((name)::text));
CREATE INDEX customers_function ON customers (slug_of((name)::text), (balance * 2));
CREATE INDEX customers_include ON customers (status) INCLUDE (name, balance);
CREATE INDEX customers_pattern ON customers (name varchar_pattern_ops);
CREATE INDEX customers_collated ON customers (name COLLATE "C" DESC, code COLLATE "POSIX");
CREATE INDEX customers_settings ON customers USING gin (settings jsonb_path_ops);
CREATE INDEX customers_tags ON customers USING gin (tags);
CREATE INDEX customers_words ON customers USING gin (words);
CREATE INDEX customers_trigram ON customers USING gin (name gin_trgm_ops);
CREATE INDEX customers_trigram_gist ON customers USING gist (name gist_trgm_ops (siglen = 32));
CREATE INDEX customers_valid ON customers USING gist (valid_in);
CREATE INDEX customers_place ON customers USING spgist (place);
CREATE INDEX customers_born ON customers USING brin (born) WITH (pages_per_range = 32);
CREATE INDEX customers_token ON customers USING hash (token);
CREATE INDEX customers_fill ON customers (favourite NULLS FIRST) WITH (fillfactor = 60);
CREATE STATISTICS customer_stats (ndistinct, dependencies) ON status, flag FROM customers;
CREATE STATISTICS customer_expression ON (lower((name)::text)), status FROM customers;
COMMENT ON STATISTICS customer_stats IS 'status and flag';

-- Partitions: by range and list, on two levels, a default, one attached with another column order, indexes of its own.
CREATE TABLE measurements (
    id bigint GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME measurement_ids),
    at date NOT NULL,
    kind text DEFAULT 'a' NOT NULL,
    value numeric,
    customer_id integer REFERENCES customers,
    CONSTRAINT measurements_value_check CHECK (value >= 0),
    CONSTRAINT measurements_key PRIMARY KEY (id, at, kind)
) PARTITION BY RANGE (at);
CREATE TABLE measurements_2024 PARTITION OF measurements FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
    PARTITION BY LIST (kind);
CREATE TABLE measurements_2024_a PARTITION OF measurements_2024 FOR VALUES IN ('a');
CREATE TABLE measurements_2024_other PARTITION OF measurements_2024 DEFAULT;
CREATE TABLE measurements_default PARTITION OF measurements DEFAULT;
CREATE TABLE "measurements 2025" (
    value numeric, kind text DEFAULT 'b' NOT NULL, at date NOT NULL, customer_id integer, id bigint NOT NULL,
    CONSTRAINT measurements_value_check CHECK (value >= 0),
    CONSTRAINT only_2025 CHECK (value < 1000000)
);
ALTER TABLE measurements ATTACH PARTITION "measurements 2025" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX measurements_value ON measurements (value);
CREATE INDEX measurements_default_own ON measurements_default (kind, value);
CREATE TABLE hashed (id integer NOT NULL, body text) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE UNIQUE INDEX hashed_id ON hashed (id);
CREATE TABLE measurement_notes (measurement bigint, at date, kind text, note text,
    CONSTRAINT measurement_notes_fkey FOREIGN KEY (measurement, at, kind) REFERENCES measurements (id, at, kind));

-- Plain inheritance.
CREATE TABLE vehicles (id integer PRIMARY KEY, wheels integer DEFAULT 4 CHECK (wheels > 0), name text);
CREATE TABLE trucks (load numeric NOT NULL) INHERITS (vehicles);
ALTER TABLE trucks ALTER COLUMN wheels SET DEFAULT 6;
ALTER TABLE trucks ALTER COLUMN name SET NOT NULL;
CREATE INDEX trucks_load ON trucks (load);

-- A table and a function that need each other.
CREATE TABLE nodes (id integer PRIMARY KEY, weight integer);
CREATE FUNCTION node_fine(n nodes) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT n.weight IS NULL OR n.weight > 0 $$;
ALTER TABLE nodes ADD CONSTRAINT nodes_fine CHECK (node_fine(nodes.*));
CREATE FUNCTION first_node() RETURNS integer LANGUAGE sql STABLE BEGIN ATOMIC SELECT min(id) FROM nodes; END;
ALTER TABLE nodes ALTER COLUMN weight SET DEFAULT first_node();

-- Views on views, with options, one that needs a primary key; materialized views, one filled and one not, with indexes.
CREATE VIEW a_second_view AS SELECT 1 AS one;
CREATE VIEW z_first_view AS SELECT id, name, status FROM customers WHERE flag;
CREATE OR REPLACE VIEW a_second_view AS SELECT count(*)::integer AS one FROM z_first_view;
CREATE VIEW paid WITH (security_barrier = true) AS SELECT * FROM z_first_view WHERE status = 'it''s paid'
    WITH LOCAL CHECK OPTION;
ALTER VIEW z_first_view ALTER COLUMN status SET DEFAULT 'zurück';
CREATE VIEW by_customer AS SELECT c.id, c.name, count(o.number) AS orders
    FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id;
CREATE VIEW "A View" ("Größe", "a""b") AS SELECT "größe 😀", "a""b" FROM "select";
CREATE RECURSIVE VIEW tree (id, level) AS
    SELECT id, 0 FROM items WHERE customer_id IS NULL UNION ALL SELECT i.id, t.level + 1 FROM items i JOIN tree t ON t.id = i.number;
CREATE MATERIALIZED VIEW totals AS SELECT customer_id, count(*) AS orders FROM orders GROUP BY customer_id;
CREATE UNIQUE INDEX totals_key ON totals (customer_id);
CREATE MATERIALIZED VIEW never_filled AS SELECT * FROM totals WITH NO DATA;
ALTER MATERIALIZED VIEW totals ALTER COLUMN orders SET STATISTICS 200;
CREATE MATERIALIZED VIEW "Stored Notes" AS SELECT label AS "the label" FROM items;
ALTER MATERIALIZED VIEW "Stored Notes" ALTER COLUMN "the label" SET STORAGE EXTERNAL, ALTER COLUMN "the label" SET (n_distinct = 5);
ALTER MATERIALIZED VIEW "Stored Notes" ALTER COLUMN "the label" SET COMPRESSION pglz;
COMMENT ON VIEW z_first_view IS 'those that count';
COMMENT ON MATERIALIZED VIEW totals IS 'counted';
COMMENT ON COLUMN z_first_view.name IS 'a column of a view';

-- Functions of every kind, overloaded; an aggregate; a procedure; an operator.
CREATE FUNCTION total(customer integer) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT orders FROM totals WHERE customer_id = $1 $$;
CREATE FUNCTION total(customer text, VARIADIC more integer[] DEFAULT '{}') RETURNS SETOF customers
    LANGUAGE sql STABLE AS $$ SELECT * FROM customers WHERE name = $1 $$;
CREATE FUNCTION "Odd ""Name"""() RETURNS TABLE(a integer, "b c" text) LANGUAGE sql AS 'SELECT 1, ''x''::text';
CREATE FUNCTION secure_now() RETURNS timestamptz LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog COST 5 AS 'SELECT now()';
CREATE PROCEDURE clean_up(INOUT n integer) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM log_lines; n := 1; END $$;
CREATE FUNCTION keep_longest(state text, item text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT CASE WHEN state IS NULL OR length(item) > length(state) THEN item ELSE state END $$;
CREATE AGGREGATE longest(text) (SFUNC = keep_longest, STYPE = text, PARALLEL = SAFE);
CREATE AGGREGATE total_length(text) (SFUNC = keep_longest, STYPE = text, FINALFUNC = length, INITCOND = '');
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);
CREATE TEXT SEARCH CONFIGURATION plain_words (COPY = simple);
COMMENT ON FUNCTION total(integer) IS 'orders of a customer';
COMMENT ON PROCEDURE clean_up(integer) IS 'forgets';
COMMENT ON AGGREGATE longest(text) IS 'the longest';

-- Triggers: row, statement, constraint, with WHEN and columns, disabled, always, on a view, on a partitioned table with
-- partitions that have another state.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER touch_customers BEFORE UPDATE OF name, "desc" ON customers FOR EACH ROW
    WHEN (old.name IS DISTINCT FROM new.name) EXECUTE FUNCTION touch('arg', 'it''s');
CREATE TRIGGER "Statement Trigger" AFTER DELETE ON customers REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION nothing();
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER disabled_one AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE orders DISABLE TRIGGER disabled_one;
CREATE TRIGGER always_one AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE orders ENABLE ALWAYS TRIGGER always_one;
CREATE TRIGGER on_partitions AFTER INSERT ON measurements FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE measurements_default DISABLE TRIGGER on_partitions;
ALTER TABLE measurements_2024_a ENABLE ALWAYS TRIGGER on_partitions;
CREATE TRIGGER on_view INSTEAD OF INSERT ON z_first_view FOR EACH ROW EXECUTE FUNCTION nothing();
COMMENT ON TRIGGER touch_customers ON customers IS 'keeps the date';

-- Rules and row security.
CREATE RULE protect AS ON DELETE TO log_lines WHERE old.line = 'keep' DO INSTEAD NOTHING;
CREATE RULE quiet AS ON UPDATE TO log_lines DO ALSO NOTIFY changed;
ALTER TABLE log_lines DISABLE RULE quiet;
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
ALTER TABLE scratch ENABLE ROW LEVEL SECURITY;
ALTER TABLE scratch FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone ON items USING (label <> 'secret');
CREATE POLICY "only mine" ON items AS RESTRICTIVE FOR UPDATE TO pg_read_all_data, CURRENT_USER USING (id > 0) WITH CHECK (id < 1000);
COMMENT ON POLICY everyone ON items IS 'no secrets';
COMMENT ON RULE protect ON log_lines IS 'keeps';
COMMENT ON SCHEMA public IS 'every object of the tests';
