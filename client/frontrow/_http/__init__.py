"""HTTP to Druid: addresses, deadlines, retries, whole answers, failures as typed errors."""
