"""What a Druid does with lookup tables, as tests. A subclass gives the Druid: in memory, or a real one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from frontrow import AskError, Client, NotFoundError, ServerError, TransportError, between, like
from frontrow_ingest.druid import Supervisors
from frontrow_ingest.lookups import LookupRegistry
from frontrow_specs import lookup_table
from support.agreement import interval_of
from support.clients import a_client
from support.viewing_events import an_event

from .druid_world import DEADLINE_S, Harness, await_events, encoded

TITLE = lookup_table("title")
TITLES = {
    "harbour": {"name": "The Harbour", "series": "Coast", "genre": "drama", "launch_date": "2026-01-02"},
    "island": {"name": "The Island", "series": "Coast", "genre": "drama"},
    "final": {"name": "Cup final", "genre": "sport"},
    "unseen": {"name": "Nobody's", "genre": "sport"},
}
# content_id and how many events it has; the last one is in no table.
SEEN = {"harbour": 3, "island": 2, "final": 4, "lost": 1}


def events() -> list[dict[str, Any]]:
    """Events of some titles, one a second."""
    moments = itertools.count(an_event()["ts"], 1_000)
    return [
        an_event(content_id=title, session_id=f"{title}-{number}", ts=next(moments), country="DE" if number else "FR")
        for title, count in SEEN.items()
        for number in range(count)
    ]


def client_of(harness: Harness) -> Client:
    """A client of a datasource that holds the events; makes it, unless another suite has."""
    name = harness.datasource("audience")
    client = a_client(transport=harness.transport, datasources={"audience": name})
    supervisors = Supervisors(harness.transport)
    if name not in supervisors.names():
        supervisors.submit(harness.supervisor("audience", name))
        supervisors.await_ingesting(name, deadline_s=DEADLINE_S)
        harness.produce([encoded(event) for event in events()])
        await_events(client, "audience", len(events()))
    return client


class LookupBehaviour:
    """The suite, in order. Where it is run, a fixture ``harness`` of the module's scope says which Druid."""

    @pytest.fixture(scope="class")
    @classmethod
    def registry(cls, harness: Harness) -> LookupRegistry:
        return LookupRegistry(harness.transport)

    @pytest.fixture(scope="class")
    @classmethod
    def client(cls, harness: Harness) -> Client:
        return client_of(harness)

    @pytest.fixture
    def asked(self) -> dict[str, Any]:
        return {"interval": interval_of(events())}

    def test_a_druid_without_a_table(self, registry: LookupRegistry, client: Client, asked: dict[str, Any]) -> None:
        registry.delete(TITLE, deadline_s=DEADLINE_S)  # there is one where a demonstration ran
        assert registry.state(TITLE) is None
        assert registry.entries(TITLE) == {}
        assert registry.delete(TITLE) is False
        absent = r"Lookup \[frontrow.title.genre\] not found. Load it: frontrow lookups load FILE"
        with pytest.raises(ServerError, match=absent):
            client.top_n("title.genre", "events", **asked)
        with pytest.raises(ServerError, match=absent):
            client.timeseries("events", where={"title.genre": "sport"}, **asked)
        answer = client.top_n("content_id", "events", label="title", **asked)
        assert answer.columns["title"] == answer.columns["content_id"]
        assert "4 of 4 have no name and show their content_id: frontrow lookups load FILE" in answer.exactness

    def test_a_table_is_loaded_everywhere(self, registry: LookupRegistry) -> None:
        loaded = registry.load(TITLE, TITLES, deadline_s=DEADLINE_S)
        state = registry.state(TITLE)
        assert state == loaded
        assert (loaded.entries, loaded.pending) == (len(TITLES), ())
        assert loaded.loaded >= 1
        assert registry.entries(TITLE) == TITLES

    def test_names_stand_beside_ids(self, client: Client, asked: dict[str, Any]) -> None:
        answer = client.top_n("content_id", "events", label="title", **asked)
        assert [*answer.columns] == ["content_id", "title", "events"]
        assert [tuple(row.values()) for row in answer] == [
            ("final", "Cup final", 4),
            ("harbour", "The Harbour", 3),
            ("island", "The Island", 2),
            ("lost", "lost", 1),
        ]
        assert answer.types["title"] == "string"
        assert "1 of 4 have no name and show their content_id" in answer.exactness
        answer = client.top_n("content_id", "events", n=2, label="title.series", **asked)
        assert answer.columns["title.series"] == ("final", "Coast")
        assert "1 of 2 have no series and show their content_id" in answer.exactness
        assert "have no" not in client.top_n("content_id", "events", n=2, label="title", **asked).exactness

    def test_ids_without_events_need_no_names(self, client: Client, asked: dict[str, Any]) -> None:
        answer = client.top_n("content_id", "events", label="title", where={"country": "nowhere"}, **asked)
        assert (len(answer), [*answer.columns]) == (0, ["content_id", "title", "events"])

    @pytest.mark.parametrize("metric", ["events", "peak_concurrent_viewers", "unique_viewers"])
    def test_an_attribute_is_a_dimension(self, client: Client, asked: dict[str, Any], metric: str) -> None:
        answer = client.top_n("title.genre", [metric, "events"], **asked)
        assert {row["title.genre"]: row["events"] for row in answer} == {"drama": 5, "sport": 4, None: 1}

    @pytest.mark.parametrize(
        ("where", "count"),
        [
            ({"title.genre": "sport"}, 4),
            ({"title.genre": "drama", "country": "FR"}, 2),
            ({"title.genre": ["sport", None]}, 5),
            ({"title.genre": None}, 1),
            (~like("title.name", "The %"), 5),
            (between("title.launch_date", "2026-01-01", "2027-01-01"), 3),
            ({"title.genre": "opera"}, 0),
        ],
        ids=str,
    )
    def test_an_attribute_selects(self, client: Client, asked: dict[str, Any], where: Any, count: int) -> None:
        (row,) = client.timeseries("events", granularity="all", where=where, **asked)
        assert row["events"] == count
        assert sum(row["events"] for row in client.top_n("content_id", "events", where=where, **asked)) == count

    def test_an_attribute_selects_for_retention_too(self, harness: Harness) -> None:
        nowhere = a_client(transport=harness.transport, datasources={"retention": "no_such_datasource"})
        found = nowhere.retention("final", interval=interval_of(events()), where={"title.genre": "sport"})
        assert len(found) == 0
        assert found.query["virtualColumns"][0]["name"] == "title.genre"

    def test_a_table_is_replaced_as_a_whole(
        self, registry: LookupRegistry, client: Client, asked: dict[str, Any]
    ) -> None:
        first = registry.state(TITLE)
        second = registry.load(TITLE, {"lost": {"name": "Found", "genre": "opera"}}, deadline_s=DEADLINE_S)
        assert first is not None
        assert second.version > first.version
        answer = client.top_n("content_id", "events", label="title", where={"title.genre": "opera"}, **asked)
        assert [tuple(row.values()) for row in answer] == [("lost", "Found", 1)]
        answer = client.top_n("title.genre", "events", **asked)
        assert {row["title.genre"]: row["events"] for row in answer} == {"opera": 1, None: 9}

    def test_an_older_version_is_refused(self, registry: LookupRegistry, harness: Harness) -> None:
        lookup = {"version": "0", "lookupExtractorFactory": {"type": "map", "map": {}}}
        body = {"__default": {TITLE.lookups[0]: lookup}}
        with pytest.raises(TransportError, match="can't replace existing"):
            harness.transport.request_json("POST", "/druid/coordinator/v1/lookups/config", body)
        assert registry.entries(TITLE)["lost"]["name"] == "Found"

    def test_wrong_names_are_told_before_anything_is_sent(self, client: Client, asked: dict[str, Any]) -> None:
        for label, said in (
            ("titel", "no label 'titel': did you mean title"),
            ("title.gnre", "title has no attribute 'gnre': did you mean genre"),
        ):
            with pytest.raises(AskError, match=said):
                client.top_n("content_id", "events", label=label, **asked)
        with pytest.raises(AskError, match="title is a label of content_id, not of country"):
            client.top_n("country", "events", label="title", **asked)
        with pytest.raises(AskError, match="'title' is a table of labels, not a dimension: group by content_id with"):
            client.top_n("title", "events", **asked)
        with pytest.raises(AskError, match="title has no attribute 'gnre'"):
            client.timeseries("events", where={"title.gnre": "sport"}, **asked)
        with pytest.raises(AskError, match="quality lacks content_id"):
            client.timeseries("events", where={"title.genre": "sport"}, spec="quality", **asked)

    def test_a_deleted_table_is_gone_everywhere(self, registry: LookupRegistry, harness: Harness) -> None:
        """Last, because it takes the table away."""
        assert registry.delete(TITLE, deadline_s=DEADLINE_S) is True
        assert registry.state(TITLE) is None
        with pytest.raises(NotFoundError):
            harness.transport.request_json("GET", f"/druid/coordinator/v1/lookups/config/__default/{TITLE.lookups[0]}")
