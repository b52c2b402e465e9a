"""What a Druid does with compaction, retention and questions about storage. A subclass gives the Druid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from frontrow_ingest.druid import Storage, Unused, Upkeeping
from frontrow_ingest.errors import UpkeepError
from frontrow_specs import rollup, rollup_names
from support.waiting import until

from .druid_lookups import SEEN, client_of
from .druid_world import Harness


class UpkeepBehaviour:
    """The suite, in order, over rows of running tasks. A fixture ``harness`` of the module's scope says which Druid."""

    @pytest.fixture(scope="class")
    @classmethod
    def name(cls, harness: Harness) -> str:
        client_of(harness)
        return harness.datasource("audience")

    @pytest.fixture
    def storage(self, harness: Harness) -> Storage:
        return Storage(harness.transport)

    @pytest.fixture
    def upkeeping(self, harness: Harness) -> Upkeeping:
        return Upkeeping(harness.transport)

    def test_a_datasource_nobody_keeps(self, storage: Storage, name: str) -> None:
        # The Coordinator hears of a task's segment a moment later than the Broker.
        until("the Coordinator to know the segment", lambda: storage.stored(name).segments)
        stored = storage.stored(name)
        assert (stored.events, stored.rows) == (sum(SEEN.values()), 7)
        assert stored.ratio == sum(SEEN.values()) / 7
        assert (stored.segments, stored.bytes) == (1, 0)
        assert (stored.compaction, stored.last_compaction) == ("", None)
        assert stored.retention == "forever, by default"

    def test_an_unknown_datasource_is_nothing(self, storage: Storage, upkeeping: Upkeeping) -> None:
        stored = storage.stored("no_such_datasource")
        assert (stored.events, stored.rows, stored.segments, stored.bytes, stored.ratio) == (0, 0, 0, 0, None)
        assert upkeeping.unused("no_such_datasource", for_at_least=timedelta(0)) == Unused(0, 0)
        assert upkeeping.purge("no_such_datasource", for_at_least=timedelta(0)) == Unused(0, 0)

    def test_copies_follow_the_clusters_default_rule(self, upkeeping: Upkeeping) -> None:
        assert upkeeping.default_replicas() == {"_default_tier": 1}

    def test_columns_that_compaction_would_drop_are_told(
        self, storage: Storage, upkeeping: Upkeeping, name: str
    ) -> None:
        whole = rollup("audience")
        assert upkeeping.lost_columns(whole, name) == []
        less = replace(whole, dimensions=whole.dimensions[:-1], metrics=whole.metrics[:-1])
        assert upkeeping.lost_columns(less, name) == ["segments", "viewers_theta"]
        with pytest.raises(
            UpkeepError, match=r"would drop segments, viewers_theta from older segments of .*--drop-col"
        ):
            upkeeping.apply(less, name)
        assert storage.stored(name).compaction == ""

    def test_what_is_applied_is_told(self, storage: Storage, upkeeping: Upkeeping, name: str) -> None:
        """Last, because it changes how the datasource is kept. Druid takes every aggregator of the specs."""
        for spec in rollup_names():
            # Druid takes an upkeep of what does not exist yet, too.
            upkeeping.apply(rollup(spec), f"{name}_{spec}")
            assert storage.stored(f"{name}_{spec}").compaction == "2 h behind"
        audience = rollup("audience")
        century = replace(audience, compact_after_hours=48, keep_hours=24 * 36_500)
        upkeeping.apply(century, name, replicas={"_default_tier": 2})
        stored = storage.stored(name)
        assert (stored.compaction, stored.retention) == ("2 d behind", "36500 d, 2 copies")
        upkeeping.apply(replace(audience, compact_after_hours=1), name)
        stored = storage.stored(name)
        assert (stored.compaction, stored.retention) == ("1 h behind", "forever")
        for _ in range(2):
            upkeeping.apply(replace(audience, compact_after_hours=None), name)
            assert storage.stored(name).compaction == ""
