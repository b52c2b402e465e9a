"""Charts as Altair's: drawn, shown in a notebook, put together."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import altair
import pytest
import vl_convert

from frontrow import MissingExtraError
from support.chart_answers import ALL, AT, LINE, MINUTE, SEVERAL, TOP

LAB = "application/vnd.vegalite.v5+json"
"""What JupyterLab 4 draws itself."""


@pytest.mark.parametrize("name", ALL)
def test_altair_draws_every_kind(name: str, tmp_path: Path) -> None:
    chart = ALL[name].plot()
    assert isinstance(chart, altair.LayerChart | altair.HConcatChart | altair.VConcatChart)
    chart.save(str(tmp_path / "x.png"))
    chart.save(str(tmp_path / "x.svg"))
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "x.svg").read_text().startswith("<svg")


def test_a_notebook_shows_it_without_a_network() -> None:
    bundle = LINE.plot()._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith('<svg role="img" aria-label="Plays. 23 Nov 2026')
    assert bundle["text/plain"].startswith("Plays.")
    assert bundle[LAB]["layer"]
    changed = LINE.plot().properties(title="mine")
    assert "image/svg+xml" in changed._repr_mimebundle_()
    with altair.renderers.enable("json"):
        assert "application/json" in LINE.plot()._repr_mimebundle_()[0]


@pytest.mark.parametrize("name", ALL)
def test_the_vega_lite_of_jupyterlab_draws_the_same(name: str) -> None:
    chart = ALL[name].plot()
    shown = chart._repr_mimebundle_()[LAB]
    assert "/vega-lite/v5." in shown["$schema"]
    drawn = {
        version: re.sub(r"(clip|gradient_)\d+", r"\1", vl_convert.vegalite_to_svg(spec, vl_version=version))
        for version, spec in (("5.8", shown), ("6.4", chart.to_dict()))
    }
    assert drawn["5.8"] == drawn["6.4"]


def test_its_menu_saves_and_sends_nothing_to_another_site() -> None:
    for chart in (LINE.plot(), LINE.plot() & TOP.plot(), LINE.plot() | TOP.plot(), LINE.plot() + LINE.plot()):
        actions = chart.to_dict()["usermeta"]["embedOptions"]["actions"]
        assert actions == {"export": True, "source": False, "compiled": False, "editor": False}


def svg(chart: Any) -> str:
    picture = io.StringIO()
    chart.save(picture, format="svg")
    return picture.getvalue()


def test_charts_are_put_together_as_those_of_altair() -> None:
    below = SEVERAL.plot(title="first") & LINE.plot(title="second") & TOP.plot(title="third")
    beside = LINE.plot(title="first") | TOP.plot(title="second")
    assert [list(whole.to_dict()).count(kind) for whole, kind in ((below, "vconcat"), (beside, "hconcat"))] == [1, 1]
    for whole, titles in ((below, ("first", "second", "third")), (beside, ("first", "second"))):
        assert isinstance(whole, altair.VConcatChart | altair.HConcatChart)
        assert all(f">{title}<" in svg(whole) for title in titles)
        assert whole.to_dict()["config"] == LINE.plot().to_dict()["config"]
    own = altair.Chart(altair.Data(values=[{"x": 1}])).mark_point().encode(x="x:Q").properties(title="own")
    assert ">own<" in svg(LINE.plot() & own)


def test_a_moment_is_marked_at_its_time() -> None:
    """At the middle of the line, whatever its fields are called, and in the zone of its axis."""
    middle = (AT + 1.5 * MINUTE).isoformat()
    rule = altair.Chart(altair.Data(values=[{"kick_off": middle}])).mark_rule().encode(x="kick_off:T")
    line = LINE.plot(time_zone="Europe/Berlin", width=600)
    before, marked = svg(line), svg(line + rule)
    (at,) = re.findall(r"mark-rule role-mark layer_1_marks.*?translate\(([\d.]+),", marked)
    assert float(at) == pytest.approx(300, abs=1)
    assert re.findall(r">(\d\d:\d\d)<", marked) == re.findall(r">(\d\d:\d\d)<", before)
    assert (line + rule).to_dict()["title"] == line.to_dict()["title"]


def test_panels_are_no_layer() -> None:
    with pytest.raises(TypeError, match="Concatenated charts cannot be layered"):
        SEVERAL.plot() + LINE.plot()


@pytest.mark.parametrize("lacking", ["altair", "vl_convert"])
def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    monkeypatch.delitem(sys.modules, "frontrow._charts.as_altair", raising=False)
    monkeypatch.setitem(sys.modules, lacking, None)
    with pytest.raises(MissingExtraError, match=rf"{lacking}: pip install 'frontrow\[plot\]'"):
        LINE.plot()
