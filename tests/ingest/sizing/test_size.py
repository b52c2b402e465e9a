"""The size of a cluster: computed by hand, held to bounds, and the same in the document."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from click.testing import CliRunner

from frontrow_ingest.cli.specs import command
from frontrow_ingest.preview import preview
from frontrow_ingest.simulate import Simulation
from frontrow_ingest.sizing import Demand, Measured, Node, measured, size
from frontrow_ingest.sizing.measured import Number, PerDatasource
from frontrow_ingest.sizing.rows import occupied, stored
from frontrow_specs import rollup, rollup_names
from frontrow_specs.avro_schemas import EVENTS
from support.record_sizing import DOCUMENT, recorded

ROUND = {
    "event_bytes": 100,
    "events_per_heartbeat": 1.0,
    "plays_per_event": 0.01,
    "producer_events_per_s": 20_000,
    "fast_producer_events_per_s": 50_000,
    "collector_events_per_s": 10_000,
    "scan_rows_per_s": 10_000_000,
    "scan_sketches_per_s": 1_000_000,
}
SPECS = [name for name in rollup_names() if rollup(name).topic == EVENTS]
KNOWN = Measured(
    "a machine of round numbers",
    {name: Number(value, "", "") for name, value in ROUND.items()},
    {name: PerDatasource(task_events_per_s=100_000, row_bytes=20) for name in SPECS},
    "",
)


def test_a_service_of_a_hundred_thousand_by_hand() -> None:
    """100,000 viewers with a heartbeat every 10 s, all on one live event, one country, one of everything."""
    demand = Demand(100_000, live_share=1, titles=1, countries=1, regions=1, isps=1, devices=7, label_sets=1)
    found = size(demand, KNOWN)
    assert found.events_per_s == 10_000  # 100,000 / 10
    assert (found.producer_cores, found.fast_producer_cores, found.collector_cores) == (1, 1, 2)  # half of each used
    assert found.partitions == 1  # a task takes 100,000 / 2
    assert found.kafka_in == 1_000_000  # 10,000 x 100 bytes
    assert found.kafka_out == 6_000_000  # four datasources read it, two replicas follow
    assert found.kafka_disk == 1_000_000 * 3_600 * 8 * 3  # a day has eight such hours
    audience = next(each for each in found.datasources if each.name == "audience")
    # A minute has 100,000 sessions on 7 device types x 2 stream types: each combination is met.
    assert audience.stored.combinations == 14
    assert audience.stored.rows == audience.stored.ingested == 14 * 60
    # 100,000 / 14 are 7,143 sessions a row: the registers of HLL twice, a theta sketch that still holds all of them.
    sessions = 100_000 / 14
    row = 20 + 2 * (8 + 40 + 2_048) + 8 + 16 + 8 * sessions
    assert audience.stored.bytes == pytest.approx(840 * row)
    assert audience.kept == pytest.approx(840 * row * 240)  # 30 days of 8 hours
    assert found.slots == 8  # four datasources, each a task that reads and one that publishes
    assert found.task_cores == pytest.approx(0.4)  # four times 10,000 of 100,000
    assert found.query_cores == pytest.approx(10 * 840 * (0.5 / 1e7 + 0.5 / 1e6))
    assert found.brokers == 2
    assert found.busy_cores == pytest.approx(0.5 + 0.4 + found.query_cores)  # 10,000 of 20,000 a producer's core takes


def test_rows_are_bounded_by_sessions_and_by_combinations() -> None:
    assert occupied(10, 1e12) == pytest.approx(10)
    assert occupied(1e12, 10) == pytest.approx(10)
    assert occupied(1_000, 1_000) == pytest.approx(1_000 * (1 - 1 / math.e))
    for viewers in (10, 10_000, 10_000_000):
        found = size(Demand(viewers), KNOWN)
        for each in found.datasources:
            assert each.stored.rows <= each.stored.ingested * (1 + 1e-9)
            assert each.stored.ingested <= found.events_per_s * 3_600 * (1 + 1e-9)


def test_more_viewers_need_no_less_and_fewer_dimensions_no_more() -> None:
    sizes = [size(Demand(viewers), KNOWN) for viewers in (1_000, 100_000, 65_000_000)]
    for less, more in pairwise(sizes):
        assert less.partitions <= more.partitions
        assert less.historical_disk < more.historical_disk
        assert less.slots <= more.slots
    bare = size(Demand(65_000_000, without=("segments",)), KNOWN)
    audience = (bare.datasources[0], sizes[-1].datasources[0])
    assert audience[0].stored.rows * 10 < audience[1].stored.rows


def test_tasks_read_equally_many_partitions() -> None:
    uneven = replace(KNOWN, datasources={**KNOWN.datasources, "live": PerDatasource(70_000, 20)})
    for viewers in (1_000, 2_500_000, 7_000_000, 65_000_000):
        found = size(Demand(viewers), uneven)
        assert all(found.partitions % each.tasks == 0 for each in found.datasources)


def test_what_is_given_wins_over_what_follows_from_viewers() -> None:
    assert size(Demand(1_000, events_per_s=5_000), KNOWN).events_per_s == 5_000
    small = size(Demand(1_000, replicas=1, kafka_replicas=1, node=Node(cores=2, memory_gib=24)), KNOWN)
    assert {max(small.kafka_nodes.values()), max(small.historical_nodes.values()), small.brokers} == {1}


def test_the_rows_of_a_simulated_hour_are_near_the_models() -> None:
    """The same hour, rolled up event by event. It was not made of equally likely combinations."""
    simulation = Simulation(seed=1, viewers=150, start_ms=1_772_395_200_000, duration_s=3_600)
    events = list(simulation.events())
    demand = Demand(
        1,
        events_per_s=len(events) / 3_600,
        titles=200,
        countries=8,
        regions=2,
        isps=1,
        cdns=3,
        devices=11,
        label_sets=57,
    )
    for name in SPECS:
        real = preview(rollup(name), events).count.rows
        said = stored(rollup(name), demand, KNOWN, 1).rows
        assert 0.8 * real <= said <= 2 * real, (name, real, said)


def test_every_constant_says_where_it_comes_from() -> None:
    known = measured()
    assert set(known.numbers) == set(ROUND)
    assert set(known.datasources) == set(SPECS)
    for number in known.numbers.values():
        assert number.value > 0
        assert number.unit
        assert number.by.startswith("python -m tests.bench ")


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(command, ["size", *map(str, arguments)])


def test_the_command() -> None:
    answer = run("--viewers", 65_000_000)
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("65,000,000 viewers at one time, ")
    found = json.loads(run("--viewers", 1_000, "--one-machine", "--cores", 2, "--without", "segments", "--json").output)
    assert (found["demand"]["replicas"], found["demand"]["node"]["cores"]) == (1, 2)
    assert found["demand"]["without"] == ["segments"]
    assert {each["name"] for each in found["datasources"]} == set(SPECS)


def test_what_cannot_be_is_refused() -> None:
    assert run().exit_code == 2
    assert run("--viewers", 0).exit_code == 2
    assert "no spec has colour" in run("--viewers", 10, "--without", "colour").output


def test_the_document_shows_what_the_command_says() -> None:
    text = DOCUMENT.read_text()
    assert text.count("$ frontrow specs size") == 2
    assert recorded(text) == text
