"""Queries for Druid's web console that an operator keeps, generated from the catalogue's formulas.

The files lie in ``queries``. ``frontrow specs queries --write`` writes them anew.
"""

from __future__ import annotations

from frontrow_specs.console.queries import console_queries, console_query
from frontrow_specs.console.query import ConsoleQuery

__all__ = ["ConsoleQuery", "console_queries", "console_query"]
