"""The wheel with what it declares and nothing else: it asks, its command answers, and what needs an extra names it."""

from __future__ import annotations

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path
from uuid import UUID

import pytest
from packaging.requirements import Requirement

from frontrow_ingest.cli.main import COMMANDS, EXTRA_OF
from frontrow_ingest.testing import MemoryDruid
from support.installed import Environment, canonical, declared, environment, with_declared
from support.memory_server import memory_server
from support.viewing_events import an_event

# What is done with an answer, and the extra that it needs.
NEEDS = {"to_polars": "polars", "to_pandas": "pandas", "to_arrow": "arrow", "plot": "plot"}
DAY = "2026-09-21/2026-09-22"


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return with_declared(environment(tmp_path_factory.mktemp("bare") / "venv", wheel))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A Druid that 32 viewers' plays were counted in, 20 of them in Germany."""
    druid = MemoryDruid()
    druid.apply("audience")
    for number in range(32):
        viewer = base64.urlsafe_b64encode(number.to_bytes(16, "big")).decode().rstrip("=")
        country = "DE" if number < 20 else "FR"
        play = an_event(kind="first_frame", session_id=str(UUID(int=number)), viewer_id=viewer, country=country)
        druid.send("events", [play])
    with memory_server(druid) as server:
        yield server.url


def asking(url: str, then: str) -> str:
    return f"""
import json, frontrow
with frontrow.Client({url!r}, key_epochs=False) as client:
    result = client.top_n("country", "plays", interval={DAY!r})
{then}
"""


def test_it_is_bare(bare: Environment) -> None:
    (info,) = bare.site.glob("frontrow-*.dist-info")
    extras = Distribution.at(info).metadata.get_all("Provides-Extra") or []
    optional = declared(Distribution.at(info), frozenset(extras)) - declared(Distribution.at(info))
    assert {"polars", "pandas", "pyarrow", "altair", "kafka-python", "confluent-kafka", "jupyterlab"} <= optional
    code = "from importlib.metadata import distributions; print(*{each.name for each in distributions()})"
    there = {canonical(name) for name in bare.python(code).split()}
    assert there == {"frontrow", *declared(Distribution.at(info))}
    assert there & optional == set()


def test_it_asks_and_shows_the_answer(bare: Environment, url: str) -> None:
    then = "    print(json.dumps([dict(row) for row in result])); print(result); print(len(result._repr_html_()) > 100)"
    rows, *shown, as_html = bare.python(asking(url, then)).splitlines()
    assert json.loads(rows) == [{"country": "DE", "plays": 20}, {"country": "FR", "plays": 12}]
    assert shown[0].split() == ["country", "plays", "[plays]"]
    assert as_html == "True"


@pytest.mark.parametrize("method", NEEDS)
def test_what_needs_an_extra_names_it(method: str, bare: Environment, url: str) -> None:
    then = f"""
    try:
        result.{method}()
    except frontrow.MissingExtraError as error:
        print(error)
"""
    said = bare.python(asking(url, then))
    assert re.fullmatch(rf"this needs \w+: pip install 'frontrow\[{NEEDS[method]}\]'", said)


def test_an_export_names_its_extra_and_leaves_no_file(bare: Environment, url: str) -> None:
    then = """
    try:
        client.export("SELECT 1", "rows.parquet")
    except frontrow.MissingExtraError as error:
        print(error)
"""
    assert "pip install 'frontrow[arrow]'" in bare.python(asking(url, then))
    assert not (bare.folder / "rows.parquet").exists()


def test_the_command_asks(bare: Environment, url: str) -> None:
    ask = ["query", "top", "country", "plays", "--interval", DAY, "--url", url, "--csv"]
    done = bare.run(bare.bin / "frontrow", *ask)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["country,plays", "DE,20", "FR,12"]


def test_every_command_helps_or_names_its_extra(bare: Environment) -> None:
    code = """
import contextlib, io, json, sys
from frontrow_ingest.cli.main import COMMANDS, main
said = {}
for name in ["", *COMMANDS]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            sys.argv = ["frontrow", *filter(None, [name]), "--help"]
            code = main()
        except SystemExit as ended:
            code = ended.code
    said[name] = (code or 0, out.getvalue(), err.getvalue())
print(json.dumps(said))
"""
    said = json.loads(bare.python(code))
    assert set(said) == {"", *COMMANDS}
    helped = {name for name, (code, out, _) in said.items() if code == 0 and out.startswith("Usage: frontrow")}
    assert {"", "query", "ledger", "specs"} <= helped
    for name in set(said) - helped:
        code, out, err = said[name]
        assert (code, out) == (1, "")
        assert re.search(r"this command needs \w+: pip install 'frontrow\[\w+\]'", err), err


def test_every_optional_package_has_an_extra_to_name() -> None:
    """What an extra brings by itself, and not only in turn, is known by the module that would be missed."""
    ours = distribution("frontrow")
    named: dict[str, set[str]] = defaultdict(set)
    for text in ours.requires or []:
        need = Requirement(text)
        for extra in ours.metadata.get_all("Provides-Extra") or []:
            if need.marker is not None and need.marker.evaluate({"extra": extra}):
                named[canonical(need.name)].add(extra)
    modules = {
        module: set().union(*(named[canonical(name)] for name in names))
        for module, names in packages_distributions().items()
        if not module.startswith("_")
    }
    missing = {module for module, extras in modules.items() if extras and module not in EXTRA_OF}
    assert missing == set()
    assert {module for module, extra in EXTRA_OF.items() if extra not in modules[module]} <= {"docker"}


def test_a_druid_in_memory_needs_no_extra(bare: Environment) -> None:
    code = f"""
import frontrow
from frontrow_ingest.testing import MemoryDruid
druid = MemoryDruid()
druid.apply("audience")
druid.send("events", [{{"ts": 1790000000000, "kind": "first_frame", "country": "DE"}}])
print(frontrow.Client(transport=druid).top_n("country", "plays", interval={DAY!r})[0]["plays"])
"""
    assert bare.python(code) == "1"
