"""Answers as DataFrames. Each library is imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from frontrow._errors import MissingExtraError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from frontrow._result import ColumnType


def to_polars(columns: Mapping[str, Sequence[Any]], types: Mapping[str, ColumnType]) -> polars.DataFrame:
    """Integers become Int64, numbers Float64, times Datetime in UTC, text String; nulls stay null."""
    pl = _library("polars", "polars")
    kinds = {"time": pl.Datetime("us", "UTC"), "string": pl.String, "integer": pl.Int64, "number": pl.Float64}
    return pl.DataFrame(  # type: ignore[no-any-return]
        [
            pl.Series(name, values, dtype=_kind(kinds, types[name], values), strict=False)
            for name, values in columns.items()
        ]
    )


def to_pandas(columns: Mapping[str, Sequence[Any]], types: Mapping[str, ColumnType]) -> pandas.DataFrame:
    """Integers become Int64 (nullable), numbers float64, times datetime64 in UTC, text str; nulls stay null."""
    pd = _library("pandas", "pandas")
    kinds = {"string": "str", "integer": "Int64", "number": "float64"}
    series = {}
    for name, values in columns.items():
        if types[name] == "time":
            series[name] = pd.Series(pd.to_datetime(list(values), utc=True), dtype="datetime64[us, UTC]")
        else:
            series[name] = pd.Series(list(values), dtype=_kind(kinds, types[name], values) or "object")
    return pd.DataFrame(series)


def to_arrow(columns: Mapping[str, Sequence[Any]], types: Mapping[str, ColumnType]) -> pyarrow.Table:
    """Integers become int64, numbers double, times timestamp in UTC, text string; nulls stay null."""
    pa = _library("pyarrow", "arrow")
    kinds = {"time": pa.timestamp("us", "UTC"), "string": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    return pa.table(
        {name: pa.array(list(values), type=_kind(kinds, types[name], values)) for name, values in columns.items()}
    )


def _kind(kinds: Mapping[str, Any], declared: ColumnType, values: Sequence[Any]) -> Any:
    """The library's type; None, so that the library finds one, for lists and for what has no declared type."""
    if declared == "string" and any(isinstance(value, list | tuple) for value in values):
        return None
    return kinds.get(declared)


def _library(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"this needs {name}: pip install 'frontrow[{extra}]'") from error
