-- Rows whose every number is known; times are relative to now. Dolibarr's server is eight hours ahead of UTC here, so
-- @local is what it writes into datetime columns, and @now what the database writes into tms.
SET time_zone = '+00:00', @now = UTC_TIMESTAMP(), @local = UTC_TIMESTAMP() + INTERVAL 8 HOUR;
SET @today = DATE(@local);

INSERT INTO llx_const (name, value) VALUES ('MAIN_VERSION_LAST_INSTALL', '18.0.2'), ('MAIN_VERSION_LAST_UPGRADE', '19.0.1'), ('MAIN_LANG_DEFAULT', 'en_US');
-- seats: 1, 2, 3; 4 is disabled, 5 a customer's
INSERT INTO llx_user (rowid, login, statut, fk_soc, datelastlogin) VALUES
  (1, 'admin', 1, NULL, @local - INTERVAL 1 HOUR), (2, 'sales', 1, NULL, @local - INTERVAL 3 DAY), (3, 'never', 1, NULL, NULL), (4, 'left', 0, NULL, @local - INTERVAL 1 HOUR),
  (5, 'customer', 1, 10, @local - INTERVAL 1 HOUR);
INSERT INTO llx_events (type, fk_user, dateevent) VALUES
  ('USER_LOGIN', 1, @local - INTERVAL 1 HOUR), ('USER_LOGIN', 1, @local - INTERVAL 20 HOUR), ('USER_LOGIN', 2, @local - INTERVAL 3 DAY), ('USER_LOGIN', 2, @local - INTERVAL 9 DAY),
  ('USER_LOGIN_FAILED', 2, @local - INTERVAL 1 HOUR);

-- customers and prospects: 10 to 13; 10 and 11 have one name, 12 has no e-mail, phone or address, 13 is outdated; 14 is a supplier, 15 closed
INSERT INTO llx_societe (rowid, nom, entity, client, status, email, phone, town, fk_pays, datec, tms) VALUES
  (10, 'Same Name', 1, 1, 1, 'a@example.invalid', '10', 'x', 1, @local - INTERVAL 900 DAY, @now - INTERVAL 50 MINUTE),
  (11, ' same name', 1, 2, 1, 'b@example.invalid', '11', 'x', 0, @local - INTERVAL 900 DAY, @now - INTERVAL 90 DAY),
  (12, 'Other', 1, 3, 1, ' ', NULL, NULL, NULL, @local - INTERVAL 5 HOUR, @now - INTERVAL 5 HOUR),
  (13, 'Same Name', 2, 1, 1, 'd@example.invalid', '13', 'x', 1, @local - INTERVAL 900 DAY, @now - INTERVAL 500 DAY),
  (14, 'Supplier', 1, 0, 1, NULL, NULL, NULL, NULL, @local - INTERVAL 900 DAY, @now - INTERVAL 500 DAY),
  (15, 'Other', 1, 1, 0, NULL, NULL, NULL, NULL, @local - INTERVAL 900 DAY, @now - INTERVAL 90 DAY);
-- 20 and 21 share an address, 22 has none and its company is closed, 23 has a malformed one
INSERT INTO llx_socpeople (rowid, fk_soc, lastname, email, statut, datec, tms) VALUES
  (20, 10, 'One', 'shared@example.invalid', 1, @local - INTERVAL 100 DAY, @now - INTERVAL 2 HOUR), (21, 10, 'Two', ' Shared@example.invalid', 1, @local - INTERVAL 100 DAY, @now - INTERVAL 90 DAY),
  (22, 15, 'Three', '', 1, @local - INTERVAL 100 DAY, @now - INTERVAL 90 DAY), (23, NULL, 'Four', 'malformed@invalid', 1, @local - INTERVAL 3 HOUR, @now - INTERVAL 3 HOUR),
  (24, 10, 'Left', 'shared@example.invalid', 0, @local - INTERVAL 100 DAY, @now - INTERVAL 90 DAY);

INSERT INTO llx_c_lead_status (rowid, code) VALUES (1, 'PROSP'), (2, 'QUAL'), (3, 'PROPO'), (4, 'NEGO'), (5, 'PENDING'), (6, 'WON'), (7, 'LOST');
-- open: 30 (young), 31, 32 (idle), 33; 34 is won, 35 closed, 36 no opportunity
INSERT INTO llx_projet (rowid, fk_soc, fk_statut, usage_opportunity, fk_opp_status, opp_amount, datec, tms) VALUES
  (30, 10, 1, 1, 1, 100, @local - INTERVAL 20 MINUTE, @now - INTERVAL 20 MINUTE), (31, NULL, 1, 1, NULL, NULL, @local - INTERVAL 2 DAY, @now - INTERVAL 23 HOUR),
  (32, 15, 1, 1, 2, 100, @local - INTERVAL 25 DAY, @now - INTERVAL 20 DAY), (33, 10, 1, 1, 4, 100, @local - INTERVAL 4 DAY, @now - INTERVAL 4 DAY),
  (34, 10, 1, 1, 6, 100, @local - INTERVAL 50 DAY, @now - INTERVAL 40 DAY), (35, 10, 2, 1, 7, 100, @local - INTERVAL 50 DAY, @now - INTERVAL 40 DAY),
  (36, 10, 1, 0, NULL, NULL, @local - INTERVAL 1 HOUR, @now - INTERVAL 1 MINUTE);
-- 31 was answered after 1200 s, 32 after 7200 s, 33 not at all: what Dolibarr notes by itself does not count
INSERT INTO llx_actioncomm (code, fk_project, datec, tms) VALUES
  ('AC_TEL', 31, @local - INTERVAL 2 DAY + INTERVAL 1200 SECOND, @now - INTERVAL 2 DAY), ('AC_OTH_AUTO', 31, @local - INTERVAL 2 DAY + INTERVAL 5 SECOND, @now - INTERVAL 2 DAY),
  ('AC_EMAIL', 32, @local - INTERVAL 25 DAY + INTERVAL 7200 SECOND, @now - INTERVAL 25 DAY), ('AC_OTH_AUTO', 33, @local - INTERVAL 4 DAY, @now - INTERVAL 4 DAY),
  ('AC_RDV', NULL, @local - INTERVAL 7 HOUR, @now - INTERVAL 7 HOUR), ('AC_OTH_AUTO', NULL, @local - INTERVAL 6 HOUR, @now - INTERVAL 6 HOUR),
  ('AC_OTH_AUTO', NULL, @local - INTERVAL 8 HOUR, @now - INTERVAL 8 HOUR);
INSERT INTO llx_propal (rowid, fk_soc, fk_statut, total_ht, datec, tms) VALUES
  (1, 10, 1, 10, @local - INTERVAL 60 DAY, @now - INTERVAL 50 DAY), (2, 10, 2, 10, @local - INTERVAL 60 DAY, @now - INTERVAL 45 DAY);
-- closed after 3600, 7200 and 10800 seconds
INSERT INTO llx_ticket (rowid, fk_statut, datec, date_close, tms) VALUES
  (1, 8, @local - INTERVAL 3 DAY, @local - INTERVAL 3 DAY + INTERVAL 3600 SECOND, @now - INTERVAL 3 DAY), (2, 8, @local - INTERVAL 4 DAY, @local - INTERVAL 4 DAY + INTERVAL 7200 SECOND, @now - INTERVAL 3 DAY),
  (3, 8, @local - INTERVAL 5 DAY, @local - INTERVAL 5 DAY + INTERVAL 10800 SECOND, @now - INTERVAL 3 DAY), (4, 1, @local - INTERVAL 9 HOUR, NULL, @now - INTERVAL 4 HOUR),
  (5, 9, @local - INTERVAL 5 DAY, @local - INTERVAL 1 DAY, @now - INTERVAL 3 DAY), (6, 8, @local - INTERVAL 70 DAY, @local - INTERVAL 60 DAY, @now - INTERVAL 60 DAY);
INSERT INTO llx_facture (rowid, fk_soc, fk_statut, datef, total_ht, datec, tms) VALUES
  (1, 10, 1, @today - INTERVAL 5 DAY, 1000, @local - INTERVAL 5 DAY, @now - INTERVAL 5 DAY), (2, 11, 2, @today - INTERVAL 40 DAY, 500, @local - INTERVAL 40 DAY, @now - INTERVAL 40 DAY),
  (3, 10, 2, @today - INTERVAL 400 DAY, 300, @local - INTERVAL 400 DAY, @now - INTERVAL 400 DAY), (4, 13, 2, @today - INTERVAL 500 DAY, 200, @local - INTERVAL 500 DAY, @now - INTERVAL 500 DAY),
  (5, 13, 0, @today - INTERVAL 5 DAY, 9999, @local - INTERVAL 5 DAY, @now - INTERVAL 5 DAY), (6, 13, 3, @today - INTERVAL 5 DAY, 9999, @local - INTERVAL 5 DAY, @now - INTERVAL 5 DAY);
