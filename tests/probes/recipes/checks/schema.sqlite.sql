CREATE TABLE subject (id INTEGER PRIMARY KEY, name TEXT, mail TEXT, owner INTEGER, due TEXT, amount REAL, modified_at INTEGER NOT NULL);
