-- The tables and columns of SuiteCRM 7.14 that the recipe reads, with their types in that product.
CREATE TABLE users (
  id char(36) PRIMARY KEY, user_name varchar(60), user_hash varchar(255), status varchar(100), portal_only tinyint(1) DEFAULT 0,
  is_group tinyint(1), deleted tinyint(1) DEFAULT 0);
CREATE TABLE accounts (
  id char(36) PRIMARY KEY, name varchar(150), date_entered datetime, date_modified datetime, assigned_user_id char(36), deleted tinyint(1) DEFAULT 0);
CREATE TABLE contacts (
  id char(36) PRIMARY KEY, first_name varchar(100), last_name varchar(100), phone_work varchar(100), phone_mobile varchar(100),
  phone_home varchar(100), assigned_user_id char(36), date_entered datetime, date_modified datetime, deleted tinyint(1) DEFAULT 0);
CREATE TABLE leads (
  id char(36) PRIMARY KEY, first_name varchar(100), last_name varchar(100), phone_work varchar(100), phone_mobile varchar(100),
  phone_home varchar(100), assigned_user_id char(36), status varchar(100), converted tinyint(1) DEFAULT 0,
  date_entered datetime, date_modified datetime, deleted tinyint(1) DEFAULT 0);
CREATE TABLE opportunities (
  id char(36) PRIMARY KEY, name varchar(50), amount double, amount_usdollar double, sales_stage varchar(255), date_closed date,
  assigned_user_id char(36), date_entered datetime, date_modified datetime, deleted tinyint(1) DEFAULT 0);
CREATE TABLE accounts_opportunities (
  id varchar(36) PRIMARY KEY, opportunity_id varchar(36), account_id varchar(36), deleted tinyint(1) DEFAULT 0);
CREATE TABLE cases (
  id char(36) PRIMARY KEY, name varchar(255), state varchar(100) DEFAULT 'Open', status varchar(100), priority varchar(100),
  date_entered datetime, date_modified datetime, deleted tinyint(1) DEFAULT 0);
CREATE TABLE email_addresses (
  id char(36) PRIMARY KEY, email_address varchar(255), email_address_caps varchar(255), invalid_email tinyint(1) DEFAULT 0,
  opt_out tinyint(1) DEFAULT 0, deleted tinyint(1) DEFAULT 0);
CREATE TABLE email_addr_bean_rel (
  id char(36) PRIMARY KEY, email_address_id char(36), bean_id char(36), bean_module varchar(100), primary_address tinyint(1) DEFAULT 0,
  deleted tinyint(1) DEFAULT 0);
CREATE TABLE calls (id char(36) PRIMARY KEY, parent_type varchar(255), parent_id char(36), date_entered datetime, deleted tinyint(1) DEFAULT 0);
CREATE TABLE meetings LIKE calls;
CREATE TABLE tasks LIKE calls;
CREATE TABLE notes LIKE calls;
CREATE TABLE emails (
  id char(36) PRIMARY KEY, parent_type varchar(100), parent_id char(36), type varchar(100), date_sent_received datetime,
  date_entered datetime, deleted tinyint(1) DEFAULT 0);
CREATE TABLE leads_audit (
  id char(36) PRIMARY KEY, parent_id char(36) NOT NULL, date_created datetime, created_by varchar(36), field_name varchar(100),
  before_value_string varchar(255), after_value_string varchar(255));
CREATE TABLE cases_audit LIKE leads_audit;
CREATE TABLE tracker (
  id int PRIMARY KEY AUTO_INCREMENT, user_id varchar(36), module_name varchar(255), item_id varchar(36), action varchar(255),
  session_id varchar(36), date_modified datetime, deleted tinyint(1) DEFAULT 0);
CREATE TABLE oauth2tokens (id char(36) PRIMARY KEY, access_token varchar(4000), date_entered datetime, deleted tinyint(1) DEFAULT 0);
CREATE TABLE surveyquestions (id char(36) PRIMARY KEY, type varchar(100), deleted tinyint(1) DEFAULT 0);
CREATE TABLE surveyquestionresponses (
  id char(36) PRIMARY KEY, surveyquestion_id char(36), answer varchar(255), date_entered datetime, deleted tinyint(1) DEFAULT 0);
