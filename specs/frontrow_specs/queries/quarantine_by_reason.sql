-- What was refused in the last day, why and where, and how much of it was replayed. As long as nothing was ever
-- refused, Druid knows no such table and says so.
SELECT
  "reason",
  "stage",
  "field",
  SUM("refused") AS "quarantined",
  SUM("replayed") AS "replayed",
  SUM("refused") - SUM("replayed") AS "quarantine_open"
FROM "quarantine"
WHERE __time >= CURRENT_TIMESTAMP - INTERVAL '1' DAY
GROUP BY 1, 2, 3
ORDER BY 4 DESC
LIMIT 50
