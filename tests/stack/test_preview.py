"""A preview's rows are real Druid's rows of the same events, and its bytes are near those of the real segments."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.published import Published, await_published
from frontrow_ingest.cli.specs_preview import command
from frontrow_ingest.contract import encode_unchecked
from frontrow_ingest.druid import Supervisors
from frontrow_ingest.preview import Preview, preview
from frontrow_ingest.simulate import Simulation
from frontrow_specs import rollup, rollup_names
from support.other_records import deltas, encoded_as, refusals
from support.supervised_topic import SupervisedTopic, supervised_topic

from .conftest import StackUrls

pytestmark = [pytest.mark.stack, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
START_MS = int(datetime(2026, 3, 1, 20, 25, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000
TOLERANCE = 0.02
"""How far the estimate of a segment's bytes may be off, as a share; and half a kilobyte besides."""


@cache
def records() -> dict[str, list[dict[str, Any]]]:
    """An hour of each topic that lies in two hours of the clock."""
    simulation = Simulation(seed=3, viewers=100, start_ms=START_MS, duration_s=3_600, end_open=True)
    return {
        "events": list(simulation.events()),
        "quarantine": refusals(2_000, START_MS, over_ms=HOUR_MS),
        "ledger": deltas(2_000, START_MS, over_ms=HOUR_MS),
    }


@cache
def previewed(spec: str) -> Preview:
    return preview(rollup(spec), records()[rollup(spec).topic])


@pytest.fixture(scope="module")
def topics(stack: StackUrls, fresh_name: Callable[[str], str]) -> Iterator[dict[str, SupervisedTopic]]:
    """The records in Kafka, a topic of one partition each."""
    with ExitStack() as opened:
        made = {}
        for name, found in records().items():
            topic = opened.enter_context(supervised_topic(stack.router_url, stack.bootstrap, fresh_name(f"pv_{name}")))
            topic.send([encode_unchecked(event) for event in found] if name == "events" else encoded_as(name, found))
            made[name] = topic
        yield made


@pytest.fixture(scope="module")
def segments(topics: dict[str, SupervisedTopic], stack: StackUrls) -> Iterator[dict[str, list[Published]]]:
    """What one task of each spec has published."""
    from frontrow._http.transport import Transport

    names = {spec: f"{topics[rollup(spec).topic].name}_{spec}" for spec in rollup_names()}
    with Transport(stack.router_url) as transport:
        supervisors = Supervisors(transport)
        try:
            for spec, name in names.items():
                topic = topics[rollup(spec).topic].name
                supervisors.submit(rollup(spec).supervisor(bootstrap=stack.bootstrap, topic=topic, datasource=name))
            for spec, name in names.items():
                supervisors.await_ingesting(name, deadline_s=300)
                supervisors.await_read(name, {0: len(records()[rollup(spec).topic])}, deadline_s=300)
            for name in names.values():
                supervisors.terminate(name)  # what was read is published
            counts = {spec: previewed(spec).count.events for spec in names}
            yield {spec: await_published(transport, name, counts[spec], 300) for spec, name in names.items()}
        finally:
            for spec, name in names.items():
                topics[rollup(spec).topic].end(name)


@pytest.mark.parametrize("spec", rollup_names())
def test_rows_are_druids(segments: dict[str, list[Published]], spec: str) -> None:
    made = previewed(spec)
    assert len(segments[spec]) == len(made.segments) == 2
    assert sum(each.rows for each in segments[spec]) == made.count.rows
    assert made.count.events == len(records()[rollup(spec).topic])


@pytest.mark.parametrize("spec", rollup_names())
def test_bytes_are_near_druids(segments: dict[str, list[Published]], spec: str) -> None:
    for found, estimated in zip(segments[spec], previewed(spec).segments.values(), strict=True):
        assert estimated == pytest.approx(found.bytes, rel=TOLERANCE, abs=500), (found, estimated)


def test_a_topic_is_previewed_as_a_file_is(
    topics: dict[str, SupervisedTopic], stack: StackUrls, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(json.dumps(event) for event in records()["events"]))
    asked = [["--sample", str(file)], ["--topic", topics["events"].name, "--bootstrap", stack.bootstrap]]
    found = []
    for source in asked:
        answer = CliRunner().invoke(command, ["audience", *source, "--json"])
        assert answer.exit_code == 0, answer.output
        found.append({**json.loads(answer.output), "sample": None})
    assert found[0] == found[1]
    newest = CliRunner().invoke(command, ["audience", *asked[1], "--last", "100", "--json"])
    assert json.loads(newest.output)["events"] == 100
