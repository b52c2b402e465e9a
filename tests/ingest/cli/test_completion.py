"""What shells complete: commands, options, metrics, dimensions, specs; without a network, and without the extras."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from frontrow_ingest.cli.completion import PROGRAM, VARIABLE
from frontrow_ingest.cli.main import COMMANDS, command, main
from frontrow_specs import catalogue, rollup_names
from support.terminal import terminal

BIN = Path(sys.executable).parent
BASH = shutil.which("bash") or ""
NETWORKED = ("connect", "connect_ex", "bind")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a shell waits for this: it must ask nobody")

    for name in NETWORKED:
        monkeypatch.setattr(socket.socket, name, refuse)


def completed(*words: str) -> list[str]:
    """By click's machinery: what the last word can become."""
    *before, incomplete = words
    found = ShellComplete(command, {}, PROGRAM, VARIABLE).get_completions(before, incomplete)
    return [item.value for item in found]


def test_commands() -> None:
    assert set(completed("")) == set(COMMANDS)
    assert completed("qu") == ["quarantine", "query"]
    kinds = {"timeseries", "top", "breakdown", "compare", "reach", "overlap", "impact", "distribution", "retention"}
    assert set(completed("query", "")) == {*kinds, "sql", "native", "metrics", "dimensions"}
    assert completed("--vers") == ["--version"]


def test_options() -> None:
    assert completed("query", "timeseries", "plays", "--gran") == ["--granularity"]
    assert completed("query", "retention", "--by", "") == ["percent", "minute"]
    assert completed("completion", "") == ["bash", "fish", "zsh"]


def test_metrics() -> None:
    assert set(completed("query", "timeseries", "")) == set(catalogue().metrics)
    assert completed("query", "timeseries", "plays", "concurr") == ["concurrent_viewers"]
    assert completed("query", "top", "cdn", "rebuffer_r") == ["rebuffer_ratio"]


def test_dimensions() -> None:
    assert completed("query", "top", "countr") == ["country"]
    assert completed("query", "top", "title.g") == ["title.genre"]
    assert completed("query", "breakdown", "cdn,countr") == ["cdn,country"]
    assert completed("query", "timeseries", "plays", "--where", "countr") == ["country="]
    assert completed("query", "top", "content_id", "plays", "--label", "title")[:2] == ["title", "title.name"]


def test_specs() -> None:
    assert completed("query", "timeseries", "plays", "--spec", "") == list(rollup_names())
    assert completed("specs", "show", "aud") == ["audience"]
    assert completed("specs", "plan", "audience", "qua") == [name for name in rollup_names() if name.startswith("qua")]


def test_files_where_there_is_no_spec_of_that_name() -> None:
    found = ShellComplete(command, {}, PROGRAM, VARIABLE).get_completions(["specs", "plan"], "my-")
    assert [(item.value, item.type) for item in found] == [("my-", "file")]


def test_granularities_and_zones() -> None:
    assert completed("query", "timeseries", "plays", "--granularity", "") == [
        "all", "10s", "1m", "5m", "15m", "1h", "1d", "1w", "1mo",
    ]  # fmt: skip
    assert "Europe/Berlin" in completed("query", "timeseries", "plays", "--time-zone", "Europe/B")


@pytest.mark.parametrize(
    "words", [("no-such", ""), ("query", "no-such", ""), ("query", "top", "nothing-like-it"), ("\0",)]
)
def test_nothing(words: tuple[str, ...]) -> None:
    completed(*words)  # no error: a shell would show it in the middle of the line
    assert "nothing" not in completed("query", "timeseries", "nothing")


def test_helps_are_of_one_line() -> None:
    """Shells read an answer line by line."""
    found = ShellComplete(command, {}, PROGRAM, VARIABLE).get_completions(["query", "timeseries"], "")
    assert all(item.help and "\n" not in item.help for item in found)


def test_the_first_word_imports_no_command() -> None:
    code = (
        "import sys; from click.shell_completion import ShellComplete; from frontrow_ingest.cli.main import command;"
        "ShellComplete(command, {}, 'frontrow', '').get_completions([], 'p');"
        "print([name for name in sys.modules if name.startswith(('frontrow_ingest.cli.p', 'kafka'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.strip() == "[]"


def test_a_command_whose_extra_is_missing_has_nothing_to_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {**COMMANDS, "produce": ("no_such_package.cli", "Send events.")}
    for name, value in broken.items():
        monkeypatch.setitem(COMMANDS, name, value)
    assert completed("pro") == ["produce"]
    assert completed("produce", "--topic") == []


@pytest.mark.parametrize(
    ("shell", "says"),
    [("bash", "complete -o nosort -F"), ("zsh", "#compdef frontrow"), ("fish", "complete --no-files")],
)
def test_scripts(shell: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["completion", shell])
    out, err = capsys.readouterr()
    assert (ended.value.code, err) == (0, "")
    assert says in out
    assert f"{VARIABLE}={shell}_complete" in out


def test_a_shell_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["completion", "tcsh"])
    assert ended.value.code == 2
    assert "'bash', 'fish', 'zsh'" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_an_answer_to_each_shell(shell: str) -> None:
    """As its script asks: words in the environment, the answer on standard output."""
    place = "concurr" if shell == "fish" else "3"
    line = "frontrow query timeseries concurr"
    env = {**os.environ, VARIABLE: f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": place}
    done = subprocess.run([BIN / "frontrow"], env=env, capture_output=True, text=True, timeout=600, check=True)
    assert done.stderr == ""
    assert "concurrent_viewers" in done.stdout


@pytest.mark.skipif(not BASH, reason="there is no bash on this machine")
def test_an_interactive_bash() -> None:
    env = {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", "PS1": "> "}
    with terminal([BASH, "--norc", "--noprofile", "-i"], columns=160, env=env) as shown:
        shown.until("> ")
        shown.press("eval \"$(frontrow completion bash)\"; echo re''ady\n")
        shown.until("ready")
        shown.press("frontrow query timeseries concurr\t")
        shown.until("concurrent_viewers ")
        shown.press("--where countr\tDE")  # goes on without a space
        shown.until("country=DE")
        shown.press(" --granularity \t\t")
        shown.until("15m")
    assert "Traceback" not in shown.text


def test_names_of_the_program_and_of_its_variable_are_click_s() -> None:
    assert isinstance(command, click.Group)
    assert f"_{PROGRAM.upper()}_COMPLETE" == VARIABLE
