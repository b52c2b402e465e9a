"""Columns whose values become Python's only when someone looks at them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow


class LazyColumns(Mapping[str, Sequence[Any]]):
    """Columns by name; each a tuple."""

    @property
    @abstractmethod
    def count(self) -> int:
        """Rows."""

    @abstractmethod
    def table(self) -> pyarrow.Table:
        """The same in Arrow.

        Raises:
            MissingExtraError: it is not installed
        """


class TableColumns(LazyColumns):
    """Columns of an Arrow table."""

    def __init__(self, table: pyarrow.Table) -> None:
        self._table = table
        self._seen: dict[str, tuple[Any, ...]] = {}

    @property
    def count(self) -> int:
        return int(self._table.num_rows)

    def table(self) -> pyarrow.Table:
        return self._table

    def __getitem__(self, name: str) -> tuple[Any, ...]:
        if name not in self._seen:
            from frontrow._frames.arrow import values_of_array

            self._seen[name] = tuple(values_of_array(self._table.column(name)))
        return self._seen[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.column_names)

    def __len__(self) -> int:
        return int(self._table.num_columns)
