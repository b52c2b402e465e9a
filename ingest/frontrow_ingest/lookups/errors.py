"""Errors of lookup tables.

::

    LookupsError
    ├── LookupFileError    a file that cannot be loaded; its message has every finding, with its line
    └── LookupsNotLoaded   Druid's processes do not have a table in time                              retryable
"""

from __future__ import annotations

from frontrow_ingest.errors import LookupsError


class LookupFileError(LookupsError):
    """A file that cannot be loaded; nothing was."""


class LookupsNotLoaded(LookupsError):
    """Druid's processes do not have a table in time, or do not let go of it."""

    retryable = True
