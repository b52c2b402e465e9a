"""The interval-aware cache: answers kept by time bucket, so that only what is missing is asked of Druid.

``keys`` says what of a query may be kept and under which name, ``ages`` for how long, ``buckets`` what is missing;
``guard`` tells of late and replaced data; ``memory`` and ``disk`` keep entries; ``run`` asks.
"""

from __future__ import annotations

from frontrow._cache.cache import Cache
from frontrow._cache.use import CacheUse

__all__ = ["Cache", "CacheUse"]
