"""Answers as DataFrames. Each library is imported when it is asked for."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from frontrow._errors import MissingExtraError
from frontrow._frames.lazy import LazyColumns

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from frontrow._result import ColumnType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_polars(columns: Mapping[str, Sequence[Any]], types: Mapping[str, ColumnType]) -> polars.DataFrame:
    """Integers become Int64, numbers Float64, times Datetime in UTC, text String, labels List; nulls stay null."""
    pl = library("polars", "polars")
    if isinstance(columns, LazyColumns) and importlib.util.find_spec("pyarrow"):
        return pl.from_arrow(columns.table())  # type: ignore[no-any-return]
    kinds = {"string": pl.String, "integer": pl.Int64, "number": pl.Float64}
    series = []
    for name, values in columns.items():
        if types[name] == "time":
            series.append(pl.Series(name, _microseconds(values), dtype=pl.Int64).cast(pl.Datetime("us", "UTC")))
        else:
            series.append(pl.Series(name, _even(values, types[name]), dtype=kinds.get(types[name]), strict=False))
    return pl.DataFrame(series)  # type: ignore[no-any-return]


def to_pandas(columns: Mapping[str, Sequence[Any]], types: Mapping[str, ColumnType]) -> pandas.DataFrame:
    """Integers become Int64 (nullable), numbers float64, times datetime64 in UTC, text str; nulls stay null."""
    pd = library("pandas", "pandas")
    kinds = {"string": "str", "integer": "Int64", "number": "float64"}
    if isinstance(columns, LazyColumns) and importlib.util.find_spec("pyarrow"):
        pa = library("pyarrow", "arrow")
        nullable = {pa.int64(): pd.Int64Dtype(), pa.string(): pd.StringDtype(na_value=float("nan"))}
        return columns.table().to_pandas(types_mapper=nullable.get)
    series = {}
    for name, values in columns.items():
        if types[name] == "time":
            numbers = pd.array(_microseconds(values), dtype="Int64")
            series[name] = pd.Series(pd.to_datetime(numbers, unit="us", utc=True)).astype("datetime64[us, UTC]")
        else:
            series[name] = pd.Series(list(values), dtype=kinds.get(types[name]) or "object")
    return pd.DataFrame(series)


def to_arrow(columns: Mapping[str, Sequence[Any]], types: Mapping[str, ColumnType]) -> pyarrow.Table:
    """Integers become int64, numbers double, times timestamp in UTC, text string, labels list; nulls stay null."""
    if isinstance(columns, LazyColumns):
        return columns.table()
    pa = library("pyarrow", "arrow")
    kinds = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    arrays = {}
    for name, values in columns.items():
        if types[name] == "time":
            arrays[name] = pa.array(_microseconds(values), type=pa.int64()).cast(pa.timestamp("us", "UTC"))
        else:
            arrays[name] = pa.array(_even(values, types[name]), type=kinds.get(types[name]))
    return pa.table(arrays)


def _even(values: Sequence[Any], declared: ColumnType) -> Sequence[Any]:
    """Values of one kind, which polars and Arrow need: with one list all become lists, otherwise mixed ones text."""
    if declared != "any":
        return values
    kinds = set(map(type, values)) - {type(None)}
    if len(kinds) < 2:
        return values
    if list in kinds:
        return [value if value is None or isinstance(value, list) else [value] for value in values]
    return [None if value is None else str(value) for value in values]


def _microseconds(values: Sequence[datetime | None]) -> list[int | None]:
    """Since 1970. The libraries take datetimes one by one, slowly; rows share few, so each is counted once."""
    known = {value: None if value is None else (value - _EPOCH) // _MICROSECOND for value in set(values)}
    return [known[value] for value in values]


def library(name: str, extra: str) -> Any:
    """An optional package.

    Raises:
        MissingExtraError: it is not installed; says which extra has it
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"this needs {name}: pip install 'frontrow[{extra}]'") from error
