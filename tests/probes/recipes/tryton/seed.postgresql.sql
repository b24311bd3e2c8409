-- Rows for a freshly initialised Tryton 6.0 whose every number is known; times are relative to now (UTC, as Tryton stores them).
BEGIN;  -- one now for all rows
CREATE FUNCTION pg_temp.ago(span interval) RETURNS timestamp LANGUAGE sql AS $$ SELECT timezone('UTC', now()) - span $$;
CREATE FUNCTION pg_temp.day(days integer) RETURNS date LANGUAGE sql AS $$ SELECT timezone('UTC', now())::date + days $$;

-- seats: admin, sales1, sales2
INSERT INTO res_user (id, login, name, active, menu)
SELECT u.id, u.login, u.login, u.active, a.menu
  FROM res_user a, (VALUES (2, 'sales1', true), (3, 'sales2', true), (4, 'left', false)) AS u (id, login, active) WHERE a.login = 'admin';
INSERT INTO ir_session (create_uid, create_date, write_date, key) VALUES (1, pg_temp.ago('2 days'), pg_temp.ago('5 minutes'), 'k');

INSERT INTO currency_currency (id, code, name, symbol, digits, rounding, active) VALUES
  (1, 'EUR', 'Euro', 'E', 2, 0.01, true), (2, 'USD', 'US Dollar', '$', 2, 0.01, true);

-- 9 live parties (16 is inactive, 17 was merged): 10 and 11 have the same name, 12 has none, 14 is outdated, 15 is not
-- because its phone number is newer
INSERT INTO party_party (id, code, name, active, replaced_by, create_uid, create_date, write_uid, write_date) VALUES
  (1, '1', 'Our company', true, NULL, 1, pg_temp.ago('400 days'), 1, pg_temp.ago('20 days')),
  (2, '2', 'Employee A', true, NULL, 1, pg_temp.ago('400 days'), 1, pg_temp.ago('20 days')),
  (3, '3', 'Employee B', true, NULL, 1, pg_temp.ago('400 days'), 1, pg_temp.ago('20 days')),
  (10, '10', 'Same  Name', true, NULL, 1, pg_temp.ago('400 days'), 2, pg_temp.ago('30 minutes')),
  (11, '11', ' SAME name', true, NULL, 1, pg_temp.ago('400 days'), 1, pg_temp.ago('20 days')),
  (12, '12', NULL, true, NULL, 1, pg_temp.ago('400 days'), 1, pg_temp.ago('20 days')),
  (13, '13', 'New', true, NULL, 2, pg_temp.ago('1 hour'), NULL, NULL),
  (14, '14', 'Outdated', true, NULL, 1, pg_temp.ago('800 days'), 1, pg_temp.ago('500 days')),
  (15, '15', 'New phone', true, NULL, 1, pg_temp.ago('800 days'), 1, pg_temp.ago('500 days')),
  (16, '16', 'Inactive', false, NULL, 1, pg_temp.ago('800 days'), 1, pg_temp.ago('500 days')),
  (17, '17', 'Merged', true, 10, 1, pg_temp.ago('800 days'), 1, pg_temp.ago('500 days'));
-- 12 has only a disabled address; 10 and 11 share one; 13 and 15 have malformed ones
INSERT INTO party_contact_mechanism (party, type, value, active, create_date, write_date) VALUES
  (1, 'email', 'one@example.invalid', true, pg_temp.ago('400 days'), NULL),
  (2, 'email', 'two@example.invalid', true, pg_temp.ago('400 days'), NULL),
  (3, 'email', 'three@example.invalid', true, pg_temp.ago('400 days'), NULL),
  (10, 'email', 'shared@example.invalid', true, pg_temp.ago('400 days'), NULL),
  (11, 'email', ' Shared@example.invalid', true, pg_temp.ago('400 days'), NULL),
  (12, 'email', 'twelve@example.invalid', false, pg_temp.ago('400 days'), NULL),
  (13, 'email', 'no-at-sign.invalid', true, pg_temp.ago('1 hour'), NULL),
  (14, 'email', 'old@example.invalid', true, pg_temp.ago('800 days'), NULL),
  (15, 'email', 'no-dot@invalid', true, pg_temp.ago('800 days'), NULL),
  (16, 'email', 'shared@example.invalid', true, pg_temp.ago('800 days'), NULL),
  (1, 'phone', '1', true, pg_temp.ago('400 days'), NULL),
  (2, 'phone', '2', true, pg_temp.ago('400 days'), NULL),
  (3, 'phone', '3', true, pg_temp.ago('400 days'), NULL),
  (10, 'phone', '10', true, pg_temp.ago('400 days'), NULL),
  (11, 'mobile', '11', true, pg_temp.ago('400 days'), NULL),
  (15, 'phone', '15', true, pg_temp.ago('800 days'), pg_temp.ago('10 days')),
  (14, 'fax', '14', true, pg_temp.ago('800 days'), NULL);
INSERT INTO party_address (party, city, active) VALUES (1, 'x', true), (10, 'x', true), (11, 'x', true), (15, 'x', true), (12, 'x', false);

INSERT INTO company_company (id, party, currency) VALUES (1, 1, 1);
INSERT INTO company_employee (id, party, company, end_date) VALUES (1, 2, 1, NULL), (2, 3, 1, pg_temp.day(-10));

-- open: 100 to 105 and 107
INSERT INTO sale_opportunity (id, number, company, conversion_probability, start_date, state, party, amount, employee, end_date, create_uid, create_date, write_uid, write_date) VALUES
  (100, '100', 1, 0.5, pg_temp.day(0), 'lead', NULL, NULL, NULL, NULL, 3, pg_temp.ago('20 minutes'), NULL, NULL),
  (101, '101', 1, 0.5, pg_temp.day(-3), 'lead', 10, 500, 1, pg_temp.day(30), 1, pg_temp.ago('3 days'), NULL, NULL),
  (102, '102', 1, 0.5, pg_temp.day(-2), 'opportunity', 11, 100, 2, pg_temp.day(5), 1, pg_temp.ago('2 days'), 1, pg_temp.ago('2 days') + interval '1800 seconds'),
  (103, '103', 1, 0.5, pg_temp.day(-10), 'opportunity', 16, NULL, 1, pg_temp.day(-3), 1, pg_temp.ago('10 days'), 1, pg_temp.ago('1 hour')),
  (104, '104', 1, 0.5, pg_temp.day(-20), 'converted', 10, 900, 1, NULL, 1, pg_temp.ago('20 days'), 1, pg_temp.ago('15 days')),
  (105, '105', 1, 0.5, pg_temp.day(-100), 'opportunity', 10, 0, 1, pg_temp.day(1), 1, pg_temp.ago('100 days'), 1, pg_temp.ago('40 days')),
  (106, '106', 1, 0.5, pg_temp.day(-90), 'won', 10, 50, 1, pg_temp.day(-5), 1, pg_temp.ago('90 days'), 1, pg_temp.ago('5 days')),
  (107, '107', 1, 0.5, pg_temp.day(0), 'opportunity', 10, 10, 1, pg_temp.day(1), 1, pg_temp.ago('12 hours'), NULL, NULL);
-- what the history tables keep: 102, 103 and 104 were answered after 1800, 5400 and 600 seconds; 107 never was a lead
INSERT INTO sale_opportunity__history (id, state, create_date, write_date) VALUES
  (100, 'lead', pg_temp.ago('20 minutes'), NULL),
  (101, 'lead', pg_temp.ago('3 days'), NULL),
  (101, 'lead', pg_temp.ago('3 days'), pg_temp.ago('2 days')),
  (102, 'lead', pg_temp.ago('2 days'), NULL),
  (102, 'opportunity', pg_temp.ago('2 days'), pg_temp.ago('2 days') + interval '1800 seconds'),
  (103, 'lead', pg_temp.ago('10 days'), NULL),
  (103, 'opportunity', pg_temp.ago('10 days'), pg_temp.ago('10 days') + interval '5400 seconds'),
  (103, 'opportunity', pg_temp.ago('10 days'), pg_temp.ago('1 hour')),
  (104, 'lead', pg_temp.ago('20 days'), NULL),
  (104, 'opportunity', pg_temp.ago('20 days'), pg_temp.ago('20 days') + interval '600 seconds'),
  (104, 'converted', pg_temp.ago('20 days'), pg_temp.ago('15 days')),
  (105, 'lead', pg_temp.ago('100 days'), NULL),
  (105, 'opportunity', pg_temp.ago('100 days'), pg_temp.ago('40 days')),
  (107, 'opportunity', pg_temp.ago('12 hours'), NULL),
  (108, NULL, NULL, pg_temp.ago('1 day'));

INSERT INTO sale_sale (id, party, company, currency, state, sale_date, untaxed_amount_cache, invoice_method, invoice_state, shipment_method, shipment_state, create_uid, create_date, write_uid, write_date) VALUES
  (200, 10, 1, 1, 'done', pg_temp.day(-5), 1000, 'order', 'none', 'order', 'none', 4, pg_temp.ago('5 days'), NULL, NULL),
  (201, 11, 1, 1, 'confirmed', pg_temp.day(-40), 500, 'order', 'none', 'order', 'none', 1, pg_temp.ago('40 days'), 1, pg_temp.ago('6 hours')),
  (202, 10, 1, 2, 'processing', pg_temp.day(-100), 70, 'order', 'none', 'order', 'none', 1, pg_temp.ago('100 days'), NULL, NULL),
  (203, 10, 1, 1, 'done', pg_temp.day(-400), 300, 'order', 'none', 'order', 'none', 1, pg_temp.ago('400 days'), NULL, NULL),
  (204, 14, 1, 1, 'done', pg_temp.day(-500), 200, 'order', 'none', 'order', 'none', 1, pg_temp.ago('500 days'), NULL, NULL),
  (205, 11, 1, 1, 'draft', pg_temp.day(-1), 9999, 'order', 'none', 'order', 'none', 1, pg_temp.ago('3 hours'), NULL, NULL);

INSERT INTO ir_note (resource, message, create_date) VALUES
  ('sale.opportunity,101', '', pg_temp.ago('1 hour')), ('sale.opportunity,101', '', pg_temp.ago('2 hours')), ('sale.opportunity,101', '', pg_temp.ago('2 days'));
INSERT INTO ir_attachment (resource, name, type, create_date) VALUES ('sale.opportunity,101', 'a', 'data', pg_temp.ago('40 days'));

-- one of the four scheduled actions of these modules is late; one queued task waits, one is done, one is for tomorrow
UPDATE ir_cron SET next_call = pg_temp.ago('-1 hour');
UPDATE ir_cron SET next_call = pg_temp.ago('2 hours') WHERE id = (SELECT min(id) FROM ir_cron);
INSERT INTO ir_queue (name, enqueued_at, scheduled_at, dequeued_at) VALUES
  ('default', pg_temp.ago('100 seconds'), NULL, NULL),
  ('default', pg_temp.ago('1 hour'), NULL, pg_temp.ago('1 hour')),
  ('default', pg_temp.ago('2 hours'), pg_temp.ago('-1 day'), NULL);
COMMIT;
