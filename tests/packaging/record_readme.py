"""Write the README's transcripts anew by running what they show: ``make readme``.

Starts a stack of its own on free ports, plays the demonstration without a terminal, then runs the README's Python block
against it. What it prints goes into the block that follows the command or the code; nothing else is touched. The table
of bad input comes from trying all of it; ``--table`` writes only that, which needs no stack.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.bad_input.table import markdown

README = Path(__file__).parents[2] / "README.md"
FRONTROW = Path(sys.executable).parent / "frontrow"
LIMIT_S = 600
PLAIN = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


def output_of(command: list[str]) -> str:
    """What a command prints on both streams, as a person would see it."""
    done = subprocess.run(
        command, env=PLAIN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout}")
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def replaced(text: str, before: str, output: str) -> str:
    """The text with the fenced block that comes right after ``before`` filled with ``output``."""
    pattern = re.compile(re.escape(before) + r"(\n*```\n)?.*?\n```", re.DOTALL)
    found = pattern.search(text)
    if found is None:
        raise SystemExit(f"the README has no block after {before!r}")
    return text[: found.start()] + before + (found[1] or "\n") + output + "\n```" + text[found.end() :]


def python_block(text: str) -> str:
    """The README's example in Python."""
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    if found is None:
        raise SystemExit("the README has no Python block")
    return found[1]


def between(text: str, first: str, last: str, content: str) -> str:
    """The text with ``content`` between two markers, instead of what was there."""
    before, found, rest = text.partition(first)
    _, also, after = rest.partition(last)
    if not found or not also:
        raise SystemExit(f"the README lacks {first} and {last}")
    return f"{before}{first}\n\n{content}\n\n{last}{after}"


def main() -> None:
    """Rewrites the README."""
    text = between(README.read_text(), "<!-- bad input -->", "<!-- end of bad input -->", markdown())
    README.write_text(text)
    if sys.argv[1:] == ["--table"]:
        return
    with tempfile.TemporaryDirectory(prefix="frontrow-readme-") as directory:
        try:
            shown = output_of([str(FRONTROW), "demo", "--keep", "--ports", "auto", "--dir", directory])
            shown, _, following = shown.partition("\n\nThe stack stays up.")
            if not following:
                raise SystemExit("the demonstration did not say what to try next")
            text = replaced(text, "$ make demo", shown)
            status = output_of([str(FRONTROW), "stack", "up", "--dir", directory])
            url = next(line.split()[1] for line in status.splitlines() if line.split()[:1] == ["Druid"])
            code = python_block(text)
            answers = output_of([sys.executable, "-c", code.replace("http://127.0.0.1:8888", url)])
            text = replaced(text, f"```python\n{code}```", answers)
        finally:
            subprocess.run([str(FRONTROW), "stack", "down", "--dir", directory], timeout=LIMIT_S, check=False)
    README.write_text(text)


if __name__ == "__main__":
    main()
