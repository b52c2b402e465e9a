"""The names of the simulated titles, for answers with ``label="title"``."""

from __future__ import annotations

from frontrow._http.transport import Transport
from frontrow_ingest.lookups import LookupRegistry
from frontrow_ingest.simulate.titles import title_entries
from frontrow_ingest.simulate.world import MAX_TITLES
from frontrow_specs import lookup_table


def name_titles(transport: Transport) -> None:
    """Load the names of the simulated titles, unless there are others; they arrive while the tasks start."""
    lookups, table = LookupRegistry(transport), lookup_table("title")
    if lookups.state(table) is None:
        lookups.submit(table, title_entries(MAX_TITLES))
