-- A sample application of 15 tables and 807 rows: users, their trading positions, invoices and referrals.
--
-- The same rows every time: no random values, fixed times. As in many applications that an ORM talks to, ids are serial,
-- times are "timestamp without time zone", updated_at has only a default (so an UPDATE leaves it alone), and
-- position_history, referred_users and legal_signatures have no updated_at at all.

SET client_min_messages = warning;
SET timezone = 'UTC';

BEGIN;

CREATE TYPE user_role AS ENUM ('member', 'partner', 'support', 'admin');
CREATE TYPE position_side AS ENUM ('long', 'short');
CREATE TYPE invoice_status AS ENUM ('draft', 'open', 'paid', 'void');
CREATE TYPE lead_stage AS ENUM ('new', 'contacted', 'won', 'lost');

CREATE TABLE users (
    id serial PRIMARY KEY,
    email text NOT NULL,
    display_name text,
    role user_role NOT NULL DEFAULT 'member',
    wallet_address varchar(42),
    referral_code varchar(12) NOT NULL,
    referred_by integer REFERENCES users (id) ON DELETE SET NULL,
    balance numeric(12,6) NOT NULL DEFAULT 0,
    preferences jsonb NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    last_login timestamp,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now(),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_referral_code_key UNIQUE (referral_code),
    CONSTRAINT users_balance_not_negative CHECK (balance >= 0),
    CONSTRAINT users_email_has_at CHECK (position('@' IN email) > 1)
);
CREATE UNIQUE INDEX users_email_lower_idx ON users (lower(email));
CREATE UNIQUE INDEX users_wallet_idx ON users (wallet_address) WHERE wallet_address IS NOT NULL;
CREATE INDEX users_tags_idx ON users USING gin (tags);
CREATE INDEX users_referred_by_idx ON users (referred_by);
COMMENT ON TABLE users IS 'People with an account; they''re never deleted, only deactivated';
COMMENT ON COLUMN users.balance IS 'Credit in USD';

CREATE TABLE custom_pools (
    id serial PRIMARY KEY,
    owner_id integer REFERENCES users (id) ON DELETE SET NULL,
    name text NOT NULL,
    token0 varchar(16) NOT NULL,
    token1 varchar(16) NOT NULL,
    fee_percent numeric(12,6) NOT NULL DEFAULT 0.3,
    settings jsonb,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now(),
    CONSTRAINT custom_pools_pair_key UNIQUE (token0, token1, fee_percent)
);

CREATE TABLE timeframe_adjustments (
    id serial PRIMARY KEY,
    timeframe varchar(20) NOT NULL UNIQUE,
    adjustment_percent numeric(12,6) NOT NULL DEFAULT 0,
    updated_by text,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now()
);

CREATE TABLE real_positions (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    pool_id integer REFERENCES custom_pools (id),
    side position_side NOT NULL DEFAULT 'long',
    token_id bigint,
    amount numeric(12,6) NOT NULL,
    entry_price double precision,
    in_range boolean,
    ratio real,
    tx_hash bytea,
    metadata jsonb NOT NULL DEFAULT '{}',
    opened_at timestamp NOT NULL DEFAULT now(),
    closed_at timestamp,
    updated_at timestamp DEFAULT now(),
    CONSTRAINT real_positions_amount_positive CHECK (amount > 0),
    CONSTRAINT real_positions_closed_after_opened CHECK (closed_at IS NULL OR closed_at >= opened_at)
);
CREATE INDEX real_positions_user_idx ON real_positions (user_id, opened_at DESC);
CREATE INDEX real_positions_open_idx ON real_positions (user_id) WHERE closed_at IS NULL;
CREATE INDEX real_positions_metadata_idx ON real_positions USING gin (metadata jsonb_path_ops);

CREATE TABLE position_history (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    position_id integer REFERENCES real_positions (id) ON DELETE SET NULL,
    action varchar(20) NOT NULL,
    amount numeric(12,6),
    fees numeric(12,6) DEFAULT 0,
    details jsonb,
    recorded_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX position_history_user_idx ON position_history (user_id, recorded_at);

CREATE TABLE billing_profiles (
    id serial PRIMARY KEY,
    user_id integer NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    company text,
    tax_id text,
    country char(2) NOT NULL,
    address text,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now()
);

CREATE TABLE invoices (
    id serial PRIMARY KEY,
    number text NOT NULL UNIQUE,
    user_id integer NOT NULL REFERENCES users (id),
    billing_profile_id integer REFERENCES billing_profiles (id),
    status invoice_status NOT NULL DEFAULT 'draft',
    net numeric(12,6) NOT NULL,
    tax_rate numeric(12,6) NOT NULL DEFAULT 0.21,
    due_on date,
    lines jsonb NOT NULL DEFAULT '[]',
    note text,
    issued_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now(),
    CONSTRAINT invoices_paid_is_not_free CHECK (status <> 'paid' OR net > 0)
);
CREATE INDEX invoices_unpaid_idx ON invoices (due_on) WHERE status = 'open';

CREATE TABLE app_config (
    key text PRIMARY KEY,
    value jsonb,
    description text,
    updated_at timestamp DEFAULT now()
);

CREATE TABLE referrals (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code varchar(24) NOT NULL UNIQUE,
    total_rewards numeric(12,6) NOT NULL DEFAULT 0,
    clicks integer NOT NULL DEFAULT 0,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now()
);

CREATE TABLE referred_users (
    id serial PRIMARY KEY,
    referral_id integer NOT NULL REFERENCES referrals (id) ON DELETE CASCADE,
    user_id integer REFERENCES users (id) ON DELETE CASCADE,
    earned numeric(12,6) NOT NULL DEFAULT 0,
    joined_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT referred_users_once UNIQUE (referral_id, user_id)
);

CREATE TABLE referral_subscribers (
    id serial PRIMARY KEY,
    referral_code varchar(24) NOT NULL REFERENCES referrals (code) ON UPDATE CASCADE,
    email text NOT NULL,
    confirmed boolean NOT NULL DEFAULT false,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now(),
    CONSTRAINT referral_subscribers_once UNIQUE (referral_code, email)
);

CREATE TABLE managed_nfts (
    id serial PRIMARY KEY,
    token_id numeric(78,0) NOT NULL,
    network text NOT NULL DEFAULT 'ethereum',
    contract_address varchar(42) NOT NULL,
    traits text[],
    value_usd numeric(12,6),
    metadata jsonb,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now(),
    CONSTRAINT managed_nfts_token_key UNIQUE (network, contract_address, token_id)
);

CREATE TABLE leads (
    id serial PRIMARY KEY,
    name text NOT NULL,
    email text,
    phone text,
    stage lead_stage NOT NULL DEFAULT 'new',
    message text,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now()
);

CREATE TABLE landing_videos (
    id serial PRIMARY KEY,
    language varchar(5) NOT NULL,
    title text NOT NULL,
    url text NOT NULL,
    subtitles text[] NOT NULL DEFAULT ARRAY[]::text[],
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp DEFAULT now()
);
CREATE UNIQUE INDEX landing_videos_one_default_idx ON landing_videos (language) WHERE is_default;

CREATE TABLE legal_signatures (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    document text NOT NULL,
    version varchar(10) NOT NULL,
    signature bytea NOT NULL,
    ip inet,
    signed_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT legal_signatures_once UNIQUE (user_id, document, version)
);

CREATE VIEW open_positions AS
    SELECT u.email, p.id, p.side, p.amount, p.opened_at
    FROM real_positions p JOIN users u ON u.id = p.user_id
    WHERE p.closed_at IS NULL;

-- Rows. The i-th row is the same function of i every time.

INSERT INTO users (id, email, display_name, role, wallet_address, referral_code, referred_by, balance, preferences, tags,
                   is_active, last_login, created_at, updated_at)
SELECT i,
       'user' || i || '@example.com',
       CASE i % 9 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'Zoë Ångström ' || i WHEN 3 THEN 'O''Brien "Bo" ' || i
           WHEN 4 THEN '山田太郎 ' || i WHEN 5 THEN 'tab' || chr(9) || 'and\backslash ' || i WHEN 6 THEN '👩‍🚀 ' || i
           ELSE 'Person ' || i END,
       (CASE WHEN i = 1 THEN 'admin' WHEN i % 40 = 0 THEN 'support' WHEN i % 12 = 0 THEN 'partner' ELSE 'member' END)::user_role,
       CASE WHEN i % 5 <> 0 THEN '0x' || substr(md5('wallet' || i) || md5(i::text), 1, 40) END,
       upper(substr(md5('code' || i), 1, 8)),
       CASE WHEN i > 10 AND i % 3 = 0 THEN 1 + i % 10 END,
       (i * 37 % 1000) + i * 0.001234,
       jsonb_build_object('theme', CASE WHEN i % 2 = 0 THEN 'dark' ELSE 'light' END, 'language', (ARRAY['en', 'es', 'de'])[1 + i % 3],
           'alerts', jsonb_build_array(i % 7, null, i % 2 = 0)),
       CASE i % 4 WHEN 0 THEN '{}' WHEN 1 THEN ARRAY['beta'] WHEN 2 THEN ARRAY['news,letter', 'a "quoted" tag']
           ELSE ARRAY['vip', NULL, ''] END,
       i % 11 <> 0,
       CASE WHEN i % 4 <> 0 THEN timestamp '2026-01-10 06:00' + i * interval '97 minutes' + i * interval '1 microsecond' END,
       timestamp '2025-03-01 09:00' + i * interval '41 hours',
       CASE WHEN i % 29 = 0 THEN NULL ELSE timestamp '2025-03-01 09:00' + i * interval '41 hours' END
FROM generate_series(1, 174) i;

INSERT INTO custom_pools (id, owner_id, name, token0, token1, fee_percent, settings, created_at, updated_at)
SELECT i, i * 7, (ARRAY['Blue chips', 'Stable € pair', 'High "risk"', 'Legacy'])[i], (ARRAY['ETH', 'USDC', 'PEPE', 'WBTC'])[i],
       (ARRAY['USDC', 'DAI', 'ETH', 'ETH'])[i], (ARRAY[0.3, 0.01, 1, 0.05])[i],
       CASE WHEN i < 4 THEN jsonb_build_object('range', jsonb_build_array(i * -10, i * 10)) END,
       timestamp '2025-04-01' + i * interval '3 days', timestamp '2025-04-01' + i * interval '3 days'
FROM generate_series(1, 4) i;

INSERT INTO timeframe_adjustments (id, timeframe, adjustment_percent, updated_by, created_at, updated_at)
SELECT i, (ARRAY['30 days', '90 days', '180 days', '365 days'])[i], (ARRAY[-24.56, -17.37, -4.52, 0])[i], 'admin',
       timestamp '2025-04-02', timestamp '2025-04-02'
FROM generate_series(1, 4) i;

INSERT INTO real_positions (id, user_id, pool_id, side, token_id, amount, entry_price, in_range, ratio, tx_hash, metadata, opened_at,
                            closed_at, updated_at)
SELECT i, 1 + i * 13 % 174, CASE WHEN i % 6 <> 0 THEN 1 + i % 4 END, (ARRAY['long', 'short'])[1 + i % 2]::position_side,
       9007199254740991 - i, 10 + i * 1.5, 1800.1 + i / 3.0::double precision, CASE i % 3 WHEN 0 THEN NULL ELSE i % 3 = 1 END,
       i / 7.0::real, decode(md5('tx' || i) || md5('more' || i), 'hex'),
       jsonb_build_object('chain', 'polygon', 'ticks', jsonb_build_array(-i, i), 'note', 'line one' || chr(10) || 'line "two"'),
       timestamp '2025-06-01 08:15' + i * interval '31 hours',
       CASE WHEN i % 4 = 0 THEN timestamp '2025-06-01 08:15' + i * interval '35 hours' END,
       timestamp '2025-06-01 08:15' + i * interval '31 hours'
FROM generate_series(1, 114) i;

INSERT INTO position_history (id, user_id, position_id, action, amount, fees, details, recorded_at)
SELECT i, 1 + (1 + i % 114) * 13 % 174, 1 + i % 114, (ARRAY['open', 'collect', 'adjust', 'close'])[1 + i % 4],
       CASE WHEN i % 10 <> 0 THEN i * 2.25 END, i * 0.000001, CASE WHEN i % 2 = 0 THEN jsonb_build_object('step', i) END,
       timestamp '2025-06-02' + i * interval '29 hours'
FROM generate_series(1, 144) i;

INSERT INTO billing_profiles (id, user_id, company, tax_id, country, address, created_at, updated_at)
SELECT i, i * 17, CASE WHEN i % 3 = 0 THEN NULL ELSE 'Firma Nº ' || i || ' & Söhne' END, CASE WHEN i % 2 = 0 THEN 'B' || 10000000 + i END,
       (ARRAY['ES', 'DE', 'FR'])[1 + i % 3], 'Calle Mayor ' || i || chr(10) || '28013 Madrid',
       timestamp '2025-07-01' + i * interval '5 days', timestamp '2025-07-01' + i * interval '5 days'
FROM generate_series(1, 10) i;

INSERT INTO invoices (id, number, user_id, billing_profile_id, status, net, tax_rate, due_on, lines, note, issued_at, updated_at)
SELECT i, 'INV-2025-' || lpad(i::text, 4, '0'), 17 * (1 + i % 10), 1 + i % 10,
       (ARRAY['draft', 'open', 'paid', 'void'])[1 + i % 4]::invoice_status, 19.99 * (1 + i % 5), CASE WHEN i % 8 = 0 THEN 0 ELSE 0.21 END,
       date '2025-08-01' + i * 7, jsonb_build_array(jsonb_build_object('text', 'Plan "Pro" ' || i, 'price', 19.99), i),
       CASE i % 3 WHEN 0 THEN 'paid in cash; 100 % ok' WHEN 1 THEN '' END,
       timestamp '2025-07-15 10:00' + i * interval '4 days', timestamp '2025-07-15 10:00' + i * interval '4 days'
FROM generate_series(1, 42) i;

INSERT INTO app_config (key, value, description, updated_at)
SELECT (ARRAY['apr.base', 'apr.boost', 'banner', 'maintenance', 'limits', 'fees', 'Feature/Beta', 'features.alpha', 'smtp from',
              'ünïcode', 'z''quote'])[i],
       (ARRAY['12.5', '"high"', 'null', 'false', '{"max": 10000, "min": 0.01}', '[0.1, 0.2, 0.30]', 'true', '{"on": ["a", "b"]}',
              '"noreply@example.com"', '"Größe"', '{}'])[i]::jsonb,
       CASE WHEN i % 3 <> 0 THEN 'setting number ' || i END, timestamp '2025-05-01' + i * interval '1 day'
FROM generate_series(1, 11) i;

INSERT INTO referrals (id, user_id, code, total_rewards, clicks, created_at, updated_at)
SELECT i, i, 'WB-' || upper(substr(md5('ref' || i), 1, 6)), i * 0.5, i * 31 % 97, timestamp '2025-09-01' + i * interval '7 hours',
       timestamp '2025-09-01' + i * interval '7 hours'
FROM generate_series(1, 119) i;

INSERT INTO referred_users (id, referral_id, user_id, earned, joined_at)
SELECT i, 1 + i % 119, CASE WHEN i % 20 <> 0 THEN 1 + (i + 48) % 174 END, i * 0.01, timestamp '2025-09-05' + i * interval '11 hours'
FROM generate_series(1, 126) i;

INSERT INTO referral_subscribers (id, referral_code, email, confirmed, created_at, updated_at)
SELECT i, r.code, 'subscriber+' || i || '@example.com', i % 2 = 0, timestamp '2025-10-01' + i * interval '9 hours',
       timestamp '2025-10-01' + i * interval '9 hours'
FROM generate_series(1, 37) i JOIN referrals r ON r.id = 1 + i % 20;

INSERT INTO managed_nfts (id, token_id, network, contract_address, traits, value_usd, metadata, created_at, updated_at)
SELECT i, (115792089237316195423570985008687907853269984665640564039457::numeric + i), (ARRAY['ethereum', 'polygon'])[1 + i % 2],
       '0x' || substr(md5('nft') || md5('nft2'), 1, 40), CASE WHEN i % 3 <> 0 THEN ARRAY['trait ' || i, 'a,b', '{braces}'] END, i * 100.5,
       jsonb_build_object('name', 'NFT #' || i, 'image', 'https://example.com/nft/' || i || '.png'),
       timestamp '2025-10-10' + i * interval '1 day', timestamp '2025-10-10' + i * interval '1 day'
FROM generate_series(1, 7) i;

INSERT INTO leads (id, name, email, phone, stage, message, created_at, updated_at)
SELECT i, (ARRAY['Ana', 'Bjørn', 'Chloé', 'Đorđe'])[i], CASE WHEN i <> 3 THEN 'lead' || i || '@example.com' END,
       CASE WHEN i = 1 THEN '+34 600 000 000' END, (ARRAY['new', 'contacted', 'won', 'lost'])[i]::lead_stage,
       'Hello,' || chr(13) || chr(10) || 'is \. or \N a problem?', timestamp '2025-11-01' + i * interval '1 day',
       timestamp '2025-11-01' + i * interval '1 day'
FROM generate_series(1, 4) i;

INSERT INTO landing_videos (id, language, title, url, subtitles, is_default, created_at, updated_at)
SELECT i, (ARRAY['en', 'es', 'de', 'fr', 'en'])[i], 'Vídeo ' || i, 'https://example.com/v/' || i || '?a=1&b=2',
       CASE WHEN i % 2 = 0 THEN ARRAY['en', 'es'] ELSE '{}' END, i < 5, timestamp '2025-11-05' + i * interval '1 day',
       timestamp '2025-11-05' + i * interval '1 day'
FROM generate_series(1, 5) i;

INSERT INTO legal_signatures (id, user_id, document, version, signature, ip, signed_at)
SELECT i, i * 5, 'terms-of-use', '1.' || i, decode(md5('signature' || i) || '00ff5c', 'hex'),
       CASE WHEN i % 2 = 0 THEN ('192.0.2.' || i)::inet ELSE ('2001:db8::' || i)::inet END, timestamp '2025-12-01' + i * interval '1 day'
FROM generate_series(1, 6) i;

-- The sequences stand where the application left them: a little beyond the greatest id, as rolled back inserts do.
SELECT setval(pg_get_serial_sequence(t, 'id'), n)
FROM (VALUES ('users', 181), ('custom_pools', 4), ('timeframe_adjustments', 4), ('real_positions', 120), ('position_history', 144),
             ('billing_profiles', 10), ('invoices', 42), ('referrals', 119), ('referred_users', 126), ('referral_subscribers', 37),
             ('managed_nfts', 7), ('leads', 4), ('landing_videos', 5), ('legal_signatures', 6)) AS v (t, n);

COMMIT;
