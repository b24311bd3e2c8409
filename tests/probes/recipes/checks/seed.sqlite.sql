INSERT INTO subject (id, name, mail, owner, due, amount, modified_at) VALUES
  (1, 'Arger', 'x@y.example', 1, '2026-01-01', 1, unixepoch()),
  (2, ' arger ', 'malformed', NULL, '2026-01-01', 2, unixepoch() - 8640000),
  (3, 'A  b', '', 1, NULL, 3, unixepoch()),
  (4, 'a B', NULL, 1, NULL, 4, unixepoch()),
  (5, '', 'a@b.example', 1, NULL, 5, unixepoch()),
  (6, NULL, 'neither', NULL, NULL, NULL, unixepoch() - 8640000);
