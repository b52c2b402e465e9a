"""frontrow's extension of Druid, which reads Avro messages: its Java sources, and how they become a jar."""

from __future__ import annotations

from .build import ExtensionBuildError, build_extension

__all__ = ["ExtensionBuildError", "build_extension"]
