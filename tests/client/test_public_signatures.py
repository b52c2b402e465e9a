"""The public signatures are those that were agreed: a change of one is seen, and is meant.

After a wanted one: ``FRONTROW_WRITE_GOLDEN=1 pytest tests/client/test_public_signatures.py``, and read the difference.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

import pytest

from support.public_api import public_api

AGREED = Path(__file__).parent / "golden" / "public_api.txt"
RENEW = "FRONTROW_WRITE_GOLDEN=1 pytest tests/client/test_public_signatures.py"


def difference(now: list[str]) -> str:
    """What is no longer as agreed; empty if nothing is."""
    lines = list(difflib.unified_diff(AGREED.read_text().splitlines(), now, "agreed", "now", n=0, lineterm=""))
    if not lines:
        return ""
    return "\n".join(
        [f"the public API is another one. If that is meant, tell of it in CHANGELOG.md, and {RENEW}", *lines]
    )


def test_the_public_signatures_are_the_agreed_ones() -> None:
    if os.environ.get("FRONTROW_WRITE_GOLDEN"):
        AGREED.write_text("\n".join(public_api()) + "\n")
    said = difference(public_api())
    assert not said, said


def test_a_change_is_told_with_the_way_to_agree_to_it() -> None:
    now = [re.sub(r"^(Timeouts\(.*)total", r"\1whole", line) for line in public_api()]
    said = difference([*now, "new() -> None"])
    assert RENEW in said
    assert re.findall(r"^[+-]\w+", said, re.MULTILINE) == ["-Timeouts", "+Timeouts", "+new"]


@pytest.mark.parametrize(
    "line",
    [
        r"timeseries\(metrics: 'str \| Sequence\[str\]', \*, interval: .* -> 'Timeseries'",
        r"Client\(url: 'str \| None' = None, \*, transport: .*",
        r"Client\.timeseries\(self, /, metrics: .*",
        r"async AsyncClient\.export\(self, query: .*",
        r"Timeseries\.every\(self, granularity: .*",
        r"Result\.columns: Mapping\[str, Sequence\[Any\]\]",
        r"Result\.rows -> tuple\[.*",
        r"class KeyEpochsError\(AskError\)",
        r"TooManyError\.retryable = True",
    ],
)
def test_every_kind_of_name_is_pinned(line: str) -> None:
    assert [each for each in public_api() if re.fullmatch(line, each)]
