-- The two tables of the example in docs/custom-recipe.md.
CREATE TABLE customer (id integer PRIMARY KEY, name text, email text, owner integer, changed_at timestamp NOT NULL);
CREATE TABLE ticket (id integer PRIMARY KEY, customer integer, opened_at timestamp NOT NULL, closed_at timestamp, score integer);
