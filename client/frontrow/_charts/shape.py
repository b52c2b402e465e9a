"""What the columns of an answer are to a chart: time, dimensions, labels, metrics and their bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from frontrow._errors import AskError
from frontrow_specs import SpecNotFound, catalogue, labelled

if TYPE_CHECKING:
    from frontrow._result import Result

# How a column of lower or upper bounds is named after its metric.
_BOUNDS = (("_low", "_high"), ("_lower", "_upper"))
_CURVES = ("remaining", "retention")
_BINS = {"from_ms", "to_ms", "share_up_to"}
_SLICES = {"dimension", "value", "excess"}
_COMBINATIONS = {"audiences", "kind", "viewers"}


@dataclass(frozen=True)
class Shape:
    """Columns by what they are.

    Attributes:
        label: shown instead of the only dimension; None where the answer has none
        metrics: numbers to draw, in their order
        bounds: lower and upper, by metric
        curve, bins, slices: the answer is one of ``Client.retention``, ``distribution``, ``impact``
    """

    time: str | None
    dimensions: tuple[str, ...]
    label: str | None
    metrics: tuple[str, ...]
    bounds: Mapping[str, tuple[str, str]]
    curve: bool = False
    bins: bool = False
    slices: bool = False


def shape_of(result: Result, metrics: str | Sequence[str] | None) -> Shape:
    """The shape of an answer.

    Args:
        metrics: only these; None for all

    Raises:
        AskError: one is no column of numbers, or there is none at all
    """
    numbers = [name for name, kind in result.types.items() if kind in ("integer", "number")]
    bounds = {
        name: (name + low, name + high)
        for name in numbers
        for low, high in _BOUNDS
        if name + low in numbers and name + high in numbers
    }
    curve = {"position", *_CURVES} <= set(numbers)
    bins, slices = set(result.types) >= _BINS, set(result.types) >= _SLICES
    drawable = [name for name in numbers if name not in {*sum(bounds.values(), ())}]
    # Numbers beside their share would be the same curve or bars once more.
    if curve:
        drawable = list(_CURVES)
    elif bins:
        drawable = ["share"]
    elif set(result.types) >= _COMBINATIONS:
        drawable = ["viewers"]
    elif slices:
        drawable = ["excess", drawable[0], "unique_viewers"]
    wanted = drawable if metrics is None else [metrics] if isinstance(metrics, str) else list(metrics)
    if unknown := [name for name in wanted if name not in numbers]:
        has = ", ".join(numbers) or "none"
        raise AskError(f"{', '.join(map(str, unknown))}: no numbers of this answer, which has {has}.")
    if not wanted:
        raise AskError("nothing to draw: this answer has no numbers.")
    times = [name for name, kind in result.types.items() if kind == "time"]
    # A slice has a name of its own, made of all its texts.
    texts = [name for name, kind in result.types.items() if kind == "string" and not slices]
    if set(result.types) >= _COMBINATIONS:
        texts.remove("kind")
    label = texts[1] if len(texts) == 2 and _is_label(texts[1], texts[0], result) else None
    return Shape(
        time=times[0] if times else None,
        dimensions=tuple(texts[:1] if label else texts),
        label=label,
        metrics=tuple(dict.fromkeys(wanted)),
        bounds=bounds,
        curve=curve,
        bins=bins,
        slices=slices,
    )


def titled(name: str) -> str:
    """A metric's or dimension's title in the catalogue, otherwise its name in words."""
    known = catalogue()
    found = known.metrics.get(name) or known.dimensions.get(name)
    return found.title if found else name.replace("_", " ").replace(".", " ")


def lowered(text: str) -> str:
    """A title inside of a sentence; abbreviations stay as they are."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def capital(text: str) -> str:
    """A title at the beginning."""
    return text[:1].upper() + text[1:]


def named(value: object) -> str:
    """A dimension's value as text; one without has words, too."""
    if value is None:
        return "(none)"
    text = "".join(char if char.isprintable() else "�" for char in str(value))
    return text or "(empty)"


def _is_label(name: str, dimension: str, result: Result) -> bool:
    try:
        found = labelled(name)
    except SpecNotFound:
        return False
    values = result.columns[dimension]
    return found is not None and found.table.dimension == dimension and len(set(values)) == len(values)
