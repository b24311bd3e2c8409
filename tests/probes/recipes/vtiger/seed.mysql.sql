-- Rows whose every number is known; times are relative to now (UTC, as vtiger stores them).
SET @now = UTC_TIMESTAMP(), @today = UTC_DATE();  -- one now for all rows

INSERT INTO vtiger_version (id, old_version, current_version) VALUES (1, '7.4.0', '7.5.0');
-- seats: 1, 2; 3 has left
INSERT INTO vtiger_users (id, user_name, status, deleted) VALUES (1, 'admin', 'Active', 0), (2, 'sales', 'Active', 0), (3, 'left', 'Inactive', 0), (4, 'gone', 'Active', 1);
INSERT INTO vtiger_loginhistory (user_name, login_time, status) VALUES
  ('admin', @now - INTERVAL 1 HOUR, 'Signed in'), ('admin', @now - INTERVAL 5 HOUR, 'Signed off'), ('sales', @now - INTERVAL 3 DAY, 'Signed off'),
  ('left', @now - INTERVAL 9 DAY, 'Signed off');
INSERT INTO vtiger_tab (tabid, name, presence, isentitytype) VALUES
  (7, 'Leads', 0, 1), (4, 'Contacts', 0, 1), (6, 'Accounts', 0, 1), (2, 'Potentials', 0, 1), (13, 'HelpDesk', 2, 1), (9, 'Calendar', 0, 1), (26, 'Campaigns', 0, 1),
  (8, 'Documents', 1, 1), (1, 'Dashboard', 0, 0);

INSERT INTO vtiger_crmentity (crmid, setype, smownerid, createdtime, modifiedtime, deleted) VALUES
  (10, 'Accounts', 1, @now - INTERVAL 900 DAY, @now - INTERVAL 50 MINUTE, 0), (11, 'Accounts', 1, @now - INTERVAL 900 DAY, @now - INTERVAL 90 DAY, 0),
  (12, 'Accounts', 1, @now - INTERVAL 900 DAY, @now - INTERVAL 90 DAY, 0), (13, 'Accounts', 1, @now - INTERVAL 900 DAY, @now - INTERVAL 1 MINUTE, 1),
  (20, 'Contacts', 1, @now - INTERVAL 100 DAY, @now - INTERVAL 2 HOUR, 0), (21, 'Contacts', 1, @now - INTERVAL 100 DAY, @now - INTERVAL 90 DAY, 0),
  (22, 'Contacts', 1, @now - INTERVAL 600 DAY, @now - INTERVAL 500 DAY, 0), (23, 'Contacts', 1, @now - INTERVAL 3 HOUR, @now - INTERVAL 3 HOUR, 0),
  (24, 'Contacts', 1, @now - INTERVAL 600 DAY, @now - INTERVAL 500 DAY, 1),
  (30, 'Leads', 1, @now - INTERVAL 20 MINUTE, @now - INTERVAL 20 MINUTE, 0), (31, 'Leads', 3, @now - INTERVAL 2 DAY, @now - INTERVAL 23 HOUR, 0),
  (32, 'Leads', 2, @now - INTERVAL 3 DAY, @now - INTERVAL 3 DAY, 0), (33, 'Leads', 9, @now - INTERVAL 4 DAY, @now - INTERVAL 4 DAY, 0),
  (34, 'Leads', 1, @now - INTERVAL 5 DAY, @now - INTERVAL 5 DAY, 0), (35, 'Leads', 1, @now - INTERVAL 5 DAY, @now - INTERVAL 5 DAY, 1),
  (40, 'Potentials', 1, @now - INTERVAL 100 DAY, @now - INTERVAL 40 DAY, 0), (41, 'Potentials', 1, @now - INTERVAL 10 DAY, @now - INTERVAL 3 DAY, 0),
  (42, 'Potentials', 2, @now - INTERVAL 10 DAY, @now - INTERVAL 3 DAY, 0), (43, 'Potentials', 4, @now - INTERVAL 4 HOUR, @now - INTERVAL 4 HOUR, 0),
  (44, 'Potentials', 1, @now - INTERVAL 50 DAY, @now - INTERVAL 5 DAY, 0), (45, 'Potentials', 1, @now - INTERVAL 50 DAY, @now - INTERVAL 40 DAY, 0),
  (46, 'Potentials', 1, @now - INTERVAL 500 DAY, @now - INTERVAL 400 DAY, 0), (47, 'Potentials', 1, @now - INTERVAL 500 DAY, @now - INTERVAL 400 DAY, 1),
  (50, 'HelpDesk', 1, @now - INTERVAL 3 DAY, @now - INTERVAL 6 HOUR, 0), (51, 'HelpDesk', 1, @now - INTERVAL 4 DAY, @now - INTERVAL 2 DAY, 0),
  (52, 'HelpDesk', 1, @now - INTERVAL 5 DAY, @now - INTERVAL 2 DAY, 0), (53, 'HelpDesk', 1, @now - INTERVAL 9 HOUR, @now - INTERVAL 9 HOUR, 0),
  (54, 'HelpDesk', 1, @now - INTERVAL 5 DAY, @now - INTERVAL 2 DAY, 0),
  -- activities: 60 answers lead 31 after 1200 s (61 before it is deleted), 62 lead 32 after 7200 s, 63 lead 34 after 300 s
  (60, 'Calendar', 1, @now - INTERVAL 2 DAY + INTERVAL 1200 SECOND, @now - INTERVAL 8 HOUR, 0), (61, 'Calendar', 1, @now - INTERVAL 2 DAY + INTERVAL 60 SECOND, @now, 1),
  (62, 'Calendar', 1, @now - INTERVAL 3 DAY + INTERVAL 7200 SECOND, @now - INTERVAL 1 DAY, 0), (63, 'Emails', 1, @now - INTERVAL 5 DAY + INTERVAL 300 SECOND, @now - INTERVAL 5 DAY, 0),
  (64, 'ModComments', 1, @now - INTERVAL 2 HOUR, @now - INTERVAL 2 HOUR, 0), (65, 'Calendar', 1, @now - INTERVAL 10 HOUR, @now - INTERVAL 10 HOUR, 0),
  (70, 'Invoice', 1, @now - INTERVAL 5 DAY, @now - INTERVAL 5 DAY, 0), (71, 'Invoice', 1, @now - INTERVAL 40 DAY, @now - INTERVAL 40 DAY, 0),
  (72, 'Invoice', 1, @now - INTERVAL 400 DAY, @now - INTERVAL 400 DAY, 0), (73, 'Invoice', 1, @now - INTERVAL 500 DAY, @now - INTERVAL 400 DAY, 0),
  (74, 'Invoice', 1, @now - INTERVAL 5 DAY, @now - INTERVAL 5 DAY, 1),
  (80, 'Campaigns', 1, @now - INTERVAL 90 DAY, @now - INTERVAL 60 DAY, 0), (81, 'Documents', 1, @now - INTERVAL 1 DAY, @now - INTERVAL 1 DAY, 0);
INSERT INTO vtiger_account (accountid, accountname) VALUES (10, 'Same Name'), (11, ' same name'), (12, 'Other'), (13, 'Other');
-- 20 and 21 share an address, 22 has neither address nor phone and is outdated, 23 has a malformed one and belongs to a deleted account
INSERT INTO vtiger_contactdetails (contactid, accountid, lastname, email, phone, mobile) VALUES
  (20, 10, 'One', 'shared@example.invalid', '', '20'), (21, 0, 'Two', 'Shared@example.invalid', '21', NULL), (22, NULL, 'Three', ' ', NULL, ''),
  (23, 13, 'Dean', 'malformed@invalid', '23', NULL), (24, 10, 'Gone', 'shared@example.invalid', NULL, NULL);
INSERT INTO vtiger_leaddetails (leadid, lastname, email, leadstatus, converted) VALUES
  (30, 'a', 'a@example.invalid', 'Hot', 0), (31, 'b', '', 'Hot', 0), (32, ' ', 'c@example.invalid', '', 0), (33, 'd', NULL, 'Cold', 0), (34, 'e', '', '', 1), (35, 'f', '', '', 0);
INSERT INTO vtiger_leadaddress (leadaddressid, phone, mobile) VALUES (30, '30', NULL), (31, '', '31'), (32, NULL, NULL), (33, '33', '');
INSERT INTO vtiger_seactivityrel (crmid, activityid) VALUES (31, 60), (31, 61), (32, 62), (34, 63);
-- open: 40 (idle), 41 (no amount, date passed), 42 (no date), 43 (owner gone)
INSERT INTO vtiger_potential (potentialid, potentialname, related_to, amount, closingdate, sales_stage) VALUES
  (40, 'p', 10, 10, @today + INTERVAL 9 DAY, 'Prospecting'), (41, 'p', 10, 0, @today - INTERVAL 3 DAY, 'Qualification'), (42, 'p', 10, 10, NULL, 'Value Proposition'),
  (43, 'p', 10, 10, @today + INTERVAL 9 DAY, 'Prospecting'), (44, 'p', 10, 1000, @today - INTERVAL 5 DAY, 'Closed Won'), (45, 'p', 11, 500, @today - INTERVAL 40 DAY, 'Closed Won'),
  (46, 'p', 10, 300, @today - INTERVAL 400 DAY, 'Closed Won'), (47, 'p', 10, 9999, @today - INTERVAL 5 DAY, 'Closed Won');
-- closed after 3600, 7200 and 10800 seconds; 54 was opened again
INSERT INTO vtiger_troubletickets (ticketid, title, status) VALUES (50, 't', 'Closed'), (51, 't', 'Closed'), (52, 't', 'Closed'), (53, 't', 'Open'), (54, 't', 'Open');
INSERT INTO vtiger_modtracker_basic (id, crmid, module, whodid, changedon, status) VALUES
  (1, 50, 'HelpDesk', 1, @now - INTERVAL 3 DAY + INTERVAL 3600 SECOND, 0), (2, 51, 'HelpDesk', 1, @now - INTERVAL 4 DAY + INTERVAL 60 SECOND, 0),
  (3, 51, 'HelpDesk', 1, @now - INTERVAL 4 DAY + INTERVAL 7200 SECOND, 0), (4, 52, 'HelpDesk', 1, @now - INTERVAL 5 DAY + INTERVAL 10800 SECOND, 0),
  (5, 54, 'HelpDesk', 1, @now - INTERVAL 5 DAY + INTERVAL 60 SECOND, 0), (6, 52, 'HelpDesk', 1, @now - INTERVAL 1 DAY, 0);
INSERT INTO vtiger_modtracker_detail (id, fieldname, prevalue, postvalue) VALUES
  (1, 'ticketstatus', 'Open', 'Closed'), (2, 'ticketstatus', 'Open', 'Closed'), (3, 'ticketstatus', 'Open', 'Closed'), (4, 'ticketstatus', 'Open', 'Closed'),
  (5, 'ticketstatus', 'Open', 'Closed'), (6, 'ticketpriorities', 'Low', 'Closed');
INSERT INTO vtiger_invoice (invoiceid, accountid, invoicedate, total) VALUES
  (70, 10, @today - INTERVAL 5 DAY, 1), (71, 11, @today - INTERVAL 40 DAY, 1), (72, 10, @today - INTERVAL 400 DAY, 1), (73, 12, @today - INTERVAL 500 DAY, 1),
  (74, 12, @today - INTERVAL 5 DAY, 1);
