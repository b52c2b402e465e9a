"""The suite in some workers: which test runs where, and that an interrupted run ends what its tests started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from support.lanes import APART, CONTAINERS, SECOND, SECOND_FILES, STACK, WORKERS, lane_of
from support.waiting import until

TESTS = Path(__file__).parents[1]
PROJECT = f"""
[tool.pytest.ini_options]
addopts = "--import-mode=importlib"
testpaths = ["tests"]
pythonpath = ["{TESTS}"]
"""
# Patient as pytest-xdist is not: it would end the workers at once.
IMPATIENT = """
import subprocess, sys, time
from pathlib import Path
import pytest
from xdist.workermanage import NodeManager

NodeManager.EXIT_TIMEOUT = 0.1

@pytest.fixture(scope="session")
def service(request, worker_id):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as process:
        Path(f"started-{process.pid}").touch()
        yield
        time.sleep(1)
        process.kill()
    Path(f"ended-{process.pid}").touch()
"""
A_TEST = """
import subprocess, time
from pathlib import Path

def test_that_takes_long_and_forgets_a_process(service):
    process = subprocess.Popen(["sh", "-c", "trap '' INT; sleep 600"])
    Path(f"forgotten-{process.pid}").touch()
    time.sleep(600)
"""


def test_what_shares_a_stack_is_one_lane() -> None:
    for folder in (STACK, CONTAINERS):
        assert any((TESTS.parent / folder).glob("test_*.py"))
        assert lane_of(f"{folder}/test_a.py::test_b[c::d]") == lane_of(f"{folder}/test_b.py::TestC::test_d") == folder
    assert any((TESTS.parent / APART).glob("test_*.py"))
    assert lane_of(f"{APART}/test_a.py::test_b") != lane_of(f"{APART}/test_a.py::test_c")
    assert lane_of("tests/client/test_a.py::TestB::test_c") == "tests/client/test_a.py"
    for file in SECOND_FILES:
        assert (TESTS.parent / file).is_file()
        assert lane_of(f"{file}::test_a") == SECOND


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small suite with this one's conftest: two lanes with a service each, and a file with another."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    folders = ("stack", "containers", "other")
    for folder in ("tests", *(f"tests/{name}" for name in folders)):
        (tmp_path / folder).mkdir()
    shutil.copy(TESTS / "conftest.py", tmp_path / "tests")
    for folder in folders:
        (tmp_path / "tests" / folder / "conftest.py").write_text(IMPATIENT)
        (tmp_path / "tests" / folder / "test_long.py").write_text(A_TEST)
    return tmp_path


@contextmanager
def running(project: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """``pytest`` in a process group of its own, as a shell starts it."""
    # Without the plugins that this has no use for it starts in half the time.
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "--numprocesses=auto", *options]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            for pid in pids(project, "started") | pids(project, "forgotten"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def pids(project: Path, what: str) -> set[int]:
    """Of processes that tests started, ended in order, or forgot."""
    return {int(path.name.partition("-")[2]) for path in project.glob(f"{what}-*")}


@pytest.mark.parametrize("way", ["Ctrl-C", "SIGTERM"])
def test_an_interrupted_run_leaves_nothing(project: Path, way: str) -> None:
    with running(project) as process:
        until("all workers to be at a test", lambda: len(pids(project, "forgotten")) == WORKERS)
        workers = psutil.Process(process.pid).children()
        assert len(workers) == WORKERS
        if way == "Ctrl-C":
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        else:
            process.terminate()
        said = process.communicate(timeout=600)[0]
    assert process.returncode == 2, said
    assert "KeyboardInterrupt" in said
    assert said.splitlines()[-1].startswith("=====")
    assert pids(project, "ended") == pids(project, "started"), said
    left = pids(project, "started") | pids(project, "forgotten")
    until("the last processes to be gone", lambda: not any(map(psutil.pid_exists, left)))
    assert not [worker for worker in workers if worker.is_running()]


@pytest.mark.parametrize("part", [["tests/other"], ["-m", "stack"]])
def test_a_part_of_the_suite_needs_no_worker(project: Path, part: list[str]) -> None:
    for path in project.rglob("test_long.py"):
        path.write_text("def test_at_once(): pass")
    with running(project, *part) as process:
        said = process.communicate(timeout=600)[0]
    assert process.returncode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED), said
    assert "workers" not in said
