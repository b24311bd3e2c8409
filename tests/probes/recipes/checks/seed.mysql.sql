SET NAMES utf8mb4;
INSERT INTO subject (id, name, mail, owner, due, amount, modified_at, date_modified, tms) VALUES
  (1, 'Ärger', 'x@y.example', 1, '2026-01-01', 1, UTC_TIMESTAMP(), UTC_TIMESTAMP(), NOW()),
  (2, ' ärger ', 'malformed', NULL, '2026-01-01', 2, UTC_TIMESTAMP() - INTERVAL 100 DAY, UTC_TIMESTAMP() - INTERVAL 100 DAY, NOW() - INTERVAL 100 DAY),
  (3, 'A  b', '', 1, NULL, 3, UTC_TIMESTAMP(), UTC_TIMESTAMP(), NOW()),
  (4, 'a B', NULL, 1, NULL, 4, UTC_TIMESTAMP(), UTC_TIMESTAMP(), NOW()),
  (5, '', 'a@b.example', 1, NULL, 5, UTC_TIMESTAMP(), UTC_TIMESTAMP(), NOW()),
  (6, NULL, 'neither', NULL, NULL, NULL, UTC_TIMESTAMP() - INTERVAL 100 DAY, UTC_TIMESTAMP() - INTERVAL 100 DAY, NOW() - INTERVAL 100 DAY);
