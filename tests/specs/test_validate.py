"""Specs that break a rule are refused, each with file, field and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontrow_specs import SpecInvalid, rollup, rollup_names
from frontrow_specs.validate import check, validate

BROKEN = Path(__file__).parent / "broken"
SAID = {
    "identifier_as_dimension": "dimensions[0].name: viewer_id is an identifier",
    "measure_as_dimension": "dimensions[0].name: play_ms is a measure: nothing would roll up. Make it a metric.",
    "unknown_dimension": "dimensions[0].name: there is no field 'contry': did you mean country",
    "array_without_multi_value": "dimensions[0]: segments is of the type array. Set multiValue: true.",
    "multi_value_of_a_single_value": "dimensions[0]: country is of the type string. Remove multiValue.",
    "sum_over_text": "metrics[1].field: longSum needs a number; cdn is of the type string.",
    "unknown_field": "metrics[1].field: there is no field 'play_mss': did you mean play_ms",
    "sum_without_field": "metrics[1]: longSum reads one field or one expression. Give one of them.",
    "count_of_a_field": "metrics[1]: a count reads no field. Remove field and expression; use filter.",
    "unknown_enum_symbol": "metrics[1].filter.kind: kind is never 'firstframe': did you mean first_frame",
    "filter_on_unknown_field": "metrics[1].filter: there is no field 'knd': did you mean kind",
    "unknown_aggregator": "metrics[1].type: 'floatSum' is not one of",
    "column_twice": "metrics: the column count is there twice. Rename or remove one.",
    "no_count": "metrics: there is no count of events. Add a metric named count of the type count.",
    "no_query_granularity": "(file): 'queryGranularity' is a required property. Add it: Grain of the rows.",
    "rollup_off": "rollup: True was expected. It is: Always true",
    "no_description": "(file): 'description' is a required property. Add it: What the datasource answers",
    "unknown_property": "Additional properties are not allowed ('rolup' was unexpected). Remove it, or correct",
    "lacks_what_the_catalogue_needs": "metrics: the catalogue's play_ms needs the column play_ms.",
    "unknown_topic": "topic: no schema is registered for 'event': did you mean events",
    "field_of_another_topic": "dimensions[0].name: there is no field 'country'",
    "period_of_minutes": "lateMessageRejectionPeriod: 'PT90M' does not match",
    "expression_of_an_identifier": "dimensions[0].expression: viewer_id is an identifier: nothing of it may become",
    "expression_hides_a_field": "dimensions[0].name: country is a field: an expression of that name would hide it.",
    "expression_of_an_unknown_field": "dimensions[0].expression: there is no field 'positon_ms': did you mean position",
    "empty": "(file): is empty. Write a rollup spec",
    "not_yaml": "not YAML",
}


def test_every_fixture_has_its_words() -> None:
    assert {path.stem for path in BROKEN.iterdir()} == set(SAID)


@pytest.mark.parametrize("fault", SAID)
def test_a_broken_spec_is_refused_in_words(fault: str) -> None:
    path = BROKEN / f"{fault}.yaml"
    found = validate(path)
    assert found
    assert {finding.file for finding in found} == {path.name}
    assert any(SAID[fault] in str(finding) for finding in found), [str(finding) for finding in found]
    with pytest.raises(SpecInvalid):
        check(path)


@pytest.mark.parametrize("name", rollup_names())
def test_the_specs_of_the_package_are_good(name: str) -> None:
    assert validate(name) == []


@pytest.mark.parametrize("name", rollup_names())
def test_a_spec_says_what_it_cannot_answer(name: str) -> None:
    assert "cannot" in rollup(name).description


def test_a_file_that_is_not_there_or_is_huge(tmp_path: Path) -> None:
    assert "cannot read" in str(validate(tmp_path / "absent.yaml")[0])
    (tmp_path / "huge.yaml").write_text("a" * (2 << 20))
    assert "larger than 1 MiB" in str(validate(tmp_path / "huge.yaml")[0])
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in str(validate(tmp_path / "binary.yaml")[0])


def test_all_findings_come_at_once(tmp_path: Path) -> None:
    text = (BROKEN / "identifier_as_dimension.yaml").read_text() + (BROKEN / "unknown_field.yaml").read_text()[-80:]
    (tmp_path / "two.yaml").write_text(text[: text.rindex("  - name")] + "  - name: x_ms\n    type: longSum\n"
                                       "    field: nothing\n    description: A column.\n")  # fmt: skip
    assert len(validate(tmp_path / "two.yaml")) >= 2
