"""The queries that an operator keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from frontrow_specs.console.query import UNSEEN_BY_SQL, ConsoleQuery
from frontrow_specs.console.sql import selected
from frontrow_specs.druid_json import SKETCHES
from frontrow_specs.errors import SpecNotFound
from frontrow_specs.files import near

TITLE = "your-title"
_MINUTE_MS = 60_000
_EVER = "2000-01-01/2100-01-01"


def console_queries(*, datasources: Mapping[str, str] | None = None, title: str = TITLE) -> list[ConsoleQuery]:
    """Every query.

    Args:
        datasources: Druid's name of a spec's datasource where it differs
        title: whose retention is asked for
    """
    names = datasources or {}

    def of(spec: str) -> str:
        return names.get(spec, spec)

    return [
        _by_time(
            "concurrency_now",
            "Concurrent viewers of the last 15 minutes, by ten seconds, with who came and went. Players report every "
            "ten seconds or so: the newest two steps are still filling up.",
            of("live"),
            ("concurrent_viewers", "attempts", "plays", "ended_plays"),
            bucket=("PT10S", 10_000),
            last="15' MINUTE",
        ),
        _top(
            "top_titles",
            "The most watched titles of the last hour.",
            of("audience"),
            "content_id",
            ("viewer_hours", "plays", "attempts", "average_view_duration"),
        ),
        _top(
            "worst_cdns",
            "CDNs of the last hour, the one with the most rebuffering first.",
            of("quality"),
            "cdn",
            ("rebuffer_ratio", "start_failure_rate", "playback_failure_rate", "average_bitrate", "plays"),
        ),
        _top(
            "rebuffering_by_device",
            "Rebuffering of the last hour by class of device, with and without the stalls that a seek caused.",
            of("quality"),
            "device_type",
            ("rebuffer_ratio", "connection_rebuffer_ratio", "rebuffer_ms", "plays"),
        ),
        _by_time(
            "startup_percentiles",
            "Start-up times of the last hour by five minutes: half of the plays, 90, 95 and 99 of 100 began within.",
            of("quality"),
            ("startup_time_p50", "startup_time_p90", "startup_time_p95", "startup_time_p99", "plays"),
            bucket=("PT5M", 5 * _MINUTE_MS),
        ),
        _by_time(
            "exits_per_minute",
            "Who left in each minute of the last hour: all sessions, plays that ended, and those that failed or gave "
            "up before they began.",
            of("audience"),
            ("exits", "tune_out", "tune_in", "playback_failures", "start_failures", "exits_before_start"),
            bucket=("PT1M", _MINUTE_MS),
        ),
        _retention(of("retention"), title),
        _drop_off(of("retention"), title),
        _viewers(of("audience")),
        _quarantine(of("quarantine")),
        _completeness(of("ledger"), of("audience")),
        ConsoleQuery(
            "freshness",
            "How new the newest event is that can be asked for, to the millisecond while a task reads; of what was "
            "handed off, to the row.",
            "json",
            {"queryType": "dataSourceMetadata", "dataSource": of("live")},
            why_native="Native, because SQL knows only the time of the row.",
        ),
    ]


def console_query(name: str, **how: Any) -> ConsoleQuery:
    """One query by its name; see :func:`console_queries`.

    Raises:
        SpecNotFound: answers with the near names
    """
    found = {query.name: query for query in console_queries(**how)}
    if name not in found:
        raise SpecNotFound(f"no query {name!r}: {near(name, found)}")
    return found[name]


def _by_time(
    name: str, answers: str, datasource: str, metrics: Sequence[str], *, bucket: tuple[str, int], last: str = "1' HOUR"
) -> ConsoleQuery:
    period, length_ms = bucket
    items = [f"TIME_FLOOR(__time, '{period}') AS \"time\"", *selected(metrics, length_ms)]
    return ConsoleQuery(name, answers, "sql", _select(items, datasource, last, "GROUP BY 1\nORDER BY 1 DESC"))


def _top(name: str, answers: str, datasource: str, dimension: str, metrics: Sequence[str]) -> ConsoleQuery:
    """Ranked by the first metric; SQL puts null last."""
    items = [f'"{dimension}"', *selected(metrics)]
    return ConsoleQuery(
        name, answers, "sql", _select(items, datasource, "1' HOUR", "GROUP BY 1\nORDER BY 2 DESC\nLIMIT 20")
    )


def _quarantine(datasource: str) -> ConsoleQuery:
    items = [
        *(f'"{name}"' for name in ("reason", "stage", "field")),
        *selected(("quarantined", "replayed", "quarantine_open")),
    ]
    tail = "GROUP BY 1, 2, 3\nORDER BY 4 DESC\nLIMIT 50"
    answers = (
        "What was refused in the last day, why and where, and how much of it was replayed. As long as nothing was ever "
        "refused, Druid knows no such table and says so."
    )
    return ConsoleQuery("quarantine_by_reason", answers, "sql", _select(items, datasource, "1' DAY", tail))


def _completeness(ledger: str, audience: str) -> ConsoleQuery:
    """The two sides by minute, for the minutes that the ledger knows of."""

    def minutes(metric: str, datasource: str) -> str:
        items = ["TIME_FLOOR(__time, 'PT1M') AS \"time\"", *selected((metric,))]
        return "(\n" + _indented(_select(items, datasource, "1' HOUR", "GROUP BY 1")) + "\n)"

    body = "\n".join(
        [
            "SELECT",
            '  l."time",',
            '  SUM(l."sent") AS "sent",',
            '  COALESCE(SUM(a."events"), 0) AS "queryable",',
            '  COALESCE(SUM(a."events"), 0) * 1.0 / NULLIF(SUM(l."sent"), 0) AS "completeness"',
            f"FROM {minutes('sent', ledger)} AS l",
            f"LEFT JOIN {minutes('events', audience)} AS a",
            'ON l."time" = a."time"',
            # Druid orders groups, but not the rows of a join.
            "GROUP BY 1",
            "ORDER BY 1 DESC",
        ]
    )
    answers = (
        "Events that producers say they sent, and those that can be asked for, in each minute of the last hour that a "
        "ledger covers. The newest minutes are still on their way; events of producers that write no ledger can make "
        "it more than 1. What was refused is in quarantine_by_reason."
    )
    return ConsoleQuery("ledger_completeness", answers, "sql", body)


def _select(items: Sequence[str], datasource: str, last: str, tail: str) -> str:
    columns = ",\n".join(f"  {item}" for item in items)
    return f'SELECT\n{columns}\nFROM "{datasource}"\nWHERE __time >= CURRENT_TIMESTAMP - INTERVAL \'{last}\n{tail}'


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))


def _retention(datasource: str, title: str) -> ConsoleQuery:
    answers = (
        "How many sessions played each hundredth of a title, or each minute of a live event. Put the title in the "
        f"place of {TITLE}, and narrow the interval. The row without a position holds all that reported anything else."
    )
    body = {
        "queryType": "groupBy",
        **_of_title(datasource, title),
        "granularity": "all",
        "dimensions": ["position_is", "position"],
        "aggregations": [_sessions("position_sessions")],
        "limitSpec": {
            "type": "default",
            "columns": ["position_is", {"dimension": "position", "dimensionOrder": "numeric"}],
        },
    }
    return ConsoleQuery("retention_of_a_title", answers, "json", body, UNSEEN_BY_SQL)


def _drop_off(datasource: str, title: str) -> ConsoleQuery:
    answers = (
        "How many sessions came at least so far in a title, by tenths of its length. Put the title in the place of "
        f"{TITLE}, and narrow the interval."
    )
    in_percent = {"type": "selector", "dimension": "position_is", "value": "percent"}
    body = {
        "queryType": "timeseries",
        **_of_title(datasource, title),
        "granularity": "all",
        "aggregations": [
            {
                "type": "filtered",
                "filter": {"type": "and", "fields": [in_percent, _from(tenth * 10)]},
                "aggregator": _sessions(f"from_{tenth * 10:02d}"),
            }
            for tenth in range(10)
        ],
    }
    return ConsoleQuery("drop_off_of_a_title", answers, "json", body, UNSEEN_BY_SQL)


def _viewers(datasource: str) -> ConsoleQuery:
    body = {
        "queryType": "topN",
        "dataSource": datasource,
        "intervals": [_EVER],
        "granularity": "all",
        "dimension": "content_id",
        "metric": "unique_viewers",
        "threshold": 20,
        "aggregations": [
            {
                "type": "HLLSketchMerge",
                "name": "unique_viewers",
                "fieldName": "viewers_hll",
                **{key: SKETCHES["HLLSketchBuild"][key] for key in ("lgK", "tgtHllType")},
            },
            {"type": "longSum", "name": "plays", "fieldName": "plays"},
        ],
    }
    answers = "The titles with the most distinct viewers, about 1.6 % exact. Narrow the interval to the time you mean."
    return ConsoleQuery("viewers_by_title", answers, "json", body, UNSEEN_BY_SQL)


def _of_title(datasource: str, title: str) -> dict[str, Any]:
    return {
        "dataSource": datasource,
        "intervals": [_EVER],
        "filter": {"type": "selector", "dimension": "content_id", "value": title},
    }


def _from(position: int) -> dict[str, Any]:
    return {"type": "bound", "dimension": "position", "lower": str(position), "ordering": "numeric"}


def _sessions(name: str) -> dict[str, Any]:
    return {"type": "thetaSketch", "name": name, "fieldName": "sessions_theta", **SKETCHES["thetaSketch"]}
