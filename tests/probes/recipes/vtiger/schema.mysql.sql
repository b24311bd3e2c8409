-- The tables and columns of vtiger CRM 6/7/8 that the recipe reads, with their types in that product.
CREATE TABLE vtiger_crmentity (
  crmid int PRIMARY KEY, smcreatorid int NOT NULL DEFAULT 0, smownerid int NOT NULL DEFAULT 0, modifiedby int NOT NULL DEFAULT 0,
  setype varchar(100) NOT NULL, description mediumtext, createdtime datetime NOT NULL, modifiedtime datetime NOT NULL, viewedtime datetime,
  deleted int NOT NULL DEFAULT 0, label varchar(255), source varchar(100));
CREATE TABLE vtiger_account (accountid int PRIMARY KEY, accountname varchar(100) NOT NULL);
CREATE TABLE vtiger_contactdetails (
  contactid int PRIMARY KEY, accountid int, firstname varchar(40), lastname varchar(80) NOT NULL, email varchar(100), phone varchar(50), mobile varchar(50));
CREATE TABLE vtiger_leaddetails (
  leadid int PRIMARY KEY, email varchar(100), firstname varchar(40), lastname varchar(80) NOT NULL, leadstatus varchar(50), leadsource varchar(200),
  converted int DEFAULT 0);
CREATE TABLE vtiger_leadaddress (leadaddressid int PRIMARY KEY, phone varchar(50), mobile varchar(50));
CREATE TABLE vtiger_potential (
  potentialid int PRIMARY KEY, potentialname varchar(120) NOT NULL, related_to int, amount decimal(25,8), closingdate date, sales_stage varchar(200));
CREATE TABLE vtiger_seactivityrel (crmid int NOT NULL, activityid int NOT NULL, PRIMARY KEY (crmid, activityid));
CREATE TABLE vtiger_troubletickets (ticketid int PRIMARY KEY, title varchar(255) NOT NULL, status varchar(200), priority varchar(200));
CREATE TABLE vtiger_invoice (invoiceid int PRIMARY KEY, accountid int, invoicedate date, total decimal(25,8));
CREATE TABLE vtiger_users (id int PRIMARY KEY, user_name varchar(255), user_password varchar(200), status varchar(25), deleted int NOT NULL DEFAULT 0);
CREATE TABLE vtiger_loginhistory (
  login_id int PRIMARY KEY AUTO_INCREMENT, user_name varchar(255), user_ip varchar(25) NOT NULL DEFAULT '', logout_time datetime, login_time datetime,
  status varchar(25));
CREATE TABLE vtiger_tab (tabid int PRIMARY KEY, name varchar(25) NOT NULL, presence int NOT NULL DEFAULT 1, isentitytype int NOT NULL DEFAULT 1);
CREATE TABLE vtiger_version (id int PRIMARY KEY, old_version varchar(30), current_version varchar(30));
CREATE TABLE vtiger_modtracker_basic (id int PRIMARY KEY, crmid int, module varchar(50), whodid int, changedon datetime, status int DEFAULT 0);
CREATE TABLE vtiger_modtracker_detail (id int, fieldname varchar(100), prevalue text, postvalue text);
