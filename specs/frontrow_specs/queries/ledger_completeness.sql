-- Events that producers say they sent, and those that can be asked for, in each minute of the last hour that a
-- ledger covers. The newest minutes are still on their way; events of producers that write no ledger can make it
-- more than 1. What was refused is in quarantine_by_reason.
SELECT
  l."time",
  SUM(l."sent") AS "sent",
  COALESCE(SUM(a."events"), 0) AS "queryable",
  COALESCE(SUM(a."events"), 0) * 1.0 / NULLIF(SUM(l."sent"), 0) AS "completeness"
FROM (
  SELECT
    TIME_FLOOR(__time, 'PT1M') AS "time",
    SUM("sent") AS "sent"
  FROM "ledger"
  WHERE __time >= CURRENT_TIMESTAMP - INTERVAL '1' HOUR
  GROUP BY 1
) AS l
LEFT JOIN (
  SELECT
    TIME_FLOOR(__time, 'PT1M') AS "time",
    SUM("count") AS "events"
  FROM "audience"
  WHERE __time >= CURRENT_TIMESTAMP - INTERVAL '1' HOUR
  GROUP BY 1
) AS a
ON l."time" = a."time"
GROUP BY 1
ORDER BY 1 DESC
