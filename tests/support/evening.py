"""The demonstration's evening in datasources of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from frontrow._http.transport import Transport
from frontrow_ingest.demo import Evening, name_titles, send_evening
from frontrow_ingest.druid import Supervisors, event_ends
from frontrow_specs import rollup
from frontrow_specs.avro_schemas import EVENTS
from support.supervised_topic import supervised_specs

SPECS = ("audience", "quality", "live", "retention", "quarantine", "ledger")


@dataclass(frozen=True)
class Told:
    """
    Attributes:
        names: of the datasources in Druid, by spec
        evening: what was sent
    """

    names: dict[str, str]
    evening: Evening


@contextmanager
def told_evening(router_url: str, bootstrap: str, prefix: str, viewers: int) -> Iterator[Told]:
    """An evening that Druid has read all of, for as long as the block runs."""
    names = {spec: f"{prefix}_{spec}" for spec in SPECS}
    topics = {spec: f"{prefix}_{rollup(spec).topic}" for spec in SPECS}
    with supervised_specs(router_url, bootstrap, names, topics), Transport(router_url) as transport:
        name_titles(transport)
        evening = send_evening(bootstrap, topic=topics["audience"], ledger_topic=topics["ledger"], viewers=viewers)
        supervisors = Supervisors(transport)
        for spec in SPECS:
            if rollup(spec).topic == EVENTS or spec == "ledger":
                supervisors.await_read(names[spec], event_ends(bootstrap, topics[spec]), deadline_s=400)
        yield Told(names, evening)
