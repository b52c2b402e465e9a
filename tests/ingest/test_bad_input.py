"""Every kind of bad input ends where it must, and the README's table of them is what was found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.bad_input.cases import CASES, Case
from support.bad_input.table import row

TESTS = Path(__file__).parents[1]
README = (TESTS.parent / "README.md").read_text()
RUN = [case for case in CASES if case.run is not None]
ELSEWHERE = [case for case in CASES if case.test is not None]


@pytest.mark.parametrize("case", RUN, ids=lambda case: f"{case.doors}: {case.what}")
def test_it_ends_where_it_must(case: Case) -> None:
    assert case.run is not None
    assert case.run() == case.ends
    assert row(case, case.ends) in README, "make readme writes the table anew"


@pytest.mark.parametrize("case", ELSEWHERE, ids=lambda case: case.what)
def test_what_needs_a_service_has_its_test(case: Case) -> None:
    assert case.test is not None
    file, _, function = case.test.partition("::")
    assert re.search(rf"^ *def {function}\(", (TESTS / file).read_text(), re.MULTILINE)
    assert row(case, case.ends) in README, "make readme writes the table anew"


def test_the_readme_shows_nothing_else() -> None:
    shown = README.partition("<!-- bad input -->")[2].partition("<!-- end of bad input -->")[0]
    assert len(shown.strip().splitlines()) == len(CASES) + 2
