"""Sketches as Druid answers them when they are not finalized: DataSketches' compact form in base64."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from frontrow_ingest.errors import RollupError
from frontrow_ingest.rollup.aggregators import Aggregator, Distinct, Filtered, Values
from frontrow_specs.druid_json import SKETCHES


def sketch_text(aggregator: Aggregator, state: Any) -> Any:
    """The bytes of a sketch that has seen what the state holds; of any other aggregator its number.

    Raises:
        RollupError: datasketches is not installed
    """
    match aggregator:
        case Filtered():
            return sketch_text(aggregator.inner, state)
        case Distinct(sketch="theta"):
            theta = _library().update_theta_sketch(SKETCHES["thetaSketch"]["size"].bit_length() - 1)
            for text in state:
                theta.update(text)
            return _text(theta.compact().serialize())
        case Distinct():
            lib = _library()
            hll = lib.hll_sketch(SKETCHES["HLLSketchBuild"]["lgK"], lib.tgt_hll_type.HLL_4)
            for text in state:
                hll.update(text)
            return _text(hll.serialize_compact())
        case Values():
            quantiles = _library().quantiles_doubles_sketch(SKETCHES["quantilesDoublesSketch"]["k"])
            for number in state:
                quantiles.update(number)
            return _text(quantiles.serialize())
        case _:
            return aggregator.final(state)


def _text(data: Any) -> str:
    return b64encode(bytes(data)).decode()


def _library() -> Any:
    try:
        import datasketches
    except ImportError:
        raise RollupError("the bytes of a sketch are made by datasketches: pip install 'frontrow[sketches]'") from None
    return datasketches
