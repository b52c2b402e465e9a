"""Lookup tables: read from files, kept in Druid."""

from __future__ import annotations

from frontrow_ingest.lookups.errors import LookupFileError, LookupsNotLoaded
from frontrow_ingest.lookups.registry import LookupRegistry, TableState
from frontrow_ingest.lookups.table_file import Entries, read_table

__all__ = ["Entries", "LookupFileError", "LookupRegistry", "LookupsNotLoaded", "TableState", "read_table"]
