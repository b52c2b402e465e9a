"""Configuration files and command lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from frontrow_ingest.stack import Ports, StackSettings
from frontrow_ingest.stack.render import SERVICES, jvm_flags, write_configuration
from frontrow_ingest.stack.settings import cache_directory, stack_directory

QUICK = "-XX:TieredStopAtLevel=1"


def test_every_file_is_filled_and_names_the_loopback_address_only(tmp_path: Path) -> None:
    ports = Ports().changed({"router": 18001, "kafka": 18002, "zookeeper": 18003})
    write_configuration(StackSettings(tmp_path, ports=ports))
    files = {path.name: path.read_text() for path in (tmp_path / "conf").iterdir()}
    assert len(files) == 8
    for name, text in files.items():
        assert not re.search(r"\$[a-z{]", text.replace("${sys:", "")), name
        assert "0.0.0.0" not in text  # noqa: S104 - looks for it
    assert "druid.plaintextPort=18001" in files["router.properties"]
    assert "druid.bindOnHost=true" in files["historical.properties"]
    assert "listeners=PLAINTEXT://127.0.0.1:18002" in files["kafka.properties"]
    assert "druid.zk.service.host=127.0.0.1:18003" in files["coordinator.properties"]


def test_memory_can_be_chosen(tmp_path: Path) -> None:
    settings = StackSettings(tmp_path, heap_mb={"indexer": 4096})
    assert "-Xmx4096m" in jvm_flags("indexer", settings)
    assert "-Xmx768m" in jvm_flags("broker", settings)
    assert all(f"-Dfrontrow.service={service}" in jvm_flags(service, settings) for service in SERVICES)


def test_a_short_lived_stack_compiles_quickly_everywhere() -> None:
    for service in SERVICES:
        quick, usual = (jvm_flags(service, StackSettings(Path("state"), short_lived=short)) for short in (True, False))
        assert QUICK in quick
        assert set(quick) - {QUICK} == set(usual) - {QUICK}
    assert QUICK not in jvm_flags("indexer", StackSettings(Path("state")))


def test_the_cache_follows_the_xdg_specification(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "frontrow"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_directory() == tmp_path / "home" / ".cache" / "frontrow"


def test_the_stacks_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRONTROW_STACK_DIR", raising=False)
    assert stack_directory() == Path(".frontrow/stack")
    monkeypatch.setenv("FRONTROW_STACK_DIR", "elsewhere")
    assert stack_directory() == Path("elsewhere")
    assert stack_directory(Path("given")) == Path("given")
