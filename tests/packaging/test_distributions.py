"""What is in the wheel and in the source distribution."""

from __future__ import annotations

import re
import subprocess
import tarfile
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest

from support.installed import ROOT, build

PACKAGES = {"frontrow": "client", "frontrow_ingest": "ingest", "frontrow_specs": "specs"}
README = (ROOT / "README.md").read_text()


def in_tree(*folders: str) -> set[str]:
    """The files that git knows, or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.splitlines() if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


@pytest.fixture(scope="module")
def in_sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    with tarfile.open(build("sdist", tmp_path_factory.mktemp("sdist"))) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (each for each in opened.namelist() if each.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(opened.read(name).decode())


def test_the_wheel_is_the_three_packages_whole(in_wheel: set[str]) -> None:
    ours = {name for name in in_wheel if ".dist-info/" not in name}
    wanted = {
        name.partition("/")[2] for package, root in PACKAGES.items() for name in in_tree(f"{root}/{package}")
    }  # fmt: skip
    assert ours == wanted
    assert {f"{package}/py.typed" for package in PACKAGES} <= ours


def test_the_wheel_has_its_data_and_no_tests(in_wheel: set[str]) -> None:
    assert {
        "frontrow_specs/avro/ViewingEvent.avsc", "frontrow_specs/catalogue/metrics.yaml",
        "frontrow_specs/rollup/audience.yaml", "frontrow_ingest/stack/jars.lock.json",
    } <= in_wheel  # fmt: skip
    assert {name.partition("/")[0].partition("-")[0] for name in in_wheel} == set(PACKAGES)
    assert not [name for name in in_wheel if Path(name).name.startswith(("test_", "conftest")) or ".pyc" in name]
    assert sum(name.endswith("/licenses/LICENSE") for name in in_wheel) == 1


def test_the_source_distribution_can_be_worked_with(in_sdist: set[str]) -> None:
    whole = in_tree("client", "ingest", "specs", "tests") | {"pyproject.toml", "Makefile", "requirements.lock"}
    assert whole - in_sdist == set()
    assert {name.partition("/")[0] for name in in_sdist} == {
        "CHANGELOG.md", "LICENSE", "Makefile", "PKG-INFO", "README.md", "client", "docker-compose.yml", "ingest",
        "pyproject.toml", "requirements.lock", "specs", "tests", ".gitignore",
    }  # fmt: skip


def test_what_the_readme_links_comes_along(in_sdist: set[str]) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", README)
    assert links
    assert {link for link in links if not link.startswith("https://")} - in_sdist == set()


def test_what_an_index_shows(metadata: Message) -> None:
    assert metadata["Name"] == "frontrow"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().strip() == README.strip()


def test_every_extra_of_the_readme_is_one(metadata: Message) -> None:
    extras = set(metadata.get_all("Provides-Extra", []))
    listed = README.partition("\nExtras: ")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+)`", listed)) <= extras
    assert set(re.findall(r"frontrow\[([a-z]+)\]", README)) <= extras
    bare = [need for need in metadata.get_all("Requires-Dist", []) if "extra ==" not in need]
    assert {re.split(r"[^a-z0-9-]", need)[0] for need in bare} == {
        "click", "orjson", "pydruid", "pyyaml", "rich", "urllib3",
    }  # fmt: skip
