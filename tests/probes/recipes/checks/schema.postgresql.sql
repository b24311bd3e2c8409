-- One table with what the checks of every recipe look at, and columns of the types that are not text.
CREATE TABLE subject (
  id integer PRIMARY KEY, name varchar, mail varchar, owner integer, due date, amount numeric,
  deleted boolean NOT NULL DEFAULT false,
  modified_at timestamp NOT NULL, create_date timestamp NOT NULL, write_date timestamp);
