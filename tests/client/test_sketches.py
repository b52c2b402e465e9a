"""Sketches fetched and joined in Python: against Python's sets, and what must not be joined."""

from __future__ import annotations

import builtins
import pickle
import random
from functools import reduce
from operator import or_
from typing import Any

import datasketches
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import frontrow
from frontrow import AskError, Client, HllSketch, KeyEpochsError, MissingExtraError, QuantilesSketch, ThetaSketch
from frontrow_ingest.testing import MemoryDruid
from support.clients import BARE
from support.counted_records import a_delta
from support.set_answers import check_bounds

START_MS = 1_790_000_000_000 // 60_000 * 60_000
INTERVAL = "2026-09-21/2026-09-22"


def druid_of(*events: dict[str, Any]) -> MemoryDruid:
    druid = MemoryDruid()
    druid.apply("audience", "quality", "ledger")
    druid.send("events", events)
    return druid


def came(viewer: str, minute: int = 0, **fields: Any) -> dict[str, Any]:
    ts = START_MS + minute * 60_000
    return {"ts": ts, "kind": "heartbeat", "viewer_id": viewer, "session_id": f"s{viewer}", "country": "DE", **fields}


CAME = [came("a"), came("b"), came("b", 2), came("c", 2, country="FR"), came("d", 2, country=None)]


def hll(*viewers: str, of: str = "viewer_id", lg_k: int = 12, epoch: str | None = None) -> HllSketch:
    sketch = datasketches.hll_sketch(lg_k, datasketches.tgt_hll_type.HLL_4)
    for viewer in viewers:
        sketch.update(viewer)
    return HllSketch.from_bytes(sketch.serialize_compact(), of, epoch)


def theta(*viewers: str, of: str = "viewer_id", epoch: str | None = None) -> ThetaSketch:
    sketch = datasketches.update_theta_sketch(14)
    for viewer in viewers:
        sketch.update(viewer)
    return ThetaSketch.from_bytes(sketch.compact().serialize(), of, epoch)


def quantiles(*numbers: float, k: int = 256) -> QuantilesSketch:
    sketch = datasketches.quantiles_doubles_sketch(k)
    for number in numbers:
        sketch.update(number)
    return QuantilesSketch.from_bytes(sketch.serialize(), "startup_ms")


def test_by_time_united_as_druid_unites_them() -> None:
    client = Client(transport=druid_of(*CAME), **BARE)
    for metric, kind in (("reach", ThetaSketch), ("unique_viewers", HllSketch)):
        result = client.sketches(
            metric, interval="2026-09-21T00:00/2026-09-22T00:00", granularity="1h", where={"country": ["DE", "FR"]}
        )
        found = list(result.columns[metric])
        assert len(found) == 24
        assert {type(sketch) for sketch in found} == {kind}
        assert reduce(or_, found).estimate == pytest.approx(3, abs=1e-6)
        assert {sketch.of for sketch in found} == {"viewer_id"}
        assert sum(sketch.estimate > 0 for sketch in found) == 1
    (whole,) = client.sketches("reach", interval=INTERVAL)
    assert (whole["reach"].estimate, whole["reach"].bounds()) == (4.0, (4.0, 4.0))


def test_by_a_dimension() -> None:
    client = Client(transport=druid_of(*CAME, came("a", segments=["x", "y"]), came("e", segments=["y"])), **BARE)
    rows = client.ask(frontrow.sketches("reach", by="country").during(INTERVAL))
    assert [(row["country"], row["reach"].estimate) for row in rows] == [(None, 1), ("DE", 3), ("FR", 1)]
    labels = client.sketches("reach", by="segments", interval=INTERVAL, where={"segments": "y"})
    assert [(row["segments"], row["reach"].estimate) for row in labels] == [("y", 2)]
    sessions = client.sketches("active_sessions", by="country", interval=INTERVAL)
    assert {row["active_sessions"].of for row in sessions} == {"session_id"}
    assert len(client.sketches("reach", by="country", interval="2020-01-01/2020-01-02")) == 0


def test_numbers() -> None:
    startups = [came(str(n), kind="first_frame", startup_ms=n, country="DE" if n < 400 else "FR") for n in range(1000)]
    rows = Client(transport=druid_of(*startups), **BARE).sketches("startup_time_p90", by="country", interval=INTERVAL)
    germany, france = rows.columns["startup_time_p90"]
    both = germany | france
    assert (germany.count, france.count, both.count) == (400, 600, 1000)
    assert (germany.quantile(0.5), germany.bounds(0.5)) == (199.0, (199.0, 199.0))
    low, high = both.bounds(0.9)
    assert low < 899 < high
    assert both.quantile(0.9) == pytest.approx(899, abs=15)
    assert germany.cdf([-1, 99, 199.5, 1000]) == [0, 0.25, 0.5, 1]
    nothing = QuantilesSketch.empty("startup_ms")
    assert (nothing.quantile(0.5), nothing.bounds(0.5), nothing.cdf([1]), nothing.count) == (
        None,
        (None, None),
        [None],
        0,
    )
    assert (nothing | germany).quantile(1) == 399
    with pytest.raises(AskError, match="no share"):
        germany.quantile(90)


_viewers = st.sets(st.integers(0, 60).map(str), max_size=40)


@settings(max_examples=50, deadline=None)
@given(left=_viewers, right=_viewers)
def test_joined_as_sets_are(left: set[str], right: set[str]) -> None:
    a, b = theta(*left), theta(*right)
    assert (a | b).estimate == len(left | right)
    assert (a & b).estimate == len(left & right)
    assert (a - b).estimate == len(left - right)
    assert (hll(*left) | hll(*right)).estimate == pytest.approx(len(left | right), abs=0.01)
    # What they were made of is as it was.
    assert (a.estimate, b.estimate) == (len(left), len(right))


def test_large_ones_know_their_bounds() -> None:
    kinds = ("union", "intersection", "difference", "hll")
    rows: dict[str, list[tuple[float, float, float, float]]] = {kind: [] for kind in kinds}
    for seed in range(8):
        numbers = [str(number) for number in random.Random(seed).sample(range(10**9), 60_000)]
        a, b = theta(*numbers[:40_000]), theta(*numbers[20_000:])
        found: dict[str, tuple[HllSketch | ThetaSketch, int]] = {
            "union": (a | b, 60_000),
            "intersection": (a & b, 20_000),
            "difference": (a - b, 20_000),
            "hll": (hll(*numbers), 60_000),
        }
        for name, (sketch, truth) in found.items():
            rows[name].append((sketch.estimate, *sketch.bounds(), truth))
    for each in rows.values():
        check_bounds(each, exact=False)


def test_a_small_overlap_of_large_ones_is_not_known_well() -> None:
    numbers = [str(number) for number in range(100_000)]
    a, b = theta(*numbers[:50_100]), theta(*numbers[49_900:])
    widths = [(high - low) / sketch.estimate for sketch in (a | b, a & b) for low, high in [sketch.bounds()]]
    assert widths[1] > 5 * widths[0]


@pytest.mark.parametrize("sketch", [hll("a", "b"), theta("a", "b"), quantiles(1, 2)])
def test_a_sketch_is_a_value(sketch: Any) -> None:
    again = type(sketch).from_bytes(sketch.to_bytes(), sketch.of)
    assert again == sketch == pickle.loads(pickle.dumps(sketch))  # noqa: S301 - our own
    assert len({again, sketch}) == 1
    assert sketch | sketch != sketch or isinstance(sketch, HllSketch | ThetaSketch)
    with pytest.raises(AttributeError):
        sketch.data = b""
    assert "bytes" in repr(sketch)
    assert type(sketch).empty("viewer_id").of == "viewer_id"


@pytest.mark.parametrize("data", [b"", b"\x00" * 60, b"\xff" * 60, b"no sketch at all"])
@pytest.mark.parametrize("kind", [HllSketch, ThetaSketch, QuantilesSketch])
def test_bytes_that_are_none_are_refused(kind: Any, data: bytes) -> None:
    with pytest.raises(AskError, match="are no sketch of kind"):
        kind.from_bytes(data, "viewer_id")


def test_bytes_of_another_kind_or_cut_off_are_refused() -> None:
    with pytest.raises(AskError, match="no sketch of kind theta"):
        ThetaSketch.from_bytes(hll("a").to_bytes(), "viewer_id")
    with pytest.raises(AskError, match="no sketch of kind hll"):
        HllSketch.from_bytes(theta("a").to_bytes(), "viewer_id")
    whole = theta(*map(str, range(100))).to_bytes()
    for end in range(1, len(whole), 50):
        with pytest.raises(AskError, match="no sketch"):
            ThetaSketch.from_bytes(whole[:end], "viewer_id")


def test_what_does_not_belong_together_is_refused() -> None:
    refused: list[tuple[Any, Any, str]] = [
        (theta("a"), hll("a"), "a sketch of kind theta and a hll cannot be joined"),
        (theta("a"), {"a"}, "and a set cannot be joined"),
        (hll("a"), hll("a", of="session_id"), "viewer_id and one of session_id"),
        (hll("a"), hll("a", lg_k=11), "of size 4096 and 2048"),
        (quantiles(1), quantiles(1, k=128), "of size 256 and 128"),
    ]
    for left, right, said in refused:
        with pytest.raises(AskError, match=said):
            left | right
    with pytest.raises(TypeError):
        hll("a") & hll("b")  # type: ignore[operator]
    with pytest.raises(KeyEpochsError, match="viewer keys e1 and e2"):
        theta("a", epoch="e1") & theta("a", epoch="e2")
    assert (theta("a", epoch="e1") | theta("b")).key_epoch == "e1"


def test_viewers_of_two_keys() -> None:
    druid = druid_of(*CAME)
    druid.send("ledger", [a_delta(ts=START_MS + n * 60_000, viewer_key_epoch=f"e{n}") for n in range(3)])
    client = Client(transport=druid, **BARE)
    for more in ({"granularity": "1h"}, {"by": "country"}):
        with pytest.raises(KeyEpochsError, match="more than one viewer key"):
            client.sketches("unique_viewers", interval=INTERVAL, **more)  # type: ignore[arg-type]
    minutes = [f"2026-09-21T14:{13 + n}/PT1M" for n in (0, 2)]
    first, third = (client.sketches("reach", interval=interval)[0]["reach"] for interval in minutes)
    assert (first.key_epoch, third.key_epoch) == ("e0", "e2")
    with pytest.raises(KeyEpochsError):
        first | third
    # Sessions have no pseudonyms of a key.
    assert client.sketches("active_sessions", interval=INTERVAL)[0]["active_sessions"].key_epoch is None


def test_what_has_no_sketches_is_refused() -> None:
    client = Client(transport=druid_of(*CAME), **BARE)
    asked: list[tuple[dict[str, Any], str]] = [
        ({"metric": "plays"}, "plays is not read from one sketch"),
        ({"metric": "average_view_duration"}, "not read from one sketch"),
        ({"metric": "reach", "by": "country", "granularity": "1m"}, "give one of by and granularity"),
        ({"metric": "reach", "granularity": "10s"}, "whole minutes"),
        ({"metric": "reach", "granularity": "1m"}, "more than 1,000 sketches"),
        ({"metric": "reach", "by": "cdn"}, "lacks cdn"),
        ({"metric": ["reach"]}, "name it by text"),
    ]
    for arguments, said in asked:
        with pytest.raises(AskError, match=said):
            client.sketches(**{"interval": INTERVAL, **arguments})


def test_more_values_than_can_be_answered() -> None:
    client = Client(transport=druid_of(*(came("a", content_id=f"c{number}") for number in range(1001))), **BARE)
    with pytest.raises(AskError, match="more than 1,000 values"):
        client.sketches("reach", by="content_id", interval=INTERVAL)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(transport=druid_of(*CAME), **BARE)
    found = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name == "datasketches":
            raise ModuleNotFoundError(name)
        return found(name, *rest)

    monkeypatch.setattr("importlib.import_module", missing)
    for ask in (client.sketches, lambda _, **asked: client.reach(**asked)):
        with pytest.raises(MissingExtraError, match=r"frontrow\[sketches\]"):
            ask("reach", interval="2026-09-21T14:00/2026-09-21T15:00")
