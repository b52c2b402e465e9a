"""One compiled extension and one decoding process for all tests of the extension."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from frontrow_ingest.stack.extension import build_extension
from support.decode_tool import DecodeTool
from support.extension_jars import Toolchain, toolchain


@pytest.fixture(scope="session")
def tools() -> Toolchain:
    return toolchain()


@pytest.fixture(scope="session")
def extension_jar(tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_extension(tools.java, tools.compiler, tools.classpath, tmp_path_factory.mktemp("extension"))


@pytest.fixture(scope="session")
def decoder(tools: Toolchain, extension_jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DecodeTool]:
    with DecodeTool(tools, extension_jar, tmp_path_factory.mktemp("classes")) as tool:
        yield tool
