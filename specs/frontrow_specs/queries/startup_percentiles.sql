-- Start-up times of the last hour by five minutes: half of the plays, 90, 95 and 99 of 100 began within.
SELECT
  TIME_FLOOR(__time, 'PT5M') AS "time",
  APPROX_QUANTILE_DS("startup_ms_sketch", 0.5, 256) AS "startup_time_p50",
  APPROX_QUANTILE_DS("startup_ms_sketch", 0.9, 256) AS "startup_time_p90",
  APPROX_QUANTILE_DS("startup_ms_sketch", 0.95, 256) AS "startup_time_p95",
  APPROX_QUANTILE_DS("startup_ms_sketch", 0.99, 256) AS "startup_time_p99",
  SUM("plays") AS "plays"
FROM "quality"
WHERE __time >= CURRENT_TIMESTAMP - INTERVAL '1' HOUR
GROUP BY 1
ORDER BY 1 DESC
