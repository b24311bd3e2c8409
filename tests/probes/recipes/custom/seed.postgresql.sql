-- Rows whose every number is known; times are relative to now (UTC).
BEGIN;  -- one now for all rows
INSERT INTO customer (id, name, email, changed_at) VALUES
  (1, 'a', 'shared@example.invalid', timezone('UTC', now()) - interval '10 minutes'), (2, 'b', 'Shared@example.invalid', timezone('UTC', now()) - interval '2 days'),
  (3, 'c', NULL, timezone('UTC', now()) - interval '400 days'), (4, 'd', '', timezone('UTC', now()) - interval '3 days');
INSERT INTO ticket (id, opened_at, closed_at, score) VALUES
  (1, timezone('UTC', now()) - interval '2 days', timezone('UTC', now()) - interval '2 days' + interval '3600 seconds', 5),
  (2, timezone('UTC', now()) - interval '3 days', timezone('UTC', now()) - interval '3 days' + interval '7200 seconds', 1),
  (3, timezone('UTC', now()) - interval '1 day', NULL, NULL);
COMMIT;
