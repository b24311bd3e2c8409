-- Rows whose every number is known; times are relative to now (UTC, as SuiteCRM stores them).
SET @now = UTC_TIMESTAMP(), @today = UTC_DATE();  -- one now for all rows

-- seats: u1, u2; u3 has left, u4 is of the portal, u5 a group
INSERT INTO users (id, status, portal_only, is_group, deleted) VALUES
  ('u1', 'Active', 0, 0, 0), ('u2', 'Active', 0, 0, 0), ('u3', 'Inactive', 0, 0, 0), ('u4', 'Active', 1, 0, 0), ('u5', 'Active', 0, 1, 0), ('u6', 'Active', 0, 0, 1);
INSERT INTO tracker (user_id, module_name, action, session_id, date_modified, deleted) VALUES
  ('u1', 'Leads', 'detailview', 's1', @now - INTERVAL 1 HOUR, 0), ('u1', 'Leads', 'save', 's1', @now - INTERVAL 2 HOUR, 0),
  ('u1', 'Contacts', 'detailview', 's2', @now - INTERVAL 3 HOUR, 0), ('u2', 'Accounts', 'detailview', 's3', @now - INTERVAL 3 DAY, 0),
  ('u2', 'Cases', 'detailview', 's4', @now - INTERVAL 20 DAY, 0), ('u2', 'Calls', 'detailview', 's5', @now - INTERVAL 40 DAY, 0),
  ('u3', 'Meetings', 'detailview', 's6', @now - INTERVAL 1 HOUR, 1);
INSERT INTO oauth2tokens (id, date_entered, deleted) VALUES ('t1', @now - INTERVAL 1 HOUR, 0), ('t2', @now - INTERVAL 2 DAY, 0), ('t3', @now - INTERVAL 1 HOUR, 1);

INSERT INTO accounts (id, name, date_entered, date_modified, deleted) VALUES
  ('a1', 'Same Name', @now - INTERVAL 900 DAY, @now - INTERVAL 50 MINUTE, 0), ('a2', ' same name', @now - INTERVAL 900 DAY, @now - INTERVAL 90 DAY, 0),
  ('a3', 'Other', @now - INTERVAL 900 DAY, @now - INTERVAL 90 DAY, 0), ('a4', 'Other', @now - INTERVAL 900 DAY, @now - INTERVAL 1 MINUTE, 1);
-- c1 and c2 share an address, c3 has neither address nor phone and is outdated, c4 is new
INSERT INTO contacts (id, last_name, phone_work, phone_mobile, phone_home, date_entered, date_modified, deleted) VALUES
  ('c1', 'One', '', '1', NULL, @now - INTERVAL 100 DAY, @now - INTERVAL 2 HOUR, 0), ('c2', 'Two', '2', NULL, NULL, @now - INTERVAL 100 DAY, @now - INTERVAL 90 DAY, 0),
  ('c3', 'Three', ' ', NULL, '', @now - INTERVAL 600 DAY, @now - INTERVAL 500 DAY, 0), ('c4', 'Dean', NULL, NULL, '4', @now - INTERVAL 3 HOUR, @now - INTERVAL 3 HOUR, 0),
  ('c5', 'Gone', NULL, NULL, NULL, @now - INTERVAL 600 DAY, @now - INTERVAL 500 DAY, 1);
-- open: l1, l2, l3, l4
INSERT INTO leads (id, last_name, phone_work, assigned_user_id, status, converted, date_entered, date_modified, deleted) VALUES
  ('l1', 'a', '1', 'u1', 'New', 0, @now - INTERVAL 20 MINUTE, @now - INTERVAL 20 MINUTE, 0),
  ('l2', 'b', '2', 'u3', 'Assigned', 0, @now - INTERVAL 2 DAY, @now - INTERVAL 1 DAY + INTERVAL 1 HOUR, 0),
  ('l3', ' ', NULL, NULL, 'In Process', 0, @now - INTERVAL 3 DAY, @now - INTERVAL 3 DAY, 0),
  ('l4', 'd', '4', '', 'New', 0, @now - INTERVAL 4 DAY, @now - INTERVAL 4 DAY, 0),
  ('l5', 'e', '5', 'u1', 'Converted', 1, @now - INTERVAL 5 DAY, @now - INTERVAL 5 DAY, 0),
  ('l6', 'f', '6', 'u1', 'New', 0, @now - INTERVAL 50 DAY, @now - INTERVAL 50 DAY, 1);
-- l2 was answered by a call after 1200 s, l3 by a change of status after 7200 s, l5 by an e-mail after 300 s; l4 not at all, l1 is young
INSERT INTO calls (id, parent_type, parent_id, date_entered, deleted) VALUES
  ('k1', 'Leads', 'l2', @now - INTERVAL 2 DAY + INTERVAL 1200 SECOND, 0), ('k2', 'Leads', 'l2', @now - INTERVAL 2 DAY + INTERVAL 60 SECOND, 1),
  ('k3', 'Accounts', 'a1', @now - INTERVAL 1 HOUR, 0);
INSERT INTO meetings (id, parent_type, parent_id, date_entered, deleted) VALUES ('m1', 'Leads', 'l2', @now - INTERVAL 1 DAY + INTERVAL 1 HOUR, 0);
INSERT INTO tasks (id, parent_type, parent_id, date_entered, deleted) VALUES ('t1', 'Accounts', 'a1', @now - INTERVAL 5 DAY, 0);
INSERT INTO notes (id, parent_type, parent_id, date_entered, deleted) VALUES ('n1', 'Accounts', 'a1', @now - INTERVAL 1 HOUR, 0), ('n2', 'Accounts', 'a1', @now - INTERVAL 1 HOUR, 0);
INSERT INTO emails (id, parent_type, parent_id, type, date_sent_received, date_entered, deleted) VALUES
  ('e1', 'Leads', 'l5', 'out', @now - INTERVAL 5 DAY + INTERVAL 300 SECOND, @now - INTERVAL 5 DAY, 0),
  ('e2', 'Leads', 'l4', 'inbound', @now - INTERVAL 4 DAY + INTERVAL 300 SECOND, @now - INTERVAL 4 DAY, 0);
INSERT INTO leads_audit (id, parent_id, date_created, field_name, before_value_string, after_value_string) VALUES
  ('x1', 'l3', @now - INTERVAL 3 DAY + INTERVAL 7200 SECOND, 'status', 'New', 'In Process'),
  ('x2', 'l4', @now - INTERVAL 4 DAY + INTERVAL 10 SECOND, 'lead_source', '', 'Web');

INSERT INTO email_addresses (id, email_address, email_address_caps, invalid_email, deleted) VALUES
  ('e1', 'shared@example.invalid', 'SHARED@EXAMPLE.INVALID', 0, 0), ('e2', 'Shared@example.invalid', 'SHARED@EXAMPLE.INVALID', 0, 0),
  ('e3', 'bounced@example.invalid', 'BOUNCED@EXAMPLE.INVALID', 1, 0), ('e4', 'malformed@invalid', 'MALFORMED@INVALID', 0, 0),
  ('e5', 'gone', 'GONE', 0, 1);
INSERT INTO email_addr_bean_rel (id, email_address_id, bean_id, bean_module, primary_address, deleted) VALUES
  ('r1', 'e1', 'c1', 'Contacts', 1, 0), ('r2', 'e2', 'c2', 'Contacts', 1, 0), ('r3', 'e3', 'c4', 'Contacts', 1, 0),
  ('r4', 'e4', 'l1', 'Leads', 1, 0), ('r5', 'e1', 'l2', 'Leads', 1, 0), ('r6', 'e1', 'l3', 'Leads', 1, 1), ('r7', 'e1', 'c3', 'Contacts', 1, 1),
  ('r8', 'e1', 'c5', 'Contacts', 1, 0);

-- open: o1 (idle), o2 (no amount, date passed, no account), o3 (no owner, no date), o4 (owner left, account deleted)
INSERT INTO opportunities (id, amount, amount_usdollar, sales_stage, date_closed, assigned_user_id, date_entered, date_modified, deleted) VALUES
  ('o1', 10, 11, 'Prospecting', @today + INTERVAL 9 DAY, 'u1', @now - INTERVAL 100 DAY, @now - INTERVAL 40 DAY, 0),
  ('o2', 0, 0, 'Qualification', @today - INTERVAL 3 DAY, 'u1', @now - INTERVAL 10 DAY, @now - INTERVAL 3 DAY, 0),
  ('o3', 10, 11, 'Proposal', NULL, NULL, @now - INTERVAL 10 DAY, @now - INTERVAL 3 DAY, 0),
  ('o4', 10, 11, 'Negotiation', @today + INTERVAL 9 DAY, 'u3', @now - INTERVAL 4 HOUR, @now - INTERVAL 4 HOUR, 0),
  ('o5', 900, 1000, 'Closed Won', @today - INTERVAL 5 DAY, 'u1', @now - INTERVAL 50 DAY, @now - INTERVAL 5 DAY, 0),
  ('o6', 500, NULL, 'Closed Won', @today - INTERVAL 40 DAY, 'u1', @now - INTERVAL 50 DAY, @now - INTERVAL 40 DAY, 0),
  ('o7', 1, 300, 'Closed Won', @today - INTERVAL 400 DAY, 'u1', @now - INTERVAL 500 DAY, @now - INTERVAL 400 DAY, 0),
  ('o8', 1, 200, 'Closed Won', @today - INTERVAL 500 DAY, 'u1', @now - INTERVAL 500 DAY, @now - INTERVAL 400 DAY, 0),
  ('o9', 1, 9999, 'Closed Won', @today - INTERVAL 5 DAY, 'u1', @now - INTERVAL 500 DAY, @now - INTERVAL 400 DAY, 1);
INSERT INTO accounts_opportunities (id, opportunity_id, account_id, deleted) VALUES
  ('1', 'o1', 'a1', 0), ('2', 'o3', 'a1', 0), ('3', 'o4', 'a4', 0), ('4', 'o5', 'a1', 0), ('5', 'o6', 'a2', 0), ('6', 'o7', 'a1', 0), ('7', 'o8', 'a3', 0), ('8', 'o9', 'a3', 0);

INSERT INTO cases (id, state, status, date_entered, date_modified, deleted) VALUES
  ('s1', 'Closed', 'Closed_Closed', @now - INTERVAL 3 DAY, @now - INTERVAL 6 HOUR, 0), ('s2', 'Closed', 'Closed_Closed', @now - INTERVAL 4 DAY, @now - INTERVAL 1 DAY - INTERVAL 1 HOUR, 0),
  ('s3', 'Closed', 'Closed_Closed', @now - INTERVAL 5 DAY, @now - INTERVAL 2 DAY, 0), ('s4', 'Open', 'Open_New', @now - INTERVAL 9 HOUR, @now - INTERVAL 9 HOUR, 0),
  ('s5', 'Open', 'Open_New', @now - INTERVAL 5 DAY, @now - INTERVAL 2 DAY, 0);
-- closed after 3600, 7200 and 10800 seconds; s5 was opened again
INSERT INTO cases_audit (id, parent_id, date_created, field_name, before_value_string, after_value_string) VALUES
  ('y1', 's1', @now - INTERVAL 3 DAY + INTERVAL 3600 SECOND, 'state', 'Open', 'Closed'), ('y2', 's2', @now - INTERVAL 4 DAY + INTERVAL 60 SECOND, 'state', 'Open', 'Closed'),
  ('y3', 's2', @now - INTERVAL 4 DAY + INTERVAL 7200 SECOND, 'state', 'Open', 'Closed'), ('y4', 's3', @now - INTERVAL 5 DAY + INTERVAL 10800 SECOND, 'state', 'Open', 'Closed'),
  ('y5', 's5', @now - INTERVAL 5 DAY + INTERVAL 60 SECOND, 'state', 'Open', 'Closed'), ('y6', 's3', @now - INTERVAL 1 DAY, 'status', 'x', 'Closed');

INSERT INTO surveyquestions (id, type) VALUES ('q1', 'Rating'), ('q2', 'Text');
INSERT INTO surveyquestionresponses (id, surveyquestion_id, answer, date_entered, deleted) VALUES
  ('z1', 'q1', '5', @now - INTERVAL 5 DAY, 0), ('z2', 'q1', '4', @now - INTERVAL 5 DAY, 0), ('z3', 'q1', '2', @now - INTERVAL 5 DAY, 0), ('z4', 'q1', '5', @now - INTERVAL 6 DAY, 0),
  ('z5', 'q1', '', @now - INTERVAL 5 DAY, 0), ('z6', 'q2', '1', @now - INTERVAL 5 DAY, 0), ('z7', 'q1', '1', @now - INTERVAL 200 DAY, 0);
