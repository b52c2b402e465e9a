-- The most watched titles of the last hour.
SELECT
  "content_id",
  SUM("play_ms") * 1.0 / 3600000 AS "viewer_hours",
  SUM("plays") AS "plays",
  SUM("attempts") AS "attempts",
  SUM("play_ms") * 1.0 / NULLIF(SUM("plays"), 0) AS "average_view_duration"
FROM "audience"
WHERE __time >= CURRENT_TIMESTAMP - INTERVAL '1' HOUR
GROUP BY 1
ORDER BY 2 DESC
LIMIT 20
