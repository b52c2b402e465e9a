"""``python -m frontrow_ingest.metrics [PREFIX]`` prints the table of metrics for the documentation."""

from __future__ import annotations

import sys

from frontrow_ingest.metrics.table import markdown_table

sys.stdout.write(markdown_table(*sys.argv[1:2]))
