"""What is generated from the catalogue: the committed files are up to date, and say nothing that is not there."""

from __future__ import annotations

import json

import pytest

from frontrow_ingest.cli.main import main
from frontrow_specs import SpecInvalid, SpecNotFound, catalogue, rollup, rollup_names
from frontrow_specs.console import ConsoleQuery, console_queries, console_query
from frontrow_specs.console.sql import sql_of
from frontrow_specs.documents import metrics_markdown
from frontrow_specs.files import package_file
from frontrow_specs.formula import parse


def test_the_table_of_metrics_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["query", "metrics", "--markdown"])
    written = package_file("catalogue", "METRICS.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == written == metrics_markdown(), "frontrow query metrics --markdown writes it anew"
    for name in (*catalogue().metrics, *catalogue().dimensions, *rollup_names()):
        assert f"| `{name}` |" in written


def test_the_console_queries_are_up_to_date() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in package_file("queries").iterdir()}
    generated = {query.file_name: query.text for query in console_queries()}
    assert written == generated, "frontrow specs queries --write DIRECTORY writes them anew"


@pytest.mark.parametrize("query", console_queries(), ids=lambda query: query.name)
def test_a_console_query_says_what_it_answers_at_the_top(query: ConsoleQuery) -> None:
    text = query.text
    if query.language == "sql":
        assert text.startswith("-- ")
        assert "hll" not in text.lower()
        assert "theta" not in text.lower()
    else:
        body = json.loads(text)
        assert next(iter(body)) == "//"
        assert "Native, because" in " ".join(body["//"])


def test_names_of_datasources_and_of_the_title_are_put_in() -> None:
    names = {name: f"x_{name}" for name in rollup_names()}
    for query in console_queries(datasources=names, title="film"):
        assert "x_" in query.text
        assert not any(f'"{name}"' in query.text for name in rollup_names())
    assert '"value": "film"' in console_query("retention_of_a_title", title="film").text


def test_a_query_that_is_not_there_is_answered_with_the_near_ones() -> None:
    with pytest.raises(SpecNotFound, match="did you mean top_titles"):
        console_query("top_title")


@pytest.mark.parametrize(
    ("formula", "sql"),
    [
        ("sum(a)", 'SUM("a")'),
        ("sum(a) / sum(b)", 'SUM("a") * 1.0 / NULLIF(SUM("b"), 0)'),
        ("sum(a) / (sum(a) + sum(b))", 'SUM("a") * 1.0 / NULLIF(SUM("a") + SUM("b"), 0)'),
        ("sum(a) / 3600000", 'SUM("a") * 1.0 / 3600000'),
        ("sum(a) / (bucket_ms / 60000)", 'SUM("a") * 1.0 / 5'),
        ("quantile(a, 0.95)", 'APPROX_QUANTILE_DS("a", 0.95, 256)'),
    ],
)
def test_a_formula_as_sql(formula: str, sql: str) -> None:
    assert sql_of(parse(formula), 300_000) == sql


@pytest.mark.parametrize("formula", ["hll(a)", "theta(a)", "max_over_grain(sum(a))", "sum(a) / bucket_ms"])
def test_what_sql_cannot_say_is_refused(formula: str) -> None:
    with pytest.raises(SpecInvalid):
        sql_of(parse(formula))


def test_combined_answers_are_made_of_columns_that_are_there() -> None:
    for combined in catalogue().combined.values():
        for datasource, columns in combined.columns.items():
            assert set(columns) <= {metric.name for metric in rollup(datasource).metrics}


def test_the_command_lists_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["top_titles"], ["retention_of_a_title", "--title", "film", "--prefix", "p_"]):
        with pytest.raises(SystemExit) as ended:
            main(["specs", "queries", *arguments])
        assert not ended.value.code
    out = capsys.readouterr().out
    assert console_query("top_titles").text in out
    assert '"dataSource": "p_retention"' in out
