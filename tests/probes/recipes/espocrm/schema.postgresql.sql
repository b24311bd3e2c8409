-- The tables and columns of EspoCRM 9/10 that the recipe reads, with their types in that product.
CREATE TABLE "user" (
  id varchar(17) PRIMARY KEY, user_name varchar(50), password varchar(150), type varchar(24), is_active boolean DEFAULT true, deleted boolean DEFAULT false);
CREATE TABLE account (
  id varchar(17) PRIMARY KEY, name varchar(249), assigned_user_id varchar(17), created_at timestamp, modified_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE contact (
  id varchar(17) PRIMARY KEY, first_name varchar(100), last_name varchar(100), account_id varchar(17), assigned_user_id varchar(17),
  created_at timestamp, modified_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE "lead" (
  id varchar(17) PRIMARY KEY, first_name varchar(100), last_name varchar(100), status varchar(255), assigned_user_id varchar(17),
  converted_at timestamp, created_at timestamp, modified_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE opportunity (
  id varchar(17) PRIMARY KEY, name varchar(249), stage varchar(255), last_stage varchar(255), close_date date, amount double precision,
  amount_currency varchar(3), account_id varchar(17), assigned_user_id varchar(17), created_at timestamp, modified_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE "case" (
  id varchar(17) PRIMARY KEY, name varchar(249), status varchar(255), created_at timestamp, modified_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE email_address (
  id varchar(17) PRIMARY KEY, name varchar(255), "lower" varchar(255), invalid boolean DEFAULT false, opt_out boolean DEFAULT false, deleted boolean DEFAULT false);
CREATE TABLE entity_email_address (
  id serial PRIMARY KEY, entity_id varchar(17), email_address_id varchar(17), entity_type varchar(100), "primary" boolean DEFAULT false, deleted boolean DEFAULT false);
CREATE TABLE "call" (id varchar(17) PRIMARY KEY, name varchar(255), parent_id varchar(17), parent_type varchar(100), created_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE meeting (id varchar(17) PRIMARY KEY, name varchar(255), parent_id varchar(17), parent_type varchar(100), created_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE task (id varchar(17) PRIMARY KEY, name varchar(255), parent_id varchar(17), parent_type varchar(100), created_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE email (
  id varchar(17) PRIMARY KEY, name varchar(255), status varchar(255), date_sent timestamp, parent_id varchar(17), parent_type varchar(100), created_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE note (
  id varchar(17) PRIMARY KEY, type varchar(24), post text, data text, parent_id varchar(17), parent_type varchar(100), created_at timestamp, deleted boolean DEFAULT false);
CREATE TABLE auth_log_record (
  id varchar(17) PRIMARY KEY, username varchar(100), user_id varchar(17), ip_address varchar(45), is_denied boolean DEFAULT false, created_at timestamp);
CREATE TABLE auth_token (
  id varchar(17) PRIMARY KEY, token varchar(36), user_id varchar(17), is_active boolean DEFAULT true, last_access timestamp, deleted boolean DEFAULT false);
CREATE TABLE action_history_record (
  id varchar(17) PRIMARY KEY, user_id varchar(17), action varchar(255), target_type varchar(100), target_id varchar(17), created_at timestamp);
