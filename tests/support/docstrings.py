"""Docstrings of this house, which are Google's with several names to an item, as parts and as Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import cleandoc

WIDTH = 120
_HEADING = re.compile(r"(Args|Attributes|Returns|Raises|Example):{1,2}(?: (.*))?")
_ROLE = re.compile(r":(?:class|func|meth|mod|attr):`~?([\w.]+)`")
_CODE = re.compile(r"``(.+?)``", re.DOTALL)

# Gives the address of a name's part of the page, or None.
Where = Callable[[str], str | None]


@dataclass(frozen=True)
class Item:
    """``names: text`` of a section; Returns has only a text."""

    names: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Doc:
    """A docstring. ``text`` is what stands before the first section, ``after`` what follows the last one."""

    text: str = ""
    sections: dict[str, list[Item]] = field(default_factory=dict)
    example: str = ""

    @property
    def summary(self) -> str:
        return self.text.partition("\n\n")[0]

    def names(self, section: str) -> set[str]:
        return {name for item in self.sections.get(section, []) for name in item.names}


def parsed(docstring: str | None) -> Doc:
    """
    Raises:
        ValueError: a line of a section is neither an item nor its continuation
    """
    text: list[str] = []
    sections: dict[str, list[str]] = {}
    current = text
    for line in cleandoc(docstring or "").splitlines():
        heading = _HEADING.fullmatch(line)
        if heading is not None:
            current = sections.setdefault(heading[1], [])
            if heading[2]:
                current.append(f"    {heading[2]}")
        elif line and not line.startswith(" ") and current is not text:
            # Prose again, after a section.
            current = text
            text += ["", line]
        else:
            current.append(line)
    example = textwrap.dedent("\n".join(sections.pop("Example", []))).strip("\n")
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(text)).strip("\n")
    return Doc(body, {name: _items(name, lines) for name, lines in sections.items()}, example)


def _items(section: str, lines: list[str]) -> list[Item]:
    if section == "Returns":
        return [Item((), textwrap.dedent("\n".join(lines)).strip("\n"))]
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("    ") and line[4] != " ":
            name, _, said = line[4:].partition(": ")
            found.append((name.removesuffix(":"), [said]))
        elif found:
            found[-1][1].append(line[8:])
        elif line:
            raise ValueError(f"{line!r} in {section} belongs to nothing")
    return [Item(tuple(name.split(", ")), "\n".join(said).strip("\n")) for name, said in found]


def markdown(text: str, where: Where) -> str:
    """Text of a docstring: roles become links, lines are filled; lists and code stay."""
    text = _ROLE.sub(lambda match: linked(match[1], where), text)
    text = _CODE.sub(lambda match: f"`{' '.join(match[1].split())}`", text)
    return "\n\n".join(_filled(part) for part in re.split(r"\n{2,}", text))


def linked(name: str, where: Where) -> str:
    """A name as code; a link if the page tells of it."""
    shown = name.removeprefix("frontrow.")
    address = where(shown)
    return f"[`{shown}`]({address})" if address else f"`{shown}`"


def bullet(text: str) -> str:
    """A list's item, filled; what belongs to it below is indented."""
    first, *more = text.split("\n\n")
    lines = textwrap.fill(" ".join(first.split()), WIDTH, initial_indent="- ", subsequent_indent="  ", **_WHOLE)
    return "\n\n".join([lines, *(textwrap.indent(part, "  ") for part in more)])


def _filled(part: str) -> str:
    if part.startswith("- "):
        return "\n".join(bullet(" ".join(item.split())) for item in re.split(r"^- ", part, flags=re.MULTILINE) if item)
    if part.startswith((" ", ">>>", "```")):
        return f"```python\n{textwrap.dedent(part)}\n```"
    return textwrap.fill(" ".join(part.split()), WIDTH, **_WHOLE)


_WHOLE = {"break_long_words": False, "break_on_hyphens": False}
