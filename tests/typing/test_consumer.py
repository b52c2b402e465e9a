"""The wheel's types, as mypy and pyright see them from outside: right uses pass strictly, wrong ones are refused."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from support.installed import ROOT, Environment, environment, with_everything

HERE = Path(__file__).parent
TOOLS = Path(sys.executable).parent
RIGHT = ("analyst.py", "board.py", "service.py")
WRONG = "refused.py"
QUIET = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
# By file and line, what was refused there.
Found = dict[tuple[str, int], list[str]]


@pytest.fixture(scope="module")
def consumer(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Where the wheel is installed with every optional package, and the files that use it."""
    made = with_everything(environment(tmp_path_factory.mktemp("consumer") / "venv", wheel))
    for name in (*RIGHT, WRONG):
        shutil.copy(HERE / name, made.folder)
    return made


@pytest.fixture(scope="module")
def by_mypy(consumer: Environment) -> Found:
    return mypy(consumer, *RIGHT, WRONG)


@pytest.fixture(scope="module")
def by_pyright(consumer: Environment) -> Found:
    (consumer.folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "pythonVersion": "3.11"}')
    done = consumer.run(
        TOOLS / "pyright", "--pythonpath", consumer.bin / "python", "--outputjson", *RIGHT, WRONG, **QUIET
    )  # fmt: skip
    found: Found = defaultdict(list)
    for said in json.loads(done.stdout)["generalDiagnostics"]:
        if said["severity"] != "information":
            place = (Path(said["file"]).name, said["range"]["start"]["line"] + 1)
            found[place].append(f"{said.get('rule')}: {said['message']}")
    return found


def mypy(where: Environment, *files: str) -> Found:
    done = where.run(
        TOOLS / "mypy", "--config-file=", "--strict", "--python-executable", where.bin / "python", "--python-version",
        "3.11", "--cache-dir", ROOT / ".mypy_cache" / "consumer", "--output", "json", *files,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    found: Found = defaultdict(list)
    for line in filter(None, done.stdout.splitlines()):
        said: dict[str, Any] = json.loads(line)
        if said["severity"] == "error":
            found[Path(said["file"]).name, said["line"]].append(f"{said['code']}: {said['message']}")
    return found


def refused() -> dict[tuple[str, int], str]:
    """Each line that must be refused, and mypy's code for it."""
    lines = enumerate((HERE / WRONG).read_text().splitlines(), 1)
    return {(WRONG, number): match[1] for number, line in lines if (match := re.search(r"# refused: (\S+)$", line))}


def test_the_wheel_is_what_is_checked(consumer: Environment) -> None:
    where = consumer.python("import frontrow as f, frontrow_specs as s; print(f.__file__, s.__file__)")
    assert all(Path(path).is_relative_to(consumer.site) for path in where.split())


@pytest.mark.parametrize("checker", ["by_mypy", "by_pyright"])
def test_right_uses_are_taken(checker: str, request: pytest.FixtureRequest) -> None:
    found: Found = request.getfixturevalue(checker)
    assert {place: said for place, said in found.items() if place[0] in RIGHT} == {}


@pytest.mark.parametrize("checker", ["by_mypy", "by_pyright"])
def test_wrong_uses_are_refused_and_nothing_else(checker: str, request: pytest.FixtureRequest) -> None:
    found: Found = request.getfixturevalue(checker)
    # pyright also remarks on expressions whose value is not used; that is not why they are wrong.
    wrong = {place for place, said in found.items() if place[0] == WRONG and not all("Unused" in it for it in said)}
    passed = sorted(set(refused()) - wrong)
    assert passed == [], "wrong uses that pass"
    assert {place: found[place] for place in wrong - set(refused())} == {}


def test_wrong_uses_are_refused_for_the_reason_they_are_wrong(by_mypy: Found) -> None:
    others = {
        place: by_mypy[place]
        for place, code in refused().items()
        if not any(said.startswith(f"{code}: ") for said in by_mypy[place])
    }
    assert others == {}


def test_without_its_marker_a_package_would_not_be_taken(consumer: Environment) -> None:
    """The checkers read the installed package and not this tree: what is taken away there is missed."""
    marker = consumer.site / "frontrow_specs" / "py.typed"
    (consumer.folder / "bare.py").write_text("import frontrow_specs\n")
    assert mypy(consumer, "bare.py") == {}
    marker.rename(marker.with_suffix(".away"))
    try:
        found = mypy(consumer, "bare.py")
    finally:
        marker.with_suffix(".away").rename(marker)
    assert [code.partition(":")[0] for code in found["bare.py", 1]] == ["import-untyped"]


def test_every_public_symbol_has_a_known_type(consumer: Environment) -> None:
    done = consumer.run(TOOLS / "pyright", "--verifytypes", "frontrow", "--ignoreexternal", "--outputjson", **QUIET)
    report = json.loads(done.stdout)["typeCompleteness"]
    assert Path(report["packageRootDirectory"]).is_relative_to(consumer.site)
    unknown = [symbol for symbol in report["symbols"] if not symbol["isTypeKnown"]]
    said = [(symbol["name"], [each["message"] for each in symbol["diagnostics"]]) for symbol in unknown]
    assert said == [], "what has no annotation of its own, like a client's Asked(...), is declared Final"
    assert report["completenessScore"] == 1
    assert report["exportedSymbolCounts"]["withKnownType"] > 20
