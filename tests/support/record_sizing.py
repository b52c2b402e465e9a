"""Write the tables of specs/SIZING.md anew by running the commands that they follow: ``python`` with this file."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from frontrow_ingest.cli.main import command

DOCUMENT = Path(__file__).parents[2] / "specs" / "SIZING.md"
_SHOWN = re.compile(r"^\$ frontrow (specs size [^\n]*)\n.*?^```$", re.MULTILINE | re.DOTALL)


def recorded(text: str) -> str:
    """The text with what each command prints now."""

    def shown(found: re.Match[str]) -> str:
        answer = CliRunner().invoke(command, shlex.split(found[1]))
        if answer.exit_code != 0:
            raise SystemExit(answer.output)
        return f"$ frontrow {found[1]}\n{answer.output}```"

    return _SHOWN.sub(shown, text)


if __name__ == "__main__":
    DOCUMENT.write_text(recorded(DOCUMENT.read_text()))
