"""One CMCD event report, its keys read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from frontrow_ingest.collector.cmcd.keys import BY_NAME, EVENTS, STATES, STREAM_TYPES, Type
from frontrow_ingest.collector.cmcd.parser import CmcdSyntaxError, Item, Token, Value, parse
from frontrow_ingest.contract import EventRefusedError, Refusal

VERSION = 2
MAX_AMOUNT = 2**53  # a list of honest numbers stays far below


@dataclass(frozen=True, slots=True)
class Report:
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
    refusals = [*_wrong_types(values), *_not_allowed(values)]
    refusals += [_missing(name) for name in ("sid", "sn", "ts", "e") if name not in values]
    if refusals:
        raise EventRefusedError(refusals)
    return _report(values)


def _wrong_types(values: Mapping[str, Value]) -> list[Refusal]:
    return [
        Refusal(_field(name), "wrong_type", f"must be a {key.type} (CMCD {name})")
        for name, value in values.items()
        if (key := BY_NAME.get(name)) is not None and not _is_a(value, key.type)
    ]


def _is_a(value: Value, wanted: Type) -> bool:
    if wanted is Type.INTEGER:
        return _is_amount(value)
    if wanted is Type.STRING:
        return isinstance(value, str) and not isinstance(value, Token)
    if wanted is Type.TOKEN:
        return isinstance(value, Token)
    # Some players write a list of one without its parentheses, as version 1 did.
    items = value if isinstance(value, tuple) else (Item(value),)
    if wanted is Type.STRINGS:
        return all(isinstance(item.value, str) for item in items)
    return all(_is_amount(item.value) for item in items)


def _is_amount(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_AMOUNT


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


def _report(values: Mapping[str, Value]) -> Report:
    def get(name: str) -> Value | None:
        value = values.get(name)
        return str(value) if isinstance(value, Token) else value

    rates = next((values[name] for name in ("pb", "br", "ab") if name in values), None)
    codes = _items(values.get("ec", ()))
    stream_type = get("st")
    dropped = get("dfa")
    return Report(
        sid=get("sid"),  # type: ignore[arg-type]  # all types were checked above
        sn=get("sn"),  # type: ignore[arg-type]
        ts=get("ts"),  # type: ignore[arg-type]
        event=get("e"),  # type: ignore[arg-type]
        state=get("sta"),  # type: ignore[arg-type]
        content=get("cid"),  # type: ignore[arg-type]
        stream_type=STREAM_TYPES[stream_type] if isinstance(stream_type, str) else None,
        kbps=None if rates is None else _sum_of_kinds(rates),
        starved_ms=_longest_kind(values.get("bsd", ())),
        starved_total_ms=_longest_kind(values["bsda"]) if "bsda" in values else None,
        dropped_total=get("df") if dropped is None else dropped,  # type: ignore[arg-type]
        start_delay_ms=get("msd"),  # type: ignore[arg-type]
        latency_ms=get("ltc"),  # type: ignore[arg-type]
        position_ms=get("pt"),  # type: ignore[arg-type]
        cdn=get("cdn"),  # type: ignore[arg-type]
        error=str(codes[0].value) or None if codes else None,
        custom=sum(name not in BY_NAME for name in values),
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
