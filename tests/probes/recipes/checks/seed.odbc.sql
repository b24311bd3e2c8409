INSERT INTO subject (id, name, mail, owner, due, amount, modified_at, create_date, write_date)
SELECT id, name, mail, owner, CASE WHEN id < 3 THEN date '2026-01-01' END, NULLIF(id, 6), at, at, at
  FROM (SELECT *, timezone('UTC', now()) - age AS at FROM (VALUES
    (1, 'Ärger', 'x@y.example', 1, interval '1 hour'),
    (2, ' ärger ', 'malformed', NULL, interval '100 days'),
    (3, 'A  b', '', 1, interval '1 hour'),
    (4, 'a B', NULL, 1, interval '1 hour'),
    (5, '', 'a@b.example', 1, interval '1 hour'),
    (6, NULL, 'neither', NULL, interval '100 days')) AS given (id, name, mail, owner, age)) rows;
