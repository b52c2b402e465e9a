"""One query of the console: its text as a file, with what it answers at the top."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

_WIDTH = 110
UNSEEN_BY_SQL = "Native, because SQL of this Druid version does not see the HLL and theta columns of a running task."


@dataclass(frozen=True)
class ConsoleQuery:
    """A query to keep.

    Attributes:
        answers: what it answers, in words
        language: ``sql``, or ``json`` for Druid's native language
        body: the SQL, or the native query
        why_native: why it is not SQL; empty if it is
    """

    name: str
    answers: str
    language: Literal["sql", "json"]
    body: str | Mapping[str, Any]
    why_native: str = ""

    @property
    def file_name(self) -> str:
        return f"{self.name}.{self.language}"

    @property
    def text(self) -> str:
        """The content of the file. Druid passes over the key ``//``, which holds the words."""
        words = textwrap.wrap(" ".join(filter(None, (self.answers, self.why_native))), _WIDTH)
        if isinstance(self.body, str):
            return "\n".join([*(f"-- {line}" for line in words), self.body]) + "\n"
        return json.dumps({"//": words, **self.body}, indent=2) + "\n"
