-- Rows whose every number is known; times are relative to now (UTC, as Odoo stores them).
BEGIN;  -- one now for all rows
CREATE FUNCTION pg_temp.ago(span interval) RETURNS timestamp LANGUAGE sql AS $$ SELECT timezone('UTC', now()) - span $$;
CREATE FUNCTION pg_temp.day(days integer) RETURNS date LANGUAGE sql AS $$ SELECT timezone('UTC', now())::date + days $$;

INSERT INTO ir_module_module (name, state, latest_version) VALUES ('base', 'installed', '19.0.1.3'), ('crm', 'installed', '19.0.1.8');
INSERT INTO res_currency (id, name) VALUES (1, 'EUR'), (2, 'USD');
INSERT INTO crm_stage (id, name, is_won) VALUES (1, '{"en_US": "New"}', false), (2, '{"en_US": "Qualified"}', NULL), (3, '{"en_US": "Won"}', true);

-- seats: 2 and 6; 1 is Odoo's own, 7 a customer of the portal, 8 has left
INSERT INTO res_users (id, login, active, share, partner_id) VALUES
  (1, '__system__', false, false, 1), (2, 'admin', true, false, 2), (6, 'sales', true, false, 6), (7, 'portal', true, true, 7), (8, 'left', false, false, 8);
INSERT INTO res_users_log (create_uid, create_date) VALUES
  (2, pg_temp.ago('2 hours')), (6, pg_temp.ago('3 days')), (7, pg_temp.ago('1 hour')), (8, pg_temp.ago('5 hours'));

-- 9 active: 20 and 21 share an address, 22 has neither address nor phone, 23 a malformed address, 24 is outdated,
-- 25 is new and belongs to a company that is archived
INSERT INTO res_partner (id, name, email, email_normalized, phone, parent_id, active, create_date, write_date) VALUES
  (1, 'System', 'system@example.invalid', 'system@example.invalid', NULL, NULL, false, pg_temp.ago('900 days'), pg_temp.ago('90 days')),
  (2, 'Admin', 'admin@example.invalid', 'admin@example.invalid', '2', NULL, true, pg_temp.ago('900 days'), pg_temp.ago('90 days')),
  (6, 'Sales', 'sales@example.invalid', 'sales@example.invalid', '6', NULL, true, pg_temp.ago('900 days'), pg_temp.ago('90 days')),
  (7, 'Portal', 'portal@example.invalid', 'portal@example.invalid', '7', NULL, true, pg_temp.ago('900 days'), pg_temp.ago('90 days')),
  (8, 'Left', 'left@example.invalid', 'left@example.invalid', NULL, NULL, false, pg_temp.ago('900 days'), pg_temp.ago('90 days')),
  (20, 'Company', 'shared@example.invalid', 'shared@example.invalid', '20', NULL, true, pg_temp.ago('100 days'), pg_temp.ago('40 minutes')),
  (21, 'Company again', 'Shared@example.invalid', 'shared@example.invalid', NULL, NULL, true, pg_temp.ago('100 days'), pg_temp.ago('90 days')),
  (22, 'Silent', ' ', NULL, NULL, NULL, true, pg_temp.ago('100 days'), pg_temp.ago('90 days')),
  (23, 'Malformed', 'malformed', NULL, '23', NULL, true, pg_temp.ago('100 days'), pg_temp.ago('90 days')),
  (24, 'Outdated', 'old@example.invalid', 'old@example.invalid', '24', NULL, true, pg_temp.ago('600 days'), pg_temp.ago('500 days')),
  (25, 'New', 'new@example.invalid', 'new@example.invalid', NULL, 26, true, pg_temp.ago('5 hours'), pg_temp.ago('5 hours')),
  (26, 'Archived', 'archived@example.invalid', 'archived@example.invalid', NULL, NULL, false, pg_temp.ago('100 days'), pg_temp.ago('90 days'));

-- open: 30, 31, 32, 33, 36; 34 is won, 35 lost
INSERT INTO crm_lead (id, name, type, active, stage_id, user_id, partner_id, contact_name, email_from, email_normalized, phone, expected_revenue,
                      probability, date_deadline, email_state, phone_state, create_date, write_uid, write_date) VALUES
  (30, 'a', 'lead', true, 1, 2, NULL, 'Person', 'lead@example.invalid', 'lead@example.invalid', '30', 0, 10, NULL, 'correct', 'correct', pg_temp.ago('10 minutes'), 2, pg_temp.ago('10 minutes')),
  (31, 'b', 'opportunity', true, 2, 6, 20, NULL, 'twice@example.invalid', 'twice@example.invalid', '31', 100, 50, pg_temp.day(5), 'correct', 'correct', pg_temp.ago('2 days'), 6, pg_temp.ago('2 days')),
  (32, 'c', 'opportunity', true, 1, NULL, NULL, ' ', 'Twice@example.invalid', 'twice@example.invalid', '32', 0, 10, NULL, 'correct', 'correct', pg_temp.ago('5 days'), 2, pg_temp.ago('1 hour')),
  (33, 'd', 'opportunity', true, 2, 8, 26, NULL, 'x@example.invalid', 'x@example.invalid', '33', 50, 30, pg_temp.day(-3), 'incorrect', 'incorrect', pg_temp.ago('100 days'), 6, pg_temp.ago('30 days')),
  (34, 'e', 'opportunity', true, 3, 2, 20, NULL, 'twice@example.invalid', 'twice@example.invalid', '34', 500, 100, NULL, NULL, NULL, pg_temp.ago('40 days'), 2, pg_temp.ago('3 days')),
  (35, 'f', 'opportunity', false, 1, 2, 21, NULL, 'twice@example.invalid', 'twice@example.invalid', '35', 500, 0, NULL, NULL, NULL, pg_temp.ago('40 days'), 2, pg_temp.ago('3 days')),
  (36, 'g', 'lead', true, 1, 2, NULL, 'Person', NULL, NULL, ' ', NULL, 10, NULL, NULL, NULL, pg_temp.ago('3 days'), 2, pg_temp.ago('3 days'));
-- 31 was answered after 900 seconds, 32 after 7200: what the customer, a robot or an internal note said before does not count
INSERT INTO mail_message (model, res_id, message_type, is_internal, author_id, mail_activity_type_id, date, create_date) VALUES
  ('crm.lead', 31, 'comment', false, 6, NULL, pg_temp.ago('2 days') + interval '900 seconds', pg_temp.ago('2 days')),
  ('crm.lead', 31, 'comment', false, 6, NULL, pg_temp.ago('2 days') + interval '950 seconds', pg_temp.ago('2 days')),
  ('crm.lead', 32, 'email', false, 20, NULL, pg_temp.ago('5 days') + interval '10 seconds', pg_temp.ago('5 days')),
  ('crm.lead', 32, 'notification', false, 2, NULL, pg_temp.ago('5 days') + interval '30 seconds', pg_temp.ago('5 days')),
  ('crm.lead', 32, 'comment', true, 2, NULL, pg_temp.ago('5 days') + interval '60 seconds', pg_temp.ago('5 days')),
  ('crm.lead', 32, 'email', NULL, 2, NULL, pg_temp.ago('5 days') + interval '7200 seconds', pg_temp.ago('5 days')),
  ('res.partner', 20, 'comment', false, 2, NULL, pg_temp.ago('2 hours'), pg_temp.ago('2 hours')),
  ('res.partner', 20, 'notification', false, 2, 1, pg_temp.ago('3 hours'), pg_temp.ago('3 hours'));
INSERT INTO calendar_event (name, create_date, write_date) VALUES ('m', pg_temp.ago('4 hours'), pg_temp.ago('4 hours')), ('m', pg_temp.ago('4 days'), pg_temp.ago('4 days'));
INSERT INTO mail_activity (date_deadline, create_date, write_date) VALUES (pg_temp.day(-50), pg_temp.ago('60 days'), pg_temp.ago('60 days'));

INSERT INTO sale_order (id, partner_id, state, date_order, amount_untaxed, currency_id, create_date, write_date) VALUES
  (1, 20, 'sale', pg_temp.ago('5 days'), 1000, 1, pg_temp.ago('5 days'), pg_temp.ago('5 days')),
  (2, 21, 'done', pg_temp.ago('40 days'), 500, 1, pg_temp.ago('40 days'), pg_temp.ago('40 days')),
  (3, 20, 'sale', pg_temp.ago('100 days'), 70, 2, pg_temp.ago('100 days'), pg_temp.ago('100 days')),
  (4, 20, 'sale', pg_temp.ago('400 days'), 300, 1, pg_temp.ago('400 days'), pg_temp.ago('400 days')),
  (5, 24, 'done', pg_temp.ago('500 days'), 200, 1, pg_temp.ago('500 days'), pg_temp.ago('500 days')),
  (6, 22, 'draft', pg_temp.ago('1 days'), 9999, 1, pg_temp.ago('8 hours'), pg_temp.ago('8 hours'));
INSERT INTO helpdesk_ticket (create_date, close_date) VALUES
  (pg_temp.ago('2 days'), pg_temp.ago('2 days') + interval '3600 seconds'), (pg_temp.ago('3 days'), pg_temp.ago('3 days') + interval '7200 seconds'),
  (pg_temp.ago('4 days'), pg_temp.ago('4 days') + interval '10800 seconds'), (pg_temp.ago('1 day'), NULL), (pg_temp.ago('70 days'), pg_temp.ago('60 days'));
INSERT INTO rating_rating (rating, consumed, write_date) VALUES
  (5, true, pg_temp.ago('2 days')), (3, true, pg_temp.ago('3 days')), (0, true, pg_temp.ago('3 days')), (5, false, pg_temp.ago('3 days')), (5, true, pg_temp.ago('200 days'));
INSERT INTO ir_cron (active, nextcall) VALUES
  (true, pg_temp.ago('-1 hour')), (true, pg_temp.ago('10 minutes')), (true, pg_temp.ago('3 hours')), (true, pg_temp.ago('-1 day')), (false, pg_temp.ago('9 days'));
COMMIT;
