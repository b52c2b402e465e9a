"""The syntax of CMCD version 2: one event is a structured-field dictionary (RFC 8941) on a line of its own."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

from frontrow_ingest.errors import ContractError


class CmcdSyntaxError(ContractError):
    """A line that is not CMCD. ``position`` is the character (from 0) where it stops being so."""

    def __init__(self, position: int, wanted: str) -> None:
        self.position = position
        super().__init__(f"is not CMCD at character {position}: {wanted} is wanted there")


class Token(str):
    """A bare word such as ``ps``, as opposed to a quoted string."""

    __slots__ = ()


Bare = int | float | bool | str | bytes


@dataclass(frozen=True, slots=True)
class Item:
    """A member of an inner list, with its parameters: ``(2400;v)`` holds ``Item(2400, {"v": True})``."""

    value: Bare
    parameters: dict[str, Bare] = field(default_factory=dict)


Value = Bare | tuple[Item, ...]

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
# One alternative for each kind of value; the group that matched tells which it is.
_BARE = re.compile(
    r"(?P<decimal>-?[0-9]{1,12}\.[0-9]{1,3}(?![0-9.]))"
    r"|(?P<integer>-?[0-9]{1,15}(?![0-9.]))"
    r'|"(?P<string>(?:[ !#-\[\]-~]|\\["\\])*)"'
    r"|(?P<token>[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*)"
    r"|\?(?P<boolean>[01])"
    r"|:(?P<binary>[A-Za-z0-9+/=]*):"
)
# A whole member of the most frequent forms, without a comma in it: an integer, a string, a token, a list of amounts.
_PLAIN = re.compile(
    r"([a-z*][a-z0-9_.*-]*)(?:=(?:(-?[0-9]{1,15})"
    r'|"([ !#-+\--\[\]-~]*)"'
    r"|([A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*)"
    r"|(\([0-9 ;a-z]{0,40}\))))?"
)
# A list of a few amounts: bitrates and buffer lengths repeat, so that it is worth remembering.
_SHORT_LIST = re.compile(r"\([0-9 ;a-z]{0,40}\)")
MAX_MEMBERS, MAX_MEMBER = 8_192, 160  # members that are remembered, and characters of one
_members: dict[str, tuple[str, Value]] = {}
_ESCAPED = re.compile(r'\\(["\\])')
_GAP = re.compile(r"[ \t]*")
_SPACES = re.compile(r" *")


def parse(line: str) -> dict[str, Value]:
    """The keys and values of a line; a key without a value is True, of a repeated key the last value counts.

    Binary values stay base64, as bytes. Raises CmcdSyntaxError. Takes time linear in the length of the line.
    """
    found: dict[str, Value] = {}
    for text in line.split(","):
        member = _members.get(text) or _member(text)
        if member is None:  # anything else, a mistake, or a comma within a string
            return _parsed(line)
        found[member[0]] = member[1]
    return found


def _member(text: str) -> tuple[str, Value] | None:
    """A member of a plain form; None for another. Most say what others have said: those are remembered."""
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return None
    kind = plain.lastindex or 1
    said = plain[kind]
    if kind == 2:
        return plain[1], int(said)  # numbers hardly repeat
    value: Value = True if kind == 1 else said if kind == 3 else Token(said)
    if kind == 5:
        try:
            value, _ = _inner_list(said, 1)
        except CmcdSyntaxError:
            return None
    member = plain[1], value
    if len(text) <= MAX_MEMBER:
        if len(_members) >= MAX_MEMBERS:
            _members.clear()
        _members[text] = member
    return member


def _parsed(line: str) -> dict[str, Value]:
    """The same for any line."""
    found: dict[str, Value] = {}
    at, end = _SPACES.match(line).end(), len(line.rstrip(" "))  # type: ignore[union-attr]  # it matches nothing, too
    while at < end:
        key, at = _key(line, at)
        value: Value = True
        if line.startswith("=", at):
            at += 1
            value, at = _list(line, at) if line.startswith("(", at) else _bare(line, at)
        _, at = _parameters(line, at)
        found[key] = value
        at = _skip(_GAP, line, at)
        if at >= end:
            return found
        if line[at] != ",":
            raise CmcdSyntaxError(at, "a comma")
        at = _skip(_GAP, line, at + 1)
        if at >= end:
            raise CmcdSyntaxError(at, "another key")
    if not found:
        raise CmcdSyntaxError(at, "a key")
    return found


def _key(line: str, at: int) -> tuple[str, int]:
    found = _KEY.match(line, at)
    if found is None:
        raise CmcdSyntaxError(at, "a key in lower case")
    return found[0], found.end()


def _bare(line: str, at: int) -> tuple[Bare, int]:
    found = _BARE.match(line, at)
    if found is None:
        raise CmcdSyntaxError(at, "a number, a string, a token or a boolean")
    text = found[found.lastgroup or 0]
    kind, end = found.lastgroup, found.end()
    if kind == "integer":
        return int(text), end
    if kind == "string":
        return (_ESCAPED.sub(r"\1", text) if "\\" in text else text), end
    if kind == "token":
        return Token(text), end
    if kind == "boolean":
        return text == "1", end
    return (float(text) if kind == "decimal" else text.encode()), end


def _list(line: str, at: int) -> tuple[tuple[Item, ...], int]:
    if short := _SHORT_LIST.match(line, at):
        with suppress(CmcdSyntaxError):  # the place of the mistake is to be that in the line
            return _remembered(short[0]), short.end()
    return _inner_list(line, at + 1)


@lru_cache(maxsize=4_096)
def _remembered(text: str) -> tuple[Item, ...]:
    return _inner_list(text, 1)[0]


def _inner_list(line: str, at: int) -> tuple[tuple[Item, ...], int]:
    items: list[Item] = []
    while True:
        start = at
        at = _skip(_SPACES, line, at)
        if line.startswith(")", at):
            return tuple(items), at + 1
        if items and at == start:
            raise CmcdSyntaxError(at, "a space or a closing parenthesis")
        value, at = _bare(line, at)
        parameters, at = _parameters(line, at)
        items.append(Item(value, parameters))


def _parameters(line: str, at: int) -> tuple[dict[str, Bare], int]:
    parameters: dict[str, Bare] = {}
    while line.startswith(";", at):
        key, at = _key(line, _skip(_SPACES, line, at + 1))
        parameters[key] = True
        if line.startswith("=", at):
            parameters[key], at = _bare(line, at + 1)
    return parameters, at


def _skip(what: re.Pattern[str], line: str, at: int) -> int:
    found = what.match(line, at)
    return found.end() if found else at
