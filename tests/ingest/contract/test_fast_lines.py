"""The quick way refuses nothing, takes nothing that the model refuses, and writes the model's bytes."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow_ingest.contract import EventRefusedError, Validator, codec, encode, fast_lines
from frontrow_ingest.contract.fast_lines import MAX_FUTILE, MAX_LAYOUTS, Checked, FastLines
from frontrow_ingest.contract.fields import INT32_MAX
from frontrow_ingest.contract.fragments import MAX_TEXT
from frontrow_specs import event_schema
from support.viewing_events import a_line, an_event, valid_events

NOW = 1_790_000_000_500
FIELDS = [field["name"] for field in event_schema()["fields"]]


def clock() -> int:
    return NOW


def by_model(line: bytes) -> Checked | None:
    """The record of a line, by the model alone; None if it refuses."""
    try:
        event = Validator(clock=clock).line(line)
    except EventRefusedError:
        return None
    return event.session_id.encode(), encode(event), event.seq, event.ts


def taught(*lines: bytes) -> FastLines:
    fast = fast_lines(clock)
    for line in lines:
        teach(fast, line)
    return fast


def teach(fast: FastLines, line: bytes) -> None:
    record = by_model(line)
    assert record is not None
    fast.learn(line, record[1])


PRETTY = a_line(seek_rebuffer_ms=0)  # comparing numbers is left to the model
COMPACT = orjson.dumps(an_event(seek_rebuffer_ms=0))
# One for all examples of a property: what it has remembered from one must not mislead it in the next.
REMEMBERING = taught(PRETTY, COMPACT)


def agrees(fast: FastLines, line: bytes) -> Checked | None:
    found = fast.line(line)
    record = by_model(line)
    assert found is None or found == record
    if record is not None and found is None:
        fast.learn(line, record[1])
        again = fast.line(line)
        assert again is None or again == record
    return found


def compact(event: dict[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


def indented(event: dict[str, Any]) -> str:
    return json.dumps(event, indent=1)


STYLES = (json.dumps, compact, indented)
LEFT_OUT = st.sets(st.sampled_from(FIELDS))


@given(valid_events(), st.sampled_from(STYLES), st.permutations(FIELDS), LEFT_OUT, st.booleans())
@settings(max_examples=400, deadline=None)
def test_valid_events(event: dict[str, Any], style: Any, order: list[str], left_out: set[str], mixed: bool) -> None:
    names = order if mixed else FIELDS
    line = style({name: event[name] for name in names if name not in left_out}).encode()
    agrees(REMEMBERING, line)


ODD = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1, 1.0, 1.5, 2**31, 2**63, 10**20, INT32_MAX, "", " x", "x ", "de", "DE", "DEU"),
        *("a\u0000b", 'a", "seq": 7, "b', 'x, "y', "\\", "\u2028", "é", "heartbeat", "end", "vod", "live", "fatal"),
        *([], ["a"], ["a", "a"], ["a", 1], ["a, b", 'c", "d'], [["a"]], {}, {"a": 1}, "AAECAwQFBgcICQoLDA0OD!"),
    ]
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "extra"]), ODD, max_size=3), st.sampled_from(STYLES[:2]))
@settings(max_examples=1_500, deadline=None)
def test_any_value_in_any_field(changes: dict[str, Any], style: Any) -> None:
    agrees(REMEMBERING, style(an_event(**{"seek_rebuffer_ms": 0, **changes})).encode())


PUT = [b"", b'"', b", ", b', "', b"\\", b"}", b"{", b"0", b"-", b"_1", b" ", b"\xff", b"e5"]


@given(st.data())
@settings(max_examples=1_000, deadline=None)
def test_any_damage_to_a_line(data: st.DataObject) -> None:
    line = data.draw(st.sampled_from([PRETTY, COMPACT]))
    at = data.draw(st.integers(0, len(line)))
    cut = data.draw(st.integers(0, 12))
    put = data.draw(st.sampled_from(PUT))
    agrees(REMEMBERING, line[:at] + put + line[at + cut :])


@pytest.mark.parametrize("line", [PRETTY, COMPACT])
def test_a_familiar_line_goes_the_quick_way(line: bytes) -> None:
    fast = taught(line)
    assert fast.line(line) == by_model(line)
    other = line.replace(b'"DE"', b'"FR"').replace(b"9600", b"9000")
    assert other != line
    assert fast.line(other) == by_model(other)


def test_members_may_be_left_out_or_in_another_order() -> None:
    event = an_event(received_ts=..., seek_rebuffer_ms=0)
    for names in (list(event), list(reversed(event)), [name for name in event if name not in ("os", "network")]):
        line = json.dumps({name: event[name] for name in names}).encode()
        fast = taught(line)
        found = fast.line(line)
        assert found is not None
        assert found == by_model(line)
        assert codec.decode(found[1])["received_ts"] == NOW


def test_members_of_a_rule_may_be_left_out() -> None:
    base = an_event(seek_rebuffer_ms=..., live_latency_ms=..., rebuffer_ms=0)
    fast = taught(json.dumps(base).encode())
    for changes in ({}, {"play_ms": 7}, {"rebuffer_ms": 300}):
        line = json.dumps({**base, **changes}).encode()
        if fast.line(line) is None:
            teach(fast, line)  # another answer to a rule's question
        assert fast.line(line) == by_model(line) is not None
    assert fast.line(json.dumps({**base, "seek_rebuffer_ms": 1}).encode()) is None


@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("style", STYLES[:2])
def test_labels_hold_the_separator(count: int, style: Any) -> None:
    line = style(an_event(seek_rebuffer_ms=0, segments=[f"label {number}, x" for number in range(count)])).encode()
    fast = taught(style(an_event(seek_rebuffer_ms=0)).encode())
    assert fast.line(line) == by_model(line) is not None


def test_what_the_model_refuses_is_never_familiar() -> None:
    fast = taught(PRETTY)
    for wrong in (
        *(PRETTY.replace(b'"seq": 4', b'"seq": ' + text) for text in (b"04", b"-4", b"+4", b"4.0", b"4_0", b"true")),
        PRETTY.replace(b'"seq": 4', b'"seq": 99999999999999999999'),
        PRETTY.replace(b'"seq": 4', b'"seq": ' + b"9" * 5_000),
        PRETTY.replace(b'"kind"', b'"kinds"'),
        PRETTY.replace(b'["sports", "premium"]', b'["sports", "sports"]'),
        PRETTY.replace(b'"started": true', b'"started": false'),
        PRETTY.replace(b'"seek_rebuffer_ms": 0', b'"seek_rebuffer_ms": 401'),
        PRETTY + b"}",
        PRETTY[:-1],
    ):
        assert by_model(wrong) is None
        assert fast.line(wrong) is None


def test_a_rule_between_fields_is_learned_from_the_model_only() -> None:
    fast = taught(PRETTY)
    error = a_line(kind="error", error_class="fatal", seek_rebuffer_ms=0)
    assert fast.line(error) is None
    teach(fast, error)
    assert fast.line(error) == by_model(error)
    assert fast.line(a_line(kind="heartbeat", error_class="fatal", seek_rebuffer_ms=0)) is None


def test_nothing_remembers_identifiers() -> None:
    fast = taught(PRETTY)
    assert fast.line(PRETTY) is not None
    remembered = b"".join(b"".join(coder) for coder in fast._maker._coders.values() if isinstance(coder, dict))
    assert b"AAECAwQFBgcICQoLDA0ODw" not in remembered
    assert b"5f0c1a52" not in remembered


def test_lessons_are_bounded() -> None:
    fast = taught()
    for number in range(3 * MAX_LAYOUTS):
        names = list(an_event())
        names.append(names.pop(number % len(names)))
        names.insert(number // len(names), names.pop())
        teach(fast, json.dumps({name: an_event()[name] for name in names}).encode())
    assert len(fast._layouts) <= MAX_LAYOUTS
    fast = taught()
    for _ in range(MAX_FUTILE + 10):
        teach(fast, json.dumps(an_event(), indent=1).encode())
    assert fast._futile == MAX_FUTILE


def test_odd_lines_do_not_end_the_learning() -> None:
    fast = taught(a_line(seek_rebuffer_ms=0, error_class=None))
    for number in range(2 * MAX_FUTILE):
        teach(fast, json.dumps(an_event(), indent=1).encode())
        teach(fast, a_line(seek_rebuffer_ms=0, error_class=None, isp=f'the "{number}"'))
    error = a_line(kind="error", error_class="fatal", seek_rebuffer_ms=0)
    teach(fast, error)
    assert fast.line(error) == by_model(error) is not None


@pytest.mark.parametrize("label", ["a, b", "a] b", '"os": "x"', "}, {", "[x", "é", 'say "so"', "\\", "\t"])
def test_a_label_with_json_in_it(label: str) -> None:
    fast = taught(PRETTY)
    for field in ("content_id", "os", "isp", "segments"):
        line = a_line(seek_rebuffer_ms=0, **{field: [label] if field == "segments" else label})
        agrees(fast, line)
        agrees(fast, line)
    assert fast.line(PRETTY) == by_model(PRETTY)


def test_what_is_within_a_familiar_run_is_not_taken_on_trust() -> None:
    fast = taught(PRETTY)
    assert fast.line(PRETTY) is not None
    for wrong in (
        PRETTY.replace(b'"os": ', b'"OS": '),
        PRETTY.replace(b'"region": ', b'"region" : '),
        PRETTY.replace(b'"country": "DE"', b'"country": "DE", "country": "FR"'),
        PRETTY.replace(b'"player": ', b'"player": 7, "x": '),
        PRETTY.replace(b'"country": "DE"', b'"country": {}'),
    ):
        assert wrong != PRETTY
        agrees(fast, wrong)
    assert fast.line(PRETTY) == by_model(PRETTY)


def test_a_long_text_is_not_kept() -> None:
    fast = taught(PRETTY)
    labels = [f"{number:064}" for number in range(16)]
    line = a_line(seek_rebuffer_ms=0, segments=labels, isp="i" * 128)
    assert agrees(fast, line) == by_model(line) is not None
    held = [text for coder in fast._maker._coders.values() if isinstance(coder, dict) for text in coder]
    assert held
    assert max(map(len, held)) <= MAX_TEXT
