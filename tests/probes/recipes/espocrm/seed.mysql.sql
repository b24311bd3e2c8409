-- Rows whose every number is known; times are relative to now (UTC, as EspoCRM stores them).
SET timestamp = UNIX_TIMESTAMP();  -- one now for all rows
-- seats: u1, u2; u3 is disabled, u4 an API user, u5 deleted
INSERT INTO `user` (id, type, is_active, deleted) VALUES
  ('u1', 'admin', true, false), ('u2', 'regular', true, false), ('u3', 'regular', false, false), ('u4', 'api', true, false), ('u5', 'regular', true, true);
INSERT INTO auth_log_record (id, user_id, is_denied, created_at) VALUES
  ('g1', 'u1', false, UTC_TIMESTAMP() - INTERVAL 1 HOUR), ('g2', 'u1', false, UTC_TIMESTAMP() - INTERVAL 3 HOUR), ('g3', 'u2', false, UTC_TIMESTAMP() - INTERVAL 3 DAY), ('g4', NULL, true, UTC_TIMESTAMP() - INTERVAL 1 HOUR),
  ('g5', 'u3', true, UTC_TIMESTAMP() - INTERVAL 2 HOUR), ('g6', 'u2', false, UTC_TIMESTAMP() - INTERVAL 9 DAY);
INSERT INTO auth_token (id, user_id, last_access, is_active, deleted) VALUES
  ('t1', 'u4', UTC_TIMESTAMP() - INTERVAL 10 MINUTE, true, false), ('t2', 'u1', UTC_TIMESTAMP() - INTERVAL 1 HOUR, true, false), ('t3', 'u3', UTC_TIMESTAMP() - INTERVAL 5 HOUR, true, true);
INSERT INTO action_history_record (id, user_id, action, target_type, created_at) VALUES
  ('h1', 'u1', 'read', 'Lead', UTC_TIMESTAMP() - INTERVAL 1 HOUR), ('h2', 'u1', 'update', 'Lead', UTC_TIMESTAMP() - INTERVAL 1 HOUR), ('h3', 'u2', 'read', 'Account', UTC_TIMESTAMP() - INTERVAL 10 DAY),
  ('h4', 'u2', 'read', 'Case', UTC_TIMESTAMP() - INTERVAL 20 DAY), ('h5', 'u2', 'read', 'Portal', UTC_TIMESTAMP() - INTERVAL 1 DAY);

INSERT INTO account (id, name, created_at, modified_at, deleted) VALUES
  ('a1', 'Same Name', UTC_TIMESTAMP() - INTERVAL 900 DAY, UTC_TIMESTAMP() - INTERVAL 50 MINUTE, false), ('a2', ' same name', UTC_TIMESTAMP() - INTERVAL 900 DAY, UTC_TIMESTAMP() - INTERVAL 90 DAY, false),
  ('a3', 'Other', UTC_TIMESTAMP() - INTERVAL 900 DAY, UTC_TIMESTAMP() - INTERVAL 90 DAY, false), ('a4', 'Other', UTC_TIMESTAMP() - INTERVAL 900 DAY, UTC_TIMESTAMP() - INTERVAL 1 MINUTE, true);
-- c1 and c2 share an address, c3 has none and is outdated, c4 is new and belongs to a deleted account
INSERT INTO contact (id, last_name, account_id, created_at, modified_at, deleted) VALUES
  ('c1', 'One', 'a1', UTC_TIMESTAMP() - INTERVAL 100 DAY, UTC_TIMESTAMP() - INTERVAL 2 HOUR, false), ('c2', 'Two', NULL, UTC_TIMESTAMP() - INTERVAL 100 DAY, UTC_TIMESTAMP() - INTERVAL 90 DAY, false),
  ('c3', 'Three', 'a1', UTC_TIMESTAMP() - INTERVAL 600 DAY, UTC_TIMESTAMP() - INTERVAL 500 DAY, false), ('c4', 'Dean', 'a4', UTC_TIMESTAMP() - INTERVAL 3 HOUR, UTC_TIMESTAMP() - INTERVAL 3 HOUR, false),
  ('c5', 'Gone', 'a1', UTC_TIMESTAMP() - INTERVAL 600 DAY, UTC_TIMESTAMP() - INTERVAL 1 MINUTE, true);
-- open: l1, l2, l3, l4. What is converted, recycled or dead is not, whatever it lacks
INSERT INTO `lead` (id, last_name, status, assigned_user_id, created_at, modified_at, deleted) VALUES
  ('l1', 'a', 'New', 'u1', UTC_TIMESTAMP() - INTERVAL 20 MINUTE, UTC_TIMESTAMP() - INTERVAL 20 MINUTE, false),
  ('l2', 'b', 'Assigned', 'u3', UTC_TIMESTAMP() - INTERVAL 2 DAY, UTC_TIMESTAMP() - INTERVAL 23 HOUR, false),
  ('l3', ' ', 'In Process', NULL, UTC_TIMESTAMP() - INTERVAL 3 DAY, UTC_TIMESTAMP() - INTERVAL 3 DAY, false),
  ('l4', 'd', 'New', NULL, UTC_TIMESTAMP() - INTERVAL 4 DAY, UTC_TIMESTAMP() - INTERVAL 4 DAY, false),
  ('l5', 'e', 'Converted', 'u1', UTC_TIMESTAMP() - INTERVAL 5 DAY, UTC_TIMESTAMP() - INTERVAL 5 DAY, false),
  ('l6', 'f', 'New', 'u1', UTC_TIMESTAMP() - INTERVAL 6 DAY, UTC_TIMESTAMP() - INTERVAL 6 DAY, true),
  ('l7', '', 'Recycled', NULL, UTC_TIMESTAMP() - INTERVAL 90 DAY, UTC_TIMESTAMP() - INTERVAL 60 DAY, false),
  ('l8', '', 'Dead', NULL, UTC_TIMESTAMP() - INTERVAL 90 DAY, UTC_TIMESTAMP() - INTERVAL 60 DAY, false);
-- l2 was answered by a call after 1200 s, l3 by a change of status after 7200 s, l5 by an e-mail after 300 s; l4 not at all, l1 is young
INSERT INTO `call` (id, parent_type, parent_id, created_at, deleted) VALUES
  ('k1', 'Lead', 'l2', UTC_TIMESTAMP() - INTERVAL 2 DAY + INTERVAL 1200 SECOND, false), ('k2', 'Lead', 'l2', UTC_TIMESTAMP() - INTERVAL 2 DAY + INTERVAL 60 SECOND, true), ('k3', 'Account', 'a1', UTC_TIMESTAMP() - INTERVAL 1 HOUR, false);
INSERT INTO meeting (id, parent_type, parent_id, created_at) VALUES ('m1', 'Lead', 'l2', UTC_TIMESTAMP() - INTERVAL 23 HOUR);
INSERT INTO task (id, parent_type, parent_id, created_at) VALUES ('t1', 'Account', 'a1', UTC_TIMESTAMP() - INTERVAL 5 DAY);
INSERT INTO email (id, parent_type, parent_id, status, date_sent, created_at) VALUES
  ('e1', 'Lead', 'l5', 'Sent', UTC_TIMESTAMP() - INTERVAL 5 DAY + INTERVAL 300 SECOND, UTC_TIMESTAMP() - INTERVAL 5 DAY), ('e2', 'Lead', 'l4', 'Archived', UTC_TIMESTAMP() - INTERVAL 4 DAY + INTERVAL 300 SECOND, UTC_TIMESTAMP() - INTERVAL 4 DAY);
INSERT INTO note (id, type, data, parent_type, parent_id, created_at, deleted) VALUES
  ('n1', 'Update', '{"fields": ["status"], "value": "In Process"}', 'Lead', 'l3', UTC_TIMESTAMP() - INTERVAL 3 DAY + INTERVAL 7200 SECOND, false),
  ('n2', 'Create', '{}', 'Lead', 'l4', UTC_TIMESTAMP() - INTERVAL 4 DAY, false),
  ('n3', 'Post', NULL, 'Account', 'a1', UTC_TIMESTAMP() - INTERVAL 2 HOUR, false),
  ('n4', 'Post', NULL, 'Account', 'a1', UTC_TIMESTAMP() - INTERVAL 3 HOUR, true),
  -- cases: s1, s2, s3 were closed after 3600, 7200 and 10800 seconds; s5 was opened again
  ('n5', 'Update', '{"value": "Closed"}', 'Case', 's1', UTC_TIMESTAMP() - INTERVAL 3 DAY + INTERVAL 3600 SECOND, false),
  ('n6', 'Update', '{"value": "Closed"}', 'Case', 's2', UTC_TIMESTAMP() - INTERVAL 4 DAY + INTERVAL 60 SECOND, false),
  ('n7', 'Status', '{"value": "Closed"}', 'Case', 's2', UTC_TIMESTAMP() - INTERVAL 4 DAY + INTERVAL 7200 SECOND, false),
  ('n8', 'Update', '{"value": "Closed"}', 'Case', 's3', UTC_TIMESTAMP() - INTERVAL 5 DAY + INTERVAL 10800 SECOND, false),
  ('n9', 'Update', '{"value": "Closed"}', 'Case', 's5', UTC_TIMESTAMP() - INTERVAL 5 DAY + INTERVAL 60 SECOND, false),
  ('n10', 'Update', '{"value": "Pending"}', 'Case', 's3', UTC_TIMESTAMP() - INTERVAL 1 DAY, false);
INSERT INTO `case` (id, status, created_at, modified_at, deleted) VALUES
  ('s1', 'Closed', UTC_TIMESTAMP() - INTERVAL 3 DAY, UTC_TIMESTAMP() - INTERVAL 6 HOUR, false), ('s2', 'Closed', UTC_TIMESTAMP() - INTERVAL 4 DAY, UTC_TIMESTAMP() - INTERVAL 2 DAY, false), ('s3', 'Closed', UTC_TIMESTAMP() - INTERVAL 5 DAY, UTC_TIMESTAMP() - INTERVAL 2 DAY, false),
  ('s4', 'New', UTC_TIMESTAMP() - INTERVAL 9 HOUR, UTC_TIMESTAMP() - INTERVAL 9 HOUR, false), ('s5', 'Assigned', UTC_TIMESTAMP() - INTERVAL 5 DAY, UTC_TIMESTAMP() - INTERVAL 2 DAY, false);

INSERT INTO email_address (id, name, `lower`, invalid, deleted) VALUES
  ('e1', 'Shared@example.invalid', 'shared@example.invalid', false, false), ('e2', 'bounced@example.invalid', 'bounced@example.invalid', true, false),
  ('e3', 'malformed@invalid', 'malformed@invalid', false, false), ('e4', 'gone', 'gone', false, true);
INSERT INTO entity_email_address (entity_id, email_address_id, entity_type, deleted) VALUES
  ('c1', 'e1', 'Contact', false), ('c2', 'e1', 'Contact', false), ('c4', 'e2', 'Contact', false), ('c3', 'e1', 'Contact', true), ('c5', 'e1', 'Contact', false),
  ('l1', 'e3', 'Lead', false), ('l2', 'e1', 'Lead', false), ('l3', 'e1', 'Lead', true);

-- open: o1 (idle), o2 (no amount, date passed, no account), o3 (no owner, no date), o4 (owner disabled, account deleted)
INSERT INTO opportunity (id, stage, close_date, amount, amount_currency, account_id, assigned_user_id, created_at, modified_at, deleted) VALUES
  ('o1', 'Prospecting', UTC_DATE() + INTERVAL 9 DAY, 10, 'EUR', 'a1', 'u1', UTC_TIMESTAMP() - INTERVAL 100 DAY, UTC_TIMESTAMP() - INTERVAL 40 DAY, false),
  ('o2', 'Qualification', UTC_DATE() - INTERVAL 3 DAY, NULL, 'EUR', NULL, 'u1', UTC_TIMESTAMP() - INTERVAL 10 DAY, UTC_TIMESTAMP() - INTERVAL 3 DAY, false),
  ('o3', 'Proposal', NULL, 10, 'EUR', 'a1', NULL, UTC_TIMESTAMP() - INTERVAL 10 DAY, UTC_TIMESTAMP() - INTERVAL 3 DAY, false),
  ('o4', 'Negotiation', UTC_DATE() + INTERVAL 9 DAY, 10, 'EUR', 'a4', 'u3', UTC_TIMESTAMP() - INTERVAL 4 HOUR, UTC_TIMESTAMP() - INTERVAL 4 HOUR, false),
  ('o5', 'Closed Won', UTC_DATE() - INTERVAL 5 DAY, 1000, 'EUR', 'a1', 'u1', UTC_TIMESTAMP() - INTERVAL 50 DAY, UTC_TIMESTAMP() - INTERVAL 5 DAY, false),
  ('o6', 'Closed Won', UTC_DATE() - INTERVAL 40 DAY, 500, 'EUR', 'a2', 'u1', UTC_TIMESTAMP() - INTERVAL 50 DAY, UTC_TIMESTAMP() - INTERVAL 40 DAY, false),
  ('o7', 'Closed Won', UTC_DATE() - INTERVAL 400 DAY, 300, 'EUR', 'a1', 'u1', UTC_TIMESTAMP() - INTERVAL 500 DAY, UTC_TIMESTAMP() - INTERVAL 400 DAY, false),
  ('o8', 'Closed Won', UTC_DATE() - INTERVAL 500 DAY, 200, 'EUR', 'a3', 'u1', UTC_TIMESTAMP() - INTERVAL 500 DAY, UTC_TIMESTAMP() - INTERVAL 400 DAY, false),
  ('o9', 'Closed Won', UTC_DATE() - INTERVAL 5 DAY, 77, 'USD', 'a3', 'u1', UTC_TIMESTAMP() - INTERVAL 500 DAY, UTC_TIMESTAMP() - INTERVAL 5 DAY, true),
  ('o10', 'Closed Won', UTC_DATE() - INTERVAL 5 DAY, 9999, 'USD', 'a2', 'u1', UTC_TIMESTAMP() - INTERVAL 50 DAY, UTC_TIMESTAMP() - INTERVAL 5 DAY, false);
