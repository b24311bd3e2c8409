-- The tables and columns of Dolibarr that the recipe reads, with their types in that product.
CREATE TABLE llx_societe (
  rowid int PRIMARY KEY, nom varchar(128), entity int NOT NULL DEFAULT 1, client tinyint DEFAULT 0, status tinyint DEFAULT 1, email varchar(128), phone varchar(30),
  town varchar(50), fk_pays int DEFAULT 0, datec datetime, tms timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
CREATE TABLE llx_socpeople (
  rowid int PRIMARY KEY, fk_soc int, lastname varchar(50), firstname varchar(50), email varchar(255), statut tinyint NOT NULL DEFAULT 1, datec datetime,
  tms timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
CREATE TABLE llx_c_lead_status (rowid int PRIMARY KEY, code varchar(10), label varchar(128), percent double(5,2));
CREATE TABLE llx_projet (
  rowid int PRIMARY KEY, fk_soc int, title varchar(255), fk_statut int DEFAULT 0, usage_opportunity int DEFAULT 0, fk_opp_status int, opp_percent double(5,2),
  opp_amount double(24,8), date_close datetime, datec datetime, tms timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
CREATE TABLE llx_propal (
  rowid int PRIMARY KEY, fk_soc int, fk_statut smallint NOT NULL DEFAULT 0, total_ht double(24,8), date_cloture datetime, datec datetime,
  tms timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
CREATE TABLE llx_ticket (
  rowid int PRIMARY KEY, subject varchar(255), fk_statut int, datec datetime, date_read datetime, date_last_msg_sent datetime, date_close datetime,
  tms timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
CREATE TABLE llx_actioncomm (
  id int PRIMARY KEY AUTO_INCREMENT, code varchar(50), label varchar(255), fk_project int, elementtype varchar(255), fk_user_author int, datec datetime,
  tms timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
CREATE TABLE llx_facture (
  rowid int PRIMARY KEY, fk_soc int NOT NULL, fk_statut smallint NOT NULL DEFAULT 0, datef date, total_ht double(24,8), datec datetime,
  tms timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);
CREATE TABLE llx_user (
  rowid int PRIMARY KEY, login varchar(50), pass_crypted varchar(128), statut tinyint DEFAULT 1, fk_soc int, datelastlogin datetime, datepreviouslogin datetime);
CREATE TABLE llx_events (rowid int PRIMARY KEY AUTO_INCREMENT, type varchar(32) NOT NULL, fk_user int, dateevent datetime, ip varchar(250));
CREATE TABLE llx_const (rowid int PRIMARY KEY AUTO_INCREMENT, name varchar(180) NOT NULL, entity int NOT NULL DEFAULT 1, value text NOT NULL);
