-- A working day of the sample application (app.sql): 782 changed rows in all 15 tables, 637 updated, 118 inserted and
-- 27 deleted. No update moves updated_at. Runs once on the rows of app.sql.

SET timezone = 'UTC';

BEGIN;

UPDATE users SET balance = balance + 1.5, preferences = preferences || '{"seen": true}' WHERE id <= 150;
INSERT INTO users (email, display_name, referral_code, balance, tags)
SELECT 'new' || i || '@example.com', 'Néw "user" ' || i, 'NEW' || lpad(i::text, 5, '0'), i, ARRAY['new', 'n''' || i]
FROM generate_series(1, 10) i;

UPDATE custom_pools SET settings = jsonb_build_object('range', jsonb_build_array(-5, 5)) WHERE id <= 3;
UPDATE timeframe_adjustments SET adjustment_percent = adjustment_percent - 1;

UPDATE real_positions SET amount = amount + 0.000001, in_range = NOT coalesce(in_range, false) WHERE id <= 90;
INSERT INTO real_positions (user_id, pool_id, amount, token_id, metadata)
SELECT i * 8, 1 + i % 4, i + 0.25, i, jsonb_build_object('new', i) FROM generate_series(1, 20) i;

UPDATE position_history SET fees = fees + 0.5 WHERE id <= 100;
DELETE FROM position_history WHERE id > 134;
INSERT INTO position_history (user_id, action, amount) SELECT i, 'open', i FROM generate_series(1, 26) i;

UPDATE invoices SET status = 'paid', note = 'paid on ' || due_on WHERE id <= 40;
INSERT INTO invoices (number, user_id, net, due_on)
SELECT 'INV-2026-' || lpad(i::text, 4, '0'), i, 49, date '2026-02-01' + i FROM generate_series(1, 8) i;

UPDATE billing_profiles SET address = address || ', España' WHERE id <= 8;

UPDATE app_config SET value = jsonb_build_object('was', value) WHERE key NOT IN ('banner', 'limits');
DELETE FROM app_config WHERE key = 'banner';
INSERT INTO app_config (key, value) VALUES ('new.one', '1'), ('new.two', NULL);

UPDATE referrals SET clicks = clicks + 1 WHERE id <= 100;
INSERT INTO referrals (user_id, code) SELECT 119 + i, 'WB-NEW-' || i FROM generate_series(1, 5) i;

UPDATE referred_users SET earned = earned * 2 + 1 WHERE id <= 90;
DELETE FROM referred_users WHERE id > 114;
INSERT INTO referred_users (referral_id, user_id) SELECT i, i + 120 FROM generate_series(1, 30) i;

UPDATE referral_subscribers SET confirmed = NOT confirmed WHERE id <= 30;
DELETE FROM referral_subscribers WHERE id > 34;
INSERT INTO referral_subscribers (referral_code, email)
SELECT code, 'later+' || id || '@example.com' FROM referrals WHERE id BETWEEN 31 AND 37;

UPDATE managed_nfts SET value_usd = value_usd * 1.1 WHERE id <= 5;
INSERT INTO managed_nfts (token_id, contract_address) VALUES (1, '0xnew'), (2, '0xnew');

UPDATE leads SET stage = 'lost', message = '' WHERE id <= 3;
INSERT INTO leads (name) SELECT 'Lead ' || i FROM generate_series(1, 3) i;

UPDATE landing_videos SET title = upper(title) WHERE id <= 3;
DELETE FROM landing_videos WHERE id = 5;
INSERT INTO landing_videos (language, title, url) VALUES ('it', 'Nuovo', 'https://example.com/v/6'), ('pt', 'Novo', 'https://example.com/v/7');

UPDATE legal_signatures SET ip = '192.0.2.200' WHERE id <= 2;
INSERT INTO legal_signatures (user_id, document, version, signature)
SELECT 100 + i, 'privacy', '2.0', decode(repeat('00ff', i), 'hex') FROM generate_series(1, 3) i;

COMMIT;
