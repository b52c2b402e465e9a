"""Questions as values: two ways to write one, one JSON, and nothing that changes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

import frontrow
from frontrow import AskError, Query, eq, like
from support.clients import a_client
from support.loopback import json_reply, loopback

GOLDEN = Path(__file__).parent / "golden"
HOUR = "2026-11-23T20:00/2026-11-23T21:00"
AUDIENCES: Any = {"final": {"event_id": "cup-final"}, "tv": eq("device_type", "tv"), "sports": {"segments": "sports"}}

BOTH_FORMS: dict[str, tuple[Query, Query]] = {
    "timeseries_plain": (
        frontrow.timeseries("plays", interval=HOUR),
        frontrow.timeseries("plays").during(HOUR),
    ),
    "timeseries_months": (
        frontrow.timeseries(
            "viewer_hours",
            interval="2026-01-01/2026-04-01",
            granularity="1mo",
            time_zone="Europe/Berlin",
            spec="quality",
        ),
        frontrow.timeseries("viewer_hours").every("1mo", "Europe/Berlin").of("quality").during("2026-01-01/2026-04-01"),
    ),
    "top_sum": (
        frontrow.top_n("content_id", "plays", interval=HOUR, n=5),
        frontrow.top_n("content_id", ["plays"]).first(5).during(HOUR),
    ),
    "top_sketch": (
        frontrow.top_n("country", "unique_viewers", interval=HOUR),
        frontrow.top_n("country", "unique_viewers").during(HOUR),
    ),
    "top_segments_filtered": (
        frontrow.top_n("segments", "viewer_hours", interval=HOUR, where={"segments": ["a", "b"], "country": "DE"}),
        frontrow.top_n("segments", "viewer_hours").where(segments=["a", "b"]).where(country="DE").during(HOUR),
    ),
    "breakdown_two": (
        frontrow.breakdown(["cdn", "isp"], ["rebuffer_ratio", "plays"], interval=HOUR, n=50),
        frontrow.breakdown("cdn", ("rebuffer_ratio", "plays")).by("isp").first(50).during(HOUR),
    ),
    "breakdown_days": (
        frontrow.breakdown(
            "title.genre",
            "viewer_hours",
            granularity="1d",
            interval="2026-11-22T23:00/2026-11-24T23:00",
            time_zone="Europe/Berlin",
            where={"country": "DE"},
        ),
        frontrow.breakdown("title.genre", "viewer_hours")
        .every("1d", "Europe/Berlin")
        .during("2026-11-22T23:00/2026-11-24T23:00")
        .where(country="DE"),
    ),
    "distribution_by": (
        frontrow.distribution(bins=[500, 1000, 2000], by="cdn", interval=HOUR),
        frontrow.distribution(bins=(500, 1000, 2000)).of_each("cdn").during(HOUR),
    ),
    "top_bounds": (
        frontrow.top_n("isp", "startup_time_p95", interval=HOUR, bounds=True),
        frontrow.top_n("isp", "startup_time_p95").bounded().during(HOUR),
    ),
    "overlap_sketch": (
        frontrow.overlap(AUDIENCES, interval=HOUR, where={"country": "DE"}),
        frontrow.overlap(AUDIENCES).where(country="DE").during(HOUR),
    ),
    "reach_sketch": (
        frontrow.reach(interval=HOUR, granularity="5m", where={"country": "DE"}),
        frontrow.reach().every("5m").where(country="DE").during(HOUR),
    ),
    "sketches_by_segments_sketch": (
        frontrow.sketches("unique_viewers", by="segments", interval=HOUR, where={"segments": ["a", "b"]}),
        frontrow.sketches("unique_viewers", by="segments").where(segments=["a", "b"]).during(HOUR),
    ),
}


@pytest.mark.parametrize("name", BOTH_FORMS)
def test_both_forms_are_one_question(name: str) -> None:
    plain, fluent = BOTH_FORMS[name]
    assert plain == fluent
    assert hash(plain) == hash(fluent)
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    for query in golden:
        query["dataSource"] = query["dataSource"].replace("aud_1", "audience")
        if not query["context"]:
            del query["context"]
    # The file has all queries; what depends on an answer is not known before.
    assert plain.to_druid() == fluent.to_druid() == golden[: len(plain.to_druid())]


def test_other_questions_differ() -> None:
    questions = [question for pair in BOTH_FORMS.values() for question in pair]
    assert len({*questions}) == len(BOTH_FORMS)
    assert frontrow.timeseries("plays") != frontrow.timeseries("plays").where(country="DE")
    assert frontrow.timeseries("plays") != "plays"


def test_every_change_is_a_copy() -> None:
    first = frontrow.timeseries("plays").last("30m")
    before = repr(first)
    changed: list[Query] = [
        first.during(HOUR),
        first.last("1h"),
        first.where(country="DE"),
        first.every("5m"),
        first.of("quality"),
        first.with_context({"priority": 1}),
        first.large(),
    ]
    assert repr(first) == before
    assert len({repr(each) for each in [first, *changed]}) == len(changed) + 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.metrics = ("attempts",)  # type: ignore[misc]
    with pytest.raises(TypeError):
        first.with_context({"a": 1}).context["b"] = 2  # type: ignore[index]


def test_every_change_of_a_slice_is_a_copy() -> None:
    breakdown, impact = frontrow.breakdown("cdn", "plays"), frontrow.impact("rebuffer_ratio", "cdn")
    distribution = frontrow.distribution()
    changed: list[Query] = [
        breakdown.by("isp"),
        breakdown.every("5m"),
        breakdown.first(5),
        breakdown.of("quality"),
        impact.by("isp"),
        impact.with_pairs(),
        impact.first(5),
        impact.of("quality"),
        distribution.of_each("cdn"),
        distribution.of_each("cdn", 3),
    ]
    before: list[Query] = [breakdown, impact, distribution]
    assert len({*before, *changed}) == len(before) + len(changed)
    assert before == [
        frontrow.breakdown("cdn", "plays"),
        frontrow.impact("rebuffer_ratio", "cdn"),
        frontrow.distribution(),
    ]


def test_conditions_join() -> None:
    question = frontrow.timeseries("plays", where=eq("country", "DE")).where(like("app_version", "7.%"), cdn=["a", "b"])
    joined = eq("country", "DE") & like("app_version", "7.%") & frontrow.one_of("cdn", ["a", "b"])
    assert question.condition == joined
    assert question.where() == question


def test_a_question_is_asked_as_often_as_wanted_about_a_new_now() -> None:
    question = frontrow.timeseries("plays").last("30m").with_context({"lane": "board"})
    with loopback(lambda _: json_reply([])) as druid, a_client(druid.url, freshness=False) as client:
        first, second = client.ask(question), client.ask(question)
    assert first.interval is not None
    assert second.interval is not None
    assert second.interval.end > first.interval.end
    assert {body["context"]["lane"] for body in druid.bodies} == {"board"}


def test_sql_and_native_are_questions_too() -> None:
    query = {"queryType": "scan", "dataSource": "audience", "intervals": [HOUR]}
    question = frontrow.native(query)
    query["dataSource"] = "other"
    assert question.to_druid()[0]["dataSource"] == "audience"
    assert frontrow.sql("SELECT ?", ["DE"]).to_druid()[0]["parameters"] == [{"type": "VARCHAR", "value": "DE"}]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: frontrow.timeseries(7), "7 is not a metric"),  # type: ignore[arg-type]
        (lambda: frontrow.timeseries("plays", interval=HOUR, last="1h"), "give one of"),
        (lambda: frontrow.timeseries("plays", where=3), "a filter is a mapping"),
        (lambda: frontrow.timeseries("plays").where("country"), "a filter is a mapping"),
        (lambda: frontrow.timeseries("plays").with_context([1]), "a context is a mapping"),  # type: ignore[arg-type]
        (lambda: frontrow.top_n(None, "plays"), "not a dimension"),  # type: ignore[arg-type]
        (lambda: frontrow.native({"a": 1}), "queryType"),
        (lambda: frontrow.sql("SELECT ?", [object()]), "parameter 1"),
        (lambda: frontrow.timeseries("plays").to_druid(), "give one of"),
        (lambda: frontrow.timeseries("playz").last("1h").to_druid(), "plays"),
        (lambda: frontrow.timeseries("plays").last("1h").every("1s").to_druid(), "whole"),
    ],
)
def test_what_makes_no_sense(make: Any, says: str) -> None:
    with pytest.raises(AskError, match=says):
        make()


def test_only_questions_are_asked() -> None:
    with loopback(lambda _: json_reply([])) as druid, a_client(druid.url) as client:
        with pytest.raises(AskError, match=r"frontrow\.timeseries"):
            client.ask("SELECT 1")  # type: ignore[arg-type]
        assert druid.requests == []
