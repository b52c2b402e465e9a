"""``frontrow schema decode`` over bytes at hand; what is read from a topic is tested with the producer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from frontrow_ingest.cli.decode import command
from frontrow_ingest.contract import Validator, encode
from support.viewing_events import an_event

VALUE = encode(Validator().event(an_event()))


def run(*arguments: str, text: bytes = b"") -> Result:
    return CliRunner().invoke(command, list(arguments), input=text, standalone_mode=False)


def test_hexadecimal_a_file_and_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "event.bin"
    file.write_bytes(VALUE)
    for result in (run("--hex", VALUE.hex(" ")), run(str(file)), run("-", text=VALUE)):
        assert result.return_value == 0
        assert json.loads(result.stdout)["content_id"] == "title-17"


def test_what_is_no_event_is_told() -> None:
    result = run("--hex", "00 01")
    assert result.return_value == 1
    assert "too few" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--hex", "0"], ["--hex", "00", "--topic", "t"]])
def test_wrong_usage(arguments: list[str]) -> None:
    assert run(*arguments).exit_code != 0
