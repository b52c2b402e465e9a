"""Sketches of Druid in Python: what they estimate, and what comes of several together. Needs the extra ``sketches``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from frontrow._asking.bounds import DEVIATIONS, RANK_ERROR
from frontrow._errors import AskError, KeyEpochsError
from frontrow._frames.libraries import library

_THETA_LG_K = 14


@dataclass(frozen=True)
class Sketch(ABC):
    """An immutable sketch; equal to another of the same bytes and origin. It can be pickled.

    Attributes:
        kind: ``hll``, ``theta`` or ``quantile``
        of: the field whose distinct values, or whose numbers, it has seen, like ``viewer_id``
        data: DataSketches' own compact form, the same in Java, C++ and Python
        key_epoch: of the viewer key, where the ledger tells it: under another one a viewer has another pseudonym
    """

    kind: ClassVar[str]

    of: str
    data: bytes
    key_epoch: str | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.of}, {len(self.data):,} bytes>"

    def to_bytes(self) -> bytes:
        """DataSketches' compact form, which Druid reads, too; neither ``of`` nor ``key_epoch`` is in it."""
        return self.data

    @classmethod
    def from_bytes(cls, data: bytes, of: str, key_epoch: str | None = None) -> Self:
        """A sketch from its compact form.

        Args:
            data: as :meth:`to_bytes` gives it, or Druid, decoded from base64
            of: the field that it has seen, like ``viewer_id``
            key_epoch: of the viewer key, if it has seen viewers and the epoch is known

        Raises:
            AskError: it is none, or one of another kind
            MissingExtraError: datasketches is not installed
        """
        found = cls(of, bytes(data), key_epoch)
        _ = found._native
        return found

    @classmethod
    @abstractmethod
    def empty(cls, of: str, key_epoch: str | None = None) -> Self:
        """A sketch that has seen nothing, of the size that Druid keeps; ``of`` and ``key_epoch`` as elsewhere."""

    def __or__(self, other: Self) -> Self:
        """What both have seen, everything once (numbers of a quantiles sketch: all of them).

        Raises:
            AskError: they are of different kinds, fields or sizes
            KeyEpochsError: their viewers have pseudonyms of different keys
        """
        return self._joined(other, self._union)

    def _joined(self, other: Any, join: Callable[[Any, Any], bytes]) -> Self:
        if type(other) is not type(self):
            kind = other.kind if isinstance(other, Sketch) else type(other).__name__
            raise AskError(f"a sketch of kind {self.kind} and a {kind} cannot be joined: ask for both by one metric.")
        if other.of != self.of:
            raise AskError(f"a sketch of {self.of} and one of {other.of} have nothing in common to be joined by.")
        if other.key_epoch != self.key_epoch and None not in (self.key_epoch, other.key_epoch):
            raise KeyEpochsError(
                f"the sketches are of the viewer keys {self.key_epoch} and {other.key_epoch}. Under each key a viewer "
                "has another pseudonym: who came under both would count twice."
            )
        if other._size != self._size:
            raise AskError(f"sketches of size {self._size} and {other._size} cannot be joined without a loss.")
        return type(self)(self.of, join(self._native, other._native), self.key_epoch or other.key_epoch)

    @property
    def _native(self) -> Any:
        # Read anew each time: an object of the library that is kept until the interpreter ends makes it complain.
        try:
            return self._read(self.data)
        except (RuntimeError, ValueError, IndexError, MemoryError, TypeError) as error:
            raise AskError(f"{len(self.data):,} bytes are no sketch of kind {self.kind}: {error}.") from error

    @property
    @abstractmethod
    def _size(self) -> int: ...

    @staticmethod
    @abstractmethod
    def _read(data: bytes) -> Any: ...

    @staticmethod
    @abstractmethod
    def _union(left: Any, right: Any) -> bytes: ...


class _Distinct(Sketch, ABC):
    @property
    def estimate(self) -> float:
        """How many distinct values it has seen; this, as everything, is read from the bytes each time."""
        return float(self._native.get_estimate())

    def bounds(self) -> tuple[float, float]:
        """Between which the truth is in 95 of 100 cases (two standard deviations)."""
        native = self._native
        return float(native.get_lower_bound(DEVIATIONS)), float(native.get_upper_bound(DEVIATIONS))


class HllSketch(_Distinct):
    """Distinct values, by HyperLogLog: small, and can be united."""

    kind = "hll"

    @classmethod
    def empty(cls, of: str, key_epoch: str | None = None) -> Self:
        """A sketch that has seen nothing; ``of`` and ``key_epoch`` as for :meth:`from_bytes`."""
        lib = datasketches()
        return cls(of, bytes(lib.hll_sketch(12, lib.tgt_hll_type.HLL_4).serialize_compact()), key_epoch)

    @property
    def _size(self) -> int:
        return 1 << int(self._native.lg_config_k)

    @staticmethod
    def _read(data: bytes) -> Any:
        return datasketches().hll_sketch.deserialize(data)

    @staticmethod
    def _union(left: Any, right: Any) -> bytes:
        lib = datasketches()
        union = lib.hll_union(left.lg_config_k)
        union.update(left)
        union.update(right)
        return bytes(union.get_result(lib.tgt_hll_type.HLL_4).serialize_compact())


class ThetaSketch(_Distinct):
    """Distinct values that can be united (``|``), intersected (``&``) and taken away (``-``).

    The error of what two have in common, or of what is left of one, is that of both together: of large ones a small
    overlap is not known well; see ``bounds()``.
    """

    kind = "theta"

    @classmethod
    def empty(cls, of: str, key_epoch: str | None = None) -> Self:
        """A sketch that has seen nothing; ``of`` and ``key_epoch`` as for :meth:`from_bytes`."""
        return cls(of, bytes(datasketches().update_theta_sketch(_THETA_LG_K).compact().serialize()), key_epoch)

    def __and__(self, other: Self) -> Self:
        """The values that both have seen. Raises as ``|`` does."""
        return self._joined(other, _intersection)

    def __sub__(self, other: Self) -> Self:
        """The values that this one has seen and the other has not. Raises as ``|`` does."""
        return self._joined(other, _difference)

    @property
    def _size(self) -> int:
        # The compact form does not say; what is kept is what matters, and any two can be joined.
        return 1 << _THETA_LG_K

    @staticmethod
    def _read(data: bytes) -> Any:
        return datasketches().compact_theta_sketch.deserialize(data)

    @staticmethod
    def _union(left: Any, right: Any) -> bytes:
        union = datasketches().theta_union(_THETA_LG_K)
        union.update(left)
        union.update(right)
        return bytes(union.get_result().serialize())


class QuantilesSketch(Sketch):
    """Numbers, of which it knows every quantile to within 0.7 % of rank (99 of 100 cases)."""

    kind = "quantile"

    @classmethod
    def empty(cls, of: str, key_epoch: str | None = None) -> Self:
        """A sketch that has seen nothing; ``of`` and ``key_epoch`` as for :meth:`from_bytes`."""
        return cls(of, bytes(datasketches().quantiles_doubles_sketch(256).serialize()), key_epoch)

    @property
    def count(self) -> int:
        """How many numbers it has seen."""
        return int(self._native.n)

    def quantile(self, share: float) -> float | None:
        """The smallest number that at least a ``share`` (0 to 1) of all does not exceed; null of none.

        Raises:
            AskError: that is no share
        """
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise AskError(f"{share!r} is no share from 0 to 1.")
        native = self._native
        return None if native.is_empty() else float(native.get_quantile(share, True))

    def bounds(self, share: float) -> tuple[float | None, float | None]:
        """Between which the quantile of a ``share`` is in 99 of 100 cases; the value itself where all is still kept."""
        error = RANK_ERROR if self._native.is_estimation_mode() else 0.0
        return self.quantile(max(share - error, 0.0)), self.quantile(min(share + error, 1.0))

    def cdf(self, points: Iterable[float]) -> list[float | None]:
        """For each of the ``points`` the share of all numbers that do not exceed it; null of none."""
        wanted, native = [float(point) for point in points], self._native
        if native.is_empty():
            return [None] * len(wanted)
        return [float(native.get_rank(point, True)) for point in wanted]

    @property
    def _size(self) -> int:
        return int(self._native.k)

    @staticmethod
    def _read(data: bytes) -> Any:
        return datasketches().quantiles_doubles_sketch.deserialize(data)

    @staticmethod
    def _union(left: Any, right: Any) -> bytes:
        left.merge(right)
        return bytes(left.serialize())


KINDS: dict[str, type[HllSketch | ThetaSketch | QuantilesSketch]] = {
    sketch.kind: sketch for sketch in (HllSketch, ThetaSketch, QuantilesSketch)
}


def datasketches() -> Any:
    """The library.

    Raises:
        MissingExtraError: it is not installed
    """
    return library("datasketches", "sketches")


def _intersection(left: Any, right: Any) -> bytes:
    found = datasketches().theta_intersection()
    found.update(left)
    found.update(right)
    return bytes(found.get_result().serialize())


def _difference(left: Any, right: Any) -> bytes:
    return bytes(datasketches().theta_a_not_b().compute(left, right).serialize())
