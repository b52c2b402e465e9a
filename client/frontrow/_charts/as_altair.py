"""Vega-Lite as a chart of Altair that shows without a network."""

from __future__ import annotations

import io
from collections.abc import Mapping
from html import escape
from typing import Any, TypeAlias

from frontrow._charts.style import CONFIG, USERMETA
from frontrow._errors import MissingExtraError

try:
    import altair
    import vl_convert as _  # noqa: F401 - what Altair draws PNG, SVG and HTML without a network with
except ModuleNotFoundError as error:
    raise MissingExtraError(f"this needs {error.name}: pip install 'frontrow[plot]'") from error


# JupyterLab and others draw Vega-Lite 5 themselves and do not know Altair's 6. A chart looks the same in both.
_SHOWN = "application/vnd.vegalite.v5+json"
_SHOWN_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.8.0.json"
_OF_THE_WHOLE = ("title", "description", "width", "height")


class _Offline(altair.TopLevelMixin):
    """Shows itself by what a notebook has: its own Vega-Lite, with tooltips, otherwise a picture.

    Altair's default loads its JavaScript from the network. Whoever enables another renderer of Altair gets that.
    ``a & b`` and ``a | b`` put charts below and beside each other, ``a + rule`` draws more into one.
    """

    def __and__(self, other: Any) -> Any:
        return _whole(VConcatChart(vconcat=[_part(self), _part(other)]).resolve_scale(color="independent"))

    def __or__(self, other: Any) -> Any:
        return _whole(HConcatChart(hconcat=[_part(self), _part(other)]).resolve_scale(color="independent"))

    def __add__(self, other: Any) -> Any:
        if not isinstance(self, LayerChart):
            return altair.layer(_part(self), _part(other))  # which says why not
        drawn = _part(self)
        lifted = {name: drawn[name] for name in _OF_THE_WHOLE if drawn[name] is not altair.Undefined}
        for name in lifted:
            drawn[name] = altair.Undefined
        # One beside the other: within the first, the second would be drawn by the first one's fields.
        return _whole(LayerChart(layer=[drawn, _part(other)], **lifted))

    def _repr_mimebundle_(self, *args: Any, **kwds: Any) -> Any:
        if altair.renderers.active != "default":
            return super()._repr_mimebundle_(*args, **kwds)
        spec = self.to_dict()
        picture = io.StringIO()
        self.save(picture, format="svg")
        said = str(spec.get("description", ""))
        label = f'<svg role="img" aria-label="{escape(said)}" '
        return {
            _SHOWN: {**spec, "$schema": _SHOWN_SCHEMA},
            "image/svg+xml": picture.getvalue().replace("<svg ", label, 1),
            "text/plain": said,
        }


class LayerChart(_Offline, altair.LayerChart):
    """One panel."""


class VConcatChart(_Offline, altair.VConcatChart):
    """Panels one below the other."""


class HConcatChart(_Offline, altair.HConcatChart):
    """Panels side by side."""


Chart: TypeAlias = LayerChart | VConcatChart | HConcatChart


def _part(chart: Any) -> Any:
    """A chart as a part of another, which Altair wants without what only the whole may have."""
    if not isinstance(chart, LayerChart | VConcatChart | HConcatChart):
        return chart
    part = chart.copy(deep=False)
    part.config = part.usermeta = altair.Undefined
    return part


def _whole(chart: Any) -> Any:
    chart.config, chart.usermeta = CONFIG, USERMETA
    return chart


def altair_chart(spec: Mapping[str, Any]) -> Chart:
    """A chart of this Vega-Lite."""
    kind = VConcatChart if "vconcat" in spec else HConcatChart if "hconcat" in spec else LayerChart
    return kind.from_dict(dict(spec))
