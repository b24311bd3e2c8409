-- The tables and columns of Odoo 16/17 that the recipe reads, with their types in that product.
CREATE TABLE res_partner (
  id integer PRIMARY KEY, name varchar, email varchar, email_normalized varchar, phone varchar,
  parent_id integer, active boolean, create_uid integer, create_date timestamp, write_uid integer, write_date timestamp);
CREATE TABLE res_users (
  id integer PRIMARY KEY, login varchar NOT NULL, password varchar, active boolean, share boolean, partner_id integer NOT NULL,
  create_date timestamp, write_date timestamp);
CREATE TABLE res_users_log (id serial PRIMARY KEY, create_uid integer, create_date timestamp, write_uid integer, write_date timestamp);
CREATE TABLE res_currency (id integer PRIMARY KEY, name varchar NOT NULL);
CREATE TABLE crm_stage (id integer PRIMARY KEY, name jsonb NOT NULL, is_won boolean);
CREATE TABLE crm_lead (
  id integer PRIMARY KEY, name varchar NOT NULL, type varchar NOT NULL, active boolean, stage_id integer, user_id integer,
  team_id integer, partner_id integer, contact_name varchar, partner_name varchar, email_from varchar, email_normalized varchar,
  phone varchar, phone_sanitized varchar, expected_revenue numeric, probability double precision, priority varchar,
  date_open timestamp, date_closed timestamp, date_conversion timestamp, date_deadline date, date_last_stage_update timestamp,
  day_open double precision, day_close double precision, email_state varchar, phone_state varchar, lost_reason_id integer,
  create_uid integer, create_date timestamp, write_uid integer, write_date timestamp);
CREATE TABLE mail_message (
  id serial PRIMARY KEY, model varchar, res_id integer, message_type varchar NOT NULL, body text, is_internal boolean,
  author_id integer, mail_activity_type_id integer, date timestamp, create_uid integer, create_date timestamp);
CREATE TABLE mail_activity (id serial PRIMARY KEY, summary varchar, date_deadline date NOT NULL, create_date timestamp, write_date timestamp);
CREATE TABLE calendar_event (id serial PRIMARY KEY, name varchar NOT NULL, create_date timestamp, write_date timestamp);
CREATE TABLE sale_order (
  id integer PRIMARY KEY, partner_id integer NOT NULL, state varchar, date_order timestamp NOT NULL, amount_untaxed numeric,
  currency_id integer, create_date timestamp, write_date timestamp);
CREATE TABLE helpdesk_ticket (id serial PRIMARY KEY, create_date timestamp, close_date timestamp);
CREATE TABLE rating_rating (id serial PRIMARY KEY, rating double precision, consumed boolean, feedback text, write_date timestamp);
CREATE TABLE ir_cron (id serial PRIMARY KEY, active boolean, nextcall timestamp NOT NULL);
CREATE TABLE ir_module_module (id serial PRIMARY KEY, name varchar NOT NULL, state varchar, latest_version varchar);
