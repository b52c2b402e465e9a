"""Druid's rollup in plain Python: what rows a spec makes of events, and the parts that answer queries over them.

>>> rollup = Rollup(parse_schema(spec["spec"]["dataSchema"]))
>>> for event in events:
...     rollup.add(event)
>>> rollup.count
RowCount(events=4812, rows=377)
"""

from __future__ import annotations

from frontrow_ingest.rollup.rollup import Rollup, RowCount
from frontrow_ingest.rollup.schema import RollupSchema, parse_schema

__all__ = ["Rollup", "RollupSchema", "RowCount", "parse_schema"]
