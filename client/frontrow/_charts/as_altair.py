"""Vega-Lite as a chart of Altair that shows without a network."""

from __future__ import annotations

import io
from collections.abc import Mapping
from html import escape
from typing import Any, TypeAlias

from frontrow._errors import MissingExtraError

try:
    import altair
    import vl_convert as _  # noqa: F401 - what Altair draws PNG, SVG and HTML without a network with
except ModuleNotFoundError as error:
    raise MissingExtraError(f"this needs {error.name}: pip install 'frontrow[plot]'") from error


class _Offline(altair.TopLevelMixin):
    """Shows itself by what a notebook has: its own Vega-Lite where that is new enough, otherwise a picture.

    Altair's default loads its JavaScript from the network. Whoever enables another renderer of Altair gets that.
    """

    def _repr_mimebundle_(self, *args: Any, **kwds: Any) -> Any:
        if altair.renderers.active != "default":
            return super()._repr_mimebundle_(*args, **kwds)
        spec = self.to_dict()
        picture = io.StringIO()
        self.save(picture, format="svg")
        said = str(spec.get("description", ""))
        label = f'<svg role="img" aria-label="{escape(said)}" '
        version = altair.SCHEMA_VERSION.lstrip("v").partition(".")[0]
        return {
            f"application/vnd.vegalite.v{version}+json": spec,
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


def altair_chart(spec: Mapping[str, Any]) -> Chart:
    """A chart of this Vega-Lite."""
    kind = VConcatChart if "vconcat" in spec else HConcatChart if "hconcat" in spec else LayerChart
    return kind.from_dict(dict(spec))
