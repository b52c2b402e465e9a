"""CMCD version 2 (CTA-5004-B), event mode: from a player's lines to viewing events.

``parser`` reads the syntax, ``report`` the keys, ``playback`` turns running totals and states into deltas. None of them
does I/O. ``keys`` is the table of what becomes of each key.
"""

from __future__ import annotations

from frontrow_ingest.collector.cmcd.keys import KEYS, Key, markdown_table
from frontrow_ingest.collector.cmcd.parser import CmcdSyntaxError, Item, Token, parse
from frontrow_ingest.collector.cmcd.playback import Playbacks
from frontrow_ingest.collector.cmcd.report import Report, read_report

__all__ = [
    "KEYS",
    "CmcdSyntaxError",
    "Item",
    "Key",
    "Playbacks",
    "Report",
    "Token",
    "markdown_table",
    "parse",
    "read_report",
]
