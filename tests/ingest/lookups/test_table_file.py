"""Files of lookup tables: what is taken, and what is said of what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontrow_ingest.lookups import LookupFileError, read_table
from frontrow_ingest.lookups import table_file as limits
from frontrow_specs import lookup_table

TITLE = lookup_table("title")
GOOD_CSV = """content_id,name,genre,length_ms,launch_date
harbour, The Harbour ,drama,3600000,2026-01-02
"final","Cup final, 2nd leg",sport,,
"""
GOOD_LINES = (
    '{"content_id": "harbour", "name": "The Harbour", "genre": "drama", "length_ms": 3600000, '
    '"launch_date": "2026-01-02"}\n\n'
    '{"content_id": "final", "name": "Cup final, 2nd leg", "genre": "sport", "series": null}\n'
)
GOOD = {
    "harbour": {"name": "The Harbour", "genre": "drama", "length_ms": "3600000", "launch_date": "2026-01-02"},
    "final": {"name": "Cup final, 2nd leg", "genre": "sport"},
}


def refused(tmp_path: Path, text: str, suffix: str = ".csv") -> str:
    path = tmp_path / f"titles{suffix}"
    path.write_text(text)
    with pytest.raises(LookupFileError) as caught:
        read_table(path, TITLE)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("t.csv", GOOD_CSV), ("t.jsonl", GOOD_LINES), ("t.CSV", "\ufeff" + GOOD_CSV.replace("\n", "\r\n"))],
)
def test_both_forms_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(text.encode())
    assert read_table(tmp_path / name, TITLE) == GOOD


HEADING = "content_id,name,genre,length_ms,launch_date\n"
FAULTS = {
    "no key": (HEADING + ",Nameless,,,\n", "line 2: has no content_id."),
    "blank key": (HEADING + "  ,Nameless,,,\n", "line 2: has no content_id."),
    "no name": (HEADING + "a,,drama,,\n", "line 2: has no name."),
    "blank name": (HEADING + "a,   ,drama,,\n", "line 2: has no name."),
    "twice": (HEADING + "a,A,,,\nb,B,,,\na,C,,,\n", "line 4: 'a' is there already, in line 2."),
    "no number": (HEADING + "a,A,,90 min,\n", "line 2: length_ms is '90 min': give a whole number."),
    "negative": (HEADING + "a,A,,-5,\n", "line 2: length_ms is '-5': give a whole number."),
    "no date": (HEADING + "a,A,,,24.11.2026\n", "line 2: launch_date is '24.11.2026': give a day like 2026-11-24."),
    "no such day": (HEADING + "a,A,,,2026-02-30\n", "launch_date is '2026-02-30'"),
    "too long": (HEADING + f"a,{'x' * 501},,,\n", "line 2: name has 501 characters, more than 500."),
    "ragged": (HEADING + "a,A\n", "line 2: has 2 columns, the heading has 5."),
    "unknown column": ("content_id,name,gender\na,A,drama\n", "there is no attribute 'gender': did you mean genre"),
    "heading lacks": ("id,title\na,A\n", "line 1: the heading lacks content_id and name; it has id, title."),
    "heading twice": ("content_id,name,name\na,A,B\n", "line 1: the heading has name twice"),
    "quotes": (HEADING + 'a,"A"B,,,\n', "not CSV"),
    "only a heading": (HEADING, "titles.csv has no entries: nothing was loaded."),
    "empty": ("", "titles.csv has no entries: nothing was loaded."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_line(tmp_path: Path, fault: str) -> None:
    text, said = FAULTS[fault]
    assert said in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1: not JSON"),
        ("[1]", "line 1: not a JSON object."),
        ('{"content_id": "a", "name": ["A"]}', "line 1: name is ['A']: give a text or a whole number."),
        ('{"content_id": "a", "name": true}', "name is True"),
        ('{"content_id": "a", "name": "A", "length_ms": 1.5}', "length_ms is 1.5"),
    ],
)
def test_a_fault_in_json(tmp_path: Path, line: str, said: str) -> None:
    assert said in refused(tmp_path, line, ".jsonl")


def test_every_fault_is_told_up_to_twenty(tmp_path: Path) -> None:
    said = refused(tmp_path, HEADING + "a,,drama,x,\n" + "b,B,,,\n" + "b,B,,,\n")
    assert said.splitlines() == [
        "titles.csv: nothing was loaded.",
        "line 2: has no name.",
        "line 2: length_ms is 'x': give a whole number.",
        "line 4: 'b' is there already, in line 3.",
    ]
    assert len(refused(tmp_path, HEADING + "a,,,,\n" * 50).splitlines()) == 22


def test_what_is_too_big_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_ENTRIES", 3)
    assert "line 5: more than 3 entries" in refused(tmp_path, HEADING + "".join(f"{n},A,,,\n" for n in range(9)))
    monkeypatch.setattr(limits, "LARGEST_FILE", 100)
    assert "larger than 0 MiB" in refused(tmp_path, HEADING + "a,A,,,\n" * 50)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LookupFileError, match="cannot read"):
        read_table(tmp_path / "absent.csv", TITLE)
    (tmp_path / "latin.csv").write_bytes(HEADING.encode() + b"a,Caf\xe9,,,\n")
    with pytest.raises(LookupFileError, match="not UTF-8 at byte 49: save it as UTF-8"):
        read_table(tmp_path / "latin.csv", TITLE)
