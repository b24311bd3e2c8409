-- The demo's CRM: a small SQLite database. Times are Unix seconds (UTC), amounts are in one currency.
CREATE TABLE app_user (
  id INTEGER PRIMARY KEY,
  active INTEGER NOT NULL DEFAULT 1
);

-- One row per login.
CREATE TABLE login (
  user_id INTEGER NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX login_at ON login (at);

CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  name TEXT,
  industry TEXT,
  owner_id INTEGER,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL
);

CREATE TABLE contact (
  id INTEGER PRIMARY KEY,
  account_id INTEGER,
  name TEXT,
  email TEXT,
  phone TEXT,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL
);

-- stage: new, qualified, proposal, then won or lost with closed_at.
CREATE TABLE deal (
  id INTEGER PRIMARY KEY,
  account_id INTEGER,
  stage TEXT NOT NULL,
  amount REAL,
  owner_id INTEGER,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  closed_at INTEGER
);

-- status: open or closed. csat: 1 (bad) to 5 (good), once the customer was asked and answered.
CREATE TABLE ticket (
  id INTEGER PRIMARY KEY,
  contact_id INTEGER,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  first_response_at INTEGER,
  closed_at INTEGER,
  csat INTEGER
);

-- kind: call, meeting, mail, task.
CREATE TABLE activity (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  owner_id INTEGER,
  deal_id INTEGER,
  at INTEGER NOT NULL
);
CREATE INDEX activity_at ON activity (at);
