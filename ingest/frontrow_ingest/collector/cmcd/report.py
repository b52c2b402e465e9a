"""One CMCD event report, its keys read and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from frontrow_ingest.collector.cmcd.keys import BY_NAME, EVENTS, STATES, STREAM_TYPES, Type
from frontrow_ingest.collector.cmcd.parser import CmcdSyntaxError, Item, Token, Value, parse
from frontrow_ingest.contract import EventRefusedError, Refusal

VERSION = 2
_REQUIRED = frozenset(("sid", "sn", "ts", "e"))
MAX_AMOUNT = 2**53  # a list of honest numbers stays far below


class Report(NamedTuple):
    """What a player reports, in CMCD's own terms; None where it says nothing.

    ``kbps`` is the bitrate on the screen, audio and video together; ``starved_ms`` the sum of the stalls that ended
    (bsd), ``starved_total_ms`` and ``dropped_total`` are running totals. ``custom`` counts the keys that have no
    field here.
    """

    sid: str
    sn: int
    ts: int
    event: str
    state: str | None = None
    content: str | None = None
    stream_type: str | None = None
    kbps: int | None = None
    starved_ms: int = 0
    starved_total_ms: int | None = None
    dropped_total: int | None = None
    start_delay_ms: int | None = None
    latency_ms: int | None = None
    position_ms: int | None = None
    cdn: str | None = None
    error: str | None = None
    custom: int = 0


def read_report(line: str) -> Report:
    """The report on a line. Raises EventRefusedError with every reason; a field is named as the contract does."""
    try:
        values = parse(line)
    except CmcdSyntaxError as error:
        raise EventRefusedError([Refusal("", "bad_format", str(error))]) from None
    wrong: list[str] = []
    custom = 0
    for name, value in values.items():
        check = _CHECKS.get(name)
        if check is None:
            custom += 1
        elif not check(value):
            wrong.append(name)
    if wrong or not values.keys() >= _REQUIRED or not _allowed(values):
        refusals = [
            Refusal(_field(name), "wrong_type", f"must be a {BY_NAME[name].type} (CMCD {name})") for name in wrong
        ]
        refusals += _not_allowed(values)
        refusals += [_missing(name) for name in ("sid", "sn", "ts", "e") if name not in values]
        raise EventRefusedError(refusals)
    return _report(values, custom)


def _is_integer(value: Value) -> bool:
    return type(value) is int and 0 <= value <= MAX_AMOUNT


def _is_string(value: Value) -> bool:
    return type(value) is str


def _is_token(value: Value) -> bool:
    return type(value) is Token


# Some players write a list of one without its parentheses, as version 1 did.
def _are_strings(value: Value) -> bool:
    return isinstance(value, str) or (type(value) is tuple and all(isinstance(item.value, str) for item in value))


def _are_integers(value: Value) -> bool:
    if type(value) is tuple:
        return all(type(item.value) is int and 0 <= item.value <= MAX_AMOUNT for item in value)
    return _is_integer(value)


_CHECK_OF: Mapping[Type, Callable[[Value], bool]] = {
    Type.INTEGER: _is_integer,
    Type.STRING: _is_string,
    Type.TOKEN: _is_token,
    Type.STRINGS: _are_strings,
    Type.NUMBERS: _are_integers,
}
_CHECKS = {name: _CHECK_OF[key.type] for name, key in BY_NAME.items()}


def _allowed(values: Mapping[str, Value]) -> bool:
    """Whether no word is one that CMCD does not have: the quick look; ``_not_allowed`` says which."""
    get = values.get
    return (
        values["e"] in EVENTS
        and ((state := get("sta")) is None or state in STATES)
        and ((stream := get("st")) is None or stream in STREAM_TYPES)
        and get("v", VERSION) == VERSION
    )


def _not_allowed(values: Mapping[str, Value]) -> list[Refusal]:
    allowed = {"e": EVENTS, "sta": STATES, "st": frozenset(STREAM_TYPES)}
    wrong = [
        Refusal(_field(name), "not_allowed", f"must be one of {', '.join(sorted(words))} (CMCD {name})")
        for name, words in allowed.items()
        if isinstance(values.get(name), Token) and values[name] not in words
    ]
    if values.get("v", VERSION) != VERSION:
        wrong.append(Refusal("", "not_allowed", "must be CMCD version 2: event mode came with it (CMCD v)"))
    return wrong


def _missing(name: str) -> Refusal:
    return Refusal(_field(name), "missing", f"is required (CMCD {name})")


def _field(name: str) -> str:
    return BY_NAME[name].fields.partition(",")[0]


def _report(values: Mapping[str, Any], custom: int) -> Report:
    get = values.get  # all types were checked
    rates = next((values[name] for name in ("pb", "br", "ab") if name in values), None)
    codes = _items(values.get("ec", ()))
    stream_type = get("st")
    dropped = get("dfa")
    starved = values.get("bsd")
    return Report(
        sid=values["sid"],
        sn=values["sn"],
        ts=values["ts"],
        event=values["e"],
        state=get("sta"),
        content=get("cid"),
        stream_type=None if stream_type is None else STREAM_TYPES[stream_type],
        kbps=None if rates is None else _sum_of_kinds(rates),
        starved_ms=0 if starved is None else _longest_kind(starved),
        starved_total_ms=_longest_kind(values["bsda"]) if "bsda" in values else None,
        dropped_total=get("df") if dropped is None else dropped,
        start_delay_ms=get("msd"),
        latency_ms=get("ltc"),
        position_ms=get("pt"),
        cdn=get("cdn"),
        error=str(codes[0].value) or None if codes else None,
        custom=custom,
    )


def _items(value: Value) -> tuple[Item, ...]:
    return value if isinstance(value, tuple) else (Item(value),)


def _by_kind(value: Value) -> dict[str, list[int]]:
    """The amounts by the kind of media they are of (``v``, ``a``, ``av`` ...; ``""`` where they do not say)."""
    kinds: dict[str, list[int]] = {}
    for item in _items(value):
        if isinstance(item.value, int):
            kinds.setdefault(next(iter(item.parameters), ""), []).append(item.value)
    return kinds


def _sum_of_kinds(value: Value) -> int:
    return sum(max(amounts) for amounts in _by_kind(value).values())


def _longest_kind(value: Value) -> int:
    """Audio and video starve at the same time: their stalls are one."""
    return max((sum(amounts) for amounts in _by_kind(value).values()), default=0)
