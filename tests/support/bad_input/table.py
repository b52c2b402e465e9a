"""The table of bad input for the README, with what became of each kind when it was tried."""

from __future__ import annotations

from support.bad_input.cases import CASES, Case


def row(case: Case, ended: str) -> str:
    """One line of the table."""
    test = f" (`{case.test.partition('::')[2]}`)" if case.test else ""
    return f"| {case.what} | {case.doors} | {ended}{test} |"


def markdown() -> str:
    """The whole table; every case that needs no service is run for it."""
    rows = [row(case, case.run() if case.run is not None else case.ends) for case in CASES]
    return "\n".join(["| Bad input | Through | Where it ended |", "|---|---|---|", *rows])
