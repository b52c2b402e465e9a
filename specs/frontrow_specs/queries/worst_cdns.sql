-- CDNs of the last hour, the one with the most rebuffering first.
SELECT
  "cdn",
  SUM("rebuffer_ms") * 1.0 / NULLIF(SUM("play_ms") + SUM("rebuffer_ms"), 0) AS "rebuffer_ratio",
  SUM("start_failures") * 1.0 / NULLIF(SUM("attempts"), 0) AS "start_failure_rate",
  SUM("playback_failures") * 1.0 / NULLIF(SUM("ended_plays"), 0) AS "playback_failure_rate",
  SUM("bits") * 1.0 / NULLIF(SUM("play_ms"), 0) AS "average_bitrate",
  SUM("plays") AS "plays"
FROM "quality"
WHERE __time >= CURRENT_TIMESTAMP - INTERVAL '1' HOUR
GROUP BY 1
ORDER BY 2 DESC
LIMIT 20
