-- Who left in each minute of the last hour: all sessions, plays that ended, and those that failed or gave up
-- before they began.
SELECT
  TIME_FLOOR(__time, 'PT1M') AS "time",
  SUM("exits") AS "exits",
  SUM("ended_plays") AS "tune_out",
  SUM("plays") AS "tune_in",
  SUM("playback_failures") AS "playback_failures",
  SUM("start_failures") AS "start_failures",
  SUM("exits_before_start") AS "exits_before_start"
FROM "audience"
WHERE __time >= CURRENT_TIMESTAMP - INTERVAL '1' HOUR
GROUP BY 1
ORDER BY 1 DESC
