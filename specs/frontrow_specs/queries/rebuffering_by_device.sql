-- Rebuffering of the last hour by class of device, with and without the stalls that a seek caused.
SELECT
  "device_type",
  SUM("rebuffer_ms") * 1.0 / NULLIF(SUM("play_ms") + SUM("rebuffer_ms"), 0) AS "rebuffer_ratio",
  (SUM("rebuffer_ms") - SUM("seek_rebuffer_ms")) * 1.0 / NULLIF((SUM("play_ms") + SUM("rebuffer_ms")) - SUM("seek_rebuffer_ms"), 0) AS "connection_rebuffer_ratio",
  SUM("rebuffer_ms") AS "rebuffer_ms",
  SUM("plays") AS "plays"
FROM "quality"
WHERE __time >= CURRENT_TIMESTAMP - INTERVAL '1' HOUR
GROUP BY 1
ORDER BY 2 DESC
LIMIT 20
