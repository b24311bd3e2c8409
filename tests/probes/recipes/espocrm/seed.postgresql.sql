-- Rows whose every number is known; times are relative to now (UTC, as EspoCRM stores them).
BEGIN;  -- one now for all rows
-- seats: u1, u2; u3 is disabled, u4 an API user, u5 deleted
INSERT INTO "user" (id, type, is_active, deleted) VALUES
  ('u1', 'admin', true, false), ('u2', 'regular', true, false), ('u3', 'regular', false, false), ('u4', 'api', true, false), ('u5', 'regular', true, true);
INSERT INTO auth_log_record (id, user_id, is_denied, created_at) VALUES
  ('g1', 'u1', false, timezone('UTC', now()) - interval '1 hours'), ('g2', 'u1', false, timezone('UTC', now()) - interval '3 hours'), ('g3', 'u2', false, timezone('UTC', now()) - interval '3 days'), ('g4', NULL, true, timezone('UTC', now()) - interval '1 hours'),
  ('g5', 'u3', true, timezone('UTC', now()) - interval '2 hours'), ('g6', 'u2', false, timezone('UTC', now()) - interval '9 days');
INSERT INTO auth_token (id, user_id, last_access, is_active, deleted) VALUES
  ('t1', 'u4', timezone('UTC', now()) - interval '10 minutes', true, false), ('t2', 'u1', timezone('UTC', now()) - interval '1 hours', true, false), ('t3', 'u3', timezone('UTC', now()) - interval '5 hours', true, true);
INSERT INTO action_history_record (id, user_id, action, target_type, created_at) VALUES
  ('h1', 'u1', 'read', 'Lead', timezone('UTC', now()) - interval '1 hours'), ('h2', 'u1', 'update', 'Lead', timezone('UTC', now()) - interval '1 hours'), ('h3', 'u2', 'read', 'Account', timezone('UTC', now()) - interval '10 days'),
  ('h4', 'u2', 'read', 'Case', timezone('UTC', now()) - interval '20 days'), ('h5', 'u2', 'read', 'Portal', timezone('UTC', now()) - interval '1 days');

INSERT INTO account (id, name, created_at, modified_at, deleted) VALUES
  ('a1', 'Same Name', timezone('UTC', now()) - interval '900 days', timezone('UTC', now()) - interval '50 minutes', false), ('a2', ' same name', timezone('UTC', now()) - interval '900 days', timezone('UTC', now()) - interval '90 days', false),
  ('a3', 'Other', timezone('UTC', now()) - interval '900 days', timezone('UTC', now()) - interval '90 days', false), ('a4', 'Other', timezone('UTC', now()) - interval '900 days', timezone('UTC', now()) - interval '1 minutes', true);
-- c1 and c2 share an address, c3 has none and is outdated, c4 is new and belongs to a deleted account
INSERT INTO contact (id, last_name, account_id, created_at, modified_at, deleted) VALUES
  ('c1', 'One', 'a1', timezone('UTC', now()) - interval '100 days', timezone('UTC', now()) - interval '2 hours', false), ('c2', 'Two', NULL, timezone('UTC', now()) - interval '100 days', timezone('UTC', now()) - interval '90 days', false),
  ('c3', 'Three', 'a1', timezone('UTC', now()) - interval '600 days', timezone('UTC', now()) - interval '500 days', false), ('c4', 'Dean', 'a4', timezone('UTC', now()) - interval '3 hours', timezone('UTC', now()) - interval '3 hours', false),
  ('c5', 'Gone', 'a1', timezone('UTC', now()) - interval '600 days', timezone('UTC', now()) - interval '1 minutes', true);
-- open: l1, l2, l3, l4. What is converted, recycled or dead is not, whatever it lacks
INSERT INTO "lead" (id, last_name, status, assigned_user_id, created_at, modified_at, deleted) VALUES
  ('l1', 'a', 'New', 'u1', timezone('UTC', now()) - interval '20 minutes', timezone('UTC', now()) - interval '20 minutes', false),
  ('l2', 'b', 'Assigned', 'u3', timezone('UTC', now()) - interval '2 days', timezone('UTC', now()) - interval '23 hours', false),
  ('l3', ' ', 'In Process', NULL, timezone('UTC', now()) - interval '3 days', timezone('UTC', now()) - interval '3 days', false),
  ('l4', 'd', 'New', NULL, timezone('UTC', now()) - interval '4 days', timezone('UTC', now()) - interval '4 days', false),
  ('l5', 'e', 'Converted', 'u1', timezone('UTC', now()) - interval '5 days', timezone('UTC', now()) - interval '5 days', false),
  ('l6', 'f', 'New', 'u1', timezone('UTC', now()) - interval '6 days', timezone('UTC', now()) - interval '6 days', true),
  ('l7', '', 'Recycled', NULL, timezone('UTC', now()) - interval '90 days', timezone('UTC', now()) - interval '60 days', false),
  ('l8', '', 'Dead', NULL, timezone('UTC', now()) - interval '90 days', timezone('UTC', now()) - interval '60 days', false);
-- l2 was answered by a call after 1200 s, l3 by a change of status after 7200 s, l5 by an e-mail after 300 s; l4 not at all, l1 is young
INSERT INTO "call" (id, parent_type, parent_id, created_at, deleted) VALUES
  ('k1', 'Lead', 'l2', timezone('UTC', now()) - interval '2 days' + interval '1200 seconds', false), ('k2', 'Lead', 'l2', timezone('UTC', now()) - interval '2 days' + interval '60 seconds', true), ('k3', 'Account', 'a1', timezone('UTC', now()) - interval '1 hours', false);
INSERT INTO meeting (id, parent_type, parent_id, created_at) VALUES ('m1', 'Lead', 'l2', timezone('UTC', now()) - interval '23 hours');
INSERT INTO task (id, parent_type, parent_id, created_at) VALUES ('t1', 'Account', 'a1', timezone('UTC', now()) - interval '5 days');
INSERT INTO email (id, parent_type, parent_id, status, date_sent, created_at) VALUES
  ('e1', 'Lead', 'l5', 'Sent', timezone('UTC', now()) - interval '5 days' + interval '300 seconds', timezone('UTC', now()) - interval '5 days'), ('e2', 'Lead', 'l4', 'Archived', timezone('UTC', now()) - interval '4 days' + interval '300 seconds', timezone('UTC', now()) - interval '4 days');
INSERT INTO note (id, type, data, parent_type, parent_id, created_at, deleted) VALUES
  ('n1', 'Update', '{"fields": ["status"], "value": "In Process"}', 'Lead', 'l3', timezone('UTC', now()) - interval '3 days' + interval '7200 seconds', false),
  ('n2', 'Create', '{}', 'Lead', 'l4', timezone('UTC', now()) - interval '4 days', false),
  ('n3', 'Post', NULL, 'Account', 'a1', timezone('UTC', now()) - interval '2 hours', false),
  ('n4', 'Post', NULL, 'Account', 'a1', timezone('UTC', now()) - interval '3 hours', true),
  -- cases: s1, s2, s3 were closed after 3600, 7200 and 10800 seconds; s5 was opened again
  ('n5', 'Update', '{"value": "Closed"}', 'Case', 's1', timezone('UTC', now()) - interval '3 days' + interval '3600 seconds', false),
  ('n6', 'Update', '{"value": "Closed"}', 'Case', 's2', timezone('UTC', now()) - interval '4 days' + interval '60 seconds', false),
  ('n7', 'Status', '{"value": "Closed"}', 'Case', 's2', timezone('UTC', now()) - interval '4 days' + interval '7200 seconds', false),
  ('n8', 'Update', '{"value": "Closed"}', 'Case', 's3', timezone('UTC', now()) - interval '5 days' + interval '10800 seconds', false),
  ('n9', 'Update', '{"value": "Closed"}', 'Case', 's5', timezone('UTC', now()) - interval '5 days' + interval '60 seconds', false),
  ('n10', 'Update', '{"value": "Pending"}', 'Case', 's3', timezone('UTC', now()) - interval '1 days', false);
INSERT INTO "case" (id, status, created_at, modified_at, deleted) VALUES
  ('s1', 'Closed', timezone('UTC', now()) - interval '3 days', timezone('UTC', now()) - interval '6 hours', false), ('s2', 'Closed', timezone('UTC', now()) - interval '4 days', timezone('UTC', now()) - interval '2 days', false), ('s3', 'Closed', timezone('UTC', now()) - interval '5 days', timezone('UTC', now()) - interval '2 days', false),
  ('s4', 'New', timezone('UTC', now()) - interval '9 hours', timezone('UTC', now()) - interval '9 hours', false), ('s5', 'Assigned', timezone('UTC', now()) - interval '5 days', timezone('UTC', now()) - interval '2 days', false);

INSERT INTO email_address (id, name, "lower", invalid, deleted) VALUES
  ('e1', 'Shared@example.invalid', 'shared@example.invalid', false, false), ('e2', 'bounced@example.invalid', 'bounced@example.invalid', true, false),
  ('e3', 'malformed@invalid', 'malformed@invalid', false, false), ('e4', 'gone', 'gone', false, true);
INSERT INTO entity_email_address (entity_id, email_address_id, entity_type, deleted) VALUES
  ('c1', 'e1', 'Contact', false), ('c2', 'e1', 'Contact', false), ('c4', 'e2', 'Contact', false), ('c3', 'e1', 'Contact', true), ('c5', 'e1', 'Contact', false),
  ('l1', 'e3', 'Lead', false), ('l2', 'e1', 'Lead', false), ('l3', 'e1', 'Lead', true);

-- open: o1 (idle), o2 (no amount, date passed, no account), o3 (no owner, no date), o4 (owner disabled, account deleted)
INSERT INTO opportunity (id, stage, close_date, amount, amount_currency, account_id, assigned_user_id, created_at, modified_at, deleted) VALUES
  ('o1', 'Prospecting', timezone('UTC', now())::date + 9, 10, 'EUR', 'a1', 'u1', timezone('UTC', now()) - interval '100 days', timezone('UTC', now()) - interval '40 days', false),
  ('o2', 'Qualification', timezone('UTC', now())::date - 3, NULL, 'EUR', NULL, 'u1', timezone('UTC', now()) - interval '10 days', timezone('UTC', now()) - interval '3 days', false),
  ('o3', 'Proposal', NULL, 10, 'EUR', 'a1', NULL, timezone('UTC', now()) - interval '10 days', timezone('UTC', now()) - interval '3 days', false),
  ('o4', 'Negotiation', timezone('UTC', now())::date + 9, 10, 'EUR', 'a4', 'u3', timezone('UTC', now()) - interval '4 hours', timezone('UTC', now()) - interval '4 hours', false),
  ('o5', 'Closed Won', timezone('UTC', now())::date - 5, 1000, 'EUR', 'a1', 'u1', timezone('UTC', now()) - interval '50 days', timezone('UTC', now()) - interval '5 days', false),
  ('o6', 'Closed Won', timezone('UTC', now())::date - 40, 500, 'EUR', 'a2', 'u1', timezone('UTC', now()) - interval '50 days', timezone('UTC', now()) - interval '40 days', false),
  ('o7', 'Closed Won', timezone('UTC', now())::date - 400, 300, 'EUR', 'a1', 'u1', timezone('UTC', now()) - interval '500 days', timezone('UTC', now()) - interval '400 days', false),
  ('o8', 'Closed Won', timezone('UTC', now())::date - 500, 200, 'EUR', 'a3', 'u1', timezone('UTC', now()) - interval '500 days', timezone('UTC', now()) - interval '400 days', false),
  ('o9', 'Closed Won', timezone('UTC', now())::date - 5, 77, 'USD', 'a3', 'u1', timezone('UTC', now()) - interval '500 days', timezone('UTC', now()) - interval '5 days', true),
  ('o10', 'Closed Won', timezone('UTC', now())::date - 5, 9999, 'USD', 'a2', 'u1', timezone('UTC', now()) - interval '50 days', timezone('UTC', now()) - interval '5 days', false);
COMMIT;
