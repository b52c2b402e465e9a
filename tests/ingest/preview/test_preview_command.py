"""``frontrow specs preview`` on files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from frontrow_ingest.cli.specs import command
from support.other_records import deltas
from support.viewing_events import a_line, an_event

BROKEN = Path(__file__).parents[2] / "specs" / "broken"


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(command, ["preview", *map(str, arguments)])


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    lines = [a_line(country=country, seq=number) for number, country in enumerate(["DE", "FR", "DE", "AT"])]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_a_table(sample: Path) -> None:
    answer = run("audience", "--sample", sample)
    assert answer.exit_code == 0, answer.output
    assert "audience: 4 events of events.jsonl become 3 rows by the minute in 1 segment by the hour" in answer.output
    assert "1.33 events a row" in answer.output
    assert "viewers_theta" in answer.output
    assert "cannot answer dropped_frames: no column dropped_frames" in answer.output


def test_json_says_all(sample: Path) -> None:
    found = json.loads(run("audience", "--sample", sample, "--json").output)
    assert (found["events"], found["rows"], found["refused"], found["complete"]) == (4, 3, {}, True)
    country = next(each for each in found["dimensions"] if each["name"] == "country")
    assert (country["values"], country["rows_without"], country["times_rows"]) == (3, 1, 3.0)
    assert (country["events_per_row_without"], country["null_share"]) == (4.0, 0.0)
    assert [each["start"] for each in found["segments"]] == ["2026-09-21T14:00:00Z"]
    assert sum(each["bytes"] for each in found["columns"]) < found["bytes"]
    assert "plays" in found["answers"]
    assert found["cannot_answer"]["bits"] == "no column bits (longSum of bits)"


def test_refused_lines_are_counted_by_reason(sample: Path) -> None:
    with sample.open("ab") as file:
        file.write(b"nonsense\n\n" + a_line(country="de") + b"\n" + a_line(play_ms=-1) + b"\n" + b"x" * 300_000)
    answer = run("audience", "--sample", sample)
    assert answer.exit_code == 0, answer.output
    assert "audience: 4 events" in answer.output
    assert "4 refused: not_json 1, bad_format country 1, out_of_range play_ms 1, too_large 1" in answer.output


def test_an_empty_sample(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").touch()
    answer = run("quality", "--sample", tmp_path / "none.jsonl")
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("quality: no events in none.jsonl")
    found = json.loads(run("quality", "--sample", tmp_path / "none.jsonl", "--json").output)
    assert (found["rows"], found["events_per_row"], found["segments"]) == (0, None, [])


@pytest.mark.parametrize("fault", ["identifier_as_dimension", "unknown_field", "not_yaml", "empty"])
def test_a_broken_spec_is_refused_as_the_validator_does(fault: str, sample: Path) -> None:
    answer = run(BROKEN / f"{fault}.yaml", "--sample", sample)
    assert answer.exit_code == 1
    assert f"{fault}.yaml" in str(answer.exception)


def test_a_spec_that_is_not_there(sample: Path) -> None:
    answer = run("audienc", "--sample", sample)
    assert answer.exit_code == 1
    assert "did you mean audience" in str(answer.exception)
    assert "cannot read" in str(run("absent.yaml", "--sample", sample).exception)


def test_one_source_is_needed(sample: Path) -> None:
    assert run("audience").exit_code == 2
    assert run("audience", "--sample", sample, "--topic", "events").exit_code == 2
    assert run("audience", "--sample", sample.parent / "absent").exit_code == 2


def test_another_granularity_is_tried(sample: Path) -> None:
    with sample.open("ab") as file:
        file.write(a_line(ts=an_event()["ts"] + 7_200_000) + b"\n")
    asked = ["--sample", sample, "--json"]
    assert len(json.loads(run("audience", *asked).output)["segments"]) == 2
    day = json.loads(run("audience", *asked, "--segment-granularity", "DAY", "--query-granularity", "HOUR").output)
    assert (len(day["segments"]), day["segment_granularity"], day["rows"]) == (1, "DAY", 4)


def test_a_sample_that_does_not_fit_is_told(sample: Path) -> None:
    lines = (a_line(content_id=f"title-{number}") for number in range(12_000))
    sample.write_bytes(b"\n".join(lines))
    answer = run("audience", "--sample", sample, "--max-memory", 1)
    assert answer.exit_code == 0, answer.output
    assert "audience: 10,000 events" in answer.output
    assert "do not fit into --max-memory" in answer.output


def test_records_of_another_topic(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    made = deltas(50, 1_790_000_000_000)
    wrong = [{**made[0], "sent": "many"}, {"ts": 1}, ["a list"]]
    path.write_text("\n".join(json.dumps(each) for each in [*made, *wrong]))
    found = json.loads(run("ledger", "--sample", path, "--json").output)
    assert (found["events"], found["refused"]) == (
        50,
        {"wrong_type sent": 1, "missing emitted_ts": 1, "not_an_object": 1},
    )
    assert "sent_bytes" in found["answers"]
