"""Raw viewer ids are masked before an original leaves the process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from frontrow_ingest.contract import ViewingEvent, WireError, decode
from frontrow_ingest.contract.validation import SHOWABLE_NAME

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
Pseudonymize = Callable[[str], str]


class Redaction(StrEnum):
    """What was done to an original."""

    NO = "no"
    MASKED = "masked"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class Redacted:
    """An original that may leave the process, None if it may not; ``raw`` holds what was masked, for this process.

    With ``NO`` nothing is lost: where raw ids came, the viewer id is a pseudonym, and the rest is as it came.
    """

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


def redact(original: bytes, pseudonymize: Pseudonymize | None = None) -> Redacted:
    """Mask what could name a viewer.

    ``pseudonymize`` is given where viewer ids come raw: whatever a ``viewer_id`` looks like, it is one, and becomes its
    pseudonym, so that a replay counts the same viewer. Without it, what looks like a pseudonym is one.

    A JSON object is searched token by token: a ``viewer_id`` that is no pseudonym goes, and so does every text under a
    name that the contract does not know, every number under one that sounds like a person, every name that does not
    look like one, and whatever else repeats one of them. An Avro event is kept if its viewer id is a pseudonym, and
    none comes where ids come raw. Anything else cannot be searched and is withheld.
    """
    try:
        text = original.decode("utf-8")
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _framed(original) if pseudonymize is None else Redacted(None, Redaction.WITHHELD)
    if not isinstance(found, dict):
        return Redacted(None, Redaction.WITHHELD)
    values = list(_values(text))
    pseudonyms = {} if pseudonymize is None else _pseudonyms(values, pseudonymize)
    naming = (value for value in values if value in pseudonyms or _names_a_viewer(value, raw_ids=bool(pseudonymize)))
    raw = frozenset(folded for folded in map(_folded, naming) if len(folded) >= _SHORTEST)
    masked = [
        value for value in values if value not in pseudonyms and _masked(value, raw, raw_ids=pseudonymize is not None)
    ]
    if not masked and not pseudonyms:
        return Redacted(original, Redaction.NO)
    shown = _replaced(text, {**dict.fromkeys(masked, MASK), **pseudonyms}).encode()
    return Redacted(shown, Redaction.MASKED if masked else Redaction.NO, raw)


def pseudonymized(original: bytes, pseudonymize: Pseudonymize) -> bytes | None:
    """An original whose viewer id came raw, with the pseudonym in its place and all else as it came.

    None where a raw id may be left under that name: where it cannot be searched, or the id is no text.
    """
    try:
        text = original.decode("utf-8")
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    values = list(_values(text))
    pseudonyms = _pseudonyms(values, pseudonymize)
    left = any(value.key == "viewer_id" and value not in pseudonyms for value in values)
    if left or not isinstance(found.get("viewer_id", ""), str):
        return None
    return _replaced(text, pseudonyms).encode()


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


def _pseudonyms(values: list[_Value], pseudonymize: Pseudonymize) -> dict[_Value, str]:
    """What takes the place of the event's viewer ids; more than one has it where a name comes twice."""
    return {
        value: json.dumps(pseudonymize(_plain(value)))
        for value in values
        if value.key == "viewer_id" and not value.inner and value.text.startswith('"') and len(value.text) > len('""')
    }


def _replaced(text: str, changes: Mapping[_Value, str]) -> str:
    pieces, at = [], 0
    for value in sorted(changes, key=lambda value: value.start):
        pieces += [text[at : value.start], changes[value]]
        at = value.end
    return "".join([*pieces, text[at:]])


def _masked(value: _Value, raw: frozenset[str], *, raw_ids: bool) -> bool:
    if value.key is not None:
        if value.text in ("true", "false", "null"):
            return False
        if _names_a_viewer(value, raw_ids=raw_ids):
            return True
        if not _known(value) and value.text.startswith('"'):
            return True
    elif SHOWABLE_NAME.fullmatch(_plain(value)) is None:
        return True  # somebody's data as a name
    said = _folded(value)
    return any(each in said for each in raw)


def _names_a_viewer(value: _Value, *, raw_ids: bool) -> bool:
    """Whether a value is, or most likely is, a raw viewer id."""
    if value.key is None or value.text in ("true", "false", "null"):
        return False
    if value.key == "viewer_id":
        return raw_ids or _PSEUDONYM.fullmatch(_plain(value)) is None
    return not _known(value) and _NAMING.search(re.sub(r"[\W_]", "", value.key.casefold())) is not None


def _known(value: _Value) -> bool:
    """Whether it stands in a field of the contract."""
    return not value.inner and value.key in _KNOWN


def _plain(value: _Value) -> str:
    return str(json.loads(value.text)) if value.text.startswith('"') else value.text


def _folded(value: _Value) -> str:
    return _plain(value).casefold()
