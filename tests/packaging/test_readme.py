"""The README's commands exist, and its list of commands is whole."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from frontrow_ingest.cli.main import COMMANDS, command

README = (Path(__file__).parents[2] / "README.md").read_text()
WRITTEN = sorted(
    {match[1].split("#")[0].strip() for match in re.finditer(r"^(frontrow [a-z][^\n]*)$", README, re.MULTILINE)}
)


def test_every_command_is_in_the_readme() -> None:
    assert WRITTEN
    shown = {line.split()[1] for line in WRITTEN} | set(re.findall(r"make (\w+)", README))
    assert set(COMMANDS) <= shown


@pytest.mark.parametrize("line", WRITTEN)
def test_a_command_of_the_readme_is_accepted(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsed by the real command line, options and all; not run. The files that it names exist."""
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)[1:]
    for file in (word for word in words if Path(word).suffix in (".jsonl", ".yaml", ".csv")):
        Path(file).touch()
    group: click.Command = command
    with click.Context(command) as context:
        while isinstance(group, click.Group):
            found = group.get_command(context, words.pop(0))
            assert found is not None, line
            group = found
        group.make_context(group.name, words, resilient_parsing=False)


def test_the_example_without_druid_runs_as_written() -> None:
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "MemoryDruid" in block)
    names: dict[str, object] = {}
    exec("import frontrow\n" + code, names)  # noqa: S102 - our own README
    said = re.search(r"# (RowCount\(.*\))", code)
    assert said is not None
    assert repr(names["druid"].count("audience")) == said[1]  # type: ignore[attr-defined]
