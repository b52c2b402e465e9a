"""A page of documentation as something that can be run: its changes to files, its commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXITS = re.compile(r"\s+# exits (\d+)$")


@dataclass(frozen=True)
class Edit:
    """A change to a file: lines that are there once, and what they become."""

    path: str
    before: str
    after: str

    def make(self, root: Path) -> None:
        file = root / self.path
        text = file.read_text()
        assert text.count(self.before) == 1, f"{self.path} does not have once: {self.before}"
        file.write_text(text.replace(self.before, self.after))


@dataclass(frozen=True)
class Command:
    """A line for a shell, and the exit status that the page promises."""

    line: str
    status: int


def steps(page: Path) -> Iterator[Edit | Command]:
    """What the page says to do, in its order."""
    for kind, content in _FENCE.findall(page.read_text()):
        if kind == "diff":
            yield _edit(content)
        elif kind == "sh":
            for line in content.splitlines():
                found = _EXITS.search(line)
                yield Command(_EXITS.sub("", line), int(found[1]) if found else 0)


def _edit(content: str) -> Edit:
    header, _, *lines = content.splitlines()
    before = [line[1:] for line in lines if not line.startswith("+")]
    after = [line[1:] for line in lines if not line.startswith("-")]
    return Edit(header.removeprefix("--- "), "\n".join(before), "\n".join(after))
