"""CMCD lines for tests: written from values, and drawn by Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from frontrow_ingest.collector.cmcd import Item, Token

SID = "6e2fb550-c457-11e9-bb97-0800200c9a66"
T0 = 1_790_000_000_000


def written(value: Any) -> str:
    """A value as RFC 8941 writes it."""
    if isinstance(value, bool):
        return f"?{value:d}"
    if isinstance(value, bytes):
        return f":{value.decode()}:"
    if isinstance(value, Token):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "(" + " ".join(written(item.value) + _parameters(item) for item in value) + ")"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _parameters(item: Item) -> str:
    return "".join(f";{key}={written(value)}" for key, value in item.parameters.items())


def line(**values: Any) -> str:
    """A line of these keys; ``_`` in a name stands for ``-``. A ``str`` is a string, or a token for e, sta and st."""
    return ",".join(
        f"{name.replace('_', '-')}={written(Token(value) if name in ('e', 'sta', 'st', 'sf') else value)}"
        for name, value in values.items()
        if value is not None
    )


def a_report(sn: int, after_ms: int, e: str = "t", sta: str | None = None, **more: Any) -> str:
    """Report number ``sn`` of one playback, so many ms after its first."""
    return line(**{"sid": SID, "cid": "title-17", "e": e, "sn": sn, "sta": sta, "st": "l", "ts": T0 + after_ms, **more})


def numbers(*amounts: int, kind: str | None = None) -> tuple[Item, ...]:
    return tuple(Item(amount, {kind: True} if kind else {}) for amount in amounts)


_keys = st.from_regex(r"[a-z*][a-z0-9_.*-]{0,12}", fullmatch=True)
_tokens = st.from_regex(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]{0,12}", fullmatch=True).map(Token)
_bare = (
    st.integers(-(10**15) + 1, 10**15 - 1)
    | st.integers(-(10**12), 10**12).map(lambda number: number / 1_000)
    | st.booleans()
    | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
    | _tokens
    | st.from_regex(r"[A-Za-z0-9+/=]{0,12}", fullmatch=True).map(str.encode)
)
_items = st.builds(Item, _bare, st.dictionaries(_keys, _bare, max_size=2))
dictionaries = st.dictionaries(_keys, _bare | st.lists(_items, max_size=4).map(tuple), min_size=1, max_size=8)
