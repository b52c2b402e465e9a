"""Raw viewer ids are masked before an original leaves the process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from frontrow_ingest.contract import ViewingEvent, WireError, decode

MASK = '"***"'
_KNOWN = frozenset(ViewingEvent.model_fields)
_PSEUDONYM = re.compile(r"[A-Za-z0-9_-]{22}")
# Names under which a viewer may be named, letters and digits only.
_NAMING = re.compile(
    r"viewer|user|account|profile|customer|subscri|member|person|household|login|mail|phone|msisdn|name|address|cookie|"
    r"token|auth|advert|idfa|gaid|adid|uid|guid|deviceid|^ip|ip$|^id$"
)
# Strings, punctuation, and numbers or words. In a text that is JSON, every quotation mark outside begins a string.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_SHORTEST = 3


class Redaction(StrEnum):
    """What was done to an original."""

    NO = "no"
    MASKED = "masked"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class Redacted:
    """An original that may leave the process, None if it may not; ``raw`` holds what was masked, for this process."""

    original: bytes | None
    redaction: Redaction
    raw: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Value:
    """A token of JSON that is not punctuation.

    ``key`` is the name that it stands under, or None if it is a name itself; ``inner`` says whether it stands in an
    object within the outer one.
    """

    start: int
    end: int
    text: str
    key: str | None
    inner: bool


def redact(original: bytes) -> Redacted:
    """Mask what could name a viewer.

    A JSON object is searched token by token: a ``viewer_id`` that is no pseudonym goes, and so does every text under a
    name that the contract does not know, every number under one that sounds like a person, and whatever else repeats
    one of them. An Avro event is kept if its viewer id is a pseudonym. Anything else cannot be searched and is
    withheld.
    """
    try:
        text = original.decode("utf-8")
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _framed(original)
    if not isinstance(found, dict):
        return Redacted(None, Redaction.WITHHELD)
    values = list(_values(text))
    raw = frozenset(_folded(value) for value in values if _names_a_viewer(value))
    raw = frozenset(each for each in raw if len(each) >= _SHORTEST)
    masked = [value for value in values if _masked(value, raw)]
    if not masked:
        return Redacted(original, Redaction.NO)
    pieces, at = [], 0
    for value in masked:
        pieces += [text[at : value.start], MASK]
        at = value.end
    return Redacted("".join([*pieces, text[at:]]).encode(), Redaction.MASKED, raw)


def _framed(original: bytes) -> Redacted:
    try:
        event = decode(original)
    except WireError:
        return Redacted(None, Redaction.WITHHELD)
    kept = _PSEUDONYM.fullmatch(event["viewer_id"]) is not None
    return Redacted(original, Redaction.NO) if kept else Redacted(None, Redaction.WITHHELD)


def _values(text: str) -> Iterator[_Value]:
    tokens = list(_TOKEN.finditer(text))
    above: list[str] = []
    name, objects = "", 0
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        said = token[0]
        if said in ("{", "["):
            above.append(name)
            objects += said == "{"
        elif said in ("}", "]"):
            name = above.pop()
            objects -= said == "}"
        elif said not in (":", ","):
            is_name = after is not None and after[0] == ":"
            if is_name:
                name = json.loads(said)
            yield _Value(token.start(), token.end(), said, None if is_name else name, objects > 1)


def _masked(value: _Value, raw: frozenset[str]) -> bool:
    if value.key is not None:
        if value.text in ("true", "false", "null"):
            return False
        if _names_a_viewer(value):
            return True
        if not _known(value) and value.text.startswith('"'):
            return True
    said = _folded(value)
    return any(each in said for each in raw)


def _names_a_viewer(value: _Value) -> bool:
    """Whether a value is, or most likely is, a raw viewer id."""
    if value.key is None or value.text in ("true", "false", "null"):
        return False
    if value.key == "viewer_id":
        return _PSEUDONYM.fullmatch(_plain(value)) is None
    return not _known(value) and _NAMING.search(re.sub(r"[\W_]", "", value.key.casefold())) is not None


def _known(value: _Value) -> bool:
    """Whether it stands in a field of the contract."""
    return not value.inner and value.key in _KNOWN


def _plain(value: _Value) -> str:
    return str(json.loads(value.text)) if value.text.startswith('"') else value.text


def _folded(value: _Value) -> str:
    return _plain(value).casefold()
