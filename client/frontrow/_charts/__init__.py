"""Answers as charts: Vega-Lite built here as JSON, given to the reader as a chart of Altair."""

from __future__ import annotations

from frontrow._charts.spec import KINDS, Kind, chart_spec

__all__ = ["KINDS", "Kind", "chart_spec"]
