"""Queries and their parameters, as they are written on a command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import click


def text_of(given: str, what: str) -> str:
    """The text itself, that of a ``@file``, or what standard input has for ``-``.

    Raises:
        click.UsageError: there is none, or it is no text
    """
    source = "standard input" if given == "-" else given.removeprefix("@") if given.startswith("@") else None
    try:
        if given == "-":
            text = sys.stdin.buffer.read().decode()
        else:
            text = given if source is None else Path(source).read_bytes().decode()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{source} is not UTF-8.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise click.UsageError(f"{source} cannot be read: {reason}.") from error
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise click.UsageError(f"{source or what} is empty; give {what}.")
    if "\0" in text:
        raise click.UsageError(f"{source or what} holds a NUL: that is no text.")
    return text


def parameters_of(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> tuple[Any, ...]:
    """A callback: a value for each ``?``, a text unless it begins with its kind.

    Raises:
        click.BadParameter: it is not of its kind
    """
    return tuple(map(_parameter, texts))


def _parameter(text: str) -> Any:
    kind, separator, rest = text.partition(":")
    read = _KINDS.get(kind) if separator else None
    if read is None:
        return text
    try:
        return read(rest)
    except ValueError:
        raise click.BadParameter(f"{text!r}: {rest!r} is no {kind}. For a text write text:{text}.") from None


def _integer(text: str) -> int:
    number = int(text)
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError("beyond 64 bits")
    return number


def _number(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("not finite")
    return number


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("neither true nor false")
    return text.lower() == "true"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _nothing(text: str) -> None:
    if text:
        raise ValueError("a null has no value")


_KINDS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "int": _integer,
    "float": _number,
    "bool": _boolean,
    "time": _moment,
    "null": _nothing,
}
