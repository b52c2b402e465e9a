-- Concurrent viewers of the last 15 minutes, by ten seconds, with who came and went. Players report every ten
-- seconds or so: the newest two steps are still filling up.
SELECT
  TIME_FLOOR(__time, 'PT10S') AS "time",
  SUM("play_ms") * 1.0 / 10000 AS "concurrent_viewers",
  SUM("attempts") AS "attempts",
  SUM("plays") AS "plays",
  SUM("ended_plays") AS "ended_plays"
FROM "live"
WHERE __time >= CURRENT_TIMESTAMP - INTERVAL '15' MINUTE
GROUP BY 1
ORDER BY 1 DESC
