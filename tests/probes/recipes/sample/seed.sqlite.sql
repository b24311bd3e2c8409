-- Rows whose every number is known; times are relative to now. The schema is config/demo/sample-crm.sql.
INSERT INTO app_user (id, active) VALUES (1, 1), (2, 1), (3, 1), (4, 0);
-- today: users 1 (twice) and 2; within the week also 3; older ones do not count
INSERT INTO login (user_id, at) VALUES
  (1, unixepoch() - 60), (1, unixepoch() - 7200), (2, unixepoch() - 3600), (3, unixepoch() - 3 * 86400), (4, unixepoch() - 9 * 86400);
INSERT INTO account (id, name, industry, owner_id, created_at, modified_at) VALUES
  (1, 'One', 'retail', 1, unixepoch() - 800 * 86400, unixepoch() - 3600),
  (2, 'Two', 'retail', 2, unixepoch() - 7200, unixepoch() - 7200),
  (3, 'Three', 'retail', 1, unixepoch() - 900 * 86400, unixepoch() - 100 * 86400);
-- 6 contacts: 1 without name, 2 without e-mail (one only blanks), 2 without phone, 2 malformed addresses, one pair of equal addresses,
-- 1 untouched for over a year, 1 without account and 1 whose account is gone
INSERT INTO contact (id, account_id, name, email, phone, created_at, modified_at) VALUES
  (1, 1, 'Person 1', 'same@example.invalid', '1', unixepoch() - 500 * 86400, unixepoch() - 400 * 86400),
  (2, 1, 'Person 2', ' SAME@example.invalid', '2', unixepoch() - 500 * 86400, unixepoch() - 86400 * 2),
  (3, 2, '', 'no-at-sign.invalid', '3', unixepoch() - 500 * 86400, unixepoch() - 1800),
  (4, NULL, 'Person 7', 'two@@example.invalid', NULL, unixepoch() - 600, unixepoch() - 600),
  (5, 99, 'Person 17', '  ', '', unixepoch() - 500 * 86400, unixepoch() - 86400 * 2),
  (6, 2, 'Person 6', NULL, '6', unixepoch() - 500 * 86400, unixepoch() - 86400 * 2);
-- open: 4 (one idle for 20 days, one without amount, one without owner, one whose owner has left, one without account)
-- won: 1000 by account 1 ten days ago and 500 by account 2 forty days ago; a year earlier 700 by account 1 and 300 by account 3
INSERT INTO deal (id, account_id, stage, amount, owner_id, created_at, modified_at, closed_at) VALUES
  (1, 1, 'new', 100, 1, unixepoch() - 30 * 86400, unixepoch() - 20 * 86400, NULL),
  (2, 1, 'qualified', NULL, 2, unixepoch() - 30 * 86400, unixepoch() - 300, NULL),
  (3, 2, 'proposal', 50, NULL, unixepoch() - 30 * 86400, unixepoch() - 13 * 86400, NULL),
  (4, NULL, 'proposal', 50, 4, unixepoch() - 3600, unixepoch() - 3600, NULL),
  (5, 1, 'won', 1000, 1, unixepoch() - 50 * 86400, unixepoch() - 10 * 86400, unixepoch() - 10 * 86400 - 60),
  (6, 2, 'won', 500, 1, unixepoch() - 50 * 86400, unixepoch() - 40 * 86400, unixepoch() - 40 * 86400 - 60),
  (7, 1, 'won', 700, 1, unixepoch() - 500 * 86400, unixepoch() - 400 * 86400, unixepoch() - 400 * 86400 - 60),
  (8, 3, 'won', 300, 1, unixepoch() - 500 * 86400, unixepoch() - 400 * 86400, unixepoch() - 400 * 86400 - 60),
  (9, 3, 'lost', 9000, 1, unixepoch() - 500 * 86400, unixepoch() - 9 * 86400, unixepoch() - 9 * 86400);
-- answered after 600, 1200 and 7200 s; one unanswered for 10000 s; one just opened, which is not late yet; one old
INSERT INTO ticket (id, contact_id, status, created_at, first_response_at, closed_at, csat) VALUES
  (1, 1, 'closed', unixepoch() - 100000, unixepoch() - 100000 + 600, unixepoch() - 100000 + 3600, 5),
  (2, 1, 'closed', unixepoch() - 90000, unixepoch() - 90000 + 1200, unixepoch() - 90000 + 7200, 2),
  (3, 2, 'closed', unixepoch() - 80000, unixepoch() - 80000 + 7200, unixepoch() - 80000 + 9000, 4),
  (4, 2, 'open', unixepoch() - 10000, NULL, NULL, NULL),
  (5, 2, 'open', unixepoch() - 30, NULL, NULL, NULL),
  (6, 2, 'closed', unixepoch() - 60 * 86400, unixepoch() - 60 * 86400 + 5, unixepoch() - 59 * 86400, 4);
INSERT INTO activity (kind, owner_id, deal_id, at) VALUES
  ('call', 1, 1, unixepoch() - 60), ('call', 1, 2, unixepoch() - 600), ('meeting', 2, 2, unixepoch() - 7200),
  ('mail', 2, 2, unixepoch() - 2 * 86400);
