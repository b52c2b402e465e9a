"""A client with a cache: its answers, what they say of it, and who is answered from it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest

from frontrow import AskError, AsyncClient, Cache, CacheUse, Client, Interval
from frontrow._cache.askers import asker_of
from frontrow._http.tls import Tls
from frontrow._http.transport import Transport
from support.cached_world import CountingDruid
from support.viewing_events import an_event

METRICS = ["plays", "unique_viewers", "peak_concurrent_viewers", "startup_time_p95"]
URL = "http://127.0.0.1:1"
OPEN = {"min_audience": 0}


# Within the last two hours, at a moment that is on no edge: 17 minutes, 23 seconds and a half.
NOW = datetime.now(UTC).replace(minute=17, second=23, microsecond=500_000) - timedelta(hours=1)


class Clock(datetime):
    """Stands still unless a test moves it: however long a test takes, its questions are of one moment."""

    moment = NOW

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return cls.moment.astimezone(tz)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clock, "moment", NOW)
    monkeypatch.setattr("frontrow._session.datetime", Clock)
    monkeypatch.setattr("frontrow._cache.cache.now_ms", lambda: int(Clock.moment.timestamp() * 1000))


@pytest.fixture
def druid() -> CountingDruid:
    druid = CountingDruid()
    druid.apply("audience", "quality", "ledger", "retention")
    now = int(NOW.timestamp() * 1000)
    kinds = ("first_frame", "heartbeat", "attempt")
    druid.send(
        "events",
        [an_event(ts=now - number * 7_000, seq=number, kind=kinds[number % 3]) for number in range(600)],
    )
    return druid


def test_an_answer_says_what_came_from_it(druid: CountingDruid) -> None:
    with Client(transport=druid, cache=Cache(), **OPEN) as client, Client(transport=druid, **OPEN) as plain:
        hour = client.timeseries("plays", last="1h").interval
        assert hour is not None
        interval = Interval(hour.start - timedelta(minutes=10), hour.end - timedelta(minutes=10))
        first = client.timeseries(METRICS, interval=interval)
        druid.queries.clear()
        Clock.moment += timedelta(seconds=1)
        again = client.timeseries(METRICS, interval=interval)
        assert again == first == plain.timeseries(METRICS, interval=interval)
        assert isinstance(first.cache, CacheUse)
        assert isinstance(again.cache, CacheUse)
        assert again.cache.from_cache == again.cache.buckets == first.cache.buckets >= 120
        assert f"{again.cache.buckets} of {again.cache.buckets} from cache" in str(again)
        assert "nothing from cache" in str(first)
        assert again.freshness is not None
        assert first.freshness is not None
        assert again.freshness.newest == first.freshness.newest
        assert again.freshness.age > first.freshness.age
        assert again.query == first.query
        assert plain.timeseries("plays", last="1h").cache is None


def test_the_time_up_to_now_ends_at_a_whole_five_seconds(druid: CountingDruid) -> None:
    with Client(transport=druid, cache=Cache(), **OPEN) as client:
        for result in (client.timeseries("plays", last="1h"), client.top_n("cdn", "plays", last="1h")):
            assert result.interval is not None
            end = result.interval.end
            assert end == NOW.replace(second=20, microsecond=0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.top_n("country", METRICS[:3], last="1h"),
        lambda client: client.top_n("segments", "plays", last="1h"),
        lambda client: client.timeseries(METRICS, last="1h", granularity="all"),
        lambda client: client.retention("title-17", by="minute", last="3h"),
        lambda client: client.timeseries(METRICS, last="1h", settled=True),
        lambda client: client.native({"queryType": "topN", "dataSource": "audience", "granularity": "all",
            "dimension": "country", "metric": "n", "threshold": 3, "intervals": "2020-01-01/2040-01-01",
            "aggregations": [{"type": "longSum", "name": "n", "fieldName": "count"}]}, allow_large=True),
    ],
)  # fmt: skip
def test_every_kind_is_kept(druid: CountingDruid, ask: Any) -> None:
    with Client(transport=druid, cache=Cache(), **OPEN) as client:
        first, again = ask(client), ask(client)
        assert again == first
        assert len(first) > 0
        assert again.cache.from_cache == again.cache.buckets > 0


def test_without_freshness_there_is_none(druid: CountingDruid) -> None:
    with Client(transport=druid, cache=Cache(), freshness=False, **OPEN) as client:
        assert client.timeseries("plays", last="1h").freshness is None


def test_what_must_be_of_now_is_not_kept(druid: CountingDruid) -> None:
    with Client(transport=druid, cache=Cache(), **OPEN) as client:
        for ask in (lambda: client.ledger(last="1h"), lambda: client.freshness()):
            ask()
            druid.queries.clear()
            ask()
            assert druid.queries


class TestAskers:
    def asker(self, tls: Tls | None = None, **options: Any) -> str:
        return asker_of(Transport(options.pop("url", URL), **options), tls)

    def test_the_same_user_or_token_in_every_process(self) -> None:
        assert self.asker() == self.asker()
        assert self.asker(auth=("ann", "a")) == self.asker(auth=("ann", "b")) == self.asker(url="http://ann:c@x")
        assert self.asker(token="abc") == self.asker(token="abc")

    def test_another_one_is_another(self) -> None:
        found = [self.asker(), self.asker(auth=("ann", "a")), self.asker(auth=("bob", "a")), self.asker(token="abc")]
        found += [self.asker(token="abd"), self.asker(tls=Tls(certificate="ann.pem")), self.asker(token=lambda: "abc")]
        found += [self.asker(token=lambda: "abc")]
        assert len(set(found)) == len(found)

    def test_a_function_or_a_transport_is_known_by_itself(self) -> None:
        def token() -> str:
            return "abc"

        assert self.asker(token=token) == self.asker(token=token)
        druid, other = CountingDruid(), CountingDruid()
        assert asker_of(druid, None) == asker_of(druid, None) != asker_of(other, None)

    def test_it_is_no_credential(self) -> None:
        options: list[dict[str, Any]] = [{"auth": ("ann", "s3cret")}, {"token": "s3cret"}, {"token": lambda: "s3cret"}]
        for each in options:
            assert "s3cret" not in self.asker(**each)

    @pytest.mark.parametrize("across", [False, True])
    def test_who_is_answered_from_it(self, across: bool) -> None:
        cache = Cache(across_credentials=across)
        scopes = [cache._scope(URL, self.asker(auth=(user, "x"))) for user in ("ann", "bob")]
        assert (scopes[0] == scopes[1]) is across
        assert cache._scope(URL, "") != cache._scope("http://127.0.0.1:2", "")


def test_two_clients_share_a_cache(druid: CountingDruid) -> None:
    cache = Cache()
    with Client(transport=druid, cache=cache, **OPEN) as one, Client(transport=druid, cache=cache, **OPEN) as other:
        first = one.timeseries("plays", last="1h")
        again = other.timeseries("plays", interval=first.interval)
        assert again.cache is not None
        assert first.interval is not None
        # An interval is of whole minutes, where the last one was cut before.
        assert again.cache.from_cache == len(again) - 1
        cache.clear()
        later = other.timeseries("plays", interval=first.interval)
        assert later.cache is not None
        assert later.cache.from_cache == 0


def test_the_asynchronous_client_asks_once_for_many(druid: CountingDruid) -> None:
    async def ask() -> list[Any]:
        async with AsyncClient(transport=druid, cache=Cache(), completeness=False, **OPEN) as client:
            start = NOW.replace(microsecond=0) - timedelta(minutes=40)
            question = {"interval": (start, start + timedelta(minutes=20))}
            return await asyncio.gather(*(client.timeseries("plays", **question) for _ in range(8)))

    found = asyncio.run(ask())
    assert all(each == found[0] for each in found)
    assert len(druid.asked()) == 1


@pytest.mark.parametrize("size", [0, -1, 1000, 1.5, "1", None])
def test_a_size_that_is_none(size: Any) -> None:
    with pytest.raises(AskError, match="bytes"):
        Cache(size=size)


def test_what_is_no_cache() -> None:
    wrong: Any = {}
    with pytest.raises(AskError, match="Cache"):
        Client(URL, cache=wrong)


@pytest.mark.parametrize(("package", "make"), [("cachetools", "Cache()"), ("diskcache", "Cache('x')")])
def test_without_the_extra(package: str, make: str) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "import frontrow\n"
        f"try: frontrow.{make}\n"
        "except frontrow.MissingExtraError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.strip() == f"this needs {package}: pip install 'frontrow[cache]'"


def test_what_goes_before_a_question_is_shared_too(druid: CountingDruid) -> None:
    """Key epochs and completeness: a second client asks Druid for nothing."""
    now = int(NOW.timestamp() * 1000)
    told = {"ts": now - 900_000, "emitted_ts": now - 500_000, "producer": "p", "run": "r", "schema_id": 1, "sent": 9}
    druid.send("ledger", [told, {**told, "ts": now - 600_000}])
    moments = [datetime.fromtimestamp(now // 60_000 * 60 - back * 60, UTC) for back in (20, 9)]
    question: dict[str, Any] = {"interval": (moments[0], moments[1])}
    cache = Cache()
    with Client(transport=druid, cache=cache, **OPEN) as one, Client(transport=druid, cache=cache, **OPEN) as other:
        first = one.timeseries("unique_viewers", **question)
        druid.queries.clear()
        again = other.timeseries("unique_viewers", **question)
    assert druid.queries == []
    assert again == first
    assert again.completeness == first.completeness
    assert again.completeness.sent == 18
