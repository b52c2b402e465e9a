"""Overlap of audiences against Python's sets: by hand, over random events, and the native query to the letter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import frontrow
from frontrow import AskError, Client, eq
from frontrow_ingest.testing import MemoryDruid
from oracle.sets import Belongs, overlaps
from support.clients import BARE
from support.set_answers import check_overlap

START_MS = 1_790_000_000_000
INTERVAL = "2026-09-21/2026-09-22"


def client_of(*events: dict[str, Any]) -> Client:
    druid = MemoryDruid()
    druid.apply("audience")
    druid.send("events", events)
    return Client(transport=druid, **BARE)


def watched(viewer: str, content: str, **fields: Any) -> dict[str, Any]:
    return {"ts": START_MS, "kind": "heartbeat", "viewer_id": viewer, "content_id": content, "play_ms": 1000, **fields}


WATCHED = [
    *(watched(viewer, "a") for viewer in "pqrs"),
    *(watched(viewer, "b") for viewer in "rst"),
    *(watched(viewer, "c", country="DE") for viewer in "stuvw"),
    watched("z", "d"),
]
ABC = {"A": {"content_id": "a"}, "B": {"content_id": "b"}, "C": eq("content_id", "c")}


def test_three_audiences_by_hand() -> None:
    result = client_of(*WATCHED).overlap(ABC, interval=INTERVAL)
    rows = {row["audiences"]: row for row in result}
    assert {name: row["viewers"] for name, row in rows.items()} == {
        "A": 4, "B": 3, "C": 5, "A & B": 2, "A & C": 1, "B & C": 2, "A & B & C": 1,
        "A only": 2, "B only": 0, "C only": 3, "A | B | C": 8,
    }  # fmt: skip
    assert [row["kind"] for row in result] == ["one"] * 3 + ["all"] * 4 + ["only"] * 3 + ["any"]
    assert [row["size"] for row in result] == [1, 1, 1, 2, 2, 2, 3, 1, 1, 1, 3]
    assert rows["A & B"]["share_of_smallest"] == pytest.approx(2 / 3)
    assert rows["A"]["share_of_smallest"] == 1
    assert rows["A | B | C"]["share_of_smallest"] is None
    assert all(row["viewers_low"] == row["viewers"] == row["viewers_high"] for row in result)
    assert "nothing was left out" in result.exactness
    assert result.units["viewers"] == "viewers"


def test_two_audiences_have_no_third() -> None:
    result = client_of(*WATCHED).overlap({"A": {"content_id": "a"}, "none": {"content_id": "x"}}, interval=INTERVAL)
    assert list(result.columns["audiences"]) == ["A", "none", "A & none", "A only", "none only", "A | none"]
    assert list(result.columns["viewers"]) == [4, 0, 0, 4, 0, 4]
    assert list(result.columns["share_of_smallest"]) == [1, None, None, 1, None, None]


def test_of_all_of_them_more_is_asked() -> None:
    client = client_of(*WATCHED)
    both = client.overlap(ABC, interval=INTERVAL, where={"country": "DE"})
    assert {row["audiences"]: row["viewers"] for row in both if row["kind"] == "one"} == {"A": 0, "B": 0, "C": 5}
    assert client.ask(frontrow.overlap(ABC).during(INTERVAL).where(country="DE")) == both


def test_nobody() -> None:
    result = client_of().overlap(ABC, interval=INTERVAL)
    assert set(result.columns["viewers"]) == {0}
    assert len(result) == 11


AUDIENCES: dict[str, tuple[Any, Belongs]] = {
    "one title": ({"content_id": "a"}, lambda event: event["content_id"] == "a"),
    "sports": ({"segments": "sports"}, lambda event: "sports" in event["segments"]),
    "not DE": (~eq("country", "DE"), lambda event: event["country"] != "DE"),
    "tv or live": (
        eq("device_type", "tv") | eq("stream_type", "live"),
        lambda event: event["device_type"] == "tv" or event["stream_type"] == "live",
    ),
}
_events = st.builds(
    lambda **fields: {"kind": "heartbeat", "play_ms": 1, **fields},
    ts=st.integers(START_MS, START_MS + 7_200_000),
    viewer_id=st.none() | st.sampled_from([f"v{number}" for number in range(12)]),
    content_id=st.sampled_from("abc"),
    segments=st.lists(st.sampled_from(["sports", "family", "trial"]), unique=True),
    country=st.none() | st.sampled_from(["DE", "FR"]),
    device_type=st.sampled_from(["tv", "mobile"]),
    stream_type=st.sampled_from(["live", "vod"]),
)


@settings(max_examples=50, deadline=None)
@given(events=st.lists(_events, max_size=60), names=st.permutations([*AUDIENCES]), count=st.integers(2, 4))
def test_random_events(events: list[dict[str, Any]], names: list[str], count: int) -> None:
    chosen = {name: AUDIENCES[name] for name in names[:count]}
    result = client_of(*events).overlap({name: where for name, (where, _) in chosen.items()}, interval=INTERVAL)
    truth = overlaps(events, {name: belongs for name, (_, belongs) in chosen.items()})
    check_overlap(result.columns, truth, exact=True)


@pytest.mark.parametrize(
    ("audiences", "said"),
    [
        ({"A": {"content_id": "a"}}, "2 to 6"),
        ({str(number): {"content_id": "a"} for number in range(7)}, "2 to 6 audiences.* not 7"),
        ([{"content_id": "a"}], "2 to 6"),
        ({"A": {"content_id": "a"}, "A & B": {"content_id": "b"}}, "without & and"),
        ({"A": {"content_id": "a"}, "A only": {"content_id": "b"}}, "does not end in only"),
        ({"A": {"content_id": "a"}, " ": {"content_id": "b"}}, "no name"),
        ({"A": {"content_id": "a"}, 3: {"content_id": "b"}}, "no name"),
        ({"A": {"content_id": "a"}, "all": None}, "everybody"),
        ({"A": {"content_id": "a"}, "all": {}}, "everybody"),
        ({"A": {"content_id": "a"}, "B": "b"}, "a filter is"),
    ],
)
def test_what_has_no_answer_is_refused(audiences: Any, said: str) -> None:
    with pytest.raises(AskError, match=said):
        frontrow.overlap(audiences, interval=INTERVAL)


def test_a_dimension_that_the_datasource_lacks() -> None:
    with pytest.raises(AskError, match="audience lacks cdn"):
        client_of().overlap({"A": {"cdn": "aurora"}, "B": {"country": "DE"}}, interval=INTERVAL)
