"""Native queries over the suite's small day, and what Druid 33 answers; both to the letter."""

from __future__ import annotations

from typing import Any

from .druid_queries import (
    BERLIN,
    COUNT,
    FIRST,
    LARGEST,
    NOWHERE,
    PLAY,
    SKIP,
    STARTS,
    Json,
    at,
    counted,
    expression,
    group,
    grouped,
    histogram,
    is_,
    labels,
    listed,
    not_,
    ordered,
    quantile,
    ranked,
    timeseries,
    top,
)

EXPRESSIONS: dict[str, Any] = {
    "p / 7": 2142,
    "p * 1.0 / 8": 1875.0,
    "p / 0.0": "Infinity",
    "-p / 0.0": "-Infinity",
    "0.0 / 0": "NaN",
    "p % 7": 6,
    "-7 / 2": -3,
    "-7 % 2": -1,
    "1 + 2 * 3": 7,
    "2 - 1 - 1": 0,
    "p == 15000": 1,
    "p != 15000": 0,
    "p > 3 && n < 2": 0,
    "p > 3 || n < 2": 1,
    "!(p > 3)": 0,
    "abs(-3)": 3,
    "if(n == 8, p, null)": 15_000,
    "if(none == 1, 1, 2)": 2,
    "isnull(none)": 1,
    "nvl(none, 5)": 5,
    "none + 1": None,
    "none && 0": 0,
    "none || 1": 1,
    "9223372036854775807 + 1": -(2**63),
    "'a' < 'b'": 1,
}

NATIVE: dict[str, tuple[str, Json, Any]] = {
    "all": ("audience", timeseries(), counted(("10:00", 8))),
    "hours": ("audience", timeseries(granularity="hour"), counted(("10:00", 7), ("12:00", 1))),
    "minutes, empty ones within a segment": (
        "audience",
        timeseries(granularity="minute"),
        counted(("10:00", 4), ("10:01", 1), ("10:02", None), ("10:03", 2), ("12:05", 1)),
    ),
    "minutes, no empty ones": (
        "audience",
        timeseries(granularity="minute", **SKIP),
        counted(("10:00", 4), ("10:01", 1), ("10:03", 2), ("12:05", 1)),
    ),
    "downwards": (
        "audience",
        timeseries(granularity="minute", descending=True, limit=2, **SKIP),
        counted(("12:05", 1), ("10:03", 2)),
    ),
    "hours of a time zone": (
        "audience",
        timeseries(granularity=BERLIN),
        counted(("12:00 +02:00", 7), ("14:00 +02:00", 1)),
    ),
    "a part of a bucket": (
        "audience",
        timeseries(granularity="hour", intervals=["2026-05-01T10:01/2026-05-01T10:03"]),
        counted(("10:00", 1)),
    ),
    "intervals that overlap": (
        "audience",
        timeseries(intervals=["2026-05-01T10:00/PT2M", "2026-05-01T10:01/2026-05-01T13:00"]),
        counted(("10:00", 8)),
    ),
    "no row fits": ("audience", timeseries(filter=NOWHERE), counted(("10:00", None))),
    "no row fits, no empty ones": ("audience", timeseries(filter=NOWHERE, **SKIP), []),
    "no row fits, by the hour": (
        "audience",
        timeseries(filter=NOWHERE, granularity="hour"),
        counted(("10:00", None), ("12:00", None)),
    ),
    "named after the first segment with a row": (
        "audience",
        timeseries(filter=is_("country", "AT"), **SKIP),
        counted(("12:05", 1)),
    ),
    "no segment": (
        "audience",
        timeseries(intervals=["2020/2021"]),
        [{"timestamp": "2020-01-01T00:00:00.000Z", "result": {"n": None}}],
    ),
    "no datasource": ("audience", timeseries(dataSource="no_such_datasource"), counted(("00:00", None))),
    "top": ("audience", top("country"), [ranked("country", ("DE", 6), ("AT", 1), ("FR", 1))]),
    "top, null among them": ("audience", top("event_id"), [ranked("event_id", ("final-2026", 7), (None, 1))]),
    "top of the smallest": (
        "audience",
        top("country", metric={"type": "inverted", "metric": "n"}),
        [ranked("country", ("AT", 1), ("FR", 1), ("DE", 6))],
    ),
    "top by name": (
        "audience",
        top("event_id", metric={"type": "dimension"}),
        [ranked("event_id", (None, 1), ("final-2026", 7))],
    ),
    "top of labels: null only where no row has several": (
        "audience",
        top("segments", granularity="hour"),
        [
            ranked("segments", ("b", 3), ("a", 2), ("c", 2)),
            ranked("segments", (None, 1), time=at("12:00")),
        ],
    ),
    "top of labels, of the rows without any": (
        "audience",
        top("segments", filter=is_("segments", None)),
        [ranked("segments", (None, 1))],
    ),
    "top, at most": ("audience", top("segments", threshold=1), [ranked("segments", ("b", 3))]),
    "top of some labels": ("audience", top(listed(["a"])), [ranked("s", ("a", 2))]),
    "top of nothing": ("audience", top("country", filter=NOWHERE), [ranked("country")]),
    "top of nothing, by the hour": (
        "audience",
        top("country", filter=is_("country", "AT"), granularity="hour"),
        [ranked("country"), ranked("country", ("AT", 1), time=at("12:00"))],
    ),
    "top of no datasource": ("audience", top("country", dataSource="no_such_datasource"), []),
    "top, null behind all": (
        "quality",
        top("app_version", metric="x", postAggregations=[expression("if(n > 1, n, null)")]),
        [
            {
                "timestamp": FIRST,
                "result": [{"app_version": "7.1.0", "n": 4, "x": 4}]
                + [{"app_version": version, "n": 1, "x": None} for version in (None, "10.5", "9", "beta")],
            }
        ],
    ),
    "top, not a number before all": (
        "quality",
        top("app_version", metric="q0.5", aggregations=[STARTS], postAggregations=[quantile(0.5)]),
        [
            {
                "timestamp": FIRST,
                "result": [
                    {"app_version": version, "s": 0 if value == "NaN" else 1, "q0.5": value}
                    for version, value in zip(
                        (None, "10.5", "9", "7.1.0", "beta"), ("NaN", "NaN", 900.0, 400.0, 100.0), strict=True
                    )
                ],
            }
        ],
    ),
    "groups": (
        "audience",
        group(["country"]),
        grouped({"country": "AT", "n": 1}, {"country": "DE", "n": 6}, {"country": "FR", "n": 1}),
    ),
    "groups of labels": ("audience", group(["segments"]), labels((None, 3), ("a", 2), ("b", 3), ("c", 2))),
    "groups of two": (
        "audience",
        group(["country", "segments"], filter=is_("country", "FR")),
        grouped({"country": "FR", "segments": "a", "n": 1}, {"country": "FR", "segments": "b", "n": 1}),
    ),
    "groups by the hour": (
        "audience",
        group([], granularity="hour"),
        grouped({"n": 7}, time=FIRST) + grouped({"n": 1}, time=at("12:00")),
    ),
    "groups as arrays": (
        "audience",
        group(["country"], granularity="hour", context={"resultAsArray": True}),
        [[1_777_629_600_000, "DE", 6], [1_777_629_600_000, "FR", 1], [1_777_636_800_000, "AT", 1]],
    ),
    "one group of nothing": ("audience", group([], filter=NOWHERE), grouped({"n": None})),
    "no group of nothing": ("audience", group(["country"], filter=NOWHERE), []),
    "no group by the hour": ("audience", group([], filter=NOWHERE, granularity="hour"), []),
    "groups of some labels": ("audience", group([listed(["a"])]), labels((None, 6), ("a", 2), name="s")),
    "groups without some labels": (
        "audience",
        group([listed(["a"], isWhitelist=False)]),
        labels((None, 3), ("b", 3), ("c", 2), name="s"),
    ),
    "largest groups": (
        "audience",
        group(["segments"], **ordered(LARGEST, limit=2)),
        labels((None, 3), ("b", 3)),
    ),
    "smallest groups": (
        "audience",
        group(["segments"], **ordered("n")),
        labels(("a", 2), ("c", 2), (None, 3), ("b", 3)),
    ),
    "groups by name, downwards": (
        "audience",
        group(["segments"], **ordered({"dimension": "segments", "direction": "descending"})),
        labels(("c", 2), ("b", 3), ("a", 2), (None, 3)),
    ),
    "largest groups of all hours, the first hour's first": (
        "audience",
        group(["country"], granularity="hour", **ordered(LARGEST, "country", limit=2)),
        grouped({"country": "DE", "n": 6}, {"country": "FR", "n": 1}, time=FIRST),
    ),
    "largest groups, the time before the number": (
        "audience",
        group(["country"], granularity="hour", **ordered("n", "country")),
        grouped({"country": "FR", "n": 1}, {"country": "DE", "n": 6}, time=FIRST)
        + grouped({"country": "AT", "n": 1}, time=at("12:00")),
    ),
    "groups by the hour of a time zone": (
        "audience",
        group(["country"], granularity=BERLIN, filter=is_("country", "AT")),
        grouped({"country": "AT", "n": 1}, time=at("14:00", "+02:00")),
    ),
    "equal groups by name, null first": (
        "quality",
        group(["app_version"], **ordered(LARGEST, "app_version", limit=3)),
        grouped({"app_version": "7.1.0", "n": 4}, {"app_version": None, "n": 1}, {"app_version": "10.5", "n": 1}),
    ),
    "largest groups by a computed number, null last": (
        "audience",
        group(
            ["country"],
            postAggregations=[expression("if(n > 1, null, n * 2.0)")],
            **ordered({**LARGEST, "dimension": "x"}, "country"),
        ),
        grouped(
            {"country": "AT", "n": 1, "x": 2.0},
            {"country": "FR", "n": 1, "x": 2.0},
            {"country": "DE", "n": 6, "x": None},
        ),
    ),
    "groups over groups by the hour": (
        "audience",
        {
            "queryType": "groupBy",
            "dataSource": {
                "type": "query",
                "query": group(["country", listed(["a", "b"])], granularity="minute"),
            },
            "granularity": "hour",
            "dimensions": ["country", "s"],
            "aggregations": [{"type": "doubleMax", "name": "most", "fieldName": "n"}],
            **ordered({**LARGEST, "dimension": "most"}, "country", "s", limit=3),
        },
        grouped(
            {"country": "DE", "s": None, "most": 2.0},
            {"country": "DE", "s": "b", "most": 2.0},
            {"country": "DE", "s": "a", "most": 1.0},
            time=FIRST,
        ),
    ),
    "not the first group": ("audience", group(["segments"], **ordered(limit=1, offset=1)), labels(("a", 2))),
    "a sketch's numbers": (
        "quality",
        timeseries(
            aggregations=[STARTS],
            postAggregations=[quantile(share) for share in (0, 0.33, 0.34, 0.5, 0.66, 0.67, 1)],
        ),
        [
            {
                "timestamp": FIRST,
                "result": {
                    "s": 3,
                    "q0": 100.0,
                    "q0.33": 100.0,
                    "q0.34": 400.0,
                    "q0.5": 400.0,
                    "q0.66": 400.0,
                    "q0.67": 900.0,
                    "q1": 900.0,
                },
            }
        ],
    ),
    "a histogram: a value that is a split ends its bin": (
        "quality",
        timeseries(aggregations=[STARTS], postAggregations=[histogram(100, 399.5, 900, 1000)]),
        [{"timestamp": FIRST, "result": {"s": 3, "h": [1.0, 0.0, 2.0, 0.0, 0.0]}}],
    ),
    "histograms of groups, the largest sketch first": (
        "quality",
        group(
            ["app_version"],
            aggregations=[STARTS],
            postAggregations=[histogram(400)],
            filter=not_(is_("app_version", "10.5")),
            **ordered({**LARGEST, "dimension": "s"}, {"dimension": "app_version", "direction": "descending"}),
        ),
        grouped(
            {"app_version": "beta", "s": 1, "h": [1.0, 0.0]},
            {"app_version": "9", "s": 1, "h": [0.0, 1.0]},
            {"app_version": "7.1.0", "s": 1, "h": [1.0, 0.0]},
        ),
    ),
    "a histogram of nothing": (
        "quality",
        group([], filter=NOWHERE, aggregations=[STARTS], postAggregations=[histogram(400)]),
        grouped({"s": 0, "h": ["NaN", "NaN"]}),
    ),
    "two numbers of a sketch, none of nothing": (
        "quality",
        group(
            [],
            filter=NOWHERE,
            aggregations=[STARTS],
            postAggregations=[
                {
                    "type": "quantilesDoublesSketchToQuantiles",
                    "name": "ends",
                    "fractions": [0, 0.99],
                    "field": {"type": "fieldAccess", "fieldName": "s"},
                }
            ],
        ),
        grouped({"s": 0, "ends": ["NaN", "NaN"]}),
    ),
    "a quantile of nothing": (
        "quality",
        timeseries(filter=NOWHERE, aggregations=[STARTS], postAggregations=[quantile(0.5)]),
        [{"timestamp": FIRST, "result": {"s": 0, "q0.5": "NaN"}}],
    ),
    "sums, least and most": (
        "audience",
        timeseries(
            aggregations=[
                {"type": f"{kind}{fold}", "name": f"{kind}{fold}", "fieldName": "play_ms"}
                for kind in ("long", "double")
                for fold in ("Sum", "Min", "Max")
            ]
        ),
        [
            {
                "timestamp": FIRST,
                "result": {
                    "longSum": 15_000,
                    "longMin": 0,
                    "longMax": 8_000,
                    "doubleSum": 15_000.0,
                    "doubleMin": 0.0,
                    "doubleMax": 8_000.0,
                },
            }
        ],
    ),
    "columns that are not there": (
        "audience",
        timeseries(
            aggregations=[
                {"type": "HLLSketchMerge", "name": "h", "fieldName": "none"},
                {"type": "thetaSketch", "name": "t", "fieldName": "none"},
                {"type": "doubleMax", "name": "m", "fieldName": "none"},
            ]
        ),
        [{"timestamp": FIRST, "result": {"h": 0.0, "t": 0.0, "m": None}}],
    ),
    "distinct counts, rounded": (
        "audience",
        timeseries(
            aggregations=[
                {"type": "HLLSketchMerge", "name": "h", "fieldName": "viewers_hll", "round": True},
                {"type": "HLLSketchBuild", "name": "c", "fieldName": "country", "round": True},
                {"type": "HLLSketchBuild", "name": "l", "fieldName": "segments", "round": True},
                {"type": "thetaSketch", "name": "t", "fieldName": "viewers_theta", "size": 16384},
            ],
            postAggregations=[
                {
                    "type": "thetaSketchEstimate",
                    "name": "both",
                    "field": {
                        "type": "thetaSketchSetOp",
                        "name": "op",
                        "func": "INTERSECT",
                        "fields": [{"type": "fieldAccess", "fieldName": "t"}] * 2,
                    },
                },
            ],
        ),
        [{"timestamp": FIRST, "result": {"h": 4, "c": 3, "l": 3, "t": 4.0, "both": 4.0}}],
    ),
    "filtered aggregators": (
        "audience",
        timeseries(
            aggregations=[
                {"type": "filtered", "name": "f", "filter": is_("country", "FR"), "aggregator": {**PLAY, "name": "i"}},
                {"type": "filtered", "filter": NOWHERE, "aggregator": PLAY},
            ]
        ),
        [{"timestamp": FIRST, "result": {"f": 2_000, "p": None}}],
    ),
    "arithmetic": (
        "audience",
        timeseries(
            aggregations=[COUNT, PLAY],
            postAggregations=[
                {
                    "type": "arithmetic",
                    "name": name,
                    "fn": name,
                    "fields": [
                        {"type": "fieldAccess", "fieldName": "p"},
                        {"type": "finalizingFieldAccess", "fieldName": "n"},
                        {"type": "constant", "name": "c", "value": 0},
                    ],
                }
                for name in "+-*/"
            ],
        ),
        [{"timestamp": FIRST, "result": {"n": 8, "p": 15_000, "+": 15_008.0, "-": 14_992.0, "*": 0.0, "/": 0.0}}],
    ),
    "expressions": (
        "audience",
        timeseries(
            aggregations=[COUNT, PLAY, {"type": "longSum", "name": "none", "fieldName": "none"}],
            postAggregations=[expression(text, f"x{text}") for text in EXPRESSIONS],
        ),
        [
            {
                "timestamp": FIRST,
                "result": {"n": 8, "p": 15_000, "none": None, **{f"x{text}": v for text, v in EXPRESSIONS.items()}},
            }
        ],
    ),
    "an expression of every row": (
        "audience",
        timeseries(aggregations=[{"type": "longSum", "name": "x", "expression": "play_ms + 1"}]),
        [{"timestamp": FIRST, "result": {"x": 15_007}}],
    ),
    "first and last row": (
        "audience",
        {"queryType": "timeBoundary", "intervals": None, "granularity": None},
        [
            {
                "timestamp": "2026-03-01T20:00:00.000Z",
                "result": {"minTime": "2026-03-01T20:00:00.000Z", "maxTime": at("12:05")},
            }
        ],
    ),
    "newest event": (
        "audience",
        {"queryType": "dataSourceMetadata", "intervals": None, "granularity": None},
        [{"timestamp": at("12:05"), "result": {"maxIngestedEventTime": at("12:05")}}],
    ),
    "newest event of nothing": (
        "audience",
        {"queryType": "dataSourceMetadata", "dataSource": "no_such", "intervals": None, "granularity": None},
        [],
    ),
}
