"""What images are made of, without Docker."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from frontrow_ingest.images.context import Context
from frontrow_ingest.images.docker import ImageError, docker, engine_problem
from frontrow_ingest.images.machine import busybox, libraries
from frontrow_ingest.stack.cache import java


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_a_context_is_named_by_its_content(tmp_path: Path) -> None:
    script = tmp_path / "start"
    script.write_text("exec java")
    one = Context({"start.sh": script, "Dockerfile": "FROM scratch"})
    assert one.identity() == Context({"Dockerfile": "FROM scratch", "start.sh": "exec java"}).identity()
    assert one.identity() != Context({"Dockerfile": "FROM scratch ", "start.sh": script}).identity()
    assert one.identity("base:1") != one.identity("base:2")


def test_a_context_is_written_with_its_modes(tmp_path: Path) -> None:
    source = tmp_path / "tool"
    source.write_bytes(b"\x7fELF")
    source.chmod(0o755)
    Context({"root/bin/tool": source, "start.sh": "#!/bin/sh\n", "conf/x": "text"}).write(tmp_path / "out")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert modes == {"tool": 0o755, "start.sh": 0o755, "x": 0o644}


def test_the_jres_libraries_are_found() -> None:
    found = {path.name for path in libraries([java()])}
    assert {"libc.so.6", "libdl.so.2", "libpthread.so.0"} <= found
    assert any(name.startswith("ld-") for name in found)


def test_without_docker_the_error_says_what_to_install(no_programs: Path) -> None:
    with pytest.raises(ImageError, match=r"apt install docker\.io"):
        docker(["ps"])
    assert "frontrow stack up" in (engine_problem() or "")


def test_without_an_engine_the_error_says_so(monkeypatch: pytest.MonkeyPatch, no_programs: Path) -> None:
    program = no_programs / "docker"
    program.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    program.chmod(0o755)
    assert "does not answer (Cannot connect to the Docker daemon)" in (engine_problem() or "")


def test_without_busybox_the_error_says_what_to_install(no_programs: Path) -> None:
    with pytest.raises(ImageError, match="apt install busybox-static"):
        busybox()


def test_a_busybox_that_needs_libraries_is_not_taken(no_programs: Path) -> None:
    (no_programs / "busybox").symlink_to(java())
    with pytest.raises(ImageError, match=r"is not a static one.*busybox-static"):
        busybox()
